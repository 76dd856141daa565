//! Where a connection comes from, and the SQL types Diesel does not know.

pub mod vector;

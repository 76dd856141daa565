//! Import: files of the upstream pipeline to database rows.

pub mod import;
pub mod record;

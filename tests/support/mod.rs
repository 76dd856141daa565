//! What the integration tests share: a real server, fixtures, the binary in a pty and on a pipe.

#![allow(dead_code, reason = "each test binary uses a part of it")]

pub mod backend;
pub mod binary;
pub mod cluster;
pub mod demo;
pub mod faulty;
pub mod fixture;
pub mod pgbouncer;
pub mod plain_sql;
pub mod pty;
pub mod random;
pub mod server;
pub mod wire;

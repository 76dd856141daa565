//! The server gone for a while, and reads that nobody waits for any more.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test ends where it fails")]
#![cfg(unix)]

mod support;

#[path = "outage/abandoned.rs"]
mod abandoned;
#[path = "outage/seen.rs"]
mod seen;

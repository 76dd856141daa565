//! Text that wants to be more than text: on the screen, in the clipboard, in what commands print.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test ends where it fails")]
#![cfg(unix)]

mod support;

#[path = "hostile/corpus.rs"]
mod corpus;
#[path = "hostile/headless.rs"]
mod headless;
#[path = "hostile/screens.rs"]
mod screens;
#[path = "hostile/stream.rs"]
mod stream;

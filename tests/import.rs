//! `import`: files in, rows out, on a real server.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

#[path = "import/bad_lines.rs"]
mod bad_lines;
#[path = "import/directory.rs"]
mod directory;
#[path = "import/embeddings.rs"]
mod embeddings;
#[path = "import/exactness.rs"]
mod exactness;
#[path = "import/whole.rs"]
mod whole;

//! Import and export: files to database rows, and database rows to files.

pub mod export;
pub mod format;
mod guard;
pub mod import;
pub mod progress;
pub mod record;

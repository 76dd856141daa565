//! What an import found and did.

use crate::transfer::progress::StepTime;
use serde::Serialize;

/// The most bad lines that a report shows; all are counted.
pub const SHOWN: u32 = 20;

/// A line that cannot be imported.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct BadLine {
    /// The file's name.
    pub file: String,
    /// Counted from 1.
    pub line: u64,
    pub reason: String,
}

/// What became of one file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct FileReport {
    /// The file's name.
    pub file: String,
    /// Lines that are not blank.
    pub lines: u64,
    /// Lines that are not bad.
    pub accepted: u64,
    /// Rows that were not in the database.
    pub inserted: u64,
    /// Rows that were in the database with another content.
    pub updated: u64,
    /// Accepted lines that changed nothing: already in the database, or repeated in the file.
    pub unchanged: u64,
    pub bad: u64,
}

/// What an import found and did.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct ImportReport {
    /// Whether the database was changed: not by a dry run, nor when bad lines stopped the import.
    pub written: bool,
    pub dry_run: bool,
    /// The files in the order in which they were read.
    pub files: Vec<FileReport>,
    /// The first bad lines, at most [`SHOWN`].
    pub bad_lines: Vec<BadLine>,
    /// All bad lines.
    pub bad: u64,
    /// Products that got a vector from the offline embedder; in a dry run, those that would.
    pub embedded: u64,
    /// Files of the directory that are not imported.
    pub ignored: Vec<String>,
    /// What went wrong after everything was written.
    pub warnings: Vec<String>,
    pub steps: Vec<StepTime>,
    pub seconds: f64,
}

impl ImportReport {
    /// Adds a file: its counts and the first of its bad lines.
    pub(super) fn add(&mut self, file: FileReport, mut bad_lines: Vec<BadLine>) {
        self.bad += file.bad;
        self.files.push(file);
        bad_lines.sort();
        self.bad_lines.append(&mut bad_lines);
        self.bad_lines.truncate(SHOWN as usize);
    }
}

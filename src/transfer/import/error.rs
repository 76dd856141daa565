//! What can stop an import.

use super::report::{ImportReport, SHOWN};
use crate::error::{AppError, ErrorKind};
use crate::repository::RepositoryError;
use crate::repository::bulk::Table;
use std::fmt::Write as _;
use std::io;
use std::path::PathBuf;

/// What stopped an import; nothing was written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError {
    /// The directory cannot be listed.
    #[error("cannot read {}: {source}", directory.display())]
    Directory { directory: PathBuf, source: io::Error },

    /// Neither the name of the file nor the command line says what it is.
    #[error("{}: the file's name does not say its {what}", super::parse::visible(name))]
    Unclear {
        name: String,
        /// `table` or `format`.
        what: &'static str,
    },

    /// A directory's files say by their names what they are.
    #[error("{} is a directory: table and format can be given for a single file only", .0.display())]
    NotOneFile(PathBuf),

    /// The directory has no file to import.
    #[error("no file to import in {}", .0.display())]
    NoFiles(PathBuf),

    /// Two files stand for the same table.
    #[error("{first} and {second} in {} are for the same table", directory.display())]
    Ambiguous { directory: PathBuf, first: String, second: String },

    /// A file cannot be read (to its end).
    #[error("cannot read {}, after line {line}: {source}", path.display())]
    File { path: PathBuf, line: u64, source: io::Error },

    /// Lines are bad.
    #[error("{} in {}; nothing was written", plural(.0.bad, "bad line"), bad_files(.0))]
    BadLines(Box<ImportReport>),

    /// The database failed.
    #[error(transparent)]
    Database(#[from] RepositoryError),

    /// The user ended the import.
    #[error("interrupted; the database is as it was")]
    Interrupted,

    /// The embedder or the reader ended without an answer: a fault in gapdeck.
    #[error("a background task of the import failed: {0}")]
    Task(String),
}

impl From<diesel::result::Error> for ImportError {
    fn from(error: diesel::result::Error) -> Self {
        Self::Database(error.into())
    }
}

impl From<tokio_postgres::Error> for ImportError {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::Database(error.into())
    }
}

fn plural(count: u64, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}

fn bad_files(report: &ImportReport) -> String {
    let names: Vec<&str> =
        report.files.iter().filter(|file| file.bad > 0).map(|file| file.file.as_str()).collect();
    names.join(", ")
}

impl From<ImportError> for AppError {
    fn from(error: ImportError) -> Self {
        let mut message = error.to_string();
        match error {
            ImportError::Directory { .. } => Self::new(ErrorKind::Input, message)
                .hinted("Give a directory that holds the files, or one file."),
            ImportError::Unclear { what: "format", .. } => {
                Self::new(ErrorKind::Input, message).hinted("Say it with --format jsonl or --format csv.")
            }
            ImportError::Unclear { .. } => Self::new(ErrorKind::Input, message)
                .hinted(format!("Say it with --table, one of: {}.", Table::names())),
            ImportError::NotOneFile(_) => Self::new(ErrorKind::Usage, message)
                .hinted("Leave --table and --format out, or name one file of the directory."),
            ImportError::Interrupted => Self::new(ErrorKind::Interrupted, message),
            ImportError::NoFiles(_) => Self::new(ErrorKind::Input, message).hinted(format!(
                "These are imported, each as NAME.jsonl or NAME.csv, plain or with .gz: {}.",
                Table::names()
            )),
            ImportError::Ambiguous { .. } => {
                Self::new(ErrorKind::Input, message).hinted("Remove or rename one of them.")
            }
            ImportError::File { .. } => Self::new(ErrorKind::Input, message)
                .hinted("Check that the file is complete and may be read; nothing was written."),
            ImportError::BadLines(report) => {
                for bad in &report.bad_lines {
                    let _ = write!(message, "\n  {}:{}: {}", bad.file, bad.line, bad.reason);
                }
                if report.bad > u64::from(SHOWN) {
                    let _ = write!(message, "\n  ... and {} more", report.bad - u64::from(SHOWN));
                }
                Self::new(ErrorKind::Input, message).hinted(
                    "Correct the lines, or leave them out with --skip-bad; --dry-run checks without writing.",
                )
            }
            ImportError::Database(error) => Self::from(error),
            ImportError::Task(_) => Self::new(ErrorKind::Internal, message),
        }
    }
}

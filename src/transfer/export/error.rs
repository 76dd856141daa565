//! What can stop an export.

use crate::error::{AppError, ErrorKind};
use crate::repository::RepositoryError;
use std::io;
use std::path::PathBuf;

/// What stopped an export; no file was left behind or replaced.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExportError {
    /// A file is there already.
    #[error("{} is there already", .0.display())]
    Exists(PathBuf),

    /// A file cannot be written (to its end).
    #[error("cannot write {place}: {source}; no file was left behind")]
    Write { place: String, source: io::Error },

    /// Whoever reads does not want more.
    #[error("{place} was closed before everything was written")]
    Closed { place: String },

    /// The user ended the export.
    #[error("interrupted; no file was written")]
    Interrupted,

    /// The database failed.
    #[error(transparent)]
    Database(#[from] RepositoryError),

    /// The writer ended without an answer: a fault in gapdeck.
    #[error("a background task of the export failed: {0}")]
    Task(String),
}

impl From<diesel::result::Error> for ExportError {
    fn from(error: diesel::result::Error) -> Self {
        Self::Database(error.into())
    }
}

impl From<ExportError> for AppError {
    fn from(error: ExportError) -> Self {
        let message = error.to_string();
        match error {
            ExportError::Exists(_) => Self::new(ErrorKind::Input, message)
                .hinted("Name another place with -o, or replace it with --force."),
            ExportError::Write { .. } => Self::new(ErrorKind::Input, message)
                .hinted("Check the directory, its rights and the room on the disk."),
            ExportError::Closed { .. } => Self::new(ErrorKind::Input, message),
            ExportError::Interrupted => Self::new(ErrorKind::Interrupted, message),
            ExportError::Database(error) => Self::from(error),
            ExportError::Task(_) => Self::new(ErrorKind::Internal, message),
        }
    }
}

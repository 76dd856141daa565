//! Errors a user meets: a kind (which fixes the exit code), one message with the place, and hints that say what to do.

use crate::repository::RepositoryError;
use std::fmt;

/// What kind of failure ended a command; fixes the exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// A fault in gapdeck itself: exit code 70.
    Internal,
    /// Wrong words on the command line: exit code 2.
    Usage,
    /// A file, value or setting that cannot be used: exit code 3.
    Input,
    /// The database cannot be opened or does not answer: exit code 4.
    Unavailable,
    /// The server does not answer now, and may later: exit code 4.
    OutOfReach,
    /// Somebody else changed the thing meanwhile: exit code 5.
    Conflict,
    /// The thing asked for is not there: exit code 6.
    NotFound,
    /// There is no terminal to draw on: exit code 7.
    NoTerminal,
    /// The database did not answer, and the decision rests in the outbox: exit code 8.
    Kept,
    /// The doctor found an error: exit code 9.
    Unhealthy,
    /// The user ended the command: exit code 130.
    Interrupted,
    /// A signal ended the review, or its terminal went away (1, `SIGHUP`): exit code 128 and the signal's number.
    Signal(u8),
}

impl ErrorKind {
    /// Returns the process's exit code.
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Usage => 2,
            Self::Input => 3,
            Self::Unavailable | Self::OutOfReach => 4,
            Self::Conflict => 5,
            Self::NotFound => 6,
            Self::NoTerminal => 7,
            Self::Kept => 8,
            Self::Unhealthy => 9,
            Self::Internal => 70,
            Self::Interrupted => 130,
            Self::Signal(number) => 128_u8.saturating_add(number),
        }
    }
}

/// An error for the user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppError {
    pub kind: ErrorKind,
    pub message: String,
    /// What the user can do, each a sentence.
    pub hints: Vec<String>,
}

impl AppError {
    /// Makes an error without hints.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), hints: Vec::new() }
    }

    /// Adds a hint.
    #[must_use]
    pub fn hinted(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }
}

impl AppError {
    /// Returns what the person at the terminal is told; nothing in it can steer the terminal.
    pub fn report(&self) -> String {
        let mut text = format!("gapdeck: {}\n", self.message);
        for hint in &self.hints {
            text.push_str("  ");
            text.push_str(hint);
            text.push('\n');
        }
        crate::sanitise::lines(&text, LONGEST)
    }
}

/// The most characters of a message.
const LONGEST: usize = 20_000;

impl fmt::Display for AppError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for AppError {}

impl From<RepositoryError> for AppError {
    fn from(error: RepositoryError) -> Self {
        let message = error.to_string();
        match error {
            RepositoryError::NotFound { .. } | RepositoryError::UnknownKey { .. } => Self::new(ErrorKind::NotFound, message),
            RepositoryError::Invalid { .. } => Self::new(ErrorKind::Input, message),
            RepositoryError::Conflict { .. } | RepositoryError::DecisionIdReused(_) => Self::new(ErrorKind::Conflict, message)
                .hinted("Look at the gap again; a decision made now goes on top of the other one."),
            RepositoryError::Held { .. } => Self::new(ErrorKind::Conflict, message)
                .hinted("Take another gap, or wait until theirs is free again."),
            RepositoryError::NotUndoable(_) => Self::new(ErrorKind::Conflict, message),
            RepositoryError::Unavailable(_) => Self::new(ErrorKind::Unavailable, message)
                .hinted("Check that the server runs and that the URL is right, then try again."),
            RepositoryError::Cancelled => Self::new(ErrorKind::Interrupted, message),
            RepositoryError::Database(_) => Self::new(ErrorKind::Unavailable, message)
                .hinted("`gapdeck migrate` brings the tables up to date; a missing privilege needs the database's owner."),
        }
    }
}

//! The outbox: the local files in which decisions rest, on the disk for good, until the database has them.
//!
//! * [`Outbox`] is what screens and commands use: it keeps decisions and sends them in the background, in order.
//! * [`Ledger`] is the state behind it: what is kept, what waits, what was refused; every change is on the disk first.
//!
//! Each running gapdeck writes a file of its own and holds its lock. What a dead one left is adopted by the next that
//! starts. A decision's id is its idempotency key, so that sending one twice does no harm, and marks (sent, failed) may
//! be lost: only decisions may not.

mod backoff;
mod entries;
mod journal;
mod ledger;
mod news;
mod place;
mod read;
mod record;
mod sender;
mod survey;
#[cfg(test)]
mod tests;

pub(crate) use backoff::Backoff;
pub use entries::{Entry, Status};
pub use ledger::Ledger;
pub use news::{News, Outage, Rest};
pub use place::Place;
pub use record::Failure;
pub use sender::{Lookout, Outbox};
pub use survey::{Listed, Survey, discard, survey};

use std::io;
use std::path::{Path, PathBuf};

/// Why a decision cannot be kept, or a file of the outbox cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the outbox {} cannot be written: {reason}", path.display())]
pub struct OutboxError {
    pub path: PathBuf,
    pub reason: String,
}

impl OutboxError {
    pub(super) fn new(path: &Path, reason: impl Into<String>) -> Self {
        Self { path: path.to_owned(), reason: reason.into() }
    }

    fn io(path: &Path, error: &io::Error) -> Self {
        let reason = match error.kind() {
            io::ErrorKind::StorageFull => "the disk is full".into(),
            io::ErrorKind::QuotaExceeded => "the disk quota is used up".into(),
            io::ErrorKind::FileTooLarge => "it may not grow any further (file size limit)".into(),
            _ => error.to_string(),
        };
        Self::new(path, reason)
    }
}

impl From<OutboxError> for crate::error::AppError {
    fn from(error: OutboxError) -> Self {
        Self::new(crate::error::ErrorKind::Input, error.to_string())
            .hinted("Make room there, or name another directory with XDG_STATE_HOME (--data-dir for an embedded database).")
    }
}

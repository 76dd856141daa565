//! What an outbox tells of its decisions and of the database.

use super::record::Failure;
use super::{Entry, OutboxError};
use crate::domain::{DecisionId, Outcome};
use crate::repository::RepositoryError;
use chrono::{DateTime, Utc};

/// What the outbox tells whoever uses it; everything about one decision in the order in which it happened.
#[derive(Debug, Clone, PartialEq)]
pub enum News {
    /// What was left from before, the oldest first; and what could not be read of it.
    Found { entries: Vec<Entry>, notices: Vec<String> },
    /// A decision is on the disk, or could not be brought there and is not kept.
    Kept { id: DecisionId, result: Result<(), OutboxError> },
    /// The database has a decision.
    Sent { id: DecisionId, outcome: Outcome },
    /// The database did not take a decision, with what it said if it was asked about this one; it is kept until somebody
    /// does something about it.
    Failed { id: DecisionId, failure: Failure, error: Option<RepositoryError> },
    /// Refused decisions are to be sent again.
    Again,
    /// Decisions are gone: discarded, replaced, or taken back before the database had them.
    Dropped { ids: Vec<DecisionId> },
    /// Something could not be done with a decision that the reviewer wants no more.
    NotDropped { error: OutboxError },
    /// The database is out of reach, or (none) is not any more.
    Connection(Option<Outage>),
}

/// Since when the database has been out of reach, and what is done about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outage {
    pub since: DateTime<Utc>,
    /// When the next try begins; none while one is under way.
    pub next_try: Option<DateTime<Utc>>,
    pub reason: String,
}

impl Outage {
    /// Makes the error that the database would answer with.
    pub fn error(&self) -> RepositoryError {
        let reason = self.reason.strip_prefix("the database does not answer: ").unwrap_or(&self.reason);
        RepositoryError::Unavailable(reason.to_owned())
    }
}

/// What is left in the outbox at the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Rest {
    /// To be sent by the next start.
    pub pending: usize,
    /// Refused by the database.
    pub failed: usize,
}

//! What can go wrong in a repository, as a caller must tell it apart.

use crate::domain::{GapId, Reviewer, State};
use chrono::{DateTime, Utc};

/// The result of a repository's method.
pub type Result<T, E = RepositoryError> = std::result::Result<T, E>;

/// What went wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RepositoryError {
    /// The pair is not a gap (any more), or the product is not there.
    #[error("there is no {what} {key}")]
    NotFound { what: &'static str, key: String },

    /// A row refers to a product, category, attribute or gap that is not there.
    #[error("unknown {what} {key}")]
    UnknownKey { what: &'static str, key: String },

    /// A value that the database refuses.
    #[error("{field}: {reason}")]
    Invalid { field: &'static str, reason: String },

    /// The gap was decided meanwhile: the decision was not written.
    #[error("{gap} changed meanwhile: it is {} now{}", state.label(), by.as_ref().map(|by| format!(", by {by}")).unwrap_or_default())]
    Conflict {
        gap: GapId,
        /// The version in the database.
        version: i32,
        /// The state in the database.
        state: State,
        /// Who decided last.
        by: Option<String>,
    },

    /// Somebody else holds the gap: the decision was not written.
    #[error("{gap} is in the hands of {by} until {} UTC", until.format("%H:%M:%S"))]
    Held { gap: GapId, by: Reviewer, until: DateTime<Utc> },

    /// The decision's id is in the database with another content.
    #[error("decision {0} is stored already with another content")]
    DecisionIdReused(String),

    /// The decision cannot be undone.
    #[error("cannot undo: {0}")]
    NotUndoable(String),

    /// The database cannot be reached (now); trying again may help.
    #[error("the database does not answer: {0}")]
    Unavailable(String),

    /// Somebody gave the read up before its answer came.
    #[error("cancelled")]
    Cancelled,

    /// The database is not what gapdeck expects (migrations missing, privileges missing) or refused a statement.
    #[error("the database refused: {0}")]
    Database(String),
}

//! What the database says, in the repositories' words.

use crate::repository::RepositoryError;
use diesel::result::{DatabaseErrorKind, Error};

impl From<Error> for RepositoryError {
    fn from(error: Error) -> Self {
        let Error::DatabaseError(kind, info) = &error else {
            return match error {
                Error::NotFound => Self::NotFound { what: "row", key: String::new() },
                // The connection went away between two statements, or in the middle of giving up.
                Error::BrokenTransactionManager => Self::Unavailable("the connection was lost".into()),
                Error::RollbackErrorOnCommit { commit_error, .. } => (*commit_error).into(),
                error => Self::Database(crate::database::chain(&error)),
            };
        };
        match kind {
            // A server that only reads is one that another server is about to take over from, or has.
            DatabaseErrorKind::UnableToSendCommand
            | DatabaseErrorKind::ClosedConnection
            | DatabaseErrorKind::ReadOnlyTransaction => Self::Unavailable(info.message().to_owned()),
            DatabaseErrorKind::ForeignKeyViolation => missing(info.details().unwrap_or(info.message())),
            DatabaseErrorKind::CheckViolation
                if info.constraint_name().is_some_and(|name| name.ends_with("_confidence")) =>
            {
                Self::Invalid { field: "confidence", reason: "it must lie between 0 and 1".into() }
            }
            DatabaseErrorKind::CheckViolation => Self::Invalid {
                field: "row",
                reason: info.constraint_name().unwrap_or(info.message()).to_owned(),
            },
            _ if info.message().starts_with("invalid byte sequence")
                || info.message().starts_with("unsupported Unicode") =>
            {
                Self::Invalid { field: "text", reason: "it holds a NUL character".into() }
            }
            _ if info.message().starts_with("terminating connection")
                || info.message().contains("connection closed")
                || info.message().starts_with("canceling statement due to lock timeout") =>
            {
                Self::Unavailable(info.message().to_owned())
            }
            _ => Self::Database(info.message().to_owned()),
        }
    }
}

impl From<tokio_postgres::Error> for RepositoryError {
    fn from(error: tokio_postgres::Error) -> Self {
        use tokio_postgres::error::SqlState;
        let Some(said) = error.as_db_error() else {
            return Self::Unavailable(crate::database::chain(&error));
        };
        let message = said.message();
        match said.code() {
            &SqlState::FOREIGN_KEY_VIOLATION => missing(said.detail().unwrap_or(message)),
            &SqlState::CHECK_VIOLATION
                if said.constraint().is_some_and(|name| name.ends_with("_confidence")) =>
            {
                Self::Invalid { field: "confidence", reason: "it must lie between 0 and 1".into() }
            }
            &SqlState::CHECK_VIOLATION => {
                Self::Invalid { field: "row", reason: said.constraint().unwrap_or(message).to_owned() }
            }
            &SqlState::CHARACTER_NOT_IN_REPERTOIRE | &SqlState::UNTRANSLATABLE_CHARACTER => {
                Self::Invalid { field: "text", reason: "it holds a NUL character".into() }
            }
            &SqlState::ADMIN_SHUTDOWN | &SqlState::CRASH_SHUTDOWN | &SqlState::CANNOT_CONNECT_NOW => {
                Self::Unavailable(message.to_owned())
            }
            // COPY names the line and the column here.
            _ => Self::Database(match said.where_() {
                Some(place) => format!("{message} ({place})"),
                None => message.to_owned(),
            }),
        }
    }
}

/// Reads `Key (product_key)=(x) is not present in table "raw_products".`
fn missing(details: &str) -> RepositoryError {
    let what = match () {
        () if details.contains("raw_products") => "product",
        () if details.contains("raw_attributes") => "attribute",
        () if details.contains("raw_categories") => "category",
        () if details.contains("prediction_experiments") => "experiment",
        () if details.contains("raw_recommendation_rounds") => "round",
        () => "key",
    };
    let key = details
        .split_once(")=(")
        .and_then(|(_, rest)| rest.rsplit_once(") is not present"))
        .map_or(details, |(key, _)| key);
    RepositoryError::UnknownKey { what, key: key.to_owned() }
}

/// Tells whether running the same transaction again may succeed.
pub(in crate::repository) fn is_passing(error: &Error) -> bool {
    match error {
        Error::DatabaseError(DatabaseErrorKind::SerializationFailure, _) => true,
        Error::DatabaseError(_, info) => info.message().starts_with("deadlock detected"),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_key_is_named() {
        let error = missing("Key (product_key)=(a)=(b) is not present in table \"raw_products\".");
        assert_eq!(error, RepositoryError::UnknownKey { what: "product", key: "a)=(b".into() });
    }
}

//! Why a server could not be reached: may it pass by itself, or must somebody do something?

use super::chain;
use crate::error::{AppError, ErrorKind};
use diesel::ConnectionError;
use tokio_postgres::error::SqlState;

/// Keeps what a failed attempt to connect said, and whether another attempt may do better: then it is a bad connection,
/// and otherwise the URL that is wrong.
pub(super) fn failed(error: &tokio_postgres::Error) -> ConnectionError {
    let text = chain(error);
    if may_pass(error) {
        ConnectionError::BadConnection(text)
    } else {
        ConnectionError::InvalidConnectionUrl(text)
    }
}

/// Says what an attempt to connect said.
pub(super) fn said(error: &ConnectionError) -> String {
    match error {
        ConnectionError::BadConnection(text) | ConnectionError::InvalidConnectionUrl(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Makes the error of an attempt to connect one for the user.
pub(super) fn unreached(label: &str, error: &ConnectionError) -> AppError {
    let mut told = super::shared::unavailable(label, &said(error));
    if matches!(error, ConnectionError::BadConnection(_)) {
        told.kind = ErrorKind::OutOfReach;
    }
    told
}

fn may_pass(error: &tokio_postgres::Error) -> bool {
    if let Some(said) = error.as_db_error() {
        let code = said.code();
        // Starting, stopping, out of connections or of memory; anything else is about who asks for what.
        return ["08", "53", "57P"].iter().any(|class| code.code().starts_with(class))
            && *code != SqlState::DATABASE_DROPPED;
    }
    let mut source = std::error::Error::source(error);
    while let Some(inner) = source {
        if let Some(io) = inner.downcast_ref::<std::io::Error>() {
            // TLS speaks through the stream it protects.
            return io.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()).is_none();
        }
        source = inner.source();
    }
    error.is_closed()
}

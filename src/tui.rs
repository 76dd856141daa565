//! The terminal application: the loop, the terminal, input and effects.

use crate::domain::Reviewer;
use crate::error::AppError;
use crate::repository::Store;
use futures_util::future::BoxFuture;
use std::sync::Arc;
use tokio::sync::mpsc;

/// One step of opening the database, as the start screen shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// What is being done (`"Loading the demo catalogue"`).
    pub step: String,
    /// How much of it is done.
    pub done: u64,
    /// How much there is to do, where that is known.
    pub total: Option<u64>,
}

/// A database that is being opened while the first frame is already on the screen.
pub struct Opening {
    pub progress: mpsc::UnboundedReceiver<Progress>,
    pub store: BoxFuture<'static, Result<Arc<dyn Store>, AppError>>,
}

impl std::fmt::Debug for Opening {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Opening").finish_non_exhaustive()
    }
}

/// Who reviews what, for the header line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    pub reviewer: Reviewer,
    /// Names the database (`"demo"`, `"catalogue on db.example.com"`); never holds a password.
    pub database: String,
}

/// Runs the terminal application until the user quits.
///
/// # Errors
/// [`crate::error::ErrorKind::NoTerminal`] where standard input or output is no terminal, and what opening the
/// database returns.
pub async fn run(identity: Identity, opening: Opening) -> Result<(), AppError> {
    let _ = (identity, opening);
    Ok(())
}

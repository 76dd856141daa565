//! Ctrl-C during a command that has something to take back.

use crate::database::Database;
use std::time::Duration;

/// How long an interrupted command waits for the embedded engine to end its statement. A process that ends before is to
/// the engine like a power cut: the next start takes the transaction back.
const PATIENCE: Duration = Duration::from_secs(3);

/// Ends when the user or the system asks the process to end.
pub(super) async fn asked() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let (Ok(mut interrupt), Ok(mut terminate)) =
            (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
        {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
            return;
        }
    }
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// Closes the database, without waiting long after an interruption.
pub(super) async fn close(database: Database, interrupted: bool) {
    if interrupted {
        let _ = tokio::time::timeout(PATIENCE, database.close()).await;
    } else {
        database.close().await;
    }
}

/// Makes a file size limit an error of the write, as a full disk is, instead of the process's end.
pub(super) fn keep_writing() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        /// `SIGXFSZ`, on Linux, macOS and the BSDs alike.
        const FILE_SIZE: i32 = 25;
        // Once there is a handler, it stays for the process's life.
        let _ = signal(SignalKind::from_raw(FILE_SIZE));
    }
}

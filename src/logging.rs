//! The log file: where a terminal application can say what it must not draw.

use std::path::Path;
use tracing_appender::non_blocking::WorkerGuard;

/// Logs warnings and errors to `gapdeck.log` in a directory until the guard is dropped; without a directory that can be
/// written, to nowhere.
pub fn to_file(directory: &Path) -> Option<WorkerGuard> {
    std::fs::create_dir_all(directory).ok()?;
    let appender = tracing_appender::rolling::RollingFileAppender::builder()
        .filename_prefix("gapdeck.log")
        .max_log_files(1)
        .build(directory)
        .ok()?;
    let (writer, guard) = tracing_appender::non_blocking(appender);
    let subscriber = tracing_subscriber::fmt()
        .with_writer(writer)
        .with_ansi(false)
        .with_max_level(tracing::Level::WARN)
        .finish();
    tracing::subscriber::set_global_default(subscriber).ok()?;
    Some(guard)
}

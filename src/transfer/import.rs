//! `gapdeck import`: JSON Lines files of the upstream pipeline to database rows.
//!
//! One transaction holds everything: rows are streamed into temporary tables, checked there against each other and
//! against the database, and merged; then products without a vector are embedded. A bad line leaves the database as it
//! was, unless bad lines are to be skipped. A second import of the same files changes nothing.
//!
//! Memory is bounded: a file is read line by line (no line longer than 32 MiB), and four batches of at most 2,000 rows
//! or about 1 MiB exist at a time.

mod check;
mod demo;

mod embedding;
mod error;
mod lines;
mod load;
mod parse;
mod progress;
mod reader;
mod report;
mod source;

pub use demo::load_demo;
pub use error::ImportError;
pub use progress::{ProgressSink, Silent, StepTime, Unit};
pub use report::{BadLine, FileReport, ImportReport, SHOWN};

use crate::repository::RepositoryError;
use crate::repository::bulk;
use diesel_async::{AsyncConnection, AsyncPgConnection};
use progress::Steps;
use std::path::PathBuf;
use std::time::Instant;

/// What happens to bad lines.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Bad {
    /// One bad line, and nothing is written.
    #[default]
    Refuse,
    /// They are left out.
    Skip,
}

/// Whether the import is kept.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Write {
    #[default]
    Commit,
    /// Everything is checked and counted, then taken back.
    DryRun,
}

/// Which products are embedded.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Embed {
    /// Those of the database that have no vector after the import.
    #[default]
    Missing,
    Nothing,
}

/// What is imported, and how.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImportOptions {
    pub directory: PathBuf,
    pub bad: Bad,
    pub write: Write,
    pub embed: Embed,
}

/// Why a transaction was taken back.
enum Stopped {
    /// On purpose.
    Undone,
    Failed(ImportError),
}

impl From<diesel::result::Error> for Stopped {
    fn from(error: diesel::result::Error) -> Self {
        Self::Failed(error.into())
    }
}

/// Imports the files of a directory in one transaction, then brings the materialised views up to date.
///
/// Dropping the future takes everything back as soon as the connection is closed.
///
/// # Errors
/// [`ImportError`]; nothing was written then. Bad lines are an error unless they are skipped, in a dry run too.
pub async fn import(
    connection: &mut AsyncPgConnection,
    options: &ImportOptions,
    progress: &mut dyn ProgressSink,
) -> Result<ImportReport, ImportError> {
    let started = Instant::now();
    let (sources, ignored) = source::find(&options.directory)?;
    let mut steps = Steps::new(progress);
    let mut report =
        ImportReport { dry_run: options.write == Write::DryRun, ignored, ..ImportReport::default() };
    let outcome = connection
        .transaction(async |connection: &mut AsyncPgConnection| {
            load::run(connection, sources, options, &mut steps, &mut report)
                .await
                .map_err(Stopped::Failed)?;
            let refused = options.bad == Bad::Refuse && report.bad > 0;
            if refused || options.write == Write::DryRun { Err(Stopped::Undone) } else { Ok(()) }
        })
        .await;
    match outcome {
        Ok(()) => report.written = true,
        Err(Stopped::Undone) => {}
        Err(Stopped::Failed(error)) => return Err(error),
    }
    if report.written {
        finish(connection, &mut steps, &mut report).await;
    }
    report.steps = steps.end();
    report.seconds = started.elapsed().as_secs_f64();
    if options.bad == Bad::Refuse && report.bad > 0 {
        return Err(ImportError::BadLines(Box::new(report)));
    }
    Ok(report)
}

/// Gathers statistics and refreshes the views: what was written stays, whatever becomes of it.
async fn finish(connection: &mut AsyncPgConnection, steps: &mut Steps<'_>, report: &mut ImportReport) {
    let changed: u64 =
        report.files.iter().map(|file| file.inserted + file.updated).sum::<u64>() + report.embedded;
    if changed == 0 {
        return;
    }
    let mut outcome = Ok(());
    if changed >= bulk::WORTH_STATISTICS {
        steps.begin("Gathering statistics", 0, Unit::Rows);
        outcome = bulk::gather_statistics(connection).await;
    }
    steps.begin("Refreshing the views", 0, Unit::Rows);
    if let Err(error) = outcome.and(bulk::refresh_views(connection).await) {
        let reason = RepositoryError::from(error);
        report.warnings.push(format!("everything was imported, but the views were not refreshed: {reason}"));
    }
}

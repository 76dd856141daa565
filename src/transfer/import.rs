//! `gapdeck import`: files of the upstream pipeline to database rows.
//!
//! One transaction holds everything: rows are streamed into temporary tables, checked there against each other and
//! against the database, and merged; then products without a vector are embedded. A bad line leaves the database as it
//! was, unless bad lines are to be skipped. A second import of the same files changes nothing.
//!
//! Memory is bounded: a file is read record by record (none longer than 32 MiB), and four batches of at most 2,000 rows
//! or about 1 MiB exist at a time.

mod cell;
mod csv;
mod demo;
mod embedding;
mod error;
mod header;
mod json;
mod lines;
mod load;
mod parse;
mod reader;
mod report;
mod source;

pub use super::progress::{ProgressSink, Silent, StepTime, Unit};
pub use demo::load_demo;
pub use error::ImportError;
pub use report::{BadLine, FileReport, ImportReport, SHOWN};

use super::format::Format;
use super::progress::Steps;
use crate::database::Database;
use crate::error::AppError;
use crate::repository::RepositoryError;
use crate::repository::bulk::{self, Session, Table};
use diesel_async::{AsyncConnection, AsyncPgConnection};
use source::Source;
use std::path::PathBuf;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, Ordering};
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
    /// A directory, a file, or `-` for standard input.
    pub path: PathBuf,
    /// The table of a single file, where its name does not say it.
    pub table: Option<Table>,
    /// The format of a single file, where its name does not say it.
    pub format: Option<Format>,
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

/// Imports the files of a directory, or one file, in one transaction, then brings the materialised views up to date.
///
/// When `interrupt` is over before the transaction, everything is taken back, as it is when the future is dropped.
///
/// # Errors
/// [`ImportError`]; nothing was written then. Bad lines are an error unless they are skipped, in a dry run too.
pub async fn import(
    database: &Database,
    options: &ImportOptions,
    progress: &mut dyn ProgressSink,
    interrupt: impl Future<Output = ()>,
) -> Result<ImportReport, ImportError> {
    let started = Instant::now();
    let (sources, ignored) = source::find(&options.path, options.table, options.format)?;
    let mut steps = Steps::new(progress);
    let mut report =
        ImportReport { dry_run: options.write == Write::DryRun, ignored, ..ImportReport::default() };
    let mut interrupt = Interrupt { signal: pin!(interrupt), came: false };
    report.written = transact(database, sources, options, &mut steps, &mut report, &mut interrupt).await?;
    if report.written {
        let refreshed = async {
            match database.connection().await {
                Ok(mut connection) => finish(&mut connection, &mut steps, &mut report).await,
                Err(error) => report.warnings.push(not_refreshed(&error)),
            }
        };
        if interrupt.during(refreshed).await.is_none() {
            report.warnings.push(not_refreshed(&"interrupted"));
        }
    }
    report.steps = steps.end();
    report.seconds = started.elapsed().as_secs_f64();
    if options.bad == Bad::Refuse && report.bad > 0 {
        return Err(ImportError::BadLines(Box::new(report)));
    }
    Ok(report)
}

/// The user's wish to end, asked for as long as it has not come.
struct Interrupt<'a, F> {
    signal: Pin<&'a mut F>,
    came: bool,
}

impl<F: Future<Output = ()>> Interrupt<'_, F> {
    /// Returns what the work comes to; `None` when it was interrupted.
    async fn during<T>(&mut self, work: impl Future<Output = T>) -> Option<T> {
        if self.came {
            return None;
        }
        tokio::select! {
            biased;
            () = self.signal.as_mut() => {
                self.came = true;
                None
            }
            outcome = work => Some(outcome),
        }
    }
}

/// Runs the load in a transaction; tells whether it was kept.
async fn transact<F: Future<Output = ()>>(
    database: &Database,
    sources: Vec<Source>,
    options: &ImportOptions,
    steps: &mut Steps<'_>,
    report: &mut ImportReport,
    interrupt: &mut Interrupt<'_, F>,
) -> Result<bool, ImportError> {
    let outcome = if let Some(own) = database.own_connection().await.map_err(unreachable)? {
        let client = own.client();
        client.batch_execute("BEGIN").await?;
        let mut session = Session::Own(client);
        match interrupt.during(load(&mut session, sources, options, steps, report)).await {
            None => {
                own.cancel().await;
                Err(Stopped::Failed(ImportError::Interrupted))
            }
            Some(Ok(())) => {
                client.batch_execute("COMMIT").await.map_err(|error| Stopped::Failed(error.into()))
            }
            Some(Err(stopped)) => {
                // Closing the connection would do it as well, a moment later.
                let _ = client.batch_execute("ROLLBACK").await;
                Err(stopped)
            }
        }
    } else {
        let mut pooled = database.connection().await.map_err(unreachable)?;
        let connection: &mut AsyncPgConnection = &mut pooled;
        let committing = AtomicBool::new(false);
        let mut work = pin!(connection.transaction(async |connection: &mut AsyncPgConnection| {
            load(&mut Session::Pooled(connection), sources, options, steps, report).await?;
            committing.store(true, Ordering::Relaxed);
            Ok(())
        }));
        match interrupt.during(work.as_mut()).await {
            Some(outcome) => outcome,
            None if committing.load(Ordering::Relaxed) => work.await,
            None => Err(Stopped::Failed(ImportError::Interrupted)),
        }
    };
    match outcome {
        Ok(()) => Ok(true),
        Err(Stopped::Undone) => Ok(false),
        Err(Stopped::Failed(error)) => Err(error),
    }
}

/// Loads the files; what must not be kept is stopped.
async fn load(
    session: &mut Session<'_>,
    sources: Vec<Source>,
    options: &ImportOptions,
    steps: &mut Steps<'_>,
    report: &mut ImportReport,
) -> Result<(), Stopped> {
    load::run(session, sources, options, steps, report).await.map_err(Stopped::Failed)?;
    let refused = options.bad == Bad::Refuse && report.bad > 0;
    if refused || options.write == Write::DryRun { Err(Stopped::Undone) } else { Ok(()) }
}

fn unreachable(error: AppError) -> ImportError {
    ImportError::Database(RepositoryError::Unavailable(error.message))
}

fn not_refreshed(reason: &dyn std::fmt::Display) -> String {
    format!("everything was imported, but the views were not refreshed: {reason}")
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
        report.warnings.push(not_refreshed(&reason));
    }
}

//! `gapdeck export`: database rows to files that an import reads back, and accepted values for the upstream pipeline.
//!
//! Everything comes from one snapshot of the database. Rows are fetched in batches of about 1 MiB and written by a thread
//! of their own: three batches at most are in memory. Files get their names when all of them are whole.

mod error;
mod output;
mod row;
mod what;

pub use error::ExportError;
pub use what::{Filter, What};

use super::format::Format;
use super::progress::{ProgressSink, Steps, Unit};
use crate::repository::bulk::{Cells, Parameter, Session};
use diesel_async::{AsyncPgConnection, SimpleAsyncConnection};
use output::{Part, Place, Writing};
use serde::Serialize;
use std::path::PathBuf;
use std::time::Instant;

/// Where an export goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// One table to standard output.
    StandardOutput,
    /// One table to a file.
    File(PathBuf),
    /// Each table to a file of its name.
    Directory(PathBuf),
}

/// What becomes of files that are there already.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Present {
    /// They stop the export.
    #[default]
    Refuse,
    /// They are replaced when the new ones are whole.
    Replace,
}

/// What is exported, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportOptions {
    pub what: Vec<What>,
    pub format: Format,
    pub gzip: bool,
    pub target: Target,
    pub present: Present,
    pub filter: Filter,
}

/// What became of one table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FileReport {
    pub what: &'static str,
    /// The file's path; absent for standard output.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<PathBuf>,
    pub rows: u64,
    /// The file's size; absent for standard output.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
}

/// What an export did.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ExportReport {
    pub files: Vec<FileReport>,
    pub seconds: f64,
}

/// The database's texts of times and numbers are the same whatever the role's settings; plans are for reading everything.
const SET_UP: &str = "SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0;
SET LOCAL work_mem = '64MB'; SET LOCAL jit = off; SET LOCAL cursor_tuple_fraction = 1;
SET LOCAL datestyle = 'ISO'; SET LOCAL timezone = 'UTC'; SET LOCAL extra_float_digits = 1";

/// About how many bytes of texts are fetched at once, and how many rows at most.
const FETCH_BYTES: usize = 1 << 20;
const FETCH_ROWS: usize = 5_000;
/// How many rows are fetched before it is known how large they are.
const FIRST_ROWS: usize = 100;

/// Exports tables. When `interrupt` is over before the files are whole, none is left.
///
/// # Errors
/// [`ExportError`]; no file was written or replaced then.
pub async fn export(
    connection: &mut AsyncPgConnection,
    options: &ExportOptions,
    progress: &mut dyn ProgressSink,
    interrupt: impl Future<Output = ()>,
) -> Result<ExportReport, ExportError> {
    let started = Instant::now();
    let places = places(options)?;
    if let Target::Directory(directory) = &options.target {
        std::fs::create_dir_all(directory)
            .map_err(|source| ExportError::Write { place: directory.display().to_string(), source })?;
    }
    let mut steps = Steps::new(progress);
    let written = {
        let mut transaction = connection.build_transaction().repeatable_read().read_only();
        let work = transaction.run(async |connection: &mut AsyncPgConnection| {
            connection.batch_execute(SET_UP).await?;
            let mut session = Session::Pooled(connection);
            let mut written = Vec::new();
            for (what, place) in &places {
                written.push(one(&mut session, *what, place, options, &mut steps).await?);
            }
            Ok::<_, ExportError>(written)
        });
        tokio::select! {
            written = work => written?,
            () = interrupt => return Err(ExportError::Interrupted),
        }
    };
    steps.end();
    let mut report = ExportReport { files: Vec::new(), seconds: 0.0 };
    for ((what, place), (rows, part)) in places.into_iter().zip(written) {
        let bytes = part.as_ref().map(|part| part.bytes);
        if let Some(part) = part {
            part.keep()?;
        }
        let file = match place {
            Place::File(path) => Some(path),
            Place::StandardOutput => None,
        };
        report.files.push(FileReport { what: what.name(), file, rows, bytes });
    }
    report.seconds = started.elapsed().as_secs_f64();
    Ok(report)
}

/// Says where each table goes.
fn places(options: &ExportOptions) -> Result<Vec<(What, Place)>, ExportError> {
    let ending = format!("{}{}", options.format.ending(), if options.gzip { ".gz" } else { "" });
    let place = |what: &What| match &options.target {
        Target::StandardOutput => Place::StandardOutput,
        Target::File(path) => Place::File(path.clone()),
        Target::Directory(directory) => Place::File(directory.join(format!("{}.{ending}", what.name()))),
    };
    let places: Vec<(What, Place)> = options.what.iter().map(|what| (*what, place(what))).collect();
    for (_, place) in &places {
        if let Place::File(path) = place
            && options.present == Present::Refuse
            && path.symlink_metadata().is_ok()
        {
            return Err(ExportError::Exists(path.clone()));
        }
    }
    Ok(places)
}

/// Exports one table; returns how many rows it has, and its file.
async fn one(
    session: &mut Session<'_>,
    what: What,
    place: &Place,
    options: &ExportOptions,
    steps: &mut Steps<'_>,
) -> Result<(u64, Option<Part>), ExportError> {
    steps.begin(&format!("Writing {}", what.name()), about(session, what).await?, Unit::Rows);
    open_cursor(session, what, &options.filter).await?;
    let Writing { rows: sender, end } =
        output::start(place.clone(), options.format, options.gzip, what.fields());
    let (mut rows, mut count) = (0_u64, FIRST_ROWS);
    loop {
        let batch: Vec<Cells> = session.rows(&format!("FETCH {count} FROM export_rows"), &[]).await?;
        if batch.is_empty() {
            break;
        }
        rows += batch.len() as u64;
        let bytes: usize = batch.iter().flatten().flatten().map(String::len).sum();
        count = (FETCH_BYTES / (bytes / batch.len()).max(1)).clamp(1, FETCH_ROWS);
        if sender.send(batch).await.is_err() {
            break;
        }
        steps.advance(rows);
    }
    drop(sender);
    session.batch("CLOSE export_rows").await?;
    let part = end.await.map_err(|error| ExportError::Task(error.to_string()))??;
    Ok((rows, part))
}

async fn open_cursor(session: &mut Session<'_>, what: What, filter: &Filter) -> Result<(), ExportError> {
    let list = |keys: &[String]| keys.iter().cloned().map(Some).collect::<Vec<_>>();
    let (attributes, experiments) = (list(&filter.attributes), list(&filter.experiments));
    let since = filter.since.as_deref().unwrap_or_default();
    let declare = format!("DECLARE export_rows NO SCROLL CURSOR FOR {}", what.query());
    let parameters = [Parameter::Texts(&attributes), Parameter::Texts(&experiments), Parameter::Text(since)];
    session.execute(&declare, &parameters).await?;
    Ok(())
}

const ABOUT: &str =
    "SELECT ARRAY[greatest(reltuples, 0)::bigint::text] AS cells FROM pg_class WHERE oid = to_regclass($1)";

/// Estimates how many rows there are.
async fn about(session: &mut Session<'_>, what: What) -> Result<u64, ExportError> {
    let rows = session.rows(ABOUT, &[Parameter::Text(what.counted())]).await?;
    Ok(rows.into_iter().flatten().flatten().next().and_then(|count| count.parse().ok()).unwrap_or(0))
}

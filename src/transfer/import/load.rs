//! A load inside its transaction: stage, check, merge, embed.

use super::embedding;
use super::error::ImportError;
use super::parse::quoted;
use super::reader::{self, BatchSize};
use super::report::{BadLine, FileReport, ImportReport, SHOWN};
use super::source::Source;
use super::{Bad, Embed, ImportOptions, Write};
use crate::repository::bulk::{self, Bulk, Missing, Refused, Session, Table};
use crate::transfer::progress::{Steps, Unit};

/// Rows of one statement: large enough that the statement's own cost vanishes, small enough to lie in memory twice.
pub(super) const BATCH: BatchSize = BatchSize { rows: 2_000, bytes: 1 << 20 };

/// One file's counts, its first bad lines, and its last line.
#[derive(Debug, Default)]
pub(super) struct Loaded {
    pub report: FileReport,
    pub bad_lines: Vec<BadLine>,
    pub last: i64,
    /// The columns that were not read.
    pub ignored: Vec<String>,
}

impl Loaded {
    pub fn named(file: &str) -> Self {
        Self { report: FileReport { file: file.to_owned(), ..FileReport::default() }, ..Self::default() }
    }

    /// Takes the counts of a batch over.
    pub fn add(&mut self, batch: &mut reader::Batch) {
        self.report.lines = batch.read;
        self.report.bad += batch.bad;
        self.bad_lines.append(&mut batch.bad_lines);
        self.last = batch.last;
        let file = &self.report.file;
        self.ignored.extend(batch.ignored.drain(..).map(|column| format!("{file}: column {column}")));
    }

    /// Counts what was written, after everything is known about bad lines.
    pub fn count(&mut self, merged: bulk::Merged) {
        self.report.inserted += merged.inserted;
        self.report.updated += merged.updated;
    }

    /// Closes the counts.
    pub fn finish(mut self, report: &mut ImportReport, merged: bool) {
        let file = &mut self.report;
        file.accepted = file.lines - file.bad;
        if merged {
            file.unchanged = file.accepted.saturating_sub(file.inserted + file.updated);
        }
        report.ignored.append(&mut self.ignored);
        report.add(self.report, self.bad_lines);
    }
}

/// Loads the files; what they hold is in the tables afterwards unless lines are bad and not to be skipped.
pub(super) async fn run(
    session: &mut Session<'_>,
    sources: Vec<Source>,
    options: &ImportOptions,
    steps: &mut Steps<'_>,
    report: &mut ImportReport,
) -> Result<(), ImportError> {
    let mut bulk = Bulk::start(session).await?;
    let (mut staged, mut vectors) = (Vec::new(), None);
    for source in sources {
        if source.table == Table::Embeddings {
            vectors = Some(source);
        } else {
            let table = source.table;
            staged.push((table, stage_and_check(&mut bulk, source, steps).await?));
        }
    }
    let bad: u64 = staged.iter().map(|(_, loaded)| loaded.report.bad).sum();
    let merge = options.bad == Bad::Skip || bad == 0;
    if merge {
        merge_staged(&mut bulk, &mut staged, steps).await?;
    }
    for (_, loaded) in staged {
        loaded.finish(report, merge);
    }
    let session = bulk.session();
    let vectors_follow = vectors.is_some() || options.embed == Embed::Missing;
    let mut aside = None;
    if merge && vectors_follow && options.write == Write::Commit {
        aside = bulk::set_index_aside(session).await?;
    }
    let mut new = 0;
    if let Some(source) = vectors {
        let write = if merge { options.bad } else { Bad::Refuse };
        let loaded = embedding::load(session, source, write, report.bad, steps).await?;
        new += loaded.report.inserted + loaded.report.updated;
        loaded.finish(report, merge);
    }
    if options.bad == Bad::Refuse && report.bad > 0 {
        return Ok(());
    }
    if options.embed == Embed::Missing {
        report.embedded = embedding::embed_missing(session, options.write, steps, report).await?;
        new += report.embedded;
    }
    if options.write == Write::Commit {
        embedding::rebuild_index(session, aside, new, steps).await?;
    }
    Ok(())
}

/// Merges what is staged into the tables.
pub(super) async fn merge_staged(
    bulk: &mut Bulk<'_, '_>,
    staged: &mut [(Table, Loaded)],
    steps: &mut Steps<'_>,
) -> Result<(), ImportError> {
    for table in Table::in_merge_order() {
        let Some((_, loaded)) = staged.iter_mut().find(|(staged, _)| *staged == table) else { continue };
        steps.begin(&format!("Writing {}", loaded.report.file), loaded.last.unsigned_abs(), Unit::Rows);
        let merged = bulk.merge(table, loaded.last, |line| steps.advance(line.unsigned_abs())).await?;
        loaded.count(merged);
    }
    Ok(bulk.finish().await?)
}

/// Stages a file's rows and drops those that cannot be written.
async fn stage_and_check(
    bulk: &mut Bulk<'_, '_>,
    source: Source,
    steps: &mut Steps<'_>,
) -> Result<Loaded, ImportError> {
    steps.begin(&format!("Reading {}", source.name), source.bytes, Unit::Bytes);
    let (mut loaded, table) = (Loaded::named(&source.name), source.table);
    let mut batches = reader::read(source, BATCH);
    while let Some(batch) = batches.recv().await {
        let mut batch = batch?;
        bulk.stage(table, &batch.rows).await?;
        loaded.add(&mut batch);
        steps.advance(batch.bytes);
    }
    let (unknown, refused) = bulk.drop_unknown(table, SHOWN).await?;
    loaded.report.bad += unknown;
    let file = loaded.report.file.clone();
    loaded.bad_lines.extend(refused.iter().map(|row| BadLine {
        file: file.clone(),
        line: row.line.unsigned_abs(),
        reason: reason(row),
    }));
    bulk.drop_duplicates(table).await?;
    Ok(loaded)
}

/// Says why a staged row is refused.
fn reason(row: &Refused) -> String {
    let unknown = |field: &str, file: &str| {
        format!("{field}: {} is neither in {file} nor in the database", quoted(&row.key))
    };
    let gap = || {
        format!(
            "product {}, attribute {}",
            quoted(&row.key),
            quoted(row.other.as_deref().unwrap_or_default())
        )
    };
    match row.missing {
        Missing::Product => unknown("product_key", "products"),
        Missing::Category => unknown("category_key", "categories"),
        Missing::Attribute => unknown("attribute_key", "attributes"),
        Missing::Round => unknown("round", "recommendation_rounds"),
        Missing::Gap => {
            format!("not a gap: {} is neither in product_attribute_gaps nor in the database", gap())
        }
        Missing::OtherContent => {
            format!("decision_id: {} is in the database with another content", quoted(&row.key))
        }
        Missing::VersionTaken => {
            format!("result_version: another decision on {} has it", gap())
        }
        Missing::Undone => format!(
            "undoes: {} is no earlier decision on the gap, neither in decisions nor in the database",
            quoted(&row.key)
        ),
        Missing::Earlier => format!(
            "base_version: decisions on {} before this one are neither in decisions nor in the database",
            gap()
        ),
    }
}

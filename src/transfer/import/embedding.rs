//! Embeddings: those of a file, and those of the offline embedder for products that have none.

use super::error::ImportError;
use super::load::Loaded;
use super::parse::quoted;
use super::reader::{self, BatchSize};
use super::report::{BadLine, ImportReport, SHOWN};
use super::source::Source;
use super::{Bad, Write};
use crate::embed::{HashingEmbedder, product_text};
use crate::repository::bulk::{self, EmbeddingBatch, IndexAside, Session, TextRow, Unembedded};
use crate::transfer::progress::{Steps, Unit};
use crate::transfer::record::EmbeddingRecord;
use std::collections::HashSet;
use tokio::task::JoinHandle;

/// Vectors of one statement: 6 KiB each.
const BATCH: BatchSize = BatchSize { rows: ROWS as usize, bytes: 4 << 20 };
const ROWS: u32 = 256;
/// The most characters of an embedded text that are stored beside its vector.
const DESCRIPTION: usize = 500;

/// Writes the vectors of a file. From the first bad line on, here or `before`, lines are only checked if `mode` refuses
/// bad lines.
pub(super) async fn load(
    session: &mut Session<'_>,
    source: Source,
    mode: Bad,
    before: u64,
    steps: &mut Steps<'_>,
) -> Result<Loaded, ImportError> {
    steps.begin(&format!("Reading and writing {}", source.name), source.bytes, Unit::Bytes);
    let mut loaded = Loaded::named(&source.name);
    let mut batches = reader::read(source, BATCH);
    while let Some(batch) = batches.recv().await {
        let mut batch = batch?;
        loaded.add(&mut batch);
        let mut rows = std::mem::take(&mut batch.rows);
        let keys = rows.columns.first().map(Vec::as_slice).unwrap_or_default();
        let unknown: HashSet<String> = bulk::unknown_products(session, keys).await?.into_iter().collect();
        let mut vectors = EmbeddingBatch::default();
        for ((place, line), vector) in rows.lines.iter().enumerate().zip(std::mem::take(&mut batch.vectors)) {
            let cells: Vec<_> = rows.columns.iter_mut().map(|column| column[place].take()).collect();
            let key = cells.first().cloned().flatten().unwrap_or_default();
            let checked = if unknown.contains(&key) {
                Err(format!("product_key: {} is neither in products nor in the database", quoted(&key)))
            } else {
                vectors.push_cells(cells, vector).map_err(|error| format!("vector: {error}"))
            };
            if let Err(reason) = checked {
                refuse(&mut loaded, *line, reason);
            }
        }
        if mode == Bad::Skip || before + loaded.report.bad == 0 {
            let merged = bulk::write_embeddings(session, &vectors).await?;
            loaded.count(merged);
        }
        steps.advance(batch.bytes);
    }
    Ok(loaded)
}

fn refuse(loaded: &mut Loaded, line: i64, reason: String) {
    loaded.report.bad += 1;
    // The reader's own bad lines may stand behind this one: they are sorted later.
    if loaded.bad_lines.len() < 2 * SHOWN as usize {
        let file = loaded.report.file.clone();
        loaded.bad_lines.push(BadLine { file, line: line.unsigned_abs(), reason });
    }
}

/// Embeds products that have no vector and returns how many got one; in a dry run, how many have none. Where the others'
/// vectors are another model's, which these could not be compared with, they are left to `gapdeck embed`.
pub(super) async fn embed_missing(
    session: &mut Session<'_>,
    write: Write,
    steps: &mut Steps<'_>,
    report: &mut ImportReport,
) -> Result<u64, ImportError> {
    let (_, missing) = bulk::count_embeddings(session).await?;
    if missing == 0 {
        return Ok(0);
    }
    if let Some(model) = bulk::other_model(session, HashingEmbedder::MODEL).await? {
        report.warnings.push(format!(
            "{missing} products without a vector were left alone, since there are vectors of {model}; \
             `gapdeck embed` with that model embeds them"
        ));
        return Ok(0);
    }
    if write == Write::DryRun {
        return Ok(missing);
    }
    steps.begin("Embedding products", missing, Unit::Rows);
    let (mut embedded, mut done, mut after) = (0, 0, String::new());
    let mut working: Option<JoinHandle<EmbeddingBatch>> = None;
    loop {
        // While the batch before is being embedded, the next is read; while that is embedded, the first is written.
        let found = bulk::unembedded(session, Unembedded::Missing, &after, ROWS).await?;
        let (rows, read) = (found.rows, found.examined);
        if let Some(last) = found.last {
            after = last;
        }
        let next = (read > 0).then(|| tokio::task::spawn_blocking(move || embed(rows)));
        if let Some(batch) = std::mem::replace(&mut working, next) {
            let batch = batch.await.map_err(|error| ImportError::Task(error.to_string()))?;
            embedded += bulk::write_embeddings(session, &batch).await?.inserted;
        }
        if working.is_none() {
            return Ok(embedded);
        }
        done += read;
        steps.advance(done);
    }
}

/// Embeds products; one without a letter or digit in its texts is left out.
fn embed(rows: Vec<TextRow>) -> EmbeddingBatch {
    let mut batch = EmbeddingBatch::default();
    for row in rows {
        let texts: Vec<&str> = row.texts.iter().map(String::as_str).collect();
        let text = product_text(row.product_name.as_deref(), &texts);
        if let Some(vector) = HashingEmbedder.embed(&text) {
            // The embedder's vectors have neither a wrong length nor a wrong number.
            let _ = batch.push(EmbeddingRecord {
                product_key: row.product_key,
                vector,
                description: Some(text.chars().take(DESCRIPTION).collect()),
                model: Some(HashingEmbedder::MODEL.to_owned()),
                dimensions: None,
                content_hash: Some(row.content_hash),
            });
        }
    }
    batch
}

/// Builds the nearest-neighbour index anew if it was set aside, or if more than a fifth of the vectors is new.
pub(super) async fn rebuild_index(
    session: &mut Session<'_>,
    aside: Option<IndexAside>,
    new: u64,
    steps: &mut Steps<'_>,
) -> Result<(), ImportError> {
    if aside.is_none() && (new == 0 || new <= bulk::count_embeddings(session).await?.0 / 5) {
        return Ok(());
    }
    steps.begin("Building the nearest-neighbour index", 0, Unit::Rows);
    Ok(bulk::rebuild_index(session, aside).await?)
}

//! The demo catalogue to database rows, by the import's statements.

use super::error::ImportError;
use super::load::{self, Loaded, merge_staged};
use super::report::ImportReport;
use super::{embedding, finish};
use crate::demo::DemoCatalogue;
use crate::repository::bulk::{self, Bulk, Cells, Columns, EmbeddingBatch, Session, Table};
use crate::transfer::progress::{ProgressSink, Steps, Unit};
use crate::transfer::record::EmbeddingRecord;
use diesel_async::{AsyncConnection, AsyncPgConnection};
use serde::Serialize;
use serde_json::Value;
use std::time::Instant;

/// Vectors of one statement: 6 KiB each.
const VECTORS: usize = 256;

/// Loads the demo catalogue in one transaction, then brings the materialised views up to date. Loaded twice, it changes
/// nothing.
///
/// # Errors
/// [`ImportError::Database`]; nothing was written then.
pub async fn load_demo(
    connection: &mut AsyncPgConnection,
    catalogue: &DemoCatalogue,
    progress: &mut dyn ProgressSink,
) -> Result<ImportReport, ImportError> {
    let started = Instant::now();
    let mut steps = Steps::new(progress);
    let mut report = ImportReport::default();
    connection
        .transaction(async |connection: &mut AsyncPgConnection| {
            write(&mut Session::Pooled(connection), catalogue, &mut steps, &mut report).await
        })
        .await?;
    report.written = true;
    finish(connection, &mut steps, &mut report).await;
    report.steps = steps.end();
    report.seconds = started.elapsed().as_secs_f64();
    Ok(report)
}

async fn write(
    session: &mut Session<'_>,
    catalogue: &DemoCatalogue,
    steps: &mut Steps<'_>,
    report: &mut ImportReport,
) -> Result<(), ImportError> {
    let mut bulk = Bulk::start(session).await?;
    let mut staging = Staging { bulk: &mut bulk, steps, staged: Vec::new() };
    staging.add(Table::Categories, "categories", &catalogue.batch.categories).await?;
    staging.add(Table::Attributes, "attributes", &catalogue.batch.attributes).await?;
    staging
        .add(Table::CategoryAttributes, "category attributes", &catalogue.batch.category_attributes)
        .await?;
    staging.add(Table::Products, "products", &catalogue.batch.products).await?;
    staging.add(Table::ProductCategories, "product categories", &catalogue.batch.product_categories).await?;
    let allowed = "values allowed in a category";
    staging.add(Table::CategoryAllowableValues, allowed, &catalogue.batch.category_allowable_values).await?;
    let allowed = "values allowed in every category";
    staging
        .add(
            Table::AllowableValuesInEveryCategory,
            allowed,
            &catalogue.batch.allowable_values_in_every_category,
        )
        .await?;
    let allowed = "values allowed in any category";
    staging
        .add(Table::AllowableValuesInAnyCategory, allowed, &catalogue.batch.allowable_values_in_any_category)
        .await?;
    let allowed = "values allowed for a product";
    staging.add(Table::ProductAllowableValues, allowed, &catalogue.batch.product_allowable_values).await?;
    staging.add(Table::RichTexts, "texts", &catalogue.batch.rich_texts).await?;
    staging.add(Table::Values, "values", &catalogue.batch.values).await?;
    staging.add(Table::Gaps, "gaps", &catalogue.batch.gaps).await?;
    staging.add(Table::Experiments, "experiments", &catalogue.experiments).await?;
    staging.add(Table::Predictions, "predictions", &catalogue.predictions).await?;
    staging.add(Table::Rounds, "recommendation rounds", &catalogue.rounds).await?;
    staging.add(Table::Recommendations, "recommendations", &catalogue.recommendations).await?;
    let mut staged = staging.staged;
    merge_staged(&mut bulk, &mut staged, steps).await?;
    for (_, loaded) in staged {
        loaded.finish(report, true);
    }
    let session = bulk.session();
    let aside = bulk::set_index_aside(session).await?;
    let new = write_embeddings(session, &catalogue.embeddings, steps, report).await?;
    embedding::rebuild_index(session, aside, new, steps).await
}

/// Stages the lists one after the other.
struct Staging<'a, 'b, 'c, 's> {
    bulk: &'a mut Bulk<'b, 'c>,
    steps: &'a mut Steps<'s>,
    staged: Vec<(Table, Loaded)>,
}

impl Staging<'_, '_, '_, '_> {
    async fn add<R: Serialize + Sync>(
        &mut self,
        table: Table,
        name: &str,
        records: &[R],
    ) -> Result<(), ImportError> {
        self.steps.begin(&format!("Sending {name}"), records.len() as u64, Unit::Rows);
        let mut loaded = Loaded::named(name);
        for batch in records.chunks(load::BATCH.rows) {
            let mut rows = Columns::new(table.plan().fields.len());
            for record in batch {
                loaded.last += 1;
                rows.push(loaded.last, cells(table, record)?);
            }
            self.bulk.stage(table, &rows).await?;
            self.steps.advance(loaded.last.unsigned_abs());
        }
        loaded.report.lines = records.len() as u64;
        self.staged.push((table, loaded));
        Ok(())
    }
}

/// Turns a record into the texts of a row, by the names of its fields.
fn cells<R: Serialize>(table: Table, record: &R) -> Result<Cells, ImportError> {
    let unusable = |error: serde_json::Error| ImportError::Task(error.to_string());
    let Value::Object(mut members) = serde_json::to_value(record).map_err(unusable)? else {
        return Err(ImportError::Task("a record is no object".to_owned()));
    };
    let text = |value: Value| match value {
        Value::Null => None,
        Value::String(text) => Some(text),
        other => Some(other.to_string()),
    };
    Ok(table.plan().fields.iter().map(|field| members.remove(field.name).and_then(text)).collect())
}

/// Writes the catalogue's vectors and returns how many are new.
async fn write_embeddings(
    session: &mut Session<'_>,
    records: &[EmbeddingRecord],
    steps: &mut Steps<'_>,
    report: &mut ImportReport,
) -> Result<u64, ImportError> {
    steps.begin("Writing embeddings", records.len() as u64, Unit::Rows);
    let mut loaded = Loaded::named("embeddings");
    for records in records.chunks(VECTORS) {
        let mut batch = EmbeddingBatch::default();
        for record in records {
            loaded.report.lines += 1;
            // The generator leaves products without a usable vector out.
            let _ = batch.push(record.clone());
        }
        let merged = bulk::write_embeddings(session, &batch).await?;
        loaded.count(merged);
        steps.advance(loaded.report.lines);
    }
    let new = loaded.report.inserted + loaded.report.updated;
    loaded.finish(report, true);
    Ok(new)
}

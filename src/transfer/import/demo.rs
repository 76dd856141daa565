//! The demo catalogue to database rows, by the import's statements.

use super::error::ImportError;
use super::load::{self, Loaded, merge_staged};
use super::progress::{ProgressSink, Steps, Unit};
use super::report::ImportReport;
use super::{embedding, finish};
use crate::demo::DemoCatalogue;
use crate::repository::bulk::{self, Bulk, EmbeddingBatch, Row, Table};
use crate::transfer::record::EmbeddingRecord;
use diesel_async::{AsyncConnection, AsyncPgConnection};
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
            write(connection, catalogue, &mut steps, &mut report).await
        })
        .await?;
    report.written = true;
    finish(connection, &mut steps, &mut report).await;
    report.steps = steps.end();
    report.seconds = started.elapsed().as_secs_f64();
    Ok(report)
}

async fn write(
    connection: &mut AsyncPgConnection,
    catalogue: &DemoCatalogue,
    steps: &mut Steps<'_>,
    report: &mut ImportReport,
) -> Result<(), ImportError> {
    let mut bulk = Bulk::start(connection).await?;
    let mut staging = Staging { bulk: &mut bulk, steps, staged: Vec::new() };
    staging.add(Table::Categories, "categories", &catalogue.categories).await?;
    staging.add(Table::Attributes, "attributes", &catalogue.attributes).await?;
    staging.add(Table::CategoryAttributes, "category attributes", &catalogue.category_attributes).await?;
    staging.add(Table::Products, "products", &catalogue.products).await?;
    staging.add(Table::ProductCategories, "product categories", &catalogue.product_categories).await?;
    let allowed = "values allowed in a category";
    staging.add(Table::CategoryAllowableValues, allowed, &catalogue.category_allowable_values).await?;
    let allowed = "values allowed in every category";
    staging
        .add(Table::AllowableValuesInEveryCategory, allowed, &catalogue.allowable_values_in_every_category)
        .await?;
    let allowed = "values allowed in any category";
    staging
        .add(Table::AllowableValuesInAnyCategory, allowed, &catalogue.allowable_values_in_any_category)
        .await?;
    let allowed = "values allowed for a product";
    staging.add(Table::ProductAllowableValues, allowed, &catalogue.product_allowable_values).await?;
    staging.add(Table::RichTexts, "texts", &catalogue.rich_texts).await?;
    staging.add(Table::Values, "values", &catalogue.values).await?;
    staging.add(Table::Gaps, "gaps", &catalogue.gaps).await?;
    staging.add(Table::Experiments, "experiments", &catalogue.experiments).await?;
    staging.add(Table::Predictions, "predictions", &catalogue.predictions).await?;
    staging.add(Table::Rounds, "recommendation rounds", &catalogue.rounds).await?;
    staging.add(Table::Recommendations, "recommendations", &catalogue.recommendations).await?;
    let mut staged = staging.staged;
    merge_staged(&mut bulk, &mut staged, steps).await?;
    for (_, loaded) in staged {
        loaded.finish(report, true);
    }
    let connection = bulk.connection();
    let aside = bulk::set_index_aside(connection).await?;
    let new = write_embeddings(connection, &catalogue.embeddings, steps, report).await?;
    embedding::rebuild_index(connection, aside, new, steps).await
}

/// Stages the lists one after the other.
struct Staging<'a, 'c, 's> {
    bulk: &'a mut Bulk<'c>,
    steps: &'a mut Steps<'s>,
    staged: Vec<(Table, Loaded)>,
}

impl Staging<'_, '_, '_> {
    async fn add<R: Row>(&mut self, table: Table, name: &str, rows: &[R]) -> Result<(), ImportError> {
        self.steps.begin(&format!("Sending {name}"), rows.len() as u64, Unit::Rows);
        let mut loaded = Loaded::named(name);
        for batch in rows.chunks(load::BATCH.rows) {
            let lines: Vec<i64> = (loaded.last + 1..).take(batch.len()).collect();
            self.bulk.stage(table, &lines, batch).await?;
            loaded.last = lines.last().copied().unwrap_or(loaded.last);
            self.steps.advance(loaded.last.unsigned_abs());
        }
        loaded.report.lines = rows.len() as u64;
        self.staged.push((table, loaded));
        Ok(())
    }
}

/// Writes the catalogue's vectors and returns how many are new.
async fn write_embeddings(
    connection: &mut AsyncPgConnection,
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
        let merged = bulk::write_embeddings(connection, &batch).await?;
        loaded.count(merged);
        steps.advance(loaded.report.lines);
    }
    let new = loaded.report.inserted + loaded.report.updated;
    loaded.finish(report, true);
    Ok(new)
}

//! The materialised views and the planner's statistics.

use crate::domain::{View, WhenBusy};
use crate::repository::postgres::refresh_view;
use diesel::QueryResult;
use diesel_async::{AsyncPgConnection, SimpleAsyncConnection};
use std::time::Duration;

/// Brings every materialised view up to date, each in a transaction of its own.
pub async fn refresh_views(connection: &mut AsyncPgConnection) -> QueryResult<()> {
    for view in View::ALL {
        refresh_view(connection, view, Duration::ZERO, WhenBusy::Wait).await?;
    }
    Ok(())
}

/// From how many changed rows on statistics are worth gathering.
pub const WORTH_STATISTICS: u64 = 500;

/// Vectors and texts that nothing is planned by are left out: sampling them takes most of the time.
const STATISTICS: &str = "ANALYZE raw_products, raw_categories, raw_attributes, raw_product_categories,
    raw_category_attributes, raw_product_attribute_values (product_key, attribute_key, value_md5),
    raw_product_attribute_gaps, raw_category_allowable_values (category_key, attribute_key, value_md5),
    raw_attribute_allowable_values_applicable_in_every_category, raw_attribute_allowable_values_in_any_category,
    raw_product_attribute_allowable_values, raw_rich_text_sources (product_key, source), raw_recommendation_rounds,
    raw_recommendations (product_key, attribute_key, round_key, value_md5, confidence, created_at),
    prediction_experiments,
    prediction_results (product_key, attribute_key, experiment_key, value_md5, confidence, is_correct, created_at),
    review_queue, product_embeddings (product_key, created_at)";

/// Gathers the planner's statistics of all tables; the embedded database has nobody else who does.
pub async fn gather_statistics(connection: &mut AsyncPgConnection) -> QueryResult<()> {
    connection.batch_execute(STATISTICS).await
}

//! The stores that the contract is held against: where tests touch gapdeck's way of opening databases.

use diesel_async::SimpleAsyncConnection;
use gapdeck::database::Database;
use gapdeck::repository::Store;
use std::path::Path;
use std::sync::Arc;

/// Brings a database up to date.
pub async fn migrate(url: &str) {
    let database = Database::connect(url).await.expect("connect");
    database.migrate().await.expect("migrate");
}

/// Opens the store of a migrated database on a server.
pub async fn server_store(url: &str) -> Arc<dyn Store> {
    let database = Database::connect(url).await.expect("connect");
    Arc::new(database.store())
}

/// Opens the embedded database in a directory and brings it up to date.
#[cfg(feature = "embedded")]
pub async fn embedded(directory: &Path) -> Database {
    let database = Database::open_embedded(directory).await.expect("open the embedded database");
    database.migrate().await.expect("migrate");
    database
}

/// Empties every table of gapdeck's, the append-only ones and the queue too.
pub async fn empty(database: &Database) {
    // For so few rows many times faster than TRUNCATE, which makes new files for every table and index.
    let deletes = format!("DELETE FROM {};", TABLES.join("; DELETE FROM "));
    let sql =
        format!("SET session_replication_role = replica; {deletes} SET session_replication_role = DEFAULT");
    database.connection().await.expect("a connection").batch_execute(&sql).await.expect("DELETE");
}

/// Every table of the specification, and gapdeck's own.
pub const TABLES: [&str; 27] = [
    "raw_products",
    "raw_categories",
    "raw_attributes",
    "raw_product_categories",
    "raw_category_attributes",
    "raw_product_attribute_values",
    "raw_product_attribute_gaps",
    "raw_category_allowable_values",
    "raw_attribute_allowable_values_applicable_in_every_category",
    "raw_attribute_allowable_values_in_any_category",
    "raw_product_attribute_allowable_values",
    "raw_recommendations",
    "raw_recommendation_rounds",
    "raw_rich_text_sources",
    "human_recommendations",
    "product_embeddings",
    "prediction_experiments",
    "prediction_results",
    "review_queue",
    "review_policy",
    "view_refreshes",
    "prediction_tallies",
    "review_leases",
    "vote_worth",
    "list_cuts",
    "seeded_values",
    "seeded_answers",
];

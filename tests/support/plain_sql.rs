//! Looking at a migrated database by plain SQL.

use super::server::TestDatabase;
use tokio_postgres::Client;

/// Makes a migrated database of its own, and a connection to it.
pub async fn migrated() -> (TestDatabase, Client) {
    let database = TestDatabase::migrated().await;
    let client = database.client().await;
    (database, client)
}

/// Runs a query whose rows are one text each.
pub async fn names(client: &Client, sql: &str) -> Vec<String> {
    let rows = client.query(sql, &[]).await.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
    rows.iter().map(|row| row.get(0)).collect()
}

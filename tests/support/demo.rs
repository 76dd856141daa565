//! The demo on a real server, filled once for all tests of a binary.

use super::binary::Gapdeck;
use super::server::TestDatabase;

/// Fills a database with the demo.
pub async fn seed(url: String) {
    Gapdeck::new().succeeds(&["demo", "--seed-only", "--database-url", &url]);
}

/// Makes a database of its own with the demo in it, and the binary on it.
pub async fn demo() -> (TestDatabase, Gapdeck) {
    let database = TestDatabase::like("demo", seed).await;
    let gapdeck = Gapdeck::on(&database);
    (database, gapdeck)
}

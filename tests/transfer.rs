//! `export` and `import` together: what comes out goes in again, and what stops half way leaves nothing.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

#[path = "transfer/csv.rs"]
mod csv;
#[path = "transfer/decisions.rs"]
mod decisions;
#[path = "transfer/documentation.rs"]
mod documentation;
#[path = "transfer/files.rs"]
mod files;
#[path = "transfer/hostile.rs"]
mod hostile;
#[path = "transfer/interrupted.rs"]
mod interrupted;
#[path = "transfer/memory.rs"]
mod memory;
#[path = "transfer/round_trip.rs"]
mod round_trip;

use gapdeck::database::Database;
use gapdeck::repository::bulk::Table;
use gapdeck::transfer::export::{ExportOptions, ExportReport, Filter, Present, Target, What, export};
use gapdeck::transfer::format::Format;
use gapdeck::transfer::import::{Embed, ImportError, ImportOptions, ImportReport, Silent, import};
use std::collections::BTreeMap;
use std::future::pending;
use std::path::Path;
use support::server::TestDatabase;
use tokio_postgres::Client;

/// Exports everything to a directory.
async fn exported(database: &Database, directory: &Path, format: Format, gzip: bool) -> ExportReport {
    let options = ExportOptions {
        what: What::ALL.to_vec(),
        format,
        gzip,
        target: Target::Directory(directory.to_owned()),
        present: Present::Refuse,
        filter: Filter::default(),
    };
    let mut connection = database.connection().await.expect("a connection");
    export(&mut connection, &options, &mut Silent, pending()).await.unwrap_or_else(|error| panic!("{error}"))
}

/// Imports without embedding anything.
async fn imported(database: &Database, path: &Path) -> Result<ImportReport, ImportError> {
    let options = ImportOptions { path: path.into(), embed: Embed::Nothing, ..ImportOptions::default() };
    import(database, &options, &mut Silent, pending()).await
}

async fn open(database: &TestDatabase) -> Database {
    Database::connect(&database.url).await.expect("connect")
}

/// Every row of every table as text; only when the queue's rows were last touched is left out.
async fn tables(client: &Client) -> BTreeMap<&'static str, Vec<String>> {
    let mut tables = BTreeMap::new();
    for table in Table::ALL.map(|table| table.plan().stored).into_iter().chain(["review_queue"]) {
        let row = if table == "review_queue" { "(to_jsonb(t) - 'updated_at')::text" } else { "t::text" };
        let rows = client.query(&format!("SELECT {row} FROM {table} t ORDER BY 1"), &[]).await.expect("dump");
        tables.insert(table, rows.iter().map(|row| row.get(0)).collect());
    }
    tables
}

/// The files of a directory with what is in them.
fn contents(directory: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = std::fs::read_dir(directory).expect("list").flatten();
    entries
        .map(|entry| {
            (entry.file_name().into_string().expect("a name"), std::fs::read(entry.path()).expect("read"))
        })
        .collect()
}

//! Directories of files to import, and what is in the database afterwards.

use crate::support::backend::TABLES;
use crate::support::server::TestDatabase;
use flate2::Compression;
use flate2::write::GzEncoder;
use gapdeck::database::Database;
use gapdeck::transfer::import::{
    Bad, Embed, ImportError, ImportOptions, ImportReport, Silent, Write, import,
};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;
use tempfile::TempDir;
use tokio_postgres::Client;

/// A directory of files.
pub struct Directory {
    files: TempDir,
}

impl Directory {
    pub fn new() -> Self {
        Self { files: tempfile::tempdir().expect("a directory") }
    }

    /// Two products in two categories, three attributes, values, gaps, predictions and a recommendation.
    pub fn catalogue() -> Self {
        let directory = Self::new();
        directory.lines(
            "categories.jsonl",
            &[
                json!({"category_key": "shoes", "category_name": "Shoes", "system_name": "shoes"}),
                json!({"category_key": "tea"}),
            ],
        );
        directory.lines(
            "attributes.jsonl",
            &[
                json!({"attribute_key": "brand", "label": "Brand", "data_type": "text", "unit": null}),
                json!({"attribute_key": "colour", "label": "Colour", "multi_valued": true, "data_type": "choice"}),
                json!({"attribute_key": "weight", "label": "Weight", "data_type": "number", "unit": "g"}),
            ],
        );
        directory.lines(
            "category_attributes.jsonl",
            &[
                json!({"category_key": "shoes", "attribute_key": "brand"}),
                json!({"category_key": "shoes", "attribute_key": "colour"}),
            ],
        );
        directory.lines(
            "products.jsonl",
            &[
                json!({"product_key": "p1", "product_name": "Red Shoe", "code_type": "SKU", "description": "A shoe."}),
                json!({"product_key": "p2", "product_name": "Green tea 靴", "future_field": [1, 2]}),
            ],
        );
        directory.lines(
            "product_categories.jsonl",
            &[
                json!({"product_key": "p1", "category_key": "shoes"}),
                json!({"product_key": "p2", "category_key": "tea"}),
            ],
        );
        directory.lines(
            "product_attribute_values.jsonl",
            &[
                json!({"product_key": "p1", "attribute_key": "colour", "value": "red"}),
                json!({"product_key": "p1", "attribute_key": "colour", "value": "white"}),
                json!({"product_key": "p1", "attribute_key": "colour", "value": "red"}),
            ],
        );
        directory.lines(
            "product_attribute_gaps.jsonl",
            &[gap("p1", "brand"), gap("p2", "brand"), gap("p2", "weight")],
        );
        directory.lines(
            "category_allowable_values.jsonl",
            &[json!({"category_key": "shoes", "attribute_key": "colour", "value": "red"})],
        );
        let value = json!({"attribute_key": "colour", "value": "blue"});
        directory.lines(
            "attribute_allowable_values_applicable_in_every_category.jsonl",
            std::slice::from_ref(&value),
        );
        directory.lines("raw_attribute_allowable_values_in_any_category.jsonl", &[value]);
        directory.lines(
            "product_attribute_allowable_values.jsonl",
            &[json!({"product_key": "p1", "attribute_key": "colour", "value": "grey"})],
        );
        directory.lines(
            "rich_text_sources.jsonl",
            &[json!({"product_key": "p1", "source": "datasheet", "content": "Brand: Acme\nColour: red"})],
        );
        directory.lines(
            "experiments.jsonl",
            &[json!({"experiment": "e1", "model": "m", "metrics": {"f1": 0.5}, "created_at": "2024-02-29T10:00:00+02:00"})],
        );
        directory.lines(
            "predictions.jsonl",
            &[
                prediction("e1", "p1", "brand", "Acme", 0.9),
                prediction("e2", "p1", "brand", "ACME ", 0.4),
                prediction("e2", "p2", "weight", "100", 1.0),
            ],
        );
        directory.lines(
            "recommendations.jsonl",
            &[json!({"round": "r1", "product_key": "p1", "attribute_key": "brand", "value": "Apex", "reasoning": "guess"})],
        );
        directory
    }

    pub fn path(&self) -> &Path {
        self.files.path()
    }

    pub fn text(&self, name: &str, text: impl AsRef<[u8]>) {
        std::fs::write(self.path().join(name), text).expect("write a file");
    }

    pub fn lines(&self, name: &str, lines: &[Value]) {
        self.text(name, joined(lines));
    }

    pub fn append(&self, name: &str, lines: &[Value]) {
        let mut text = std::fs::read_to_string(self.path().join(name)).unwrap_or_default();
        text.push_str(&joined(lines));
        self.text(name, text);
    }

    /// Compresses every file, each in two members.
    pub fn compress(&self) {
        for entry in std::fs::read_dir(self.path()).expect("list").flatten() {
            let text = std::fs::read(entry.path()).expect("read");
            let mut compressed = Vec::new();
            let (first, second) = text.split_at(text.len() / 2);
            for part in [first, second] {
                let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
                encoder.write_all(part).expect("compress");
                compressed.extend(encoder.finish().expect("compress"));
            }
            let name = entry.file_name().into_string().expect("a name");
            self.text(&format!("{name}.gz"), compressed);
            std::fs::remove_file(entry.path()).expect("remove");
        }
    }
}

impl Directory {
    /// Writes a compressed file whose end is missing.
    pub fn cut_off(&self, name: &str) {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::none());
        encoder.write_all(&b"{\"product_key\": \"p\"}\n".repeat(1_000)).expect("compress");
        let compressed = encoder.finish().expect("compress");
        self.text(name, &compressed[..compressed.len() / 2]);
    }
}

fn joined(lines: &[Value]) -> String {
    lines.iter().fold(String::new(), |text, line| text + &line.to_string() + "\n")
}

pub fn gap(product: &str, attribute: &str) -> Value {
    json!({"product_key": product, "attribute_key": attribute})
}

pub fn value(product: &str, attribute: &str, value: &str) -> Value {
    json!({"product_key": product, "attribute_key": attribute, "value": value})
}

pub fn prediction(experiment: &str, product: &str, attribute: &str, value: &str, confidence: f64) -> Value {
    json!({"experiment": experiment, "product_key": product, "attribute_key": attribute, "value": value,
           "confidence": confidence})
}

/// The options that tests start from: no products are embedded.
pub fn options(directory: &Directory) -> ImportOptions {
    ImportOptions { path: directory.path().into(), embed: Embed::Nothing, ..ImportOptions::default() }
}

pub fn skipping(directory: &Directory) -> ImportOptions {
    ImportOptions { bad: Bad::Skip, ..options(directory) }
}

pub fn dry(directory: &Directory) -> ImportOptions {
    ImportOptions { write: Write::DryRun, ..options(directory) }
}

pub async fn run(database: &TestDatabase, options: &ImportOptions) -> Result<ImportReport, ImportError> {
    let database = Database::connect(&database.url).await.expect("connect");
    import(&database, options, &mut Silent, std::future::pending()).await
}

/// Imports what must not be refused.
pub async fn imported(database: &TestDatabase, directory: &Directory) -> ImportReport {
    run(database, &options(directory)).await.unwrap_or_else(|error| panic!("{error}"))
}

/// Everything in every table, as text.
pub async fn dump(client: &Client) -> BTreeMap<&'static str, Vec<String>> {
    dump_as(client, "t::text").await
}

/// As [`dump`], with what tells a row from a rewritten or locked one.
pub async fn dump_with_versions(client: &Client) -> BTreeMap<&'static str, Vec<String>> {
    dump_as(client, "concat_ws(' ', ctid, xmin, xmax, t::text)").await
}

async fn dump_as(client: &Client, row: &str) -> BTreeMap<&'static str, Vec<String>> {
    let mut tables = BTreeMap::new();
    // When the views were refreshed is none of the import's rows.
    for table in TABLES.into_iter().filter(|table| *table != "view_refreshes") {
        let sql = format!("SELECT {row} AS row FROM {table} t ORDER BY 1");
        let rows = client.query(&sql, &[]).await.expect("dump");
        tables.insert(table, rows.iter().map(|row| row.get(0)).collect());
    }
    tables
}

/// Everything without the times at which it was written.
pub async fn contents(client: &Client) -> BTreeMap<&'static str, Vec<String>> {
    const ROW: &str = "(to_jsonb(t) - 'created_at' - 'updated_at' - 'gap_created_at')::text";
    dump_as(client, ROW).await
}

pub async fn strings(client: &Client, sql: &str) -> Vec<String> {
    client.query(sql, &[]).await.expect("query").iter().map(|row| row.get(0)).collect()
}

pub async fn count(client: &Client, table: &str) -> i64 {
    client.query_one(&format!("SELECT count(*) FROM {table}"), &[]).await.expect("count").get(0)
}

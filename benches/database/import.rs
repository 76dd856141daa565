//! An import beside `COPY` of the same rows into the same tables, triggers included.

use crate::filled;
use crate::support::binary::Gapdeck;
use crate::support::server::{TestDatabase, connect};
use futures_util::{SinkExt, TryStreamExt};
use gapdeck::demo::fill::Volume;
use std::path::Path;
use std::time::Instant;
use tokio_postgres::Client;

/// The tables, in an order in which each refers to earlier ones: file, columns, JSON of a row.
const TABLES: [(&str, &str, &str, &str); 8] = [
    ("categories", "raw_categories", "category_key, category_name, system_name", ""),
    ("attributes", "raw_attributes", "attribute_key, system_name, label, data_type, unit, multi_valued", ""),
    ("products", "raw_products", "product_key, product_name, code_type, description", ""),
    ("product_categories", "raw_product_categories", "product_key, category_key", ""),
    ("product_attribute_values", "raw_product_attribute_values", "product_key, attribute_key, value", ""),
    (
        "experiments",
        "prediction_experiments",
        "experiment_key, model, description, created_at, completed_at",
        "experiment_key AS experiment, model, description, created_at, completed_at",
    ),
    (
        "predictions",
        "prediction_results",
        "product_key, attribute_key, experiment_key, value, confidence, reasoning",
        "product_key, attribute_key, experiment_key AS experiment, value, confidence, reasoning",
    ),
    // Last, as an import does: a new gap is scored by the predictions that are there.
    ("product_attribute_gaps", "raw_product_attribute_gaps", "product_key, attribute_key", ""),
];
const REPEATS: usize = 3;

/// Measures both ways in turn and prints a line for each.
pub async fn measure(gaps: u64) {
    let (source, _) = filled(Volume::of_gaps(gaps).expect("a number of gaps")).await;
    let client = connect(&source.url).await;
    let directory = tempfile::tempdir().expect("a directory");
    let mut rows = 0;
    for (file, table, columns, json) in TABLES {
        rows += write(
            &client,
            directory.path(),
            file,
            table,
            columns,
            if json.is_empty() { columns } else { json },
        )
        .await;
    }
    let (mut imports, mut copies) = (Vec::new(), Vec::new());
    for _ in 0..REPEATS {
        let database = TestDatabase::migrated().await;
        let path = directory.path().to_str().expect("a path").to_owned();
        let began = Instant::now();
        Gapdeck::on(&database).succeeds(&["import", &path, "--no-embed"]);
        imports.push(began.elapsed());
        let database = TestDatabase::migrated().await;
        let client = connect(&database.url).await;
        let began = Instant::now();
        copy(&client, directory.path()).await;
        copies.push(began.elapsed());
    }
    imports.sort_unstable();
    copies.sort_unstable();
    let (ours, plain) = (imports[REPEATS / 2].as_secs_f64(), copies[REPEATS / 2].as_secs_f64());
    println!("| import of | rows | gapdeck s | `\\copy` s | speed beside it |");
    println!("| --- | ---: | ---: | ---: | ---: |");
    println!("| {gaps} gaps | {rows} | {ours:.1} | {plain:.1} | {:.2} |\n", plain / ours);
    println!("gapdeck's import also refreshes the materialised views and gathers statistics.");
}

/// Writes a table as JSON Lines, for the import, and as text, for `COPY`.
async fn write(client: &Client, directory: &Path, file: &str, table: &str, columns: &str, json: &str) -> u64 {
    let lines = format!(
        "COPY (SELECT row_to_json(t) FROM (SELECT {json} FROM {table}) AS t) TO STDOUT (FORMAT csv, QUOTE E'\\x01', DELIMITER E'\\x02')"
    );
    save(client, &lines, &directory.join(format!("{file}.jsonl"))).await;
    save(client, &format!("COPY {table} ({columns}) TO STDOUT"), &directory.join(format!("{file}.copy")))
        .await;
    let count = client.query_one(&format!("SELECT count(*) FROM {table}"), &[]).await.expect("a count");
    u64::try_from(count.get::<_, i64>(0)).unwrap_or(0)
}

async fn save(client: &Client, sql: &str, path: &Path) {
    use std::io::Write;
    let mut file = std::io::BufWriter::new(std::fs::File::create(path).expect("a file"));
    let stream = client.copy_out(sql).await.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
    let mut stream = std::pin::pin!(stream);
    while let Some(bytes) = stream.try_next().await.expect("COPY") {
        file.write_all(&bytes).expect("write");
    }
    file.flush().expect("write");
}

async fn copy(client: &Client, directory: &Path) {
    client.batch_execute("BEGIN").await.expect("BEGIN");
    for (file, table, columns, _) in TABLES {
        let bytes = std::fs::read(directory.join(format!("{file}.copy"))).expect("a file");
        let sink = client.copy_in(&format!("COPY {table} ({columns}) FROM STDIN")).await.expect("COPY");
        let mut sink = std::pin::pin!(sink);
        for piece in bytes.chunks(1 << 20) {
            sink.send(std::io::Cursor::new(piece.to_vec())).await.expect("COPY");
        }
        sink.finish().await.expect("COPY");
    }
    client.batch_execute("COMMIT").await.expect("COMMIT");
}

//! CSV files as other programs write them.

use crate::support::binary::Gapdeck;
use crate::support::server::TestDatabase;
use crate::{imported, open};
use gapdeck::transfer::import::{ImportError, ImportReport};
use std::path::Path;
use tempfile::TempDir;

fn files(files: &[(&str, &str)]) -> TempDir {
    let directory = tempfile::tempdir().expect("a directory");
    for (name, text) in files {
        std::fs::write(directory.path().join(name), text).expect("write");
    }
    directory
}

async fn refused(database: &TestDatabase, path: &Path) -> ImportReport {
    match imported(&open(database).await, path).await {
        Err(ImportError::BadLines(report)) => *report,
        other => panic!("not refused: {other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_spreadsheets_file_is_read_by_the_names_of_its_columns() {
    let database = TestDatabase::migrated().await;
    let directory = files(&[
        (
            "products.csv",
            "\u{feff}product_name,colour,product_key\r\n\"Shoe, red\",red,p1\r\n\"\"\"Best\"\"\r\ntea\",,p2\r\n,,p3\r\n\"\",,p4\r\n",
        ),
        ("attributes.csv", "attribute_key,multi_valued\nbrand,TRUE\n"),
        ("values.csv", "product_key,attribute_key,value\np1,brand,'=1+1\np2,brand,'quoted'\n"),
    ]);
    let report = imported(&open(&database).await, directory.path()).await.unwrap();
    assert_eq!(report.ignored, ["products.csv: column colour"]);
    let client = database.client().await;
    let rows = client.query("SELECT product_name FROM raw_products ORDER BY product_key", &[]).await.unwrap();
    let names: Vec<Option<String>> = rows.iter().map(|row| row.get(0)).collect();
    assert_eq!(names, [Some("Shoe, red".into()), Some("\"Best\"\r\ntea".into()), None, Some(String::new())]);
    let rows = client
        .query("SELECT value FROM raw_product_attribute_values ORDER BY product_key", &[])
        .await
        .unwrap();
    let values: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
    assert_eq!(values, ["=1+1", "'quoted'"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_does_not_fit_is_said_with_line_and_column() {
    let database = TestDatabase::migrated().await;
    let directory =
        files(&[("products.csv", "product_key,product_name\np1,\"a\nb\"\np2\n,x\np3,\"x\"y\np4,\"open\n")]);
    let report = refused(&database, directory.path()).await;
    let said: Vec<String> =
        report.bad_lines.iter().map(|bad| format!("{}:{}: {}", bad.file, bad.line, bad.reason)).collect();
    assert_eq!(
        said,
        [
            "products.csv:4: 1 cell, where the header has 2",
            "products.csv:5: column 1, product_key: empty",
            "products.csv:6: column 2: text behind the closing quote; a quote in a quoted cell is written twice",
            "products.csv:7: column 2: the quote is never closed",
        ]
    );
    for (text, reason) in [
        ("key,name\n1,2\n", "the header has no column product_key; it says \"key,name\""),
        ("", "no header that names the columns"),
    ] {
        let directory = files(&[("products.csv", text)]);
        let report = refused(&database, directory.path()).await;
        assert_eq!(
            (report.bad, report.bad_lines[0].line, report.bad_lines[0].reason.as_str()),
            (1, 1, reason)
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_single_file_is_what_its_name_or_the_command_line_says() {
    let database = TestDatabase::migrated().await;
    let gapdeck = Gapdeck::on(&database);
    let directory = files(&[("mine.txt", "product_key\np1\n"), ("raw_products.csv", "product_key\np2\n")]);
    let path = |name: &str| directory.path().join(name).to_str().expect("a path").to_owned();
    let message = gapdeck.fails(3, &["import", &path("mine.txt"), "--no-embed"]);
    assert!(message.contains("mine.txt") && message.contains("--table"), "{message}");
    let message = gapdeck.fails(3, &["import", &path("mine.txt"), "--table", "products"]);
    assert!(message.contains("--format"), "{message}");
    gapdeck.succeeds(&["import", &path("mine.txt"), "--table", "products", "--format", "csv", "--no-embed"]);
    gapdeck.succeeds(&["import", &path("raw_products.csv"), "--no-embed"]);
    let message = gapdeck.fails(2, &["import", &path(""), "--table", "products"]);
    assert!(message.contains("single file"), "{message}");
    let count: i64 =
        database.client().await.query_one("SELECT count(*) FROM raw_products", &[]).await.unwrap().get(0);
    assert_eq!(count, 2);
}

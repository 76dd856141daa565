//! Values are kept exactly as given.

use crate::directory::{Directory, contents, imported, strings, value};
use crate::support::server::TestDatabase;

const ODD: [&str; 16] = [
    "  a  b ",
    "None",
    "null",
    "",
    " ",
    "0",
    "-1",
    "1.50",
    "🦊👩‍👩‍👧",
    "e\u{301}",
    "é",
    "\u{1}\u{7}\u{1b}[2J\u{7f}\u{85}",
    "\u{202e}desrever\u{200b}",
    "tab\tline\r\nend\\\"'",
    "{\"a\": [1, NULL]}",
    "{a,NULL,\"b\"}",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn odd_values_are_kept_as_they_are() {
    let (database, directory) = (TestDatabase::migrated().await, Directory::catalogue());
    let lines: Vec<_> = ODD.iter().map(|odd| value("p2", "colour", odd)).collect();
    directory.lines("product_attribute_values.jsonl", &lines);
    imported(&database, &directory).await;
    let sql = "SELECT value FROM raw_product_attribute_values WHERE product_key = 'p2'";
    let mut stored = strings(&database.client().await, sql).await;
    let mut given: Vec<String> = ODD.map(str::to_owned).into();
    stored.sort();
    given.sort();
    assert_eq!(stored, given);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn line_ends_blank_lines_and_a_byte_order_mark_do_not_count() {
    let (plain, odd) = (TestDatabase::migrated().await, TestDatabase::migrated().await);
    let directory = Directory::catalogue();
    imported(&plain, &directory).await;
    let path = directory.path().join("products.jsonl");
    let text = std::fs::read_to_string(path).unwrap();
    directory.text("products.jsonl", format!("\u{feff}{}\r\n \n", text.trim_end().replace('\n', "\r\n\r\n")));
    let report = imported(&odd, &directory).await;
    assert_eq!(report.files.iter().find(|file| file.file == "products.jsonl").unwrap().lines, 2);
    assert_eq!(contents(&plain.client().await).await, contents(&odd.client().await).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_value_of_twenty_megabytes_is_kept_and_one_of_fifty_refused() {
    let (database, directory) = (TestDatabase::migrated().await, Directory::catalogue());
    let large = "x".repeat(20_000_000);
    directory.lines("product_attribute_values.jsonl", &[value("p2", "colour", &large)]);
    imported(&database, &directory).await;
    let sql = "SELECT length(value)::text FROM raw_product_attribute_values WHERE product_key = 'p2'";
    assert_eq!(strings(&database.client().await, sql).await, ["20000000"]);

    let larger = "x".repeat(50_000_000);
    directory.lines(
        "product_attribute_values.jsonl",
        &[value("p2", "colour", &larger), value("p2", "brand", "b")],
    );
    let report = crate::directory::run(&database, &crate::directory::skipping(&directory)).await.unwrap();
    assert_eq!(report.bad_lines[0].reason, "longer than 32 MiB");
    assert_eq!((report.bad, report.bad_lines[0].line), (1, 1));
}

//! Exported files: whole or not there, nothing replaced unasked, nothing that could steer a terminal.

use crate::support::binary::Gapdeck;
use crate::support::fixture::open_shop;
use crate::support::server::TestDatabase;
use crate::support::{backend, pty};
use gapdeck::repository::bulk::Table;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

/// A database with the shop, and ten thousand values of a kilobyte.
async fn large() -> (TestDatabase, Gapdeck) {
    let database = TestDatabase::migrated().await;
    let store = backend::server_store(&database.url).await;
    open_shop(&*store).await;
    let sql = "INSERT INTO raw_product_attribute_values (product_key, attribute_key, value)
               SELECT 'p1', 'colour', n || repeat('x', 1000) FROM generate_series(1, 10000) n";
    database.client().await.batch_execute(sql).await.expect("insert");
    let gapdeck = Gapdeck::on(&database);
    (database, gapdeck)
}

fn names(directory: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(directory).expect("list").flatten();
    let mut names: Vec<String> =
        entries.map(|entry| entry.file_name().into_string().expect("a name")).collect();
    names.sort();
    names
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_table_gets_a_file_and_none_is_replaced_unasked() {
    let (_database, gapdeck) = large().await;
    let home = tempfile::tempdir().expect("a directory");
    let place = home.path().join("out");
    let place = place.to_str().expect("a path");
    let report = gapdeck.json(&["export", "all", "-o", place, "--gzip", "--json"]);
    assert_eq!(names(Path::new(place)).len(), Table::ALL.len());
    assert!(names(Path::new(place)).iter().all(|name| name.ends_with(".jsonl.gz")));
    let values = report["files"]
        .as_array()
        .expect("files")
        .iter()
        .find(|file| file["what"] == "product_attribute_values");
    assert_eq!(values.expect("the values")["rows"], 10_001);

    let marked = Path::new(place).join("products.jsonl.gz");
    std::fs::write(&marked, "mine").expect("write");
    let message = gapdeck.fails(3, &["export", "categories", "products", "-o", place, "--gzip"]);
    assert!(message.contains(".jsonl.gz is there already") && message.contains("--force"), "{message}");
    assert_eq!(std::fs::read(&marked).expect("read"), b"mine");
    gapdeck.succeeds(&["export", "categories", "products", "-o", place, "--gzip", "--force"]);
    assert_ne!(std::fs::read(&marked).expect("read"), b"mine");
    assert_eq!(names(Path::new(place)).len(), Table::ALL.len(), "no file of another name is left");
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_is_one_clear_error_and_leaves_no_file() {
    let (_database, gapdeck) = large().await;
    let home = tempfile::tempdir().expect("a directory");
    let command =
        gapdeck.command(&["export", "values", "products", "-o", home.path().to_str().expect("a path")]);
    // The shell's limit, in blocks of 512 bytes or of 1 KiB, is below the ten megabytes that are to be written.
    let mut limited = Command::new("sh");
    limited
        .args(["-c", "ulimit -f 2000 && exec \"$0\" \"$@\""])
        .arg(command.get_program())
        .args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => limited.env(name, value),
            None => limited.env_remove(name),
        };
    }
    let output = limited.output().expect("run");
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(3), "{said}");
    assert!(
        said.contains("product_attribute_values.jsonl") && said.contains("no file was left behind"),
        "{said}"
    );
    assert!(names(home.path()).is_empty(), "{:?}", names(home.path()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_that_goes_away_is_told_once() {
    let (_database, gapdeck) = large().await;
    let mut child = gapdeck
        .command(&["export", "values"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("run gapdeck");
    let mut first = String::new();
    let mut out = BufReader::new(child.stdout.take().expect("standard output"));
    out.read_line(&mut first).expect("a line");
    assert!(first.starts_with("{\"product_key\":\"p1\""), "{first}");
    drop(out);
    let output = child.wait_with_output().expect("wait");
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!((output.status.code(), said.lines().count()), (Some(3), 1), "{said}");
    assert!(said.contains("standard output was closed before everything was written"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_table_goes_to_standard_output_and_in_again() {
    let (database, gapdeck) = large().await;
    let csv = gapdeck.succeeds(&["export", "gaps", "--format", "csv", "-o", "-"]).stdout;
    assert_eq!(csv.lines().count(), 6, "{csv}");
    assert!(csv.starts_with("product_key,attribute_key,created_at\np1,colour,20"), "{csv}");
    let client = database.client().await;
    client.batch_execute("DELETE FROM raw_product_attribute_gaps").await.expect("delete");
    let mut child = gapdeck
        .command(&["import", "-", "--table", "gaps", "--format", "csv", "--no-embed"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .expect("run gapdeck");
    std::io::Write::write_all(&mut child.stdin.take().expect("standard input"), csv.as_bytes())
        .expect("write");
    assert!(child.wait().expect("wait").success());
    assert_eq!(gapdeck.succeeds(&["export", "gaps", "--format", "csv"]).stdout, csv);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_steers_a_terminal() {
    let (database, gapdeck) = large().await;
    let sql = "UPDATE raw_products SET product_name = E'\\x1b[2J\\u202eevil' WHERE product_key = 'p1'";
    database.client().await.batch_execute(sql).await.expect("update");
    let out = gapdeck.succeeds(&["export", "products"]).stdout;
    assert!(out.contains("\\u001b[2J\\u202eevil"), "{out}");
    // CSV has no escapes: it does not go to a terminal at all.
    let mut terminal = pty::Terminal::start(&gapdeck, &["export", "products", "--format", "csv"], (120, 20));
    let screen = terminal.wait_for("steer a terminal");
    assert!(!screen.contains("evil"), "{screen}");
    assert_eq!(terminal.wait_for_end().exit_code(), 2);
}

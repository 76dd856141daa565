//! Imports and exports that are ended half way.

#![cfg(unix)]

use crate::support::backend;
use crate::support::binary::Gapdeck;
use crate::support::fixture::open_shop;
use crate::support::server::TestDatabase;
use crate::tables;
use std::io::Write;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tokio_postgres::Client;

/// Longer than anything takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// Starts an import from a pipe and sends so many rows that some are in the database; the pipe stays open.
fn half_an_import(gapdeck: &Gapdeck) -> Child {
    let mut child = gapdeck
        .command(&["import", "-", "--table", "products", "--format", "jsonl", "--no-embed"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("run gapdeck");
    let pipe = child.stdin.as_mut().expect("standard input");
    for index in 0..20_000 {
        writeln!(pipe, "{{\"product_key\": \"new {index}\"}}").expect("write");
    }
    child
}

fn send(signal: &str, child: &Child) {
    let status = Command::new("kill").args([signal, &child.id().to_string()]).status().expect("kill");
    assert!(status.success());
}

/// Counts the sessions of imports.
async fn sessions(client: &Client) -> i64 {
    let sql =
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
                  AND state <> 'idle'";
    client.query_one(sql, &[]).await.expect("pg_stat_activity").get(0)
}

/// Waits until so many sessions are in a transaction.
async fn until(client: &Client, count: i64) {
    let began = Instant::now();
    while sessions(client).await != count {
        assert!(began.elapsed() < PATIENCE, "never {count} sessions in a transaction");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_import_ended_by_a_signal_leaves_the_database_as_it_was() {
    let database = TestDatabase::migrated().await;
    let store = backend::server_store(&database.url).await;
    open_shop(&*store).await;
    let client = database.client().await;
    let before = tables(&client).await;
    for (signal, code) in [("-INT", Some(130)), ("-TERM", Some(130)), ("-KILL", None)] {
        let child = half_an_import(&Gapdeck::on(&database));
        until(&client, 1).await;
        send(signal, &child);
        let output = child.wait_with_output().expect("wait");
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), code, "{signal}: {said}");
        if code.is_some() {
            assert!(said.contains("the database is as it was"), "{said}");
        }
        until(&client, 0).await;
        assert_eq!(tables(&client).await, before, "{signal}");
    }
}

#[cfg(feature = "embedded")]
#[test]
fn an_embedded_import_ended_by_a_signal_leaves_the_database_as_it_was() {
    let directory = tempfile::tempdir().expect("a directory");
    let gapdeck = Gapdeck::in_directory(directory.path());
    let file = directory.path().join("products.jsonl");
    std::fs::write(&file, "{\"product_key\": \"old\"}\n").expect("write");
    gapdeck.succeeds(&["import", file.to_str().expect("a path"), "--no-embed"]);
    for (signal, code) in [("-INT", Some(130)), ("-KILL", None)] {
        // The pipe takes less than what is sent: when all is, the import has read most of it.
        let child = half_an_import(&gapdeck);
        send(signal, &child);
        let output = child.wait_with_output().expect("wait");
        assert_eq!(output.status.code(), code, "{signal}: {}", String::from_utf8_lossy(&output.stderr));
        let left = gapdeck.succeeds(&["export", "products"]).stdout;
        assert_eq!((left.lines().count(), left.contains("\"old\"")), (1, true), "{signal}: {left}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_export_ended_by_a_signal_leaves_no_file() {
    let database = TestDatabase::migrated().await;
    let store = backend::server_store(&database.url).await;
    open_shop(&*store).await;
    let client = database.client().await;
    let home = tempfile::tempdir().expect("a directory");
    // Somebody holds the second table: the export has written the first, and waits.
    let holder = database.client().await;
    holder.batch_execute("BEGIN; LOCK TABLE raw_categories IN ACCESS EXCLUSIVE MODE").await.expect("lock");
    let child = Gapdeck::on(&database)
        .command(&["export", "products", "categories", "-o", home.path().to_str().expect("a path")])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("run gapdeck");
    until(&client, 2).await;
    let began = Instant::now();
    while std::fs::read_dir(home.path()).expect("list").count() == 0 {
        assert!(began.elapsed() < PATIENCE, "no file was begun");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    send("-INT", &child);
    let output = child.wait_with_output().expect("wait");
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(130), "{said}");
    assert!(said.contains("no file was written"), "{said}");
    assert_eq!(std::fs::read_dir(home.path()).expect("list").count(), 0);
}

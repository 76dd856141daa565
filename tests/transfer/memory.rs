//! How much memory a large file takes.

#![cfg(target_os = "linux")]

use crate::support::backend;
use crate::support::binary::Gapdeck;
use crate::support::fixture::open_shop;
use crate::support::server::TestDatabase;
use std::process::{Command, Stdio};

/// Runs a command to its end and returns the most memory that it had, in KiB.
fn most_memory(command: &mut Command) -> u64 {
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("run gapdeck");
    let path = format!("/proc/{}/status", child.id());
    let mut most = 0;
    while child.try_wait().expect("wait").is_none() {
        let status = std::fs::read_to_string(&path).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        most =
            line.and_then(|line| line.trim().strip_suffix(" kB")?.trim().parse().ok()).unwrap_or(0).max(most);
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    let output = child.wait_with_output().expect("wait");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    most
}

/// A file many times the bound goes out and in: it is never in memory whole.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_of_sixty_megabytes_takes_no_more_memory_than_a_small_one() {
    let database = TestDatabase::migrated().await;
    let store = backend::server_store(&database.url).await;
    open_shop(&*store).await;
    let gapdeck = Gapdeck::on(&database);
    let home = tempfile::tempdir().expect("a directory");
    let file = |name: &str| home.path().join(name).to_str().expect("a path").to_owned();
    let export = |name: &str| most_memory(&mut gapdeck.command(&["export", "values", "-o", &file(name)]));
    let import = |name: &str| {
        let mut arguments =
            gapdeck.command(&["import", &file(name), "--table", "values", "--no-embed", "--dry-run"]);
        most_memory(&mut arguments)
    };
    let small = [export("small.csv"), import("small.csv")];
    let sql = "INSERT INTO raw_product_attribute_values (product_key, attribute_key, value)
               SELECT 'p1', 'colour', n || repeat('x', 10000) FROM generate_series(1, 6000) n";
    database.client().await.batch_execute(sql).await.expect("insert");
    let large = [export("large.csv"), import("large.csv")];
    assert!(std::fs::metadata(file("large.csv")).expect("the file").len() > 60_000_000);
    for (small, large) in small.into_iter().zip(large) {
        assert!(large < small + 24 * 1024, "{large} KiB, a small file {small} KiB");
    }
}

//! Export, then import: the same database.

use crate::support::server::TestDatabase;
use crate::{contents, exported, hostile, imported, open, tables};
use gapdeck::transfer::format::Format;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, TestCaseError, TestRunner};

/// How many databases are generated.
const CASES: u32 = 10;

async fn comes_back(content: &hostile::Content) -> Result<(), TestCaseError> {
    let source = hostile::database(content).await;
    let database = open(&source).await;
    let before = tables(&source.client().await).await;
    for (format, gzip) in [(Format::Jsonl, false), (Format::Csv, false), (Format::Csv, true)] {
        let (first, second) =
            (tempfile::tempdir().expect("a directory"), tempfile::tempdir().expect("a directory"));
        exported(&database, first.path(), format, gzip).await;
        let copy = TestDatabase::migrated().await;
        let copied = open(&copy).await;
        let report = imported(&copied, first.path())
            .await
            .map_err(|error| TestCaseError::fail(format!("{format}: {error:?}")))?;
        let after = tables(&copy.client().await).await;
        for (table, rows) in &before {
            proptest::prop_assert_eq!(rows, &after[table], "{} as {}", table, format);
        }
        exported(&copied, second.path(), format, gzip).await;
        proptest::prop_assert!(contents(first.path()) == contents(second.path()), "other files as {format}");
        proptest::prop_assert_eq!(report.bad, 0);
        // Once more changes nothing.
        let report = imported(&copied, first.path())
            .await
            .map_err(|error| TestCaseError::fail(format!("{format}: {error:?}")))?;
        let changed: Vec<_> = report.files.iter().filter(|file| file.inserted + file.updated > 0).collect();
        proptest::prop_assert!(changed.is_empty(), "{:?}", changed);
    }
    Ok(())
}

#[test]
fn what_is_exported_and_imported_is_the_same_database() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let config =
        Config { cases: CASES, max_shrink_iters: 40, failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new(config);
    let outcome = runner.run(&hostile::content(), |content| runtime.block_on(comes_back(&content)));
    if let Err(failure) = outcome {
        panic!("{failure}");
    }
}

/// The embedded engine takes rows as arrays, not by COPY.
#[cfg(feature = "embedded")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_servers_database_goes_into_an_embedded_one_and_back() {
    let content =
        hostile::content().new_tree(&mut TestRunner::deterministic()).expect("a database").current();
    let source = hostile::database(&content).await;
    let directory = || tempfile::tempdir().expect("a directory");
    let (home, first, second) = (directory(), directory(), directory());
    exported(&open(&source).await, first.path(), Format::Csv, false).await;
    let embedded = crate::support::backend::embedded(&home.path().join("database")).await;
    imported(&embedded, first.path()).await.unwrap_or_else(|error| panic!("{error:?}"));
    exported(&embedded, second.path(), Format::Csv, false).await;
    embedded.close().await;
    let (first, second) = (contents(first.path()), contents(second.path()));
    for (name, text) in &first {
        assert_eq!(String::from_utf8_lossy(text), String::from_utf8_lossy(&second[name]), "{name}");
    }
    assert_eq!(first.len(), second.len());
}

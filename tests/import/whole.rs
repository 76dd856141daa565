//! Whole imports.

use crate::directory::{
    Directory, contents, count, dry, dump, dump_with_versions, gap, imported, options, prediction, run,
    strings,
};
use crate::support::server::TestDatabase;
use gapdeck::database::Database;
use gapdeck::error::{AppError, ErrorKind};
use gapdeck::transfer::import::{ImportError, ProgressSink, Silent, Unit, import};
use serde_json::json;
use std::future::pending;
use std::sync::Arc;
use tokio::sync::Notify;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_file_reaches_its_table() {
    let (database, directory) = (TestDatabase::migrated().await, Directory::catalogue());
    directory.text("truth.jsonl", "not read");
    directory.text("stats.json", "{}");
    let report = imported(&database, &directory).await;
    let client = database.client().await;
    let rows = [
        ("raw_categories", 2),
        ("raw_attributes", 3),
        ("raw_category_attributes", 2),
        ("raw_products", 2),
        ("raw_product_categories", 2),
        ("raw_product_attribute_values", 2),
        ("raw_product_attribute_gaps", 3),
        ("raw_category_allowable_values", 1),
        ("raw_attribute_allowable_values_applicable_in_every_category", 1),
        ("raw_attribute_allowable_values_in_any_category", 1),
        ("raw_product_attribute_allowable_values", 1),
        ("raw_rich_text_sources", 1),
        ("prediction_experiments", 2),
        ("prediction_results", 3),
        ("raw_recommendation_rounds", 1),
        ("raw_recommendations", 1),
        ("review_queue", 3),
        ("product_gaps", 3),
        ("product_details", 2),
        ("product_summary", 4),
    ];
    for (table, expected) in rows {
        assert_eq!(count(&client, table).await, expected, "{table}");
    }
    assert!(report.written && !report.dry_run && report.bad == 0 && report.warnings.is_empty());
    assert_eq!(report.ignored, ["stats.json", "truth.jsonl"]);
    let values = report.files.iter().find(|file| file.file == "product_attribute_values.jsonl").unwrap();
    let counts = (values.lines, values.accepted, values.inserted, values.updated, values.unchanged);
    assert_eq!(counts, (3, 3, 2, 0, 1));
    let best =
        "SELECT concat_ws('|', category_key, best_value, candidate_count, value_count) FROM review_queue
                 WHERE (product_key, attribute_key) = ('p1', 'brand')";
    assert_eq!(strings(&client, best).await, ["shoes|Acme|3|2"]);
    let experiment = "SELECT concat_ws('|', model, parameters, metrics, created_at AT TIME ZONE 'UTC')
                        FROM prediction_experiments WHERE experiment_key = 'e1'";
    assert_eq!(strings(&client, experiment).await, ["m|{}|{\"f1\": 0.5}|2024-02-29 08:00:00"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_import_touches_no_row() {
    let (database, directory) = (TestDatabase::migrated().await, Directory::catalogue());
    imported(&database, &directory).await;
    let client = database.client().await;
    let before = dump_with_versions(&client).await;
    let report = imported(&database, &directory).await;
    assert_eq!(dump_with_versions(&client).await, before);
    assert!(
        report.files.iter().all(|file| file.inserted + file.updated == 0 && file.unchanged == file.lines)
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_changed_line_changes_its_row_only() {
    let (database, directory) = (TestDatabase::migrated().await, Directory::catalogue());
    imported(&database, &directory).await;
    let client = database.client().await;
    let before = dump(&client).await;
    directory.append("products.jsonl", &[json!({"product_key": "p1", "product_name": "Blue Shoe"})]);
    directory.append("predictions.jsonl", &[prediction("e1", "p1", "brand", "Acme", 0.1)]);
    let report = imported(&database, &directory).await;
    let updated: Vec<_> = report
        .files
        .iter()
        .filter(|file| file.updated > 0)
        .map(|file| (file.file.as_str(), file.updated))
        .collect();
    assert_eq!(updated, [("products.jsonl", 1), ("predictions.jsonl", 1)]);
    let after = dump(&client).await;
    let changed: Vec<_> =
        after.iter().filter(|(table, rows)| before[*table] != **rows).map(|(table, _)| *table).collect();
    assert_eq!(changed, ["prediction_results", "prediction_tallies", "raw_products", "review_queue"]);
    // The last line of a key wins, whole; times of creation stay.
    let sql = "SELECT concat_ws('|', product_name, code_type, description, updated_at > created_at) FROM raw_products ORDER BY 1";
    assert_eq!(strings(&client, sql).await, ["Blue Shoe|t", "Green tea 靴|f"]);
    let sql =
        "SELECT best_confidence::text FROM review_queue WHERE (product_key, attribute_key) = ('p1', 'brand')";
    assert_eq!(strings(&client, sql).await, ["0.4"]);
    let times = "SELECT count(DISTINCT created_at)::text FROM prediction_results";
    assert_eq!(strings(&client, times).await, ["1"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn compressed_files_give_the_same_rows() {
    let (plain, compressed) = (TestDatabase::migrated().await, TestDatabase::migrated().await);
    let directory = Directory::catalogue();
    imported(&plain, &directory).await;
    directory.compress();
    let report = imported(&compressed, &directory).await;
    assert!(report.files.iter().all(|file| file.file.ends_with(".jsonl.gz")));
    assert_eq!(contents(&plain.client().await).await, contents(&compressed.client().await).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_queue_is_what_a_recomputation_gives() {
    let (database, directory) = (TestDatabase::migrated().await, Directory::catalogue());
    imported(&database, &directory).await;
    // New candidates of old gaps, new gaps with old candidates.
    directory.append("product_attribute_gaps.jsonl", &[gap("p1", "weight")]);
    directory.append(
        "predictions.jsonl",
        &[prediction("e3", "p1", "brand", "acme", 0.95), prediction("e3", "p1", "weight", "5", 0.2)],
    );
    imported(&database, &directory).await;
    let client = database.client().await;
    let before = dump(&client).await;
    client.batch_execute("SELECT gapdeck_queue_sync()").await.unwrap();
    assert_eq!(dump(&client).await, before);
    assert_eq!(count(&client, "review_queue").await, 4);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_may_refer_to_rows_of_the_database() {
    let (database, directory) = (TestDatabase::migrated().await, Directory::catalogue());
    imported(&database, &directory).await;
    let later = Directory::new();
    later.lines("predictions.jsonl", &[prediction("e9", "p2", "brand", "Leaf", 0.5)]);
    let report = imported(&database, &later).await;
    assert_eq!((report.bad, report.files.len(), report.files[0].inserted), (0, 1, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dry_run_counts_and_writes_nothing() {
    let (database, directory) = (TestDatabase::migrated().await, Directory::catalogue());
    let client = database.client().await;
    let before = dump(&client).await;
    let report = run(&database, &dry(&directory)).await.unwrap();
    assert_eq!(dump(&client).await, before);
    assert!(report.dry_run && !report.written);
    assert_eq!(report.files.iter().map(|file| file.inserted).sum::<u64>(), 26);
    let written = imported(&database, &directory).await;
    assert_eq!(report.files, written.files);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_imported_is_said() {
    let (database, directory) = (TestDatabase::migrated().await, Directory::new());
    let fails = async |directory: &Directory| {
        AppError::from(run(&database, &options(directory)).await.expect_err("an error"))
    };
    directory.text("truth.jsonl", "");
    let error = fails(&directory).await;
    assert_eq!(error.kind, ErrorKind::Input);
    assert!(error.hints[0].contains("products, product_categories"), "{:?}", error.hints);

    directory.lines("products.jsonl", &[json!({"product_key": "p"})]);
    directory.text("raw_products.jsonl.gz", "");
    let error = fails(&directory).await;
    assert!(error.message.contains("products.jsonl and raw_products.jsonl.gz"), "{}", error.message);

    std::fs::remove_file(directory.path().join("products.jsonl")).unwrap();
    directory.text("raw_products.jsonl.gz", "this is not gzip");
    let error = fails(&directory).await;
    assert!(
        error.kind == ErrorKind::Input && error.message.contains("raw_products.jsonl.gz"),
        "{}",
        error.message
    );

    // A file that was cut off while it was copied.
    directory.cut_off("raw_products.jsonl.gz");
    assert!(fails(&directory).await.message.contains("raw_products.jsonl.gz"));

    let mut missing = options(&directory);
    missing.path = "/nonexistent".into();
    assert!(matches!(run(&database, &missing).await, Err(ImportError::Directory { .. })));
    assert_eq!(count(&database.client().await, "raw_products").await, 0);
}

/// Tells when a step begins.
struct Until {
    step: &'static str,
    begun: Arc<Notify>,
}

impl ProgressSink for Until {
    fn begin(&mut self, step: &str, _total: u64, _unit: Unit) {
        if step == self.step {
            self.begun.notify_one();
        }
    }

    fn advance(&mut self, _done: u64) {}

    fn end(&mut self) {}
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_import_that_is_cut_off_leaves_nothing_behind() {
    let (database, directory) = (TestDatabase::migrated().await, Directory::catalogue());
    let client = database.client().await;
    let before = dump(&client).await;
    for step in
        ["Reading predictions.jsonl", "Writing products.jsonl", "Writing product_attribute_gaps.jsonl"]
    {
        let gapdeck = Database::connect(&database.url).await.unwrap();
        let begun = Arc::new(Notify::new());
        let mut sink = Until { step, begun: Arc::clone(&begun) };
        let options = options(&directory);
        tokio::select! {
            biased;
            () = begun.notified() => {}
            outcome = import(&gapdeck, &options, &mut sink, pending()) => panic!("not cut off at {step}: {outcome:?}"),
        }
        assert_eq!(dump(&client).await, before);
        // Locks that stayed would make this wait.
        import(&gapdeck, &dry(&directory), &mut Silent, pending()).await.unwrap();
    }
    imported(&database, &directory).await;
}

//! Bad lines: reported with file, line and reason; nothing is written, or everything but them.

use crate::directory::{Directory, count, dry, dump, gap, options, prediction, run, skipping, value};
use crate::support::server::TestDatabase;
use gapdeck::error::{AppError, ErrorKind};
use gapdeck::transfer::import::{ImportError, ImportReport};
use serde_json::json;

async fn refused(database: &TestDatabase, directory: &Directory) -> ImportReport {
    match run(database, &options(directory)).await {
        Err(ImportError::BadLines(report)) => *report,
        other => panic!("not refused: {other:?}"),
    }
}

/// Replaces a file of the catalogue and returns what is said of its lines.
async fn reasons(database: &TestDatabase, name: &str, text: &str) -> Vec<String> {
    let directory = Directory::catalogue();
    directory.text(name, text);
    let report = refused(database, &directory).await;
    let bad = report.bad_lines.iter().filter(|bad| bad.file == name);
    bad.map(|bad| format!("{}: {}", bad.line, bad.reason)).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_kind_of_bad_line_has_its_reason() {
    let database = TestDatabase::migrated().await;
    let text = format!(
        "{{\"product_key\": \"p1\"}}\n\n{{\"product_key\": \"p2\"\n[1]\n{{}}\n{}\n{}\n{}\n{}\n{}\n",
        json!({"product_key": ""}),
        json!({"product_key": 5}),
        json!({"product_key": "p3", "product_name": "a\0b"}),
        json!({"product_key": "k".repeat(600)}),
        json!({"product_key": "p4", "description": {}}),
    );
    let mut bytes = text.into_bytes();
    bytes.extend(b"{\"product_key\": \"\xff\"}\n{\"product_key\": \"p2\"}\n");
    let directory = Directory::catalogue();
    directory.text("products.jsonl", bytes);
    let report = refused(&database, &directory).await;
    let said: Vec<_> =
        report.bad_lines.iter().map(|bad| format!("{}:{} {}", bad.file, bad.line, bad.reason)).collect();
    assert_eq!(
        said,
        [
            "products.jsonl:3 not valid JSON: EOF while parsing an object at column 20",
            "products.jsonl:4 not a JSON object",
            "products.jsonl:5 missing field `product_key`",
            "products.jsonl:6 product_key: empty",
            "products.jsonl:7 product_key: invalid type: integer `5`, expected a string",
            "products.jsonl:8 product_name: NUL character at byte 2",
            "products.jsonl:9 product_key: 600 bytes long; at most 512 are allowed",
            "products.jsonl:10 description: invalid type: map, expected a string",
            "products.jsonl:11 not UTF-8 at byte 18",
        ]
    );
    assert_eq!(
        report.files.iter().find(|file| file.file == "products.jsonl").map(|file| (file.lines, file.bad)),
        Some((11, 9))
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn unknown_keys_are_bad() {
    let database = TestDatabase::migrated().await;
    let nowhere = |field: &str, key: &str, file: &str| {
        format!("1: {field}: \"{key}\" is neither in {file} nor in the database")
    };
    let product = nowhere("product_key", "no", "products");
    let attribute = nowhere("attribute_key", "no", "attributes");
    let category = nowhere("category_key", "no", "categories");
    let cases = [
        ("product_categories.jsonl", json!({"product_key": "no", "category_key": "tea"}), &product),
        ("product_categories.jsonl", json!({"product_key": "p1", "category_key": "no"}), &category),
        ("category_attributes.jsonl", json!({"category_key": "no", "attribute_key": "brand"}), &category),
        ("category_attributes.jsonl", json!({"category_key": "tea", "attribute_key": "no"}), &attribute),
        ("product_attribute_values.jsonl", value("no", "brand", "v"), &product),
        ("product_attribute_values.jsonl", value("p1", "no", "v"), &attribute),
        ("product_attribute_gaps.jsonl", gap("no", "brand"), &product),
        ("product_attribute_gaps.jsonl", gap("p1", "no"), &attribute),
        (
            "category_allowable_values.jsonl",
            json!({"category_key": "no", "attribute_key": "brand", "value": "v"}),
            &category,
        ),
        (
            "category_allowable_values.jsonl",
            json!({"category_key": "tea", "attribute_key": "no", "value": "v"}),
            &attribute,
        ),
        (
            "attribute_allowable_values_applicable_in_every_category.jsonl",
            json!({"attribute_key": "no", "value": "v"}),
            &attribute,
        ),
        (
            "raw_attribute_allowable_values_in_any_category.jsonl",
            json!({"attribute_key": "no", "value": "v"}),
            &attribute,
        ),
        ("product_attribute_allowable_values.jsonl", value("no", "brand", "v"), &product),
        ("product_attribute_allowable_values.jsonl", value("p1", "no", "v"), &attribute),
        ("rich_text_sources.jsonl", json!({"product_key": "no", "source": "s", "content": "c"}), &product),
        ("predictions.jsonl", prediction("e", "no", "brand", "v", 0.5), &product),
        ("predictions.jsonl", prediction("e", "p1", "no", "v", 0.5), &attribute),
    ];
    for (file, line, expected) in cases {
        assert_eq!(reasons(&database, file, &line.to_string()).await, [expected.as_str()], "{file} {line}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_candidate_for_what_is_no_gap_is_bad() {
    let database = TestDatabase::migrated().await;
    let expected = "1: not a gap: product \"p1\", attribute \"colour\" is neither in product_attribute_gaps nor in the database";
    let line = prediction("e", "p1", "colour", "red", 0.5);
    assert_eq!(reasons(&database, "predictions.jsonl", &line.to_string()).await, [expected]);
    let line = json!({"round": "r", "product_key": "p1", "attribute_key": "colour", "value": "red"});
    assert_eq!(reasons(&database, "recommendations.jsonl", &line.to_string()).await, [expected]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fields_out_of_range_are_bad() {
    let database = TestDatabase::migrated().await;
    let line = prediction("e", "p1", "brand", "v", 1.5).to_string();
    assert_eq!(
        reasons(&database, "predictions.jsonl", &line).await,
        ["1: confidence: 1.5 is not within 0..1"]
    );
    let line = json!({"round": "r", "product_key": "p1", "attribute_key": "brand", "value": "v", "confidence": -0.5});
    let said = reasons(&database, "recommendations.jsonl", &line.to_string()).await;
    assert_eq!(said, ["1: confidence: -0.5 is not within 0..1"]);
    let line = json!({"experiment": "e", "metrics": [1]}).to_string();
    assert_eq!(reasons(&database, "experiments.jsonl", &line).await, ["1: metrics: not a JSON object"]);
    let line = json!({"experiment": "e", "parameters": {"a": ["\0"]}}).to_string();
    assert_eq!(reasons(&database, "experiments.jsonl", &line).await, ["1: parameters: NUL character"]);
    let line = json!({"round": "r", "created_at": "yesterday"}).to_string();
    let said = reasons(&database, "recommendation_rounds.jsonl", &line).await;
    assert!(said[0].starts_with("1: created_at: "), "{said:?}");
    assert_eq!(count(&database.client().await, "raw_products").await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_written_unless_bad_lines_are_skipped() {
    let (database, directory) = (TestDatabase::migrated().await, Directory::catalogue());
    let client = database.client().await;
    let before = dump(&client).await;
    directory.append(
        "product_attribute_values.jsonl",
        &[value("p1", "brand", "x"), value("p7", "brand", "y"), json!(0)],
    );
    let error = run(&database, &options(&directory)).await.unwrap_err();
    assert_eq!(error.to_string(), "2 bad lines in product_attribute_values.jsonl; nothing was written");
    let error = AppError::from(error);
    assert_eq!(error.kind, ErrorKind::Input);
    assert!(
        error.message.contains("product_attribute_values.jsonl:5: product_key: \"p7\""),
        "{}",
        error.message
    );
    assert!(error.hints[0].contains("--skip-bad") && error.hints[0].contains("--dry-run"));
    assert!(matches!(run(&database, &dry(&directory)).await, Err(ImportError::BadLines(_))));
    assert_eq!(dump(&client).await, before);

    let report = run(&database, &skipping(&directory)).await.unwrap();
    assert_eq!((report.bad, report.written), (2, true));
    let file = report.files.iter().find(|file| file.bad > 0).unwrap();
    assert_eq!((file.lines, file.accepted, file.inserted, file.unchanged), (6, 4, 3, 1));
    assert_eq!(count(&client, "raw_product_attribute_values").await, 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_hangs_on_a_bad_line_is_left_out_with_it() {
    let (database, directory) = (TestDatabase::migrated().await, Directory::catalogue());
    directory.lines(
        "attributes.jsonl",
        &[json!({"attribute_key": "colour"}), json!({"attribute_key": ["brand"]})],
    );
    let report = run(&database, &skipping(&directory)).await.unwrap();
    // The attribute, two of its gaps and one of another, and their candidates.
    let client = database.client().await;
    assert_eq!(count(&client, "raw_product_attribute_gaps").await, 0);
    assert_eq!(count(&client, "raw_recommendations").await + count(&client, "prediction_results").await, 0);
    assert_eq!(report.bad_lines[0].file, "attributes.jsonl");
    assert_eq!(report.files.iter().map(|file| file.bad).sum::<u64>(), report.bad);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_bad_lines_are_shown_and_all_counted() {
    let (database, directory) = (TestDatabase::migrated().await, Directory::catalogue());
    let mut text = String::new();
    for index in 0..5_000 {
        // Bad by themselves and bad by what they refer to, in turn.
        text.push_str(&if index % 2 == 0 { "{}".to_owned() } else { value("no", "brand", "v").to_string() });
        text.push('\n');
    }
    directory.text("product_attribute_values.jsonl", text);
    let error = run(&database, &options(&directory)).await.unwrap_err();
    let ImportError::BadLines(report) = &error else { panic!("{error}") };
    assert_eq!((report.bad, report.bad_lines.len()), (5_000, 20));
    let lines: Vec<u64> = report.bad_lines.iter().map(|bad| bad.line).collect();
    assert_eq!(lines, (1..=20).collect::<Vec<u64>>());
    assert!(AppError::from(error).message.ends_with("... and 4980 more"));
}

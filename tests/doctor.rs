//! `gapdeck doctor` through the real binary: real faults are made, found, and named with their remedy.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test ends where it fails")]

mod support;

use serde_json::Value;
use support::binary::Gapdeck;
use support::server::TestDatabase;
use tokio_postgres::Client;

async fn migrated() -> (TestDatabase, Client, Gapdeck) {
    let database = TestDatabase::migrated().await;
    let client = database.client().await;
    let gapdeck = Gapdeck::on(&database);
    (database, client, gapdeck)
}

/// Runs the doctor, which must end with a code; returns its findings as lines.
fn examined(gapdeck: &Gapdeck, code: i32, more: &[&str]) -> Vec<String> {
    let ran = gapdeck.run(&[&["doctor", "--json"], more].concat());
    assert_eq!(ran.code, code, "{}{}", ran.stdout, ran.stderr);
    let report: Value = serde_json::from_str(&ran.stdout).unwrap();
    let findings = report["findings"].as_array().unwrap();
    let line = |one: &Value| {
        let part = |name: &str| one[name].as_str().unwrap_or_default().to_owned();
        assert_eq!(one["remedy"].is_null(), one["level"] == "ok", "a finding has a remedy: {one}");
        format!("{} {}: {} -> {}", part("level"), part("check"), part("message"), part("remedy"))
    };
    findings.iter().map(line).collect()
}

/// Asserts that a finding has all parts.
fn has(findings: &[String], parts: &[&str]) {
    let found = findings.iter().any(|finding| parts.iter().all(|part| finding.contains(part)));
    assert!(found, "{parts:?} is not among {findings:#?}");
}

async fn run(client: &Client, sql: &str) {
    client.batch_execute(sql).await.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sound_database_has_no_error() {
    let (_database, _client, gapdeck) = migrated().await;
    let found = examined(&gapdeck, 0, &[]);
    for check in [
        "ok server: PostgreSQL",
        "ok extensions: vector",
        "ok pooler",
        "ok migrations",
        "ok privileges",
        "ok tables",
        "ok embeddings",
        "ok vector index",
        "ok queue",
        "ok clock",
        "ok connections",
    ] {
        has(&found, &[check]);
    }
    assert!(!found.iter().any(|finding| finding.starts_with("error")), "{found:#?}");
    let told = gapdeck.succeeds(&["doctor"]).stdout;
    assert!(told.contains("the queue says what the tables say"), "{told}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn missing_tables_and_extensions_are_errors() {
    let database = TestDatabase::empty().await;
    let found = examined(&Gapdeck::on(&database), 9, &[]);
    has(&found, &["error extensions: the extension vector is missing", "CREATE EXTENSION vector"]);
    has(&found, &["error migrations", "gapdeck migrate"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tables_of_a_newer_gapdeck_are_noticed() {
    let (_database, client, gapdeck) = migrated().await;
    run(&client, "INSERT INTO __diesel_schema_migrations (version) VALUES ('99990101000000')").await;
    has(&examined(&gapdeck, 0, &[]), &["warning migrations", "99990101000000", "update this gapdeck"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_queue_out_of_step_is_found_and_repaired() {
    let (_database, client, gapdeck) = migrated().await;
    run(
        &client,
        "INSERT INTO raw_products (product_key, product_name) SELECT 'p' || n, 'Product ' || n FROM generate_series(1, 6) AS n;
         INSERT INTO raw_attributes (attribute_key) VALUES ('a');
         INSERT INTO raw_categories (category_key) VALUES ('c');
         INSERT INTO prediction_experiments (experiment_key) VALUES ('e');
         INSERT INTO raw_product_attribute_gaps (product_key, attribute_key) SELECT 'p' || n, 'a' FROM generate_series(1, 5) AS n;
         SET session_replication_role = replica;
         INSERT INTO raw_product_attribute_gaps (product_key, attribute_key) VALUES ('p6', 'a');
         DELETE FROM raw_product_attribute_gaps WHERE product_key = 'p1';
         UPDATE raw_products SET product_name = 'Another' WHERE product_key = 'p2';
         INSERT INTO raw_product_categories (product_key, category_key) VALUES ('p3', 'c');
         INSERT INTO prediction_results (product_key, attribute_key, experiment_key, value, confidence) VALUES ('p4', 'a', 'e', 'x', 0.5);
         INSERT INTO human_recommendations (product_key, decision_id, attribute_key, reviewer, action, base_version,
             result_version, policy, decided_at) VALUES ('p5', gen_random_uuid(), 'a', 'ada', 'reject', 0, 1, 'test', now());
         RESET session_replication_role",
    )
    .await;
    let found = examined(&gapdeck, 9, &[]);
    has(
        &found,
        &[
            "error queue",
            "1 gaps without a row",
            "1 rows without a gap",
            "1 rows with a wrong score",
            "2 rows with a wrong name, category or time",
            "1 rows that lack a decision",
            "gapdeck doctor --repair",
        ],
    );
    let ran = gapdeck.fails_with_output(9, &["doctor"]);
    assert!(ran.stderr.contains("has an error"), "{}", ran.stderr);

    has(&examined(&gapdeck, 0, &["--repair"]), &["ok queue: brought in step", "1 gaps without a row"]);
    has(&examined(&gapdeck, 0, &["--thorough"]), &["ok queue: the queue says what the tables say"]);
    let rows = client
        .query("SELECT product_key || ' ' || product_name || ' ' || category_key || ' ' || candidate_count || ' ' || state
                  FROM review_queue ORDER BY 1", &[])
        .await
        .unwrap();
    let rows: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
    assert_eq!(
        rows,
        [
            "p2 Another  0 open",
            "p3 Product 3 c 0 open",
            "p4 Product 4  1 open",
            "p5 Product 5  0 rejected",
            "p6 Product 6  0 open"
        ]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn broken_indexes_disabled_triggers_and_missing_statistics_are_named() {
    let (_database, client, gapdeck) = migrated().await;
    run(
        &client,
        "ALTER TABLE raw_products SET (autovacuum_enabled = off);
         INSERT INTO raw_products (product_key, product_name, code_type) SELECT 'p' || n, repeat('x', 100), 'same' FROM generate_series(1, 20000) AS n;
         ALTER TABLE raw_product_categories DISABLE TRIGGER queue_insert",
    )
    .await;
    let broken = client
        .batch_execute("CREATE UNIQUE INDEX CONCURRENTLY one_of_each ON raw_products (code_type)")
        .await;
    assert!(broken.is_err(), "the index cannot be unique");
    let found = examined(&gapdeck, 0, &[]);
    has(
        &found,
        &[
            "warning indexes: one_of_each on raw_products is not valid",
            "REINDEX INDEX CONCURRENTLY one_of_each",
        ],
    );
    has(&found, &["warning triggers", "raw_product_categories", "queue_insert", "ENABLE TRIGGER"]);
    has(&found, &["warning statistics", "raw_products", "ANALYZE"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn vectors_that_are_badly_indexed_or_of_several_models_are_named() {
    let (_database, client, gapdeck) = migrated().await;
    run(
        &client,
        "INSERT INTO raw_products (product_key) SELECT 'p' || n FROM generate_series(1, 1101) AS n;
         INSERT INTO product_embeddings (product_key, embedding, model, dimensions)
             SELECT 'p' || n, array_fill(n::real, ARRAY[1536])::vector, CASE WHEN n > 5 THEN 'new' ELSE 'old' END, 1536
               FROM generate_series(1, 1100) AS n",
    )
    .await;
    let found = examined(&gapdeck, 0, &[]);
    has(&found, &["warning vector index", "built on an empty table", "gapdeck index rebuild"]);
    has(&found, &["warning embeddings", "1095 of new", "5 of old", "gapdeck embed --all"]);
    has(&found, &["notice embeddings: 1 products have no embedding", "gapdeck embed"]);
    run(&client, "DROP INDEX product_embeddings_embedding").await;
    has(&examined(&gapdeck, 0, &[]), &["notice vector index: there is no vector index"]);
    gapdeck.succeeds(&["index", "rebuild", "--sample", "0"]);
    has(&examined(&gapdeck, 0, &[]), &["ok vector index"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn old_views_are_named() {
    let (_database, client, gapdeck) = migrated().await;
    run(
        &client,
        "DELETE FROM view_refreshes;
         INSERT INTO view_refreshes (view_name, refreshed_at, seconds) VALUES ('product_gaps', now() - interval '3 days', 1),
             ('product_details', now(), 1)",
    )
    .await;
    let found = examined(&gapdeck, 0, &[]);
    has(&found, &["notice views: product_gaps was refreshed 72 hours ago", "gapdeck refresh product_gaps"]);
    has(&found, &["notice views: nobody has noted when product_summary"]);
    has(&found, &["ok views: product_details"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn missing_privileges_are_named_with_who_grants_them() {
    let (database, client, _) = migrated().await;
    let role = format!("doctored_{}", std::process::id());
    run(&client, &format!("DROP ROLE IF EXISTS {role}; CREATE ROLE {role} LOGIN PASSWORD 'x'")).await;
    let mut url = url::Url::parse(&database.url).unwrap();
    url.set_username(&role).unwrap();
    url.set_password(Some("x")).unwrap();
    let gapdeck = Gapdeck::new();
    let place = ["--database-url", url.as_str()];
    run(&client, &format!("GRANT SELECT ON __diesel_schema_migrations, raw_products TO {role}")).await;
    let found = examined(&gapdeck, 9, &place);
    has(&found, &["error privileges", "may not read", "review_queue", &format!("gapdeck grants {role}")]);
    run(&client, &format!("GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role}")).await;
    has(&examined(&gapdeck, 0, &place), &["notice privileges", "but not decide", "gapdeck grants"]);
    // What `gapdeck grants` prints is enough to review.
    let grants = gapdeck.succeeds(&["grants", &role]).stdout;
    run(&client, &grants).await;
    has(&examined(&gapdeck, 0, &place), &["ok privileges", "may review"]);
    run(&client, &format!("DROP OWNED BY {role}; DROP ROLE {role}")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replica_that_does_not_answer_is_named() {
    let (_database, _client, gapdeck) = migrated().await;
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let url = format!("postgres://ada:sEcReT@127.0.0.1:{port}/catalogue");
    let output = gapdeck.command(&["doctor"]).env("GAPDECK_READ_URLS", &url).output().unwrap();
    let told = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{told}");
    assert!(told.contains("warning  replicas") && told.contains("catalogue on 127.0.0.1"), "{told}");
    assert!(!told.contains("sEcReT"), "{told}");
}

#[cfg(feature = "embedded")]
#[test]
fn the_embedded_database_is_sound() {
    let directory = tempfile::Builder::new().prefix("gd").tempdir_in("/tmp").expect("a directory");
    let gapdeck = Gapdeck::in_directory(directory.path());
    gapdeck.succeeds(&["demo", "--seed-only"]);
    let found = examined(&gapdeck, 0, &[]);
    has(&found, &["ok queue: the queue says what the tables say"]);
    assert!(!found.iter().any(|finding| finding.starts_with("warning")), "{found:#?}");
}

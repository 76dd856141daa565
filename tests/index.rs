//! `gapdeck index` through the real binary: what it shows is measured, what it builds is used.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test ends where it fails")]

mod support;

use serde_json::Value;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use support::binary::Gapdeck;
use support::server::TestDatabase;
use tokio_postgres::Client;

/// A catalogue of 3,000 products around 60 centres, loaded by another program: after the index was built on nothing.
const CATALOGUE: &str = "
    SELECT setseed(0.25);
    INSERT INTO raw_products (product_key, product_name) SELECT 'p' || n, 'Product ' || n FROM generate_series(1, 3000) AS n;
    INSERT INTO product_embeddings (product_key, embedding)
        SELECT 'p' || n, ARRAY(SELECT sin(i * (n % 60 + 1)) + (random() - 0.5) * 2 + n * 0 FROM generate_series(1, 1536) AS i)::vector
          FROM generate_series(1, 3000) AS n;
    ANALYZE raw_products, product_embeddings";

async fn catalogue() -> (TestDatabase, Client, Gapdeck) {
    let fill = async |url: String| {
        support::backend::migrate(&url).await;
        support::server::connect(&url).await.batch_execute(CATALOGUE).await.unwrap();
    };
    let database = TestDatabase::like("vectors", fill).await;
    let client = database.client().await;
    let gapdeck = Gapdeck::on(&database);
    (database, client, gapdeck)
}

fn advice(shown: &Value) -> String {
    let advice = shown["advice"].as_array().unwrap();
    advice.iter().map(|one| format!("{} -> {}", one["message"], one["remedy"])).collect::<Vec<_>>().join("\n")
}

async fn texts(client: &Client, sql: &str) -> Vec<String> {
    client.query(sql, &[]).await.unwrap().iter().map(|row| row.get(0)).collect()
}

const VECTOR_INDEXES: &str = "
    SELECT pg_get_indexdef(i.indexrelid) || CASE WHEN i.indisvalid THEN '' ELSE ' invalid' END
      FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_am a ON a.oid = c.relam
     WHERE i.indrelid = 'product_embeddings'::regclass AND a.amname IN ('ivfflat', 'hnsw') ORDER BY 1";

/// Waits until a search was served by the vector index: a session tells when it ends.
async fn wait_until_used(client: &Client) {
    let began = Instant::now();
    let used = "SELECT pg_stat_clear_snapshot()::text FROM pg_stat_user_indexes
                 WHERE indexrelname = 'product_embeddings_embedding' AND idx_scan > 0";
    while texts(client, used).await.is_empty() {
        assert!(began.elapsed() < Duration::from_secs(30), "no search used the index");
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_index_built_on_an_empty_table_is_named_and_a_rebuild_mends_it() {
    let (_database, client, gapdeck) = catalogue().await;
    let before = gapdeck.json(&["index", "--json", "--sample", "20"]);
    assert_eq!(before["embeddings"], 3000);
    assert!(advice(&before).contains("was built on an empty table"), "{before:#}");
    assert_eq!(before["indexes"][0]["built_on"], 0);
    assert_eq!((&before["sample"], &before["exact"]["recall"]), (&20.into(), &1.0.into()));

    let after = gapdeck.json(&["index", "rebuild", "--json", "--sample", "20", "--recall", "0.9"]);
    assert_eq!(advice(&after), "", "{after:#}");
    assert_eq!(
        (&after["indexes"][0]["built_on"], &after["rebuilt"]["reached"]),
        (&3000.into(), &true.into())
    );
    assert!(after["index"]["recall"].as_f64().unwrap() >= 0.9, "{after:#}");
    assert!(after["index"]["recall"].as_f64() >= before["index"]["recall"].as_f64());
    assert_eq!(after["depth"], after["indexes"][0]["note"]["probes"]);
    let defined = texts(&client, VECTOR_INDEXES).await;
    assert_eq!(defined.len(), 1, "{defined:?}");
    assert!(
        defined[0].contains("product_embeddings_embedding ON") && defined[0].contains("lists='10'"),
        "{defined:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_higher_recall_is_searched_deeper_and_every_session_does() {
    let (_database, client, gapdeck) = catalogue().await;
    let depth = |recall: &str| {
        let shown = gapdeck
            .json(&["index", "rebuild", "--json", "--lists", "60", "--recall", recall, "--sample", "150"]);
        shown["depth"].as_i64().unwrap()
    };
    let (some, all) = (depth("0.3"), depth("1"));
    assert!(some < all, "{some} lists for a recall of 0.3, {all} for 1");
    let exact =
        "SELECT o.product_key FROM product_embeddings o, product_embeddings p WHERE p.product_key = 'p7'
                  AND o.product_key <> 'p7' ORDER BY (o.embedding <=> p.embedding) + 0 LIMIT 10";
    let near = gapdeck.json(&["neighbours", "p7", "--json"]);
    let near: Vec<_> =
        near.as_array().unwrap().iter().map(|one| one["product_key"].as_str().unwrap()).collect();
    assert_eq!(near, texts(&client, exact).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn graphs_are_built_plain_and_on_half_the_bits_and_searches_use_them() {
    let (_database, client, gapdeck) = catalogue().await;
    // So few rows are read as quickly without the index.
    client.batch_execute("SET enable_seqscan = off").await.unwrap();
    for (flag, what, element) in [
        ("--hnsw", "USING hnsw (embedding vector_cosine_ops)", "vector"),
        ("--halfvec", "USING hnsw (((embedding)::halfvec(1536)) halfvec_cosine_ops)", "halfvec"),
    ] {
        let shown = gapdeck.json(&["index", "rebuild", flag, "--json", "--sample", "10"]);
        assert_eq!(
            (&shown["indexes"][0]["method"], &shown["indexes"][0]["element"]),
            (&"hnsw".into(), &element.into())
        );
        assert!(shown["index"]["recall"].as_f64().unwrap() >= 0.95, "{shown:#}");
        assert_eq!(shown["depth"], shown["indexes"][0]["note"]["ef_search"]);
        let defined = texts(&client, VECTOR_INDEXES).await;
        assert!(defined.len() == 1 && defined[0].contains(what), "{defined:?}");

        client.batch_execute("SELECT pg_stat_reset()").await.unwrap();
        let near = gapdeck.json(&["neighbours", "p9", "--json"]);
        assert_eq!(near.as_array().map(Vec::len), Some(10));
        wait_until_used(&client).await;
        let plan = texts(&client, "EXPLAIN SELECT * FROM product_similarity_search WHERE product_key = 'p7'")
            .await
            .join("\n");
        assert!(plan.contains("Index Scan using product_embeddings_embedding"), "{plan}");
    }
    let shown = gapdeck.json(&["index", "rebuild", "--json", "--sample", "0"]);
    assert_eq!(shown["indexes"][0]["method"], "ivfflat");
    let plan = texts(&client, "EXPLAIN SELECT * FROM product_similarity_search WHERE product_key = 'p7'")
        .await
        .join("\n");
    assert!(plan.contains("Index Scan using product_embeddings_embedding"), "{plan}");
}

fn started(gapdeck: &Gapdeck) -> Child {
    let mut command: Command = gapdeck.command(&["index", "rebuild", "--json"]);
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

/// Waits until the build waits for the transaction that keeps it from ending.
async fn wait_until_building(client: &Client) {
    let began = Instant::now();
    let waiting = "SELECT phase FROM pg_stat_progress_create_index WHERE datname = current_database() AND phase LIKE 'waiting%'";
    while texts(client, waiting).await.is_empty() {
        assert!(began.elapsed() < Duration::from_secs(60), "no build waits");
        tokio::task::yield_now().await;
    }
}

/// Opens a transaction that a concurrent build must wait for.
async fn writer(database: &TestDatabase) -> Client {
    let writer = database.client().await;
    let write = "BEGIN; UPDATE product_embeddings SET description = 'x' WHERE product_key = 'p1'";
    writer.batch_execute(write).await.unwrap();
    writer
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_build_that_is_stopped_leaves_the_index_of_before_and_nothing_else() {
    let (database, client, gapdeck) = catalogue().await;
    let before = texts(&client, VECTOR_INDEXES).await;
    let writer = writer(&database).await;
    let child = started(&gapdeck);
    wait_until_building(&client).await;
    // One builder at a time.
    let told = gapdeck.fails(5, &["index", "rebuild"]);
    assert!(told.contains("another gapdeck is building"), "{told}");
    // Clearing away waits for the writer as well, so the writer ends once the build was told to stop.
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    let began = Instant::now();
    let building = "SELECT phase FROM pg_stat_progress_create_index WHERE datname = current_database()";
    while !texts(&client, building).await.is_empty() {
        assert!(began.elapsed() < Duration::from_secs(60), "the build goes on");
        tokio::task::yield_now().await;
    }
    writer.batch_execute("ROLLBACK").await.unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(texts(&client, VECTOR_INDEXES).await, before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_killed_build_left_is_named_and_cleared_away() {
    let (database, client, gapdeck) = catalogue().await;
    let writer = writer(&database).await;
    let mut child = started(&gapdeck);
    wait_until_building(&client).await;
    child.kill().unwrap();
    child.wait().unwrap();
    // The server would notice that the client has gone when the build ends.
    let end = "SELECT pg_terminate_backend(pid, 10000)::text FROM pg_stat_progress_create_index WHERE datname = current_database()";
    assert_eq!(texts(&client, end).await, ["true"]);
    writer.batch_execute("ROLLBACK").await.unwrap();
    let left = texts(&client, VECTOR_INDEXES).await;
    assert!(left.iter().any(|index| index.ends_with("invalid")), "{left:?}");

    let shown = gapdeck.json(&["index", "--json", "--sample", "0"]);
    assert!(advice(&shown).contains("product_embeddings_embedding_new is not valid"), "{shown:#}");
    let rebuilt = gapdeck.json(&["index", "rebuild", "--json", "--sample", "5"]);
    assert_eq!(rebuilt["rebuilt"]["cleared"], 1);
    let now = texts(&client, VECTOR_INDEXES).await;
    assert!(now.len() == 1 && !now[0].contains("_new") && !now[0].ends_with("invalid"), "{now:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_may_not_build_is_told_who_may() {
    let (database, client, _) = catalogue().await;
    let role = format!("reader_{}", std::process::id());
    let make = format!(
        "DROP ROLE IF EXISTS {role}; CREATE ROLE {role} LOGIN PASSWORD 'x';
         GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role}"
    );
    client.batch_execute(&make).await.unwrap();
    let mut url = url::Url::parse(&database.url).unwrap();
    url.set_username(&role).unwrap();
    url.set_password(Some("x")).unwrap();
    let reader = Gapdeck::new();
    let shown = reader.json(&["index", "--json", "--sample", "5", "--database-url", url.as_str()]);
    assert_eq!(shown["sample"], 5, "looking needs no more than reading");
    let told = reader.fails(4, &["index", "rebuild", "--database-url", url.as_str()]);
    assert!(told.contains("must be owner") && told.contains("Only the owner"), "{told}");
    client.batch_execute(&format!("DROP OWNED BY {role}; DROP ROLE {role}")).await.unwrap();
}

#[cfg(feature = "embedded")]
#[test]
fn the_embedded_databases_index_is_shown_and_rebuilt() {
    let directory = tempfile::Builder::new().prefix("gd").tempdir_in("/tmp").expect("a directory");
    let gapdeck = Gapdeck::in_directory(directory.path());
    gapdeck.succeeds(&["demo", "--seed-only"]);
    let shown = gapdeck.json(&["index", "--json", "--sample", "5"]);
    let rows = shown["embeddings"].as_i64().unwrap();
    assert!(rows > 1_000, "{shown:#}");
    assert_eq!(shown["indexes"][0]["built_on"], rows, "the demo's load built it on what it loaded");
    let rebuilt = gapdeck.json(&["index", "rebuild", "--json", "--sample", "5", "--recall", "0.9"]);
    assert!(rebuilt["index"]["recall"].as_f64().unwrap() >= 0.9, "{rebuilt:#}");
    assert_eq!(rebuilt["indexes"][0]["options"][0], format!("lists={}", rebuilt["recommended_lists"]));
}

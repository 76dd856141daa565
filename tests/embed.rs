//! `gapdeck embed` through the real binary, a real database, and a server that misbehaves.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test ends where it fails")]

mod support;

#[path = "embed/faults.rs"]
mod faults;
#[path = "embed/models.rs"]
mod models;
#[path = "embed/resume.rs"]
mod resume;
#[path = "embed/server.rs"]
mod server;

use server::EmbeddingServer;
use support::binary::Gapdeck;
use support::server::TestDatabase;
use tokio_postgres::Client;

/// Makes a database with products `p00`, `p01`, ... named "Product 0", "Product 1", ...
async fn products(number: u16) -> (TestDatabase, Client, Gapdeck) {
    let database = TestDatabase::migrated().await;
    let client = database.client().await;
    let insert = format!(
        "INSERT INTO raw_products (product_key, product_name)
         SELECT 'p' || lpad(n::text, 2, '0'), 'Product ' || n FROM generate_series(0, {number} - 1) AS n"
    );
    client.batch_execute(&insert).await.unwrap();
    let gapdeck = Gapdeck::on(&database);
    (database, client, gapdeck)
}

/// The command for a server's model `tiny`, one text a request and one request at a time.
fn one_by_one(server: &EmbeddingServer) -> Vec<&str> {
    vec![
        "embed",
        "--json",
        "--endpoint",
        &server.url,
        "--model",
        "tiny",
        "--batch",
        "1",
        "--concurrency",
        "1",
    ]
}

async fn strings(client: &Client, sql: &str) -> Vec<String> {
    client.query(sql, &[]).await.unwrap().iter().map(|row| row.get(0)).collect()
}

async fn count(client: &Client, sql: &str) -> i64 {
    client.query_one(sql, &[]).await.unwrap().get(0)
}

async fn stored(client: &Client) -> i64 {
    count(client, "SELECT count(*) FROM product_embeddings").await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn products_are_embedded_and_only_what_changes_is_embedded_again() {
    let (_database, client, gapdeck) = products(10).await;
    let texts = "INSERT INTO raw_rich_text_sources (product_key, source, content) VALUES ('p03', 'manual', 'Turn it on')";
    client.batch_execute(texts).await.unwrap();
    let server = EmbeddingServer::good(8);
    let arguments = [
        "embed",
        "--json",
        "--endpoint",
        &server.url,
        "--model",
        "tiny",
        "--batch",
        "4",
        "--concurrency",
        "2",
    ];
    let report = gapdeck.json(&arguments);
    assert_eq!(
        (&report["embedded"], &report["dimensions"], &report["model"]),
        (&10.into(), &8.into(), &"tiny".into())
    );
    let asked = server.asked();
    assert_eq!(asked.iter().map(|one| one.texts.len()).sum::<usize>(), 10);
    assert!(asked.iter().all(|one| one.path == "/v1/embeddings" && one.body["model"] == "tiny"), "{asked:?}");
    assert!(asked.iter().any(|one| one.texts.contains(&"Product 3\nTurn it on".to_owned())), "{asked:?}");
    // Each product has the vector of its own text, although the items came in reverse.
    for (key, text) in [("p00", "Product 0"), ("p03", "Product 3\nTurn it on"), ("p09", "Product 9")] {
        let mut expected = server::vector(text, 8);
        expected.resize(1536, 0.0);
        let expected = format!("{expected:?}").replace(' ', "");
        let same = format!(
            "SELECT count(*) FROM product_embeddings WHERE product_key = '{key}' AND dimensions = 8 AND model = 'tiny'
                AND content_hash IS NOT NULL AND description = E'{}' AND embedding <-> '{expected}' < 1e-4",
            text.replace('\n', "\\n")
        );
        assert_eq!(count(&client, &same).await, 1, "{key}");
    }

    let report = gapdeck.json(&arguments);
    assert_eq!((&report["embedded"], &report["examined"]), (&0.into(), &10.into()));
    assert_eq!(server.asked().len(), asked.len(), "nothing was asked again");

    client
        .batch_execute(
            "UPDATE raw_products SET product_name = 'Another' WHERE product_key = 'p05';
                        UPDATE raw_rich_text_sources SET content = 'Turn it off'",
        )
        .await
        .unwrap();
    assert_eq!(gapdeck.json(&arguments)["embedded"], 2);
    let last: Vec<_> = server.asked()[asked.len()..].iter().flat_map(|one| one.texts.clone()).collect();
    assert_eq!(last, ["Product 3\nTurn it off", "Another"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_requests_are_under_way_at_once() {
    let (_database, client, gapdeck) = products(12).await;
    let server = EmbeddingServer::start({
        // Nobody is answered before three have asked.
        let all = std::sync::Arc::new(std::sync::Barrier::new(3));
        move |number, _| {
            if number < 3 {
                all.wait();
            }
            server::Reply::Vectors(4)
        }
    });
    let arguments = [
        "embed",
        "--json",
        "--endpoint",
        &server.url,
        "--model",
        "tiny",
        "--batch",
        "2",
        "--concurrency",
        "3",
    ];
    assert_eq!(gapdeck.json(&arguments)["embedded"], 12);
    assert_eq!(stored(&client).await, 12);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dry_run_counts_and_asks_nobody() {
    let (_database, client, gapdeck) = products(3).await;
    client.batch_execute("INSERT INTO raw_products VALUES ('silent', '--')").await.unwrap();
    let server = EmbeddingServer::good(8);
    let report =
        gapdeck.json(&["embed", "--json", "--dry-run", "--endpoint", &server.url, "--model", "tiny"]);
    assert_eq!(
        (&report["embedded"], &report["without_text"], &report["characters"]),
        (&3.into(), &1.into(), &27.into())
    );
    assert_eq!((server.asked().len(), stored(&client).await), (0, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_model_the_offline_embedder_embeds() {
    let (_database, client, gapdeck) = products(30).await;
    let told = gapdeck.succeeds(&["embed"]);
    assert!(told.stdout.contains("30 products embedded with hashing-1"), "{}", told.stdout);
    let models = "SELECT model || ' ' || dimensions || ' ' || count(*) FROM product_embeddings GROUP BY model, dimensions";
    assert_eq!(strings(&client, models).await, ["hashing-1 1536 30"]);
    assert_eq!(gapdeck.json(&["embed", "--json"])["embedded"], 0);
    let near = gapdeck.json(&["neighbours", "p07", "--json", "--limit", "3"]);
    assert_eq!(near.as_array().map(Vec::len), Some(3));
}

#[cfg(feature = "embedded")]
#[test]
fn the_embedded_database_is_embedded_too() {
    let directory = tempfile::Builder::new().prefix("gd").tempdir_in("/tmp").expect("a directory");
    let gapdeck = Gapdeck::in_directory(directory.path());
    let lines = tempfile::tempdir().expect("a directory");
    std::fs::write(
        lines.path().join("products.jsonl"),
        "{\"product_key\":\"a\",\"product_name\":\"Lamp\"}\n",
    )
    .unwrap();
    gapdeck.succeeds(&["import", lines.path().to_str().unwrap(), "--no-embed"]);
    let server = EmbeddingServer::good(16);
    let report = gapdeck.json(&["embed", "--json", "--endpoint", &server.url, "--model", "tiny"]);
    assert_eq!(report["embedded"], 1);
    assert_eq!(server.embedded(), ["Lamp"]);
}

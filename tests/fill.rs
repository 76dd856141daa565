//! `gapdeck demo --gaps`: made-up rows inside the database.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test ends where it fails")]

mod support;

#[path = "queue_triggers/recomputed.rs"]
mod recomputed;

use recomputed::assert_in_step;
use support::binary::Gapdeck;
use support::server::TestDatabase;
use tokio_postgres::Client;

/// Returns a digest of every row of a table, without what the statement's own time goes into.
async fn digest(client: &Client, table: &str) -> String {
    let sql = format!(
        "SELECT count(*) || ' ' || coalesce(md5(string_agg(md5((to_jsonb(t) - 'updated_at')::text), '' ORDER BY
             md5((to_jsonb(t) - 'updated_at')::text))), '') FROM {table} AS t"
    );
    client.query_one(&sql, &[]).await.unwrap_or_else(|error| panic!("{table}: {error:?}")).get(0)
}

const TABLES: [&str; 12] = [
    "raw_products",
    "raw_categories",
    "raw_attributes",
    "raw_product_categories",
    "raw_category_attributes",
    "raw_product_attribute_values",
    "raw_product_attribute_gaps",
    "raw_category_allowable_values",
    "human_recommendations",
    "prediction_experiments",
    "prediction_results",
    "review_queue",
];

async fn digests(client: &Client) -> Vec<String> {
    let mut all = Vec::new();
    for table in TABLES {
        all.push(format!("{table} {}", digest(client, table).await));
    }
    all
}

/// Everything that the fill sets aside for a while.
async fn definitions(client: &Client) -> Vec<String> {
    let sql = "SELECT pg_get_indexdef(indexrelid) FROM pg_index JOIN pg_class ON pg_class.oid = indrelid
                WHERE relnamespace = 'public'::regnamespace
               UNION ALL SELECT conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid) || ' ' || convalidated
                 FROM pg_constraint WHERE connamespace = 'public'::regnamespace
               UNION ALL SELECT tgrelid::regclass || ' ' || tgname || ' ' || tgenabled::text FROM pg_trigger WHERE NOT tgisinternal
               ORDER BY 1";
    client.query(sql, &[]).await.unwrap().iter().map(|row| row.get(0)).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn made_up_rows_are_the_same_every_time_and_the_queue_is_in_step() {
    let (one, other) = (TestDatabase::migrated().await, TestDatabase::migrated().await);
    let before = definitions(&one.client().await).await;
    for database in [&one, &other] {
        let made = Gapdeck::on(database).json(&["demo", "--gaps", "1990", "--seed-only", "--json"]);
        let made = &made["made"];
        assert_eq!((made["gaps"].as_u64(), made["products"].as_u64()), (Some(1_990), Some(400)), "{made:#}");
        let (predictions, embeddings) =
            (made["predictions"].as_u64().unwrap(), made["embeddings"].as_u64().unwrap());
        assert!((2_200..2_600).contains(&predictions), "{predictions} predictions, 1.2 a gap");
        assert!((15..=25).contains(&embeddings), "{embeddings} vectors, one for a hundred gaps");
    }
    let (one, other) = (one.client().await, other.client().await);
    let made = digests(&one).await;
    assert_eq!(made, digests(&other).await);
    assert_eq!(before, definitions(&one).await, "indexes, constraints and triggers are as before");
    assert_in_step(&one, "the fill").await;

    // Each state is there, and the marks on predictions are those of the decisions.
    let states = "SELECT string_agg(DISTINCT state, ' ' ORDER BY state) FROM review_queue";
    let states: String = one.query_one(states, &[]).await.unwrap().get(0);
    assert_eq!(states, "accepted deferred flagged not_applicable open overridden rejected");
    let wrong = "SELECT count(*) FROM prediction_results p LEFT JOIN human_recommendations h USING (product_key, attribute_key)
                  WHERE p.is_correct IS DISTINCT FROM CASE WHEN h.action IN ('accept', 'override') THEN p.value = h.value
                        WHEN h.action IN ('reject', 'not_applicable') THEN false END
                     OR p.decision_id IS DISTINCT FROM CASE WHEN h.action NOT IN ('defer', 'flag') THEN h.decision_id END";
    assert_eq!(
        one.query_one(wrong, &[]).await.unwrap().get::<_, i64>(0),
        0,
        "marks that no decision explains"
    );

    // The triggers work again.
    one.batch_execute("DELETE FROM prediction_results WHERE product_key < 'SKU-00000010'").await.unwrap();
    assert_in_step(&one, "a deletion after the fill").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_is_filled_once_and_only_if_it_is_empty() {
    let database = TestDatabase::migrated().await;
    let gapdeck = Gapdeck::on(&database);
    gapdeck.succeeds(&["demo", "--gaps", "200", "--seed-only"]);
    let client = database.client().await;
    let made = digests(&client).await;
    let again = gapdeck.succeeds(&["demo", "--gaps", "200", "--seed-only"]);
    assert!(again.stderr.contains("nothing was changed"), "{}", again.stderr);
    let refused = gapdeck.fails(3, &["demo", "--gaps", "300", "--seed-only"]);
    assert!(refused.contains("has rows"), "{refused}");
    assert_eq!(made, digests(&client).await);
}

#[test]
fn the_embedded_database_takes_a_hundred_thousand_at_most() {
    let directory = tempfile::tempdir().unwrap();
    let gapdeck = Gapdeck::in_directory(directory.path());
    let refused = gapdeck.fails(2, &["demo", "--gaps", "100001", "--seed-only"]);
    assert!(refused.contains("--database-url"), "{refused}");
    assert!(directory.path().read_dir().unwrap().next().is_none(), "nothing was started");
}

#[cfg(feature = "embedded")]
#[test]
fn the_embedded_database_can_be_filled() {
    let directory = tempfile::tempdir().unwrap();
    let gapdeck = Gapdeck::in_directory(directory.path());
    let made = gapdeck.json(&["demo", "--gaps", "1000", "--seed-only", "--json"]);
    assert_eq!(made["made"]["gaps"].as_u64(), Some(1_000), "{made:#}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_interrupted_fill_leaves_nothing() {
    let database = TestDatabase::migrated().await;
    let client = database.client().await;
    let before = (digests(&client).await, definitions(&client).await);
    let mut child = Gapdeck::on(&database)
        .command(&["demo", "--gaps", "400000", "--seed-only"])
        .spawn()
        .expect("gapdeck");
    // Killed in the middle: as soon as it holds the tables.
    let holds = "SELECT count(*) FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND granted
                  AND relation = 'review_queue'::regclass AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
    while client.query_one(holds, &[]).await.unwrap().get::<_, i64>(0) == 0 {
        assert!(child.try_wait().unwrap().is_none(), "it ended before it was killed");
        tokio::task::yield_now().await;
    }
    child.kill().unwrap();
    child.wait().unwrap();
    // Reading waits until the server has rolled back.
    assert_eq!(before, (digests(&client).await, definitions(&client).await));
}

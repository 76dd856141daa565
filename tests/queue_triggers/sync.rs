//! `gapdeck queue sync` makes of any tables the queue that the triggers would have kept.

use super::recomputed::assert_in_step;
use super::{CATALOGUE, catalogue, statements};
use crate::support::binary::Gapdeck;
use crate::support::fixture;
use crate::support::server::TestDatabase;
use gapdeck::database::Database;
use gapdeck::domain::{Action, QueueFilter, QueueSort, StateFilter};
use gapdeck::repository::bulk::{Locking, Synced, sync_queue};
use gapdeck::repository::{QueueRepository, RecommendationRepository};
use tokio_postgres::Client;
use tokio_postgres::error::SqlState;

const WITHOUT_TRIGGERS: &str = "
    ALTER TABLE raw_products DISABLE TRIGGER USER; ALTER TABLE raw_product_categories DISABLE TRIGGER USER;
    ALTER TABLE raw_product_attribute_gaps DISABLE TRIGGER USER; ALTER TABLE prediction_results DISABLE TRIGGER USER;
    ALTER TABLE raw_recommendations DISABLE TRIGGER USER";

/// Everything of the queue that does not depend on when it was written.
const QUEUE: &str = "
    SELECT (to_jsonb(q) - 'updated_at' - 'gap_created_at')::text, q.gap_created_at = g.created_at
      FROM review_queue q JOIN raw_product_attribute_gaps g USING (product_key, attribute_key)
     ORDER BY product_key, attribute_key";

async fn queue(client: &Client) -> Vec<String> {
    let rows = client.query(QUEUE, &[]).await.expect("the queue");
    assert!(rows.iter().all(|row| row.get(1)), "a gap's time is another one's");
    rows.iter().map(|row| row.get(0)).collect()
}

async fn sync(database: &Database, products: u32) -> Synced {
    let mut connection = database.connection().await.expect("a connection");
    sync_queue(&mut connection, Locking::Products, products, |_| {}).await.expect("sync")
}

/// Decides on some gap of the database with triggers, and copies the event to the one without.
async fn decide(random: &mut statements::Random, kept: &Database, from: &Client, to: &Client) {
    let store = kept.store();
    let all = QueueFilter { state: StateFilter::All, ..QueueFilter::default() };
    let page = store.page(&all, QueueSort::Product, None, 100).await.expect("a page");
    if page.rows.is_empty() {
        return;
    }
    let row = &page.rows[random.below(page.rows.len())];
    let pair = (row.gap.product.as_str(), row.gap.attribute.as_str());
    let last = store.history(&row.gap).await.expect("the history");
    let last = gapdeck::domain::Event::in_force(&last);
    let decision = match (random.below(4), last) {
        (0, Some(event)) => fixture::undo(&event.decision, row.version),
        (1, _) => fixture::decision(pair, Action::Reject, None, row.version),
        (2, _) => fixture::decision(pair, Action::Defer, None, row.version),
        _ => fixture::accept(pair, ["dark red", "Teal"][random.below(2)], row.version),
    };
    // Undos are one's own; everything else is anybody's, so that opinions agree, differ and wait.
    let decision = match decision.action {
        Action::Undo => decision,
        _ => fixture::by(["ada", "bob", "cleo"][random.below(3)], decision),
    };
    store.decide(&decision).await.expect("decide");
    let event = "SELECT to_jsonb(h)::text FROM human_recommendations h WHERE decision_id::text = $1";
    let id = decision.id.to_string();
    let event: String = from.query_one(event, &[&id]).await.expect("the event").get(0);
    let copy = "INSERT INTO human_recommendations SELECT * FROM jsonb_populate_record(NULL::human_recommendations, $1::text::jsonb)";
    to.execute(copy, &[&event]).await.expect("copy the event");
}

/// Returns what a client runs, or what it refused because the row is there already.
async fn run(client: &Client, statement: &str) {
    match client.batch_execute(statement).await {
        Ok(()) => {}
        Err(error) if error.code() == Some(&SqlState::UNIQUE_VIOLATION) => {}
        Err(error) => panic!("{statement}: {error:?}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sync_gives_the_queue_that_the_triggers_keep_whatever_was_written() {
    let (with, without) = (TestDatabase::migrated().await, TestDatabase::migrated().await);
    let (kept, loose) = (with.client().await, without.client().await);
    loose.batch_execute(WITHOUT_TRIGGERS).await.expect("disable the triggers");
    for client in [&kept, &loose] {
        client.batch_execute(CATALOGUE).await.expect("the catalogue");
    }
    // Only where the decisions are made: what they brought their gaps into comes with them.
    let share = "INSERT INTO review_policy (second_opinions) VALUES (0.7)";
    kept.batch_execute(share).await.expect("the policy");
    let kept_database = Database::connect(&with.url).await.expect("connect");
    let loose_database = Database::connect(&without.url).await.expect("connect");
    let mut random = statements::Random::seeded(3);
    for round in 0..25 {
        for _ in 0..8 {
            let statement = statements::next(&mut random);
            run(&kept, &statement).await;
            run(&loose, &statement).await;
            if random.below(3) == 0 {
                decide(&mut random, &kept_database, &kept, &loose).await;
            }
        }
        // Ranges of every size: less than the products there are, as many, more.
        let products = 1 + round % 7;
        sync(&loose_database, products).await;
        assert_eq!(queue(&loose).await, queue(&kept).await, "round {round}, {products} products at a time");
        assert_in_step(&loose, "a sync").await;
        assert_eq!(sync(&loose_database, products).await.total(), 0, "nothing is left to do");
        assert_eq!(sync(&kept_database, products).await.total(), 0, "the triggers left nothing to do");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sync_waits_for_a_program_that_is_writing_and_loses_nothing() {
    let (database, client) = catalogue().await;
    let writer = database.client().await;
    client.batch_execute("UPDATE review_queue SET candidate_count = 7").await.expect("spoil the queue");
    writer.batch_execute("BEGIN").await.expect("BEGIN");
    writer
        .batch_execute(
            "INSERT INTO prediction_results (product_key, attribute_key, experiment_key, value, confidence)
             VALUES ('p2', 'a1', 'e0', 'x', 0.5)",
        )
        .await
        .expect("a prediction");
    let gapdeck = Database::connect(&database.url).await.expect("connect");
    let syncing = tokio::spawn(async move { sync(&gapdeck, 2).await });
    let waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND pid <> pg_backend_pid()
                    AND pid IN (SELECT pid FROM pg_stat_activity WHERE datname = current_database())";
    while client.query_one(waiting, &[]).await.expect("pg_locks").get::<_, i64>(0) == 0 {
        assert!(!syncing.is_finished(), "the sync did not wait");
        tokio::task::yield_now().await;
    }
    writer.batch_execute("COMMIT").await.expect("COMMIT");
    assert!(syncing.await.expect("the sync").rescored > 0);
    assert_in_step(&client, "a sync beside a writer").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_command_counts_what_it_mended_and_says_when_nothing_was_to_do() {
    let (database, client) = catalogue().await;
    client
        .batch_execute(&format!(
            "{WITHOUT_TRIGGERS};
             DELETE FROM raw_product_attribute_gaps WHERE product_key = 'p1';
             INSERT INTO raw_product_attribute_gaps (product_key, attribute_key) VALUES ('p0', 'a1'), ('p0', 'a2');
             UPDATE raw_products SET product_name = 'Two' WHERE product_key = 'p2';
             DELETE FROM raw_recommendations"
        ))
        .await
        .expect("a load without triggers");
    let gapdeck = Gapdeck::on(&database);
    let counts = gapdeck.json(&["queue", "sync", "--json"]);
    let expected =
        serde_json::json!({ "removed": 1, "added": 2, "rescored": 1, "described": 1, "decided": 0 });
    assert_eq!(counts, expected);
    assert_in_step(&client, "gapdeck queue sync").await;
    let ran = gapdeck.succeeds(&["queue", "sync"]);
    assert_eq!(ran.stdout, "");
    assert!(ran.stderr.contains("in step"), "{}", ran.stderr);
}

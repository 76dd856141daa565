//! The queue stays right whoever writes the raw and prediction tables, by plain SQL.
//!
//! After each statement the queue table is compared with what the in-memory store makes of the raw rows.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test ends where it fails")]

mod support;

#[path = "queue_triggers/recomputed.rs"]
mod recomputed;
#[path = "queue_triggers/statements.rs"]
mod statements;
#[path = "queue_triggers/sync.rs"]
mod sync;

use recomputed::assert_in_step;
use support::server::TestDatabase;
use tokio_postgres::Client;
use tokio_postgres::error::SqlState;

/// A catalogue with some of everything: two gaps with candidates, one without.
const CATALOGUE: &str = "
    INSERT INTO raw_products (product_key, product_name) VALUES ('p0', 'Zero'), ('p1', 'One'), ('p2', NULL);
    INSERT INTO raw_attributes (attribute_key) VALUES ('a0'), ('a1'), ('a2');
    INSERT INTO raw_categories (category_key) VALUES ('c0'), ('c1'), ('C2');
    INSERT INTO prediction_experiments (experiment_key) VALUES ('e0'), ('e1'), ('e2');
    INSERT INTO raw_recommendation_rounds (round_key) VALUES ('r0'), ('e1');
    INSERT INTO raw_product_categories (product_key, category_key) VALUES ('p0', 'c1'), ('p0', 'c0'), ('p1', 'c1');
    INSERT INTO raw_product_attribute_gaps (product_key, attribute_key) VALUES ('p0', 'a0'), ('p1', 'a0'), ('p2', 'a1');
    INSERT INTO prediction_results (product_key, attribute_key, experiment_key, value, confidence) VALUES
        ('p0', 'a0', 'e0', 'Red', 0.9), ('p0', 'a0', 'e1', 'red', 0.6), ('p1', 'a0', 'e0', 'Blue', NULL);
    INSERT INTO raw_recommendations (product_key, attribute_key, round_key, value, confidence) VALUES
        ('p0', 'a0', 'r0', 'Green', 0.8);
";

async fn catalogue() -> (TestDatabase, Client) {
    let database = TestDatabase::migrated().await;
    let client = database.client().await;
    client.batch_execute(CATALOGUE).await.expect("the catalogue");
    (database, client)
}

/// Runs a statement on a fresh catalogue and compares.
async fn after(statement: &str) {
    let (_database, client) = catalogue().await;
    assert_in_step(&client, "the catalogue").await;
    client.batch_execute(statement).await.unwrap_or_else(|error| panic!("{statement}: {error:?}"));
    assert_in_step(&client, statement).await;
}

macro_rules! stays_in_step_after {
    ($($name:ident: $($statement:literal),+;)*) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                $(after($statement).await;)+
            }
        )*
    };
}

stays_in_step_after! {
    products_renamed:
        "UPDATE raw_products SET product_name = product_name || ' and more'",
        "UPDATE raw_products SET product_name = CASE product_key WHEN 'p0' THEN NULL ELSE 'Named' END",
        "UPDATE raw_products SET product_name = repeat('ä', 2000) WHERE product_key = 'p1'",
        "UPDATE raw_products SET product_name = lower(product_name)",
        "UPDATE raw_products SET product_key = product_key WHERE product_key = 'p0'",
        "INSERT INTO raw_products (product_key, product_name) VALUES ('p1', 'Upserted'), ('p9', 'New')
             ON CONFLICT (product_key) DO UPDATE SET product_name = excluded.product_name";
    products_deleted:
        "DELETE FROM raw_products WHERE product_key = 'p0'",
        "DELETE FROM raw_products",
        "TRUNCATE raw_products CASCADE";
    categories_changed:
        "INSERT INTO raw_product_categories (product_key, category_key) VALUES ('p1', 'C2'), ('p2', 'c0')",
        "DELETE FROM raw_product_categories WHERE category_key = 'c0'",
        "DELETE FROM raw_product_categories",
        "UPDATE raw_product_categories SET category_key = 'C2' WHERE product_key = 'p0' AND category_key = 'c1'",
        "UPDATE raw_product_categories SET product_key = 'p2' WHERE category_key = 'c0'",
        "DELETE FROM raw_categories WHERE category_key = 'c0'",
        "TRUNCATE raw_product_categories",
        "TRUNCATE raw_categories CASCADE";
    gaps_inserted:
        "INSERT INTO raw_product_attribute_gaps (product_key, attribute_key)
             SELECT product_key, attribute_key FROM raw_products, raw_attributes ON CONFLICT DO NOTHING",
        "INSERT INTO prediction_results (product_key, attribute_key, experiment_key, value, confidence)
             VALUES ('p2', 'a2', 'e0', 'Early', 0.5);
         INSERT INTO raw_product_attribute_gaps (product_key, attribute_key) VALUES ('p2', 'a2')",
        "COPY raw_product_attribute_gaps (product_key, attribute_key) FROM PROGRAM 'printf ''p2\\ta2\\np1\\ta1\\n'''";
    gaps_changed:
        "UPDATE raw_product_attribute_gaps SET attribute_key = 'a2' WHERE product_key = 'p0'",
        "UPDATE raw_product_attribute_gaps SET product_key = 'p0' WHERE product_key = 'p2'",
        "UPDATE raw_product_attribute_gaps SET created_at = created_at - interval '1 day'";
    gaps_deleted:
        "DELETE FROM raw_product_attribute_gaps WHERE product_key = 'p0'",
        "DELETE FROM raw_product_attribute_gaps",
        "DELETE FROM raw_attributes WHERE attribute_key = 'a0'",
        "TRUNCATE raw_product_attribute_gaps",
        "DELETE FROM raw_product_attribute_gaps WHERE product_key = 'p0';
         INSERT INTO raw_product_attribute_gaps (product_key, attribute_key) VALUES ('p0', 'a0')";
    predictions_inserted:
        "INSERT INTO prediction_results (product_key, attribute_key, experiment_key, value, confidence)
             SELECT product_key, attribute_key, experiment_key, v, 0.7
               FROM raw_product_attribute_gaps, prediction_experiments, unnest(ARRAY['x', 'X ', 'y']) AS v",
        "INSERT INTO prediction_results (product_key, attribute_key, experiment_key, value, confidence)
             VALUES ('p2', 'a2', 'e0', 'no gap', 0.5)",
        "INSERT INTO prediction_results (product_key, attribute_key, experiment_key, value, confidence)
             VALUES ('p0', 'a0', 'e0', 'Red', 0.1)
             ON CONFLICT (product_key, attribute_key, experiment_key, value_md5)
             DO UPDATE SET confidence = excluded.confidence";
    predictions_changed:
        "UPDATE prediction_results SET confidence = NULL",
        "UPDATE prediction_results SET confidence = 1 - confidence",
        "UPDATE prediction_results SET value = upper(value) || '!'",
        "UPDATE prediction_results SET product_key = 'p2', attribute_key = 'a1' WHERE experiment_key = 'e0' AND product_key = 'p0'",
        "UPDATE prediction_results SET experiment_key = 'e2' WHERE experiment_key = 'e0'",
        "UPDATE prediction_results SET is_correct = true";
    predictions_deleted:
        "DELETE FROM prediction_results WHERE experiment_key = 'e0'",
        "DELETE FROM prediction_experiments WHERE experiment_key = 'e0'",
        "DELETE FROM prediction_results",
        "TRUNCATE prediction_results",
        "TRUNCATE prediction_experiments CASCADE";
    recommendations_changed:
        "INSERT INTO raw_recommendations (product_key, attribute_key, round_key, value, confidence)
             VALUES ('p2', 'a1', 'r0', 'New', 0.5), ('p0', 'a0', 'e1', 'Red', 0.95)",
        "UPDATE raw_recommendations SET confidence = 0.99",
        "UPDATE raw_recommendations SET product_key = 'p1'",
        "DELETE FROM raw_recommendations",
        "DELETE FROM raw_recommendation_rounds WHERE round_key = 'r0'",
        "TRUNCATE raw_recommendations",
        "TRUNCATE raw_recommendation_rounds CASCADE";
    a_rolled_back_transaction:
        "BEGIN; DELETE FROM raw_product_attribute_gaps; INSERT INTO raw_product_attribute_gaps (product_key, attribute_key)
             VALUES ('p1', 'a2'); DELETE FROM prediction_results; ROLLBACK";
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_queue_stays_in_step_through_a_long_random_sequence() {
    let (_database, client) = catalogue().await;
    let mut random = statements::Random::seeded(20_261_122);
    for step in 0..400 {
        let statement = statements::next(&mut random);
        match client.batch_execute(&statement).await {
            Ok(()) => {}
            // Moved onto a row that is there already: nothing happened.
            Err(error) if error.code() == Some(&SqlState::UNIQUE_VIOLATION) => {}
            Err(error) => panic!("step {step}: {statement}: {error:?}"),
        }
        assert_in_step(&client, &format!("step {step}: {statement}")).await;
        if step % 50 == 0 {
            client.batch_execute("SELECT gapdeck_tallies_fold()").await.expect("a fold");
            assert_in_step(&client, &format!("step {step}: a fold")).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sums_of_experiments_are_right_while_many_write_fold_and_bring_them_in_step() {
    let (database, client) = catalogue().await;
    let mut writers = Vec::new();
    for writer in 0..8 {
        let client = database.client().await;
        writers.push(tokio::spawn(async move {
            for round in 0..25 {
                let statement = format!(
                    "INSERT INTO prediction_results (product_key, attribute_key, experiment_key, value, confidence)
                         VALUES ('p{}', 'a{}', 'e{}', 'w{writer} {round}', 0.{}) ON CONFLICT DO NOTHING;
                     UPDATE prediction_results SET is_correct = {} WHERE value LIKE 'w{writer} %';
                     SELECT gapdeck_tallies_{}();
                     DELETE FROM prediction_results WHERE value = 'w{writer} {}'",
                    writer % 3, round % 3, (writer + round) % 3, 1 + round % 9, round % 2 == 0,
                    if (writer + round) % 4 == 0 { "sync" } else { "fold" }, round - 3
                );
                client.batch_execute(&statement).await.unwrap_or_else(|error| panic!("{statement}: {error:?}"));
            }
        }));
    }
    for writer in writers {
        writer.await.expect("a writer");
    }
    assert_in_step(&client, "eight writers at once").await;
    client
        .batch_execute(
            "ALTER TABLE prediction_results DISABLE TRIGGER tally_insert, DISABLE TRIGGER tally_delete;
             DELETE FROM prediction_results WHERE experiment_key = 'e1';
             INSERT INTO prediction_results (product_key, attribute_key, experiment_key, value, confidence, is_correct)
             VALUES ('p0', 'a0', 'e2', 'unseen', 0.5, true);
             ALTER TABLE prediction_results ENABLE TRIGGER tally_insert, ENABLE TRIGGER tally_delete;
             SELECT gapdeck_tallies_sync()",
        )
        .await
        .expect("a load that was not added up");
    assert_in_step(&client, "a load that was not added up").await;
    client.batch_execute("SELECT gapdeck_tallies_fold()").await.expect("a fold");
    assert_in_step(&client, "the last fold").await;
    let (rows, days): (i64, i64) = {
        let row = client
            .query_one("SELECT count(*), count(DISTINCT (experiment_key, day)) FROM prediction_tallies", &[])
            .await
            .expect("a count");
        (row.get(0), row.get(1))
    };
    assert_eq!(rows, days, "a fold leaves one row an experiment and day");
}

/// Runs one program's statement in an open transaction, then another program's, then ends both, in this order.
async fn at_once(first: &str, second: &'static str) {
    interleaved(first, second, "").await;
}

/// As [`at_once`]; the first program goes on with another statement while the second works or waits.
async fn interleaved(first: &str, second: &'static str, then: &str) {
    let (database, client) = catalogue().await;
    let (one, other) = (database.client().await, database.client().await);
    let pid: i32 = other.query_one("SELECT pg_backend_pid()", &[]).await.expect("a pid").get(0);
    one.batch_execute("BEGIN").await.expect("BEGIN");
    one.batch_execute(first).await.unwrap_or_else(|error| panic!("{first}: {error:?}"));
    let blocked = tokio::spawn(async move {
        other.batch_execute("BEGIN").await?;
        other.batch_execute(second).await?;
        other.batch_execute("COMMIT").await
    });
    // The other one has committed, or waits for the first.
    while !blocked.is_finished() {
        let waits = "SELECT wait_event_type = 'Lock' FROM pg_stat_activity WHERE pid = $1";
        let row = client.query_opt(waits, &[&pid]).await.expect("pg_stat_activity");
        if row.is_none_or(|row| row.get::<_, Option<bool>>(0) == Some(true)) {
            break;
        }
        tokio::task::yield_now().await;
    }
    one.batch_execute(then).await.unwrap_or_else(|error| panic!("{then}: {error:?}"));
    one.batch_execute("COMMIT").await.expect("COMMIT");
    blocked.await.expect("the other program").unwrap_or_else(|error| panic!("{second}: {error:?}"));
    assert_in_step(&client, &format!("{first} while {second}")).await;
}

const GAP: &str = "INSERT INTO raw_product_attribute_gaps (product_key, attribute_key) VALUES ('p2', 'a2')";
const PREDICTION: &str =
    "INSERT INTO prediction_results (product_key, attribute_key, experiment_key, value, confidence)
    VALUES ('p2', 'a2', 'e0', 'x', 0.5)";
const RENAME: &str = "UPDATE raw_products SET product_name = 'Two' WHERE product_key = 'p2'";
const CATEGORY: &str = "INSERT INTO raw_product_categories (product_key, category_key) VALUES ('p2', 'c0')";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_programs_predicting_for_one_gap_at_once_both_count() {
    at_once(
        "INSERT INTO prediction_results (product_key, attribute_key, experiment_key, value, confidence)
             VALUES ('p1', 'a0', 'e1', 'x', 0.5)",
        "INSERT INTO raw_recommendations (product_key, attribute_key, round_key, value, confidence)
             VALUES ('p1', 'a0', 'r0', 'y', 0.9)",
    )
    .await;
    at_once(
        "DELETE FROM prediction_results WHERE product_key = 'p0' AND experiment_key = 'e0'",
        "UPDATE prediction_results SET confidence = 0.1 WHERE product_key = 'p0' AND experiment_key = 'e1'",
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gap_and_its_prediction_written_by_two_programs_at_once_meet() {
    at_once(GAP, PREDICTION).await;
    at_once(PREDICTION, GAP).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gap_and_its_products_new_name_written_by_two_programs_at_once_meet() {
    at_once(GAP, RENAME).await;
    at_once(RENAME, GAP).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gap_and_its_products_category_written_by_two_programs_at_once_meet() {
    at_once(GAP, CATEGORY).await;
    at_once(CATEGORY, GAP).await;
    at_once(CATEGORY, "INSERT INTO raw_product_categories (product_key, category_key) VALUES ('p2', 'C2')")
        .await;
    at_once(
        "DELETE FROM raw_product_categories WHERE product_key = 'p0' AND category_key = 'c0'",
        "DELETE FROM raw_product_categories WHERE product_key = 'p0' AND category_key = 'c1'",
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_programs_that_each_write_predictions_and_gaps_of_one_product_do_not_deadlock() {
    let other =
        "INSERT INTO prediction_results (product_key, attribute_key, experiment_key, value, confidence)
                     VALUES ('p2', 'a0', 'e1', 'y', 0.5);
                 INSERT INTO raw_product_attribute_gaps (product_key, attribute_key) VALUES ('p2', 'a0')";
    interleaved(PREDICTION, other, GAP).await;
    let other = "INSERT INTO raw_product_categories (product_key, category_key) VALUES ('p2', 'C2');
                 INSERT INTO raw_product_attribute_gaps (product_key, attribute_key) VALUES ('p2', 'a0')";
    interleaved(CATEGORY, other, GAP).await;
}

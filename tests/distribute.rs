//! `gapdeck distribute`: the plan from the catalogue, and its order.
//!
//! Citus is not at hand: where the plan runs, it runs on a stand-in whose functions write their calls down and check what
//! the real ones check of the order (no triggers, no foreign key to a table that is still in one place).

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test ends where it fails")]

mod support;

use serde_json::Value;
use support::binary::Gapdeck;
use support::fixture::{accept, decide, open_shop, predict};
use support::server::TestDatabase;
use support::{backend, server};
use tokio_postgres::Client;

/// A stand-in for the extension's functions.
const STAND_IN: &str = r"
    CREATE TABLE calls (number serial, call text);
    CREATE TABLE pg_dist_partition (logicalrelid regclass PRIMARY KEY, kind text);
    CREATE FUNCTION check_relation(name regclass) RETURNS void LANGUAGE plpgsql AS $$
    BEGIN
        IF EXISTS (SELECT FROM pg_trigger WHERE tgrelid = name AND NOT tgisinternal) THEN
            RAISE EXCEPTION 'cannot distribute relation %: it has triggers', name;
        END IF;
        IF EXISTS (SELECT FROM pg_constraint WHERE conrelid = name AND contype = 'f'
                      AND confrelid NOT IN (SELECT logicalrelid FROM pg_dist_partition)) THEN
            RAISE EXCEPTION 'cannot distribute relation %: it refers to a table in one place', name;
        END IF;
    END $$;
    CREATE FUNCTION create_reference_table(name regclass) RETURNS void LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM check_relation(name);
        INSERT INTO pg_dist_partition VALUES (name, 'reference');
        INSERT INTO calls (call) VALUES ('reference ' || name);
    END $$;
    CREATE FUNCTION create_distributed_table(name regclass, field text, colocate_with text) RETURNS void LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM check_relation(name);
        IF colocate_with <> 'none' AND NOT EXISTS (SELECT FROM pg_dist_partition WHERE logicalrelid = colocate_with::regclass) THEN
            RAISE EXCEPTION '% is not distributed', colocate_with;
        END IF;
        INSERT INTO pg_dist_partition VALUES (name, 'hash');
        INSERT INTO calls (call) VALUES (format('distribute %s by %s with %s', name, field, colocate_with));
    END $$;
    CREATE FUNCTION create_distributed_function(name regprocedure) RETURNS void LANGUAGE sql AS $$
        INSERT INTO calls (call) VALUES ('function ' || name) $$;
    CREATE FUNCTION truncate_local_data_after_distributing_table(name regclass) RETURNS void LANGUAGE sql AS $$
        INSERT INTO calls (call) VALUES ('truncate ' || name) $$;
";

async fn calls(client: &Client) -> Vec<String> {
    let rows = client.query("SELECT call FROM calls ORDER BY number", &[]).await.expect("the calls");
    rows.iter().map(|row| row.get(0)).collect()
}

async fn names(client: &Client, sql: &str) -> Vec<String> {
    client.query(sql, &[]).await.expect(sql).iter().map(|row| row.get(0)).collect()
}

const FOREIGN_KEYS: &str = "SELECT conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid)
  FROM pg_constraint WHERE contype = 'f' ORDER BY 1";
const TRIGGERS: &str =
    "SELECT tgrelid::regclass || ' ' || tgname FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1";
const KEYED: &str = "SELECT relname::text FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
  WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND attname = 'product_key' ORDER BY 1";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dry_run_prints_the_whole_plan_and_changes_nothing() {
    let database = TestDatabase::migrated().await;
    let client = database.client().await;
    let (keys, triggers) = (names(&client, FOREIGN_KEYS).await, names(&client, TRIGGERS).await);
    let plan = Gapdeck::on(&database).succeeds(&["distribute", "--dry-run"]).stdout;
    assert!(plan.starts_with("BEGIN;\n") && plan.ends_with("COMMIT;\n"), "{plan}");
    for table in names(&client, KEYED).await {
        let with = if table == "raw_products" { "none" } else { "raw_products" };
        let call =
            format!("SELECT create_distributed_table('{table}', 'product_key', colocate_with => '{with}');");
        assert!(plan.contains(&call), "{call} is missing: {plan}");
    }
    for table in ["raw_categories", "raw_attributes", "prediction_experiments", "raw_recommendation_rounds"] {
        assert!(plan.contains(&format!("SELECT create_reference_table('{table}');")), "{table}: {plan}");
    }
    assert_eq!(names(&client, FOREIGN_KEYS).await, keys);
    assert_eq!(names(&client, TRIGGERS).await, triggers);
    let plan = Gapdeck::on(&database).json(&["distribute", "--dry-run", "--json"]);
    assert!(plan["statements"].as_array().is_some_and(|statements| statements.len() > 50), "{plan}");
    let message = Gapdeck::on(&database).fails(3, &["distribute"]);
    assert!(message.contains("no Citus") && message.contains("--dry-run"), "{message}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_plan_runs_in_an_order_that_leaves_every_key_and_no_trigger() {
    let database = TestDatabase::migrated().await;
    let client = database.client().await;
    let store = backend::server_store(&database.url).await;
    open_shop(&*store).await;
    let keys = names(&client, FOREIGN_KEYS).await;
    let indexes =
        "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename <> 'calls' ORDER BY 1";
    let built = names(&client, indexes).await;
    client.batch_execute(STAND_IN).await.expect("the stand-in");
    let gapdeck = Gapdeck::on(&database);
    gapdeck.succeeds(&["distribute"]);

    let calls = calls(&client).await;
    let at = |call: &str| {
        calls.iter().position(|one| one.starts_with(call)).unwrap_or_else(|| panic!("no {call}: {calls:#?}"))
    };
    assert!(at("reference raw_categories") < at("reference raw_category_attributes"));
    assert!(at("reference raw_attributes") < at("distribute raw_products"));
    assert!(at("distribute raw_products") < at("distribute human_recommendations"));
    assert!(at("truncate review_queue") < at("truncate raw_products"));
    assert!(at("truncate raw_products") < at("truncate raw_attributes"));
    let keyed = names(&client, KEYED).await;
    assert_eq!(calls.iter().filter(|call| call.starts_with("distribute")).count(), keyed.len());
    assert_eq!(names(&client, FOREIGN_KEYS).await, keys, "every foreign key is back");
    let after: Vec<String> = names(&client, indexes)
        .await
        .into_iter()
        .filter(|index| !index.contains("pg_dist_partition"))
        .collect();
    assert_eq!(after, built, "every index is back");
    assert_eq!(names(&client, TRIGGERS).await, [""; 0]);

    // From here on the queue is kept by the command, and every other way of writing still works or says what does.
    let store = backend::server_store(&database.url).await;
    predict(&*store, "model", ("p1", "colour"), "Red", 0.9).await;
    let synced: Value = gapdeck.json(&["queue", "sync", "--json"]);
    assert_eq!(synced["rescored"], 1, "{synced}");
    decide(&*store, &accept(("p1", "colour"), "Red", 0)).await;
    assert_eq!(server_decisions(&database).await, 1);
    let message = gapdeck.fails(3, &["import", env!("CARGO_MANIFEST_DIR")]);
    assert!(message.contains("Citus") && message.contains("queue sync"), "{message}");
    let ran = gapdeck.succeeds(&["distribute"]);
    assert!(ran.stderr.contains("already"), "{}", ran.stderr);
}

async fn server_decisions(database: &TestDatabase) -> i64 {
    let client = server::connect(&database.url).await;
    client.query_one("SELECT count(*) FROM human_recommendations", &[]).await.expect("count").get(0)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plan_that_fails_halfway_changes_nothing() {
    let database = TestDatabase::migrated().await;
    let client = database.client().await;
    client.batch_execute(STAND_IN).await.expect("the stand-in");
    client
        .batch_execute(
            "CREATE OR REPLACE FUNCTION create_distributed_function(name regprocedure) RETURNS void
                        LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no worker answers'; END $$",
        )
        .await
        .expect("a stand-in that fails");
    let (keys, triggers) = (names(&client, FOREIGN_KEYS).await, names(&client, TRIGGERS).await);
    let message = Gapdeck::on(&database).fails(4, &["distribute"]);
    assert!(
        message.contains("no worker answers") && message.contains("create_distributed_function"),
        "{message}"
    );
    assert_eq!(names(&client, FOREIGN_KEYS).await, keys);
    assert_eq!(names(&client, TRIGGERS).await, triggers);
    assert_eq!(calls(&client).await, [""; 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_unique_key_without_the_product_is_named() {
    let database = TestDatabase::migrated().await;
    let client = database.client().await;
    client
        .batch_execute("CREATE UNIQUE INDEX one_decision ON human_recommendations (decision_id)")
        .await
        .expect("an index");
    let message = Gapdeck::on(&database).fails(3, &["distribute", "--dry-run"]);
    assert!(message.contains("one_decision") && message.contains("human_recommendations"), "{message}");
}

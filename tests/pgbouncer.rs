//! gapdeck through PgBouncer: at home in session mode, and clear about transaction mode.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test ends where it fails")]

mod support;

use diesel::QueryableByName;
use diesel::sql_types::Text;
use diesel_async::RunQueryDsl;
use gapdeck::database::{Database, Pooling};
use support::binary::Gapdeck;
use support::fixture::open_shop;
use support::pgbouncer::PgBouncer;
use support::server::TestDatabase;
use support::wire::Wire;

#[derive(QueryableByName)]
struct Setting {
    #[diesel(sql_type = Text)]
    value: String,
}

async fn setting(connection: &mut gapdeck::database::Connection, name: &str) -> String {
    let query = diesel::sql_query("SELECT current_setting($1) AS value").bind::<Text, _>(name);
    query.get_result::<Setting>(connection).await.expect("a setting").value
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pool_in_session_mode_serves_every_command() {
    let database = TestDatabase::empty().await;
    for settings in ["pool_mode = session", "pool_mode = session\nignore_startup_parameters = options"] {
        let pgbouncer = PgBouncer::before(&database, settings).await;
        let run = |arguments: &[&str]| {
            let arguments = [arguments, &["--database-url", &pgbouncer.url]].concat();
            Gapdeck::new().succeeds(&arguments).stdout
        };
        run(&["migrate"]);
        run(&["demo", "--seed-only"]);
        // Each run gets the session of one before it, cleaned by DISCARD ALL.
        for _ in 0..3 {
            let listed: serde_json::Value =
                serde_json::from_str(&run(&["queue", "--json", "--limit", "1"])).expect("JSON");
            let (product, attribute) =
                (listed[0]["product_key"].as_str().unwrap(), listed[0]["attribute_key"].as_str().unwrap());
            run(&["decide", product, attribute, "reject", "--json"]);
            assert!(run(&["history", product, attribute, "--json"]).contains("reject"));
            run(&["neighbours", product, "--json"]);
        }
        run(&["queue", "sync", "--json"]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_through_pgbouncer_keeps_its_settings_and_prepared_statements() {
    let database = TestDatabase::migrated().await;
    let pgbouncer = PgBouncer::before(&database, "pool_mode = session\ndefault_pool_size = 4").await;
    for _ in 0..3 {
        let gapdeck = Database::connect(&pgbouncer.url).await.expect("connect");
        assert_eq!(gapdeck.pooling(), Pooling::Session);
        let (mut one, mut other) =
            (gapdeck.connection().await.expect("one"), gapdeck.connection().await.expect("another"));
        for connection in [&mut one, &mut other] {
            assert_eq!(setting(connection, "statement_timeout").await, "30s");
            assert_eq!(setting(connection, "lock_timeout").await, "5s");
            assert_eq!(setting(connection, "application_name").await, "gapdeck");
            assert_eq!(setting(connection, "TimeZone").await, "UTC");
        }
    }
    let store = support::backend::server_store(&pgbouncer.url).await;
    open_shop(&*store).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pool_of_one_session_is_not_taken_for_one_in_transaction_mode() {
    let database = TestDatabase::migrated().await;
    let pgbouncer = PgBouncer::before(&database, "pool_mode = session\ndefault_pool_size = 1").await;
    let gapdeck = Database::connect(&pgbouncer.url).await.expect("connect");
    assert_eq!(gapdeck.pooling(), Pooling::Session);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pool_in_transaction_or_statement_mode_is_answered_with_the_remedy() {
    let database = TestDatabase::migrated().await;
    for settings in [
        "pool_mode = transaction",
        "pool_mode = transaction\nignore_startup_parameters = options",
        "pool_mode = transaction\nserver_round_robin = 1",
        "pool_mode = transaction\ndefault_pool_size = 1",
        "pool_mode = statement",
    ] {
        let pgbouncer = PgBouncer::before(&database, settings).await;
        let message = Gapdeck::new().fails(3, &["queue", "--json", "--database-url", &pgbouncer.url]);
        for part in ["transaction mode", "max_prepared_statements", "1.21", "session mode", "--database-url"]
        {
            assert!(message.contains(part), "with {settings}, {part} is missing: {message}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_direct_connection_is_known_as_one_by_a_single_question() {
    let database = TestDatabase::migrated().await;
    let wire = Wire::to(&database.url).await;
    let gapdeck = Database::connect(&wire.url).await.expect("connect");
    assert_eq!(gapdeck.pooling(), Pooling::Direct);
    drop(gapdeck.connection().await.expect("a connection"));
    let asked = wire.texts();
    assert_eq!(asked.iter().filter(|text| text.contains("gapdeck.direct")).count(), 1, "{asked:#?}");
    assert!(!asked.iter().any(|text| text.contains("pg_backend_pid")), "{asked:#?}");
}

//! Reads that are given up end on the server, and their connections are of use again.

use crate::support::demo::demo;
use crate::support::pty::Terminal;
use crate::support::server::TestDatabase;
use diesel::sql_types::Integer;
use diesel_async::RunQueryDsl;
use gapdeck::database::{Database, abandonable};
use std::collections::HashSet;
use std::time::{Duration, Instant};
use tokio_postgres::Client;

const PATIENCE: Duration = Duration::from_secs(20);

/// Waits until a query that returns one number returns a wanted one.
async fn until(client: &Client, what: &str, query: &str, is_so: impl Fn(i64) -> bool) {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let found: i64 = client.query_one(query, &[]).await.expect(query).get(0);
        if is_so(found) {
            return;
        }
        assert!(Instant::now() < deadline, "waited in vain for {what}: {found}");
        tokio::task::yield_now().await;
    }
}

const SLEEPING: &str = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() \
    AND state = 'active' AND query LIKE 'SELECT pg_sleep%' AND pid <> pg_backend_pid()";

async fn sleep(database: Database, times: usize) {
    let connection = database.connection().await.expect("a connection");
    let sleep = async || {
        let mut one = &*connection;
        diesel::sql_query("SELECT pg_sleep(120)").execute(&mut one).await
    };
    // Sent together, as a card's statements are.
    futures_util::future::join_all((0..times).map(|_| sleep())).await;
}

/// Returns the server's process behind each of several connections at once.
async fn processes(database: &Database, count: usize) -> HashSet<i32> {
    #[derive(diesel::QueryableByName)]
    struct Process {
        #[diesel(sql_type = Integer)]
        pid: i32,
    }
    let mut found = HashSet::new();
    let mut connections = Vec::new();
    for _ in 0..count {
        let mut connection = database.connection().await.expect("a connection");
        let row: Process =
            diesel::sql_query("SELECT pg_backend_pid() AS pid").get_result(&mut connection).await.unwrap();
        found.insert(row.pid);
        connections.push(connection);
    }
    found
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_read_that_is_given_up_ends_on_the_server_and_its_connection_is_used_again() {
    let test = TestDatabase::empty().await;
    let client = test.client().await;
    let database = Database::connect(&test.url).await.expect("connect");
    let before = processes(&database, 1).await;
    // More often than the pool has connections: each comes back.
    for round in 0..12 {
        let read = tokio::spawn(abandonable(sleep(database.clone(), 1 + round % 3)));
        until(&client, "the read", SLEEPING, |count| count == 1).await;
        read.abort();
        until(&client, "its end", SLEEPING, |count| count == 0).await;
    }
    let after = processes(&database, 8).await;
    assert_eq!(after.len(), 8, "the whole pool is of use");
    assert!(after.is_superset(&before), "the connection was lost");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_read_that_comes_to_its_end_and_one_that_is_no_such_read_are_not_cancelled() {
    let test = TestDatabase::empty().await;
    let client = test.client().await;
    let database = Database::connect(&test.url).await.expect("connect");
    let answer = abandonable(processes(&database, 3)).await;
    assert_eq!(answer.len(), 3);
    // What writes may not be cut off: only the wait for it is given up.
    let write = tokio::spawn(sleep(database.clone(), 1));
    until(&client, "the write", SLEEPING, |count| count == 1).await;
    write.abort();
    assert!(write.await.is_err_and(|error| error.is_cancelled()));
    let still: i64 = client.query_one(SLEEPING, &[]).await.unwrap().get(0);
    assert_eq!(still, 1);
    let end = "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%'";
    client.batch_execute(end).await.expect("pg_cancel_backend");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_that_a_newer_one_supersedes_is_no_longer_computed() {
    let (database, gapdeck) = demo().await;
    let mut terminal = Terminal::start(&gapdeck, &["demo"], (160, 50));
    terminal.wait_for_queue();
    // Nobody can read the queue: each list waits. So does a card that is loaded ahead, which has no state in its statements.
    let holder = database.client().await;
    holder.batch_execute("BEGIN; LOCK TABLE review_queue").await.expect("LOCK");
    let watcher = database.client().await;
    let lists = "SELECT pid, query_start::text FROM pg_stat_activity WHERE datname = current_database() \
        AND wait_event_type = 'Lock' AND query LIKE '%review_queue.state = %ORDER BY%LIMIT%' AND query NOT LIKE '%human_recommendations%' \
        AND query NOT LIKE '%review_leases%'";
    let mut seen: HashSet<(i32, String)> = HashSet::new();
    let started = Instant::now();
    for list in 1..=3 {
        terminal.send("s");
        let deadline = Instant::now() + PATIENCE;
        while seen.len() < list {
            let rows = watcher.query(lists, &[]).await.expect("pg_stat_activity");
            seen.extend(rows.iter().map(|row| (row.get(0), row.get(1))));
            assert!(Instant::now() < deadline, "list {list} never came: {seen:?}");
            tokio::task::yield_now().await;
        }
    }
    let waiting = format!("SELECT count(*) FROM ({lists}) AS lists");
    until(&watcher, "the older lists to end", &waiting, |count| count <= 1).await;
    // By themselves they would have waited for the lock as long as that may take.
    assert!(started.elapsed() < Duration::from_secs(5), "too slow to tell: {:?}", started.elapsed());
    holder.batch_execute("COMMIT").await.expect("COMMIT");
    terminal.wait_until("the list", |screen| screen.contents().contains("Nearest"));
    terminal.send("q");
    assert!(terminal.wait_for_end().success(), "{}", terminal.written());
}

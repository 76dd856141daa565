//! Several servers, one of them the primary: the one is found, and found again after a failover, and no decision that was
//! acknowledged and replicated is lost or counted twice.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test ends where it fails")]
#![allow(clippy::print_stdout, reason = "how long a failover took")]
#![cfg(unix)]

mod support;

use gapdeck::database::Database;
use gapdeck::database::url::Environment;
use gapdeck::domain::{Decision, Fence};
use gapdeck::error::ErrorKind;
use gapdeck::repository::{InputRepository, Store};
use gapdeck::review::outbox::{News, Outbox, Place};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};
use support::cluster::{Cluster, free_port};
use support::fixture::{gap, product, row};
use support::{backend, fixture};
use tokio::sync::mpsc::UnboundedReceiver;

/// The longest that a test waits for a condition.
const PATIENCE: Duration = Duration::from_secs(60);

/// A primary and a standby that has everything before a commit is acknowledged.
struct Pair {
    primary: Cluster,
    standby: Cluster,
}

impl Pair {
    async fn new(gaps: usize) -> Self {
        let primary = Cluster::primary().await;
        primary
            .client("postgres")
            .await
            .batch_execute("CREATE DATABASE shop")
            .await
            .expect("CREATE DATABASE");
        backend::migrate(&primary.url("shop")).await;
        let store = backend::server_store(&primary.url("shop")).await;
        let mut batch = fixture::shop();
        for number in 0..gaps {
            let key = key(number);
            batch.products.push(product(&key, Some("Another")));
            batch.gaps.push(gap(&key, "colour"));
        }
        store.save_catalogue(&batch).await.expect("a catalogue");
        let standby = Cluster::standby_of(&primary).await;
        // Set only now: the standby, promoted, must not wait for one of its own.
        let admin = primary.client("postgres").await;
        for statement in ["ALTER SYSTEM SET synchronous_standby_names = '*'", "SELECT pg_reload_conf()"] {
            admin.batch_execute(statement).await.expect("synchronous replication");
        }
        until("the standby is synchronous", async || {
            let sql = "SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'";
            admin.query_one(sql, &[]).await.expect("pg_stat_replication").get::<_, i64>(0) == 1
        })
        .await;
        Self { primary, standby }
    }

    /// Returns a URL with both servers in it, the primary second.
    fn url(&self, query: &str) -> String {
        format!("postgres://postgres@{},{}/shop?{query}", address(&self.standby), address(&self.primary))
    }

    /// Kills the primary and makes the standby the primary.
    async fn fail_over(&mut self) {
        self.primary.kill();
        let promoted = self.standby.client("postgres").await;
        promoted.batch_execute("SELECT pg_promote()").await.expect("promote");
    }
}

fn key(number: usize) -> String {
    format!("product {number:04}")
}

fn address(server: &Cluster) -> String {
    let url = url::Url::parse(&server.url("shop")).expect("a URL");
    format!("127.0.0.1:{}", url.port().expect("a port"))
}

async fn until(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !is_so().await {
        assert!(Instant::now() < deadline, "never: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn connect(url: &str) -> Result<Database, gapdeck::error::AppError> {
    Database::connect_in(&Environment::of([("USER", "ann")], None), url).await
}

fn reject(number: usize) -> Decision {
    fixture::decision((&key(number), "colour"), gapdeck::domain::Action::Reject, None, 0)
}

/// Notes when each decision was acknowledged, until all are.
async fn acknowledged(
    news: &mut UnboundedReceiver<News>,
    expected: &HashSet<uuid::Uuid>,
    already: &mut HashMap<uuid::Uuid, Instant>,
) {
    while !expected.iter().all(|id| already.contains_key(id)) {
        let told =
            tokio::time::timeout(PATIENCE, news.recv()).await.expect("the outbox goes on").expect("news");
        match told {
            News::Sent { id, .. } => {
                already.insert(id.0, Instant::now());
            }
            News::Failed { id, failure, .. } => panic!("{id:?} was refused: {failure:?}"),
            _ => {}
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_failover_the_new_primary_is_found_and_every_decision_is_there_once() {
    const BEFORE: usize = 40;
    const ALL: usize = 120;
    let mut pair = Pair::new(ALL).await;
    let database = connect(&pair.url("target_session_attrs=read-write")).await.expect("the primary");
    // The pool is full of connections that the failover breaks.
    let mut connections = Vec::new();
    for _ in 0..4 {
        connections.push(database.connection().await.expect("a connection"));
    }
    drop(connections);
    let store: Arc<dyn Store> = Arc::new(database.store());
    let home = tempfile::tempdir().unwrap();
    let (outbox, mut news) = Outbox::start(Place::embedded(home.path()), Arc::clone(&store)).await;
    let decisions: Vec<Decision> = (0..ALL).map(reject).collect();
    let ids = |decisions: &[Decision]| decisions.iter().map(|decision| decision.id.0).collect::<HashSet<_>>();
    let mut at = HashMap::new();
    for decision in &decisions[..BEFORE] {
        outbox.keep(Box::new(decision.clone()), Fence::Open);
    }
    acknowledged(&mut news, &ids(&decisions[..BEFORE / 2]), &mut at).await;

    // In the midst of it, and deciding goes on.
    pair.primary.kill();
    let killed = Instant::now();
    for decision in &decisions[BEFORE..] {
        outbox.keep(Box::new(decision.clone()), Fence::Open);
    }
    pair.standby.client("postgres").await.batch_execute("SELECT pg_promote()").await.expect("promote");
    let promoted = Instant::now();
    acknowledged(&mut news, &ids(&decisions), &mut at).await;
    let first = at.values().filter(|time| **time > promoted).min().expect("some were sent afterwards");
    println!(
        "killed, promoted after {:?}; the first decision was taken {:?} after that, the last of {ALL} {:?}",
        promoted - killed,
        *first - promoted,
        *at.values().max().unwrap() - promoted
    );
    let rest = outbox.finish(PATIENCE).await;
    assert_eq!((rest.pending, rest.failed), (0, 0));

    let new = pair.standby.client("shop").await;
    let stored =
        new.query("SELECT decision_id::text, result_version FROM human_recommendations", &[]).await.unwrap();
    let found: HashSet<uuid::Uuid> =
        stored.iter().map(|row| row.get::<_, String>(0).parse().unwrap()).collect();
    assert_eq!(found, ids(&decisions), "every decision is there");
    assert_eq!(stored.len(), ALL, "and each once");
    assert!(stored.iter().all(|row| row.get::<_, i32>(1) == 1), "nothing was decided twice");
    // What is read comes from the new primary, too.
    assert_eq!(row(&*store, (&key(ALL - 1), "colour")).await.version, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_wish_is_fulfilled_by_the_right_server_or_refused_with_what_each_is() {
    let mut pair = Pair::new(0).await;
    let is_standby = async |query: &str| {
        let database = connect(&pair.url(query)).await.unwrap_or_else(|error| panic!("{query}: {error}"));
        database.store().save_catalogue(&fixture::shop()).await.is_err()
    };
    for (wish, standby) in [
        ("any", true),
        ("read-write", false),
        ("primary", false),
        ("read-only", true),
        ("standby", true),
        ("prefer-standby", true),
    ] {
        assert_eq!(is_standby(&format!("target_session_attrs={wish}")).await, standby, "{wish}");
    }
    let only = |server: &Cluster, wish: &str| format!("{}?target_session_attrs={wish}", server.url("shop"));
    let refused = async |url: String| {
        let error = connect(&url).await.expect_err("another kind of server");
        // A failover may be under way: the start screen waits.
        assert_eq!(error.kind, ErrorKind::OutOfReach);
        error.message
    };
    let said = refused(only(&pair.standby, "read-write")).await;
    assert!(said.contains("it is a standby, and target_session_attrs=read-write"), "{said}");
    let said = refused(only(&pair.primary, "standby")).await;
    assert!(said.contains("it is no standby"), "{said}");
    let preferred = only(&pair.primary, "prefer-standby");
    connect(&preferred).await.expect("a primary where there is no standby");

    // Without the primary each server is told with what is wrong with it; after a failover there is one again.
    pair.primary.stop();
    let said = refused(pair.url("target_session_attrs=read-write")).await;
    let (standby, primary) = (address(&pair.standby), address(&pair.primary));
    assert!(said.contains(&format!("{standby}: it is a standby")), "{said}");
    assert!(said.contains(&format!("{primary}: connection refused")), "{said}");
    pair.fail_over().await;
    connect(&pair.url("target_session_attrs=read-write")).await.expect("the new primary");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_does_not_answer_takes_no_longer_than_connect_timeout_and_the_next_is_tried() {
    // It accepts, and never says a word.
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let silent = silent.local_addr().map(|address| (silent, address)).unwrap();
    let alone = format!("postgres://ann:s3cret@{}/shop", silent.1);
    let began = Instant::now();
    let error = connect(&format!("{alone}?connect_timeout=1")).await.expect_err("no answer");
    let took = began.elapsed();
    assert!(
        error.message.contains("no answer within 1 second") && !error.message.contains("s3cret"),
        "{error}"
    );
    assert!(took >= Duration::from_secs(1) && took < Duration::from_secs(5), "{took:?}");
    let variable = Environment::of([("PGCONNECT_TIMEOUT", "1")], None);
    let began = Instant::now();
    Database::connect_in(&variable, &alone).await.expect_err("no answer");
    assert!(began.elapsed() < Duration::from_secs(5), "the variable counts as well");

    let server = Cluster::primary().await;
    let both =
        |query: &str| format!("postgres://postgres@{},{}/postgres?{query}", silent.1, address(&server));
    let began = Instant::now();
    let database =
        connect(&both("connect_timeout=1&target_session_attrs=read-write")).await.expect("the second");
    assert!(began.elapsed() >= Duration::from_secs(1));
    // From then on the one that answered comes first.
    let held = database.connection().await.unwrap();
    let began = Instant::now();
    let other = database.connection().await.unwrap();
    assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
    drop((held, other));
    connect(&both("")).await.expect("without connect_timeout, too");
    let nobody = format!("postgres://ann@127.0.0.1:{},127.0.0.1:{}/shop", free_port(), free_port());
    let error = connect(&nobody).await.expect_err("nobody is there");
    assert_eq!(error.message.matches("connection refused").count(), 2, "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_password_file_is_asked_for_each_server_and_a_wrong_password_says_where_it_stands() {
    let database = support::server::TestDatabase::empty().await;
    let mut url = url::Url::parse(&database.url).unwrap();
    let Some(password) = url.password().map(str::to_owned) else { return no_password(&database.url).await };
    url.set_password(None).unwrap();
    let (port, name) = (url.port().unwrap_or(5432), url.path().trim_start_matches('/').to_owned());
    let host = url.host_str().unwrap().to_owned();
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join(".pgpass");
    let write = |text: &str, mode: u32| {
        use std::os::unix::fs::PermissionsExt;
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    let ask = async |url: &str| {
        let result = Database::connect_in(&Environment::of([], Some(home.path())), url).await;
        result.map(|_| ()).map_err(|error| format!("{}\n{}", error.message, error.hints.join("\n")))
    };
    let said = ask(url.as_str()).await.expect_err("no password");
    assert!(said.contains("asks for a password, and there is none") && said.contains(".pgpass"), "{said}");
    // The first host has another password; nobody listens there.
    let right = format!("# ours\nelsewhere:*:*:*:wrong\n{host}:{port}:{name}:*:{password}\n");
    write(&right, 0o600);
    ask(url.as_str()).await.expect("the password of the file");
    let several = url.as_str().replacen('@', &format!("@127.0.0.1:{},", free_port()), 1);
    ask(&several).await.expect("the password of the second host");
    write(&right, 0o644);
    let said = ask(url.as_str()).await.expect_err("others may read it");
    assert!(said.contains("others may read it; run chmod 600") && !said.contains(&password), "{said}");
    write(&format!("# ours\n{host}:{port}:*:*:wr0ng\n"), 0o600);
    let said = ask(url.as_str()).await.expect_err("a wrong password");
    assert!(said.contains("password authentication failed") && said.contains("line 2 of"), "{said}");
    assert!(said.contains(path.to_str().unwrap()) && !said.contains("wr0ng"), "{said}");
    let variable = Environment::of([("PGPASSWORD", "wr0ng")], Some(home.path()));
    let error = Database::connect_in(&variable, url.as_str()).await.expect_err("a wrong password");
    assert_eq!(error.hints, ["The password comes from PGPASSWORD in the environment."]);
}

/// A server that asks for no password takes anybody, and whatever the file says.
async fn no_password(url: &str) {
    connect(url).await.expect("no password is asked for");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_urls_own_options_win_over_the_limits_that_gapdeck_sets() {
    use diesel::sql_types::Text;
    use diesel_async::RunQueryDsl;
    #[derive(diesel::QueryableByName)]
    struct Told {
        #[diesel(sql_type = Text)]
        told: String,
    }
    let database = support::server::TestDatabase::empty().await;
    let shown = async |url: &str, migrates: bool| {
        let opened = connect(url).await.expect("connect");
        if migrates {
            // It lifts the limits and gives them back.
            opened.migrate().await.expect("migrate");
        }
        let mut connection = opened.connection().await.expect("a connection");
        let sql =
            "SELECT concat_ws(' ', current_setting('statement_timeout'), current_setting('lock_timeout'),
                          current_setting('hnsw.ef_search', true)) AS told";
        diesel::sql_query(sql).get_result::<Told>(&mut connection).await.expect("settings").told
    };
    let own = "options=-c%20statement_timeout%3D90s%20-chnsw.ef_search%3D7";
    assert_eq!(shown(&database.url, false).await, "30s 5s 100");
    assert_eq!(shown(&format!("{}?{own}", database.url), false).await, "90s 5s 7");
    assert_eq!(shown(&format!("{}?{own}", database.url), true).await, "90s 5s 7");
    assert_eq!(shown(&database.url, true).await, "30s 5s 100");
}

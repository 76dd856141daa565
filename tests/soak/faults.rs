//! The server killed and started again, and the network cut, while decisions stream.

use super::book::Book;
use super::reviewer::draft;
use super::{audit, fill, is_full, seeded, without_tls};
use crate::support::backend::migrate;
use crate::support::cluster::Cluster;
use crate::support::faulty::FaultyWire;
use crate::support::server::TestDatabase;
use gapdeck::database::Database;
use gapdeck::domain::{Action, Fence, GapId, Reviewer};
use gapdeck::review::outbox::{News, Outbox};
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;

/// The longest that a stream waits for one more word of its outbox.
const PATIENCE: Duration = Duration::from_secs(120);

/// Connects, however often that fails.
async fn connected(url: &str) -> Database {
    loop {
        match Database::connect(url).await {
            Ok(database) => return database,
            Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
        }
    }
}

/// Decides on gaps of one's own without waiting for the database, until it has everything.
async fn stream(
    url: String,
    home: std::path::PathBuf,
    reviewer: Reviewer,
    gaps: Vec<GapId>,
    book: Arc<Book>,
) {
    let place = crate::place(&home, &url);
    let store = Arc::new(connected(&url).await.store());
    let (outbox, mut news) = Outbox::start(place, store).await;
    let mut waiting = BTreeSet::new();
    let mut gaps = gaps.into_iter();
    loop {
        // Always a few under way, so that a fault meets decisions in every state.
        while waiting.len() < 4
            && let Some(gap) = gaps.next()
        {
            let decision = draft(&reviewer, &gap, Action::Accept, 0);
            book.asks(&decision);
            waiting.insert(decision.id);
            outbox.keep(Box::new(decision), Fence::Unheld);
        }
        if waiting.is_empty() {
            break;
        }
        let news = tokio::time::timeout(PATIENCE, news.recv()).await;
        let news = news.unwrap_or_else(|_| panic!("nothing is heard of {waiting:?}"));
        let news = news.expect("the outbox works");
        book.told(&news);
        match news {
            News::Sent { id, .. } => assert!(waiting.remove(&id), "{id} was answered twice"),
            News::Failed { id, failure, error } => panic!("{id}: {failure:?}, {error:?}"),
            // As a reviewer who presses `R`: the faults come thick, and each would double the wait.
            News::Connection(Some(outage)) if outage.next_try.is_some() => outbox.send_now(),
            _ => {}
        }
    }
    let rest = outbox.finish(Duration::from_secs(5)).await;
    assert_eq!((rest.pending, rest.failed), (0, 0));
}

/// Lists the gaps of a soak.
fn gaps(from: usize, count: usize) -> Vec<GapId> {
    (from..from + count).map(|number| GapId::new(format!("p{:05}", number + 1).as_str(), "colour")).collect()
}

/// Checks that every gap was decided once.
async fn check(url: &str, book: &Book, gaps: usize) {
    let pages = std::mem::take(&mut *book.open());
    assert_eq!((pages.acknowledged.len(), pages.sent.len()), (gaps, gaps));
    assert_eq!(pages.refused.len(), 0);
    assert_eq!(audit::check(url, &pages, &[]).await, gaps);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_network_cut_at_any_byte_loses_no_decision_and_doubles_none() {
    const STREAMS: usize = 12;
    let mut random = seeded("network");
    let each = if is_full() { 150 } else { 12 };
    let database = TestDatabase::migrated().await;
    fill(&database.url, STREAMS * each).await;
    let homes = tempfile::tempdir().expect("a directory");
    let book = Arc::new(Book::default());
    let (mut wires, mut streams) = (Vec::new(), JoinSet::new());
    for number in 0..STREAMS {
        let wire = FaultyWire::to(&without_tls(&database.url), random.branch(number as u64)).await;
        let (home, reviewer) = (homes.path().join(number.to_string()), format!("reviewer {number}").into());
        let gaps = gaps(number * each, each);
        streams.spawn(stream(wire.url.clone(), home, reviewer, gaps, Arc::clone(&book)));
        wires.push(wire);
    }
    while let Some(stream) = streams.join_next().await {
        stream.expect("a stream");
    }
    let struck: usize = wires.iter().map(FaultyWire::struck).sum();
    eprintln!("{} decisions over {struck} faults", STREAMS * each);
    assert!(struck >= STREAMS, "{struck} faults: nothing was put to the test");
    check(&database.url, &book, STREAMS * each).await;
}

/// Starts streams over gaps that nobody else has.
fn start(url: &str, homes: &Path, each: usize, book: &Arc<Book>, streams: usize) -> JoinSet<()> {
    let mut running = JoinSet::new();
    for number in 0..streams {
        let (home, reviewer) = (homes.join(number.to_string()), format!("reviewer {number}").into());
        let gaps = gaps(number * each, each);
        running.spawn(stream(url.to_owned(), home, reviewer, gaps, Arc::clone(book)));
    }
    running
}

/// Waits until the database has taken so many decisions.
async fn sent(book: &Book, count: usize) {
    while book.open().sent.len() < count {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_server_killed_while_decisions_stream_in_has_each_of_them_once_after_its_restart() {
    const STREAMS: usize = 8;
    let mut random = seeded("server");
    let (each, kills) = if is_full() { (400, 20) } else { (40, 4) };
    let mut server = Cluster::primary().await;
    let url = without_tls(&server.url("postgres"));
    migrate(&url).await;
    fill(&url, STREAMS * each).await;
    let homes = tempfile::tempdir().expect("a directory");
    let book = Arc::new(Book::default());
    let mut running = start(&url, homes.path(), each, &book, STREAMS);
    let between = STREAMS * each / (kills + 1);
    for kill in 0..kills {
        sent(&book, kill * between + random.below(between) + 1).await;
        server.kill();
        if is_full() && kill == 0 {
            // An outage as long as the promise names.
            tokio::time::sleep(Duration::from_secs(30)).await;
        }
        let before = book.open().sent.len();
        assert!(before < STREAMS * each, "everything was sent before the last kill");
        server.start().await;
    }
    while let Some(stream) = running.join_next().await {
        stream.expect("a stream");
    }
    check(&url, &book, STREAMS * each).await;
}

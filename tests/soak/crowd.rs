//! Many reviewers at once, whose connections are ended and who vanish at any moment.

use super::book::Book;
use super::commands::Clerk;
use super::reviewer::{Desk, LONGEST_LEASE, clear_out, work};
use super::{audit, fill, is_full, seeded, without_tls};
use crate::support::backend::server_store;
use crate::support::binary::Gapdeck;
use crate::support::faulty::FaultyWire;
use crate::support::random::Random;
use crate::support::server::{TestDatabase, connect};
use gapdeck::domain::Reviewer;
use gapdeck::repository::LeaseRepository;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

const REVIEWERS: usize = 64;
/// Of these, so many share an outbox with their neighbour: two gapdecks of one user.
const IN_PAIRS: usize = 16;
/// And every one of so many reaches the server over a wire that fails.
const FAULTY: usize = 5;

/// Ends somebody's session, as an administrator or a crashing backend would.
const TERMINATE: &str = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND application_name = 'gapdeck' ORDER BY random() LIMIT 1";

/// Sits at a desk until the queue is empty, vanishing now and then in the middle of whatever happens.
async fn sit(desk: Desk, mut random: Random) -> Desk {
    loop {
        let is_to_vanish = random.one_in(2);
        let life = random.millis(3_000);
        let mut choices = random.branch(1);
        tokio::select! {
            result = work(&desk, &mut choices) => {
                if result.is_ok() {
                    return desk;
                }
                // As long as somebody takes to start gapdeck again.
                tokio::time::sleep(random.millis(50)).await;
            }
            () = tokio::time::sleep(life), if is_to_vanish => desk.book.open().vanished += 1,
        }
    }
}

/// Ends sessions until it is stopped.
async fn terminate(url: String, book: Arc<Book>, mut random: Random) {
    let client = connect(&url).await;
    loop {
        tokio::time::sleep(random.millis(100)).await;
        let ended = client.query(TERMINATE, &[]).await.expect("pg_terminate_backend");
        book.open().terminated += ended.len();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_what_64_reviewers_were_told_nothing_is_lost_doubled_or_overwritten_unseen_whoever_dies() {
    let mut random = seeded("crowd");
    let (gaps, clerks, thinks) = if is_full() { (20_000, 4, 120) } else { (800, 2, 60) };
    let database = TestDatabase::migrated().await;
    fill(&database.url, gaps).await;
    let homes = tempfile::tempdir().expect("a directory");
    let book = Arc::new(Book::default());
    let began = Instant::now();

    let mut wires = Vec::new();
    let mut sitting = JoinSet::new();
    for number in 0..REVIEWERS {
        let user = if number < IN_PAIRS { number / 2 } else { number };
        let mut url = without_tls(&database.url);
        if number % FAULTY == 0 {
            let wire = FaultyWire::to(&url, random.branch(number as u64)).await;
            url.clone_from(&wire.url);
            wires.push(wire);
        }
        let desk = Desk {
            url,
            // Of the database's own address: two desks of one user name the same one.
            place: crate::place(&homes.path().join(user.to_string()), &database.url),
            reviewer: Reviewer::from(format!("reviewer {user}")),
            book: Arc::clone(&book),
            thinks,
        };
        sitting.spawn(sit(desk, random.branch(1_000 + number as u64)));
    }
    let terminating = tokio::spawn(terminate(database.url.clone(), Arc::clone(&book), random.branch(2_000)));
    let is_over = Arc::new(AtomicBool::new(false));
    let working: Vec<_> = (0..clerks)
        .map(|number| {
            let mut clerk = Clerk::new(number, Gapdeck::on(&database), random.branch(3_000 + number as u64));
            let is_over = Arc::clone(&is_over);
            std::thread::spawn(move || {
                clerk.work(&is_over);
                clerk
            })
        })
        .collect();

    let mut desks = Vec::new();
    while let Some(desk) = sitting.join_next().await {
        desks.push(desk.expect("a reviewer"));
        // Whoever is at home by now found nothing open any more: the others need not go on over bad wires.
        wires.iter().for_each(FaultyWire::heal);
    }
    is_over.store(true, Ordering::Relaxed);
    terminating.abort();
    let mut clerks: Vec<Clerk> = working
        .into_iter()
        .map(|clerk| tokio::task::block_in_place(|| clerk.join()).expect("a clerk"))
        .collect();
    let seconds = began.elapsed().as_secs_f64();

    let store = server_store(&database.url).await;
    for desk in &desks {
        clear_out(desk, Arc::clone(&store)).await;
    }
    for clerk in &mut clerks {
        tokio::task::block_in_place(|| clerk.clear_out());
    }
    // The wires' sessions may still be at work on what was cut off.
    drop(wires);
    leases_end(&*store).await;
    let pages = std::mem::take(&mut *book.open());
    let events = audit::check(&database.url, &pages, &clerks).await;
    let (second, disputed) = audit::opinions(&database.url).await;
    let killed: usize = clerks.iter().map(|clerk| clerk.killed).sum();
    eprintln!(
        "{events} events on {gaps} gaps by {REVIEWERS} reviewers and {} clerks in {seconds:.0} s: {second} first \
         opinions, {disputed} disputes, {} sessions ended, {} reviewers vanished, {killed} processes killed, {} conflicts",
        clerks.len(),
        pages.terminated,
        pages.vanished,
        pages.conflicts
    );
    assert!(events >= gaps, "{events} events");
    for (what, count) in [
        ("ended sessions", pages.terminated),
        ("vanished reviewers", pages.vanished),
        ("killed processes", killed),
        ("conflicts", pages.conflicts),
        ("first opinions", second),
        ("disputes", disputed),
    ] {
        assert!(count > 0, "no {what}: nothing was put to the test");
    }
}

/// Waits until no gap is held any more: nobody works, so that takes no longer than the longest lease.
async fn leases_end(store: &dyn gapdeck::repository::Store) {
    let deadline = Instant::now() + LONGEST_LEASE + Duration::from_secs(2);
    loop {
        let left = LeaseRepository::changes(store, None, 1).await.expect("the change feed").leases;
        if left.is_empty() {
            return;
        }
        assert!(Instant::now() < deadline, "still held: {left:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

//! Reviewers who claim and decide through gapdeck's repository.

use crate::support::fixture::decision;
use crate::support::server::TestDatabase;
use gapdeck::database::Database;
use gapdeck::domain::{Action, Claim, Decision, Fence, LeaseToken, QueueFilter, QueueSort, Reviewer};
use gapdeck::repository::{LeaseRepository, RecommendationRepository};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::Barrier;

/// How many gaps each decides before the clock runs: statements are prepared then.
const WARM_UP: usize = 2;

/// Claims one gap and decides on it.
pub async fn claim_and_decide(store: &gapdeck::repository::postgres::PostgresStore, reviewer: &Reviewer) {
    let claim = Claim {
        filter: QueueFilter::default(),
        sort: QueueSort::ConfidenceDescending,
        after: None,
        limit: 1,
        reviewer: reviewer.clone(),
        token: LeaseToken::new(),
        lasts: Duration::from_secs(300),
    };
    // Where others were faster each time, there is none for once.
    let (row, lease) = loop {
        let claimed = store.claim(&claim).await.expect("a claim");
        assert!(claimed.last.is_some(), "no gap is open any more");
        if let Some(got) = claimed.rows.into_iter().next() {
            break got;
        }
    };
    let pair = (row.gap.product.as_str(), row.gap.attribute.as_str());
    let decision = decision(pair, Action::Accept, Some("Black"), row.version);
    let decision = Decision { reviewer: reviewer.clone(), ..decision };
    store.decide_fenced(&decision, Fence::Lease(lease.token)).await.expect("a decision");
}

/// Returns how many decisions a second so many reviewers make.
pub async fn rate(database: &TestDatabase, reviewers: usize, lasts: Duration) -> f64 {
    let (ready, is_over) = (Arc::new(Barrier::new(reviewers + 1)), Arc::new(AtomicBool::new(false)));
    let made = Arc::new(AtomicU64::new(0));
    let working: Vec<_> = (0..reviewers)
        .map(|number| {
            let (url, ready, is_over, made) =
                (database.url.clone(), Arc::clone(&ready), Arc::clone(&is_over), Arc::clone(&made));
            tokio::spawn(async move {
                let store = Database::connect(&url).await.expect("connect").store();
                let reviewer = Reviewer::from(format!("reviewer {number}"));
                for _ in 0..WARM_UP {
                    claim_and_decide(&store, &reviewer).await;
                }
                ready.wait().await;
                while !is_over.load(Ordering::Relaxed) {
                    claim_and_decide(&store, &reviewer).await;
                    made.fetch_add(1, Ordering::Relaxed);
                }
            })
        })
        .collect();
    ready.wait().await;
    let began = Instant::now();
    tokio::time::sleep(lasts).await;
    let (count, took) = (made.load(Ordering::Relaxed), began.elapsed());
    is_over.store(true, Ordering::Relaxed);
    for one in working {
        one.await.expect("a reviewer");
    }
    #[expect(clippy::cast_precision_loss, reason = "a few ten thousand")]
    let count = count as f64;
    count / took.as_secs_f64()
}

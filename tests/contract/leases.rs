//! What [`gapdeck::repository::LeaseRepository`] promises, and how decisions stand to leases.

use crate::support::fixture::*;
use futures_util::future::join_all;
use gapdeck::domain::{Claim, Claimed, Fence, GapId, Lease, LeaseToken, QueueFilter, QueueSort, StateFilter};
use gapdeck::repository::{CatalogueBatch, RepositoryError, Store};
use std::time::Duration;

const PAIR: (&str, &str) = ("p1", "colour");
const LONG: Duration = Duration::from_secs(600);
const SHORT: Duration = Duration::from_millis(40);

fn claim(reviewer: &str, limit: usize) -> Claim {
    Claim {
        filter: QueueFilter::default(),
        sort: QueueSort::Product,
        after: None,
        limit,
        reviewer: reviewer.into(),
        token: LeaseToken::new(),
        lasts: LONG,
    }
}

fn gaps(claimed: &Claimed) -> Vec<GapId> {
    claimed.rows.iter().map(|(row, _)| row.gap.clone()).collect()
}

async fn live(store: &dyn Store) -> Vec<Lease> {
    store.changes(None, 100).await.unwrap().leases
}

/// Waits until the store's own clock says that a lease has expired.
async fn expired(store: &dyn Store, lease: &Lease) {
    for _ in 0..500 {
        if store.changes(None, 100).await.unwrap().now >= lease.expires_at {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("{lease:?} does not expire");
}

pub async fn claims_follow_the_order_of_the_queue_and_never_meet(store: &dyn Store) {
    open_shop(store).await;
    let whole = store.page(&QueueFilter::default(), QueueSort::Product, None, 100).await.unwrap();
    let whole: Vec<GapId> = whole.rows.into_iter().map(|row| row.gap).collect();
    let ada = store.claim(&claim("ada", 2)).await.unwrap();
    let bob = store.claim(&claim("bob", 2)).await.unwrap();
    let eve = store.claim(&claim("eve", 2)).await.unwrap();
    let all: Vec<GapId> = [&ada, &bob, &eve].into_iter().flat_map(gaps).collect();
    assert_eq!(all, whole, "five gaps: two, two and one, in the order of the queue");
    assert_eq!(ada.rows[0].0, row(store, (whole[0].product.as_str(), whole[0].attribute.as_str())).await);
    let nothing = store.claim(&claim("ivy", 2)).await.unwrap();
    assert_eq!(nothing, Claimed { rows: vec![], last: None });
    let held: Vec<_> = live(store).await.into_iter().map(|lease| lease.reviewer.to_string()).collect();
    assert_eq!(held, ["ada", "ada", "bob", "bob", "eve"]);
}

pub async fn of_reviewers_who_claim_at_once_nobody_gets_anothers_gap(store: &dyn Store) {
    let gaps: Vec<_> = (0..40).map(|n| gap(&format!("q{n:02}"), "colour")).collect();
    let products = gaps.iter().map(|gap| product(&gap.product_key, None)).collect();
    open_shop(store).await;
    store.save_catalogue(&CatalogueBatch { products, gaps, ..CatalogueBatch::default() }).await.unwrap();
    let names: Vec<String> = (0..16).map(|n| format!("reviewer {n}")).collect();
    let at_once = names.iter().map(|name| async { store.claim(&claim(name, 3)).await.unwrap() });
    let mut got: Vec<GapId> = join_all(at_once).await.iter().flat_map(self::gaps).collect();
    assert!(!got.is_empty());
    loop {
        let rest = store.claim(&claim("the last", 7)).await.unwrap();
        if rest.rows.is_empty() {
            break;
        }
        got.extend(self::gaps(&rest));
    }
    got.sort();
    let all = got.len();
    got.dedup();
    assert_eq!((got.len(), all), (45, 45), "every gap once");
}

pub async fn a_claim_goes_on_after_a_place(store: &dyn Store) {
    open_shop(store).await;
    let first = store.claim(&claim("ada", 2)).await.unwrap();
    store.release(first.rows[0].1.token, &gaps(&first)).await.unwrap();
    let next = store.claim(&Claim { after: first.last.clone(), ..claim("ada", 3) }).await.unwrap();
    assert_eq!(next.rows.len(), 3);
    assert!(gaps(&first).iter().all(|gap| !gaps(&next).contains(gap)), "{next:?}");
    let behind = store.claim(&Claim { after: next.last, ..claim("ada", 3) }).await.unwrap();
    assert!(behind.rows.is_empty() && behind.last.is_none());
}

pub async fn a_claim_takes_only_open_gaps_that_the_filter_lets_through(store: &dyn Store) {
    open_shop(store).await;
    decide(store, &accept(PAIR, "Black", 0)).await;
    let filter =
        QueueFilter { attribute: Some("colour".into()), state: StateFilter::All, ..QueueFilter::default() };
    let claimed = store.claim(&Claim { filter, ..claim("ada", 10) }).await.unwrap();
    assert_eq!(gaps(&claimed), [gap_id("p2", "colour")]);
}

pub async fn an_expired_lease_can_be_claimed_by_anybody(store: &dyn Store) {
    open_shop(store).await;
    let vanished = store.claim(&Claim { lasts: SHORT, ..claim("ada", 5) }).await.unwrap();
    expired(store, &vanished.rows[4].1).await;
    assert_eq!(live(store).await, []);
    let taken = store.claim(&claim("bob", 5)).await.unwrap();
    assert_eq!(gaps(&taken), gaps(&vanished));
    let lost = store.renew(vanished.rows[0].1.token, &gaps(&vanished), LONG).await.unwrap();
    assert_eq!(lost, [], "a lease that somebody else has now cannot be renewed");
    store.release(vanished.rows[0].1.token, &gaps(&vanished)).await.unwrap();
    assert_eq!(live(store).await.len(), 5, "nor given back");
}

pub async fn a_renewed_lease_lasts_longer_even_when_it_had_expired(store: &dyn Store) {
    open_shop(store).await;
    let claimed = store.claim(&Claim { lasts: SHORT, ..claim("ada", 2) }).await.unwrap();
    expired(store, &claimed.rows[1].1).await;
    let token = claimed.rows[0].1.token;
    let one = [claimed.rows[0].1.gap.clone()];
    let renewed = store.renew(token, &one, LONG).await.unwrap();
    assert_eq!(renewed.len(), 1);
    assert_eq!(renewed[0].gap, one[0]);
    assert_eq!(renewed[0].claimed_at, claimed.rows[0].1.claimed_at);
    assert!(renewed[0].expires_at > claimed.rows[0].1.expires_at);
    assert_eq!(live(store).await, renewed);
}

pub async fn a_released_gap_is_free_at_once(store: &dyn Store) {
    open_shop(store).await;
    let ada = store.claim(&claim("ada", 5)).await.unwrap();
    store.release(ada.rows[0].1.token, &gaps(&ada)[..2]).await.unwrap();
    let bob = store.claim(&claim("bob", 5)).await.unwrap();
    assert_eq!(gaps(&bob), gaps(&ada)[..2]);
}

pub async fn a_lease_has_to_last(store: &dyn Store) {
    open_shop(store).await;
    let refused = store.claim(&Claim { lasts: Duration::ZERO, ..claim("ada", 1) }).await.unwrap_err();
    assert!(matches!(refused, RepositoryError::Invalid { field: "lease", .. }), "{refused:?}");
    let refused = store.renew(LeaseToken::new(), &[], Duration::from_micros(10)).await.unwrap_err();
    assert!(matches!(refused, RepositoryError::Invalid { field: "lease", .. }), "{refused:?}");
}

pub async fn a_gap_in_other_hands_is_not_decided_by_the_way(store: &dyn Store) {
    open_shop(store).await;
    let filter = QueueFilter { attribute: Some("colour".into()), ..QueueFilter::default() };
    let held = store.claim(&Claim { filter, ..claim("ada", 1) }).await.unwrap().rows[0].1.clone();
    let pair = (held.gap.product.as_str(), held.gap.attribute.as_str());
    for fence in [Fence::Unheld, Fence::Lease(LeaseToken::new())] {
        let refused = store.decide_fenced(&by("bob", accept(pair, "Black", 0)), fence).await.unwrap_err();
        let expected =
            RepositoryError::Held { gap: held.gap.clone(), by: "ada".into(), until: held.expires_at };
        assert_eq!(refused, expected);
    }
    assert_eq!(row(store, pair).await.version, 0, "nothing was written");
    assert_eq!(live(store).await, std::slice::from_ref(&held), "and the lease stands");
    let own = store.decide_fenced(&accept(pair, "Black", 0), Fence::Lease(held.token)).await.unwrap();
    assert_eq!(own.version, 1);
    assert_eq!(live(store).await, [], "a decided gap is nobody's any more");
}

pub async fn a_reviewer_who_knows_may_decide_on_a_gap_in_other_hands(store: &dyn Store) {
    open_shop(store).await;
    store.claim(&claim("ada", 5)).await.unwrap();
    let outcome = store.decide_fenced(&by("bob", accept(PAIR, "Black", 0)), Fence::Open).await.unwrap();
    assert_eq!(outcome.version, 1);
    assert!(live(store).await.iter().all(|lease| lease.gap != gap_id(PAIR.0, PAIR.1)));
}

pub async fn a_decision_on_an_expired_lease_counts_while_nobody_has_the_gap(store: &dyn Store) {
    open_shop(store).await;
    let claimed = store.claim(&Claim { lasts: SHORT, ..claim("ada", 1) }).await.unwrap();
    let lease = &claimed.rows[0].1;
    expired(store, lease).await;
    let pair = (lease.gap.product.as_str(), lease.gap.attribute.as_str());
    let outcome = store.decide_fenced(&accept(pair, "Black", 0), Fence::Lease(lease.token)).await.unwrap();
    assert_eq!(outcome.version, 1);
}

pub async fn a_decision_sent_again_counts_whoever_holds_the_gap_by_then(store: &dyn Store) {
    open_shop(store).await;
    let sent = accept(PAIR, "Black", 0);
    decide(store, &sent).await;
    decide(store, &undo(&sent, 1)).await;
    store.claim(&claim("bob", 5)).await.unwrap();
    let again = store.decide_fenced(&sent, Fence::Unheld).await.unwrap();
    assert!(again.replayed);
}

pub async fn a_gap_changed_meanwhile_is_a_conflict_before_it_is_a_lease(store: &dyn Store) {
    open_shop(store).await;
    let sent = by("bob", accept(PAIR, "Black", 0));
    decide(store, &sent).await;
    decide(store, &undo(&sent, 1)).await;
    store.claim(&claim("bob", 5)).await.unwrap();
    let refused = store.decide_fenced(&accept(PAIR, "Blue", 0), Fence::Unheld).await.unwrap_err();
    assert!(matches!(refused, RepositoryError::Conflict { version: 2, .. }), "{refused:?}");
}

pub async fn the_change_feed_tells_what_was_decided_since(store: &dyn Store) {
    open_shop(store).await;
    let start = store.changes(None, 100).await.unwrap();
    assert_eq!((start.rows.len(), start.cut), (0, false), "without a moment, only the leases");
    let first = accept(PAIR, "Black", 0);
    decide(store, &first).await;
    decide(store, &by("bob", accept(("p2", "colour"), "Blue", 0))).await;
    let seen = store.changes(Some(start.now), 100).await.unwrap();
    let expected = [row(store, ("p2", "colour")).await, row(store, PAIR).await];
    assert_eq!(seen.rows, expected, "the rows as they are now, the latest decided first");
    assert!(seen.now > start.now && !seen.cut);
    assert_eq!(store.changes(Some(seen.now), 100).await.unwrap().rows, [], "nothing twice without need");
    decide(store, &undo(&first, 1)).await;
    let undone = store.changes(Some(seen.now), 100).await.unwrap();
    assert_eq!(undone.rows, [row(store, PAIR).await], "an undo is a change too");
}

pub async fn a_change_feed_that_is_cut_says_so(store: &dyn Store) {
    open_shop(store).await;
    let start = store.changes(None, 100).await.unwrap().now;
    decide(store, &accept(PAIR, "Black", 0)).await;
    decide(store, &accept(PAIR, "Blue", 1)).await;
    assert!(!store.changes(Some(start), 1).await.unwrap().cut, "two decisions, but one gap");
    decide(store, &accept(("p2", "colour"), "Blue", 0)).await;
    let cut = store.changes(Some(start), 1).await.unwrap();
    assert_eq!((cut.rows, cut.cut), (vec![row(store, ("p2", "colour")).await], true));
}

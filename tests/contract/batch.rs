//! What [`gapdeck::repository::RecommendationRepository`] promises of bulk actions: written as one, taken back as one.

use crate::support::fixture::*;
use gapdeck::domain::{
    Action, Claim, Decision, DecisionId, Fence, GapId, LeaseToken, QueueFilter, QueueSort, Standing, State,
};
use gapdeck::repository::{CatalogueBatch, RepositoryError, Store};
use std::time::Duration;
use uuid::Uuid;

const BATCH: Uuid = Uuid::from_u128(7);
const PAIRS: [(&str, &str); 3] = [("p1", "colour"), ("p1", "weight"), ("p3", "weight")];

fn part(decision: Decision) -> Decision {
    Decision { batch: Some(BATCH), ..decision }
}

/// A bulk action of Ada's on three gaps; on the first she decided before.
fn bulk() -> Vec<Decision> {
    vec![
        part(decision(PAIRS[0], Action::Reject, None, 1)),
        part(decision(PAIRS[1], Action::Reject, None, 0)),
        part(decision(PAIRS[2], Action::Reject, None, 0)),
    ]
}

async fn open(store: &dyn Store) -> Decision {
    open_shop(store).await;
    predict(store, "e1", PAIRS[0], "Black", 0.9).await;
    let before = accept(PAIRS[0], "Black", 0);
    decide(store, &before).await;
    before
}

async fn states(store: &dyn Store) -> Vec<(State, i32)> {
    let mut states = Vec::new();
    for pair in PAIRS {
        let row = row(store, pair).await;
        states.push((row.state, row.version));
    }
    states
}

async fn standings(store: &dyn Store) -> Vec<(DecisionId, Standing)> {
    let mut found: Vec<_> = store.batch(BATCH).await.unwrap();
    // Those of one transaction may have the same time.
    found.sort_by_key(|(row, _)| row.gap.clone());
    found.into_iter().map(|(row, standing)| (row.id, standing)).collect()
}

pub async fn decisions_made_together_count_one_by_one(store: &dyn Store) {
    open(store).await;
    let bulk = bulk();
    let outcomes = store.decide_together(&bulk).await.unwrap();
    let led_to: Vec<_> = outcomes.iter().map(|one| (one.state, one.version, one.replayed)).collect();
    let rejected = State::Rejected;
    assert_eq!(led_to, [(rejected, 2, false), (rejected, 1, false), (rejected, 1, false)]);
    assert_eq!(states(store).await, [(rejected, 2), (rejected, 1), (rejected, 1)]);
    for decision in &bulk {
        let history = store.history(&decision.gap).await.unwrap();
        assert_eq!(history.last().map(|event| &event.decision), Some(decision));
    }
    let marks = store.correctness(&bulk[0].gap).await.unwrap();
    assert_eq!(marks[0].2, Some(false));
    assert_eq!(store.decide_together(&[]).await.unwrap(), []);
}

pub async fn of_decisions_made_together_one_that_is_refused_stops_all(store: &dyn Store) {
    open(store).await;
    decide(store, &by("bob", accept(PAIRS[2], "3", 0))).await;
    let before = states(store).await;
    let error = store.decide_together(&bulk()).await.expect_err("a conflict");
    let gap = gap_id(PAIRS[2].0, PAIRS[2].1);
    assert!(
        matches!(&error, RepositoryError::Conflict { gap: of, version: 1, by: Some(by), .. } if *of == gap && by == "bob"),
        "{error:?}"
    );
    assert_eq!(states(store).await, before);
    let mut unknown = bulk()[..2].to_vec();
    unknown.push(part(decision(("p1", "no such"), Action::Reject, None, 0)));
    let error = store.decide_together(&unknown).await.expect_err("no gap");
    assert!(matches!(error, RepositoryError::NotFound { .. }), "{error:?}");
    let twice = [bulk()[1].clone(), Decision { id: DecisionId::new(), ..bulk()[1].clone() }];
    let error = store.decide_together(&twice).await.expect_err("two on one gap");
    assert!(matches!(error, RepositoryError::Invalid { .. }), "{error:?}");
    assert_eq!(states(store).await, before);
    assert_eq!(store.batch(BATCH).await.unwrap(), []);
}

pub async fn decisions_sent_together_twice_count_once(store: &dyn Store) {
    open(store).await;
    let bulk = bulk();
    decide(store, &bulk[1]).await;
    let outcomes = store.decide_together(&bulk).await.unwrap();
    assert_eq!(outcomes.iter().map(|one| one.replayed).collect::<Vec<_>>(), [false, true, false]);
    let after = states(store).await;
    let again = store.decide_together(&bulk).await.unwrap();
    assert!(again.iter().all(|one| one.replayed), "{again:?}");
    assert_eq!(states(store).await, after);
    for (decision, count) in bulk.iter().zip([2, 1, 1]) {
        assert_eq!(store.history(&decision.gap).await.unwrap().len(), count);
    }
}

pub async fn decisions_made_together_end_the_leases_of_their_gaps(store: &dyn Store) {
    open(store).await;
    let claim = Claim {
        filter: QueueFilter { attribute: Some("weight".into()), ..QueueFilter::default() },
        sort: QueueSort::Product,
        after: None,
        limit: 10,
        reviewer: "bob".into(),
        token: LeaseToken::new(),
        lasts: Duration::from_secs(60),
    };
    let claimed = store.claim(&claim).await.unwrap();
    assert!(claimed.rows.iter().any(|(row, _)| row.gap == gap_id(PAIRS[2].0, PAIRS[2].1)), "{claimed:?}");
    store.decide_together(&bulk()).await.unwrap();
    let on_top = decision(PAIRS[2], Action::Defer, None, 1);
    let outcome = store.decide_fenced(&on_top, Fence::Unheld).await.unwrap();
    assert_eq!(outcome.state, State::Deferred);
}

pub async fn a_bulk_action_tells_how_each_of_its_decisions_stands(store: &dyn Store) {
    open(store).await;
    let bulk = bulk();
    store.decide_together(&bulk).await.unwrap();
    let in_force = |version, leads_to| Standing::InForce { version, leads_to };
    let all = standings(store).await;
    assert_eq!(
        all,
        [
            (bulk[0].id, in_force(2, State::Accepted)),
            (bulk[1].id, in_force(1, State::Open)),
            (bulk[2].id, in_force(1, State::Open)),
        ]
    );
    let later = by("bob", decision(PAIRS[0], Action::Flag, None, 2));
    decide(store, &later).await;
    decide(store, &part(undo(&bulk[1], 1))).await;
    store.delete_gaps(&[bulk[2].gap.clone()]).await.unwrap();
    let all = standings(store).await;
    assert_eq!(
        all,
        [
            (bulk[0].id, Standing::Superseded { by: "bob".into() }),
            (bulk[1].id, Standing::Undone),
            (bulk[2].id, Standing::Gone),
        ]
    );
    decide(store, &by("bob", undo(&later, 3))).await;
    assert_eq!(standings(store).await[0].1, in_force(4, State::Accepted));
    assert_eq!(store.batch(Uuid::from_u128(8)).await.unwrap(), []);
}

pub async fn a_bulk_action_is_taken_back_as_one(store: &dyn Store) {
    open(store).await;
    let untouched = states(store).await;
    let bulk = bulk();
    store.decide_together(&bulk).await.unwrap();
    let undos: Vec<Decision> =
        bulk.iter().zip([2, 1, 1]).map(|(one, version)| part(undo(one, version))).collect();
    let outcomes = store.decide_together(&undos).await.unwrap();
    let led_to: Vec<_> = outcomes.iter().map(|one| (one.state, one.version)).collect();
    assert_eq!(led_to, [(State::Accepted, 3), (State::Open, 2), (State::Open, 2)]);
    let now: Vec<_> = states(store).await.into_iter().map(|(state, _)| state).collect();
    assert_eq!(now, untouched.into_iter().map(|(state, _)| state).collect::<Vec<_>>());
    assert_eq!(store.correctness(&bulk[0].gap).await.unwrap()[0].2, Some(true));
    assert!(standings(store).await.iter().all(|(_, standing)| *standing == Standing::Undone));
    let again = store.decide_together(&undos).await.unwrap();
    assert!(again.iter().all(|one| one.replayed), "{again:?}");
}

/// Adds products whose weight is missing.
async fn many_gaps(store: &dyn Store, count: usize) -> Vec<GapId> {
    let keys: Vec<String> = (0..count).map(|number| format!("many{number:04}")).collect();
    let batch = CatalogueBatch {
        products: keys.iter().map(|key| product(key, None)).collect(),
        gaps: keys.iter().map(|key| gap(key, "weight")).collect(),
        ..CatalogueBatch::default()
    };
    store.save_catalogue(&batch).await.unwrap();
    keys.iter().map(|key| gap_id(key, "weight")).collect()
}

pub async fn a_bulk_action_of_hundreds_is_written_and_taken_back(store: &dyn Store) {
    const COUNT: usize = 450;
    open(store).await;
    let pairs = many_gaps(store, COUNT).await;
    let bulk: Vec<Decision> = pairs
        .iter()
        .map(|gap| part(decision((gap.product.as_str(), gap.attribute.as_str()), Action::Reject, None, 0)))
        .collect();
    let outcomes = store.decide_together(&bulk).await.unwrap();
    assert!(outcomes.len() == COUNT && outcomes.iter().all(|one| one.state == State::Rejected));
    let found = store.batch(BATCH).await.unwrap();
    let in_force = Standing::InForce { version: 1, leads_to: State::Open };
    assert!(found.len() == COUNT && found.iter().all(|(_, standing)| *standing == in_force));
    let undos: Vec<Decision> = bulk.iter().map(|one| part(undo(one, 1))).collect();
    let outcomes = store.decide_together(&undos).await.unwrap();
    assert!(outcomes.len() == COUNT && outcomes.iter().all(|one| one.state == State::Open));
}

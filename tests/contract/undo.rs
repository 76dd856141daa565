//! What [`gapdeck::repository::RecommendationRepository`] promises of taking decisions back.

use crate::support::fixture::*;
use gapdeck::domain::{Action, Decision, GapId, State};
use gapdeck::repository::{RepositoryError, Store};

const PAIR: (&str, &str) = ("p1", "colour");

fn pair_id() -> GapId {
    gap_id(PAIR.0, PAIR.1)
}

async fn mark(store: &dyn Store) -> Option<bool> {
    store.correctness(&pair_id()).await.unwrap()[0].2
}

async fn last_of(store: &dyn Store, reviewer: &str) -> Option<Decision> {
    store.last_decision(&reviewer.into()).await.unwrap().map(|event| event.decision)
}

async fn refused(store: &dyn Store, undo: &Decision) {
    let before = row(store, PAIR).await;
    let error = store.decide(undo).await.expect_err("nothing to undo");
    assert!(matches!(error, RepositoryError::NotUndoable(_)), "{error:?}");
    assert_eq!(row(store, PAIR).await, before);
}

pub async fn an_undo_opens_the_gap_again(store: &dyn Store) {
    open_shop(store).await;
    predict(store, "e1", PAIR, "Black", 0.9).await;
    let untouched = row(store, PAIR).await;
    let decision = accept(PAIR, "Black", 0);
    decide(store, &decision).await;
    let outcome = store.decide(&undo(&decision, 1)).await.unwrap();
    assert_eq!((outcome.state, outcome.version, outcome.replayed), (State::Open, 2, false));
    let mut after = row(store, PAIR).await;
    assert_eq!(after.version, 2);
    after.version = 0;
    assert_eq!(after, untouched);
    assert_eq!(mark(store).await, None);
}

pub async fn an_undo_brings_back_the_decision_before_with_its_marks(store: &dyn Store) {
    open_shop(store).await;
    predict(store, "e1", PAIR, "Black", 0.9).await;
    decide(store, &by("bob", accept(PAIR, "Black", 0))).await;
    let before = row(store, PAIR).await;
    let second = decision(PAIR, Action::Reject, None, 1);
    decide(store, &second).await;
    assert_eq!(mark(store).await, Some(false));
    let outcome = store.decide(&undo(&second, 2)).await.unwrap();
    assert_eq!((outcome.state, outcome.version), (State::Accepted, 3));
    let after = row(store, PAIR).await;
    assert_eq!((after.state, after.version), (State::Accepted, 3));
    assert_eq!(
        (after.decided_by, after.decided_value, after.decided_at),
        (before.decided_by, before.decided_value, before.decided_at)
    );
    assert_eq!(mark(store).await, Some(true));
}

pub async fn undo_reaches_back_step_by_step(store: &dyn Store) {
    open_shop(store).await;
    let steps = [
        accept(PAIR, "Black", 0),
        decision(PAIR, Action::Flag, None, 1),
        decision(PAIR, Action::Override, Some("Grey"), 2),
    ];
    for step in &steps {
        decide(store, step).await;
    }
    let states = [State::Flagged, State::Accepted, State::Open];
    for ((version, step), state) in (3..).zip(steps.iter().rev()).zip(states) {
        assert_eq!(last_of(store, "ada").await.map(|last| last.id), Some(step.id));
        let outcome = store.decide(&undo(step, version)).await.unwrap();
        assert_eq!((outcome.state, outcome.version), (state, version + 1));
    }
    assert_eq!(last_of(store, "ada").await, None);
}

pub async fn only_the_last_decision_in_force_can_be_undone(store: &dyn Store) {
    open_shop(store).await;
    let first = accept(PAIR, "Black", 0);
    let second = decision(PAIR, Action::Reject, None, 1);
    let elsewhere = accept(("p1", "weight"), "3", 0);
    decide(store, &first).await;
    decide(store, &second).await;
    decide(store, &elsewhere).await;
    refused(store, &undo(&first, 2)).await;
    let wrong_gap = Decision { gap: pair_id(), ..undo(&elsewhere, 2) };
    refused(store, &wrong_gap).await;
    refused(store, &undo(&accept(PAIR, "never sent", 0), 2)).await;
    assert_eq!(row(store, ("p1", "weight")).await.state, State::Accepted);
}

pub async fn another_reviewers_decision_cannot_be_undone(store: &dyn Store) {
    open_shop(store).await;
    let decision = by("bob", accept(PAIR, "Black", 0));
    decide(store, &decision).await;
    refused(store, &by("ada", undo(&decision, 1))).await;
    assert_eq!(store.history(&pair_id()).await.unwrap().len(), 1);
}

pub async fn an_undone_decision_cannot_be_undone_again(store: &dyn Store) {
    open_shop(store).await;
    let first = accept(PAIR, "Black", 0);
    decide(store, &first).await;
    decide(store, &undo(&first, 1)).await;
    refused(store, &undo(&first, 2)).await;
}

pub async fn an_undo_on_an_older_version_is_a_conflict(store: &dyn Store) {
    open_shop(store).await;
    let first = accept(PAIR, "Black", 0);
    decide(store, &first).await;
    decide(store, &by("bob", decision(PAIR, Action::Reject, None, 1))).await;
    let error = store.decide(&undo(&first, 1)).await.expect_err("a conflict");
    assert!(
        matches!(error, RepositoryError::Conflict { version: 2, state: State::Rejected, .. }),
        "{error:?}"
    );
}

pub async fn an_undo_sent_twice_counts_once(store: &dyn Store) {
    open_shop(store).await;
    let first = by("bob", accept(PAIR, "Black", 0));
    let second = by("bob", accept(PAIR, "Blue", 1));
    decide(store, &first).await;
    decide(store, &second).await;
    let back = undo(&second, 2);
    decide(store, &back).await;
    let again = store.decide(&back).await.unwrap();
    assert_eq!((again.state, again.version, again.replayed), (State::Accepted, 3, true));
    assert_eq!(row(store, PAIR).await.decided_value.as_deref(), Some("Black"));
    assert_eq!(store.history(&pair_id()).await.unwrap().len(), 3);
}

pub async fn a_decision_can_follow_an_undo(store: &dyn Store) {
    open_shop(store).await;
    let first = accept(PAIR, "Black", 0);
    decide(store, &first).await;
    decide(store, &undo(&first, 1)).await;
    let second = accept(PAIR, "Blue", 2);
    assert_eq!(decide(store, &second).await, 3);
    assert_eq!(row(store, PAIR).await.decided_value.as_deref(), Some("Blue"));
    let outcome = store.decide(&undo(&second, 3)).await.unwrap();
    assert_eq!((outcome.state, outcome.version), (State::Open, 4), "the first one stays undone");
}

pub async fn the_last_decision_is_the_reviewers_own_newest_in_force(store: &dyn Store) {
    open_shop(store).await;
    assert_eq!(last_of(store, "ada").await, None);
    let first = accept(PAIR, "Black", 0);
    let second = decision(("p1", "weight"), Action::Defer, None, 0);
    decide(store, &first).await;
    decide(store, &second).await;
    decide(store, &by("bob", accept(("p2", "colour"), "Red", 0))).await;
    assert_eq!(last_of(store, "ada").await, Some(second.clone()));
    decide(store, &undo(&second, 1)).await;
    assert_eq!(last_of(store, "ada").await, Some(first));
}

pub async fn a_decision_that_somebody_decided_over_is_not_offered_until_that_one_is_undone(
    store: &dyn Store,
) {
    open_shop(store).await;
    let mine = accept(PAIR, "Black", 0);
    let theirs = by("bob", decision(PAIR, Action::Reject, None, 1));
    decide(store, &mine).await;
    decide(store, &theirs).await;
    assert_eq!(last_of(store, "ada").await, None);
    assert_eq!(last_of(store, "bob").await, Some(theirs.clone()));
    decide(store, &undo(&theirs, 2)).await;
    assert_eq!(last_of(store, "ada").await, Some(mine));
    assert_eq!(last_of(store, "bob").await, None);
}

pub async fn a_decision_on_a_deleted_gap_is_not_offered(store: &dyn Store) {
    open_shop(store).await;
    let first = accept(("p1", "weight"), "3", 0);
    decide(store, &first).await;
    decide(store, &accept(PAIR, "Black", 0)).await;
    store.delete_gaps(&[pair_id()]).await.unwrap();
    assert_eq!(last_of(store, "ada").await, Some(first));
}

pub async fn following_the_last_decisions_undoes_back_to_the_beginning(store: &dyn Store) {
    open_shop(store).await;
    let decisions = [
        accept(PAIR, "Black", 0),
        accept(("p1", "weight"), "3", 0),
        decision(PAIR, Action::Reject, None, 1),
        by("bob", decision(("p1", "weight"), Action::Flag, None, 1)),
    ];
    for decision in &decisions {
        decide(store, decision).await;
    }
    decide(store, &undo(&decisions[3], 2)).await;
    let mut undone = Vec::new();
    while let Some(event) = store.last_decision(&"ada".into()).await.unwrap() {
        let version =
            row(store, (event.decision.gap.product.as_str(), event.decision.gap.attribute.as_str()))
                .await
                .version;
        decide(store, &undo(&event.decision, version)).await;
        undone.push(event.decision.id);
    }
    assert_eq!(undone, [decisions[2].id, decisions[1].id, decisions[0].id]);
    assert_eq!(row(store, PAIR).await.state, State::Open);
    assert_eq!(row(store, ("p1", "weight")).await.state, State::Open);
}

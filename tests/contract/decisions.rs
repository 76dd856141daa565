//! What [`gapdeck::repository::RecommendationRepository`] promises of decisions.

use crate::support::fixture::*;
use futures_util::future::join_all;
use gapdeck::domain::{
    Action, Decision, DecisionId, Fence, GapId, Seen, SeenCandidate, SeenNeighbour, State,
};
use gapdeck::repository::{CatalogueBatch, RepositoryError, Store};
use uuid::Uuid;

const PAIR: (&str, &str) = ("p1", "colour");

fn pair_id() -> GapId {
    gap_id(PAIR.0, PAIR.1)
}

/// Returns what the gap's predictions are marked as, by value.
async fn marks(store: &dyn Store) -> Vec<(String, Option<bool>)> {
    let mut marks: Vec<_> = store
        .correctness(&pair_id())
        .await
        .unwrap()
        .into_iter()
        .map(|(_, value, correct)| (value, correct))
        .collect();
    marks.sort();
    marks
}

async fn predict_colours(store: &dyn Store) {
    open_shop(store).await;
    predict(store, "e1", PAIR, "Black", 0.9).await;
    predict(store, "e2", PAIR, " BLACK", 0.5).await;
    predict(store, "e2", PAIR, "Blue", 0.3).await;
}

pub async fn every_action_brings_the_gap_into_its_state(store: &dyn Store) {
    open_shop(store).await;
    let steps = [
        (Action::Accept, Some("Black"), State::Accepted),
        (Action::Override, Some("Grey"), State::Overridden),
        (Action::Reject, None, State::Rejected),
        (Action::NotApplicable, None, State::NotApplicable),
        (Action::Defer, None, State::Deferred),
        (Action::Flag, None, State::Flagged),
    ];
    for (version, (action, value, state)) in (0..).zip(steps) {
        let decision = decision(PAIR, action, value, version);
        let outcome = store.decide(&decision).await.unwrap();
        assert_eq!((outcome.state, outcome.version, outcome.replayed), (state, version + 1, false));
        let row = row(store, PAIR).await;
        assert_eq!((row.state, row.version), (state, version + 1));
        assert_eq!(row.decided_by, Some("ada".into()));
        assert_eq!(row.decided_value.as_deref(), value);
        assert!(row.decided_at.is_some());
    }
    assert_eq!(row(store, ("p1", "weight")).await.version, 0, "other gaps stay as they are");
}

pub async fn a_decision_is_kept_with_everything_the_reviewer_saw(store: &dyn Store) {
    open_shop(store).await;
    let decision = Decision {
        comment: Some("The box says so. \u{1f4e6}".into()),
        shown_value: Some("Black".into()),
        shown_confidence: Some(confidence(0.9)),
        shown_experiment: Some("e1".into()),
        batch: Some(Uuid::now_v7()),
        seen: Seen {
            candidates: vec![SeenCandidate {
                value: "Black".into(),
                confidence: Some(confidence(0.9)),
                sources: vec!["e1".into(), "r1".into()],
                neighbours: Some(0.25),
                common: Some(0.25),
                score: Some(0.75),
            }],
            neighbours: vec![SeenNeighbour {
                product_key: "p2".into(),
                similarity: 0.75,
                values: vec!["Grey".into()],
            }],
            keys: "o Enter".into(),
            seconds: Some(2.5),
            policy: "queue:uncertainty".into(),
            selection_probability: Some(1.0),
            kept_on_purpose: true,
            objections: vec!["it is far from what is usual".into()],
        },
        ..decision(PAIR, Action::Override, Some(" Grey \u{200b}"), 0)
    };
    store.decide(&decision).await.unwrap();
    let history = store.history(&pair_id()).await.unwrap();
    assert_eq!(history.len(), 1);
    assert_eq!(history[0].decision, decision);
    assert_eq!((history[0].result_version, history[0].undone_by), (1, None));
    let age = now() - history[0].recorded_at;
    assert!(age.num_minutes().abs() < 5, "recorded {age} ago");
}

pub async fn a_decision_sent_twice_counts_once(store: &dyn Store) {
    predict_colours(store).await;
    let decision = accept(PAIR, "Black", 0);
    let first = store.decide(&decision).await.unwrap();
    let second = store.decide(&decision).await.unwrap();
    assert!(!first.replayed && second.replayed);
    assert_eq!((second.state, second.version), (State::Accepted, 1));
    assert_eq!(store.history(&pair_id()).await.unwrap().len(), 1);
    assert_eq!(row(store, PAIR).await.version, 1);
    assert_eq!(store.decided_today(&"ada".into()).await.unwrap(), 1);
}

pub async fn a_decision_sent_again_after_another_one_answers_as_the_first_time(store: &dyn Store) {
    open_shop(store).await;
    let first = accept(PAIR, "Black", 0);
    decide(store, &first).await;
    decide(store, &by("bob", decision(PAIR, Action::Reject, None, 1))).await;
    let again = store.decide(&first).await.unwrap();
    assert_eq!((again.state, again.version, again.replayed), (State::Accepted, 1, true));
    assert_eq!(row(store, PAIR).await.state, State::Rejected);
}

pub async fn a_decision_on_an_older_version_is_a_conflict_and_changes_nothing(store: &dyn Store) {
    predict_colours(store).await;
    decide(store, &by("bob", accept(PAIR, "Black", 0))).await;
    let marked = marks(store).await;
    for stale in [0, 2, -1] {
        let late = decision(PAIR, Action::Reject, None, stale);
        let error = store.decide(&late).await.expect_err("a conflict");
        let expected = RepositoryError::Conflict {
            gap: pair_id(),
            version: 1,
            state: State::Accepted,
            by: Some("bob".into()),
        };
        assert_eq!(error, expected, "at version {stale}");
    }
    assert_eq!(row(store, PAIR).await.state, State::Accepted);
    assert_eq!(store.history(&pair_id()).await.unwrap().len(), 1);
    assert_eq!(marks(store).await, marked);
}

pub async fn of_reviewers_who_decide_at_once_exactly_one_wins(store: &dyn Store) {
    predict_colours(store).await;
    let decisions: Vec<_> = (0..12)
        .map(|n| {
            by(&format!("reviewer {n}"), decision(PAIR, Action::Override, Some(&format!("value {n}")), 0))
        })
        .collect();
    let answers = join_all(decisions.iter().map(|decision| store.decide(decision))).await;
    let winners: Vec<_> = decisions.iter().zip(&answers).filter(|(_, answer)| answer.is_ok()).collect();
    assert_eq!(winners.len(), 1, "{answers:?}");
    for error in answers.iter().filter_map(|answer| answer.as_ref().err()) {
        assert!(matches!(error, RepositoryError::Conflict { version: 1, .. }), "{error:?}");
    }
    let winner = winners[0].0;
    let row = row(store, PAIR).await;
    assert_eq!(
        (row.version, row.decided_by, row.decided_value),
        (1, Some(winner.reviewer.clone()), winner.value.clone())
    );
    let history = store.history(&pair_id()).await.unwrap();
    assert_eq!(history.iter().map(|event| event.decision.id).collect::<Vec<_>>(), [winner.id]);
}

pub async fn the_same_decision_sent_at_once_from_several_places_counts_once(store: &dyn Store) {
    open_shop(store).await;
    let decision = accept(PAIR, "Black", 0);
    let answers = join_all((0..8).map(|_| store.decide(&decision))).await;
    let mut fresh = 0;
    for answer in answers {
        let outcome = answer.unwrap();
        assert_eq!((outcome.state, outcome.version), (State::Accepted, 1));
        fresh += i32::from(!outcome.replayed);
    }
    assert_eq!(fresh, 1);
    assert_eq!(store.history(&pair_id()).await.unwrap().len(), 1);
}

pub async fn a_pair_that_is_no_gap_cannot_be_decided(store: &dyn Store) {
    open_shop(store).await;
    for pair in [("p2", "weight"), ("nobody", "colour")] {
        let error = store.decide(&accept(pair, "Black", 0)).await.expect_err("no gap");
        assert!(matches!(error, RepositoryError::NotFound { .. }), "{error:?}");
        assert!(error.to_string().contains(pair.0), "{error}");
        assert_eq!(store.history(&gap_id(pair.0, pair.1)).await.unwrap(), []);
    }
}

pub async fn a_decision_id_with_another_content_is_refused(store: &dyn Store) {
    open_shop(store).await;
    let first = accept(PAIR, "Black", 0);
    decide(store, &first).await;
    let others = [
        Decision { value: Some("Blue".into()), ..first.clone() },
        Decision { gap: gap_id("p1", "weight"), ..first.clone() },
        by("bob", first.clone()),
        Decision { action: Action::Override, ..first.clone() },
        Decision { base_version: 1, ..first.clone() },
    ];
    for other in others {
        let error = store.decide(&other).await.expect_err("another content");
        assert_eq!(error, RepositoryError::DecisionIdReused(first.id.to_string()), "for {other:?}");
    }
    assert_eq!(row(store, PAIR).await.decided_value.as_deref(), Some("Black"));
    assert_eq!(row(store, ("p1", "weight")).await.state, State::Open);
}

pub async fn an_accept_or_override_without_a_value_is_refused(store: &dyn Store) {
    open_shop(store).await;
    for action in [Action::Accept, Action::Override] {
        let error = store.decide(&decision(PAIR, action, None, 0)).await.expect_err("no value");
        assert!(matches!(error, RepositoryError::Invalid { .. }), "{error:?}");
    }
    assert_eq!(row(store, PAIR).await.version, 0);
    assert_eq!(store.history(&pair_id()).await.unwrap(), []);
}

pub async fn a_nul_character_in_a_decision_is_refused(store: &dyn Store) {
    open_shop(store).await;
    let commented = Decision { comment: Some("nul \0".into()), ..decision(PAIR, Action::Flag, None, 0) };
    for decision in [accept(PAIR, "nul \0", 0), commented] {
        let error = store.decide(&decision).await.expect_err("a NUL character");
        assert!(matches!(error, RepositoryError::Invalid { .. }), "{error:?}");
    }
    assert_eq!(row(store, PAIR).await.state, State::Open);
}

pub async fn accept_and_override_mark_predictions_of_their_value_right_and_others_wrong(store: &dyn Store) {
    predict_colours(store).await;
    decide(store, &accept(PAIR, "black", 0)).await;
    let of = |black, blue| {
        [(" BLACK".to_owned(), black), ("Black".to_owned(), black), ("Blue".to_owned(), blue)].to_vec()
    };
    assert_eq!(marks(store).await, of(Some(true), Some(false)));
    decide(store, &decision(PAIR, Action::Override, Some("blue "), 1)).await;
    assert_eq!(marks(store).await, of(Some(false), Some(true)));
    decide(store, &decision(PAIR, Action::Override, Some("Green"), 2)).await;
    assert_eq!(marks(store).await, of(Some(false), Some(false)));
}

pub async fn a_prediction_of_several_values_is_right_when_each_of_them_was_decided(store: &dyn Store) {
    open_shop(store).await;
    let mut colours = attribute("colour", Some("Colour"), "choice");
    colours.multi_valued = true;
    let batch = CatalogueBatch { attributes: vec![colours], ..CatalogueBatch::default() };
    store.save_catalogue(&batch).await.unwrap();
    for value in ["Black", "blue;BLACK", "Black; Red", " ; "] {
        predict(store, "e1", PAIR, value, 0.5).await;
    }
    decide(store, &accept(PAIR, "Black; Blue", 0)).await;
    let expected = [(" ; ", false), ("Black", true), ("Black; Red", false), ("blue;BLACK", true)]
        .map(|(value, correct)| (value.to_owned(), Some(correct)));
    assert_eq!(marks(store).await, expected);
}

pub async fn reject_and_not_applicable_mark_every_prediction_wrong(store: &dyn Store) {
    for (version, action) in [(0, Action::Reject), (2, Action::NotApplicable)] {
        predict_colours(store).await;
        decide(store, &accept(PAIR, "Black", version)).await;
        decide(store, &decision(PAIR, action, None, version + 1)).await;
        let marks = marks(store).await;
        assert_eq!(marks.len(), 3);
        assert!(marks.iter().all(|(_, correct)| *correct == Some(false)), "{marks:?}");
    }
}

pub async fn defer_and_flag_clear_the_marks(store: &dyn Store) {
    for (version, action) in [(0, Action::Defer), (2, Action::Flag)] {
        predict_colours(store).await;
        decide(store, &accept(PAIR, "Black", version)).await;
        decide(store, &decision(PAIR, action, None, version + 1)).await;
        let marks = marks(store).await;
        assert_eq!(marks.len(), 3);
        assert!(marks.iter().all(|(_, correct)| correct.is_none()), "{marks:?}");
    }
}

pub async fn judgements_reach_the_summary_of_the_experiment(store: &dyn Store) {
    predict_colours(store).await;
    decide(store, &accept(PAIR, "Black", 0)).await;
    let mut summaries = store.experiment_summaries().await.unwrap();
    summaries.sort_by(|a, b| a.experiment.cmp(&b.experiment));
    let judged: Vec<_> = summaries.iter().map(|one| (one.correct, one.incorrect, one.accuracy())).collect();
    assert_eq!(judged, [(1, 0, Some(1.0)), (1, 1, Some(0.5))]);
}

pub async fn a_history_tells_every_decision_the_oldest_first(store: &dyn Store) {
    open_shop(store).await;
    let first = decision(PAIR, Action::Defer, None, 0);
    let second = by("bob", accept(PAIR, "Black", 1));
    let third = undo(&second, 2);
    for decision in [&first, &second, &third] {
        decide(store, decision).await;
    }
    decide(store, &accept(("p1", "weight"), "3", 0)).await;
    let history = store.history(&pair_id()).await.unwrap();
    let told: Vec<_> =
        history.iter().map(|event| (event.decision.id, event.result_version, event.undone_by)).collect();
    assert_eq!(told, [(first.id, 1, None), (second.id, 2, Some(third.id)), (third.id, 3, None)]);
    assert_eq!(history[2].decision.undoes, Some(second.id));
    assert!(history.is_sorted_by_key(|event| event.recorded_at));
}

pub async fn decisions_of_one_reviewer_are_counted_for_today(store: &dyn Store) {
    open_shop(store).await;
    let ada = "ada".into();
    assert_eq!(store.decided_today(&ada).await.unwrap(), 0);
    decide(store, &accept(PAIR, "Black", 0)).await;
    let second = decision(("p1", "weight"), Action::Defer, None, 0);
    decide(store, &second).await;
    decide(store, &by("bob", accept(("p2", "colour"), "Red", 0))).await;
    assert_eq!(store.decided_today(&ada).await.unwrap(), 2);
    let undo = Decision { id: DecisionId::new(), ..undo(&second, 1) };
    decide(store, &undo).await;
    assert_eq!(store.decided_today(&ada).await.unwrap(), 1);
    assert_eq!(store.decided_today(&"bob".into()).await.unwrap(), 1);
    assert_eq!(store.decided_today(&"nobody".into()).await.unwrap(), 0);
}

pub async fn a_decision_on_top_of_one_that_never_came_does_not_overwrite_what_came_instead(
    store: &dyn Store,
) {
    open_shop(store).await;
    let never_saved = accept(PAIR, "Black", 0);
    let others = by("bob", accept(PAIR, "Blue", 0));
    decide(store, &others).await;
    // The version is right by chance: somebody else's decision led to it.
    let again = decision(PAIR, Action::Reject, None, 1);
    let refused = store.decide_fenced(&again, Fence::After(never_saved.id)).await.unwrap_err();
    assert!(matches!(refused, RepositoryError::Conflict { version: 1, .. }), "{refused:?}");
    assert_eq!(row(store, PAIR).await.decided_value.as_deref(), Some("Blue"));
    let own = by("bob", decision(PAIR, Action::Reject, None, 1));
    let taken = store.decide_fenced(&own, Fence::After(others.id)).await.unwrap();
    assert_eq!(taken.version, 2);
    let replayed = store.decide_fenced(&own, Fence::After(others.id)).await.unwrap();
    assert!(replayed.replayed);
}

//! What the repositories promise where gaps get the opinions of two reviewers.

use crate::support::fixture::*;
use futures_util::future::join_all;
use gapdeck::domain::{
    Action, Claim, Count, DecisionFilter, Event, HIDDEN, LeaseToken, Lot, Policy, QueueFilter, QueueSort,
    Reviewer, Seen, SeenCandidate, Share, State, StateFilter,
};
use gapdeck::repository::{CatalogueBatch, RepositoryError, Store};
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;

const PAIR: (&str, &str) = ("p1", "colour");

async fn share_second_opinions(store: &dyn Store, share: Share) {
    let policy = Policy { second_opinions: share, ..Policy::default() };
    store.set_policy(&policy, &"lead".into()).await.unwrap();
}

/// A shop whose every gap gets two opinions, with predictions for one of them.
async fn open_team(store: &dyn Store) {
    open_shop(store).await;
    predict(store, "e1", PAIR, "Black", 0.9).await;
    predict(store, "e2", PAIR, "Navy", 0.4).await;
    share_second_opinions(store, Share::ALL).await;
}

fn reader(store: &dyn Store, name: &str) -> Arc<dyn Store> {
    store.for_reader(&Reviewer::from(name))
}

fn only(state: State) -> QueueFilter {
    QueueFilter { state: StateFilter::Only(state), ..QueueFilter::default() }
}

/// Returns what the predictions are marked as, the right one first.
async fn marks(store: &dyn Store) -> Vec<Option<bool>> {
    let mut marks = store.correctness(&gap_id(PAIR.0, PAIR.1)).await.unwrap();
    marks.sort_by(|(_, a, _), (_, b, _)| a.cmp(b));
    marks.into_iter().map(|(.., mark)| mark).collect()
}

async fn found(store: &dyn Store, filter: &QueueFilter) -> Vec<String> {
    let page = store.page(filter, QueueSort::Product, None, 100).await.unwrap();
    assert_eq!(store.count(filter, 100).await.unwrap(), Count::Exact(page.rows.len() as u64));
    page.rows.iter().map(|row| format!("{}/{}", row.gap.product, row.gap.attribute)).collect()
}

async fn history(store: &dyn Store) -> Vec<Event> {
    store.history(&gap_id(PAIR.0, PAIR.1)).await.unwrap()
}

pub async fn a_first_opinion_settles_nothing_and_shows_nothing(store: &dyn Store) {
    open_team(store).await;
    let outcome = store.decide(&accept(PAIR, "Black", 0)).await.unwrap();
    assert_eq!((outcome.state, outcome.version), (State::Second, 1));
    let row = row(store, PAIR).await;
    assert_eq!((row.state, row.version), (State::Second, 1));
    assert_eq!((row.decided_by, row.decided_value, row.decided_at), (None, None, None));
    assert_eq!(row.first_by, Some("ada".into()));
    assert_eq!(marks(store).await, [None, None]);
    let deferred = decision(("p2", "colour"), Action::Defer, None, 0);
    assert_eq!(store.decide(&deferred).await.unwrap().state, State::Deferred, "that is no opinion");
}

pub async fn two_who_agree_settle_a_gap(store: &dyn Store) {
    open_team(store).await;
    decide(store, &accept(PAIR, "Black", 0)).await;
    let same = by("bob", decision(PAIR, Action::Override, Some(" black"), 1));
    assert_eq!(store.decide(&same).await.unwrap().state, State::Overridden);
    let row = row(store, PAIR).await;
    assert_eq!((row.state, row.first_by), (State::Overridden, None));
    assert_eq!((row.decided_by, row.decided_value.as_deref()), (Some("bob".into()), Some(" black")));
    assert_eq!(marks(store).await, [Some(true), Some(false)]);
}

pub async fn two_who_differ_leave_a_gap_to_a_third_decision(store: &dyn Store) {
    open_team(store).await;
    decide(store, &accept(PAIR, "Black", 0)).await;
    assert_eq!(store.decide(&by("bob", accept(PAIR, "Navy", 1))).await.unwrap().state, State::Disputed);
    let before = row(store, PAIR).await;
    assert_eq!((before.state, before.decided_by, before.first_by), (State::Disputed, None, None));
    assert_eq!(marks(store).await, [None, None]);
    let told = reader(store, "cleo").history(&gap_id(PAIR.0, PAIR.1)).await.unwrap();
    assert_eq!(told, history(store).await, "both are told now");
    assert_eq!(store.decide(&by("cleo", accept(PAIR, "Navy", 2))).await.unwrap().state, State::Accepted);
    assert_eq!(row(store, PAIR).await.decided_by, Some("cleo".into()));
    assert_eq!(marks(store).await, [Some(false), Some(true)]);
}

pub async fn a_reviewer_who_decides_again_replaces_their_own_opinion(store: &dyn Store) {
    open_team(store).await;
    decide(store, &accept(PAIR, "Black", 0)).await;
    let again = store.decide(&decision(PAIR, Action::Reject, None, 1)).await.unwrap();
    assert_eq!((again.state, again.version), (State::Second, 2));
    let second = by("bob", decision(PAIR, Action::Reject, None, 2));
    assert_eq!(store.decide(&second).await.unwrap().state, State::Rejected);
}

pub async fn opinions_are_taken_back_one_by_one(store: &dyn Store) {
    open_team(store).await;
    let first = accept(PAIR, "Black", 0);
    let second = by("bob", accept(PAIR, "Navy", 1));
    decide(store, &first).await;
    decide(store, &second).await;
    let early = store.decide(&undo(&first, 2)).await;
    assert!(matches!(early, Err(RepositoryError::NotUndoable(_))), "{early:?}");
    assert_eq!(store.decide(&undo(&second, 2)).await.unwrap().state, State::Second);
    assert_eq!(row(store, PAIR).await.first_by, Some("ada".into()));
    let last = store.last_decision(&"ada".into()).await.unwrap().expect("ada's opinion");
    assert_eq!(last.decision.id, first.id);
    assert_eq!(store.decide(&undo(&first, 3)).await.unwrap().state, State::Open);
    assert_eq!(row(store, PAIR).await.first_by, None);
    // On the other side, a settled gap becomes a disputed one again.
    decide(store, &accept(PAIR, "Black", 4)).await;
    decide(store, &by("bob", accept(PAIR, "Navy", 5))).await;
    let third = by("cleo", accept(PAIR, "Black", 6));
    decide(store, &third).await;
    assert_eq!(marks(store).await, [Some(true), Some(false)]);
    assert_eq!(store.decide(&undo(&third, 7)).await.unwrap().state, State::Disputed);
    assert_eq!(marks(store).await, [None, None]);
    let row = row(store, PAIR).await;
    assert_eq!((row.state, row.decided_by, row.first_by), (State::Disputed, None, None));
}

/// Fails where a reader is told anything of the secret opinion, in any field.
fn untold(what: &str, told: &impl std::fmt::Debug) {
    let told = format!("{told:?}");
    for secret in ["ada", "Secret", "because", "shown first", "the candidate"] {
        assert!(!told.contains(secret), "{what} tells \"{secret}\": {told}");
    }
}

pub async fn a_first_opinion_is_hidden_wherever_another_reviewer_reads(store: &dyn Store) {
    open_team(store).await;
    let mut secret = decision(PAIR, Action::Override, Some("Secret"), 0);
    secret.comment = Some("because".into());
    secret.shown_value = Some("shown first".into());
    secret.batch = Some(Uuid::from_u128(7));
    let seen = SeenCandidate { value: "the candidate".into(), ..SeenCandidate::default() };
    secret.seen = Seen { candidates: vec![seen], keys: "o".into(), ..Seen::default() };
    decide(store, &secret).await;
    let gap = gap_id(PAIR.0, PAIR.1);
    let (ada, bob) = (reader(store, "ada"), reader(store, "bob"));

    untold("the row", &bob.row(&gap).await.unwrap());
    untold("a page", &bob.page(&everything(), QueueSort::Product, None, 9).await.unwrap().rows);
    let card = bob.card(&gap, 0).await.unwrap().expect("a card");
    untold("the card", &card);
    assert_eq!((card.history.len(), card.row.state), (1, State::Second), "but that there is one");
    assert_eq!(card.history[0].decision.action, Action::Opinion);
    untold("the product", &bob.product_card(&gap.product, 0).await.unwrap());
    let told = bob.history(&gap).await.unwrap();
    untold("the history", &told);
    assert_eq!((told[0].decision.reviewer.as_str(), told[0].result_state), (HIDDEN, Some(State::Second)));
    untold("the decision", &bob.decision(secret.id).await.unwrap());
    let since = Some(secret.decided_at - chrono::TimeDelta::hours(1));
    let changes = bob.changes(since, 10).await.unwrap();
    assert_eq!(changes.rows.len(), 1);
    untold("the feed", &changes.rows);
    let activity = bob.decisions(&DecisionFilter::default(), None, 10).await.unwrap().rows;
    assert_eq!(activity.len(), 1);
    untold("the activity", &activity);
    for telling in [
        DecisionFilter { reviewer: Some("ada".into()), ..DecisionFilter::default() },
        DecisionFilter { action: Some(Action::Override), ..DecisionFilter::default() },
        DecisionFilter { batch: secret.batch, ..DecisionFilter::default() },
    ] {
        let told = bob.decisions(&telling, None, 10).await.unwrap().rows;
        assert!(told.is_empty(), "being found by {telling:?} tells: {told:?}");
        assert_eq!(ada.decisions(&telling, None, 10).await.unwrap().rows.len(), 1);
    }
    assert!(bob.batch(Uuid::from_u128(7)).await.unwrap().is_empty());
    let stale = bob.decide(&by("bob", accept(PAIR, "Black", 0))).await.unwrap_err();
    untold("the conflict", &(stale.to_string(), &stale));
    let foreign = bob.decide(&by("bob", undo(&secret, 1))).await.unwrap_err();
    untold("the refusal", &(foreign.to_string(), &foreign));

    assert_eq!(ada.history(&gap).await.unwrap(), history(store).await, "who gave it sees it");
    assert_eq!(ada.row(&gap).await.unwrap().unwrap().first_by, Some("ada".into()));
    // Once both are in, everybody sees both.
    decide(store, &by("bob", accept(PAIR, "Black", 1))).await;
    assert_eq!(bob.history(&gap).await.unwrap(), history(store).await);
    let activity = reader(store, "cleo").decisions(&DecisionFilter::default(), None, 10).await.unwrap().rows;
    assert_eq!(activity[1].value.as_deref(), Some("Secret"));
}

fn everything() -> QueueFilter {
    QueueFilter { state: StateFilter::All, ..QueueFilter::default() }
}

async fn claimed(store: &dyn Store, reviewer: &str, filter: &QueueFilter) -> Vec<String> {
    let claim = Claim {
        filter: filter.clone(),
        sort: QueueSort::Product,
        after: None,
        limit: 10,
        reviewer: reviewer.into(),
        token: LeaseToken::new(),
        lasts: Duration::from_secs(600),
    };
    let claimed = store.claim(&claim).await.unwrap();
    let gaps: Vec<_> = claimed.rows.iter().map(|(row, _)| row.gap.clone()).collect();
    store.release(claim.token, &gaps).await.unwrap();
    gaps.iter().map(|gap| format!("{}/{}", gap.product, gap.attribute)).collect()
}

pub async fn what_needs_a_second_opinion_is_listed_and_claimed_without_ones_own(store: &dyn Store) {
    open_team(store).await;
    decide(store, &accept(PAIR, "Black", 0)).await;
    decide(store, &by("bob", accept(("p1", "weight"), "7", 0))).await;
    let second = only(State::Second);
    assert_eq!(found(store, &second).await, ["p1/colour", "p1/weight"], "in all");
    for (name, wanted) in [("ada", vec!["p1/weight"]), ("bob", vec!["p1/colour"])] {
        let store = reader(store, name);
        assert_eq!(found(&*store, &second).await, wanted, "{name}");
        assert_eq!(claimed(&*store, name, &second).await, wanted, "{name}");
        let named = QueueFilter { text: Some("aurora".into()), ..second.clone() };
        assert_eq!(found(&*store, &named).await, wanted, "{name}, by name");
        assert_eq!(claimed(&*store, name, &named).await, wanted, "{name}, by name");
    }
    let cleo = reader(store, "cleo");
    assert_eq!(claimed(&*cleo, "cleo", &second).await, ["p1/colour", "p1/weight"]);
    let open = claimed(&*cleo, "cleo", &QueueFilter::default()).await;
    assert_eq!(open, ["p1/wireless", "p2/colour", "p3/weight"], "others are claimed as ever");
}

pub async fn disputed_gaps_are_listed_and_claimed(store: &dyn Store) {
    open_team(store).await;
    decide(store, &accept(PAIR, "Black", 0)).await;
    decide(store, &by("bob", accept(PAIR, "Navy", 1))).await;
    let disputed = only(State::Disputed);
    assert_eq!(found(&*reader(store, "ada"), &disputed).await, ["p1/colour"]);
    assert_eq!(claimed(store, "cleo", &disputed).await, ["p1/colour"]);
    assert!(found(store, &only(State::Second)).await.is_empty());
    let decided = QueueFilter { state: StateFilter::Decided, ..QueueFilter::default() };
    assert_eq!(found(store, &decided).await, ["p1/colour"]);
}

pub async fn a_policy_set_later_changes_no_decided_gap(store: &dyn Store) {
    open_team(store).await;
    decide(store, &accept(PAIR, "Black", 0)).await;
    share_second_opinions(store, Share::NONE).await;
    assert_eq!(row(store, PAIR).await.state, State::Second);
    assert_eq!(store.decide(&by("bob", accept(PAIR, "Navy", 1))).await.unwrap().state, State::Disputed);
    let other = ("p1", "weight");
    assert_eq!(store.decide(&accept(other, "7", 0)).await.unwrap().state, State::Accepted);
    share_second_opinions(store, Share::ALL).await;
    assert_eq!(row(store, other).await.state, State::Accepted);
    assert_eq!(store.decide(&by("bob", accept(other, "8", 1))).await.unwrap().state, State::Accepted);
}

pub async fn a_gap_that_comes_back_is_where_its_opinions_left_it(store: &dyn Store) {
    open_team(store).await;
    let (one, other, third) = (PAIR, ("p1", "weight"), ("p2", "colour"));
    for pair in [one, other, third] {
        decide(store, &accept(pair, "7", 0)).await;
    }
    decide(store, &by("bob", accept(other, "8", 1))).await;
    decide(store, &by("bob", decision(third, Action::Flag, None, 1))).await;
    let mut before = Vec::new();
    for pair in [one, other, third] {
        before.push(row(store, pair).await);
    }
    let states: Vec<State> = before.iter().map(|row| row.state).collect();
    assert_eq!(states, [State::Second, State::Disputed, State::Flagged]);
    let gaps: Vec<_> = before.iter().map(|row| row.gap.clone()).collect();
    store.delete_gaps(&gaps).await.unwrap();
    let again = gaps.iter().map(|pair| gap(pair.product.as_str(), pair.attribute.as_str())).collect();
    store.save_catalogue(&CatalogueBatch { gaps: again, ..CatalogueBatch::default() }).await.unwrap();
    for (pair, before) in [one, other, third].into_iter().zip(before) {
        let mut after = row(store, pair).await;
        after.gap_created_at = before.gap_created_at;
        assert_eq!(after, before);
    }
}

pub async fn a_second_reviewer_who_saw_the_gap_open_meets_a_conflict_that_tells_nothing(store: &dyn Store) {
    open_team(store).await;
    decide(store, &accept(PAIR, "Black", 0)).await;
    let late = store.decide(&by("bob", accept(PAIR, "Navy", 0))).await.unwrap_err();
    let gap = gap_id(PAIR.0, PAIR.1);
    assert_eq!(late, RepositoryError::Conflict { gap, version: 1, state: State::Second, by: None });
}

pub async fn a_first_opinion_sent_again_answers_as_the_first_time(store: &dyn Store) {
    open_team(store).await;
    let first = accept(PAIR, "Black", 0);
    decide(store, &first).await;
    decide(store, &by("bob", accept(PAIR, "Black", 1))).await;
    let again = store.decide(&first).await.unwrap();
    assert_eq!((again.state, again.version, again.replayed), (State::Second, 1, true));
    assert_eq!(row(store, PAIR).await.state, State::Accepted);
}

pub async fn opinions_given_together_are_each_the_first_or_the_second(store: &dyn Store) {
    open_team(store).await;
    let pairs = [PAIR, ("p1", "weight"), ("p2", "colour")];
    decide(store, &accept(pairs[0], "7", 0)).await;
    decide(store, &accept(pairs[1], "8", 0)).await;
    let all: Vec<_> = pairs.iter().zip([1, 1, 0]).map(|(pair, v)| by("bob", accept(*pair, "7", v))).collect();
    let outcomes = store.decide_together(&all).await.unwrap();
    let states: Vec<State> = outcomes.into_iter().map(|outcome| outcome.state).collect();
    assert_eq!(states, [State::Accepted, State::Disputed, State::Second]);
    let back: Vec<_> = all.iter().zip([2, 2, 1]).map(|(one, version)| undo(one, version)).collect();
    let outcomes = store.decide_together(&back).await.unwrap();
    let states: Vec<State> = outcomes.into_iter().map(|outcome| outcome.state).collect();
    assert_eq!(states, [State::Second, State::Second, State::Open]);
}

pub async fn a_flag_keeps_the_opinion_under_it_hidden_and_in_force(store: &dyn Store) {
    open_team(store).await;
    decide(store, &accept(PAIR, "Black", 0)).await;
    let flag = by("bob", decision(PAIR, Action::Flag, None, 1));
    assert_eq!(store.decide(&flag).await.unwrap().state, State::Flagged);
    let flagged = row(store, PAIR).await;
    assert_eq!((flagged.decided_by, flagged.first_by), (Some("bob".into()), Some("ada".into())));
    let told = reader(store, "bob").history(&gap_id(PAIR.0, PAIR.1)).await.unwrap();
    assert_eq!((told[0].decision.action, told[1].decision.action), (Action::Opinion, Action::Flag));
    assert_eq!(store.decide(&by("bob", accept(PAIR, "Black", 2))).await.unwrap().state, State::Accepted);
}

pub async fn of_a_share_only_the_gaps_that_were_drawn_get_a_second_opinion(store: &dyn Store) {
    open_shop(store).await;
    let gaps = store.page(&everything(), QueueSort::Product, None, 100).await.unwrap().rows;
    let mut lots: Vec<f64> = gaps.iter().map(|row| Lot::Second.of(&row.gap)).collect();
    lots.sort_by(f64::total_cmp);
    let share = Share::try_from(f64::midpoint(lots[1], lots[2])).unwrap();
    share_second_opinions(store, share).await;
    let mut drawn = 0;
    for row in gaps {
        let pair = (row.gap.product.as_str(), row.gap.attribute.as_str());
        let state = store.decide(&accept(pair, "7", 0)).await.unwrap().state;
        let is_drawn = share.takes(Lot::Second.of(&row.gap));
        assert_eq!(state, if is_drawn { State::Second } else { State::Accepted }, "{}", row.gap);
        drawn += usize::from(is_drawn);
    }
    assert_eq!(drawn, 2);
}

pub async fn of_reviewers_who_give_opinions_at_once_two_settle_or_dispute_a_gap(store: &dyn Store) {
    open_team(store).await;
    let opinions = ["ada", "bob", "cleo", "dan"].map(|name| {
        let value = if name == "ada" { "Black" } else { "Navy" };
        async move {
            // Whoever comes late looks again, and gives theirs where one is awaited.
            for version in 0..2 {
                let opinion = by(name, accept(PAIR, value, version));
                match store.decide(&opinion).await {
                    Ok(outcome) => return Some(outcome.state),
                    Err(RepositoryError::Conflict { .. }) => {}
                    Err(error) => panic!("{error}"),
                }
            }
            None
        }
    });
    let mut states: Vec<State> = join_all(opinions).await.into_iter().flatten().collect();
    states.sort_by_key(|state| state.is_settled() || *state == State::Disputed);
    assert_eq!((states.len(), states[0]), (2, State::Second), "{states:?}");
    let events = history(store).await;
    let [first, second] = &events[..] else { panic!("{events:?}") };
    assert_ne!(first.decision.reviewer, second.decision.reviewer);
    let agree = first.decision.value == second.decision.value;
    assert_eq!(states[1], if agree { State::Accepted } else { State::Disputed });
    assert_eq!(row(store, PAIR).await.state, states[1]);
}

pub async fn an_opinion_is_none_that_can_be_written(store: &dyn Store) {
    open_team(store).await;
    let refused = store.decide(&decision(PAIR, Action::Opinion, None, 0)).await;
    assert!(matches!(refused, Err(RepositoryError::Invalid { field: "action", .. })), "{refused:?}");
    assert_eq!(row(store, PAIR).await.version, 0);
}

pub async fn the_honest_sample_ends_before_a_gap_that_waits_for_an_opinion(store: &dyn Store) {
    open_shop(store).await;
    let order = store.page(&everything(), QueueSort::Random, None, 10).await.unwrap().rows;
    let pairs: Vec<(String, String)> =
        order.iter().map(|row| (row.gap.product.to_string(), row.gap.attribute.to_string())).collect();
    for (place, (product, attribute)) in pairs.iter().enumerate() {
        let share = if place == 2 { Share::ALL } else { Share::NONE };
        share_second_opinions(store, share).await;
        decide(store, &accept((product, attribute), "7", 0)).await;
    }
    let sample = store.sample(&QueueFilter::default()).await.unwrap();
    assert_eq!((sample.gaps, sample.share), (2, Lot::Sample.of(&order[2].gap)));
    let waiting = (pairs[2].0.as_str(), pairs[2].1.as_str());
    decide(store, &by("bob", accept(waiting, "8", 1))).await;
    assert_eq!(store.sample(&QueueFilter::default()).await.unwrap().gaps, 2, "they differ");
    decide(store, &by("cleo", accept(waiting, "8", 2))).await;
    assert_eq!(store.sample(&QueueFilter::default()).await.unwrap().gaps, 5);
}

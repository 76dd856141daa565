//! What [`gapdeck::repository::InsightRepository`] promises.

use crate::support::fixture::*;
use chrono::{TimeDelta, Utc};
use gapdeck::domain::{
    Action, Anchoring, Decision, GapId, JudgedBy, JudgedFilter, Lot, Opinion, Policy, QueueFilter, Share,
    State,
};
use gapdeck::insight::comparison::Comparison;
use gapdeck::repository::{CatalogueBatch, JudgedGroup, Store, Timeline};

/// Groups as (key, judged, right) a cell.
fn read(groups: &[JudgedGroup]) -> Vec<(&str, Vec<(u64, u64)>)> {
    groups
        .iter()
        .map(|group| (group.key.as_str(), group.cells.iter().map(|cell| (cell.judged, cell.right)).collect()))
        .collect()
}

/// Three gaps judged: e1 is right on two of them, e2 on one; a prediction without a confidence says nothing here.
async fn judged(store: &dyn Store) {
    open_shop(store).await;
    for (product, attribute, experiment, value, confidence) in [
        ("p1", "colour", "e1", "Black", Some(0.9)),
        ("p1", "colour", "e1", "Blue", Some(0.2)),
        ("p1", "colour", "e2", "Blue", Some(0.9004)),
        ("p2", "colour", "e1", "Red", Some(0.9)),
        ("p2", "colour", "e2", "Green", None),
        ("p1", "weight", "e1", "12", Some(0.4)),
        ("p1", "weight", "e2", "13", Some(0.9)),
    ] {
        store
            .save_predictions(&[prediction(experiment, (product, attribute), value, confidence)])
            .await
            .unwrap();
    }
    decide(store, &accept(("p1", "colour"), "Black", 0)).await;
    decide(store, &accept(("p2", "colour"), "Red", 0)).await;
    decide(store, &accept(("p1", "weight"), "13", 0)).await;
}

pub async fn judged_predictions_are_added_up_by_confidence(store: &dyn Store) {
    judged(store).await;
    let all = store.judged(&JudgedFilter::default(), JudgedBy::Experiment).await.unwrap();
    assert_eq!(
        read(&all),
        [("e1", vec![(1, 0), (1, 0), (2, 2)]), ("e2", vec![(2, 1)])],
        "0.2, 0.4 and twice 0.9; 0.9004 and 0.9 are one thousandth"
    );
    let cell = all[0].cells[2];
    assert!((cell.confidence - 1.8).abs() < 1e-9 && (cell.squares - 1.62).abs() < 1e-9);
    assert!((cell.confidence_right - 1.8).abs() < 1e-9);
    let attributes = JudgedFilter { experiment: Some("e1".into()), ..JudgedFilter::default() };
    let of = store.judged(&attributes, JudgedBy::Attribute).await.unwrap();
    assert_eq!(read(&of), [("colour", vec![(1, 0), (2, 2)]), ("weight", vec![(1, 0)])]);
}

pub async fn judged_predictions_are_told_apart_by_attribute_and_category(store: &dyn Store) {
    judged(store).await;
    let weight = JudgedFilter { attribute: Some("weight".into()), ..JudgedFilter::default() };
    let of = store.judged(&weight, JudgedBy::Experiment).await.unwrap();
    assert_eq!(read(&of), [("e1", vec![(1, 0)]), ("e2", vec![(1, 1)])]);
    let categories = store.judged(&JudgedFilter::default(), JudgedBy::Category).await.unwrap();
    let total: u64 = categories.iter().flat_map(|group| &group.cells).map(|cell| cell.judged).sum();
    assert_eq!(total, 6);
    for group in &categories {
        let only = JudgedFilter { category: Some(group.key.as_str().into()), ..JudgedFilter::default() };
        let again = store.judged(&only, JudgedBy::Category).await.unwrap();
        assert_eq!(read(&again), read(std::slice::from_ref(group)));
    }
    let nowhere = JudgedFilter { category: Some("nowhere".into()), ..JudgedFilter::default() };
    assert_eq!(store.judged(&nowhere, JudgedBy::Attribute).await.unwrap(), []);
}

pub async fn what_is_not_judged_or_was_undone_says_nothing(store: &dyn Store) {
    open_shop(store).await;
    predict(store, "e1", ("p1", "colour"), "Black", 0.9).await;
    assert_eq!(store.judged(&JudgedFilter::default(), JudgedBy::Experiment).await.unwrap(), []);
    let decision = accept(("p1", "colour"), "Black", 0);
    decide(store, &decision).await;
    assert_eq!(store.judged(&JudgedFilter::default(), JudgedBy::Experiment).await.unwrap().len(), 1);
    decide(store, &undo(&decision, 1)).await;
    assert_eq!(store.judged(&JudgedFilter::default(), JudgedBy::Experiment).await.unwrap(), []);
}

pub async fn experiments_are_compared_on_the_gaps_that_both_predicted(store: &dyn Store) {
    judged(store).await;
    let seen = store.compare(&"e1".into(), &"e2".into()).await.unwrap();
    assert_eq!(seen, Comparison { both_right: 0, only_first: 2, only_second: 1, both_wrong: 0 });
    let turned = store.compare(&"e2".into(), &"e1".into()).await.unwrap();
    assert_eq!(turned, Comparison { both_right: 0, only_first: 1, only_second: 2, both_wrong: 0 });
    let alone = store.compare(&"e1".into(), &"unheard-of".into()).await.unwrap();
    assert_eq!(alone.gaps(), 0);
    // What was accepted unseen is no evidence of who is right.
    let more = CatalogueBatch { gaps: vec![gap("p2", "weight")], ..CatalogueBatch::default() };
    store.save_catalogue(&more).await.unwrap();
    predict(store, "e1", ("p2", "weight"), "12", 0.99).await;
    predict(store, "e2", ("p2", "weight"), "13", 0.5).await;
    let mut unseen = accept(("p2", "weight"), "12", 0);
    unseen.seen.policy = "bulk:threshold".into();
    decide(store, &unseen).await;
    assert_eq!(store.compare(&"e1".into(), &"e2".into()).await.unwrap(), seen);
    let won = store.differences(&"e1".into(), &"e2".into(), None, 10).await.unwrap();
    assert_eq!(won.rows.len(), 2);
    decide(store, &by("bob", decision(("p2", "weight"), Action::Override, Some("13"), 1))).await;
    assert_eq!(store.compare(&"e1".into(), &"e2".into()).await.unwrap().only_second, 2, "somebody looked");
}

/// Gaps of `n` products for one attribute, each with a prediction, in the order of their lots.
async fn drawn(store: &dyn Store, n: usize) -> Vec<GapId> {
    open_shop(store).await;
    let keys: Vec<String> = (0..n).map(|number| format!("q{number}")).collect();
    let products = keys.iter().map(|key| product(key, None)).collect();
    let gaps = keys.iter().map(|key| gap(key, "width")).collect();
    let attributes = vec![attribute("width", None, "text")];
    let batch = CatalogueBatch { products, attributes, gaps, ..CatalogueBatch::default() };
    store.save_catalogue(&batch).await.unwrap();
    let mut gaps: Vec<GapId> = keys.iter().map(|key| gap_id(key, "width")).collect();
    gaps.sort_by(|a, b| Lot::Sample.of(a).total_cmp(&Lot::Sample.of(b)));
    for (place, gap) in gaps.iter().enumerate() {
        let pair = (gap.product.as_str(), "width");
        // The fourth has none, the first two are surer than the others.
        if place != 3 {
            let sure = if place < 2 { 0.9 } else { 0.6 };
            store.save_predictions(&[prediction("e1", pair, "wide", sure)]).await.unwrap();
        }
    }
    gaps
}

pub async fn a_sample_ends_at_the_first_gap_that_nobody_decided(store: &dyn Store) {
    let gaps = drawn(store, 8).await;
    let width = QueueFilter { attribute: Some("width".into()), ..QueueFilter::default() };
    let none = store.sample(&width).await.unwrap();
    assert_eq!((none.gaps, none.share), (0, Lot::Sample.of(&gaps[0])));

    let of = |place: usize| (gaps[place].product.as_str(), "width");
    decide(store, &accept(of(0), "Wide", 0)).await;
    decide(store, &decision(of(1), Action::Flag, None, 0)).await;
    decide(store, &accept(of(2), "narrow", 0)).await;
    decide(store, &accept(of(3), "wide", 0)).await;
    // Beyond the first open one: picked by somebody, and no part of the sample.
    decide(store, &accept(of(6), "wide", 0)).await;
    let sample = store.sample(&width).await.unwrap();
    assert_eq!((sample.gaps, sample.share), (4, Lot::Sample.of(&gaps[4])));
    assert_eq!((sample.unsettled, sample.without_confidence), (1, 1));
    let cells: Vec<_> = sample.cells.iter().map(|cell| (cell.judged, cell.right)).collect();
    assert_eq!(cells, [(1, 0), (2, 1)], "0.6 overridden; 0.9 accepted once and flagged once");

    // What was accepted unseen ends it, too.
    let mut unseen = accept(of(4), "wide", 0);
    unseen.seen.policy = "bulk:threshold".into();
    decide(store, &unseen).await;
    decide(store, &accept(of(5), "wide", 0)).await;
    assert_eq!(store.sample(&width).await.unwrap(), sample);
}

pub async fn a_sample_of_everything_has_the_share_of_all(store: &dyn Store) {
    let gaps = drawn(store, 3).await;
    for gap in &gaps {
        decide(store, &accept((gap.product.as_str(), "width"), "wide", 0)).await;
    }
    let width = QueueFilter { attribute: Some("width".into()), ..QueueFilter::default() };
    let sample = store.sample(&width).await.unwrap();
    assert_eq!((sample.gaps, sample.share), (3, 1.0));
    assert_eq!((sample.total().judged, sample.total().right), (3, 3));
}

pub async fn days_count_what_people_decided_and_how_long_it_took(store: &dyn Store) {
    let gaps = drawn(store, 6).await;
    let of = |place: usize| (gaps[place].product.as_str(), "width");
    let made = [
        by("ada", accept(of(0), "wide", 0)),
        by("bob", decision(of(1), Action::Override, Some("narrow"), 0)),
        by("bob", decision(of(2), Action::NotApplicable, None, 0)),
        by("ada", decision(of(3), Action::Flag, None, 0)),
    ];
    for (number, mut decision) in made.into_iter().enumerate() {
        decision.seen.seconds = Some([2.0, 9.0, 3.0, 5.0][number]);
        decide(store, &decision).await;
    }
    let undone = accept(of(4), "wide", 0);
    decide(store, &undone).await;
    decide(store, &undo(&undone, 1)).await;
    let mut unseen = accept(of(5), "wide", 0);
    unseen.seen.policy = "bulk:threshold".into();
    decide(store, &unseen).await;

    let days = store.days(now() - TimeDelta::days(2)).await.unwrap();
    let [day] = &days[..] else { panic!("one day, unless it is midnight just now: {days:?}") };
    assert_eq!((day.accepted, day.overridden, day.rejected, day.put_off), (1, 1, 1, 1));
    assert_eq!((day.count(), day.reviewers, day.seconds), (4, 2, Some(4.0)));
    assert_eq!(store.days(Utc::now() + TimeDelta::days(1)).await.unwrap(), []);
}

pub async fn anchoring_tells_choices_made_blind_from_those_shown(store: &dyn Store) {
    let gaps = drawn(store, 8).await;
    let of = |place: usize| (gaps[place].product.as_str(), "width");
    let made = |mut decision: Decision, policy: &str, shown: Option<&str>| {
        policy.clone_into(&mut decision.seen.policy);
        decision.shown_value = shown.map(Into::into);
        decision
    };
    let undone = made(accept(of(6), "wide", 0), "queue:age", Some("wide"));
    for decision in [
        made(accept(of(0), "Wide ", 0), "queue:age", Some("wide")),
        made(accept(of(1), "second choice", 0), "queue:age", Some("wide")),
        made(decision(of(2), Action::Reject, None, 0), "queue:random", Some("wide")),
        made(accept(of(3), "wide", 0), "queue:age:blind", None),
        made(decision(of(4), Action::Override, Some("narrow"), 0), "queue:age:blind", None),
        made(accept(of(5), "wide", 0), "queue:age", None),
        undone.clone(),
        made(accept(of(7), "wide", 0), "bulk:threshold", Some("wide")),
    ] {
        decide(store, &decision).await;
    }
    decide(store, &undo(&undone, 1)).await;
    let seen = store.anchoring(now() - TimeDelta::days(2)).await.unwrap();
    assert_eq!(seen, Anchoring { shown: 3, shown_agreed: 1, blind: 2, blind_agreed: 1 });
    assert_eq!(store.anchoring(Utc::now() + TimeDelta::days(1)).await.unwrap(), Anchoring::default());
}

pub async fn opinions_are_what_two_people_said_of_a_gap(store: &dyn Store) {
    let gaps = drawn(store, 5).await;
    let of = |place: usize| (gaps[place].product.as_str(), "width");
    let all = Policy { second_opinions: Share::ALL, ..Policy::default() };
    store.set_policy(&all, &"ada".into()).await.unwrap();
    for decision in [
        by("ada", accept(of(0), "wide", 0)),
        by("bob", decision(of(0), Action::Override, Some("narrow"), 1)),
        by("eve", accept(of(0), "wide", 2)),
        by("ada", decision(of(1), Action::Reject, None, 0)),
        by("ada", decision(of(1), Action::NotApplicable, None, 1)),
        by("bob", decision(of(1), Action::Flag, None, 2)),
        by("bob", decision(of(1), Action::NotApplicable, None, 3)),
        by("ada", accept(of(2), "wide", 0)),
        by("bob", accept(of(3), "wide", 0)),
    ] {
        decide(store, &decision).await;
    }
    let undone = by("ada", accept(of(3), "wide", 1));
    decide(store, &undone).await;
    decide(store, &by("ada", undo(&undone, 2))).await;

    let said = |opinion: &Opinion| format!("{} {}", opinion.reviewer, opinion.verdict(false));
    let mut found: Vec<String> = store
        .opinions(Some(&"width".into()))
        .await
        .unwrap()
        .iter()
        .map(|two| format!("{}, {}", said(&two.first), said(&two.second)))
        .collect();
    found.sort();
    assert_eq!(found, ["ada =wide, bob =narrow", "ada not_applicable, bob not_applicable"]);
    assert_eq!(store.opinions(None).await.unwrap().len(), 2);
    assert_eq!(store.opinions(Some(&"colour".into())).await.unwrap(), []);
}

pub async fn the_gaps_that_one_experiment_won_come_in_pages(store: &dyn Store) {
    judged(store).await;
    let (e1, e2) = ("e1".into(), "e2".into());
    let won = walked!(after => store.differences(&e1, &e2, after.as_ref(), 1));
    let read: Vec<_> =
        won.iter().map(|one| (one.gap.to_string(), &*one.won.value, &*one.lost.value)).collect();
    let key = |product, attribute| gap_id(product, attribute).to_string();
    assert_eq!(
        read,
        [(key("p1", "colour"), "Black", "Blue"), (key("p2", "colour"), "Red", "Green")],
        "e1 was surest of Black"
    );
    assert_eq!(won[0].won.confidence, Some(confidence(0.9)));
    assert_eq!(won[1].lost.confidence, None);
    assert_eq!(won[0].product_name, row(store, ("p1", "colour")).await.product_name);
    let lost = store.differences(&e2, &e1, None, 10).await.unwrap();
    assert_eq!((lost.rows.len(), lost.rows[0].gap.clone(), lost.next), (1, gap_id("p1", "weight"), None));
    assert_eq!(store.differences(&e1, &"unheard-of".into(), None, 10).await.unwrap().rows, []);
    assert_eq!(store.differences(&e1, &e1, None, 10).await.unwrap().rows, []);
}

/// Timelines as (key, right or not).
fn times(lines: &[Timeline]) -> Vec<(&str, Vec<bool>)> {
    lines
        .iter()
        .map(|line| (line.key.as_str(), line.judgements.iter().map(|one| one.right).collect()))
        .collect()
}

pub async fn timelines_follow_the_decisions_in_force(store: &dyn Store) {
    judged(store).await;
    let all = JudgedFilter::default();
    let lines = store.timelines(&all, JudgedBy::Experiment, 100).await.unwrap();
    assert_eq!(times(&lines), [("e1", vec![true, true, false]), ("e2", vec![false, false, true])]);
    let first = lines[0].judgements[0];
    assert_eq!(first.confidence, Some(confidence(0.9)), "what e1 was surest of on the gap");
    assert!(first.at <= lines[0].judgements[1].at);
    assert_eq!(lines[1].judgements[1].confidence, None);

    let attributes = store.timelines(&all, JudgedBy::Attribute, 100).await.unwrap();
    assert_eq!(times(&attributes), [("colour", vec![false, true]), ("weight", vec![true])], "e2 was surer");
    let of_e1 = JudgedFilter { experiment: Some("e1".into()), ..all.clone() };
    let attributes = store.timelines(&of_e1, JudgedBy::Attribute, 100).await.unwrap();
    assert_eq!(times(&attributes), [("colour", vec![true, true]), ("weight", vec![false])]);
    let categories = store.timelines(&all, JudgedBy::Category, 100).await.unwrap();
    assert_eq!(categories.iter().map(|line| line.judgements.len()).sum::<usize>(), 3);
    for line in &categories {
        let only = JudgedFilter { category: Some(line.key.as_str().into()), ..all.clone() };
        let again = store.timelines(&only, JudgedBy::Category, 100).await.unwrap();
        assert_eq!(again, std::slice::from_ref(line));
    }
    let weight = JudgedFilter { attribute: Some("weight".into()), ..all.clone() };
    let last = store.timelines(&weight, JudgedBy::Experiment, 1).await.unwrap();
    assert_eq!(times(&last), [("e1", vec![false]), ("e2", vec![true])]);

    // Only the last ones, and of these not what was undone, overtaken or accepted unseen.
    let last = store.timelines(&all, JudgedBy::Experiment, 1).await.unwrap();
    assert_eq!(times(&last), [("e1", vec![false]), ("e2", vec![true])]);
    decide(store, &by("bob", accept(("p1", "weight"), "12", 1))).await;
    let overtaken = store.timelines(&weight, JudgedBy::Experiment, 100).await.unwrap();
    assert_eq!(times(&overtaken), [("e1", vec![true]), ("e2", vec![false])]);
    let mut unseen = by("bob", accept(("p2", "colour"), "Red", 1));
    unseen.seen.policy = "bulk:threshold".into();
    decide(store, &unseen).await;
    let lines = store.timelines(&all, JudgedBy::Experiment, 100).await.unwrap();
    assert_eq!(times(&lines), [("e1", vec![true, true]), ("e2", vec![false, false])]);
    decide(store, &by("bob", undo(&unseen, 2))).await;
    let lines = store.timelines(&all, JudgedBy::Experiment, 100).await.unwrap();
    assert_eq!(lines[0].judgements.len(), 3, "the decision before is in force again");
}

pub async fn what_was_said_of_gaps_with_two_opinions_comes_gap_by_gap(store: &dyn Store) {
    let gaps = drawn(store, 5).await;
    let of = |place: usize| (gaps[place].product.as_str(), "width");
    // Alone, before the team asked for second opinions.
    decide(store, &by("ada", accept(of(4), "wide", 0))).await;
    let all = Policy { second_opinions: Share::ALL, ..Policy::default() };
    store.set_policy(&all, &"ada".into()).await.unwrap();
    let shown = |decision: Decision| Decision { shown_value: Some("wide".into()), ..decision };
    let undone = by("eve", accept(of(0), "narrow", 2));
    let mut unseen = by("bob", accept(of(3), "wide", 0));
    unseen.seen.policy = "bulk:threshold".into();
    for decision in [
        shown(by("ada", accept(of(0), "wide", 0))),
        by("bob", decision(of(0), Action::Override, Some("narrow"), 1)),
        undone.clone(),
        by("eve", undo(&undone, 3)),
        by("eve", decision(of(0), Action::Reject, None, 4)),
        // Ada has no part in these.
        by("bob", accept(of(1), "wide", 0)),
        by("eve", accept(of(1), "wide", 1)),
        // Accepted unseen, which is nobody's opinion.
        unseen,
        by("ada", accept(of(3), "wide", 1)),
    ] {
        decide(store, &decision).await;
    }
    let said = store.said(&"ada".into(), 100).await.unwrap();
    let read: Vec<_> = said
        .iter()
        .map(|one| {
            (one.gap.clone(), one.reviewer.to_string(), one.value.as_deref(), one.shown_value.as_deref())
        })
        .collect();
    let mut expected = vec![
        (gaps[0].clone(), "ada".to_owned(), Some("wide"), Some("wide")),
        (gaps[0].clone(), "bob".to_owned(), Some("narrow"), None),
        (gaps[0].clone(), "eve".to_owned(), None, None),
        (gaps[3].clone(), "ada".to_owned(), Some("wide"), None),
    ];
    expected.sort_by(|a, b| a.0.cmp(&b.0));
    assert_eq!(read, expected);
    let states: Vec<_> = said.iter().filter(|one| one.gap == gaps[0]).map(|one| one.result_state).collect();
    assert_eq!(states, [Some(State::Second), Some(State::Disputed), Some(State::Rejected)]);
    let last = store.said(&"ada".into(), 1).await.unwrap();
    assert_eq!(last.len(), 1, "of the last decision's gap only: {last:?}");
    assert_eq!(store.said(&"zoe".into(), 100).await.unwrap(), []);
}

//! What ranks a gap's candidates: the category's values, and how far down past lists the right value was.

use crate::support::fixture::*;
use gapdeck::domain::{Action, Decision, ListCut, Seen, SeenCandidate, ShownList, View, WhenBusy};
use gapdeck::repository::{CatalogueBatch, Store, ToVote};
use gapdeck::review::vote::{self, Job};
use std::time::Duration;

const PAIR: (&str, &str) = ("p1", "weight");

async fn refresh(store: &dyn Store) {
    store.refresh_view(View::CategoryValues, Duration::ZERO, WhenBusy::Wait).await.unwrap();
}

pub async fn a_category_tells_its_frequent_values_and_a_sample_of_its_numbers(store: &dyn Store) {
    open_shop(store).await;
    let keys = ["a1", "a2", "a3", "a4", "c1"];
    let colours = ["Red", "red ", "RED", "Blue", "Green"];
    let batch = CatalogueBatch {
        products: keys.map(|key| product(key, None)).to_vec(),
        product_categories: keys
            .map(|key| in_category(key, if key == "c1" { "cables" } else { "audio" }))
            .to_vec(),
        values: keys
            .into_iter()
            .zip(colours)
            .flat_map(|(key, colour)| [value(key, "colour", colour), value(key, "weight", "12 g")])
            .chain([value("a4", "colour", &"long ".repeat(100))])
            .collect(),
        ..CatalogueBatch::default()
    };
    store.save_catalogue(&batch).await.unwrap();
    let of = async |category: &str, attribute: &str| {
        store.category_values(&category.into(), &attribute.into()).await.unwrap()
    };
    assert_eq!(of("audio", "colour").await, None, "it is as old as the last refresh");
    refresh(store).await;
    let colour = of("audio", "colour").await.expect("colours");
    assert_eq!((colour.known, colour.sample.len()), (4, 0));
    assert_eq!(colour.frequent, [("RED".to_owned(), 3), ("Blue".to_owned(), 1)]);
    let mut weight = of("audio", "weight").await.expect("weights");
    weight.sample.sort();
    assert_eq!(
        (weight.known, weight.sample),
        (5, ["12 g", "12 g", "12 g", "12 g", "120"].map(Into::into).to_vec())
    );
    assert_eq!(of("cables", "colour").await.expect("colours").frequent, [("Green".to_owned(), 1)]);
    assert_eq!(of("cables", "wireless").await, None);

    let card = store.card(&gap_id("p1", "weight"), 0).await.unwrap().expect("a card");
    assert_eq!(card.common.expect("the category's weights").known, 5);
    let card = store.card(&gap_id("p3", "weight"), 0).await.unwrap().expect("a card");
    assert_eq!(card.common, None, "it has no category");
}

fn seen(value: &str, score: f64) -> SeenCandidate {
    SeenCandidate {
        value: value.into(),
        sources: vec!["e1".into()],
        score: Some(score),
        ..SeenCandidate::default()
    }
}

fn drawn(pair: (&str, &str), action: Action, right: Option<&str>, policy: &str) -> Decision {
    let candidates = vec![seen("12", 0.9), seen("13", 0.4)];
    Decision {
        seen: Seen { policy: policy.into(), candidates, ..Seen::default() },
        ..decision(pair, action, right, 0)
    }
}

pub async fn lists_of_randomly_drawn_gaps_come_with_what_was_right(store: &dyn Store) {
    open_shop(store).await;
    let keys = ["d1", "d2", "d3", "d4", "d5", "d6", "d7"];
    let batch = CatalogueBatch {
        products: keys.map(|key| product(key, None)).to_vec(),
        gaps: keys.map(|key| gap(key, "weight")).to_vec(),
        ..CatalogueBatch::default()
    };
    store.save_catalogue(&batch).await.unwrap();
    let random = "queue:random";
    decide(store, &drawn(("d1", "weight"), Action::Accept, Some("12"), random)).await;
    decide(store, &drawn(("d2", "weight"), Action::Override, Some("14"), random)).await;
    decide(store, &drawn(("d3", "weight"), Action::Reject, None, random)).await;
    // None of these says which value was right on a list that was drawn and seen.
    decide(store, &drawn(("d4", "weight"), Action::NotApplicable, None, random)).await;
    decide(store, &drawn(("d5", "weight"), Action::Accept, Some("12"), "queue:random:blind")).await;
    decide(store, &drawn(("d6", "weight"), Action::Accept, Some("12"), "queue:uncertainty")).await;
    decide(store, &drawn(("p1", "colour"), Action::Accept, Some("12"), random)).await;
    let gone = drawn(("d7", "weight"), Action::Accept, Some("12"), random);
    decide(store, &gone).await;
    decide(store, &Decision { undoes: Some(gone.id), ..decision(("d7", "weight"), Action::Undo, None, 1) })
        .await;

    let listed = store.shown_lists(&"weight".into(), 10).await.unwrap();
    let list = |right: Option<&str>| ShownList {
        candidates: vec![seen("12", 0.9), seen("13", 0.4)],
        right: right.map(Into::into),
    };
    assert_eq!(listed, [list(None), list(Some("14")), list(Some("12"))], "the latest first");
    assert_eq!(store.shown_lists(&"weight".into(), 1).await.unwrap(), [list(None)]);
}

pub async fn with_enough_of_them_an_attributes_lists_are_cut(store: &dyn Store) {
    open_shop(store).await;
    let keys: Vec<String> = (0..100).map(|n| format!("d{n:03}")).collect();
    let batch = CatalogueBatch {
        products: keys.iter().map(|key| product(key, None)).collect(),
        gaps: keys.iter().map(|key| gap(key, "weight")).collect(),
        ..CatalogueBatch::default()
    };
    store.save_catalogue(&batch).await.unwrap();
    let measure = async || {
        let job = Job { which: ToVote { attribute: Some("weight".into()), only_missing: false } };
        let (report, outcome) = vote::run(store, &job, std::future::pending(), |_| ()).await;
        outcome.unwrap();
        report.lists
    };
    assert_eq!(measure().await, []);
    // The first candidate is right in 80, the second in 15, and 5 lists lack the right value.
    let decide_on = async |numbers: std::ops::Range<usize>| {
        for n in numbers {
            let right = if n < 80 { Some("12") } else { Some("13 ") };
            let action = if n < 95 { Action::Accept } else { Action::Reject };
            let right = right.filter(|_| action == Action::Accept);
            decide(store, &drawn((&keys[n], "weight"), action, right, "queue:random")).await;
        }
    };
    decide_on(0..99).await;
    let few = measure().await;
    assert_eq!((few[0].decided, few[0].listed, few[0].score), (99, 95, None), "too few");
    decide_on(99..100).await;
    let cut = measure().await;
    assert_eq!((cut[0].decided, cut[0].listed, cut[0].score), (100, 95, Some(0.4)), "the 91st of 100");
    let kept: Vec<ListCut> = store.list_cuts().await.unwrap();
    assert_eq!((kept.len(), kept[0].score), (1, Some(0.4)));
    let card = store.card(&gap_id(PAIR.0, PAIR.1), 0).await.unwrap().expect("a card");
    assert_eq!(card.cut.expect("a cut").decided, 100);
}

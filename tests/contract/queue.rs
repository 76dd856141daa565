//! What [`gapdeck::repository::QueueRepository`] promises of rows, filters and counts.

use crate::support::fixture::*;
use gapdeck::domain::{
    Action, Confidence, Count, QueueFilter, QueueRow, QueueSort, State, StateFilter, VoteMark,
};
use gapdeck::repository::{CatalogueBatch, Store};

const PAIR: (&str, &str) = ("p1", "colour");

fn everything() -> QueueFilter {
    QueueFilter { state: StateFilter::All, ..QueueFilter::default() }
}

/// Returns the rows of a filter as `product/attribute`, by product.
async fn found(store: &dyn Store, filter: &QueueFilter) -> Vec<String> {
    let page = store.page(filter, QueueSort::Age, None, 1_000).await.unwrap();
    let mut found: Vec<_> =
        page.rows.iter().map(|row| format!("{}/{}", row.gap.product, row.gap.attribute)).collect();
    found.sort();
    found
}

async fn with_text(store: &dyn Store, text: &str) -> Vec<String> {
    found(store, &QueueFilter { text: Some(text.into()), ..everything() }).await
}

fn near(found: f64, expected: f64) -> bool {
    (found - expected).abs() < 1e-9
}

pub async fn a_row_shows_what_a_list_needs(store: &dyn Store) {
    let before = now();
    open_shop(store).await;
    predict(store, "e1", PAIR, "Black", 0.7).await;
    predict(store, "e2", PAIR, "Blue", 0.2).await;
    let found = row(store, PAIR).await;
    let expected = QueueRow {
        gap: gap_id("p1", "colour"),
        product_name: "Aurora X2 headphones".into(),
        category: Some("audio".into()),
        best_value: Some("Black".into()),
        best_confidence: Some(confidence(0.7)),
        candidate_count: 2,
        value_count: 2,
        disagreement: 0.5,
        uncertainty: found.uncertainty,
        state: State::Open,
        version: 0,
        decided_by: None,
        decided_value: None,
        decided_at: None,
        first_by: None,
        vote: None,
        gap_created_at: found.gap_created_at,
    };
    assert_eq!(found, expected);
    assert!(near(found.uncertainty, 0.5), "{found:?}");
    let age = found.gap_created_at - before;
    assert!(age.num_minutes().abs() < 5, "the gap came to be {age} after it was saved");
    let page = store.page(&everything(), QueueSort::Product, None, 1).await.unwrap();
    assert_eq!(page.rows, [found], "a page shows the same");
}

pub async fn a_gap_without_candidates_has_no_best_value(store: &dyn Store) {
    open_shop(store).await;
    let row = row(store, ("p3", "weight")).await;
    assert_eq!((row.best_value, row.best_confidence), (None, None));
    assert_eq!((row.candidate_count, row.value_count), (0, 0));
    assert!(near(row.disagreement, 0.0) && near(row.uncertainty, -1.0));
    assert_eq!(row.category, None);
}

pub async fn the_best_candidate_is_the_most_confident(store: &dyn Store) {
    open_shop(store).await;
    let best = async || {
        let row = row(store, PAIR).await;
        (row.best_value.unwrap_or_default(), row.best_confidence.map(Confidence::get))
    };
    predict(store, "e1", PAIR, "Zinc", None).await;
    predict(store, "e2", PAIR, "Amber", None).await;
    assert_eq!(best().await, ("Amber".into(), None), "ties by value");
    predict(store, "e1", PAIR, "White", 0.0).await;
    assert_eq!(best().await, ("White".into(), Some(0.0)), "a confidence of zero is one");
    let recommended = recommendation("r1", PAIR, "Red", 0.6);
    store.save_recommendations(&[recommended]).await.unwrap();
    assert_eq!(best().await, ("Red".into(), Some(0.6)), "recommendations count");
    predict(store, "e3", PAIR, "Blue", 0.6).await;
    assert_eq!(best().await, ("Blue".into(), Some(0.6)), "ties by value");
    predict(store, "e1", PAIR, "red", 0.61).await;
    assert_eq!(best().await, ("red".into(), Some(0.61)), "in the spelling of the most confident");
}

pub async fn disagreement_is_the_share_outside_the_most_frequent_value(store: &dyn Store) {
    open_shop(store).await;
    let steps = [("e1", "Black", 0.0), ("e2", "black", 0.0), ("e3", "Blue", 1.0 / 3.0), ("e4", "Red", 0.5)];
    for (experiment, value, expected) in steps {
        predict(store, experiment, PAIR, value, 0.5).await;
        let row = row(store, PAIR).await;
        assert!(near(row.disagreement, expected), "{row:?} instead of {expected}");
    }
    let row = row(store, PAIR).await;
    assert_eq!((row.candidate_count, row.value_count), (4, 3));
}

/// Values with their confidences.
type Candidates<'a> = &'a [(&'a str, Option<f64>)];

pub async fn uncertainty_is_one_minus_the_margin_of_the_best_two_values(store: &dyn Store) {
    open_shop(store).await;
    // (candidates, expected): where there is no other value, what is left of the confidence counts as one.
    let cases: [(&str, Candidates<'_>, f64); 5] = [
        ("p1/colour", &[("Black", Some(0.9))], 0.2),
        ("p1/weight", &[("7", Some(0.3))], 1.0),
        ("p1/wireless", &[("Yes", Some(0.9)), ("No", Some(0.6)), ("yes", Some(0.8))], 0.7),
        ("p2/colour", &[("Red", Some(0.4)), ("Blue", None)], 0.6),
        ("p3/weight", &[("7", None)], 1.0),
    ];
    for (pair, candidates, expected) in cases {
        let pair = pair.split_once('/').expect("a pair");
        for (n, (value, confidence)) in candidates.iter().enumerate() {
            predict(store, &format!("e{n}"), pair, value, *confidence).await;
        }
        let row = row(store, pair).await;
        assert!(near(row.uncertainty, expected), "{row:?} instead of {expected}");
    }
}

pub async fn values_that_differ_in_case_and_spaces_are_one(store: &dyn Store) {
    open_shop(store).await;
    for (n, value) in ["Dark  Blue", "dark blue", "\tDARK\nBLUE ", "darkblue"].iter().enumerate() {
        predict(store, &format!("e{n}"), PAIR, value, 0.5).await;
    }
    let row = row(store, PAIR).await;
    assert_eq!((row.candidate_count, row.value_count), (4, 2));
}

pub async fn values_that_differ_in_the_case_of_other_letters_are_one(store: &dyn Store) {
    open_shop(store).await;
    for (n, value) in ["GRÜN ЖЁЛТЫЙ", "grün жёлтый", "Grün Жёлтый"].iter().enumerate() {
        predict(store, &format!("e{n}"), PAIR, value, 0.5).await;
    }
    let row = row(store, PAIR).await;
    assert_eq!((row.candidate_count, row.value_count), (3, 1));
}

pub async fn the_first_category_is_the_one_with_the_smallest_key(store: &dyn Store) {
    open_shop(store).await;
    assert_eq!(row(store, ("p2", "colour")).await.category, Some("audio".into()));
    let batch = CatalogueBatch {
        categories: vec![category("Zoo", None)],
        product_categories: vec![in_category("p2", "Zoo"), in_category("p3", "cables")],
        ..CatalogueBatch::default()
    };
    store.save_catalogue(&batch).await.unwrap();
    assert_eq!(row(store, ("p2", "colour")).await.category, Some("Zoo".into()), "by the bytes of the key");
    assert_eq!(row(store, ("p3", "weight")).await.category, Some("cables".into()));
}

pub async fn long_names_and_values_are_cut(store: &dyn Store) {
    let long = "ü".repeat(250);
    let batch = CatalogueBatch {
        attributes: vec![attribute("text", None, "text")],
        products: vec![product("p1", Some(&long))],
        gaps: vec![gap("p1", "text")],
        ..CatalogueBatch::default()
    };
    store.save_catalogue(&batch).await.unwrap();
    predict(store, "e1", ("p1", "text"), &long, 0.5).await;
    decide(store, &accept(("p1", "text"), &long, 0)).await;
    let row = row(store, ("p1", "text")).await;
    let cut = "ü".repeat(200);
    assert_eq!(row.product_name, cut);
    assert_eq!((row.best_value.as_ref(), row.decided_value.as_ref()), (Some(&cut), Some(&cut)));
    let card = store.card(&gap_id("p1", "text"), 0).await.unwrap().expect("a card");
    assert_eq!(card.candidates[0].value, long, "the card has all of it");
    assert_eq!(card.product.product.name, Some(long));
}

pub async fn a_queue_shows_open_gaps_unless_told_otherwise(store: &dyn Store) {
    open_shop(store).await;
    decide(store, &accept(PAIR, "Black", 0)).await;
    decide(store, &decision(("p1", "weight"), Action::Defer, None, 0)).await;
    let open = found(store, &QueueFilter::default()).await;
    assert_eq!(open, ["p1/wireless", "p2/colour", "p3/weight"]);
}

pub async fn a_queue_is_filtered_by_state(store: &dyn Store) {
    open_shop(store).await;
    decide(store, &accept(PAIR, "Black", 0)).await;
    decide(store, &decision(("p1", "weight"), Action::Defer, None, 0)).await;
    decide(store, &decision(("p2", "colour"), Action::Flag, None, 0)).await;
    let of = async |state| found(store, &QueueFilter { state, ..QueueFilter::default() }).await;
    assert_eq!(of(StateFilter::Open).await, ["p1/wireless", "p3/weight"]);
    assert_eq!(of(StateFilter::Only(State::Open)).await, ["p1/wireless", "p3/weight"]);
    assert_eq!(of(StateFilter::Only(State::Accepted)).await, ["p1/colour"]);
    assert_eq!(of(StateFilter::Only(State::Flagged)).await, ["p2/colour"]);
    assert_eq!(of(StateFilter::Only(State::Rejected)).await, [""; 0]);
    assert_eq!(of(StateFilter::Decided).await, ["p1/colour", "p1/weight", "p2/colour"]);
    assert_eq!(of(StateFilter::All).await.len(), 5);
}

pub async fn a_queue_is_filtered_by_attribute_category_and_experiment(store: &dyn Store) {
    open_shop(store).await;
    predict(store, "e1", PAIR, "Black", 0.5).await;
    predict(store, "e2", PAIR, "Black", 0.5).await;
    predict(store, "e1", ("p3", "weight"), "7", 0.5).await;
    let recommended = recommendation("r1", ("p2", "colour"), "Red", 0.5);
    store.save_recommendations(&[recommended]).await.unwrap();

    let attribute = |key: &str| QueueFilter { attribute: Some(key.into()), ..everything() };
    assert_eq!(found(store, &attribute("colour")).await, ["p1/colour", "p2/colour"]);
    assert_eq!(found(store, &attribute("Colour")).await, [""; 0]);
    let category = |key: &str| QueueFilter { category: Some(key.into()), ..everything() };
    assert_eq!(
        found(store, &category("audio")).await,
        ["p1/colour", "p1/weight", "p1/wireless", "p2/colour"]
    );
    assert_eq!(found(store, &category("cables")).await, [""; 0], "only the first category counts");
    let experiment = |key: &str| QueueFilter { experiment: Some(key.into()), ..everything() };
    assert_eq!(found(store, &experiment("e1")).await, ["p1/colour", "p3/weight"]);
    assert_eq!(found(store, &experiment("e2")).await, ["p1/colour"]);
    assert_eq!(found(store, &experiment("r1")).await, [""; 0], "a round is no experiment");
}

pub async fn confidence_bounds_are_inclusive_and_leave_gaps_without_candidates_out(store: &dyn Store) {
    open_shop(store).await;
    predict(store, "e1", PAIR, "Black", 0.1).await;
    predict(store, "e1", ("p1", "weight"), "7", 0.7).await;
    predict(store, "e1", ("p2", "colour"), "Red", 0.9).await;
    predict(store, "e1", ("p3", "weight"), "7", None).await;
    let between = async |min: Option<f64>, max: Option<f64>| {
        let filter = QueueFilter {
            min_confidence: min.map(confidence),
            max_confidence: max.map(confidence),
            ..everything()
        };
        found(store, &filter).await
    };
    assert_eq!(between(Some(0.7), None).await, ["p1/weight", "p2/colour"]);
    assert_eq!(between(None, Some(0.7)).await, ["p1/colour", "p1/weight"]);
    assert_eq!(between(Some(0.1), Some(0.1)).await, ["p1/colour"]);
    assert_eq!(between(Some(0.0), None).await, ["p1/colour", "p1/weight", "p2/colour"]);
    assert_eq!(between(None, Some(1.0)).await, ["p1/colour", "p1/weight", "p2/colour"]);
    assert_eq!(between(Some(0.8), Some(0.2)).await, [""; 0]);
}

/// Saves one gap for each name, of products `t0`, `t1`, ...
async fn gaps_named(store: &dyn Store, names: &[Option<&str>]) {
    let keys: Vec<_> = (0..names.len()).map(|n| format!("t{n}")).collect();
    let batch = CatalogueBatch {
        attributes: vec![attribute("a", None, "text")],
        products: keys.iter().zip(names).map(|(key, name)| product(key, *name)).collect(),
        gaps: keys.iter().map(|key| gap(key, "a")).collect(),
        ..CatalogueBatch::default()
    };
    store.save_catalogue(&batch).await.unwrap();
}

pub async fn text_finds_names_in_any_case_and_exact_keys(store: &dyn Store) {
    gaps_named(store, &[Some("USB-C Cable, 3 m"), Some("Grüner ÖLKÄNNCHEN-Halter"), None, Some("t2 ghost")])
        .await;
    assert_eq!(with_text(store, "usb-c cab").await, ["t0/a"]);
    assert_eq!(with_text(store, "ölkännchen").await, ["t1/a"], "letters beyond ASCII fold too");
    assert!(with_text(store, "able, 3").await.contains(&"t0/a".into()), "inside of words too");
    assert_eq!(with_text(store, "t0").await, ["t0/a"], "an exact key");
    assert_eq!(with_text(store, "t2").await, ["t2/a", "t3/a"], "a key and a name");
    assert_eq!(with_text(store, "zzqqxx").await, [""; 0]);
}

pub async fn text_is_no_pattern(store: &dyn Store) {
    gaps_named(store, &[Some("100% cotton"), Some("snake_case"), Some(r"back\slash"), Some("it's plain")])
        .await;
    assert_eq!(with_text(store, "%").await, ["t0/a"]);
    assert_eq!(with_text(store, "_").await, ["t1/a"]);
    assert_eq!(with_text(store, r"\").await, ["t2/a"]);
    assert_eq!(with_text(store, "'").await, ["t3/a"]);
}

pub async fn conditions_hold_together(store: &dyn Store) {
    open_shop(store).await;
    predict(store, "e1", PAIR, "Black", 0.9).await;
    predict(store, "e1", ("p1", "weight"), "7", 0.9).await;
    predict(store, "e1", ("p2", "colour"), "Red", 0.9).await;
    let filter = QueueFilter {
        attribute: Some("colour".into()),
        category: Some("audio".into()),
        experiment: Some("e1".into()),
        min_confidence: Some(confidence(0.9)),
        max_confidence: Some(confidence(0.9)),
        vote: Some(VoteMark::Silent),
        text: Some("aurora".into()),
        state: StateFilter::Open,
        not_first_by: None,
        among: None,
    };
    assert_eq!(found(store, &filter).await, ["p1/colour"]);
    assert_eq!(store.count(&filter, 10).await.unwrap(), Count::Exact(1));
    decide(store, &accept(PAIR, "Black", 0)).await;
    assert_eq!(found(store, &filter).await, [""; 0]);
    assert_eq!(store.count(&filter, 10).await.unwrap(), Count::Exact(0));
}

pub async fn a_count_is_exact_up_to_its_cap(store: &dyn Store) {
    open_shop(store).await;
    assert_eq!(store.count(&everything(), 100).await.unwrap(), Count::Exact(5));
    assert_eq!(store.count(&everything(), 5).await.unwrap(), Count::Exact(5));
    let capped = store.count(&everything(), 4).await.unwrap();
    assert!(matches!(capped, Count::About(number) if number >= 4), "{capped:?}");
    let colours = QueueFilter { attribute: Some("colour".into()), ..everything() };
    assert_eq!(store.count(&colours, 4).await.unwrap(), Count::Exact(2));
}

pub async fn predictions_for_a_pair_that_is_no_gap_wait_for_the_gap(store: &dyn Store) {
    open_shop(store).await;
    predict(store, "e1", ("p3", "colour"), "Red", 0.5).await;
    assert_eq!(store.row(&gap_id("p3", "colour")).await.unwrap(), None);
    let batch = CatalogueBatch { gaps: vec![gap("p3", "colour")], ..CatalogueBatch::default() };
    store.save_catalogue(&batch).await.unwrap();
    let row = row(store, ("p3", "colour")).await;
    assert_eq!((row.best_value.as_deref(), row.candidate_count), (Some("Red"), 1));
}

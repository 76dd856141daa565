//! `policy` and `threshold`.

use super::*;
use crate::support::backend::server_store;
use crate::support::fixture;
use gapdeck::domain::{
    Claim, Confidence, Decision, GapId, LeaseToken, Lot, QueueFilter, QueueSort, State, StateFilter,
};
use gapdeck::repository::{CatalogueBatch, Store};
use std::time::Duration;

const GAPS: usize = 600;

/// Tells whether the model is sure of a gap; then it is right, otherwise wrong.
fn is_sure(gap: &GapId) -> bool {
    gap.product.as_str().trim_start_matches('w').parse::<usize>().unwrap().is_multiple_of(2)
}

/// Many gaps for one attribute, in the order of their lots.
async fn gaps(store: &dyn Store) -> Vec<GapId> {
    let keys: Vec<String> = (0..GAPS).map(|number| format!("w{number}")).collect();
    let batch = CatalogueBatch {
        products: keys.iter().map(|key| fixture::product(key, None)).collect(),
        attributes: vec![fixture::attribute("width", None, "text")],
        gaps: keys.iter().map(|key| fixture::gap(key, "width")).collect(),
        ..CatalogueBatch::default()
    };
    store.save_catalogue(&batch).await.unwrap();
    let mut gaps: Vec<GapId> = keys.iter().map(|key| fixture::gap_id(key, "width")).collect();
    let predictions: Vec<_> = gaps
        .iter()
        .map(|gap| {
            let sure = if is_sure(gap) { 0.99 } else { 0.5 };
            fixture::prediction("e1", (gap.product.as_str(), "width"), "wide", sure)
        })
        .collect();
    store.save_predictions(&predictions).await.unwrap();
    gaps.sort_by(|a, b| Lot::Sample.of(a).total_cmp(&Lot::Sample.of(b)));
    gaps
}

/// Decides gaps as a reviewer who knows what is right.
async fn review(store: &dyn Store, gaps: &[GapId]) {
    let decisions: Vec<Decision> = gaps
        .iter()
        .map(|gap| {
            let value = if is_sure(gap) { "wide" } else { "narrow" };
            fixture::accept((gap.product.as_str(), "width"), value, 0)
        })
        .collect();
    store.decide_together(&decisions).await.unwrap();
}

async fn states(store: &dyn Store) -> Vec<(GapId, State)> {
    let all = QueueFilter { state: StateFilter::All, ..QueueFilter::default() };
    let rows = store.page(&all, QueueSort::Random, None, GAPS).await.unwrap().rows;
    rows.into_iter().map(|row| (row.gap, row.state)).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_threshold_is_certified_applied_and_taken_back() {
    let database = TestDatabase::migrated().await;
    let gapdeck = Gapdeck::on(&database);
    let store = server_store(&database.url).await;
    let gaps = gaps(&*store).await;

    review(&*store, &gaps[..100]).await;
    let early = gapdeck.json(&["threshold", "--attribute", "width", "--json"]);
    assert_eq!(
        (text(&early, "outcome"), &early["judged"], &early["more"]),
        ("too_few", &100.into(), &49.into())
    );
    let said = gapdeck.succeeds(&["threshold", "--apply"]).stdout;
    assert!(
        said.starts_with("Too few to tell: error <= 2 % with 95 % confidence takes at least 49 more"),
        "{said}"
    );
    assert!(
        states(&*store).await[100..].iter().all(|(_, state)| *state == State::Open),
        "nothing was accepted"
    );

    review(&*store, &gaps[100..400]).await;
    let found = gapdeck.json(&["threshold", "--preview", "--audit", "10%", "--json"]);
    let sampled = Lot::Sample.of(&gaps[400]);
    let is_kept_out = |gap: &GapId| Lot::Sample.of(gap) < sampled + 0.1 * (1.0 - sampled);
    let covered: Vec<&GapId> = gaps[400..].iter().filter(|gap| is_sure(gap)).collect();
    let kept_out = covered.iter().filter(|gap| is_kept_out(gap)).count();
    assert!(kept_out > 3 && covered.len() > 60, "the lots of this test: {kept_out} of {}", covered.len());
    assert_eq!((text(&found, "outcome"), &found["errors"]), ("certified", &0.into()), "{found:#}");
    assert_eq!(found["covered"]["exact"], covered.len());
    assert_eq!(found["preview"]["kept_out"], kept_out);
    assert_eq!(found["preview"]["values"][0], serde_json::json!(["wide", covered.len() - kept_out]));
    assert_eq!(found["sample"]["gaps"], 400);

    // Somebody works on one of them just now.
    let held = *covered.iter().find(|gap| !is_kept_out(gap)).unwrap();
    let claim = Claim {
        filter: QueueFilter { text: Some(held.product.to_string()), ..QueueFilter::default() },
        sort: QueueSort::Product,
        after: None,
        limit: 1,
        reviewer: "bob".into(),
        token: LeaseToken::new(),
        lasts: Duration::from_secs(600),
    };
    assert_eq!(store.claim(&claim).await.unwrap().rows[0].0.gap, *held);
    let found = gapdeck.json(&["threshold", "--apply", "--audit", "10%", "--json"]);
    let accepted = covered.len() - kept_out - 1;
    assert_eq!(found["accepted"]["accepted"], accepted, "{found:#}");
    for (gap, state) in states(&*store).await.into_iter().skip(400) {
        let expected =
            if is_sure(&gap) && !is_kept_out(&gap) && gap != *held { State::Accepted } else { State::Open };
        assert_eq!(state, expected, "{gap}");
    }
    let leases = store.changes(None, 1).await.unwrap().leases;
    assert_eq!(leases.iter().map(|lease| &lease.gap).collect::<Vec<_>>(), [held], "nothing else stays held");
    let one = store.history(covered.iter().rfind(|gap| !is_kept_out(gap)).unwrap()).await.unwrap().remove(0);
    assert!(one.decision.seen.policy.starts_with("bulk:threshold confidence>=0.9900 error<=0.02"), "{one:?}");
    assert_eq!(one.decision.seen.candidates[0].confidence, Some(Confidence::new(0.99).unwrap()));

    // What was accepted unseen is no evidence: the sample is what it was.
    let again = gapdeck.json(&["threshold", "--json"]);
    assert_eq!((&again["sample"]["gaps"], &again["judged"]), (&400.into(), &found["judged"]));

    gapdeck.succeeds(&["undo", "--batch", text(&found["accepted"], "batch")]);
    assert!(states(&*store).await[400..].iter().all(|(_, state)| *state == State::Open));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn errors_among_the_surest_refuse_a_threshold() {
    let database = TestDatabase::migrated().await;
    let gapdeck = Gapdeck::on(&database);
    let store = server_store(&database.url).await;
    let gaps = gaps(&*store).await;
    let wrong: Vec<Decision> =
        gaps[..300].iter().map(|gap| fixture::accept((gap.product.as_str(), "width"), "odd", 0)).collect();
    store.decide_together(&wrong).await.unwrap();
    let said = gapdeck.succeeds(&["threshold"]).stdout;
    assert!(said.starts_with("Too many errors: of the"), "{said}");
    let said = gapdeck.fails(2, &["threshold", "--error", "0"]);
    assert!(said.contains("no sample shows that nothing is wrong"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_policy_is_the_same_for_everybody() {
    let database = TestDatabase::migrated().await;
    let gapdeck = Gapdeck::on(&database);
    let table = gapdeck.succeeds(&["policy", "--second-opinions", "20%", "--random", "0.05"]).stdout;
    assert!(table.contains("get a second opinion") && table.contains("20 %"), "{table}");
    let policy = Gapdeck::on(&database).json(&["policy", "--json"]);
    assert_eq!(
        policy,
        serde_json::json!({"second_opinions": 0.2, "random": 0.05, "blind": 0.0, "seeded": 0.0})
    );
    let said = gapdeck.fails(2, &["policy", "--random", "120%"]);
    assert!(said.contains("from 0 to 1"), "{said}");
}

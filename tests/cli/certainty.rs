//! `insights` where something drifted, `compare` with its lists, and `profile`.

use super::*;
use crate::support::backend::server_store;
use crate::support::fixture::{attribute, by, decision, gap, prediction, product};
use gapdeck::domain::{Action, Decision, Policy, QueueFilter, SeededAnswer, Share};
use gapdeck::repository::{CatalogueBatch, Store};

/// As many gaps for one attribute; two experiments predicted for each, `old` always `wide`, `new` always `narrow`.
async fn gaps(store: &dyn Store, count: usize) -> Vec<String> {
    let keys: Vec<String> = (0..count).map(|number| format!("w{number:03}")).collect();
    let batch = CatalogueBatch {
        products: keys.iter().map(|key| product(key, None)).collect(),
        attributes: vec![attribute("width", None, "text")],
        gaps: keys.iter().map(|key| gap(key, "width")).collect(),
        ..CatalogueBatch::default()
    };
    store.save_catalogue(&batch).await.unwrap();
    let both = |key: &String| {
        let of = |experiment, value| prediction(experiment, (key.as_str(), "width"), value, 0.8);
        [of("old", "wide"), of("new", "narrow\u{1b}[2J")]
    };
    store.save_predictions(&keys.iter().flat_map(both).collect::<Vec<_>>()).await.unwrap();
    keys
}

fn says(reviewer: &str, key: &str, value: &str, version: i32) -> Decision {
    let made = decision((key, "width"), Action::Override, Some(value), version);
    Decision { shown_value: Some("wide".into()), ..by(reviewer, made) }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn drift_is_told_and_the_gaps_that_each_one_won_are_listed() {
    let database = TestDatabase::migrated().await;
    let gapdeck = Gapdeck::on(&database);
    let store = server_store(&database.url).await;
    let keys = gaps(&*store, 240).await;
    assert!(gapdeck.json(&["insights", "--json"]).as_array().unwrap().is_empty());
    let made = |number: usize| {
        let is_wide = number % 10 < if number < 140 { 9 } else { 3 };
        says("ada", &keys[number], if is_wide { "wide" } else { "narrow\u{1b}[2J" }, 0)
    };
    // One transaction after the other, so that they come in order.
    for part in (0..240).collect::<Vec<_>>().chunks(20) {
        let decisions: Vec<Decision> = part.iter().map(|number| made(*number)).collect();
        store.decide_together(&decisions).await.unwrap();
    }

    let insights = array(gapdeck.json(&["insights", "--json"]));
    let old = insights.iter().find(|one| one["key"] == "old").unwrap();
    let share = |name: &str| old["drift"][name].as_f64().unwrap();
    assert!((share("from") - 0.9).abs() < 0.05 && (share("to") - 0.3).abs() < 0.1, "{old:#}");
    assert_eq!(old["drift"]["before"].as_u64().unwrap() + old["drift"]["after"].as_u64().unwrap(), 240);
    let said = gapdeck.succeeds(&["insights"]).stdout;
    assert!(said.contains("old: acceptance fell from 9") && said.contains("new: acceptance rose"), "{said}");

    let compared = gapdeck.json(&["compare", "old", "new", "--list", "losses", "--limit", "1000", "--json"]);
    let lost = compared["losses"].as_array().unwrap();
    assert_eq!(lost.len() as u64, compared["only_second"].as_u64().unwrap(), "{compared:#}");
    assert_eq!((text(&lost[0], "attribute_key"), text(&lost[0]["lost"], "value")), ("width", "wide"));
    assert!(compared.get("wins").is_none());
    let shown = gapdeck.succeeds(&["compare", "old", "new", "--list", "wins", "--limit", "3"]);
    assert!(shown.stdout.contains("RIGHT: old") && shown.stdout.contains("w000"), "{}", shown.stdout);
    assert!(!shown.stdout.contains('\u{1b}'), "{:?}", shown.stdout);
    assert!(shown.stderr.contains("3 of 156 gaps; --limit 156 lists all"), "{}", shown.stderr);
    assert!(gapdeck.fails(2, &["compare", "old", "new", "--list", "draws"]).contains("wins, losses"));
    assert!(gapdeck.fails(6, &["compare", "old", "odd", "--list", "wins"]).contains("odd"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_profile_is_the_reviewers_own_and_off_without_second_opinions() {
    let database = TestDatabase::migrated().await;
    let store = server_store(&database.url).await;
    let keys = gaps(&*store, 12).await;
    let ada = Gapdeck::on(&database);
    let profile = |who: &str| ada.json(&["profile", "--reviewer", who, "--json"]);
    store.decide(&says("ada", &keys[0], "wide", 0)).await.unwrap();
    assert_eq!(profile("ada")["gaps"], 0);
    let said = ada.succeeds(&["profile", "--reviewer", "ada"]).stdout;
    assert!(
        said.contains("`gapdeck policy --second-opinions 10%`") && said.contains("--seeded 2%"),
        "{said}"
    );

    let all = Policy { second_opinions: Share::ALL, ..Policy::default() };
    store.set_policy(&all, &"ada".into()).await.unwrap();
    for (number, key) in keys.iter().enumerate().skip(1) {
        let truth = if number < 7 { "wide" } else { "narrow" };
        // Ada accepts everything, Bob is right; Eve settles where they differ.
        store.decide(&says("ada", key, "wide", 0)).await.unwrap();
        store.decide(&says("bob", key, truth, 1)).await.unwrap();
        if truth != "wide" {
            store.decide(&says("eve", key, truth, 2)).await.unwrap();
        }
    }
    let (ada_s, bob_s) = (profile("ada"), profile("bob"));
    assert_eq!((&ada_s["passes"], &ada_s["misses"], &ada_s["hits"]), (&6.into(), &5.into(), &0.into()));
    assert_eq!((&bob_s["passes"], &bob_s["misses"], &bob_s["hits"]), (&6.into(), &0.into(), &5.into()));
    let eye = |of: &Value| of["profile"]["sensitivity"].as_f64().unwrap();
    assert!(eye(&bob_s) > 2.0 && eye(&ada_s).abs() < 0.5, "{ada_s:#} {bob_s:#}");
    assert!(ada_s["profile"]["criterion"].as_f64().unwrap() > 1.0, "she accepts everything");
    assert_eq!(profile("eve")["gaps"], 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn known_values_are_imported_shown_forgotten_and_their_answers_make_a_profile() {
    let database = TestDatabase::migrated().await;
    let store = server_store(&database.url).await;
    let keys = gaps(&*store, 12).await;
    let ada = Gapdeck::on(&database);
    let said = ada.succeeds(&["seeded"]);
    assert!(said.stderr.contains("gapdeck import"), "{}", said.stderr);

    // The older experiment says "wide" everywhere; it is right on eight of twelve.
    let truth = |number: usize| if number < 8 { "wide" } else { "tall" };
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("seeded_values.jsonl");
    let line = |(number, key): (usize, &String)| {
        let known = truth(number);
        format!("{{\"product_key\": \"{key}\", \"attribute_key\": \"width\", \"value\": \"{known}\"}}\n")
    };
    std::fs::write(&file, keys.iter().enumerate().map(line).collect::<String>()).unwrap();
    ada.succeeds(&["import", file.to_str().unwrap()]);
    let said = ada.succeeds(&["seeded"]);
    assert!(said.stderr.contains("policy --seeded 2%"), "{}", said.stderr);
    assert_eq!(ada.json(&["policy", "--seeded", "4%", "--json"])["seeded"], 0.04);

    let seeds = store.seeds(&QueueFilter::default(), &"ada".into(), 100).await.unwrap();
    assert_eq!(seeds.len(), 12);
    for seed in &seeds {
        // Ada takes whatever is shown.
        let key = seed.row.gap.product.as_str();
        let answer = SeededAnswer::of(says("ada", key, "wide", 0), &seed.values, false);
        store.answer_seeded(&answer).await.unwrap();
    }
    let shown = ada.json(&["seeded", "--json"]);
    let counts = ["gaps", "open", "answers", "reviewers"].map(|name| shown[name].as_u64().unwrap());
    assert_eq!(counts, [12, 12, 12, 1], "{shown}");
    let profile = ada.json(&["profile", "--reviewer", "ada", "--json"]);
    assert_eq!((&profile["passes"], &profile["misses"], &profile["hits"]), (&8.into(), &4.into(), &0.into()));
    assert_eq!((&profile["gaps"], &profile["seeded"]), (&12.into(), &12.into()));
    assert!(
        ada.succeeds(&["profile", "--reviewer", "ada"]).stdout.contains("on 12 gaps whose value is known")
    );
    assert_eq!(ada.json(&["profile", "--reviewer", "bob", "--json"])["gaps"], 0);

    ada.succeeds(&["seeded", "forget", &keys[0], "width"]);
    assert_eq!(ada.json(&["seeded", "--json"])["gaps"], 11);
}

//! `activity` and `undo`.

use super::*;
use crate::support::backend::server_store;
use crate::support::fixture;
use gapdeck::domain::{Action, Decision};
use uuid::Uuid;

const BATCH: Uuid = Uuid::from_u128(0xb1);

fn ids(rows: &Value) -> Vec<&str> {
    rows.as_array().expect("an array").iter().map(|row| text(row, "id")).collect()
}

/// Lets Ada reject three gaps of the demo in one bulk action, and Bob flag another before.
async fn worked(database: &TestDatabase, gapdeck: &Gapdeck) -> Vec<Decision> {
    let gaps = array(gapdeck.json(&["queue", "--json", "--limit", "4"]));
    let pairs: Vec<_> = gaps.iter().map(pair).collect();
    let decision = |index: usize, action| {
        let (product, attribute) = &pairs[index];
        fixture::decision((product.as_str(), attribute.as_str()), action, None, 0)
    };
    let store = server_store(&database.url).await;
    let flag = fixture::by("bob", decision(3, Action::Flag));
    store.decide(&flag).await.expect("decide");
    let mut decisions: Vec<Decision> =
        (0..3).map(|index| Decision { batch: Some(BATCH), ..decision(index, Action::Reject) }).collect();
    store.decide_together(&decisions).await.expect("decide together");
    decisions.push(flag);
    decisions
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn activity_lists_decisions_newest_first_and_by_every_condition() {
    let (database, gapdeck) = demo().await;
    let decisions = worked(&database, &gapdeck).await;
    let list = |options: &[&str]| gapdeck.json(&[&["activity", "--json"], options].concat());
    let all = list(&[]);
    let rows = all.as_array().expect("an array");
    assert_eq!((rows.len(), text(&rows[3], "reviewer")), (4, "bob"), "{all:#}");
    assert_eq!(ids(&list(&["--limit", "2"])), ids(&all)[..2]);
    let batch = BATCH.to_string();
    for narrowed in [
        &["--batch", &batch] as &[&str],
        &["--mine"],
        &["--by", "ada"],
        &["--action", "reject", "--since", "1h"],
    ] {
        assert_eq!(ids(&list(narrowed)), ids(&all)[..3], "{narrowed:?}");
    }
    let flag = &decisions[3];
    let id = flag.id.to_string();
    let (product, attribute) = (flag.gap.product.as_str(), flag.gap.attribute.as_str());
    assert_eq!(ids(&list(&["--product", product, "--attribute", attribute, "--by", "bob"])), [&id]);
    assert_eq!(ids(&list(&["--since", "2999-01-01T00:00:00Z"])), [""; 0]);
    let table = gapdeck.succeeds(&["activity"]).stdout;
    assert!(table.starts_with("TIME") && table.contains("flag") && table.contains(&batch), "{table}");
    let said = gapdeck.fails(2, &["activity", "--since", "yesterday"]);
    assert!(said.contains("\"yesterday\" is no time"), "{said}");
    let said = gapdeck.fails(2, &["activity", "--action", "like"]);
    assert!(said.contains("\"like\" is not one of accept"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_decision_is_undone_by_its_id_and_only_by_who_made_it() {
    let (database, gapdeck) = demo().await;
    let decisions = worked(&database, &gapdeck).await;
    let [first, flag] = [&decisions[0].id, &decisions[3].id].map(ToString::to_string);
    let told = array(gapdeck.json(&["undo", "--decision", &first, "--json"]));
    assert_eq!((told.len(), text(&told[0], "undone"), text(&told[0], "state")), (1, first.as_str(), "open"));
    let said = gapdeck.fails(5, &["undo", "--decision", &first]);
    assert!(said.contains("taken back already"), "{said}");
    let said = gapdeck.fails(5, &["undo", "--decision", &flag]);
    assert!(said.contains("a decision of bob"), "{said}");
    gapdeck.fails(6, &["undo", "--decision", &Uuid::nil().to_string()]);
    gapdeck.fails(2, &["undo"]);
    gapdeck.fails(2, &["undo", "--decision", "not an id"]);
    let all = gapdeck.json(&["activity", "--json"]);
    assert_eq!(ids(&all).len(), 5, "an undo is a decision of its own");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bulk_action_is_undone_as_one_and_what_was_decided_since_stays() {
    let (database, gapdeck) = demo().await;
    let decisions = worked(&database, &gapdeck).await;
    let gap = &decisions[1].gap;
    gapdeck.succeeds(&["decide", gap.product.as_str(), gap.attribute.as_str(), "defer"]);
    let batch = BATCH.to_string();
    let said = gapdeck.succeeds(&["undo", "--batch", &batch]).stderr;
    assert!(said.contains("2 of 3 decisions taken back; 1 stay"), "{said}");
    let states = array(gapdeck.json(&["activity", "--json", "--batch", &batch]));
    let undone = states.iter().filter(|row| row["undone_by"].is_string()).count();
    assert_eq!((states.len(), undone), (5, 2), "the undos belong to the bulk action too");
    let history = array(gapdeck.json(&["history", gap.product.as_str(), gap.attribute.as_str(), "--json"]));
    assert_eq!(history.len(), 2);
    assert_eq!(gapdeck.json(&["undo", "--batch", &batch, "--json"]), Value::Array(Vec::new()));
    gapdeck.fails(6, &["undo", "--batch", &Uuid::nil().to_string()]);
    assert_eq!(gapdeck.json(&["outbox", "--json"]), Value::Array(Vec::new()), "nothing rests in the outbox");
}

//! What the outbox promises of decisions that go to the database in one transaction.

use super::*;
use crate::repository::memory::MemoryStore;
use crate::repository::{CatalogueBatch, InputRepository, QueueRepository, RecommendationRepository};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;

fn three() -> Vec<Decision> {
    (1..=3).map(|gap| decision(gap, gap, 0)).collect()
}

fn next(ledger: &Ledger) -> Vec<DecisionId> {
    ledger.next().iter().map(|entry| entry.decision.id).collect()
}

fn ids_of(decisions: &[Decision]) -> Vec<DecisionId> {
    decisions.iter().map(|one| one.id).collect()
}

#[test]
fn decisions_kept_together_are_all_there_after_a_crash_or_none_is() {
    let (_directory, place) = place();
    let (mut ledger, _) = Ledger::open(place.clone());
    let mine = three();
    assert_eq!(ledger.keep_together(mine.clone()).unwrap(), []);
    drop(ledger);
    let path = outbox_files(&place).remove(0);
    let whole = fs::read(&path).unwrap();
    for length in 0..=whole.len() {
        fs::write(&path, &whole[..length]).unwrap();
        let (found, _) = Ledger::open(place.clone());
        let there = ids(&found);
        drop(found);
        for file in fs::read_dir(&place.directory).unwrap() {
            fs::remove_file(file.unwrap().path()).unwrap();
        }
        let all = length + 1 >= whole.len();
        assert_eq!(there, if all { ids_of(&mine) } else { Vec::new() }, "{length} of {}", whole.len());
    }
}

#[test]
fn decisions_kept_together_are_sent_together_once_nothing_goes_before_any_of_them() {
    let (_directory, place) = place();
    let (mut ledger, _) = Ledger::open(place);
    let before = decision(9, 3, 0);
    keep(&mut ledger, before.clone());
    let mine = vec![decision(10, 1, 0), decision(11, 3, 1)];
    ledger.keep_together(mine.clone()).unwrap();
    let after = decision(12, 4, 0);
    keep(&mut ledger, after.clone());
    assert_eq!(next(&ledger), [before.id]);
    ledger.sent(&[before.id]);
    assert_eq!(next(&ledger), ids_of(&mine));
    ledger.sent(&ids_of(&mine));
    assert_eq!(next(&ledger), [after.id]);
}

#[test]
fn of_decisions_kept_together_one_that_is_refused_stands_for_all() {
    let (_directory, place) = place();
    let (mut ledger, _) = Ledger::open(place.clone());
    let mine = three();
    ledger.keep_together(mine.clone()).unwrap();
    let on_top = decision(7, 2, 1);
    keep(&mut ledger, on_top.clone());
    let changes = ledger.failed(mine[1].id, &refused());
    let failed: Vec<_> = changes.failed.iter().map(|(id, _)| *id).collect();
    assert_eq!(failed, [mine[0].id, mine[1].id, on_top.id, mine[2].id]);
    assert_eq!((next(&ledger), ledger.count()), (Vec::new(), (0, 4)));
    drop(ledger);
    let (mut ledger, _) = Ledger::open(place.clone());
    assert_eq!(ledger.again(), 4);
    assert_eq!(next(&ledger), ids_of(&mine), "sent again, they still go together");
    ledger.failed(mine[0].id, &refused());
    let dropped = ledger.discard(mine[2].id).unwrap();
    assert_eq!(dropped, [mine[0].id, mine[1].id, mine[2].id, on_top.id]);
    assert_eq!(ledger.close(), (0, 0));
    assert!(outbox_files(&place).is_empty());
}

#[test]
fn a_new_decision_takes_the_place_of_one_refused_together_with_others() {
    let (_directory, place) = place();
    let (mut ledger, _) = Ledger::open(place);
    let mine = three();
    ledger.keep_together(mine.clone()).unwrap();
    ledger.failed(mine[0].id, &refused());
    let instead = decision(8, 2, 4);
    assert_eq!(keep(&mut ledger, instead.clone()), Kept::Kept { replaced: vec![mine[1].id] });
    assert_eq!(ledger.again(), 2);
    assert_eq!(next(&ledger), [mine[0].id, mine[2].id]);
    ledger.sent(&[mine[0].id, mine[2].id]);
    assert_eq!(next(&ledger), [instead.id]);
}

#[test]
fn decisions_kept_together_replace_what_was_refused_on_their_gaps() {
    let (_directory, place) = place();
    let (mut ledger, _) = Ledger::open(place.clone());
    let first = decision(20, 2, 0);
    keep(&mut ledger, first.clone());
    ledger.failed(first.id, &refused());
    let mine = three();
    assert_eq!(ledger.keep_together(mine.clone()).unwrap(), [first.id]);
    drop(ledger);
    let (ledger, _) = Ledger::open(place);
    assert_eq!(ids(&ledger), ids_of(&mine));
}

fn record<T: DeserializeOwned>(fields: Value) -> T {
    serde_json::from_value(fields).unwrap()
}

/// Makes a store with the gaps of [`three`].
async fn store() -> Arc<MemoryStore> {
    let keys = ["p1", "p2", "p3"];
    let catalogue = CatalogueBatch {
        attributes: vec![record(json!({ "attribute_key": "colour", "multi_valued": false }))],
        products: keys.map(|key| record(json!({ "product_key": key }))).into(),
        gaps: keys.map(|key| record(json!({ "product_key": key, "attribute_key": "colour" }))).into(),
        ..CatalogueBatch::default()
    };
    let store = Arc::new(MemoryStore::new());
    store.save_catalogue(&catalogue).await.unwrap();
    store
}

/// Waits for as much news as there are decisions, of a kind.
async fn told(news: &mut mpsc::UnboundedReceiver<News>, is_wanted: fn(&News) -> bool) -> Vec<News> {
    let mut found = Vec::new();
    while found.len() < 3 {
        found.extend(news.recv().await.filter(is_wanted));
    }
    found
}

#[tokio::test]
async fn decisions_kept_together_reach_the_database_together() {
    let (_directory, place) = place();
    let store = store().await;
    let (outbox, mut news) = Outbox::start(place.clone(), store.clone()).await;
    outbox.keep_together(three());
    let kept = told(&mut news, |one| matches!(one, News::Kept { result: Ok(()), .. })).await;
    assert_eq!(kept.len(), 3);
    told(&mut news, |one| matches!(one, News::Sent { .. })).await;
    for decision in three() {
        assert_eq!(store.history(&decision.gap).await.unwrap().len(), 1);
    }
    assert_eq!(outbox.finish(Duration::ZERO).await, Rest::default());
    assert!(outbox_files(&place).is_empty());
}

#[tokio::test]
async fn decisions_kept_together_are_refused_together_and_none_is_written() {
    let (_directory, place) = place();
    let store = store().await;
    let theirs = Decision { reviewer: Reviewer::new("bob"), ..decision(50, 2, 0) };
    store.decide(&theirs).await.unwrap();
    let (outbox, mut news) = Outbox::start(place.clone(), store.clone()).await;
    outbox.keep_together(three());
    let failed = told(&mut news, |one| matches!(one, News::Failed { .. })).await;
    for one in failed {
        let News::Failed { failure: Failure::Refused { reason }, .. } = one else { panic!("{one:?}") };
        assert!(reason.starts_with("none of 3 was saved: p2"), "{reason}");
    }
    for (decision, version) in three().iter().zip([0, 1, 0]) {
        assert_eq!(store.row(&decision.gap).await.unwrap().unwrap().version, version);
    }
    outbox.discard(three()[0].id);
    let dropped = loop {
        if let Some(News::Dropped { ids }) = news.recv().await {
            break ids;
        }
    };
    assert_eq!(dropped, ids_of(&three()));
    assert_eq!(outbox.finish(Duration::ZERO).await, Rest::default());
}

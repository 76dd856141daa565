//! What a list of decisions shows.

use crate::support::fixture::*;
use gapdeck::domain::{Action, Decision, DecisionFilter, DecisionId, DecisionRow, GapId};
use gapdeck::repository::{CatalogueKeys, Store};
use uuid::Uuid;

const EVERYTHING: DecisionFilter = DecisionFilter {
    reviewer: None,
    action: None,
    attribute: None,
    product: None,
    batch: None,
    since: None,
    until: None,
};

/// Ada and Bob decide on four gaps; returns the decisions in their order.
async fn a_days_work(store: &dyn Store) -> Vec<Decision> {
    open_shop(store).await;
    let batch = Some(Uuid::from_u128(7));
    let first = accept(("p1", "colour"), "Black", 0);
    let mut flag = decision(("p2", "colour"), Action::Flag, None, 0);
    flag.comment = Some("c".repeat(300));
    let decisions = vec![
        first.clone(),
        by("bob", flag),
        Decision { batch, ..decision(("p1", "weight"), Action::Reject, None, 0) },
        Decision { batch, ..decision(("p3", "weight"), Action::Reject, None, 0) },
        undo(&first, 1),
    ];
    for decision in &decisions {
        decide(store, decision).await;
    }
    decisions
}

fn ids<'a>(rows: impl IntoIterator<Item = &'a DecisionRow>) -> Vec<DecisionId> {
    rows.into_iter().map(|row| row.id).collect()
}

pub async fn decisions_come_newest_first_page_by_page(store: &dyn Store) {
    let work = a_days_work(store).await;
    let newest_first: Vec<_> = work.iter().rev().map(|decision| decision.id).collect();
    for size in 1..=6 {
        let rows = walked!(after => store.decisions(&EVERYTHING, after.as_ref(), size));
        assert_eq!(ids(&rows), newest_first, "in pages of {size}");
        assert!(rows.is_sorted_by(|a, b| a.recorded_at >= b.recorded_at));
    }
}

pub async fn a_listed_decision_shows_what_was_done(store: &dyn Store) {
    let work = a_days_work(store).await;
    let rows = store.decisions(&EVERYTHING, None, 10).await.unwrap().rows;
    let [undone, _, _, flag, accepted] = rows.as_slice() else { panic!("{rows:#?}") };
    assert_eq!((undone.action, undone.undoes), (Action::Undo, Some(work[0].id)));
    assert_eq!(accepted.undone_by, Some(undone.id));
    assert_eq!(accepted.gap, GapId::new("p1", "colour"));
    assert_eq!(
        (accepted.value.as_deref(), accepted.product_name.as_str()),
        (Some("Black"), "Aurora X2 headphones")
    );
    assert_eq!((accepted.reviewer.as_str(), accepted.result_version), ("ada", 1));
    assert_eq!(accepted.decided_at, work[0].decided_at);
    assert_eq!(flag.comment, Some("c".repeat(200)), "a list cuts it");
    let whole = store.decision(flag.id).await.unwrap().expect("a decision");
    assert_eq!((&whole.decision, whole.recorded_at), (&work[1], flag.recorded_at));
    let first = store.decision(work[0].id).await.unwrap().expect("a decision");
    assert_eq!(first.undone_by, Some(undone.id));
    assert_eq!(store.decision(DecisionId::new()).await.unwrap(), None);
}

pub async fn decisions_are_filtered_by_every_condition_and_by_all_together(store: &dyn Store) {
    let work = a_days_work(store).await;
    let found = async |filter: DecisionFilter| {
        let rows = walked!(after => store.decisions(&filter, after.as_ref(), 1));
        let place = |row: &DecisionRow| work.iter().position(|one| one.id == row.id).expect("a known one");
        rows.iter().map(place).collect::<Vec<_>>()
    };
    assert_eq!(found(DecisionFilter { reviewer: Some("bob".into()), ..EVERYTHING }).await, [1]);
    assert_eq!(found(DecisionFilter { action: Some(Action::Reject), ..EVERYTHING }).await, [3, 2]);
    assert_eq!(found(DecisionFilter { attribute: Some("colour".into()), ..EVERYTHING }).await, [4, 1, 0]);
    assert_eq!(found(DecisionFilter { product: Some("p1".into()), ..EVERYTHING }).await, [4, 2, 0]);
    assert_eq!(found(DecisionFilter { batch: Some(Uuid::from_u128(7)), ..EVERYTHING }).await, [3, 2]);
    let both = DecisionFilter {
        batch: Some(Uuid::from_u128(7)),
        product: Some("p3".into()),
        reviewer: Some("ada".into()),
        ..EVERYTHING
    };
    assert_eq!(found(both).await, [3]);
    let rows = store.decisions(&EVERYTHING, None, 10).await.unwrap().rows;
    let at = |place: usize| Some(rows[4 - place].recorded_at);
    assert_eq!(found(DecisionFilter { since: at(3), ..EVERYTHING }).await, [4, 3], "inclusive");
    assert_eq!(found(DecisionFilter { until: at(1), ..EVERYTHING }).await, [0], "exclusive");
    assert_eq!(found(DecisionFilter { reviewer: Some("nobody".into()), ..EVERYTHING }).await, [0; 0]);
}

pub async fn decisions_on_a_product_that_is_gone_are_still_listed(store: &dyn Store) {
    let work = a_days_work(store).await;
    let keys = CatalogueKeys { products: vec!["p2".into()], ..CatalogueKeys::default() };
    store.delete_catalogue(&keys).await.unwrap();
    let rows = store.decisions(&EVERYTHING, None, 10).await.unwrap().rows;
    assert_eq!(rows.len(), work.len());
    assert_eq!((rows[3].gap.product.as_str(), rows[3].product_name.as_str()), ("p2", ""));
}

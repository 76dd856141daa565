//! What [`gapdeck::repository::SeededRepository`] promises.

use crate::support::fixture::*;
use gapdeck::domain::{
    Action, AnswerCount, AttributeKey, GapId, QueueFilter, Reviewer, SeededAnswer, SeededGap, SeededValue,
    Seeding, State,
};
use gapdeck::repository::{CatalogueKeys, RepositoryError, Store};

const PAIR: (&str, &str) = ("p1", "colour");

fn known((product, attribute): (&str, &str), value: &str) -> SeededValue {
    SeededValue { gap: gap_id(product, attribute), value: value.into() }
}

/// The gaps of the shop, by their keys.
async fn gaps(store: &dyn Store) -> Vec<GapId> {
    let every = QueueFilter { state: gapdeck::domain::StateFilter::All, ..QueueFilter::default() };
    let page = store.page(&every, gapdeck::domain::QueueSort::Product, None, 100).await.unwrap();
    page.rows.into_iter().map(|row| row.gap).collect()
}

async fn seeds(store: &dyn Store, reviewer: &str) -> Vec<SeededGap> {
    store.seeds(&QueueFilter::default(), &reviewer.into(), 100).await.unwrap()
}

fn answer(reviewer: &str, gap: &GapId, is_right: Option<bool>, accepted: Option<bool>) -> SeededAnswer {
    let decision = by(reviewer, accept((gap.product.as_str(), gap.attribute.as_str()), "Black", 0));
    SeededAnswer { is_right, accepted, ..SeededAnswer::of(decision, &[], false) }
}

pub async fn a_seeded_gap_is_shown_as_nobody_had_decided_it(store: &dyn Store) {
    open_shop(store).await;
    predict(store, "e1", PAIR, "Black", 0.9).await;
    store.save_seeded(&[known(PAIR, "Navy"), known(PAIR, "Blue"), known(PAIR, "Navy")]).await.unwrap();
    decide(store, &by("bob", accept(PAIR, "Black", 0))).await;
    let found = seeds(store, "ada").await;
    assert_eq!(found.len(), 1);
    let SeededGap { row, values } = &found[0];
    assert_eq!((row.gap.clone(), row.state), (gap_id(PAIR.0, PAIR.1), State::Open));
    assert_eq!((&row.decided_by, &row.decided_value, row.decided_at), (&None, &None, None));
    assert_eq!((row.best_value.as_deref(), row.version), (Some("Black"), 1), "the rest is as it is");
    assert_eq!(values, &["Blue", "Navy"]);
    assert_eq!(seeds(store, "bob").await, [], "who has decided it knows it");
}

pub async fn a_seeded_gap_is_shown_to_each_until_they_answer(store: &dyn Store) {
    open_shop(store).await;
    let all = gaps(store).await;
    let values: Vec<_> = all.iter().map(|gap| SeededValue { gap: gap.clone(), value: "x".into() }).collect();
    store.save_seeded(&values).await.unwrap();
    assert_eq!(seeds(store, "ada").await, [], "nothing was predicted");
    for gap in &all {
        predict(store, "e1", (gap.product.as_str(), gap.attribute.as_str()), "y", 0.5).await;
    }
    let (ada, bob) = (seeds(store, "ada").await, seeds(store, "bob").await);
    assert_eq!((ada.len(), &ada), (all.len(), &bob), "everybody in the same order");
    let first = ada[0].row.gap.clone();
    let sent = answer("ada", &first, Some(true), Some(true));
    store.answer_seeded(&sent).await.unwrap();
    store.answer_seeded(&sent).await.unwrap();
    assert_eq!(seeds(store, "ada").await, ada[1..]);
    assert_eq!(seeds(store, "bob").await, bob);
    assert_eq!(store.seeds(&QueueFilter::default(), &"bob".into(), 2).await.unwrap(), bob[..2]);
    let one = QueueFilter { attribute: Some(AttributeKey::from(PAIR.1)), ..QueueFilter::default() };
    let some = store.seeds(&one, &"bob".into(), 100).await.unwrap();
    assert!(!some.is_empty() && some.len() < all.len());
    assert!(some.iter().all(|seed| seed.row.gap.attribute.as_str() == PAIR.1));
}

pub async fn an_answer_changes_nothing_of_the_gap(store: &dyn Store) {
    open_shop(store).await;
    predict(store, "e1", PAIR, "Black", 0.9).await;
    store.save_seeded(&[known(PAIR, "black ")]).await.unwrap();
    let before = row(store, PAIR).await;
    let gap = gap_id(PAIR.0, PAIR.1);
    store.answer_seeded(&answer("ada", &gap, Some(true), Some(false))).await.unwrap();
    assert_eq!(row(store, PAIR).await, before);
    assert!(store.history(&gap).await.unwrap().is_empty());
    assert_eq!(store.decided_today(&"ada".into()).await.unwrap(), 0);
    assert_eq!(store.last_decision(&"ada".into()).await.unwrap(), None);
}

pub async fn answers_are_counted_by_what_they_say(store: &dyn Store) {
    open_shop(store).await;
    let all = gaps(store).await;
    let ada = Reviewer::from("ada");
    assert_eq!(store.seeded_answers(&ada).await.unwrap(), []);
    let said = [
        answer("ada", &all[0], Some(true), Some(true)),
        answer("ada", &all[1], Some(true), Some(true)),
        answer("ada", &all[2], Some(false), Some(true)),
        answer("ada", &all[3], None, Some(true)),
        SeededAnswer { action: Action::Defer, ..answer("ada", &all[4], Some(true), None) },
        answer("bob", &all[0], Some(false), Some(false)),
    ];
    for one in &said {
        store.answer_seeded(one).await.unwrap();
    }
    let count = |is_right, accepted, answers| AnswerCount { is_right, accepted, answers };
    assert_eq!(store.seeded_answers(&ada).await.unwrap(), [count(false, true, 1), count(true, true, 2)]);
    assert_eq!(store.seeded_answers(&"bob".into()).await.unwrap(), [count(false, false, 1)]);
}

pub async fn what_is_seeded_adds_up_and_is_forgotten(store: &dyn Store) {
    open_shop(store).await;
    assert_eq!(store.seeding().await.unwrap(), Seeding::default());
    predict(store, "e1", PAIR, "Black", 0.9).await;
    let all = gaps(store).await;
    let other = all.iter().find(|gap| **gap != gap_id(PAIR.0, PAIR.1)).unwrap();
    let pair = (other.product.as_str(), other.attribute.as_str());
    store.save_seeded(&[known(PAIR, " BLACK"), known(PAIR, "Navy"), known(pair, "x")]).await.unwrap();
    decide(store, &by("bob", accept(PAIR, "Black", 0))).await;
    store.answer_seeded(&answer("ada", other, None, Some(true))).await.unwrap();
    let first = Seeding { gaps: 2, open: 1, right: 1, wrong: 0, answers: 1, reviewers: 1 };
    assert_eq!(store.seeding().await.unwrap(), first);
    predict(store, "e1", pair, "y", 0.9).await;
    assert_eq!(store.seeding().await.unwrap(), Seeding { wrong: 1, ..first });
    store.forget_seeded(&[gap_id(PAIR.0, PAIR.1), gap_id("p1", "no such")]).await.unwrap();
    let left = Seeding { gaps: 1, right: 0, wrong: 1, ..first };
    assert_eq!(store.seeding().await.unwrap(), left);
    // A product takes what is known of it along; what somebody said stays.
    let keys = CatalogueKeys { products: vec![other.product.clone()], ..CatalogueKeys::default() };
    store.delete_catalogue(&keys).await.unwrap();
    let gone = Seeding { gaps: 0, open: 0, wrong: 0, ..left };
    assert_eq!(store.seeding().await.unwrap(), gone);
}

pub async fn a_value_for_something_unknown_or_none_is_refused(store: &dyn Store) {
    open_shop(store).await;
    let refused = store.save_seeded(&[known(PAIR, "x"), known(("p1", "no such"), "x")]).await.unwrap_err();
    assert!(matches!(refused, RepositoryError::UnknownKey { .. }), "{refused:?}");
    for value in ["", "a\0b"] {
        let refused = store.save_seeded(&[known(PAIR, "x"), known(PAIR, value)]).await.unwrap_err();
        assert!(matches!(refused, RepositoryError::Invalid { .. }), "{refused:?}");
    }
    assert_eq!(store.seeding().await.unwrap(), Seeding::default(), "nothing was written");
}

//! What [`gapdeck::repository::RecommendationRepository`] promises of model rounds.

use crate::support::fixture::*;
use gapdeck::domain::Source;
use gapdeck::repository::{RepositoryError, Store};
use gapdeck::transfer::record::{RecommendationRecord, RoundRecord};

fn round(key: &str) -> RoundRecord {
    RoundRecord {
        round: key.into(),
        model: Some("a model".into()),
        description: None,
        metadata: Some(serde_json::json!({ "prompt": 3 })),
        created_at: None,
        completed_at: None,
    }
}

pub async fn a_recommendation_is_a_candidate_of_its_round(store: &dyn Store) {
    open_shop(store).await;
    store.save_rounds(&[round("r1")]).await.unwrap();
    let record = recommendation("r1", ("p1", "colour"), "Black", 0.8);
    store.save_recommendations(&[record]).await.unwrap();

    let card = store.card(&gap_id("p1", "colour"), 0).await.unwrap().expect("a card");
    assert_eq!(card.candidates.len(), 1);
    let candidate = &card.candidates[0];
    assert_eq!((candidate.value.as_str(), candidate.confidence), ("Black", Some(confidence(0.8))));
    assert_eq!(candidate.source, Source::Round("r1".into()));
    assert_eq!(candidate.reasoning.as_deref(), Some("r1 says Black"));
    assert_eq!((card.row.best_value.as_deref(), card.row.candidate_count), (Some("Black"), 1));
    assert_eq!(store.correctness(&gap_id("p1", "colour")).await.unwrap(), [], "it is no prediction");
}

pub async fn a_recommendation_saved_again_is_replaced(store: &dyn Store) {
    open_shop(store).await;
    let first = recommendation("r1", ("p1", "colour"), "Black", 0.8);
    let again = RecommendationRecord { reasoning: None, confidence: None, ..first.clone() };
    store.save_recommendations(&[first]).await.unwrap();
    store.save_recommendations(&[again]).await.unwrap();
    let card = store.card(&gap_id("p1", "colour"), 0).await.unwrap().expect("a card");
    assert_eq!(card.candidates.len(), 1);
    assert_eq!((card.candidates[0].confidence, card.row.best_confidence), (None, None));
    assert_eq!(card.candidates[0].reasoning, None);
    assert_eq!(card.row.best_value.as_deref(), Some("Black"));
}

pub async fn of_recommendations_with_one_key_in_a_batch_the_last_counts(store: &dyn Store) {
    open_shop(store).await;
    let pair = ("p1", "colour");
    store.save_rounds(&[round("r1"), round("r1")]).await.unwrap();
    let records = [recommendation("r1", pair, "Black", 0.9), recommendation("r1", pair, "Black", 0.3)];
    store.save_recommendations(&records).await.unwrap();
    assert_eq!(row(store, pair).await.best_confidence, Some(confidence(0.3)));
}

pub async fn a_round_may_be_saved_before_or_after_its_recommendations(store: &dyn Store) {
    open_shop(store).await;
    store.save_rounds(&[round("r1")]).await.unwrap();
    let records =
        ["r1", "r2"].map(|round| recommendation(round, ("p1", "colour"), &format!("of {round}"), 0.5));
    store.save_recommendations(&records).await.unwrap();
    store.save_rounds(&[round("r2"), round("r1")]).await.unwrap();
    assert_eq!(row(store, ("p1", "colour")).await.candidate_count, 2);
}

pub async fn a_recommendation_for_an_unknown_key_is_refused_and_nothing_is_written(store: &dyn Store) {
    open_shop(store).await;
    for pair in [("nobody", "colour"), ("p1", "nobody")] {
        let records =
            [recommendation("r1", ("p1", "colour"), "Black", 0.9), recommendation("r1", pair, "Black", 0.9)];
        let error = store.save_recommendations(&records).await.expect_err("an unknown key");
        assert!(matches!(error, RepositoryError::UnknownKey { .. }), "{error:?}");
        assert!(error.to_string().contains("nobody"), "{error}");
        assert_eq!(row(store, ("p1", "colour")).await.candidate_count, 0);
    }
}

pub async fn a_recommendation_with_a_confidence_outside_its_range_is_refused(store: &dyn Store) {
    open_shop(store).await;
    for wrong in [-0.5, 1.5, f64::NAN] {
        let records = [
            recommendation("r1", ("p1", "colour"), "Black", 0.9),
            recommendation("r1", ("p1", "colour"), "Blue", wrong),
        ];
        let error = store.save_recommendations(&records).await.expect_err("a wrong confidence");
        assert!(matches!(error, RepositoryError::Invalid { .. }), "{error:?} for {wrong}");
        assert_eq!(row(store, ("p1", "colour")).await.candidate_count, 0);
    }
}

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

pub async fn a_round_is_read_with_its_metadata(store: &dyn Store) {
    open_shop(store).await;
    let at = |hour| chrono::TimeZone::with_ymd_and_hms(&chrono::Utc, 2026, 3, 1, hour, 0, 0).unwrap();
    let first = RoundRecord { created_at: Some(at(1)), completed_at: Some(at(2)), ..round("r1") };
    store
        .save_rounds(&[first.clone(), RoundRecord { created_at: Some(at(5)), ..round("r2") }])
        .await
        .unwrap();
    let found = store.round(&"r1".into()).await.unwrap().expect("a round");
    assert_eq!(
        (found.model.as_deref(), &found.metadata),
        (Some("a model"), &serde_json::json!({ "prompt": 3 }))
    );
    assert_eq!((found.created_at, found.completed_at), (at(1), Some(at(2))));
    let keys: Vec<_> = store.rounds().await.unwrap().into_iter().map(|one| one.key).collect();
    assert_eq!(keys, ["r2".into(), "r1".into()], "the newest first");
    store.save_rounds(&[RoundRecord { created_at: None, metadata: None, ..first }]).await.unwrap();
    let again = store.round(&"r1".into()).await.unwrap().expect("a round");
    assert_eq!((again.created_at, again.metadata), (at(1), serde_json::json!({})));
    assert_eq!(store.round(&"nobody".into()).await.unwrap(), None);
}

pub async fn recommendations_are_read_by_gap_and_by_round(store: &dyn Store) {
    open_shop(store).await;
    let mut records = vec![
        recommendation("r2", ("p1", "colour"), "b", 0.5),
        recommendation("r1", ("p1", "colour"), "b", None),
        recommendation("r1", ("p1", "colour"), "B", 0.25),
        recommendation("r1", ("p2", "colour"), "a", 0.5),
    ];
    records[1].reasoning = Some("r".repeat(5_000));
    store.save_recommendations(&records).await.unwrap();
    let of_gap = store.recommendations(&gap_id("p1", "colour")).await.unwrap();
    let seen: Vec<_> = of_gap.iter().map(|one| (one.round.as_str(), one.value.as_str())).collect();
    assert_eq!(seen, [("r1", "B"), ("r1", "b"), ("r2", "b")]);
    assert_eq!((of_gap[0].confidence, of_gap[1].confidence), (Some(confidence(0.25)), None));
    assert_eq!(of_gap[1].reasoning, Some("r".repeat(4_000)));
    for size in 1..=4 {
        let rows = walked!(after => store.round_recommendations(&"r1".into(), after.as_ref(), size));
        let seen: Vec<_> = rows.iter().map(|one| (one.gap.product.as_str(), one.value.as_str())).collect();
        assert_eq!(seen, [("p1", "B"), ("p1", "b"), ("p2", "a")], "in pages of {size}");
        assert_eq!(rows[1].reasoning, Some("r".repeat(200)), "a page cuts it");
    }
    assert_eq!(store.recommendations(&gap_id("p3", "weight")).await.unwrap(), []);
}

//! What [`gapdeck::repository::PredictionRepository`] promises.

use crate::support::fixture::*;
use chrono::{DateTime, TimeZone, Utc};
use gapdeck::repository::{RepositoryError, Store};
use gapdeck::transfer::record::{ExperimentRecord, PredictionRecord};
use serde_json::json;

fn experiment(key: &str, created_at: DateTime<Utc>) -> ExperimentRecord {
    ExperimentRecord {
        experiment: key.into(),
        model: Some(format!("model of {key}")),
        description: Some("A try.".into()),
        parameters: Some(json!({ "temperature": 0.1 })),
        metrics: Some(json!({ "accuracy": 0.875, "by_type": { "number": 0.5 } })),
        created_at: Some(created_at),
        completed_at: None,
    }
}

fn day(day: u32, hour: u32) -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 3, day, hour, 30, 0).unwrap()
}

fn near(found: Option<f64>, expected: f64) -> bool {
    found.is_some_and(|found| (found - expected).abs() < 1e-9)
}

pub async fn an_experiment_is_summarised_with_what_it_predicted(store: &dyn Store) {
    open_shop(store).await;
    let mut record = experiment("e1", day(1, 9));
    record.completed_at = Some(day(1, 11));
    store.save_experiments(&[record, experiment("e0", day(1, 1))]).await.unwrap();
    let predictions = [
        prediction("e1", ("p1", "colour"), "Black", 0.9),
        prediction("e1", ("p1", "colour"), "Blue", 0.4),
        prediction("e1", ("p2", "colour"), "Red", None),
    ];
    store.save_predictions(&predictions).await.unwrap();

    let summaries = store.experiment_summaries().await.unwrap();
    let found = &summaries[0];
    assert_eq!(found.experiment.as_str(), "e1");
    assert_eq!(found.model.as_deref(), Some("model of e1"));
    assert_eq!(found.description.as_deref(), Some("A try."));
    assert_eq!(found.metrics, json!({ "accuracy": 0.875, "by_type": { "number": 0.5 } }));
    assert_eq!((found.created_at, found.completed_at), (day(1, 9), Some(day(1, 11))));
    assert_eq!((found.predictions, found.gaps), (3, 2));
    assert!(near(found.average_confidence, 0.65), "{found:?}");
    assert_eq!((found.correct, found.incorrect, found.accuracy()), (0, 0, None));
    let empty = &summaries[1];
    assert_eq!((empty.predictions, empty.gaps, empty.average_confidence), (0, 0, None));
}

pub async fn experiments_come_newest_first(store: &dyn Store) {
    let records = [experiment("a", day(2, 9)), experiment("b", day(4, 9)), experiment("c", day(3, 9))];
    store.save_experiments(&records).await.unwrap();
    let summaries = store.experiment_summaries().await.unwrap();
    let keys: Vec<_> = summaries.iter().map(|summary| summary.experiment.as_str()).collect();
    assert_eq!(keys, ["b", "c", "a"]);
}

pub async fn an_experiment_saved_again_keeps_its_predictions(store: &dyn Store) {
    open_shop(store).await;
    store.save_experiments(&[experiment("e1", day(1, 9))]).await.unwrap();
    predict(store, "e1", ("p1", "colour"), "Black", 0.9).await;
    let again =
        ExperimentRecord { model: None, completed_at: Some(day(2, 9)), ..experiment("e1", day(1, 9)) };
    store.save_experiments(&[again]).await.unwrap();
    let summaries = store.experiment_summaries().await.unwrap();
    assert_eq!(summaries.len(), 1);
    assert_eq!((summaries[0].model.as_deref(), summaries[0].completed_at), (None, Some(day(2, 9))));
    assert_eq!(summaries[0].predictions, 1);
}

pub async fn an_experiment_that_is_not_there_is_made_from_its_key(store: &dyn Store) {
    open_shop(store).await;
    predict(store, "unheard-of", ("p1", "colour"), "Black", 0.9).await;
    let summaries = store.experiment_summaries().await.unwrap();
    assert_eq!(summaries.len(), 1);
    assert_eq!(summaries[0].experiment.as_str(), "unheard-of");
    assert_eq!((summaries[0].model.as_deref(), summaries[0].predictions), (None, 1));
}

pub async fn a_prediction_saved_again_is_replaced(store: &dyn Store) {
    open_shop(store).await;
    let pair = ("p1", "colour");
    predict(store, "e1", pair, "Black", 0.9).await;
    let again = PredictionRecord { reasoning: None, ..prediction("e1", pair, "Black", 0.3) };
    store.save_predictions(&[again]).await.unwrap();
    let card = store.card(&gap_id("p1", "colour"), 0).await.unwrap().expect("a card");
    assert_eq!(card.candidates.len(), 1);
    assert_eq!(card.candidates[0].confidence, Some(confidence(0.3)));
    assert_eq!(card.candidates[0].reasoning, None);
    assert_eq!(card.row.best_confidence, Some(confidence(0.3)));
}

pub async fn of_predictions_with_one_key_in_a_batch_the_last_counts(store: &dyn Store) {
    open_shop(store).await;
    let pair = ("p1", "colour");
    store.save_experiments(&[experiment("e1", day(1, 9)), experiment("e1", day(2, 9))]).await.unwrap();
    let predictions = [prediction("e1", pair, "Black", 0.9), prediction("e1", pair, "Black", 0.3)];
    store.save_predictions(&predictions).await.unwrap();
    assert_eq!(row(store, pair).await.best_confidence, Some(confidence(0.3)));
    assert_eq!(store.experiment_summaries().await.unwrap()[0].created_at, day(2, 9));
}

pub async fn an_experiment_may_predict_several_values_for_a_gap(store: &dyn Store) {
    open_shop(store).await;
    let long = "x".repeat(5_000);
    for value in ["Black", "black", " Black ", long.as_str()] {
        predict(store, "e1", ("p1", "colour"), value, 0.5).await;
    }
    let mut found = store.correctness(&gap_id("p1", "colour")).await.unwrap();
    found.sort();
    let values: Vec<_> = found.iter().map(|(_, value, _)| value.as_str()).collect();
    assert_eq!(values, [" Black ", "Black", "black", &long]);
}

pub async fn a_prediction_for_an_unknown_key_is_refused_and_nothing_is_written(store: &dyn Store) {
    open_shop(store).await;
    for pair in [("nobody", "colour"), ("p1", "nobody")] {
        let predictions =
            [prediction("e1", ("p1", "colour"), "Black", 0.9), prediction("e1", pair, "Black", 0.9)];
        let error = store.save_predictions(&predictions).await.expect_err("an unknown key");
        assert!(matches!(error, RepositoryError::UnknownKey { .. }), "{error:?}");
        assert!(error.to_string().contains("nobody"), "{error}");
        assert_eq!(store.correctness(&gap_id("p1", "colour")).await.unwrap(), []);
        assert_eq!(store.experiment_summaries().await.unwrap(), []);
    }
}

pub async fn a_confidence_outside_its_range_is_refused_and_nothing_is_written(store: &dyn Store) {
    open_shop(store).await;
    for wrong in [-0.01, 1.01, f64::NAN, f64::INFINITY] {
        let predictions = [
            prediction("e1", ("p1", "colour"), "Black", 0.9),
            prediction("e1", ("p2", "colour"), "Red", wrong),
        ];
        let error = store.save_predictions(&predictions).await.expect_err("a wrong confidence");
        assert!(matches!(error, RepositoryError::Invalid { .. }), "{error:?} for {wrong}");
        assert_eq!(store.correctness(&gap_id("p1", "colour")).await.unwrap(), []);
    }
    predict(store, "e1", ("p1", "colour"), "Black", 0.0).await;
    predict(store, "e1", ("p1", "colour"), "Blue", 1.0).await;
    assert_eq!(row(store, ("p1", "colour")).await.candidate_count, 2);
}

pub async fn a_trend_has_a_row_a_day_the_oldest_first(store: &dyn Store) {
    open_shop(store).await;
    let made = |value: &str, confidence: f64, at| PredictionRecord {
        created_at: Some(at),
        ..prediction("e1", ("p1", "colour"), value, confidence)
    };
    let predictions = [
        made("Blue", 0.25, day(3, 0)),
        made("Black", 0.5, day(1, 0)),
        made("Grey", 0.75, day(1, 23)),
        made("White", 0.875, day(2, 12)),
    ];
    store.save_predictions(&predictions).await.unwrap();
    predict(store, "e2", ("p1", "colour"), "Black", 0.5).await;
    decide(store, &accept(("p1", "colour"), "Black", 0)).await;

    let trend = store.metric_trends(&"e1".into()).await.unwrap();
    let seen: Vec<_> = trend
        .iter()
        .map(|row| (row.day.date_naive().to_string(), row.predictions, row.correct, row.incorrect))
        .collect();
    assert_eq!(
        seen,
        [("2026-03-01".into(), 2, 1, 1), ("2026-03-02".into(), 1, 0, 1), ("2026-03-03".into(), 1, 0, 1)]
    );
    assert!(trend.iter().all(|row| row.experiment.as_str() == "e1"));
    assert!(
        near(trend[0].average_confidence, 0.625) && near(trend[1].average_confidence, 0.875),
        "{trend:?}"
    );
    assert_eq!(trend[0].confidence_change, None);
    assert!(near(trend[1].confidence_change, 0.25) && near(trend[2].confidence_change, -0.625), "{trend:?}");
}

pub async fn the_trend_of_an_unknown_experiment_is_empty(store: &dyn Store) {
    assert_eq!(store.metric_trends(&"nobody".into()).await.unwrap(), []);
}

pub async fn a_prediction_that_nobody_judged_is_neither_right_nor_wrong(store: &dyn Store) {
    open_shop(store).await;
    predict(store, "e1", ("p1", "colour"), "Black", 0.5).await;
    let found = store.correctness(&gap_id("p1", "colour")).await.unwrap();
    assert_eq!(found, [("e1".into(), "Black".into(), None)]);
}

pub async fn saving_a_judged_prediction_again_keeps_the_judgement(store: &dyn Store) {
    open_shop(store).await;
    predict(store, "e1", ("p1", "colour"), "Black", 0.5).await;
    decide(store, &accept(("p1", "colour"), "Black", 0)).await;
    predict(store, "e1", ("p1", "colour"), "Black", 0.6).await;
    let found = store.correctness(&gap_id("p1", "colour")).await.unwrap();
    assert_eq!(found, [("e1".into(), "Black".into(), Some(true))]);
}

pub async fn an_experiment_is_read_with_its_parameters_and_metrics(store: &dyn Store) {
    let records = [experiment("a", day(2, 9)), experiment("b", day(4, 9))];
    store.save_experiments(&records).await.unwrap();
    let found = store.experiment(&"a".into()).await.unwrap().expect("an experiment");
    assert_eq!(found.parameters, json!({ "temperature": 0.1 }));
    assert_eq!(found.metrics, json!({ "accuracy": 0.875, "by_type": { "number": 0.5 } }));
    assert_eq!((found.model.as_deref(), found.description.as_deref()), (Some("model of a"), Some("A try.")));
    assert_eq!((found.created_at, found.completed_at), (day(2, 9), None));
    assert_eq!(store.experiment(&"nobody".into()).await.unwrap(), None);
    let all = store.experiments().await.unwrap();
    assert_eq!(all.iter().map(|one| one.key.as_str()).collect::<Vec<_>>(), ["b", "a"]);
    assert_eq!(all[1], found);
}

pub async fn an_experiment_saved_again_without_a_time_keeps_its_own(store: &dyn Store) {
    let dated = experiment("a", day(2, 9));
    store.save_experiments(std::slice::from_ref(&dated)).await.unwrap();
    let undated = ExperimentRecord { created_at: None, parameters: None, ..dated };
    store.save_experiments(&[undated]).await.unwrap();
    let found = store.experiment(&"a".into()).await.unwrap().expect("an experiment");
    assert_eq!((found.created_at, found.parameters), (day(2, 9), json!({})));
}

pub async fn one_experiment_is_summarised_as_among_all(store: &dyn Store) {
    open_shop(store).await;
    predict(store, "e1", ("p1", "colour"), "Black", 0.9).await;
    predict(store, "e2", ("p1", "colour"), "Blue", 0.5).await;
    let all = store.experiment_summaries().await.unwrap();
    for summary in &all {
        let one = store.experiment_summary(&summary.experiment).await.unwrap();
        assert_eq!(one.as_ref(), Some(summary));
    }
    assert_eq!(all.len(), 2);
    assert_eq!(store.experiment_summary(&"nobody".into()).await.unwrap(), None);
}

pub async fn predictions_of_a_gap_tell_what_decisions_made_of_them(store: &dyn Store) {
    open_shop(store).await;
    let pair = ("p1", "colour");
    let records = [
        PredictionRecord { created_at: Some(day(1, 9)), ..prediction("e1", pair, "Black", 0.5) },
        PredictionRecord { reasoning: Some("r".repeat(5_000)), ..prediction("e1", pair, "Blue", 0.75) },
        prediction("e0", pair, "Black", None),
    ];
    store.save_predictions(&records).await.unwrap();
    let before = store.predictions(&gap_id("p1", "colour")).await.unwrap();
    let seen: Vec<_> = before.iter().map(|one| (one.experiment.as_str(), one.value.as_str())).collect();
    assert_eq!(seen, [("e0", "Black"), ("e1", "Black"), ("e1", "Blue")]);
    assert!(before.iter().all(|one| (one.is_correct, one.decision, &one.round) == (None, None, &None)));
    assert_eq!((before[1].created_at, before[1].confidence), (day(1, 9), Some(confidence(0.5))));
    assert_eq!(before[2].reasoning, Some("r".repeat(4_000)));

    let decision = accept(pair, "Black", 0);
    decide(store, &decision).await;
    let after = store.predictions(&gap_id("p1", "colour")).await.unwrap();
    let judged: Vec<_> = after.iter().map(|one| (one.is_correct, one.decision)).collect();
    let id = Some(decision.id);
    assert_eq!(judged, [(Some(true), id), (Some(true), id), (Some(false), id)]);
    assert_eq!(store.predictions(&gap_id("p2", "colour")).await.unwrap(), []);
}

pub async fn a_prediction_saved_again_keeps_its_time_unless_one_is_given(store: &dyn Store) {
    open_shop(store).await;
    let pair = ("p1", "colour");
    let dated = |at| PredictionRecord { created_at: at, ..prediction("e1", pair, "Black", 0.5) };
    for (given, kept) in [(Some(day(1, 9)), day(1, 9)), (None, day(1, 9)), (Some(day(3, 9)), day(3, 9))] {
        store.save_predictions(&[dated(given)]).await.unwrap();
        assert_eq!(store.predictions(&gap_id("p1", "colour")).await.unwrap()[0].created_at, kept);
    }
}

pub async fn predictions_of_an_experiment_come_page_by_page(store: &dyn Store) {
    open_shop(store).await;
    let mut records = vec![
        prediction("e1", ("p1", "colour"), "b", 0.5),
        prediction("e1", ("p1", "colour"), "B", 0.5),
        prediction("e1", ("p1", "colour"), "ä", 0.5),
        prediction("e1", ("p1", "weight"), "7", 0.5),
        prediction("e1", ("p2", "colour"), "b", 0.5),
        prediction("e2", ("p1", "colour"), "b", 0.5),
    ];
    records[0].reasoning = Some("r".repeat(300));
    store.save_predictions(&records).await.unwrap();
    for size in 1..=6 {
        let rows = walked!(after => store.experiment_predictions(&"e1".into(), after.as_ref(), size));
        let seen: Vec<_> = rows
            .iter()
            .map(|one| (one.gap.product.as_str(), one.gap.attribute.as_str(), one.value.as_str()))
            .collect();
        let expected = [
            ("p1", "colour", "B"),
            ("p1", "colour", "b"),
            ("p1", "colour", "ä"),
            ("p1", "weight", "7"),
            ("p2", "colour", "b"),
        ];
        assert_eq!(seen, expected, "in pages of {size}");
        assert_eq!(rows[1].reasoning, Some("r".repeat(200)), "a page cuts it");
    }
    assert_eq!(store.experiment_predictions(&"nobody".into(), None, 5).await.unwrap().rows, []);
}

pub async fn a_gap_with_very_many_candidates_leaves_room_for_the_others(store: &dyn Store) {
    open_shop(store).await;
    let mut records: Vec<_> = (0..250_u32)
        .map(|n| prediction("e1", ("p1", "colour"), &format!("v{n:03}"), f64::from(n) / 250.0))
        .collect();
    records.push(prediction("e1", ("p2", "colour"), "Red", 0.5));
    store.save_predictions(&records).await.unwrap();
    let gaps = [gap_id("p1", "colour"), gap_id("p2", "colour")];
    let candidates = store.candidates(&gaps).await.unwrap();
    assert_eq!(candidates[0][0].value, "v249");
    assert!(candidates[0].len() >= 100, "{}", candidates[0].len());
    assert_eq!(candidates[1].len(), 1);
}

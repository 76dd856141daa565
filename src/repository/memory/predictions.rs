//! The prediction repository in memory, and the writing half of the recommendation repository.

use super::tables::{Experiment, Prediction, Proposal, Tables, microseconds};
use super::{MemoryStore, checks};
use crate::domain::{
    AttributeKey, Confidence, ExperimentKey, ExperimentSummary, GapId, MetricTrend, ProductKey, RoundKey,
};
use crate::repository::{PredictionRepository, Result};
use crate::transfer::record::{ExperimentRecord, PredictionRecord, RecommendationRecord, RoundRecord};
use async_trait::async_trait;
use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use std::collections::{BTreeMap, BTreeSet};

#[async_trait]
impl PredictionRepository for MemoryStore {
    async fn save_experiments(&self, experiments: &[ExperimentRecord]) -> Result<()> {
        let mut tables = self.tables();
        checks::texts(experiments)?;
        let now = tables.now();
        for record in experiments {
            let key = ExperimentKey::from(record.experiment.as_str());
            let bare = Experiment::bare(tables.experiments.get(&key).map_or(now, |old| old.created_at));
            let experiment = Experiment {
                model: record.model.clone(),
                description: record.description.clone(),
                metrics: record.metrics.clone().unwrap_or(bare.metrics),
                created_at: record.created_at.map_or(bare.created_at, microseconds),
                completed_at: record.completed_at.map(microseconds),
            };
            tables.experiments.insert(key, experiment);
        }
        Ok(())
    }

    async fn save_predictions(&self, predictions: &[PredictionRecord]) -> Result<()> {
        let mut tables = self.tables();
        checks::texts(predictions)?;
        let confidences = predictions
            .iter()
            .map(|record| check(&tables, &record.product_key, &record.attribute_key, record.confidence))
            .collect::<Result<Vec<_>>>()?;
        let now = tables.now();
        for (record, confidence) in predictions.iter().zip(confidences) {
            let experiment = ExperimentKey::from(record.experiment.as_str());
            tables.experiments.entry(experiment.clone()).or_insert_with(|| Experiment::bare(now));
            let gap = GapId::new(record.product_key.as_str(), record.attribute_key.as_str());
            let rows = tables.predictions.entry(gap).or_default();
            let old = rows.get(&(experiment.clone(), record.value.clone()));
            let created_at =
                record.created_at.map(microseconds).or(old.map(|old| old.proposal.created_at)).unwrap_or(now);
            let correct = old.and_then(|old| old.correct);
            let proposal = Proposal { confidence, reasoning: record.reasoning.clone(), created_at };
            rows.insert((experiment, record.value.clone()), Prediction { proposal, correct });
        }
        Ok(())
    }

    async fn experiment_summaries(&self) -> Result<Vec<ExperimentSummary>> {
        let tables = self.tables();
        let mut summaries: Vec<_> =
            tables.experiments.iter().map(|(key, experiment)| tables.summary(key, experiment)).collect();
        summaries
            .sort_by(|a, b| b.created_at.cmp(&a.created_at).then_with(|| a.experiment.cmp(&b.experiment)));
        Ok(summaries)
    }

    async fn metric_trends(&self, experiment: &ExperimentKey) -> Result<Vec<MetricTrend>> {
        let tables = self.tables();
        let mut days: BTreeMap<DateTime<Utc>, Totals> = BTreeMap::new();
        for (gap, prediction) in tables.predictions_of(experiment) {
            let made = prediction.proposal.created_at;
            let day = made.duration_trunc(TimeDelta::days(1)).unwrap_or(made);
            days.entry(day).or_default().add(gap, prediction);
        }
        let mut before: Option<f64> = None;
        Ok(days
            .into_iter()
            .map(|(day, totals)| {
                let average_confidence = totals.average_confidence();
                let confidence_change = average_confidence.zip(before).map(|(now, before)| now - before);
                before = average_confidence;
                MetricTrend {
                    experiment: experiment.clone(),
                    day,
                    predictions: totals.predictions,
                    average_confidence,
                    confidence_change,
                    correct: totals.correct,
                    incorrect: totals.incorrect,
                }
            })
            .collect())
    }

    async fn correctness(&self, gap: &GapId) -> Result<Vec<(ExperimentKey, String, Option<bool>)>> {
        let tables = self.tables();
        let rows = tables.predictions.get(gap).into_iter().flatten();
        Ok(rows.map(|((experiment, value), row)| (experiment.clone(), value.clone(), row.correct)).collect())
    }
}

/// Checks what a prediction or a recommendation refers to, and takes its confidence.
fn check(
    tables: &Tables,
    product: &str,
    attribute: &str,
    confidence: Option<f64>,
) -> Result<Option<Confidence>> {
    checks::known("product", product, tables.products.contains_key(&ProductKey::from(product)))?;
    checks::known("attribute", attribute, tables.attributes.contains_key(&AttributeKey::from(attribute)))?;
    checks::confidence(confidence)
}

/// What is counted of an experiment's predictions.
#[derive(Debug, Default)]
struct Totals<'a> {
    predictions: i64,
    gaps: BTreeSet<&'a GapId>,
    confidences: Vec<f64>,
    correct: i64,
    incorrect: i64,
}

impl<'a> Totals<'a> {
    fn add(&mut self, gap: &'a GapId, prediction: &Prediction) {
        self.predictions += 1;
        self.gaps.insert(gap);
        self.confidences.extend(prediction.proposal.confidence.map(Confidence::get));
        self.correct += i64::from(prediction.correct == Some(true));
        self.incorrect += i64::from(prediction.correct == Some(false));
    }

    fn average_confidence(&self) -> Option<f64> {
        #[expect(clippy::cast_precision_loss, reason = "the fake holds far fewer than 2^52 predictions")]
        let count = self.confidences.len() as f64;
        (count > 0.0).then(|| self.confidences.iter().sum::<f64>() / count)
    }
}

impl Tables {
    fn predictions_of(&self, experiment: &ExperimentKey) -> impl Iterator<Item = (&GapId, &Prediction)> {
        self.predictions.iter().flat_map(move |(gap, rows)| {
            rows.iter().filter(move |((key, _), _)| key == experiment).map(move |(_, row)| (gap, row))
        })
    }

    fn summary(&self, key: &ExperimentKey, experiment: &Experiment) -> ExperimentSummary {
        let mut totals = Totals::default();
        for (gap, prediction) in self.predictions_of(key) {
            totals.add(gap, prediction);
        }
        ExperimentSummary {
            experiment: key.clone(),
            model: experiment.model.clone(),
            description: experiment.description.clone(),
            metrics: experiment.metrics.clone(),
            created_at: experiment.created_at,
            completed_at: experiment.completed_at,
            predictions: totals.predictions,
            gaps: i64::try_from(totals.gaps.len()).unwrap_or(i64::MAX),
            average_confidence: totals.average_confidence(),
            correct: totals.correct,
            incorrect: totals.incorrect,
        }
    }

    pub(super) fn save_rounds(&mut self, rounds: &[RoundRecord]) -> Result<()> {
        checks::texts(rounds)?;
        let now = self.now();
        for record in rounds {
            let created_at = record.created_at.map(microseconds);
            let kept = self.rounds.entry(record.round.as_str().into()).or_insert(created_at.unwrap_or(now));
            *kept = created_at.unwrap_or(*kept);
        }
        Ok(())
    }

    pub(super) fn save_recommendations(&mut self, recommendations: &[RecommendationRecord]) -> Result<()> {
        checks::texts(recommendations)?;
        let confidences = recommendations
            .iter()
            .map(|record| check(self, &record.product_key, &record.attribute_key, record.confidence))
            .collect::<Result<Vec<_>>>()?;
        let now = self.now();
        for (record, confidence) in recommendations.iter().zip(confidences) {
            let round = RoundKey::from(record.round.as_str());
            self.rounds.entry(round.clone()).or_insert(now);
            let gap = GapId::new(record.product_key.as_str(), record.attribute_key.as_str());
            let rows = self.recommendations.entry(gap).or_default();
            let old = rows.get(&(round.clone(), record.value.clone()));
            let created_at =
                record.created_at.map(microseconds).or(old.map(|old| old.created_at)).unwrap_or(now);
            let proposal = Proposal { confidence, reasoning: record.reasoning.clone(), created_at };
            rows.insert((round, record.value.clone()), proposal);
        }
        Ok(())
    }
}

//! The prediction repository in memory.

use super::tables::{Prediction, Proposal, Tables, bare_experiment, cut, microseconds, page};
use super::{MemoryStore, checks};
use crate::domain::{
    Confidence, Experiment, ExperimentKey, ExperimentSummary, GapId, MetricTrend,
    Prediction as PredictionRow, ProposalCursor,
};
use crate::repository::{Page, PredictionRepository, Result};
use crate::transfer::record::{ExperimentRecord, PredictionRecord};
use async_trait::async_trait;
use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use std::collections::{BTreeMap, BTreeSet};

/// The most characters of a reasoning, and of one in a page of many.
pub(super) const REASONING: usize = 4_000;
pub(super) const SHORT: usize = 200;

#[async_trait]
impl PredictionRepository for MemoryStore {
    async fn save_experiments(&self, experiments: &[ExperimentRecord]) -> Result<()> {
        let mut tables = self.tables();
        checks::texts(experiments)?;
        let now = tables.now();
        for record in experiments {
            let key = ExperimentKey::from(record.experiment.as_str());
            let created_at = tables.experiments.get(&key).map_or(now, |old| old.created_at);
            let bare = bare_experiment(key.clone(), created_at);
            let experiment = Experiment {
                key: bare.key,
                model: record.model.clone(),
                description: record.description.clone(),
                parameters: record.parameters.clone().unwrap_or(bare.parameters),
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
            .map(|record| {
                checks::proposal(&tables, &record.product_key, &record.attribute_key, record.confidence)
            })
            .collect::<Result<Vec<_>>>()?;
        let now = tables.now();
        for (record, confidence) in predictions.iter().zip(confidences) {
            let experiment = ExperimentKey::from(record.experiment.as_str());
            let bare = || bare_experiment(experiment.clone(), now);
            tables.experiments.entry(experiment.clone()).or_insert_with(bare);
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

    async fn delete_experiments(&self, experiments: &[ExperimentKey]) -> Result<()> {
        let mut tables = self.tables();
        for experiment in experiments {
            tables.experiments.remove(experiment);
            for rows in tables.predictions.values_mut() {
                rows.retain(|(key, _), _| key != experiment);
            }
        }
        Ok(())
    }

    async fn experiment(&self, experiment: &ExperimentKey) -> Result<Option<Experiment>> {
        Ok(self.tables().experiments.get(experiment).cloned())
    }

    async fn experiments(&self) -> Result<Vec<Experiment>> {
        let mut experiments: Vec<_> = self.tables().experiments.values().cloned().collect();
        experiments.sort_by(|a, b| b.created_at.cmp(&a.created_at).then_with(|| a.key.cmp(&b.key)));
        Ok(experiments)
    }

    async fn experiment_summary(&self, experiment: &ExperimentKey) -> Result<Option<ExperimentSummary>> {
        let tables = self.tables();
        Ok(tables.experiments.get(experiment).map(|one| tables.summary(one)))
    }

    async fn experiment_summaries(&self) -> Result<Vec<ExperimentSummary>> {
        let tables = self.tables();
        let mut summaries: Vec<_> = tables.experiments.values().map(|one| tables.summary(one)).collect();
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

    async fn predictions(&self, gap: &GapId) -> Result<Vec<PredictionRow>> {
        let tables = self.tables();
        let rows = tables.predictions.get(gap).into_iter().flatten();
        Ok(rows.map(|row| tables.prediction(gap, row, REASONING)).collect())
    }

    async fn experiment_predictions(
        &self,
        experiment: &ExperimentKey,
        after: Option<&ProposalCursor>,
        limit: usize,
    ) -> Result<Page<PredictionRow, ProposalCursor>> {
        let tables = self.tables();
        let rows = tables.predictions.iter().flat_map(|(gap, rows)| {
            let of = rows.iter().filter(|((key, _), _)| key == experiment);
            of.map(|row| tables.prediction(gap, row, SHORT)).collect::<Vec<_>>()
        });
        Ok(page(rows, after, limit, |one| ProposalCursor { gap: one.gap.clone(), value: one.value.clone() }))
    }

    async fn correctness(&self, gap: &GapId) -> Result<Vec<(ExperimentKey, String, Option<bool>)>> {
        let tables = self.tables();
        let rows = tables.predictions.get(gap).into_iter().flatten();
        Ok(rows.map(|((experiment, value), row)| (experiment.clone(), value.clone(), row.correct)).collect())
    }
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

    /// Returns a prediction as it is read.
    fn prediction(
        &self,
        gap: &GapId,
        ((experiment, value), row): (&(ExperimentKey, String), &Prediction),
        reasoning: usize,
    ) -> PredictionRow {
        let decision = self.in_force(gap).map(|event| event.decision.id);
        PredictionRow {
            gap: gap.clone(),
            experiment: experiment.clone(),
            value: value.clone(),
            confidence: row.proposal.confidence,
            reasoning: row.proposal.reasoning.as_deref().map(|text| cut(text, reasoning)),
            is_correct: row.correct,
            decision: row.correct.and(decision),
            round: None,
            created_at: row.proposal.created_at,
        }
    }

    fn summary(&self, experiment: &Experiment) -> ExperimentSummary {
        let mut totals = Totals::default();
        for (gap, prediction) in self.predictions_of(&experiment.key) {
            totals.add(gap, prediction);
        }
        ExperimentSummary {
            experiment: experiment.key.clone(),
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
}

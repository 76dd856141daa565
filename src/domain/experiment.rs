//! Experiments: runs of models that wrote predictions, and what became of these.

use super::{AttributeKey, CategoryKey, ExperimentKey};
use chrono::{DateTime, Utc};
use serde::Serialize;

/// One row of the view `experiment_summary`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ExperimentSummary {
    pub experiment: ExperimentKey,
    pub model: Option<String>,
    pub description: Option<String>,
    pub metrics: serde_json::Value,
    pub created_at: DateTime<Utc>,
    pub completed_at: Option<DateTime<Utc>>,
    pub predictions: i64,
    /// How many gaps it predicted something for.
    pub gaps: i64,
    pub average_confidence: Option<f64>,
    /// Predictions that a reviewer's decision showed to be right.
    pub correct: i64,
    /// Predictions that a reviewer's decision showed to be wrong.
    pub incorrect: i64,
}

impl ExperimentSummary {
    /// Returns the share of judged predictions that were right, 0..=1.
    pub fn accuracy(&self) -> Option<f64> {
        let judged = self.correct + self.incorrect;
        #[expect(clippy::cast_precision_loss, reason = "counts of predictions stay far below 2^52")]
        (judged > 0).then(|| self.correct as f64 / judged as f64)
    }
}

/// One row of the view `metric_trends`: one experiment on one day.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MetricTrend {
    pub experiment: ExperimentKey,
    /// The day (UTC) on which the predictions were made.
    pub day: DateTime<Utc>,
    pub predictions: i64,
    pub average_confidence: Option<f64>,
    /// The change of the average confidence since the experiment's day before.
    pub confidence_change: Option<f64>,
    pub correct: i64,
    pub incorrect: i64,
}

/// A key with the name a reader knows it by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Named<K> {
    pub key: K,
    pub name: String,
}

/// What a queue can be filtered by.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Facets {
    pub attributes: Vec<Named<AttributeKey>>,
    pub categories: Vec<Named<CategoryKey>>,
    pub experiments: Vec<Named<ExperimentKey>>,
}

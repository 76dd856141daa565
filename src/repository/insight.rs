//! What decisions say about predictions, added up for statistics.

use super::{Result, blocking::repository};
use crate::domain::{Anchoring, Day, ExperimentKey, JudgedBy, JudgedFilter, QueueFilter};
use crate::insight::calibration::Cell;
use crate::insight::comparison::Comparison;
use crate::insight::sample::Sample;
use chrono::{DateTime, Utc};

/// Judged predictions of one experiment, attribute or category.
#[derive(Debug, Clone, PartialEq)]
pub struct JudgedGroup {
    /// Its key; empty for products without a category.
    pub key: String,
    /// The predictions, added up by thousandths of confidence, the lowest first.
    pub cells: Vec<Cell>,
}

repository! {
    /// Reads what decisions say about predictions.
    pub trait InsightRepository: Send + Sync {
        /// Adds judged predictions with a confidence up, in the order of the keys.
        async fn judged(&self, filter: &JudgedFilter, by: JudgedBy) -> Result<Vec<JudgedGroup>>;

        /// Reads the honest sample of a filter's gaps: what was decided of those with the lowest lots. The filter's state is
        /// not looked at.
        async fn sample(&self, filter: &QueueFilter) -> Result<Sample>;

        /// Loads what people decided on each day since a moment, the first day first; days without a decision are left out.
        async fn days(&self, since: DateTime<Utc>) -> Result<Vec<Day>>;

        /// Counts how often the value predicted first was taken since a moment, shown and blind; undone decisions and those
        /// made unseen are left out.
        async fn anchoring(&self, since: DateTime<Utc>) -> Result<Anchoring>;

        /// Compares two experiments on the judged gaps that both predicted: an experiment is right on a gap if the
        /// prediction that it was most confident of is.
        async fn compare(&self, first: &ExperimentKey, second: &ExperimentKey) -> Result<Comparison>;
    }
}

//! What decisions say about predictions, added up for statistics.

use super::{Page, Result, blocking::repository};
use crate::domain::{
    Anchoring, AttributeKey, Day, Difference, ExperimentKey, GapId, JudgedBy, JudgedFilter, Judgement,
    QueueFilter, Reviewer, Said, TwoOpinions,
};
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

/// Judged predictions of one experiment, attribute or category, as time went by.
#[derive(Debug, Clone, PartialEq)]
pub struct Timeline {
    /// Its key; empty for products without a category.
    pub key: String,
    /// The oldest first; of each gap what an experiment was most confident of.
    pub judgements: Vec<Judgement>,
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

        /// Loads what two reviewers said of the same gaps, the second without knowing the first; all attributes, or one.
        async fn opinions(&self, attribute: Option<&AttributeKey>) -> Result<Vec<TwoOpinions>>;

        /// Loads the decisions in force on gaps of which a first opinion waited for a second one, as far as a reviewer's own
        /// last decisions, so many of them, are on such gaps: gap by gap, the oldest first. What was accepted unseen is left
        /// out.
        async fn said(&self, reviewer: &Reviewer, decisions: usize) -> Result<Vec<Said>>;

        /// Compares two experiments on the judged gaps that both predicted: an experiment is right on a gap if the
        /// prediction that it was most confident of is. What was accepted unseen is left out.
        async fn compare(&self, first: &ExperimentKey, second: &ExperimentKey) -> Result<Comparison>;

        /// Lists the judged gaps that one experiment was right on and the other wrong, in the order of their keys; which
        /// prediction counts is as with [`compare`](Self::compare).
        async fn differences(
            &self,
            winner: &ExperimentKey,
            loser: &ExperimentKey,
            after: Option<&GapId>,
            limit: usize,
        ) -> Result<Page<Difference, GapId>>;

        /// Loads what the last decisions, so many of them, say of predictions, in the order of the keys: of each gap what
        /// each experiment was most confident of, or all of them together where they are not told apart. What was accepted
        /// unseen and what was undone or overtaken is left out.
        async fn timelines(
            &self,
            filter: &JudgedFilter,
            by: JudgedBy,
            decisions: usize,
        ) -> Result<Vec<Timeline>>;
    }
}

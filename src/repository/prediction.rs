//! Experiments and their prediction results.

use super::{Result, blocking::repository};
use crate::domain::{ExperimentKey, ExperimentSummary, GapId, MetricTrend};
use crate::transfer::record::{ExperimentRecord, PredictionRecord};

repository! {
    /// Reads and writes experiments and their prediction results.
    pub trait PredictionRepository: Send + Sync {
        /// Writes experiments; one whose key is there already is replaced.
        async fn save_experiments(&self, experiments: &[ExperimentRecord]) -> Result<()>;

        /// Writes predictions; one whose experiment, gap and value are there already is replaced. An experiment that is
        /// not there is made from its key.
        ///
        /// # Errors
        /// [`RepositoryError::UnknownKey`](super::RepositoryError::UnknownKey) for a product or attribute that is not there, [`RepositoryError::Invalid`] for
        /// a confidence outside 0..=1; nothing is written then.
        async fn save_predictions(&self, predictions: &[PredictionRecord]) -> Result<()>;

        /// Summarises every experiment, the newest first.
        async fn experiment_summaries(&self) -> Result<Vec<ExperimentSummary>>;

        /// Loads the trend of an experiment, a row a day, the oldest first.
        async fn metric_trends(&self, experiment: &ExperimentKey) -> Result<Vec<MetricTrend>>;

        /// Tells which of a gap's predictions decisions have shown to be right or wrong: (experiment, value, correct).
        async fn correctness(&self, gap: &GapId) -> Result<Vec<(ExperimentKey, String, Option<bool>)>>;
    }
}

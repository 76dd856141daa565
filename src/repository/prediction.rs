//! Experiments and their prediction results.

use super::{Page, Result, blocking::repository};
use crate::domain::{
    Experiment, ExperimentKey, ExperimentSummary, GapId, MetricTrend, Prediction, ProposalCursor,
};
use crate::transfer::record::{ExperimentRecord, PredictionRecord};

repository! {
    /// Reads and writes experiments and their prediction results.
    pub trait PredictionRepository: Send + Sync {
        /// Writes experiments; one whose key is there already is replaced, and keeps its time of creation where none is
        /// given.
        async fn save_experiments(&self, experiments: &[ExperimentRecord]) -> Result<()>;

        /// Writes predictions; one whose experiment, gap and value are there already is replaced, and keeps its time of
        /// creation where none is given. An experiment that is not there is made from its key.
        ///
        /// # Errors
        /// [`UnknownKey`](super::RepositoryError::UnknownKey) for a product or attribute that is not there,
        /// [`Invalid`](super::RepositoryError::Invalid) for a confidence outside 0..=1; nothing is written then.
        async fn save_predictions(&self, predictions: &[PredictionRecord]) -> Result<()>;

        /// Deletes experiments with their predictions; a key that is not there is no error.
        async fn delete_experiments(&self, experiments: &[ExperimentKey]) -> Result<()>;

        /// Loads an experiment with its parameters and metrics.
        async fn experiment(&self, experiment: &ExperimentKey) -> Result<Option<Experiment>>;

        /// Loads every experiment, the newest first.
        async fn experiments(&self) -> Result<Vec<Experiment>>;

        /// Summarises an experiment.
        async fn experiment_summary(&self, experiment: &ExperimentKey) -> Result<Option<ExperimentSummary>>;

        /// Summarises every experiment, the newest first.
        async fn experiment_summaries(&self) -> Result<Vec<ExperimentSummary>>;

        /// Loads the trend of an experiment, a row a day, the oldest first.
        async fn metric_trends(&self, experiment: &ExperimentKey) -> Result<Vec<MetricTrend>>;

        /// Loads what experiments predicted for a gap, in the order of the experiments' keys and the values.
        async fn predictions(&self, gap: &GapId) -> Result<Vec<Prediction>>;

        /// Loads what an experiment predicted, in the order of products, attributes and values, at most `limit`.
        async fn experiment_predictions(
            &self,
            experiment: &ExperimentKey,
            after: Option<&ProposalCursor>,
            limit: usize,
        ) -> Result<Page<Prediction, ProposalCursor>>;

        /// Tells which of a gap's predictions decisions have shown to be right or wrong: (experiment, value, correct).
        async fn correctness(&self, gap: &GapId) -> Result<Vec<(ExperimentKey, String, Option<bool>)>>;
    }
}

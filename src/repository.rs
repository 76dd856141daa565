//! The repositories: how services reach what is stored, as traits (ports), with their page and error types.
//!
//! Every method is one unit of work: what it writes, it writes in one transaction. Implementations: Diesel over
//! PostgreSQL, and an in-memory fake for tests.

pub mod bulk;
mod error;
pub mod memory;
pub mod postgres;

pub use error::{RepositoryError, Result};

use crate::domain::{
    AttributeKey, Candidate, Count, Decision, EmbeddingDetails, EmbeddingStats, Event, ExperimentKey,
    ExperimentSummary, Facets, GapId, MetricTrend, Nearest, Neighbour, Outcome, Product, ProductCard,
    ProductKey, QueueCursor, QueueFilter, QueueRow, QueueSort, ReviewCard, Reviewer, TextPage, ToEmbed,
};
use crate::transfer::record::{
    AttributeAllowableValueRecord, AttributeRecord, CategoryAllowableValueRecord, CategoryAttributeRecord,
    CategoryRecord, EmbeddingRecord, ExperimentRecord, GapRecord, PredictionRecord,
    ProductAllowableValueRecord, ProductCategoryRecord, ProductRecord, RecommendationRecord, RichTextRecord,
    RoundRecord, ValueRecord,
};
use async_trait::async_trait;

/// Rows of a list, and where the next page starts.
#[derive(Debug, Clone, PartialEq)]
pub struct Page<T, C> {
    pub rows: Vec<T>,
    /// The cursor for the rows after these; `None` at the end.
    pub next: Option<C>,
}

/// Rows of the catalogue to be written together, each list upserted by its key.
///
/// Lists are written in the order of the fields, so a batch may hold a product and its values.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CatalogueBatch {
    pub categories: Vec<CategoryRecord>,
    pub attributes: Vec<AttributeRecord>,
    pub category_attributes: Vec<CategoryAttributeRecord>,
    pub products: Vec<ProductRecord>,
    pub product_categories: Vec<ProductCategoryRecord>,
    pub values: Vec<ValueRecord>,
    pub gaps: Vec<GapRecord>,
    pub category_allowable_values: Vec<CategoryAllowableValueRecord>,
    pub allowable_values_in_every_category: Vec<AttributeAllowableValueRecord>,
    pub allowable_values_in_any_category: Vec<AttributeAllowableValueRecord>,
    pub product_allowable_values: Vec<ProductAllowableValueRecord>,
    pub rich_texts: Vec<RichTextRecord>,
}

/// Reads and writes products, categories, attributes, values, gaps, allowed values and texts.
#[async_trait]
pub trait InputRepository: Send + Sync {
    /// Writes rows of the catalogue; a row whose key is there already is replaced.
    ///
    /// # Errors
    /// [`RepositoryError::UnknownKey`] where a row refers to something that is not there; nothing is written then.
    async fn save_catalogue(&self, batch: &CatalogueBatch) -> Result<()>;

    /// Deletes gaps, as the upstream pipeline does when a value has arrived; their decisions stay.
    async fn delete_gaps(&self, gaps: &[GapId]) -> Result<()>;

    /// Loads a product without its values and texts.
    async fn product(&self, product: &ProductKey) -> Result<Option<Product>>;

    /// Loads everything a screen shows of one product, with at most `neighbours` neighbours.
    async fn product_card(&self, product: &ProductKey, neighbours: usize) -> Result<Option<ProductCard>>;

    /// Loads what a queue can be filtered by, in the order of the names.
    async fn facets(&self) -> Result<Facets>;
}

/// Reads and writes product embeddings.
#[async_trait]
pub trait EmbeddingRepository: Send + Sync {
    /// Stores embeddings, each padded with zeros to 1536 dimensions; one that is there is replaced.
    ///
    /// # Errors
    /// [`RepositoryError::Invalid`] for more than 1536 dimensions, none, a number that is not finite, or
    /// only zeros, which have no direction.
    async fn save_embeddings(&self, embeddings: &[EmbeddingRecord]) -> Result<()>;

    /// Loads the embedding of a product, 1536 dimensions.
    async fn embedding(&self, product: &ProductKey) -> Result<Option<Vec<f32>>>;

    /// Loads what is known of the products' embeddings beside their numbers, in the order of the keys.
    async fn embedding_details(&self, products: &[ProductKey]) -> Result<Vec<EmbeddingDetails>>;

    /// Deletes the embeddings of products and returns how many there were.
    async fn delete_embeddings(&self, products: &[ProductKey]) -> Result<u64>;

    /// Counts the embeddings, in all and by model.
    async fn embedding_stats(&self) -> Result<EmbeddingStats>;

    /// Returns the nearest products by cosine similarity, the nearest first: `limit` of them where there are as many,
    /// however few a filter leaves. Empty for a product without an embedding.
    ///
    /// Unfiltered, or where a filter leaves many, the vector index answers, with the recall that `gapdeck index` shows;
    /// otherwise the search is exact.
    ///
    /// # Errors
    /// [`RepositoryError::Invalid`] for a vector that could not be stored.
    async fn nearest(&self, search: &Nearest) -> Result<Vec<Neighbour>>;

    /// Returns the nearest products by cosine similarity, the nearest first, without the product itself; with their
    /// values for `attribute` where one is given. Empty for a product without an embedding.
    async fn neighbours(
        &self,
        product: &ProductKey,
        attribute: Option<&AttributeKey>,
        limit: usize,
    ) -> Result<Vec<Neighbour>>;

    /// Lists products that have no embedding yet, in the order of their keys, after `after`, at most `limit`.
    async fn without_embedding(&self, after: Option<&ProductKey>, limit: usize) -> Result<Vec<ProductKey>>;

    /// Looks at the next `products` products after `after`, in the order of their keys, and loads the texts of those
    /// that are to be embedded.
    async fn texts_to_embed(
        &self,
        which: &ToEmbed,
        after: Option<&ProductKey>,
        products: u32,
    ) -> Result<TextPage>;
}

/// Reads and writes experiments and their prediction results.
#[async_trait]
pub trait PredictionRepository: Send + Sync {
    /// Writes experiments; one whose key is there already is replaced.
    async fn save_experiments(&self, experiments: &[ExperimentRecord]) -> Result<()>;

    /// Writes predictions; one whose experiment, gap and value are there already is replaced. An experiment that is
    /// not there is made from its key.
    ///
    /// # Errors
    /// [`RepositoryError::UnknownKey`] for a product or attribute that is not there, [`RepositoryError::Invalid`] for
    /// a confidence outside 0..=1; nothing is written then.
    async fn save_predictions(&self, predictions: &[PredictionRecord]) -> Result<()>;

    /// Summarises every experiment, the newest first.
    async fn experiment_summaries(&self) -> Result<Vec<ExperimentSummary>>;

    /// Loads the trend of an experiment, a row a day, the oldest first.
    async fn metric_trends(&self, experiment: &ExperimentKey) -> Result<Vec<MetricTrend>>;

    /// Tells which of a gap's predictions decisions have shown to be right or wrong: (experiment, value, correct).
    async fn correctness(&self, gap: &GapId) -> Result<Vec<(ExperimentKey, String, Option<bool>)>>;
}

/// Reads and writes recommendations: model rounds and human decisions.
#[async_trait]
pub trait RecommendationRepository: Send + Sync {
    /// Writes recommendation rounds; one whose key is there already is replaced.
    async fn save_rounds(&self, rounds: &[RoundRecord]) -> Result<()>;

    /// Writes model recommendations; one whose round, gap and value are there already is replaced. A round that is
    /// not there is made from its key.
    ///
    /// # Errors
    /// As [`PredictionRepository::save_predictions`].
    async fn save_recommendations(&self, recommendations: &[RecommendationRecord]) -> Result<()>;

    /// Writes a decision, brings the queue row into its state, and marks the gap's predictions right or wrong, in one
    /// transaction. Sent twice, it counts once.
    ///
    /// Correctness: accept and override mark the predictions of their value right and the others wrong; reject and not
    /// applicable mark all wrong; defer and flag clear the marks; undo restores those of the decision before.
    ///
    /// # Errors
    /// [`RepositoryError::Conflict`] when the gap's version is not the decision's base version,
    /// [`RepositoryError::NotFound`] for a pair that is not a gap, [`RepositoryError::DecisionIdReused`] when the id is
    /// there with another content, [`RepositoryError::NotUndoable`] when the decision named by an undo is not the last
    /// one in force or is another reviewer's, [`RepositoryError::Invalid`] for an accept or override without a value.
    async fn decide(&self, decision: &Decision) -> Result<Outcome>;

    /// Loads the decisions on a gap, the oldest first.
    async fn history(&self, gap: &GapId) -> Result<Vec<Event>>;

    /// Loads a reviewer's last decision that is still in force and can be undone: the last one on its gap.
    async fn last_decision(&self, reviewer: &Reviewer) -> Result<Option<Event>>;

    /// Counts a reviewer's decisions (without undos and undone ones) since the start of the day (UTC).
    async fn decided_today(&self, reviewer: &Reviewer) -> Result<u64>;
}

/// Reads the review queue.
#[async_trait]
pub trait QueueRepository: Send + Sync {
    /// Loads the rows after a cursor, at most `limit`.
    async fn page(
        &self,
        filter: &QueueFilter,
        sort: QueueSort,
        after: Option<&QueueCursor>,
        limit: usize,
    ) -> Result<Page<QueueRow, QueueCursor>>;

    /// Counts the rows of a filter: exactly up to `cap`, above it as the planner estimates.
    async fn count(&self, filter: &QueueFilter, cap: u64) -> Result<Count>;

    /// Loads one row.
    async fn row(&self, gap: &GapId) -> Result<Option<QueueRow>>;

    /// Loads the candidates of several gaps, in the order of the gaps, each list the most confident first.
    async fn candidates(&self, gaps: &[GapId]) -> Result<Vec<Vec<Candidate>>>;

    /// Loads everything a review card shows, with at most `neighbours` neighbours.
    async fn card(&self, gap: &GapId, neighbours: usize) -> Result<Option<ReviewCard>>;
}

/// All repositories of one database.
pub trait Store:
    InputRepository + EmbeddingRepository + PredictionRepository + RecommendationRepository + QueueRepository
{
}

impl<T> Store for T where
    T: InputRepository
        + EmbeddingRepository
        + PredictionRepository
        + RecommendationRepository
        + QueueRepository
{
}

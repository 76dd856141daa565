//! The repositories: how services reach what is stored, as traits (ports), with their page and error types.
//!
//! Every method is one unit of work: what it writes, it writes in one transaction. Implementations: Diesel over
//! PostgreSQL, and an in-memory fake for tests.

pub mod blocking;
pub mod bulk;
mod cluster;
mod embedding;
mod error;
mod input;
mod insight;
pub mod memory;
mod policy;
pub mod postgres;
mod prediction;
mod reader;
mod recommendation;
mod seeded;
mod view;
mod vote;

pub use cluster::{Alike, ClusterRepository};
pub use embedding::EmbeddingRepository;
pub use error::{RepositoryError, Result};
pub use input::{CatalogueBatch, CatalogueKeys, InputRepository};
pub use insight::{InsightRepository, JudgedGroup, Timeline};
pub use policy::PolicyRepository;
pub use prediction::PredictionRepository;
pub use recommendation::RecommendationRepository;
pub use seeded::SeededRepository;
pub use view::ViewRepository;
pub use vote::{Marked, ToVote, VoteRepository};

pub use crate::database::abandonable;

use blocking::repository;

use crate::domain::{
    Candidate, Changes, Claim, Claimed, Count, GapId, Lease, LeaseToken, QueueCursor, QueueFilter, QueueRow,
    QueueSort, ReviewCard, Reviewer,
};
use chrono::{DateTime, Utc};
use std::sync::Arc;
use std::time::Duration;

/// Rows of a list, and where the next page starts.
#[derive(Debug, Clone, PartialEq)]
pub struct Page<T, C> {
    pub rows: Vec<T>,
    /// The cursor for the rows after these; `None` at the end.
    pub next: Option<C>,
}

repository! {
/// Reads the review queue.
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
}

repository! {
/// Claims gaps of the review queue for a reviewer, for a while.
pub trait LeaseRepository: Send + Sync {
    /// Claims the next gaps that wait for a decision and that nobody holds, in the order of the queue. Two claims never get the same gap.
    ///
    /// # Errors
    /// [`RepositoryError::Invalid`] for a lease that does not last.
    async fn claim(&self, claim: &Claim) -> Result<Claimed>;

    /// Makes leases last from now on; returns those that are still the token's. A missing one has expired and was
    /// claimed by somebody else, or its gap was decided.
    async fn renew(&self, token: LeaseToken, gaps: &[GapId], lasts: Duration) -> Result<Vec<Lease>>;

    /// Gives gaps back; one that is not the token's stays as it is.
    async fn release(&self, token: LeaseToken, gaps: &[GapId]) -> Result<()>;

    /// Tells what was decided since a moment of the server's, and who holds what now; without a moment, only the latter.
    ///
    /// A decision is dated before it is committed: who polls goes back a little behind the last answer's time, farther
    /// now and then, and sees some rows again.
    async fn changes(&self, since: Option<DateTime<Utc>>, limit: usize) -> Result<Changes>;
}
}

/// A store that can read for somebody.
pub trait ForReader {
    /// Returns the same store as a reviewer reads it: others' first opinions are hidden until a second one is in.
    fn for_reader(&self, reader: &Reviewer) -> Arc<dyn Store>;
}

/// All repositories of one database.
pub trait Store:
    InputRepository
    + EmbeddingRepository
    + PredictionRepository
    + RecommendationRepository
    + QueueRepository
    + LeaseRepository
    + ViewRepository
    + InsightRepository
    + VoteRepository
    + ClusterRepository
    + PolicyRepository
    + SeededRepository
    + ForReader
{
}

impl<T> Store for T where
    T: InputRepository
        + EmbeddingRepository
        + PredictionRepository
        + RecommendationRepository
        + QueueRepository
        + LeaseRepository
        + ViewRepository
        + InsightRepository
        + VoteRepository
        + ClusterRepository
        + PolicyRepository
        + SeededRepository
        + ForReader
{
}

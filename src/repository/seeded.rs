//! Seeded gaps: known values, and what reviewers said of them.

use super::{Result, blocking::repository};
use crate::domain::{
    AnswerCount, GapId, QueueFilter, Reviewer, SeededAnswer, SeededGap, SeededValue, Seeding,
};

repository! {
/// Reads and writes seeded gaps.
pub trait SeededRepository: Send + Sync {
    /// Says which values are right; what is there already stays.
    ///
    /// # Errors
    /// [`Invalid`](super::RepositoryError::Invalid) for a value that is empty or holds a NUL character,
    /// [`UnknownKey`](super::RepositoryError::UnknownKey) for a product or an attribute that is not there.
    async fn save_seeded(&self, values: &[SeededValue]) -> Result<()>;

    /// Forgets what is right for gaps; one that is not seeded is no error. Answers stay.
    async fn forget_seeded(&self, gaps: &[GapId]) -> Result<()>;

    /// Adds up what is seeded.
    async fn seeding(&self) -> Result<Seeding>;

    /// Loads seeded gaps that a reviewer has neither answered nor decided, as if nobody had, at most `limit`: those that a
    /// filter admits, whatever their state, in the order of their lots. Where nothing was predicted there is nothing to tell
    /// right from wrong: such gaps are left out.
    async fn seeds(&self, filter: &QueueFilter, reviewer: &Reviewer, limit: usize) -> Result<Vec<SeededGap>>;

    /// Keeps an answer; sent twice, it counts once. Nothing of the gap changes.
    async fn answer_seeded(&self, answer: &SeededAnswer) -> Result<()>;

    /// Counts a reviewer's answers that say something of how well they tell right from wrong.
    async fn seeded_answers(&self, reviewer: &Reviewer) -> Result<Vec<AnswerCount>>;
}
}

//! Recommendations: model rounds and human decisions.

use super::{Page, RepositoryError, Result, blocking::repository};
use crate::domain::{
    Decision, DecisionCursor, DecisionFilter, DecisionId, DecisionRow, Event, Fence, GapId, Outcome,
    ProposalCursor, Recommendation, Reviewer, Round, RoundKey, Standing,
};
use crate::transfer::record::{RecommendationRecord, RoundRecord};
use std::collections::HashSet;
use uuid::Uuid;

repository! {
    /// Reads and writes recommendations: model rounds and human decisions.
    pub trait RecommendationRepository: Send + Sync {
        /// Writes recommendation rounds; one whose key is there already is replaced, and keeps its time of creation where
        /// none is given.
        async fn save_rounds(&self, rounds: &[RoundRecord]) -> Result<()>;

        /// Writes model recommendations; one whose round, gap and value are there already is replaced, and keeps its time
        /// of creation where none is given. A round that is not there is made from its key.
        ///
        /// # Errors
        /// As [`save_predictions`](super::PredictionRepository::save_predictions).
        async fn save_recommendations(&self, recommendations: &[RecommendationRecord]) -> Result<()>;

        /// Deletes rounds with their recommendations; a key that is not there is no error.
        async fn delete_rounds(&self, rounds: &[RoundKey]) -> Result<()>;

        /// Loads a round.
        async fn round(&self, round: &RoundKey) -> Result<Option<Round>>;

        /// Loads every round, the newest first.
        async fn rounds(&self) -> Result<Vec<Round>>;

        /// Loads what models recommended for a gap, in the order of the rounds' keys and the values.
        async fn recommendations(&self, gap: &GapId) -> Result<Vec<Recommendation>>;

        /// Loads the recommendations of a round, in the order of products, attributes and values, at most `limit`.
        async fn round_recommendations(
            &self,
            round: &RoundKey,
            after: Option<&ProposalCursor>,
            limit: usize,
        ) -> Result<Page<Recommendation, ProposalCursor>>;

        /// Writes a decision, brings the queue row into its state, and marks the gap's predictions right or wrong, in one
        /// transaction. Sent twice, it counts once.
        ///
        /// Correctness: accept and override mark the predictions of their value right and the others wrong; reject and not
        /// applicable mark all wrong; defer and flag clear the marks; undo restores those of the decision before.
        ///
        /// # Errors
        /// [`Conflict`](super::RepositoryError::Conflict) when the gap's version is not the decision's base version,
        /// [`NotFound`](super::RepositoryError::NotFound) for a pair that is not a gap,
        /// [`DecisionIdReused`](super::RepositoryError::DecisionIdReused) when the id is there with another content,
        /// [`NotUndoable`](super::RepositoryError::NotUndoable) when the decision named by an undo is not the last one in
        /// force or is another reviewer's, [`Invalid`](super::RepositoryError::Invalid) for an accept or override without a
        /// value.
        async fn decide(&self, decision: &Decision) -> Result<Outcome> {
            self.decide_fenced(decision, Fence::Open).await
        }

        /// Writes a decision as [`RecommendationRepository::decide`] does, if the fence holds, and ends the gap's lease.
        ///
        /// # Errors
        /// As there, [`Conflict`](super::RepositoryError::Conflict) also where another decision came in the place of the one
        /// that the fence names, and [`Held`](super::RepositoryError::Held) when the gap is in somebody else's hands.
        async fn decide_fenced(&self, decision: &Decision, fence: Fence) -> Result<Outcome>;

        /// Writes decisions on as many gaps in one transaction, whoever holds these: all of them, or none. Those that are
        /// there already count as sent again; returns what each led to.
        ///
        /// # Errors
        /// As [`RecommendationRepository::decide`], for the first that is refused, and
        /// [`Invalid`](super::RepositoryError::Invalid) where two are on one gap.
        async fn decide_together(&self, decisions: &[Decision]) -> Result<Vec<Outcome>>;

        /// Loads a decision with everything the reviewer saw.
        async fn decision(&self, decision: DecisionId) -> Result<Option<Event>>;

        /// Loads decisions, the newest first, at most `limit`.
        async fn decisions(
            &self,
            filter: &DecisionFilter,
            after: Option<&DecisionCursor>,
            limit: usize,
        ) -> Result<Page<DecisionRow, DecisionCursor>>;

        /// Loads the decisions of a bulk action, the newest first and without undos, and how each stands.
        async fn batch(&self, batch: Uuid) -> Result<Vec<(DecisionRow, Standing)>>;

        /// Loads the decisions on a gap, the oldest first.
        async fn history(&self, gap: &GapId) -> Result<Vec<Event>>;

        /// Loads a reviewer's last decision that is still in force and can be undone: the last one on its gap.
        async fn last_decision(&self, reviewer: &Reviewer) -> Result<Option<Event>>;

        /// Counts a reviewer's decisions (without undos and undone ones) since the start of the day (UTC).
        async fn decided_today(&self, reviewer: &Reviewer) -> Result<u64>;
    }
}

/// Refuses decisions that are to be written together, where two are on one gap.
pub(super) fn one_a_gap(decisions: &[Decision]) -> Result<()> {
    let mut gaps = HashSet::new();
    match decisions.iter().find(|decision| !gaps.insert(&decision.gap)) {
        Some(twice) => {
            let reason = format!("two of them are on {}", twice.gap);
            Err(RepositoryError::Invalid { field: "decisions", reason })
        }
        None => Ok(()),
    }
}

//! The port to gaps that are alike.

use super::{Result, blocking::repository};
use crate::domain::{ExperimentKey, GapId, GroupKey, GroupMember, QueueRow};

/// What other gaps are to have in common with one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alike {
    pub gap: GapId,
    /// What predicted for them.
    pub experiment: ExperimentKey,
    /// What it predicted; others may spell it otherwise.
    pub value: String,
    /// How many of the nearest products are looked at.
    pub nearest: usize,
}

repository! {
/// Finds gaps that are alike.
pub trait ClusterRepository: Send + Sync {
    /// Loads the gaps of a group in whatever state, in the order of their products, at most `limit`, and what was said of their
    /// value.
    async fn group_members(&self, group: &GroupKey, limit: usize) -> Result<Vec<GroupMember>>;

    /// Loads the gaps of the same attribute among the nearest products of a gap's, for which an experiment predicted the
    /// same, the nearest first and without the gap itself. Empty where the product has no embedding.
    async fn alike(&self, to: &Alike) -> Result<Vec<QueueRow>>;
}
}

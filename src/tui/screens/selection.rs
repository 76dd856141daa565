//! Rows of the list that were selected by hand, to be decided together.

use super::queue::Row;
use crate::domain::GapId;
use std::collections::BTreeSet;

/// The selected gaps; they live with the list that is loaded.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection {
    gaps: BTreeSet<GapId>,
    /// The one that was selected last: where a range begins.
    last: Option<GapId>,
}

impl Selection {
    /// Tells whether nothing is selected.
    pub fn is_empty(&self) -> bool {
        self.gaps.is_empty()
    }

    /// Counts what is selected.
    pub fn len(&self) -> usize {
        self.gaps.len()
    }

    /// Tells whether a gap is selected.
    pub fn contains(&self, gap: &GapId) -> bool {
        self.gaps.contains(gap)
    }

    /// Returns what is selected.
    pub fn gaps(&self) -> impl Iterator<Item = &GapId> {
        self.gaps.iter()
    }

    /// Selects a gap, or takes it out again.
    pub fn toggle(&mut self, gap: &GapId) {
        if self.gaps.remove(gap) {
            self.last = None;
        } else {
            self.gaps.insert(gap.clone());
            self.last = Some(gap.clone());
        }
    }

    /// Selects every row from the one selected last to a place; that alone where there is no such one in the list.
    pub fn extend_to(&mut self, rows: &[Row], at: usize) {
        let last = self.last.as_ref().and_then(|last| rows.iter().position(|row| row.data.gap == *last));
        let from = last.unwrap_or(at);
        let range = rows.iter().take(from.max(at) + 1).skip(from.min(at));
        self.gaps.extend(range.map(|row| row.data.gap.clone()));
        self.last = rows.get(at).map(|row| row.data.gap.clone());
    }

    /// Forgets what the list does not hold any more.
    pub fn keep(&mut self, rows: &[Row]) {
        if !self.is_empty() {
            let there: BTreeSet<&GapId> = rows.iter().map(|row| &row.data.gap).collect();
            self.gaps.retain(|gap| there.contains(gap));
            self.last = self.last.take().filter(|gap| there.contains(gap));
        }
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        *self = Self::default();
    }
}

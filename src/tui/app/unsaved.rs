//! Decisions on their way to the database, as the screen knows them.

use super::state::State;
use crate::domain::{Action, Decision, DecisionId, Fence, GapId, State as GapState};
use std::time::Instant;

/// How far a decision is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Phase {
    /// Being brought to the disk: not decided yet.
    Keeping,
    /// In the outbox: decided, and to be sent.
    Kept,
    /// Could not be brought to the disk, for this reason: it is only here.
    Refused(String),
    /// In the outbox, but the database did not take it, for this reason.
    Failed(String),
    /// In the outbox, but somebody else decided meanwhile or holds the gap; the reviewer is asked.
    Conflict,
}

impl Phase {
    /// Tells whether the decision counts as made: it will be in the database, as far as is known.
    pub fn stands(&self) -> bool {
        matches!(self, Self::Keeping | Self::Kept)
    }

    /// Tells whether the database was asked and did not take it.
    pub fn is_failed(&self) -> bool {
        matches!(self, Self::Failed(_) | Self::Conflict)
    }
}

/// A decision that the database does not have yet, as far as is known.
#[derive(Debug, Clone, PartialEq)]
pub struct Unsaved {
    pub decision: Decision,
    pub fence: Fence,
    pub since: Instant,
    pub phase: Phase,
    /// The state that it brings its gap into.
    pub leads_to: GapState,
    /// The decision that it takes back, for an undo made here.
    pub undone: Option<Box<Decision>>,
    /// How many go to the database in one transaction with it, itself included; none where it goes alone.
    pub together: Option<usize>,
}

impl Unsaved {
    /// Tells whether it takes another decision back.
    pub fn is_undo(&self) -> bool {
        self.decision.action == Action::Undo
    }
}

/// How many decisions are how far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    pub kept: usize,
    pub refused: usize,
    pub failed: usize,
}

impl State {
    /// Returns the last decision on a gap that is not saved yet.
    pub fn unsaved_on(&self, gap: &GapId) -> Option<&Unsaved> {
        self.unsaved.iter().rev().find(|one| one.decision.gap == *gap)
    }

    /// Returns a decision that is not saved yet.
    pub fn unsaved_by_id(&self, id: DecisionId) -> Option<&Unsaved> {
        self.unsaved.iter().find(|one| one.decision.id == id)
    }

    /// Returns the last decision on a gap that is on its way to the database.
    pub fn on_its_way(&self, gap: &GapId) -> Option<&Unsaved> {
        self.unsaved.iter().rev().find(|one| one.decision.gap == *gap && one.phase.stands())
    }

    /// Returns the version that a gap has once everything decided on it is saved; `None` where nothing is on its way.
    pub fn version_to_come(&self, gap: &GapId) -> Option<i32> {
        self.on_its_way(gap).map(|one| one.decision.base_version.saturating_add(1))
    }

    /// Returns the state that a gap is shown in: what the database says, and what rests in the outbox on top of it.
    pub fn state_to_come(&self, gap: &GapId, saved: GapState) -> GapState {
        let decided =
            self.unsaved.iter().rev().find(|one| one.decision.gap == *gap && one.phase == Phase::Kept);
        decided.map_or(saved, |one| one.leads_to)
    }

    /// Tells whether a decision is being brought to the disk.
    pub fn is_keeping(&self) -> bool {
        self.unsaved.iter().any(|one| one.phase == Phase::Keeping)
    }

    /// Tells whether a decision is on its way from the disk to the database.
    pub fn is_sending(&self) -> bool {
        self.unsaved.iter().any(|one| one.phase == Phase::Kept)
    }

    /// Counts the decisions that the database does not have.
    pub fn tally(&self) -> Tally {
        let count = |is: fn(&Phase) -> bool| self.unsaved.iter().filter(|one| is(&one.phase)).count();
        Tally {
            kept: count(|phase| *phase == Phase::Kept),
            refused: count(|phase| matches!(phase, Phase::Refused(_))),
            failed: count(Phase::is_failed),
        }
    }
}

//! Taking decisions back, whether the database has them already or not.

use super::action::ActionId;
use super::conflict::discard;
use super::decide::keep;
use super::msg::{Effect, TakeBack};
use super::seeded;
use super::state::State;
use super::toast::Level;
use super::unsaved::Phase;
use crate::domain::Fence;
use crate::domain::{DecisionId, GapId, State as GapState};
use crate::repository::Result;
use crate::review::{Review, Undoable};
use crate::sanitise;
use std::collections::HashSet;

/// Undos asked for and under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Undo {
    /// Asked for while decisions are on their way: these come first.
    pub wanted: bool,
    /// The database is asked for the last decision.
    pub searching: bool,
}

impl Undo {
    /// Tells whether it is not known yet what is taken back.
    pub fn is_busy(self) -> bool {
        self.wanted || self.searching
    }
}

/// Takes the reviewer's last decision back, whether the database has it already or not.
pub fn undo(state: &mut State) -> Vec<Effect> {
    if seeded::refuse_undo(state) {
        return Vec::new();
    }
    state.undo = Undo::default();
    let undone: HashSet<DecisionId> = state.unsaved.iter().filter_map(|one| one.decision.undoes).collect();
    let candidate = state.unsaved.iter().rposition(|one| {
        let is_mine = one.decision.reviewer == state.identity.reviewer;
        let is_last =
            !one.phase.is_failed() || state.last_saved.is_none_or(|at| at <= one.decision.decided_at);
        is_mine && is_last && !one.is_undo() && !undone.contains(&one.decision.id)
    });
    let Some(index) = candidate else { return undo_saved(state) };
    let one = state.unsaved[index].clone();
    if one.decision.batch.is_some() && one.phase == Phase::Kept {
        // A bulk action is taken back as one, once the database has it.
        if state.outage.is_none() {
            state.undo.wanted = true;
        } else {
            let text = "The bulk action is not saved yet: it can be undone once the database answers";
            state.toasts.show(state.now, Level::Warning, text);
        }
        return Vec::new();
    }
    match one.phase {
        Phase::Keeping => state.undo.wanted = true,
        Phase::Refused(_) => {
            state.unsaved.remove(index);
            reopen(state, &one.decision.gap);
            state.toasts.show(state.now, Level::Info, "Took back the decision that was not saved");
        }
        Phase::Failed(_) | Phase::Conflict => {
            let effect = discard(state, one.decision.id);
            reopen(state, &one.decision.gap);
            state.toasts.show(state.now, Level::Info, "Took back the decision that was not saved");
            return vec![effect];
        }
        Phase::Kept => {
            let version = state.version_to_come(&one.decision.gap).unwrap_or(one.decision.base_version);
            let before = state.unsaved[..index].iter().rev().find(|other| {
                other.decision.gap == one.decision.gap
                    && !undone.contains(&other.decision.id)
                    && !other.is_undo()
            });
            let saved = state.queue.row(&one.decision.gap).map_or(GapState::Open, |row| row.data.state);
            let leads_to = before.map_or(saved, |before| before.leads_to);
            return vec![keep_undo(state, &Undoable { decision: one.decision, version, leads_to })];
        }
    }
    Vec::new()
}

fn undo_saved(state: &mut State) -> Vec<Effect> {
    if state.outage.is_none() && (state.is_keeping() || state.is_sending()) {
        state.undo.wanted = true;
        return Vec::new();
    }
    if state.outage.is_some() {
        let text = "The database does not answer: what it has already can be undone once it does";
        state.toasts.show(state.now, Level::Warning, text);
        return Vec::new();
    }
    state.undo.searching = true;
    vec![Effect::FindUndo]
}

pub(super) fn keep_undo(state: &mut State, undoable: &Undoable) -> Effect {
    let mut undo = Review::draft_undo_for(&state.identity.reviewer, &undoable.decision, undoable.version);
    undo.id = (state.new_id)();
    undo.decided_at = state.wall;
    keep(state, undo, Fence::Open, undoable.leads_to, Some(undoable.decision.clone()))
}

/// Takes the database's answer to what the reviewer's last decision was.
pub fn found_undo(state: &mut State, result: Result<Option<Box<Undoable>>>) -> Vec<Effect> {
    state.undo.searching = false;
    match result {
        Ok(Some(undoable)) if undoable.decision.batch.is_some() => {
            let what = TakeBack { id: undoable.decision.id, batch: undoable.decision.batch };
            return vec![Effect::FindTakeBack { ticket: state.bulk_undo.begin(state.now), what }];
        }
        Ok(Some(undoable)) => return vec![keep_undo(state, &undoable)],
        Ok(None) => {
            state.toasts.show(state.now, Level::Info, "Nothing to undo: you have no decision in force");
        }
        Err(error) => {
            let text = format!(
                "Undo failed: {} · {} tries again",
                sanitise::line(&error.to_string(), 200),
                state.key(ActionId::Undo)
            );
            state.toasts.show(state.now, Level::Error, text);
        }
    }
    Vec::new()
}

/// Goes on with an undo that waits for decisions on their way.
pub fn undo_if_wanted(state: &mut State) -> Vec<Effect> {
    if !state.undo.wanted || state.is_keeping() {
        return Vec::new();
    }
    undo(state)
}

/// Shows a row as not decided, and goes there unless somebody types.
pub fn reopen(state: &mut State, gap: &GapId) -> bool {
    if let Some(row) = state.queue.row_mut(gap) {
        row.decided_here = false;
    }
    if state.overlay.is_none() && state.screens.is_empty() {
        state.queue.go_to(gap)
    } else {
        state.queue.row(gap).is_some()
    }
}

//! Decisions that the database refused because somebody else was there: kept, given up, or put on top.

use super::decide::keep;
use super::flow;
use super::msg::Effect;
use super::state::State;
use super::unsaved::Unsaved;
use crate::domain::{Action, Decision, DecisionId, Event, Fence, GapId, Reviewer, State as GapState};
use crate::repository::Result;
use crate::tui::overlays::Overlay;
use chrono::{DateTime, Utc};

/// What the database said instead of taking a decision.
#[derive(Debug, Clone, PartialEq)]
pub struct Conflict {
    pub id: DecisionId,
    pub gap: GapId,
    pub version: i32,
    pub state: GapState,
    pub by: Option<String>,
    /// The decision in force there, once it is loaded.
    pub theirs: Option<Box<Event>>,
}

/// A decision that was refused because the gap is in other hands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    pub id: DecisionId,
    pub gap: GapId,
    pub by: Reviewer,
    pub until: DateTime<Utc>,
}

/// Gives up a refused decision and those that build on it.
pub fn discard(state: &mut State, id: DecisionId) -> Effect {
    let Some(one) = state.unsaved_by_id(id).cloned() else { return Effect::Discard(id) };
    let (gap, base) = (one.decision.gap, one.decision.base_version);
    state.unsaved.retain(|other| {
        other.decision.gap != gap || !other.phase.is_failed() || other.decision.base_version < base
    });
    state.conflicts.retain(|conflict| conflict.gap != gap);
    state.held.retain(|held| held.gap != gap);
    Effect::Discard(id)
}

/// Takes the decisions on a gap that is in conflict: the reviewer is shown the other one.
pub fn history(state: &mut State, gap: &GapId, result: Result<Vec<Event>>) {
    let Ok(history) = result else { return };
    let theirs = Event::in_force(&history).cloned().map(Box::new);
    let asked = match &mut state.overlay {
        Some(Overlay::Confirm(confirm)) => confirm.conflicting(),
        _ => None,
    };
    for conflict in state.conflicts.iter_mut().chain(asked).filter(|conflict| conflict.gap == *gap) {
        conflict.theirs.clone_from(&theirs);
    }
}

/// Decides a conflict in the reviewer's favour: what was last decided here goes on top of the other decision.
pub fn keep_mine(state: &mut State, conflict: &Conflict) -> Vec<Effect> {
    decide_again(state, &conflict.gap, Some(conflict.version), |_| {})
}

/// Leaves a conflict to somebody else: a flag on top of the other decision, with both in its comment.
pub fn flag_conflict(state: &mut State, conflict: &Conflict) -> Vec<Effect> {
    let theirs = conflict.theirs.as_ref().map(|event| words(&event.decision));
    let theirs = theirs.unwrap_or_else(|| conflict.state.label().to_owned());
    let by = conflict.by.as_deref().unwrap_or("somebody else").to_owned();
    decide_again(state, &conflict.gap, Some(conflict.version), |mine| {
        mine.comment = Some(format!("{}: {} · {by}: {theirs}", mine.reviewer, words(mine)));
        mine.action = Action::Flag;
        mine.value = None;
    })
}

/// Says what a decision is, as `override "Black"`.
fn words(decision: &Decision) -> String {
    let value = decision.value.as_ref().map(|value| format!(" \"{value}\""));
    format!("{}{}", decision.action.as_str().replace('_', " "), value.unwrap_or_default())
}

/// Decides a gap all the same that somebody else holds.
pub fn decide_all_the_same(state: &mut State, held: &Held) -> Vec<Effect> {
    decide_again(state, &held.gap, None, |_| {})
}

/// Makes the last refused decision on a gap once more, on another version or on the same; it takes the place of the refused.
fn decide_again(
    state: &mut State,
    gap: &GapId,
    version: Option<i32>,
    change: impl FnOnce(&mut Decision),
) -> Vec<Effect> {
    let is_refused = |one: &&Unsaved| one.decision.gap == *gap && one.phase.is_failed() && !one.is_undo();
    let Some(first) = state.unsaved.iter().find(is_refused).map(|one| one.decision.base_version) else {
        return Vec::new();
    };
    let Some(last) = state.unsaved.iter().rev().find(is_refused).cloned() else { return Vec::new() };
    let mut decision = Decision {
        id: (state.new_id)(),
        base_version: version.unwrap_or(first),
        decided_at: state.wall,
        ..last.decision
    };
    change(&mut decision);
    let leads_to = decision.action.state().unwrap_or(last.leads_to);
    // The reviewer has seen what is there: it goes on top, whoever holds the gap.
    vec![keep(state, decision, Fence::Open, leads_to, None)]
}

/// Leaves a gap to who holds it.
pub fn leave_to_holder(state: &mut State, held: &Held) -> Vec<Effect> {
    let effect = discard(state, held.id);
    flow::decided(state, &held.gap);
    if let Some(row) = state.queue.row_mut(&held.gap) {
        row.decided_here = false;
    }
    vec![effect]
}

/// Decides a conflict in the other's favour: the row shows what the database says.
pub fn leave_theirs(state: &mut State, conflict: &Conflict) -> Vec<Effect> {
    let effect = discard(state, conflict.id);
    if let Some(row) = state.queue.row_mut(&conflict.gap) {
        row.data.state = conflict.state;
        row.data.version = conflict.version;
        row.data.decided_by = conflict.by.clone().map(Into::into);
        let told = conflict.theirs.as_ref().filter(|_| !conflict.state.needs_opinion());
        row.data.decided_value = told.and_then(|event| event.decision.value.clone());
        row.decided_here = conflict.state != GapState::Open;
    }
    vec![effect]
}

//! Decisions on their way to the database: made at once on the screen, kept until they are stored.

use super::action::Refusal;
use super::checks;
use super::flow;
use super::msg::Effect;
use super::state::State;
use super::toast::Level;
use crate::domain::{
    Action, Count, Decision, DecisionId, Event, Fence, GapId, Outcome, Reviewer, State as GapState,
};
use crate::repository::{RepositoryError, Result as RepositoryResult};
use crate::review::{Circumstances, Review};
use crate::tui::overlays::Overlay;
use crate::tui::sanitise;
use crate::tui::widgets::wrap;

use chrono::{DateTime, Utc};
use std::time::Instant;

/// How far a decision is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Phase {
    Saving,
    /// Not stored, for this reason; it can be sent again.
    Failed(String),
    /// Somebody else decided meanwhile, or holds the gap; the reviewer is asked.
    Conflict,
}

/// A decision that the database does not have yet, as far as is known.
#[derive(Debug, Clone, PartialEq)]
pub struct Unsaved {
    pub decision: Decision,
    pub fence: Fence,
    pub since: Instant,
    pub phase: Phase,
}

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

/// Undos asked for and under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Undo {
    /// Asked for while decisions are being saved: they must be in the database first.
    pub wanted: bool,
    pub running: bool,
}

impl Undo {
    /// Tells whether an undo is not finished yet.
    pub fn is_busy(self) -> bool {
        self.wanted || self.running
    }
}

/// What a reviewer decided, before it becomes a [`Decision`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    pub action: Action,
    pub value: Option<String>,
    pub comment: Option<String>,
    /// The keys that led to it.
    pub keys: String,
    pub kept_on_purpose: bool,
}

impl Verdict {
    /// A verdict that needs no value.
    pub fn plain(action: Action, keys: impl Into<String>) -> Self {
        Self { action, value: None, comment: None, keys: keys.into(), kept_on_purpose: false }
    }

    /// A verdict with a value.
    pub fn with_value(action: Action, value: String, keys: impl Into<String>) -> Self {
        Self { value: Some(value), ..Self::plain(action, keys) }
    }
}

/// Decides the gap under the cursor: shows it as decided, goes on to the next open gap, and sends it off.
pub fn decide(state: &mut State, verdict: Verdict) -> Vec<Effect> {
    match draft(state, verdict) {
        Ok(decision) => send(state, decision),
        Err(refusal) => {
            state.toasts.show(state.now, Level::Warning, wrap::capitalised(&refusal));
            Vec::new()
        }
    }
}

/// Decides a gap, wherever the cursor is now: an editor was opened for it.
///
/// # Errors
/// Why it cannot be decided now; the editor keeps what was typed.
pub fn decide_on(state: &mut State, gap: &GapId, verdict: Verdict) -> Result<Vec<Effect>, Refusal> {
    if !state.queue.go_to(gap) {
        return Err("the gap is no longer in this list; Esc leaves, / shows others".into());
    }
    let decision = draft(state, verdict)?;
    Ok(send(state, decision))
}

fn draft(state: &State, verdict: Verdict) -> Result<Decision, Refusal> {
    checks::decide(state)?;
    let card = state.current_card().ok_or("the card is still being loaded")?;
    let how = Circumstances {
        keys: verdict.keys,
        seconds: state.shown_at.map(|at| {
            let seconds = state.now.saturating_duration_since(at).as_secs_f64();
            (seconds * 1000.0).round() / 1000.0
        }),
        policy: format!("queue:{}", state.queue.sort.as_str().replace('-', "_")),
        kept_on_purpose: verdict.kept_on_purpose,
    };
    let reviewer = &state.identity.reviewer;
    let mut decision =
        Review::draft_for(reviewer, &card.card, verdict.action, verdict.value, verdict.comment, how);
    decision.id = (state.new_id)();
    decision.decided_at = state.wall;
    Ok(decision)
}

fn send(state: &mut State, decision: Decision) -> Vec<Effect> {
    state.unsaved.retain(|one| one.decision.gap != decision.gap);
    let fence = flow::fence(state, &decision.gap);
    let unsaved = Unsaved { decision: decision.clone(), fence, since: state.now, phase: Phase::Saving };
    state.unsaved.push(unsaved);
    if let Some(row) = state.queue.row_mut(&decision.gap) {
        row.decided_here = true;
    }
    state.queue.advance();
    vec![Effect::Decide(Box::new(decision), fence)]
}

/// Sends everything again that could not be saved.
pub fn retry(state: &mut State) -> Vec<Effect> {
    let now = state.now;
    let mut effects = Vec::new();
    for one in &mut state.unsaved {
        if matches!(one.phase, Phase::Failed(_)) {
            one.phase = Phase::Saving;
            one.since = now;
            if let Some(row) = state.queue.row_mut(&one.decision.gap) {
                row.decided_here = true;
            }
            effects.push(Effect::Decide(Box::new(one.decision.clone()), one.fence));
        }
    }
    effects
}

/// Takes the database's answer to a decision.
pub fn decided(state: &mut State, id: DecisionId, result: RepositoryResult<Outcome>) -> Vec<Effect> {
    let Some(index) = state.unsaved.iter().position(|one| one.decision.id == id) else { return Vec::new() };
    let gap = state.unsaved[index].decision.gap.clone();
    state.cards.invalidate(&gap);
    match result {
        Ok(outcome) => {
            let one = state.unsaved.remove(index);
            stored(state, &one.decision, &outcome);
        }
        Err(RepositoryError::Conflict { gap, version, state: theirs, by }) => {
            state.unsaved[index].phase = Phase::Conflict;
            let conflict = Conflict { id, gap: gap.clone(), version, state: theirs, by, theirs: None };
            state.conflicts.push_back(conflict);
            state.undo.wanted = false;
            return vec![Effect::LoadHistory(gap)];
        }
        Err(RepositoryError::Held { gap, by, until }) if !state.undo.wanted => {
            state.unsaved[index].phase = Phase::Conflict;
            state.held.push_back(Held { id, gap, by, until });
        }
        Err(error) if state.undo.wanted => {
            // The reviewer took it back before it failed: nothing is left to do.
            let one = state.unsaved.remove(index);
            state.undo.wanted = false;
            reopen(state, &one.decision.gap);
            let text = format!("Took back the decision that could not be saved ({error})");
            state.toasts.show(state.now, Level::Info, sanitise::line(&text, 300));
        }
        Err(error) => {
            let reason = sanitise::line(&error.to_string(), 200);
            state.unsaved[index].phase = Phase::Failed(reason.clone());
            if let Some(row) = state.queue.row_mut(&gap) {
                row.decided_here = false;
            }
            let text = format!("Not saved · R sends it again, u takes it back · {reason}");
            state.toasts.show(state.now, Level::Error, text);
        }
    }
    if state.undo.wanted && !state.is_saving() {
        state.undo = Undo { wanted: false, running: true };
        return vec![Effect::UndoLast];
    }
    Vec::new()
}

fn stored(state: &mut State, decision: &Decision, outcome: &Outcome) {
    flow::decided(state, &decision.gap);
    let was_open = state.queue.row(&decision.gap).is_some_and(|row| row.data.state == GapState::Open);
    if let Some(row) = state.queue.row_mut(&decision.gap) {
        row.data.state = outcome.state;
        row.data.version = outcome.version;
        row.data.decided_by = Some(decision.reviewer.clone());
        row.data.decided_value.clone_from(&decision.value);
        row.data.decided_at = Some(decision.decided_at);
    }
    if let Some(figures) = &mut state.figures.value {
        figures.today += 1;
        if was_open {
            figures.open = changed(figures.open, -1);
        }
    }
}

fn changed(count: Count, by: i64) -> Count {
    match count {
        Count::Exact(n) => Count::Exact(n.saturating_add_signed(by)),
        about @ Count::About(_) => about,
    }
}

fn reopen(state: &mut State, gap: &GapId) {
    if let Some(row) = state.queue.row_mut(gap) {
        row.decided_here = false;
    }
    state.queue.go_to(gap);
}

/// Takes the reviewer's last decision back; one that is not saved yet is simply dropped.
pub fn undo(state: &mut State) -> Vec<Effect> {
    if state.is_saving() {
        state.undo.wanted = true;
        return Vec::new();
    }
    if let Some(one) = state.unsaved.pop() {
        state.conflicts.retain(|conflict| conflict.id != one.decision.id);
        state.held.retain(|held| held.id != one.decision.id);
        reopen(state, &one.decision.gap);
        state.toasts.show(state.now, Level::Info, "Took back the decision that was not saved");
        return Vec::new();
    }
    state.undo.running = true;
    vec![Effect::UndoLast]
}

/// Takes the database's answer to an undo.
pub fn undone(state: &mut State, result: RepositoryResult<Option<Box<(Event, Outcome)>>>) -> Vec<Effect> {
    state.undo.running = false;
    match result {
        Ok(Some(undone)) => {
            let (event, outcome) = *undone;
            let decision = &event.decision;
            state.cards.invalidate(&decision.gap);
            let mut name = decision.gap.product.to_string();
            if let Some(row) = state.queue.row_mut(&decision.gap) {
                row.data.display_name().clone_into(&mut name);
                row.data.state = outcome.state;
                row.data.version = outcome.version;
                row.decided_here = false;
                if outcome.state == GapState::Open {
                    row.data.decided_by = None;
                    row.data.decided_value = None;
                    row.data.decided_at = None;
                }
            }
            // Not under the hands of somebody who is typing.
            let found = match &state.overlay {
                None => state.queue.go_to(&decision.gap),
                Some(_) => state.queue.row(&decision.gap).is_some(),
            };
            if let Some(figures) = &mut state.figures.value {
                if event.recorded_at.date_naive() == state.wall.date_naive() {
                    figures.today = figures.today.saturating_sub(1);
                }
                if outcome.state == GapState::Open {
                    figures.open = changed(figures.open, 1);
                }
            }
            let act = decision.action.as_str().replace('_', " ");
            let value = decision.value.as_ref().map(|value| format!(" \"{}\"", sanitise::line(value, 40)));
            let text = format!(
                "Undid {act}{} · {} · {}{}",
                value.unwrap_or_default(),
                sanitise::line(decision.gap.attribute.as_str(), 40),
                sanitise::line(&name, 60),
                if found { "" } else { " · not in this list" },
            );
            state.toasts.show(state.now, Level::Info, text);
        }
        Ok(None) => {
            state.toasts.show(state.now, Level::Info, "Nothing to undo: you have no decision in force");
        }
        Err(error) => {
            let text = format!("Undo failed: {} · u tries again", sanitise::line(&error.to_string(), 200));
            state.toasts.show(state.now, Level::Error, text);
        }
    }
    Vec::new()
}

/// Takes the decisions on a gap that is in conflict: the reviewer is shown the other one.
pub fn history(state: &mut State, gap: &GapId, result: RepositoryResult<Vec<Event>>) {
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

/// Decides a conflict in the reviewer's favour: the same decision on top of the other one.
pub fn keep_mine(state: &mut State, conflict: &Conflict) -> Vec<Effect> {
    on_top(state, conflict, |_| {})
}

/// Leaves a conflict to somebody else: a flag on top of the other decision, with both in its comment.
pub fn flag_conflict(state: &mut State, conflict: &Conflict) -> Vec<Effect> {
    let theirs = conflict.theirs.as_ref().map(|event| words(&event.decision));
    let theirs = theirs.unwrap_or_else(|| conflict.state.label().to_owned());
    let by = conflict.by.as_deref().unwrap_or("somebody else").to_owned();
    on_top(state, conflict, |mine| {
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

fn on_top(state: &mut State, conflict: &Conflict, change: impl FnOnce(&mut Decision)) -> Vec<Effect> {
    let new_id = (state.new_id)();
    let now = state.now;
    let Some(one) = state.unsaved.iter_mut().find(|one| one.decision.id == conflict.id) else {
        return Vec::new();
    };
    change(&mut one.decision);
    one.decision.id = new_id;
    one.decision.base_version = conflict.version;
    // The reviewer has seen what is there: it goes on top, whoever holds the gap.
    one.fence = Fence::Open;
    one.phase = Phase::Saving;
    one.since = now;
    vec![Effect::Decide(Box::new(one.decision.clone()), one.fence)]
}

/// Decides a conflict in the other's favour: the row shows what the database says.
pub fn leave_theirs(state: &mut State, conflict: &Conflict) {
    state.unsaved.retain(|one| one.decision.id != conflict.id);
    if let Some(row) = state.queue.row_mut(&conflict.gap) {
        row.data.state = conflict.state;
        row.data.version = conflict.version;
        row.data.decided_by = conflict.by.clone().map(Into::into);
        row.data.decided_value = conflict.theirs.as_ref().and_then(|event| event.decision.value.clone());
        row.decided_here = conflict.state != GapState::Open;
    }
}

/// Decides a gap all the same that somebody else holds.
pub fn decide_all_the_same(state: &mut State, held: &Held) -> Vec<Effect> {
    let now = state.now;
    let Some(one) = state.unsaved.iter_mut().find(|one| one.decision.id == held.id) else {
        return Vec::new();
    };
    one.fence = Fence::Open;
    one.phase = Phase::Saving;
    one.since = now;
    vec![Effect::Decide(Box::new(one.decision.clone()), one.fence)]
}

/// Leaves a gap to who holds it.
pub fn leave_to_holder(state: &mut State, held: &Held) {
    state.unsaved.retain(|one| one.decision.id != held.id);
    flow::decided(state, &held.gap);
    if let Some(row) = state.queue.row_mut(&held.gap) {
        row.decided_here = false;
    }
}

//! Deciding and undoing: shown once the decision is on the disk, sent from there whatever happens.

use super::action::Refusal;
use super::checks;
use super::flow;
use super::msg::Effect;
use super::state::State;
use super::toast::Level;
use super::unsaved::{Phase, Unsaved};
use crate::domain::{
    Action, Decision, DecisionId, Event, Fence, GapId, Lot, QueueSort, Reviewer, State as GapState, is_cut,
    normalised,
};
use crate::repository::Result as RepositoryResult;
use crate::review::{Circumstances, Review, Undoable};
use crate::sanitise;
use crate::tui::overlays::Overlay;
use crate::tui::widgets::wrap;
use chrono::{DateTime, Utc};
use std::collections::HashSet;

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

/// Why a value that was cut when it was read cannot be accepted.
const TOO_LONG: &str =
    "only the first 4,000 characters of this value are at hand; it cannot be accepted here";

/// What a decision's policy ends in, where the reviewer chose before seeing predictions.
const BLIND: &str = ":blind";

/// Decides the gap under the cursor: goes on to the next open gap, and keeps the decision.
pub fn decide(state: &mut State, verdict: Verdict) -> Vec<Effect> {
    match draft(state, verdict) {
        Ok(decision) => keep_verdict(state, decision),
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
    Ok(keep_verdict(state, decision))
}

fn draft(state: &State, verdict: Verdict) -> Result<Decision, Refusal> {
    checks::decide(state)?;
    let card = state.current_card().ok_or("the card is still being loaded")?;
    let is_proposed = |value: &String| card.choices.iter().any(|choice| choice.value == *value);
    if verdict.value.as_ref().is_some_and(|value| is_cut(value) && is_proposed(value)) {
        return Err(TOO_LONG.into());
    }
    let gap = &card.card.row.gap;
    let is_drawn =
        state.queue.sort == QueueSort::Random || state.flow.as_ref().is_some_and(|flow| flow.has_drawn(gap));
    let sort = if is_drawn { QueueSort::Random } else { state.queue.sort };
    let how = Circumstances {
        keys: verdict.keys,
        seconds: state.shown_at.map(|at| {
            let seconds = state.now.saturating_duration_since(at).as_secs_f64();
            (seconds * 1000.0).round() / 1000.0
        }),
        policy: format!(
            "queue:{}{}",
            sort.as_str().replace('-', "_"),
            if card.is_veiled { BLIND } else { "" }
        ),
        drawn: is_drawn.then(|| Lot::Sample.of(gap)),
        kept_on_purpose: verdict.kept_on_purpose,
    };
    let reviewer = &state.identity.reviewer;
    let mut decision =
        Review::draft_for(reviewer, &card.card, verdict.action, verdict.value, verdict.comment, how);
    decision.id = (state.new_id)();
    decision.decided_at = state.wall;
    if card.is_veiled && decision.action == Action::Override && agrees(state, &decision) == Some(true) {
        decision.action = Action::Accept;
    }
    // On top of what is decided already but not saved yet.
    if let Some(version) = state.version_to_come(&decision.gap) {
        decision.base_version = version;
    }
    Ok(decision)
}

/// Tells whether a value is what was predicted first; `None` without either.
fn agrees(state: &State, decision: &Decision) -> Option<bool> {
    let best = state.cards.get(&decision.gap)?.choices.first()?;
    Some(normalised(&best.value) == normalised(decision.value.as_deref()?))
}

/// Says what was predicted, once a reviewer has chosen without seeing it.
fn unveil(state: &mut State, decision: &Decision) {
    if !decision.seen.policy.ends_with(BLIND) {
        return;
    }
    let text =
        match (agrees(state, decision), state.cards.get(&decision.gap).and_then(|card| card.choices.first()))
        {
            (Some(true), _) => "The same was predicted".into(),
            (_, Some(best)) => {
                let sure = best.confidence.map_or_else(String::new, |sure| format!(" ({:.2})", sure.get()));
                format!(
                    "Predicted was \"{}\"{sure} · u takes your choice back",
                    sanitise::line(&best.value, 80)
                )
            }
            (_, None) => return,
        };
    state.cards.unveil(&decision.gap);
    state.toasts.show(state.now, Level::Info, text);
}

fn keep_verdict(state: &mut State, decision: Decision) -> Vec<Effect> {
    unveil(state, &decision);
    let leads_to = decision.action.state().unwrap_or(GapState::Open);
    let gap = decision.gap.clone();
    let fence = match state.on_its_way(&gap) {
        // The version that it is for is a guess: somebody else's decision may come instead.
        Some(before) => Fence::After(before.decision.id),
        None => flow::fence(state, &gap),
    };
    let effect = keep(state, decision, fence, leads_to, None);
    if let Some(row) = state.queue.row_mut(&gap) {
        row.decided_here = true;
    }
    state.queue.advance();
    vec![effect]
}

/// Notes a decision as one on its way to the disk, and asks for that.
fn keep(
    state: &mut State,
    decision: Decision,
    fence: Fence,
    leads_to: GapState,
    undone: Option<Decision>,
) -> Effect {
    let is_gone = |one: &Unsaved| one.decision.gap == decision.gap && matches!(one.phase, Phase::Refused(_));
    state.unsaved.retain(|one| !is_gone(one));
    state.unsaved.push(Unsaved {
        decision: decision.clone(),
        fence,
        since: state.now,
        phase: Phase::Keeping,
        leads_to,
        undone: undone.map(Box::new),
        together: None,
    });
    Effect::Decide(Box::new(decision), fence)
}

/// Tries again whatever could not be kept or saved.
pub fn retry(state: &mut State) -> Vec<Effect> {
    let now = state.now;
    let tally = state.tally();
    let mut effects = Vec::new();
    let refused = state.unsaved.iter_mut().filter(|one| matches!(one.phase, Phase::Refused(_)));
    for one in refused {
        one.phase = Phase::Keeping;
        one.since = now;
        if let Some(row) = state.queue.row_mut(&one.decision.gap) {
            row.decided_here = true;
        }
        effects.push(Effect::Decide(Box::new(one.decision.clone()), one.fence));
    }
    if tally.failed > 0 {
        effects.push(Effect::SendAgain);
    } else if tally.kept > 0 {
        effects.push(Effect::SendNow);
    }
    effects
}

/// Takes the reviewer's last decision back, whether the database has it already or not.
pub fn undo(state: &mut State) -> Vec<Effect> {
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
pub fn found_undo(state: &mut State, result: RepositoryResult<Option<Box<Undoable>>>) -> Vec<Effect> {
    state.undo.searching = false;
    match result {
        Ok(Some(undoable)) => return vec![keep_undo(state, &undoable)],
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
        row.data.decided_value = conflict.theirs.as_ref().and_then(|event| event.decision.value.clone());
        row.decided_here = conflict.state != GapState::Open;
    }
    vec![effect]
}

//! What a decision comes to: held against what is stored, before anything is written.

use super::super::event::EventRow;
use super::Ended;
use crate::domain::{Action, Decision, Event, Fence, GapId, Lot, Outcome, Stage, State, judged};
use crate::repository::{RepositoryError, Result};
use uuid::Uuid;

/// What the queue says of a gap, under a lock.
pub(super) struct Locked {
    /// Version, state and who decided; none for a pair that is no gap.
    pub row: Option<(i32, String, Option<String>)>,
    pub multi_valued: bool,
}

/// What a decision has to be held against.
pub(super) struct Found {
    /// The gap of the decision, where that is stored already.
    pub stored: Option<GapId>,
    pub history: Vec<Event>,
    pub predictions: Vec<Prediction>,
    /// The share of gaps that get a second opinion.
    pub second_opinions: f64,
    /// Refuses a gap in other hands.
    pub held: Result<()>,
}

/// What a decision comes to.
pub(super) enum Judged<'a> {
    /// It is there already.
    Replayed(Outcome),
    New(Box<Step<'a>>),
}

/// What is to be written.
pub(super) struct Step<'a> {
    pub gap: &'a GapId,
    pub row: EventRow,
    pub outcome: Outcome,
    /// What is in force after the decision: the decision itself, or what was before the one that it takes back.
    pub in_force: Option<&'a Decision>,
    /// Who gave the first opinion, where a second one is awaited after the decision.
    pub first_by: Option<String>,
    pub marks: Vec<(String, Uuid, Option<bool>)>,
}

/// Tells what writing a decision comes to.
pub(super) fn judge<'a>(
    decision: &'a Decision,
    fence: Fence,
    locked: Locked,
    found: &'a Found,
) -> Result<Judged<'a>, Ended> {
    let gap = &decision.gap;
    match &found.stored {
        Some(stored) if stored == gap => return replayed(decision, &found.history).map(Judged::Replayed),
        Some(_) => return Err(RepositoryError::DecisionIdReused(decision.id.to_string()).into()),
        None => {}
    }
    let Some((version, state, by)) = locked.row else {
        return Err(RepositoryError::NotFound { what: "gap", key: gap.to_string() }.into());
    };
    let history = &found.history;
    let is_next = match fence {
        Fence::After(before) => history.last().is_some_and(|last| last.decision.id == before),
        Fence::Open | Fence::Unheld | Fence::Lease(_) => true,
    };
    if version != decision.base_version || !is_next {
        let state = State::parse(&state).unwrap_or(State::Open);
        return Err(RepositoryError::Conflict { gap: gap.clone(), version, state, by }.into());
    }
    found.held.clone()?;
    let row = EventRow::of(decision, None)?;
    let (version, replayed) = (row.result_version, false);
    if decision.action == Action::Undo {
        let undone = undoable(decision, history)?.decision.id;
        let rest: Vec<Event> = history.iter().filter(|event| event.decision.id != undone).cloned().collect();
        let id = Event::in_force(&rest).map(|event| event.decision.id);
        let in_force = history.iter().map(|event| &event.decision).find(|one| Some(one.id) == id);
        let first_by = Stage::of(&rest).first_by().map(ToString::to_string);
        let outcome = Outcome { state: Event::state(&rest), version, replayed };
        let marks = marks(in_force, outcome.state, &found.predictions, locked.multi_valued);
        return Ok(Judged::New(Box::new(Step { gap, row, outcome, in_force, first_by, marks })));
    }
    let before = Stage::of(history);
    let needs_second = Lot::Second.of(gap) < found.second_opinions;
    let state = before.next(decision, needs_second, locked.multi_valued).unwrap_or(State::Open);
    let first_by = match state {
        State::Second => Some(decision.reviewer.to_string()),
        State::Deferred | State::Flagged => before.first_by().map(ToString::to_string),
        _ => None,
    };
    let row = EventRow { result_state: Some(state.as_str().into()), ..row };
    let outcome = Outcome { state, version, replayed };
    let marks = marks(Some(decision), state, &found.predictions, locked.multi_valued);
    Ok(Judged::New(Box::new(Step { gap, row, outcome, in_force: Some(decision), first_by, marks })))
}

/// A prediction of the gap, as its key and what it is judged by.
pub(super) struct Prediction {
    pub experiment: String,
    pub value: String,
    pub md5: Uuid,
}

/// Answers a decision that the database has already, as it did the first time.
fn replayed(decision: &Decision, history: &[Event]) -> Result<Outcome, Ended> {
    let same = |stored: &Decision| {
        stored.action == decision.action
            && stored.value == decision.value
            && stored.reviewer == decision.reviewer
            && stored.base_version == decision.base_version
            && stored.undoes == decision.undoes
    };
    let Some(event) = history.iter().find(|event| event.decision.id == decision.id && same(&event.decision))
    else {
        return Err(RepositoryError::DecisionIdReused(decision.id.to_string()).into());
    };
    let until = |version: i32| version <= event.result_version;
    let undone_then = |one: &Event| {
        history.iter().any(|undo| undo.decision.undoes == Some(one.decision.id) && until(undo.result_version))
    };
    let state = history
        .iter()
        .filter(|one| until(one.result_version) && one.decision.action != Action::Undo && !undone_then(one))
        .max_by_key(|one| one.result_version)
        .and_then(|one| one.result_state)
        .unwrap_or(State::Open);
    Ok(Outcome { state, version: event.result_version, replayed: true })
}

/// Returns the event that an undo takes back, if it may.
fn undoable<'a>(decision: &Decision, history: &'a [Event]) -> Result<&'a Event> {
    let refuse = |reason: String| Err(RepositoryError::NotUndoable(reason));
    let Some(last) = Event::in_force(history) else {
        return refuse(format!("{} has no decision in force", decision.gap));
    };
    if last.result_state == Some(State::Second) && last.decision.reviewer != decision.reviewer {
        return refuse(format!(
            "the opinion on {} is somebody else's; give yours as the second",
            decision.gap
        ));
    }
    if decision.undoes != Some(last.decision.id) {
        return refuse(format!(
            "a later decision on {} is in force, by {}",
            decision.gap, last.decision.reviewer
        ));
    }
    if last.decision.reviewer != decision.reviewer {
        return refuse(format!(
            "the decision on {} is {}'s; decide again to put yours on top",
            decision.gap, last.decision.reviewer
        ));
    }
    Ok(last)
}

/// Says of each prediction whether the decision in force shows it to be right; nothing where that settles nothing.
fn marks(
    in_force: Option<&Decision>,
    state: State,
    predictions: &[Prediction],
    multi_valued: bool,
) -> Vec<(String, Uuid, Option<bool>)> {
    let settling = in_force.filter(|_| state.is_settled());
    let judge = |prediction: &Prediction| {
        settling.and_then(|one| judged(one.action, one.value.as_deref(), &prediction.value, multi_valued))
    };
    predictions.iter().map(|one| (one.experiment.clone(), one.md5, judge(one))).collect()
}

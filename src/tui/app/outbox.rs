//! What the outbox tells of decisions: on the disk, in the database, refused.

use super::activity;
use super::conflict::{Conflict, Held};
use super::flow;
use super::msg::Effect;
use super::navigate;
use super::state::State;
use super::toast::Level;
use super::undo;
use super::unsaved::{Phase, Unsaved};
use crate::domain::{Action, Count, Decision, DecisionId, Outcome, QueueRow, State as GapState};
use crate::review::outbox::{Entry, Failure, News, Outage, OutboxError, Status};
use crate::sanitise;
use crate::tui::overlays::name_of;
use crate::tui::screens::queue::KeepPlace;
use chrono::TimeDelta;

/// After an outage longer than this the list is loaded anew, its place kept. After a shorter one it stays as it is, as
/// ever: what others did meanwhile the feed tells.
const LONG: TimeDelta = TimeDelta::minutes(1);

/// Takes one piece of news.
pub fn told(state: &mut State, news: News) -> Vec<Effect> {
    let mut effects = Vec::new();
    match news {
        News::Found { entries, notices } => effects = found(state, entries, &notices),
        News::Kept { id, result } => kept(state, id, result),
        News::Sent { id, outcome } => sent(state, id, &outcome),
        News::Failed { id, failure, .. } => effects.extend(failed(state, id, &failure)),
        News::Again => {
            for one in state.unsaved.iter_mut().filter(|one| one.phase.is_failed()) {
                one.phase = Phase::Kept;
                one.since = state.now;
            }
            state.conflicts.clear();
            state.held.clear();
            mark_rows(state);
        }
        News::Dropped { ids } => dropped(state, &ids),
        News::NotDropped { error } => {
            let text = format!("Not discarded for good: {}", sanitise::line(&error.to_string(), 200));
            state.toasts.show(state.now, Level::Error, text);
        }
        News::Connection(outage) => effects = connection(state, outage),
    }
    effects.extend(undo::undo_if_wanted(state));
    effects
}

/// Takes over what an earlier run left.
fn found(state: &mut State, entries: Vec<Entry>, notices: &[String]) -> Vec<Effect> {
    let mut effects = Vec::new();
    let decisions: Vec<Decision> = entries.iter().map(|entry| entry.decision.clone()).collect();
    let count = entries.len();
    for Entry { decision, fence, status, .. } in entries {
        let undone = decision
            .undoes
            .and_then(|id| decisions.iter().find(|one| one.id == id))
            .map(|one| Box::new(one.clone()));
        let id = decision.id;
        let leads_to = decision.action.state().unwrap_or(GapState::Open);
        let phase = Phase::Kept;
        let together = None;
        state.unsaved.push(Unsaved { decision, fence, since: state.now, phase, leads_to, undone, together });
        if let Status::Failed(failure) = status {
            effects.extend(failed(state, id, &failure));
        }
    }
    if let Some(notice) = notices.first() {
        let text = format!("Outbox: {}", sanitise::line(notice, 400));
        state.toasts.show(state.now, Level::Error, text);
    } else if count > 0 {
        let what = if count == 1 { "1 decision".into() } else { format!("{count} decisions") };
        let text = format!("{what} from before rested in the outbox · O shows them");
        state.toasts.show(state.now, Level::Info, text);
    }
    mark_rows(state);
    effects
}

/// Shows rows as decided whose decisions rest in the outbox; for rows that were just loaded.
pub fn mark_rows(state: &mut State) {
    for one in state.unsaved.iter().filter(|one| one.phase == Phase::Kept) {
        if let Some(row) = state.queue.row_mut(&one.decision.gap) {
            row.decided_here = !one.is_undo();
        }
    }
}

fn kept(state: &mut State, id: DecisionId, result: Result<(), OutboxError>) {
    let Some(index) = state.unsaved.iter().position(|one| one.decision.id == id) else { return };
    let Err(error) = result else {
        let one = &mut state.unsaved[index];
        one.phase = Phase::Kept;
        let (undone, together) = (one.undone.clone(), one.together);
        match (undone, together) {
            (Some(undone), None) => show_undone(state, &undone),
            (Some(undone), Some(count)) => activity::show_undone_together(state, &undone, count),
            (None, _) => {}
        }
        return;
    };
    let (reason, short) = (sanitise::line(&error.to_string(), 300), sanitise::line(&error.reason, 100));
    state.undo.wanted = false;
    if state.unsaved[index].is_undo() {
        state.unsaved.remove(index);
        state.toasts.show(state.now, Level::Error, format!("Not undone: {short} · u tries again"));
        return;
    }
    let gap = state.unsaved[index].decision.gap.clone();
    state.unsaved[index].phase = Phase::Refused(reason.clone());
    undo::reopen(state, &gap);
    let text = format!("Not decided: {short} · R tries again, u takes it back · O says more");
    state.toasts.show(state.now, Level::Error, text);
}

/// Goes back to a gap whose decision was taken back, and says so.
fn show_undone(state: &mut State, undone: &Decision) {
    let found = undo::reopen(state, &undone.gap);
    let name =
        state.queue.row(&undone.gap).map_or(undone.gap.product.as_str(), |row| row.data.display_name());
    let act = undone.action.as_str().replace('_', " ");
    let value = undone.value.as_ref().map(|value| format!(" \"{}\"", sanitise::line(value, 40)));
    let text = format!(
        "Undid {act}{} · {} · {}{}",
        value.unwrap_or_default(),
        sanitise::line(undone.gap.attribute.as_str(), 40),
        sanitise::line(name, 60),
        if found || !state.screens.is_empty() { "" } else { " · not in this list" },
    );
    state.toasts.show(state.now, Level::Info, text);
}

fn sent(state: &mut State, id: DecisionId, outcome: &Outcome) {
    let Some(index) = state.unsaved.iter().position(|one| one.decision.id == id) else { return };
    let Unsaved { decision, undone, .. } = state.unsaved.remove(index);
    state.cards.invalidate(&decision.gap);
    flow::decided(state, &decision.gap);
    activity::has_news(state);
    let was = state.queue.row(&decision.gap).map(|row| row.data.state);
    if let Some(row) = state.queue.row_mut(&decision.gap) {
        saved(&mut row.data, &decision, outcome);
    }
    if state.queue.is_waiting() {
        state.saved_meanwhile.push((decision.clone(), outcome.clone()));
    }
    if decision.action != Action::Undo && outcome.state == GapState::Disputed {
        let gap = name_of(state, &decision.gap);
        let text = format!("Your opinion differs from the first · {gap} is disputed now");
        state.toasts.show(state.now, Level::Info, text);
    }
    if decision.action != Action::Undo && decision.reviewer == state.identity.reviewer {
        state.last_saved = state.last_saved.max(Some(decision.decided_at));
    }
    state.figures.outdate();
    let Some(figures) = &mut state.figures.value else { return };
    let is_mine = decision.reviewer == state.identity.reviewer;
    let is_today = |one: &Decision| one.decided_at.date_naive() == state.wall.date_naive();
    match &undone {
        None if is_mine && decision.action != Action::Undo => figures.today += 1,
        Some(undone) if is_today(undone) => figures.today = figures.today.saturating_sub(1),
        _ => {}
    }
    match (was, outcome.state) {
        (Some(GapState::Open), state) if state != GapState::Open => figures.open = changed(figures.open, -1),
        (Some(was), GapState::Open) if was != GapState::Open => figures.open = changed(figures.open, 1),
        _ => {}
    }
}

/// Brings a row in step with a decision that the database has taken.
fn saved(row: &mut QueueRow, decision: &Decision, outcome: &Outcome) {
    row.state = outcome.state;
    row.version = outcome.version;
    row.first_by = match outcome.state {
        GapState::Second if decision.action != Action::Undo => Some(decision.reviewer.clone()),
        GapState::Second | GapState::Deferred | GapState::Flagged => row.first_by.take(),
        _ => None,
    };
    if decision.action != Action::Undo && !outcome.state.needs_opinion() {
        row.decided_by = Some(decision.reviewer.clone());
        row.decided_value.clone_from(&decision.value);
        row.decided_at = Some(decision.decided_at);
    } else if outcome.state == GapState::Open || outcome.state.needs_opinion() {
        row.decided_by = None;
        row.decided_value = None;
        row.decided_at = None;
    }
}

/// Brings the rows of a page in step with what was saved after the database may have read them.
pub fn bring_up(state: &mut State, rows: &mut Vec<QueueRow>) {
    for (decision, outcome) in std::mem::take(&mut state.saved_meanwhile) {
        let older = |row: &QueueRow| row.gap == decision.gap && row.version < outcome.version;
        let Some(index) = rows.iter().position(older) else { continue };
        saved(&mut rows[index], &decision, &outcome);
        if !state.queue.filter.state.asks_for(outcome.state) {
            rows.remove(index);
        }
    }
}

fn changed(count: Count, by: i64) -> Count {
    match count {
        Count::Exact(n) => Count::Exact(n.saturating_add_signed(by)),
        about @ Count::About(_) => about,
    }
}

/// Notes that the database did not take a decision; the history of a conflict is asked for, to show both.
fn failed(state: &mut State, id: DecisionId, failure: &Failure) -> Option<Effect> {
    let index = state.unsaved.iter().position(|one| one.decision.id == id)?;
    let gap = state.unsaved[index].decision.gap.clone();
    state.cards.invalidate(&gap);
    match failure.clone() {
        Failure::Conflict { version, state: theirs, by } => {
            state.unsaved[index].phase = Phase::Conflict;
            state.undo.wanted = false;
            let conflict = Conflict { id, gap: gap.clone(), version, state: theirs, by, theirs: None };
            state.conflicts.push_back(conflict);
            return Some(Effect::LoadHistory(gap));
        }
        Failure::Held { by, until } => {
            state.unsaved[index].phase = Phase::Conflict;
            state.undo.wanted = false;
            state.held.push_back(Held { id, gap, by, until });
            return None;
        }
        Failure::Refused { .. } | Failure::BuildsOn { .. } => {}
    }
    let reason = sanitise::line(&failure.reason(&gap), 200);
    state.unsaved[index].phase = Phase::Failed(reason.clone());
    if let Some(row) = state.queue.row_mut(&gap) {
        row.decided_here = false;
    }
    if !matches!(failure, Failure::BuildsOn { .. }) {
        let text = format!("Not saved · O shows what can be done · {reason}");
        state.toasts.show(state.now, Level::Error, text);
    }
    None
}

fn dropped(state: &mut State, ids: &[DecisionId]) {
    let (gone, rest): (Vec<_>, Vec<_>) =
        std::mem::take(&mut state.unsaved).into_iter().partition(|one| ids.contains(&one.decision.id));
    state.unsaved = rest;
    state.conflicts.retain(|conflict| !ids.contains(&conflict.id));
    state.held.retain(|held| !ids.contains(&held.id));
    for one in &gone {
        let is_undone = gone.iter().any(|other| other.decision.undoes == Some(one.decision.id));
        if state.unsaved_on(&one.decision.gap).is_none() {
            undo::reopen(state, &one.decision.gap);
        }
        if is_undone {
            state.toasts.show(state.now, Level::Info, "Took back the decision that could not be saved");
        }
    }
}

/// Shows or takes away the bar; what could not be loaded meanwhile is loaded once the database answers again.
fn connection(state: &mut State, outage: Option<Outage>) -> Vec<Effect> {
    let before = std::mem::replace(&mut state.outage, outage);
    let Some(before) = before.filter(|_| state.outage.is_none() && state.opening.is_none()) else {
        return Vec::new();
    };
    let was_long = state.wall - before.since > LONG;
    state.toasts.show(state.now, Level::Info, "Connected again");
    if was_long {
        state.cards.clear();
    } else {
        state.cards.forget_failures();
    }
    flow::look_again(state);
    let mut effects = Vec::new();
    let is_wanting = !state.queue.is_loaded() || state.queue.error().is_some();
    if state.flow.is_none() && (was_long || is_wanting) {
        effects.push(state.queue.reload(state.now, KeepPlace::Yes));
    } else {
        effects.push(state.queue.recount(state.now));
        effects.push(Effect::LoadFigures { ticket: state.figures.begin(state.now) });
    }
    if state.facets.error.is_some() {
        effects.push(Effect::LoadFacets { ticket: state.facets.begin(state.now) });
    }
    effects.extend(navigate::reload(state));
    let untold = state.conflicts.iter().filter(|conflict| conflict.theirs.is_none());
    effects.extend(untold.map(|conflict| Effect::LoadHistory(conflict.gap.clone())));
    effects
}

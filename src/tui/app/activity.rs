//! The activity screen at work: opening, narrowing and refreshing it, and taking decisions back from there.

use super::action::ActionId;
use super::msg::{Effect, Found, TakeBack};
use super::slot::Ticket;
use super::state::{Screen, State};
use super::toast::Level;
use super::undo;
use super::unsaved::{Phase, Unsaved};
use crate::domain::{Decision, DecisionCursor, DecisionRow, Fence};
use crate::repository::{Page, RepositoryError, Result};
use crate::review::{Review, Undoable};
use crate::sanitise;
use crate::tui::overlays::{self, Overlay};
use crate::tui::screens::activity::{Activity, Arrival, FAR, News, Wanted};
use crate::tui::widgets::wrap;

/// Shows the screen as it was left, brought up to date.
pub fn open(state: &mut State) {
    state.product_slot.cancel();
    let mut screen = state.activity_before.take().unwrap_or_default();
    screen.news = News::Some;
    state.screens.push(Screen::Activity(screen));
}

/// Keeps the screen as it is left.
pub fn remember(state: &mut State, screen: Screen) {
    if let Screen::Activity(mut screen) = screen {
        screen.leave();
        state.activity_before = Some(screen);
    }
}

/// Notes that there are decisions that the screen does not show yet.
pub fn has_news(state: &mut State) {
    if let Some(screen) = state.activity_mut() {
        screen.news = News::Some;
    }
}

/// Asks for what the screen lacks.
pub fn sync(state: &mut State) -> Vec<Effect> {
    let (size, theme, now, wall) = (state.size, state.theme, state.now, state.wall);
    let Some(Screen::Activity(screen)) = state.screens.last_mut() else { return Vec::new() };
    let effects = screen.load(size, now, wall);
    screen.lay_out(size, theme);
    effects
}

/// Takes a page.
pub fn arrive(state: &mut State, ticket: Ticket, result: Result<Page<DecisionRow, DecisionCursor>>) {
    let now = state.now;
    let [narrow, again] = [ActionId::FilterActivity, ActionId::Refresh].map(|id| state.key(id));
    let Some(screen) = state.activity_mut() else { return };
    let arrival = screen.arrive(ticket, result);
    let text = match (&arrival, screen.error()) {
        (Arrival::CutShort, _) => {
            format!("Stopped after {} rows · {narrow} narrows the list", wrap::grouped(FAR as u64))
        }
        // The bar tells of a database out of reach.
        (Arrival::Failed, Some(RepositoryError::Unavailable(_) | RepositoryError::Cancelled)) => return,
        (Arrival::Failed, Some(error)) if !screen.rows.is_empty() => {
            let reason = sanitise::line(&error.to_string(), 200);
            format!("The list could not be loaded: {reason} · {again} tries again")
        }
        _ => return,
    };
    let level = if arrival == Arrival::Failed { Level::Error } else { Level::Info };
    state.toasts.show(now, level, text);
}

/// Shows other decisions, as a key says.
pub fn narrow(state: &mut State, id: ActionId) -> Vec<Effect> {
    let me = state.identity.reviewer.clone();
    let Some(screen) = state.activity() else { return Vec::new() };
    let mut wanted = screen.wanted.clone();
    match id {
        ActionId::Mine => wanted.reviewer = (wanted.reviewer.as_ref() != Some(&me)).then_some(me),
        ActionId::TimeSpan => wanted.span = wanted.span.next(),
        ActionId::ThisBatch => {
            wanted.batch = match wanted.batch {
                None => screen.current().and_then(|row| row.batch),
                Some(_) => None,
            };
        }
        _ => wanted = Wanted::default(),
    }
    show(state, wanted)
}

/// Shows the decisions that are wanted.
pub fn show(state: &mut State, wanted: Wanted) -> Vec<Effect> {
    let (now, wall) = (state.now, state.wall);
    let Some(screen) = state.activity_mut() else { return Vec::new() };
    if screen.wanted == wanted {
        return Vec::new();
    }
    screen.wanted = wanted;
    vec![screen.reload(now, wall)]
}

/// Takes the decision under the cursor back, once it is known how it stands.
pub fn take_back(state: &mut State) -> Vec<Effect> {
    let now = state.now;
    let Some(screen) = state.activity_mut() else { return Vec::new() };
    let Some(what) = screen.current().map(|row| TakeBack { id: row.id, batch: row.batch }) else {
        return Vec::new();
    };
    vec![Effect::FindTakeBack { ticket: screen.find(now), what }]
}

/// Takes the answer to what can be taken back: does it, or asks about a bulk action.
pub fn found(state: &mut State, ticket: Ticket, result: Result<Found>) -> Vec<Effect> {
    let (answer, found) = match result {
        Ok(found) => (Ok(()), Ok(found)),
        Err(error) => (Err(error.clone()), Err(error)),
    };
    let is_asked = match state.activity_mut() {
        Some(screen) => screen.found(ticket, answer),
        None => state.bulk_undo.accept(ticket, answer) && state.overlay.is_none(),
    };
    if !is_asked {
        return Vec::new();
    }
    match found {
        Ok(Found::One(undoable)) => one(state, &undoable),
        Ok(Found::Bulk(bulk, id)) => match bulk.undoable.as_slice() {
            [] => {
                refuse(state, "of this bulk action nothing is left that can be taken back");
                Vec::new()
            }
            [undoable] if bulk.count() == 1 => one(state, undoable),
            _ => {
                state.overlay = Some(Overlay::TakeBack(Box::new(overlays::TakeBack::new(*bulk, id))));
                Vec::new()
            }
        },
        Err(error) => {
            let reason = error.to_string();
            refuse(state, reason.strip_prefix("cannot undo: ").unwrap_or(&reason));
            Vec::new()
        }
    }
}

fn refuse(state: &mut State, reason: &str) {
    let text = format!("Not taken back: {}", sanitise::line(reason, 300));
    state.toasts.show(state.now, Level::Warning, text);
}

/// Takes one decision back.
pub fn one(state: &mut State, undoable: &Undoable) -> Vec<Effect> {
    if state.unsaved_on(&undoable.decision.gap).is_some() {
        let outbox = state.key(ActionId::Outbox);
        refuse(state, &format!("another decision on the gap is not saved yet; {outbox} shows it"));
        return Vec::new();
    }
    vec![undo::keep_undo(state, undoable)]
}

/// Takes decisions back in one transaction: all of them, or none.
pub fn all(state: &mut State, undoable: &[Undoable]) -> Vec<Effect> {
    let unsaved = undoable.iter().filter(|one| state.unsaved_on(&one.decision.gap).is_some()).count();
    if unsaved > 0 {
        let outbox = state.key(ActionId::Outbox);
        let text =
            format!("{unsaved} of these gaps have decisions that are not saved yet; {outbox} shows them");
        refuse(state, &text);
        return Vec::new();
    }
    let mut undos = Vec::with_capacity(undoable.len());
    for one in undoable {
        let mut undo = Review::draft_undo_for(&state.identity.reviewer, &one.decision, one.version);
        undo.id = (state.new_id)();
        undo.decided_at = state.wall;
        state.unsaved.push(Unsaved {
            decision: undo.clone(),
            fence: Fence::Open,
            since: state.now,
            phase: Phase::Keeping,
            leads_to: one.leads_to,
            undone: Some(Box::new(one.decision.clone())),
            together: Some(undoable.len()),
        });
        undos.push(undo);
    }
    vec![Effect::DecideTogether(undos)]
}

/// Says that a bulk action was taken back, and shows its rows as they were before.
pub fn show_undone_together(state: &mut State, undone: &Decision, count: usize) {
    if let Some(row) = state.queue.row_mut(&undone.gap) {
        row.decided_here = false;
    }
    let text = format!("Undid {} decisions, a bulk action", wrap::grouped(count as u64));
    if state.toasts.current().is_none_or(|toast| toast.text != text) {
        state.toasts.show(state.now, Level::Info, text);
    }
}

impl Activity {
    /// Starts to look for what has to be known to take a decision back.
    fn find(&mut self, now: std::time::Instant) -> Ticket {
        self.finding.begin(now)
    }

    fn found(&mut self, ticket: Ticket, answer: Result<()>) -> bool {
        self.finding.accept(ticket, answer)
    }
}

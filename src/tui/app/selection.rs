//! Selecting rows by hand, and deciding them together.
//!
//! What is to be decided is held first, so that nobody comes in between while the reviewer is asked, and so that what others
//! hold or have decided is left out. The decisions go through the outbox in one record and reach the database in one
//! transaction.

use super::action::ActionId;
use super::msg::Effect;
use super::slot::{Slot, Ticket};
use super::state::State;
use super::toast::Level;
use super::unsaved::{Phase, Unsaved};
use crate::domain::{Action, Decision, Fence, GapId, LeaseToken, State as GapState, choices};
use crate::repository::{RepositoryError, Result};
use crate::review::bulk::{self, Held};
use crate::sanitise;
use crate::tui::overlays::{Bulk, Overlay};
use crate::tui::widgets::wrap;
use std::collections::HashSet;
use uuid::Uuid;

/// The most gaps that are decided together.
pub const MOST: usize = 2_000;
/// What decisions of a selection keep as the reason why they came up: each was one of many, and not looked at by itself.
const POLICY: &str = "bulk:selected";

/// What is being held to be decided together.
#[derive(Debug, Clone, Default)]
pub struct Holding {
    pub slot: Slot<()>,
    action: Option<Action>,
    token: Option<LeaseToken>,
    /// How many were selected.
    selected: usize,
    /// How many of these stay out because the reviewer is to choose before seeing predictions.
    blind: usize,
}

impl Holding {
    /// Returns the token under which gaps were held last.
    pub fn token(&self) -> Option<LeaseToken> {
        self.token
    }
}

/// What is to be decided together.
#[derive(Debug, Clone)]
pub struct Together {
    pub action: Action,
    pub held: Held,
    pub decisions: Vec<Decision>,
    /// How many others decided or hold.
    pub others: usize,
    /// How many have to be chosen blind.
    pub blind: usize,
    /// How many have nothing that could be accepted.
    pub without: usize,
}

/// Selects the row under the cursor, or takes it out, and goes on to the next.
pub fn toggle(state: &mut State) {
    let Some(gap) = state.queue.current_gap().cloned() else { return };
    state.queue.selection.toggle(&gap);
    state.queue.move_by(1);
}

/// Selects every row from the one selected last to the cursor.
pub fn range(state: &mut State) {
    let queue = &mut state.queue;
    queue.selection.extend_to(&queue.rows, queue.cursor);
}

/// Does with what is selected what an action would do with the row under the cursor; `None` where nothing is selected, or the
/// action is no decision.
pub fn instead(state: &mut State, id: ActionId) -> Option<Vec<Effect>> {
    if state.queue.selection.is_empty() || !state.screens.is_empty() {
        return None;
    }
    let action = match id {
        ActionId::Accept => Action::Accept,
        ActionId::Reject => Action::Reject,
        ActionId::NotApplicable => Action::NotApplicable,
        ActionId::Defer => Action::Defer,
        ActionId::Choose(_) | ActionId::Override | ActionId::Flag | ActionId::Flow => {
            let count = wrap::grouped(state.queue.selection.len() as u64);
            let together = [ActionId::Accept, ActionId::Reject, ActionId::NotApplicable, ActionId::Defer];
            let text = format!(
                "{count} selected: {} decide them together · {} clears the selection",
                together.map(|id| state.key(id)).join(" "),
                state.key(ActionId::Back)
            );
            state.toasts.show(state.now, Level::Warning, text);
            return Some(Vec::new());
        }
        _ => return None,
    };
    Some(hold(state, action))
}

/// Holds what is selected.
fn hold(state: &mut State, action: Action) -> Vec<Effect> {
    let refusal = if state.holding.slot.is_waiting() {
        Some("The selected gaps are being held already".to_owned())
    } else if state.queue.selection.len() > MOST {
        Some(format!("At most {} gaps are decided together", wrap::grouped(MOST as u64)))
    } else if state.outage.is_some() {
        Some("Deciding together takes the database; one by one goes on without it".to_owned())
    } else {
        None
    };
    if let Some(text) = refusal {
        state.toasts.show(state.now, Level::Warning, text);
        return Vec::new();
    }
    let selected = state.queue.selection.len();
    // Whoever is to choose before seeing predictions can neither accept nor reject them.
    let shows = matches!(action, Action::Accept | Action::Reject);
    let is_blind = |gap: &GapId| shows && state.cards.is_blind(gap);
    let unsaved: HashSet<&GapId> = state.unsaved.iter().map(|one| &one.decision.gap).collect();
    let blind = state.queue.selection.gaps().filter(|gap| is_blind(gap)).count();
    let wanted = state.queue.selection.gaps().filter(|gap| !is_blind(gap) && !unsaved.contains(gap));
    let gaps: Vec<GapId> = wanted.cloned().collect();
    let token = LeaseToken((state.new_id)().0);
    let ticket = state.holding.slot.begin(state.now);
    state.holding = Holding {
        slot: state.holding.slot.clone(),
        action: Some(action),
        token: Some(token),
        selected,
        blind,
    };
    vec![Effect::Hold { ticket, token, gaps, state: state.queue.filter.state }]
}

/// Asks about what is held now.
pub fn held(state: &mut State, ticket: Ticket, token: LeaseToken, result: Result<Box<Held>>) -> Vec<Effect> {
    let (held, answer) = match result {
        Ok(held) => (Some(held), Ok(())),
        Err(error) => (None, Err(error)),
    };
    let is_expected = state.holding.token == Some(token) && state.holding.slot.accept(ticket, answer.clone());
    let is_wanted = is_expected && !state.queue.selection.is_empty();
    let is_free = state.overlay.is_none() && state.screens.is_empty();
    let Some(held) = held else {
        if let Err(error) = answer
            && is_expected
            && !matches!(error, RepositoryError::Unavailable(_))
        {
            let reason = sanitise::line(&error.to_string(), 200);
            state.toasts.show(
                state.now,
                Level::Error,
                format!("The selected gaps could not be held: {reason}"),
            );
        }
        return Vec::new();
    };
    let Some(action) = state.holding.action.filter(|_| is_wanted && is_free) else {
        return release(&held, |_| true);
    };
    let together = together(state, action, *held);
    if together.decisions.is_empty() {
        state.toasts.show(state.now, Level::Warning, nothing(&together));
        return release(&together.held, |_| true);
    }
    state.overlay = Some(Overlay::Bulk(Box::new(Bulk::of_selection(together))));
    Vec::new()
}

fn nothing(together: &Together) -> String {
    let why = together.left_out();
    format!("Nothing of what is selected can be decided together: {why}")
}

impl Together {
    /// Says what is left out, and why; empty where nothing is.
    pub fn left_out(&self) -> String {
        let parts = [
            (self.others, "decided, or held by others"),
            (self.blind, "to be chosen before predictions show"),
            (self.without, "without a prediction that can be accepted"),
        ];
        let parts = parts.iter().filter(|(count, _)| *count > 0);
        parts
            .map(|(count, why)| format!("{} {why}", wrap::grouped(*count as u64)))
            .collect::<Vec<_>>()
            .join(", ")
    }
}

/// Makes the decisions on what is held.
fn together(state: &State, action: Action, held: Held) -> Together {
    let batch = Uuid::now_v7();
    let reviewer = &state.identity.reviewer;
    let decided: Vec<Option<Decision>> = held
        .rows
        .iter()
        .map(|(row, candidates)| match action {
            Action::Accept => bulk::accept_best(reviewer, row, candidates, POLICY, batch),
            action => Some(bulk::unseen(reviewer, row, action, choices(candidates).first(), POLICY, batch)),
        })
        .collect();
    let without = decided.iter().filter(|decision| decision.is_none()).count();
    let decisions = decided
        .into_iter()
        .flatten()
        .map(|decision| Decision { id: (state.new_id)(), decided_at: state.wall, ..decision })
        .collect();
    let others = state.holding.selected.saturating_sub(held.rows.len() + state.holding.blind);
    Together { action, held, decisions, others, blind: state.holding.blind, without }
}

/// Gives back what is held and not decided.
pub fn release(held: &Held, is_left: impl Fn(&GapId) -> bool) -> Vec<Effect> {
    let gaps: Vec<GapId> = held.gaps().into_iter().filter(|gap| is_left(gap)).collect();
    if gaps.is_empty() { Vec::new() } else { vec![Effect::Release { token: held.token, gaps }] }
}

/// Decides what is held, in one transaction.
pub fn decide(state: &mut State, together: Together) -> Vec<Effect> {
    let Together { action, held, decisions, .. } = together;
    let count = decisions.len();
    let gaps: HashSet<GapId> = decisions.iter().map(|decision| decision.gap.clone()).collect();
    let mut effects = release(&held, |gap| !gaps.contains(gap));
    for decision in &decisions {
        state
            .unsaved
            .retain(|one| one.decision.gap != decision.gap || !matches!(one.phase, Phase::Refused(_)));
        state.unsaved.push(Unsaved {
            decision: decision.clone(),
            fence: Fence::Open,
            since: state.now,
            phase: Phase::Keeping,
            leads_to: action.state().unwrap_or(GapState::Open),
            undone: None,
            together: Some(count),
        });
    }
    for row in state.queue.rows.iter_mut().filter(|row| gaps.contains(&row.data.gap)) {
        row.decided_here = true;
    }
    state.queue.selection.clear();
    state.queue.advance();
    let word = match action {
        Action::Accept => "Accepted",
        Action::Reject => "Rejected",
        Action::Defer => "Deferred",
        _ => "Not applicable:",
    };
    let text = format!(
        "{word} {} together · {} takes them back as one",
        wrap::grouped(count as u64),
        state.key(ActionId::Undo)
    );
    state.toasts.show(state.now, Level::Info, text);
    effects.push(Effect::DecideTogether(decisions));
    effects
}

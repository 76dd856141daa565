//! Contagion: gaps like the one that was just overridden or rejected, for which the same experiment predicted the same.
//!
//! They are looked for once the decision is made, behind it; a decision never waits for them.

use super::action::ActionId;
use super::msg::Effect;
use super::narrow;
use super::slot::{Slot, Ticket};
use super::state::State;
use super::toast::Level;
use crate::domain::{
    Action, Decision, ExperimentKey, GapId, GapSet, QueueRow, QueueSort, State as GapState, StateFilter,
    normalised,
};
use crate::repository::{self, Result};
use crate::sanitise;
use crate::tui::screens::queue_view::outcome;

/// Among how many of the nearest products gaps are looked for.
pub const NEAREST: usize = 100;
/// What decisions on these gaps keep as the reason why they came up.
const POLICY: &str = "contagion";

/// What was looked for last.
#[derive(Debug, Clone, Default)]
pub struct Alike {
    of: Option<(GapId, ExperimentKey, String)>,
    pub found: Slot<Found>,
}

/// Gaps like one.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    pub rows: Vec<QueueRow>,
}

/// Looks for gaps like one that is decided against what was predicted for it.
pub fn look(state: &mut State, decision: &Decision) -> Option<Effect> {
    if !matches!(decision.action, Action::Override | Action::Reject) || state.outage.is_some() {
        return None;
    }
    let (experiment, value) = decision.shown_experiment.clone().zip(decision.shown_value.clone())?;
    let is_same = decision.value.as_deref().map(normalised) == Some(normalised(&value));
    if is_same || crate::domain::is_cut(&value) {
        return None;
    }
    state.alike.found.value = None;
    state.alike.of = Some((decision.gap.clone(), experiment.clone(), value.clone()));
    let ticket = state.alike.found.begin(state.now);
    let to = repository::Alike { gap: decision.gap.clone(), experiment, value, nearest: NEAREST };
    Some(Effect::LoadAlike { ticket, to: Box::new(to) })
}

/// Takes the gaps that were found, and tells of them.
pub fn arrive(state: &mut State, ticket: Ticket, result: Result<Vec<QueueRow>>) {
    if !state.alike.found.accept(ticket, result.map(|rows| Found { rows })) {
        return;
    }
    let Some(found) = state.alike.found.value.as_ref().filter(|found| !found.rows.is_empty()) else { return };
    // What is being told already matters more.
    if state.toasts.current().is_none() {
        let text = told(&found.rows, &state.key(ActionId::Alike));
        state.toasts.show(state.now, Level::Info, text);
    }
}

/// Says how many there are, and in which states: `7 like it: 5 open, 2 accepted · C lists them`.
fn told(rows: &[QueueRow], key: &str) -> String {
    let count = |state: GapState| rows.iter().filter(|row| row.state == state).count();
    let states: Vec<String> = GapState::ALL
        .into_iter()
        .map(|state| (count(state), state))
        .filter(|(count, _)| *count > 0)
        .map(|(count, state)| {
            let (glyph, _) = outcome(state);
            let space = if glyph.trim().is_empty() { "" } else { " " };
            format!("{count} {}{space}{}", glyph.trim(), state.label())
        })
        .collect();
    format!("{} like it: {} · {key} lists them", rows.len(), states.join(", "))
}

/// Says in a few words that there are some.
pub fn words(state: &State) -> Option<String> {
    let found = state.alike.found.value.as_ref().filter(|found| !found.rows.is_empty())?;
    let is_shown = state.queue.filter.among.as_ref().is_some_and(|set| set.policy == POLICY);
    (!is_shown).then(|| format!("C {} like it", found.rows.len()))
}

/// Lists them in the queue, in whatever state they are.
pub fn open(state: &mut State) -> Vec<Effect> {
    let Some((found, (gap, experiment, value))) = state.alike.found.value.take().zip(state.alike.of.take())
    else {
        return Vec::new();
    };
    let attribute = sanitise::line(state.attribute_name(&gap.attribute), 30);
    let value = sanitise::value(&value, 30);
    let label = format!("{attribute} \"{value}\" by {}", sanitise::line(experiment.as_str(), 24));
    let gaps = found.rows.into_iter().map(|row| row.gap).collect();
    let set = GapSet { label, policy: POLICY.into(), gaps };
    narrow::show_set(state, set, StateFilter::All, QueueSort::ConfidenceDescending)
}

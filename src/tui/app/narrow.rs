//! Which gaps the queue shows, in which order, and loading them again.

use super::msg::Effect;
use super::state::State;
use super::{decide, flow, navigate};
use crate::domain::{GapSet, QueueFilter, QueueSort, StateFilter};
use crate::tui::screens::queue::KeepPlace;
use std::sync::Arc;

/// Shows another part of the queue.
pub fn filter(state: &mut State, filter: QueueFilter) -> Vec<Effect> {
    state.queue.filter = filter;
    show_anew(state)
}

/// Shows every open gap again, or what the queue showed before a fixed set of gaps.
pub fn clear_filter(state: &mut State) -> Vec<Effect> {
    let before = state.before_set.take().filter(|_| state.queue.filter.among.is_some());
    let Some((before, sort)) = before else { return filter(state, QueueFilter::default()) };
    state.queue.sort = sort;
    filter(state, before)
}

/// Shows a fixed set of gaps in the queue, in an order; clearing the filter shows what was there before.
pub fn show_set(state: &mut State, set: GapSet, of: StateFilter, sort: QueueSort) -> Vec<Effect> {
    if state.queue.filter.among.is_none() {
        state.before_set = Some((state.queue.filter.clone(), state.queue.sort));
    }
    navigate::to_queue(state);
    state.review.card_focused = false;
    state.queue.sort = sort;
    filter(state, QueueFilter { state: of, among: Some(Arc::new(set)), ..QueueFilter::default() })
}

/// Shows the queue in another order.
pub fn sort(state: &mut State, sort: QueueSort) -> Vec<Effect> {
    state.queue.sort = sort;
    show_anew(state)
}

fn show_anew(state: &mut State) -> Vec<Effect> {
    state.queue.selection.clear();
    match state.flow {
        Some(_) if flow::can_flow(&state.queue.filter) => flow::restart(state),
        Some(_) => flow::end(state),
        None => vec![state.queue.reload(state.now, KeepPlace::No)],
    }
}

/// Tries to reach the database now; what is loaded stays until it answers.
pub fn reconnect(state: &mut State) -> Vec<Effect> {
    let mut effects = decide::retry(state);
    if !effects.iter().any(|effect| matches!(effect, Effect::SendNow | Effect::SendAgain)) {
        effects.push(Effect::SendNow);
    }
    effects
}

/// Loads what the queue shows anew.
pub fn refresh(state: &mut State) -> Vec<Effect> {
    let mut effects = decide::retry(state);
    state.cards.clear();
    if state.flow.is_some() {
        flow::look_again(state);
    } else {
        effects.push(state.queue.reload(state.now, KeepPlace::Yes));
    }
    effects
}

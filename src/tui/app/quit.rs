//! Ending the application without losing a decision.

use super::flow;
use super::msg::Effect;
use super::state::{Quit, State};
use crate::tui::overlays::{Confirm, Overlay};

/// Ends the application once nothing would be lost; `forced` does not ask.
pub fn quit(state: &mut State, forced: bool) -> Vec<Effect> {
    if state.is_keeping() || state.is_sending() && state.outage.is_none() {
        state.quit = Quit::Waiting { since: state.now, forced };
        return Vec::new();
    }
    end(state, forced)
}

/// Ends the application, unless a decision is only here: then somebody is asked.
pub fn end(state: &mut State, forced: bool) -> Vec<Effect> {
    if (state.is_keeping() || state.tally().refused > 0) && !forced {
        state.quit = Quit::No;
        state.overlay = Some(Overlay::Confirm(Confirm::unsaved()));
        return Vec::new();
    }
    leave(state)
}

/// Ends the application; gaps of a flow, or of a question, are given back on the way out.
pub fn leave(state: &mut State) -> Vec<Effect> {
    state.quit = Quit::Now;
    let asked = match state.overlay.take() {
        Some(Overlay::Bulk(question)) => question.give_back(),
        other => {
            state.overlay = other;
            Vec::new()
        }
    };
    asked.into_iter().chain(flow::release(state)).chain([Effect::Quit]).collect()
}

//! Draws the state; changes nothing.

use super::app::State;
use super::layout;
use super::screens::{chrome, opening, review};
use ratatui::Frame;

/// Draws one frame.
pub fn view(state: &State, frame: &mut Frame) {
    if frame.area().is_empty() {
        return;
    }
    if layout::is_too_small(state.size) {
        chrome::too_small(state, frame);
        return;
    }
    if let Some(start) = &state.opening {
        opening::view(state, start, frame);
    } else {
        let place = layout::frame(state.size);
        chrome::header(state, frame, place.header);
        review::view(state, frame);
        chrome::hints(state, frame, place.hints);
    }
    if let Some(overlay) = &state.overlay {
        overlay.view(state, frame);
    }
}

//! Draws the state; changes nothing.

use super::app::State;
use super::app::state::Screen;
use super::layout;
use super::screens::{
    activity_view, chrome, clusters_view, comparison, experiments, insights_view, neighbours, opening,
    product, review, texts, tour, which_key,
};
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
        match state.screens.last() {
            None => review::view(state, frame),
            Some(Screen::Experiments(screen)) => experiments::view(state, frame, screen),
            Some(Screen::Clusters(screen)) => clusters_view::view(state, frame, screen),
            Some(Screen::Insights(screen)) => insights_view::view(state, frame, screen),
            Some(Screen::Comparison(screen)) => comparison::view(state, frame, screen),
            Some(Screen::Product(pane)) => product::view(state, frame, pane),
            Some(Screen::Walk(walk)) => neighbours::view(state, frame, walk),
            Some(Screen::Texts(screen)) => texts::view(state, frame, screen),
            Some(Screen::Activity(screen)) => activity_view::view(state, frame, screen),
        }
        chrome::outage(state, frame, place.status);
        chrome::hints(state, frame, place.hints);
    }
    tour::view(state, frame);
    if let Some(overlay) = &state.overlay {
        overlay.view(state, frame);
    } else if !state.prefix.is_empty() {
        which_key::view(state, frame);
    }
    state.theme.ground(frame.buffer_mut());
    state.glyphs.apply(frame.buffer_mut());
}

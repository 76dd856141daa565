//! Moving about: within lists, between panels, from screen to screen.

use super::action::ActionId;
use super::msg::Effect;
use super::state::State;
use crate::tui::layout;

/// A movement within a list or a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Motion {
    Lines(isize),
    Pages(isize),
    Top,
    Bottom,
}

impl Motion {
    /// Moves a position among `count` places, of which `page` fit on the screen.
    pub fn apply(self, at: usize, count: usize, page: usize) -> usize {
        let last = count.saturating_sub(1);
        let page = isize::try_from(page.saturating_sub(1).max(1)).unwrap_or(1);
        match self {
            Self::Lines(lines) => at.saturating_add_signed(lines).min(last),
            Self::Pages(pages) => at.saturating_add_signed(pages * page).min(last),
            Self::Top => 0,
            Self::Bottom => last,
        }
    }
}

/// Does an action that moves or opens something.
pub fn perform(state: &mut State, id: ActionId) -> Vec<Effect> {
    match id {
        ActionId::Down => motion(state, Motion::Lines(1)),
        ActionId::Up => motion(state, Motion::Lines(-1)),
        ActionId::PageDown => motion(state, Motion::Pages(1)),
        ActionId::PageUp => motion(state, Motion::Pages(-1)),
        ActionId::Top => motion(state, Motion::Top),
        ActionId::Bottom => motion(state, Motion::Bottom),
        ActionId::NextChoice => choose(state, 1),
        ActionId::PreviousChoice => choose(state, -1),
        ActionId::Open | ActionId::SwitchPanel => switch_panel(state),
        ActionId::Back => state.review.card_focused = false,
        _ => {}
    }
    Vec::new()
}

fn motion(state: &mut State, motion: Motion) {
    let place = layout::review(state.size);
    if state.review.card_focused {
        let lines = state.review.document.as_ref().map_or(0, |document| document.lines.len());
        let height = usize::from(place.content.height);
        let stops = (lines + 1).saturating_sub(height);
        state.review.scroll = motion.apply(state.review.scroll, stops, height);
        return;
    }
    let page = isize::from(place.rows.height.saturating_sub(1).max(1).cast_signed());
    match motion {
        Motion::Lines(lines) => state.queue.move_by(lines),
        Motion::Pages(pages) => state.queue.move_by(pages * page),
        Motion::Top => state.queue.to_top(),
        Motion::Bottom => state.queue.to_bottom(),
    }
}

fn choose(state: &mut State, by: isize) {
    let count = state.current_card().map_or(0, |card| card.choices.len());
    state.review.choice = Motion::Lines(by).apply(state.review.choice, count, 1);
}

fn switch_panel(state: &mut State) {
    if state.queue.current().is_some() {
        state.review.card_focused = !state.review.card_focused;
    }
}

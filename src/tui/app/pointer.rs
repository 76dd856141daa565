//! The mouse: what a click, a drag and the wheel do.

use super::action::Action;
use super::keymap::Key;
use super::msg::Effect;
use super::navigate::{self, Motion};
use super::state::{Quit, State};
use super::toast::Level;
use super::update;
use crate::tui::hit::{Target, hit, opener, panels};
use crate::tui::layout::{self, Split};
use crate::tui::overlays::{Overlay, Part};
use crate::tui::screens::activity::Side;
use crate::tui::screens::review;
use crossterm::event::KeyCode;
use ratatui::layout::Position;
use std::time::{Duration, Instant};

/// How many lines a notch of the wheel goes.
const NOTCH: isize = 3;
/// Within what time a second click on a row opens it.
const DOUBLE: Duration = Duration::from_millis(400);

/// What the mouse did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gesture {
    Press,
    Drag,
    Release,
    /// The wheel, away from the user or towards them.
    Up,
    Down,
}

/// What is known of the mouse.
#[derive(Debug, Clone, Copy, Default)]
pub struct Pointer {
    /// Whether the terminal hands the mouse over.
    pub is_on: bool,
    is_dragging: bool,
    /// What was clicked last, and when.
    clicked: Option<(Clicked, Instant)>,
}

/// What opens at a second click.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Clicked {
    Row(usize),
    /// A row of an overlay's list.
    Overlay(usize),
}

impl Pointer {
    /// Notes a click; tells whether it is the second on the same.
    fn clicks(&mut self, on: Clicked, now: Instant) -> bool {
        let is_second = self
            .clicked
            .take()
            .is_some_and(|(before, when)| before == on && now.saturating_duration_since(when) <= DOUBLE);
        if !is_second {
            self.clicked = Some((on, now));
        }
        is_second
    }
}

/// Takes the mouse from the terminal, or gives it back.
pub fn toggle(state: &mut State) -> Vec<Effect> {
    let is_on = !state.pointer.is_on;
    state.pointer = Pointer { is_on, ..Pointer::default() };
    let text = if is_on {
        "The mouse is on: click, wheel, drag the border · Shift with it selects text"
    } else {
        "The mouse is off: the terminal selects text with it again"
    };
    state.toasts.show(state.now, Level::Info, text);
    vec![Effect::Mouse(is_on)]
}

/// Does what a gesture asks for.
pub fn take(state: &mut State, gesture: Gesture, at: Position) -> Vec<Effect> {
    let is_busy = state.opening.is_some() || state.quit != Quit::No || layout::is_too_small(state.size);
    if !state.pointer.is_on || is_busy {
        return Vec::new();
    }
    state.last_key = state.now;
    if let Some(overlay) = state.overlay.take() {
        return on_overlay(state, overlay, gesture, at);
    }
    if gesture == Gesture::Press && !std::mem::take(&mut state.prefix).is_empty() {
        // The click leaves the sequence, and what may follow it is no longer in the way.
        return Vec::new();
    }
    match gesture {
        Gesture::Press => press(state, at),
        Gesture::Drag => {
            if state.pointer.is_dragging {
                state.split = Split::at(at.x, state.size.width);
            }
            Vec::new()
        }
        Gesture::Release => {
            state.pointer.is_dragging = false;
            Vec::new()
        }
        Gesture::Up => wheel(state, at, -NOTCH),
        Gesture::Down => wheel(state, at, NOTCH),
    }
}

/// Does what a gesture asks of an overlay; nothing behind it takes any notice.
fn on_overlay(state: &mut State, mut overlay: Overlay, gesture: Gesture, at: Position) -> Vec<Effect> {
    let part = overlay.hit(state, at);
    match gesture {
        Gesture::Up => return overlay.wheel(state, -NOTCH),
        Gesture::Down => return overlay.wheel(state, NOTCH),
        Gesture::Press => {
            state.pointer.is_dragging = false;
            if let Some(part) = part {
                overlay.select(state, part);
            }
            let now = state.now;
            match part {
                Some(Part::Row(row)) if state.pointer.clicks(Clicked::Overlay(row), now) => {
                    return overlay.key(state, Key::plain(KeyCode::Enter));
                }
                Some(Part::Row(_)) => {}
                _ => state.pointer.clicked = None,
            }
        }
        Gesture::Release => state.pointer.is_dragging = false,
        Gesture::Drag => {}
    }
    state.overlay = Some(overlay);
    Vec::new()
}

fn press(state: &mut State, at: Position) -> Vec<Effect> {
    state.toasts.dismiss();
    state.pointer.is_dragging = false;
    let target = hit(state, at);
    if !matches!(target, Target::Row(_)) {
        state.pointer.clicked = None;
    }
    match target {
        Target::Tab(id) => {
            let context = state.context();
            let works = Action::of(id).is_some_and(|action| action.contexts.contains(&context));
            if works { update::run(state, id, "click") } else { Vec::new() }
        }
        Target::Row(index) => {
            focus(state, Panel::List);
            go_to(state, index);
            let now = state.now;
            if state.pointer.clicks(Clicked::Row(index), now) {
                return opener(state).map(|id| update::run(state, id, "double click")).unwrap_or_default();
            }
            Vec::new()
        }
        Target::Candidate(index) => {
            state.review.choice = index;
            Vec::new()
        }
        Target::List => {
            focus(state, Panel::List);
            Vec::new()
        }
        Target::Document => {
            focus(state, Panel::Document);
            Vec::new()
        }
        Target::Divider => {
            state.pointer.is_dragging = true;
            Vec::new()
        }
        Target::Nothing => Vec::new(),
    }
}

fn wheel(state: &mut State, at: Position, lines: isize) -> Vec<Effect> {
    match hit(state, at) {
        Target::Row(_) | Target::List => focus(state, Panel::List),
        Target::Document | Target::Candidate(_) => focus(state, Panel::Document),
        Target::Tab(_) | Target::Divider | Target::Nothing => return Vec::new(),
    }
    // A card that gets the keyboard is laid out whole, no longer as much of it as fits.
    let effects = if state.screens.is_empty() { review::sync(state) } else { Vec::new() };
    navigate::motion(state, Motion::Lines(lines));
    effects
}

fn go_to(state: &mut State, index: usize) {
    let Some(cursor) = panels(state).map(|panels| panels.cursor) else { return };
    let by = isize::try_from(index).unwrap_or(isize::MAX) - isize::try_from(cursor).unwrap_or(isize::MAX);
    navigate::motion(state, Motion::Lines(by));
}

/// A side of the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Panel {
    List,
    Document,
}

/// Gives a side of the screen the keyboard, where it can have it.
fn focus(state: &mut State, panel: Panel) {
    let is_document = panel == Panel::Document;
    if let Some(pane) = state.pane_mut() {
        pane.document_focused = is_document;
    } else if let Some(screen) = state.activity_mut() {
        let side = if is_document && screen.current().is_some() { Side::Detail } else { Side::List };
        screen.side = side;
    } else if state.screens.is_empty() {
        state.review.card_focused = is_document && state.queue.current().is_some();
    }
}

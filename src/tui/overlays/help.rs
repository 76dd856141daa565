//! The help: every key, what works here first, searched by typing.

use super::{Overlay, dialog, draw_input, draw_lines};
use crate::tui::app::action::{ACTIONS, Action, Context, Group};
use crate::tui::app::bindings::Keymap;
use crate::tui::app::keymap::Key;
use crate::tui::app::msg::Effect;
use crate::tui::app::navigate::Motion;
use crate::tui::app::state::State;
use crate::tui::layout;
use crate::tui::theme::{Role, Theme};
use crate::tui::widgets::text_input::{Edit, TextInput};
use crate::tui::widgets::wrap;
use crossterm::event::KeyCode;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

/// What the marks in the list mean.
const MARKS: [(&str, &str); 5] = [
    ("≠", "the sources propose different values"),
    ("✓", "two or more sources propose the same value"),
    ("✓ ✎ ✗ ∅", "accepted, overridden, rejected, not applicable"),
    ("» !", "deferred, flagged"),
    ("+", "selected, to be decided together"),
];

const WIDTH: u16 = 88;
/// Columns of the keys, and where there is little room.
const KEYS: usize = 15;
const FEWER: usize = 11;
/// From how many columns on there is room.
const ROOMY: usize = 60;

/// The help being read.
#[derive(Debug, Clone)]
pub struct Help {
    input: TextInput,
    scroll: usize,
    context: Context,
}

impl Help {
    /// Opens at the keys of the place where the keyboard is.
    pub fn new(state: &State) -> Self {
        Self { input: TextInput::default(), scroll: 0, context: state.context() }
    }

    pub(super) fn key(mut self, state: &mut State, key: Key) -> Vec<Effect> {
        let body = layout::frame(state.size).body;
        let height = usize::from(body.height).saturating_sub(4).max(1);
        let columns = usize::from(body.width.min(WIDTH)).saturating_sub(4);
        let stops = (self.lines(state.keymap, state.theme, columns).len() + 1).saturating_sub(height);
        let motion = match key.code {
            KeyCode::Enter => return Vec::new(),
            KeyCode::Esc | KeyCode::Char('?') if self.input.text().is_empty() => return Vec::new(),
            KeyCode::Esc => {
                self.input.set("");
                Some(Motion::Top)
            }
            KeyCode::Down => Some(Motion::Lines(1)),
            KeyCode::Up => Some(Motion::Lines(-1)),
            KeyCode::PageDown => Some(Motion::Pages(1)),
            KeyCode::PageUp => Some(Motion::Pages(-1)),
            KeyCode::Home => Some(Motion::Top),
            KeyCode::End => Some(Motion::Bottom),
            _ => (self.input.key(key) == Edit::Changed).then_some(Motion::Top),
        };
        if let Some(motion) = motion {
            self.scroll = motion.apply(self.scroll, stops, height);
        }
        state.overlay = Some(Overlay::Help(self));
        Vec::new()
    }

    pub(super) fn paste(mut self, state: &mut State, text: &str) -> Vec<Effect> {
        self.input.insert(text);
        self.scroll = 0;
        state.overlay = Some(Overlay::Help(self));
        Vec::new()
    }

    fn lines(&self, keymap: &Keymap, theme: Theme, columns: usize) -> Vec<Line<'static>> {
        let query = self.input.text().trim().to_lowercase();
        let wanted = |action: &&Action| {
            if action.is_sibling() {
                return false;
            }
            if query.is_empty() {
                return !keymap.labels(self.context, action).is_empty();
            }
            let keys = keymap.labels(self.context, action).to_lowercase();
            action.name.contains(&query)
                || action.doc.to_lowercase().contains(&query)
                || keys.split([' ', ',']).any(|key| key == query)
                || keys == query
        };
        let mut lines = Vec::new();
        let label = |action: &Action| keymap.labels(self.context, action);
        let here = |action: &&Action| action.contexts.contains(&self.context);
        for group in Group::ALL {
            let actions = ACTIONS.iter().filter(|action| action.group == group).filter(here).filter(wanted);
            section(&mut lines, group.label(), actions, &label, theme, columns);
        }
        let elsewhere = ACTIONS.iter().filter(|action| !here(action)).filter(wanted);
        section(&mut lines, "On other screens", elsewhere, &label, theme, columns);
        if query.is_empty() {
            lines.push(Line::styled("Marks", theme.style(Role::Title)));
            for (mark, meaning) in MARKS {
                lines.extend(entry(mark, meaning, theme, columns));
            }
        }
        lines
    }

    pub(super) fn view(&self, state: &State, frame: &mut Frame) {
        let theme = state.theme;
        let height = layout::frame(state.size).body.height;
        let title = format!("Keys · {}", self.context.label());
        let area = dialog(state, frame, &title, WIDTH, height);
        let prompt = Line::from(vec![Span::styled("search: ", theme.style(Role::Muted))]);
        draw_input(frame, Rect { height: 1.min(area.height), ..area }, prompt, &self.input, theme);
        let body = Rect { y: area.y + 2.min(area.height), height: area.height.saturating_sub(2), ..area };
        let lines = self.lines(state.keymap, theme, usize::from(area.width));
        if lines.is_empty() {
            draw_lines(
                frame,
                body,
                [Line::styled("no key or command of that name", theme.style(Role::Muted))],
            );
            return;
        }
        let last = lines.len().saturating_sub(usize::from(body.height));
        let more = lines.len() > usize::from(body.height);
        draw_lines(frame, body, lines.into_iter().skip(self.scroll.min(last)));
        if more {
            let hint = if usize::from(area.width) < ROOMY {
                "↑ ↓   Esc closes"
            } else {
                "↑ ↓ PgUp PgDn scroll   Esc closes"
            };
            let hint = Line::styled(hint, theme.style(Role::Muted)).right_aligned();
            frame.render_widget(hint, Rect { height: 1.min(area.height), ..area });
        }
    }
}

fn section<'a>(
    lines: &mut Vec<Line<'static>>,
    title: &'static str,
    actions: impl Iterator<Item = &'a Action>,
    label: &dyn Fn(&Action) -> String,
    theme: Theme,
    columns: usize,
) {
    let mut actions = actions.peekable();
    if actions.peek().is_none() {
        return;
    }
    lines.push(Line::styled(title, theme.style(Role::Title)));
    for action in actions {
        let keys = label(action);
        let keys = if keys.is_empty() { format!(":{}", action.name) } else { keys };
        lines.extend(entry(&keys, action.doc, theme, columns));
    }
    lines.push(Line::default());
}

/// Says what keys do; what is too long for a line goes on below.
fn entry(keys: &str, doc: &str, theme: Theme, columns: usize) -> Vec<Line<'static>> {
    let wide = if columns < ROOMY { FEWER } else { KEYS };
    let room = columns.saturating_sub(wide + 3);
    let (lines, _) = wrap::wrap(&[(doc.to_owned(), theme.style(Role::Text))], room, 4);
    let behind_keys = |(index, mut line): (usize, Line<'static>)| {
        let keys = wrap::pad(if index == 0 { keys } else { "" }, wide);
        line.spans
            .splice(0..0, [Span::raw("  "), Span::styled(keys, theme.style(Role::Key)), Span::raw(" ")]);
        line
    };
    lines.into_iter().enumerate().map(behind_keys).collect()
}

//! What cannot be used of the settings; it stays until somebody has read it.

use super::{Overlay, dialog, draw_lines, keys_line};
use crate::sanitise;
use crate::tui::app::keymap::Key;
use crate::tui::app::msg::Effect;
use crate::tui::app::navigate::Motion;
use crate::tui::app::state::State;
use crate::tui::layout;
use crate::tui::theme::Role;
use crate::tui::widgets::wrap;
use crossterm::event::KeyCode;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Line;

/// How wide the box is at most.
const WIDE: u16 = 88;

/// What is wrong, from the first line shown on.
#[derive(Debug, Clone)]
pub struct Notice {
    problems: Vec<String>,
    scroll: usize,
}

impl Notice {
    /// Shows what is wrong with the settings.
    pub fn new(problems: Vec<String>) -> Self {
        Self { problems, scroll: 0 }
    }

    pub(super) fn key(mut self, state: &mut State, key: Key) -> Vec<Effect> {
        let motion = match key.code {
            KeyCode::Enter | KeyCode::Esc => return Vec::new(),
            KeyCode::Down => Motion::Lines(1),
            KeyCode::Up => Motion::Lines(-1),
            KeyCode::PageDown => Motion::Pages(1),
            KeyCode::PageUp => Motion::Pages(-1),
            KeyCode::Home => Motion::Top,
            KeyCode::End => Motion::Bottom,
            _ => Motion::Lines(0),
        };
        let (lines, room) = self.laid_out(state);
        let stops = (lines.len() + 1).saturating_sub(room);
        self.scroll = motion.apply(self.scroll, stops.max(1), room);
        state.overlay = Some(Overlay::Notice(self));
        Vec::new()
    }

    /// Returns the lines, and how many of them have room.
    fn laid_out(&self, state: &State) -> (Vec<Line<'static>>, usize) {
        let body = layout::frame(state.size).body;
        let columns = usize::from(body.width.min(WIDE).saturating_sub(4));
        let mut lines = Vec::new();
        for problem in &self.problems {
            let text = sanitise::lines(problem, 2_000);
            lines.extend(wrap::wrap(&[(text, Style::new())], columns, 40).0);
            lines.push(Line::default());
        }
        let held = "The rest of the settings holds, and a default for each of these.";
        lines.extend(wrap::wrap(&[(held.to_owned(), state.theme.style(Role::Muted))], columns, 4).0);
        (lines, usize::from(body.height.saturating_sub(4)).max(1))
    }

    pub(super) fn view(&self, state: &State, frame: &mut Frame) {
        let (lines, room) = self.laid_out(state);
        let high = u16::try_from(lines.len().min(room) + 2).unwrap_or(u16::MAX);
        let area = dialog(state, frame, "Settings that cannot be used", WIDE, high);
        let last = lines.len().saturating_sub(room);
        let keys: &[(&str, &str)] =
            if last > 0 { &[("Enter", "go on"), ("↑ ↓", "scroll")] } else { &[("Enter", "go on")] };
        let body = Rect { height: area.height.saturating_sub(1), ..area };
        draw_lines(frame, body, lines.into_iter().skip(self.scroll.min(last)));
        let below = Rect { y: area.bottom().saturating_sub(1), height: 1.min(area.height), ..area };
        frame.render_widget(keys_line(state.theme, area.width, keys), below);
    }
}

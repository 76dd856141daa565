//! The messages so far, the newest first, and where the log file is.

use super::{Overlay, dialog, draw_lines, keys_line};
use crate::sanitise;
use crate::tui::app::keymap::Key;
use crate::tui::app::log::Entry;
use crate::tui::app::msg::Effect;
use crate::tui::app::navigate::Motion;
use crate::tui::app::state::State;
use crate::tui::app::toast::{Level, counted};
use crate::tui::layout;
use crate::tui::theme::Role;
use crate::tui::widgets::wrap;
use crossterm::event::KeyCode;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

/// The widest that the log becomes.
const WIDEST: u16 = 140;
/// The most lines of one message.
const LINES: usize = 20;
/// The columns of a message's time.
const TIME: usize = 10;

/// The log being read.
#[derive(Debug, Clone, Copy, Default)]
pub struct Log {
    scroll: usize,
}

impl Log {
    pub(super) fn key(mut self, state: &mut State, key: Key) -> Vec<Effect> {
        let area = layout::frame(state.size).body;
        // The border, the file's line and the keys' line.
        let height = usize::from(area.height).saturating_sub(4).max(1);
        let columns = usize::from(area.width.min(WIDEST)).saturating_sub(4);
        let stops = (lines(state, columns).len() + 1).saturating_sub(height);
        let motion = match key.code {
            KeyCode::Esc | KeyCode::Char('q' | 'L') => return Vec::new(),
            KeyCode::Down | KeyCode::Char('j') => Motion::Lines(1),
            KeyCode::Up | KeyCode::Char('k') => Motion::Lines(-1),
            KeyCode::PageDown => Motion::Pages(1),
            KeyCode::Char('d') if key.ctrl => Motion::Pages(1),
            KeyCode::PageUp => Motion::Pages(-1),
            KeyCode::Char('u') if key.ctrl => Motion::Pages(-1),
            KeyCode::Home | KeyCode::Char('g') => Motion::Top,
            KeyCode::End | KeyCode::Char('G') => Motion::Bottom,
            _ => Motion::Lines(0),
        };
        self.scroll = motion.apply(self.scroll, stops, height);
        state.overlay = Some(Overlay::Log(self));
        Vec::new()
    }

    pub(super) fn view(self, state: &State, frame: &mut Frame) {
        let theme = state.theme;
        let body = layout::frame(state.size).body;
        let area = dialog(state, frame, "Log, the newest first", WIDEST, body.height.saturating_sub(2));
        let file = match &state.toasts.log.file {
            Some(file) => format!("file: {}", sanitise::line(&file.to_string_lossy(), 300)),
            None => "no log file could be written".into(),
        };
        let columns = usize::from(area.width);
        draw_lines(frame, area, [Line::styled(wrap::cut(&file, columns), theme.style(Role::Muted))]);
        let rows = Rect { y: area.y + 1.min(area.height), height: area.height.saturating_sub(2), ..area };
        let lines = lines(state, columns);
        let last = lines.len().saturating_sub(usize::from(rows.height));
        draw_lines(frame, rows, lines.into_iter().skip(self.scroll.min(last)));
        let below =
            Rect { y: area.bottom().saturating_sub(1).max(area.y), height: 1.min(area.height), ..area };
        let keys = [("j k", "move"), ("g G", "newest, oldest"), ("Esc", "close")];
        frame.render_widget(keys_line(theme, area.width, &keys), below);
    }
}

fn lines(state: &State, columns: usize) -> Vec<Line<'static>> {
    let log = &state.toasts.log;
    if log.entries().len() == 0 {
        return vec![Line::styled("nothing has been said yet", state.theme.style(Role::Muted))];
    }
    log.entries().flat_map(|entry| entry_lines(state, entry, columns)).collect()
}

fn entry_lines(state: &State, entry: &Entry, columns: usize) -> Vec<Line<'static>> {
    let role = match entry.level {
        Level::Info => Role::Text,
        Level::Warning => Role::Warning,
        Level::Error => Role::Bad,
    };
    let text = format!("{}{}", entry.level.prefix(), counted(&entry.text, entry.count));
    let room = columns.saturating_sub(TIME);
    let (lines, _) = wrap::wrap(&[(text, state.theme.style(role))], room, LINES);
    let indented = |(index, mut line): (usize, Line<'static>)| {
        let time = if index == 0 { entry.at.format("%H:%M:%S").to_string() } else { String::new() };
        line.spans.insert(0, Span::styled(wrap::pad(&time, TIME), state.theme.style(Role::Muted)));
        line
    };
    lines.into_iter().enumerate().map(indented).collect()
}

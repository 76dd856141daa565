//! Asks for the comment of a flag.

use super::{Overlay, dialog, draw_input, keys_line};
use crate::domain::{Action, GapId};
use crate::sanitise;
use crate::tui::app::decide::{self, Verdict};
use crate::tui::app::keymap::Key;
use crate::tui::app::msg::Effect;
use crate::tui::app::state::State;
use crate::tui::widgets::wrap;

use crate::tui::theme::Role;
use crate::tui::widgets::text_input::TextInput;
use crossterm::event::KeyCode;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;

/// A comment being typed.
#[derive(Debug, Clone)]
pub struct Comment {
    gap: GapId,
    input: TextInput,
    keys: String,
    asked: bool,
    refused: Option<String>,
}

impl Comment {
    /// Starts empty; `keys` led here.
    pub fn new(gap: GapId, keys: &str) -> Self {
        Self { gap, input: TextInput::default(), keys: keys.to_owned(), asked: false, refused: None }
    }

    pub(super) fn key(mut self, state: &mut State, key: Key) -> Vec<Effect> {
        match key.code {
            KeyCode::Enter if !self.input.is_blank() => {
                let verdict = Verdict {
                    comment: Some(self.input.text().trim().to_owned()),
                    ..Verdict::plain(Action::Flag, format!("{} Enter", self.keys))
                };
                match decide::decide_on(state, &self.gap, verdict) {
                    Ok(effects) => return effects,
                    Err(refusal) => self.refused = Some(refusal.into_owned()),
                }
            }
            KeyCode::Esc if self.input.is_blank() || self.asked => return Vec::new(),
            KeyCode::Esc => self.asked = true,
            _ => {
                self.asked = false;
                self.refused = None;
                self.input.key(key);
            }
        }
        state.overlay = Some(Overlay::Comment(self));
        Vec::new()
    }

    pub(super) fn paste(mut self, state: &mut State, text: &str) -> Vec<Effect> {
        self.input.insert(text);
        self.asked = false;
        state.overlay = Some(Overlay::Comment(self));
        Vec::new()
    }

    pub(super) fn view(&self, state: &State, frame: &mut Frame) {
        let theme = state.theme;
        let name = state.queue.row(&self.gap).map_or_else(String::new, |row| {
            let attribute = state.attribute_name(&row.data.gap.attribute);
            format!("{} of {}", sanitise::line(attribute, 40), sanitise::line(row.data.display_name(), 120))
        });
        let area = dialog(state, frame, &format!("Flag {name}"), 64, 3);
        draw_input(frame, area, Line::styled("> ", theme.style(Role::Key)), &self.input, theme);
        let last = Rect { y: area.y + area.height.saturating_sub(1), height: 1.min(area.height), ..area };
        let line = match (self.asked, self.input.is_blank()) {
            _ if self.refused.is_some() => Line::styled(
                wrap::capitalised(self.refused.as_deref().unwrap_or_default()),
                theme.style(Role::Bad),
            ),
            (true, _) => Line::styled("Esc again discards the comment", theme.style(Role::Warning)),
            (false, true) => Line::styled("What should somebody look at?", theme.style(Role::Muted)),
            (false, false) => keys_line(theme, area.width, &[("Enter", "flag"), ("Esc", "cancel")]),
        };
        frame.render_widget(line, last);
    }
}

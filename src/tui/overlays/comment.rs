//! Asks for the comment of a flag.

use super::{Overlay, dialog, draw_input, keys_line};
use crate::domain::{Action, GapId};
use crate::sanitise;
use crate::tui::app::decide::{self, Verdict};
use crate::tui::app::keymap::Key;
use crate::tui::app::msg::Effect;
use crate::tui::app::state::State;
use crate::tui::app::toast::Level;
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
    /// Ctrl-X was pressed: Ctrl-E after it opens the editor, as at a shell's prompt.
    prefix: bool,
}

impl Comment {
    /// Starts empty; `keys` led here.
    pub fn new(gap: GapId, keys: &str) -> Self {
        Self {
            gap,
            input: TextInput::default(),
            keys: keys.to_owned(),
            asked: false,
            refused: None,
            prefix: false,
        }
    }

    pub(super) fn key(mut self, state: &mut State, key: Key) -> Vec<Effect> {
        let prefix = std::mem::take(&mut self.prefix);
        match key.code {
            KeyCode::Char('e') if key.ctrl && prefix => {
                self.asked = false;
                self.refused = None;
                let text = self.input.text().to_owned();
                state.overlay = Some(Overlay::Comment(self));
                return vec![Effect::Edit(text)];
            }
            KeyCode::Char('x') if key.ctrl => self.prefix = true,
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
            KeyCode::Esc => {
                self.asked = true;
                self.refused = None;
            }
            _ => {
                self.asked = false;
                self.refused = None;
                self.input.key(key);
            }
        }
        state.overlay = Some(Overlay::Comment(self));
        Vec::new()
    }

    /// Takes the text from the user's editor, or says why the comment is as it was.
    pub fn edited(state: &mut State, result: Result<String, String>) {
        if let Err(reason) = &result {
            // The log has it whole, where the question cuts it.
            state.toasts.log.note(state.wall, Level::Warning, reason);
        }
        let Some(Overlay::Comment(comment)) = &mut state.overlay else { return };
        match result {
            Ok(text) => comment.input.set(text),
            Err(reason) => comment.refused = Some(sanitise::line(&reason, 200)),
        }
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
                wrap::cut(
                    &wrap::capitalised(self.refused.as_deref().unwrap_or_default()),
                    usize::from(area.width),
                ),
                theme.style(Role::Bad),
            ),
            (true, _) => Line::styled("Esc again discards the comment", theme.style(Role::Warning)),
            _ if self.prefix => Line::styled("Ctrl-E opens your editor", theme.style(Role::Muted)),
            (false, true) => {
                let (question, editor) = ("What should somebody look at?", " Ctrl-X Ctrl-E: your editor");
                let has_room = wrap::width(question) + wrap::width(editor) <= usize::from(area.width);
                let editor = if has_room { editor } else { "" };
                Line::styled(format!("{question}{editor}"), theme.style(Role::Muted))
            }
            (false, false) => {
                let keys = [("Enter", "flag"), ("Esc", "cancel"), ("Ctrl-X Ctrl-E", "editor")];
                keys_line(theme, area.width, &keys)
            }
        };
        frame.render_widget(line, last);
    }
}

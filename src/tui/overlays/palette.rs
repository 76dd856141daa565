//! The command palette: every action by its name, with its key, or why it cannot be done now.

use super::{Overlay, dialog, draw_input, draw_picker};
use crate::tui::app::action::{ACTIONS, Action, ActionId};
use crate::tui::app::keymap::Key;
use crate::tui::app::msg::Effect;
use crate::tui::app::state::State;
use crate::tui::app::toast::Level;
use crate::tui::app::update::run;
use crate::tui::theme::Role;
use crate::tui::widgets::picker::{Item, Picker};
use crate::tui::widgets::text_input::{Edit, TextInput};
use crossterm::event::KeyCode;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;

/// Commands being searched.
#[derive(Debug, Clone)]
pub struct Palette {
    title: &'static str,
    input: TextInput,
    picker: Picker,
    actions: Vec<&'static Action>,
}

impl Palette {
    /// Lists every action of the place where the keyboard is; the others say where they work.
    pub fn new(state: &State) -> Self {
        let actions: Vec<_> = ACTIONS
            .iter()
            .filter(|action| !matches!(action.id, ActionId::Choose(_) | ActionId::Palette))
            .collect();
        Self::of("Commands", state, actions)
    }

    /// Lists the sort orders, the present one selected.
    pub fn sorts(state: &State) -> Self {
        let actions: Vec<_> =
            ACTIONS.iter().filter(|action| matches!(action.id, ActionId::Sort(_))).collect();
        let at = actions.iter().position(|action| action.id == ActionId::Sort(state.queue.sort));
        let mut palette = Self::of("Sort", state, actions);
        palette.picker.select(at.unwrap_or(0));
        palette
    }

    fn of(title: &'static str, state: &State, actions: Vec<&'static Action>) -> Self {
        let items = actions
            .iter()
            .map(|action| match refusal(state, action) {
                Some(reason) => Item { label: action.name.into(), detail: reason, faint: true },
                None => Item::new(action.name, state.keymap.labels(state.context(), action)),
            })
            .collect();
        Self { title, input: TextInput::default(), picker: Picker::new(items), actions }
    }

    pub(super) fn key(mut self, state: &mut State, key: Key) -> Vec<Effect> {
        match key.code {
            KeyCode::Esc => return Vec::new(),
            KeyCode::Backspace if self.input.text().is_empty() => return Vec::new(),
            KeyCode::Enter => {
                let Some(action) = self.picker.selected().map(|index| self.actions[index]) else {
                    state.overlay = Some(Overlay::Palette(self));
                    return Vec::new();
                };
                if !action.contexts.contains(&state.context()) {
                    let reason = refusal(state, action).unwrap_or_default();
                    state.toasts.show(state.now, Level::Warning, format!("\"{}\" {reason}", action.name));
                    return Vec::new();
                }
                return run(state, action.id, &format!(": {}", action.name));
            }
            KeyCode::Up => self.picker.move_by(-1),
            KeyCode::Down | KeyCode::Tab => self.picker.move_by(1),
            KeyCode::PageUp => self.picker.move_by(-8),
            KeyCode::PageDown => self.picker.move_by(8),
            _ => {
                if self.input.key(key) == Edit::Changed {
                    self.picker.narrow(self.input.text());
                }
            }
        }
        state.overlay = Some(Overlay::Palette(self));
        Vec::new()
    }

    pub(super) fn paste(mut self, state: &mut State, text: &str) -> Vec<Effect> {
        self.input.insert(text);
        self.picker.narrow(self.input.text());
        state.overlay = Some(Overlay::Palette(self));
        Vec::new()
    }

    pub(super) fn view(&self, state: &State, frame: &mut Frame) {
        let rows = u16::try_from(self.actions.len().min(14)).unwrap_or(14);
        let area = dialog(state, frame, self.title, 76, rows + 1);
        draw_input(frame, area, Line::styled(": ", state.theme.style(Role::Key)), &self.input, state.theme);
        let list = Rect { y: area.y + 1.min(area.height), height: area.height.saturating_sub(1), ..area };
        draw_picker(state, frame, list, &self.picker, "no such command");
    }
}

fn refusal(state: &State, action: &Action) -> Option<String> {
    if !action.contexts.contains(&state.context()) {
        let place = action.contexts.first().map_or("", |context| context.label());
        return Some(format!("works on another screen: {}", place.to_lowercase()));
    }
    (action.check)(state).err().map(std::borrow::Cow::into_owned)
}

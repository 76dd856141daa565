//! The named views: one is picked by typing, shown, renamed or deleted.

use super::{NameView, Overlay, dialog, draw_input, draw_picker, keys_line, room};
use crate::tui::app::action::ActionId;
use crate::tui::app::keymap::Key;
use crate::tui::app::msg::Effect;
use crate::tui::app::state::State;
use crate::tui::app::views::{self, Change, View};
use crate::tui::screens::review::filter_words;
use crate::tui::theme::Role;
use crate::tui::widgets::picker::{Item, Picker};
use crate::tui::widgets::text_input::{Edit, TextInput};
use crossterm::event::KeyCode;
use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::text::Line;

/// The most rows shown at once.
const ROWS: usize = 14;
const WIDTH: u16 = 76;

/// The list.
#[derive(Debug, Clone)]
pub struct Views {
    input: TextInput,
    picker: Picker,
    /// The view that was asked to be deleted once.
    deleting: Option<String>,
}

impl Views {
    /// Lists the views that are known.
    pub fn new(state: &State) -> Self {
        Self { input: TextInput::default(), picker: Picker::new(items(state)), deleting: None }
    }

    /// Takes the views that were read.
    pub fn arrive(&mut self, state: &State) {
        let selected = self.picker.selected();
        self.picker = Picker::new(items(state));
        self.picker.narrow(self.input.text());
        if let Some(index) = selected {
            self.picker.select(index.min(state.views.len().saturating_sub(1)));
        }
    }

    fn current<'a>(&self, state: &'a State) -> Option<&'a View> {
        state.views.get(self.picker.selected()?)
    }

    pub(super) fn key(mut self, state: &mut State, key: Key) -> Vec<Effect> {
        let current = self.current(state).cloned();
        let deleting = self.deleting.take();
        let mut effects = Vec::new();
        match (key.code, key.ctrl) {
            (KeyCode::Esc, _) => return effects,
            (KeyCode::Backspace, _) if self.input.text().is_empty() => return effects,
            (KeyCode::Enter, _) => {
                if let Some(view) = current {
                    return views::show(state, view);
                }
            }
            (KeyCode::Char('r'), true) => {
                if let Some(view) = current {
                    state.overlay = Some(Overlay::NameView(NameView::rename(view.name)));
                    return effects;
                }
            }
            (KeyCode::Char('d'), true) | (KeyCode::Delete, _) => match current {
                Some(view) if deleting.as_ref() == Some(&view.name) => {
                    effects.push(Effect::ChangeViews(Change::Delete(view.name)));
                }
                Some(view) => self.deleting = Some(view.name),
                None => {}
            },
            (KeyCode::Up, _) => self.picker.move_by(-1),
            (KeyCode::Down | KeyCode::Tab, _) => self.picker.move_by(1),
            (KeyCode::PageUp, _) => self.picker.move_by(-8),
            (KeyCode::PageDown, _) => self.picker.move_by(8),
            _ => {
                if self.input.key(key) == Edit::Changed {
                    self.picker.narrow(self.input.text());
                }
            }
        }
        state.overlay = Some(Overlay::Views(Box::new(self)));
        effects
    }

    pub(super) fn paste(mut self, state: &mut State, text: &str) -> Vec<Effect> {
        self.input.insert(text);
        self.deleting = None;
        self.picker.narrow(self.input.text());
        state.overlay = Some(Overlay::Views(Box::new(self)));
        Vec::new()
    }

    pub(super) fn hit(&self, state: &State, at: Position) -> Option<usize> {
        self.picker.row_at(list(room(state.size, WIDTH, height(state))), at)
    }

    pub(super) fn select(&mut self, row: usize) {
        self.deleting = None;
        self.picker.go_to(row);
    }

    pub(super) fn view(&self, state: &State, frame: &mut Frame) {
        let theme = state.theme;
        let area = dialog(state, frame, "Views", WIDTH, height(state));
        draw_input(frame, area, Line::styled("view: ", theme.style(Role::Key)), &self.input, theme);
        let nothing = if state.views.is_empty() {
            format!("none yet; {} saves the filter as one", state.key(ActionId::SaveView))
        } else {
            "no such view".into()
        };
        draw_picker(state, frame, list(area), &self.picker, &nothing);
        let below =
            Rect { y: area.bottom().saturating_sub(1).max(area.y), height: 1.min(area.height), ..area };
        let line = if let Some(name) = &self.deleting {
            Line::styled(format!("Ctrl-D again deletes \"{name}\""), theme.style(Role::Warning))
        } else {
            let keys = [("Enter", "show"), ("Ctrl-R", "rename"), ("Ctrl-D", "delete"), ("Esc", "close")];
            let works = if self.picker.matches() == 0 { &keys[3..] } else { &keys };
            keys_line(theme, area.width, works)
        };
        frame.render_widget(line, below);
    }
}

/// Returns how many lines are shown: the input, the views, an empty line and the keys.
fn height(state: &State) -> u16 {
    u16::try_from(state.views.len().clamp(1, ROWS)).unwrap_or(1) + 3
}

/// Returns where the views are.
fn list(area: Rect) -> Rect {
    Rect { y: area.y + 1.min(area.height), height: area.height.saturating_sub(3), ..area }
}

fn items(state: &State) -> Vec<Item> {
    let item = |view: &View| {
        let detail = format!("{} · by {}", filter_words(state, &view.filter), view.sort.label());
        Item::new(view.name.clone(), detail)
    };
    state.views.iter().map(item).collect()
}

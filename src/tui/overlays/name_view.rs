//! Asks for the name of a view.

use super::{Overlay, dialog, draw_input, draw_lines, keys_line};
use crate::tui::app::keymap::Key;
use crate::tui::app::msg::Effect;
use crate::tui::app::state::State;
use crate::tui::app::views::{self, Change};
use crate::tui::screens::review::filter_words;
use crate::tui::theme::Role;
use crate::tui::widgets::text_input::{Edit, TextInput};
use crate::tui::widgets::wrap;
use crossterm::event::KeyCode;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;

/// A name being typed.
#[derive(Debug, Clone)]
pub struct NameView {
    input: TextInput,
    /// The view that gets another name; none where a new one is saved.
    renamed: Option<String>,
    /// Enter was pressed for a name that there is.
    replaces: bool,
}

impl NameView {
    /// Asks for the name under which the present filter and order are saved.
    pub fn save(name: String) -> Self {
        Self { input: TextInput::new(name), renamed: None, replaces: false }
    }

    /// Asks for another name of a view.
    pub fn rename(name: String) -> Self {
        Self { input: TextInput::new(name.clone()), renamed: Some(name), replaces: false }
    }

    pub(super) fn key(mut self, state: &mut State, key: Key) -> Vec<Effect> {
        match key.code {
            KeyCode::Esc => return self.leave(state),
            KeyCode::Enter => {
                if let Some(name) = views::named(self.input.text()) {
                    let is_new = self.renamed.is_none() && views::position(&state.views, &name).is_none();
                    if is_new || self.renamed.is_some() || self.replaces {
                        return self.done(state, name);
                    }
                    self.replaces = true;
                }
            }
            _ => {
                if self.input.key(key) == Edit::Changed {
                    self.replaces = false;
                }
            }
        }
        state.overlay = Some(Overlay::NameView(self));
        Vec::new()
    }

    fn leave(self, state: &mut State) -> Vec<Effect> {
        if self.renamed.is_some() { views::list(state) } else { Vec::new() }
    }

    fn done(self, state: &mut State, name: String) -> Vec<Effect> {
        let Some(from) = self.renamed else {
            let view = Box::new(views::present(state, name));
            return vec![Effect::ChangeViews(Change::Save(view))];
        };
        // The list that opens is read after the change.
        let change = Effect::ChangeViews(Change::Rename { from, to: name });
        std::iter::once(change).chain(views::list(state)).collect()
    }

    pub(super) fn paste(mut self, state: &mut State, text: &str) -> Vec<Effect> {
        self.input.insert(text);
        self.replaces = false;
        state.overlay = Some(Overlay::NameView(self));
        Vec::new()
    }

    pub(super) fn view(&self, state: &State, frame: &mut Frame) {
        let theme = state.theme;
        let (title, what) = if let Some(name) = &self.renamed {
            ("Rename the view", format!("now \"{name}\""))
        } else {
            let words = filter_words(state, &state.queue.filter);
            ("Save the view", format!("{words} · by {}", state.queue.sort.label()))
        };
        let area = dialog(state, frame, title, 64, 4);
        draw_input(frame, area, Line::styled("name: ", theme.style(Role::Key)), &self.input, theme);
        let columns = usize::from(area.width);
        let below = Rect { y: area.y + 1.min(area.height), height: area.height.saturating_sub(1), ..area };
        let last = if self.replaces {
            Line::styled("Enter again replaces that view", theme.style(Role::Warning))
        } else {
            keys_line(theme, area.width, &[("Enter", "save"), ("Esc", "cancel")])
        };
        let what = Line::styled(wrap::cut(&what, columns), theme.style(Role::Muted));
        draw_lines(frame, below, [what, Line::default(), last]);
    }
}

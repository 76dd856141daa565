//! The override editor: gives a value, checked for the attribute as it is typed.

use super::suggestions::{Suggestion, range_words, suggestions};
use super::{Overlay, dialog, draw_input, draw_picker, keys_line, room};
use crate::domain::{Action, Choice, DataType, GapId, normalised};
use crate::review::Review;
use crate::sanitise;
use crate::tui::app::decide::{self, Verdict};
use crate::tui::app::keymap::Key;
use crate::tui::app::msg::Effect;
use crate::tui::app::state::State;
use crate::tui::screens::card::LoadedCard;
use crate::tui::screens::card_choices::attribute_kind;

use crate::tui::theme::Role;
use crate::tui::widgets::picker::{Item, Picker};
use crate::tui::widgets::text_input::{Edit, TextInput};
use crate::tui::widgets::wrap;
use crossterm::event::KeyCode;
use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};
use std::sync::Arc;

/// The most suggestions shown at once.
const ROWS: usize = 10;
const WIDTH: u16 = 72;

/// A value being given.
#[derive(Debug, Clone)]
pub struct OverrideEditor {
    card: Arc<LoadedCard>,
    keys: String,
    input: TextInput,
    suggestions: Vec<Suggestion>,
    picker: Picker,
    /// Why the value was refused, and whether it may be kept on purpose.
    refused: Option<(String, bool)>,
    asked: bool,
}

impl OverrideEditor {
    /// Starts empty; `keys` led here.
    pub fn new(card: Arc<LoadedCard>, keys: &str) -> Self {
        let suggestions = suggestions(&card);
        let items = suggestions
            .iter()
            .map(|suggestion| Item::new(sanitise::value(&suggestion.value, 200), suggestion.source()))
            .collect();
        let mut editor = Self {
            picker: Picker::new(items),
            card,
            keys: keys.to_owned(),
            input: TextInput::default(),
            suggestions,
            refused: None,
            asked: false,
        };
        editor.narrow();
        editor
    }

    fn gap(&self) -> &GapId {
        &self.card.card.row.gap
    }

    fn is_boolean(&self) -> bool {
        self.card.card.attribute.data_type == DataType::Boolean
    }

    /// Tells whether the value is one of a list: then the best match is taken, not what was typed.
    fn is_choice(&self) -> bool {
        self.card.card.attribute.data_type == DataType::Choice && self.card.card.allowed.total > 0
    }

    /// Returns where the value that is being typed starts: behind the last `;` where several are allowed.
    fn typed_from(&self) -> usize {
        if self.card.card.attribute.multi_valued {
            self.input.text().rfind(';').map_or(0, |index| index + 1)
        } else {
            0
        }
    }

    fn narrow(&mut self) {
        let typed = self.input.text()[self.typed_from()..].trim().to_owned();
        self.picker.narrow(&typed);
        if !self.is_choice() && !self.is_boolean() {
            self.picker.deselect();
        }
    }

    /// Returns the text with the selected suggestion in the place of what was typed.
    fn completed(&self) -> Option<String> {
        let selected = &self.suggestions[self.picker.selected()?].value;
        let before = self.input.text()[..self.typed_from()].trim_end();
        Some(if before.is_empty() { selected.clone() } else { format!("{before} {selected}") })
    }

    /// Returns the value that Enter would take.
    fn meant(&self) -> String {
        let typed = self.input.text()[self.typed_from()..].trim();
        let goes_on = self.typed_from() > 0 && typed.is_empty();
        match self.completed() {
            Some(completed) if !goes_on => completed,
            _ => self.input.text().trim().trim_end_matches(';').to_owned(),
        }
    }

    pub(super) fn key(mut self, state: &mut State, key: Key) -> Vec<Effect> {
        if key.code != KeyCode::Esc {
            self.asked = false;
        }
        match (key.code, key.ctrl) {
            (KeyCode::Esc, _) if self.input.is_blank() || self.asked => return Vec::new(),
            (KeyCode::Esc, _) => self.asked = true,
            (KeyCode::Enter, _) => {
                let text = self.meant();
                return self.take(state, &text, "Enter");
            }
            (KeyCode::Char('o'), true) => return self.keep(state),
            (KeyCode::Char('y' | 'Y'), false) if self.is_boolean() && self.input.is_blank() => {
                return self.take(state, "yes", "y");
            }
            (KeyCode::Char('n' | 'N'), false) if self.is_boolean() && self.input.is_blank() => {
                return self.take(state, "no", "n");
            }
            (KeyCode::Down, _) => self.picker.move_by(1),
            (KeyCode::Up, _) => self.picker.move_by(-1),
            (KeyCode::PageDown, _) => self.picker.move_by(8),
            (KeyCode::PageUp, _) => self.picker.move_by(-8),
            (KeyCode::Tab, _) => {
                if let Some(completed) = self.completed() {
                    let several = self.card.card.attribute.multi_valued;
                    self.input.set(if several { format!("{completed}; ") } else { completed });
                    self.refused = None;
                    self.narrow();
                }
            }
            _ => {
                if self.input.key(key) == Edit::Changed {
                    self.refused = None;
                    self.narrow();
                }
            }
        }
        state.overlay = Some(Overlay::Override(Box::new(self)));
        Vec::new()
    }

    pub(super) fn paste(mut self, state: &mut State, text: &str) -> Vec<Effect> {
        self.input.insert(text);
        self.refused = None;
        self.asked = false;
        self.narrow();
        state.overlay = Some(Overlay::Override(Box::new(self)));
        Vec::new()
    }

    fn take(mut self, state: &mut State, text: &str, key: &str) -> Vec<Effect> {
        match Review::check(&self.card.card, text) {
            Ok(checked) => self.submit(state, checked.value, key, Vec::new()),
            Err(problem) => {
                self.refused = Some((problem.reason, problem.can_keep));
                state.overlay = Some(Overlay::Override(Box::new(self)));
                Vec::new()
            }
        }
    }

    /// Takes what was typed as it is.
    fn keep(mut self, state: &mut State) -> Vec<Effect> {
        let text = self.input.text().trim().to_owned();
        match Review::check(&self.card.card, &text) {
            Ok(checked) => {
                let as_typed =
                    || vec![checked.note.unwrap_or_else(|| format!("kept as typed, not {}", checked.value))];
                let objections = if checked.value == text { Vec::new() } else { as_typed() };
                self.submit(state, text, "Ctrl-O", objections)
            }
            Err(problem) if problem.can_keep => self.submit(state, text, "Ctrl-O", vec![problem.reason]),
            Err(problem) => {
                self.refused = Some((problem.reason, false));
                state.overlay = Some(Overlay::Override(Box::new(self)));
                Vec::new()
            }
        }
    }

    /// Decides; where that cannot be done now, the editor stays with what was typed.
    fn submit(mut self, state: &mut State, value: String, key: &str, objections: Vec<String>) -> Vec<Effect> {
        let keys = format!("{} {key}", self.keys);
        let equal = normalised(&value);
        // A value that a candidate has is that candidate, accepted.
        let proposed = |choice: &&Choice| !choice.candidates.is_empty() && normalised(&choice.value) == equal;
        let candidate = self.card.choices.iter().find(proposed);
        let verdict = match candidate {
            Some(choice) => Verdict::with_value(Action::Accept, choice.value.clone(), keys),
            None => Verdict::with_value(Action::Override, value, keys),
        };
        let verdict = Verdict { objections, ..verdict };
        match decide::decide_on(state, self.gap(), verdict) {
            Ok(effects) => effects,
            Err(refusal) => {
                self.refused = Some((refusal.into_owned(), false));
                state.overlay = Some(Overlay::Override(Box::new(self)));
                Vec::new()
            }
        }
    }

    /// Says what the value would become, or why it is refused.
    fn verdict_line(&self, state: &State, columns: usize) -> Line<'static> {
        let theme = state.theme;
        let refusal = |reason: &str, keep: &str| {
            let reason = wrap::capitalised(&sanitise::line(reason, 200));
            format!("{}{keep}", wrap::cut(&reason, columns.saturating_sub(wrap::width(keep))))
        };
        if self.asked {
            return Line::styled("Esc again discards what you typed", theme.style(Role::Warning));
        }
        if let Some((reason, can_keep)) = &self.refused {
            let keep = if *can_keep { " · Ctrl-O keeps it" } else { "" };
            return Line::styled(refusal(reason, keep), theme.style(Role::Bad));
        }
        let meant = self.meant();
        if meant.is_empty() {
            return Line::styled(self.invitation(), theme.style(Role::Muted));
        }
        match Review::check(&self.card.card, &meant) {
            Ok(checked) => {
                let unit = self.card.card.attribute.unit.as_deref().map(|unit| format!(" {unit}"));
                let becomes = match checked.note {
                    Some(note) => note,
                    None => format!("{}{}", checked.value, unit.unwrap_or_default()),
                };
                Line::from(vec![
                    Span::styled("takes ", theme.style(Role::Muted)),
                    Span::styled(sanitise::line(&becomes, 200), theme.style(Role::Good)),
                ])
            }
            Err(problem) => {
                let keep = if problem.can_keep { " · Ctrl-O keeps it" } else { "" };
                Line::styled(refusal(&problem.reason, keep), theme.style(Role::Warning))
            }
        }
    }

    fn invitation(&self) -> String {
        let attribute = &self.card.card.attribute;
        match attribute.data_type {
            DataType::Boolean => "y yes, n no".into(),
            DataType::Number => match &attribute.unit {
                Some(unit) => {
                    format!("A number in {}; another unit is converted", sanitise::line(unit, 16))
                }
                None => "A number".into(),
            },
            _ if attribute.multi_valued => "Several values are parted by ;".into(),
            DataType::Choice if self.is_choice() => "Type to search the allowed values".into(),
            _ => "Type the value, or pick one below".into(),
        }
    }

    /// Returns how many lines are shown: the input, two about the value, the suggestions and the keys.
    fn height(&self) -> u16 {
        u16::try_from(self.suggestions.len().clamp(1, ROWS)).unwrap_or(1) + 4
    }

    pub(super) fn hit(&self, state: &State, at: Position) -> Option<usize> {
        self.picker.row_at(list(room(state.size, WIDTH, self.height())), at)
    }

    pub(super) fn select(&mut self, row: usize) {
        self.asked = false;
        self.picker.go_to(row);
    }

    pub(super) fn view(&self, state: &State, frame: &mut Frame) {
        let theme = state.theme;
        let card = &self.card.card;
        let attribute = sanitise::line(card.attribute.display_name(), 60);
        let name = sanitise::line(card.product.product.display_name(), 200);
        let area = dialog(state, frame, &format!("{attribute} of {name}"), WIDTH, self.height());
        let row = |index: u16| Rect {
            y: (area.y + index).min(area.bottom()),
            height: u16::from(area.y + index < area.bottom()),
            ..area
        };
        let kind = attribute_kind(&card.attribute, &card.allowed);
        let range = range_words(&self.card).map(|range| format!(" · {range}")).unwrap_or_default();
        draw_input(frame, row(0), Line::styled("> ", theme.style(Role::Key)), &self.input, theme);
        frame.render_widget(
            Line::styled(
                wrap::cut(&format!("{kind}{range}"), usize::from(area.width)),
                theme.style(Role::Muted),
            ),
            row(1),
        );
        frame.render_widget(self.verdict_line(state, usize::from(area.width)), row(2));
        draw_picker(state, frame, list(area), &self.picker, "nothing known matches");
        let keys: &[(&str, &str)] = if card.attribute.multi_valued {
            &[("Enter", "take"), ("Tab", "add"), ("↑ ↓", "select"), ("Esc", "cancel")]
        } else {
            &[("Enter", "take"), ("Ctrl-O", "keep as typed"), ("Esc", "cancel"), ("↑ ↓", "select")]
        };
        let foot =
            Rect { y: area.bottom().saturating_sub(1).max(area.y), height: 1.min(area.height), ..area };
        if area.height > 3 {
            frame.render_widget(keys_line(theme, area.width, keys), foot);
        }
    }
}

/// Returns where the suggestions are.
fn list(area: Rect) -> Rect {
    Rect { y: (area.y + 3).min(area.bottom()), height: area.bottom().saturating_sub(area.y + 4), ..area }
}

//! A form: a text field a line, the options of the field at hand below, what is wrong or which keys there are at the foot.

use super::{Overlay, Part, dialog, draw_input, draw_picker, keys_line, room};
use crate::sanitise;
use crate::tui::app::keymap::Key;
use crate::tui::app::msg::Effect;
use crate::tui::app::state::State;
use crate::tui::layout;
use crate::tui::theme::Role;
use crate::tui::widgets::picker::{Item, Picker};
use crate::tui::widgets::text_input::{Edit, TextInput};
use crate::tui::widgets::wrap;
use crossterm::event::KeyCode;
use ratatui::Frame;
use ratatui::layout::{Position, Rect, Size};
use ratatui::text::{Line, Span};
use std::marker::PhantomData;

const WIDTH: u16 = 64;

/// What is wrong with a form: the position of the field, and the reason.
pub type Problem = (usize, String);

/// What a form asks for.
pub trait Fields: Sized {
    type Field: Copy + 'static;

    const TITLE: &'static str;
    /// The fields from top to bottom, each with its name and what is meant while it is empty.
    const FIELDS: &'static [(Self::Field, &'static str, &'static str)];
    /// How many columns the names of the fields take.
    const NAMES: usize;
    /// How many options are shown below the form.
    const OPTIONS: u16;

    /// Returns what may be picked for a field; none where anything may be typed.
    fn options(state: &State, field: Self::Field) -> Option<Vec<Item>>;

    /// Says that no option matches.
    fn nothing(state: &State, field: Self::Field) -> &'static str;

    /// Tells whether what was typed stays as it is although another option is selected.
    fn stays(_typed: &str, _options: &[Item]) -> bool {
        false
    }

    /// Does what the form is for.
    fn apply(texts: &Texts<'_>, state: &mut State) -> Result<Vec<Effect>, Problem>;

    /// Puts the form back where it was taken from.
    fn overlay(form: Form<Self>) -> Overlay;
}

/// What was typed.
pub struct Texts<'a>(&'a [TextInput]);

impl<'a> Texts<'a> {
    /// Returns what stands in a field; none where it is blank.
    pub fn at(&self, at: usize) -> Option<&'a str> {
        Some(self.0[at].text().trim()).filter(|text| !text.is_empty())
    }
}

/// A form being filled in.
#[derive(Debug, Clone)]
pub struct Form<F> {
    inputs: Vec<TextInput>,
    at: usize,
    picker: Picker,
    problem: Option<String>,
    fields: PhantomData<F>,
}

impl<F: Fields> Form<F> {
    /// Starts with a text for each field.
    pub(super) fn with(texts: impl IntoIterator<Item = String>, state: &State) -> Self {
        let inputs = texts.into_iter().map(TextInput::new).collect();
        let mut form = Self { inputs, at: 0, picker: Picker::default(), problem: None, fields: PhantomData };
        form.offer(state);
        form
    }

    fn options(&self, state: &State) -> Option<Vec<Item>> {
        F::options(state, F::FIELDS[self.at].0)
    }

    fn offer(&mut self, state: &State) {
        self.picker = Picker::new(self.options(state).unwrap_or_default());
        self.picker.narrow(self.inputs[self.at].text());
    }

    /// Writes the selected option into its field.
    fn settle(&mut self, state: &State) {
        let input = &mut self.inputs[self.at];
        let Some(options) = F::options(state, F::FIELDS[self.at].0).filter(|_| !input.is_blank()) else {
            return;
        };
        if F::stays(input.text().trim(), &options) {
            return;
        }
        if let Some(item) = self.picker.selected().and_then(|index| options.into_iter().nth(index)) {
            input.set(item.label);
        }
    }

    fn go(&mut self, state: &State, by: isize) {
        self.settle(state);
        let count = F::FIELDS.len().cast_signed();
        self.at = (self.at.cast_signed() + by).rem_euclid(count).cast_unsigned();
        self.offer(state);
    }

    pub(super) fn key(mut self, state: &mut State, key: Key) -> Vec<Effect> {
        self.problem = None;
        // Once something is typed into a field with options, the arrows go through these.
        let picks = !self.inputs[self.at].is_blank() && self.options(state).is_some();
        match key.code {
            KeyCode::Esc => return Vec::new(),
            KeyCode::Enter => {
                self.settle(state);
                match F::apply(&Texts(&self.inputs), state) {
                    Ok(effects) => return effects,
                    Err((at, problem)) => {
                        self.at = at;
                        self.offer(state);
                        self.problem = Some(problem);
                    }
                }
            }
            KeyCode::Down if picks => self.picker.move_by(1),
            KeyCode::Up if picks => self.picker.move_by(-1),
            KeyCode::Tab | KeyCode::Down => self.go(state, 1),
            KeyCode::BackTab | KeyCode::Up => self.go(state, -1),
            _ => {
                if self.inputs[self.at].key(key) == Edit::Changed {
                    self.offer(state);
                }
            }
        }
        state.overlay = Some(F::overlay(self));
        Vec::new()
    }

    pub(super) fn paste(mut self, state: &mut State, text: &str) -> Vec<Effect> {
        self.inputs[self.at].insert(text);
        self.problem = None;
        self.offer(state);
        state.overlay = Some(F::overlay(self));
        Vec::new()
    }

    fn fields() -> u16 {
        u16::try_from(F::FIELDS.len()).unwrap_or(u16::MAX)
    }

    /// Returns how many lines the form has.
    fn height(size: Size) -> u16 {
        let room = layout::frame(size).body.height.saturating_sub(1);
        (Self::fields() + F::OPTIONS + 3).min(room)
    }

    /// Returns the first field shown: where there is little room, the one at hand is in view.
    fn first(&self, area: Rect) -> usize {
        (self.at + 2).saturating_sub(usize::from(area.height).max(2))
    }

    /// Returns where the options are.
    fn list(area: Rect) -> Rect {
        let top = (area.y + Self::fields() + 1).min(area.bottom());
        Rect { y: top, height: area.bottom().saturating_sub(top + 2).min(F::OPTIONS), ..area }
    }

    pub(super) fn hit(&self, state: &State, at: Position) -> Option<Part> {
        let area = room(state.size, WIDTH, Self::height(state.size));
        if !area.contains(at) {
            return None;
        }
        let field = usize::from(at.y - area.y) + self.first(area);
        if field < F::FIELDS.len() && at.y + 1 < area.bottom() {
            return Some(Part::Field(field));
        }
        self.options(state)?;
        self.picker.row_at(Self::list(area), at).map(Part::Row)
    }

    /// Goes to a field, or writes an option into the field at hand.
    pub(super) fn select(&mut self, state: &State, part: Part) {
        self.problem = None;
        match part {
            Part::Field(at) => {
                self.settle(state);
                self.at = at;
                self.offer(state);
            }
            Part::Row(row) => {
                self.picker.go_to(row);
                let options = self.options(state).unwrap_or_default();
                // The list stays as it is, so that a second click is on the same option.
                if let Some(item) = self.picker.selected().and_then(|index| options.into_iter().nth(index)) {
                    self.inputs[self.at].set(item.label);
                }
            }
        }
    }

    pub(super) fn wheel(&mut self, lines: isize) {
        self.picker.move_by(lines);
    }

    pub(super) fn view(&self, state: &State, frame: &mut Frame) {
        let area = dialog(state, frame, F::TITLE, WIDTH, Self::height(state.size));
        let lines = (area.top()..area.bottom().saturating_sub(1)).map(|y| Rect { y, height: 1, ..area });
        for (at, line) in (self.first(area)..F::FIELDS.len()).zip(lines) {
            self.draw_field(state, frame, at, line);
        }
        self.draw_options(state, frame, area, Self::list(area));
        let foot =
            Rect { y: area.bottom().saturating_sub(1).max(area.y), height: 1.min(area.height), ..area };
        let line = match &self.problem {
            Some(problem) => {
                let columns = usize::from(area.width);
                let named = format!("{}: {problem}", F::FIELDS[self.at].1);
                let text = if wrap::width(&named) <= columns { named } else { wrap::capitalised(problem) };
                Line::styled(wrap::cut(&text, columns), state.theme.style(Role::Bad))
            }
            None => {
                keys_line(state.theme, area.width, &[("Tab", "next"), ("Enter", "apply"), ("Esc", "cancel")])
            }
        };
        frame.render_widget(line, foot);
    }

    fn draw_field(&self, state: &State, frame: &mut Frame, at: usize, line: Rect) {
        let theme = state.theme;
        let (_, name, hint) = F::FIELDS[at];
        let here = at == self.at;
        let label = wrap::pad(&format!("{}{name}", if here { "▌ " } else { "  " }), F::NAMES);
        let prompt = Span::styled(label, theme.style(if here { Role::Accent } else { Role::Muted }));
        if here {
            draw_input(frame, line, Line::from(prompt), &self.inputs[at], theme);
            return;
        }
        let text = self.inputs[at].text();
        let (text, role) = if text.is_empty() { (hint, Role::Muted) } else { (text, Role::Text) };
        let columns = usize::from(line.width).saturating_sub(F::NAMES);
        let text = Span::styled(wrap::cut(&sanitise::line(text, 200), columns), theme.style(role));
        frame.render_widget(Line::from(vec![prompt, text]), line);
    }

    fn draw_options(&self, state: &State, frame: &mut Frame, area: Rect, list: Rect) {
        let Some(options) = self.options(state) else { return };
        if !list.is_empty() {
            draw_picker(state, frame, list, &self.picker, F::nothing(state, F::FIELDS[self.at].0));
            return;
        }
        // No room for the options: the one that would be taken stands behind what was typed.
        let at = u16::try_from(self.at - self.first(area)).unwrap_or(u16::MAX);
        let line = Rect { y: area.y.saturating_add(at), height: u16::from(at < area.height), ..area };
        let is_blank = self.inputs[self.at].is_blank();
        let taken = self.picker.selected().and_then(|index| options.get(index));
        let text = match taken {
            Some(item) if !is_blank => format!("→ {}", item.label),
            None if !is_blank || options.is_empty() => F::nothing(state, F::FIELDS[self.at].0).to_owned(),
            _ => return,
        };
        let text = wrap::cut(&text, usize::from(area.width).saturating_sub(F::NAMES) * 2 / 3);
        let sign = Line::styled(text, state.theme.style(Role::Muted)).right_aligned();
        frame.render_widget(sign, line);
    }
}

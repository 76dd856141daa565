//! The filter form of the activity screen.

use super::{Overlay, dialog, draw_input, draw_picker, keys_line};
use crate::domain::{Action, Reviewer};
use crate::sanitise;
use crate::tui::app::activity;
use crate::tui::app::keymap::Key;
use crate::tui::app::msg::Effect;
use crate::tui::app::state::State;
use crate::tui::screens::activity::{Span as TimeSpan, Wanted};
use crate::tui::theme::Role;
use crate::tui::widgets::picker::{Item, Picker};
use crate::tui::widgets::text_input::{Edit, TextInput};
use crate::tui::widgets::wrap;
use crossterm::event::KeyCode;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use std::collections::BTreeSet;
use uuid::Uuid;

/// A field of the form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    Reviewer,
    Action,
    Attribute,
    Time,
    Batch,
}

const FIELDS: [(Field, &str, &str); 5] = [
    (Field::Reviewer, "Reviewer", "anybody"),
    (Field::Action, "Action", "any"),
    (Field::Attribute, "Attribute", "any"),
    (Field::Time, "Time", "all"),
    (Field::Batch, "Bulk action", "any"),
];

/// How many columns the names of the fields take.
const NAMES: usize = 14;
/// How many options are shown below the form.
const OPTIONS: u16 = 7;

/// A filter being made.
#[derive(Debug, Clone)]
pub struct ActivityFilter {
    inputs: [TextInput; 5],
    at: usize,
    picker: Picker,
    problem: Option<String>,
}

impl ActivityFilter {
    /// Starts with the filter in force; none where the activity screen is not shown.
    pub fn new(state: &State) -> Option<Self> {
        let wanted = &state.activity()?.wanted;
        let inputs = [
            wanted.reviewer.as_ref().map(|reviewer| sanitise::line(reviewer.as_str(), 100)),
            wanted.action.map(label),
            wanted.attribute.as_ref().map(|key| sanitise::line(state.attribute_name(key), 100)),
            (wanted.span != TimeSpan::All).then(|| wanted.span.label().to_owned()),
            wanted.batch.map(|batch| batch.to_string()),
        ];
        let inputs = inputs.map(|text| TextInput::new(text.unwrap_or_default()));
        let mut form = Self { inputs, at: 0, picker: Picker::default(), problem: None };
        form.offer(state);
        Some(form)
    }

    fn field(&self) -> Field {
        FIELDS[self.at].0
    }

    fn offer(&mut self, state: &State) {
        self.picker = Picker::new(options(state, self.field()));
        self.picker.narrow(self.inputs[self.at].text());
    }

    /// Writes the selected option into its field.
    fn settle(&mut self, state: &State) {
        if self.inputs[self.at].is_blank() {
            return;
        }
        let options = options(state, self.field());
        let text = self.inputs[self.at].text().trim().to_owned();
        // A name that somebody has is not replaced by a longer one that begins with it.
        let exact = options.iter().any(|item| item.label == text);
        let selected = self.picker.selected().and_then(|index| options.into_iter().nth(index));
        if let Some(item) = selected.filter(|_| !exact) {
            self.inputs[self.at].set(item.label);
        }
    }

    fn go(&mut self, state: &State, by: isize) {
        self.settle(state);
        let count = FIELDS.len().cast_signed();
        self.at = (self.at.cast_signed() + by).rem_euclid(count).cast_unsigned();
        self.offer(state);
    }

    pub(super) fn key(mut self, state: &mut State, key: Key) -> Vec<Effect> {
        self.problem = None;
        let is_typed = !self.inputs[self.at].is_blank();
        match key.code {
            KeyCode::Esc => return Vec::new(),
            KeyCode::Enter => {
                self.settle(state);
                match self.read(state) {
                    Ok(wanted) => return activity::show(state, wanted),
                    Err((at, problem)) => {
                        self.at = at;
                        self.offer(state);
                        self.problem = Some(problem);
                    }
                }
            }
            // Once something is typed, the arrows go through the options.
            KeyCode::Down if is_typed => self.picker.move_by(1),
            KeyCode::Up if is_typed => self.picker.move_by(-1),
            KeyCode::Tab | KeyCode::Down => self.go(state, 1),
            KeyCode::BackTab | KeyCode::Up => self.go(state, -1),
            _ => {
                if self.inputs[self.at].key(key) == Edit::Changed {
                    self.offer(state);
                }
            }
        }
        state.overlay = Some(Overlay::ActivityFilter(Box::new(self)));
        Vec::new()
    }

    pub(super) fn paste(mut self, state: &mut State, text: &str) -> Vec<Effect> {
        self.inputs[self.at].insert(text);
        self.problem = None;
        self.offer(state);
        state.overlay = Some(Overlay::ActivityFilter(Box::new(self)));
        Vec::new()
    }

    /// Reads the form; what is wrong is named, with the index of its field.
    fn read(&self, state: &State) -> Result<Wanted, (usize, String)> {
        let text = |at: usize| Some(self.inputs[at].text().trim()).filter(|text| !text.is_empty());
        let none = |at: usize, what: &str, text: &str| {
            (at, format!("there is no {what} \"{}\"", sanitise::line(text, 40)))
        };
        let facets = state.facets.value.as_ref();
        let reviewer = text(0).map(|text| {
            let shown = reviewers(state).into_iter().find(|one| sanitise::line(one.as_str(), 100) == text);
            shown.unwrap_or_else(|| Reviewer::new(text))
        });
        let action = text(1).map(|text| parse(text).ok_or_else(|| none(1, "action", text))).transpose()?;
        let attribute = text(2).map(|text| {
            let named = facets.map(|facets| facets.attributes.as_slice()).unwrap_or_default();
            let found = named.iter().find(|one| {
                one.key.as_str() == text || one.name == text || sanitise::line(&one.name, 100) == text
            });
            found.map(|one| one.key.clone()).ok_or_else(|| none(2, "attribute", text))
        });
        let span = text(3).map(|text| {
            let named = TimeSpan::EVERY.into_iter().find(|span| span.label() == text);
            named.ok_or_else(|| none(3, "time", text))
        });
        let batch = text(4)
            .map(|text| text.parse::<Uuid>().map_err(|_| (4, "an id is needed, as b gives it".to_owned())));
        Ok(Wanted {
            reviewer,
            action,
            attribute: attribute.transpose()?,
            span: span.transpose()?.unwrap_or_default(),
            batch: batch.transpose()?,
        })
    }

    pub(super) fn view(&self, state: &State, frame: &mut Frame) {
        let theme = state.theme;
        let fields = u16::try_from(FIELDS.len()).unwrap_or(5);
        let room = crate::tui::layout::frame(state.size).body.height.saturating_sub(1);
        let area = dialog(state, frame, "Filter decisions", 64, (fields + OPTIONS + 3).min(room));
        let bottom = area.bottom();
        for (index, (_, name, hint)) in FIELDS.iter().enumerate() {
            let y = area.y + u16::try_from(index).unwrap_or(0);
            if y >= bottom {
                break;
            }
            let line = Rect { y, height: 1, ..area };
            let here = index == self.at;
            let label = wrap::pad(&format!("{}{name}", if here { "▌ " } else { "  " }), NAMES);
            let prompt = Span::styled(label, theme.style(if here { Role::Accent } else { Role::Muted }));
            if here {
                draw_input(frame, line, Line::from(prompt), &self.inputs[index], theme);
            } else {
                let text = self.inputs[index].text();
                let (text, role) = if text.is_empty() { (*hint, Role::Muted) } else { (text, Role::Text) };
                let columns = usize::from(area.width).saturating_sub(NAMES);
                let text = Span::styled(wrap::cut(&sanitise::line(text, 200), columns), theme.style(role));
                frame.render_widget(Line::from(vec![prompt, text]), line);
            }
        }
        let list_y = (area.y + fields + 1).min(bottom);
        let list = Rect { y: list_y, height: bottom.saturating_sub(list_y + 2).min(OPTIONS), ..area };
        if self.field() != Field::Batch && !list.is_empty() {
            let nothing = match self.field() {
                Field::Reviewer => "nobody of that name is in the list; Enter looks all the same",
                Field::Attribute if state.facets.value.is_none() => "still being loaded",
                _ => "nothing of that name",
            };
            draw_picker(state, frame, list, &self.picker, nothing);
        }
        let foot = Rect { y: bottom.saturating_sub(1).max(area.y), height: 1.min(area.height), ..area };
        let line = match &self.problem {
            Some(problem) => {
                Line::styled(format!("{}: {problem}", FIELDS[self.at].1), theme.style(Role::Bad))
            }
            None => {
                keys_line(theme, area.width, &[("Tab", "next field"), ("Enter", "apply"), ("Esc", "cancel")])
            }
        };
        frame.render_widget(line, foot);
    }
}

/// Returns an action's word.
fn label(action: Action) -> String {
    action.as_str().replace('_', " ")
}

/// Reads an action's word back.
fn parse(text: &str) -> Option<Action> {
    Action::parse(&text.replace(' ', "_"))
}

/// Returns the reviewer at the keyboard, and those in the list.
fn reviewers(state: &State) -> Vec<Reviewer> {
    let me = state.identity.reviewer.clone();
    let rows = state.activity().map(|screen| screen.rows.as_slice()).unwrap_or_default();
    let others: BTreeSet<&Reviewer> =
        rows.iter().map(|row| &row.reviewer).filter(|one| **one != me).collect();
    let others: Vec<Reviewer> = others.into_iter().cloned().collect();
    std::iter::once(me).chain(others).collect()
}

fn options(state: &State, field: Field) -> Vec<Item> {
    match field {
        Field::Reviewer => reviewers(state)
            .iter()
            .map(|one| {
                let detail = if *one == state.identity.reviewer { "you" } else { "" };
                Item::new(sanitise::line(one.as_str(), 100), detail)
            })
            .collect(),
        Field::Action => Action::ALL.into_iter().map(|action| Item::new(label(action), "")).collect(),
        Field::Attribute => {
            let facets = state.facets.value.as_ref();
            let named = facets.map(|facets| facets.attributes.as_slice()).unwrap_or_default();
            let item = |one: &crate::domain::Named<crate::domain::AttributeKey>| {
                let (key, name) = (sanitise::line(one.key.as_str(), 60), sanitise::line(&one.name, 100));
                let detail = if key == name { String::new() } else { key };
                Item::new(name, detail)
            };
            named.iter().map(item).collect()
        }
        Field::Time => TimeSpan::EVERY.into_iter().map(|span| Item::new(span.label(), "")).collect(),
        Field::Batch => Vec::new(),
    }
}

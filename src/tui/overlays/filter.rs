//! The filter form: what the queue shows.

use super::{Overlay, dialog, draw_input, draw_picker, keys_line};
use crate::domain::{Confidence, Facets, Named, QueueFilter, State as GapState, StateFilter};
use crate::sanitise;
use crate::tui::app::keymap::Key;
use crate::tui::app::msg::Effect;
use crate::tui::app::state::State;
use crate::tui::app::update;
use crate::tui::theme::Role;
use crate::tui::widgets::picker::{Item, Picker};
use crate::tui::widgets::text_input::{Edit, TextInput};
use crate::tui::widgets::wrap;
use crossterm::event::KeyCode;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

/// A field of the form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    Text,
    Attribute,
    Category,
    Experiment,
    State,
    Lowest,
    Highest,
}

const FIELDS: [(Field, &str); 7] = [
    (Field::Text, "Product"),
    (Field::Attribute, "Attribute"),
    (Field::Category, "Category"),
    (Field::Experiment, "Experiment"),
    (Field::State, "State"),
    (Field::Lowest, "Confidence from"),
    (Field::Highest, "Confidence to"),
];

/// How many columns the names of the fields take.
const NAMES: usize = 18;
/// How many options are shown below the form.
const OPTIONS: u16 = 6;

/// The states to pick from.
fn states() -> Vec<StateFilter> {
    let mut states = vec![StateFilter::Open, StateFilter::Decided, StateFilter::All];
    states.extend(GapState::ALL.into_iter().filter(|s| *s != GapState::Open).map(StateFilter::Only));
    states
}

fn state_label(state: StateFilter) -> String {
    match state {
        StateFilter::Only(only) => only.label().to_owned(),
        other => other.as_str().to_owned(),
    }
}

/// A filter being made.
#[derive(Debug, Clone)]
pub struct Filter {
    inputs: [TextInput; 7],
    at: usize,
    picker: Picker,
    problem: Option<String>,
}

impl Filter {
    /// Starts with the filter in force.
    pub fn new(state: &State) -> Self {
        let filter = &state.queue.filter;
        let number =
            |confidence: Option<Confidence>| confidence.map(|c| c.get().to_string()).unwrap_or_default();
        let inputs = [
            filter.text.clone().unwrap_or_default(),
            filter.attribute.as_ref().map(|key| state.attribute_name(key).to_owned()).unwrap_or_default(),
            filter.category.as_ref().map(|key| state.category_name(key).to_owned()).unwrap_or_default(),
            filter.experiment.as_ref().map(ToString::to_string).unwrap_or_default(),
            if filter.state == StateFilter::Open { String::new() } else { state_label(filter.state) },
            number(filter.min_confidence),
            number(filter.max_confidence),
        ];
        Self { inputs: inputs.map(TextInput::new), at: 0, picker: Picker::default(), problem: None }
    }

    fn field(&self) -> Field {
        FIELDS[self.at].0
    }

    fn offer(&mut self, state: &State) {
        self.picker = Picker::new(options(state, self.field()));
        let text = self.inputs[self.at].text();
        self.picker.narrow(text);
    }

    fn is_pick(&self) -> bool {
        matches!(self.field(), Field::Attribute | Field::Category | Field::Experiment | Field::State)
    }

    /// Writes the selected option into its field.
    fn settle(&mut self, state: &State) {
        if !self.is_pick() || self.inputs[self.at].is_blank() {
            return;
        }
        let selected = self.picker.selected();
        if let Some(item) = selected.and_then(|index| options(state, self.field()).into_iter().nth(index)) {
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
        match key.code {
            KeyCode::Esc => return Vec::new(),
            KeyCode::Enter => {
                self.settle(state);
                match self.read(state) {
                    Ok(filter) if filter == state.queue.filter => return Vec::new(),
                    Ok(filter) => return update::filter(state, filter),
                    Err((at, problem)) => {
                        self.at = at;
                        self.offer(state);
                        self.problem = Some(problem);
                    }
                }
            }
            // Once something is typed into a field with options, the arrows go through these.
            KeyCode::Down if self.is_pick() && !self.inputs[self.at].is_blank() => self.picker.move_by(1),
            KeyCode::Up if self.is_pick() && !self.inputs[self.at].is_blank() => self.picker.move_by(-1),
            KeyCode::Tab | KeyCode::Down => self.go(state, 1),
            KeyCode::BackTab | KeyCode::Up => self.go(state, -1),
            _ => {
                if self.inputs[self.at].key(key) == Edit::Changed {
                    self.offer(state);
                }
            }
        }
        state.overlay = Some(Overlay::Filter(Box::new(self)));
        Vec::new()
    }

    pub(super) fn paste(mut self, state: &mut State, text: &str) -> Vec<Effect> {
        self.inputs[self.at].insert(text);
        self.problem = None;
        self.offer(state);
        state.overlay = Some(Overlay::Filter(Box::new(self)));
        Vec::new()
    }

    /// Reads the form; what is wrong is named, with the index of its field.
    fn read(&self, state: &State) -> Result<QueueFilter, (usize, String)> {
        let text = |at: usize| Some(self.inputs[at].text().trim()).filter(|text| !text.is_empty());
        let empty = Facets::default();
        let facets = state.facets.value.as_ref().unwrap_or(&empty);
        let min_confidence = confidence(5, text(5))?;
        let max_confidence = confidence(6, text(6))?;
        if let (Some(min), Some(max)) = (min_confidence, max_confidence)
            && min > max
        {
            return Err((5, format!("from {} is above to {}", min.get(), max.get())));
        }
        let wanted_state = match text(4) {
            None => StateFilter::Open,
            Some(word) => states()
                .into_iter()
                .find(|state| state_label(*state) == word)
                .or_else(|| StateFilter::parse(word))
                .ok_or_else(|| (4, format!("there is no state \"{}\"", sanitise::line(word, 40))))?,
        };
        Ok(QueueFilter {
            text: text(0).map(str::to_owned),
            attribute: pick(1, text(1), &facets.attributes)?,
            category: pick(2, text(2), &facets.categories)?,
            experiment: pick(3, text(3), &facets.experiments)?,
            state: wanted_state,
            min_confidence,
            max_confidence,
        })
    }

    pub(super) fn view(&self, state: &State, frame: &mut Frame) {
        let theme = state.theme;
        let fields = u16::try_from(FIELDS.len()).unwrap_or(7);
        let room = crate::tui::layout::frame(state.size).body.height.saturating_sub(1);
        let height = (fields + OPTIONS + 3).min(room);
        let area = dialog(state, frame, "Filter", 64, height);
        let bottom = area.bottom();
        for (index, (field, name)) in FIELDS.iter().enumerate() {
            let y = area.y + u16::try_from(index).unwrap_or(0);
            if y >= bottom {
                break;
            }
            let line = Rect { y, height: 1, ..area };
            let here = index == self.at;
            let label = wrap::pad(&format!("{}{name}", if here { "▌ " } else { "  " }), NAMES);
            let prompt = Line::styled(label, theme.style(if here { Role::Accent } else { Role::Muted }));
            if here {
                draw_input(frame, line, prompt, &self.inputs[index], theme);
            } else {
                let text = self.inputs[index].text();
                let (text, role) =
                    if text.is_empty() { (hint(*field), Role::Muted) } else { (text, Role::Text) };
                let text =
                    wrap::cut(&sanitise::line(text, 200), usize::from(area.width).saturating_sub(NAMES));
                frame.render_widget(
                    Line::from(vec![prompt.spans[0].clone(), Span::styled(text, theme.style(role))]),
                    line,
                );
            }
        }
        let list_y = (area.y + fields + 1).min(bottom);
        let list = Rect { y: list_y, height: bottom.saturating_sub(list_y + 2).min(OPTIONS), ..area };
        if self.is_pick() && list.is_empty() {
            // No room for the options: the one that would be taken stands behind what was typed.
            let at = u16::try_from(self.at).unwrap_or(0);
            let line = Rect { y: area.y + at, height: u16::from(at < area.height), ..area };
            let taken = self.picker.selected().filter(|_| !self.inputs[self.at].is_blank());
            let item = taken.and_then(|index| options(state, self.field()).into_iter().nth(index));
            if let Some(item) = item {
                let text = format!("→ {}", wrap::cut(&item.label, usize::from(area.width) / 2));
                let sign = Line::styled(text, theme.style(Role::Muted)).right_aligned();
                frame.render_widget(sign, line);
            }
        } else if self.is_pick() {
            let nothing =
                if state.facets.value.is_some() { "nothing of that name" } else { "still being loaded" };
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

fn hint(field: Field) -> &'static str {
    match field {
        Field::Text => "any name",
        Field::State => "open",
        Field::Lowest => "0",
        Field::Highest => "1",
        _ => "any",
    }
}

fn options(state: &State, field: Field) -> Vec<Item> {
    fn items<K: ToString>(named: &[Named<K>]) -> Vec<Item> {
        named
            .iter()
            .map(|one| {
                let (key, name) = (one.key.to_string(), sanitise::line(&one.name, 100));
                let detail = if key == name { String::new() } else { sanitise::line(&key, 60) };
                Item::new(name, detail)
            })
            .collect()
    }
    let Some(facets) = &state.facets.value else {
        return if field == Field::State { state_items() } else { Vec::new() };
    };
    match field {
        Field::Attribute => items(&facets.attributes),
        Field::Category => items(&facets.categories),
        Field::Experiment => items(&facets.experiments),
        Field::State => state_items(),
        Field::Text | Field::Lowest | Field::Highest => Vec::new(),
    }
}

fn state_items() -> Vec<Item> {
    states().into_iter().map(|state| Item::new(state_label(state), "")).collect()
}

fn pick<K: Clone + ToString>(
    at: usize,
    text: Option<&str>,
    named: &[Named<K>],
) -> Result<Option<K>, (usize, String)> {
    let Some(text) = text else { return Ok(None) };
    named
        .iter()
        .find(|one| one.name == text || sanitise::line(&one.name, 100) == text || one.key.to_string() == text)
        .map(|one| Some(one.key.clone()))
        .ok_or_else(|| (at, format!("there is none of the name \"{}\"", sanitise::line(text, 40))))
}

/// Reads a confidence: `0.5`, `0,5`, `50%`.
fn confidence(at: usize, text: Option<&str>) -> Result<Option<Confidence>, (usize, String)> {
    let Some(text) = text else { return Ok(None) };
    let plain = text.replace(',', ".");
    let number = match plain.strip_suffix('%') {
        Some(percent) => percent.trim().parse::<f64>().map(|number| number / 100.0),
        None => plain.parse::<f64>(),
    };
    number
        .ok()
        .and_then(|number| Confidence::new(number).ok())
        .map(Some)
        .ok_or_else(|| (at, format!("\"{}\" is no number between 0 and 1", sanitise::line(text, 30))))
}

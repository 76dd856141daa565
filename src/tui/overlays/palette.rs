//! The command palette: every action by its name, with its key, or why it cannot be done now; and the filters there are.

use super::{Overlay, dialog, draw_input, draw_picker, room};
use crate::domain::{
    AttributeKey, CategoryKey, ExperimentKey, Named, QueueFilter, State as GapState, StateFilter,
};
use crate::sanitise;
use crate::tui::app::action::{ACTIONS, Action, ActionId};
use crate::tui::app::keymap::Key;
use crate::tui::app::msg::Effect;
use crate::tui::app::narrow;
use crate::tui::app::navigate;
use crate::tui::app::state::State;
use crate::tui::app::toast::Level;
use crate::tui::app::update::run;
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

/// Commands being searched.
#[derive(Debug, Clone)]
pub struct Palette {
    title: &'static str,
    input: TextInput,
    picker: Picker,
    commands: Vec<Command>,
}

/// What can be picked.
#[derive(Debug, Clone)]
enum Command {
    Action(&'static Action),
    /// Narrows the queue, whatever it is narrowed by already.
    Filter(Narrow),
}

/// One thing that the queue can be narrowed by.
#[derive(Debug, Clone)]
enum Narrow {
    Attribute(AttributeKey),
    Category(CategoryKey),
    Experiment(ExperimentKey),
    State(StateFilter),
}

impl Narrow {
    fn apply(self, filter: QueueFilter) -> QueueFilter {
        match self {
            Self::Attribute(key) => QueueFilter { attribute: Some(key), ..filter },
            Self::Category(key) => QueueFilter { category: Some(key), ..filter },
            Self::Experiment(key) => QueueFilter { experiment: Some(key), ..filter },
            Self::State(state) => QueueFilter { state, ..filter },
        }
    }
}

/// Lists what the queue can be narrowed by, with the names to find it by.
fn filters(state: &State) -> Vec<(Item, Command)> {
    fn named<K: Clone>(
        all: &[Named<K>],
        what: &str,
        narrow: fn(K) -> Narrow,
    ) -> impl Iterator<Item = (Item, Command)> {
        let command = move |one: &Named<K>| {
            let label = format!("filter {}", sanitise::line(&one.name, 60));
            (Item::new(label, what), Command::Filter(narrow(one.key.clone())))
        };
        all.iter().map(command).collect::<Vec<_>>().into_iter()
    }
    let states = [StateFilter::Open, StateFilter::Decided, StateFilter::All].map(|one| (one, one.as_str()));
    let only = GapState::ALL.into_iter().filter(|state| *state != GapState::Open);
    let states = states.into_iter().chain(only.map(|state| (StateFilter::Only(state), state.label())));
    let mut all: Vec<(Item, Command)> = states
        .map(|(state, name)| {
            (Item::new(format!("filter {name}"), "state"), Command::Filter(Narrow::State(state)))
        })
        .collect();
    if let Some(facets) = &state.facets.value {
        all.extend(named(&facets.attributes, "attribute", Narrow::Attribute));
        all.extend(named(&facets.categories, "category", Narrow::Category));
        all.extend(named(&facets.experiments, "experiment", Narrow::Experiment));
    }
    all
}

impl Palette {
    /// Lists every action of the place where the keyboard is; behind them, the others say where they work.
    pub fn new(state: &State) -> Self {
        let context = state.context();
        let mut actions: Vec<_> = ACTIONS
            .iter()
            .filter(|action| !matches!(action.id, ActionId::Choose(_) | ActionId::Palette))
            .collect();
        actions.sort_by_key(|action| !action.contexts.contains(&context));
        let filters = if state.opening.is_none() { filters(state) } else { Vec::new() };
        Self::of("Commands", state, actions, filters)
    }

    /// Lists the sort orders, the present one selected.
    pub fn sorts(state: &State) -> Self {
        let actions: Vec<_> =
            ACTIONS.iter().filter(|action| matches!(action.id, ActionId::Sort(_))).collect();
        let at = actions.iter().position(|action| action.id == ActionId::Sort(state.queue.sort));
        let mut palette = Self::of("Sort", state, actions, Vec::new());
        palette.picker.select(at.unwrap_or(0));
        palette
    }

    fn of(
        title: &'static str,
        state: &State,
        actions: Vec<&'static Action>,
        filters: Vec<(Item, Command)>,
    ) -> Self {
        let mut items: Vec<Item> = actions
            .iter()
            .map(|action| match refusal(state, action) {
                Some(reason) => Item { label: action.name.into(), detail: reason, faint: true },
                None => Item::new(action.name, state.keymap.labels(state.context(), action)),
            })
            .collect();
        let mut commands: Vec<Command> = actions.into_iter().map(Command::Action).collect();
        for (item, command) in filters {
            items.push(item);
            commands.push(command);
        }
        Self { title, input: TextInput::default(), picker: Picker::new(items), commands }
    }

    pub(super) fn key(mut self, state: &mut State, key: Key) -> Vec<Effect> {
        match key.code {
            KeyCode::Esc => return Vec::new(),
            KeyCode::Backspace if self.input.text().is_empty() => return Vec::new(),
            KeyCode::Enter => {
                let action = match self.picker.selected().map(|index| self.commands[index].clone()) {
                    Some(Command::Action(action)) => action,
                    Some(Command::Filter(narrow)) => {
                        navigate::to_queue(state);
                        let filter = narrow.apply(state.queue.filter.clone());
                        return narrow::filter(state, filter);
                    }
                    None => {
                        state.overlay = Some(Overlay::Palette(self));
                        return Vec::new();
                    }
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

    /// Returns how many lines are shown: the input and the commands.
    fn height(&self) -> u16 {
        u16::try_from(self.commands.len().min(ROWS)).unwrap_or(0) + 1
    }

    pub(super) fn hit(&self, state: &State, at: Position) -> Option<usize> {
        self.picker.row_at(below(room(state.size, WIDTH, self.height())), at)
    }

    pub(super) fn select(&mut self, row: usize) {
        self.picker.go_to(row);
    }

    pub(super) fn view(&self, state: &State, frame: &mut Frame) {
        let area = dialog(state, frame, self.title, WIDTH, self.height());
        draw_input(frame, area, Line::styled(": ", state.theme.style(Role::Key)), &self.input, state.theme);
        draw_picker(state, frame, below(area), &self.picker, "no such command");
    }
}

/// Returns where the commands are: below the input.
fn below(area: Rect) -> Rect {
    Rect { y: area.y + 1.min(area.height), height: area.height.saturating_sub(1), ..area }
}

fn refusal(state: &State, action: &Action) -> Option<String> {
    if !action.contexts.contains(&state.context()) {
        let place = action.contexts.first().map_or("", |context| context.label());
        return Some(format!("works on another screen: {}", place.to_lowercase()));
    }
    (action.check)(state).err().map(std::borrow::Cow::into_owned)
}

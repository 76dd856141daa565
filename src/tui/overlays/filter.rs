//! The filter form: what the queue shows.

use super::Overlay;
use super::form::{Fields, Form, Problem, Texts};
use crate::domain::{Confidence, Facets, Named, QueueFilter, State as GapState, StateFilter, VoteMark};
use crate::sanitise;
use crate::tui::app::msg::Effect;
use crate::tui::app::narrow;
use crate::tui::app::state::State;
use crate::tui::widgets::picker::Item;

/// A field of the form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    Text,
    Attribute,
    Category,
    Experiment,
    State,
    Vote,
    Lowest,
    Highest,
}

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

/// What the queue can be narrowed by.
#[derive(Debug, Clone, Copy)]
pub struct QueueFields;

/// A filter being made.
pub type Filter = Form<QueueFields>;

impl Filter {
    /// Starts with the filter in force.
    pub fn new(state: &State) -> Self {
        let filter = &state.queue.filter;
        let number =
            |confidence: Option<Confidence>| confidence.map(|c| c.get().to_string()).unwrap_or_default();
        let texts = [
            filter.text.clone().unwrap_or_default(),
            filter.attribute.as_ref().map(|key| state.attribute_name(key).to_owned()).unwrap_or_default(),
            filter.category.as_ref().map(|key| state.category_name(key).to_owned()).unwrap_or_default(),
            filter.experiment.as_ref().map(ToString::to_string).unwrap_or_default(),
            if filter.state == StateFilter::Open { String::new() } else { state_label(filter.state) },
            filter.vote.map(|mark| mark.as_str().to_owned()).unwrap_or_default(),
            number(filter.min_confidence),
            number(filter.max_confidence),
        ];
        Self::with(texts, state)
    }
}

impl Fields for QueueFields {
    type Field = Field;

    const TITLE: &'static str = "Filter";
    const FIELDS: &'static [(Field, &'static str, &'static str)] = &[
        (Field::Text, "Product", "any name"),
        (Field::Attribute, "Attribute", "any"),
        (Field::Category, "Category", "any"),
        (Field::Experiment, "Experiment", "any"),
        (Field::State, "State", "open"),
        (Field::Vote, "Vote", "any"),
        (Field::Lowest, "Confidence from", "0"),
        (Field::Highest, "Confidence to", "1"),
    ];
    const NAMES: usize = 18;
    const OPTIONS: u16 = 6;

    fn options(state: &State, field: Field) -> Option<Vec<Item>> {
        let facets = state.facets.value.as_ref();
        match field {
            Field::Attribute => Some(facets.map(|facets| items(&facets.attributes)).unwrap_or_default()),
            Field::Category => Some(facets.map(|facets| items(&facets.categories)).unwrap_or_default()),
            Field::Experiment => Some(facets.map(|facets| items(&facets.experiments)).unwrap_or_default()),
            Field::State => {
                Some(states().into_iter().map(|state| Item::new(state_label(state), "")).collect())
            }
            Field::Vote => {
                Some(VoteMark::ALL.into_iter().map(|mark| Item::new(mark.as_str().to_owned(), "")).collect())
            }
            Field::Text | Field::Lowest | Field::Highest => None,
        }
    }

    fn nothing(state: &State, _: Field) -> &'static str {
        if state.facets.value.is_some() { "nothing of that name" } else { "still being loaded" }
    }

    fn apply(texts: &Texts<'_>, state: &mut State) -> Result<Vec<Effect>, Problem> {
        let filter = read(texts, state)?;
        Ok(if filter == state.queue.filter { Vec::new() } else { narrow::filter(state, filter) })
    }

    fn overlay(form: Form<Self>) -> Overlay {
        Overlay::Filter(Box::new(form))
    }
}

/// Reads the form.
fn read(texts: &Texts<'_>, state: &State) -> Result<QueueFilter, Problem> {
    let empty = Facets::default();
    let facets = state.facets.value.as_ref().unwrap_or(&empty);
    let min_confidence = confidence(6, texts.at(6))?;
    let max_confidence = confidence(7, texts.at(7))?;
    if let (Some(min), Some(max)) = (min_confidence, max_confidence)
        && min > max
    {
        return Err((6, format!("from {} is above to {}", min.get(), max.get())));
    }
    let wanted_state = match texts.at(4) {
        None => StateFilter::Open,
        Some(word) => states()
            .into_iter()
            .find(|state| state_label(*state) == word)
            .or_else(|| StateFilter::parse(word))
            .ok_or_else(|| (4, format!("there is no state \"{}\"", sanitise::line(word, 40))))?,
    };
    let vote = match texts.at(5) {
        None => None,
        Some(word) => Some(
            VoteMark::parse(word)
                .ok_or_else(|| (5, format!("there is no vote \"{}\"", sanitise::line(word, 40))))?,
        ),
    };
    Ok(QueueFilter {
        text: texts.at(0).map(str::to_owned),
        attribute: pick(1, texts.at(1), &facets.attributes)?,
        category: pick(2, texts.at(2), &facets.categories)?,
        experiment: pick(3, texts.at(3), &facets.experiments)?,
        state: wanted_state,
        min_confidence,
        max_confidence,
        vote,
        ..QueueFilter::default()
    })
}

/// Returns the names that there are, as options.
pub(super) fn items<K: ToString>(named: &[Named<K>]) -> Vec<Item> {
    named
        .iter()
        .map(|one| {
            let (key, name) = (one.key.to_string(), sanitise::line(&one.name, 100));
            let detail = if key == name { String::new() } else { sanitise::line(&key, 60) };
            Item::new(name, detail)
        })
        .collect()
}

/// Finds what a name or a key means.
fn pick<K: Clone + ToString>(
    at: usize,
    text: Option<&str>,
    named: &[Named<K>],
) -> Result<Option<K>, Problem> {
    let Some(text) = text else { return Ok(None) };
    named
        .iter()
        .find(|one| one.name == text || sanitise::line(&one.name, 100) == text || one.key.to_string() == text)
        .map(|one| Some(one.key.clone()))
        .ok_or_else(|| (at, format!("there is none of the name \"{}\"", sanitise::line(text, 40))))
}

/// Reads a confidence: `0.5`, `0,5`, `50%`.
fn confidence(at: usize, text: Option<&str>) -> Result<Option<Confidence>, Problem> {
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

//! The filter form of the activity screen.

use super::Overlay;
use super::filter::items;
use super::form::{Fields, Form, Problem, Texts};
use crate::domain::{Action, Reviewer};
use crate::sanitise;
use crate::tui::app::action::ActionId;
use crate::tui::app::activity;
use crate::tui::app::msg::Effect;
use crate::tui::app::state::State;
use crate::tui::screens::activity::{Span as TimeSpan, Wanted};
use crate::tui::widgets::picker::Item;
use std::collections::BTreeSet;
use uuid::Uuid;

/// A field of the form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    Reviewer,
    Action,
    Attribute,
    Time,
    Batch,
}

/// What decisions can be narrowed by.
#[derive(Debug, Clone, Copy)]
pub struct DecisionFields;

/// A filter being made.
pub type ActivityFilter = Form<DecisionFields>;

impl ActivityFilter {
    /// Starts with the filter in force; none where the activity screen is not shown.
    pub fn new(state: &State) -> Option<Self> {
        let wanted = &state.activity()?.wanted;
        let texts = [
            wanted.reviewer.as_ref().map(|reviewer| sanitise::line(reviewer.as_str(), 100)),
            wanted.action.map(label),
            wanted.attribute.as_ref().map(|key| sanitise::line(state.attribute_name(key), 100)),
            (wanted.span != TimeSpan::All).then(|| wanted.span.label().to_owned()),
            wanted.batch.map(|batch| batch.to_string()),
        ];
        Some(Self::with(texts.map(Option::unwrap_or_default), state))
    }
}

impl Fields for DecisionFields {
    type Field = Field;

    const TITLE: &'static str = "Filter decisions";
    const FIELDS: &'static [(Field, &'static str, &'static str)] = &[
        (Field::Reviewer, "Reviewer", "anybody"),
        (Field::Action, "Action", "any"),
        (Field::Attribute, "Attribute", "any"),
        (Field::Time, "Time", "all"),
        (Field::Batch, "Bulk action", "any"),
    ];
    const NAMES: usize = 14;
    const OPTIONS: u16 = 7;

    fn options(state: &State, field: Field) -> Option<Vec<Item>> {
        match field {
            Field::Reviewer => {
                let item = |one: &Reviewer| {
                    let detail = if *one == state.identity.reviewer { "you" } else { "" };
                    Item::new(sanitise::line(one.as_str(), 100), detail)
                };
                Some(reviewers(state).iter().map(item).collect())
            }
            Field::Action => Some(Action::ALL.into_iter().map(|one| Item::new(label(one), "")).collect()),
            Field::Attribute => {
                let facets = state.facets.value.as_ref();
                Some(facets.map(|facets| items(&facets.attributes)).unwrap_or_default())
            }
            Field::Time => {
                Some(TimeSpan::EVERY.into_iter().map(|span| Item::new(span.label(), "")).collect())
            }
            Field::Batch => None,
        }
    }

    fn nothing(state: &State, field: Field) -> &'static str {
        match field {
            Field::Reviewer => "nobody here has that name; Enter looks all the same",
            Field::Attribute if state.facets.value.is_none() => "still being loaded",
            _ => "nothing of that name",
        }
    }

    /// A name that somebody has is not replaced by a longer one that begins with it.
    fn stays(typed: &str, options: &[Item]) -> bool {
        options.iter().any(|item| item.label == typed)
    }

    fn apply(texts: &Texts<'_>, state: &mut State) -> Result<Vec<Effect>, Problem> {
        let wanted = read(texts, state)?;
        Ok(activity::show(state, wanted))
    }

    fn overlay(form: Form<Self>) -> Overlay {
        Overlay::ActivityFilter(Box::new(form))
    }
}

/// Reads the form.
fn read(texts: &Texts<'_>, state: &State) -> Result<Wanted, Problem> {
    let none = |at: usize, what: &str, text: &str| {
        (at, format!("there is no {what} \"{}\"", sanitise::line(text, 40)))
    };
    let facets = state.facets.value.as_ref();
    let reviewer = texts.at(0).map(|text| {
        let shown = reviewers(state).into_iter().find(|one| sanitise::line(one.as_str(), 100) == text);
        shown.unwrap_or_else(|| Reviewer::new(text))
    });
    let action = texts.at(1).map(|text| parse(text).ok_or_else(|| none(1, "action", text))).transpose()?;
    let attribute = texts.at(2).map(|text| {
        let named = facets.map(|facets| facets.attributes.as_slice()).unwrap_or_default();
        let found = named.iter().find(|one| {
            one.key.as_str() == text || one.name == text || sanitise::line(&one.name, 100) == text
        });
        found.map(|one| one.key.clone()).ok_or_else(|| none(2, "attribute", text))
    });
    let span = texts.at(3).map(|text| {
        let named = TimeSpan::EVERY.into_iter().find(|span| span.label() == text);
        named.ok_or_else(|| none(3, "time", text))
    });
    let key = state.key(ActionId::ThisBatch);
    let batch = texts
        .at(4)
        .map(|text| text.parse::<Uuid>().map_err(|_| (4, format!("an id is needed, as {key} gives it"))));
    Ok(Wanted {
        reviewer,
        action,
        attribute: attribute.transpose()?,
        span: span.transpose()?.unwrap_or_default(),
        batch: batch.transpose()?,
    })
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

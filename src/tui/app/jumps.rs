//! The places that somebody went to: back and forward through them, as in an editor.

use super::action::ActionId;
use super::flow;
use super::msg::Effect;
use super::navigate;
use super::state::{Screen, State};
use crate::domain::{AttributeKey, GapId, ProductKey, QueueFilter, QueueSort};
use crate::tui::screens::neighbours::Walk;
use crate::tui::screens::pane::Pane;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// How many places are remembered in each direction.
const MOST: usize = 100;

/// A screen on top of the queue, as far as it can be opened again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Top {
    Experiments,
    Insights,
    Clusters,
    Activity,
    Product(Shown),
    Walk(Shown),
}

/// The product on a screen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    product: ProductKey,
    name: String,
    attribute: Option<AttributeKey>,
}

impl Shown {
    fn of(pane: &Pane) -> Self {
        let attribute = pane.attribute.clone();
        Self { product: pane.product.clone(), name: pane.name.clone(), attribute }
    }

    fn pane(self) -> Pane {
        Pane::new(self.product, &self.name, self.attribute)
    }
}

impl Top {
    fn of(screen: &Screen) -> Option<Self> {
        Some(match screen {
            Screen::Experiments(_) => Self::Experiments,
            Screen::Insights(_) => Self::Insights,
            Screen::Clusters(_) => Self::Clusters,
            Screen::Activity(_) => Self::Activity,
            Screen::Product(pane) => Self::Product(Shown::of(pane)),
            Screen::Walk(walk) => Self::Walk(Shown::of(walk.here()?)),
            Screen::Comparison(_) | Screen::Texts(_) => return None,
        })
    }
}

/// A place: what the queue shows, the gap under the cursor, and the screen on top.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Spot {
    pub filter: QueueFilter,
    pub sort: QueueSort,
    pub gap: Option<GapId>,
    /// How many undecided rows stand before the gap: where to go once it is gone.
    pub row: usize,
    pub top: Option<Top>,
}

impl Spot {
    /// Returns the present place.
    pub fn of(state: &State) -> Self {
        let queue = &state.queue;
        Self {
            filter: queue.filter.clone(),
            sort: queue.sort,
            gap: queue.current_gap().cloned(),
            row: queue.undecided_before_cursor(),
            top: state.screens.iter().rev().find_map(Top::of),
        }
    }

    /// Tells whether going from here to there is worth going back from, where a page has so many rows.
    fn is_far_from(&self, other: &Self, page: usize) -> bool {
        self.filter != other.filter
            || self.sort != other.sort
            || self.top != other.top
            || self.row.abs_diff(other.row) > page.max(1)
    }

    /// Goes there.
    pub fn go(self, state: &mut State) -> Vec<Effect> {
        navigate::to_queue(state);
        state.review.card_focused = false;
        let is_same = self.filter == state.queue.filter && self.sort == state.queue.sort;
        let mut effects = Vec::new();
        if is_same && state.flow.is_none() && state.queue.is_loaded() {
            let is_there = self.gap.as_ref().is_some_and(|gap| state.queue.go_to(gap));
            if !is_there {
                state.queue.go_to_row(self.row);
            }
        } else {
            effects.extend(flow::release(state));
            state.queue.selection.clear();
            state.queue.filter = self.filter;
            state.queue.sort = self.sort;
            effects.push(state.queue.reload_near(state.now, self.gap, self.row));
        }
        effects.extend(self.top.map(|top| open(state, top)).unwrap_or_default());
        effects
    }
}

fn open(state: &mut State, top: Top) -> Vec<Effect> {
    match top {
        Top::Experiments => navigate::perform(state, ActionId::Experiments),
        Top::Insights => navigate::perform(state, ActionId::Insights),
        Top::Clusters => navigate::perform(state, ActionId::Clusters),
        Top::Activity => navigate::perform(state, ActionId::Activity),
        Top::Product(shown) => {
            state.screens.push(Screen::Product(Box::new(shown.pane())));
            navigate::load_product(state)
        }
        Top::Walk(shown) => {
            state.screens.push(Screen::Walk(Walk { steps: vec![shown.pane()] }));
            navigate::load_product(state)
        }
    }
}

/// The places behind and ahead.
#[derive(Debug, Clone, Default)]
pub struct Jumps {
    back: VecDeque<Spot>,
    forward: Vec<Spot>,
    /// The last step went along the list: it is no new place.
    is_moving: bool,
}

impl Jumps {
    /// Notes the place that was left, if the new one is far from it.
    pub fn note(&mut self, left: Spot, now: &Spot, page: usize) {
        if std::mem::take(&mut self.is_moving) || !left.is_far_from(now, page) {
            return;
        }
        self.forward.clear();
        if self.back.back() != Some(&left) {
            self.back.push_back(left);
        }
        if self.back.len() > MOST {
            self.back.pop_front();
        }
    }

    /// Tells whether there is a place to go back to.
    pub fn can_go_back(&self) -> bool {
        !self.back.is_empty()
    }

    /// Tells whether there is a place to go forward to.
    pub fn can_go_forward(&self) -> bool {
        !self.forward.is_empty()
    }
}

/// Goes to the place before this one.
pub fn back(state: &mut State) -> Vec<Effect> {
    let here = Spot::of(state);
    let jumps = &mut state.jumps;
    let Some(spot) = jumps.back.pop_back() else { return Vec::new() };
    jumps.is_moving = true;
    jumps.forward.push(here);
    spot.go(state)
}

/// Goes to the place that was gone back from.
pub fn forward(state: &mut State) -> Vec<Effect> {
    let here = Spot::of(state);
    let jumps = &mut state.jumps;
    let Some(spot) = jumps.forward.pop() else { return Vec::new() };
    jumps.is_moving = true;
    jumps.back.push_back(here);
    spot.go(state)
}

//! What is under the pointer: the same layout that the views draw by, read backwards.

use super::app::State;
use super::app::action::{Action, ActionId};
use super::app::state::Screen;
use super::layout;
use super::screens::{chrome, comparison, experiments, insights_view, neighbours, product, review, tour};
use super::widgets::table::Place;
use ratatui::layout::{Position, Rect};

/// What is under the pointer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// The tab of a screen.
    Tab(ActionId),
    /// A row of the list.
    Row(usize),
    /// The list, below its last row.
    List,
    /// The card, or what else stands beside the list.
    Document,
    /// A candidate of the card.
    Candidate(usize),
    /// The border between the two.
    Divider,
    Nothing,
}

/// The rows of a list, and what stands beside it.
#[derive(Debug, Clone, Copy)]
pub struct Panels {
    rows: Rect,
    offset: usize,
    count: usize,
    pub cursor: usize,
    document: Option<Rect>,
    /// The list with its border, where that can be moved.
    list: Option<Rect>,
}

impl Panels {
    fn review(place: layout::Review, at: (usize, usize), count: usize) -> Self {
        Self {
            rows: place.rows,
            offset: at.0,
            count,
            cursor: at.1,
            document: Some(place.card),
            list: (!place.is_strip).then_some(place.list),
        }
    }

    fn activity(state: &State, at: (usize, usize), count: usize) -> Self {
        let place = layout::activity(state.size);
        let document = Some(place.detail);
        Self { rows: place.rows, offset: at.0, count, cursor: at.1, document, list: None }
    }

    /// A table whose rows begin so many lines below the body's top.
    fn table(state: &State, below: u16, height: u16, place: Place, count: usize) -> Self {
        let body = layout::frame(state.size).body;
        let rows = Rect { y: body.y.saturating_add(below), height, ..body }.intersection(body);
        let (offset, cursor) = (place.offset(), place.cursor);
        Self { rows, offset, count, cursor, document: None, list: None }
    }
}

/// Returns where the list of the screen is.
pub fn panels(state: &State) -> Option<Panels> {
    let size = state.size;
    let review = || layout::review(size, state.split);
    Some(match state.screens.last() {
        None => {
            let queue = &state.queue;
            Panels::review(review(), (queue.offset, queue.cursor), queue.rows.len())
        }
        Some(Screen::Product(pane)) => {
            Panels::review(review(), (pane.offset(), pane.cursor), product::gaps(pane).len())
        }
        Some(Screen::Walk(walk)) => {
            let pane = walk.here()?;
            Panels::review(review(), (pane.offset(), pane.cursor), neighbours::neighbours(pane).len())
        }
        Some(Screen::Activity(screen)) => {
            Panels::activity(state, (screen.offset, screen.cursor), screen.rows.len())
        }
        Some(Screen::Clusters(screen)) => {
            Panels::activity(state, (screen.offset, screen.cursor), screen.rows().len())
        }
        Some(Screen::Experiments(screen)) => {
            let count = screen.rows().len();
            let height = experiments::table_height(count, layout::frame(size).body.height);
            Panels::table(state, 1, height, screen.place, count)
        }
        Some(Screen::Insights(screen)) => {
            let count = screen.rows().len();
            Panels::table(state, 1, insights_view::table_height(count, size), screen.place, count)
        }
        Some(Screen::Comparison(screen)) => {
            let height = comparison::table_height(size);
            let below = layout::frame(size).body.height.saturating_sub(height);
            Panels::table(state, below, height, screen.place(), screen.rows().len())
        }
        Some(Screen::Texts(_)) => return None,
    })
}

/// Finds what is under the pointer.
pub fn hit(state: &State, at: Position) -> Target {
    let frame = layout::frame(state.size);
    if frame.header.contains(at) {
        return chrome::tabs(state.context(), state.size.width)
            .into_iter()
            .find(|tab| (tab.x..tab.x.saturating_add(tab.width())).contains(&at.x))
            .map_or(Target::Nothing, |tab| Target::Tab(tab.action));
    }
    if tour::place(state).is_some_and(|(area, _)| area.contains(at)) {
        return Target::Nothing;
    }
    let Some(panels) = panels(state) else {
        return if frame.body.contains(at) { Target::Document } else { Target::Nothing };
    };
    if let Some(list) = panels.list.filter(|_| frame.body.contains(at)) {
        // The two borders stand side by side.
        if at.x == list.right().saturating_sub(1) || at.x == list.right() {
            return Target::Divider;
        }
    }
    if panels.rows.contains(at) {
        let index = panels.offset + usize::from(at.y - panels.rows.y);
        return if index < panels.count { Target::Row(index) } else { Target::List };
    }
    if panels.document.is_some_and(|document| document.contains(at)) {
        let candidate = state.screens.is_empty().then(|| review::candidate_at(state, at)).flatten();
        return candidate.map_or(Target::Document, Target::Candidate);
    }
    Target::Nothing
}

/// Returns what opens the row under the cursor of the screen.
pub fn opener(state: &State) -> Option<ActionId> {
    let candidates = [ActionId::Open, ActionId::GoToGap, ActionId::CompareMarked, ActionId::ShowGroup];
    let context = state.context();
    let works = |id: &ActionId| Action::of(*id).is_some_and(|action| action.contexts.contains(&context));
    candidates.into_iter().find(works)
}

//! Moving about: within lists, between panels, from screen to screen.

use super::action::ActionId;
use super::clusters::Checked;
use super::flow;
use super::msg::Effect;
use super::narrow;
use super::state::{Screen, State};
use super::toast::Level;
use super::{activity, alike, clusters, selection};
use crate::domain::{AttributeKey, GapId, ProductKey, QueueFilter, StateFilter};
use crate::tui::layout;
use crate::tui::overlays::{Overlay, Unseen};
use crate::tui::screens::activity::Side;
use crate::tui::screens::comparison::Comparison;
use crate::tui::screens::experiments::Experiments;
use crate::tui::screens::insights::Insights;
use crate::tui::screens::insights_view;
use crate::tui::screens::neighbours::{self, Walk};
use crate::tui::screens::pane::Pane;
use crate::tui::screens::product;
use crate::tui::screens::texts::Texts;

/// A movement within a list or a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Motion {
    Lines(isize),
    Pages(isize),
    Top,
    Bottom,
}

impl Motion {
    /// Moves a position among `count` places, of which `page` fit on the screen.
    pub fn apply(self, at: usize, count: usize, page: usize) -> usize {
        let last = count.saturating_sub(1);
        let page = isize::try_from(page.saturating_sub(1).max(1)).unwrap_or(1);
        match self {
            Self::Lines(lines) => at.saturating_add_signed(lines).min(last),
            Self::Pages(pages) => at.saturating_add_signed(pages * page).min(last),
            Self::Top => 0,
            Self::Bottom => last,
        }
    }
}

/// Does an action that moves or opens something.
pub fn perform(state: &mut State, id: ActionId) -> Vec<Effect> {
    match id {
        ActionId::Down => motion(state, Motion::Lines(1)),
        ActionId::Up => motion(state, Motion::Lines(-1)),
        ActionId::PageDown => motion(state, Motion::Pages(1)),
        ActionId::PageUp => motion(state, Motion::Pages(-1)),
        ActionId::Top => motion(state, Motion::Top),
        ActionId::Bottom => motion(state, Motion::Bottom),
        ActionId::NextChoice => choose(state, 1),
        ActionId::PreviousChoice => choose(state, -1),
        ActionId::Open => return open(state),
        ActionId::SwitchPanel => switch_panel(state),
        ActionId::Back => return back(state),
        ActionId::Queue => to_queue(state),
        ActionId::Experiments => {
            state.product_slot.cancel();
            let mut screen = Experiments::default();
            let effects = screen.load(state.now);
            state.screens.push(Screen::Experiments(Box::new(screen)));
            return effects;
        }
        ActionId::Insights => {
            state.product_slot.cancel();
            let mut screen = Insights::default();
            let effects = screen.load(state.now, state.wall);
            state.screens.push(Screen::Insights(Box::new(screen)));
            return effects;
        }
        ActionId::TurnInsights => {
            let now = state.now;
            return state.insights_mut().map(|screen| screen.turn(now)).unwrap_or_default();
        }
        ActionId::MarkExperiment => {
            if let Some(screen) = state.experiments_mut() {
                screen.toggle_mark();
            }
        }
        ActionId::CompareMarked => {
            let pair = state.experiments().and_then(Experiments::pair);
            let Some((first, second)) = pair else { return Vec::new() };
            let mut screen = Comparison::new(first, second);
            let effects = screen.load(state.now);
            state.screens.push(Screen::Comparison(Box::new(screen)));
            return effects;
        }
        ActionId::TurnComparison => {
            if let Some(screen) = state.comparison_mut() {
                screen.turn();
            }
        }
        ActionId::AcceptUnseen => {
            let now = state.now;
            let name = state.insights().and_then(|screen| insights_view::group_name(state, screen));
            let asked = state.insights_mut().and_then(|screen| screen.look_unseen(now));
            let Some((name, (filter, ticket))) = name.zip(asked) else { return Vec::new() };
            let (overlay, effect) = Unseen::new(name, filter, ticket);
            state.overlay = Some(Overlay::Unseen(Box::new(overlay)));
            return vec![effect];
        }
        ActionId::ShowGroup => {
            let Some(filter) = state.insights().and_then(Insights::filter) else { return Vec::new() };
            to_queue(state);
            return narrow::filter(state, filter);
        }
        ActionId::Clusters => return clusters::open(state),
        ActionId::TurnCluster => {
            if let Some(screen) = state.clusters_mut() {
                screen.turn();
            }
        }
        ActionId::CheckRandom => return clusters::check(state, Checked::Random),
        ActionId::CheckOutliers => return clusters::check(state, Checked::Outliers),
        ActionId::AcceptRest => clusters::ask(state),
        ActionId::Alike => return alike::open(state),
        ActionId::Select => selection::toggle(state),
        ActionId::SelectRange => selection::range(state),
        ActionId::Activity => activity::open(state),
        ActionId::GoToGap => {
            let decided = state.activity().and_then(|screen| screen.current()).map(|row| &row.gap);
            let differed = state.comparison().and_then(|screen| screen.current()).map(|row| &row.gap);
            let gap = decided.or(differed).cloned();
            return gap.map(|gap| open_gap(state, gap)).unwrap_or_default();
        }
        ActionId::Product => {
            let Some((product, name, _)) = in_view(state) else { return Vec::new() };
            state.screens.push(Screen::Product(Box::new(Pane::new(product, &name, None))));
            return load_product(state);
        }
        ActionId::Walk => {
            let Some((product, name, attribute)) = in_view(state) else { return Vec::new() };
            state.screens.push(Screen::Walk(Walk { steps: vec![Pane::new(product, &name, attribute)] }));
            return load_product(state);
        }
        ActionId::Texts => texts(state),
        _ => {}
    }
    Vec::new()
}

/// Brings the top screen in step with what the last message changed.
pub fn sync(state: &mut State) -> Vec<Effect> {
    let (size, split, theme, now) = (state.size, state.split, state.theme, state.now);
    match state.screens.last_mut() {
        None => {}
        Some(Screen::Experiments(screen)) => return screen.sync(size, now),
        Some(Screen::Insights(screen)) => return screen.sync(size, now),
        Some(Screen::Clusters(screen)) => return screen.sync(size, now),
        Some(Screen::Comparison(screen)) => return screen.sync(size, now),
        Some(Screen::Activity(_)) => return activity::sync(state),
        Some(Screen::Product(pane)) => {
            let rows = product::gaps(pane).len();
            pane.sync(rows, layout::review(size, split), theme);
        }
        Some(Screen::Walk(walk)) => {
            if let Some(pane) = walk.here_mut() {
                let rows = neighbours::neighbours(pane).len();
                pane.sync(rows, layout::review(size, split), theme);
            }
        }
        Some(Screen::Texts(texts)) => texts.sync(size, theme),
    }
    Vec::new()
}

/// Goes back to the review screen.
pub fn to_queue(state: &mut State) {
    state.product_slot.cancel();
    for screen in std::mem::take(&mut state.screens) {
        remember(state, screen);
    }
}

/// Loads what the top screen shows again.
pub fn reload(state: &mut State) -> Vec<Effect> {
    let now = state.now;
    match state.screens.last_mut() {
        Some(Screen::Experiments(screen)) => screen.load(now),
        Some(Screen::Insights(screen)) => screen.load(now, state.wall),
        Some(Screen::Clusters(screen)) => vec![screen.load(now)],
        Some(Screen::Comparison(screen)) => screen.load(now),
        Some(Screen::Product(_) | Screen::Walk(_)) => load_product(state),
        Some(Screen::Activity(screen)) => vec![screen.reload(now, state.wall)],
        Some(Screen::Texts(_)) | None => Vec::new(),
    }
}

/// Returns the product in view: key, name, and the attribute that is asked for.
fn in_view(state: &State) -> Option<(ProductKey, String, Option<AttributeKey>)> {
    if let Some(pane) = state.pane() {
        return Some((pane.product.clone(), pane.name.clone(), pane.attribute.clone()));
    }
    let row = &state.queue.current()?.data;
    Some((row.gap.product.clone(), row.display_name().to_owned(), Some(row.gap.attribute.clone())))
}

/// Asks for the product on the top screen.
pub fn load_product(state: &mut State) -> Vec<Effect> {
    let ticket = state.product_slot.begin(state.now);
    let Some(pane) = state.pane() else { return Vec::new() };
    vec![Effect::LoadProduct { ticket, product: pane.product.clone(), attribute: pane.attribute.clone() }]
}

fn texts(state: &mut State) {
    let texts = match state.pane() {
        Some(pane) => pane.card.as_ref().map(|card| Texts::of_product(pane.name.clone(), &card.texts)),
        None => state.current_card().map(|card| Texts::of_card(card, state.review.choice)),
    };
    if let Some(texts) = texts {
        state.screens.push(Screen::Texts(Box::new(texts)));
    } else {
        state.toasts.show(state.now, Level::Warning, "The texts are still being loaded");
    }
}

fn open(state: &mut State) -> Vec<Effect> {
    match state.screens.last_mut() {
        None => {
            switch_panel(state);
            Vec::new()
        }
        Some(Screen::Product(pane)) => {
            let gap = product::gaps(pane).get(pane.cursor).map(|row| row.gap.clone());
            gap.map(|gap| open_gap(state, gap)).unwrap_or_default()
        }
        Some(Screen::Walk(walk)) => {
            let next = walk.here().and_then(|pane| {
                let neighbour = neighbours::neighbours(pane).get(pane.cursor)?;
                let name = neighbour.display_name();
                Some(Pane::new(neighbour.product_key.clone(), name, pane.attribute.clone()))
            });
            let Some(next) = next else { return Vec::new() };
            walk.steps.push(next);
            load_product(state)
        }
        Some(
            Screen::Experiments(_)
            | Screen::Insights(_)
            | Screen::Clusters(_)
            | Screen::Comparison(_)
            | Screen::Texts(_)
            | Screen::Activity(_),
        ) => Vec::new(),
    }
}

/// Goes to a gap in the queue; where the list does not hold it, the queue shows its product's gaps.
pub fn open_gap(state: &mut State, gap: GapId) -> Vec<Effect> {
    to_queue(state);
    state.review.card_focused = false;
    if state.queue.go_to(&gap) {
        return Vec::new();
    }
    let text = Some(gap.product.to_string());
    let released = flow::release(state);
    state.queue.filter = QueueFilter { text, state: StateFilter::All, ..QueueFilter::default() };
    let clear = state.key(ActionId::ClearFilter);
    let text = format!("The queue now shows the gaps of this product · {clear} clears the filter");
    state.toasts.show(state.now, Level::Info, text);
    released.into_iter().chain([state.queue.reload_at(state.now, gap)]).collect()
}

fn back(state: &mut State) -> Vec<Effect> {
    state.product_slot.cancel();
    if let Some(Screen::Walk(walk)) = state.screens.last_mut()
        && walk.steps.len() > 1
    {
        walk.steps.pop();
        return reload_missing(state);
    }
    let Some(screen) = state.screens.pop() else {
        if !state.review.card_focused {
            state.queue.selection.clear();
        }
        state.review.card_focused = false;
        return Vec::new();
    };
    remember(state, screen);
    reload_missing(state)
}

/// Keeps a screen as it is left.
fn remember(state: &mut State, screen: Screen) {
    match screen {
        Screen::Clusters(screen) => state.clusters_before = Some(screen),
        other => activity::remember(state, other),
    }
}

/// Asks again for a product whose request was given up when another screen came on top of it.
fn reload_missing(state: &mut State) -> Vec<Effect> {
    if state.pane().is_some_and(|pane| pane.card.is_none()) { load_product(state) } else { Vec::new() }
}

/// Moves within what has the keyboard.
pub fn motion(state: &mut State, motion: Motion) {
    let (size, split) = (state.size, state.split);
    match state.screens.last_mut() {
        None => review_motion(state, motion),
        Some(Screen::Experiments(screen)) => screen.motion(motion, size),
        Some(Screen::Insights(screen)) => screen.motion(motion, size),
        Some(Screen::Clusters(screen)) => screen.motion(motion, size),
        Some(Screen::Comparison(screen)) => screen.motion(motion, size),
        Some(Screen::Texts(texts)) => texts.motion(motion, size),
        Some(Screen::Activity(screen)) => screen.motion(motion, size),
        Some(Screen::Product(pane)) => {
            let rows = product::gaps(pane).len();
            pane.motion(motion, rows, layout::review(size, split));
        }
        Some(Screen::Walk(walk)) => {
            if let Some(pane) = walk.here_mut() {
                let rows = neighbours::neighbours(pane).len();
                pane.motion(motion, rows, layout::review(size, split));
            }
        }
    }
}

fn review_motion(state: &mut State, motion: Motion) {
    let place = layout::review(state.size, state.split);
    if state.review.card_focused {
        let lines = state.review.document.as_ref().map_or(0, |document| document.lines.len());
        let height = usize::from(place.content.height);
        let stops = (lines + 1).saturating_sub(height);
        state.review.scroll = motion.apply(state.review.scroll, stops, height);
        return;
    }
    let page = isize::from(place.rows.height.saturating_sub(1).max(1).cast_signed());
    match motion {
        Motion::Lines(lines) => state.queue.move_by(lines),
        Motion::Pages(pages) => state.queue.move_by(pages * page),
        Motion::Top => state.queue.go_to_top(),
        Motion::Bottom => state.queue.go_to_bottom(),
    }
}

fn choose(state: &mut State, by: isize) {
    let count = state.current_card().map_or(0, |card| card.choices.len());
    state.review.choice = Motion::Lines(by).apply(state.review.choice, count, 1);
}

fn switch_panel(state: &mut State) {
    if let Some(pane) = state.pane_mut() {
        pane.document_focused = !pane.document_focused;
    } else if let Some(screen) = state.activity_mut() {
        screen.side = match screen.side {
            Side::List if screen.current().is_some() => Side::Detail,
            _ => Side::List,
        };
    } else if state.screens.is_empty() && state.queue.current().is_some() {
        state.review.card_focused = !state.review.card_focused;
    }
}

//! What the answers to effects change.

use super::action::ActionId;
use super::msg::{Effect, Msg};
use super::slot::Ticket;
use super::state::{Screen, State};
use super::toast::Level;
use super::{activity, alike, clusters, conflict, feed, flow, outbox, seeded, selection, undo};
use crate::domain::{JudgedBy, QueueCursor, QueueRow};
use crate::repository::{Page, RepositoryError, Result};
use crate::sanitise;
use crate::tui::overlays::Overlay;
use crate::tui::screens::queue::{Arrival, FAR};
use crate::tui::screens::review;
use crate::tui::widgets::wrap;

/// Takes an answer.
pub fn take(state: &mut State, msg: Msg) -> Vec<Effect> {
    match msg {
        Msg::Page { ticket, result } => on_page(state, ticket, result),
        Msg::Counted { ticket, result } => {
            state.queue.count.accept(ticket, result);
            Vec::new()
        }
        Msg::Figures { ticket, result } => {
            let is_taken = state.figures.accept(ticket, result);
            if let Some(figures) = &state.figures.value {
                state.cards.set_blind(figures.policy.blind);
            }
            if is_taken && state.figures.is_outdated() && state.outage.is_none() {
                return vec![Effect::LoadFigures { ticket: state.figures.begin(state.now) }];
            }
            Vec::new()
        }
        Msg::Facets { ticket, result } => {
            state.facets.accept(ticket, result);
            Vec::new()
        }
        Msg::Card { gap, mut result } => {
            if let Ok(Some(card)) = &mut result {
                seeded::hide(state, card);
            }
            state.cards.arrive(gap, result);
            Vec::new()
        }
        Msg::History { gap, result } => {
            conflict::history(state, &gap, result);
            Vec::new()
        }
        Msg::Outbox(news) => outbox::told(state, news),
        Msg::FoundUndo { result } => undo::found_undo(state, result),
        Msg::Claimed { ticket, token, result } => flow::claimed(state, ticket, token, result),
        Msg::Renewed { ticket, token, result } => {
            flow::renewed(state, ticket, token, result);
            Vec::new()
        }
        Msg::Seeds { ticket, token, result } => {
            seeded::came(state, ticket, token, result);
            Vec::new()
        }
        Msg::Answered { result } => {
            seeded::answered(state, result);
            Vec::new()
        }
        Msg::Changes { ticket, result } => feed::changed(state, ticket, result),
        Msg::Product { ticket, result } => {
            if state.product_slot.accept(ticket, Ok(()))
                && let Some(pane) = state.pane_mut()
            {
                pane.arrive(result);
            }
            Vec::new()
        }
        Msg::Activity { ticket, result } => {
            activity::arrive(state, ticket, result);
            Vec::new()
        }
        Msg::Events { ticket, result } => {
            if let Some(screen) = state.activity_mut() {
                screen.events_arrive(ticket, result);
            }
            Vec::new()
        }
        Msg::FoundTakeBack { ticket, result } => activity::found(state, ticket, result),
        Msg::Held { ticket, token, result } => selection::held(state, ticket, token, result),
        Msg::Alike { ticket, result } => {
            alike::arrive(state, ticket, result);
            Vec::new()
        }
        Msg::Unseen { ticket, news } => {
            if let Some(Overlay::Unseen(unseen)) = &mut state.overlay {
                unseen.told(ticket, news, state.now);
            }
            Vec::new()
        }
        msg @ (Msg::ValueGroups { .. } | Msg::Clusters { .. } | Msg::Accepted { .. }) => {
            clusters::take(state, msg)
        }
        figures => {
            on_figures(state, figures);
            Vec::new()
        }
    }
}

/// Takes an answer for a screen that shows how good predictions are, if it is still there.
fn on_figures(state: &mut State, msg: Msg) {
    match (state.screens.last_mut(), msg) {
        (Some(Screen::Experiments(screen)), Msg::Experiments { ticket, result }) => {
            screen.list.accept(ticket, result);
        }
        (Some(Screen::Experiments(screen)), Msg::Trends { ticket, result }) => {
            screen.trends_arrive(ticket, result);
        }
        (Some(Screen::Experiments(screen)), Msg::Judged { ticket, result }) => {
            screen.judged.accept(ticket, result);
        }
        (Some(Screen::Experiments(screen)), Msg::Drifts { ticket, by: JudgedBy::Experiment, result }) => {
            screen.drifts.accept(ticket, result);
        }
        (Some(Screen::Insights(screen)), Msg::Drifts { ticket, by, result }) if by == screen.by => {
            screen.drifts.accept(ticket, result);
        }
        (Some(Screen::Insights(screen)), Msg::Groups { ticket, result }) => screen.arrive(ticket, result),
        (Some(Screen::Insights(screen)), Msg::Days { ticket, result }) => {
            screen.days.accept(ticket, result);
        }
        (Some(Screen::Insights(screen)), Msg::Sampled { ticket, result }) => screen.sampled(ticket, result),
        (Some(Screen::Comparison(screen)), Msg::Compared { ticket, result }) => {
            screen.counts.accept(ticket, result);
        }
        (Some(Screen::Comparison(screen)), Msg::Differences { ticket, side, result }) => {
            screen.arrive(ticket, side, result);
        }
        _ => {}
    }
}

fn on_page(
    state: &mut State,
    ticket: Ticket,
    mut result: Result<Page<QueueRow, QueueCursor>>,
) -> Vec<Effect> {
    if state.queue.awaits(ticket)
        && let Ok(page) = &mut result
    {
        outbox::bring_up(state, &mut page.rows);
    }
    let arrival = state.queue.arrive(ticket, result);
    outbox::mark_rows(state);
    match arrival {
        Arrival::Late | Arrival::More => Vec::new(),
        Arrival::Fresh => {
            // The card first: it is what the reviewer waits for. Figures come behind it.
            let mut effects = review::sync(state);
            effects.push(state.queue.recount(state.now));
            effects.push(Effect::LoadFigures { ticket: state.figures.begin(state.now) });
            if state.facets.is_untouched() || state.facets.error.is_some() {
                effects.push(Effect::LoadFacets { ticket: state.facets.begin(state.now) });
            }
            effects
        }
        Arrival::CutShort => {
            let text = format!(
                "Stopped after {} rows · {} narrows the list",
                wrap::grouped(FAR as u64),
                state.key(ActionId::Filter)
            );
            state.toasts.show(state.now, Level::Info, text);
            Vec::new()
        }
        Arrival::Failed => {
            let is_worth_telling = |error: &&RepositoryError| {
                !matches!(error, RepositoryError::Unavailable(_) | RepositoryError::Cancelled)
            };
            let error = state.queue.error().filter(is_worth_telling);
            if let Some(error) = error.filter(|_| !state.queue.rows.is_empty()) {
                let reason = sanitise::line(&error.to_string(), 200);
                let text = format!(
                    "The list could not be loaded: {reason} · {} tries again",
                    state.key(ActionId::Refresh)
                );
                state.toasts.show(state.now, Level::Error, text);
            }
            Vec::new()
        }
    }
}

//! Who decided what: every decision, the newest first, and the history of the gap under the cursor.

mod wanted;

pub use wanted::{Span, Wanted};

use super::activity_detail::{self, Detail};
use crate::domain::{DecisionCursor, DecisionFilter, DecisionId, DecisionRow, Event, GapId};
use crate::repository::{Page, RepositoryError, Result};
use crate::tui::app::msg::Effect;
use crate::tui::app::navigate::Motion;
use crate::tui::app::slot::{Slot, Ticket};
use crate::tui::layout;
use crate::tui::theme::Theme;
use chrono::{DateTime, Utc};
use ratatui::layout::Size;
use std::collections::HashMap;
use std::time::Instant;

/// How many rows a page has.
const PAGE: usize = 200;
/// How many of the newest rows are asked for when there is news.
const NEWEST: usize = 100;
/// How many rows beyond the cursor are asked for when there is more news than that.
const OVERRUN: usize = 2_000;
/// How close to the end of the rows at hand the cursor may come before the next page is asked for.
const AHEAD: usize = 80;
/// How many rows "go to the last row" loads.
pub const FAR: usize = 5_000;
/// How many rows are kept at most; a list longer than this is filtered, not scrolled.
pub const MOST: usize = 20_000;

/// Whether there are decisions that the list does not show yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum News {
    #[default]
    None,
    Some,
    /// More than were asked for.
    Many,
}

/// What a page that is under way is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Purpose {
    /// The list anew.
    #[default]
    First,
    /// Rows after those at hand.
    More,
    /// Rows before those at hand.
    News,
}

/// What a page that arrived was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrival {
    /// Superseded: nothing changed.
    Late,
    Taken,
    /// "Go to the last row" stopped before the end.
    CutShort,
    Failed,
}

/// The two sides of the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Side {
    #[default]
    List,
    Detail,
}

/// The decisions and the one under the cursor.
#[derive(Debug, Clone, Default)]
pub struct Activity {
    pub rows: Vec<DecisionRow>,
    pub cursor: usize,
    pub offset: usize,
    pub wanted: Wanted,
    pub news: News,
    /// The filter of the pages at hand: a span of time must not move between two pages.
    filter: DecisionFilter,
    page: Slot<()>,
    purpose: Purpose,
    next: Option<DecisionCursor>,
    to_end: bool,
    /// The decision to find again after a reload.
    place: Option<DecisionId>,
    /// The request for what can be taken back.
    pub finding: Slot<()>,
    /// The decisions on the gap under the cursor.
    pub events: Slot<Vec<Event>>,
    events_of: Option<GapId>,
    /// Which side has the keyboard.
    pub side: Side,
    pub detail: Detail,
}

impl Activity {
    /// Returns the decision under the cursor.
    pub fn current(&self) -> Option<&DecisionRow> {
        self.rows.get(self.cursor)
    }

    /// Tells whether it is looked up what can be taken back.
    pub fn is_finding(&self) -> bool {
        self.finding.is_waiting()
    }

    /// Tells since when something is awaited.
    pub fn waiting_since(&self) -> Option<Instant> {
        let since = [self.page.waiting_since, self.finding.waiting_since, self.events.waiting_since];
        since.into_iter().flatten().min()
    }

    /// Tells since when rows are awaited.
    pub fn page_waiting_since(&self) -> Option<Instant> {
        self.page.waiting_since
    }

    /// Returns why the last page could not be loaded.
    pub fn error(&self) -> Option<&RepositoryError> {
        self.page.error.as_ref()
    }

    /// Tells whether a first answer is there.
    pub fn is_loaded(&self) -> bool {
        self.page.value.is_some()
    }

    /// Tells whether every row of the list is loaded.
    pub fn is_complete(&self) -> bool {
        self.is_loaded() && self.next.is_none() && !self.is_replaced()
    }

    /// Tells whether what is shown is about to be replaced.
    pub fn is_replaced(&self) -> bool {
        self.page.is_waiting() && self.purpose == Purpose::First
    }

    /// Gives up what was asked for: the screen is left.
    pub fn leave(&mut self) {
        if self.is_replaced() {
            // What is at hand is not what is wanted.
            self.page.value = None;
        }
        self.page.cancel();
        self.finding.cancel();
        self.events.cancel();
        self.events_of = None;
        self.side = Side::List;
        self.to_end = false;
    }

    /// Loads the list anew; the place is kept where the decision is still in it.
    pub fn reload(&mut self, now: Instant, wall: DateTime<Utc>) -> Effect {
        self.place = self.current().map(|row| row.id);
        self.events_of = None;
        self.filter = self.wanted.filter(wall);
        self.to_end = false;
        let beyond = if std::mem::take(&mut self.news) == News::Many { OVERRUN } else { AHEAD };
        let limit = (self.cursor + beyond).clamp(PAGE, FAR);
        self.ask(now, Purpose::First, None, limit)
    }

    fn ask(&mut self, now: Instant, purpose: Purpose, after: Option<DecisionCursor>, limit: usize) -> Effect {
        self.purpose = purpose;
        let filter = Box::new(self.filter.clone());
        Effect::LoadActivity { ticket: self.page.begin(now), filter, after, limit }
    }

    /// Asks for what the list and the detail lack.
    pub fn load(&mut self, size: Size, now: Instant, wall: DateTime<Utc>) -> Vec<Effect> {
        self.keep_in_view(usize::from(layout::activity(size).rows.height));
        let page = self.load_page(now, wall);
        page.into_iter().chain(self.load_events(now)).collect()
    }

    fn load_page(&mut self, now: Instant, wall: DateTime<Utc>) -> Option<Effect> {
        if self.page.is_waiting() {
            return None;
        }
        let is_another_day = self.wanted.span == Span::Today && self.filter != self.wanted.filter(wall);
        if self.news == News::Many || self.news == News::Some && (is_another_day || !self.is_loaded()) {
            return Some(self.reload(now, wall));
        }
        if std::mem::take(&mut self.news) == News::Some {
            return Some(self.ask(now, Purpose::News, None, NEWEST));
        }
        let near = self.cursor + AHEAD >= self.rows.len() || self.to_end;
        if self.page.error.is_some() || !near || self.rows.len() >= MOST {
            return None;
        }
        let after = self.next?;
        let limit = if self.to_end { FAR.saturating_sub(self.rows.len()).clamp(1, 5 * PAGE) } else { PAGE };
        Some(self.ask(now, Purpose::More, Some(after), limit))
    }

    fn load_events(&mut self, now: Instant) -> Option<Effect> {
        let gap = self.current()?.gap.clone();
        if self.events_of.as_ref() == Some(&gap) {
            return None;
        }
        self.events_of = Some(gap.clone());
        Some(Effect::LoadEvents { ticket: self.events.begin(now), gap })
    }

    /// Takes the decisions on a gap.
    pub fn events_arrive(&mut self, ticket: Ticket, result: Result<Vec<Event>>) {
        if self.events.accept(ticket, result) {
            self.detail.changed();
        }
    }

    /// Returns the decisions on the gap under the cursor, as far as they are at hand.
    pub fn history(&self) -> Option<&[Event]> {
        let gap = &self.current()?.gap;
        let events = self.events.value.as_deref()?;
        (events.first()?.decision.gap == *gap).then_some(events)
    }

    /// Takes a page.
    pub fn arrive(&mut self, ticket: Ticket, result: Result<Page<DecisionRow, DecisionCursor>>) -> Arrival {
        let (page, result) = match result {
            Ok(page) => (Some(page), Ok(())),
            Err(error) => (None, Err(error)),
        };
        if !self.page.accept(ticket, result) {
            return Arrival::Late;
        }
        let Some(page) = page else {
            self.to_end = false;
            return Arrival::Failed;
        };
        match self.purpose {
            Purpose::First => self.replace(page),
            Purpose::News => self.take_news(page),
            Purpose::More => {
                self.next = page.next;
                self.rows.extend(page.rows);
                if !self.to_end {
                    return Arrival::Taken;
                }
                self.cursor = self.rows.len().saturating_sub(1);
                if self.next.is_some() && self.rows.len() >= FAR {
                    self.to_end = false;
                    return Arrival::CutShort;
                }
                self.to_end = self.next.is_some();
            }
        }
        Arrival::Taken
    }

    fn replace(&mut self, page: Page<DecisionRow, DecisionCursor>) {
        self.rows = page.rows;
        self.next = page.next;
        let place = self.place.take();
        self.cursor = self.rows.iter().position(|row| Some(row.id) == place).unwrap_or(0);
        self.offset = self.offset.min(self.cursor);
        self.detail.changed();
    }

    /// Puts what is new on top; the cursor stays on its decision.
    fn take_news(&mut self, page: Page<DecisionRow, DecisionCursor>) {
        let known: HashMap<DecisionId, usize> =
            self.rows.iter().enumerate().map(|(index, row)| (row.id, index)).collect();
        let is_whole = page.next.is_none() || page.rows.iter().any(|row| known.contains_key(&row.id));
        if !is_whole {
            // What is between this page and the rows at hand is not known.
            self.news = News::Many;
            return;
        }
        let here = self.current().map(|row| row.gap.clone());
        if page.rows.iter().any(|row| Some(&row.gap) == here.as_ref() && !known.contains_key(&row.id)) {
            self.events_of = None;
        }
        let mut undone: Vec<(DecisionId, DecisionId)> = Vec::new();
        let mut new = Vec::new();
        for row in page.rows {
            undone.extend(row.undoes.map(|what| (what, row.id)));
            match known.get(&row.id) {
                Some(index) => self.rows[*index] = row,
                None => new.push(row),
            }
        }
        for (what, by) in undone {
            if let Some(index) = known.get(&what) {
                self.rows[*index].undone_by = Some(by);
            }
        }
        let count = new.len();
        new.append(&mut self.rows);
        self.rows = new;
        // By the order of the list: one that was committed late may belong further down.
        let place = self.rows.get(self.cursor + count).map(|row| row.id);
        self.rows.sort_by_key(|row| std::cmp::Reverse((row.recorded_at, row.id)));
        self.cursor = self.rows.iter().position(|row| Some(row.id) == place).unwrap_or(0);
        // At the top, the new ones come into view; further down, nothing moves.
        if self.offset > 0 {
            self.offset += count;
        }
        self.detail.changed();
    }

    /// Moves the cursor, or the detail.
    pub fn motion(&mut self, motion: Motion, size: Size) {
        let place = layout::activity(size);
        if self.side == Side::Detail {
            self.detail.motion(motion, usize::from(place.content.height));
            return;
        }
        let before = self.cursor;
        self.cursor = motion.apply(self.cursor, self.rows.len(), usize::from(place.rows.height));
        self.to_end = motion == Motion::Bottom && self.next.is_some() && self.rows.len() < FAR;
        if self.cursor != before {
            self.detail.changed();
        }
    }

    fn keep_in_view(&mut self, height: usize) {
        self.cursor = self.cursor.min(self.rows.len().saturating_sub(1));
        let lowest = (self.cursor + 1).saturating_sub(height.max(1));
        let last_start = self.rows.len().saturating_sub(height);
        self.offset = self.offset.clamp(lowest, self.cursor).min(last_start.max(lowest));
    }

    /// Lays the detail out, where something changed.
    pub fn lay_out(&mut self, size: Size, theme: Theme) {
        let content = layout::activity(size).content;
        if self.current().is_none() {
            self.side = Side::List;
        }
        let columns = usize::from(content.width);
        if self.detail.is_laid_out(columns, theme) {
            return;
        }
        let lines = match (self.current(), self.history()) {
            (Some(row), Some(history)) => Some(activity_detail::lines(row, history, columns, theme)),
            _ => None,
        };
        self.detail.lay_out(lines, columns, theme, usize::from(content.height));
    }
}

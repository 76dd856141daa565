//! The queue: a frozen work list with live badges. Rows change in place, and leave only at a refresh.

mod flow;

use super::selection::Selection;
use crate::domain::{Count, GapId, QueueCursor, QueueFilter, QueueRow, QueueSort};
use crate::repository::{Page, RepositoryError};
use crate::tui::app::msg::Effect;
use crate::tui::app::slot::{Slot, Ticket};
use std::time::Instant;

/// How many rows a page has.
pub const PAGE: usize = 200;
/// How close to the end of the loaded rows the cursor may come before the next page is asked for.
const AHEAD: usize = 80;
/// How many rows "go to the last row" loads.
pub const FAR: usize = 5_000;
/// How many rows are kept at most; a list longer than this is filtered, not scrolled.
pub const MOST: usize = 20_000;
/// Up to where matches are counted exactly.
pub const COUNT_CAP: u64 = 10_000;

/// A row of the list.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    pub data: QueueRow,
    /// Whether the reviewer decided it since the list was loaded.
    pub decided_here: bool,
}

/// What a page that is under way is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Purpose {
    /// The list anew.
    First,
    /// Rows after those at hand.
    More,
}

/// Where the rows come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    Pages,
    /// Claimed for the reviewer, a few at a time.
    Flow {
        is_exhausted: bool,
    },
}

/// The list of gaps.
#[derive(Debug, Clone)]
pub struct Queue {
    pub rows: Vec<Row>,
    pub cursor: usize,
    /// The first row shown.
    pub offset: usize,
    pub filter: QueueFilter,
    pub sort: QueueSort,
    pub count: Slot<Count>,
    page: Slot<()>,
    purpose: Purpose,
    next: Option<QueueCursor>,
    /// The gap to find again after a refresh, and the row to go to where it is gone.
    place: Option<GapId>,
    row: usize,
    to_end: bool,
    wants_next: bool,
    pub source: Source,
    /// The rows that are to be decided together.
    pub selection: Selection,
}

impl Default for Queue {
    fn default() -> Self {
        Self {
            rows: Vec::new(),
            cursor: 0,
            offset: 0,
            filter: QueueFilter::default(),
            sort: QueueSort::default(),
            count: Slot::default(),
            page: Slot::default(),
            purpose: Purpose::First,
            next: None,
            place: None,
            row: 0,
            to_end: false,
            wants_next: false,
            source: Source::Pages,
            selection: Selection::default(),
        }
    }
}

/// What a page that arrived was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrival {
    /// Superseded: nothing changed.
    Late,
    /// A new list.
    Fresh,
    /// More rows.
    More,
    /// "Go to the last row" stopped before the end.
    CutShort,
    Failed,
}

impl Queue {
    /// Returns the row under the cursor.
    pub fn current(&self) -> Option<&Row> {
        self.rows.get(self.cursor)
    }

    /// Returns the gap under the cursor.
    pub fn current_gap(&self) -> Option<&GapId> {
        self.current().map(|row| &row.data.gap)
    }

    /// Finds a row of the list.
    pub fn row(&self, gap: &GapId) -> Option<&Row> {
        self.rows.iter().find(|row| row.data.gap == *gap)
    }

    /// Finds a row of the list, to change it.
    pub fn row_mut(&mut self, gap: &GapId) -> Option<&mut Row> {
        self.rows.iter_mut().find(|row| row.data.gap == *gap)
    }

    /// Tells whether what is shown is about to be replaced.
    pub fn is_stale(&self) -> bool {
        self.page.is_waiting() && self.purpose == Purpose::First
    }

    /// Tells since when rows are awaited.
    pub fn waiting_since(&self) -> Option<Instant> {
        self.page.waiting_since
    }

    /// Returns why the last page could not be loaded.
    pub fn error(&self) -> Option<&RepositoryError> {
        self.page.error.as_ref()
    }

    /// Tells whether every row of the list is loaded.
    pub fn is_complete(&self) -> bool {
        self.next.is_none() && !self.is_growing() && !self.page.is_waiting() && self.page.error.is_none()
    }

    /// Tells whether a first answer is there.
    pub fn is_loaded(&self) -> bool {
        self.page.value.is_some()
    }

    /// Tells whether rows are being read.
    pub fn is_waiting(&self) -> bool {
        self.page.is_waiting()
    }

    /// Tells whether the rows that an answer brings are still wanted.
    pub fn awaits(&self, ticket: Ticket) -> bool {
        self.page.awaits(ticket)
    }

    /// Loads the list anew; the place is kept where the gap is still in it.
    pub fn reload(&mut self, now: Instant, keep_place: KeepPlace) -> Effect {
        self.purpose = Purpose::First;
        self.to_end = false;
        self.wants_next = false;
        self.row = 0;
        let (place, limit) = match keep_place {
            KeepPlace::Yes => {
                self.row = self.undecided_before_cursor();
                let staying = self.rows.iter().skip(self.cursor).find(|row| !row.decided_here);
                let gap = staying.or_else(|| self.current()).map(|row| row.data.gap.clone());
                (gap, (self.cursor + AHEAD).clamp(PAGE, FAR))
            }
            KeepPlace::No => (None, PAGE),
        };
        self.place = place;
        let ticket = self.page.begin(now);
        Effect::LoadPage { ticket, filter: self.filter.clone(), sort: self.sort, after: None, limit }
    }

    /// Loads the list anew and goes to a gap in it.
    pub fn reload_at(&mut self, now: Instant, gap: GapId) -> Effect {
        let effect = self.reload(now, KeepPlace::No);
        self.place = Some(gap);
        effect
    }

    /// Loads the list anew and goes to a gap in it, or to a row where the gap is gone.
    pub fn reload_near(&mut self, now: Instant, gap: Option<GapId>, row: usize) -> Effect {
        let effect = self.reload(now, KeepPlace::No);
        self.place = gap;
        self.row = row;
        match effect {
            Effect::LoadPage { ticket, filter, sort, after, .. } => {
                Effect::LoadPage { ticket, filter, sort, after, limit: (row + AHEAD).clamp(PAGE, FAR) }
            }
            other => other,
        }
    }

    /// Returns how many gaps before the cursor are not decided yet: where it stands once the decided ones are gone.
    pub fn undecided_before_cursor(&self) -> usize {
        self.rows.iter().take(self.cursor).filter(|row| !row.decided_here).count()
    }

    /// Goes to a row, or to the last one.
    pub fn go_to_row(&mut self, row: usize) {
        self.cursor = row.min(self.rows.len().saturating_sub(1));
        self.to_end = false;
        self.wants_next = false;
    }

    /// Tells whether a flow may bring more rows.
    fn is_growing(&self) -> bool {
        self.source == Source::Flow { is_exhausted: false }
    }

    /// Counts what the filter lets through.
    pub fn recount(&mut self, now: Instant) -> Effect {
        Effect::Count { ticket: self.count.begin(now), filter: self.filter.clone() }
    }

    /// Takes a page.
    pub fn arrive(
        &mut self,
        ticket: Ticket,
        result: Result<Page<QueueRow, QueueCursor>, RepositoryError>,
    ) -> Arrival {
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
        let rows = page.rows.into_iter().map(|data| Row { data, decided_here: false });
        self.next = page.next;
        match self.purpose {
            Purpose::First => {
                self.rows = rows.collect();
                self.selection.keep(&self.rows);
                let place = self.place.take();
                let again = place.and_then(|gap| self.rows.iter().position(|row| row.data.gap == gap));
                self.cursor = again.unwrap_or(self.row.min(self.rows.len().saturating_sub(1)));
                self.offset = self.offset.min(self.cursor);
                Arrival::Fresh
            }
            Purpose::More => {
                self.rows.extend(rows);
                if self.wants_next {
                    self.advance();
                }
                if !self.to_end {
                    return Arrival::More;
                }
                self.cursor = self.rows.len().saturating_sub(1);
                if self.next.is_some() && self.rows.len() >= FAR {
                    self.to_end = false;
                    return Arrival::CutShort;
                }
                self.to_end = self.next.is_some();
                Arrival::More
            }
        }
    }

    /// Asks for the next page where the cursor comes near the end of the rows at hand.
    pub fn load_ahead(&mut self, now: Instant) -> Option<Effect> {
        let near = self.cursor + AHEAD >= self.rows.len() || self.to_end;
        let room = self.rows.len() < MOST;
        if self.source != Source::Pages
            || self.page.is_waiting()
            || self.page.error.is_some()
            || !near
            || !room
        {
            return None;
        }
        let after = self.next.clone()?;
        let rest = FAR.saturating_sub(self.rows.len());
        let limit = if self.to_end { rest.clamp(1, 5 * PAGE) } else { PAGE };
        self.purpose = Purpose::More;
        let ticket = self.page.begin(now);
        Some(Effect::LoadPage {
            ticket,
            filter: self.filter.clone(),
            sort: self.sort,
            after: Some(after),
            limit,
        })
    }

    /// Moves the cursor.
    pub fn move_by(&mut self, rows: isize) {
        let last = self.rows.len().saturating_sub(1);
        self.cursor = self.cursor.saturating_add_signed(rows).min(last);
        self.to_end = false;
        self.wants_next = false;
    }

    /// Goes to the first row.
    pub fn go_to_top(&mut self) {
        self.cursor = 0;
        self.to_end = false;
        self.wants_next = false;
    }

    /// Goes to the last row; the rest of the list is loaded, up to [`FAR`] rows.
    pub fn go_to_bottom(&mut self) {
        self.cursor = self.rows.len().saturating_sub(1);
        self.to_end = self.next.is_some() && self.rows.len() < FAR;
    }

    /// Goes to a gap; tells whether it is in the list.
    pub fn go_to(&mut self, gap: &GapId) -> bool {
        let found = self.rows.iter().position(|row| row.data.gap == *gap);
        if let Some(index) = found {
            self.cursor = index;
            self.to_end = false;
            self.wants_next = false;
        }
        found.is_some()
    }

    /// Goes to the next row that is not decided; waits for the next page where there is one.
    pub fn advance(&mut self) {
        let next = self.rows.iter().skip(self.cursor).position(|row| !row.decided_here);
        match next {
            Some(steps) => {
                self.cursor += steps;
                self.wants_next = false;
            }
            None => self.wants_next = self.next.is_some() || self.is_growing(),
        }
    }

    /// Tells whether every row at hand was decided and no more are to come.
    pub fn is_worked_off(&self) -> bool {
        self.is_complete() && !self.rows.is_empty() && self.rows.iter().all(|row| row.decided_here)
    }

    /// Keeps the cursor inside the rows and the rows shown around the cursor.
    pub fn keep_in_view(&mut self, height: usize) {
        self.cursor = self.cursor.min(self.rows.len().saturating_sub(1));
        if height == 0 {
            self.offset = self.cursor;
            return;
        }
        // Two rows of context, where there is room for them.
        let margin = if height >= 7 { 2 } else { 0 };
        let last_start = self.rows.len().saturating_sub(height);
        let lowest = (self.cursor + margin + 1).saturating_sub(height);
        let highest = self.cursor.saturating_sub(margin);
        self.offset =
            self.offset.clamp(lowest.min(last_start), highest.min(last_start).max(lowest.min(last_start)));
    }
}

/// Whether a reload goes back to the gap under the cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeepPlace {
    Yes,
    No,
}

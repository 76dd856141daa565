//! For whom a store reads: everything is told, but for the first opinions of others while a second one is awaited.

use super::Page;
use crate::domain::{Event, ProductCard, QueueFilter, QueueRow, ReviewCard, Reviewer, hide_first_opinions};

/// From whom others' first opinions are hidden; from nobody, where there is no reader.
#[derive(Debug, Clone, Default)]
pub(super) struct Reader(Option<Reviewer>);

impl Reader {
    /// Hides from a reviewer what is to be hidden.
    pub fn of(reviewer: &Reviewer) -> Self {
        Self(Some(reviewer.clone()))
    }

    /// Returns who reads.
    pub fn name(&self) -> Option<&Reviewer> {
        self.0.as_ref()
    }

    /// Returns a filter as the reader means it.
    pub fn filter(&self, filter: &QueueFilter) -> QueueFilter {
        filter.read_by(self.name())
    }

    /// Hides what a reader is not to know of a gap.
    pub fn row(&self, mut row: QueueRow) -> QueueRow {
        row.first_by = row.first_by.filter(|first| self.name().is_none_or(|reader| reader == first));
        row
    }

    /// As [`row`](Self::row), for several.
    pub fn rows(&self, rows: Vec<QueueRow>) -> Vec<QueueRow> {
        rows.into_iter().map(|row| self.row(row)).collect()
    }

    /// As [`row`](Self::row), for a page.
    pub fn page<C>(&self, page: Page<QueueRow, C>) -> Page<QueueRow, C> {
        Page { rows: self.rows(page.rows), next: page.next }
    }

    /// Hides what a reader is not to know of a gap's decisions, the oldest first.
    pub fn history(&self, mut history: Vec<Event>) -> Vec<Event> {
        if let Some(reader) = self.name() {
            hide_first_opinions(&mut history, reader);
        }
        history
    }

    /// Hides what a reader is not to know of a product's gaps.
    pub fn product(&self, mut card: ProductCard) -> ProductCard {
        card.gaps = self.rows(card.gaps);
        card
    }

    /// Hides what a reader is not to know of a gap, its decisions and its product's other gaps.
    pub fn card(&self, card: ReviewCard) -> ReviewCard {
        ReviewCard {
            row: self.row(card.row),
            history: self.history(card.history),
            product: self.product(card.product),
            ..card
        }
    }
}

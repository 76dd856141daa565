//! The queue while a flow fills it: gaps claimed for the reviewer, a few at a time.

use super::{Queue, Row, Source};
use crate::domain::{GapId, Lot, QueueRow};

impl Queue {
    /// Makes room for the gaps of a flow.
    pub fn begin_flow(&mut self) {
        self.page.cancel();
        self.page.error = None;
        self.page.value = Some(());
        self.rows.clear();
        self.selection.clear();
        (self.cursor, self.offset) = (0, 0);
        self.next = None;
        self.place = None;
        self.to_end = false;
        self.wants_next = false;
        self.source = Source::Flow { is_exhausted: false };
    }

    /// Goes back to pages; the rows stay until the next one comes.
    pub fn end_flow(&mut self) {
        self.source = Source::Pages;
        self.wants_next = false;
    }

    /// Adds the gaps that a flow has claimed; one that comes again, given back or opened anew, moves to the end.
    pub fn extend_flow(&mut self, rows: impl Iterator<Item = QueueRow>) {
        let waits_at_end = self.cursor + 1 == self.rows.len() && self.undecided_from_cursor() == 0;
        for data in rows {
            if let Some(index) = self.rows.iter().position(|row| row.data.gap == data.gap) {
                self.rows.remove(index);
                self.cursor -= usize::from(index < self.cursor);
            }
            self.rows.push(Row { data, decided_here: false });
        }
        if self.wants_next || waits_at_end {
            self.advance();
        }
    }

    /// Puts a row somewhere among those behind the cursor, where its gap's lot says.
    pub fn mix_in(&mut self, data: QueueRow) {
        let behind = (self.cursor + 1).min(self.rows.len());
        let room = self.rows.len() - behind;
        if room == 0 {
            return self.extend_flow(std::iter::once(data));
        }
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "positive, a list's rows"
        )]
        let place = (Lot::Sample.of(&data.gap) * (room + 1) as f64) as usize;
        self.rows.insert(behind + place, Row { data, decided_here: false });
    }

    /// Returns how many gaps from the cursor on are not decided yet.
    pub fn undecided_from_cursor(&self) -> usize {
        self.rows.iter().skip(self.cursor).filter(|row| !row.decided_here).count()
    }

    /// Takes gaps out that are not the reviewer's any more, but for the one under the cursor.
    pub fn drop_undecided(&mut self, gaps: &[GapId]) {
        let current = self.current_gap().cloned();
        let goes = |row: &Row| {
            !row.decided_here && gaps.contains(&row.data.gap) && current.as_ref() != Some(&row.data.gap)
        };
        let before = self.rows[..self.cursor].iter().filter(|row| goes(row)).count();
        self.rows.retain(|row| !goes(row));
        self.cursor -= before;
    }
}

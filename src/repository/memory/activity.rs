//! Decisions as a list shows them, in memory.

use super::tables::{Tables, cut, page};
use crate::domain::{Action, DecisionCursor, DecisionFilter, DecisionRow, Event};
use crate::repository::Page;
use crate::repository::reader::Reader;
use std::cmp::Reverse;

/// The most characters of a text in a list.
const SHORT: usize = 200;

fn admits(filter: &DecisionFilter, event: &Event) -> bool {
    let decision = &event.decision;
    filter.reviewer.as_ref().is_none_or(|reviewer| decision.reviewer == *reviewer)
        && filter.action.is_none_or(|action| decision.action == action)
        && filter.attribute.as_ref().is_none_or(|attribute| decision.gap.attribute == *attribute)
        && filter.product.as_ref().is_none_or(|product| decision.gap.product == *product)
        && filter.batch.is_none_or(|batch| decision.batch == Some(batch))
        && filter.since.is_none_or(|since| event.recorded_at >= since)
        && filter.until.is_none_or(|until| event.recorded_at < until)
}

impl Tables {
    /// Returns decisions, the newest first.
    pub(super) fn activity(
        &self,
        filter: &DecisionFilter,
        reader: &Reader,
        after: Option<&DecisionCursor>,
        limit: usize,
    ) -> Page<DecisionRow, DecisionCursor> {
        let events = self.decisions.keys().flat_map(|gap| {
            let told = reader.history(self.history(gap));
            self.history(gap).into_iter().zip(told)
        });
        let mut rows: Vec<DecisionRow> = events
            .filter(|(event, _)| admits(filter, event))
            .filter(|(_, told)| told.decision.action != Action::Opinion || !filter.tells_more())
            .map(|(_, told)| self.decision_row(&told))
            .collect();
        rows.sort_by_key(|row| Reverse(place(row)));
        let Page { rows, next } =
            page(rows.into_iter(), after.copied().map(Reverse).as_ref(), limit, |row| Reverse(place(row)));
        Page { rows, next: next.map(|Reverse(place)| place) }
    }

    fn decision_row(&self, event: &Event) -> DecisionRow {
        let decision = &event.decision;
        let name = self.products.get(&decision.gap.product).and_then(|product| product.name.as_deref());
        let short = |text: &Option<String>| text.as_deref().map(|text| cut(text, SHORT));
        DecisionRow {
            id: decision.id,
            gap: decision.gap.clone(),
            product_name: cut(name.unwrap_or_default(), SHORT),
            action: decision.action,
            value: short(&decision.value),
            comment: short(&decision.comment),
            reviewer: decision.reviewer.clone(),
            result_version: event.result_version,
            undoes: decision.undoes,
            undone_by: event.undone_by,
            batch: decision.batch,
            decided_at: decision.decided_at,
            recorded_at: event.recorded_at,
        }
    }
}

fn place(row: &DecisionRow) -> DecisionCursor {
    DecisionCursor { recorded_at: row.recorded_at, id: row.id }
}

//! The queue repository in memory: rows computed from the raw rows, sorted anew for each page.

use super::MemoryStore;
use super::scores::{self, Scores};
use super::tables::{Tables, cut};
use crate::domain::{
    AllowedScope, AllowedValue, AllowedValues, Candidate, Confidence, Count, CursorValue, GapId, Lot,
    QueueCursor, QueueFilter, QueueRow, QueueSort, ReviewCard, Stage, VoteMark,
};
use crate::evidence::vote::VOTERS;
use crate::repository::{Page, QueueRepository, RepositoryError, Result};
use async_trait::async_trait;
use std::cmp::Ordering;
use std::collections::BTreeSet;

/// The most characters of a name or value in a row.
const ROW_TEXT: usize = 200;
/// The most characters of a name that its place in the order depends on.
const SORT_NAME: usize = 100;
/// The most characters of a name that a search looks at.
const SEARCHED_NAME: usize = 1_000;
/// The most allowed values on a card.
const ALLOWED_VALUES: usize = 2_000;

#[async_trait]
impl QueueRepository for MemoryStore {
    async fn page(
        &self,
        filter: &QueueFilter,
        sort: QueueSort,
        after: Option<&QueueCursor>,
        limit: usize,
    ) -> Result<Page<QueueRow, QueueCursor>> {
        let mut rows = self.tables().sorted(&self.reader.filter(filter), sort, after)?;
        let is_last = rows.len() <= limit;
        rows.truncate(limit);
        let next = if is_last { None } else { rows.last().map(|(place, _)| place.clone()) };
        Ok(Page { rows: rows.into_iter().map(|(_, row)| self.reader.row(row)).collect(), next })
    }

    async fn count(&self, filter: &QueueFilter, cap: u64) -> Result<Count> {
        let count = self.tables().rows(&self.reader.filter(filter)).count().try_into().unwrap_or(u64::MAX);
        Ok(if count <= cap { Count::Exact(count) } else { Count::About(count) })
    }

    async fn row(&self, gap: &GapId) -> Result<Option<QueueRow>> {
        Ok(self.tables().row(gap).map(|row| self.reader.row(row)))
    }

    async fn candidates(&self, gaps: &[GapId]) -> Result<Vec<Vec<Candidate>>> {
        let tables = self.tables();
        let ranked = |gap| {
            let mut candidates = tables.candidates(gap);
            candidates.sort_by(scores::rank);
            candidates
        };
        Ok(gaps.iter().map(ranked).collect())
    }

    async fn card(&self, gap: &GapId, neighbours: usize) -> Result<Option<ReviewCard>> {
        Ok(self.tables().card(gap, neighbours).map(|card| self.reader.card(card)))
    }
}

/// Returns a row's place in an order; every value ascends.
fn place(row: &QueueRow, sort: QueueSort) -> QueueCursor {
    let confidence = row.best_confidence.map(Confidence::get);
    let value = match sort {
        QueueSort::ConfidenceDescending => CursorValue::Number(confidence.map_or(2.0, |c| 0.0 - c)),
        QueueSort::ConfidenceAscending => CursorValue::Number(confidence.unwrap_or(2.0)),
        QueueSort::Uncertainty => CursorValue::Number(0.0 - row.uncertainty),
        QueueSort::Disagreement => CursorValue::Number(0.0 - row.disagreement),
        QueueSort::Vote => {
            let mark = row.vote.unwrap_or(VoteMark::Silent).number();
            CursorValue::Number(f64::from(mark) * 4.0 + confidence.map_or(2.0, |c| 0.0 - c))
        }
        QueueSort::Product => CursorValue::Text(cut(&row.product_name.to_lowercase(), SORT_NAME)),
        QueueSort::Age => CursorValue::Time(row.gap_created_at),
        QueueSort::Random => CursorValue::Number(Lot::Sample.of(&row.gap)),
    };
    QueueCursor { value, gap: row.gap.clone() }
}

/// Compares two places; `None` where they belong to different orders.
fn compare(a: &QueueCursor, b: &QueueCursor) -> Option<Ordering> {
    let values = match (&a.value, &b.value) {
        (CursorValue::Number(a), CursorValue::Number(b)) => a.partial_cmp(b)?,
        (CursorValue::Text(a), CursorValue::Text(b)) => a.cmp(b),
        (CursorValue::Time(a), CursorValue::Time(b)) => a.cmp(b),
        _ => return None,
    };
    Some(values.then_with(|| a.gap.cmp(&b.gap)))
}

impl Tables {
    /// Returns the rows of a filter in an order, from behind a place on.
    pub(super) fn sorted(
        &self,
        filter: &QueueFilter,
        sort: QueueSort,
        after: Option<&QueueCursor>,
    ) -> Result<Vec<(QueueCursor, QueueRow)>> {
        let mut rows: Vec<(QueueCursor, QueueRow)> =
            self.rows(filter).map(|row| (place(&row, sort), row)).collect();
        rows.sort_by(|(a, _), (b, _)| compare(a, b).unwrap_or(Ordering::Equal));
        if let Some(after) = after {
            if rows.iter().any(|(place, _)| compare(place, after).is_none()) {
                return Err(RepositoryError::Invalid {
                    field: "cursor",
                    reason: format!("it is not one of the order \"{}\"", sort.as_str()),
                });
            }
            rows.retain(|(place, _)| compare(place, after) == Some(Ordering::Greater));
        }
        Ok(rows)
    }

    fn rows(&self, filter: &QueueFilter) -> impl Iterator<Item = QueueRow> {
        self.gaps.keys().filter_map(|gap| self.row(gap)).filter(move |row| self.admits(filter, row))
    }

    fn admits(&self, filter: &QueueFilter, row: &QueueRow) -> bool {
        let bound = |bound: Option<Confidence>, holds: fn(Confidence, Confidence) -> bool| {
            bound.is_none_or(|bound| row.best_confidence.is_some_and(|best| holds(best, bound)))
        };
        filter.attribute.as_ref().is_none_or(|attribute| row.gap.attribute == *attribute)
            && filter.category.as_ref().is_none_or(|category| row.category.as_ref() == Some(category))
            && filter.experiment.as_ref().is_none_or(|experiment| {
                let predictions = self.predictions.get(&row.gap);
                predictions.is_some_and(|rows| rows.keys().any(|(key, _)| key == experiment))
            })
            && filter.state.admits(row.state)
            && filter.not_first_by.as_ref().is_none_or(|reviewer| row.first_by.as_ref() != Some(reviewer))
            && bound(filter.min_confidence, |best, bound| best >= bound)
            && bound(filter.max_confidence, |best, bound| best <= bound)
            && filter.vote.is_none_or(|mark| row.vote.unwrap_or(VoteMark::Silent) == mark)
            && filter.text.as_deref().is_none_or(|text| {
                let name = self.products.get(&row.gap.product).and_then(|product| product.name.as_deref());
                let searched = cut(name.unwrap_or_default(), SEARCHED_NAME).to_lowercase();
                row.gap.product.as_str() == text || searched.contains(&text.to_lowercase())
            })
    }

    /// Computes a gap's queue row.
    pub(super) fn row(&self, gap: &GapId) -> Option<QueueRow> {
        let gap_created_at = *self.gaps.get(gap)?;
        let name = self.products.get(&gap.product).and_then(|product| product.name.as_deref());
        let scores = Scores::of(&self.candidates(gap));
        let state = self.state(gap);
        let decided = self.in_force(gap).map(|event| &event.decision).filter(|_| !state.needs_opinion());
        let best_value = scores.best_value.map(|value| cut(&value, ROW_TEXT));
        let vote = self.votes.get(gap).filter(|(value, _)| *value == best_value).map(|(_, mark)| *mark);
        Some(QueueRow {
            gap: gap.clone(),
            product_name: cut(name.unwrap_or_default(), ROW_TEXT),
            category: self.product_categories.get(&gap.product).and_then(BTreeSet::first).cloned(),
            best_value,
            best_confidence: scores.best_confidence,
            candidate_count: scores.candidate_count,
            value_count: scores.value_count,
            disagreement: scores.disagreement,
            uncertainty: scores.uncertainty,
            state,
            version: self.version(gap),
            decided_by: decided.map(|decision| decision.reviewer.clone()),
            decided_value: decided
                .and_then(|decision| decision.value.as_deref())
                .map(|value| cut(value, ROW_TEXT)),
            decided_at: decided.map(|decision| decision.decided_at),
            first_by: Stage::of(&self.history(gap)).first_by().cloned(),
            vote,
            gap_created_at,
        })
    }

    fn card(&self, gap: &GapId, neighbours: usize) -> Option<ReviewCard> {
        let mut candidates = self.candidates(gap);
        candidates.sort_by(scores::rank);
        let asked = if neighbours == 0 { 0 } else { neighbours.max(VOTERS) };
        let mut product = self.product_card(&gap.product, Some(&gap.attribute), asked)?;
        let voters = product.neighbours.clone();
        product.neighbours.truncate(neighbours);
        Some(ReviewCard {
            row: self.row(gap)?,
            attribute: self.attributes.get(&gap.attribute)?.clone(),
            allowed: self.allowed(gap),
            candidates,
            product,
            voters,
            worth: self.worth.get(&gap.attribute).cloned(),
            history: self.history(gap),
            records: self.track_records(gap),
            common: self.common_of(gap),
            cut: self.cuts.get(&gap.attribute).cloned(),
        })
    }

    /// Returns the values of the narrowest scope that lists any.
    pub(super) fn allowed(&self, gap: &GapId) -> AllowedValues {
        let categories = self.product_categories.get(&gap.product).into_iter().flatten();
        let in_category: BTreeSet<&String> = categories
            .filter_map(|key| self.allowed_in_category.get(&(key.clone(), gap.attribute.clone())))
            .flatten()
            .collect();
        let for_product = self.allowed_for_product.get(gap).into_iter().flatten().collect();
        let in_every = self.allowed_in_every_category.get(&gap.attribute).into_iter().flatten().collect();
        let in_any = self.allowed_in_any_category.get(&gap.attribute).into_iter().flatten().collect();
        [
            (AllowedScope::Product, for_product),
            (AllowedScope::Category, in_category),
            (AllowedScope::EveryCategory, in_every),
            (AllowedScope::AnyCategory, in_any),
        ]
        .into_iter()
        .find(|(_, values)| !values.is_empty())
        .map(|(scope, values)| AllowedValues {
            total: values.len(),
            values: values
                .into_iter()
                .take(ALLOWED_VALUES)
                .map(|value| AllowedValue { value: value.clone(), scope })
                .collect(),
        })
        .unwrap_or_default()
    }
}

//! The review queue: rows, and what each repository method is made of.

mod among;
mod conditions;
mod count;
pub(super) mod page;
mod similar;
mod statements;

pub(super) use among::Among;
pub(super) use conditions::{Boxed, after, filtered, is_in_order, ordered, sort_expression};

use super::PostgresStore;
use super::lenient::Moment;
use crate::database::schema::review_queue;
use crate::domain::{
    Candidate, Confidence, Count, CursorValue, GapId, Lot, QueueCursor, QueueFilter, QueueRow, QueueSort,
    ReviewCard, Reviewer, State, VoteMark,
};
use crate::repository::{Page, QueueRepository, Result};
use async_trait::async_trait;
use chrono::DateTime;
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};

diesel::define_sql_function! {
    /// The first characters of a text.
    fn left(text: diesel::sql_types::Text, characters: diesel::sql_types::Integer) -> diesel::sql_types::Text;
}

/// The most characters of a text that a list shows.
pub(super) const SHORT: i32 = 200;

/// A queue row as selected; the last but one is the sort name.
pub(super) type Selected = (
    (String, String, String, String, Option<String>, Option<f64>, i32, i32, Option<i16>),
    (f64, f64, String, i32, Option<String>, Option<String>, Option<Moment>, Moment, String, Option<String>),
);

/// The columns of a queue row, as types.
pub(super) type Columns = (
    (
        review_queue::product_key,
        review_queue::attribute_key,
        left<review_queue::product_name, i32>,
        review_queue::category_key,
        review_queue::best_value,
        review_queue::best_confidence,
        review_queue::candidate_count,
        review_queue::value_count,
        review_queue::vote,
    ),
    (
        review_queue::disagreement,
        review_queue::uncertainty,
        review_queue::state,
        review_queue::version,
        review_queue::decided_by,
        review_queue::decided_value,
        review_queue::decided_at,
        review_queue::gap_created_at,
        review_queue::sort_name,
        review_queue::first_by,
    ),
);

/// What is selected of a queue row.
pub(super) fn columns() -> Columns {
    use review_queue as q;
    (
        (
            q::product_key,
            q::attribute_key,
            left(q::product_name, SHORT),
            q::category_key,
            q::best_value,
            q::best_confidence,
            q::candidate_count,
            q::value_count,
            q::vote,
        ),
        (
            q::disagreement,
            q::uncertainty,
            q::state,
            q::version,
            q::decided_by,
            q::decided_value,
            q::decided_at,
            q::gap_created_at,
            q::sort_name,
            q::first_by,
        ),
    )
}

/// Turns a selected row into the domain's; a confidence or state that the table's checks rule out is left out or open.
pub(super) fn row(selected: Selected) -> QueueRow {
    let (
        (
            product,
            attribute,
            product_name,
            category,
            best_value,
            best_confidence,
            candidate_count,
            value_count,
            vote,
        ),
        (
            disagreement,
            uncertainty,
            state,
            version,
            decided_by,
            decided_value,
            decided_at,
            gap_created_at,
            _,
            first_by,
        ),
    ) = selected;
    QueueRow {
        gap: GapId::new(product, attribute),
        product_name,
        category: (!category.is_empty()).then(|| category.into()),
        best_value,
        best_confidence: best_confidence.and_then(|confidence| Confidence::new(confidence).ok()),
        candidate_count,
        value_count,
        disagreement,
        uncertainty,
        state: State::parse(&state).unwrap_or(State::Open),
        version,
        decided_by: decided_by.map(Reviewer::from),
        decided_value,
        decided_at: decided_at.map(DateTime::from),
        first_by: first_by.map(Reviewer::from),
        vote: vote.and_then(VoteMark::from_number),
        gap_created_at: gap_created_at.into(),
    }
}

/// Returns the place of a row in an order.
pub(super) fn cursor(sort: QueueSort, selected: &Selected) -> QueueCursor {
    let gap = GapId::new(selected.0.0.clone(), selected.0.1.clone());
    let confidence = selected.0.5;
    let value = match sort {
        QueueSort::ConfidenceDescending => {
            CursorValue::Number(confidence.map_or(2.0, |confidence| -confidence))
        }
        QueueSort::ConfidenceAscending => CursorValue::Number(confidence.unwrap_or(2.0)),
        QueueSort::Uncertainty => CursorValue::Number(-selected.1.1),
        QueueSort::Disagreement => CursorValue::Number(-selected.1.0),
        QueueSort::Vote => {
            let mark = selected.0.8.unwrap_or_else(|| VoteMark::Silent.number());
            CursorValue::Number(f64::from(mark) * 4.0 + confidence.map_or(2.0, |confidence| -confidence))
        }
        QueueSort::Product => CursorValue::Text(selected.1.8.clone()),
        QueueSort::Age => CursorValue::Time(selected.1.7.into()),
        QueueSort::Random => CursorValue::Number(Lot::Sample.of(&gap)),
    };
    QueueCursor { value, gap }
}

/// Loads one row of the queue.
pub(super) async fn load_row(connection: &AsyncPgConnection, gap: &GapId) -> Result<Option<QueueRow>> {
    let mut connection = connection;
    let selected = review_queue::table
        .find((gap.product.as_str(), gap.attribute.as_str()))
        .select(columns())
        .first::<Selected>(&mut connection)
        .await
        .optional()?;
    Ok(selected.map(row))
}

#[async_trait]
impl QueueRepository for PostgresStore {
    async fn page(
        &self,
        filter: &QueueFilter,
        sort: QueueSort,
        place: Option<&QueueCursor>,
        limit: usize,
    ) -> Result<Page<QueueRow, QueueCursor>> {
        let filter = &self.reader.filter(filter);
        let sort = ordered(filter, sort);
        let connection = self.connection().await?;
        let page = page::load(&connection, filter, sort, place, limit.clamp(1, 10_000)).await?;
        if page.rows.is_empty()
            && page.next.is_none()
            && let Some(products) = similar::products(&connection, filter).await?
        {
            let page =
                similar::page(&connection, &products, filter, sort, place, limit.clamp(1, 10_000)).await?;
            return Ok(self.reader.page(page));
        }
        Ok(self.reader.page(page))
    }

    async fn count(&self, filter: &QueueFilter, cap: u64) -> Result<Count> {
        let filter = &self.reader.filter(filter);
        // The plan of a distributed query knows nothing of the rows, and the servers count together.
        let distributed = self.is_distributed().await?;
        let connection = self.connection().await?;
        let count = if distributed {
            count::whole(&connection, filter, cap).await?
        } else {
            count::capped(&connection, filter, cap).await?
        };
        if count == Count::Exact(0)
            && let Some(products) = similar::products(&connection, filter).await?
        {
            return similar::count(&connection, &products, filter).await;
        }
        Ok(count)
    }

    async fn row(&self, gap: &GapId) -> Result<Option<QueueRow>> {
        Ok(load_row(&*self.connection().await?, gap).await?.map(|row| self.reader.row(row)))
    }

    async fn candidates(&self, gaps: &[GapId]) -> Result<Vec<Vec<Candidate>>> {
        super::candidates::candidates_of(&*self.connection().await?, gaps).await
    }

    async fn card(&self, gap: &GapId, neighbours: usize) -> Result<Option<ReviewCard>> {
        let distributed = self.is_distributed().await?;
        let card = self
            .partly_lagging(|from| async move {
                super::card::load(from.fresh(), from.lagging(), gap, neighbours, distributed).await
            })
            .await?;
        Ok(card.map(|card| self.reader.card(card)))
    }
}

/// Loads the gaps of one product, at most `limit`, in the order of their attributes.
pub(super) async fn gaps_of(
    connection: &AsyncPgConnection,
    product: &str,
    limit: i64,
) -> Result<Vec<QueueRow>> {
    let mut connection = connection;
    let selected = review_queue::table
        .filter(review_queue::product_key.eq(product))
        .select(columns())
        .order(review_queue::attribute_key)
        .limit(limit)
        .load::<Selected>(&mut connection)
        .await?;
    Ok(selected.into_iter().map(row).collect())
}

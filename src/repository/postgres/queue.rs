//! The review queue: pages, counts, rows.

use super::PostgresStore;
use super::fragment::{After, Counted, Explained, fixed};
use crate::database::schema::{prediction_results, raw_products, review_queue};
use crate::domain::{
    Candidate, Confidence, Count, CursorValue, GapId, QueueCursor, QueueFilter, QueueRow, QueueSort,
    ReviewCard, Reviewer, State, StateFilter,
};
use crate::repository::{Page, QueueRepository, RepositoryError, Result};
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use diesel::expression::AsExpression;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Double, Integer, Text, Timestamptz};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

diesel::define_sql_function! {
    /// The first characters of a text.
    fn left(text: diesel::sql_types::Text, characters: diesel::sql_types::Integer) -> diesel::sql_types::Text;
}

/// The most characters of a text that a list shows.
pub(super) const SHORT: i32 = 200;

pub(super) type Boxed<'a> = review_queue::BoxedQuery<'a, Pg>;

/// A queue row as selected; the last text is the sort name.
pub(super) type Selected = (
    (String, String, String, String, Option<String>, Option<f64>, i32, i32),
    (f64, f64, String, i32, Option<String>, Option<String>, Option<DateTime<Utc>>, DateTime<Utc>, String),
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
        ),
        (disagreement, uncertainty, state, version, decided_by, decided_value, decided_at, gap_created_at, _),
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
        decided_at,
        gap_created_at,
    }
}

/// Returns the SQL of an order's sort value; never NULL, and ascending.
pub(super) fn sort_expression(sort: QueueSort) -> &'static str {
    match sort {
        QueueSort::ConfidenceDescending => "coalesce(-review_queue.best_confidence, 2)",
        QueueSort::ConfidenceAscending => "coalesce(review_queue.best_confidence, 2)",
        QueueSort::Uncertainty => "(-review_queue.uncertainty)",
        QueueSort::Disagreement => "(-review_queue.disagreement)",
        QueueSort::Product => "review_queue.sort_name",
        QueueSort::Age => "review_queue.gap_created_at",
    }
}

/// Returns the place of a row in an order.
pub(super) fn cursor(sort: QueueSort, selected: &Selected) -> QueueCursor {
    let confidence = selected.0.5;
    let value = match sort {
        QueueSort::ConfidenceDescending => {
            CursorValue::Number(confidence.map_or(2.0, |confidence| -confidence))
        }
        QueueSort::ConfidenceAscending => CursorValue::Number(confidence.unwrap_or(2.0)),
        QueueSort::Uncertainty => CursorValue::Number(-selected.1.1),
        QueueSort::Disagreement => CursorValue::Number(-selected.1.0),
        QueueSort::Product => CursorValue::Text(selected.1.8.clone()),
        QueueSort::Age => CursorValue::Time(selected.1.7),
    };
    QueueCursor { value, gap: GapId::new(selected.0.0.clone(), selected.0.1.clone()) }
}

/// Returns the pattern that finds a text anywhere, with ILIKE's own characters taken literally.
fn containing(text: &str) -> String {
    let mut pattern = String::from("%");
    for character in text.chars() {
        if matches!(character, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(character);
    }
    pattern.push('%');
    pattern
}

diesel::infix_operator!(WordSimilar, " <% ", backend: Pg);

/// Returns the rows that a filter lets through.
pub(super) fn filtered(filter: &QueueFilter) -> Boxed<'_> {
    use review_queue as q;
    let mut query = q::table.into_boxed();
    // States as fixed text, so that a partial index serves even under a generic plan.
    query = match filter.state {
        StateFilter::Open | StateFilter::Only(State::Open) => {
            query.filter(fixed::<Bool>("review_queue.state = 'open'"))
        }
        StateFilter::Decided => query.filter(fixed::<Bool>("review_queue.state <> 'open'")),
        StateFilter::Only(state) => {
            query.filter(fixed::<Bool>("review_queue.state <> 'open'")).filter(q::state.eq(state.as_str()))
        }
        StateFilter::All => query,
    };
    if let Some(attribute) = &filter.attribute {
        query = query.filter(q::attribute_key.eq(attribute.as_str()));
    }
    if let Some(category) = &filter.category {
        query = query.filter(q::category_key.eq(category.as_str()));
    }
    if let Some(confidence) = filter.min_confidence {
        query = query.filter(q::best_confidence.ge(confidence.get()));
    }
    if let Some(confidence) = filter.max_confidence {
        query = query.filter(q::best_confidence.le(confidence.get()));
    }
    if let Some(experiment) = &filter.experiment {
        use prediction_results as p;
        query = query.filter(diesel::dsl::exists(
            p::table
                .filter(p::product_key.eq(q::product_key))
                .filter(p::attribute_key.eq(q::attribute_key))
                .filter(p::experiment_key.eq(experiment.as_str())),
        ));
    }
    if let Some(text) = filter.text.as_deref().map(str::trim).filter(|text| !text.is_empty()) {
        // Names are searched where they are stored once, by the trigram index of raw_products.
        use raw_products as p;
        let named = p::table
            .filter(
                p::product_name
                    .ilike(containing(text))
                    .or(WordSimilar::new(AsExpression::<Text>::as_expression(text), p::product_name)),
            )
            .select(p::product_key);
        query = query.filter(q::product_key.eq_any(named).or(q::product_key.eq(text)));
    }
    query
}

/// Keeps the rows after a place in an order.
pub(super) fn after<'a>(query: Boxed<'a>, sort: QueueSort, place: &'a QueueCursor) -> Result<Boxed<'a>> {
    let expression = sort_expression(sort);
    let product = AsExpression::<Text>::as_expression(place.gap.product.as_str());
    let attribute = AsExpression::<Text>::as_expression(place.gap.attribute.as_str());
    Ok(match (&place.value, sort) {
        (CursorValue::Text(text), QueueSort::Product) => {
            let value = AsExpression::<Text>::as_expression(text.as_str());
            query.filter(After { expression, value, product, attribute })
        }
        (CursorValue::Time(time), QueueSort::Age) => {
            let value = AsExpression::<Timestamptz>::as_expression(*time);
            query.filter(After { expression, value, product, attribute })
        }
        (CursorValue::Number(number), sort) if !matches!(sort, QueueSort::Product | QueueSort::Age) => {
            let value = AsExpression::<Double>::as_expression(*number);
            query.filter(After { expression, value, product, attribute })
        }
        _ => {
            return Err(RepositoryError::Invalid {
                field: "cursor",
                reason: "it belongs to another sort order".into(),
            });
        }
    })
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
        let mut query = filtered(filter);
        if let Some(place) = place {
            query = after(query, sort, place)?;
        }
        let limit = limit.clamp(1, 10_000);
        let mut connection = self.connection().await?;
        // One more tells whether there is a next page.
        let mut selected: Vec<Selected> = query
            .select(columns())
            .order((
                fixed::<Text>(sort_expression(sort)),
                review_queue::product_key,
                review_queue::attribute_key,
            ))
            .limit(i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1))
            .load(&mut connection)
            .await?;
        let is_last = selected.len() <= limit;
        selected.truncate(limit);
        let next = if is_last { None } else { selected.last().map(|last| cursor(sort, last)) };
        Ok(Page { rows: selected.into_iter().map(row).collect(), next })
    }

    async fn count(&self, filter: &QueueFilter, cap: u64) -> Result<Count> {
        let mut connection = self.connection().await?;
        let limit = i64::try_from(cap).unwrap_or(i64::MAX).saturating_add(1);
        let counted: i64 = Counted(filtered(filter).select(fixed::<Integer>("1")).limit(limit))
            .get_result(&mut connection)
            .await?;
        let counted = u64::try_from(counted).unwrap_or(0);
        if counted <= cap {
            return Ok(Count::Exact(counted));
        }
        let plan: serde_json::Value =
            Explained(filtered(filter).select(fixed::<Integer>("1"))).get_result(&mut connection).await?;
        let estimate = plan.pointer("/0/Plan/Plan Rows").and_then(serde_json::Value::as_f64).unwrap_or(0.0);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a row count, never negative"
        )]
        Ok(Count::About((estimate as u64).max(counted)))
    }

    async fn row(&self, gap: &GapId) -> Result<Option<QueueRow>> {
        load_row(&*self.connection().await?, gap).await
    }

    async fn candidates(&self, gaps: &[GapId]) -> Result<Vec<Vec<Candidate>>> {
        super::candidates::candidates_of(&*self.connection().await?, gaps).await
    }

    async fn card(&self, gap: &GapId, neighbours: usize) -> Result<Option<ReviewCard>> {
        self.partly_lagging(|from| async move {
            super::card::load(from.fresh(), from.lagging(), gap, neighbours).await
        })
        .await
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

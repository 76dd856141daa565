//! What a filter says in SQL, in the form that the index of the order at hand can use.

use super::super::fragment::{After, fixed};
use super::among::Among;
use crate::database::schema::{prediction_results, raw_products, review_queue};
use crate::domain::{CursorValue, QueueCursor, QueueFilter, QueueSort, State, StateFilter, VoteMark};
use crate::repository::{RepositoryError, Result};
use diesel::expression::AsExpression;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Double, Text, Timestamptz};

pub(in crate::repository::postgres) type Boxed<'a> = review_queue::BoxedQuery<'a, Pg>;

/// A condition on a row of the queue.
pub(super) type Condition<'a> = Box<dyn BoxableExpression<review_queue::table, Pg, SqlType = Bool> + 'a>;

/// The conditions of a filter beside its state, by what the index of an order does with them.
pub(super) struct Conditions<'a> {
    /// They hold for a stretch of the index, or are told inside it without looking into the table.
    pub in_index: Vec<Condition<'a>>,
    /// They are told row by row.
    pub by_row: Vec<Condition<'a>>,
}

/// Returns the SQL by which an order sorts; it is NOT NULL and ascends.
pub(in crate::repository::postgres) fn sort_expression(sort: QueueSort) -> &'static str {
    match sort {
        QueueSort::ConfidenceDescending => "coalesce(-review_queue.best_confidence, 2)",
        QueueSort::ConfidenceAscending => "coalesce(review_queue.best_confidence, 2)",
        QueueSort::Uncertainty => "(-review_queue.uncertainty)",
        QueueSort::Disagreement => "(-review_queue.disagreement)",
        QueueSort::Vote => {
            "(coalesce(review_queue.vote, 3) * 4 + coalesce(-review_queue.best_confidence, 2))"
        }
        QueueSort::Product => "review_queue.sort_name",
        QueueSort::Age => "review_queue.gap_created_at",
        QueueSort::Random => "gapdeck_lot('sample', review_queue.product_key, review_queue.attribute_key)",
    }
}

/// Returns the order in which an index has what is wanted: gaps of one mark by confidence are a stretch of the vote's.
pub(in crate::repository::postgres) fn ordered(filter: &QueueFilter, sort: QueueSort) -> QueueSort {
    let is_stretch = filter.vote.is_some() && filter.category.is_none();
    if is_stretch && sort == QueueSort::ConfidenceDescending { QueueSort::Vote } else { sort }
}

/// Returns the gaps of a filter, for statements that want them in the order of `sort` or in none.
pub(in crate::repository::postgres) fn filtered(filter: &QueueFilter, sort: QueueSort) -> Boxed<'_> {
    let Conditions { in_index, by_row } = conditions(filter, sort, Reading::Sets);
    in_index.into_iter().chain(by_row).fold(of_state(filter.state), QueryDsl::filter)
}

/// Returns the gaps of a state. States are fixed text, so that partial indexes serve even under a generic plan.
pub(super) fn of_state(state: StateFilter) -> Boxed<'static> {
    let query = review_queue::table.into_boxed();
    match state {
        StateFilter::Open => query.filter(fixed::<Bool>(is(State::Open))),
        StateFilter::Only(state) => query.filter(fixed::<Bool>(is(state))),
        StateFilter::Decided => query.filter(fixed::<Bool>(
            "review_queue.state IN ('second', 'disputed', 'accepted', 'overridden', 'rejected', 'not_applicable', 'deferred', 'flagged')",
        )),
        StateFilter::All => query,
    }
}

fn is(state: State) -> &'static str {
    match state {
        State::Open => "review_queue.state = 'open'",
        State::Second => "review_queue.state = 'second'",
        State::Disputed => "review_queue.state = 'disputed'",
        State::Accepted => "review_queue.state = 'accepted'",
        State::Overridden => "review_queue.state = 'overridden'",
        State::Rejected => "review_queue.state = 'rejected'",
        State::NotApplicable => "review_queue.state = 'not_applicable'",
        State::Deferred => "review_queue.state = 'deferred'",
        State::Flagged => "review_queue.state = 'flagged'",
    }
}

fn has_mark(mark: VoteMark) -> &'static str {
    match mark {
        VoteMark::Contradicts => "coalesce(review_queue.vote, 3) = 0",
        VoteMark::Split => "coalesce(review_queue.vote, 3) = 1",
        VoteMark::Agrees => "coalesce(review_queue.vote, 3) = 2",
        VoteMark::Silent => "coalesce(review_queue.vote, 3) = 3",
    }
}

/// How a statement comes by its rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reading {
    /// In whatever way the planner likes.
    Sets,
    /// One after the other, in the order of the queue.
    Rows,
}

/// Sorts the conditions of a filter.
pub(super) fn conditions(filter: &QueueFilter, sort: QueueSort, reading: Reading) -> Conditions<'_> {
    use review_queue as q;
    let (mut in_index, mut by_row): (Vec<Condition<'_>>, Vec<Condition<'_>>) = (Vec::new(), Vec::new());
    if let Some(attribute) = &filter.attribute {
        // Part of every index.
        in_index.push(Box::new(q::attribute_key.eq(attribute.as_str())));
    }
    if let Some(category) = &filter.category {
        let is_open = matches!(filter.state, StateFilter::Open | StateFilter::Only(State::Open));
        let leads = is_open && matches!(sort, QueueSort::ConfidenceDescending | QueueSort::Product);
        let conditions = if leads { &mut in_index } else { &mut by_row };
        conditions.push(Box::new(q::category_key.eq(category.as_str())));
    }
    if let Some(reviewer) = &filter.not_first_by {
        // Told by looking into the table, and still one of these: what waits for others alone is little.
        in_index.push(Box::new(q::first_by.is_distinct_from(reviewer.as_str()).assume_not_null()));
    }
    if let Some(set) = &filter.among {
        // Few, and each found by its key: whatever the order, these are read and sorted.
        in_index.push(Box::new(Among::of(set.gaps.iter())));
    }
    confidence(filter, sort, &mut in_index, &mut by_row);
    if let Some(mark) = filter.vote {
        // All confidences of the mark, and none: a stretch of the vote's index.
        let first = f64::from(mark.number()) * 4.0;
        let stretch = fixed::<Double>(sort_expression(QueueSort::Vote)).between(first - 1.0, first + 2.0);
        match (sort, reading) {
            (QueueSort::Vote, _) => in_index.push(Box::new(stretch)),
            (_, Reading::Sets) => by_row.push(Box::new(stretch)),
            (_, Reading::Rows) => by_row.push(Box::new(fixed::<Bool>(has_mark(mark)))),
        }
    }
    by_row.extend(match reading {
        Reading::Sets => rest_by_set(filter),
        Reading::Rows => rest_by_row(filter),
    });
    Conditions { in_index, by_row }
}

/// What no index of the queue knows, as sets that the planner may also begin with.
fn rest_by_set(filter: &QueueFilter) -> Vec<Condition<'_>> {
    use {prediction_results as r, raw_products as p, review_queue as q};
    let mut rest: Vec<Condition<'_>> = Vec::new();
    if let Some(experiment) = &filter.experiment {
        let predicted = r::table
            .filter(r::product_key.eq(q::product_key))
            .filter(r::attribute_key.eq(q::attribute_key))
            .filter(r::experiment_key.eq(experiment.as_str()));
        rest.push(Box::new(diesel::dsl::exists(predicted)));
    }
    if let Some(text) = searched(filter) {
        // Names are searched where they are stored once, by the trigram index of raw_products.
        let named = p::table
            .filter(p::product_name.ilike(containing(text)).or(p::product_key.eq(text)))
            .select(p::product_key);
        rest.push(Box::new(q::product_key.eq_any(named)));
    }
    rest
}

/// The same for one row after the other. Of a set, the planner might make a table of all its rows first.
fn rest_by_row(filter: &QueueFilter) -> Vec<Condition<'_>> {
    use {prediction_results as r, review_queue as q};
    let mut rest: Vec<Condition<'_>> = Vec::new();
    if let Some(experiment) = &filter.experiment {
        let predicted = r::table
            .filter(r::product_key.eq(q::product_key))
            .filter(r::attribute_key.eq(q::attribute_key))
            .filter(r::experiment_key.eq(experiment.as_str()))
            .select(fixed::<Bool>("true"))
            .limit(1);
        rest.push(Box::new(predicted.single_value().assume_not_null()));
    }
    if let Some(text) = searched(filter) {
        rest.push(Box::new(q::product_name.ilike(containing(text)).or(q::product_key.eq(text))));
    }
    rest
}

/// Tells whether an index has the rows of a filter in an order, or at least tells them apart.
pub(in crate::repository::postgres) fn is_in_order(filter: &QueueFilter, sort: QueueSort) -> bool {
    conditions(filter, sort, Reading::Sets).by_row.is_empty()
}

/// Adds the confidence's bounds, as bounds of what an index sorts by; they leave gaps without a candidate out.
fn confidence<'a>(
    filter: &QueueFilter,
    sort: QueueSort,
    in_index: &mut Vec<Condition<'a>>,
    by_row: &mut Vec<Condition<'a>>,
) {
    use review_queue as q;
    if filter.min_confidence.is_none() && filter.max_confidence.is_none() {
        return;
    }
    let low = filter.min_confidence.map_or(0.0, crate::domain::Confidence::get);
    let high = filter.max_confidence.map_or(1.0, crate::domain::Confidence::get);
    match sort {
        QueueSort::ConfidenceAscending => {
            in_index.push(Box::new(fixed::<Double>(sort_expression(sort)).between(low, high)));
        }
        QueueSort::Vote if filter.vote.is_some() => {
            let first = filter.vote.map_or(0.0, |mark| f64::from(mark.number()) * 4.0);
            in_index
                .push(Box::new(fixed::<Double>(sort_expression(sort)).between(first - high, first - low)));
        }
        QueueSort::Uncertainty | QueueSort::Vote => {
            in_index.push(Box::new(q::best_confidence.between(low, high).assume_not_null()));
        }
        _ => {
            let expression = sort_expression(QueueSort::ConfidenceDescending);
            let leads = sort == QueueSort::ConfidenceDescending;
            let conditions = if leads { in_index } else { by_row };
            conditions.push(Box::new(fixed::<Double>(expression).between(-high, -low)));
        }
    }
}

/// Returns the text that a filter searches for.
pub(super) fn searched(filter: &QueueFilter) -> Option<&str> {
    filter.text.as_deref().map(str::trim).filter(|text| !text.is_empty())
}

/// Returns the pattern that finds a text anywhere, with ILIKE's own characters taken literally.
pub(super) fn containing(text: &str) -> String {
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

/// Returns the SQL of a sort key as no index has it: the same values, for statements that should come by their rows in
/// another way than along the order.
fn unindexed_expression(sort: QueueSort) -> &'static str {
    match sort {
        QueueSort::ConfidenceDescending => {
            "coalesce(-review_queue.best_confidence, -review_queue.best_confidence, 2)"
        }
        QueueSort::ConfidenceAscending => {
            "coalesce(review_queue.best_confidence, review_queue.best_confidence, 2)"
        }
        QueueSort::Uncertainty => "coalesce(-review_queue.uncertainty, -review_queue.uncertainty)",
        QueueSort::Disagreement => "coalesce(-review_queue.disagreement, -review_queue.disagreement)",
        QueueSort::Vote => {
            "(coalesce(review_queue.vote, review_queue.vote, 3) * 4 + coalesce(-review_queue.best_confidence, 2))"
        }
        QueueSort::Product => "coalesce(review_queue.sort_name, review_queue.sort_name)",
        QueueSort::Age => "coalesce(review_queue.gap_created_at, review_queue.gap_created_at)",
        QueueSort::Random => {
            "coalesce(gapdeck_lot('sample', review_queue.product_key, review_queue.attribute_key), 2)"
        }
    }
}

/// Keeps the rows behind a place.
pub(in crate::repository::postgres) fn after<'a>(
    query: Boxed<'a>,
    sort: QueueSort,
    place: &'a QueueCursor,
) -> Result<Boxed<'a>> {
    compared(query, sort_expression(sort), sort, place)
}

/// Keeps the rows behind a place, without the help of the order's index: where many rows have the same key (no experiments
/// disagree on most gaps), the planner takes far fewer to be behind it than there are, and would read them all.
pub(super) fn after_anyhow<'a>(
    query: Boxed<'a>,
    sort: QueueSort,
    place: &'a QueueCursor,
) -> Result<Boxed<'a>> {
    compared(query, unindexed_expression(sort), sort, place)
}

fn compared<'a>(
    query: Boxed<'a>,
    expression: &'static str,
    sort: QueueSort,
    place: &'a QueueCursor,
) -> Result<Boxed<'a>> {
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

//! What a search finds that no name contains: the products whose names come closest.

use super::conditions::{after, containing, filtered, searched, sort_expression};
use super::{Selected, columns, cursor, row};
use crate::database::schema::{raw_products, review_queue};
use crate::domain::{Count, QueueCursor, QueueFilter, QueueRow, QueueSort};
use crate::repository::postgres::fragment::{Counted, fixed};
use crate::repository::{Page, Result};
use diesel::expression::AsExpression;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{Integer, Text};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

/// The most products that count as close.
const MOST: i64 = 200;
/// The shortest text that is looked for in this way: shorter ones have hardly any trigram.
const SHORTEST: usize = 4;

diesel::infix_operator!(WordSimilar, " <% ", backend: Pg);
diesel::infix_operator!(WordDistance, " <<-> ", diesel::sql_types::Float, backend: Pg);

/// Returns the products with the closest names; none where the filter has no text, or some name contains it.
pub(super) async fn products(
    connection: &AsyncPgConnection,
    filter: &QueueFilter,
) -> Result<Option<Vec<String>>> {
    use raw_products as p;
    let Some(text) = searched(filter).filter(|text| text.chars().count() >= SHORTEST) else {
        return Ok(None);
    };
    let mut connection = connection;
    // In the order of the names, which no index has: otherwise the planner hopes to find one by reading the table.
    let named: Option<String> = p::table
        .filter(p::product_name.ilike(containing(text)).or(p::product_key.eq(text)))
        .select(p::product_key)
        .order(p::product_name)
        .first(&mut connection)
        .await
        .optional()?;
    if named.is_some() {
        return Ok(None);
    }
    let products = p::table
        .filter(WordSimilar::new(AsExpression::<Text>::as_expression(text), p::product_name))
        .select(p::product_key)
        .order((
            WordDistance::new(AsExpression::<Text>::as_expression(text), p::product_name),
            p::product_key,
        ))
        .limit(MOST)
        .load(&mut connection)
        .await?;
    Ok(Some(products))
}

/// Loads the gaps of these products for which the rest of the filter holds.
pub(super) async fn page(
    connection: &AsyncPgConnection,
    products: &[String],
    filter: &QueueFilter,
    sort: QueueSort,
    place: Option<&QueueCursor>,
    limit: usize,
) -> Result<Page<QueueRow, QueueCursor>> {
    let rest = QueueFilter { text: None, ..filter.clone() };
    let mut query = filtered(&rest, sort).filter(review_queue::product_key.eq_any(products));
    if let Some(place) = place {
        query = after(query, sort, place)?;
    }
    let mut connection = connection;
    let mut rows: Vec<Selected> = query
        .select(columns())
        .order((fixed::<Text>(sort_expression(sort)), review_queue::product_key, review_queue::attribute_key))
        .limit(i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1))
        .load(&mut connection)
        .await?;
    let is_last = rows.len() <= limit;
    rows.truncate(limit);
    let next = if is_last { None } else { rows.last().map(|last| cursor(sort, last)) };
    Ok(Page { rows: rows.into_iter().map(row).collect(), next })
}

/// Counts the gaps of these products for which the rest of the filter holds.
pub(super) async fn count(
    connection: &AsyncPgConnection,
    products: &[String],
    filter: &QueueFilter,
) -> Result<Count> {
    let rest = QueueFilter { text: None, ..filter.clone() };
    let query = filtered(&rest, QueueSort::Product).filter(review_queue::product_key.eq_any(products));
    let mut connection = connection;
    let counted: i64 = Counted(query.select(fixed::<Integer>("1"))).get_result(&mut connection).await?;
    Ok(Count::Exact(u64::try_from(counted).unwrap_or(0)))
}

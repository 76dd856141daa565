//! Keyset pages: the rows behind a place, one more than a page has.

use crate::repository::Page;
use diesel::QueryResult;
use diesel::expression::{AppearsOnTable, Expression, SelectableExpression, ValidGrouping, is_aggregate};
use diesel::pg::Pg;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};

/// The most rows of a page.
const MOST_ROWS: usize = 10_000;

/// Which rows a page after a place holds.
#[derive(Debug, Clone, Copy)]
enum Direction {
    Ascending,
    Descending,
}

/// `(columns) > (values)`, or `<`: the rows behind a place, by an index on the columns.
#[derive(Debug, Clone, Copy)]
pub(super) struct Behind<V> {
    columns: &'static str,
    direction: Direction,
    values: V,
}

/// The rows behind a place in an ascending order; `columns` are the order's, separated by commas.
pub(super) fn after<V>(columns: &'static str, values: V) -> Behind<V> {
    Behind { columns, direction: Direction::Ascending, values }
}

/// The rows behind a place in a descending order.
pub(super) fn before<V>(columns: &'static str, values: V) -> Behind<V> {
    Behind { columns, direction: Direction::Descending, values }
}

impl<V> Expression for Behind<V> {
    type SqlType = diesel::sql_types::Bool;
}

impl<V: QueryFragment<Pg>> QueryFragment<Pg> for Behind<V> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("(");
        out.push_sql(self.columns);
        out.push_sql(match self.direction {
            Direction::Ascending => ") > (",
            Direction::Descending => ") < (",
        });
        self.values.walk_ast(out.reborrow())?;
        out.push_sql(")");
        Ok(())
    }
}

impl<V> QueryId for Behind<V> {
    type QueryId = ();
    // The text differs from value to value, so the statement cache must look at the text.
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<V, GroupBy> ValidGrouping<GroupBy> for Behind<V> {
    type IsAggregate = is_aggregate::No;
}

impl<V, Source> AppearsOnTable<Source> for Behind<V> {}
impl<V, Source> SelectableExpression<Source> for Behind<V> {}

/// Returns how many rows to ask for: one more than the page has tells whether there is a next one.
pub(super) fn one_more(limit: usize) -> i64 {
    i64::try_from(limit.clamp(1, MOST_ROWS)).unwrap_or(i64::MAX).saturating_add(1)
}

/// Makes the page of the rows that were found when [`one_more`] was asked for.
pub(super) fn page<T, C>(mut rows: Vec<T>, limit: usize, place: impl Fn(&T) -> C) -> Page<T, C> {
    let limit = limit.clamp(1, MOST_ROWS);
    let is_last = rows.len() <= limit;
    rows.truncate(limit);
    let next = if is_last { None } else { rows.last().map(place) };
    Page { rows, next }
}

//! Pieces of SQL that Diesel's query builder cannot say, safe for its statement cache: their text is fixed.

use diesel::QueryResult;
use diesel::expression::TypedExpressionType;
use diesel::expression::{AppearsOnTable, Expression, SelectableExpression, ValidGrouping, is_aggregate};
use diesel::pg::Pg;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{BigInt, Json, SqlType};
use std::marker::PhantomData;

diesel::define_sql_function! {
    /// The first characters of a text, or null.
    #[sql_name = "left"]
    fn left_or_null(text: diesel::sql_types::Nullable<diesel::sql_types::Text>, characters: diesel::sql_types::Integer)
        -> diesel::sql_types::Nullable<diesel::sql_types::Text>;
}

/// A fixed expression over the tables of the query.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fixed<ST>(&'static str, PhantomData<ST>);

/// Makes a fixed expression of the given type.
pub(super) fn fixed<ST>(sql: &'static str) -> Fixed<ST> {
    Fixed(sql, PhantomData)
}

impl<ST: SqlType + TypedExpressionType> Expression for Fixed<ST> {
    type SqlType = ST;
}

impl<ST> QueryFragment<Pg> for Fixed<ST> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql(self.0);
        Ok(())
    }
}

impl<ST> QueryId for Fixed<ST> {
    type QueryId = ();
    // The text differs from value to value, so the statement cache must look at the text.
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<ST, GroupBy> ValidGrouping<GroupBy> for Fixed<ST> {
    type IsAggregate = is_aggregate::No;
}

impl<ST, Source> AppearsOnTable<Source> for Fixed<ST> where Self: Expression {}
impl<ST, Source> SelectableExpression<Source> for Fixed<ST> where Self: Expression {}

/// `(expression, product_key, attribute_key) > (value, product, attribute)`: the rows of the queue after a place.
#[derive(Debug, Clone, Copy)]
pub(super) struct After<V, P, A> {
    pub expression: &'static str,
    pub value: V,
    pub product: P,
    pub attribute: A,
}

impl<V, P, A> Expression for After<V, P, A> {
    type SqlType = diesel::sql_types::Bool;
}

impl<V: QueryFragment<Pg>, P: QueryFragment<Pg>, A: QueryFragment<Pg>> QueryFragment<Pg> for After<V, P, A> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("(");
        out.push_sql(self.expression);
        out.push_sql(", review_queue.product_key, review_queue.attribute_key) > (");
        self.value.walk_ast(out.reborrow())?;
        out.push_sql(", ");
        self.product.walk_ast(out.reborrow())?;
        out.push_sql(", ");
        self.attribute.walk_ast(out.reborrow())?;
        out.push_sql(")");
        Ok(())
    }
}

impl<V, P, A> QueryId for After<V, P, A> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<V, P, A, GroupBy> ValidGrouping<GroupBy> for After<V, P, A> {
    type IsAggregate = is_aggregate::No;
}

impl<V, P, A, Source> AppearsOnTable<Source> for After<V, P, A> {}
impl<V, P, A, Source> SelectableExpression<Source> for After<V, P, A> {}

/// Counts the rows of a query, which may have a limit.
#[derive(Debug, Clone, Copy)]
pub(super) struct Counted<Q>(pub Q);

impl<Q: QueryFragment<Pg>> QueryFragment<Pg> for Counted<Q> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("SELECT count(*) FROM (");
        self.0.walk_ast(out.reborrow())?;
        out.push_sql(") AS counted");
        Ok(())
    }
}

impl<Q> QueryId for Counted<Q> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<Q> Query for Counted<Q> {
    type SqlType = BigInt;
}

impl<Q, C> diesel::RunQueryDsl<C> for Counted<Q> {}

/// The planner's plan of a query, as JSON; the query does not run.
#[derive(Debug, Clone, Copy)]
pub(super) struct Explained<Q>(pub Q);

impl<Q: QueryFragment<Pg>> QueryFragment<Pg> for Explained<Q> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("EXPLAIN (FORMAT JSON) ");
        self.0.walk_ast(out.reborrow())
    }
}

impl<Q> QueryId for Explained<Q> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<Q> Query for Explained<Q> {
    type SqlType = Json;
}

impl<Q, C> diesel::RunQueryDsl<C> for Explained<Q> {}

//! The statements of a page that go beyond "the next rows of an index".

use super::Columns;
use super::conditions::Condition;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{BigInt, Bool};

/// Looks at the next rows of an order and returns those for which conditions hold. After `most` rows the last one is
/// returned too, whether they hold or not: so it is known how far the statement came.
pub(super) struct Walk<'a, Q> {
    pub columns: Columns,
    /// The next rows whole, in order, `most` of them at most.
    pub next: Q,
    pub conditions: Vec<Condition<'a>>,
    pub most: i64,
    pub limit: i64,
}

impl<Q> Walk<'_, Q> {
    fn conditions<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        for (place, condition) in self.conditions.iter().enumerate() {
            out.push_sql(if place > 0 { " AND (" } else { "(" });
            condition.walk_ast(out.reborrow())?;
            out.push_sql(")");
        }
        Ok(())
    }
}

impl<Q: QueryFragment<Pg>> QueryFragment<Pg> for Walk<'_, Q> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("SELECT ");
        self.columns.walk_ast(out.reborrow())?;
        out.push_sql(", coalesce(");
        self.conditions(out.reborrow())?;
        // Numbered in the order in which they come, so that few matches end the walk early.
        out.push_sql(", false), walked FROM (SELECT review_queue.*, row_number() OVER () AS walked FROM (");
        self.next.walk_ast(out.reborrow())?;
        out.push_sql(") AS review_queue) AS review_queue WHERE (");
        self.conditions(out.reborrow())?;
        out.push_sql(") OR walked = ");
        out.push_bind_param::<BigInt, _>(&self.most)?;
        out.push_sql(" LIMIT ");
        out.push_bind_param::<BigInt, _>(&self.limit)
    }
}

impl<Q> QueryId for Walk<'_, Q> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<Q> Query for Walk<'_, Q> {
    type SqlType = (<Columns as Expression>::SqlType, Bool, BigInt);
}

impl<Q, C> diesel::RunQueryDsl<C> for Walk<'_, Q> {}

/// Gathers rows in whatever way is the quickest, and returns the first ones in order, each with how many were gathered.
pub(super) struct Gather<Q> {
    pub columns: Columns,
    /// What the order sorts by and the two keys of the rows, with a limit.
    pub wanted: Q,
    pub limit: i64,
}

impl<Q: QueryFragment<Pg>> QueryFragment<Pg> for Gather<Q> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        // MATERIALIZED: otherwise the planner may walk the index of the order after all.
        out.push_sql("WITH wanted (place, product_key, attribute_key) AS MATERIALIZED (");
        self.wanted.walk_ast(out.reborrow())?;
        out.push_sql(
            "), first AS MATERIALIZED (SELECT product_key, attribute_key FROM wanted \
             ORDER BY place, product_key, attribute_key LIMIT ",
        );
        out.push_bind_param::<BigInt, _>(&self.limit)?;
        out.push_sql(") SELECT ");
        self.columns.walk_ast(out.reborrow())?;
        out.push_sql(
            ", (SELECT count(*) FROM wanted) FROM first JOIN review_queue \
             ON review_queue.product_key = first.product_key AND review_queue.attribute_key = first.attribute_key",
        );
        Ok(())
    }
}

impl<Q> QueryId for Gather<Q> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<Q> Query for Gather<Q> {
    type SqlType = (<Columns as Expression>::SqlType, BigInt);
}

impl<Q, C> diesel::RunQueryDsl<C> for Gather<Q> {}

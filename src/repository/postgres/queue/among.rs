//! A fixed set of gaps as a condition.

use crate::domain::GapId;
use diesel::expression::{AppearsOnTable, Expression, SelectableExpression, ValidGrouping, is_aggregate};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::{Array, Bool, Text};

/// The gap is one of some.
#[derive(Debug)]
pub(in crate::repository::postgres) struct Among {
    products: Vec<String>,
    attributes: Vec<String>,
}

impl Among {
    /// Names the gaps.
    pub fn of<'a>(gaps: impl Iterator<Item = &'a GapId>) -> Self {
        let (products, attributes) =
            gaps.map(|gap| (gap.product.to_string(), gap.attribute.to_string())).unzip();
        Self { products, attributes }
    }
}

impl Expression for Among {
    type SqlType = Bool;
}

impl QueryFragment<Pg> for Among {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("(review_queue.product_key, review_queue.attribute_key) IN (SELECT * FROM unnest(");
        out.push_bind_param::<Array<Text>, _>(&self.products)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Text>, _>(&self.attributes)?;
        out.push_sql("))");
        Ok(())
    }
}

impl QueryId for Among {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<GroupBy> ValidGrouping<GroupBy> for Among {
    type IsAggregate = is_aggregate::No;
}

impl<Source> AppearsOnTable<Source> for Among {}
impl<Source> SelectableExpression<Source> for Among {}

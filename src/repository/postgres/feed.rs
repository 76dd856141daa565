//! The change feed: what was decided since a moment, and who holds what.

use super::lease::{Terms, lease};
use super::queue::{Selected, columns, row};
use crate::database::schema::{review_leases, review_queue};
use crate::domain::{Changes, GapId, LEASES_SHOWN, Lease, QueueRow};
use crate::repository::Result;
use chrono::{DateTime, Utc};
use diesel::expression::{AppearsOnTable, SelectableExpression, ValidGrouping, is_aggregate};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::{BigInt, Bool, Timestamptz};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use futures_util::try_join;

/// The gap of a queue row was decided since a moment; of very many, the latest.
#[derive(Debug, Clone, Copy, QueryId)]
struct DecidedSince {
    since: DateTime<Utc>,
    limit: i64,
}

impl Expression for DecidedSince {
    type SqlType = Bool;
}

impl QueryFragment<Pg> for DecidedSince {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql(
            "(review_queue.product_key, review_queue.attribute_key) IN \
             (SELECT product_key, attribute_key FROM human_recommendations WHERE recorded_at > ",
        );
        out.push_bind_param::<Timestamptz, _>(&self.since)?;
        out.push_sql(" GROUP BY product_key, attribute_key ORDER BY max(recorded_at) DESC LIMIT ");
        out.push_bind_param::<BigInt, _>(&self.limit)?;
        out.push_sql(")");
        Ok(())
    }
}

impl<GroupBy> ValidGrouping<GroupBy> for DecidedSince {
    type IsAggregate = is_aggregate::No;
}

impl<Source> AppearsOnTable<Source> for DecidedSince {}
impl<Source> SelectableExpression<Source> for DecidedSince {}

/// Tells what was decided since a moment, and who holds what now.
pub(super) async fn changes(
    connection: &AsyncPgConnection,
    since: Option<DateTime<Utc>>,
    limit: usize,
) -> Result<Changes> {
    let limit = limit.clamp(1, 10_000);
    let decided = async {
        match since {
            Some(since) => decided(connection, since, limit).await,
            None => Ok(Vec::new()),
        }
    };
    let (mut rows, leases, now) = try_join!(decided, leases(connection), time(connection))?;
    let cut = rows.len() > limit;
    rows.truncate(limit);
    Ok(Changes { rows, cut, leases, now })
}

/// Loads the gaps decided since, and one more than `limit` where there are more.
async fn decided(
    connection: &AsyncPgConnection,
    since: DateTime<Utc>,
    limit: usize,
) -> QueryResult<Vec<QueueRow>> {
    let mut connection = connection;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1);
    let selected: Vec<Selected> = review_queue::table
        .filter(DecidedSince { since, limit })
        .select(columns())
        .order((review_queue::updated_at.desc(), review_queue::product_key, review_queue::attribute_key))
        .load(&mut connection)
        .await?;
    Ok(selected.into_iter().map(row).collect())
}

async fn leases(connection: &AsyncPgConnection) -> QueryResult<Vec<Lease>> {
    use review_leases as l;
    let mut connection = connection;
    let rows: Vec<(String, String, Terms)> = l::table
        .filter(l::expires_at.gt(diesel::dsl::now))
        .order((l::expires_at, l::product_key, l::attribute_key))
        .limit(i64::try_from(LEASES_SHOWN).unwrap_or(i64::MAX))
        .select((l::product_key, l::attribute_key, (l::token, l::reviewer, l::claimed_at, l::expires_at)))
        .load(&mut connection)
        .await?;
    let leases =
        rows.into_iter().map(|(product, attribute, terms)| lease(GapId::new(product, attribute), terms));
    Ok(leases.collect())
}

async fn time(connection: &AsyncPgConnection) -> QueryResult<DateTime<Utc>> {
    let mut connection = connection;
    diesel::select(diesel::dsl::now.into_sql::<Timestamptz>()).get_result(&mut connection).await
}

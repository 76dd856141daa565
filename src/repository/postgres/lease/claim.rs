//! Claiming gaps. Where an index has the gaps of a filter in the order wanted, one statement finds and claims them. Where it
//! does not (names that contain a text, gaps that an experiment predicted for), they are found as those of a page are, by
//! statements that each end, and claimed by their keys.

use super::Terms;
use crate::database::schema::review_queue;
use crate::domain::{Claim, QueueCursor, QueueFilter};
use crate::repository::Result;
use crate::repository::postgres::fragment::fixed;
use crate::repository::postgres::queue::{
    Among, Boxed, Columns, Selected, after, columns, filtered, is_in_order, page, sort_expression,
};
use chrono::{DateTime, Utc};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{BigInt, Bool, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

/// How many rows beyond those wanted are looked at, where some may be in other hands: together about a page's.
const PASSED_BY: usize = 40;

/// What one attempt to claim led to.
pub(super) struct Tried {
    /// Rows that were free when they were seen; those without terms somebody else claimed at the same time.
    pub rows: Vec<(Selected, Option<Terms>)>,
    /// Where to go on if there are none; at the end of the queue, nowhere.
    pub next: Option<QueueCursor>,
}

/// A row to be claimed, with the terms of its lease where it was got.
pub(super) type Candidate =
    (Selected, (Option<Uuid>, Option<String>, Option<DateTime<Utc>>, Option<DateTime<Utc>>));

/// Claims the rows of a query: takes their locks in passing, and a lease of each that nobody holds meanwhile.
///
/// `MATERIALIZED`: without it, the planner may run the limited query once more for each row. The row locks make claims
/// of the same head of a queue pass each other by; what keeps two from getting the same gap is the lease's key.
#[derive(Debug)]
struct Claiming<'a, Q> {
    candidates: Q,
    token: &'a Uuid,
    reviewer: &'a str,
    /// In milliseconds.
    lasts: &'a i64,
}

impl<Q: QueryFragment<Pg>> QueryFragment<Pg> for Claiming<'_, Q> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql(
            "WITH candidate (c1, c2, c3, c4, c5, c6, c7, c8, c9, c10, c11, c12, c13, c14, c15, c16, c17, c18, \
             c19, place) AS MATERIALIZED (",
        );
        self.candidates.walk_ast(out.reborrow())?;
        out.push_sql(
            " FOR NO KEY UPDATE OF review_queue SKIP LOCKED), \
             claimed AS (INSERT INTO review_leases AS held \
             (product_key, attribute_key, token, reviewer, claimed_at, expires_at) SELECT c1, c2, ",
        );
        out.push_bind_param::<SqlUuid, _>(self.token)?;
        out.push_sql(", ");
        out.push_bind_param::<Text, _>(self.reviewer)?;
        out.push_sql(", now(), now() + ");
        out.push_bind_param::<BigInt, _>(self.lasts)?;
        out.push_sql(
            " * interval '1 millisecond' FROM candidate ORDER BY c1, c2 \
             ON CONFLICT (product_key, attribute_key) DO UPDATE SET token = excluded.token, \
             reviewer = excluded.reviewer, claimed_at = excluded.claimed_at, expires_at = excluded.expires_at \
             WHERE held.expires_at <= now() \
             RETURNING product_key, attribute_key, token, reviewer, claimed_at, expires_at) \
             SELECT c1, c2, c3, c4, c5, c6, c7, c8, c9, c10, c11, c12, c13, c14, c15, c16, c17, c18, c19, \
             token, reviewer, claimed_at, expires_at \
             FROM candidate LEFT JOIN claimed ON product_key = c1 AND attribute_key = c2 ORDER BY place, c1, c2",
        );
        Ok(())
    }
}

impl<Q> QueryId for Claiming<'_, Q> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<Q> Query for Claiming<'_, Q> {
    type SqlType = (
        <Columns as Expression>::SqlType,
        (Nullable<SqlUuid>, Nullable<Text>, Nullable<Timestamptz>, Nullable<Timestamptz>),
    );
}

impl<Q, C> diesel::RunQueryDsl<C> for Claiming<'_, Q> {}

/// Nobody holds the row of the queue.
pub(super) const UNHELD: &str = "NOT EXISTS (SELECT FROM review_leases l WHERE l.product_key = review_queue.product_key \
    AND l.attribute_key = review_queue.attribute_key AND l.expires_at > now())";

/// Claims once, after a place.
pub(super) async fn try_claim(
    connection: &AsyncPgConnection,
    claim: &Claim,
    place: Option<&QueueCursor>,
    lasts: i64,
) -> Result<Tried> {
    let filter = claim.filter.claimable_by(&claim.reviewer);
    if is_in_order(&filter, claim.sort) {
        let mut query = filtered(&filter, claim.sort);
        if let Some(place) = place {
            query = after(query, claim.sort, place)?;
        }
        return Ok(Tried { rows: claim_of(connection, query, claim, lasts).await?, next: None });
    }
    let seen =
        page::load(connection, &filter, claim.sort, place, limit(claim).saturating_add(PASSED_BY)).await?;
    let among = Among::of(seen.rows.iter().map(|row| &row.gap));
    let wanted =
        QueueFilter { state: filter.state, not_first_by: filter.not_first_by, ..QueueFilter::default() };
    let query = filtered(&wanted, claim.sort).filter(among);
    Ok(Tried { rows: claim_of(connection, query, claim, lasts).await?, next: seen.next })
}

fn limit(claim: &Claim) -> usize {
    claim.limit.clamp(1, 1_000)
}

/// Claims the first free ones among the gaps of a query.
async fn claim_of(
    connection: &AsyncPgConnection,
    query: Boxed<'_>,
    claim: &Claim,
    lasts: i64,
) -> Result<Vec<(Selected, Option<Terms>)>> {
    let expression = sort_expression(claim.sort);
    let candidates = query
        .filter(fixed::<Bool>(UNHELD))
        .select((columns(), fixed::<Text>(expression)))
        .order((fixed::<Text>(expression), review_queue::product_key, review_queue::attribute_key))
        .limit(i64::try_from(limit(claim)).unwrap_or(i64::MAX));
    let mut connection = connection;
    let claiming =
        Claiming { candidates, token: &claim.token.0, reviewer: claim.reviewer.as_str(), lasts: &lasts };
    let rows: Vec<Candidate> = claiming.load(&mut connection).await?;
    let terms =
        |(token, reviewer, claimed_at, expires_at)| Some((token?, reviewer?, claimed_at?, expires_at?));
    Ok(rows.into_iter().map(|(selected, lease)| (selected, terms(lease))).collect())
}

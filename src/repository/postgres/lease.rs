//! Leases: claims of open gaps, renewed and given back.

mod distributed;

use super::PostgresStore;
use super::feed;
use super::fragment::fixed;
use super::queue::{Columns, Selected, after, columns, cursor, filtered, row, sort_expression};
use crate::database::schema::{review_leases, review_queue};
use crate::domain::{
    Changes, Claim, Claimed, Fence, GapId, Lease, LeaseToken, QueueFilter, QueueRow, Reviewer, StateFilter,
};
use crate::repository::{LeaseRepository, RepositoryError, Result};
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{Array, BigInt, Bool, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use futures_util::try_join;
use std::time::Duration;
use uuid::Uuid;

/// How often a claim is tried that got nothing of what it saw, because others claimed the same at once.
const TRIES: u32 = 5;

/// The lease as a database row, without the gap.
pub(super) type Terms = (Uuid, String, DateTime<Utc>, DateTime<Utc>);

/// A row to be claimed, with the terms of its lease where it was got.
type Candidate = (Selected, (Option<Uuid>, Option<String>, Option<DateTime<Utc>>, Option<DateTime<Utc>>));

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
            "WITH candidate (c1, c2, c3, c4, c5, c6, c7, c8, c9, c10, c11, c12, c13, c14, c15, c16, c17, place) \
             AS MATERIALIZED (",
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
             SELECT c1, c2, c3, c4, c5, c6, c7, c8, c9, c10, c11, c12, c13, c14, c15, c16, c17, \
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
const UNHELD: &str = "NOT EXISTS (SELECT FROM review_leases l WHERE l.product_key = review_queue.product_key \
    AND l.attribute_key = review_queue.attribute_key AND l.expires_at > now())";

/// Removes some leases that expired a while ago: of reviewers who vanished.
const SWEEP: &str = "DELETE FROM review_leases WHERE (product_key, attribute_key) IN \
    (SELECT product_key, attribute_key FROM review_leases WHERE expires_at < now() - interval '1 minute' \
     LIMIT 100 FOR UPDATE SKIP LOCKED)";

const RENEW: &str = "UPDATE review_leases l SET expires_at = now() + $4 * interval '1 millisecond' \
    FROM unnest($2::text[], $3::text[]) AS g(product_key, attribute_key) \
    WHERE l.product_key = g.product_key AND l.attribute_key = g.attribute_key AND l.token = $1 \
    RETURNING l.product_key, l.attribute_key, l.token, l.reviewer, l.claimed_at, l.expires_at";

const RELEASE: &str = "DELETE FROM review_leases l USING unnest($2::text[], $3::text[]) AS g(product_key, attribute_key) \
    WHERE l.product_key = g.product_key AND l.attribute_key = g.attribute_key AND l.token = $1";

#[derive(QueryableByName)]
#[diesel(table_name = review_leases)]
struct LeaseRow {
    product_key: String,
    attribute_key: String,
    token: Uuid,
    reviewer: String,
    claimed_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
}

impl From<LeaseRow> for Lease {
    fn from(row: LeaseRow) -> Self {
        let terms = (row.token, row.reviewer, row.claimed_at, row.expires_at);
        lease(GapId::new(row.product_key, row.attribute_key), terms)
    }
}

pub(super) fn lease(gap: GapId, (token, reviewer, claimed_at, expires_at): Terms) -> Lease {
    Lease { gap, token: LeaseToken(token), reviewer: Reviewer::from(reviewer), claimed_at, expires_at }
}

/// Returns a lease's time in whole milliseconds.
fn milliseconds(lasts: Duration) -> Result<i64> {
    match i64::try_from(lasts.as_millis()) {
        Ok(lasts) if lasts > 0 => Ok(lasts),
        _ => Err(RepositoryError::Invalid { field: "lease", reason: "it has to last for a while".into() }),
    }
}

fn keys(gaps: &[GapId]) -> (Vec<&str>, Vec<&str>) {
    gaps.iter().map(|gap| (gap.product.as_str(), gap.attribute.as_str())).unzip()
}

/// Claims once; the rows without a lease are those that somebody else claimed at the same time.
async fn try_claim(
    connection: &AsyncPgConnection,
    claim: &Claim,
    lasts: i64,
) -> Result<Vec<(Selected, Option<Terms>)>> {
    let filter = QueueFilter { state: StateFilter::Open, ..claim.filter.clone() };
    let mut query = filtered(&filter, claim.sort).filter(fixed::<Bool>(UNHELD));
    if let Some(place) = &claim.after {
        query = after(query, claim.sort, place)?;
    }
    let expression = sort_expression(claim.sort);
    let candidates = query
        .select((columns(), fixed::<Text>(expression)))
        .order((fixed::<Text>(expression), review_queue::product_key, review_queue::attribute_key))
        .limit(i64::try_from(claim.limit.clamp(1, 1_000)).unwrap_or(1_000));
    let mut connection = connection;
    let claiming =
        Claiming { candidates, token: &claim.token.0, reviewer: claim.reviewer.as_str(), lasts: &lasts };
    let rows: Vec<Candidate> = claiming.load(&mut connection).await?;
    let terms =
        |(token, reviewer, claimed_at, expires_at)| Some((token?, reviewer?, claimed_at?, expires_at?));
    Ok(rows.into_iter().map(|(selected, lease)| (selected, terms(lease))).collect())
}

async fn sweep(connection: &AsyncPgConnection) -> Result<()> {
    let mut connection = connection;
    diesel::sql_query(SWEEP).execute(&mut connection).await?;
    Ok(())
}

/// Refuses a decision on a gap that is in other hands. The gap's queue row must be locked, so that no claim comes between.
pub(super) async fn check(connection: &AsyncPgConnection, gap: &GapId, fence: Fence) -> Result<()> {
    use review_leases as l;
    let own = match fence {
        Fence::Open => return Ok(()),
        Fence::Unheld => None,
        Fence::Lease(token) => Some(token.0),
    };
    let mut connection = connection;
    let held: Option<(Uuid, String, DateTime<Utc>)> = l::table
        .find((gap.product.as_str(), gap.attribute.as_str()))
        .filter(l::expires_at.gt(diesel::dsl::now))
        .select((l::token, l::reviewer, l::expires_at))
        .first(&mut connection)
        .await
        .optional()?;
    match held {
        Some((token, by, until)) if own != Some(token) => {
            Err(RepositoryError::Held { gap: gap.clone(), by: Reviewer::from(by), until })
        }
        _ => Ok(()),
    }
}

/// Ends the lease of a gap, whoever holds it: it is decided.
pub(super) async fn end(connection: &AsyncPgConnection, gap: &GapId) -> QueryResult<()> {
    let mut connection = connection;
    diesel::delete(review_leases::table.find((gap.product.as_str(), gap.attribute.as_str())))
        .execute(&mut connection)
        .await?;
    Ok(())
}

#[async_trait]
impl LeaseRepository for PostgresStore {
    async fn claim(&self, claim: &Claim) -> Result<Claimed> {
        let lasts = milliseconds(claim.lasts)?;
        // Before the connection is taken: an embedded database has one.
        let distributed = self.is_distributed().await?;
        let connection = self.connection().await?;
        let connection = &*connection;
        let mut tried = 0;
        loop {
            tried += 1;
            let (rows, ()) = if distributed {
                try_join!(distributed::try_claim(connection, claim, lasts), distributed::sweep(connection))?
            } else {
                try_join!(try_claim(connection, claim, lasts), sweep(connection))?
            };
            let last = rows.last().map(|(selected, _)| cursor(claim.sort, selected));
            let lost_all = !rows.is_empty() && rows.iter().all(|(_, terms)| terms.is_none());
            if lost_all && tried < TRIES {
                continue;
            }
            let leased = |(selected, terms): (Selected, Option<Terms>)| -> Option<(QueueRow, Lease)> {
                let row = row(selected);
                let lease = lease(row.gap.clone(), terms?);
                Some((row, lease))
            };
            return Ok(Claimed { rows: rows.into_iter().filter_map(leased).collect(), last });
        }
    }

    async fn renew(&self, token: LeaseToken, gaps: &[GapId], lasts: Duration) -> Result<Vec<Lease>> {
        let lasts = milliseconds(lasts)?;
        if self.is_distributed().await? {
            let mut leases = distributed::renew(&*self.connection().await?, token, gaps, lasts).await?;
            leases.sort_by(|a, b| a.gap.cmp(&b.gap));
            return Ok(leases);
        }
        let (products, attributes) = keys(gaps);
        let mut connection = self.connection().await?;
        let rows: Vec<LeaseRow> = diesel::sql_query(RENEW)
            .bind::<SqlUuid, _>(token.0)
            .bind::<Array<Text>, _>(products)
            .bind::<Array<Text>, _>(attributes)
            .bind::<BigInt, _>(lasts)
            .load(&mut connection)
            .await?;
        let mut leases: Vec<Lease> = rows.into_iter().map(Lease::from).collect();
        leases.sort_by(|a, b| a.gap.cmp(&b.gap));
        Ok(leases)
    }

    async fn release(&self, token: LeaseToken, gaps: &[GapId]) -> Result<()> {
        if self.is_distributed().await? {
            return distributed::release(&*self.connection().await?, token, gaps).await;
        }
        let (products, attributes) = keys(gaps);
        let mut connection = self.connection().await?;
        diesel::sql_query(RELEASE)
            .bind::<SqlUuid, _>(token.0)
            .bind::<Array<Text>, _>(products)
            .bind::<Array<Text>, _>(attributes)
            .execute(&mut connection)
            .await?;
        Ok(())
    }

    async fn changes(&self, since: Option<DateTime<Utc>>, limit: usize) -> Result<Changes> {
        feed::changes(&*self.connection().await?, since, limit).await
    }
}

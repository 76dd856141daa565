//! Leases: claims of gaps, renewed and given back.

mod claim;
mod distributed;

use super::PostgresStore;
use super::feed;
use super::queue::{Selected, cursor, ordered, row};
use crate::database::schema::review_leases;
use crate::domain::{Changes, Claim, Claimed, Fence, GapId, Lease, LeaseToken, QueueRow, Reviewer};
use crate::repository::{LeaseRepository, RepositoryError, Result};
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use claim::Tried;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Text, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use futures_util::try_join;
use std::time::Duration;
use uuid::Uuid;

/// How often a claim is tried that got nothing of what it saw, because others claimed the same at once.
const TRIES: u32 = 5;

/// The lease as a database row, without the gap.
pub(super) type Terms = (Uuid, String, DateTime<Utc>, DateTime<Utc>);

/// Removes some leases that expired a while ago: of reviewers who vanished.
const SWEEP: &str = "DELETE FROM review_leases WHERE (product_key, attribute_key) IN \
    (SELECT product_key, attribute_key FROM review_leases WHERE expires_at < now() - interval '1 minute' \
     LIMIT 100 FOR UPDATE SKIP LOCKED)";

/// Locks the rows in the order in which a claim takes them: of two who want the same expired ones, one waits.
const RENEW: &str = "WITH own AS MATERIALIZED (SELECT product_key, attribute_key FROM review_leases \
    WHERE token = $1 AND (product_key, attribute_key) IN (SELECT * FROM unnest($2::text[], $3::text[])) \
    ORDER BY product_key, attribute_key FOR UPDATE) \
    UPDATE review_leases l SET expires_at = now() + $4 * interval '1 millisecond' FROM own g \
    WHERE l.product_key = g.product_key AND l.attribute_key = g.attribute_key AND l.token = $1 \
    RETURNING l.product_key, l.attribute_key, l.token, l.reviewer, l.claimed_at, l.expires_at";

/// As [`RENEW`].
const RELEASE: &str = "WITH own AS MATERIALIZED (SELECT product_key, attribute_key FROM review_leases \
    WHERE token = $1 AND (product_key, attribute_key) IN (SELECT * FROM unnest($2::text[], $3::text[])) \
    ORDER BY product_key, attribute_key FOR UPDATE) \
    DELETE FROM review_leases l USING own g \
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
        Fence::Unheld | Fence::After(_) => None,
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
        let claim = &Claim { sort: ordered(&claim.filter, claim.sort), ..claim.clone() };
        let lasts = milliseconds(claim.lasts)?;
        // Before the connection is taken: an embedded database has one.
        let distributed = self.is_distributed().await?;
        let connection = self.connection().await?;
        let connection = &*connection;
        let (mut tried, mut place) = (0, claim.after.clone());
        loop {
            tried += 1;
            let (Tried { rows, next }, ()) = if distributed {
                try_join!(distributed::try_claim(connection, claim, lasts), distributed::sweep(connection))?
            } else {
                try_join!(claim::try_claim(connection, claim, place.as_ref(), lasts), sweep(connection))?
            };
            let lost_all = !rows.is_empty() && rows.iter().all(|(_, terms)| terms.is_none());
            if lost_all && tried < TRIES {
                continue;
            }
            if rows.is_empty() && next.is_some() {
                (tried, place) = (0, next);
                continue;
            }
            let last = rows.last().map(|(selected, _)| cursor(claim.sort, selected));
            let leased = |(selected, terms): (Selected, Option<Terms>)| -> Option<(QueueRow, Lease)> {
                let row = self.reader.row(row(selected));
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
        let mut changes = feed::changes(&*self.connection().await?, since, limit).await?;
        changes.rows = self.reader.rows(changes.rows);
        Ok(changes)
    }
}

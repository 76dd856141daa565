//! Leases on tables that Citus distributes: every write names its product, and no row is locked across servers.
//!
//! What is missing without the row locks: two who claim the head of a queue at once see the same gaps, and the slower one
//! gets fewer of them; and a gap that is decided between the read and the claim is leased all the same, which the
//! decision's version check tells whoever decides on it. Times are bound: an upsert may not call `now()`.

use super::claim::{Candidate, Tried, UNHELD};
use super::{LeaseRow, Terms};
use crate::database::schema::{review_leases, review_queue};
use crate::domain::{Claim, GapId, Lease, LeaseToken};
use crate::repository::Result;
use crate::repository::postgres::fragment::fixed;
use crate::repository::postgres::queue::{after, columns, filtered, sort_expression};
use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::{ExpressionMethods, OptionalExtension, QueryDsl};
use diesel::sql_types::{Bool, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel::upsert::excluded;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use futures_util::future::try_join_all;
use futures_util::try_join;
use uuid::Uuid;

/// The server's time, by which all leases are measured.
async fn time(connection: &AsyncPgConnection) -> Result<DateTime<Utc>> {
    let mut connection = connection;
    Ok(diesel::select(fixed::<Timestamptz>("now()")).get_result(&mut connection).await?)
}

/// Claims once; the rows without a lease are those that somebody else claimed at the same time.
pub(super) async fn try_claim(connection: &AsyncPgConnection, claim: &Claim, lasts: i64) -> Result<Tried> {
    let filter = claim.filter.claimable_by(&claim.reviewer);
    let mut query = filtered(&filter, claim.sort).filter(fixed::<Bool>(UNHELD));
    if let Some(place) = &claim.after {
        query = after(query, claim.sort, place)?;
    }
    let expression = sort_expression(claim.sort);
    let candidates = query
        .select((
            columns(),
            // No lease yet.
            (
                fixed::<Nullable<SqlUuid>>("NULL::uuid"),
                fixed::<Nullable<Text>>("NULL::text"),
                fixed::<Nullable<Timestamptz>>("NULL::timestamptz"),
                fixed::<Nullable<Timestamptz>>("NULL::timestamptz"),
            ),
        ))
        .order((fixed::<Text>(expression), review_queue::product_key, review_queue::attribute_key))
        .limit(i64::try_from(claim.limit.clamp(1, 1_000)).unwrap_or(1_000));
    let (rows, now) = {
        let mut reading = connection;
        let rows = async { Ok(candidates.load::<Candidate>(&mut reading).await?) };
        try_join!(rows, time(connection))?
    };
    let until = now + TimeDelta::milliseconds(lasts);
    let claims = rows.iter().map(|(selected, _)| {
        take(connection, (&selected.0.0, &selected.0.1), (claim.token.0, claim.reviewer.as_str(), now, until))
    });
    let terms = try_join_all(claims).await?;
    Ok(Tried { rows: rows.into_iter().map(|(selected, _)| selected).zip(terms).collect(), next: None })
}

/// Takes the lease of one gap, unless somebody holds it.
async fn take(
    connection: &AsyncPgConnection,
    (product, attribute): (&str, &str),
    (token, reviewer, now, until): (Uuid, &str, DateTime<Utc>, DateTime<Utc>),
) -> Result<Option<Terms>> {
    use review_leases as l;
    let mut connection = connection;
    let upsert = diesel::insert_into(l::table)
        .values((
            l::product_key.eq(product),
            l::attribute_key.eq(attribute),
            l::token.eq(token),
            l::reviewer.eq(reviewer),
            l::claimed_at.eq(now),
            l::expires_at.eq(until),
        ))
        .on_conflict((l::product_key, l::attribute_key))
        .do_update()
        .set((
            l::token.eq(excluded(l::token)),
            l::reviewer.eq(excluded(l::reviewer)),
            l::claimed_at.eq(excluded(l::claimed_at)),
            l::expires_at.eq(excluded(l::expires_at)),
        ));
    // Not `QueryDsl`'s, of which an upsert has none.
    let upsert =
        diesel::query_dsl::methods::FilterDsl::filter(upsert, l::expires_at.le(excluded(l::claimed_at)));
    Ok(upsert
        .returning((l::token, l::reviewer, l::claimed_at, l::expires_at))
        .get_result::<Terms>(&mut connection)
        .await
        .optional()?)
}

/// Removes leases that expired a while ago: of reviewers who vanished.
pub(super) async fn sweep(connection: &AsyncPgConnection) -> Result<()> {
    let long_ago = time(connection).await? - TimeDelta::minutes(1);
    let mut connection = connection;
    diesel::delete(review_leases::table.filter(review_leases::expires_at.lt(long_ago)))
        .execute(&mut connection)
        .await?;
    Ok(())
}

/// Renews the leases that the token still holds.
pub(super) async fn renew(
    connection: &AsyncPgConnection,
    token: LeaseToken,
    gaps: &[GapId],
    lasts: i64,
) -> Result<Vec<Lease>> {
    use review_leases as l;
    let until = time(connection).await? + TimeDelta::milliseconds(lasts);
    let renewed = gaps.iter().map(|gap| async move {
        let mut connection = connection;
        diesel::update(l::table.find((gap.product.as_str(), gap.attribute.as_str())))
            .filter(l::token.eq(token.0))
            .set(l::expires_at.eq(until))
            .returning((
                l::product_key,
                l::attribute_key,
                l::token,
                l::reviewer,
                l::claimed_at,
                l::expires_at,
            ))
            .get_result::<(String, String, Uuid, String, DateTime<Utc>, DateTime<Utc>)>(&mut connection)
            .await
            .optional()
    });
    let renewed = try_join_all(renewed).await?;
    Ok(renewed
        .into_iter()
        .flatten()
        .map(|(product_key, attribute_key, token, reviewer, claimed_at, expires_at)| {
            Lease::from(LeaseRow { product_key, attribute_key, token, reviewer, claimed_at, expires_at })
        })
        .collect())
}

/// Ends the leases that the token holds.
pub(super) async fn release(connection: &AsyncPgConnection, token: LeaseToken, gaps: &[GapId]) -> Result<()> {
    use review_leases as l;
    let released = gaps.iter().map(|gap| async move {
        let mut connection = connection;
        diesel::delete(l::table.find((gap.product.as_str(), gap.attribute.as_str())))
            .filter(l::token.eq(token.0))
            .execute(&mut connection)
            .await
    });
    try_join_all(released).await?;
    Ok(())
}

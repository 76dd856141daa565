//! Refreshing the materialised views: while others read them, one refresher at a time, and recorded.

use crate::domain::{Refresh, Refreshed, View, ViewState, WhenBusy};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Bool, Double, Text, Timestamptz};
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};
use std::time::Duration;

/// A refresh reads whole tables and may wait for another one: it has no time limit of its own.
const SET_UP: &str = "SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0; SET LOCAL work_mem = '64MB'; \
    SET LOCAL jit = off";

/// Refreshers exclude each other by this advisory lock ("gapview" in hexadecimal), held until the transaction ends.
const WAIT: &str = "SELECT pg_advisory_xact_lock(x'67617076696577'::bigint)";
const TRY: &str = "SELECT pg_try_advisory_xact_lock(x'67617076696577'::bigint) AS yes";

/// The last refresh, and whether it began at most `$2` seconds before this transaction, which may have waited since.
const LAST: &str = "SELECT refreshed_at, seconds, refreshed_at >= now() - make_interval(secs => $2) AS fresh \
    FROM view_refreshes WHERE view_name = $1";

const CLOCK: &str = "SELECT clock_timestamp() AS at";

const RECORD: &str = "INSERT INTO view_refreshes (view_name, refreshed_at, seconds) \
    VALUES ($1, $2, extract(epoch FROM clock_timestamp() - $2)) \
    ON CONFLICT (view_name) DO UPDATE SET refreshed_at = excluded.refreshed_at, seconds = excluded.seconds \
    RETURNING refreshed_at, seconds";

/// Each materialised view's owner is the one who may refresh it; from PostgreSQL 17 on, so may whom MAINTAIN was granted.
const STATES: &str = "SELECT c.relname::text AS view_name, r.refreshed_at, r.seconds, \
        extract(epoch FROM clock_timestamp() - r.refreshed_at)::double precision AS age, \
        has_table_privilege('view_refreshes', 'INSERT') AND has_table_privilege('view_refreshes', 'UPDATE') \
            AND CASE WHEN current_setting('server_version_num')::integer >= 170000 \
                     THEN has_table_privilege(c.oid, 'MAINTAIN') ELSE pg_has_role(c.relowner, 'USAGE') END AS may_refresh \
    FROM pg_class c LEFT JOIN view_refreshes r ON r.view_name = c.relname \
    WHERE c.oid = ANY (ARRAY['product_summary'::regclass, 'product_details'::regclass, 'product_gaps'::regclass, \
        'category_values'::regclass]) \
    ORDER BY c.relname";

/// Returns the statements that fill a view: whether it has rows, plainly, and while others read it.
fn statements(view: View) -> [&'static str; 3] {
    macro_rules! of {
        ($name:literal) => {
            [
                concat!(
                    "SELECT relispopulated AND pg_relation_size(oid) > 0 AS yes FROM pg_class WHERE oid = '",
                    $name,
                    "'::regclass"
                ),
                concat!("REFRESH MATERIALIZED VIEW ", $name),
                concat!("REFRESH MATERIALIZED VIEW CONCURRENTLY ", $name),
            ]
        };
    }
    match view {
        View::ProductSummary => of!("product_summary"),
        View::ProductDetails => of!("product_details"),
        View::ProductGaps => of!("product_gaps"),
        View::CategoryValues => of!("category_values"),
    }
}

#[derive(QueryableByName)]
struct Yes {
    #[diesel(sql_type = Bool)]
    yes: bool,
}

#[derive(QueryableByName)]
struct At {
    #[diesel(sql_type = Timestamptz)]
    at: DateTime<Utc>,
}

#[derive(QueryableByName)]
struct Last {
    #[diesel(sql_type = Timestamptz)]
    refreshed_at: DateTime<Utc>,
    #[diesel(sql_type = Double)]
    seconds: f64,
    #[diesel(sql_type = Bool)]
    fresh: bool,
}

#[derive(QueryableByName)]
struct State {
    #[diesel(sql_type = Text)]
    view_name: String,
    #[diesel(sql_type = diesel::sql_types::Nullable<Timestamptz>)]
    refreshed_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = diesel::sql_types::Nullable<Double>)]
    seconds: Option<f64>,
    #[diesel(sql_type = diesel::sql_types::Nullable<Double>)]
    age: Option<f64>,
    #[diesel(sql_type = Bool)]
    may_refresh: bool,
}

/// Brings a materialised view up to date, in a transaction of its own: an empty one plainly, which is quicker, one with
/// rows so that others can read it meanwhile.
///
/// A view whose last refresh began at most `older_than` before this call is left alone; nothing is younger than zero.
pub(crate) async fn refresh_view(
    connection: &mut AsyncPgConnection,
    view: View,
    older_than: Duration,
    busy: WhenBusy,
) -> QueryResult<Refreshed> {
    connection
        .transaction(async |connection: &mut AsyncPgConnection| {
            connection.batch_execute(SET_UP).await?;
            if busy == WhenBusy::Wait {
                connection.batch_execute(WAIT).await?;
            } else if !diesel::sql_query(TRY).get_result::<Yes>(connection).await?.yes {
                return Ok(Refreshed::Busy);
            }
            let last: Option<Last> = diesel::sql_query(LAST)
                .bind::<Text, _>(view.as_str())
                .bind::<Double, _>(older_than.as_secs_f64())
                .get_result(connection)
                .await
                .optional()?;
            if let Some(Last { refreshed_at, seconds, fresh: true }) = last {
                return Ok(Refreshed::Fresh(Refresh { refreshed_at, seconds }));
            }
            let [has_rows, plain, concurrently] = statements(view);
            let At { at } = diesel::sql_query(CLOCK).get_result(connection).await?;
            let has_rows: Yes = diesel::sql_query(has_rows).get_result(connection).await?;
            connection.batch_execute(if has_rows.yes { concurrently } else { plain }).await?;
            record(connection, view, at).await.map(Refreshed::Done)
        })
        .await
}

async fn record(connection: &mut AsyncPgConnection, view: View, at: DateTime<Utc>) -> QueryResult<Refresh> {
    #[derive(QueryableByName)]
    struct Recorded {
        #[diesel(sql_type = Timestamptz)]
        refreshed_at: DateTime<Utc>,
        #[diesel(sql_type = Double)]
        seconds: f64,
    }
    let Recorded { refreshed_at, seconds } = diesel::sql_query(RECORD)
        .bind::<Text, _>(view.as_str())
        .bind::<Timestamptz, _>(at)
        .get_result(connection)
        .await?;
    Ok(Refresh { refreshed_at, seconds })
}

/// Loads what is known of each materialised view.
pub(super) async fn view_states(connection: &mut AsyncPgConnection) -> QueryResult<Vec<ViewState>> {
    let rows: Vec<State> = diesel::sql_query(STATES).load(connection).await?;
    let state = |view: View| {
        let row = rows.iter().find(|row| row.view_name == view.as_str())?;
        let last = row
            .refreshed_at
            .zip(row.seconds)
            .map(|(refreshed_at, seconds)| Refresh { refreshed_at, seconds });
        Some(ViewState { view, last, age: row.age, may_refresh: row.may_refresh })
    };
    Ok(View::ALL.into_iter().filter_map(state).collect())
}

//! The materialised views.

use diesel::sql_types::Bool;
use diesel::{QueryResult, QueryableByName};
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};

/// A view with the statements that fill it: plainly, and while others read it.
struct View {
    has_rows: &'static str,
    plain: &'static str,
    concurrently: &'static str,
}

macro_rules! view {
    ($name:literal) => {
        View {
            has_rows: concat!(
                "SELECT relispopulated AND pg_relation_size(oid) > 0 AS yes FROM pg_class WHERE oid = '",
                $name,
                "'::regclass"
            ),
            plain: concat!("REFRESH MATERIALIZED VIEW ", $name),
            concurrently: concat!("REFRESH MATERIALIZED VIEW CONCURRENTLY ", $name),
        }
    };
}

const VIEWS: [View; 3] = [view!("product_summary"), view!("product_details"), view!("product_gaps")];

#[derive(QueryableByName)]
struct Yes {
    #[diesel(sql_type = Bool)]
    yes: bool,
}

/// A refresh reads whole tables: it has no time limit of its own.
const SET_UP: &str = "SET LOCAL statement_timeout = 0; SET LOCAL work_mem = '64MB'; SET LOCAL jit = off";

/// Refreshes the materialised views, each in a transaction of its own: an empty one plainly, which is quicker, one with
/// rows so that others can read it meanwhile.
pub async fn refresh_views(connection: &mut AsyncPgConnection) -> QueryResult<()> {
    for view in &VIEWS {
        connection
            .transaction(async |connection: &mut AsyncPgConnection| {
                connection.batch_execute(SET_UP).await?;
                let has_rows: Yes = diesel::sql_query(view.has_rows).get_result(connection).await?;
                connection.batch_execute(if has_rows.yes { view.concurrently } else { view.plain }).await
            })
            .await?;
    }
    Ok(())
}

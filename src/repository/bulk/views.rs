//! The materialised views and the planner's statistics.

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

/// From how many changed rows on statistics are worth gathering.
pub const WORTH_STATISTICS: u64 = 500;

/// Vectors and texts that nothing is planned by are left out: sampling them takes most of the time.
const STATISTICS: &str = "ANALYZE raw_products, raw_categories, raw_attributes, raw_product_categories,
    raw_category_attributes, raw_product_attribute_values (product_key, attribute_key, value_md5),
    raw_product_attribute_gaps, raw_category_allowable_values (category_key, attribute_key, value_md5),
    raw_attribute_allowable_values_applicable_in_every_category, raw_attribute_allowable_values_in_any_category,
    raw_product_attribute_allowable_values, raw_rich_text_sources (product_key, source), raw_recommendation_rounds,
    raw_recommendations (product_key, attribute_key, round_key, value_md5, confidence, created_at),
    prediction_experiments,
    prediction_results (product_key, attribute_key, experiment_key, value_md5, confidence, is_correct, created_at),
    review_queue, product_embeddings (product_key, created_at)";

/// Gathers the planner's statistics of all tables; the embedded database has nobody else who does.
pub async fn gather_statistics(connection: &mut AsyncPgConnection) -> QueryResult<()> {
    connection.batch_execute(STATISTICS).await
}

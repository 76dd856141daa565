//! Whether the tables are there, and what this user may do with them.

use super::{Finding, Level, row};
use crate::database::{Connection, Database};
use crate::error::AppError;
use crate::repository::Result;

pub(super) async fn migrations(database: &Database) -> std::result::Result<Vec<Finding>, AppError> {
    let state = database.migration_state().await?;
    let mut found = Vec::new();
    if let Some(first) = state.pending.first() {
        found.push(Finding::new(
            Level::Error,
            "migrations",
            format!("{} of gapdeck's migrations have not run, {first} the first", state.pending.len()),
            "gapdeck migrate",
        ));
    }
    if !state.unknown.is_empty() {
        found.push(Finding::new(
            Level::Warning,
            "migrations",
            format!("a newer gapdeck has changed the tables ({})", state.unknown.join(", ")),
            "update this gapdeck",
        ));
    }
    if found.is_empty() {
        found.push(Finding::ok("migrations", "the tables are up to date"));
    }
    Ok(found)
}

/// Who this is; the tables and views that may not be read; whether this user may decide, load, and owns the tables.
const ALLOWED: &str = "
    SELECT ARRAY[current_user::text,
        coalesce((SELECT string_agg(c.relname, ', ' ORDER BY c.relname) FROM pg_class c
                   WHERE c.relnamespace = q.relnamespace AND c.relkind IN ('r', 'v', 'm', 'p')
                     AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid
                                        AND d.deptype = 'e')
                     AND (c.relname LIKE 'raw\\_%' OR c.relname IN ('review_queue', 'review_leases',
                          'human_recommendations', 'product_embeddings', 'prediction_experiments', 'prediction_results',
                          'product_summary', 'product_details', 'product_gaps', 'category_values', 'experiment_summary', 'metric_trends',
                          'embedding_stats'))
                     AND NOT has_table_privilege(c.oid, 'SELECT')), ''),
        (has_column_privilege('human_recommendations', 'result_state', 'INSERT')
            AND has_column_privilege('review_queue', 'first_by', 'UPDATE')
            AND has_any_column_privilege('prediction_results', 'UPDATE')
            AND has_table_privilege('review_leases', 'INSERT') AND has_table_privilege('review_leases', 'DELETE'))::text,
        (has_table_privilege('raw_products', 'INSERT') AND has_table_privilege('raw_product_attribute_gaps', 'INSERT')
            AND has_table_privilege('prediction_results', 'INSERT'))::text,
        pg_has_role(q.relowner, 'USAGE')::text] AS cells
      FROM pg_class q WHERE q.oid = 'review_queue'::regclass";

pub(super) async fn privileges(connection: &mut Connection) -> Result<Vec<Finding>> {
    let told = row(connection, ALLOWED).await?;
    let [user, unreadable, decide, load, own] = told.as_slice() else { return Ok(Vec::new()) };
    let mut found = Vec::new();
    if !unreadable.is_empty() {
        found.push(Finding::new(
            Level::Error,
            "privileges",
            format!("{user} may not read {unreadable}"),
            format!("as the tables' owner, run what `gapdeck grants {user}` prints"),
        ));
        return Ok(found);
    }
    let yes = |text: &str| text == "true";
    if !yes(decide) {
        found.push(Finding::new(
            Level::Notice,
            "privileges",
            format!("{user} may look at everything, but not decide"),
            format!("as the tables' owner, run what `gapdeck grants {user}` prints"),
        ));
    }
    let can = match (yes(load), yes(own)) {
        (true, true) => "import, migrate, build indexes and refresh views",
        (true, false) => "import, but not migrate or build indexes",
        (false, _) => "neither import nor migrate",
    };
    if yes(decide) {
        found.push(Finding::ok("privileges", format!("{user} may review, and can {can}")));
    }
    Ok(found)
}

//! Tables, their indexes, triggers and statistics, and the materialised views.

use super::{Finding, Level, rows};
use crate::database::{Connection, Database};
use crate::repository::{Result, ViewRepository};

/// From how old on a view is called old, in seconds.
const OLD: f64 = 24.0 * 3600.0;

/// Invalid indexes that nobody is building just now; the vector index is judged elsewhere.
const INVALID: &str = "
    SELECT ARRAY[c.relname::text, t.relname::text] AS cells
      FROM pg_index i
      JOIN pg_class c ON c.oid = i.indexrelid
      JOIN pg_class t ON t.oid = i.indrelid
      JOIN pg_class q ON q.oid = 'review_queue'::regclass AND q.relnamespace = t.relnamespace
     WHERE NOT i.indisvalid AND c.relname NOT LIKE 'product\\_embeddings\\_embedding%'
       AND NOT EXISTS (SELECT FROM pg_stat_progress_create_index p WHERE p.index_relid = c.oid) ORDER BY 1";

const DISABLED: &str = "
    SELECT ARRAY[t.relname::text, string_agg(g.tgname::text, ', ' ORDER BY g.tgname)] AS cells
      FROM pg_trigger g JOIN pg_class t ON t.oid = g.tgrelid
      JOIN pg_class q ON q.oid = 'review_queue'::regclass AND q.relnamespace = t.relnamespace
     WHERE NOT g.tgisinternal AND g.tgenabled = 'D' GROUP BY t.relname ORDER BY t.relname";

/// Tables of more than a few pages that nobody has counted.
const UNKNOWN: &str = "
    SELECT ARRAY[string_agg(t.relname::text, ', ' ORDER BY t.relname)] AS cells
      FROM pg_class t JOIN pg_class q ON q.oid = 'review_queue'::regclass AND q.relnamespace = t.relnamespace
     WHERE t.relkind = 'r' AND t.reltuples < 0 AND pg_relation_size(t.oid) > 1048576 HAVING count(*) > 0";

const DEAD: &str = "
    SELECT ARRAY[s.relname::text, s.n_dead_tup::text, s.n_live_tup::text] AS cells
      FROM pg_stat_user_tables s JOIN pg_class q ON q.oid = 'review_queue'::regclass
      JOIN pg_class t ON t.oid = s.relid AND t.relnamespace = q.relnamespace
     WHERE s.n_dead_tup > 10000 AND s.n_dead_tup > s.n_live_tup * 0.3 ORDER BY s.n_dead_tup DESC";

pub(super) async fn check(database: &Database, connection: &mut Connection) -> Result<Vec<Finding>> {
    let mut found = Vec::new();
    for cells in rows(connection, INVALID, &[]).await? {
        if let [Some(index), Some(table)] = cells.as_slice() {
            found.push(Finding::new(
                Level::Warning,
                "indexes",
                format!("{index} on {table} is not valid: its build was interrupted, no query uses it"),
                format!("REINDEX INDEX CONCURRENTLY {index}"),
            ));
        }
    }
    for cells in rows(connection, DISABLED, &[]).await? {
        if let [Some(table), Some(triggers)] = cells.as_slice() {
            found.push(Finding::new(
                Level::Warning,
                "triggers",
                format!("triggers on {table} are disabled ({triggers}): the queue does not follow it"),
                format!("ALTER TABLE {table} ENABLE TRIGGER USER, then `gapdeck queue sync`"),
            ));
        }
    }
    for cells in rows(connection, UNKNOWN, &[]).await? {
        if let [Some(tables)] = cells.as_slice() {
            found.push(Finding::new(
                Level::Warning,
                "statistics",
                format!("the planner has no statistics of {tables}: it plans blindly"),
                format!("ANALYZE {tables}"),
            ));
        }
    }
    if !database.is_embedded() {
        for cells in rows(connection, DEAD, &[]).await? {
            if let [Some(table), Some(dead), Some(live)] = cells.as_slice() {
                found.push(Finding::new(
                    Level::Warning,
                    "vacuum",
                    format!("{table} holds {dead} dead rows beside {live} live ones: something keeps vacuum from clearing them"),
                    format!("end transactions that stay open (pg_stat_activity, xact_start), then VACUUM {table}"),
                ));
            }
        }
    }
    if found.is_empty() {
        found.push(Finding::ok("tables", "indexes are valid, triggers enabled, statistics there"));
    }
    Ok(found)
}

pub(super) async fn views(store: &impl ViewRepository) -> Result<Vec<Finding>> {
    let mut found = Vec::new();
    for state in store.view_states().await? {
        let name = state.view.as_str();
        found.push(match state.age {
            None => Finding::new(
                Level::Notice,
                "views",
                format!("nobody has noted when {name} was refreshed"),
                format!("gapdeck refresh {name}"),
            ),
            Some(age) if age > OLD => Finding::new(
                Level::Notice,
                "views",
                format!("{name} was refreshed {:.0} hours ago", age / 3600.0),
                format!("gapdeck refresh {name}"),
            ),
            Some(age) => Finding::ok("views", format!("{name} was refreshed {:.0} minutes ago", age / 60.0)),
        });
    }
    Ok(found)
}

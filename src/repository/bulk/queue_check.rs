//! The queue compared with the raw tables and the decisions, range by range; nothing is written.

use super::session::{Parameter, Session};
use super::{PRODUCTS_AT_ONCE, Synced};
use crate::repository::{RepositoryError, Result};
use std::time::{Duration, Instant};

/// What a comparison found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Compared {
    /// Rows out of step: what bringing the queue in step would do.
    pub out_of_step: Synced,
    /// Products compared.
    pub products: u64,
    /// Whether that was all of them.
    pub complete: bool,
}

const RANGE_END: &str = "SELECT ARRAY[product_key] AS cells FROM raw_products WHERE product_key > $1
 ORDER BY product_key OFFSET $2 LIMIT 1";

/// The range as a condition, and the expressions that score its gaps: each range is planned for its own number of rows.
const PARTS: &str = "SELECT ARRAY[keys,
        gapdeck_score_sql('SELECT product_key, attribute_key FROM raw_product_attribute_gaps WHERE ' || keys)] AS cells
   FROM (SELECT concat_ws(' AND ', 'true', 'product_key > ' || quote_literal(nullif($1, '')),
                          'product_key <= ' || quote_literal(nullif($2, ''))) AS keys) AS k";

/// Compares the queue with the tables, some thousand products at a time, until all are compared or `patience` is over;
/// tells `progress` how many products are done. Each range is read at one moment, so that writers do no harm.
pub async fn check_queue(
    session: &mut Session<'_>,
    patience: Option<Duration>,
    mut progress: impl FnMut(u64) + Send,
) -> Result<Compared> {
    let started = Instant::now();
    let (mut compared, mut after) = (Compared::default(), String::new());
    loop {
        let range = [Parameter::Text(&after), Parameter::Number(i64::from(PRODUCTS_AT_ONCE) - 1)];
        let end =
            session.rows(RANGE_END, &range).await?.pop().and_then(|row| row.into_iter().next().flatten());
        let until = end.clone().unwrap_or_default();
        compare(session, &after, &until, &mut compared.out_of_step).await?;
        let Some(end) = end else {
            compared.complete = true;
            return Ok(compared);
        };
        compared.products += u64::from(PRODUCTS_AT_ONCE);
        progress(compared.products);
        after = end;
        if patience.is_some_and(|patience| started.elapsed() > patience) {
            return Ok(compared);
        }
    }
}

async fn compare(session: &mut Session<'_>, after: &str, until: &str, sum: &mut Synced) -> Result<()> {
    let parts = session.rows(PARTS, &[Parameter::Text(after), Parameter::Text(until)]).await?.pop();
    let Some([Some(keys), Some(score)]) = parts.as_deref() else {
        return Err(RepositoryError::Database("gapdeck_score_sql() gave nothing".into()));
    };
    let sql = format!(
        "WITH {score}, gap AS (
            SELECT g.product_key, g.attribute_key, g.created_at, left(coalesce(p.product_name, ''), 1000) AS product_name,
                   coalesce(c.category_key, '') AS category_key
              FROM (SELECT product_key, attribute_key, created_at FROM raw_product_attribute_gaps WHERE {keys}) AS g
              JOIN raw_products p USING (product_key)
              LEFT JOIN (SELECT product_key, min(category_key) AS category_key FROM raw_product_categories
                          WHERE {keys} GROUP BY product_key) AS c USING (product_key)
        ), queue AS (SELECT * FROM review_queue WHERE {keys}
        ), last AS (
            SELECT product_key, attribute_key, max(result_version) AS version FROM human_recommendations
             WHERE {keys} GROUP BY product_key, attribute_key
        ), pairs AS (
            SELECT g.created_at IS NOT NULL AS gap, q.version IS NOT NULL AS row,
                   (q.best_value, q.best_confidence, q.candidate_count, q.value_count, q.disagreement, q.uncertainty)
                       IS DISTINCT FROM (s.best_value, s.best_confidence, coalesce(s.candidate_count, 0),
                           coalesce(s.value_count, 0), coalesce(s.disagreement, 0), coalesce(s.uncertainty, -1)) AS rescored,
                   (q.product_name, q.category_key, q.gap_created_at)
                       IS DISTINCT FROM (g.product_name, g.category_key, g.created_at) AS described,
                   q.version < l.version AS decided
              FROM gap g FULL JOIN queue q USING (product_key, attribute_key)
              LEFT JOIN score s USING (product_key, attribute_key)
              LEFT JOIN last l USING (product_key, attribute_key)
        )
        SELECT ARRAY[count(*) FILTER (WHERE NOT gap), count(*) FILTER (WHERE NOT row),
                     count(*) FILTER (WHERE gap AND row AND rescored), count(*) FILTER (WHERE gap AND row AND described),
                     count(*) FILTER (WHERE gap AND row AND decided)]::text[] AS cells FROM pairs"
    );
    let counts = session.rows(&sql, &[]).await?.pop().unwrap_or_default();
    let mut counts =
        counts.into_iter().map(|cell| cell.and_then(|cell| cell.parse::<u64>().ok()).unwrap_or(0));
    let mut next = || counts.next().unwrap_or(0);
    sum.removed += next();
    sum.added += next();
    sum.rescored += next();
    sum.described += next();
    sum.decided += next();
    Ok(())
}

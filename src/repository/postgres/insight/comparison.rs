//! Two experiments on the same gaps.

use crate::domain::{Confidence, Difference, ExperimentKey, GapId, Guess};
use crate::insight::comparison::Comparison;
use crate::repository::postgres::keyset;
use crate::repository::postgres::queue::SHORT;
use crate::repository::{Page, Result};
use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Double, Integer, Nullable, Text};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

/// Gaps that both experiments predicted and that are judged, by who was right. What was accepted unseen was accepted because
/// one of them was sure of it: no evidence of who is right.
const COMPARE: &str = "SELECT count(*) FILTER (WHERE a.is_correct AND b.is_correct) AS both_right,
       count(*) FILTER (WHERE a.is_correct AND NOT b.is_correct) AS only_first,
       count(*) FILTER (WHERE NOT a.is_correct AND b.is_correct) AS only_second,
       count(*) FILTER (WHERE NOT a.is_correct AND NOT b.is_correct) AS both_wrong
  FROM (SELECT DISTINCT ON (product_key, attribute_key) product_key, attribute_key, is_correct
          FROM prediction_results WHERE experiment_key = $1 AND is_correct IS NOT NULL
         ORDER BY product_key, attribute_key, confidence DESC NULLS LAST, value COLLATE \"C\") a
  JOIN (SELECT DISTINCT ON (product_key, attribute_key) product_key, attribute_key, is_correct
          FROM prediction_results WHERE experiment_key = $2 AND is_correct IS NOT NULL
         ORDER BY product_key, attribute_key, confidence DESC NULLS LAST, value COLLATE \"C\") b
       USING (product_key, attribute_key)
 WHERE NOT EXISTS (SELECT FROM review_queue d
        JOIN human_recommendations h ON h.product_key = d.product_key AND h.decision_id = d.decision_id
        WHERE d.product_key = a.product_key AND d.attribute_key = a.attribute_key AND h.policy LIKE 'bulk:%')";

#[derive(QueryableByName)]
struct CompareRow {
    #[diesel(sql_type = BigInt)]
    both_right: i64,
    #[diesel(sql_type = BigInt)]
    only_first: i64,
    #[diesel(sql_type = BigInt)]
    only_second: i64,
    #[diesel(sql_type = BigInt)]
    both_wrong: i64,
}

impl From<CompareRow> for Comparison {
    fn from(row: CompareRow) -> Self {
        Self {
            both_right: row.both_right.unsigned_abs(),
            only_first: row.only_first.unsigned_abs(),
            only_second: row.only_second.unsigned_abs(),
            both_wrong: row.both_wrong.unsigned_abs(),
        }
    }
}

/// Counts who was right.
pub(super) async fn compare(
    mut connection: &AsyncPgConnection,
    first: &ExperimentKey,
    second: &ExperimentKey,
) -> Result<Comparison> {
    let row: CompareRow = diesel::sql_query(COMPARE)
        .bind::<Text, _>(first.as_str())
        .bind::<Text, _>(second.as_str())
        .get_result(&mut connection)
        .await?;
    Ok(row.into())
}

/// What both were most confident of on the gaps behind a place. Judged predictions alone are read: by their own index where
/// they are few, in the order of the gaps where they are many. Of several predictions of one experiment, the first in the
/// order of [`COMPARE`] counts.
const DIFFERENCES: &str = "SELECT a.product_key, a.attribute_key, left(coalesce(q.product_name, ''), $6) AS product_name,
       left(a.value, $6) AS won, a.confidence AS won_confidence, left(b.value, $6) AS lost, b.confidence AS lost_confidence
  FROM prediction_results a
  JOIN prediction_results b ON b.product_key = a.product_key AND b.attribute_key = a.attribute_key
  LEFT JOIN review_queue q ON q.product_key = a.product_key AND q.attribute_key = a.attribute_key
 WHERE a.experiment_key = $1 AND a.is_correct AND a.is_correct IS NOT NULL
   AND b.experiment_key = $2 AND NOT b.is_correct AND b.is_correct IS NOT NULL
   AND (a.product_key, a.attribute_key) > ($3 COLLATE \"C\", $4 COLLATE \"C\")
   AND NOT EXISTS (SELECT FROM prediction_results o
        WHERE o.product_key = a.product_key AND o.attribute_key = a.attribute_key
          AND o.experiment_key = a.experiment_key AND o.is_correct IS NOT NULL
          AND (coalesce(o.confidence, -1) > coalesce(a.confidence, -1)
               OR (coalesce(o.confidence, -1) = coalesce(a.confidence, -1) AND o.value COLLATE \"C\" < a.value COLLATE \"C\")))
   AND NOT EXISTS (SELECT FROM prediction_results o
        WHERE o.product_key = b.product_key AND o.attribute_key = b.attribute_key
          AND o.experiment_key = b.experiment_key AND o.is_correct IS NOT NULL
          AND (coalesce(o.confidence, -1) > coalesce(b.confidence, -1)
               OR (coalesce(o.confidence, -1) = coalesce(b.confidence, -1) AND o.value COLLATE \"C\" < b.value COLLATE \"C\")))
   AND NOT EXISTS (SELECT FROM review_queue d
        JOIN human_recommendations h ON h.product_key = d.product_key AND h.decision_id = d.decision_id
        WHERE d.product_key = a.product_key AND d.attribute_key = a.attribute_key AND h.policy LIKE 'bulk:%')
 ORDER BY a.product_key, a.attribute_key LIMIT $5";

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    product_key: String,
    #[diesel(sql_type = Text)]
    attribute_key: String,
    #[diesel(sql_type = Text)]
    product_name: String,
    #[diesel(sql_type = Text)]
    won: String,
    #[diesel(sql_type = Nullable<Double>)]
    won_confidence: Option<f64>,
    #[diesel(sql_type = Text)]
    lost: String,
    #[diesel(sql_type = Nullable<Double>)]
    lost_confidence: Option<f64>,
}

impl From<Row> for Difference {
    fn from(row: Row) -> Self {
        let guess = |value: String, confidence: Option<f64>| Guess {
            value,
            confidence: confidence.and_then(|confidence| Confidence::new(confidence).ok()),
        };
        Self {
            gap: GapId::new(row.product_key.as_str(), row.attribute_key.as_str()),
            product_name: row.product_name,
            won: guess(row.won, row.won_confidence),
            lost: guess(row.lost, row.lost_confidence),
        }
    }
}

/// Loads a page of them.
pub(super) async fn differences(
    mut connection: &AsyncPgConnection,
    winner: &ExperimentKey,
    loser: &ExperimentKey,
    after: Option<&GapId>,
    limit: usize,
) -> Result<Page<Difference, GapId>> {
    // No key is empty, so that nothing comes before the empty one.
    let (product, attribute) = after.map_or(("", ""), |gap| (gap.product.as_str(), gap.attribute.as_str()));
    let rows: Vec<Row> = diesel::sql_query(DIFFERENCES)
        .bind::<Text, _>(winner.as_str())
        .bind::<Text, _>(loser.as_str())
        .bind::<Text, _>(product)
        .bind::<Text, _>(attribute)
        .bind::<BigInt, _>(keyset::one_more(limit))
        .bind::<Integer, _>(SHORT)
        .load(&mut connection)
        .await?;
    let rows: Vec<Difference> = rows.into_iter().map(Difference::from).collect();
    Ok(keyset::page(rows, limit, |row| row.gap.clone()))
}

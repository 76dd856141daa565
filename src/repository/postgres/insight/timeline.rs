//! What the last decisions say of predictions, in the order of the decisions.

use crate::domain::{
    AttributeKey, CategoryKey, Confidence, ExperimentKey, JudgedBy, JudgedFilter, Judgement,
};
use crate::repository::postgres::lenient::Moment;
use crate::repository::{Result, Timeline};
use diesel::QueryableByName;
use diesel::pg::Pg;
use diesel::sql_types::{BigInt, Bool, Double, Nullable, Text, Timestamptz};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use std::collections::BTreeMap;

/// The last decisions, by the index on their times; `$1` is how many. What was accepted unseen says nothing.
const RECENT: &str = "(SELECT product_key, attribute_key, decision_id, recorded_at FROM human_recommendations
         WHERE action IN ('accept', 'override', 'reject', 'not_applicable') AND policy NOT LIKE 'bulk:%'";
const LAST: &str = " ORDER BY recorded_at DESC, decision_id DESC LIMIT $1) r";

/// What they judge: the gap's row names the decision in force, so that one that was undone or overtaken judges nothing.
const JUDGED: &str =
    " JOIN prediction_results p ON p.product_key = r.product_key AND p.attribute_key = r.attribute_key
  JOIN review_queue q ON q.product_key = p.product_key AND q.attribute_key = p.attribute_key
 WHERE q.decision_id = r.decision_id AND p.is_correct IS NOT NULL";
/// Of several predictions, the first of this order counts.
const BEST: &str = "p.confidence DESC NULLS LAST, p.value COLLATE \"C\", p.experiment_key";

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    key: String,
    #[diesel(sql_type = Timestamptz)]
    recorded_at: Moment,
    #[diesel(sql_type = Nullable<Double>)]
    confidence: Option<f64>,
    #[diesel(sql_type = Bool)]
    is_correct: bool,
}

/// Puts the statement together, of fixed pieces.
fn statement(filter: &JudgedFilter, by: JudgedBy) -> (String, Vec<String>) {
    let mut given = Vec::new();
    let mut condition = |sql: &str, key: Option<&str>| {
        key.map_or_else(String::new, |key| {
            given.push(key.to_owned());
            format!(" AND {sql} = ${}", given.len() + 1)
        })
    };
    let recent = condition("attribute_key", filter.attribute.as_ref().map(AttributeKey::as_str));
    let mut which = condition("p.experiment_key", filter.experiment.as_ref().map(ExperimentKey::as_str));
    which.push_str(&condition("q.category_key", filter.category.as_ref().map(CategoryKey::as_str)));
    let key = match by {
        JudgedBy::Experiment => "p.experiment_key",
        JudgedBy::Attribute => "r.attribute_key",
        JudgedBy::Category => "q.category_key",
    };
    let one = match by {
        JudgedBy::Experiment => "r.recorded_at, r.decision_id, r.product_key, p.experiment_key",
        _ => "r.recorded_at, r.decision_id, r.product_key",
    };
    let sql = format!(
        "SELECT DISTINCT ON ({one}) {key} AS key, r.recorded_at, p.confidence, p.is_correct
  FROM {RECENT}{recent}{LAST}{JUDGED}{which} ORDER BY {one}, {BEST}"
    );
    (sql, given)
}

/// Loads them.
pub(super) async fn load(
    mut connection: &AsyncPgConnection,
    filter: &JudgedFilter,
    by: JudgedBy,
    decisions: usize,
) -> Result<Vec<Timeline>> {
    let (sql, given) = statement(filter, by);
    let mut query = diesel::sql_query(sql)
        .into_boxed::<Pg>()
        .bind::<BigInt, _>(i64::try_from(decisions).unwrap_or(i64::MAX));
    for key in given {
        query = query.bind::<Text, _>(key);
    }
    let rows: Vec<Row> = query.load(&mut connection).await?;
    let mut lines: BTreeMap<String, Vec<Judgement>> = BTreeMap::new();
    for row in rows {
        lines.entry(row.key).or_default().push(Judgement {
            at: row.recorded_at.into(),
            confidence: row.confidence.and_then(|confidence| Confidence::new(confidence).ok()),
            right: row.is_correct,
        });
    }
    Ok(lines.into_iter().map(|(key, judgements)| Timeline { key, judgements }).collect())
}

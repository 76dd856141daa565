//! What was said of the gaps that two people decided.

use crate::domain::{Action, GapId, Reviewer, Said, State};
use crate::repository::Result;
use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Bool, Nullable, Text};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

/// From the reviewer's own last decisions, by their index, to the gaps' lines of decisions, each by its index.
const SAID: &str = "SELECT h.product_key, h.attribute_key, a.multi_valued, h.reviewer, h.action, h.value, h.shown_value, h.result_state
  FROM (SELECT DISTINCT product_key, attribute_key
          FROM (SELECT product_key, attribute_key FROM human_recommendations
                 WHERE reviewer = $1 AND action IN ('accept', 'override', 'reject', 'not_applicable')
                   AND policy NOT LIKE 'bulk:%'
                 ORDER BY recorded_at DESC, decision_id DESC LIMIT $2) AS own) AS mine
  JOIN human_recommendations h ON h.product_key = mine.product_key AND h.attribute_key = mine.attribute_key
  JOIN raw_attributes a ON a.attribute_key = h.attribute_key
 WHERE h.action IN ('accept', 'override', 'reject', 'not_applicable') AND h.policy NOT LIKE 'bulk:%'
   AND NOT EXISTS (SELECT FROM human_recommendations u WHERE u.product_key = h.product_key AND u.undoes = h.decision_id)
   AND EXISTS (SELECT FROM human_recommendations f WHERE f.product_key = h.product_key
                AND f.attribute_key = h.attribute_key AND f.result_state = 'second')
 ORDER BY h.product_key, h.attribute_key, h.result_version";

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    product_key: String,
    #[diesel(sql_type = Text)]
    attribute_key: String,
    #[diesel(sql_type = Bool)]
    multi_valued: bool,
    #[diesel(sql_type = Text)]
    reviewer: String,
    #[diesel(sql_type = Text)]
    action: String,
    #[diesel(sql_type = Nullable<Text>)]
    value: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    shown_value: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    result_state: Option<String>,
}

/// Loads it.
pub(super) async fn load(
    mut connection: &AsyncPgConnection,
    reviewer: &Reviewer,
    decisions: usize,
) -> Result<Vec<Said>> {
    let rows: Vec<Row> = diesel::sql_query(SAID)
        .bind::<Text, _>(reviewer.as_str())
        .bind::<BigInt, _>(i64::try_from(decisions).unwrap_or(i64::MAX))
        .load(&mut connection)
        .await?;
    let said = |row: Row| {
        Some(Said {
            gap: GapId::new(row.product_key.as_str(), row.attribute_key.as_str()),
            multi_valued: row.multi_valued,
            reviewer: row.reviewer.into(),
            action: Action::parse(&row.action)?,
            value: row.value,
            shown_value: row.shown_value,
            result_state: row.result_state.as_deref().and_then(State::parse),
        })
    };
    Ok(rows.into_iter().filter_map(said).collect())
}

//! Decisions: append-only, so a row is added or refused, never changed.
//!
//! A decision that is stored already with the same content is passed over. The others must go on where the gap's
//! decisions end; what they do to gaps that are stored, to the queue and to the predictions' marks, is done as if they
//! had been made here.

use super::field::{Field, Kind};
use super::session::{Cells, Parameter, Session};
use super::sql;
use super::table::{Missing, Plan};
use crate::domain::{Action, judged};
use crate::repository::{RepositoryError, Result};

pub(super) const DECISIONS: Plan = Plan {
    aliases: &["human_recommendations"],
    fields: &[
        Field::key("product_key"),
        Field::key("attribute_key"),
        Field::required("decision_id", Kind::Uuid).about("made by the client (UUIDv7); names the decision"),
        Field::key("reviewer"),
        Field::required("action", Kind::Action),
        Field::optional("value", Kind::Text).about("for `accept` and `override`, and only for them"),
        Field::optional("comment", Kind::Text),
        Field::required("base_version", Kind::Count).about("the gap's version that the reviewer saw"),
        Field::required("result_version", Kind::Count)
            .about("one more; a gap's first decision makes version 1"),
        Field::optional("undoes", Kind::Uuid).about("the decision taken back; for `undo`, and only for it"),
        Field::optional("shown_value", Kind::Text).about("the value of the candidate shown first"),
        Field::optional("shown_confidence", Kind::Number).about("its confidence"),
        Field::optional("shown_experiment", Kind::Name).about("its experiment"),
        Field::optional("batch_id", Kind::Uuid).about("the bulk action that the decision is part of"),
        Field::or("policy", Kind::Text, "''").about("what put the gap before the reviewer"),
        Field::optional("selection_probability", Kind::Number).about("with which probability it did"),
        Field::optional("seconds", Kind::Number).about("from showing the gap to the decision"),
        Field::or("kept_on_purpose", Kind::Boolean, "false")
            .about("whether the value is malformed or not allowed, and was kept all the same"),
        Field::or("seen", Kind::Object, "'{}'").about("what the reviewer saw: candidates, neighbours, keys"),
        Field::required("decided_at", Kind::Time).about("by the reviewer's clock"),
        Field::kept("recorded_at", Kind::Time, "clock_timestamp()").about("by the server's clock"),
        Field::optional("result_state", Kind::State).about(
            "the state that it brought the gap into: `second` for the first of two opinions, `disputed` for one that differs \
             from the first; the action's own where it is not given",
        ),
    ],
    checks: Some(&[Missing::OtherContent, Missing::VersionTaken, Missing::Undone, Missing::Earlier]),
    ..Plan::of("decisions", "human_recommendations", &["product_key", "decision_id"])
};

/// Drops the staged decisions that are stored already.
const STORED: &str = "DELETE FROM import_decisions s USING human_recommendations h
 WHERE h.product_key = s.product_key AND h.decision_id = s.decision_id";

/// Nobody decides on these gaps until the load ends.
const LOCK: &str = "SELECT FROM review_queue q WHERE EXISTS (SELECT FROM import_decisions d
    WHERE d.product_key = q.product_key AND d.attribute_key = q.attribute_key)
 ORDER BY product_key, attribute_key FOR NO KEY UPDATE";

const TAKEN: &str = "EXISTS (SELECT FROM human_recommendations h WHERE h.product_key = s.product_key
        AND h.attribute_key = s.attribute_key AND h.result_version = s.result_version)
    OR EXISTS (SELECT FROM import_decisions e WHERE e.product_key = s.product_key AND e.attribute_key = s.attribute_key
        AND e.result_version = s.result_version AND e.line < s.line)";

const UNDONE: &str = "s.undoes IS NOT NULL
    AND NOT EXISTS (SELECT FROM human_recommendations h WHERE h.product_key = s.product_key AND h.decision_id = s.undoes
        AND h.attribute_key = s.attribute_key AND h.action <> 'undo' AND h.result_version < s.result_version)
    AND NOT EXISTS (SELECT FROM import_decisions e WHERE e.product_key = s.product_key AND e.decision_id = s.undoes
        AND e.attribute_key = s.attribute_key AND e.action <> 'undo' AND e.result_version < s.result_version)";

/// A gap's versions are 1, 2, 3, ...: whatever comes after a hole has another place than its version.
const EARLIER: &str = "s.line IN (SELECT line FROM (
        SELECT line, result_version,
               row_number() OVER (PARTITION BY product_key, attribute_key ORDER BY result_version) AS place
          FROM (SELECT line, product_key, attribute_key, result_version FROM import_decisions
                UNION ALL
                SELECT NULL, product_key, attribute_key, result_version FROM human_recommendations h
                 WHERE EXISTS (SELECT FROM import_decisions d WHERE d.product_key = h.product_key
                        AND d.attribute_key = h.attribute_key)) AS whole) AS placed
     WHERE line IS NOT NULL AND result_version <> place)";

/// Runs before a check.
pub(super) async fn prepare(session: &mut Session<'_>, check: Missing) -> Result<()> {
    if check == Missing::VersionTaken {
        session.execute(STORED, &[]).await?;
        session.execute(LOCK, &[]).await?;
    }
    Ok(())
}

/// Returns the statement of a check that only decisions have.
pub(super) fn check(missing: Missing) -> Option<String> {
    let gap = ("s.product_key", "s.attribute_key");
    let (condition, (key, other)) = match missing {
        Missing::OtherContent => (other_content(), ("s.decision_id", "NULL")),
        Missing::VersionTaken => (TAKEN.to_owned(), gap),
        Missing::Undone => (UNDONE.to_owned(), ("s.undoes", "NULL")),
        Missing::Earlier => (EARLIER.to_owned(), gap),
        _ => return None,
    };
    Some(sql::dropped(DECISIONS.name, &condition, key, other))
}

/// When the database took it is no part of a decision.
fn other_content() -> String {
    let fields = || DECISIONS.fields.iter().filter(|field| field.column != "recorded_at");
    let stored: Vec<String> = fields().map(|field| format!("h.{}", field.column)).collect();
    let staged: Vec<String> = fields().map(sql::new_value).collect();
    format!(
        "EXISTS (SELECT FROM human_recommendations h WHERE h.decision_id = s.decision_id
            AND ROW ({}) IS DISTINCT FROM ROW ({}))",
        stored.join(", "),
        staged.join(", ")
    )
}

/// Adds the staged decisions with `$1 < line <= $2`. One that was made meanwhile is an error: nobody's is passed over.
pub(super) fn insert() -> String {
    let columns: Vec<&str> = DECISIONS.fields.iter().map(|field| field.column).collect();
    let values: Vec<String> = DECISIONS.fields.iter().map(sql::new_value).collect();
    format!(
        "WITH merged AS (INSERT INTO human_recommendations ({}) SELECT {} FROM import_decisions s
          WHERE s.line > $1 AND s.line <= $2 ORDER BY s.product_key, s.attribute_key, s.result_version RETURNING 1)
         SELECT ARRAY[count(*), 0]::text[] AS cells FROM merged",
        columns.join(", "),
        values.join(", ")
    )
}

/// The query for what the decisions on the gaps of the load come to.
const DECIDED: &str =
    "SELECT ARRAY[gapdeck_decided_sql('SELECT DISTINCT product_key, attribute_key FROM import_decisions')]
    AS cells";

/// Brings queue rows into the state that their decisions give them.
fn settling(decided: &str) -> String {
    format!(
        "UPDATE review_queue q
            SET state = coalesce(d.state, 'open'), version = d.version, decision_id = d.decision_id,
                decided_by = d.decided_by, decided_value = d.decided_value, decided_at = d.decided_at,
                first_by = d.first_by, updated_at = now()
           FROM ({decided}) AS d
          WHERE q.product_key = d.product_key AND q.attribute_key = d.attribute_key"
    )
}

/// Lists the predictions to be judged, with what judges them. The condition chooses among those of gaps that the load
/// has touched.
fn judge(pairs: &str, condition: &str) -> String {
    format!(
        "CREATE TEMP TABLE import_judged ON COMMIT DROP AS
         SELECT row_number() OVER () AS n, p.product_key, p.attribute_key, p.experiment_key, p.value_md5, p.value,
                h.action, h.value AS decided, h.decision_id, a.multi_valued
           FROM ({pairs}) AS pair
           JOIN review_queue q USING (product_key, attribute_key)
           JOIN prediction_results p USING (product_key, attribute_key)
           JOIN raw_attributes a USING (attribute_key)
           LEFT JOIN human_recommendations h ON h.product_key = q.product_key AND h.decision_id = q.decision_id
                AND q.state NOT IN ('second', 'disputed')
          WHERE {condition}"
    )
}

const PAGE: &str =
    "SELECT ARRAY[product_key, attribute_key, experiment_key, value_md5::text, value, action, decided,
        decision_id::text, multi_valued::text] AS cells
  FROM import_judged WHERE n > $1 AND n <= $1 + $2";

/// The most predictions that are judged at a time.
const PAGE_ROWS: i64 = 2_000;

const MARK: &str = "UPDATE prediction_results p
   SET is_correct = m.is_correct::boolean, decision_id = m.decision_id::uuid
  FROM UNNEST($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[])
       AS m (product_key, attribute_key, experiment_key, value_md5, is_correct, decision_id)
 WHERE p.product_key = m.product_key AND p.attribute_key = m.attribute_key AND p.experiment_key = m.experiment_key
   AND p.value_md5 = m.value_md5::uuid AND p.is_correct IS DISTINCT FROM m.is_correct::boolean";

/// Lets the decisions just added act on the gaps that were there before, and on these gaps' predictions.
pub(super) async fn settle(session: &mut Session<'_>) -> Result<()> {
    let decided = session.rows(DECIDED, &[]).await?.pop().and_then(|row| row.into_iter().next().flatten());
    let decided =
        decided.ok_or_else(|| RepositoryError::Database("gapdeck_decided_sql() gave nothing".into()))?;
    session.execute(&settling(&decided), &[]).await?;
    let pairs = "SELECT DISTINCT product_key, attribute_key FROM import_decisions";
    mark(session, &judge(pairs, "true")).await
}

const ANY: &str = "SELECT ARRAY['yes'] AS cells FROM human_recommendations LIMIT 1";

/// Judges the predictions that came without a mark although their gap is decided, and the other way round.
pub(super) async fn mark_the_rest(session: &mut Session<'_>) -> Result<()> {
    if session.rows(ANY, &[]).await?.is_empty() {
        return Ok(());
    }
    let pairs = "SELECT product_key, attribute_key FROM import_predictions
         UNION SELECT product_key, attribute_key FROM import_decisions";
    let judging =
        "(p.is_correct IS NULL) = (q.state IN ('accepted', 'overridden', 'rejected', 'not_applicable'))";
    mark(session, &judge(pairs, judging)).await
}

async fn mark(session: &mut Session<'_>, judge: &str) -> Result<()> {
    session.batch(judge).await?;
    let mut after = 0;
    loop {
        let rows = session.rows(PAGE, &[Parameter::Number(after), Parameter::Number(PAGE_ROWS)]).await?;
        if rows.is_empty() {
            return session.batch("DROP TABLE import_judged").await;
        }
        let mut columns: [Vec<Option<String>>; 6] = Default::default();
        for row in rows {
            for (column, cell) in columns.iter_mut().zip(marked(row)?) {
                column.push(cell);
            }
        }
        let parameters: Vec<_> = columns.iter().map(|column| Parameter::Texts(column)).collect();
        session.execute(MARK, &parameters).await?;
        after += PAGE_ROWS;
    }
}

/// Judges one prediction: its key, whether it is right, and who says so.
fn marked(row: Cells) -> Result<[Option<String>; 6]> {
    let malformed = || RepositoryError::Database("a prediction without a value or key".into());
    let [product, attribute, experiment, md5, value, action, decided, decision, several] =
        <[Option<String>; 9]>::try_from(row).map_err(|_| malformed())?;
    let action = action.as_deref().and_then(Action::parse);
    let right = action.and_then(|action| {
        judged(
            action,
            decided.as_deref(),
            value.as_deref().unwrap_or_default(),
            several.as_deref() == Some("true"),
        )
    });
    Ok([product, attribute, experiment, md5, right.map(|right| right.to_string()), right.and(decision)])
}

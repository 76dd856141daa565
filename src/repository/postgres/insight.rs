//! Judged predictions, added up by the server.

mod comparison;
mod said;
pub(super) mod sample;
mod timeline;

use super::PostgresStore;
use crate::domain::{
    Action, Anchoring, AttributeKey, CategoryKey, Confidence, Day, Difference, ExperimentKey, GapId,
    JudgedBy, JudgedFilter, Opinion, QueueFilter, Reviewer, Said, TrackRecord, TwoOpinions,
};
use crate::insight::calibration::Cell;
use crate::insight::comparison::Comparison;
use crate::insight::sample::Sample;
use crate::repository::{InsightRepository, JudgedGroup, Page, Result, Timeline};
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use diesel::QueryableByName;
use diesel::pg::Pg;
use diesel::sql_types::{BigInt, Bool, Double, Nullable, Text, Timestamptz};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use futures_util::future::try_join_all;

/// Judged predictions by a key and by thousandths of confidence; `$key` and `$from` are one of the pieces below.
macro_rules! judged {
    ($key:literal, $from:literal) => {
        concat!(
            "SELECT ",
            $key,
            " AS key, count(*) AS judged, count(*) FILTER (WHERE p.is_correct) AS \"right\",
       sum(p.confidence) AS confidence, sum(p.confidence * p.confidence) AS squares,
       coalesce(sum(p.confidence) FILTER (WHERE p.is_correct), 0) AS confidence_right
  FROM ",
            $from,
            " WHERE p.is_correct IS NOT NULL AND p.confidence IS NOT NULL"
        )
    };
}

const ALONE: [&str; 2] =
    [judged!("p.experiment_key", "prediction_results p"), judged!("p.attribute_key", "prediction_results p")];
const WITH_QUEUE: [&str; 3] = [
    judged!(
        "p.experiment_key",
        "prediction_results p JOIN review_queue q USING (product_key, attribute_key)"
    ),
    judged!("p.attribute_key", "prediction_results p JOIN review_queue q USING (product_key, attribute_key)"),
    judged!("q.category_key", "prediction_results p JOIN review_queue q USING (product_key, attribute_key)"),
];
const GROUPED: &str = " GROUP BY 1, floor(p.confidence * 1000) ORDER BY 1, floor(p.confidence * 1000)";

const DAYS: &str = "SELECT date_trunc('day', recorded_at, 'UTC') AS day,
       count(*) FILTER (WHERE action = 'accept') AS accepted, count(*) FILTER (WHERE action = 'override') AS overridden,
       count(*) FILTER (WHERE action IN ('reject', 'not_applicable')) AS rejected,
       count(*) FILTER (WHERE action IN ('defer', 'flag')) AS put_off,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds) AS seconds, count(DISTINCT reviewer) AS reviewers
  FROM human_recommendations h
 WHERE recorded_at >= $1 AND action <> 'undo' AND policy NOT LIKE 'bulk:%'
   AND NOT EXISTS (SELECT FROM human_recommendations u WHERE u.product_key = h.product_key AND u.undoes = h.decision_id)
 GROUP BY 1 ORDER BY 1";

#[derive(QueryableByName)]
struct DayRow {
    #[diesel(sql_type = Timestamptz)]
    day: DateTime<Utc>,
    #[diesel(sql_type = BigInt)]
    accepted: i64,
    #[diesel(sql_type = BigInt)]
    overridden: i64,
    #[diesel(sql_type = BigInt)]
    rejected: i64,
    #[diesel(sql_type = BigInt)]
    put_off: i64,
    #[diesel(sql_type = Nullable<Double>)]
    seconds: Option<f64>,
    #[diesel(sql_type = BigInt)]
    reviewers: i64,
}

const ANCHORING: &str = "SELECT count(*) FILTER (WHERE NOT is_blind) AS shown,
       count(*) FILTER (WHERE NOT is_blind AND has_agreed) AS shown_agreed,
       count(*) FILTER (WHERE is_blind) AS blind, count(*) FILTER (WHERE is_blind AND has_agreed) AS blind_agreed
  FROM (SELECT policy LIKE '%:blind' AS is_blind,
               action = 'accept' AND (policy LIKE '%:blind'
                   OR gapdeck_normalised(value) = gapdeck_normalised(shown_value)) AS has_agreed
          FROM human_recommendations h
         WHERE recorded_at >= $1 AND action IN ('accept', 'override', 'reject', 'not_applicable')
           AND policy LIKE 'queue:%' AND (shown_value IS NOT NULL OR policy LIKE '%:blind')
           AND NOT EXISTS (SELECT FROM human_recommendations u
                            WHERE u.product_key = h.product_key AND u.undoes = h.decision_id)) AS decided";

#[derive(QueryableByName)]
struct AnchoringRow {
    #[diesel(sql_type = BigInt)]
    shown: i64,
    #[diesel(sql_type = BigInt)]
    shown_agreed: i64,
    #[diesel(sql_type = BigInt)]
    blind: i64,
    #[diesel(sql_type = BigInt)]
    blind_agreed: i64,
}

/// First opinions, each with the opinion of somebody else that came next.
const OPINIONS: &str = "SELECT f.attribute_key, a.multi_valued, f.reviewer AS first_by, f.action AS first_action, f.value AS first_value,
       s.reviewer AS second_by, s.action AS second_action, s.value AS second_value
  FROM human_recommendations f
  JOIN raw_attributes a ON a.attribute_key = f.attribute_key
  JOIN LATERAL (SELECT n.reviewer, n.action, n.value, n.result_state FROM human_recommendations n
                 WHERE n.product_key = f.product_key AND n.attribute_key = f.attribute_key
                   AND n.result_version > f.result_version
                   AND n.action IN ('accept', 'override', 'reject', 'not_applicable')
                   AND NOT EXISTS (SELECT FROM human_recommendations u
                                    WHERE u.product_key = n.product_key AND u.undoes = n.decision_id)
                 ORDER BY n.result_version LIMIT 1) s ON s.reviewer <> f.reviewer AND s.result_state <> 'second'
 WHERE f.result_state = 'second' AND ($1 IS NULL OR f.attribute_key = $1)
   AND NOT EXISTS (SELECT FROM human_recommendations u WHERE u.product_key = f.product_key AND u.undoes = f.decision_id)
 ORDER BY f.product_key, f.attribute_key";

#[derive(QueryableByName)]
struct OpinionsRow {
    #[diesel(sql_type = Text)]
    attribute_key: String,
    #[diesel(sql_type = Bool)]
    multi_valued: bool,
    #[diesel(sql_type = Text)]
    first_by: String,
    #[diesel(sql_type = Text)]
    first_action: String,
    #[diesel(sql_type = Nullable<Text>)]
    first_value: Option<String>,
    #[diesel(sql_type = Text)]
    second_by: String,
    #[diesel(sql_type = Text)]
    second_action: String,
    #[diesel(sql_type = Nullable<Text>)]
    second_value: Option<String>,
}

/// Judged predictions like the gap's own: for each experiment and confidence two stretches of the index of judged
/// predictions, up and down from it; of these are counted those within reach, and all.
const TRACK_RECORDS: &str = "SELECT mine.experiment_key, mine.confidence, likewise.judged, likewise.\"right\", likewise.near,
       likewise.near_right
  FROM (SELECT DISTINCT experiment_key, confidence FROM prediction_results
         WHERE product_key = $1 AND attribute_key = $2 AND confidence IS NOT NULL
         ORDER BY confidence DESC, experiment_key LIMIT $5) mine,
       LATERAL (SELECT count(*) FILTER (WHERE apart <= $3) AS judged,
               count(*) FILTER (WHERE apart <= $3 AND is_correct) AS \"right\",
               count(*) AS near, count(*) FILTER (WHERE is_correct) AS near_right
          FROM ((SELECT p.is_correct, p.confidence - mine.confidence AS apart FROM prediction_results p
                  WHERE p.experiment_key = mine.experiment_key AND p.attribute_key = $2 AND p.is_correct IS NOT NULL
                    AND p.confidence >= mine.confidence
                  ORDER BY p.confidence LIMIT $4)
                UNION ALL
                (SELECT p.is_correct, mine.confidence - p.confidence AS apart FROM prediction_results p
                  WHERE p.experiment_key = mine.experiment_key AND p.attribute_key = $2 AND p.is_correct IS NOT NULL
                    AND p.confidence < mine.confidence
                  ORDER BY p.confidence DESC LIMIT $4)) near) likewise
 ORDER BY mine.confidence DESC, mine.experiment_key";

/// The first part of [`TRACK_RECORDS`].
const MINE: &str =
    "SELECT DISTINCT experiment_key, confidence, 0::bigint AS judged, 0::bigint AS \"right\", 0::bigint AS near,
       0::bigint AS near_right FROM prediction_results
 WHERE product_key = $1 AND attribute_key = $2 AND confidence IS NOT NULL
 ORDER BY confidence DESC, experiment_key LIMIT $3";

/// The second part of it where the judged predictions lie on several servers: all of them, which Citus counts.
const LIKEWISE: &str = "SELECT count(*) FILTER (WHERE confidence BETWEEN $3 - $4 AND $3 + $4) AS judged,
       count(*) FILTER (WHERE is_correct AND confidence BETWEEN $3 - $4 AND $3 + $4) AS \"right\",
       count(*) AS near, count(*) FILTER (WHERE is_correct) AS near_right,
       $1::text AS experiment_key, $3::double precision AS confidence
  FROM prediction_results WHERE experiment_key = $1 AND attribute_key = $2 AND is_correct IS NOT NULL
   AND confidence IS NOT NULL";

#[derive(QueryableByName)]
struct RecordRow {
    #[diesel(sql_type = Text)]
    experiment_key: String,
    #[diesel(sql_type = Double)]
    confidence: f64,
    #[diesel(sql_type = BigInt)]
    judged: i64,
    #[diesel(sql_type = BigInt)]
    right: i64,
    #[diesel(sql_type = BigInt)]
    near: i64,
    #[diesel(sql_type = BigInt)]
    near_right: i64,
}

/// Loads how often predictions like a gap's own were right.
pub(super) async fn track_records(
    connection: &AsyncPgConnection,
    gap: &GapId,
    distributed: bool,
) -> Result<Vec<TrackRecord>> {
    let mut own = connection;
    let query = |sql| {
        diesel::sql_query(sql).bind::<Text, _>(gap.product.as_str()).bind::<Text, _>(gap.attribute.as_str())
    };
    let most = i64::from(TrackRecord::OF_A_GAP);
    let rows: Vec<RecordRow> = if distributed {
        let mine: Vec<RecordRow> = query(MINE).bind::<BigInt, _>(most).load(&mut own).await?;
        let likewise = mine.into_iter().map(|one| async move {
            let mut connection = connection;
            diesel::sql_query(LIKEWISE)
                .bind::<Text, _>(one.experiment_key)
                .bind::<Text, _>(gap.attribute.as_str())
                .bind::<Double, _>(one.confidence)
                .bind::<Double, _>(TrackRecord::APART)
                .get_result(&mut connection)
                .await
        });
        try_join_all(likewise).await?
    } else {
        query(TRACK_RECORDS)
            .bind::<Double, _>(TrackRecord::APART)
            .bind::<BigInt, _>(i64::from(TrackRecord::MOST))
            .bind::<BigInt, _>(most)
            .load(&mut own)
            .await?
    };
    let record = |row: RecordRow| {
        Some(TrackRecord {
            experiment: row.experiment_key.into(),
            confidence: Confidence::new(row.confidence).ok()?,
            judged: row.judged.unsigned_abs(),
            right: row.right.unsigned_abs(),
            near: row.near.unsigned_abs(),
            near_right: row.near_right.unsigned_abs(),
        })
    };
    Ok(rows.into_iter().filter_map(record).collect())
}

#[derive(QueryableByName)]
struct CellRow {
    #[diesel(sql_type = Text)]
    key: String,
    #[diesel(sql_type = BigInt)]
    judged: i64,
    #[diesel(sql_type = BigInt)]
    right: i64,
    #[diesel(sql_type = Double)]
    confidence: f64,
    #[diesel(sql_type = Double)]
    squares: f64,
    #[diesel(sql_type = Double)]
    confidence_right: f64,
}

#[async_trait]
impl InsightRepository for PostgresStore {
    async fn judged(&self, filter: &JudgedFilter, by: JudgedBy) -> Result<Vec<JudgedGroup>> {
        let mut sql = match (by, &filter.category) {
            (JudgedBy::Experiment, None) => ALONE[0],
            (JudgedBy::Attribute, None) => ALONE[1],
            (JudgedBy::Experiment, Some(_)) => WITH_QUEUE[0],
            (JudgedBy::Attribute, Some(_)) => WITH_QUEUE[1],
            (JudgedBy::Category, _) => WITH_QUEUE[2],
        }
        .to_owned();
        let conditions = [
            (" AND p.experiment_key = $", filter.experiment.as_ref().map(ExperimentKey::as_str)),
            (" AND p.attribute_key = $", filter.attribute.as_ref().map(AttributeKey::as_str)),
            (" AND q.category_key = $", filter.category.as_ref().map(CategoryKey::as_str)),
        ];
        let given: Vec<(&str, &str)> =
            conditions.into_iter().filter_map(|(sql, key)| key.map(|key| (sql, key))).collect();
        for (number, (condition, _)) in given.iter().enumerate() {
            sql.push_str(condition);
            sql.push_str(&(number + 1).to_string());
        }
        sql.push_str(GROUPED);
        let (sql, given) = (&sql, &given);
        let rows: Vec<CellRow> = self
            .lagging(|mut connection| async move {
                let mut query = diesel::sql_query(sql).into_boxed::<Pg>();
                for (_, key) in given {
                    query = query.bind::<Text, _>((*key).to_owned());
                }
                Ok(query.load(&mut connection).await?)
            })
            .await?;
        Ok(grouped(rows))
    }

    async fn sample(&self, filter: &QueueFilter) -> Result<Sample> {
        sample::load(&*self.connection().await?, filter).await
    }

    async fn days(&self, since: DateTime<Utc>) -> Result<Vec<Day>> {
        let rows: Vec<DayRow> = self
            .lagging(|mut connection| async move {
                Ok(diesel::sql_query(DAYS).bind::<Timestamptz, _>(since).load(&mut connection).await?)
            })
            .await?;
        let day = |row: DayRow| Day {
            day: row.day,
            accepted: row.accepted.unsigned_abs(),
            overridden: row.overridden.unsigned_abs(),
            rejected: row.rejected.unsigned_abs(),
            put_off: row.put_off.unsigned_abs(),
            seconds: row.seconds,
            reviewers: row.reviewers.unsigned_abs(),
        };
        Ok(rows.into_iter().map(day).collect())
    }

    async fn anchoring(&self, since: DateTime<Utc>) -> Result<Anchoring> {
        let row: AnchoringRow = self
            .lagging(|mut connection| async move {
                Ok(diesel::sql_query(ANCHORING)
                    .bind::<Timestamptz, _>(since)
                    .get_result(&mut connection)
                    .await?)
            })
            .await?;
        Ok(Anchoring {
            shown: row.shown.unsigned_abs(),
            shown_agreed: row.shown_agreed.unsigned_abs(),
            blind: row.blind.unsigned_abs(),
            blind_agreed: row.blind_agreed.unsigned_abs(),
        })
    }

    async fn opinions(&self, attribute: Option<&AttributeKey>) -> Result<Vec<TwoOpinions>> {
        let attribute = attribute.map(AttributeKey::as_str);
        let rows: Vec<OpinionsRow> = self
            .lagging(|mut connection| async move {
                let query = diesel::sql_query(OPINIONS).bind::<Nullable<Text>, _>(attribute);
                Ok(query.load(&mut connection).await?)
            })
            .await?;
        let opinion = |by: String, action: &str, value| {
            Action::parse(action).map(|action| Opinion { reviewer: by.into(), action, value })
        };
        let pair = |row: OpinionsRow| {
            Some(TwoOpinions {
                attribute: row.attribute_key.into(),
                multi_valued: row.multi_valued,
                first: opinion(row.first_by, &row.first_action, row.first_value)?,
                second: opinion(row.second_by, &row.second_action, row.second_value)?,
            })
        };
        Ok(rows.into_iter().filter_map(pair).collect())
    }

    async fn said(&self, reviewer: &Reviewer, decisions: usize) -> Result<Vec<Said>> {
        self.lagging(|connection| async move { said::load(&connection, reviewer, decisions).await }).await
    }

    async fn compare(&self, first: &ExperimentKey, second: &ExperimentKey) -> Result<Comparison> {
        self.lagging(|connection| async move { comparison::compare(&connection, first, second).await }).await
    }

    async fn differences(
        &self,
        winner: &ExperimentKey,
        loser: &ExperimentKey,
        after: Option<&GapId>,
        limit: usize,
    ) -> Result<Page<Difference, GapId>> {
        self.lagging(|connection| async move {
            comparison::differences(&connection, winner, loser, after, limit).await
        })
        .await
    }

    async fn timelines(
        &self,
        filter: &JudgedFilter,
        by: JudgedBy,
        decisions: usize,
    ) -> Result<Vec<Timeline>> {
        self.lagging(|connection| async move { timeline::load(&connection, filter, by, decisions).await })
            .await
    }
}

/// Puts cells of the same key, which come one after another, together.
fn grouped(rows: Vec<CellRow>) -> Vec<JudgedGroup> {
    let mut groups: Vec<JudgedGroup> = Vec::new();
    for row in rows {
        let cell = Cell {
            judged: row.judged.unsigned_abs(),
            right: row.right.unsigned_abs(),
            confidence: row.confidence,
            squares: row.squares,
            confidence_right: row.confidence_right,
        };
        match groups.last_mut().filter(|group| group.key == row.key) {
            Some(group) => group.cells.push(cell),
            None => groups.push(JudgedGroup { key: row.key, cells: vec![cell] }),
        }
    }
    groups
}

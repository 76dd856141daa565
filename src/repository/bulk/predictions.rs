//! Experiments with their predictions, rounds with their recommendations.

use super::catalogue::{optional_texts, texts};
use super::sql::{duplicates_sql, no_gap_sql, unknown_attribute_sql, unknown_product_sql};
use super::table::{Missing, Plan};
use super::{Query, Row};
use crate::transfer::record::{ExperimentRecord, PredictionRecord, RecommendationRecord, RoundRecord};
use diesel::sql_types::{Array, Double, Jsonb, Nullable, Text, Timestamptz};

pub(super) const EXPERIMENTS: Plan = Plan {
    create: r#"CREATE TEMP TABLE import_experiments (line bigint PRIMARY KEY, experiment_key text COLLATE "C", model text,
        description text, parameters jsonb, metrics jsonb, created_at timestamptz, completed_at timestamptz) ON COMMIT DROP"#,
    stage: "INSERT INTO import_experiments SELECT * FROM UNNEST($1::bigint[], $2::text[], $3::text[], $4::text[], $5::jsonb[], $6::jsonb[],
        $7::timestamptz[], $8::timestamptz[])",
    duplicates: duplicates_sql!("import_experiments", "experiment_key"),
    checks: &[],
    prepare: None,
    // A time of creation that is not given is the load's, and later loads leave it.
    merge: "WITH merged AS (
    INSERT INTO prediction_experiments AS t (experiment_key, model, description, parameters, metrics, created_at, completed_at)
    SELECT experiment_key, model, description, coalesce(parameters, '{}'), coalesce(metrics, '{}'),
           coalesce(created_at, now()), completed_at
      FROM import_experiments s
     WHERE line > $1 AND line <= $2
       AND NOT EXISTS (SELECT FROM prediction_experiments t WHERE t.experiment_key = s.experiment_key
            AND (t.model, t.description, t.parameters, t.metrics, t.created_at, t.completed_at) IS NOT DISTINCT FROM
                (s.model, s.description, coalesce(s.parameters, '{}'), coalesce(s.metrics, '{}'),
                 coalesce(s.created_at, t.created_at), s.completed_at))
     ORDER BY experiment_key
    ON CONFLICT (experiment_key) DO UPDATE
       SET model = excluded.model, description = excluded.description, parameters = excluded.parameters, metrics = excluded.metrics,
           created_at = CASE WHEN excluded.created_at = now() THEN t.created_at ELSE excluded.created_at END,
           completed_at = excluded.completed_at
    RETURNING xmax = 0 AS inserted)
SELECT count(*) FILTER (WHERE inserted) AS inserted, count(*) FILTER (WHERE NOT inserted) AS updated FROM merged",
};

impl Row for ExperimentRecord {
    fn bind<'a>(query: Query<'a>, rows: &'a [Self]) -> Query<'a> {
        query
            .bind::<Array<Text>, _>(texts(rows, |row| &row.experiment))
            .bind::<Array<Nullable<Text>>, _>(optional_texts(rows, |row| &row.model))
            .bind::<Array<Nullable<Text>>, _>(optional_texts(rows, |row| &row.description))
            .bind::<Array<Nullable<Jsonb>>, _>(
                rows.iter().map(|row| row.parameters.as_ref()).collect::<Vec<_>>(),
            )
            .bind::<Array<Nullable<Jsonb>>, _>(
                rows.iter().map(|row| row.metrics.as_ref()).collect::<Vec<_>>(),
            )
            .bind::<Array<Nullable<Timestamptz>>, _>(
                rows.iter().map(|row| row.created_at).collect::<Vec<_>>(),
            )
            .bind::<Array<Nullable<Timestamptz>>, _>(
                rows.iter().map(|row| row.completed_at).collect::<Vec<_>>(),
            )
    }
}

pub(super) const PREDICTIONS: Plan = Plan {
    create: r#"CREATE TEMP TABLE import_predictions (line bigint PRIMARY KEY, experiment_key text COLLATE "C",
        product_key text COLLATE "C", attribute_key text COLLATE "C", value text, confidence double precision, reasoning text,
        created_at timestamptz, value_md5 uuid) ON COMMIT DROP"#,
    stage: "INSERT INTO import_predictions SELECT *, md5(value)::uuid
        FROM UNNEST($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[], $6::float8[], $7::text[], $8::timestamptz[])
             AS r (line, experiment_key, product_key, attribute_key, value, confidence, reasoning, created_at)",
    duplicates: duplicates_sql!("import_predictions", "product_key", "attribute_key", "experiment_key", "value_md5"),
    checks: &[
        (Missing::Product, unknown_product_sql!("import_predictions")),
        (Missing::Attribute, unknown_attribute_sql!("import_predictions")),
        (Missing::Gap, no_gap_sql!("import_predictions")),
    ],
    prepare: Some("INSERT INTO prediction_experiments (experiment_key, created_at)
        SELECT experiment_key, coalesce(min(created_at), now()) FROM import_predictions GROUP BY experiment_key
        ON CONFLICT DO NOTHING"),
    merge: "WITH merged AS (
    INSERT INTO prediction_results AS t (product_key, attribute_key, experiment_key, value, confidence, reasoning, created_at)
    SELECT product_key, attribute_key, experiment_key, value, confidence, reasoning, coalesce(created_at, now())
      FROM import_predictions s
     WHERE line > $1 AND line <= $2
       AND NOT EXISTS (SELECT FROM prediction_results t
                        WHERE t.product_key = s.product_key AND t.attribute_key = s.attribute_key
                          AND t.experiment_key = s.experiment_key AND t.value_md5 = s.value_md5
                          AND (t.confidence, t.reasoning, t.created_at) IS NOT DISTINCT FROM
                              (s.confidence, s.reasoning, coalesce(s.created_at, t.created_at)))
     ORDER BY product_key, attribute_key, experiment_key
    ON CONFLICT (product_key, attribute_key, experiment_key, value_md5) DO UPDATE
       SET confidence = excluded.confidence, reasoning = excluded.reasoning,
           created_at = CASE WHEN excluded.created_at = now() THEN t.created_at ELSE excluded.created_at END
    RETURNING xmax = 0 AS inserted)
SELECT count(*) FILTER (WHERE inserted) AS inserted, count(*) FILTER (WHERE NOT inserted) AS updated FROM merged",
};

impl Row for PredictionRecord {
    fn bind<'a>(query: Query<'a>, rows: &'a [Self]) -> Query<'a> {
        query
            .bind::<Array<Text>, _>(texts(rows, |row| &row.experiment))
            .bind::<Array<Text>, _>(texts(rows, |row| &row.product_key))
            .bind::<Array<Text>, _>(texts(rows, |row| &row.attribute_key))
            .bind::<Array<Text>, _>(texts(rows, |row| &row.value))
            .bind::<Array<Nullable<Double>>, _>(rows.iter().map(|row| row.confidence).collect::<Vec<_>>())
            .bind::<Array<Nullable<Text>>, _>(optional_texts(rows, |row| &row.reasoning))
            .bind::<Array<Nullable<Timestamptz>>, _>(
                rows.iter().map(|row| row.created_at).collect::<Vec<_>>(),
            )
    }
}

pub(super) const ROUNDS: Plan = Plan {
    create: r#"CREATE TEMP TABLE import_rounds (line bigint PRIMARY KEY, round_key text COLLATE "C", model text,
        description text, metadata jsonb, created_at timestamptz, completed_at timestamptz) ON COMMIT DROP"#,
    stage: "INSERT INTO import_rounds SELECT * FROM UNNEST($1::bigint[], $2::text[], $3::text[], $4::text[], $5::jsonb[],
        $6::timestamptz[], $7::timestamptz[])",
    duplicates: duplicates_sql!("import_rounds", "round_key"),
    checks: &[],
    prepare: None,
    // A time of creation that is not given is the load's, and later loads leave it.
    merge: "WITH merged AS (
    INSERT INTO raw_recommendation_rounds AS t (round_key, model, description, metadata, created_at, completed_at)
    SELECT round_key, model, description, coalesce(metadata, '{}'),
           coalesce(created_at, now()), completed_at
      FROM import_rounds s
     WHERE line > $1 AND line <= $2
       AND NOT EXISTS (SELECT FROM raw_recommendation_rounds t WHERE t.round_key = s.round_key
            AND (t.model, t.description, t.metadata, t.created_at, t.completed_at) IS NOT DISTINCT FROM
                (s.model, s.description, coalesce(s.metadata, '{}'),
                 coalesce(s.created_at, t.created_at), s.completed_at))
     ORDER BY round_key
    ON CONFLICT (round_key) DO UPDATE
       SET model = excluded.model, description = excluded.description, metadata = excluded.metadata,
           created_at = CASE WHEN excluded.created_at = now() THEN t.created_at ELSE excluded.created_at END,
           completed_at = excluded.completed_at
    RETURNING xmax = 0 AS inserted)
SELECT count(*) FILTER (WHERE inserted) AS inserted, count(*) FILTER (WHERE NOT inserted) AS updated FROM merged",
};

impl Row for RoundRecord {
    fn bind<'a>(query: Query<'a>, rows: &'a [Self]) -> Query<'a> {
        query
            .bind::<Array<Text>, _>(texts(rows, |row| &row.round))
            .bind::<Array<Nullable<Text>>, _>(optional_texts(rows, |row| &row.model))
            .bind::<Array<Nullable<Text>>, _>(optional_texts(rows, |row| &row.description))
            .bind::<Array<Nullable<Jsonb>>, _>(
                rows.iter().map(|row| row.metadata.as_ref()).collect::<Vec<_>>(),
            )
            .bind::<Array<Nullable<Timestamptz>>, _>(
                rows.iter().map(|row| row.created_at).collect::<Vec<_>>(),
            )
            .bind::<Array<Nullable<Timestamptz>>, _>(
                rows.iter().map(|row| row.completed_at).collect::<Vec<_>>(),
            )
    }
}

pub(super) const RECOMMENDATIONS: Plan = Plan {
    create: r#"CREATE TEMP TABLE import_recommendations (line bigint PRIMARY KEY, round_key text COLLATE "C",
        product_key text COLLATE "C", attribute_key text COLLATE "C", value text, confidence double precision, reasoning text,
        created_at timestamptz, value_md5 uuid) ON COMMIT DROP"#,
    stage: "INSERT INTO import_recommendations SELECT *, md5(value)::uuid
        FROM UNNEST($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[], $6::float8[], $7::text[], $8::timestamptz[])
             AS r (line, round_key, product_key, attribute_key, value, confidence, reasoning, created_at)",
    duplicates: duplicates_sql!("import_recommendations", "product_key", "attribute_key", "round_key", "value_md5"),
    checks: &[
        (Missing::Product, unknown_product_sql!("import_recommendations")),
        (Missing::Attribute, unknown_attribute_sql!("import_recommendations")),
        (Missing::Gap, no_gap_sql!("import_recommendations")),
    ],
    prepare: Some("INSERT INTO raw_recommendation_rounds (round_key, created_at)
        SELECT round_key, coalesce(min(created_at), now()) FROM import_recommendations GROUP BY round_key
        ON CONFLICT DO NOTHING"),
    merge: "WITH merged AS (
    INSERT INTO raw_recommendations AS t (product_key, attribute_key, round_key, value, confidence, reasoning, created_at)
    SELECT product_key, attribute_key, round_key, value, confidence, reasoning, coalesce(created_at, now())
      FROM import_recommendations s
     WHERE line > $1 AND line <= $2
       AND NOT EXISTS (SELECT FROM raw_recommendations t
                        WHERE t.product_key = s.product_key AND t.attribute_key = s.attribute_key
                          AND t.round_key = s.round_key AND t.value_md5 = s.value_md5
                          AND (t.confidence, t.reasoning, t.created_at) IS NOT DISTINCT FROM
                              (s.confidence, s.reasoning, coalesce(s.created_at, t.created_at)))
     ORDER BY product_key, attribute_key, round_key
    ON CONFLICT (product_key, attribute_key, round_key, value_md5) DO UPDATE
       SET confidence = excluded.confidence, reasoning = excluded.reasoning,
           created_at = CASE WHEN excluded.created_at = now() THEN t.created_at ELSE excluded.created_at END
    RETURNING xmax = 0 AS inserted)
SELECT count(*) FILTER (WHERE inserted) AS inserted, count(*) FILTER (WHERE NOT inserted) AS updated FROM merged",
};

impl Row for RecommendationRecord {
    fn bind<'a>(query: Query<'a>, rows: &'a [Self]) -> Query<'a> {
        query
            .bind::<Array<Text>, _>(texts(rows, |row| &row.round))
            .bind::<Array<Text>, _>(texts(rows, |row| &row.product_key))
            .bind::<Array<Text>, _>(texts(rows, |row| &row.attribute_key))
            .bind::<Array<Text>, _>(texts(rows, |row| &row.value))
            .bind::<Array<Nullable<Double>>, _>(rows.iter().map(|row| row.confidence).collect::<Vec<_>>())
            .bind::<Array<Nullable<Text>>, _>(optional_texts(rows, |row| &row.reasoning))
            .bind::<Array<Nullable<Timestamptz>>, _>(
                rows.iter().map(|row| row.created_at).collect::<Vec<_>>(),
            )
    }
}

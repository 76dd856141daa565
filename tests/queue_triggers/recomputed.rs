//! The queue as the in-memory store computes it from the raw rows, beside the queue table.

use chrono::{DateTime, Utc};
use gapdeck::domain::{Confidence, QueueFilter, QueueRow, QueueSort, StateFilter};
use gapdeck::repository::memory::MemoryStore;
use gapdeck::repository::{
    CatalogueBatch, InputRepository, PredictionRepository, QueueRepository, RecommendationRepository,
};
use gapdeck::transfer::record::{PredictionRecord, RecommendationRecord};
use std::collections::{BTreeMap, BTreeSet};
use tokio_postgres::{Client, Row};

use crate::support::fixture;

/// What a queue row says of a gap, decisions aside.
#[derive(Debug, PartialEq)]
struct Line {
    name: String,
    category: Option<String>,
    best_value: Option<String>,
    best_confidence: Option<f64>,
    counts: (i32, i32),
    /// Disagreement and uncertainty in millionths.
    scores: (i64, i64),
    created_at: DateTime<Utc>,
}

/// Compares the queue table and the experiments' sums with the raw rows.
pub async fn assert_in_step(client: &Client, after: &str) {
    assert_tallied(client, after).await;
    let (found, expected) = (queue(client).await, recomputed(client).await);
    let gaps: BTreeSet<_> = found.keys().chain(expected.keys()).collect();
    for gap in gaps {
        let (found, expected) = (found.get(gap), expected.get(gap));
        assert!(
            found == expected,
            "after {after}\nthe queue has {gap:?} as {found:#?}\nand should as {expected:#?}"
        );
    }
}

/// What the views over the sums say of experiments and days, less what the predictions say, and the other way round.
const TALLIED: &str = "
    WITH told AS (
        SELECT experiment_key, NULL::timestamptz AS day, predictions, gaps, round(average_confidence::numeric, 8) AS average,
               correct, incorrect FROM experiment_summary WHERE predictions <> 0 OR gaps <> 0 OR correct <> 0 OR incorrect <> 0
        UNION ALL
        SELECT experiment_key, day, predictions, NULL, round(average_confidence::numeric, 8), correct, incorrect FROM metric_trends
    ), counted AS (
        SELECT experiment_key, NULL::timestamptz, count(*), count(DISTINCT (product_key, attribute_key)),
               round(avg(confidence)::numeric, 8), count(*) FILTER (WHERE is_correct), count(*) FILTER (WHERE NOT is_correct)
          FROM prediction_results GROUP BY experiment_key
        UNION ALL
        SELECT experiment_key, date_trunc('day', created_at, 'UTC') AS day, count(*), NULL,
               round(avg(confidence)::numeric, 8), count(*) FILTER (WHERE is_correct), count(*) FILTER (WHERE NOT is_correct)
          FROM prediction_results GROUP BY experiment_key, day
    )
    SELECT 'told: ' || told::text FROM (SELECT * FROM told EXCEPT SELECT * FROM counted) AS told
    UNION ALL SELECT 'counted: ' || counted::text FROM (SELECT * FROM counted EXCEPT SELECT * FROM told) AS counted";

/// Compares the experiments' sums with the predictions.
async fn assert_tallied(client: &Client, after: &str) {
    let wrong: Vec<String> = rows(client, TALLIED).await.iter().map(|row| row.get(0)).collect();
    assert!(wrong.is_empty(), "after {after}, the sums are wrong: {wrong:#?}");
}

async fn rows(client: &Client, sql: &str) -> Vec<Row> {
    client.query(sql, &[]).await.unwrap_or_else(|error| panic!("{sql}: {error:?}"))
}

fn pair(row: &Row) -> (String, String) {
    (row.get(0), row.get(1))
}

#[expect(clippy::cast_possible_truncation, reason = "a score lies between -1 and 1")]
fn millionths(score: f64) -> i64 {
    (score * 1e6).round() as i64
}

async fn queue(client: &Client) -> BTreeMap<(String, String), Line> {
    let sql =
        "SELECT product_key, attribute_key, left(product_name, 200), nullif(category_key, ''), best_value,
                      best_confidence, candidate_count, value_count, disagreement, uncertainty, gap_created_at
                 FROM review_queue";
    let line = |row: &Row| Line {
        name: row.get(2),
        category: row.get(3),
        best_value: row.get(4),
        best_confidence: row.get(5),
        counts: (row.get(6), row.get(7)),
        scores: (millionths(row.get(8)), millionths(row.get(9))),
        created_at: row.get::<_, std::time::SystemTime>(10).into(),
    };
    rows(client, sql).await.iter().map(|row| (pair(row), line(row))).collect()
}

async fn recomputed(client: &Client) -> BTreeMap<(String, String), Line> {
    let keys = async |sql| rows(client, sql).await.into_iter().map(|row| row.get::<_, String>(0));
    let products = rows(client, "SELECT product_key, product_name FROM raw_products").await;
    let categories = rows(client, "SELECT product_key, category_key FROM raw_product_categories").await;
    let gaps =
        rows(client, "SELECT product_key, attribute_key, created_at FROM raw_product_attribute_gaps").await;
    let batch = CatalogueBatch {
        products: products.iter().map(|row| fixture::product(row.get(0), row.get(1))).collect(),
        attributes: keys("SELECT attribute_key FROM raw_attributes")
            .await
            .map(|key| fixture::attribute(&key, None, "text"))
            .collect(),
        categories: keys("SELECT category_key FROM raw_categories")
            .await
            .map(|key| fixture::category(&key, None))
            .collect(),
        product_categories: categories
            .iter()
            .map(|row| fixture::in_category(row.get(0), row.get(1)))
            .collect(),
        gaps: gaps.iter().map(|row| fixture::gap(row.get(0), row.get(1))).collect(),
        ..CatalogueBatch::default()
    };
    let store = MemoryStore::new();
    store.save_catalogue(&batch).await.expect("the raw rows");

    let candidates =
        "SELECT product_key, attribute_key, experiment_key, value, confidence FROM prediction_results";
    let predictions: Vec<PredictionRecord> = rows(client, candidates)
        .await
        .iter()
        .map(|row| {
            fixture::prediction(
                row.get(2),
                (row.get(0), row.get(1)),
                row.get(3),
                row.get::<_, Option<f64>>(4),
            )
        })
        .collect();
    store.save_predictions(&predictions).await.expect("the predictions");
    let candidates =
        "SELECT product_key, attribute_key, round_key, value, confidence FROM raw_recommendations";
    let recommendations: Vec<RecommendationRecord> = rows(client, candidates)
        .await
        .iter()
        .map(|row| {
            fixture::recommendation(
                row.get(2),
                (row.get(0), row.get(1)),
                row.get(3),
                row.get::<_, Option<f64>>(4),
            )
        })
        .collect();
    store.save_recommendations(&recommendations).await.expect("the recommendations");

    let created: BTreeMap<_, DateTime<Utc>> =
        gaps.iter().map(|row| (pair(row), row.get::<_, std::time::SystemTime>(2).into())).collect();
    let all = QueueFilter { state: StateFilter::All, ..QueueFilter::default() };
    let page = store.page(&all, QueueSort::Product, None, usize::MAX).await.expect("a page");
    page.rows
        .into_iter()
        .map(|row| {
            let key = (row.gap.product.to_string(), row.gap.attribute.to_string());
            let created_at = created[&key];
            (key, line(row, created_at))
        })
        .collect()
}

fn line(row: QueueRow, created_at: DateTime<Utc>) -> Line {
    Line {
        name: row.product_name,
        category: row.category.map(String::from),
        best_value: row.best_value,
        best_confidence: row.best_confidence.map(Confidence::get),
        counts: (row.candidate_count, row.value_count),
        scores: (millionths(row.disagreement), millionths(row.uncertainty)),
        created_at,
    }
}

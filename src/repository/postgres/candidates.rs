//! Candidates: what experiments predicted and rounds recommended for gaps, ranked.

use super::lenient::Moment;
use crate::domain::{Candidate, Confidence, GapId, Source};
use crate::repository::Result;
use chrono::{DateTime, Utc};
use diesel::QueryableByName;
use diesel::sql_types::{Array, Double, Nullable, Text, Timestamptz};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use futures_util::try_join;
use std::collections::HashMap;

/// The best hundred of each pair, so that one with thousands leaves room for the others; long texts are cut.
macro_rules! best_sql {
    ($table:literal, $source:literal) => {
        concat!(
            "SELECT product_key, attribute_key, ",
            $source,
            " AS source, left(value, 4000) AS value, confidence, left(reasoning, 4000) AS reasoning, created_at FROM (",
            "SELECT *, row_number() OVER (PARTITION BY product_key, attribute_key ",
            "ORDER BY confidence DESC NULLS LAST, value COLLATE \"C\", ",
            $source,
            ") AS place FROM ",
            $table,
            " WHERE product_key = ANY ($1) AND attribute_key = ANY ($2)) AS ranked WHERE place <= 100"
        )
    };
}

const PREDICTED: &str = best_sql!("prediction_results", "experiment_key");
const RECOMMENDED: &str = best_sql!("raw_recommendations", "round_key");

#[derive(QueryableByName)]
struct Proposed {
    #[diesel(sql_type = Text)]
    product_key: String,
    #[diesel(sql_type = Text)]
    attribute_key: String,
    #[diesel(sql_type = Text)]
    source: String,
    #[diesel(sql_type = Text)]
    value: String,
    #[diesel(sql_type = Nullable<Double>)]
    confidence: Option<f64>,
    #[diesel(sql_type = Nullable<Text>)]
    reasoning: Option<String>,
    #[diesel(sql_type = Timestamptz)]
    #[diesel(deserialize_as = Moment)]
    created_at: DateTime<Utc>,
}

impl Proposed {
    fn candidate(self, source: impl Fn(String) -> Source) -> (GapId, Candidate) {
        let candidate = Candidate {
            value: self.value,
            confidence: self.confidence.and_then(|confidence| Confidence::new(confidence).ok()),
            source: source(self.source),
            reasoning: self.reasoning,
            created_at: self.created_at,
        };
        (GapId::new(self.product_key, self.attribute_key), candidate)
    }
}

/// Loads the candidates of several gaps, in the order of the gaps, each list ranked.
pub(super) async fn candidates_of(
    connection: &AsyncPgConnection,
    gaps: &[GapId],
) -> Result<Vec<Vec<Candidate>>> {
    let (mut one, mut two) = (connection, connection);
    let mut products: Vec<&str> = gaps.iter().map(|gap| gap.product.as_str()).collect();
    let mut attributes: Vec<&str> = gaps.iter().map(|gap| gap.attribute.as_str()).collect();
    for keys in [&mut products, &mut attributes] {
        keys.sort_unstable();
        keys.dedup();
    }
    let query =
        |sql| diesel::sql_query(sql).bind::<Array<Text>, _>(&products).bind::<Array<Text>, _>(&attributes);
    let (predicted, recommended): (Vec<Proposed>, Vec<Proposed>) =
        try_join!(query(PREDICTED).load(&mut one), query(RECOMMENDED).load(&mut two))?;
    let mut found: HashMap<GapId, Vec<Candidate>> = HashMap::new();
    let predicted = predicted.into_iter().map(|one| one.candidate(|key| Source::Experiment(key.into())));
    let recommended = recommended.into_iter().map(|one| one.candidate(|key| Source::Round(key.into())));
    for (gap, candidate) in predicted.chain(recommended) {
        found.entry(gap).or_default().push(candidate);
    }
    Ok(gaps
        .iter()
        .map(|gap| {
            let mut candidates = found.get(gap).cloned().unwrap_or_default();
            rank(&mut candidates);
            candidates
        })
        .collect())
}

/// Sorts candidates: the most confident first, those without a confidence last, ties by value, then by source.
fn rank(candidates: &mut [Candidate]) {
    candidates.sort_by(|a, b| {
        b.confidence
            .partial_cmp(&a.confidence)
            .unwrap_or(std::cmp::Ordering::Equal)
            .then_with(|| a.value.cmp(&b.value))
            .then_with(|| a.source.key().cmp(b.source.key()))
    });
}

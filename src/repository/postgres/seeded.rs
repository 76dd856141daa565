//! Seeded gaps: known values, and what reviewers said of them.

use super::PostgresStore;
use super::fragment::fixed;
use super::queue::{Selected, columns, filtered, row};
use super::upsert::insert_keys;
use crate::database::schema::{human_recommendations, review_queue, seeded_answers, seeded_values};
use crate::domain::{
    AnswerCount, GapId, QueueFilter, QueueSort, Reviewer, SeededAnswer, SeededGap, SeededValue, Seeding,
    StateFilter,
};
use crate::repository::{RepositoryError, Result, SeededRepository};
use async_trait::async_trait;
use diesel::dsl::{count_star, exists, not};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Double, Text};
use diesel_async::{AsyncConnection, RunQueryDsl};
use std::collections::BTreeMap;

/// The queue keeps the first 200 characters of a value.
const SEEDING: &str =
    "SELECT gaps, open, correct, incorrect, answers, reviewers FROM (
    SELECT count(*) AS gaps, count(*) FILTER (WHERE state = 'open') AS open, count(*) FILTER (WHERE is_right) AS correct,
           count(*) FILTER (WHERE best_value IS NOT NULL AND NOT is_right) AS incorrect
      FROM (SELECT q.state, q.best_value, bool_or(q.best_value IS NOT NULL
                       AND gapdeck_normalised(left(s.value, 200)) = gapdeck_normalised(q.best_value)) AS is_right
              FROM seeded_values s JOIN review_queue q USING (product_key, attribute_key)
             GROUP BY product_key, attribute_key, q.state, q.best_value) AS seeded) AS seeds,
    (SELECT count(*) AS answers, count(DISTINCT reviewer) AS reviewers FROM seeded_answers) AS answered";

#[derive(QueryableByName)]
struct SeedingRow {
    #[diesel(sql_type = BigInt)]
    gaps: i64,
    #[diesel(sql_type = BigInt)]
    open: i64,
    #[diesel(sql_type = BigInt)]
    correct: i64,
    #[diesel(sql_type = BigInt)]
    incorrect: i64,
    #[diesel(sql_type = BigInt)]
    answers: i64,
    #[diesel(sql_type = BigInt)]
    reviewers: i64,
}

#[async_trait]
impl SeededRepository for PostgresStore {
    async fn save_seeded(&self, values: &[SeededValue]) -> Result<()> {
        use seeded_values as s;
        if values.iter().any(|one| one.value.is_empty()) {
            return Err(RepositoryError::Invalid { field: "value", reason: "a value is needed".into() });
        }
        let mut connection = self.connection().await?;
        connection
            .transaction(async |connection| {
                insert_keys!(connection, values, seeded_values, |one| (
                    s::product_key.eq(one.gap.product.as_str()),
                    s::attribute_key.eq(one.gap.attribute.as_str()),
                    s::value.eq(one.value.as_str()),
                ));
                Ok(())
            })
            .await
    }

    async fn forget_seeded(&self, gaps: &[GapId]) -> Result<()> {
        use seeded_values as s;
        let mut connection = self.connection().await?;
        connection
            .transaction(async |connection| {
                // One product at a time, as distributed tables take it.
                for gap in gaps {
                    let of_gap = s::table
                        .filter(s::product_key.eq(gap.product.as_str()))
                        .filter(s::attribute_key.eq(gap.attribute.as_str()));
                    diesel::delete(of_gap).execute(connection).await?;
                }
                Ok(())
            })
            .await
    }

    async fn seeding(&self) -> Result<Seeding> {
        let row: SeedingRow = diesel::sql_query(SEEDING).get_result(&mut self.connection().await?).await?;
        let count = |number: i64| number.unsigned_abs();
        Ok(Seeding {
            gaps: count(row.gaps),
            open: count(row.open),
            right: count(row.correct),
            wrong: count(row.incorrect),
            answers: count(row.answers),
            reviewers: count(row.reviewers),
        })
    }

    async fn seeds(&self, filter: &QueueFilter, reviewer: &Reviewer, limit: usize) -> Result<Vec<SeededGap>> {
        use {human_recommendations as h, review_queue as q, seeded_answers as a, seeded_values as s};
        let filter = QueueFilter { state: StateFilter::All, ..filter.clone() };
        let seeded =
            s::table.filter(s::product_key.eq(q::product_key)).filter(s::attribute_key.eq(q::attribute_key));
        let answered = a::table
            .filter(a::reviewer.eq(reviewer.as_str()))
            .filter(a::product_key.eq(q::product_key))
            .filter(a::attribute_key.eq(q::attribute_key));
        let decided = h::table
            .filter(h::reviewer.eq(reviewer.as_str()))
            .filter(h::product_key.eq(q::product_key))
            .filter(h::attribute_key.eq(q::attribute_key));
        let mut connection = self.connection().await?;
        let rows: Vec<Selected> = filtered(&filter, QueueSort::Random)
            .filter(exists(seeded))
            .filter(q::best_value.is_not_null())
            .filter(not(exists(answered)))
            .filter(not(exists(decided)))
            .select(columns())
            .order((
                fixed::<Double>(
                    "gapdeck_lot('seeded', review_queue.product_key, review_queue.attribute_key)",
                ),
                q::product_key,
                q::attribute_key,
            ))
            .limit(i64::try_from(limit.clamp(1, 1_000)).unwrap_or(i64::MAX))
            .load(&mut connection)
            .await?;
        let rows: Vec<_> = rows.into_iter().map(row).collect();
        let products: Vec<_> = rows.iter().map(|row| row.gap.product.as_str()).collect();
        let known: Vec<(String, String, String)> = s::table
            .filter(s::product_key.eq_any(products))
            .select((s::product_key, s::attribute_key, s::value))
            .order((s::product_key, s::attribute_key, fixed::<Text>("seeded_values.value COLLATE \"C\"")))
            .load(&mut connection)
            .await?;
        let mut values: BTreeMap<GapId, Vec<String>> = BTreeMap::new();
        for (product, attribute, value) in known {
            values.entry(GapId::new(product, attribute)).or_default().push(value);
        }
        let seed = |mut row: crate::domain::QueueRow| {
            row.reopen();
            // Forgotten between the two statements: no seed any more.
            Some(SeededGap { values: values.remove(&row.gap)?, row })
        };
        Ok(rows.into_iter().filter_map(seed).collect())
    }

    async fn answer_seeded(&self, answer: &SeededAnswer) -> Result<()> {
        use seeded_answers as a;
        diesel::insert_into(a::table)
            .values((
                a::product_key.eq(answer.gap.product.as_str()),
                a::answer_id.eq(answer.id.0),
                a::attribute_key.eq(answer.gap.attribute.as_str()),
                a::reviewer.eq(answer.reviewer.as_str()),
                a::action.eq(answer.action.as_str()),
                a::value.eq(answer.value.as_deref()),
                a::shown_value.eq(answer.shown_value.as_deref()),
                a::is_right.eq(answer.is_right),
                a::accepted.eq(answer.accepted),
                a::seconds.eq(answer.seconds),
                a::answered_at.eq(answer.answered_at),
            ))
            .on_conflict_do_nothing()
            .execute(&mut self.connection().await?)
            .await?;
        Ok(())
    }

    async fn seeded_answers(&self, reviewer: &Reviewer) -> Result<Vec<AnswerCount>> {
        use seeded_answers as a;
        let rows: Vec<(Option<bool>, Option<bool>, i64)> = a::table
            .filter(a::reviewer.eq(reviewer.as_str()))
            .filter(a::is_right.is_not_null())
            .filter(a::accepted.is_not_null())
            .group_by((a::is_right, a::accepted))
            .select((a::is_right, a::accepted, count_star()))
            .order((a::is_right, a::accepted))
            .load(&mut self.connection().await?)
            .await?;
        let counted = |(is_right, accepted, answers): (Option<bool>, Option<bool>, i64)| {
            Some(AnswerCount { is_right: is_right?, accepted: accepted?, answers: answers.unsigned_abs() })
        };
        Ok(rows.into_iter().filter_map(counted).collect())
    }
}

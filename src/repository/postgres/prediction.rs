//! Experiments and their prediction results.

use super::{PostgresStore, last_of_each};
use crate::database::schema::{
    experiment_summary, metric_trends, prediction_experiments, prediction_results,
};
use crate::domain::{ExperimentKey, ExperimentSummary, GapId, MetricTrend};
use crate::repository::{PredictionRepository, Result};
use crate::transfer::record::{ExperimentRecord, PredictionRecord};
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::upsert::excluded;
use diesel_async::{AsyncConnection, RunQueryDsl};

/// Rows written by one statement: a statement has at most 65,535 parameters.
const BATCH: usize = 1_000;

#[async_trait]
impl PredictionRepository for PostgresStore {
    async fn save_experiments(&self, experiments: &[ExperimentRecord]) -> Result<()> {
        use prediction_experiments as e;
        let now = Utc::now();
        let mut connection = self.connection().await?;
        connection
            .transaction(async |connection| {
                for chunk in last_of_each(experiments, |one| &one.experiment).chunks(BATCH) {
                    let rows: Vec<_> = chunk
                        .iter()
                        .map(|one| {
                            (
                                e::experiment_key.eq(&one.experiment),
                                e::model.eq(&one.model),
                                e::description.eq(&one.description),
                                e::parameters
                                    .eq(one.parameters.clone().unwrap_or_else(|| serde_json::json!({}))),
                                e::metrics.eq(one.metrics.clone().unwrap_or_else(|| serde_json::json!({}))),
                                e::created_at.eq(one.created_at.unwrap_or(now)),
                                e::completed_at.eq(one.completed_at),
                            )
                        })
                        .collect();
                    diesel::insert_into(e::table)
                        .values(rows)
                        .on_conflict(e::experiment_key)
                        .do_update()
                        .set((
                            e::model.eq(excluded(e::model)),
                            e::description.eq(excluded(e::description)),
                            e::parameters.eq(excluded(e::parameters)),
                            e::metrics.eq(excluded(e::metrics)),
                            e::created_at.eq(excluded(e::created_at)),
                            e::completed_at.eq(excluded(e::completed_at)),
                        ))
                        .execute(connection)
                        .await?;
                }
                Ok(())
            })
            .await
    }

    async fn save_predictions(&self, predictions: &[PredictionRecord]) -> Result<()> {
        use prediction_experiments as e;
        use prediction_results as p;
        let now = Utc::now();
        let mut connection = self.connection().await?;
        connection
            .transaction(async |connection| {
                for chunk in last_of_each(predictions, |one| {
                    (&one.experiment, &one.product_key, &one.attribute_key, &one.value)
                })
                .chunks(BATCH)
                {
                    let named: Vec<_> =
                        chunk.iter().map(|one| e::experiment_key.eq(&one.experiment)).collect();
                    diesel::insert_into(e::table)
                        .values(named)
                        .on_conflict_do_nothing()
                        .execute(connection)
                        .await?;
                    let rows: Vec<_> = chunk
                        .iter()
                        .map(|one| {
                            (
                                p::product_key.eq(&one.product_key),
                                p::attribute_key.eq(&one.attribute_key),
                                p::experiment_key.eq(&one.experiment),
                                p::value.eq(&one.value),
                                p::confidence.eq(one.confidence),
                                p::reasoning.eq(&one.reasoning),
                                p::created_at.eq(one.created_at.unwrap_or(now)),
                            )
                        })
                        .collect();
                    diesel::insert_into(p::table)
                        .values(rows)
                        .on_conflict((p::product_key, p::attribute_key, p::experiment_key, p::value_md5))
                        .do_update()
                        .set((
                            p::confidence.eq(excluded(p::confidence)),
                            p::reasoning.eq(excluded(p::reasoning)),
                        ))
                        .execute(connection)
                        .await?;
                }
                Ok(())
            })
            .await
    }

    async fn experiment_summaries(&self) -> Result<Vec<ExperimentSummary>> {
        use experiment_summary as s;
        type Row = (
            String,
            Option<String>,
            Option<String>,
            serde_json::Value,
            DateTime<Utc>,
            Option<DateTime<Utc>>,
            i64,
            i64,
            Option<f64>,
            i64,
            i64,
        );
        let rows: Vec<Row> = self
            .lagging(|mut connection| async move {
                Ok(s::table
                    .select((
                        s::experiment_key,
                        s::model,
                        s::description,
                        s::metrics,
                        s::created_at,
                        s::completed_at,
                        s::predictions,
                        s::gaps,
                        s::average_confidence,
                        s::correct,
                        s::incorrect,
                    ))
                    .order((s::created_at.desc(), s::experiment_key))
                    .load(&mut connection)
                    .await?)
            })
            .await?;
        Ok(rows
            .into_iter()
            .map(
                |(
                    key,
                    model,
                    description,
                    metrics,
                    created_at,
                    completed_at,
                    predictions,
                    gaps,
                    average,
                    correct,
                    incorrect,
                )| {
                    ExperimentSummary {
                        experiment: key.into(),
                        model,
                        description,
                        metrics,
                        created_at,
                        completed_at,
                        predictions,
                        gaps,
                        average_confidence: average,
                        correct,
                        incorrect,
                    }
                },
            )
            .collect())
    }

    async fn metric_trends(&self, experiment: &ExperimentKey) -> Result<Vec<MetricTrend>> {
        use metric_trends as t;
        type Row = (DateTime<Utc>, i64, Option<f64>, Option<f64>, i64, i64);
        let rows: Vec<Row> = self
            .lagging(|mut connection| async move {
                Ok(t::table
                    .filter(t::experiment_key.eq(experiment.as_str()))
                    .select((
                        t::day,
                        t::predictions,
                        t::average_confidence,
                        t::confidence_change,
                        t::correct,
                        t::incorrect,
                    ))
                    .order(t::day)
                    .load(&mut connection)
                    .await?)
            })
            .await?;
        Ok(rows
            .into_iter()
            .map(|(day, predictions, average_confidence, confidence_change, correct, incorrect)| {
                MetricTrend {
                    experiment: experiment.clone(),
                    day,
                    predictions,
                    average_confidence,
                    confidence_change,
                    correct,
                    incorrect,
                }
            })
            .collect())
    }

    async fn correctness(&self, gap: &GapId) -> Result<Vec<(ExperimentKey, String, Option<bool>)>> {
        use prediction_results as p;
        let mut connection = self.connection().await?;
        let rows: Vec<(String, String, Option<bool>)> = p::table
            .filter(p::product_key.eq(gap.product.as_str()))
            .filter(p::attribute_key.eq(gap.attribute.as_str()))
            .select((p::experiment_key, p::value, p::is_correct))
            .order((p::experiment_key, p::value_md5))
            .load(&mut connection)
            .await?;
        Ok(rows.into_iter().map(|(experiment, value, correct)| (experiment.into(), value, correct)).collect())
    }
}

//! Experiments and their prediction results.

use super::card::LONGEST_VALUE;
use super::fragment::{fixed, left_or_null};
use super::keyset::{after, one_more, page};
use super::lenient::{Json, MaybeMoment, Moment};
use super::proposal::save_proposals;
use super::queue::SHORT;
use super::upsert::{BATCH, upsert};
use super::{PostgresStore, last_of_each};
use crate::database::schema::{
    experiment_summary, metric_trends, prediction_experiments, prediction_results,
};
use crate::domain::{
    Confidence, DecisionId, Experiment, ExperimentKey, ExperimentSummary, GapId, MetricTrend, Prediction,
    ProposalCursor,
};
use crate::repository::{Page, PredictionRepository, Result};
use crate::transfer::record::{ExperimentRecord, PredictionRecord};
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use diesel::expression::AsExpression;
use diesel::prelude::*;
use diesel::sql_types::Text;
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

#[derive(Queryable, Selectable)]
#[diesel(table_name = prediction_experiments, check_for_backend(diesel::pg::Pg))]
struct ExperimentRow {
    experiment_key: String,
    model: Option<String>,
    description: Option<String>,
    #[diesel(deserialize_as = Json)]
    parameters: serde_json::Value,
    #[diesel(deserialize_as = Json)]
    metrics: serde_json::Value,
    #[diesel(deserialize_as = Moment)]
    created_at: DateTime<Utc>,
    #[diesel(deserialize_as = MaybeMoment)]
    completed_at: Option<DateTime<Utc>>,
}

impl From<ExperimentRow> for Experiment {
    fn from(row: ExperimentRow) -> Self {
        Self {
            key: row.experiment_key.into(),
            model: row.model,
            description: row.description,
            parameters: row.parameters,
            metrics: row.metrics,
            created_at: row.created_at,
            completed_at: row.completed_at,
        }
    }
}

/// The columns of a summary, long words cut.
macro_rules! summary {
    ($table:ident) => {
        (
            $table::experiment_key,
            left_or_null($table::model, LONGEST_VALUE),
            left_or_null($table::description, LONGEST_VALUE),
            $table::metrics,
            $table::created_at,
            $table::completed_at,
            $table::predictions,
            $table::gaps,
            $table::average_confidence,
            $table::correct,
            $table::incorrect,
        )
    };
}

#[derive(Queryable)]
struct SummaryRow {
    experiment_key: String,
    model: Option<String>,
    description: Option<String>,
    #[diesel(deserialize_as = Json)]
    metrics: serde_json::Value,
    #[diesel(deserialize_as = Moment)]
    created_at: DateTime<Utc>,
    #[diesel(deserialize_as = MaybeMoment)]
    completed_at: Option<DateTime<Utc>>,
    predictions: i64,
    gaps: i64,
    average_confidence: Option<f64>,
    correct: i64,
    incorrect: i64,
}

impl From<SummaryRow> for ExperimentSummary {
    fn from(row: SummaryRow) -> Self {
        Self {
            experiment: row.experiment_key.into(),
            model: row.model,
            description: row.description,
            metrics: row.metrics,
            created_at: row.created_at,
            completed_at: row.completed_at,
            predictions: row.predictions,
            gaps: row.gaps,
            average_confidence: row.average_confidence,
            correct: row.correct,
            incorrect: row.incorrect,
        }
    }
}

/// A prediction as selected.
type Selected = (
    String,
    String,
    String,
    String,
    Option<f64>,
    Option<String>,
    Option<bool>,
    Option<Uuid>,
    Option<String>,
    DateTime<Utc>,
);

fn prediction(selected: Selected) -> Prediction {
    let (
        product,
        attribute,
        experiment,
        value,
        confidence,
        reasoning,
        is_correct,
        decision,
        round,
        created_at,
    ) = selected;
    Prediction {
        gap: GapId::new(product, attribute),
        experiment: experiment.into(),
        value,
        confidence: confidence.and_then(|confidence| Confidence::new(confidence).ok()),
        reasoning,
        is_correct,
        decision: decision.map(DecisionId),
        round: round.map(Into::into),
        created_at,
    }
}

/// Loads predictions of a gap, or of an experiment after a place, in the order of their keys.
async fn load(
    connection: &AsyncPgConnection,
    gap: Option<&GapId>,
    experiment: Option<(&ExperimentKey, Option<&ProposalCursor>, usize)>,
) -> Result<Vec<Prediction>> {
    use prediction_results as p;
    let mut connection = connection;
    let reasoning = if gap.is_some() { LONGEST_VALUE } else { SHORT };
    let mut query = p::table
        .select((
            p::product_key,
            p::attribute_key,
            p::experiment_key,
            p::value,
            p::confidence,
            left_or_null(p::reasoning, reasoning),
            p::is_correct,
            p::decision_id,
            p::round_key,
            p::created_at,
        ))
        .into_boxed();
    if let Some(gap) = gap {
        query = query
            .filter(p::product_key.eq(gap.product.as_str()))
            .filter(p::attribute_key.eq(gap.attribute.as_str()))
            .order((p::experiment_key, fixed::<Text>("value COLLATE \"C\"")));
    }
    if let Some((experiment, place, limit)) = experiment {
        query = query
            .filter(p::experiment_key.eq(experiment.as_str()))
            .order((p::product_key, p::attribute_key, fixed::<Text>("value COLLATE \"C\"")))
            .limit(one_more(limit));
        if let Some(place) = place {
            query = query.filter(after(PLACE, bound(place)));
        }
    }
    let rows: Vec<Selected> = query.load(&mut connection).await?;
    Ok(rows.into_iter().map(prediction).collect())
}

/// The columns of a [`ProposalCursor`].
pub(super) const PLACE: &str = "product_key, attribute_key, value COLLATE \"C\"";

type Bound<'a> = <&'a str as AsExpression<Text>>::Expression;

/// Binds a cursor's values in the order of [`PLACE`].
pub(super) fn bound(place: &ProposalCursor) -> (Bound<'_>, Bound<'_>, Bound<'_>) {
    (
        AsExpression::<Text>::as_expression(place.gap.product.as_str()),
        AsExpression::<Text>::as_expression(place.gap.attribute.as_str()),
        AsExpression::<Text>::as_expression(place.value.as_str()),
    )
}

#[async_trait]
impl PredictionRepository for PostgresStore {
    async fn save_experiments(&self, experiments: &[ExperimentRecord]) -> Result<()> {
        use prediction_experiments as e;
        let now = Utc::now();
        let mut connection = self.connection().await?;
        connection
            .transaction(async |connection| {
                for chunk in last_of_each(experiments, |one| &one.experiment).chunks(BATCH) {
                    let rows = |dated: bool| -> Vec<_> {
                        chunk
                            .iter()
                            .filter(|one| one.created_at.is_some() == dated)
                            .map(|one| {
                                (
                                    e::experiment_key.eq(&one.experiment),
                                    e::model.eq(&one.model),
                                    e::description.eq(&one.description),
                                    e::parameters.eq(object(one.parameters.as_ref())),
                                    e::metrics.eq(object(one.metrics.as_ref())),
                                    e::created_at.eq(one.created_at.unwrap_or(now)),
                                    e::completed_at.eq(one.completed_at),
                                )
                            })
                            .collect()
                    };
                    let key = e::experiment_key;
                    upsert!(
                        connection,
                        e,
                        key,
                        rows(false),
                        [model, description, parameters, metrics, completed_at]
                    );
                    upsert!(
                        connection,
                        e,
                        key,
                        rows(true),
                        [model, description, parameters, metrics, created_at, completed_at]
                    );
                }
                Ok(())
            })
            .await
    }

    async fn save_predictions(&self, predictions: &[PredictionRecord]) -> Result<()> {
        let mut connection = self.connection().await?;
        connection
            .transaction(async |connection| {
                save_proposals!(
                    connection,
                    predictions,
                    prediction_results,
                    prediction_experiments,
                    experiment_key,
                    experiment
                );
                Ok(())
            })
            .await
    }

    async fn delete_experiments(&self, experiments: &[ExperimentKey]) -> Result<()> {
        use prediction_experiments as e;
        let mut connection = self.connection().await?;
        let keys: Vec<&str> = experiments.iter().map(ExperimentKey::as_str).collect();
        diesel::delete(e::table.filter(e::experiment_key.eq_any(keys))).execute(&mut connection).await?;
        Ok(())
    }

    async fn experiment(&self, experiment: &ExperimentKey) -> Result<Option<Experiment>> {
        let mut connection = self.connection().await?;
        let row: Option<ExperimentRow> = prediction_experiments::table
            .find(experiment.as_str())
            .select(ExperimentRow::as_select())
            .first(&mut connection)
            .await
            .optional()?;
        Ok(row.map(Experiment::from))
    }

    async fn experiments(&self) -> Result<Vec<Experiment>> {
        use prediction_experiments as e;
        let mut connection = self.connection().await?;
        let rows: Vec<ExperimentRow> = e::table
            .select(ExperimentRow::as_select())
            .order((e::created_at.desc(), e::experiment_key))
            .load(&mut connection)
            .await?;
        Ok(rows.into_iter().map(Experiment::from).collect())
    }

    async fn experiment_summary(&self, experiment: &ExperimentKey) -> Result<Option<ExperimentSummary>> {
        let row: Option<SummaryRow> = self
            .lagging(|mut connection| async move {
                Ok(experiment_summary::table
                    .find(experiment.as_str())
                    .select(summary!(experiment_summary))
                    .first(&mut connection)
                    .await
                    .optional()?)
            })
            .await?;
        Ok(row.map(ExperimentSummary::from))
    }

    async fn experiment_summaries(&self) -> Result<Vec<ExperimentSummary>> {
        use experiment_summary as s;
        let rows: Vec<SummaryRow> = self
            .lagging(|mut connection| async move {
                Ok(s::table
                    .select(summary!(s))
                    .order((s::created_at.desc(), s::experiment_key))
                    .load(&mut connection)
                    .await?)
            })
            .await?;
        Ok(rows.into_iter().map(ExperimentSummary::from).collect())
    }

    async fn metric_trends(&self, experiment: &ExperimentKey) -> Result<Vec<MetricTrend>> {
        use metric_trends as t;
        type Row = (Moment, i64, Option<f64>, Option<f64>, i64, i64);
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
            .map(|(Moment(day), predictions, average_confidence, confidence_change, correct, incorrect)| {
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

    async fn predictions(&self, gap: &GapId) -> Result<Vec<Prediction>> {
        load(&*self.connection().await?, Some(gap), None).await
    }

    async fn experiment_predictions(
        &self,
        experiment: &ExperimentKey,
        after: Option<&ProposalCursor>,
        limit: usize,
    ) -> Result<Page<Prediction, ProposalCursor>> {
        let rows = load(&*self.connection().await?, None, Some((experiment, after, limit))).await?;
        Ok(page(rows, limit, |one: &Prediction| ProposalCursor {
            gap: one.gap.clone(),
            value: one.value.clone(),
        }))
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

/// Returns a JSON object, empty where none is given.
pub(super) fn object(given: Option<&serde_json::Value>) -> serde_json::Value {
    given.cloned().unwrap_or_else(|| serde_json::json!({}))
}

//! Decisions as rows of `human_recommendations`.

use super::card::LONGEST_VALUE;
use super::fragment::left_or_null;
use super::lenient::{Json, Moment};
use crate::database::schema::human_recommendations;
use crate::domain::{Action, Confidence, Decision, DecisionId, Event, GapId, Reviewer, Seen, State};
use crate::repository::{RepositoryError, Result};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

/// A stored decision.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = human_recommendations, check_for_backend(diesel::pg::Pg))]
pub(super) struct EventRow {
    pub product_key: String,
    pub decision_id: Uuid,
    pub attribute_key: String,
    pub reviewer: String,
    pub action: String,
    pub value: Option<String>,
    pub comment: Option<String>,
    pub base_version: i32,
    pub result_version: i32,
    pub undoes: Option<Uuid>,
    pub shown_value: Option<String>,
    pub shown_confidence: Option<f64>,
    pub shown_experiment: Option<String>,
    pub batch_id: Option<Uuid>,
    pub policy: String,
    pub selection_probability: Option<f64>,
    pub seconds: Option<f64>,
    pub kept_on_purpose: bool,
    #[diesel(deserialize_as = Json)]
    pub seen: serde_json::Value,
    #[diesel(deserialize_as = Moment)]
    pub decided_at: DateTime<Utc>,
    /// The server says when; what stands here is not written.
    #[diesel(skip_insertion, deserialize_as = Moment)]
    pub recorded_at: DateTime<Utc>,
    pub result_state: Option<String>,
}

impl EventRow {
    /// Makes the row of a decision that brings its gap to the next version, and into a state; none for an undo.
    pub(super) fn of(decision: &Decision, state: Option<State>) -> Result<Self> {
        let seen = serde_json::to_value(&decision.seen)
            .map_err(|error| RepositoryError::Invalid { field: "seen", reason: error.to_string() })?;
        Ok(Self {
            product_key: decision.gap.product.to_string(),
            decision_id: decision.id.0,
            attribute_key: decision.gap.attribute.to_string(),
            reviewer: decision.reviewer.to_string(),
            action: decision.action.as_str().into(),
            value: decision.value.clone(),
            comment: decision.comment.clone(),
            base_version: decision.base_version,
            result_version: decision.base_version.saturating_add(1),
            undoes: decision.undoes.map(|id| id.0),
            shown_value: decision.shown_value.clone(),
            shown_confidence: decision.shown_confidence.map(Confidence::get),
            shown_experiment: decision.shown_experiment.as_ref().map(ToString::to_string),
            batch_id: decision.batch,
            policy: decision.seen.policy.clone(),
            selection_probability: decision.seen.selection_probability,
            seconds: decision.seen.seconds,
            kept_on_purpose: decision.seen.kept_on_purpose,
            seen: without_nul(seen),
            decided_at: decision.decided_at,
            recorded_at: decision.decided_at,
            result_state: state.map(|state| state.as_str().to_owned()),
        })
    }

    fn event(self) -> Result<Event> {
        let action = Action::parse(&self.action).ok_or_else(|| {
            RepositoryError::Database(format!("unknown action {} in human_recommendations", self.action))
        })?;
        // Decisions from before the column, and of other programs, brought the gap into their own state.
        let result_state = self.result_state.as_deref().and_then(State::parse).or(action.state());
        let seen: Seen = serde_json::from_value(self.seen).unwrap_or_default();
        Ok(Event {
            decision: Decision {
                id: DecisionId(self.decision_id),
                gap: GapId::new(self.product_key, self.attribute_key),
                action,
                value: self.value,
                comment: self.comment,
                reviewer: Reviewer::from(self.reviewer),
                base_version: self.base_version,
                undoes: self.undoes.map(DecisionId),
                shown_value: self.shown_value,
                shown_confidence: self
                    .shown_confidence
                    .and_then(|confidence| Confidence::new(confidence).ok()),
                shown_experiment: self.shown_experiment.map(Into::into),
                batch: self.batch_id,
                seen: Seen {
                    policy: self.policy,
                    selection_probability: self.selection_probability,
                    seconds: self.seconds,
                    kept_on_purpose: self.kept_on_purpose,
                    ..seen
                },
                decided_at: self.decided_at,
            },
            result_version: self.result_version,
            result_state,
            recorded_at: self.recorded_at,
            undone_by: None,
        })
    }
}

/// Takes NUL characters out, which `jsonb` cannot hold.
fn without_nul(value: serde_json::Value) -> serde_json::Value {
    match value {
        serde_json::Value::String(text) if text.contains('\0') => text.replace('\0', "\u{fffd}").into(),
        serde_json::Value::Array(items) => items.into_iter().map(without_nul).collect(),
        serde_json::Value::Object(fields) => {
            fields.into_iter().map(|(name, value)| (name, without_nul(value))).collect()
        }
        other => other,
    }
}

/// Turns rows into events, the oldest first, and marks those that an undo took back.
pub(super) fn events(rows: Vec<EventRow>) -> Result<Vec<Event>> {
    let mut events = rows.into_iter().map(EventRow::event).collect::<Result<Vec<_>>>()?;
    events.sort_by_key(|event| event.result_version);
    let undone: Vec<(DecisionId, DecisionId)> =
        events.iter().filter_map(|event| Some((event.decision.undoes?, event.decision.id))).collect();
    for event in &mut events {
        event.undone_by = undone.iter().find(|(what, _)| *what == event.decision.id).map(|(_, by)| *by);
    }
    Ok(events)
}

/// Loads the decisions on a gap, the oldest first.
pub(super) async fn history(connection: &AsyncPgConnection, gap: &GapId) -> Result<Vec<Event>> {
    use human_recommendations as h;
    let mut connection = connection;
    let rows = h::table
        .filter(h::product_key.eq(gap.product.as_str()))
        .filter(h::attribute_key.eq(gap.attribute.as_str()))
        .select(EventRow::as_select())
        .load(&mut connection)
        .await?;
    events(rows)
}

/// As [`history`], for a screen: long texts are cut.
pub(super) async fn shown_history(connection: &AsyncPgConnection, gap: &GapId) -> Result<Vec<Event>> {
    use human_recommendations as h;
    let mut connection = connection;
    let rows = h::table
        .filter(h::product_key.eq(gap.product.as_str()))
        .filter(h::attribute_key.eq(gap.attribute.as_str()))
        .select((
            h::product_key,
            h::decision_id,
            h::attribute_key,
            h::reviewer,
            h::action,
            left_or_null(h::value, LONGEST_VALUE),
            left_or_null(h::comment, LONGEST_VALUE),
            h::base_version,
            h::result_version,
            h::undoes,
            left_or_null(h::shown_value, LONGEST_VALUE),
            h::shown_confidence,
            h::shown_experiment,
            h::batch_id,
            h::policy,
            h::selection_probability,
            h::seconds,
            h::kept_on_purpose,
            h::seen,
            h::decided_at,
            h::recorded_at,
            h::result_state,
        ))
        .load::<EventRow>(&mut connection)
        .await?;
    events(rows)
}

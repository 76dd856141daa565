//! Recommendations: rounds of a model, and the decisions of people.

use super::activity;
use super::card::LONGEST_VALUE;
use super::event::{EventRow, events, history};
use super::fragment::{fixed, left_or_null};
use super::keyset::{after, one_more, page};
use super::prediction::{PLACE, bound, object};
use super::proposal::save_proposals;
use super::queue::SHORT;
use super::upsert::{BATCH, upsert};
use super::{PostgresStore, last_of_each};
use crate::database::schema::{
    human_recommendations, raw_recommendation_rounds, raw_recommendations, review_queue,
};
use crate::domain::{
    Action, Confidence, Decision, DecisionCursor, DecisionFilter, DecisionId, DecisionRow, Event, Fence,
    GapId, Outcome, ProposalCursor, Recommendation, Reviewer, Round, RoundKey, Standing,
};
use crate::repository::{Page, RecommendationRepository, Result};
use crate::transfer::record::{RecommendationRecord, RoundRecord};
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::Text;
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

diesel::alias!(const UNDO: Alias<Undo> = human_recommendations as undo);

#[derive(Queryable, Selectable)]
#[diesel(table_name = raw_recommendation_rounds, check_for_backend(diesel::pg::Pg))]
struct RoundRow {
    round_key: String,
    model: Option<String>,
    description: Option<String>,
    metadata: serde_json::Value,
    created_at: DateTime<Utc>,
    completed_at: Option<DateTime<Utc>>,
}

impl From<RoundRow> for Round {
    fn from(row: RoundRow) -> Self {
        Self {
            key: row.round_key.into(),
            model: row.model,
            description: row.description,
            metadata: row.metadata,
            created_at: row.created_at,
            completed_at: row.completed_at,
        }
    }
}

/// A recommendation as selected.
type Selected = (String, String, String, String, Option<f64>, Option<String>, DateTime<Utc>);

fn recommendation(selected: Selected) -> Recommendation {
    let (product, attribute, round, value, confidence, reasoning, created_at) = selected;
    Recommendation {
        gap: GapId::new(product, attribute),
        round: round.into(),
        value,
        confidence: confidence.and_then(|confidence| Confidence::new(confidence).ok()),
        reasoning,
        created_at,
    }
}

/// Loads recommendations for a gap, or of a round after a place, in the order of their keys.
async fn load(
    connection: &AsyncPgConnection,
    gap: Option<&GapId>,
    round: Option<(&RoundKey, Option<&ProposalCursor>, usize)>,
) -> Result<Vec<Recommendation>> {
    use raw_recommendations as r;
    let mut connection = connection;
    let reasoning = if gap.is_some() { LONGEST_VALUE } else { SHORT };
    let mut query = r::table
        .select((
            r::product_key,
            r::attribute_key,
            r::round_key,
            r::value,
            r::confidence,
            left_or_null(r::reasoning, reasoning),
            r::created_at,
        ))
        .into_boxed();
    if let Some(gap) = gap {
        query = query
            .filter(r::product_key.eq(gap.product.as_str()))
            .filter(r::attribute_key.eq(gap.attribute.as_str()))
            .order((r::round_key, fixed::<Text>("value COLLATE \"C\"")));
    }
    if let Some((round, place, limit)) = round {
        query = query
            .filter(r::round_key.eq(round.as_str()))
            .order((r::product_key, r::attribute_key, fixed::<Text>("value COLLATE \"C\"")))
            .limit(one_more(limit));
        if let Some(place) = place {
            query = query.filter(after(PLACE, bound(place)));
        }
    }
    let rows: Vec<Selected> = query.load(&mut connection).await?;
    Ok(rows.into_iter().map(recommendation).collect())
}

#[async_trait]
impl RecommendationRepository for PostgresStore {
    async fn save_rounds(&self, rounds: &[RoundRecord]) -> Result<()> {
        use raw_recommendation_rounds as r;
        let now = Utc::now();
        let mut connection = self.connection().await?;
        connection
            .transaction(async |connection| {
                for chunk in last_of_each(rounds, |one| &one.round).chunks(BATCH) {
                    let rows = |dated: bool| -> Vec<_> {
                        chunk
                            .iter()
                            .filter(|one| one.created_at.is_some() == dated)
                            .map(|one| {
                                (
                                    r::round_key.eq(&one.round),
                                    r::model.eq(&one.model),
                                    r::description.eq(&one.description),
                                    r::metadata.eq(object(one.metadata.as_ref())),
                                    r::created_at.eq(one.created_at.unwrap_or(now)),
                                    r::completed_at.eq(one.completed_at),
                                )
                            })
                            .collect()
                    };
                    let key = r::round_key;
                    upsert!(connection, r, key, rows(false), [model, description, metadata, completed_at]);
                    upsert!(
                        connection,
                        r,
                        key,
                        rows(true),
                        [model, description, metadata, created_at, completed_at]
                    );
                }
                Ok(())
            })
            .await
    }

    async fn save_recommendations(&self, recommendations: &[RecommendationRecord]) -> Result<()> {
        let mut connection = self.connection().await?;
        connection
            .transaction(async |connection| {
                save_proposals!(
                    connection,
                    recommendations,
                    raw_recommendations,
                    raw_recommendation_rounds,
                    round_key,
                    round
                );
                Ok(())
            })
            .await
    }

    async fn delete_rounds(&self, rounds: &[RoundKey]) -> Result<()> {
        use raw_recommendation_rounds as r;
        let mut connection = self.connection().await?;
        let keys: Vec<&str> = rounds.iter().map(RoundKey::as_str).collect();
        diesel::delete(r::table.filter(r::round_key.eq_any(keys))).execute(&mut connection).await?;
        Ok(())
    }

    async fn round(&self, round: &RoundKey) -> Result<Option<Round>> {
        let mut connection = self.connection().await?;
        let row: Option<RoundRow> = raw_recommendation_rounds::table
            .find(round.as_str())
            .select(RoundRow::as_select())
            .first(&mut connection)
            .await
            .optional()?;
        Ok(row.map(Round::from))
    }

    async fn rounds(&self) -> Result<Vec<Round>> {
        use raw_recommendation_rounds as r;
        let mut connection = self.connection().await?;
        let rows: Vec<RoundRow> = r::table
            .select(RoundRow::as_select())
            .order((r::created_at.desc(), r::round_key))
            .load(&mut connection)
            .await?;
        Ok(rows.into_iter().map(Round::from).collect())
    }

    async fn recommendations(&self, gap: &GapId) -> Result<Vec<Recommendation>> {
        load(&*self.connection().await?, Some(gap), None).await
    }

    async fn round_recommendations(
        &self,
        round: &RoundKey,
        after: Option<&ProposalCursor>,
        limit: usize,
    ) -> Result<Page<Recommendation, ProposalCursor>> {
        let rows = load(&*self.connection().await?, None, Some((round, after, limit))).await?;
        Ok(page(rows, limit, |one: &Recommendation| ProposalCursor {
            gap: one.gap.clone(),
            value: one.value.clone(),
        }))
    }

    async fn decide_fenced(&self, decision: &Decision, fence: Fence) -> Result<Outcome> {
        self.write(decision, fence).await
    }

    async fn decide_together(&self, decisions: &[Decision]) -> Result<Vec<Outcome>> {
        self.write_together(decisions).await
    }

    async fn batch(&self, batch: Uuid) -> Result<Vec<(DecisionRow, Standing)>> {
        activity::batch(&*self.connection().await?, batch, self.reader.name()).await
    }

    async fn decision(&self, decision: DecisionId) -> Result<Option<Event>> {
        use human_recommendations as h;
        let mut connection = self.connection().await?;
        let pair: Option<(String, String)> = h::table
            .filter(h::decision_id.eq(decision.0))
            .select((h::product_key, h::attribute_key))
            .first(&mut connection)
            .await
            .optional()?;
        let Some((product, attribute)) = pair else { return Ok(None) };
        let events = self.reader.history(history(&connection, &GapId::new(product, attribute)).await?);
        Ok(events.into_iter().find(|event| event.decision.id == decision))
    }

    async fn decisions(
        &self,
        filter: &DecisionFilter,
        after: Option<&DecisionCursor>,
        limit: usize,
    ) -> Result<Page<DecisionRow, DecisionCursor>> {
        activity::decisions(&*self.connection().await?, filter, self.reader.name(), after, limit).await
    }

    async fn history(&self, gap: &GapId) -> Result<Vec<Event>> {
        Ok(self.reader.history(history(&*self.connection().await?, gap).await?))
    }

    async fn last_decision(&self, reviewer: &Reviewer) -> Result<Option<Event>> {
        use human_recommendations as h;
        use review_queue as q;
        let mut connection = self.connection().await?;
        // Asked row by row, the newest first: as a join, the planner may go through all of a busy reviewer's decisions.
        let in_force = q::table
            .filter(q::product_key.eq(h::product_key))
            .filter(q::attribute_key.eq(h::attribute_key))
            .select(q::decision_id)
            .single_value();
        let row = h::table
            .filter(in_force.eq(h::decision_id.nullable()))
            .filter(h::reviewer.eq(reviewer.as_str()))
            .filter(h::action.ne(Action::Undo.as_str()))
            .select(EventRow::as_select())
            .order((h::recorded_at.desc(), h::decision_id.desc()))
            .first::<EventRow>(&mut connection)
            .await
            .optional()?;
        Ok(row.map(|row| events(vec![row])).transpose()?.and_then(|mut events| events.pop()))
    }

    async fn decided_today(&self, reviewer: &Reviewer) -> Result<u64> {
        use human_recommendations as h;
        let midnight = Utc::now().date_naive().and_time(chrono::NaiveTime::MIN).and_utc();
        let mut connection = self.connection().await?;
        let taken_back = UNDO
            .filter(UNDO.field(h::product_key).eq(h::product_key))
            .filter(UNDO.field(h::undoes).eq(h::decision_id.nullable()));
        let counted: i64 = h::table
            .filter(h::reviewer.eq(reviewer.as_str()))
            .filter(h::recorded_at.ge(midnight))
            .filter(h::action.ne(Action::Undo.as_str()))
            .filter(diesel::dsl::not(diesel::dsl::exists(taken_back)))
            .count()
            .get_result(&mut connection)
            .await?;
        Ok(u64::try_from(counted).unwrap_or(0))
    }
}

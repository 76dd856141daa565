//! Recommendations: rounds of a model, and the decisions of people.

use super::event::{EventRow, events, history};
use super::{PostgresStore, last_of_each};
use crate::database::schema::{
    human_recommendations, raw_recommendation_rounds, raw_recommendations, review_queue,
};
use crate::domain::{Action, Decision, Event, Fence, GapId, Outcome, Reviewer};
use crate::repository::{RecommendationRepository, Result};
use crate::transfer::record::{RecommendationRecord, RoundRecord};
use async_trait::async_trait;
use chrono::Utc;
use diesel::prelude::*;
use diesel::upsert::excluded;
use diesel_async::{AsyncConnection, RunQueryDsl};

diesel::alias!(const UNDO: Alias<Undo> = human_recommendations as undo);

/// Rows written by one statement: a statement has at most 65,535 parameters.
const BATCH: usize = 1_000;

#[async_trait]
impl RecommendationRepository for PostgresStore {
    async fn save_rounds(&self, rounds: &[RoundRecord]) -> Result<()> {
        use raw_recommendation_rounds as r;
        let now = Utc::now();
        let mut connection = self.connection().await?;
        connection
            .transaction(async |connection| {
                for chunk in last_of_each(rounds, |one| &one.round).chunks(BATCH) {
                    let rows: Vec<_> = chunk
                        .iter()
                        .map(|round| {
                            (
                                r::round_key.eq(&round.round),
                                r::model.eq(&round.model),
                                r::description.eq(&round.description),
                                r::metadata
                                    .eq(round.metadata.clone().unwrap_or_else(|| serde_json::json!({}))),
                                r::created_at.eq(round.created_at.unwrap_or(now)),
                                r::completed_at.eq(round.completed_at),
                            )
                        })
                        .collect();
                    diesel::insert_into(r::table)
                        .values(rows)
                        .on_conflict(r::round_key)
                        .do_update()
                        .set((
                            r::model.eq(excluded(r::model)),
                            r::description.eq(excluded(r::description)),
                            r::metadata.eq(excluded(r::metadata)),
                            r::created_at.eq(excluded(r::created_at)),
                            r::completed_at.eq(excluded(r::completed_at)),
                        ))
                        .execute(connection)
                        .await?;
                }
                Ok(())
            })
            .await
    }

    async fn save_recommendations(&self, recommendations: &[RecommendationRecord]) -> Result<()> {
        use raw_recommendation_rounds as rounds;
        use raw_recommendations as r;
        let now = Utc::now();
        let mut connection = self.connection().await?;
        connection
            .transaction(async |connection| {
                for chunk in last_of_each(recommendations, |one| {
                    (&one.round, &one.product_key, &one.attribute_key, &one.value)
                })
                .chunks(BATCH)
                {
                    let named: Vec<_> = chunk.iter().map(|one| rounds::round_key.eq(&one.round)).collect();
                    diesel::insert_into(rounds::table)
                        .values(named)
                        .on_conflict_do_nothing()
                        .execute(connection)
                        .await?;
                    let rows: Vec<_> = chunk
                        .iter()
                        .map(|one| {
                            (
                                r::product_key.eq(&one.product_key),
                                r::attribute_key.eq(&one.attribute_key),
                                r::round_key.eq(&one.round),
                                r::value.eq(&one.value),
                                r::confidence.eq(one.confidence),
                                r::reasoning.eq(&one.reasoning),
                                r::created_at.eq(one.created_at.unwrap_or(now)),
                            )
                        })
                        .collect();
                    diesel::insert_into(r::table)
                        .values(rows)
                        .on_conflict((r::product_key, r::attribute_key, r::round_key, r::value_md5))
                        .do_update()
                        .set((
                            r::confidence.eq(excluded(r::confidence)),
                            r::reasoning.eq(excluded(r::reasoning)),
                        ))
                        .execute(connection)
                        .await?;
                }
                Ok(())
            })
            .await
    }

    async fn decide_fenced(&self, decision: &Decision, fence: Fence) -> Result<Outcome> {
        self.write(decision, fence).await
    }

    async fn history(&self, gap: &GapId) -> Result<Vec<Event>> {
        history(&*self.connection().await?, gap).await
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

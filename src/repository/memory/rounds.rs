//! Rounds and their recommendations in memory.

use super::checks;
use super::predictions::{REASONING, SHORT};
use super::tables::{Proposal, Tables, bare_round, cut, microseconds, page};
use crate::domain::{GapId, ProposalCursor, Recommendation, Round, RoundKey};
use crate::repository::{Page, Result};
use crate::transfer::record::{RecommendationRecord, RoundRecord};

impl Tables {
    pub(super) fn save_rounds(&mut self, rounds: &[RoundRecord]) -> Result<()> {
        checks::texts(rounds)?;
        let now = self.now();
        for record in rounds {
            let key = RoundKey::from(record.round.as_str());
            let created_at = self.rounds.get(&key).map_or(now, |old| old.created_at);
            let bare = bare_round(key.clone(), created_at);
            let round = Round {
                key: bare.key,
                model: record.model.clone(),
                description: record.description.clone(),
                metadata: record.metadata.clone().unwrap_or(bare.metadata),
                created_at: record.created_at.map_or(bare.created_at, microseconds),
                completed_at: record.completed_at.map(microseconds),
            };
            self.rounds.insert(key, round);
        }
        Ok(())
    }

    pub(super) fn save_recommendations(&mut self, recommendations: &[RecommendationRecord]) -> Result<()> {
        checks::texts(recommendations)?;
        let confidences = recommendations
            .iter()
            .map(|record| {
                checks::proposal(self, &record.product_key, &record.attribute_key, record.confidence)
            })
            .collect::<Result<Vec<_>>>()?;
        let now = self.now();
        for (record, confidence) in recommendations.iter().zip(confidences) {
            let round = RoundKey::from(record.round.as_str());
            let bare = || bare_round(round.clone(), now);
            self.rounds.entry(round.clone()).or_insert_with(bare);
            let gap = GapId::new(record.product_key.as_str(), record.attribute_key.as_str());
            let rows = self.recommendations.entry(gap).or_default();
            let old = rows.get(&(round.clone(), record.value.clone()));
            let created_at =
                record.created_at.map(microseconds).or(old.map(|old| old.created_at)).unwrap_or(now);
            let proposal = Proposal { confidence, reasoning: record.reasoning.clone(), created_at };
            rows.insert((round, record.value.clone()), proposal);
        }
        Ok(())
    }

    pub(super) fn delete_rounds(&mut self, rounds: &[RoundKey]) {
        for round in rounds {
            self.rounds.remove(round);
            for rows in self.recommendations.values_mut() {
                rows.retain(|(key, _), _| key != round);
            }
        }
    }

    /// Returns every round, the newest first.
    pub(super) fn newest_rounds(&self) -> Vec<Round> {
        let mut rounds: Vec<_> = self.rounds.values().cloned().collect();
        rounds.sort_by(|a, b| b.created_at.cmp(&a.created_at).then_with(|| a.key.cmp(&b.key)));
        rounds
    }

    /// Returns what models recommended for a gap.
    pub(super) fn recommended(&self, gap: &GapId) -> Vec<Recommendation> {
        let rows = self.recommendations.get(gap).into_iter().flatten();
        rows.map(|row| recommendation(gap, row, REASONING)).collect()
    }

    /// Returns a page of a round's recommendations.
    pub(super) fn recommended_in(
        &self,
        round: &RoundKey,
        after: Option<&ProposalCursor>,
        limit: usize,
    ) -> Page<Recommendation, ProposalCursor> {
        let rows = self.recommendations.iter().flat_map(|(gap, rows)| {
            let of = rows.iter().filter(|((key, _), _)| key == round);
            of.map(|row| recommendation(gap, row, SHORT)).collect::<Vec<_>>()
        });
        page(rows, after, limit, |one| ProposalCursor { gap: one.gap.clone(), value: one.value.clone() })
    }
}

fn recommendation(
    gap: &GapId,
    ((round, value), row): (&(RoundKey, String), &Proposal),
    reasoning: usize,
) -> Recommendation {
    Recommendation {
        gap: gap.clone(),
        round: round.clone(),
        value: value.clone(),
        confidence: row.confidence,
        reasoning: row.reasoning.as_deref().map(|text| cut(text, reasoning)),
        created_at: row.created_at,
    }
}

//! Seeded gaps in memory.

use super::{MemoryStore, checks};
use crate::domain::{
    AnswerCount, GapId, Lot, QueueFilter, QueueSort, Reviewer, SeededAnswer, SeededGap, SeededValue, Seeding,
    State, StateFilter, normalised,
};
use crate::repository::{RepositoryError, Result, SeededRepository};
use async_trait::async_trait;
use std::collections::{BTreeMap, BTreeSet};

#[async_trait]
impl SeededRepository for MemoryStore {
    async fn save_seeded(&self, values: &[SeededValue]) -> Result<()> {
        checks::texts(values)?;
        let mut tables = self.tables();
        for SeededValue { gap, value } in values {
            if value.is_empty() {
                return Err(RepositoryError::Invalid { field: "value", reason: "a value is needed".into() });
            }
            checks::known("product", gap.product.as_str(), tables.products.contains_key(&gap.product))?;
            checks::known(
                "attribute",
                gap.attribute.as_str(),
                tables.attributes.contains_key(&gap.attribute),
            )?;
        }
        for SeededValue { gap, value } in values {
            tables.seeded.entry(gap.clone()).or_default().insert(value.clone());
        }
        Ok(())
    }

    async fn forget_seeded(&self, gaps: &[GapId]) -> Result<()> {
        self.tables().seeded.retain(|gap, _| !gaps.contains(gap));
        Ok(())
    }

    async fn seeding(&self) -> Result<Seeding> {
        let tables = self.tables();
        let mut seeding = Seeding::default();
        for (gap, values) in &tables.seeded {
            let Some(row) = tables.row(gap) else { continue };
            seeding.gaps += 1;
            seeding.open += u64::from(row.state == State::Open);
            let Some(best) = row.best_value.as_deref().map(normalised) else { continue };
            let is_right = values.iter().any(|value| normalised(value) == best);
            *(if is_right { &mut seeding.right } else { &mut seeding.wrong }) += 1;
        }
        seeding.answers = tables.seeded_answers.len() as u64;
        let reviewers: BTreeSet<_> = tables.seeded_answers.values().map(|one| &one.reviewer).collect();
        seeding.reviewers = reviewers.len() as u64;
        Ok(seeding)
    }

    async fn seeds(&self, filter: &QueueFilter, reviewer: &Reviewer, limit: usize) -> Result<Vec<SeededGap>> {
        let filter = QueueFilter { state: StateFilter::All, ..filter.clone() };
        let tables = self.tables();
        let is_answered = |gap: &GapId| {
            tables.seeded_answers.values().any(|one| one.gap == *gap && one.reviewer == *reviewer)
                || tables.decisions.get(gap).is_some_and(|events| {
                    events.iter().any(|(event, _)| event.decision.reviewer == *reviewer)
                })
        };
        let rows = tables.sorted(&filter, QueueSort::Random, None)?;
        let mut seeds: Vec<SeededGap> = rows
            .into_iter()
            .filter(|(_, row)| row.best_value.is_some() && !is_answered(&row.gap))
            .filter_map(|(_, mut row)| {
                let values = tables.seeded.get(&row.gap)?.iter().cloned().collect();
                row.reopen();
                Some(SeededGap { row, values })
            })
            .collect();
        seeds.sort_by(|a, b| Lot::Seeded.of(&a.row.gap).total_cmp(&Lot::Seeded.of(&b.row.gap)));
        seeds.truncate(limit.clamp(1, 1_000));
        Ok(seeds)
    }

    async fn answer_seeded(&self, answer: &SeededAnswer) -> Result<()> {
        self.tables().seeded_answers.entry(answer.id).or_insert_with(|| answer.clone());
        Ok(())
    }

    async fn seeded_answers(&self, reviewer: &Reviewer) -> Result<Vec<AnswerCount>> {
        let tables = self.tables();
        let mut counts: BTreeMap<(bool, bool), u64> = BTreeMap::new();
        for one in tables.seeded_answers.values().filter(|one| one.reviewer == *reviewer) {
            if let Some(kind) = one.is_right.zip(one.accepted) {
                *counts.entry(kind).or_default() += 1;
            }
        }
        let counted = |((is_right, accepted), answers)| AnswerCount { is_right, accepted, answers };
        Ok(counts.into_iter().map(counted).collect())
    }
}

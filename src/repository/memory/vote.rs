//! The vote repository in memory.

use super::MemoryStore;
use super::tables::Tables;
use crate::domain::{
    Action, AttributeKey, CategoryKey, CategoryValues, Event, GapId, ListCut, Neighbour, ProductKey,
    ShownList, State, VoteWorth, normalised,
};
use crate::evidence::vote::VOTERS;
use crate::repository::{Marked, Page, Result, ToVote, VoteRepository};
use async_trait::async_trait;
use std::collections::{BTreeMap, BTreeSet};

#[async_trait]
impl VoteRepository for MemoryStore {
    async fn gaps_to_vote(
        &self,
        which: &ToVote,
        after: Option<&GapId>,
        limit: usize,
    ) -> Result<Page<(GapId, String), GapId>> {
        let tables = self.tables();
        let rows = tables.gaps.keys().filter_map(|gap| tables.row(gap));
        let wanted = rows.filter(|row| {
            which.attribute.as_ref().is_none_or(|attribute| row.gap.attribute == *attribute)
                && !(which.only_missing && row.vote.is_some())
                && !row.state.is_settled()
        });
        let valued = wanted.filter_map(|row| Some((row.gap, row.best_value?)));
        Ok(super::tables::page(valued, after, limit, |(gap, _)| gap.clone()))
    }

    async fn voters(&self, product: &ProductKey, attributes: &[AttributeKey]) -> Result<Vec<Vec<Neighbour>>> {
        let tables = self.tables();
        let of = |attribute| tables.neighbours(product, Some(attribute), VOTERS);
        Ok(attributes.iter().map(of).collect())
    }

    async fn known_values(
        &self,
        attribute: &AttributeKey,
        limit: usize,
    ) -> Result<Vec<(ProductKey, Vec<String>)>> {
        let tables = self.tables();
        let known = tables.values.iter().filter(|(gap, values)| {
            gap.attribute == *attribute && !values.is_empty() && tables.embeddings.contains_key(&gap.product)
        });
        let product = |(gap, values): (&GapId, &std::collections::BTreeSet<String>)| {
            (gap.product.clone(), values.iter().cloned().collect())
        };
        Ok(known.take(limit).map(product).collect())
    }

    async fn save_votes(&self, marks: &[Marked]) -> Result<u64> {
        let mut tables = self.tables();
        let mut changed = 0;
        for one in marks {
            let Some(row) = tables.row(&one.gap) else { continue };
            if row.best_value == one.value && row.vote != Some(one.mark) {
                tables.votes.insert(one.gap.clone(), (one.value.clone(), one.mark));
                changed += 1;
            }
        }
        Ok(changed)
    }

    async fn save_vote_worth(&self, worth: &VoteWorth) -> Result<()> {
        self.tables().worth.insert(worth.attribute_key.clone(), worth.clone());
        Ok(())
    }

    async fn vote_worths(&self) -> Result<Vec<VoteWorth>> {
        Ok(self.tables().worth.values().cloned().collect())
    }

    async fn category_values(
        &self,
        category: &CategoryKey,
        attribute: &AttributeKey,
    ) -> Result<Option<CategoryValues>> {
        Ok(self.tables().category_values.get(&(category.clone(), attribute.clone())).cloned())
    }

    async fn shown_lists(&self, attribute: &AttributeKey, limit: usize) -> Result<Vec<ShownList>> {
        let tables = self.tables();
        let of = tables.decisions.iter().filter(|(gap, _)| gap.attribute == *attribute);
        let mut drawn: Vec<&Event> = of
            .flat_map(|(_, events)| events)
            .map(|(event, _)| event)
            .filter(|event| {
                event.undone_by.is_none()
                    && event.decision.seen.policy == "queue:random"
                    && matches!(event.decision.action, Action::Accept | Action::Override | Action::Reject)
                    && !event.result_state.is_some_and(State::needs_opinion)
            })
            .collect();
        drawn.sort_by_key(|event| std::cmp::Reverse((event.recorded_at, event.decision.id)));
        let list = |event: &Event| ShownList {
            candidates: event.decision.seen.candidates.clone(),
            right: event.decision.value.clone(),
        };
        Ok(drawn.into_iter().take(limit).map(list).collect())
    }

    async fn save_list_cut(&self, cut: &ListCut) -> Result<()> {
        self.tables().cuts.insert(cut.attribute_key.clone(), cut.clone());
        Ok(())
    }

    async fn list_cuts(&self) -> Result<Vec<ListCut>> {
        Ok(self.tables().cuts.values().cloned().collect())
    }
}

impl Tables {
    /// Returns what products of a gap's category have for its attribute.
    pub(super) fn common_of(&self, gap: &GapId) -> Option<CategoryValues> {
        let category = self.row(gap)?.category?;
        self.category_values.get(&(category, gap.attribute.clone())).cloned()
    }

    /// Counts what products of each category have for each attribute.
    pub(super) fn values_by_category(&self) -> BTreeMap<(CategoryKey, AttributeKey), CategoryValues> {
        let mut found: BTreeMap<(CategoryKey, AttributeKey), BTreeMap<String, (String, u64)>> =
            BTreeMap::new();
        let mut samples: BTreeMap<(CategoryKey, AttributeKey), Vec<String>> = BTreeMap::new();
        for (pair, values) in &self.values {
            let is_number = self.data_type(&pair.attribute).as_deref() == Some("number");
            for category in self.product_categories.get(&pair.product).into_iter().flatten() {
                let key = (category.clone(), pair.attribute.clone());
                let mut counted = BTreeSet::new();
                for value in values.iter().filter(|value| value.len() <= 400) {
                    if is_number {
                        samples.entry(key.clone()).or_default().push(value.clone());
                    }
                    let normal = normalised(value);
                    let one = found.entry(key.clone()).or_default().entry(normal.clone());
                    let one = one.or_insert_with(|| (value.clone(), 0));
                    if *value < one.0 {
                        one.0.clone_from(value);
                    }
                    one.1 += u64::from(counted.insert(normal));
                }
            }
        }
        let of = |(key, counted): (_, BTreeMap<String, (String, u64)>)| {
            let known = counted.values().map(|(_, count)| count).sum();
            let mut frequent: Vec<(String, u64)> = counted.into_values().collect();
            frequent.sort_by(|(a, many), (b, more)| more.cmp(many).then_with(|| a.cmp(b)));
            frequent.truncate(CategoryValues::FREQUENT);
            let mut sample = samples.get(&key).cloned().unwrap_or_default();
            sample.truncate(CategoryValues::SAMPLE);
            (key, CategoryValues { known, frequent, sample })
        };
        found.into_iter().map(of).collect()
    }
}

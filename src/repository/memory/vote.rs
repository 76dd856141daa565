//! The vote repository in memory.

use super::MemoryStore;
use crate::domain::{AttributeKey, GapId, Neighbour, ProductKey, VoteWorth};
use crate::evidence::vote::VOTERS;
use crate::repository::{Marked, Page, Result, ToVote, VoteRepository};
use async_trait::async_trait;

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
}

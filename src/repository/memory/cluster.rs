//! The cluster repository in memory.

use super::MemoryStore;
use super::tables::Tables;
use crate::domain::{
    Checked, GapId, GroupKey, GroupMember, QueueFilter, QueueRow, QueueSort, State, StateFilter, judged,
    normalised,
};
use crate::repository::{Alike, ClusterRepository, Result};
use async_trait::async_trait;

#[async_trait]
impl ClusterRepository for MemoryStore {
    async fn group_members(&self, group: &GroupKey, limit: usize) -> Result<Vec<GroupMember>> {
        let tables = self.tables();
        let filter = QueueFilter {
            attribute: Some(group.attribute.clone()),
            state: StateFilter::All,
            ..QueueFilter::default()
        };
        let wanted = normalised(&group.value);
        let mut rows: Vec<QueueRow> =
            tables.sorted(&filter, QueueSort::Random, None)?.into_iter().map(|(_, row)| row).collect();
        rows.sort_by(|a, b| a.gap.cmp(&b.gap));
        let members = rows.into_iter().filter(|row| {
            let value = row.best_value.as_deref().map(normalised);
            row.category == group.category && value.as_deref() == Some(wanted.as_str())
        });
        let member = |row: QueueRow| GroupMember { said: tables.said(&row), row: self.reader.row(row) };
        Ok(members.take(limit).map(member).collect())
    }

    async fn alike(&self, to: &Alike) -> Result<Vec<QueueRow>> {
        let tables = self.tables();
        let wanted = normalised(&to.value);
        let near = tables.neighbours(&to.gap.product, None, to.nearest).into_iter();
        let gaps = near.map(|one| GapId::new(one.product_key, to.gap.attribute.clone()));
        let predicted = gaps.filter(|gap| {
            let rows = tables.predictions.get(gap).into_iter().flatten();
            rows.into_iter()
                .any(|((experiment, value), _)| *experiment == to.experiment && normalised(value) == wanted)
        });
        Ok(predicted.filter_map(|gap| tables.row(&gap)).map(|row| self.reader.row(row)).collect())
    }
}

impl Tables {
    /// Tells what was said of a gap's most confident value.
    fn said(&self, row: &QueueRow) -> Checked {
        let decision = self.in_force(&row.gap).map(|event| &event.decision);
        let Some(decision) = decision.filter(|_| row.state != State::Open && !row.state.needs_opinion())
        else {
            return Checked::Nothing;
        };
        if decision.seen.policy.starts_with("bulk:") {
            return Checked::Unseen;
        }
        let multi_valued =
            self.attributes.get(&row.gap.attribute).is_some_and(|attribute| attribute.multi_valued);
        let best = row.best_value.as_deref().unwrap_or_default();
        match judged(decision.action, decision.value.as_deref(), best, multi_valued) {
            Some(true) => Checked::Right,
            Some(false) => Checked::Wrong,
            None => Checked::PutOff,
        }
    }
}

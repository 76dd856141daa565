//! The cluster repository.

use super::PostgresStore;
use super::embedding::neighbours_of;
use super::fragment::fixed;
use super::insight::sample::{MULTI_VALUED, UNSEEN, action};
use super::queue::{Selected, columns, row};
use crate::database::schema::{prediction_results, review_queue};
use crate::domain::{Checked, GroupKey, GroupMember, QueueRow, State, judged};
use crate::repository::{Alike, ClusterRepository, Result};
use async_trait::async_trait;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Nullable, Text};
use diesel_async::RunQueryDsl;
use std::collections::HashMap;

diesel::define_sql_function! {
    /// What two equal values have in common.
    fn gapdeck_normalised(value: Text) -> Text;
}

diesel::define_sql_function! {
    fn md5(text: Text) -> Text;
}

/// What the gaps of a group have in common beside attribute and category, as the index `review_queue_group` has it; null
/// without a candidate.
const VALUE: &str = "md5(gapdeck_normalised(review_queue.best_value))";

/// Tells what was said of a gap's most confident value.
fn said(row: &QueueRow, unseen: bool, multi_valued: bool) -> Checked {
    if row.state == State::Open || row.state.needs_opinion() {
        return Checked::Nothing;
    }
    if unseen {
        return Checked::Unseen;
    }
    let best = row.best_value.as_deref().unwrap_or_default();
    let right =
        action(row.state).and_then(|action| judged(action, row.decided_value.as_deref(), best, multi_valued));
    match right {
        Some(true) => Checked::Right,
        Some(false) => Checked::Wrong,
        None => Checked::PutOff,
    }
}

#[async_trait]
impl ClusterRepository for PostgresStore {
    async fn group_members(&self, group: &GroupKey, limit: usize) -> Result<Vec<GroupMember>> {
        use review_queue as q;
        let mut connection = self.connection().await?;
        let category = group.category.as_ref().map_or("", |key| key.as_str());
        let rows: Vec<(Selected, bool, Option<bool>)> = q::table
            .filter(q::attribute_key.eq(group.attribute.as_str()))
            .filter(q::category_key.eq(category))
            .filter(q::best_value.is_not_null())
            .filter(
                fixed::<Nullable<Text>>(VALUE).eq(md5(gapdeck_normalised(group.value.as_str())).nullable()),
            )
            .select((columns(), fixed::<Bool>(UNSEEN), fixed::<Nullable<Bool>>(MULTI_VALUED)))
            .order(q::product_key)
            .limit(i64::try_from(limit).unwrap_or(i64::MAX))
            .load(&mut connection)
            .await?;
        let member = |(selected, unseen, multi_valued): (Selected, bool, Option<bool>)| {
            let row = row(selected);
            let said = said(&row, unseen, multi_valued.unwrap_or(false));
            GroupMember { row: self.reader.row(row), said }
        };
        Ok(rows.into_iter().map(member).collect())
    }

    async fn alike(&self, to: &Alike) -> Result<Vec<QueueRow>> {
        use {prediction_results as r, review_queue as q};
        let near = self
            .lagging(|connection| async move {
                neighbours_of(&connection, &to.gap.product, None, to.nearest).await
            })
            .await?;
        let keys: Vec<&str> = near.iter().map(|one| one.product_key.as_str()).collect();
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let predicted = r::table
            .filter(r::product_key.eq(q::product_key))
            .filter(r::attribute_key.eq(q::attribute_key))
            .filter(r::experiment_key.eq(to.experiment.as_str()))
            .filter(gapdeck_normalised(r::value).eq(gapdeck_normalised(to.value.as_str())));
        let mut connection = self.connection().await?;
        let rows: Vec<Selected> = q::table
            .filter(q::product_key.eq_any(&keys))
            .filter(q::attribute_key.eq(to.gap.attribute.as_str()))
            .filter(diesel::dsl::exists(predicted))
            .select(columns())
            .load(&mut connection)
            .await?;
        let mut found: HashMap<String, QueueRow> = rows
            .into_iter()
            .map(row)
            .map(|row| (row.gap.product.to_string(), self.reader.row(row)))
            .collect();
        Ok(keys.into_iter().filter_map(|key| found.remove(key)).collect())
    }
}

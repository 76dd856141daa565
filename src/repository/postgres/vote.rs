//! The neighbours' votes: what is voted on, who votes, and the marks on the queue.

use super::embedding::{MOST_VALUES, nearest};
use super::lenient::Moment;
use super::queue::{SHORT, left};
use super::{PostgresStore, last_of_each};
use crate::database::schema::{raw_product_attribute_values, review_queue, vote_worth};
use crate::domain::{
    AttributeKey, CategoryKey, CategoryValues, GapId, ListCut, Nearest, Neighbour, ProductKey, ShownList,
    VoteWorth,
};
use crate::evidence::vote::VOTERS;
use crate::repository::{Marked, Page, Result, ToVote, VoteRepository};
use async_trait::async_trait;
use chrono::DateTime;
use diesel::QueryableByName;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Nullable, SmallInt, Text};
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
use futures_util::future::try_join_all;
use std::collections::HashMap;

/// Unsettled gaps with a candidate, in the order of the queue's key.
const GAPS: &str = "SELECT product_key, attribute_key, best_value FROM review_queue \
    WHERE (product_key, attribute_key) > ($1, $2) AND best_value IS NOT NULL AND (vote IS NULL OR NOT $3) \
      AND state NOT IN ('accepted', 'overridden', 'rejected', 'not_applicable') \
    ORDER BY product_key, attribute_key LIMIT $4";

/// The same of one attribute, by the gaps' index of it.
const GAPS_OF: &str = "SELECT q.product_key, q.attribute_key, q.best_value \
    FROM raw_product_attribute_gaps g JOIN review_queue q USING (product_key, attribute_key) \
    WHERE g.attribute_key = $5 AND g.product_key >= $1 AND (g.product_key, g.attribute_key) > ($1, $2) \
      AND q.best_value IS NOT NULL AND (q.vote IS NULL OR NOT $3) \
      AND q.state NOT IN ('accepted', 'overridden', 'rejected', 'not_applicable') \
    ORDER BY g.product_key LIMIT $4";

/// A sample by the hash of the keys.
const KNOWN: &str = "SELECT v.product_key, array_agg(left(v.value, 200)) AS values \
    FROM raw_product_attribute_values v JOIN product_embeddings e USING (product_key) \
    WHERE v.attribute_key = $1 GROUP BY v.product_key ORDER BY md5(v.product_key), v.product_key LIMIT $2";

/// Rows in other hands are passed by: whoever locks several rows never waits for this, and this never for them.
const SAVE: &str = "WITH own AS MATERIALIZED (SELECT q.product_key, q.attribute_key, m.vote \
      FROM review_queue q JOIN unnest($2::text[], $3::text[], $4::smallint[]) AS m (attribute_key, value, vote) \
        ON q.attribute_key = m.attribute_key AND q.best_value IS NOT DISTINCT FROM m.value \
     WHERE q.product_key = $1 AND q.vote IS DISTINCT FROM m.vote FOR NO KEY UPDATE OF q SKIP LOCKED) \
    UPDATE review_queue q SET vote = own.vote FROM own \
    WHERE q.product_key = $1 AND q.product_key = own.product_key AND q.attribute_key = own.attribute_key";

#[derive(QueryableByName)]
struct ToVoteRow {
    #[diesel(sql_type = Text)]
    product_key: String,
    #[diesel(sql_type = Text)]
    attribute_key: String,
    #[diesel(sql_type = Text)]
    best_value: String,
}

#[derive(QueryableByName)]
struct KnownRow {
    #[diesel(sql_type = Text)]
    product_key: String,
    #[diesel(sql_type = Array<Text>)]
    values: Vec<String>,
}

type WorthRow = (String, i64, i64, i64, i64, Moment);

fn worth((attribute, tried, voted, correct, frequent, measured_at): WorthRow) -> VoteWorth {
    VoteWorth {
        attribute_key: attribute.into(),
        tried,
        voted,
        correct,
        frequent,
        measured_at: DateTime::from(measured_at),
    }
}

/// Loads what the vote is worth for an attribute.
pub(super) async fn worth_of(
    connection: &AsyncPgConnection,
    attribute: &AttributeKey,
) -> Result<Option<VoteWorth>> {
    let mut connection = connection;
    let found = vote_worth::table
        .find(attribute.as_str())
        .select(vote_worth::all_columns)
        .first::<WorthRow>(&mut connection)
        .await
        .optional()?;
    Ok(found.map(worth))
}

/// Stores marks by statements of one row each, which any server can be sent; sent together.
async fn save_one_by_one(connection: &AsyncPgConnection, marks: &[Marked]) -> Result<u64> {
    use review_queue as q;
    let saved = marks.iter().map(|one| async move {
        let mut connection = connection;
        let mark = Some(one.mark.number());
        diesel::update(q::table.find((one.gap.product.as_str(), one.gap.attribute.as_str())))
            .filter(q::best_value.is_not_distinct_from(one.value.as_deref()))
            .filter(q::vote.is_distinct_from(mark))
            .set(q::vote.eq(mark))
            .execute(&mut connection)
            .await
    });
    Ok(try_join_all(saved).await?.into_iter().map(|rows| rows as u64).sum())
}

#[async_trait]
impl VoteRepository for PostgresStore {
    async fn gaps_to_vote(
        &self,
        which: &ToVote,
        after: Option<&GapId>,
        limit: usize,
    ) -> Result<Page<(GapId, String), GapId>> {
        let limit = limit.clamp(1, 10_000);
        let product = after.map_or("", |gap| gap.product.as_str());
        let attribute = after.map_or("", |gap| gap.attribute.as_str());
        let mut connection = self.connection().await?;
        let query = |sql| {
            diesel::sql_query(sql)
                .bind::<Text, _>(product)
                .bind::<Text, _>(attribute)
                .bind::<Bool, _>(which.only_missing)
                .bind::<BigInt, _>(i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1))
        };
        let found: Vec<ToVoteRow> = match &which.attribute {
            None => query(GAPS).load(&mut connection).await?,
            Some(key) => query(GAPS_OF).bind::<Text, _>(key.as_str()).load(&mut connection).await?,
        };
        let is_last = found.len() <= limit;
        let rows: Vec<(GapId, String)> = found
            .into_iter()
            .take(limit)
            .map(|row| (GapId::new(row.product_key, row.attribute_key), row.best_value))
            .collect();
        let next = if is_last { None } else { rows.last().map(|(gap, _)| gap.clone()) };
        Ok(Page { rows, next })
    }

    async fn voters(&self, product: &ProductKey, attributes: &[AttributeKey]) -> Result<Vec<Vec<Neighbour>>> {
        use raw_product_attribute_values as v;
        self.lagging(|connection| async move {
            let near = nearest(&connection, &Nearest::to_product(product.clone(), VOTERS)).await?;
            let keys: Vec<&str> = near.iter().map(|one| one.product_key.as_str()).collect();
            let wanted: Vec<&str> = attributes.iter().map(AttributeKey::as_str).collect();
            let mut connection = connection;
            let found: Vec<(String, String, String)> = v::table
                .filter(v::product_key.eq_any(&keys))
                .filter(v::attribute_key.eq_any(&wanted))
                .select((v::product_key, v::attribute_key, left(v::value, SHORT)))
                .order((v::product_key, v::attribute_key, v::value_md5))
                .load(&mut connection)
                .await?;
            let mut values: HashMap<(String, String), Vec<String>> = HashMap::new();
            for (product, attribute, value) in found {
                let of = values.entry((attribute, product)).or_default();
                if of.len() < MOST_VALUES {
                    of.push(value);
                }
            }
            let of = |attribute: &AttributeKey, neighbour: &Neighbour| {
                let mut values = values
                    .get(&(attribute.to_string(), neighbour.product_key.to_string()))
                    .cloned()
                    .unwrap_or_default();
                values.sort();
                Neighbour { values, ..neighbour.clone() }
            };
            Ok(attributes
                .iter()
                .map(|attribute| near.iter().map(|neighbour| of(attribute, neighbour)).collect())
                .collect())
        })
        .await
    }

    async fn known_values(
        &self,
        attribute: &AttributeKey,
        limit: usize,
    ) -> Result<Vec<(ProductKey, Vec<String>)>> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let rows: Vec<KnownRow> = self
            .lagging(|mut connection| async move {
                Ok(diesel::sql_query(KNOWN)
                    .bind::<Text, _>(attribute.as_str())
                    .bind::<BigInt, _>(limit)
                    .load(&mut connection)
                    .await?)
            })
            .await?;
        Ok(rows.into_iter().map(|row| (row.product_key.into(), row.values)).collect())
    }

    async fn save_votes(&self, marks: &[Marked]) -> Result<u64> {
        if self.is_distributed().await? {
            return save_one_by_one(&*self.connection().await?, marks).await;
        }
        let mut by_product: Vec<(&str, Vec<&Marked>)> = Vec::new();
        let mut kept = last_of_each(marks, |one| &one.gap);
        kept.sort_by(|a, b| a.gap.cmp(&b.gap));
        for one in kept {
            match by_product.last_mut() {
                Some((product, of)) if *product == one.gap.product.as_str() => of.push(one),
                _ => by_product.push((one.gap.product.as_str(), vec![one])),
            }
        }
        let by_product = &by_product;
        let mut connection = self.connection().await?;
        connection
            .transaction(async |connection| {
                let mut changed = 0;
                for (product, of) in by_product {
                    let attributes: Vec<&str> = of.iter().map(|one| one.gap.attribute.as_str()).collect();
                    let values: Vec<Option<&str>> = of.iter().map(|one| one.value.as_deref()).collect();
                    let votes: Vec<i16> = of.iter().map(|one| one.mark.number()).collect();
                    changed += diesel::sql_query(SAVE)
                        .bind::<Text, _>(*product)
                        .bind::<Array<Text>, _>(attributes)
                        .bind::<Array<Nullable<Text>>, _>(values)
                        .bind::<Array<SmallInt>, _>(votes)
                        .execute(connection)
                        .await? as u64;
                }
                Ok(changed)
            })
            .await
    }

    async fn save_vote_worth(&self, worth: &VoteWorth) -> Result<()> {
        use vote_worth as w;
        let counts = (
            w::tried.eq(worth.tried),
            w::voted.eq(worth.voted),
            w::correct.eq(worth.correct),
            w::frequent.eq(worth.frequent),
            w::measured_at.eq(worth.measured_at),
        );
        let mut connection = self.connection().await?;
        diesel::insert_into(w::table)
            .values((w::attribute_key.eq(worth.attribute_key.as_str()), counts))
            .on_conflict(w::attribute_key)
            .do_update()
            .set(counts)
            .execute(&mut connection)
            .await?;
        Ok(())
    }

    async fn vote_worths(&self) -> Result<Vec<VoteWorth>> {
        let rows: Vec<WorthRow> = self
            .lagging(|mut connection| async move {
                Ok(vote_worth::table
                    .select(vote_worth::all_columns)
                    .order(vote_worth::attribute_key)
                    .load(&mut connection)
                    .await?)
            })
            .await?;
        Ok(rows.into_iter().map(worth).collect())
    }

    async fn category_values(
        &self,
        category: &CategoryKey,
        attribute: &AttributeKey,
    ) -> Result<Option<CategoryValues>> {
        self.values_of_category(category, attribute).await
    }

    async fn shown_lists(&self, attribute: &AttributeKey, limit: usize) -> Result<Vec<ShownList>> {
        self.lists_of(attribute, limit).await
    }

    async fn save_list_cut(&self, cut: &ListCut) -> Result<()> {
        self.save_cut(cut).await
    }

    async fn list_cuts(&self) -> Result<Vec<ListCut>> {
        self.cuts().await
    }
}

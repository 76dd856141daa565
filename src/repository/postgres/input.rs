//! The catalogue: products, categories, attributes, values, gaps, allowed values, texts.

use super::card::{load_product, product_card};
use super::{PostgresStore, last_of_each};
use crate::database::schema::{
    prediction_experiments, raw_allowable_values_in_any_category, raw_allowable_values_in_every_category,
    raw_attributes, raw_categories, raw_category_allowable_values, raw_category_attributes,
    raw_product_attribute_allowable_values, raw_product_attribute_gaps, raw_product_attribute_values,
    raw_product_categories, raw_products, raw_rich_text_sources,
};
use crate::domain::{Facets, GapId, Named, Product, ProductCard, ProductKey};
use crate::repository::{CatalogueBatch, InputRepository, Result};
use async_trait::async_trait;
use chrono::Utc;
use diesel::prelude::*;
use diesel::upsert::excluded;
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};

/// Rows written by one statement: a statement has at most 65,535 parameters.
const BATCH: usize = 1_000;

/// Inserts rows that have nothing but their key; those that are there stay.
macro_rules! insert_keys {
    ($connection:expr, $rows:expr, $table:ident, |$row:ident| $values:expr) => {
        for chunk in $rows.chunks(BATCH) {
            let values: Vec<_> = chunk.iter().map(|$row| $values).collect();
            diesel::insert_into($table::table)
                .values(values)
                .on_conflict_do_nothing()
                .execute($connection)
                .await?;
        }
    };
}

async fn save(connection: &mut AsyncPgConnection, batch: &CatalogueBatch) -> Result<()> {
    save_dictionaries(connection, batch).await?;
    save_products(connection, batch).await?;
    {
        use raw_product_attribute_values as t;
        insert_keys!(connection, batch.values, raw_product_attribute_values, |row| (
            t::product_key.eq(&row.product_key),
            t::attribute_key.eq(&row.attribute_key),
            t::value.eq(&row.value)
        ));
    }
    {
        use raw_product_attribute_gaps as t;
        insert_keys!(connection, batch.gaps, raw_product_attribute_gaps, |row| (
            t::product_key.eq(&row.product_key),
            t::attribute_key.eq(&row.attribute_key)
        ));
    }
    save_allowed(connection, batch).await
}

async fn save_dictionaries(connection: &mut AsyncPgConnection, batch: &CatalogueBatch) -> Result<()> {
    for chunk in last_of_each(&batch.categories, |row| &row.category_key).chunks(BATCH) {
        use raw_categories as c;
        let values: Vec<_> = chunk
            .iter()
            .map(|row| {
                (
                    c::category_key.eq(&row.category_key),
                    c::category_name.eq(&row.category_name),
                    c::system_name.eq(&row.system_name),
                )
            })
            .collect();
        diesel::insert_into(c::table)
            .values(values)
            .on_conflict(c::category_key)
            .do_update()
            .set((
                c::category_name.eq(excluded(c::category_name)),
                c::system_name.eq(excluded(c::system_name)),
            ))
            .execute(connection)
            .await?;
    }
    for chunk in last_of_each(&batch.attributes, |row| &row.attribute_key).chunks(BATCH) {
        use raw_attributes as a;
        let values: Vec<_> = chunk
            .iter()
            .map(|row| {
                (
                    a::attribute_key.eq(&row.attribute_key),
                    a::system_name.eq(&row.system_name),
                    a::label.eq(&row.label),
                    a::data_type.eq(&row.data_type),
                    a::unit.eq(&row.unit),
                    a::multi_valued.eq(row.multi_valued),
                )
            })
            .collect();
        diesel::insert_into(a::table)
            .values(values)
            .on_conflict(a::attribute_key)
            .do_update()
            .set((
                a::system_name.eq(excluded(a::system_name)),
                a::label.eq(excluded(a::label)),
                a::data_type.eq(excluded(a::data_type)),
                a::unit.eq(excluded(a::unit)),
                a::multi_valued.eq(excluded(a::multi_valued)),
            ))
            .execute(connection)
            .await?;
    }
    {
        use raw_category_attributes as t;
        insert_keys!(connection, batch.category_attributes, raw_category_attributes, |row| (
            t::category_key.eq(&row.category_key),
            t::attribute_key.eq(&row.attribute_key)
        ));
    }
    Ok(())
}

async fn save_products(connection: &mut AsyncPgConnection, batch: &CatalogueBatch) -> Result<()> {
    let now = Utc::now();
    for chunk in last_of_each(&batch.products, |row| &row.product_key).chunks(BATCH) {
        use raw_products as p;
        let values: Vec<_> = chunk
            .iter()
            .map(|row| {
                (
                    p::product_key.eq(&row.product_key),
                    p::product_name.eq(&row.product_name),
                    p::code_type.eq(&row.code_type),
                    p::description.eq(&row.description),
                    p::updated_at.eq(now),
                )
            })
            .collect();
        diesel::insert_into(p::table)
            .values(values)
            .on_conflict(p::product_key)
            .do_update()
            .set((
                p::product_name.eq(excluded(p::product_name)),
                p::code_type.eq(excluded(p::code_type)),
                p::description.eq(excluded(p::description)),
                p::updated_at.eq(excluded(p::updated_at)),
            ))
            .execute(connection)
            .await?;
    }
    {
        use raw_product_categories as t;
        insert_keys!(connection, batch.product_categories, raw_product_categories, |row| (
            t::product_key.eq(&row.product_key),
            t::category_key.eq(&row.category_key)
        ));
    }
    Ok(())
}

async fn save_allowed(connection: &mut AsyncPgConnection, batch: &CatalogueBatch) -> Result<()> {
    {
        use raw_category_allowable_values as t;
        insert_keys!(connection, batch.category_allowable_values, raw_category_allowable_values, |row| (
            t::category_key.eq(&row.category_key),
            t::attribute_key.eq(&row.attribute_key),
            t::value.eq(&row.value)
        ));
    }
    {
        use raw_allowable_values_in_every_category as t;
        insert_keys!(
            connection,
            batch.allowable_values_in_every_category,
            raw_allowable_values_in_every_category,
            |row| (t::attribute_key.eq(&row.attribute_key), t::value.eq(&row.value))
        );
    }
    {
        use raw_allowable_values_in_any_category as t;
        insert_keys!(
            connection,
            batch.allowable_values_in_any_category,
            raw_allowable_values_in_any_category,
            |row| (t::attribute_key.eq(&row.attribute_key), t::value.eq(&row.value))
        );
    }
    {
        use raw_product_attribute_allowable_values as t;
        insert_keys!(
            connection,
            batch.product_allowable_values,
            raw_product_attribute_allowable_values,
            |row| (
                t::product_key.eq(&row.product_key),
                t::attribute_key.eq(&row.attribute_key),
                t::value.eq(&row.value)
            )
        );
    }
    for chunk in last_of_each(&batch.rich_texts, |row| (&row.product_key, &row.source)).chunks(BATCH) {
        use raw_rich_text_sources as r;
        let values: Vec<_> = chunk
            .iter()
            .map(|row| {
                (r::product_key.eq(&row.product_key), r::source.eq(&row.source), r::content.eq(&row.content))
            })
            .collect();
        diesel::insert_into(r::table)
            .values(values)
            .on_conflict((r::product_key, r::source))
            .do_update()
            .set(r::content.eq(excluded(r::content)))
            .execute(connection)
            .await?;
    }
    Ok(())
}

#[async_trait]
impl InputRepository for PostgresStore {
    async fn save_catalogue(&self, batch: &CatalogueBatch) -> Result<()> {
        let mut connection = self.connection().await?;
        connection.transaction(async |connection| save(connection, batch).await).await
    }

    async fn delete_gaps(&self, gaps: &[GapId]) -> Result<()> {
        use raw_product_attribute_gaps as g;
        let mut connection = self.connection().await?;
        connection
            .transaction(async |connection| {
                for gap in gaps {
                    diesel::delete(g::table.find((gap.product.as_str(), gap.attribute.as_str())))
                        .execute(connection)
                        .await?;
                }
                Ok(())
            })
            .await
    }

    async fn product(&self, product: &ProductKey) -> Result<Option<Product>> {
        load_product(&*self.connection().await?, product).await
    }

    async fn product_card(&self, product: &ProductKey, neighbours: usize) -> Result<Option<ProductCard>> {
        self.partly_lagging(|from| async move {
            product_card(from.fresh(), from.lagging(), product, None, neighbours).await
        })
        .await
    }

    async fn facets(&self) -> Result<Facets> {
        self.lagging(|connection| async move { facets(&connection).await }).await
    }
}

/// Loads what a queue can be filtered by.
async fn facets(connection: &AsyncPgConnection) -> Result<Facets> {
    let (mut one, mut two, mut three) = (connection, connection, connection);
    let attributes = raw_attributes::table.select((raw_attributes::attribute_key, raw_attributes::label));
    let categories =
        raw_categories::table.select((raw_categories::category_key, raw_categories::category_name));
    let experiments = prediction_experiments::table.select(prediction_experiments::experiment_key);
    let (attributes, categories, experiments) = futures_util::try_join!(
        attributes.load::<(String, Option<String>)>(&mut one),
        categories.load::<(String, Option<String>)>(&mut two),
        experiments.load::<String>(&mut three),
    )?;
    let mut facets = Facets {
        attributes: attributes.into_iter().map(named).collect(),
        categories: categories.into_iter().map(named).collect(),
        experiments: experiments.into_iter().map(|key| named((key, None))).collect(),
    };
    facets.attributes.sort_by(|a, b| a.name.cmp(&b.name).then_with(|| a.key.cmp(&b.key)));
    facets.categories.sort_by(|a, b| a.name.cmp(&b.name).then_with(|| a.key.cmp(&b.key)));
    facets.experiments.sort_by(|a, b| a.key.cmp(&b.key));
    Ok(facets)
}

fn named<K: From<String>>((key, name): (String, Option<String>)) -> Named<K> {
    Named { name: name.unwrap_or_else(|| key.clone()), key: K::from(key) }
}

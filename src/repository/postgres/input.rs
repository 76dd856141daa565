//! The catalogue: products, categories, attributes, values, gaps, allowed values, texts.

mod delete;
pub(super) mod dictionary;
mod read;
mod save;

use super::PostgresStore;
use super::card::{LONGEST_VALUE, allowed_values, known_values, load_product, product_card, rich_texts};
use super::fragment::left_or_null;
use super::keyset::page;
use crate::database::schema::{prediction_experiments, raw_attributes, raw_categories};
use crate::domain::{
    AllowedList, AllowedValues, Attribute, AttributeKey, Category, CategoryKey, Facets, Gap, GapId,
    KnownValue, Named, PairValues, Product, ProductCard, ProductKey, RichText,
};
use crate::repository::{CatalogueBatch, CatalogueKeys, InputRepository, Page, Result};
use async_trait::async_trait;
use dictionary::{Attributes, Categories, attributes, categories};
use diesel::prelude::*;
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
use read::Gaps;

impl PostgresStore {
    /// Tells where the rows lie.
    async fn place(&self) -> Result<delete::Place> {
        Ok(if self.is_distributed().await? { delete::Place::Distributed } else { delete::Place::OneServer })
    }
}

#[async_trait]
impl InputRepository for PostgresStore {
    async fn save_catalogue(&self, batch: &CatalogueBatch) -> Result<()> {
        let mut connection = self.connection().await?;
        connection.transaction(async |connection| save::save(connection, batch).await).await
    }

    async fn delete_gaps(&self, gaps: &[GapId]) -> Result<()> {
        let place = self.place().await?;
        let mut connection = self.connection().await?;
        connection.transaction(async |connection| delete::gaps(connection, gaps, place).await).await
    }

    async fn delete_catalogue(&self, keys: &CatalogueKeys) -> Result<()> {
        let place = self.place().await?;
        let mut connection = self.connection().await?;
        connection.transaction(async |connection| delete::catalogue(connection, keys, place).await).await
    }

    async fn product(&self, product: &ProductKey) -> Result<Option<Product>> {
        load_product(&*self.connection().await?, product).await
    }

    async fn full_description(&self, product: &ProductKey) -> Result<Option<String>> {
        read::full_description(&*self.connection().await?, product).await
    }

    async fn products(
        &self,
        category: Option<&CategoryKey>,
        after: Option<&ProductKey>,
        limit: usize,
    ) -> Result<Page<Product, ProductKey>> {
        read::products(&*self.connection().await?, category, after, limit).await
    }

    async fn product_card(&self, product: &ProductKey, neighbours: usize) -> Result<Option<ProductCard>> {
        let card = self
            .partly_lagging(|from| async move {
                product_card(from.fresh(), from.lagging(), product, None, neighbours).await
            })
            .await?;
        Ok(card.map(|card| self.reader.product(card)))
    }

    async fn category(&self, category: &CategoryKey) -> Result<Option<Category>> {
        Ok(categories(&*self.connection().await?, Categories::Key(category)).await?.pop())
    }

    async fn categories(&self) -> Result<Vec<Category>> {
        categories(&*self.connection().await?, Categories::All).await
    }

    async fn categories_by_system_name(&self, system_name: &str) -> Result<Vec<Category>> {
        categories(&*self.connection().await?, Categories::SystemName(system_name)).await
    }

    async fn product_categories(&self, product: &ProductKey) -> Result<Vec<Category>> {
        categories(&*self.connection().await?, Categories::Of(product)).await
    }

    async fn attribute(&self, attribute: &AttributeKey) -> Result<Option<Attribute>> {
        Ok(attributes(&*self.connection().await?, Attributes::Key(attribute)).await?.pop())
    }

    async fn attributes(&self) -> Result<Vec<Attribute>> {
        attributes(&*self.connection().await?, Attributes::All).await
    }

    async fn attributes_by_system_name(&self, system_name: &str) -> Result<Vec<Attribute>> {
        attributes(&*self.connection().await?, Attributes::SystemName(system_name)).await
    }

    async fn category_attributes(&self, category: &CategoryKey) -> Result<Vec<Attribute>> {
        attributes(&*self.connection().await?, Attributes::Of(category)).await
    }

    async fn attribute_categories(&self, attribute: &AttributeKey) -> Result<Vec<Category>> {
        categories(&*self.connection().await?, Categories::With(attribute)).await
    }

    async fn product_values(&self, product: &ProductKey) -> Result<Vec<KnownValue>> {
        known_values(&*self.connection().await?, product).await
    }

    async fn full_values(&self, pair: &GapId) -> Result<Vec<String>> {
        read::full_values(&*self.connection().await?, pair).await
    }

    async fn values(
        &self,
        attribute: Option<&AttributeKey>,
        after: Option<&GapId>,
        limit: usize,
    ) -> Result<Page<PairValues, GapId>> {
        read::values(&*self.connection().await?, attribute, after, limit).await
    }

    async fn gap(&self, gap: &GapId) -> Result<Option<Gap>> {
        Ok(read::gaps(&*self.connection().await?, Gaps::One(gap), None, None).await?.pop())
    }

    async fn gaps_of(&self, product: &ProductKey) -> Result<Vec<Gap>> {
        read::gaps(&*self.connection().await?, Gaps::Of(product), None, None).await
    }

    async fn gaps(
        &self,
        attribute: Option<&AttributeKey>,
        after: Option<&GapId>,
        limit: usize,
    ) -> Result<Page<Gap, GapId>> {
        let which = attribute.map_or(Gaps::All, Gaps::For);
        let gaps = read::gaps(&*self.connection().await?, which, after, Some(limit)).await?;
        Ok(page(gaps, limit, |gap: &Gap| gap.id.clone()))
    }

    async fn allowed_values(&self, pair: &GapId) -> Result<AllowedValues> {
        allowed_values(&*self.connection().await?, pair).await
    }

    async fn allowed_list(
        &self,
        list: &AllowedList,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Page<String, String>> {
        read::allowed_list(&*self.connection().await?, list, after, limit).await
    }

    async fn rich_texts(&self, product: &ProductKey) -> Result<Vec<RichText>> {
        rich_texts(&*self.connection().await?, product).await
    }

    async fn full_text(&self, product: &ProductKey, source: &str) -> Result<Option<String>> {
        read::full_text(&*self.connection().await?, product, source).await
    }

    async fn facets(&self) -> Result<Facets> {
        self.lagging(|connection| async move { facets(&connection).await }).await
    }
}

/// Loads what a queue can be filtered by.
async fn facets(connection: &AsyncPgConnection) -> Result<Facets> {
    let (mut one, mut two, mut three) = (connection, connection, connection);
    let attributes = raw_attributes::table
        .select((raw_attributes::attribute_key, left_or_null(raw_attributes::label, LONGEST_VALUE)));
    let categories = raw_categories::table
        .select((raw_categories::category_key, left_or_null(raw_categories::category_name, LONGEST_VALUE)));
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

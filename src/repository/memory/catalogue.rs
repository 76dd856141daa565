//! The input repository in memory.

use super::tables::{Tables, cut, page};
use super::{MemoryStore, save};
use crate::domain::{
    AllowedList, AllowedValues, Attribute, AttributeKey, Category, CategoryKey, Facets, Gap, GapId,
    KnownValue, Named, PairValues, Product, ProductCard, ProductKey, RichText,
};
use crate::repository::{CatalogueBatch, CatalogueKeys, InputRepository, Page, Result};
use async_trait::async_trait;
use chrono::{DateTime, Utc};

/// The most gaps that a product card lists.
const CARD_GAPS: usize = 200;
/// The most characters of a text that a card shows.
const TEXT_LENGTH: usize = 20_000;
/// The most characters of a value in a list.
const VALUE_LENGTH: usize = 4_000;
/// The most characters of a text in a list.
const SHORT: usize = 200;

#[async_trait]
impl InputRepository for MemoryStore {
    async fn save_catalogue(&self, batch: &CatalogueBatch) -> Result<()> {
        let mut tables = self.tables();
        save::check(&tables, batch)?;
        save::write(&mut tables, batch);
        Ok(())
    }

    async fn delete_gaps(&self, gaps: &[GapId]) -> Result<()> {
        let mut tables = self.tables();
        for gap in gaps {
            tables.gaps.remove(gap);
        }
        Ok(())
    }

    async fn delete_catalogue(&self, keys: &CatalogueKeys) -> Result<()> {
        self.tables().delete(keys);
        Ok(())
    }

    async fn product(&self, product: &ProductKey) -> Result<Option<Product>> {
        Ok(self.tables().products.get(product).cloned())
    }

    async fn full_description(&self, product: &ProductKey) -> Result<Option<String>> {
        Ok(self.tables().products.get(product).and_then(|product| product.description.clone()))
    }

    async fn products(
        &self,
        category: Option<&CategoryKey>,
        after: Option<&ProductKey>,
        limit: usize,
    ) -> Result<Page<Product, ProductKey>> {
        let tables = self.tables();
        let is_in = |product: &ProductKey, category| {
            tables.product_categories.get(product).is_some_and(|keys| keys.contains(category))
        };
        let products = tables
            .products
            .values()
            .filter(|product| category.is_none_or(|category| is_in(&product.key, category)))
            .map(|product| Product {
                name: product.name.as_deref().map(|name| cut(name, SHORT)),
                description: product.description.as_deref().map(|text| cut(text, SHORT)),
                ..product.clone()
            });
        Ok(page(products, after, limit, |product| product.key.clone()))
    }

    async fn product_card(&self, product: &ProductKey, neighbours: usize) -> Result<Option<ProductCard>> {
        Ok(self.tables().product_card(product, None, neighbours).map(|card| self.reader.product(card)))
    }

    async fn category(&self, category: &CategoryKey) -> Result<Option<Category>> {
        Ok(self.tables().categories.get(category).cloned())
    }

    async fn categories(&self) -> Result<Vec<Category>> {
        Ok(self.tables().categories.values().cloned().collect())
    }

    async fn categories_by_system_name(&self, system_name: &str) -> Result<Vec<Category>> {
        let tables = self.tables();
        let is_named = |category: &&Category| category.system_name.as_deref() == Some(system_name);
        Ok(tables.categories.values().filter(is_named).cloned().collect())
    }

    async fn product_categories(&self, product: &ProductKey) -> Result<Vec<Category>> {
        let tables = self.tables();
        let keys = tables.product_categories.get(product).into_iter().flatten();
        Ok(keys.filter_map(|key| tables.categories.get(key).cloned()).collect())
    }

    async fn attribute(&self, attribute: &AttributeKey) -> Result<Option<Attribute>> {
        Ok(self.tables().attributes.get(attribute).cloned())
    }

    async fn attributes(&self) -> Result<Vec<Attribute>> {
        Ok(self.tables().attributes.values().cloned().collect())
    }

    async fn attributes_by_system_name(&self, system_name: &str) -> Result<Vec<Attribute>> {
        let tables = self.tables();
        let is_named = |attribute: &&Attribute| attribute.system_name.as_deref() == Some(system_name);
        Ok(tables.attributes.values().filter(is_named).cloned().collect())
    }

    async fn category_attributes(&self, category: &CategoryKey) -> Result<Vec<Attribute>> {
        let tables = self.tables();
        let pairs = tables.category_attributes.iter().filter(|(key, _)| key == category);
        Ok(pairs.filter_map(|(_, key)| tables.attributes.get(key).cloned()).collect())
    }

    async fn attribute_categories(&self, attribute: &AttributeKey) -> Result<Vec<Category>> {
        let tables = self.tables();
        let pairs = tables.category_attributes.iter().filter(|(_, key)| key == attribute);
        Ok(pairs.filter_map(|(key, _)| tables.categories.get(key).cloned()).collect())
    }

    async fn product_values(&self, product: &ProductKey) -> Result<Vec<KnownValue>> {
        Ok(self.tables().known_values(product))
    }

    async fn full_values(&self, pair: &GapId) -> Result<Vec<String>> {
        Ok(self.tables().values.get(pair).into_iter().flatten().cloned().collect())
    }

    async fn values(
        &self,
        attribute: Option<&AttributeKey>,
        after: Option<&GapId>,
        limit: usize,
    ) -> Result<Page<PairValues, GapId>> {
        let tables = self.tables();
        let pairs = tables
            .values
            .iter()
            .filter(|(pair, _)| attribute.is_none_or(|attribute| pair.attribute == *attribute))
            .map(|(pair, values)| PairValues {
                pair: pair.clone(),
                values: values.iter().map(|value| cut(value, VALUE_LENGTH)).collect(),
            });
        Ok(page(pairs, after, limit, |one| one.pair.clone()))
    }

    async fn gap(&self, gap: &GapId) -> Result<Option<Gap>> {
        Ok(self.tables().gaps.get(gap).map(|at| listed((gap, at))))
    }

    async fn gaps_of(&self, product: &ProductKey) -> Result<Vec<Gap>> {
        let tables = self.tables();
        Ok(tables.gaps.iter().filter(|(gap, _)| gap.product == *product).map(listed).collect())
    }

    async fn gaps(
        &self,
        attribute: Option<&AttributeKey>,
        after: Option<&GapId>,
        limit: usize,
    ) -> Result<Page<Gap, GapId>> {
        let tables = self.tables();
        let gaps = tables
            .gaps
            .iter()
            .filter(|(gap, _)| attribute.is_none_or(|attribute| gap.attribute == *attribute))
            .map(listed);
        Ok(page(gaps, after, limit, |gap| gap.id.clone()))
    }

    async fn allowed_values(&self, pair: &GapId) -> Result<AllowedValues> {
        Ok(self.tables().allowed(pair))
    }

    async fn allowed_list(
        &self,
        list: &AllowedList,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Page<String, String>> {
        let mut tables = self.tables();
        let values = tables.allowed_list(list).cloned().unwrap_or_default();
        Ok(page(values.into_iter(), after.map(str::to_owned).as_ref(), limit, String::clone))
    }

    async fn rich_texts(&self, product: &ProductKey) -> Result<Vec<RichText>> {
        Ok(self.tables().rich_texts(product))
    }

    async fn full_text(&self, product: &ProductKey, source: &str) -> Result<Option<String>> {
        Ok(self.tables().texts.get(product).and_then(|texts| texts.get(source)).cloned())
    }

    async fn facets(&self) -> Result<Facets> {
        let tables = self.tables();
        Ok(Facets {
            attributes: by_name(tables.attributes.values().map(|a| (a.key.clone(), a.display_name()))),
            categories: by_name(tables.categories.values().map(|c| (c.key.clone(), c.display_name()))),
            experiments: by_name(tables.experiments.keys().map(|key| (key.clone(), key.as_str()))),
        })
    }
}

fn by_name<'a, K: Ord>(keys: impl Iterator<Item = (K, &'a str)>) -> Vec<Named<K>> {
    let mut named: Vec<_> = keys.map(|(key, name)| Named { key, name: name.to_owned() }).collect();
    named.sort_by(|a, b| a.name.cmp(&b.name).then_with(|| a.key.cmp(&b.key)));
    named
}

impl Tables {
    /// Collects everything a screen shows of a product; its neighbours carry their values for `attribute`.
    pub(super) fn product_card(
        &self,
        product: &ProductKey,
        attribute: Option<&AttributeKey>,
        neighbours: usize,
    ) -> Option<ProductCard> {
        let found = self.products.get(product)?.clone();
        let categories = self.product_categories.get(product).into_iter().flatten();
        Some(ProductCard {
            product: found,
            categories: categories.filter_map(|key| self.categories.get(key).cloned()).collect(),
            known: self.known_values(product),
            texts: self.rich_texts(product),
            neighbours: self.neighbours(product, attribute, neighbours),
            gaps: self
                .gaps
                .keys()
                .filter(|gap| gap.product == *product)
                .take(CARD_GAPS)
                .filter_map(|gap| self.row(gap))
                .collect(),
        })
    }

    fn rich_texts(&self, product: &ProductKey) -> Vec<RichText> {
        let texts = self.texts.get(product).into_iter().flatten();
        texts.map(|(source, content)| rich_text(source, content)).collect()
    }

    /// Returns a product's values in the order of the attributes' keys.
    fn known_values(&self, product: &ProductKey) -> Vec<KnownValue> {
        self.values
            .iter()
            .filter(|(gap, _)| gap.product == *product)
            .filter_map(|(gap, values)| Some((self.attributes.get(&gap.attribute)?, values)))
            .flat_map(|(attribute, values)| values.iter().map(move |value| known_value(attribute, value)))
            .collect()
    }
}

fn listed((gap, created_at): (&GapId, &DateTime<Utc>)) -> Gap {
    Gap { id: gap.clone(), created_at: *created_at }
}

fn known_value(attribute: &Attribute, value: &str) -> KnownValue {
    KnownValue {
        attribute_key: attribute.key.clone(),
        label: attribute.display_name().to_owned(),
        unit: attribute.unit.clone(),
        value: value.to_owned(),
    }
}

fn rich_text(source: &str, content: &str) -> RichText {
    RichText {
        source: source.to_owned(),
        content: cut(content, TEXT_LENGTH),
        truncated: content.chars().nth(TEXT_LENGTH).is_some(),
    }
}

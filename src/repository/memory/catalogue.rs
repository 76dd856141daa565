//! The input repository in memory.

use super::tables::{Tables, cut};
use super::{MemoryStore, checks};
use crate::domain::{
    Attribute, AttributeKey, Category, CategoryKey, DataType, Facets, GapId, KnownValue, Named, Product,
    ProductCard, ProductKey, RichText,
};
use crate::repository::{CatalogueBatch, InputRepository, Result};
use async_trait::async_trait;

/// The most gaps that a product card lists.
const CARD_GAPS: usize = 200;
/// The most characters of a text that a card shows.
const TEXT_LENGTH: usize = 20_000;

#[async_trait]
impl InputRepository for MemoryStore {
    async fn save_catalogue(&self, batch: &CatalogueBatch) -> Result<()> {
        let mut tables = self.tables();
        check(&tables, batch)?;
        write(&mut tables, batch);
        Ok(())
    }

    async fn delete_gaps(&self, gaps: &[GapId]) -> Result<()> {
        let mut tables = self.tables();
        for gap in gaps {
            tables.gaps.remove(gap);
        }
        Ok(())
    }

    async fn product(&self, product: &ProductKey) -> Result<Option<Product>> {
        Ok(self.tables().products.get(product).cloned())
    }

    async fn product_card(&self, product: &ProductKey, neighbours: usize) -> Result<Option<ProductCard>> {
        Ok(self.tables().product_card(product, None, neighbours))
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
        let texts = self.texts.get(product).into_iter().flatten();
        Some(ProductCard {
            product: found,
            categories: categories.filter_map(|key| self.categories.get(key).cloned()).collect(),
            known: self.known_values(product),
            texts: texts.map(|(source, content)| rich_text(source, content)).collect(),
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

/// Refuses a batch with a row that refers to nothing, or with a text that cannot be stored.
fn check(tables: &Tables, batch: &CatalogueBatch) -> Result<()> {
    let product = |key: &str| {
        let is_there = tables.products.contains_key(&ProductKey::from(key))
            || batch.products.iter().any(|record| record.product_key == key);
        checks::known("product", key, is_there)
    };
    let category = |key: &str| {
        let is_there = tables.categories.contains_key(&CategoryKey::from(key))
            || batch.categories.iter().any(|record| record.category_key == key);
        checks::known("category", key, is_there)
    };
    let attribute = |key: &str| {
        let is_there = tables.attributes.contains_key(&AttributeKey::from(key))
            || batch.attributes.iter().any(|record| record.attribute_key == key);
        checks::known("attribute", key, is_there)
    };
    for row in &batch.category_attributes {
        category(&row.category_key).and_then(|()| attribute(&row.attribute_key))?;
    }
    for row in &batch.product_categories {
        product(&row.product_key).and_then(|()| category(&row.category_key))?;
    }
    for row in &batch.values {
        product(&row.product_key).and_then(|()| attribute(&row.attribute_key))?;
    }
    for row in &batch.gaps {
        product(&row.product_key).and_then(|()| attribute(&row.attribute_key))?;
    }
    for row in &batch.category_allowable_values {
        category(&row.category_key).and_then(|()| attribute(&row.attribute_key))?;
    }
    for row in batch.allowable_values_in_every_category.iter().chain(&batch.allowable_values_in_any_category)
    {
        attribute(&row.attribute_key)?;
    }
    for row in &batch.product_allowable_values {
        product(&row.product_key).and_then(|()| attribute(&row.attribute_key))?;
    }
    for row in &batch.rich_texts {
        product(&row.product_key)?;
    }
    check_texts(batch)
}

fn check_texts(batch: &CatalogueBatch) -> Result<()> {
    checks::texts(&batch.categories)?;
    checks::texts(&batch.attributes)?;
    checks::texts(&batch.products)?;
    checks::texts(&batch.values)?;
    checks::texts(&batch.category_allowable_values)?;
    checks::texts(&batch.allowable_values_in_every_category)?;
    checks::texts(&batch.allowable_values_in_any_category)?;
    checks::texts(&batch.product_allowable_values)?;
    checks::texts(&batch.rich_texts)
}

fn write(tables: &mut Tables, batch: &CatalogueBatch) {
    let now = tables.now();
    for row in &batch.categories {
        let key = CategoryKey::from(row.category_key.as_str());
        let category = Category {
            key: key.clone(),
            name: row.category_name.clone(),
            system_name: row.system_name.clone(),
        };
        tables.categories.insert(key, category);
    }
    for row in &batch.attributes {
        let key = AttributeKey::from(row.attribute_key.as_str());
        let attribute = Attribute {
            key: key.clone(),
            system_name: row.system_name.clone(),
            label: row.label.clone(),
            data_type: DataType::parse(row.data_type.as_deref()),
            unit: row.unit.clone(),
            multi_valued: row.multi_valued,
        };
        tables.attributes.insert(key, attribute);
    }
    for row in &batch.category_attributes {
        let pair = (row.category_key.as_str().into(), row.attribute_key.as_str().into());
        tables.category_attributes.insert(pair);
    }
    for row in &batch.products {
        let key = ProductKey::from(row.product_key.as_str());
        let product = Product {
            key: key.clone(),
            name: row.product_name.clone(),
            code_type: row.code_type.clone(),
            description: row.description.clone(),
        };
        tables.products.insert(key, product);
    }
    for row in &batch.product_categories {
        let product = ProductKey::from(row.product_key.as_str());
        tables.product_categories.entry(product).or_default().insert(row.category_key.as_str().into());
    }
    for row in &batch.values {
        let pair = GapId::new(row.product_key.as_str(), row.attribute_key.as_str());
        tables.values.entry(pair).or_default().insert(row.value.clone());
    }
    for row in &batch.gaps {
        let gap = GapId::new(row.product_key.as_str(), row.attribute_key.as_str());
        tables.gaps.entry(gap).or_insert(now);
    }
    write_allowed(tables, batch);
    for row in &batch.rich_texts {
        let product = ProductKey::from(row.product_key.as_str());
        tables.texts.entry(product).or_default().insert(row.source.clone(), row.content.clone());
    }
}

fn write_allowed(tables: &mut Tables, batch: &CatalogueBatch) {
    for row in &batch.category_allowable_values {
        let key = (row.category_key.as_str().into(), row.attribute_key.as_str().into());
        tables.allowed_in_category.entry(key).or_default().insert(row.value.clone());
    }
    for row in &batch.allowable_values_in_every_category {
        let key = AttributeKey::from(row.attribute_key.as_str());
        tables.allowed_in_every_category.entry(key).or_default().insert(row.value.clone());
    }
    for row in &batch.allowable_values_in_any_category {
        let key = AttributeKey::from(row.attribute_key.as_str());
        tables.allowed_in_any_category.entry(key).or_default().insert(row.value.clone());
    }
    for row in &batch.product_allowable_values {
        let key = GapId::new(row.product_key.as_str(), row.attribute_key.as_str());
        tables.allowed_for_product.entry(key).or_default().insert(row.value.clone());
    }
}

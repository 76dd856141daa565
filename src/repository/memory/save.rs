//! Writing the catalogue in memory: every row is checked before the first one is written.

use super::checks;
use super::tables::Tables;
use crate::domain::{Attribute, AttributeKey, Category, CategoryKey, DataType, GapId, Product, ProductKey};
use crate::repository::{CatalogueBatch, Result};

/// Refuses a batch with a row that refers to nothing, or with a text that cannot be stored.
pub(super) fn check(tables: &Tables, batch: &CatalogueBatch) -> Result<()> {
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

/// Writes a batch that was checked.
pub(super) fn write(tables: &mut Tables, batch: &CatalogueBatch) {
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
        tables.data_types.insert(key.clone(), row.data_type.clone());
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

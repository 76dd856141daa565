//! Deleting rows of the catalogue in memory, with what refers to them.

use super::tables::Tables;
use crate::domain::{AllowedList, GapId};
use crate::repository::CatalogueKeys;
use std::collections::BTreeSet;

impl Tables {
    /// Deletes rows; decisions stay.
    pub(super) fn delete(&mut self, keys: &CatalogueKeys) {
        for gap in &keys.gaps {
            self.gaps.remove(gap);
        }
        for (pair, value) in &keys.values {
            if let Some(values) = self.values.get_mut(pair) {
                values.remove(value);
            }
        }
        self.values.retain(|_, values| !values.is_empty());
        for (list, value) in &keys.allowed_values {
            if let Some(values) = self.allowed_list(list) {
                values.remove(value);
            }
        }
        for (product, source) in &keys.rich_texts {
            if let Some(texts) = self.texts.get_mut(product) {
                texts.remove(source);
            }
        }
        for (product, category) in &keys.product_categories {
            if let Some(categories) = self.product_categories.get_mut(product) {
                categories.remove(category);
            }
        }
        for (category, attribute) in &keys.category_attributes {
            self.category_attributes.remove(&(category.clone(), attribute.clone()));
        }
        for product in &keys.products {
            self.products.remove(product);
            self.product_categories.remove(product);
            self.texts.remove(product);
            self.embeddings.remove(product);
            self.keep_pairs(|pair| pair.product != *product);
        }
        for attribute in &keys.attributes {
            self.attributes.remove(attribute);
            self.data_types.remove(attribute);
            self.category_attributes.retain(|(_, key)| key != attribute);
            self.allowed_in_category.retain(|(_, key), _| key != attribute);
            self.allowed_in_every_category.remove(attribute);
            self.allowed_in_any_category.remove(attribute);
            self.keep_pairs(|pair| pair.attribute != *attribute);
        }
        for category in &keys.categories {
            self.categories.remove(category);
            self.category_attributes.retain(|(key, _)| key != category);
            self.allowed_in_category.retain(|(key, _), _| key != category);
            for categories in self.product_categories.values_mut() {
                categories.remove(category);
            }
        }
    }

    /// Drops every row of other pairs.
    fn keep_pairs(&mut self, keep: impl Fn(&GapId) -> bool) {
        self.values.retain(|pair, _| keep(pair));
        self.gaps.retain(|pair, _| keep(pair));
        self.allowed_for_product.retain(|pair, _| keep(pair));
        self.predictions.retain(|pair, _| keep(pair));
        self.recommendations.retain(|pair, _| keep(pair));
        self.seeded.retain(|pair, _| keep(pair));
    }

    /// Returns one list of allowed values.
    pub(super) fn allowed_list(&mut self, list: &AllowedList) -> Option<&mut BTreeSet<String>> {
        match list {
            AllowedList::Product(pair) => self.allowed_for_product.get_mut(pair),
            AllowedList::Category(category, attribute) => {
                self.allowed_in_category.get_mut(&(category.clone(), attribute.clone()))
            }
            AllowedList::EveryCategory(attribute) => self.allowed_in_every_category.get_mut(attribute),
            AllowedList::AnyCategory(attribute) => self.allowed_in_any_category.get_mut(attribute),
        }
    }
}

//! The catalogue: what is written together, and the repository over it.

use super::{Result, blocking::repository};
use crate::domain::{Facets, GapId, Product, ProductCard, ProductKey};
use crate::transfer::record::{
    AttributeAllowableValueRecord, AttributeRecord, CategoryAllowableValueRecord, CategoryAttributeRecord,
    CategoryRecord, GapRecord, ProductAllowableValueRecord, ProductCategoryRecord, ProductRecord,
    RichTextRecord, ValueRecord,
};

/// Rows of the catalogue to be written together, each list upserted by its key.
///
/// Lists are written in the order of the fields, so a batch may hold a product and its values.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CatalogueBatch {
    pub categories: Vec<CategoryRecord>,
    pub attributes: Vec<AttributeRecord>,
    pub category_attributes: Vec<CategoryAttributeRecord>,
    pub products: Vec<ProductRecord>,
    pub product_categories: Vec<ProductCategoryRecord>,
    pub values: Vec<ValueRecord>,
    pub gaps: Vec<GapRecord>,
    pub category_allowable_values: Vec<CategoryAllowableValueRecord>,
    pub allowable_values_in_every_category: Vec<AttributeAllowableValueRecord>,
    pub allowable_values_in_any_category: Vec<AttributeAllowableValueRecord>,
    pub product_allowable_values: Vec<ProductAllowableValueRecord>,
    pub rich_texts: Vec<RichTextRecord>,
}

repository! {
    /// Reads and writes products, categories, attributes, values, gaps, allowed values and texts.
    pub trait InputRepository: Send + Sync {
        /// Writes rows of the catalogue; a row whose key is there already is replaced.
        ///
        /// # Errors
        /// [`RepositoryError::UnknownKey`](super::RepositoryError::UnknownKey) where a row refers to something that is not there; nothing is written then.
        async fn save_catalogue(&self, batch: &CatalogueBatch) -> Result<()>;

        /// Deletes gaps, as the upstream pipeline does when a value has arrived; their decisions stay.
        async fn delete_gaps(&self, gaps: &[GapId]) -> Result<()>;

        /// Loads a product without its values and texts.
        async fn product(&self, product: &ProductKey) -> Result<Option<Product>>;

        /// Loads everything a screen shows of one product, with at most `neighbours` neighbours.
        async fn product_card(&self, product: &ProductKey, neighbours: usize) -> Result<Option<ProductCard>>;

        /// Loads what a queue can be filtered by, in the order of the names.
        async fn facets(&self) -> Result<Facets>;
    }
}

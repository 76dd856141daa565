//! The catalogue: what is written together, and the repository over it.

use super::{Page, Result, blocking::repository};
use crate::domain::{
    AllowedList, AllowedValues, Attribute, AttributeKey, Category, CategoryKey, Facets, Gap, GapId,
    KnownValue, PairValues, Product, ProductCard, ProductKey, RichText,
};
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

/// Keys of catalogue rows to be deleted together; what refers to a product, category or attribute goes with it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CatalogueKeys {
    pub products: Vec<ProductKey>,
    pub categories: Vec<CategoryKey>,
    pub attributes: Vec<AttributeKey>,
    pub product_categories: Vec<(ProductKey, CategoryKey)>,
    pub category_attributes: Vec<(CategoryKey, AttributeKey)>,
    /// Values, each with its product and attribute.
    pub values: Vec<(GapId, String)>,
    pub gaps: Vec<GapId>,
    /// Allowed values, each with the list that it stands in.
    pub allowed_values: Vec<(AllowedList, String)>,
    /// Texts by product and source.
    pub rich_texts: Vec<(ProductKey, String)>,
}

repository! {
    /// Reads and writes products, categories, attributes, values, gaps, allowed values and texts.
    pub trait InputRepository: Send + Sync {
        /// Writes rows of the catalogue; a row whose key is there already is replaced.
        ///
        /// # Errors
        /// [`UnknownKey`](super::RepositoryError::UnknownKey) where a row refers to something that is not there; nothing is
        /// written then.
        async fn save_catalogue(&self, batch: &CatalogueBatch) -> Result<()>;

        /// Deletes gaps, as the upstream pipeline does when a value has arrived; their decisions stay.
        async fn delete_gaps(&self, gaps: &[GapId]) -> Result<()>;

        /// Deletes rows of the catalogue; a key that is not there is no error, and decisions stay.
        async fn delete_catalogue(&self, keys: &CatalogueKeys) -> Result<()>;

        /// Loads a product without its values and texts.
        async fn product(&self, product: &ProductKey) -> Result<Option<Product>>;

        /// Loads a product's own description, however long it is.
        async fn full_description(&self, product: &ProductKey) -> Result<Option<String>>;

        /// Loads products in the order of their keys, of one category or all, at most `limit`; names and descriptions are
        /// cut to 200 characters.
        async fn products(
            &self,
            category: Option<&CategoryKey>,
            after: Option<&ProductKey>,
            limit: usize,
        ) -> Result<Page<Product, ProductKey>>;

        /// Loads everything a screen shows of one product, with at most `neighbours` neighbours.
        async fn product_card(&self, product: &ProductKey, neighbours: usize) -> Result<Option<ProductCard>>;

        /// Loads a category.
        async fn category(&self, category: &CategoryKey) -> Result<Option<Category>>;

        /// Loads every category, in the order of their keys.
        async fn categories(&self) -> Result<Vec<Category>>;

        /// Loads the categories that the upstream system calls by a name, in the order of their keys.
        async fn categories_by_system_name(&self, system_name: &str) -> Result<Vec<Category>>;

        /// Loads the categories that a product is in, in the order of their keys.
        async fn product_categories(&self, product: &ProductKey) -> Result<Vec<Category>>;

        /// Loads an attribute.
        async fn attribute(&self, attribute: &AttributeKey) -> Result<Option<Attribute>>;

        /// Loads every attribute, in the order of their keys.
        async fn attributes(&self) -> Result<Vec<Attribute>>;

        /// Loads the attributes that the upstream system calls by a name, in the order of their keys.
        async fn attributes_by_system_name(&self, system_name: &str) -> Result<Vec<Attribute>>;

        /// Loads the attributes that products of a category should have, in the order of their keys.
        async fn category_attributes(&self, category: &CategoryKey) -> Result<Vec<Attribute>>;

        /// Loads the categories whose products should have an attribute, in the order of their keys.
        async fn attribute_categories(&self, attribute: &AttributeKey) -> Result<Vec<Category>>;

        /// Loads a product's values in the order of the attributes' keys, at most 500, each cut to 4,000 characters.
        async fn product_values(&self, product: &ProductKey) -> Result<Vec<KnownValue>>;

        /// Loads a product's values for an attribute in the order of their text, however long they are.
        async fn full_values(&self, pair: &GapId) -> Result<Vec<String>>;

        /// Loads values in the order of products and attributes, of one attribute or all, at most `limit` pairs.
        async fn values(
            &self,
            attribute: Option<&AttributeKey>,
            after: Option<&GapId>,
            limit: usize,
        ) -> Result<Page<PairValues, GapId>>;

        /// Loads a gap as the pipeline lists it.
        async fn gap(&self, gap: &GapId) -> Result<Option<Gap>>;

        /// Loads a product's gaps, in the order of the attributes' keys.
        async fn gaps_of(&self, product: &ProductKey) -> Result<Vec<Gap>>;

        /// Loads gaps in the order of products and attributes, of one attribute or all, at most `limit`.
        async fn gaps(
            &self,
            attribute: Option<&AttributeKey>,
            after: Option<&GapId>,
            limit: usize,
        ) -> Result<Page<Gap, GapId>>;

        /// Loads the values allowed for a product's attribute: those of the narrowest scope that lists any.
        async fn allowed_values(&self, pair: &GapId) -> Result<AllowedValues>;

        /// Loads one list of allowed values in the order of their text, at most `limit`, after a value of the list.
        async fn allowed_list(
            &self,
            list: &AllowedList,
            after: Option<&str>,
            limit: usize,
        ) -> Result<Page<String, String>>;

        /// Loads a product's texts in the order of their sources, at most 20, each cut to 20,000 characters.
        async fn rich_texts(&self, product: &ProductKey) -> Result<Vec<RichText>>;

        /// Loads a text of a product, however long it is.
        async fn full_text(&self, product: &ProductKey, source: &str) -> Result<Option<String>>;

        /// Loads what a queue can be filtered by, in the order of the names.
        async fn facets(&self) -> Result<Facets>;
    }
}

//! Embeddings: what is known of them beside their numbers, searches for the nearest, texts that wait to be embedded.

use super::{AttributeKey, CategoryKey, ProductKey};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What a search starts from.
#[derive(Debug, Clone, PartialEq)]
pub enum NearTo {
    /// A product's stored embedding; the product itself is not found.
    Product(ProductKey),
    /// A vector of at most [`super::EMBEDDING_DIMENSIONS`] numbers.
    Vector(Vec<f32>),
}

/// Which products a search may find, by category.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Within {
    /// All.
    #[default]
    Catalogue,
    /// Those of a category.
    Category(CategoryKey),
    /// Those that share a category with a product; all where it has none.
    CategoriesOf(ProductKey),
}

/// A search for the nearest products by cosine similarity.
#[derive(Debug, Clone, PartialEq)]
pub struct Nearest {
    pub to: NearTo,
    pub within: Within,
    /// Only products that have a value for this attribute.
    pub having: Option<AttributeKey>,
    /// The attribute whose values the neighbours carry.
    pub values: Option<AttributeKey>,
    pub limit: usize,
}

impl Nearest {
    /// Searches the whole catalogue for the nearest of a product.
    pub fn to_product(product: ProductKey, limit: usize) -> Self {
        Self { to: NearTo::Product(product), within: Within::Catalogue, having: None, values: None, limit }
    }

    /// Searches the whole catalogue for the nearest of a vector.
    pub fn to_vector(vector: Vec<f32>, limit: usize) -> Self {
        Self { to: NearTo::Vector(vector), within: Within::Catalogue, having: None, values: None, limit }
    }
}

/// What is known of a stored embedding beside its numbers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EmbeddingDetails {
    pub product_key: ProductKey,
    /// The model that made it; `None` where nobody said.
    pub model: Option<String>,
    /// How many numbers the model gave; `None` where nobody said.
    pub dimensions: Option<i32>,
    /// The text that was embedded, at most its first 500 characters.
    pub description: Option<String>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// How many embeddings a model has made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelCount {
    /// `None`: nobody said which.
    pub model: Option<String>,
    pub dimensions: Option<i32>,
    pub embeddings: u64,
}

/// Counts of embeddings.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct EmbeddingStats {
    pub embeddings: u64,
    pub products_without: u64,
    pub oldest: Option<DateTime<Utc>>,
    pub newest: Option<DateTime<Utc>>,
    pub last_update: Option<DateTime<Utc>>,
    /// By model and dimensions, the most frequent first.
    pub models: Vec<ModelCount>,
}

/// Which products are to be embedded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ToEmbed {
    /// Those without an embedding, and those whose texts gapdeck embedded and which have changed since.
    MissingOrChanged,
    /// Every one whose embedding is not this model's of the texts as they are now.
    NotBy(String),
}

/// A product's texts, each cut to 8,192 characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProductTexts {
    pub product_key: ProductKey,
    pub name: Option<String>,
    /// The description, then the rich texts.
    pub texts: Vec<String>,
    /// Tells these texts from others of the product; to be stored with their embedding.
    pub content_hash: Uuid,
}

/// A step through the catalogue in search of texts to be embedded.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TextPage {
    /// How many products were looked at.
    pub examined: u64,
    /// The last product looked at, after which the next step begins; `None` at the end.
    pub last: Option<ProductKey>,
    pub texts: Vec<ProductTexts>,
}

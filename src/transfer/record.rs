//! What repositories write, one type a table, as its line of JSON Lines is; a file may say more
//! ([`Plan::fields`](crate::repository::bulk::Plan::fields)).
//!
//! Field names are the upstream pipeline's. A field that may be absent is an `Option`; values are kept exactly as given
//! (inner spaces, `"None"`, `"0"` and `"-1"` are real values).

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// One line of `categories.jsonl`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CategoryRecord {
    pub category_key: String,
    #[serde(default)]
    pub category_name: Option<String>,
    #[serde(default)]
    pub system_name: Option<String>,
}

/// One line of `attributes.jsonl`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AttributeRecord {
    pub attribute_key: String,
    #[serde(default)]
    pub system_name: Option<String>,
    #[serde(default)]
    pub label: Option<String>,
    /// What the values are: `text`, `number`, `boolean` or `choice` (`enum` means `choice`).
    #[serde(default)]
    pub data_type: Option<String>,
    /// The unit of a number, as written behind it (`"mm"`).
    #[serde(default)]
    pub unit: Option<String>,
    /// Whether a product may have several values for the attribute.
    #[serde(default)]
    pub multi_valued: bool,
}

/// One line of `category_attributes.jsonl`: products of the category should have the attribute.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CategoryAttributeRecord {
    pub category_key: String,
    pub attribute_key: String,
}

/// One line of `products.jsonl`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProductRecord {
    pub product_key: String,
    #[serde(default)]
    pub product_name: Option<String>,
    /// What kind of code `product_key` is (`"EAN"`, `"SKU"`).
    #[serde(default)]
    pub code_type: Option<String>,
    #[serde(default)]
    pub description: Option<String>,
}

/// One line of `product_categories.jsonl`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProductCategoryRecord {
    pub product_key: String,
    pub category_key: String,
}

/// One line of `product_attribute_values.jsonl`; a pair may have several lines.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ValueRecord {
    pub product_key: String,
    pub attribute_key: String,
    pub value: String,
}

/// One line of `product_attribute_gaps.jsonl`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GapRecord {
    pub product_key: String,
    pub attribute_key: String,
}

/// One line of `category_allowable_values.jsonl`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CategoryAllowableValueRecord {
    pub category_key: String,
    pub attribute_key: String,
    pub value: String,
}

/// One line of `attribute_allowable_values_applicable_in_every_category.jsonl` or
/// `attribute_allowable_values_in_any_category.jsonl`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AttributeAllowableValueRecord {
    pub attribute_key: String,
    pub value: String,
}

/// One line of `product_attribute_allowable_values.jsonl`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProductAllowableValueRecord {
    pub product_key: String,
    pub attribute_key: String,
    pub value: String,
}

/// One line of `rich_text_sources.jsonl`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RichTextRecord {
    pub product_key: String,
    /// Where the text comes from (`"description"`, `"datasheet"`); one text a product and source.
    pub source: String,
    pub content: String,
}

/// One line of `experiments.jsonl`. An experiment that only `predictions.jsonl` names is made from its key.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ExperimentRecord {
    pub experiment: String,
    #[serde(default)]
    pub model: Option<String>,
    #[serde(default)]
    pub description: Option<String>,
    #[serde(default)]
    pub parameters: Option<serde_json::Value>,
    #[serde(default)]
    pub metrics: Option<serde_json::Value>,
    #[serde(default)]
    pub created_at: Option<DateTime<Utc>>,
    #[serde(default)]
    pub completed_at: Option<DateTime<Utc>>,
}

/// One line of `predictions.jsonl`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PredictionRecord {
    pub experiment: String,
    pub product_key: String,
    pub attribute_key: String,
    pub value: String,
    /// The model's confidence, 0..=1.
    #[serde(default)]
    pub confidence: Option<f64>,
    #[serde(default)]
    pub reasoning: Option<String>,
    #[serde(default)]
    pub created_at: Option<DateTime<Utc>>,
}

/// One line of `recommendation_rounds.jsonl`. A round that only `recommendations.jsonl` names is made from its key.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RoundRecord {
    pub round: String,
    #[serde(default)]
    pub model: Option<String>,
    #[serde(default)]
    pub description: Option<String>,
    #[serde(default)]
    pub metadata: Option<serde_json::Value>,
    #[serde(default)]
    pub created_at: Option<DateTime<Utc>>,
    #[serde(default)]
    pub completed_at: Option<DateTime<Utc>>,
}

/// One line of `recommendations.jsonl`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RecommendationRecord {
    pub round: String,
    pub product_key: String,
    pub attribute_key: String,
    pub value: String,
    /// The model's confidence, 0..=1.
    #[serde(default)]
    pub confidence: Option<f64>,
    #[serde(default)]
    pub reasoning: Option<String>,
    #[serde(default)]
    pub created_at: Option<DateTime<Utc>>,
}

/// One line of `embeddings.jsonl`: at most [`crate::domain::EMBEDDING_DIMENSIONS`] numbers, padded with zeros.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct EmbeddingRecord {
    pub product_key: String,
    pub vector: Vec<f32>,
    /// The text that was embedded.
    #[serde(default)]
    pub description: Option<String>,
    /// The model that made the vector: vectors of different models cannot be compared.
    #[serde(default)]
    pub model: Option<String>,
    /// How many numbers the model gave, where `vector` is filled up with zeros already.
    #[serde(default)]
    pub dimensions: Option<i32>,
    /// The state of the product's texts that gapdeck embedded; without it, gapdeck leaves the vector alone.
    #[serde(default)]
    pub content_hash: Option<uuid::Uuid>,
}

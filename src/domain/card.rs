//! The review card: everything a reviewer sees of one gap.

use super::{
    Attribute, AttributeKey, Candidate, Category, CategoryValues, Event, ListCut, Product, ProductKey,
    QueueRow, TrackRecord, VoteWorth,
};
use serde::{Deserialize, Serialize};

/// Where an allowed value comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AllowedScope {
    /// Allowed for this product alone.
    Product,
    /// Allowed in the product's category.
    Category,
    /// Allowed in every category.
    EveryCategory,
    /// Allowed in some category.
    AnyCategory,
}

/// A value that the attribute may have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AllowedValue {
    pub value: String,
    pub scope: AllowedScope,
}

/// The values that the attribute may have for the product; the narrowest scope that lists any decides.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct AllowedValues {
    /// In the order of the values' text; at most 2,000.
    pub values: Vec<AllowedValue>,
    /// How many there are in all.
    pub total: usize,
}

/// A value that the product has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownValue {
    pub attribute_key: AttributeKey,
    /// The attribute's label, or its key.
    pub label: String,
    pub unit: Option<String>,
    pub value: String,
}

/// A text about the product.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RichText {
    /// Where it comes from (`"description"`, `"datasheet"`).
    pub source: String,
    /// At most 20,000 characters.
    pub content: String,
    /// Whether the database holds more of it.
    pub truncated: bool,
}

/// A product near in embedding space.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Neighbour {
    pub product_key: ProductKey,
    /// At most 200 characters; empty where it has none.
    pub product_name: String,
    /// Cosine similarity, -1..=1.
    pub similarity: f64,
    /// Its values for the attribute asked for; empty where none was asked for or it has none.
    pub values: Vec<String>,
}

impl Neighbour {
    /// Returns the product's name, or its key where there is none.
    pub fn display_name(&self) -> &str {
        if self.product_name.trim().is_empty() { self.product_key.as_str() } else { &self.product_name }
    }
}

/// Everything a screen shows of one product.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProductCard {
    pub product: Product,
    pub categories: Vec<Category>,
    pub known: Vec<KnownValue>,
    pub texts: Vec<RichText>,
    /// The nearest products, the nearest first, without the product itself.
    pub neighbours: Vec<Neighbour>,
    /// The product's gaps, at most 200.
    pub gaps: Vec<QueueRow>,
}

/// Everything a screen shows of one gap.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReviewCard {
    pub row: QueueRow,
    pub attribute: Attribute,
    pub allowed: AllowedValues,
    /// Predictions and recommendations, the most confident first.
    pub candidates: Vec<Candidate>,
    /// The product; its neighbours carry their values for the attribute.
    pub product: ProductCard,
    /// The nearest products that the vote asks, the nearest first, those without a value for the attribute among them.
    pub voters: Vec<Neighbour>,
    /// What their vote is worth for the attribute; `None` where it was not measured.
    pub worth: Option<VoteWorth>,
    /// The gap's decisions, the oldest first.
    pub history: Vec<Event>,
    /// How often predictions like the gap's own were right, one for each experiment and confidence, the highest first.
    pub records: Vec<TrackRecord>,
    /// What the products of the gap's category have; `None` where the view does not tell.
    pub common: Option<CategoryValues>,
    /// How far down the list of candidates the right value is; `None` where it was not measured.
    pub cut: Option<ListCut>,
}

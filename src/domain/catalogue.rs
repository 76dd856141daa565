//! The catalogue: products, categories, attributes.

use super::{AttributeKey, CategoryKey, GapId, ProductKey};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// A product without its values and texts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Product {
    pub key: ProductKey,
    pub name: Option<String>,
    /// What kind of code the key is (`"EAN"`).
    pub code_type: Option<String>,
    pub description: Option<String>,
}

impl Product {
    /// Returns the name, or the key where there is none.
    pub fn display_name(&self) -> &str {
        match self.name.as_deref() {
            Some(name) if !name.trim().is_empty() => name,
            _ => self.key.as_str(),
        }
    }
}

/// A category of products.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Category {
    pub key: CategoryKey,
    pub name: Option<String>,
    pub system_name: Option<String>,
}

impl Category {
    /// Returns the name, or the key where there is none.
    pub fn display_name(&self) -> &str {
        self.name.as_deref().unwrap_or(self.key.as_str())
    }
}

/// What an attribute's values are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DataType {
    Text,
    Number,
    Boolean,
    Choice,
}

impl DataType {
    /// Reads a type as the pipeline writes it; a word it does not know, or none, means text.
    pub fn parse(text: Option<&str>) -> Self {
        match text.map(str::to_ascii_lowercase).as_deref() {
            Some("number" | "numeric" | "integer" | "int" | "float" | "decimal") => Self::Number,
            Some("boolean" | "bool") => Self::Boolean,
            Some("choice" | "enum" | "select" | "multi_choice" | "multiselect") => Self::Choice,
            _ => Self::Text,
        }
    }

    /// Returns the word for a reader.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Number => "number",
            Self::Boolean => "boolean",
            Self::Choice => "choice",
        }
    }
}

/// An attribute that products of some categories should have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attribute {
    pub key: AttributeKey,
    pub system_name: Option<String>,
    pub label: Option<String>,
    pub data_type: DataType,
    /// The unit of a number, as written behind it.
    pub unit: Option<String>,
    /// Whether a product may have several values; they are joined with `"; "` where one text is needed.
    pub multi_valued: bool,
}

impl Attribute {
    /// Returns the label, or the key where there is none.
    pub fn display_name(&self) -> &str {
        self.label.as_deref().unwrap_or(self.key.as_str())
    }
}

/// A gap as the pipeline lists it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    #[serde(flatten)]
    pub id: GapId,
    /// When it came to be.
    pub created_at: DateTime<Utc>,
}

/// A product's values for an attribute.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PairValues {
    #[serde(flatten)]
    pub pair: GapId,
    /// In the order of their text, each at most 4,000 characters.
    pub values: Vec<String>,
}

/// A list of allowed values, each in a table of its own kind.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AllowedList {
    /// Allowed for an attribute of one product (`raw_product_attribute_allowable_values`).
    Product(GapId),
    /// Allowed for an attribute in one category (`raw_category_allowable_values`).
    Category(CategoryKey, AttributeKey),
    /// Allowed for an attribute in every category (`raw_attribute_allowable_values_applicable_in_every_category`).
    EveryCategory(AttributeKey),
    /// Allowed for an attribute in some category (`raw_attribute_allowable_values_in_any_category`).
    AnyCategory(AttributeKey),
}

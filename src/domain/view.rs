//! The materialised views: which there are, how old they are, and what a refresh led to.

use super::{AttributeKey, CategoryKey, GapId, Reviewer, State};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// A materialised view.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum View {
    /// One row a product and attribute: values, recommendations, decision.
    ProductSummary,
    /// One row a product, as [`super::ProductDetails`].
    ProductDetails,
    /// One row a gap, with the values allowed for it.
    ProductGaps,
    /// One row a category and attribute, as [`super::CategoryValues`].
    CategoryValues,
}

impl View {
    /// Every materialised view.
    pub const ALL: [Self; 4] =
        [Self::ProductSummary, Self::ProductDetails, Self::ProductGaps, Self::CategoryValues];

    /// Returns the view's name in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ProductSummary => "product_summary",
            Self::ProductDetails => "product_details",
            Self::ProductGaps => "product_gaps",
            Self::CategoryValues => "category_values",
        }
    }

    /// Reads the name back; `-` and `_` are one.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.to_ascii_lowercase().replace('-', "_");
        Self::ALL.into_iter().find(|view| view.as_str() == text)
    }
}

/// A refresh that was carried out.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Refresh {
    /// When it began, by the server's clock: what was committed before is in the view.
    pub refreshed_at: DateTime<Utc>,
    /// How long it took.
    pub seconds: f64,
}

/// What is known of a materialised view.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ViewState {
    pub view: View,
    /// The last refresh; `None` where nobody has recorded one.
    pub last: Option<Refresh>,
    /// Seconds since then, by the server's clock.
    pub age: Option<f64>,
    /// Whether this user may refresh it.
    pub may_refresh: bool,
}

/// What a refresh does while somebody else refreshes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WhenBusy {
    /// Waits; what the other one has brought up to date meanwhile is not done again.
    Wait,
    /// Leaves the view alone.
    Leave,
}

/// What a refresh led to.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "snake_case", tag = "outcome")]
pub enum Refreshed {
    /// The view was brought up to date.
    Done(Refresh),
    /// It was younger than asked for.
    Fresh(Refresh),
    /// Somebody else is refreshing.
    Busy,
}

/// One row of the materialised view `product_summary`: a product's values, recommendations and decision for an attribute.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProductSummary {
    /// The product and the attribute; not every pair is a gap.
    #[serde(flatten)]
    pub pair: GapId,
    pub product_name: Option<String>,
    /// In the order of their keys.
    pub category_keys: Vec<CategoryKey>,
    pub attribute_label: Option<String>,
    pub data_type: Option<String>,
    pub unit: Option<String>,
    /// In the order of their text.
    pub known_values: Vec<String>,
    /// The most confident first.
    pub recommended_values: Vec<String>,
    pub recommended_confidence: Option<f64>,
    /// What became of the gap; `None` where the pair is none.
    pub review_state: Option<State>,
    pub decided_value: Option<String>,
    pub decided_by: Option<Reviewer>,
    pub decided_at: Option<DateTime<Utc>>,
}

/// One row of the materialised view `product_gaps`: a gap and the values allowed for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProductGap {
    #[serde(flatten)]
    pub gap: GapId,
    pub product_name: Option<String>,
    /// The product's first category.
    pub category_key: Option<CategoryKey>,
    pub attribute_label: Option<String>,
    pub data_type: Option<String>,
    pub unit: Option<String>,
    /// Those of the narrowest scope that lists any, in the order of their text.
    pub allowable_values: Vec<String>,
    pub created_at: DateTime<Utc>,
}

/// One row of the view `attribute_value_stats`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AttributeValueStats {
    pub attribute_key: AttributeKey,
    pub label: Option<String>,
    pub data_type: Option<String>,
    pub unit: Option<String>,
    pub value_count: i64,
    pub distinct_values: i64,
    /// How many products have a value.
    pub products: i64,
    pub gaps: i64,
    pub recommendations: i64,
    pub average_recommendation_confidence: Option<f64>,
    pub decisions: i64,
}

//! Gaps and the states a reviewer brings them into.

use super::{AttributeKey, ProductKey};
use serde::{Deserialize, Serialize};
use std::fmt;

/// A (product, attribute) pair without a value: the unit of review.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct GapId {
    #[serde(rename = "product_key")]
    pub product: ProductKey,
    #[serde(rename = "attribute_key")]
    pub attribute: AttributeKey,
}

impl GapId {
    /// Names the gap of a product for an attribute.
    pub fn new(product: impl Into<ProductKey>, attribute: impl Into<AttributeKey>) -> Self {
        Self { product: product.into(), attribute: attribute.into() }
    }
}

impl fmt::Display for GapId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} / {}", self.product, self.attribute)
    }
}

/// What has become of a gap: the effect of its decisions that were not undone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Waits for a decision.
    Open,
    /// One reviewer has decided; another one's opinion is awaited, and the first is hidden until then.
    Second,
    /// Two reviewers differ; a third decision settles.
    Disputed,
    Accepted,
    Overridden,
    Rejected,
    NotApplicable,
    /// Put off; still to be decided.
    Deferred,
    /// Needs someone's attention; still to be decided.
    Flagged,
}

impl State {
    /// Every state, in the order a reader expects.
    pub const ALL: [Self; 9] = [
        Self::Open,
        Self::Second,
        Self::Disputed,
        Self::Deferred,
        Self::Flagged,
        Self::Accepted,
        Self::Overridden,
        Self::Rejected,
        Self::NotApplicable,
    ];

    /// Returns the word in the database and on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Second => "second",
            Self::Disputed => "disputed",
            Self::Accepted => "accepted",
            Self::Overridden => "overridden",
            Self::Rejected => "rejected",
            Self::NotApplicable => "not_applicable",
            Self::Deferred => "deferred",
            Self::Flagged => "flagged",
        }
    }

    /// Reads the word back; `-` and `_` are one.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.to_ascii_lowercase().replace('-', "_");
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }

    /// Returns the word for a reader.
    pub fn label(self) -> &'static str {
        match self {
            Self::NotApplicable => "not applicable",
            Self::Second => "awaiting a second opinion",
            other => other.as_str(),
        }
    }

    /// Tells whether somebody has given an opinion that does not settle the gap: another one is awaited.
    pub fn needs_opinion(self) -> bool {
        matches!(self, Self::Second | Self::Disputed)
    }

    /// Tells whether the gap is settled, so that it needs nobody's decision.
    pub fn is_settled(self) -> bool {
        matches!(self, Self::Accepted | Self::Overridden | Self::Rejected | Self::NotApplicable)
    }
}

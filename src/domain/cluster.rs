//! Gaps that are alike: of one attribute, one category and one most confident value.

use super::{AttributeKey, CategoryKey, QueueRow};
use serde::Serialize;

/// What the gaps of a group have in common.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct GroupKey {
    #[serde(rename = "attribute_key")]
    pub attribute: AttributeKey,
    /// The product's first category; `None` for products without any.
    #[serde(rename = "category_key")]
    pub category: Option<CategoryKey>,
    /// The most confident value as one of the gaps has it; the others may spell it otherwise.
    pub value: String,
}

/// A gap of a group, and what has been said of its most confident value.
#[derive(Debug, Clone, PartialEq)]
pub struct GroupMember {
    pub row: QueueRow,
    pub said: Checked,
}

/// What a decision says of a gap's most confident value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Checked {
    /// Nobody has settled the gap.
    Nothing,
    /// Somebody who looked at the gap decided for the value.
    Right,
    /// Somebody who looked at it decided against the value.
    Wrong,
    /// Somebody who looked at it put it off or flagged it: nobody said that the value is right.
    PutOff,
    /// The decision was made for many gaps at once, without a look at this one: it is no evidence.
    Unseen,
}

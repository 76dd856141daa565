//! What is known of an attribute's values and of lists of candidates, beyond one gap.

use super::AttributeKey;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// The source values that products of a category have for an attribute: a row of the materialised view `category_values`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct CategoryValues {
    /// How many values there are.
    pub known: u64,
    /// The most frequent ones with how many products have them, the most frequent first; equal up to case and space are one.
    pub frequent: Vec<(String, u64)>,
    /// Of a number: some of the values, drawn by the hash of the products' keys.
    pub sample: Vec<String>,
}

impl CategoryValues {
    /// The most frequent values that the view keeps.
    pub const FREQUENT: usize = 20;
    /// The most values of its sample.
    pub const SAMPLE: usize = 200;
}

/// How far down the list of candidates the right value was, on randomly drawn gaps of an attribute.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ListCut {
    pub attribute_key: AttributeKey,
    /// Drawn gaps whose right value is known.
    pub decided: i64,
    /// Those of them whose list had it.
    pub listed: i64,
    /// Candidates that score less may be left out: the list still has the right value in 90 % of the cases. `None` where
    /// there are too few gaps, or where even the whole list has it more rarely.
    pub score: Option<f64>,
    pub measured_at: DateTime<Utc>,
}

/// A list of candidates as a reviewer saw it, and the value that was right.
#[derive(Debug, Clone, PartialEq)]
pub struct ShownList {
    pub candidates: Vec<super::SeenCandidate>,
    /// The value decided; `None` where every candidate was rejected.
    pub right: Option<String>,
}

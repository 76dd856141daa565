//! Predictions that decisions have shown to be right or wrong, as statistics want them.

use super::{AttributeKey, CategoryKey, ExperimentKey};
use serde::Serialize;

/// Which judged predictions to look at; everything by default.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct JudgedFilter {
    pub experiment: Option<ExperimentKey>,
    pub attribute: Option<AttributeKey>,
    /// The primary category of the gap's product.
    pub category: Option<CategoryKey>,
}

/// What to tell judged predictions apart by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum JudgedBy {
    Experiment,
    Attribute,
    Category,
}

impl JudgedBy {
    /// Every way.
    pub const ALL: [Self; 3] = [Self::Experiment, Self::Attribute, Self::Category];

    /// Returns its word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Experiment => "experiment",
            Self::Attribute => "attribute",
            Self::Category => "category",
        }
    }

    /// Reads the word back.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|by| by.as_str() == text)
    }
}

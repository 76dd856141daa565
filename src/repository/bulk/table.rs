//! The tables that can be loaded in bulk, in the order in which they refer to each other.

use super::{catalogue, predictions, values};

/// What a staged row can refer to in vain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    Product,
    Category,
    Attribute,
    Gap,
}

/// The statements of one table.
#[derive(Debug)]
pub(super) struct Plan {
    /// Makes the staging table.
    pub create: &'static str,
    /// Adds a batch to the staging table.
    pub stage: &'static str,
    /// Drops staged rows that a later one replaces.
    pub duplicates: &'static str,
    /// Drops staged rows that refer to something missing, and returns the first of them.
    pub checks: &'static [(Missing, &'static str)],
    /// Runs before the merge.
    pub prepare: Option<&'static str>,
    /// Merges the staged rows of a range of lines.
    pub merge: &'static str,
}

/// A table that can be loaded in bulk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Table {
    Categories,
    Attributes,
    CategoryAttributes,
    Products,
    ProductCategories,
    CategoryAllowableValues,
    AllowableValuesInEveryCategory,
    AllowableValuesInAnyCategory,
    ProductAllowableValues,
    RichTexts,
    Values,
    Gaps,
    Experiments,
    Predictions,
    Rounds,
    Recommendations,
}

impl Table {
    /// All tables, each after those that its rows refer to.
    pub const ALL: [Self; 16] = [
        Self::Categories,
        Self::Attributes,
        Self::CategoryAttributes,
        Self::Products,
        Self::ProductCategories,
        Self::CategoryAllowableValues,
        Self::AllowableValuesInEveryCategory,
        Self::AllowableValuesInAnyCategory,
        Self::ProductAllowableValues,
        Self::RichTexts,
        Self::Values,
        Self::Gaps,
        Self::Experiments,
        Self::Predictions,
        Self::Rounds,
        Self::Recommendations,
    ];

    /// All tables in the order in which they are best merged: a new gap is scored by the predictions and
    /// recommendations that are there, which would be scored once more each if they came later.
    pub fn in_merge_order() -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(|table| *table != Self::Gaps).chain([Self::Gaps])
    }

    /// Returns the table's statements.
    pub(super) fn plan(self) -> &'static Plan {
        match self {
            Self::Categories => &catalogue::CATEGORIES,
            Self::Attributes => &catalogue::ATTRIBUTES,
            Self::CategoryAttributes => &catalogue::CATEGORY_ATTRIBUTES,
            Self::Products => &catalogue::PRODUCTS,
            Self::ProductCategories => &catalogue::PRODUCT_CATEGORIES,
            Self::CategoryAllowableValues => &values::CATEGORY_ALLOWABLE_VALUES,
            Self::AllowableValuesInEveryCategory => &values::ALLOWABLE_VALUES_IN_EVERY_CATEGORY,
            Self::AllowableValuesInAnyCategory => &values::ALLOWABLE_VALUES_IN_ANY_CATEGORY,
            Self::ProductAllowableValues => &values::PRODUCT_ALLOWABLE_VALUES,
            Self::RichTexts => &values::RICH_TEXTS,
            Self::Values => &values::VALUES,
            Self::Gaps => &values::GAPS,
            Self::Experiments => &predictions::EXPERIMENTS,
            Self::Predictions => &predictions::PREDICTIONS,
            Self::Rounds => &predictions::ROUNDS,
            Self::Recommendations => &predictions::RECOMMENDATIONS,
        }
    }
}

//! The tables that can be loaded in bulk, in the order in which they refer to each other.

use super::field::{Field, Kind};
use super::{catalogue, decisions, embeddings, measures, predictions, values};

/// What a staged row can refer to in vain, or clash with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    Product,
    Category,
    Attribute,
    /// The pair is no gap.
    Gap,
    Round,
    /// The decision's id is stored with another content.
    OtherContent,
    /// Another decision has brought the gap to the same version.
    VersionTaken,
    /// The decision that an undo takes back.
    Undone,
    /// The gap's decisions before this one.
    Earlier,
}

/// How the rows of a table are read, checked and written.
#[derive(Debug)]
pub struct Plan {
    /// The file's name without its endings; the staging table is `import_` and this.
    pub name: &'static str,
    /// Other names that files and command lines may use; the table's own is one, too.
    pub aliases: &'static [&'static str],
    /// The table.
    pub stored: &'static str,
    pub fields: &'static [Field],
    /// The columns of the key; `value_md5` is computed.
    pub key: &'static [&'static str],
    /// What its rows refer to; by default, whatever keys they have.
    pub(super) checks: Option<&'static [Missing]>,
    /// Runs before the merge.
    pub(super) prepare: Option<&'static str>,
}

impl Plan {
    /// Starts a description.
    pub(super) const fn of(name: &'static str, stored: &'static str, key: &'static [&'static str]) -> Self {
        Self { name, aliases: &[], stored, fields: &[], key, checks: None, prepare: None }
    }

    /// Tells whether the value's MD5 is part of the key.
    pub(super) fn hashes_value(&self) -> bool {
        self.key.contains(&"value_md5")
    }

    /// Lists what the rows refer to.
    pub(super) fn references(&self) -> Vec<Missing> {
        if let Some(checks) = self.checks {
            return checks.to_vec();
        }
        let own = |column: &str| self.key.len() == 1 && self.key[0] == column;
        let refers = |field: &&Field| field.kind == Kind::Key && !own(field.column);
        let missing = |field: &Field| match field.column {
            "product_key" => Some(Missing::Product),
            "category_key" => Some(Missing::Category),
            "attribute_key" => Some(Missing::Attribute),
            _ => None,
        };
        self.fields.iter().filter(refers).filter_map(missing).collect()
    }
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
    Rounds,
    Predictions,
    Recommendations,
    Decisions,
    Embeddings,
    ReviewPolicy,
    VoteWorth,
    ListCuts,
    SeededValues,
    SeededAnswers,
}

impl Table {
    /// All tables, each after those that its rows refer to.
    pub const ALL: [Self; 23] = [
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
        Self::Rounds,
        Self::Predictions,
        Self::Recommendations,
        Self::Decisions,
        Self::Embeddings,
        Self::ReviewPolicy,
        Self::VoteWorth,
        Self::ListCuts,
        Self::SeededValues,
        Self::SeededAnswers,
    ];

    /// All tables in the order in which they are best merged: decisions first, since they judge the predictions that
    /// were there before; gaps last, since a new gap is scored by the candidates that are there, which would be scored
    /// once more each if they came later, and takes the state that its decisions give it.
    pub fn in_merge_order() -> impl Iterator<Item = Self> {
        let between = |table: &Self| !matches!(table, Self::Decisions | Self::Gaps);
        [Self::Decisions].into_iter().chain(Self::ALL.into_iter().filter(between)).chain([Self::Gaps])
    }

    /// Returns the table of a name: that of its file, an alias, or its own.
    pub fn named(name: &str) -> Option<Self> {
        let short = name.strip_prefix("raw_").unwrap_or(name);
        Self::ALL.into_iter().find(|table| {
            let plan = table.plan();
            plan.name == short || plan.aliases.contains(&short) || plan.stored == name
        })
    }

    /// Lists the names of all tables' files.
    pub fn names() -> String {
        Self::ALL.map(|table| table.plan().name).join(", ")
    }

    /// Returns how the table's rows are read, checked and written.
    pub fn plan(self) -> &'static Plan {
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
            Self::Rounds => &predictions::ROUNDS,
            Self::Predictions => &predictions::PREDICTIONS,
            Self::Recommendations => &predictions::RECOMMENDATIONS,
            Self::Decisions => &decisions::DECISIONS,
            Self::Embeddings => &embeddings::EMBEDDINGS,
            Self::ReviewPolicy => &measures::REVIEW_POLICY,
            Self::VoteWorth => &measures::VOTE_WORTH,
            Self::ListCuts => &measures::LIST_CUTS,
            Self::SeededValues => &measures::SEEDED_VALUES,
            Self::SeededAnswers => &measures::SEEDED_ANSWERS,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Missing::{Attribute, Category, Gap, Product, Round};

    #[test]
    fn a_table_is_found_by_each_of_its_names() {
        for alias in ["values", "product_attribute_values", "raw_product_attribute_values", "raw_values"] {
            assert_eq!(Table::named(alias), Some(Table::Values), "{alias}");
        }
        assert_eq!(Table::named("decisions"), Table::named("human_recommendations"));
        assert_eq!(Table::named("raw_raw_products"), None);
    }

    #[test]
    fn rows_refer_to_what_their_keys_name() {
        assert_eq!(Table::Products.plan().references(), []);
        assert_eq!(Table::CategoryAttributes.plan().references(), [Category, Attribute]);
        assert_eq!(Table::ProductCategories.plan().references(), [Product, Category]);
        assert_eq!(Table::RichTexts.plan().references(), [Product]);
        assert_eq!(Table::AllowableValuesInAnyCategory.plan().references(), [Attribute]);
        assert_eq!(Table::Predictions.plan().references(), [Product, Attribute, Gap, Round]);
        assert_eq!(Table::Experiments.plan().references(), []);
        assert_eq!(Table::VoteWorth.plan().references(), [], "it outlives its attribute");
        assert_eq!(Table::SeededValues.plan().references(), [Product, Attribute]);
        assert_eq!(Table::SeededAnswers.plan().references(), [], "an answer outlives its product");
    }

    #[test]
    fn every_key_is_among_the_columns() {
        for table in Table::ALL {
            let plan = table.plan();
            for key in plan.key {
                assert!(
                    *key == "value_md5" || plan.fields.iter().any(|field| field.column == *key),
                    "{}.{key}",
                    plan.name
                );
            }
        }
    }
}

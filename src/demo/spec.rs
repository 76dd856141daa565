//! The specification of the demo catalogue, read from `assets/demo/*.toml`.

use super::DemoError;
use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;

/// What an attribute's values are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum ValueType {
    Text,
    Number,
    Boolean,
    Choice,
}

/// Where a choice's values are allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Scope {
    Category,
    EveryCategory,
    AnyCategory,
    Product,
}

/// One attribute; see the head of `attributes.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Attribute {
    pub(super) key: String,
    pub(super) label: String,
    #[serde(rename = "type")]
    pub(super) value_type: ValueType,
    #[serde(default)]
    pub(super) scope: Option<Scope>,
    #[serde(default)]
    pub(super) unit: Option<String>,
    #[serde(default)]
    pub(super) also: Vec<String>,
    #[serde(default)]
    pub(super) several: bool,
    #[serde(default = "one")]
    pub(super) gap: f64,
    #[serde(default)]
    pub(super) values: Vec<String>,
    #[serde(default)]
    pub(super) say: Vec<String>,
    #[serde(default)]
    pub(super) yes: Vec<String>,
    #[serde(default)]
    pub(super) no: Vec<String>,
    #[serde(default)]
    pub(super) wording: BTreeMap<String, String>,
}

/// Which values an attribute takes in a category.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Has {
    /// The values to choose from.
    #[serde(default)]
    pub(super) values: Vec<String>,
    /// Or the smallest and largest number, in steps.
    #[serde(default)]
    pub(super) range: Option<[f64; 2]>,
    #[serde(default = "one")]
    pub(super) step: f64,
    /// Or the probability of "Yes".
    #[serde(default)]
    pub(super) chance: Option<f64>,
    /// The most values of one product.
    #[serde(default)]
    pub(super) several: Option<usize>,
    /// Whether siblings differ in it.
    #[serde(default)]
    pub(super) varies: bool,
    /// Whether all products of a brand have the same.
    #[serde(default)]
    pub(super) by_brand: bool,
    /// The attribute whose value, small or large, this one goes with.
    #[serde(default)]
    pub(super) follows: Option<String>,
}

/// One category; its products are made of families (brand, line, edition) with variants.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Category {
    pub(super) key: String,
    pub(super) name: String,
    pub(super) noun: String,
    pub(super) share: usize,
    pub(super) brands: Vec<String>,
    pub(super) lines: Vec<String>,
    pub(super) editions: Vec<String>,
    pub(super) title: Vec<String>,
    pub(super) opening: Vec<String>,
    pub(super) filler: Vec<String>,
    pub(super) has: BTreeMap<String, Has>,
}

/// The chance of a right answer by what the texts say.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Skill {
    pub(super) verbatim: f64,
    pub(super) converted: f64,
    pub(super) contradicted: f64,
    pub(super) absent: f64,
}

/// One proposer of values: an experiment or a recommendation round.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Proposer {
    pub(super) name: String,
    pub(super) model: String,
    pub(super) description: String,
    pub(super) created_at: DateTime<Utc>,
    pub(super) completed_at: DateTime<Utc>,
    pub(super) parameters: serde_json::Value,
    #[serde(default)]
    pub(super) metrics: Option<serde_json::Value>,
    pub(super) coverage: f64,
    pub(super) skill: Skill,
    pub(super) slope: f64,
    pub(super) shift: f64,
    pub(super) step: f64,
}

/// `experiments.toml`.
#[derive(Debug, Deserialize)]
pub(super) struct Proposers {
    pub(super) experiment: Vec<Proposer>,
    pub(super) round: Proposer,
}

/// `reasoning.toml`: sentences by what a model saw.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Reasoning {
    pub(super) verbatim: Vec<String>,
    pub(super) converted: Vec<String>,
    pub(super) misread: Vec<String>,
    pub(super) absent: Vec<String>,
    pub(super) typical: Vec<String>,
    pub(super) sure: Vec<String>,
    pub(super) unsure: Vec<String>,
    pub(super) siblings: Vec<String>,
}

/// `awkward.toml`: texts that break careless programs.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AwkwardTexts {
    pub(super) long_name: String,
    pub(super) cjk: Vec<String>,
    pub(super) cjk_text: String,
    pub(super) emoji: Vec<String>,
    pub(super) right_to_left: Vec<String>,
    pub(super) quotes: Vec<String>,
    pub(super) control: Vec<String>,
    pub(super) control_text: String,
    pub(super) invisible: Vec<String>,
    pub(super) combining: Vec<String>,
    pub(super) values: Vec<String>,
}

/// The whole specification.
#[derive(Debug)]
pub(super) struct Spec {
    pub(super) attributes: Vec<Attribute>,
    pub(super) categories: Vec<Category>,
    pub(super) proposers: Proposers,
    pub(super) reasoning: Reasoning,
    pub(super) awkward: AwkwardTexts,
}

#[derive(Debug, Deserialize)]
struct Attributes {
    attribute: Vec<Attribute>,
}

/// Names a file of `assets/demo` and its text.
macro_rules! asset {
    ($name:literal) => {
        ($name, include_str!(concat!("../../assets/demo/", $name)))
    };
}

const CATEGORIES: [(&str, &str); 14] = [
    asset!("running_shoes.toml"),
    asset!("headphones.toml"),
    asset!("laptops.toml"),
    asset!("power_drills.toml"),
    asset!("coffee.toml"),
    asset!("office_chairs.toml"),
    asset!("backpacks.toml"),
    asset!("led_lamps.toml"),
    asset!("skin_creams.toml"),
    asset!("pet_food.toml"),
    asset!("bicycles.toml"),
    asset!("cookware.toml"),
    asset!("jackets.toml"),
    asset!("tents.toml"),
];

impl Spec {
    /// Reads the built-in files.
    pub(super) fn load() -> Result<Self, DemoError> {
        let spec = Self {
            attributes: parse::<Attributes>(asset!("attributes.toml"))?.attribute,
            categories: CATEGORIES.into_iter().map(parse).collect::<Result<_, _>>()?,
            proposers: parse(asset!("experiments.toml"))?,
            reasoning: parse(asset!("reasoning.toml"))?,
            awkward: parse(asset!("awkward.toml"))?,
        };
        for category in &spec.categories {
            let follows = category.has.values().filter_map(|has| has.follows.as_ref());
            for key in category.has.keys().chain(follows) {
                if !spec.attributes.iter().any(|attribute| attribute.key == *key) {
                    return Err(DemoError::UnknownAttribute {
                        category: category.key.clone(),
                        attribute: key.clone(),
                    });
                }
            }
        }
        Ok(spec)
    }
}

fn parse<T: DeserializeOwned>((file, text): (&'static str, &str)) -> Result<T, DemoError> {
    toml::from_str(text).map_err(|source| DemoError::Specification { file, source: Box::new(source) })
}

fn one() -> f64 {
    1.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_specification_is_whole() {
        let spec = Spec::load().unwrap();
        assert!(spec.categories.len() >= 12 && spec.attributes.len() >= 45);
        for attribute in &spec.attributes {
            let used = attribute.key == "brand"
                || spec.categories.iter().any(|category| category.has.contains_key(&attribute.key));
            assert!(used, "{} is in no category", attribute.key);
            let boolean = attribute.value_type == ValueType::Boolean;
            assert_eq!(boolean, attribute.say.is_empty(), "{}", attribute.key);
            assert_eq!(boolean, !attribute.yes.is_empty() && !attribute.no.is_empty(), "{}", attribute.key);
            assert_eq!(
                attribute.value_type == ValueType::Choice,
                attribute.scope.is_some(),
                "{}",
                attribute.key
            );
            assert!(attribute.say.iter().all(|say| say.contains("{value}")), "{}", attribute.key);
        }
    }

    #[test]
    fn every_category_says_where_its_values_come_from() {
        let spec = Spec::load().unwrap();
        for category in &spec.categories {
            for (key, has) in &category.has {
                let attribute = spec.attributes.iter().find(|attribute| attribute.key == *key).unwrap();
                let place = format!("{}.{key}", category.key);
                let sources = [!has.values.is_empty(), has.range.is_some(), has.chance.is_some()];
                assert_eq!(sources.iter().filter(|given| **given).count(), 1, "{place}");
                assert_eq!(has.several.is_some(), attribute.several, "{place}");
                if !attribute.values.is_empty() {
                    assert!(has.values.iter().all(|value| attribute.values.contains(value)), "{place}");
                }
                if let Some(leader) = &has.follows {
                    assert!(category.has.contains_key(leader), "{place} follows {leader}");
                }
            }
        }
    }
}

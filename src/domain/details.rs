//! `ProductDetails`: everything the catalogue says of one product, as one row of the view `product_details`.

use super::{AttributeKey, CategoryKey, ProductKey};
use serde::{Deserialize, Serialize};

/// One row of the materialised view `product_details`: its fields are the view's columns, in JSON too.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProductDetails {
    pub product_key: ProductKey,
    pub product_name: Option<String>,
    /// What kind of code the key is (`"EAN"`).
    pub code_type: Option<String>,
    /// The product's own short text.
    pub description: Option<String>,
    /// The rich texts, in the order of their sources.
    pub descriptions: Vec<Description>,
    /// In the order of their keys.
    pub categories: Vec<CategoryDetails>,
    /// Those that the product has a value for, in the order of their keys.
    pub attributes: Vec<AttributeDetails>,
}

/// A rich text about a product.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Description {
    /// Where it comes from (`"datasheet"`).
    pub source: String,
    pub content: String,
}

/// A category that a product is in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CategoryDetails {
    pub category_key: CategoryKey,
    pub category_name: Option<String>,
    pub system_name: Option<String>,
}

/// An attribute with a product's values for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AttributeDetails {
    pub attribute_key: AttributeKey,
    pub label: Option<String>,
    /// The type as the pipeline wrote it.
    pub data_type: Option<String>,
    pub unit: Option<String>,
    /// In the order of their text.
    pub values: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn details_survive_json() {
        let details = ProductDetails {
            product_key: "p1".into(),
            product_name: Some("Lamp \u{202e}„Ä\" 灯".into()),
            code_type: None,
            description: None,
            descriptions: vec![Description { source: "datasheet".into(), content: "Two\nlines".into() }],
            categories: vec![CategoryDetails {
                category_key: "lamps".into(),
                category_name: None,
                system_name: Some("sys_lamps".into()),
            }],
            attributes: vec![AttributeDetails {
                attribute_key: "weight".into(),
                label: Some("Weight".into()),
                data_type: Some("number".into()),
                unit: Some("g".into()),
                values: vec!["120".into(), "None".into()],
            }],
        };
        let text = serde_json::to_string(&details).unwrap();
        assert_eq!(serde_json::from_str::<ProductDetails>(&text).unwrap(), details);
    }

    #[test]
    fn a_column_that_the_model_does_not_know_is_refused() {
        let wrong = r#"{"product_key":"p","product_name":null,"code_type":null,"description":null,"descriptions":[],
            "categories":[],"attributes":[],"colour":"red"}"#;
        let error = serde_json::from_str::<ProductDetails>(wrong).unwrap_err().to_string();
        assert!(error.contains("colour"), "{error}");
    }
}

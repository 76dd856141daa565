//! Categories, attributes, products and what binds them.

use super::field::{Field, Kind};
use super::table::Plan;

pub(super) const CATEGORIES: Plan = Plan {
    fields: &[
        Field::key("category_key"),
        Field::optional("category_name", Kind::Text),
        Field::optional("system_name", Kind::Name).about("the name in the upstream system"),
        Field::created(),
    ],
    ..Plan::of("categories", "raw_categories", &["category_key"])
};

pub(super) const ATTRIBUTES: Plan = Plan {
    fields: &[
        Field::key("attribute_key"),
        Field::optional("system_name", Kind::Name).about("the name in the upstream system"),
        Field::optional("label", Kind::Text).about("the name for people"),
        Field::optional("data_type", Kind::Text)
            .about("what the values are: `text`, `number`, `boolean` or `choice` (`enum` means `choice`)"),
        Field::optional("unit", Kind::Text).about("the unit of a number, as written behind it (`mm`)"),
        Field::or("multi_valued", Kind::Boolean, "false").about("whether a product may have several values"),
        Field::created(),
    ],
    ..Plan::of("attributes", "raw_attributes", &["attribute_key"])
};

pub(super) const CATEGORY_ATTRIBUTES: Plan = Plan {
    fields: &[Field::key("category_key"), Field::key("attribute_key"), Field::created()],
    ..Plan::of("category_attributes", "raw_category_attributes", &["category_key", "attribute_key"])
};

pub(super) const PRODUCTS: Plan = Plan {
    fields: &[
        Field::key("product_key"),
        Field::optional("product_name", Kind::Text),
        Field::optional("code_type", Kind::Text).about("what kind of code the key is (`EAN`, `SKU`)"),
        Field::optional("description", Kind::Text),
        Field::created(),
        Field::updated(),
    ],
    ..Plan::of("products", "raw_products", &["product_key"])
};

pub(super) const PRODUCT_CATEGORIES: Plan = Plan {
    fields: &[Field::key("product_key"), Field::key("category_key"), Field::created()],
    ..Plan::of("product_categories", "raw_product_categories", &["product_key", "category_key"])
};

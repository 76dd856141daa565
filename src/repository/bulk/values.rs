//! Values, gaps, allowable values and texts.

use super::field::{Field, Kind};
use super::table::Plan;

const PRODUCT_VALUE: &[Field] = &[
    Field::key("product_key"),
    Field::key("attribute_key"),
    Field::required("value", Kind::Text),
    Field::created(),
];

const ATTRIBUTE_VALUE: &[Field] =
    &[Field::key("attribute_key"), Field::required("value", Kind::Text), Field::created()];

pub(super) const VALUES: Plan = Plan {
    aliases: &["values"],
    fields: PRODUCT_VALUE,
    ..Plan::of(
        "product_attribute_values",
        "raw_product_attribute_values",
        &["product_key", "attribute_key", "value_md5"],
    )
};

pub(super) const GAPS: Plan = Plan {
    aliases: &["gaps"],
    fields: &[Field::key("product_key"), Field::key("attribute_key"), Field::created()],
    ..Plan::of("product_attribute_gaps", "raw_product_attribute_gaps", &["product_key", "attribute_key"])
};

pub(super) const CATEGORY_ALLOWABLE_VALUES: Plan = Plan {
    fields: &[
        Field::key("category_key"),
        Field::key("attribute_key"),
        Field::required("value", Kind::Text),
        Field::created(),
    ],
    ..Plan::of(
        "category_allowable_values",
        "raw_category_allowable_values",
        &["category_key", "attribute_key", "value_md5"],
    )
};

pub(super) const ALLOWABLE_VALUES_IN_EVERY_CATEGORY: Plan = Plan {
    aliases: &["allowable_values_in_every_category"],
    fields: ATTRIBUTE_VALUE,
    ..Plan::of(
        "attribute_allowable_values_applicable_in_every_category",
        "raw_attribute_allowable_values_applicable_in_every_category",
        &["attribute_key", "value_md5"],
    )
};

pub(super) const ALLOWABLE_VALUES_IN_ANY_CATEGORY: Plan = Plan {
    aliases: &["allowable_values_in_any_category"],
    fields: ATTRIBUTE_VALUE,
    ..Plan::of(
        "attribute_allowable_values_in_any_category",
        "raw_attribute_allowable_values_in_any_category",
        &["attribute_key", "value_md5"],
    )
};

pub(super) const PRODUCT_ALLOWABLE_VALUES: Plan = Plan {
    aliases: &["product_allowable_values"],
    fields: PRODUCT_VALUE,
    ..Plan::of(
        "product_attribute_allowable_values",
        "raw_product_attribute_allowable_values",
        &["product_key", "attribute_key", "value_md5"],
    )
};

pub(super) const RICH_TEXTS: Plan = Plan {
    aliases: &["rich_texts"],
    fields: &[
        Field::key("product_key"),
        Field::key("source").about("where the text comes from (`description`, `datasheet`)"),
        Field::required("content", Kind::Text),
        Field::created(),
    ],
    ..Plan::of("rich_text_sources", "raw_rich_text_sources", &["product_key", "source"])
};

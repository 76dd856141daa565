//! Categories and attributes.

use crate::database::schema::{
    raw_attributes, raw_categories, raw_category_attributes, raw_product_categories,
};
use crate::domain::{Attribute, AttributeKey, Category, CategoryKey, DataType, ProductKey};
use crate::repository::Result;
use crate::repository::postgres::card::LONGEST_VALUE;
use crate::repository::postgres::fragment::left_or_null;
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};

#[derive(Queryable)]
struct CategoryRow {
    category_key: String,
    category_name: Option<String>,
    system_name: Option<String>,
}

impl From<CategoryRow> for Category {
    fn from(row: CategoryRow) -> Self {
        Self { key: row.category_key.into(), name: row.category_name, system_name: row.system_name }
    }
}

#[derive(Queryable)]
struct AttributeRow {
    attribute_key: String,
    system_name: Option<String>,
    label: Option<String>,
    data_type: Option<String>,
    unit: Option<String>,
    multi_valued: bool,
}

impl From<AttributeRow> for Attribute {
    fn from(row: AttributeRow) -> Self {
        Self {
            key: row.attribute_key.into(),
            system_name: row.system_name,
            label: row.label,
            data_type: DataType::parse(row.data_type.as_deref()),
            unit: row.unit,
            multi_valued: row.multi_valued,
        }
    }
}

/// Which categories are loaded.
pub(in crate::repository::postgres) enum Categories<'a> {
    All,
    Key(&'a CategoryKey),
    SystemName(&'a str),
    /// Those that a product is in.
    Of(&'a ProductKey),
    /// Those whose products should have an attribute.
    With(&'a AttributeKey),
}

/// Loads categories in the order of their keys.
pub(in crate::repository::postgres) async fn categories(
    connection: &AsyncPgConnection,
    which: Categories<'_>,
) -> Result<Vec<Category>> {
    use raw_categories as c;
    let mut connection = connection;
    let columns = (
        c::category_key,
        left_or_null(c::category_name, LONGEST_VALUE),
        left_or_null(c::system_name, LONGEST_VALUE),
    );
    let mut query = c::table.select(columns).order(c::category_key).into_boxed();
    query = match which {
        Categories::All => query,
        Categories::Key(key) => query.filter(c::category_key.eq(key.as_str())),
        Categories::SystemName(name) => query.filter(c::system_name.eq(name)),
        Categories::Of(product) => query.filter(
            c::category_key.eq_any(
                raw_product_categories::table
                    .filter(raw_product_categories::product_key.eq(product.as_str()))
                    .select(raw_product_categories::category_key),
            ),
        ),
        Categories::With(attribute) => query.filter(
            c::category_key.eq_any(
                raw_category_attributes::table
                    .filter(raw_category_attributes::attribute_key.eq(attribute.as_str()))
                    .select(raw_category_attributes::category_key),
            ),
        ),
    };
    let rows: Vec<CategoryRow> = query.load(&mut connection).await?;
    Ok(rows.into_iter().map(Category::from).collect())
}

/// Which attributes are loaded.
pub(in crate::repository::postgres) enum Attributes<'a> {
    All,
    Key(&'a AttributeKey),
    SystemName(&'a str),
    /// Those that products of a category should have.
    Of(&'a CategoryKey),
}

/// Loads attributes in the order of their keys.
pub(in crate::repository::postgres) async fn attributes(
    connection: &AsyncPgConnection,
    which: Attributes<'_>,
) -> Result<Vec<Attribute>> {
    use raw_attributes as a;
    let mut connection = connection;
    let columns = (
        a::attribute_key,
        left_or_null(a::system_name, LONGEST_VALUE),
        left_or_null(a::label, LONGEST_VALUE),
        left_or_null(a::data_type, LONGEST_VALUE),
        left_or_null(a::unit, LONGEST_VALUE),
        a::multi_valued,
    );
    let mut query = a::table.select(columns).order(a::attribute_key).into_boxed();
    query = match which {
        Attributes::All => query,
        Attributes::Key(key) => query.filter(a::attribute_key.eq(key.as_str())),
        Attributes::SystemName(name) => query.filter(a::system_name.eq(name)),
        Attributes::Of(category) => query.filter(
            a::attribute_key.eq_any(
                raw_category_attributes::table
                    .filter(raw_category_attributes::category_key.eq(category.as_str()))
                    .select(raw_category_attributes::attribute_key),
            ),
        ),
    };
    let rows: Vec<AttributeRow> = query.load(&mut connection).await?;
    Ok(rows.into_iter().map(Attribute::from).collect())
}

//! Deleting rows of the catalogue, a statement a table.

use crate::domain::{AllowedList, AttributeKey, CategoryKey, GapId, ProductKey};
use crate::repository::{CatalogueKeys, Result};
use diesel::pg::Pg;
use diesel::sql_types::{Array, Text};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

const PRODUCTS: &str = "DELETE FROM raw_products WHERE product_key = ANY ($1)";
const CATEGORIES: &str = "DELETE FROM raw_categories WHERE category_key = ANY ($1)";
const ATTRIBUTES: &str = "DELETE FROM raw_attributes WHERE attribute_key = ANY ($1)";
/// A table's rows deleted by two or three columns: all in one statement, or one at a time, as Citus wants it of the
/// rows of several products.
struct Delete {
    together: &'static str,
    each: &'static str,
}

macro_rules! delete_sql {
    ($table:literal, $first:literal, $second:literal) => {
        Delete {
            together: concat!(
                "DELETE FROM ",
                $table,
                " t USING unnest($1::text[], $2::text[]) AS k (",
                $first,
                ", ",
                $second,
                ") WHERE t.",
                $first,
                " = k.",
                $first,
                " AND t.",
                $second,
                " = k.",
                $second
            ),
            each: concat!("DELETE FROM ", $table, " WHERE ", $first, " = $1 AND ", $second, " = $2"),
        }
    };
    ($table:literal, $first:literal, value) => {
        Delete {
            together: concat!(
                "DELETE FROM ",
                $table,
                " t USING unnest($1::text[], $2::text[]) AS k (",
                $first,
                ", value) WHERE t.",
                $first,
                " = k.",
                $first,
                " AND t.value_md5 = md5(k.value)::uuid"
            ),
            each: concat!("DELETE FROM ", $table, " WHERE ", $first, " = $1 AND value_md5 = md5($2)::uuid"),
        }
    };
    ($table:literal, $first:literal, $second:literal, value) => {
        Delete {
            together: concat!(
                "DELETE FROM ",
                $table,
                " t USING unnest($1::text[], $2::text[], $3::text[]) AS k (",
                $first,
                ", ",
                $second,
                ", value) WHERE t.",
                $first,
                " = k.",
                $first,
                " AND t.",
                $second,
                " = k.",
                $second,
                " AND t.value_md5 = md5(k.value)::uuid"
            ),
            each: concat!(
                "DELETE FROM ",
                $table,
                " WHERE ",
                $first,
                " = $1 AND ",
                $second,
                " = $2 AND value_md5 = md5($3)::uuid"
            ),
        }
    };
}

const PRODUCT_CATEGORIES: Delete = delete_sql!("raw_product_categories", "product_key", "category_key");
const CATEGORY_ATTRIBUTES: Delete = delete_sql!("raw_category_attributes", "category_key", "attribute_key");
const GAPS: Delete = delete_sql!("raw_product_attribute_gaps", "product_key", "attribute_key");
const RICH_TEXTS: Delete = delete_sql!("raw_rich_text_sources", "product_key", "source");
const VALUES: Delete = delete_sql!("raw_product_attribute_values", "product_key", "attribute_key", value);
const ALLOWED_FOR_PRODUCT: Delete =
    delete_sql!("raw_product_attribute_allowable_values", "product_key", "attribute_key", value);
const ALLOWED_IN_CATEGORY: Delete =
    delete_sql!("raw_category_allowable_values", "category_key", "attribute_key", value);
const ALLOWED_IN_EVERY_CATEGORY: Delete =
    delete_sql!("raw_attribute_allowable_values_applicable_in_every_category", "attribute_key", value);
const ALLOWED_IN_ANY_CATEGORY: Delete =
    delete_sql!("raw_attribute_allowable_values_in_any_category", "attribute_key", value);

/// Where the rows lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    OneServer,
    /// Citus distributes them by product.
    Distributed,
}

/// Deletes the rows of the given keys.
async fn delete_keys<'a>(
    connection: &mut AsyncPgConnection,
    sql: &'static str,
    keys: impl IntoIterator<Item = &'a str>,
) -> Result<()> {
    let keys: Vec<&str> = keys.into_iter().collect();
    if !keys.is_empty() {
        diesel::sql_query(sql).bind::<Array<Text>, _>(keys).execute(connection).await?;
    }
    Ok(())
}

/// Deletes the rows of which the columns are given.
async fn delete<const COLUMNS: usize>(
    connection: &mut AsyncPgConnection,
    sql: &Delete,
    place: Place,
    rows: impl IntoIterator<Item = [&str; COLUMNS]>,
) -> Result<()> {
    let rows: Vec<[&str; COLUMNS]> = rows.into_iter().collect();
    if place == Place::Distributed {
        for row in rows {
            let mut query = diesel::sql_query(sql.each).into_boxed::<Pg>();
            for value in row {
                query = query.bind::<Text, _>(value);
            }
            query.execute(connection).await?;
        }
        return Ok(());
    }
    let mut columns = [const { Vec::new() }; COLUMNS];
    for row in rows {
        for (column, value) in columns.iter_mut().zip(row) {
            column.push(value);
        }
    }
    if columns.iter().all(Vec::is_empty) {
        return Ok(());
    }
    let mut query = diesel::sql_query(sql.together).into_boxed::<Pg>();
    for column in columns {
        query = query.bind::<Array<Text>, _>(column);
    }
    query.execute(connection).await?;
    Ok(())
}

/// Deletes gaps, in the caller's transaction.
pub(super) async fn gaps(connection: &mut AsyncPgConnection, gaps: &[GapId], place: Place) -> Result<()> {
    delete(connection, &GAPS, place, gaps.iter().map(|gap| [gap.product.as_str(), gap.attribute.as_str()]))
        .await
}

/// Deletes rows of the catalogue, in the caller's transaction: what refers to others first.
pub(super) async fn catalogue(
    connection: &mut AsyncPgConnection,
    keys: &CatalogueKeys,
    place: Place,
) -> Result<()> {
    gaps(connection, &keys.gaps, place).await?;
    let values = keys
        .values
        .iter()
        .map(|(pair, value)| [pair.product.as_str(), pair.attribute.as_str(), value.as_str()]);
    delete(connection, &VALUES, place, values).await?;
    allowed_values(connection, &keys.allowed_values, place).await?;
    let texts = keys.rich_texts.iter().map(|(product, source)| [product.as_str(), source.as_str()]);
    delete(connection, &RICH_TEXTS, place, texts).await?;
    let pairs =
        keys.product_categories.iter().map(|(product, category)| [product.as_str(), category.as_str()]);
    delete(connection, &PRODUCT_CATEGORIES, place, pairs).await?;
    let pairs =
        keys.category_attributes.iter().map(|(category, attribute)| [category.as_str(), attribute.as_str()]);
    delete(connection, &CATEGORY_ATTRIBUTES, place, pairs).await?;
    delete_keys(connection, PRODUCTS, keys.products.iter().map(ProductKey::as_str)).await?;
    delete_keys(connection, ATTRIBUTES, keys.attributes.iter().map(AttributeKey::as_str)).await?;
    delete_keys(connection, CATEGORIES, keys.categories.iter().map(CategoryKey::as_str)).await
}

async fn allowed_values(
    connection: &mut AsyncPgConnection,
    allowed: &[(AllowedList, String)],
    place: Place,
) -> Result<()> {
    let for_product = allowed.iter().filter_map(|(list, value)| match list {
        AllowedList::Product(pair) => Some([pair.product.as_str(), pair.attribute.as_str(), value.as_str()]),
        _ => None,
    });
    delete(connection, &ALLOWED_FOR_PRODUCT, place, for_product).await?;
    let in_category = allowed.iter().filter_map(|(list, value)| match list {
        AllowedList::Category(category, attribute) => {
            Some([category.as_str(), attribute.as_str(), value.as_str()])
        }
        _ => None,
    });
    delete(connection, &ALLOWED_IN_CATEGORY, place, in_category).await?;
    let in_every = allowed.iter().filter_map(|(list, value)| match list {
        AllowedList::EveryCategory(attribute) => Some([attribute.as_str(), value.as_str()]),
        _ => None,
    });
    delete(connection, &ALLOWED_IN_EVERY_CATEGORY, place, in_every).await?;
    let in_any = allowed.iter().filter_map(|(list, value)| match list {
        AllowedList::AnyCategory(attribute) => Some([attribute.as_str(), value.as_str()]),
        _ => None,
    });
    delete(connection, &ALLOWED_IN_ANY_CATEGORY, place, in_any).await
}

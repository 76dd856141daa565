//! Deleting rows of the catalogue, a statement a table.

use crate::domain::{AllowedList, GapId};
use crate::repository::{CatalogueKeys, Result};
use diesel::pg::Pg;
use diesel::sql_types::{Array, Text};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

const PRODUCTS: &str = "DELETE FROM raw_products WHERE product_key = ANY ($1)";
const CATEGORIES: &str = "DELETE FROM raw_categories WHERE category_key = ANY ($1)";
const ATTRIBUTES: &str = "DELETE FROM raw_attributes WHERE attribute_key = ANY ($1)";
const PRODUCT_CATEGORIES: &str = "DELETE FROM raw_product_categories t \
    USING unnest($1::text[], $2::text[]) AS k (product_key, category_key) \
    WHERE t.product_key = k.product_key AND t.category_key = k.category_key";
const CATEGORY_ATTRIBUTES: &str = "DELETE FROM raw_category_attributes t \
    USING unnest($1::text[], $2::text[]) AS k (category_key, attribute_key) \
    WHERE t.category_key = k.category_key AND t.attribute_key = k.attribute_key";
const GAPS: &str = "DELETE FROM raw_product_attribute_gaps t \
    USING unnest($1::text[], $2::text[]) AS k (product_key, attribute_key) \
    WHERE t.product_key = k.product_key AND t.attribute_key = k.attribute_key";
const RICH_TEXTS: &str = "DELETE FROM raw_rich_text_sources t \
    USING unnest($1::text[], $2::text[]) AS k (product_key, source) \
    WHERE t.product_key = k.product_key AND t.source = k.source";
const VALUES: &str = "DELETE FROM raw_product_attribute_values t \
    USING unnest($1::text[], $2::text[], $3::text[]) AS k (product_key, attribute_key, value) \
    WHERE t.product_key = k.product_key AND t.attribute_key = k.attribute_key AND t.value_md5 = md5(k.value)::uuid";
const ALLOWED_FOR_PRODUCT: &str = "DELETE FROM raw_product_attribute_allowable_values t \
    USING unnest($1::text[], $2::text[], $3::text[]) AS k (product_key, attribute_key, value) \
    WHERE t.product_key = k.product_key AND t.attribute_key = k.attribute_key AND t.value_md5 = md5(k.value)::uuid";
const ALLOWED_IN_CATEGORY: &str = "DELETE FROM raw_category_allowable_values t \
    USING unnest($1::text[], $2::text[], $3::text[]) AS k (category_key, attribute_key, value) \
    WHERE t.category_key = k.category_key AND t.attribute_key = k.attribute_key AND t.value_md5 = md5(k.value)::uuid";
const ALLOWED_IN_EVERY_CATEGORY: &str = "DELETE FROM raw_attribute_allowable_values_applicable_in_every_category t \
    USING unnest($1::text[], $2::text[]) AS k (attribute_key, value) \
    WHERE t.attribute_key = k.attribute_key AND t.value_md5 = md5(k.value)::uuid";
const ALLOWED_IN_ANY_CATEGORY: &str = "DELETE FROM raw_attribute_allowable_values_in_any_category t \
    USING unnest($1::text[], $2::text[]) AS k (attribute_key, value) \
    WHERE t.attribute_key = k.attribute_key AND t.value_md5 = md5(k.value)::uuid";

/// Deletes the rows that the arrays name together, one column an array.
async fn delete<const COLUMNS: usize>(
    connection: &mut AsyncPgConnection,
    sql: &'static str,
    rows: impl IntoIterator<Item = [&str; COLUMNS]>,
) -> Result<()> {
    let mut columns = [const { Vec::new() }; COLUMNS];
    for row in rows {
        for (column, value) in columns.iter_mut().zip(row) {
            column.push(value);
        }
    }
    if columns.iter().all(Vec::is_empty) {
        return Ok(());
    }
    let mut query = diesel::sql_query(sql).into_boxed::<Pg>();
    for column in columns {
        query = query.bind::<Array<Text>, _>(column);
    }
    query.execute(connection).await?;
    Ok(())
}

/// Deletes gaps, in the caller's transaction.
pub(super) async fn gaps(connection: &mut AsyncPgConnection, gaps: &[GapId]) -> Result<()> {
    delete(connection, GAPS, gaps.iter().map(|gap| [gap.product.as_str(), gap.attribute.as_str()])).await
}

/// Deletes rows of the catalogue, in the caller's transaction: what refers to others first.
pub(super) async fn catalogue(connection: &mut AsyncPgConnection, keys: &CatalogueKeys) -> Result<()> {
    gaps(connection, &keys.gaps).await?;
    let values = keys
        .values
        .iter()
        .map(|(pair, value)| [pair.product.as_str(), pair.attribute.as_str(), value.as_str()]);
    delete(connection, VALUES, values).await?;
    allowed_values(connection, &keys.allowed_values).await?;
    let texts = keys.rich_texts.iter().map(|(product, source)| [product.as_str(), source.as_str()]);
    delete(connection, RICH_TEXTS, texts).await?;
    let pairs =
        keys.product_categories.iter().map(|(product, category)| [product.as_str(), category.as_str()]);
    delete(connection, PRODUCT_CATEGORIES, pairs).await?;
    let pairs =
        keys.category_attributes.iter().map(|(category, attribute)| [category.as_str(), attribute.as_str()]);
    delete(connection, CATEGORY_ATTRIBUTES, pairs).await?;
    delete(connection, PRODUCTS, keys.products.iter().map(|key| [key.as_str()])).await?;
    delete(connection, ATTRIBUTES, keys.attributes.iter().map(|key| [key.as_str()])).await?;
    delete(connection, CATEGORIES, keys.categories.iter().map(|key| [key.as_str()])).await
}

async fn allowed_values(connection: &mut AsyncPgConnection, allowed: &[(AllowedList, String)]) -> Result<()> {
    let for_product = allowed.iter().filter_map(|(list, value)| match list {
        AllowedList::Product(pair) => Some([pair.product.as_str(), pair.attribute.as_str(), value.as_str()]),
        _ => None,
    });
    delete(connection, ALLOWED_FOR_PRODUCT, for_product).await?;
    let in_category = allowed.iter().filter_map(|(list, value)| match list {
        AllowedList::Category(category, attribute) => {
            Some([category.as_str(), attribute.as_str(), value.as_str()])
        }
        _ => None,
    });
    delete(connection, ALLOWED_IN_CATEGORY, in_category).await?;
    let in_every = allowed.iter().filter_map(|(list, value)| match list {
        AllowedList::EveryCategory(attribute) => Some([attribute.as_str(), value.as_str()]),
        _ => None,
    });
    delete(connection, ALLOWED_IN_EVERY_CATEGORY, in_every).await?;
    let in_any = allowed.iter().filter_map(|(list, value)| match list {
        AllowedList::AnyCategory(attribute) => Some([attribute.as_str(), value.as_str()]),
        _ => None,
    });
    delete(connection, ALLOWED_IN_ANY_CATEGORY, in_any).await
}

//! Reading products, values, gaps, allowed values and whole texts.

use crate::database::schema::{
    raw_allowable_values_in_any_category, raw_allowable_values_in_every_category,
    raw_category_allowable_values, raw_product_attribute_allowable_values, raw_product_attribute_gaps,
    raw_product_attribute_values, raw_product_categories, raw_products, raw_rich_text_sources,
};
use crate::domain::{AllowedList, AttributeKey, CategoryKey, Gap, GapId, PairValues, Product, ProductKey};
use crate::repository::postgres::fragment::{fixed, left_or_null};
use crate::repository::postgres::keyset::{after, one_more, page};
use crate::repository::postgres::queue::SHORT;
use crate::repository::{Page, Result};
use chrono::{DateTime, Utc};
use diesel::expression::AsExpression;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Text};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

/// The order of values by their text, the same on every machine.
const BY_TEXT: &str = "value COLLATE \"C\"";

/// The values of each pair after a place, as arrays; long ones cut.
const VALUES: &str = "SELECT product_key, attribute_key, array_agg(left(value, 4000) ORDER BY value COLLATE \"C\") AS known \
    FROM raw_product_attribute_values WHERE (product_key, attribute_key) > ($1, $2) \
    GROUP BY product_key, attribute_key ORDER BY product_key, attribute_key LIMIT $3";

/// As [`VALUES`], of one attribute.
const VALUES_OF_ATTRIBUTE: &str = "SELECT product_key, attribute_key, \
        array_agg(left(value, 4000) ORDER BY value COLLATE \"C\") AS known \
    FROM raw_product_attribute_values WHERE product_key > $1 AND attribute_key = $2 \
    GROUP BY product_key, attribute_key ORDER BY product_key LIMIT $3";

fn text(value: &str) -> <&str as AsExpression<Text>>::Expression {
    AsExpression::<Text>::as_expression(value)
}

pub(super) async fn products(
    connection: &AsyncPgConnection,
    category: Option<&CategoryKey>,
    place: Option<&ProductKey>,
    limit: usize,
) -> Result<Page<Product, ProductKey>> {
    use raw_product_categories as pc;
    use raw_products as p;
    type Row = (String, Option<String>, Option<String>, Option<String>);
    let mut connection = connection;
    let columns = (
        p::product_key,
        left_or_null(p::product_name, SHORT),
        p::code_type,
        left_or_null(p::description, SHORT),
    );
    let rows: Vec<Row> = if let Some(category) = category {
        let mut query = pc::table
            .inner_join(p::table.on(p::product_key.eq(pc::product_key)))
            .filter(pc::category_key.eq(category.as_str()))
            .select(columns)
            .order(pc::product_key)
            .limit(one_more(limit))
            .into_boxed();
        if let Some(place) = place {
            query = query.filter(pc::product_key.gt(place.as_str()));
        }
        query.load(&mut connection).await?
    } else {
        let mut query = p::table.select(columns).order(p::product_key).limit(one_more(limit)).into_boxed();
        if let Some(place) = place {
            query = query.filter(p::product_key.gt(place.as_str()));
        }
        query.load(&mut connection).await?
    };
    let products = rows
        .into_iter()
        .map(|(key, name, code_type, description)| Product { key: key.into(), name, code_type, description })
        .collect();
    Ok(page(products, limit, |product: &Product| product.key.clone()))
}

pub(super) async fn full_description(
    connection: &AsyncPgConnection,
    product: &ProductKey,
) -> Result<Option<String>> {
    use raw_products as p;
    let mut connection = connection;
    let found: Option<Option<String>> =
        p::table.find(product.as_str()).select(p::description).first(&mut connection).await.optional()?;
    Ok(found.flatten())
}

pub(super) async fn full_values(connection: &AsyncPgConnection, pair: &GapId) -> Result<Vec<String>> {
    use raw_product_attribute_values as v;
    let mut connection = connection;
    Ok(v::table
        .filter(v::product_key.eq(pair.product.as_str()))
        .filter(v::attribute_key.eq(pair.attribute.as_str()))
        .select(v::value)
        .order(fixed::<Text>(BY_TEXT))
        .load(&mut connection)
        .await?)
}

#[derive(QueryableByName)]
struct ValuesRow {
    #[diesel(sql_type = Text)]
    product_key: String,
    #[diesel(sql_type = Text)]
    attribute_key: String,
    #[diesel(sql_type = Array<Text>)]
    known: Vec<String>,
}

pub(super) async fn values(
    connection: &AsyncPgConnection,
    attribute: Option<&AttributeKey>,
    place: Option<&GapId>,
    limit: usize,
) -> Result<Page<PairValues, GapId>> {
    let mut connection = connection;
    let start = place.map_or("", |place| place.product.as_str());
    let (sql, key) = match attribute {
        Some(attribute) => (VALUES_OF_ATTRIBUTE, attribute.as_str()),
        None => (VALUES, place.map_or("", |place| place.attribute.as_str())),
    };
    let rows: Vec<ValuesRow> = diesel::sql_query(sql)
        .bind::<Text, _>(start)
        .bind::<Text, _>(key)
        .bind::<BigInt, _>(one_more(limit))
        .load(&mut connection)
        .await?;
    let pairs = rows
        .into_iter()
        .map(|row| PairValues { pair: GapId::new(row.product_key, row.attribute_key), values: row.known })
        .collect();
    Ok(page(pairs, limit, |one: &PairValues| one.pair.clone()))
}

/// Which gaps are loaded.
pub(super) enum Gaps<'a> {
    All,
    Of(&'a ProductKey),
    For(&'a AttributeKey),
    One(&'a GapId),
}

pub(super) async fn gaps(
    connection: &AsyncPgConnection,
    which: Gaps<'_>,
    place: Option<&GapId>,
    limit: Option<usize>,
) -> Result<Vec<Gap>> {
    use raw_product_attribute_gaps as g;
    let mut connection = connection;
    let mut query = g::table
        .select((g::product_key, g::attribute_key, g::created_at))
        .order((g::product_key, g::attribute_key))
        .into_boxed();
    query = match which {
        Gaps::All => query,
        Gaps::Of(product) => query.filter(g::product_key.eq(product.as_str())),
        Gaps::For(attribute) => query.filter(g::attribute_key.eq(attribute.as_str())),
        Gaps::One(gap) => query
            .filter(g::product_key.eq(gap.product.as_str()))
            .filter(g::attribute_key.eq(gap.attribute.as_str())),
    };
    if let Some(place) = place {
        query = match which {
            Gaps::For(_) => query.filter(g::product_key.gt(place.product.as_str())),
            _ => query.filter(after(
                "product_key, attribute_key",
                (text(place.product.as_str()), text(place.attribute.as_str())),
            )),
        };
    }
    if let Some(limit) = limit {
        query = query.limit(one_more(limit));
    }
    let rows: Vec<(String, String, DateTime<Utc>)> = query.load(&mut connection).await?;
    Ok(rows
        .into_iter()
        .map(|(product, attribute, created_at)| Gap { id: GapId::new(product, attribute), created_at })
        .collect())
}

pub(super) async fn allowed_list(
    connection: &AsyncPgConnection,
    list: &AllowedList,
    place: Option<&str>,
    limit: usize,
) -> Result<Page<String, String>> {
    let mut connection = connection;
    macro_rules! values {
        ($table:ident, $($column:ident = $key:expr),+) => {{
            let mut query = $table::table
                $(.filter($table::$column.eq($key.as_str())))+
                .select($table::value)
                .order(fixed::<Text>(BY_TEXT))
                .limit(one_more(limit))
                .into_boxed();
            if let Some(place) = place {
                query = query.filter(after(BY_TEXT, text(place)));
            }
            query.load::<String>(&mut connection).await?
        }};
    }
    let values = match list {
        AllowedList::Product(GapId { product, attribute }) => {
            values!(raw_product_attribute_allowable_values, product_key = product, attribute_key = attribute)
        }
        AllowedList::Category(category, attribute) => {
            values!(raw_category_allowable_values, category_key = category, attribute_key = attribute)
        }
        AllowedList::EveryCategory(attribute) => {
            values!(raw_allowable_values_in_every_category, attribute_key = attribute)
        }
        AllowedList::AnyCategory(attribute) => {
            values!(raw_allowable_values_in_any_category, attribute_key = attribute)
        }
    };
    Ok(page(values, limit, String::clone))
}

pub(super) async fn full_text(
    connection: &AsyncPgConnection,
    product: &ProductKey,
    source: &str,
) -> Result<Option<String>> {
    use raw_rich_text_sources as r;
    let mut connection = connection;
    Ok(r::table
        .find((product.as_str(), source))
        .select(r::content)
        .first(&mut connection)
        .await
        .optional()?)
}

//! Cards: everything a screen shows of a gap or a product, its reads sent together on one connection.

use super::candidates::candidates_of;
use super::embedding::neighbours_of;
use super::event::shown_history;
use super::evidence::{common_of, cut_of};
use super::fragment::{Counted, fixed, left_or_null};
use super::input::dictionary::{Attributes, Categories, attributes, categories};
use super::insight::track_records;
use super::queue::{SHORT, gaps_of, left, load_row};
use super::vote::worth_of;
use crate::database::schema::{
    raw_allowable_values_in_any_category, raw_allowable_values_in_every_category, raw_attributes,
    raw_category_allowable_values, raw_product_attribute_allowable_values, raw_product_attribute_values,
    raw_product_categories, raw_products, raw_rich_text_sources,
};
use crate::domain::{
    AllowedScope, AllowedValue, AllowedValues, AttributeKey, GapId, KnownValue, Product, ProductCard,
    ProductKey, ReviewCard, RichText,
};
use crate::evidence::vote::VOTERS;
use crate::repository::Result;
use diesel::prelude::*;
use diesel::sql_types::Text;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use futures_util::try_join;

/// The most characters of a rich text that are read.
const LONGEST_TEXT: i32 = 20_000;
/// The most characters of a value or reasoning that are read.
pub(super) const LONGEST_VALUE: i32 = 4_000;
/// The most known values, texts, candidates and allowed values that are read.
const MOST_KNOWN: i64 = 500;
const MOST_TEXTS: i64 = 20;
const MOST_ALLOWED: i64 = 2_000;
const MOST_GAPS: i64 = 200;

diesel::define_sql_function! {
    /// How many characters a text has.
    fn char_length(text: diesel::sql_types::Text) -> diesel::sql_types::Integer;
}

/// Loads everything a review card shows; `lagging` is for what no decision changes.
pub(super) async fn load(
    connection: &AsyncPgConnection,
    lagging: &AsyncPgConnection,
    gap: &GapId,
    neighbours: usize,
    distributed: bool,
) -> Result<Option<ReviewCard>> {
    // The vote asks more neighbours than are shown: of one search, they cost next to nothing.
    let asked = if neighbours == 0 { 0 } else { neighbours.max(VOTERS) };
    let (row, mut attribute, candidates, allowed, history, product, worth, records, common, cut) = try_join!(
        load_row(connection, gap),
        attributes(connection, Attributes::Key(&gap.attribute)),
        candidates_of(connection, std::slice::from_ref(gap)),
        allowed_values(connection, gap),
        shown_history(connection, gap),
        product_card(connection, lagging, &gap.product, Some(&gap.attribute), asked),
        worth_of(lagging, &gap.attribute),
        track_records(connection, gap, distributed),
        common_of(connection, gap),
        cut_of(lagging, &gap.attribute),
    )?;
    let (Some(row), Some(attribute), Some(mut product)) = (row, attribute.pop(), product) else {
        return Ok(None);
    };
    let candidates = candidates.into_iter().flatten().collect();
    let voters = product.neighbours.clone();
    product.neighbours.truncate(neighbours);
    Ok(Some(ReviewCard {
        row,
        attribute,
        allowed,
        candidates,
        product,
        voters,
        worth,
        history,
        records,
        common,
        cut,
    }))
}

/// Loads everything a screen shows of one product; `lagging` is for what no decision changes.
pub(super) async fn product_card(
    connection: &AsyncPgConnection,
    lagging: &AsyncPgConnection,
    product: &ProductKey,
    attribute: Option<&AttributeKey>,
    neighbours: usize,
) -> Result<Option<ProductCard>> {
    let card = read_product(connection, lagging, product, attribute, neighbours).await?;
    if card.is_none() && !std::ptr::eq(connection, lagging) {
        // It may be too new for the replica.
        return read_product(connection, connection, product, attribute, neighbours).await;
    }
    Ok(card)
}

async fn read_product(
    connection: &AsyncPgConnection,
    lagging: &AsyncPgConnection,
    product: &ProductKey,
    attribute: Option<&AttributeKey>,
    neighbours: usize,
) -> Result<Option<ProductCard>> {
    let (found, categories, known, texts, neighbours, gaps) = try_join!(
        load_product(lagging, product),
        categories(lagging, Categories::Of(product)),
        known_values(lagging, product),
        rich_texts(lagging, product),
        neighbours_of(lagging, product, attribute, neighbours),
        gaps_of(connection, product.as_str(), MOST_GAPS),
    )?;
    Ok(found.map(|product| ProductCard { product, categories, known, texts, neighbours, gaps }))
}

pub(super) async fn load_product(
    connection: &AsyncPgConnection,
    product: &ProductKey,
) -> Result<Option<Product>> {
    use raw_products as p;
    let mut connection = connection;
    let found = p::table
        .find(product.as_str())
        .select((
            left_or_null(p::product_name, LONGEST_VALUE),
            left_or_null(p::code_type, LONGEST_VALUE),
            left_or_null(p::description, LONGEST_TEXT),
        ))
        .first::<(Option<String>, Option<String>, Option<String>)>(&mut connection)
        .await
        .optional()?;
    Ok(found.map(|(name, code_type, description)| Product {
        key: product.clone(),
        name,
        code_type,
        description,
    }))
}

pub(super) async fn known_values(
    connection: &AsyncPgConnection,
    product: &ProductKey,
) -> Result<Vec<KnownValue>> {
    use raw_attributes as a;
    use raw_product_attribute_values as v;
    let mut connection = connection;
    let found = v::table
        .inner_join(a::table.on(a::attribute_key.eq(v::attribute_key)))
        .filter(v::product_key.eq(product.as_str()))
        .select((
            v::attribute_key,
            left_or_null(a::label, SHORT),
            left_or_null(a::unit, SHORT),
            left(v::value, LONGEST_VALUE),
        ))
        .order((v::attribute_key, v::value_md5))
        .limit(MOST_KNOWN)
        .load::<(String, Option<String>, Option<String>, String)>(&mut connection)
        .await?;
    let mut known: Vec<KnownValue> = found
        .into_iter()
        .map(|(key, label, unit, value)| KnownValue {
            label: label.unwrap_or_else(|| key.clone()),
            attribute_key: key.into(),
            unit,
            value,
        })
        .collect();
    known.sort_by(|a, b| (&a.attribute_key, &a.value).cmp(&(&b.attribute_key, &b.value)));
    Ok(known)
}

pub(super) async fn rich_texts(
    connection: &AsyncPgConnection,
    product: &ProductKey,
) -> Result<Vec<RichText>> {
    use raw_rich_text_sources as r;
    let mut connection = connection;
    let found = r::table
        .filter(r::product_key.eq(product.as_str()))
        .select((r::source, left(r::content, LONGEST_TEXT), char_length(r::content).gt(LONGEST_TEXT)))
        .order(r::source)
        .limit(MOST_TEXTS)
        .load::<(String, String, bool)>(&mut connection)
        .await?;
    Ok(found
        .into_iter()
        .map(|(source, content, truncated)| RichText { source, content, truncated })
        .collect())
}

/// The values of the narrowest scope that lists any: product, its categories, every category, any category.
pub(super) async fn allowed_values(connection: &AsyncPgConnection, gap: &GapId) -> Result<AllowedValues> {
    let attribute = gap.attribute.as_str();
    let product = raw_product_attribute_allowable_values::table
        .filter(raw_product_attribute_allowable_values::product_key.eq(gap.product.as_str()))
        .filter(raw_product_attribute_allowable_values::attribute_key.eq(attribute));
    let category = raw_category_allowable_values::table
        .filter(raw_category_allowable_values::attribute_key.eq(attribute))
        .filter(
            raw_category_allowable_values::category_key.eq_any(
                raw_product_categories::table
                    .filter(raw_product_categories::product_key.eq(gap.product.as_str()))
                    .select(raw_product_categories::category_key),
            ),
        );
    let every = raw_allowable_values_in_every_category::table
        .filter(raw_allowable_values_in_every_category::attribute_key.eq(attribute));
    let any = raw_allowable_values_in_any_category::table
        .filter(raw_allowable_values_in_any_category::attribute_key.eq(attribute));

    macro_rules! scope {
        ($query:expr, $value:literal, $scope:expr) => {{
            let mut one = connection;
            let values: Vec<String> = $query
                .clone()
                .select(fixed::<Text>($value))
                .distinct()
                .order(fixed::<Text>($value))
                .limit(MOST_ALLOWED)
                .load(&mut one)
                .await?;
            if !values.is_empty() {
                let most = usize::try_from(MOST_ALLOWED).unwrap_or(usize::MAX);
                let total = if values.len() < most {
                    values.len()
                } else {
                    let counted: i64 =
                        Counted($query.select(fixed::<Text>($value)).distinct()).get_result(&mut one).await?;
                    usize::try_from(counted).unwrap_or(values.len())
                };
                return Ok(allowed(values, total, $scope));
            }
        }};
    }
    scope!(
        product,
        "left(raw_product_attribute_allowable_values.value, 4000) COLLATE \"C\"",
        AllowedScope::Product
    );
    scope!(category, "left(raw_category_allowable_values.value, 4000) COLLATE \"C\"", AllowedScope::Category);
    scope!(
        every,
        "left(raw_attribute_allowable_values_applicable_in_every_category.value, 4000) COLLATE \"C\"",
        AllowedScope::EveryCategory
    );
    scope!(
        any,
        "left(raw_attribute_allowable_values_in_any_category.value, 4000) COLLATE \"C\"",
        AllowedScope::AnyCategory
    );
    Ok(AllowedValues::default())
}

fn allowed(mut values: Vec<String>, total: usize, scope: AllowedScope) -> AllowedValues {
    values.sort();
    AllowedValues { values: values.into_iter().map(|value| AllowedValue { value, scope }).collect(), total }
}

//! Cards: everything a screen shows of a gap or a product, its reads sent together on one connection.

use super::embedding::neighbours_of;
use super::event::history;
use super::fragment::{Counted, fixed, left_or_null};
use super::queue::{gaps_of, left, load_row};
use crate::database::schema::{
    prediction_results, raw_allowable_values_in_any_category, raw_allowable_values_in_every_category,
    raw_attributes, raw_categories, raw_category_allowable_values, raw_product_attribute_allowable_values,
    raw_product_attribute_values, raw_product_categories, raw_products, raw_recommendations,
    raw_rich_text_sources,
};
use crate::domain::{
    AllowedScope, AllowedValue, AllowedValues, Attribute, AttributeKey, Candidate, Category, CategoryKey,
    Confidence, DataType, GapId, KnownValue, Product, ProductCard, ProductKey, ReviewCard, RichText, Source,
};
use crate::repository::Result;
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::Text;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use futures_util::try_join;
use std::collections::HashMap;

/// The most characters of a rich text that are read.
const LONGEST_TEXT: i32 = 20_000;
/// The most characters of a value or reasoning that are read.
const LONGEST_VALUE: i32 = 4_000;
/// The most known values, texts, candidates and allowed values that are read.
const MOST_KNOWN: i64 = 500;
const MOST_TEXTS: i64 = 20;
const MOST_CANDIDATES: i64 = 100;
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
) -> Result<Option<ReviewCard>> {
    let (row, attribute, candidates, allowed, history, product) = try_join!(
        load_row(connection, gap),
        attribute(connection, &gap.attribute),
        candidates_of(connection, std::slice::from_ref(gap)),
        allowed_values(connection, gap),
        history(connection, gap),
        product_card(connection, lagging, &gap.product, Some(&gap.attribute), neighbours),
    )?;
    let (Some(row), Some(attribute), Some(product)) = (row, attribute, product) else { return Ok(None) };
    let candidates = candidates.into_iter().flatten().collect();
    Ok(Some(ReviewCard { row, attribute, allowed, candidates, product, history }))
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
        categories(lagging, product),
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
            p::code_type,
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

async fn attribute(connection: &AsyncPgConnection, key: &AttributeKey) -> Result<Option<Attribute>> {
    use raw_attributes as a;
    let mut connection = connection;
    let found = a::table
        .find(key.as_str())
        .select((a::system_name, a::label, a::data_type, a::unit, a::multi_valued))
        .first::<(Option<String>, Option<String>, Option<String>, Option<String>, bool)>(&mut connection)
        .await
        .optional()?;
    Ok(found.map(|(system_name, label, data_type, unit, multi_valued)| Attribute {
        key: key.clone(),
        system_name,
        label,
        data_type: DataType::parse(data_type.as_deref()),
        unit,
        multi_valued,
    }))
}

async fn categories(connection: &AsyncPgConnection, product: &ProductKey) -> Result<Vec<Category>> {
    use raw_categories as c;
    use raw_product_categories as pc;
    let mut connection = connection;
    let found = c::table
        .inner_join(pc::table.on(pc::category_key.eq(c::category_key)))
        .filter(pc::product_key.eq(product.as_str()))
        .select((c::category_key, c::category_name, c::system_name))
        .order(c::category_key)
        .load::<(String, Option<String>, Option<String>)>(&mut connection)
        .await?;
    Ok(found
        .into_iter()
        .map(|(key, name, system_name)| Category { key: CategoryKey::from(key), name, system_name })
        .collect())
}

async fn known_values(connection: &AsyncPgConnection, product: &ProductKey) -> Result<Vec<KnownValue>> {
    use raw_attributes as a;
    use raw_product_attribute_values as v;
    let mut connection = connection;
    let found = v::table
        .inner_join(a::table.on(a::attribute_key.eq(v::attribute_key)))
        .filter(v::product_key.eq(product.as_str()))
        .select((v::attribute_key, a::label, a::unit, left(v::value, LONGEST_VALUE)))
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

async fn rich_texts(connection: &AsyncPgConnection, product: &ProductKey) -> Result<Vec<RichText>> {
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

/// A candidate as selected: product, attribute, source, value, confidence, reasoning, time.
type Proposed = (String, String, String, String, Option<f64>, Option<String>, DateTime<Utc>);

fn candidate(proposed: Proposed, source: impl Fn(String) -> Source) -> (GapId, Candidate) {
    let (product, attribute, key, value, confidence, reasoning, created_at) = proposed;
    let candidate = Candidate {
        value,
        confidence: confidence.and_then(|confidence| Confidence::new(confidence).ok()),
        source: source(key),
        reasoning,
        created_at,
    };
    (GapId::new(product, attribute), candidate)
}

/// Loads the candidates of several gaps, in the order of the gaps, each list ranked.
pub(super) async fn candidates_of(
    connection: &AsyncPgConnection,
    gaps: &[GapId],
) -> Result<Vec<Vec<Candidate>>> {
    use prediction_results as p;
    use raw_recommendations as r;
    let (mut one, mut two) = (connection, connection);
    let mut products: Vec<&str> = gaps.iter().map(|gap| gap.product.as_str()).collect();
    let mut attributes: Vec<&str> = gaps.iter().map(|gap| gap.attribute.as_str()).collect();
    for keys in [&mut products, &mut attributes] {
        keys.sort_unstable();
        keys.dedup();
    }
    let most = MOST_CANDIDATES.saturating_mul(i64::try_from(gaps.len()).unwrap_or(i64::MAX));
    let predicted = p::table
        .filter(p::product_key.eq_any(&products))
        .filter(p::attribute_key.eq_any(&attributes))
        .select((
            p::product_key,
            p::attribute_key,
            p::experiment_key,
            left(p::value, LONGEST_VALUE),
            p::confidence,
            left_or_null(p::reasoning, LONGEST_VALUE),
            p::created_at,
        ))
        .limit(most)
        .load::<Proposed>(&mut one);
    let recommended = r::table
        .filter(r::product_key.eq_any(&products))
        .filter(r::attribute_key.eq_any(&attributes))
        .select((
            r::product_key,
            r::attribute_key,
            r::round_key,
            left(r::value, LONGEST_VALUE),
            r::confidence,
            left_or_null(r::reasoning, LONGEST_VALUE),
            r::created_at,
        ))
        .limit(most)
        .load::<Proposed>(&mut two);
    let (predicted, recommended) = try_join!(predicted, recommended)?;
    let mut found: HashMap<GapId, Vec<Candidate>> = HashMap::new();
    let predicted = predicted.into_iter().map(|one| candidate(one, |key| Source::Experiment(key.into())));
    let recommended = recommended.into_iter().map(|one| candidate(one, |key| Source::Round(key.into())));
    for (gap, candidate) in predicted.chain(recommended) {
        found.entry(gap).or_default().push(candidate);
    }
    Ok(gaps
        .iter()
        .map(|gap| {
            let mut candidates = found.get(gap).cloned().unwrap_or_default();
            rank(&mut candidates);
            candidates
        })
        .collect())
}

/// Sorts candidates: the most confident first, those without a confidence last, ties by value, then by source.
fn rank(candidates: &mut [Candidate]) {
    candidates.sort_by(|a, b| {
        b.confidence
            .partial_cmp(&a.confidence)
            .unwrap_or(std::cmp::Ordering::Equal)
            .then_with(|| a.value.cmp(&b.value))
            .then_with(|| a.source.key().cmp(b.source.key()))
    });
}

/// The values of the narrowest scope that lists any: product, its categories, every category, any category.
async fn allowed_values(connection: &AsyncPgConnection, gap: &GapId) -> Result<AllowedValues> {
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

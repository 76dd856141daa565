//! Categories, attributes, products and what binds them.

use super::sql::{
    duplicates_sql, insert_sql, unknown_attribute_sql, unknown_category_sql, unknown_product_sql,
};
use super::table::{Missing, Plan};
use super::{Query, Row};
use crate::transfer::record::{
    AttributeRecord, CategoryAttributeRecord, CategoryRecord, ProductCategoryRecord, ProductRecord,
};
use diesel::sql_types::{Array, Bool, Nullable, Text};

/// Collects one required text of each row.
pub(super) fn texts<'a, R>(rows: &'a [R], field: impl Fn(&'a R) -> &'a String) -> Vec<&'a str> {
    rows.iter().map(|row| field(row).as_str()).collect()
}

/// Collects one optional text of each row.
pub(super) fn optional_texts<'a, R>(
    rows: &'a [R],
    field: impl Fn(&'a R) -> &'a Option<String>,
) -> Vec<Option<&'a str>> {
    rows.iter().map(|row| field(row).as_deref()).collect()
}

pub(super) const CATEGORIES: Plan = Plan {
    create: r#"CREATE TEMP TABLE import_categories (line bigint PRIMARY KEY, category_key text COLLATE "C",
        category_name text, system_name text) ON COMMIT DROP"#,
    stage: "INSERT INTO import_categories SELECT * FROM UNNEST($1::bigint[], $2::text[], $3::text[], $4::text[])",
    duplicates: duplicates_sql!("import_categories", "category_key"),
    checks: &[],
    prepare: None,
    merge: "WITH merged AS (
    INSERT INTO raw_categories (category_key, category_name, system_name)
    SELECT category_key, category_name, system_name FROM import_categories s
     WHERE line > $1 AND line <= $2
       AND NOT EXISTS (SELECT FROM raw_categories t WHERE t.category_key = s.category_key
            AND (t.category_name, t.system_name) IS NOT DISTINCT FROM (s.category_name, s.system_name))
     ORDER BY category_key
    ON CONFLICT (category_key) DO UPDATE
       SET category_name = excluded.category_name, system_name = excluded.system_name
    RETURNING xmax = 0 AS inserted)
SELECT count(*) FILTER (WHERE inserted) AS inserted, count(*) FILTER (WHERE NOT inserted) AS updated FROM merged",
};

impl Row for CategoryRecord {
    fn bind<'a>(query: Query<'a>, rows: &'a [Self]) -> Query<'a> {
        query
            .bind::<Array<Text>, _>(texts(rows, |row| &row.category_key))
            .bind::<Array<Nullable<Text>>, _>(optional_texts(rows, |row| &row.category_name))
            .bind::<Array<Nullable<Text>>, _>(optional_texts(rows, |row| &row.system_name))
    }
}

pub(super) const ATTRIBUTES: Plan = Plan {
    create: r#"CREATE TEMP TABLE import_attributes (line bigint PRIMARY KEY, attribute_key text COLLATE "C",
        system_name text, label text, data_type text, unit text, multi_valued boolean) ON COMMIT DROP"#,
    stage: "INSERT INTO import_attributes
        SELECT * FROM UNNEST($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::boolean[])",
    duplicates: duplicates_sql!("import_attributes", "attribute_key"),
    checks: &[],
    prepare: None,
    merge: "WITH merged AS (
    INSERT INTO raw_attributes (attribute_key, system_name, label, data_type, unit, multi_valued)
    SELECT attribute_key, system_name, label, data_type, unit, multi_valued FROM import_attributes s
     WHERE line > $1 AND line <= $2
       AND NOT EXISTS (SELECT FROM raw_attributes t WHERE t.attribute_key = s.attribute_key
            AND (t.system_name, t.label, t.data_type, t.unit, t.multi_valued)
                IS NOT DISTINCT FROM (s.system_name, s.label, s.data_type, s.unit, s.multi_valued))
     ORDER BY attribute_key
    ON CONFLICT (attribute_key) DO UPDATE
       SET system_name = excluded.system_name, label = excluded.label, data_type = excluded.data_type,
           unit = excluded.unit, multi_valued = excluded.multi_valued
    RETURNING xmax = 0 AS inserted)
SELECT count(*) FILTER (WHERE inserted) AS inserted, count(*) FILTER (WHERE NOT inserted) AS updated FROM merged",
};

impl Row for AttributeRecord {
    fn bind<'a>(query: Query<'a>, rows: &'a [Self]) -> Query<'a> {
        query
            .bind::<Array<Text>, _>(texts(rows, |row| &row.attribute_key))
            .bind::<Array<Nullable<Text>>, _>(optional_texts(rows, |row| &row.system_name))
            .bind::<Array<Nullable<Text>>, _>(optional_texts(rows, |row| &row.label))
            .bind::<Array<Nullable<Text>>, _>(optional_texts(rows, |row| &row.data_type))
            .bind::<Array<Nullable<Text>>, _>(optional_texts(rows, |row| &row.unit))
            .bind::<Array<Bool>, _>(rows.iter().map(|row| row.multi_valued).collect::<Vec<_>>())
    }
}

pub(super) const CATEGORY_ATTRIBUTES: Plan = Plan {
    create: r#"CREATE TEMP TABLE import_category_attributes (line bigint PRIMARY KEY, category_key text COLLATE "C",
        attribute_key text COLLATE "C") ON COMMIT DROP"#,
    stage: "INSERT INTO import_category_attributes SELECT * FROM UNNEST($1::bigint[], $2::text[], $3::text[])",
    duplicates: duplicates_sql!("import_category_attributes", "category_key", "attribute_key"),
    checks: &[
        (Missing::Category, unknown_category_sql!("import_category_attributes")),
        (Missing::Attribute, unknown_attribute_sql!("import_category_attributes")),
    ],
    prepare: None,
    merge: insert_sql!(
        "import_category_attributes",
        "raw_category_attributes",
        "category_key, attribute_key"
    ),
};

impl Row for CategoryAttributeRecord {
    fn bind<'a>(query: Query<'a>, rows: &'a [Self]) -> Query<'a> {
        query
            .bind::<Array<Text>, _>(texts(rows, |row| &row.category_key))
            .bind::<Array<Text>, _>(texts(rows, |row| &row.attribute_key))
    }
}

pub(super) const PRODUCTS: Plan = Plan {
    create: r#"CREATE TEMP TABLE import_products (line bigint PRIMARY KEY, product_key text COLLATE "C",
        product_name text, code_type text, description text) ON COMMIT DROP"#,
    stage: "INSERT INTO import_products
        SELECT * FROM UNNEST($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[])",
    duplicates: duplicates_sql!("import_products", "product_key"),
    checks: &[],
    prepare: None,
    merge: "WITH merged AS (
    INSERT INTO raw_products (product_key, product_name, code_type, description)
    SELECT product_key, product_name, code_type, description FROM import_products s
     WHERE line > $1 AND line <= $2
       AND NOT EXISTS (SELECT FROM raw_products t WHERE t.product_key = s.product_key
            AND (t.product_name, t.code_type, t.description)
                IS NOT DISTINCT FROM (s.product_name, s.code_type, s.description))
     ORDER BY product_key
    ON CONFLICT (product_key) DO UPDATE
       SET product_name = excluded.product_name, code_type = excluded.code_type, description = excluded.description,
           updated_at = now()
    RETURNING xmax = 0 AS inserted)
SELECT count(*) FILTER (WHERE inserted) AS inserted, count(*) FILTER (WHERE NOT inserted) AS updated FROM merged",
};

impl Row for ProductRecord {
    fn bind<'a>(query: Query<'a>, rows: &'a [Self]) -> Query<'a> {
        query
            .bind::<Array<Text>, _>(texts(rows, |row| &row.product_key))
            .bind::<Array<Nullable<Text>>, _>(optional_texts(rows, |row| &row.product_name))
            .bind::<Array<Nullable<Text>>, _>(optional_texts(rows, |row| &row.code_type))
            .bind::<Array<Nullable<Text>>, _>(optional_texts(rows, |row| &row.description))
    }
}

pub(super) const PRODUCT_CATEGORIES: Plan = Plan {
    create: r#"CREATE TEMP TABLE import_product_categories (line bigint PRIMARY KEY, product_key text COLLATE "C",
        category_key text COLLATE "C") ON COMMIT DROP"#,
    stage: "INSERT INTO import_product_categories SELECT * FROM UNNEST($1::bigint[], $2::text[], $3::text[])",
    duplicates: duplicates_sql!("import_product_categories", "product_key", "category_key"),
    checks: &[
        (Missing::Product, unknown_product_sql!("import_product_categories")),
        (Missing::Category, unknown_category_sql!("import_product_categories")),
    ],
    prepare: None,
    merge: insert_sql!("import_product_categories", "raw_product_categories", "product_key, category_key"),
};

impl Row for ProductCategoryRecord {
    fn bind<'a>(query: Query<'a>, rows: &'a [Self]) -> Query<'a> {
        query
            .bind::<Array<Text>, _>(texts(rows, |row| &row.product_key))
            .bind::<Array<Text>, _>(texts(rows, |row| &row.category_key))
    }
}

//! Values, gaps, allowable values and texts.

use super::catalogue::texts;
use super::sql::{
    duplicates_sql, insert_sql, unknown_attribute_sql, unknown_category_sql, unknown_product_sql,
};
use super::table::{Missing, Plan};
use super::{Query, Row};
use crate::transfer::record::{
    AttributeAllowableValueRecord, CategoryAllowableValueRecord, GapRecord, ProductAllowableValueRecord,
    RichTextRecord, ValueRecord,
};
use diesel::sql_types::{Array, Text};

pub(super) const VALUES: Plan = Plan {
    create: r#"CREATE TEMP TABLE import_values (line bigint PRIMARY KEY, product_key text COLLATE "C", attribute_key text COLLATE "C",
        value text, value_md5 uuid) ON COMMIT DROP"#,
    stage: "INSERT INTO import_values SELECT *, md5(value)::uuid
        FROM UNNEST($1::bigint[], $2::text[], $3::text[], $4::text[])
             AS r (line, product_key, attribute_key, value)",
    duplicates: duplicates_sql!("import_values", "product_key", "attribute_key", "value_md5"),
    checks: &[
        (Missing::Product, unknown_product_sql!("import_values")),
        (Missing::Attribute, unknown_attribute_sql!("import_values")),
    ],
    prepare: None,
    merge: insert_sql!("import_values", "raw_product_attribute_values", "product_key, attribute_key, value"),
};

impl Row for ValueRecord {
    fn bind<'a>(query: Query<'a>, rows: &'a [Self]) -> Query<'a> {
        query
            .bind::<Array<Text>, _>(texts(rows, |row| &row.product_key))
            .bind::<Array<Text>, _>(texts(rows, |row| &row.attribute_key))
            .bind::<Array<Text>, _>(texts(rows, |row| &row.value))
    }
}

pub(super) const GAPS: Plan = Plan {
    create: r#"CREATE TEMP TABLE import_gaps (line bigint PRIMARY KEY, product_key text COLLATE "C", attribute_key text COLLATE "C")
        ON COMMIT DROP"#,
    stage: "INSERT INTO import_gaps SELECT * FROM UNNEST($1::bigint[], $2::text[], $3::text[])",
    duplicates: duplicates_sql!("import_gaps", "product_key", "attribute_key"),
    checks: &[
        (Missing::Product, unknown_product_sql!("import_gaps")),
        (Missing::Attribute, unknown_attribute_sql!("import_gaps")),
    ],
    prepare: None,
    merge: insert_sql!("import_gaps", "raw_product_attribute_gaps", "product_key, attribute_key"),
};

impl Row for GapRecord {
    fn bind<'a>(query: Query<'a>, rows: &'a [Self]) -> Query<'a> {
        query
            .bind::<Array<Text>, _>(texts(rows, |row| &row.product_key))
            .bind::<Array<Text>, _>(texts(rows, |row| &row.attribute_key))
    }
}

pub(super) const CATEGORY_ALLOWABLE_VALUES: Plan = Plan {
    create: r#"CREATE TEMP TABLE import_category_allowable_values (line bigint PRIMARY KEY, category_key text COLLATE "C", attribute_key text COLLATE "C",
        value text, value_md5 uuid) ON COMMIT DROP"#,
    stage: "INSERT INTO import_category_allowable_values SELECT *, md5(value)::uuid
        FROM UNNEST($1::bigint[], $2::text[], $3::text[], $4::text[])
             AS r (line, category_key, attribute_key, value)",
    duplicates: duplicates_sql!(
        "import_category_allowable_values",
        "category_key",
        "attribute_key",
        "value_md5"
    ),
    checks: &[
        (Missing::Category, unknown_category_sql!("import_category_allowable_values")),
        (Missing::Attribute, unknown_attribute_sql!("import_category_allowable_values")),
    ],
    prepare: None,
    merge: insert_sql!(
        "import_category_allowable_values",
        "raw_category_allowable_values",
        "category_key, attribute_key, value"
    ),
};

impl Row for CategoryAllowableValueRecord {
    fn bind<'a>(query: Query<'a>, rows: &'a [Self]) -> Query<'a> {
        query
            .bind::<Array<Text>, _>(texts(rows, |row| &row.category_key))
            .bind::<Array<Text>, _>(texts(rows, |row| &row.attribute_key))
            .bind::<Array<Text>, _>(texts(rows, |row| &row.value))
    }
}

pub(super) const ALLOWABLE_VALUES_IN_EVERY_CATEGORY: Plan = Plan {
    create: r#"CREATE TEMP TABLE import_allowable_values_in_every_category (line bigint PRIMARY KEY, attribute_key text COLLATE "C",
        value text, value_md5 uuid) ON COMMIT DROP"#,
    stage: "INSERT INTO import_allowable_values_in_every_category SELECT *, md5(value)::uuid
        FROM UNNEST($1::bigint[], $2::text[], $3::text[])
             AS r (line, attribute_key, value)",
    duplicates: duplicates_sql!("import_allowable_values_in_every_category", "attribute_key", "value_md5"),
    checks: &[(Missing::Attribute, unknown_attribute_sql!("import_allowable_values_in_every_category"))],
    prepare: None,
    merge: insert_sql!(
        "import_allowable_values_in_every_category",
        "raw_attribute_allowable_values_applicable_in_every_category",
        "attribute_key, value"
    ),
};

pub(super) const ALLOWABLE_VALUES_IN_ANY_CATEGORY: Plan = Plan {
    create: r#"CREATE TEMP TABLE import_allowable_values_in_any_category (line bigint PRIMARY KEY, attribute_key text COLLATE "C",
        value text, value_md5 uuid) ON COMMIT DROP"#,
    stage: "INSERT INTO import_allowable_values_in_any_category SELECT *, md5(value)::uuid
        FROM UNNEST($1::bigint[], $2::text[], $3::text[])
             AS r (line, attribute_key, value)",
    duplicates: duplicates_sql!("import_allowable_values_in_any_category", "attribute_key", "value_md5"),
    checks: &[(Missing::Attribute, unknown_attribute_sql!("import_allowable_values_in_any_category"))],
    prepare: None,
    merge: insert_sql!(
        "import_allowable_values_in_any_category",
        "raw_attribute_allowable_values_in_any_category",
        "attribute_key, value"
    ),
};

impl Row for AttributeAllowableValueRecord {
    fn bind<'a>(query: Query<'a>, rows: &'a [Self]) -> Query<'a> {
        query
            .bind::<Array<Text>, _>(texts(rows, |row| &row.attribute_key))
            .bind::<Array<Text>, _>(texts(rows, |row| &row.value))
    }
}

pub(super) const PRODUCT_ALLOWABLE_VALUES: Plan = Plan {
    create: r#"CREATE TEMP TABLE import_product_allowable_values (line bigint PRIMARY KEY, product_key text COLLATE "C", attribute_key text COLLATE "C",
        value text, value_md5 uuid) ON COMMIT DROP"#,
    stage: "INSERT INTO import_product_allowable_values SELECT *, md5(value)::uuid
        FROM UNNEST($1::bigint[], $2::text[], $3::text[], $4::text[])
             AS r (line, product_key, attribute_key, value)",
    duplicates: duplicates_sql!(
        "import_product_allowable_values",
        "product_key",
        "attribute_key",
        "value_md5"
    ),
    checks: &[
        (Missing::Product, unknown_product_sql!("import_product_allowable_values")),
        (Missing::Attribute, unknown_attribute_sql!("import_product_allowable_values")),
    ],
    prepare: None,
    merge: insert_sql!(
        "import_product_allowable_values",
        "raw_product_attribute_allowable_values",
        "product_key, attribute_key, value"
    ),
};

impl Row for ProductAllowableValueRecord {
    fn bind<'a>(query: Query<'a>, rows: &'a [Self]) -> Query<'a> {
        query
            .bind::<Array<Text>, _>(texts(rows, |row| &row.product_key))
            .bind::<Array<Text>, _>(texts(rows, |row| &row.attribute_key))
            .bind::<Array<Text>, _>(texts(rows, |row| &row.value))
    }
}

pub(super) const RICH_TEXTS: Plan = Plan {
    create: r#"CREATE TEMP TABLE import_rich_texts (line bigint PRIMARY KEY, product_key text COLLATE "C",
        source text COLLATE "C", content text) ON COMMIT DROP"#,
    stage: "INSERT INTO import_rich_texts SELECT * FROM UNNEST($1::bigint[], $2::text[], $3::text[], $4::text[])",
    duplicates: duplicates_sql!("import_rich_texts", "product_key", "source"),
    checks: &[(Missing::Product, unknown_product_sql!("import_rich_texts"))],
    prepare: None,
    merge: "WITH merged AS (
    INSERT INTO raw_rich_text_sources (product_key, source, content)
    SELECT product_key, source, content FROM import_rich_texts s
     WHERE line > $1 AND line <= $2
       AND NOT EXISTS (SELECT FROM raw_rich_text_sources t
                        WHERE t.product_key = s.product_key AND t.source = s.source AND t.content = s.content)
     ORDER BY product_key, source
    ON CONFLICT (product_key, source) DO UPDATE SET content = excluded.content
    RETURNING xmax = 0 AS inserted)
SELECT count(*) FILTER (WHERE inserted) AS inserted, count(*) FILTER (WHERE NOT inserted) AS updated FROM merged",
};

impl Row for RichTextRecord {
    fn bind<'a>(query: Query<'a>, rows: &'a [Self]) -> Query<'a> {
        query
            .bind::<Array<Text>, _>(texts(rows, |row| &row.product_key))
            .bind::<Array<Text>, _>(texts(rows, |row| &row.source))
            .bind::<Array<Text>, _>(texts(rows, |row| &row.content))
    }
}

//! The statements that every table has alike, put together from its description: names of ours only, never data.

use super::field::{Field, Kind, Need};
use super::table::{Missing, Plan};

fn list<'a>(items: impl IntoIterator<Item = &'a Field>, each: impl Fn(&Field) -> String) -> String {
    items.into_iter().map(each).collect::<Vec<_>>().join(", ")
}

fn keys(plan: &Plan, alias: &str) -> String {
    plan.key.iter().map(|key| format!("{alias}{key}")).collect::<Vec<_>>().join(", ")
}

/// Says that two rows have the same key.
fn same_key(plan: &Plan, one: &str, other: &str) -> String {
    let same = plan.key.iter().map(|key| format!("{one}.{key} = {other}.{key}"));
    same.collect::<Vec<_>>().join(" AND ")
}

/// Makes the staging table.
pub(super) fn create(plan: &Plan) -> String {
    let columns = list(plan.fields, |field| format!("{} {}", field.column, field.kind.sql()));
    let hash = if plan.hashes_value() {
        ", value_md5 uuid GENERATED ALWAYS AS (md5(value)::uuid) STORED"
    } else {
        ""
    };
    format!("CREATE TEMP TABLE import_{} (line bigint, {columns}{hash}) ON COMMIT DROP", plan.name)
}

/// Adds rows to the staging table by COPY.
pub(super) fn copy(plan: &Plan) -> String {
    format!("COPY import_{} (line, {}) FROM STDIN", plan.name, list(plan.fields, |field| field.column.into()))
}

/// Adds rows to the staging table that come as one array a column: the lines, then each field as texts.
pub(super) fn stage(plan: &Plan) -> String {
    let columns = list(plan.fields, |field| field.column.into());
    let cast = list(plan.fields, |field| cast("r", field));
    let arrays: Vec<String> = (0..plan.fields.len()).map(|index| format!("${}::text[]", index + 2)).collect();
    format!(
        "INSERT INTO import_{} (line, {columns}) SELECT r.line, {cast} FROM UNNEST($1::bigint[], {}) AS r (line, {columns})",
        plan.name,
        arrays.join(", ")
    )
}

/// Drops staged rows that a later line of the same key replaces.
pub(super) fn duplicates(plan: &Plan) -> String {
    let keys = keys(plan, "");
    format!(
        "DELETE FROM import_{name} s USING (SELECT {keys}, max(line) AS last FROM import_{name} GROUP BY {keys}
          HAVING count(*) > 1) d WHERE s.line < d.last AND {}",
        same_key(plan, "s", "d"),
        name = plan.name
    )
}

/// Drops staged rows that refer to something missing, and returns the first `$1` of them: line, key, the rest of a gap's
/// key, and how many there are.
pub(super) fn unknown(plan: &Plan, missing: Missing) -> String {
    let absent = |staged: &str, stored: &str, keys: &[(&str, &str)]| {
        let same: Vec<String> = keys.iter().map(|(ours, theirs)| format!("k.{theirs} = s.{ours}")).collect();
        let same = same.join(" AND ");
        format!(
            "NOT EXISTS (SELECT FROM import_{staged} k WHERE {same}) AND NOT EXISTS (SELECT FROM {stored} k WHERE {same})"
        )
    };
    let one =
        |staged: &str, stored: &str, key: &str| (absent(staged, stored, &[(key, key)]), format!("s.{key}"));
    let (condition, key) = match missing {
        Missing::Product => one("products", "raw_products", "product_key"),
        Missing::Category => one("categories", "raw_categories", "category_key"),
        Missing::Attribute => one("attributes", "raw_attributes", "attribute_key"),
        Missing::Round => {
            let (condition, key) = one("recommendation_rounds", "raw_recommendation_rounds", "round_key");
            (format!("s.round_key IS NOT NULL AND {condition}"), key)
        }
        _ => {
            let pair = [("product_key", "product_key"), ("attribute_key", "attribute_key")];
            let condition = absent("product_attribute_gaps", "raw_product_attribute_gaps", &pair);
            (condition, "s.product_key".to_owned())
        }
    };
    let other = if missing == Missing::Gap { "s.attribute_key" } else { "NULL" };
    dropped(plan.name, &condition, &key, other)
}

/// Drops the staged rows `s` that fulfil a condition, and returns the first `$1` of them.
pub(super) fn dropped(name: &str, condition: &str, key: &str, other: &str) -> String {
    format!(
        "WITH bad AS (DELETE FROM import_{name} s WHERE {condition} RETURNING s.line, ({key})::text AS key, ({other})::text AS other)
         SELECT ARRAY[line::text, key, other, (count(*) OVER ())::text] AS cells FROM bad ORDER BY line LIMIT $1"
    )
}

/// Merges the staged rows with `$1 < line <= $2`; returns how many are new and how many are changed.
///
/// A row that is stored already with the same content is neither written nor locked.
pub(super) fn merge(plan: &Plan) -> String {
    merge_from(plan, &format!("import_{}", plan.name), "s.line > $1 AND s.line <= $2")
}

/// Merges rows that come as one array a field, without staging them.
pub(super) fn merge_arrays(plan: &Plan) -> String {
    let columns = list(plan.fields, |field| field.column.into());
    let cast = list(plan.fields, |field| format!("{} AS {}", cast("r", field), field.column));
    let types = plan.fields.iter().enumerate().map(|(index, field)| {
        let element = if field.kind == Kind::Vector { "vector" } else { "text" };
        format!("${}::{element}[]", index + 1)
    });
    let arrays = types.collect::<Vec<_>>().join(", ");
    merge_from(plan, &format!("(SELECT {cast} FROM UNNEST({arrays}) AS r ({columns}))"), "true")
}

fn merge_from(plan: &Plan, source: &str, which: &str) -> String {
    let rest = || plan.fields.iter().filter(|field| !is_key(plan, field));
    let columns = list(plan.fields, |field| field.column.into());
    let new = list(plan.fields, new_value);
    let compared = || rest().filter(|field| field.need != Need::AtFirst);
    let ours = list(compared(), |field| match field.need {
        Need::Kept(_) | Need::Touched(_) => format!("coalesce(s.{0}, t.{0})", field.column),
        _ => new_value(field),
    });
    let theirs = list(compared(), |field| format!("t.{}", field.column));
    let change = list(compared(), |field| match field.need {
        Need::Kept("NULL") => format!("{0} = coalesce(excluded.{0}, t.{0})", field.column),
        // What is not given is the load's, and a row that is stored keeps its own.
        Need::Kept(sql) => {
            format!("{0} = CASE WHEN excluded.{0} = {sql} THEN t.{0} ELSE excluded.{0} END", field.column)
        }
        _ => format!("{0} = excluded.{0}", field.column),
    });
    format!(
        "WITH merged AS (
    INSERT INTO {stored} AS t ({columns})
    SELECT {new} FROM {source} s
     WHERE {which}
       AND NOT EXISTS (SELECT FROM {stored} t WHERE {same} AND ROW ({theirs}) IS NOT DISTINCT FROM ROW ({ours}))
     ORDER BY {order}
    ON CONFLICT ({keys}) DO UPDATE SET {change}
    RETURNING xmax = 0 AS inserted)
SELECT ARRAY[count(*) FILTER (WHERE inserted), count(*) FILTER (WHERE NOT inserted)]::text[] AS cells FROM merged",
        stored = plan.stored,
        same = same_key(plan, "t", "s"),
        order = keys(plan, "s."),
        keys = keys(plan, ""),
    )
}

/// What a new row holds.
pub(super) fn new_value(field: &Field) -> String {
    match field.need {
        Need::Or(sql) | Need::Kept(sql) | Need::Touched(sql) => {
            format!("coalesce(s.{}, {sql})", field.column)
        }
        Need::Required | Need::Null | Need::AtFirst => format!("s.{}", field.column),
    }
}

/// A field's text as its type.
fn cast(alias: &str, field: &Field) -> String {
    match field.kind {
        Kind::Key | Kind::Name | Kind::Text | Kind::Action | Kind::State | Kind::Vector => {
            format!("{alias}.{}", field.column)
        }
        kind => format!("{alias}.{}::{}", field.column, kind.sql()),
    }
}

fn is_key(plan: &Plan, field: &Field) -> bool {
    plan.key.contains(&field.column) || (field.column == "value" && plan.hashes_value())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repository::bulk::Table;

    #[test]
    fn a_rows_columns_are_staged_as_texts_and_cast() {
        assert_eq!(
            stage(Table::Attributes.plan()),
            "INSERT INTO import_attributes (line, attribute_key, system_name, label, data_type, unit, multi_valued, created_at) \
             SELECT r.line, r.attribute_key, r.system_name, r.label, r.data_type, r.unit, r.multi_valued::boolean, \
             r.created_at::timestamptz FROM UNNEST($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], \
             $7::text[], $8::text[]) AS r (line, attribute_key, system_name, label, data_type, unit, multi_valued, created_at)"
        );
    }

    #[test]
    fn a_key_is_never_updated() {
        let sql = merge(Table::Predictions.plan());
        let change = sql.split("DO UPDATE SET").nth(1).unwrap();
        assert!(change.contains("confidence = excluded.confidence"), "{change}");
        for never in ["product_key =", " value =", "is_correct =", "decision_id ="] {
            assert!(!change.contains(never), "{change}");
        }
    }
}

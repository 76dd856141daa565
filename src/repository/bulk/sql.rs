//! The statements that every table has alike, spelled out at compile time.

/// `DELETE`: staged rows that a later line of the same key replaces.
macro_rules! duplicates_sql {
    ($stage:literal, $first:literal $(, $key:literal)*) => {
        concat!(
            "DELETE FROM ", $stage, " s USING (SELECT ", $first, $(", ", $key,)* ", max(line) AS last FROM ", $stage,
            " GROUP BY ", $first, $(", ", $key,)* " HAVING count(*) > 1) d WHERE s.line < d.last AND s.", $first, " = d.",
            $first, $(" AND s.", $key, " = d.", $key,)*
        )
    };
}

/// `DELETE ... RETURNING`: staged rows whose key is neither in a staging table nor in the table itself; the first `$1`.
macro_rules! unknown_sql {
    ($stage:literal, $staged:literal, $stored:literal, $key:literal) => {
        concat!(
            "WITH bad AS (DELETE FROM ",
            $stage,
            " s WHERE NOT EXISTS (SELECT FROM ",
            $staged,
            " k WHERE k.",
            $key,
            " = s.",
            $key,
            ") AND NOT EXISTS (SELECT FROM ",
            $stored,
            " k WHERE k.",
            $key,
            " = s.",
            $key,
            ") RETURNING s.line, s.",
            $key,
            " AS key) ",
            "SELECT line, key, NULL::text AS other, count(*) OVER () AS total FROM bad ORDER BY line LIMIT $1"
        )
    };
}

/// As [`unknown_sql`], for products.
macro_rules! unknown_product_sql {
    ($stage:literal) => {
        $crate::repository::bulk::sql::unknown_sql!($stage, "import_products", "raw_products", "product_key")
    };
}

/// As [`unknown_sql`], for categories.
macro_rules! unknown_category_sql {
    ($stage:literal) => {
        $crate::repository::bulk::sql::unknown_sql!(
            $stage,
            "import_categories",
            "raw_categories",
            "category_key"
        )
    };
}

/// As [`unknown_sql`], for attributes.
macro_rules! unknown_attribute_sql {
    ($stage:literal) => {
        $crate::repository::bulk::sql::unknown_sql!(
            $stage,
            "import_attributes",
            "raw_attributes",
            "attribute_key"
        )
    };
}

/// As [`unknown_sql`], for pairs that are not a gap.
macro_rules! no_gap_sql {
    ($stage:literal) => {
        concat!(
            "WITH bad AS (DELETE FROM ",
            $stage,
            " s WHERE NOT EXISTS (SELECT FROM import_gaps g ",
            "WHERE g.product_key = s.product_key AND g.attribute_key = s.attribute_key) ",
            "AND NOT EXISTS (SELECT FROM raw_product_attribute_gaps g ",
            "WHERE g.product_key = s.product_key AND g.attribute_key = s.attribute_key) ",
            "RETURNING s.line, s.product_key AS key, s.attribute_key AS other) ",
            "SELECT line, key, other, count(*) OVER () AS total FROM bad ORDER BY line LIMIT $1"
        )
    };
}

/// `INSERT`: the staged rows with `$1 < line <= $2` that are not stored yet; for rows that are all key.
macro_rules! insert_sql {
    ($stage:literal, $stored:literal, $columns:literal) => {
        concat!(
            "WITH merged AS (INSERT INTO ",
            $stored,
            " (",
            $columns,
            ") SELECT ",
            $columns,
            " FROM ",
            $stage,
            " WHERE line > $1 AND line <= $2 ORDER BY ",
            $columns,
            " ON CONFLICT DO NOTHING RETURNING 1) ",
            "SELECT count(*) AS inserted, 0::bigint AS updated FROM merged"
        )
    };
}

pub(super) use {
    duplicates_sql, insert_sql, no_gap_sql, unknown_attribute_sql, unknown_category_sql, unknown_product_sql,
    unknown_sql,
};

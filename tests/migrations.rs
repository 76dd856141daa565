//! The migrations on a real server: up, down, up again, and everything that the specification names.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test ends where it fails")]

mod support;

use gapdeck::database::Database;
use support::plain_sql::{migrated, names};
use support::server::TestDatabase;

/// Everything in the schema that neither an extension nor Diesel's bookkeeping brought.
const OWN_OBJECTS: &str = "
    SELECT object FROM (
        SELECT 'pg_class'::regclass AS class, oid, relkind::text || ' ' || relname AS object FROM pg_class
         WHERE relnamespace = 'public'::regnamespace AND relkind <> 'i'
        UNION ALL
        SELECT 'pg_proc'::regclass, oid, 'function ' || proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace
        UNION ALL
        SELECT 'pg_type'::regclass, oid, 'type ' || typname FROM pg_type
         WHERE typnamespace = 'public'::regnamespace AND typtype IN ('d', 'e')
    ) AS own
    WHERE NOT EXISTS (SELECT FROM pg_depend d
                       WHERE d.classid = own.class AND d.objid = own.oid AND d.deptype = 'e')
      AND object <> 'r __diesel_schema_migrations'
    ORDER BY object";

/// Every definition of a table, view, index, trigger and function of gapdeck's.
const DEFINITIONS: &str = "
    SELECT pg_get_indexdef(indexrelid) FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
     WHERE relnamespace = 'public'::regnamespace
    UNION ALL SELECT pg_get_viewdef(oid) FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('v', 'm')
    UNION ALL SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal
    UNION ALL SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE connamespace = 'public'::regnamespace
    UNION ALL SELECT pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND proname LIKE 'gapdeck%'
    UNION ALL SELECT table_name || '.' || column_name || ' ' || data_type || coalesce(' ' || column_default, '')
                FROM information_schema.columns WHERE table_schema = 'public'
    ORDER BY 1";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_migrations_go_up_down_and_up_again() {
    let empty = TestDatabase::empty().await;
    let client = empty.client().await;
    let database = Database::connect(&empty.url).await.unwrap();
    let up = database.migrate().await.unwrap();
    assert!(!up.is_empty());
    assert_eq!(database.pending_migrations().await.unwrap(), [""; 0]);
    let first = names(&client, DEFINITIONS).await;
    assert!(!names(&client, OWN_OBJECTS).await.is_empty());

    let mut down = database.revert_migrations().await.unwrap();
    down.reverse();
    assert_eq!(down, up);
    assert_eq!(names(&client, OWN_OBJECTS).await, [""; 0], "left behind");

    assert_eq!(database.migrate().await.unwrap(), up);
    assert_eq!(names(&client, DEFINITIONS).await, first);
    assert_eq!(database.migrate().await.unwrap(), [""; 0], "nothing is left to do");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn migrators_that_start_at_once_do_not_disturb_each_other() {
    let empty = TestDatabase::empty().await;
    let (one, other) =
        (Database::connect(&empty.url).await.unwrap(), Database::connect(&empty.url).await.unwrap());
    let (one, other) = tokio::join!(
        tokio::spawn(async move { one.migrate().await }),
        tokio::spawn(async move { other.migrate().await })
    );
    let (one, other) = (one.unwrap().unwrap(), other.unwrap().unwrap());
    assert!(one.is_empty() != other.is_empty(), "one did all: {one:?}, {other:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn similarity_search_for_one_product_uses_the_vector_index() {
    let (_database, client) = migrated().await;
    client
        .batch_execute(
            "SELECT setseed(0.5);
             INSERT INTO raw_products (product_key) SELECT 'p' || n FROM generate_series(1, 3000) AS n;
             INSERT INTO product_embeddings (product_key, embedding)
                 SELECT 'p' || n, ARRAY(SELECT random() - 0.5 + n * 0 FROM generate_series(1, 1536))::vector
                   FROM generate_series(1, 3000) AS n;
             REINDEX TABLE product_embeddings; ANALYZE raw_products, product_embeddings",
        )
        .await
        .unwrap();
    let query =
        "SELECT * FROM product_similarity_search WHERE product_key = 'p7' ORDER BY similarity DESC LIMIT 10";
    let plan = names(&client, &format!("EXPLAIN {query}")).await.join("\n");
    assert!(plan.contains("Index Scan using product_embeddings_embedding"), "{plan}");
    assert!(!plan.contains("Seq Scan on product_embeddings"), "{plan}");

    client.batch_execute("SET ivfflat.probes = 100").await.unwrap();
    let near = client.query(query, &[]).await.unwrap();
    let exact = "SELECT o.product_key FROM product_embeddings o, product_embeddings p
                  WHERE p.product_key = 'p7' AND o.product_key <> 'p7' ORDER BY (o.embedding <=> p.embedding) + 0 LIMIT 10";
    let near: Vec<String> = near.iter().map(|row| row.get("similar_product_key")).collect();
    assert_eq!(near, names(&client, exact).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn decisions_cannot_be_edited_by_plain_sql() {
    let (_database, client) = migrated().await;
    client
        .batch_execute(
            "INSERT INTO human_recommendations
                 (product_key, decision_id, attribute_key, reviewer, action, base_version, result_version, policy, decided_at)
             VALUES ('p1', gen_random_uuid(), 'colour', 'ada', 'reject', 0, 1, 'test', now())",
        )
        .await
        .unwrap();
    for statement in [
        "UPDATE human_recommendations SET reviewer = 'bob'",
        "DELETE FROM human_recommendations",
        "TRUNCATE human_recommendations",
    ] {
        let error = client.batch_execute(statement).await.expect_err(statement);
        let message = error.as_db_error().expect("a refusal").message();
        assert!(message.contains("append-only"), "{statement}: {message}");
    }
    assert_eq!(names(&client, "SELECT reviewer FROM human_recommendations").await, ["ada"]);
}

/// A column as Diesel's schema or the database tells it: table, column, Diesel's type.
type Column = (String, String, String);

/// Reads the `table!` blocks of the schema's source.
fn declared_columns(source: &str) -> Vec<Column> {
    let mut columns = Vec::new();
    let mut renamed: Option<String> = None;
    let mut table: Option<String> = None;
    for line in source.lines().map(str::trim) {
        if let Some(rest) = line.strip_prefix("#[sql_name = \"") {
            renamed = rest.split('"').next().map(ToOwned::to_owned);
        } else if table.is_none() && line.ends_with(") {") {
            let name = line.split(' ').next().unwrap().to_owned();
            table = Some(renamed.take().unwrap_or(name));
        } else if line == "}" {
            table = None;
        } else if let (Some(table), Some((name, kind))) =
            (&table, line.trim_end_matches(',').split_once(" -> "))
        {
            columns.push((table.clone(), name.to_owned(), kind.to_owned()));
        }
    }
    columns
}

#[tokio::test]
async fn diesels_schema_is_the_databases() {
    let declared = declared_columns(include_str!("../src/database/schema.rs"));
    let (_database, client) = migrated().await;
    let rows = client
        .query(
            "SELECT relname::text, attname::text, format_type(atttypid, NULL), attnotnull, relkind IN ('v', 'm')
               FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
              WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'v', 'm') AND attnum > 0 AND NOT attisdropped
              ORDER BY attrelid, attnum",
            &[],
        )
        .await
        .unwrap();
    let mut compared = 0;
    for row in rows {
        let (table, column, kind): (String, String, String) = (row.get(0), row.get(1), row.get(2));
        let (not_null, is_view): (bool, bool) = (row.get(3), row.get(4));
        if !declared.iter().any(|(name, ..)| *name == table) {
            assert!(
                is_view || table == "__diesel_schema_migrations",
                "Diesel's schema lacks the table {table}"
            );
            continue;
        }
        let kind = match &*kind {
            "text" => "Text",
            "timestamp with time zone" => "Timestamptz",
            "double precision" => "Double",
            "integer" => "Integer",
            "smallint" => "SmallInt",
            "bigint" => "BigInt",
            "boolean" => "Bool",
            "uuid" => "Uuid",
            "jsonb" => "Jsonb",
            "text[]" => "Array<Text>",
            "bigint[]" => "Array<BigInt>",
            "vector" => "VectorType",
            other => panic!("{table}.{column} has the type {other}, which the schema does not know"),
        };
        let nullable = format!("Nullable<{kind}>");
        let found = declared.iter().find(|(name, field, _)| (name, field) == (&table, &column));
        let (_, _, told) = found.unwrap_or_else(|| panic!("Diesel's schema lacks {table}.{column}"));
        // The database does not know which of a view's columns can be null.
        let right = if is_view {
            *told == kind || *told == nullable
        } else {
            *told == if not_null { kind } else { &nullable }
        };
        assert!(right, "{table}.{column} is {kind}, not null: {not_null}; Diesel's schema says {told}");
        compared += 1;
    }
    assert_eq!(compared, declared.len(), "Diesel's schema has columns that the database lacks");
}

//! The migrations on a real server: up, down, up again, and everything that the specification names.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test ends where it fails")]

mod support;

use gapdeck::database::Database;
use support::backend::TABLES;
use support::server::TestDatabase;
use tokio_postgres::Client;

async fn migrated() -> (TestDatabase, Client) {
    let database = TestDatabase::migrated().await;
    let client = database.client().await;
    (database, client)
}

async fn names(client: &Client, sql: &str) -> Vec<String> {
    let rows = client.query(sql, &[]).await.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
    rows.iter().map(|row| row.get(0)).collect()
}

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
async fn every_table_view_and_extension_of_the_specification_is_there() {
    let (_database, client) = migrated().await;
    let kind = async |kind: &str| {
        let sql = format!(
            "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = '{kind}'"
        );
        names(&client, &sql).await
    };
    let tables = kind("r").await;
    for table in TABLES {
        assert!(tables.iter().any(|name| name == table), "no table {table}");
    }
    let materialised = kind("m").await;
    for view in ["product_summary", "product_details", "product_gaps"] {
        assert!(materialised.iter().any(|name| name == view), "no materialised view {view}");
    }
    let views = kind("v").await;
    for view in [
        "attribute_value_stats",
        "product_similarity_search",
        "embedding_stats",
        "experiment_summary",
        "metric_trends",
    ] {
        assert!(views.iter().any(|name| name == view), "no view {view}");
    }
    let extensions = names(&client, "SELECT extname FROM pg_extension").await;
    for extension in ["vector", "btree_gin", "pg_trgm"] {
        assert!(extensions.iter().any(|name| name == extension), "no extension {extension}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn embeddings_have_1536_dimensions_and_an_ivfflat_cosine_index_of_100_lists() {
    let (_database, client) = migrated().await;
    let column = "SELECT format_type(atttypid, atttypmod) FROM pg_attribute
                   WHERE attrelid = 'product_embeddings'::regclass AND attname = 'embedding'";
    assert_eq!(names(&client, column).await, ["vector(1536)"]);
    let indexes =
        names(&client, "SELECT indexdef FROM pg_indexes WHERE tablename = 'product_embeddings'").await;
    let found = indexes.iter().any(|index| {
        index.contains("USING ivfflat (embedding vector_cosine_ops)") && index.contains("(lists='100')")
    });
    assert!(found, "{indexes:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_foreign_key_has_an_index_that_it_leads() {
    let (_database, client) = migrated().await;
    let without = "
        SELECT conrelid::regclass || ' ' || pg_get_constraintdef(c.oid) FROM pg_constraint c
         WHERE contype = 'f' AND connamespace = 'public'::regnamespace
           AND NOT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.conrelid AND i.indisvalid
                              AND (i.indkey::smallint[])[0:cardinality(c.conkey) - 1] @> c.conkey)";
    assert_eq!(names(&client, without).await, [""; 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_index_class_of_the_specification_is_there() {
    let (_database, client) = migrated().await;
    let leading = async |column: &str| {
        let sql = format!(
            "SELECT i.indrelid::regclass::text FROM pg_index i
               JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0] AND a.attname = '{column}'
              ORDER BY 1"
        );
        names(&client, &sql).await
    };
    let (created, completed, named) =
        (leading("created_at").await, leading("completed_at").await, leading("system_name").await);
    for (column, tables, indexed) in [
        ("system_name", &["raw_categories", "raw_attributes"][..], named),
        ("created_at", &["prediction_experiments", "prediction_results", "product_embeddings"], created),
        ("completed_at", &["prediction_experiments", "raw_recommendation_rounds"], completed),
    ] {
        for table in tables {
            assert!(indexed.iter().any(|name| name == table), "no index on {table}.{column}");
        }
    }
    // JSONB by GIN, with a plain column before it (btree_gin); trigrams; the reviewers' and the queue's own.
    let indexes = names(&client, "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'").await;
    for part in [
        "ON public.prediction_experiments USING gin (experiment_key, metrics)",
        "ON public.raw_recommendation_rounds USING gin (round_key, metadata)",
        "ON public.raw_products USING gin (product_name gin_trgm_ops)",
        "ON public.human_recommendations USING btree (reviewer",
        "ON public.human_recommendations USING btree (attribute_key",
        "ON public.review_queue USING btree",
    ] {
        assert!(indexes.iter().any(|index| index.contains(part)), "no index {part}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn materialised_views_can_be_refreshed_while_they_are_read() {
    let (_database, client) = migrated().await;
    client
        .batch_execute(
            "INSERT INTO raw_products (product_key, product_name) VALUES ('p1', 'Lamp');
             INSERT INTO raw_attributes (attribute_key, label) VALUES ('colour', 'Colour'), ('weight', 'Weight');
             INSERT INTO raw_attribute_allowable_values_applicable_in_every_category VALUES ('colour', 'Red'), ('colour', 'Blue');
             INSERT INTO raw_product_attribute_values (product_key, attribute_key, value) VALUES ('p1', 'weight', '7');
             INSERT INTO raw_product_attribute_gaps (product_key, attribute_key) VALUES ('p1', 'colour')",
        )
        .await
        .unwrap();
    for view in ["product_summary", "product_details", "product_gaps"] {
        client.batch_execute(&format!("REFRESH MATERIALIZED VIEW CONCURRENTLY {view}")).await.unwrap();
    }
    let gaps = names(
        &client,
        "SELECT product_key || ' ' || attribute_key || ' ' || allowable_values::text FROM product_gaps",
    );
    assert_eq!(gaps.await, ["p1 colour {Blue,Red}"]);
    let summary =
        names(&client, "SELECT attribute_key || ' ' || known_values::text FROM product_summary ORDER BY 1");
    assert_eq!(summary.await, ["colour {}", "weight {7}"]);
    let details = names(&client, "SELECT attributes->0->>'label' FROM product_details");
    assert_eq!(details.await, ["Weight"]);
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
            "SELECT relname::text, attname::text, format_type(atttypid, NULL), attnotnull, relkind = 'v'
               FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
              WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'v') AND attnum > 0 AND NOT attisdropped
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
            "bigint" => "BigInt",
            "boolean" => "Bool",
            "uuid" => "Uuid",
            "jsonb" => "Jsonb",
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

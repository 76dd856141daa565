//! The migrated database against the specification (`database-infrastructure.md`), line by line: what is missing is named.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test ends where it fails")]

mod support;

use support::plain_sql::{migrated, names};

/// Returns those of the expected that were not found.
fn missing<'a>(expected: impl IntoIterator<Item = &'a str>, found: &[String]) -> Vec<&'a str> {
    expected.into_iter().filter(|one| !found.iter().any(|name| name == one)).collect()
}

/// A table of the specification.
struct Table {
    name: &'static str,
    /// The key's columns, in their order.
    key: &'static [&'static str],
    /// What the specification says it holds, as `column type`.
    columns: &'static [&'static str],
}

const PRODUCT: &str = "product_key text";
const CATEGORY: &str = "category_key text";
const ATTRIBUTE: &str = "attribute_key text";
const VALUE: &str = "value text";
const AT: &str = "created_at timestamp with time zone";
const PAIR_VALUE: &[&str] = &["product_key", "attribute_key", "value_md5"];

const TABLES: [Table; 18] = [
    // Input tables.
    Table {
        name: "raw_products",
        key: &["product_key"],
        columns: &[PRODUCT, "product_name text", "code_type text", AT],
    },
    Table {
        name: "raw_categories",
        key: &["category_key"],
        columns: &[CATEGORY, "category_name text", "system_name text", AT],
    },
    Table {
        name: "raw_attributes",
        key: &["attribute_key"],
        columns: &[ATTRIBUTE, "system_name text", "label text", "data_type text", "unit text", AT],
    },
    Table {
        name: "raw_product_categories",
        key: &["product_key", "category_key"],
        columns: &[PRODUCT, CATEGORY],
    },
    Table {
        name: "raw_category_attributes",
        key: &["category_key", "attribute_key"],
        columns: &[CATEGORY, ATTRIBUTE],
    },
    Table { name: "raw_product_attribute_values", key: PAIR_VALUE, columns: &[PRODUCT, ATTRIBUTE, VALUE] },
    Table {
        name: "raw_product_attribute_gaps",
        key: &["product_key", "attribute_key"],
        columns: &[PRODUCT, ATTRIBUTE, AT],
    },
    Table {
        name: "raw_category_allowable_values",
        key: &["category_key", "attribute_key", "value_md5"],
        columns: &[CATEGORY, ATTRIBUTE, VALUE],
    },
    Table {
        name: "raw_attribute_allowable_values_applicable_in_every_category",
        key: &["attribute_key", "value_md5"],
        columns: &[ATTRIBUTE, VALUE],
    },
    Table {
        name: "raw_attribute_allowable_values_in_any_category",
        key: &["attribute_key", "value_md5"],
        columns: &[ATTRIBUTE, VALUE],
    },
    Table {
        name: "raw_product_attribute_allowable_values",
        key: PAIR_VALUE,
        columns: &[PRODUCT, ATTRIBUTE, VALUE],
    },
    Table {
        name: "raw_recommendations",
        key: &["product_key", "attribute_key", "round_key", "value_md5"],
        columns: &[
            PRODUCT,
            ATTRIBUTE,
            "round_key text",
            VALUE,
            "confidence double precision",
            "reasoning text",
            AT,
        ],
    },
    Table {
        name: "raw_recommendation_rounds",
        key: &["round_key"],
        columns: &["round_key text", "metadata jsonb", AT, "completed_at timestamp with time zone"],
    },
    Table {
        name: "raw_rich_text_sources",
        key: &["product_key", "source"],
        columns: &[PRODUCT, "source text", "content text"],
    },
    Table {
        name: "human_recommendations",
        key: &["product_key", "decision_id"],
        columns: &[PRODUCT, ATTRIBUTE, "reviewer text", "action text", VALUE, "comment text"],
    },
    // Embedding tables.
    Table {
        name: "product_embeddings",
        key: &["product_key"],
        columns: &[
            PRODUCT,
            "embedding vector(1536)",
            "description text",
            AT,
            "updated_at timestamp with time zone",
        ],
    },
    // Prediction tables.
    Table {
        name: "prediction_experiments",
        key: &["experiment_key"],
        columns: &["experiment_key text", "metrics jsonb", AT, "completed_at timestamp with time zone"],
    },
    Table {
        name: "prediction_results",
        key: &["product_key", "attribute_key", "experiment_key", "value_md5"],
        columns: &[
            PRODUCT,
            ATTRIBUTE,
            "experiment_key text",
            VALUE,
            "confidence double precision",
            "reasoning text",
            "is_correct boolean",
            "round_key text",
            AT,
        ],
    },
];

/// Every reference of the specification's tables: table, column, table referred to.
const REFERENCES: [(&str, &str, &str); 22] = [
    ("raw_product_categories", "product_key", "raw_products"),
    ("raw_product_categories", "category_key", "raw_categories"),
    ("raw_category_attributes", "category_key", "raw_categories"),
    ("raw_category_attributes", "attribute_key", "raw_attributes"),
    ("raw_product_attribute_values", "product_key", "raw_products"),
    ("raw_product_attribute_values", "attribute_key", "raw_attributes"),
    ("raw_product_attribute_gaps", "product_key", "raw_products"),
    ("raw_product_attribute_gaps", "attribute_key", "raw_attributes"),
    ("raw_category_allowable_values", "category_key", "raw_categories"),
    ("raw_category_allowable_values", "attribute_key", "raw_attributes"),
    ("raw_attribute_allowable_values_applicable_in_every_category", "attribute_key", "raw_attributes"),
    ("raw_attribute_allowable_values_in_any_category", "attribute_key", "raw_attributes"),
    ("raw_product_attribute_allowable_values", "product_key", "raw_products"),
    ("raw_product_attribute_allowable_values", "attribute_key", "raw_attributes"),
    ("raw_recommendations", "product_key", "raw_products"),
    ("raw_recommendations", "attribute_key", "raw_attributes"),
    ("raw_recommendations", "round_key", "raw_recommendation_rounds"),
    ("raw_rich_text_sources", "product_key", "raw_products"),
    ("product_embeddings", "product_key", "raw_products"),
    ("prediction_results", "product_key", "raw_products"),
    ("prediction_results", "experiment_key", "prediction_experiments"),
    ("prediction_results", "round_key", "raw_recommendation_rounds"),
];

/// The views, with the columns that the specification tells of.
const VIEWS: [(&str, char, &[&str]); 8] = [
    (
        "product_summary",
        'm',
        &["product_key", "category_keys", "attribute_key", "known_values", "recommended_values"],
    ),
    ("attribute_value_stats", 'v', &["attribute_key", "value_count", "recommendations"]),
    (
        "product_details",
        'm',
        &["product_key", "product_name", "code_type", "descriptions", "categories", "attributes"],
    ),
    ("product_gaps", 'm', &["product_key", "attribute_key", "allowable_values"]),
    ("product_similarity_search", 'v', &["product_key", "similar_product_key", "similarity"]),
    ("embedding_stats", 'v', &["embeddings", "oldest", "newest"]),
    ("experiment_summary", 'v', &["experiment_key", "metrics", "predictions"]),
    ("metric_trends", 'v', &["experiment_key", "day", "average_confidence", "confidence_change"]),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_table_is_there_with_its_key_its_columns_and_its_purpose() {
    let (_database, client) = migrated().await;
    let mut problems = Vec::new();
    for table in &TABLES {
        let name = table.name;
        let of = format!("attrelid = to_regclass('{name}') AND attnum > 0 AND NOT attisdropped");
        let columns = names(
            &client,
            &format!(
                "SELECT attname || ' ' || format_type(atttypid, atttypmod) FROM pg_attribute WHERE {of}"
            ),
        )
        .await;
        if columns.is_empty() {
            problems.push(format!("no table {name}"));
            continue;
        }
        let lacking = missing(table.columns.iter().copied(), &columns);
        problems.extend(lacking.into_iter().map(|column| format!("no column {name}.{column}")));
        let key = format!(
            "SELECT attname::text FROM pg_index, unnest(indkey) WITH ORDINALITY AS k (attnum, place)
               JOIN pg_attribute a ON a.attrelid = '{name}'::regclass AND a.attnum = k.attnum
              WHERE indrelid = '{name}'::regclass AND indisprimary ORDER BY place"
        );
        let key = names(&client, &key).await;
        if key != table.key {
            problems.push(format!("{name} has the key {key:?} instead of {:?}", table.key));
        }
        let purpose = format!("SELECT coalesce(obj_description('{name}'::regclass, 'pg_class'), '')");
        if names(&client, &purpose).await[0].is_empty() {
            problems.push(format!("{name} does not say its purpose"));
        }
    }
    assert_eq!(problems, [""; 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_column_that_is_not_plain_from_its_name_says_its_purpose() {
    let (_database, client) = migrated().await;
    let silent = "
        SELECT c.relname || '.' || attname FROM pg_attribute a JOIN pg_class c ON c.oid = attrelid
         WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND attnum > 0 AND NOT attisdropped
           AND relname <> '__diesel_schema_migrations' AND col_description(c.oid, attnum) IS NULL
           AND attname NOT IN ('product_key', 'category_key', 'attribute_key', 'experiment_key', 'round_key',
                               'product_name', 'category_name', 'reviewer', 'description', 'created_at', 'updated_at',
                               'claimed_at', 'decided_at')
         ORDER BY 1";
    assert_eq!(names(&client, silent).await, [""; 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_reference_is_a_foreign_key_and_has_an_index_that_it_leads() {
    let (_database, client) = migrated().await;
    let keys = "
        SELECT conrelid::regclass || ' ' || attname || ' ' || confrelid::regclass FROM pg_constraint
          JOIN pg_attribute ON attrelid = conrelid AND attnum = conkey[1]
         WHERE contype = 'f' AND connamespace = 'public'::regnamespace AND cardinality(conkey) = 1";
    let keys = names(&client, keys).await;
    let expected: Vec<String> =
        REFERENCES.iter().map(|(table, column, to)| format!("{table} {column} {to}")).collect();
    assert_eq!(missing(expected.iter().map(String::as_str), &keys), [""; 0]);

    let leading = "
        SELECT indrelid::regclass || ' ' || attname FROM pg_index
          JOIN pg_attribute ON attrelid = indrelid AND attnum = indkey[0] WHERE indisvalid";
    let leading = names(&client, leading).await;
    let columns: Vec<String> = keys
        .iter()
        .filter_map(|key| key.rsplit_once(' '))
        .map(|(column, _)| column.to_owned())
        .chain(
            [
                "human_recommendations attribute_key",
                "raw_categories system_name",
                "raw_attributes system_name",
            ]
            .map(Into::into),
        )
        .collect();
    assert_eq!(missing(columns.iter().map(String::as_str), &leading), [""; 0], "no index leads with");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_index_class_of_the_specification_is_there() {
    let (_database, client) = migrated().await;
    let indexes = names(&client, "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'").await;
    let expected = [
        // Performance.
        "ON public.prediction_experiments USING btree (created_at",
        "ON public.prediction_experiments USING btree (completed_at",
        "ON public.prediction_results USING btree (created_at",
        "ON public.raw_recommendation_rounds USING btree (completed_at",
        "ON public.product_embeddings USING btree (created_at",
        // Vectors.
        "ON public.product_embeddings USING ivfflat (embedding vector_cosine_ops) WITH (lists='100')",
        // JSONB beside a plain column (btree_gin), and fuzzy text (pg_trgm).
        "ON public.prediction_experiments USING gin (experiment_key, metrics)",
        "ON public.raw_recommendation_rounds USING gin (round_key, metadata)",
        "ON public.product_details USING gin (product_key, attributes)",
        "ON public.raw_products USING gin (product_name gin_trgm_ops)",
        // Quality assurance and recommendations.
        "ON public.human_recommendations USING btree (reviewer, recorded_at",
        "ON public.human_recommendations USING btree (attribute_key, recorded_at",
        "ON public.human_recommendations USING btree (action, recorded_at",
        "ON public.human_recommendations USING btree (recorded_at",
        "ON public.review_queue USING btree",
    ];
    let found = |part: &str| indexes.iter().any(|index| index.contains(part));
    let lacking: Vec<_> = expected.into_iter().filter(|part| !found(part)).collect();
    assert_eq!(lacking, [""; 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_extension_is_there() {
    let (_database, client) = migrated().await;
    let extensions = names(&client, "SELECT extname::text FROM pg_extension").await;
    assert_eq!(missing(["vector", "btree_gin", "pg_trgm"], &extensions), [""; 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_view_is_there_and_the_materialised_ones_have_a_unique_index() {
    let (_database, client) = migrated().await;
    let mut problems = Vec::new();
    for (view, kind, columns) in VIEWS {
        let found =
            names(&client, &format!("SELECT relkind::text FROM pg_class WHERE oid = to_regclass('{view}')"))
                .await;
        if found != [kind.to_string()] {
            problems.push(format!("no {} {view}", if kind == 'm' { "materialised view" } else { "view" }));
            continue;
        }
        let has = format!(
            "SELECT attname::text FROM pg_attribute WHERE attrelid = '{view}'::regclass AND attnum > 0"
        );
        let lacking = missing(columns.iter().copied(), &names(&client, &has).await)
            .into_iter()
            .map(|column| format!("no column {view}.{column}"))
            .collect::<Vec<_>>();
        problems.extend(lacking);
        let unique = format!(
            "SELECT indexrelid::regclass::text FROM pg_index
              WHERE indrelid = '{view}'::regclass AND indisunique AND indpred IS NULL AND indexprs IS NULL"
        );
        if kind == 'm' && names(&client, &unique).await.is_empty() {
            problems.push(format!("{view} cannot be refreshed concurrently: no unique index"));
        }
        let purpose = format!("SELECT coalesce(obj_description('{view}'::regclass, 'pg_class'), '')");
        if names(&client, &purpose).await[0].is_empty() {
            problems.push(format!("{view} does not say its purpose"));
        }
    }
    assert_eq!(problems, [""; 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn materialised_views_are_refreshed_while_a_reader_reads_them() {
    let (database, client) = migrated().await;
    client
        .batch_execute(
            "INSERT INTO raw_products (product_key, product_name) VALUES ('p1', 'Lamp');
             INSERT INTO raw_attributes (attribute_key, label) VALUES ('colour', 'Colour');
             INSERT INTO raw_product_attribute_values (product_key, attribute_key, value) VALUES ('p1', 'colour', 'Red');
             INSERT INTO raw_product_attribute_gaps (product_key, attribute_key) VALUES ('p1', 'colour');
             REFRESH MATERIALIZED VIEW product_summary; REFRESH MATERIALIZED VIEW product_details;
             REFRESH MATERIALIZED VIEW product_gaps",
        )
        .await
        .unwrap();
    let reader = database.client().await;
    for view in ["product_summary", "product_details", "product_gaps"] {
        // The reader's transaction holds its lock on the view until the end.
        reader.batch_execute(&format!("BEGIN; SELECT FROM {view}")).await.unwrap();
        let refresh = format!("SET lock_timeout = '5s'; REFRESH MATERIALIZED VIEW CONCURRENTLY {view}");
        client.batch_execute(&refresh).await.unwrap_or_else(|error| panic!("{view}: {error:?}"));
        reader.batch_execute("COMMIT").await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn product_details_of_the_model_are_the_views_row() {
    use gapdeck::domain::{View, WhenBusy};
    let (database, client) = migrated().await;
    let store = support::backend::server_store(&database.url).await;
    support::fixture::open_shop(&*store).await;
    store.refresh_view(View::ProductDetails, std::time::Duration::ZERO, WhenBusy::Wait).await.unwrap();
    let rows =
        client.query("SELECT to_jsonb(d)::text FROM product_details d ORDER BY product_key", &[]).await;
    let rows: Vec<serde_json::Value> =
        rows.unwrap().iter().map(|row| serde_json::from_str(row.get(0)).unwrap()).collect();
    let models = store.all_product_details(None, 100).await.unwrap().rows;
    assert_eq!(models.len(), 3);
    for (row, model) in rows.iter().zip(&models) {
        assert_eq!(*row, serde_json::to_value(model).unwrap());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_page_on_the_database_names_every_object_there_is() {
    let (_database, client) = migrated().await;
    let page = std::fs::read_to_string("docs/database.md").unwrap();
    let objects = "
        SELECT relname::text FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'v', 'm', 'p')
           AND relname <> '__diesel_schema_migrations'
        UNION SELECT proname::text FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND proname LIKE 'gapdeck%'
        UNION SELECT extname::text FROM pg_extension WHERE extname <> 'plpgsql'
        UNION SELECT tgname::text FROM pg_trigger WHERE NOT tgisinternal
        ORDER BY 1";
    let objects = names(&client, objects).await;
    let lacking: Vec<_> = objects.iter().filter(|name| !page.contains(&format!("`{name}`"))).collect();
    assert!(objects.len() > 30, "{objects:?}");
    assert!(lacking.is_empty(), "docs/database.md does not name {lacking:?}");

    // And the other way round: what it names in code letters with gapdeck's prefixes is there.
    let code = page.split("```").step_by(2).flat_map(|part| part.split('`').skip(1).step_by(2));
    let named = code.filter(|word| {
        ["raw_", "gapdeck_"].iter().any(|prefix| word.starts_with(prefix))
            && word.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    });
    let gone: Vec<_> = named.filter(|word| !objects.iter().any(|name| name == word)).collect();
    assert!(gone.is_empty(), "docs/database.md names what is not there: {gone:?}");
}

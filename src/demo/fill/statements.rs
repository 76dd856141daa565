//! The statements that make rows up; the longer ones stand in files of their own.

/// A load has no time limit, sorts and joins more than a screen's query does, and has few values to plan for.
pub(super) const SET_UP: &str = "SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = '10s';
    SET LOCAL idle_in_transaction_session_timeout = 0; SET LOCAL jit = off; SET LOCAL work_mem = '64MB';
    SET LOCAL plan_cache_mode = force_custom_plan";

/// At least as much as a server gives by itself.
pub(super) const MORE_MEMORY: &str = "SET LOCAL work_mem = '128MB';
    SELECT set_config('maintenance_work_mem', '256MB', true)
     WHERE pg_size_bytes(current_setting('maintenance_work_mem')) < pg_size_bytes('256MB')";

pub(super) const LOCK: &str =
    "LOCK TABLE raw_products, raw_categories, raw_attributes, raw_product_categories,
    raw_product_attribute_values, raw_product_attribute_gaps, prediction_experiments, prediction_results,
    raw_recommendation_rounds, raw_recommendations, human_recommendations, product_embeddings, review_queue
    IN ACCESS EXCLUSIVE MODE";

/// The tables that everything else refers to, and those that outlive what they refer to.
pub(super) const OCCUPIED: &str = "SELECT name FROM (VALUES
    ('raw_products', EXISTS (SELECT FROM raw_products)), ('raw_categories', EXISTS (SELECT FROM raw_categories)),
    ('raw_attributes', EXISTS (SELECT FROM raw_attributes)),
    ('prediction_experiments', EXISTS (SELECT FROM prediction_experiments)),
    ('raw_recommendation_rounds', EXISTS (SELECT FROM raw_recommendation_rounds)),
    ('human_recommendations', EXISTS (SELECT FROM human_recommendations))) AS t (name, has_rows) WHERE has_rows";

pub(super) const FILLED_WITH: &str = "SELECT (parameters ->> 'made_up_gaps')::bigint AS gaps
    FROM prediction_experiments WHERE parameters ? 'made_up_gaps' LIMIT 1";

pub(super) const WORDS: &str = include_str!("words.sql");
pub(super) const FILL_WORDS: &str = include_str!("fill_words.sql");
pub(super) const ANALYZE_WORDS: &str =
    "ANALYZE made_up_category; ANALYZE made_up_attribute; ANALYZE made_up_slot; ANALYZE made_up_experiment";
pub(super) const DICTIONARIES: &str = include_str!("dictionaries.sql");

pub(super) const TRIGGERS_OFF: &str = "ALTER TABLE raw_products DISABLE TRIGGER USER;
    ALTER TABLE raw_product_categories DISABLE TRIGGER USER;
    ALTER TABLE raw_product_attribute_gaps DISABLE TRIGGER USER; ALTER TABLE prediction_results DISABLE TRIGGER USER";
pub(super) const TRIGGERS_ON: &str = "ALTER TABLE raw_products ENABLE TRIGGER USER;
    ALTER TABLE raw_product_categories ENABLE TRIGGER USER;
    ALTER TABLE raw_product_attribute_gaps ENABLE TRIGGER USER; ALTER TABLE prediction_results ENABLE TRIGGER USER";

pub(super) const SET_ASIDE: &str = include_str!("set_aside.sql");
pub(super) const ASIDE: &str = "SELECT name, definition, is_key FROM made_up_aside ORDER BY made";

pub(super) const PRODUCTS: &str = include_str!("products.sql");
pub(super) const PRODUCT_CATEGORIES: &str = include_str!("product_categories.sql");
pub(super) const VALUES: &str = include_str!("values.sql");
pub(super) const GAPS: &str = include_str!("gaps.sql");
pub(super) const PREDICTIONS: &str = include_str!("predictions.sql");
pub(super) const DECISIONS: &str = include_str!("decisions.sql");
pub(super) const DIRECTIONS: &str = include_str!("directions.sql");
pub(super) const EMBEDDINGS: &str = include_str!("embeddings.sql");

pub(super) const ANALYZE_KEYS: &str = "ANALYZE raw_products (product_key, product_name);
    ANALYZE raw_product_categories; ANALYZE raw_product_attribute_gaps;
    ANALYZE prediction_results (product_key, attribute_key, experiment_key);
    ANALYZE human_recommendations (product_key, attribute_key, undoes)";

/// `$3` is there for the same binds as the other statements.
pub(super) const QUEUE: &str = "SELECT pg_temp.made_up_queue($1, $2) WHERE $3 = 0";
pub(super) const AFTER_QUEUE: &str = "SELECT gapdeck_tallies_sync(); ANALYZE review_queue (product_key)";

/// Vectors are left out: sampling them takes most of the time, and nothing is planned by them.
pub(super) const ANALYZE: &str = "VACUUM (ANALYZE) raw_products, raw_categories, raw_attributes, raw_product_categories,
    raw_category_attributes, raw_category_allowable_values, raw_product_attribute_values, raw_product_attribute_gaps,
    prediction_experiments, prediction_results, prediction_tallies, human_recommendations,
    product_embeddings (product_key, created_at), review_queue";

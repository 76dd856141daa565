-- Materialised views: expensive aggregations, refreshed when needed; each has a unique index, so that it can be
-- refreshed concurrently.

CREATE MATERIALIZED VIEW product_summary AS
WITH pair AS (
    SELECT product_key, attribute_key FROM raw_product_attribute_values
    UNION SELECT product_key, attribute_key FROM raw_product_attribute_gaps
), known AS (
    SELECT product_key, attribute_key, array_agg(value ORDER BY value COLLATE "C") AS known_values
      FROM raw_product_attribute_values GROUP BY product_key, attribute_key
), recommended AS (
    SELECT product_key, attribute_key, array_agg(value ORDER BY confidence DESC NULLS LAST, value COLLATE "C") AS recommended_values,
           max(confidence) AS recommended_confidence
      FROM raw_recommendations GROUP BY product_key, attribute_key
), category AS (
    SELECT product_key, array_agg(category_key ORDER BY category_key) AS category_keys
      FROM raw_product_categories GROUP BY product_key
)
SELECT pair.product_key, p.product_name, coalesce(category.category_keys, '{}') AS category_keys, pair.attribute_key,
       a.label AS attribute_label, a.data_type, a.unit, coalesce(known.known_values, '{}') AS known_values,
       coalesce(recommended.recommended_values, '{}') AS recommended_values, recommended.recommended_confidence,
       q.state AS review_state, q.decided_value, q.decided_by, q.decided_at
  FROM pair
  JOIN raw_products p USING (product_key)
  JOIN raw_attributes a USING (attribute_key)
  LEFT JOIN category USING (product_key)
  LEFT JOIN known USING (product_key, attribute_key)
  LEFT JOIN recommended USING (product_key, attribute_key)
  LEFT JOIN review_queue q USING (product_key, attribute_key);
COMMENT ON MATERIALIZED VIEW product_summary IS
    'Products with categories, attributes, values, recommendations and decisions: one row a product and attribute.';
CREATE UNIQUE INDEX product_summary_key ON product_summary (product_key, attribute_key);
CREATE INDEX product_summary_attribute ON product_summary (attribute_key);

CREATE MATERIALIZED VIEW product_details AS
WITH category AS (
    SELECT pc.product_key, jsonb_agg(jsonb_build_object('category_key', c.category_key, 'category_name', c.category_name,
               'system_name', c.system_name) ORDER BY c.category_key) AS categories
      FROM raw_product_categories pc JOIN raw_categories c USING (category_key) GROUP BY pc.product_key
), attribute AS (
    SELECT product_key, jsonb_agg(jsonb_build_object('attribute_key', attribute_key, 'label', label, 'data_type', data_type,
               'unit', unit, 'values', known_values) ORDER BY attribute_key) AS attributes
      FROM (SELECT v.product_key, a.attribute_key, a.label, a.data_type, a.unit,
                   jsonb_agg(v.value ORDER BY v.value COLLATE "C") AS known_values
              FROM raw_product_attribute_values v JOIN raw_attributes a USING (attribute_key)
             GROUP BY v.product_key, a.attribute_key) AS known
     GROUP BY product_key
), rich_text AS (
    SELECT product_key, jsonb_agg(jsonb_build_object('source', source, 'content', content) ORDER BY source) AS descriptions
      FROM raw_rich_text_sources GROUP BY product_key
)
SELECT p.product_key, p.product_name, p.code_type, p.description, coalesce(r.descriptions, '[]') AS descriptions,
       coalesce(c.categories, '[]') AS categories, coalesce(a.attributes, '[]') AS attributes
  FROM raw_products p
  LEFT JOIN category c USING (product_key)
  LEFT JOIN attribute a USING (product_key)
  LEFT JOIN rich_text r USING (product_key);
COMMENT ON MATERIALIZED VIEW product_details IS
    'Products with descriptions, categories and attributes as JSON: one row a product, as the ProductDetails model.';
CREATE UNIQUE INDEX product_details_key ON product_details (product_key);
CREATE INDEX product_details_attributes ON product_details USING gin (product_key, attributes);
CREATE INDEX product_details_categories ON product_details USING gin (categories jsonb_path_ops);

CREATE MATERIALIZED VIEW product_gaps AS
WITH allowed_by_product AS (
    SELECT product_key, attribute_key, array_agg(value ORDER BY value COLLATE "C") AS allowable_values
      FROM raw_product_attribute_allowable_values GROUP BY product_key, attribute_key
), allowed_by_category AS (
    SELECT g.product_key, g.attribute_key, array_agg(DISTINCT v.value COLLATE "C") AS allowable_values
      FROM raw_product_attribute_gaps g
      JOIN raw_product_categories pc USING (product_key)
      JOIN raw_category_allowable_values v ON v.category_key = pc.category_key AND v.attribute_key = g.attribute_key
     GROUP BY g.product_key, g.attribute_key
), allowed_everywhere AS (
    SELECT attribute_key, array_agg(value ORDER BY value COLLATE "C") AS allowable_values
      FROM raw_attribute_allowable_values_applicable_in_every_category GROUP BY attribute_key
), allowed_anywhere AS (
    SELECT attribute_key, array_agg(value ORDER BY value COLLATE "C") AS allowable_values
      FROM raw_attribute_allowable_values_in_any_category GROUP BY attribute_key
), category AS (
    SELECT product_key, min(category_key) AS category_key FROM raw_product_categories GROUP BY product_key
)
SELECT g.product_key, p.product_name, c.category_key, g.attribute_key, a.label AS attribute_label, a.data_type, a.unit,
       coalesce(ap.allowable_values, ac.allowable_values, ae.allowable_values, aa.allowable_values, '{}') AS allowable_values,
       g.created_at
  FROM raw_product_attribute_gaps g
  JOIN raw_products p USING (product_key)
  JOIN raw_attributes a USING (attribute_key)
  LEFT JOIN category c USING (product_key)
  LEFT JOIN allowed_by_product ap USING (product_key, attribute_key)
  LEFT JOIN allowed_by_category ac USING (product_key, attribute_key)
  LEFT JOIN allowed_everywhere ae USING (attribute_key)
  LEFT JOIN allowed_anywhere aa USING (attribute_key);
COMMENT ON MATERIALIZED VIEW product_gaps IS
    'Gaps with the values allowed for them: those of the narrowest scope that lists any.';
CREATE UNIQUE INDEX product_gaps_key ON product_gaps (product_key, attribute_key);
CREATE INDEX product_gaps_attribute ON product_gaps (attribute_key);
CREATE INDEX product_gaps_category ON product_gaps (category_key);

-- Plain views: always up to date.

CREATE VIEW attribute_value_stats AS
SELECT a.attribute_key, a.label, a.data_type, a.unit,
       coalesce(v.value_count, 0) AS value_count, coalesce(v.distinct_values, 0) AS distinct_values,
       coalesce(v.products, 0) AS products, coalesce(g.gaps, 0) AS gaps,
       coalesce(r.recommendations, 0) AS recommendations, r.average_confidence AS average_recommendation_confidence,
       coalesce(h.decisions, 0) AS decisions
  FROM raw_attributes a
  LEFT JOIN (SELECT attribute_key, count(*) AS value_count, count(DISTINCT value_md5) AS distinct_values,
                    count(DISTINCT product_key) AS products FROM raw_product_attribute_values GROUP BY attribute_key) v
       USING (attribute_key)
  LEFT JOIN (SELECT attribute_key, count(*) AS gaps FROM raw_product_attribute_gaps GROUP BY attribute_key) g
       USING (attribute_key)
  LEFT JOIN (SELECT attribute_key, count(*) AS recommendations, avg(confidence) AS average_confidence
               FROM raw_recommendations GROUP BY attribute_key) r USING (attribute_key)
  LEFT JOIN (SELECT attribute_key, count(*) AS decisions FROM human_recommendations GROUP BY attribute_key) h
       USING (attribute_key);
COMMENT ON VIEW attribute_value_stats IS 'How many values, gaps, recommendations and decisions each attribute has.';

-- The 50 nearest of each product, by a lateral index scan: asked for one product it reads one place of the index.
CREATE VIEW product_similarity_search AS
SELECT one.product_key, near.product_key AS similar_product_key, 1 - near.distance AS similarity
  FROM product_embeddings one
 CROSS JOIN LATERAL (
    SELECT other.product_key, other.embedding <=> one.embedding AS distance
      FROM product_embeddings other
     WHERE other.product_key <> one.product_key
     ORDER BY other.embedding <=> one.embedding
     LIMIT 50
 ) AS near;
COMMENT ON VIEW product_similarity_search IS
    'The nearest products of each product with their cosine similarity; filter by product_key.';

CREATE VIEW embedding_stats AS
SELECT count(*) AS embeddings, min(created_at) AS oldest, max(created_at) AS newest, max(updated_at) AS last_update,
       (SELECT count(*) FROM raw_products) - count(*) AS products_without
  FROM product_embeddings;
COMMENT ON VIEW embedding_stats IS 'How many embeddings there are, the oldest and the newest.';

CREATE VIEW experiment_summary AS
SELECT e.experiment_key, e.model, e.description, e.parameters, e.metrics, e.created_at, e.completed_at,
       coalesce(p.predictions, 0) AS predictions, coalesce(p.gaps, 0) AS gaps, p.average_confidence,
       coalesce(p.correct, 0) AS correct, coalesce(p.incorrect, 0) AS incorrect,
       p.correct::double precision / nullif(p.correct + p.incorrect, 0) AS accuracy
  FROM prediction_experiments e
  LEFT JOIN (SELECT experiment_key, count(*) AS predictions, count(DISTINCT (product_key, attribute_key)) AS gaps,
                    avg(confidence) AS average_confidence, count(*) FILTER (WHERE is_correct) AS correct,
                    count(*) FILTER (WHERE NOT is_correct) AS incorrect
               FROM prediction_results GROUP BY experiment_key) p USING (experiment_key);
COMMENT ON VIEW experiment_summary IS 'Experiments with counts of predictions and of what decisions said of them.';

CREATE VIEW metric_trends AS
SELECT experiment_key, day, predictions, average_confidence,
       average_confidence - lag(average_confidence) OVER (PARTITION BY experiment_key ORDER BY day) AS confidence_change,
       correct, incorrect
  FROM (SELECT experiment_key, date_trunc('day', created_at, 'UTC') AS day, count(*) AS predictions,
               avg(confidence) AS average_confidence, count(*) FILTER (WHERE is_correct) AS correct,
               count(*) FILTER (WHERE NOT is_correct) AS incorrect
          FROM prediction_results GROUP BY experiment_key, date_trunc('day', created_at, 'UTC')) AS daily;
COMMENT ON VIEW metric_trends IS 'Confidence of each experiment''s predictions by day (UTC), and its change.';

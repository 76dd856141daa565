-- What ranks candidates and speaks against them: what is usual in a category, and how far down a list the right value is.

CREATE MATERIALIZED VIEW category_values AS
WITH known AS (
    SELECT c.category_key, v.attribute_key, v.product_key, v.value
      FROM raw_product_attribute_values v JOIN raw_product_categories c USING (product_key)
     WHERE octet_length(v.value) <= 400
), counted AS (
    SELECT category_key, attribute_key, min(value COLLATE "C") AS value, count(DISTINCT product_key) AS products
      FROM known GROUP BY category_key, attribute_key, gapdeck_normalised(value)
), placed AS (
    SELECT category_key, attribute_key, value, products,
           row_number() OVER (PARTITION BY category_key, attribute_key ORDER BY products DESC, value COLLATE "C") AS place,
           sum(products) OVER (PARTITION BY category_key, attribute_key) AS known
      FROM counted
), frequent AS (
    SELECT category_key, attribute_key, max(known)::bigint AS known, array_agg(value ORDER BY place) AS "values",
           array_agg(products ORDER BY place) AS products
      FROM placed WHERE place <= 20 GROUP BY category_key, attribute_key
), drawn AS (
    SELECT k.category_key, k.attribute_key, k.value, k.product_key,
           row_number() OVER (PARTITION BY k.category_key, k.attribute_key
                              ORDER BY md5(k.product_key), k.product_key, k.value COLLATE "C") AS place
      FROM known k JOIN raw_attributes a USING (attribute_key) WHERE a.data_type = 'number'
), sampled AS (
    SELECT category_key, attribute_key, array_agg(value ORDER BY place) AS sample
      FROM drawn WHERE place <= 200 GROUP BY category_key, attribute_key
)
SELECT f.category_key, f.attribute_key, f.known, f."values", f.products, coalesce(s.sample, '{}') AS sample
  FROM frequent f LEFT JOIN sampled s USING (category_key, attribute_key);
COMMENT ON MATERIALIZED VIEW category_values IS
    'The source values that products of a category have for an attribute: the most frequent, and a sample of numbers.';
COMMENT ON COLUMN category_values.known IS 'How many values the products of the category have in all.';
COMMENT ON COLUMN category_values."values" IS 'The twenty most frequent; equal up to case and white space are one.';
COMMENT ON COLUMN category_values.products IS 'How many products have each of the values.';
COMMENT ON COLUMN category_values.sample IS 'Of a number: up to 200 values, drawn by the hash of the products'' keys.';
CREATE UNIQUE INDEX category_values_key ON category_values (category_key, attribute_key);

CREATE TABLE list_cuts (
    attribute_key text COLLATE "C" PRIMARY KEY,
    decided       bigint NOT NULL,
    listed        bigint NOT NULL,
    score         double precision,
    measured_at   timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT list_cuts_counts CHECK (0 <= listed AND listed <= decided),
    CONSTRAINT list_cuts_score CHECK (score BETWEEN 0 AND 1)
);
COMMENT ON TABLE list_cuts IS 'How far down the list of candidates the right value is, by attribute, on randomly drawn gaps.';
COMMENT ON COLUMN list_cuts.decided IS 'Drawn gaps whose right value is known.';
COMMENT ON COLUMN list_cuts.listed IS 'Those of them whose list had it.';
COMMENT ON COLUMN list_cuts.score IS 'Candidates that score less may be left out of 90 % sets; NULL where there is no such set.';
COMMENT ON COLUMN list_cuts.measured_at IS 'When the gaps were looked at.';

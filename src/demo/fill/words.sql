-- What made-up rows are made of: temporary tables and functions. A number becomes text, value or time by the hash that
-- PostgreSQL spreads the rows of a hash-partitioned table by, which no version may change: so everybody gets the same.
CREATE TEMP TABLE made_up_category (
    category int PRIMARY KEY, category_key text, category_name text, noun text, line text, brands text[], editions text[],
    attributes int, share double precision) ON COMMIT DROP;
CREATE TEMP TABLE made_up_attribute (
    category int, place int, attribute_key text COLLATE "C", choices text[], hardness double precision, days double precision,
    PRIMARY KEY (category, place)) ON COMMIT DROP;
CREATE TEMP TABLE made_up_slot (slot int PRIMARY KEY, category int, attributes int) ON COMMIT DROP;
CREATE TEMP TABLE made_up_experiment (
    experiment int PRIMARY KEY, experiment_key text COLLATE "C", coverage double precision, skill double precision,
    reasons boolean, began timestamptz, days double precision) ON COMMIT DROP;

-- A number from 0 up to, but not including, 1; `salt` tells apart what it is for.
CREATE FUNCTION pg_temp.made_up_share(n bigint, salt bigint) RETURNS double precision
    LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN (hashint8extended(n, salt) & 4294967295) / 4294967296.0::double precision;

-- An element of a list.
CREATE FUNCTION pg_temp.made_up_pick(list text[], n bigint, salt bigint) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN list[1 + floor(pg_temp.made_up_share(n, salt) * cardinality(list))::int];

CREATE FUNCTION pg_temp.made_up_key(n bigint) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN 'SKU-' || lpad(n::text, 8, '0');

-- What a reviewer did about a gap; null for 19 gaps of 20.
CREATE FUNCTION pg_temp.made_up_action(gap bigint) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN
    CASE WHEN pg_temp.made_up_share(gap, 20) < 0.05 THEN
        (ARRAY['accept', 'accept', 'accept', 'accept', 'accept', 'accept', 'accept', 'accept', 'accept', 'accept', 'accept',
               'accept', 'accept', 'override', 'override', 'reject', 'reject', 'not_applicable', 'defer', 'flag'])
            [1 + floor(pg_temp.made_up_share(gap, 21) * 20)::int] END;

-- The gaps of the products from `low` up to `high`, of `gaps` in all: four products have 2, 4, 6 and 8.
CREATE FUNCTION pg_temp.made_up_gaps(low bigint, high bigint, gaps bigint) RETURNS TABLE (
    product bigint, gap bigint, product_key text, attribute_key text, choices text[], right_choice int,
    hardness double precision, days double precision)
    LANGUAGE sql STABLE AS $$
    SELECT n, gap, pg_temp.made_up_key(n), a.attribute_key, a.choices,
           floor(pg_temp.made_up_share(gap, 12) ^ 2 * cardinality(a.choices))::int, a.hardness, a.days
      FROM generate_series(low, high) AS n
     CROSS JOIN LATERAL generate_series(0, (2 * (n % 4) + 1)::int) AS j
     CROSS JOIN LATERAL (SELECT 20 * (n / 4) + (n % 4) * (n % 4 + 1) + j) AS numbered (gap)
      JOIN made_up_slot s ON s.slot = floor(pg_temp.made_up_share(n, 1) * 4096)::int
      JOIN made_up_attribute a ON a.category = s.category
       AND a.place = (floor(pg_temp.made_up_share(n, 11) * s.attributes)::int + j) % s.attributes
     WHERE gap < gaps
$$;

-- Fills the queue with the gaps of products, by the statement of the triggers.
CREATE FUNCTION pg_temp.made_up_queue(low bigint, high bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE gapdeck_queue_add_sql(format(
        'SELECT product_key, attribute_key FROM raw_product_attribute_gaps WHERE product_key BETWEEN %L AND %L',
        pg_temp.made_up_key(low), pg_temp.made_up_key(high)));
END $$;

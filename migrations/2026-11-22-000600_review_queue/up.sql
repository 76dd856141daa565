-- One row a gap with what sorting and filtering need. Triggers keep it in step with the raw and prediction tables,
-- whoever writes these; decisions are written to it by gapdeck in the decision's transaction.
CREATE TABLE review_queue (
    product_key     text COLLATE "C" NOT NULL,
    attribute_key   text COLLATE "C" NOT NULL,
    product_name    text NOT NULL DEFAULT '',
    sort_name       text COLLATE "C" NOT NULL DEFAULT '',
    category_key    text COLLATE "C" NOT NULL DEFAULT '',
    best_value      text,
    best_confidence double precision,
    candidate_count integer NOT NULL DEFAULT 0,
    value_count     integer NOT NULL DEFAULT 0,
    disagreement    double precision NOT NULL DEFAULT 0,
    uncertainty     double precision NOT NULL DEFAULT -1,
    state           text NOT NULL DEFAULT 'open' CONSTRAINT review_queue_state CHECK
        (state IN ('open', 'accepted', 'overridden', 'rejected', 'not_applicable', 'deferred', 'flagged')),
    version         integer NOT NULL DEFAULT 0,
    decision_id     uuid,
    decided_by      text COLLATE "C",
    decided_value   text,
    decided_at      timestamptz,
    gap_created_at  timestamptz NOT NULL DEFAULT now(),
    updated_at      timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (product_key, attribute_key)
) WITH (fillfactor = 90, autovacuum_vacuum_scale_factor = 0.01);
COMMENT ON TABLE review_queue IS 'The review queue: one row a gap, kept in step by triggers.';
COMMENT ON COLUMN review_queue.category_key IS 'The product''s first category; empty where it has none.';
COMMENT ON COLUMN review_queue.disagreement IS 'The share of candidates that do not propose the most frequent value, 0..1.';
COMMENT ON COLUMN review_queue.uncertainty IS
    'One minus the margin between the best two values'' confidences, 0..1; -1 without candidates.';
COMMENT ON COLUMN review_queue.version IS 'Counts the gap''s decisions; a decision must name the one it saw.';

-- Keyset pages need NOT NULL sort expressions that ascend: descending orders are negated, 2 stands behind every confidence.
CREATE INDEX review_queue_open_confidence_desc ON review_queue
    ((coalesce(-best_confidence, 2)), product_key, attribute_key) WHERE state = 'open';
CREATE INDEX review_queue_open_confidence_asc ON review_queue
    ((coalesce(best_confidence, 2)), product_key, attribute_key) WHERE state = 'open';
CREATE INDEX review_queue_open_uncertainty ON review_queue ((-uncertainty), product_key, attribute_key) WHERE state = 'open';
CREATE INDEX review_queue_open_disagreement ON review_queue ((-disagreement), product_key, attribute_key) WHERE state = 'open';
CREATE INDEX review_queue_open_name ON review_queue (sort_name, product_key, attribute_key) WHERE state = 'open';
CREATE INDEX review_queue_open_age ON review_queue (gap_created_at, product_key, attribute_key) WHERE state = 'open';
CREATE INDEX review_queue_open_attribute ON review_queue
    (attribute_key, (coalesce(-best_confidence, 2)), product_key) WHERE state = 'open';
CREATE INDEX review_queue_open_category ON review_queue
    (category_key, (coalesce(-best_confidence, 2)), product_key, attribute_key) WHERE state = 'open';
CREATE INDEX review_queue_decided ON review_queue (state, decided_at) WHERE state <> 'open';
CREATE INDEX review_queue_decision ON review_queue (decision_id) WHERE decision_id IS NOT NULL;

-- What two equal values have in common. Case folds as the database's locale does.
CREATE FUNCTION gapdeck_normalised(value text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT lower(btrim(regexp_replace(value, '\s+', ' ', 'g')))
$$;

-- Common table expressions that score gaps by their candidates. `pairs` is a query that yields product_key and
-- attribute_key; the result is `score`, one row for each pair that has a candidate. Text instead of a view, so that
-- each statement is planned for its own number of rows.
CREATE FUNCTION gapdeck_score_sql(pairs text) RETURNS text LANGUAGE sql IMMUTABLE AS $sql$
    SELECT format($query$
    pair AS MATERIALIZED (SELECT DISTINCT product_key, attribute_key FROM (%s) AS p),
    candidate AS (
        SELECT product_key, attribute_key, value, confidence, experiment_key AS source
          FROM pair JOIN prediction_results USING (product_key, attribute_key)
        UNION ALL
        SELECT product_key, attribute_key, value, confidence, round_key
          FROM pair JOIN raw_recommendations USING (product_key, attribute_key)
    ), proposed AS (
        SELECT product_key, attribute_key, count(*) AS candidates, max(confidence) AS confidence,
               (array_agg(left(value, 200) ORDER BY confidence DESC NULLS LAST, value COLLATE "C", source))[1] AS value,
               (array_agg(source ORDER BY confidence DESC NULLS LAST, value COLLATE "C", source))[1] AS source
          FROM candidate GROUP BY product_key, attribute_key, gapdeck_normalised(value)
    ), ranked AS (
        SELECT product_key, attribute_key, sum(candidates)::integer AS candidate_count, count(*)::integer AS value_count,
               1 - max(candidates) / sum(candidates)::double precision AS disagreement,
               (array_agg(value ORDER BY confidence DESC NULLS LAST, value COLLATE "C", source))[1] AS best_value,
               max(confidence) AS best_confidence,
               array_agg(coalesce(confidence, 0) ORDER BY confidence DESC NULLS LAST) AS confidences
          FROM proposed GROUP BY product_key, attribute_key
    ), score AS (
        SELECT product_key, attribute_key, candidate_count, value_count, disagreement, best_value, best_confidence,
               least(1, greatest(0, 1 - (confidences[1] - coalesce(confidences[2], 1 - confidences[1])))) AS uncertainty
          FROM ranked
    )$query$, pairs)
$sql$;

-- Adds the queue rows of gaps that have none; a gap that was decided before comes back in its last state.
CREATE FUNCTION gapdeck_queue_add_sql(pairs text) RETURNS text LANGUAGE sql IMMUTABLE AS $sql$
    SELECT 'WITH ' || gapdeck_score_sql(pairs) || $query$
    INSERT INTO review_queue (product_key, attribute_key, product_name, sort_name, category_key, best_value,
        best_confidence, candidate_count, value_count, disagreement, uncertainty, state, version, decision_id,
        decided_by, decided_value, decided_at, gap_created_at)
    SELECT g.product_key, g.attribute_key, left(coalesce(p.product_name, ''), 1000),
           left(lower(coalesce(p.product_name, '')), 100), coalesce(c.category_key, ''), s.best_value, s.best_confidence,
           coalesce(s.candidate_count, 0), coalesce(s.value_count, 0), coalesce(s.disagreement, 0),
           coalesce(s.uncertainty, -1), coalesce(d.state, 'open'), coalesce(v.version, 0), d.decision_id, d.reviewer,
           left(d.value, 200), d.decided_at, g.created_at
      FROM pair
      JOIN raw_product_attribute_gaps g USING (product_key, attribute_key)
      JOIN raw_products p USING (product_key)
      LEFT JOIN (SELECT product_key, min(category_key) AS category_key
                   FROM raw_product_categories
                  WHERE product_key IN (SELECT product_key FROM pair) GROUP BY product_key) c USING (product_key)
      LEFT JOIN score s USING (product_key, attribute_key)
      LEFT JOIN (SELECT product_key, attribute_key, max(result_version) AS version
                   FROM pair JOIN human_recommendations USING (product_key, attribute_key)
                  GROUP BY product_key, attribute_key) v USING (product_key, attribute_key)
      LEFT JOIN (SELECT DISTINCT ON (product_key, attribute_key) product_key, attribute_key, h.decision_id, h.reviewer,
                        h.value, h.decided_at,
                        CASE h.action WHEN 'accept' THEN 'accepted' WHEN 'override' THEN 'overridden'
                                      WHEN 'reject' THEN 'rejected' WHEN 'defer' THEN 'deferred'
                                      WHEN 'flag' THEN 'flagged' ELSE h.action END AS state
                   FROM pair JOIN human_recommendations h USING (product_key, attribute_key)
                  WHERE h.action <> 'undo'
                    AND NOT EXISTS (SELECT FROM human_recommendations u
                                     WHERE u.product_key = h.product_key AND u.undoes = h.decision_id)
                  ORDER BY product_key, attribute_key, h.result_version DESC) d USING (product_key, attribute_key)
     ORDER BY g.product_key, g.attribute_key
    ON CONFLICT (product_key, attribute_key) DO NOTHING
    $query$
$sql$;

-- Makes the writers of one product's rows wait for each other, in the order of the keys: the statement after this one
-- then sees what the writer before has committed (a gap and its prediction, name or category may come from two programs
-- at once). Foreign keys to the product and readers do not wait. Texts, because a function called by a trigger function
-- would not see the trigger's transition tables.
CREATE FUNCTION gapdeck_queue_lock_sql(products text) RETURNS text LANGUAGE sql IMMUTABLE AS $sql$
    SELECT format('SELECT FROM raw_products WHERE product_key IN (SELECT product_key FROM (%s) AS p)
                    ORDER BY product_key FOR NO KEY UPDATE', products)
$sql$;

-- Scores queue rows anew.
CREATE FUNCTION gapdeck_queue_rescore_sql(pairs text) RETURNS text LANGUAGE sql IMMUTABLE AS $sql$
    SELECT 'WITH ' || gapdeck_score_sql(pairs) || $query$
    UPDATE review_queue q
       SET best_value = s.best_value, best_confidence = s.best_confidence,
           candidate_count = coalesce(s.candidate_count, 0), value_count = coalesce(s.value_count, 0),
           disagreement = coalesce(s.disagreement, 0), uncertainty = coalesce(s.uncertainty, -1), updated_at = now()
      FROM pair LEFT JOIN score s USING (product_key, attribute_key)
     WHERE q.product_key = pair.product_key AND q.attribute_key = pair.attribute_key
       AND (q.best_value, q.best_confidence, q.candidate_count, q.value_count, q.disagreement, q.uncertainty)
           IS DISTINCT FROM (s.best_value, s.best_confidence, coalesce(s.candidate_count, 0),
               coalesce(s.value_count, 0), coalesce(s.disagreement, 0), coalesce(s.uncertainty, -1))
    $query$
$sql$;

-- Brings the whole queue in step, as the triggers would have; for a database loaded with the triggers disabled.
CREATE FUNCTION gapdeck_queue_sync() RETURNS void LANGUAGE plpgsql AS $$
DECLARE gaps CONSTANT text := 'SELECT product_key, attribute_key FROM raw_product_attribute_gaps';
BEGIN
    DELETE FROM review_queue q WHERE NOT EXISTS (
        SELECT FROM raw_product_attribute_gaps g WHERE (g.product_key, g.attribute_key) = (q.product_key, q.attribute_key));
    EXECUTE gapdeck_queue_add_sql(gaps || ' EXCEPT SELECT product_key, attribute_key FROM review_queue');
    EXECUTE gapdeck_queue_lock_sql(gaps);
    EXECUTE gapdeck_queue_rescore_sql(gaps);
    UPDATE review_queue q SET product_name = left(coalesce(p.product_name, ''), 1000),
           sort_name = left(lower(coalesce(p.product_name, '')), 100), category_key = coalesce(c.category_key, ''),
           gap_created_at = g.created_at, updated_at = now()
      FROM raw_product_attribute_gaps g
      JOIN raw_products p USING (product_key)
      LEFT JOIN (SELECT product_key, min(category_key) AS category_key FROM raw_product_categories GROUP BY product_key) c
           USING (product_key)
     WHERE g.product_key = q.product_key AND g.attribute_key = q.attribute_key
       AND (q.product_name, q.category_key, q.gap_created_at)
           IS DISTINCT FROM (left(coalesce(p.product_name, ''), 1000), coalesce(c.category_key, ''), g.created_at);
END $$;

CREATE FUNCTION gapdeck_gaps_changed() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        DELETE FROM review_queue;
        RETURN NULL;
    END IF;
    IF TG_OP <> 'INSERT' THEN
        DELETE FROM review_queue q USING old_rows o
         WHERE q.product_key = o.product_key AND q.attribute_key = o.attribute_key
           AND NOT EXISTS (SELECT FROM raw_product_attribute_gaps g
                            WHERE g.product_key = o.product_key AND g.attribute_key = o.attribute_key);
    END IF;
    IF TG_OP <> 'DELETE' THEN
        EXECUTE gapdeck_queue_lock_sql('SELECT product_key FROM new_rows');
        EXECUTE gapdeck_queue_add_sql('SELECT product_key, attribute_key FROM new_rows');
    END IF;
    IF TG_OP = 'UPDATE' THEN
        UPDATE review_queue q SET gap_created_at = n.created_at, updated_at = now() FROM new_rows n
         WHERE q.product_key = n.product_key AND q.attribute_key = n.attribute_key AND q.gap_created_at <> n.created_at;
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION gapdeck_candidates_changed() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE pairs text;
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        pairs := 'SELECT product_key, attribute_key FROM review_queue WHERE candidate_count > 0';
    ELSIF TG_OP = 'INSERT' THEN
        pairs := 'SELECT product_key, attribute_key FROM new_rows';
    ELSIF TG_OP = 'DELETE' THEN
        pairs := 'SELECT product_key, attribute_key FROM old_rows';
    -- A decision only marks predictions right or wrong: nothing to score then.
    ELSIF EXISTS (SELECT product_key, attribute_key, value_md5, confidence FROM new_rows
                  EXCEPT ALL SELECT product_key, attribute_key, value_md5, confidence FROM old_rows) THEN
        pairs := 'SELECT product_key, attribute_key FROM new_rows
                  UNION SELECT product_key, attribute_key FROM old_rows';
    ELSE
        RETURN NULL;
    END IF;
    EXECUTE gapdeck_queue_lock_sql(pairs);
    EXECUTE gapdeck_queue_rescore_sql(pairs);
    RETURN NULL;
END $$;

CREATE FUNCTION gapdeck_products_changed() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
    UPDATE review_queue q SET product_name = left(coalesce(n.product_name, ''), 1000),
           sort_name = left(lower(coalesce(n.product_name, '')), 100), updated_at = now()
      FROM new_rows n
     WHERE q.product_key = n.product_key AND q.product_name <> left(coalesce(n.product_name, ''), 1000);
    RETURN NULL;
END $$;

CREATE FUNCTION gapdeck_product_categories_changed() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE changed text;
BEGIN
    changed := CASE TG_OP
        WHEN 'INSERT' THEN 'SELECT product_key FROM new_rows'
        WHEN 'DELETE' THEN 'SELECT product_key FROM old_rows'
        WHEN 'UPDATE' THEN 'SELECT product_key FROM new_rows UNION SELECT product_key FROM old_rows'
        ELSE 'SELECT product_key FROM review_queue' END;
    EXECUTE gapdeck_queue_lock_sql(changed);
    EXECUTE format('
        UPDATE review_queue q SET category_key = coalesce(c.category_key, ''''), updated_at = now()
          FROM (SELECT DISTINCT product_key FROM (%s) AS p) AS changed
          LEFT JOIN (SELECT product_key, min(category_key) AS category_key FROM raw_product_categories
                      WHERE product_key IN (%1$s) GROUP BY product_key) c USING (product_key)
         WHERE q.product_key = changed.product_key AND q.category_key <> coalesce(c.category_key, '''')', changed);
    RETURN NULL;
END $$;

CREATE TRIGGER queue_insert AFTER INSERT ON raw_product_attribute_gaps
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION gapdeck_gaps_changed();
CREATE TRIGGER queue_update AFTER UPDATE ON raw_product_attribute_gaps
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION gapdeck_gaps_changed();
CREATE TRIGGER queue_delete AFTER DELETE ON raw_product_attribute_gaps
    REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION gapdeck_gaps_changed();
CREATE TRIGGER queue_truncate AFTER TRUNCATE ON raw_product_attribute_gaps
    FOR EACH STATEMENT EXECUTE FUNCTION gapdeck_gaps_changed();

CREATE TRIGGER queue_insert AFTER INSERT ON prediction_results
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION gapdeck_candidates_changed();
CREATE TRIGGER queue_update AFTER UPDATE ON prediction_results
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION gapdeck_candidates_changed();
CREATE TRIGGER queue_delete AFTER DELETE ON prediction_results
    REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION gapdeck_candidates_changed();
CREATE TRIGGER queue_truncate AFTER TRUNCATE ON prediction_results
    FOR EACH STATEMENT EXECUTE FUNCTION gapdeck_candidates_changed();

CREATE TRIGGER queue_insert AFTER INSERT ON raw_recommendations
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION gapdeck_candidates_changed();
CREATE TRIGGER queue_update AFTER UPDATE ON raw_recommendations
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION gapdeck_candidates_changed();
CREATE TRIGGER queue_delete AFTER DELETE ON raw_recommendations
    REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION gapdeck_candidates_changed();
CREATE TRIGGER queue_truncate AFTER TRUNCATE ON raw_recommendations
    FOR EACH STATEMENT EXECUTE FUNCTION gapdeck_candidates_changed();

CREATE TRIGGER queue_update AFTER UPDATE ON raw_products
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION gapdeck_products_changed();

CREATE TRIGGER queue_insert AFTER INSERT ON raw_product_categories
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION gapdeck_product_categories_changed();
CREATE TRIGGER queue_update AFTER UPDATE ON raw_product_categories
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION gapdeck_product_categories_changed();
CREATE TRIGGER queue_delete AFTER DELETE ON raw_product_categories
    REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION gapdeck_product_categories_changed();
CREATE TRIGGER queue_truncate AFTER TRUNCATE ON raw_product_categories
    FOR EACH STATEMENT EXECUTE FUNCTION gapdeck_product_categories_changed();

-- Whoever writes the raw tables needs no right on the queue: the functions run as their owner, in this schema only.
DO $$
DECLARE name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['gapdeck_gaps_changed', 'gapdeck_candidates_changed', 'gapdeck_products_changed',
                                'gapdeck_product_categories_changed'] LOOP
        EXECUTE format('ALTER FUNCTION %I() SET search_path = %I, pg_temp', name, current_schema());
        EXECUTE format('REVOKE ALL ON FUNCTION %I() FROM PUBLIC', name);
    END LOOP;
END $$;

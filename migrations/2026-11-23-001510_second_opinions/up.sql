-- Second opinions: a decision says which state it brought its gap into, so that a gap is in the same state whatever the share
-- of second opinions is by then; the queue knows whose opinion another one is awaited to.
ALTER TABLE human_recommendations ADD COLUMN result_state text;
ALTER TABLE human_recommendations ADD CONSTRAINT human_recommendations_result_state CHECK (CASE action
    WHEN 'accept' THEN result_state IN ('accepted', 'second', 'disputed')
    WHEN 'override' THEN result_state IN ('overridden', 'second', 'disputed')
    WHEN 'reject' THEN result_state IN ('rejected', 'second', 'disputed')
    WHEN 'not_applicable' THEN result_state IN ('not_applicable', 'second', 'disputed')
    WHEN 'defer' THEN result_state = 'deferred'
    WHEN 'flag' THEN result_state = 'flagged'
    ELSE result_state IS NULL END);
COMMENT ON COLUMN human_recommendations.result_state IS
    'The state that the decision brought its gap into; null for an undo, which restores the one before, and for the action''s own.';

ALTER TABLE review_queue ADD COLUMN first_by text COLLATE "C";
ALTER TABLE review_queue DROP CONSTRAINT review_queue_state;
ALTER TABLE review_queue ADD CONSTRAINT review_queue_state CHECK (state IN ('open', 'second', 'disputed', 'accepted',
    'overridden', 'rejected', 'not_applicable', 'deferred', 'flagged'));
COMMENT ON COLUMN review_queue.first_by IS 'Who gave the first opinion, while a second one is awaited.';
COMMENT ON COLUMN review_queue.decided_by IS
    'The reviewer of the decision in force; null while one opinion of two is in, or two differ.';
COMMENT ON COLUMN review_queue.decided_value IS 'The value of the decision in force, 200 characters; null as decided_by is.';
COMMENT ON COLUMN review_queue.decided_at IS 'When the decision in force was made; null as decided_by is.';

-- What the decisions on gaps come to. `pairs` is a query that yields product_key and attribute_key, each pair once; the result
-- has one row for each that was ever decided. A first opinion and two that differ settle nothing: who and what stay empty.
CREATE FUNCTION gapdeck_decided_sql(pairs text) RETURNS text LANGUAGE sql IMMUTABLE AS $sql$
    SELECT format($query$
    SELECT product_key, attribute_key, v.version, d.state, d.decision_id,
           CASE WHEN d.state NOT IN ('second', 'disputed') THEN d.reviewer END AS decided_by,
           CASE WHEN d.state NOT IN ('second', 'disputed') THEN left(d.value, 200) END AS decided_value,
           CASE WHEN d.state NOT IN ('second', 'disputed') THEN d.decided_at END AS decided_at,
           CASE WHEN o.result_state = 'second' THEN o.reviewer END AS first_by
      FROM (SELECT product_key, attribute_key, max(result_version) AS version
              FROM (%1$s) AS p JOIN human_recommendations USING (product_key, attribute_key)
             GROUP BY product_key, attribute_key) v
      LEFT JOIN (SELECT DISTINCT ON (product_key, attribute_key) product_key, attribute_key, h.decision_id, h.reviewer,
                        h.value, h.decided_at, coalesce(h.result_state,
                        CASE h.action WHEN 'accept' THEN 'accepted' WHEN 'override' THEN 'overridden'
                                      WHEN 'reject' THEN 'rejected' WHEN 'defer' THEN 'deferred'
                                      WHEN 'flag' THEN 'flagged' ELSE h.action END) AS state
                   FROM (%1$s) AS p JOIN human_recommendations h USING (product_key, attribute_key)
                  WHERE h.action <> 'undo'
                    AND NOT EXISTS (SELECT FROM human_recommendations u
                                     WHERE u.product_key = h.product_key AND u.undoes = h.decision_id)
                  ORDER BY product_key, attribute_key, h.result_version DESC) d USING (product_key, attribute_key)
      LEFT JOIN (SELECT DISTINCT ON (product_key, attribute_key) product_key, attribute_key, h.reviewer, h.result_state
                   FROM (%1$s) AS p JOIN human_recommendations h USING (product_key, attribute_key)
                  WHERE h.action NOT IN ('undo', 'defer', 'flag')
                    AND NOT EXISTS (SELECT FROM human_recommendations u
                                     WHERE u.product_key = h.product_key AND u.undoes = h.decision_id)
                  ORDER BY product_key, attribute_key, h.result_version DESC) o USING (product_key, attribute_key)
    $query$, pairs)
$sql$;
COMMENT ON FUNCTION gapdeck_decided_sql(text) IS 'The query for what the decisions on gaps come to.';

-- As before, with what the decisions come to.
CREATE OR REPLACE FUNCTION gapdeck_queue_add_sql(pairs text) RETURNS text LANGUAGE sql IMMUTABLE AS $sql$
    SELECT 'WITH ' || gapdeck_score_sql(pairs) || ', decided AS (' || gapdeck_decided_sql('SELECT product_key, attribute_key FROM pair')
        || ')' || $query$
    INSERT INTO review_queue (product_key, attribute_key, product_name, sort_name, category_key, best_value,
        best_confidence, candidate_count, value_count, disagreement, uncertainty, state, version, decision_id,
        decided_by, decided_value, decided_at, first_by, gap_created_at)
    SELECT g.product_key, g.attribute_key, left(coalesce(p.product_name, ''), 1000),
           left(lower(coalesce(p.product_name, '')), 100), coalesce(c.category_key, ''), s.best_value, s.best_confidence,
           coalesce(s.candidate_count, 0), coalesce(s.value_count, 0), coalesce(s.disagreement, 0),
           coalesce(s.uncertainty, -1), coalesce(d.state, 'open'), coalesce(d.version, 0), d.decision_id, d.decided_by,
           d.decided_value, d.decided_at, d.first_by, g.created_at
      FROM pair
      JOIN raw_product_attribute_gaps g USING (product_key, attribute_key)
      JOIN raw_products p USING (product_key)
      LEFT JOIN (SELECT product_key, min(category_key) AS category_key
                   FROM raw_product_categories
                  WHERE product_key IN (SELECT product_key FROM pair) GROUP BY product_key) c USING (product_key)
      LEFT JOIN score s USING (product_key, attribute_key)
      LEFT JOIN decided d USING (product_key, attribute_key)
     ORDER BY g.product_key, g.attribute_key
    ON CONFLICT (product_key, attribute_key) DO NOTHING
    $query$
$sql$;

CREATE OR REPLACE FUNCTION gapdeck_queue_sync(after text, until text, locking boolean)
RETURNS TABLE (removed bigint, added bigint, rescored bigint, described bigint, decided bigint) LANGUAGE plpgsql AS $$
DECLARE
    -- Texts instead of parameters: each range is planned for its own number of rows.
    keys CONSTANT text := concat_ws(' AND ', 'true', 'product_key > ' || quote_literal(after),
                                    'product_key <= ' || quote_literal(until));
    gaps CONSTANT text := 'SELECT product_key, attribute_key FROM raw_product_attribute_gaps WHERE ' || keys;
BEGIN
    IF locking THEN
        EXECUTE gapdeck_queue_lock_sql('SELECT product_key FROM raw_products WHERE ' || keys);
    END IF;

    EXECUTE format('DELETE FROM review_queue q WHERE %s AND NOT EXISTS (
        SELECT FROM raw_product_attribute_gaps g
         WHERE g.product_key = q.product_key AND g.attribute_key = q.attribute_key)', keys);
    GET DIAGNOSTICS removed = ROW_COUNT;

    EXECUTE gapdeck_queue_add_sql(gaps || ' EXCEPT SELECT product_key, attribute_key FROM review_queue WHERE ' || keys);
    GET DIAGNOSTICS added = ROW_COUNT;

    EXECUTE gapdeck_queue_rescore_sql(gaps);
    GET DIAGNOSTICS rescored = ROW_COUNT;

    EXECUTE format('
        UPDATE review_queue q SET product_name = left(coalesce(p.product_name, ''''), 1000),
               sort_name = left(lower(coalesce(p.product_name, '''')), 100), category_key = coalesce(c.category_key, ''''),
               gap_created_at = g.created_at, updated_at = now()
          FROM (SELECT product_key, attribute_key, created_at FROM raw_product_attribute_gaps WHERE %1$s) g
          JOIN (SELECT product_key, product_name FROM raw_products WHERE %1$s) p USING (product_key)
          LEFT JOIN (SELECT product_key, min(category_key) AS category_key FROM raw_product_categories
                      WHERE %1$s GROUP BY product_key) c USING (product_key)
         WHERE g.product_key = q.product_key AND g.attribute_key = q.attribute_key
           AND (q.product_name, q.category_key, q.gap_created_at) IS DISTINCT FROM
               (left(coalesce(p.product_name, ''''), 1000), coalesce(c.category_key, ''''), g.created_at)', keys);
    GET DIAGNOSTICS described = ROW_COUNT;

    -- Decisions that came without gapdeck (a restored or copied table). A version only grows, so a decision that is
    -- written meanwhile is never taken back.
    EXECUTE format('
        UPDATE review_queue q SET version = d.version, state = coalesce(d.state, ''open''), decision_id = d.decision_id,
               decided_by = d.decided_by, decided_value = d.decided_value, decided_at = d.decided_at,
               first_by = d.first_by, updated_at = now()
          FROM (%s) AS d
         WHERE q.product_key = d.product_key AND q.attribute_key = d.attribute_key AND q.version < d.version',
        gapdeck_decided_sql('SELECT DISTINCT product_key, attribute_key FROM human_recommendations WHERE ' || keys));
    GET DIAGNOSTICS decided = ROW_COUNT;
    RETURN NEXT;
END $$;

-- Without second opinions, a gap is in the state of its last decision. The predictions of gaps that one opinion or two that
-- differ were on stay without a mark.
UPDATE review_queue q SET state = CASE h.action WHEN 'accept' THEN 'accepted' WHEN 'override' THEN 'overridden'
                                           WHEN 'reject' THEN 'rejected' ELSE h.action END,
       decided_by = h.reviewer, decided_value = left(h.value, 200), decided_at = h.decided_at, updated_at = now()
  FROM human_recommendations h
 WHERE q.state IN ('second', 'disputed') AND h.product_key = q.product_key AND h.decision_id = q.decision_id;
ALTER TABLE review_queue DROP CONSTRAINT review_queue_state;
ALTER TABLE review_queue ADD CONSTRAINT review_queue_state CHECK
    (state IN ('open', 'accepted', 'overridden', 'rejected', 'not_applicable', 'deferred', 'flagged'));

CREATE OR REPLACE FUNCTION gapdeck_queue_add_sql(pairs text) RETURNS text LANGUAGE sql IMMUTABLE AS $sql$
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
        UPDATE review_queue q SET version = v.version, state = coalesce(d.state, ''open''), decision_id = d.decision_id,
               decided_by = d.reviewer, decided_value = left(d.value, 200), decided_at = d.decided_at, updated_at = now()
          FROM (SELECT product_key, attribute_key, max(result_version) AS version FROM human_recommendations
                 WHERE %1$s GROUP BY product_key, attribute_key) v
          LEFT JOIN (SELECT DISTINCT ON (product_key, attribute_key) product_key, attribute_key, h.decision_id,
                            h.reviewer, h.value, h.decided_at,
                            CASE h.action WHEN ''accept'' THEN ''accepted'' WHEN ''override'' THEN ''overridden''
                                          WHEN ''reject'' THEN ''rejected'' WHEN ''defer'' THEN ''deferred''
                                          WHEN ''flag'' THEN ''flagged'' ELSE h.action END AS state
                       FROM human_recommendations h
                      WHERE %1$s AND h.action <> ''undo''
                        AND NOT EXISTS (SELECT FROM human_recommendations u
                                         WHERE u.product_key = h.product_key AND u.undoes = h.decision_id)
                      ORDER BY product_key, attribute_key, h.result_version DESC) d USING (product_key, attribute_key)
         WHERE q.product_key = v.product_key AND q.attribute_key = v.attribute_key AND q.version < v.version', keys);
    GET DIAGNOSTICS decided = ROW_COUNT;
    RETURN NEXT;
END $$;

DROP FUNCTION gapdeck_decided_sql(text);
ALTER TABLE review_queue DROP COLUMN first_by;
ALTER TABLE human_recommendations DROP COLUMN result_state;
COMMENT ON COLUMN review_queue.decided_by IS 'The reviewer of the decision in force.';
COMMENT ON COLUMN review_queue.decided_value IS 'The value of the decision in force, 200 characters.';
COMMENT ON COLUMN review_queue.decided_at IS NULL;

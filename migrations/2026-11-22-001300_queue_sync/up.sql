-- Brings the queue in step for the products behind `after`, up to and with `until` (null: no bound), as the triggers
-- would have, and as the decisions say. For tables that were loaded with the triggers disabled, and for servers that have
-- no triggers on these tables (Citus). Small ranges, each in a transaction of its own, keep locks short.
--
-- With `locking`, the range's products are locked first, as the triggers do: whoever writes their rows at the same time
-- waits, so no statement here works with what that writer is about to replace. Without triggers that order is not kept
-- by anybody, and a distributed table cannot be locked row by row: then false, and the next run mends what was missed.
CREATE FUNCTION gapdeck_queue_sync(after text, until text, locking boolean)
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
COMMENT ON FUNCTION gapdeck_queue_sync(text, text, boolean) IS
    'Brings the queue in step with the raw tables and the decisions for a range of products.';

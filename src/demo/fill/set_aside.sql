-- Indexes and foreign keys of the tables that get many rows, to be made again when the rows are in: building an index
-- once takes a fraction of the time of keeping it. What `ON CONFLICT` of the queue needs stays.
CREATE TEMP TABLE made_up_aside (made int PRIMARY KEY, name text, definition text, is_key boolean) ON COMMIT DROP;
DO $$
DECLARE
    big CONSTANT regclass[] := ARRAY['raw_products', 'raw_product_categories', 'raw_product_attribute_values',
        'raw_product_attribute_gaps', 'prediction_results', 'human_recommendations', 'product_embeddings', 'review_queue'];
    one record;
BEGIN
    INSERT INTO made_up_aside
    SELECT row_number() OVER (ORDER BY kind, name), name, definition, kind < 3
      FROM (SELECT CASE contype WHEN 'p' THEN 1 WHEN 'u' THEN 2 ELSE 4 END AS kind, conname AS name,
                   format('ALTER TABLE %s ADD CONSTRAINT %I %s', conrelid::regclass, conname, pg_get_constraintdef(oid)) AS definition
              FROM pg_constraint
             WHERE (conrelid = ANY (big) OR confrelid = ANY (big)) AND contype IN ('p', 'u', 'f')
               AND NOT (conrelid = 'review_queue'::regclass AND contype = 'p')
            UNION ALL
            SELECT 3, relname, pg_get_indexdef(indexrelid)
              FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
             WHERE indrelid = ANY (big) AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid AND contype IN ('p', 'u', 'x'))
           ) AS found;
    FOR one IN SELECT conname, conrelid::regclass AS table FROM pg_constraint
                WHERE (conrelid = ANY (big) OR confrelid = ANY (big)) AND contype = 'f' LOOP
        EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', one.table, one.conname);
    END LOOP;
    FOR one IN SELECT conname, conrelid::regclass AS table FROM pg_constraint
                WHERE conrelid = ANY (big) AND contype IN ('p', 'u') AND NOT (conrelid = 'review_queue'::regclass AND contype = 'p') LOOP
        EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', one.table, one.conname);
    END LOOP;
    FOR one IN SELECT indexrelid::regclass AS index FROM pg_index
                WHERE indrelid = ANY (big) AND indexrelid <> (SELECT conindid FROM pg_constraint WHERE conrelid = 'review_queue'::regclass AND contype = 'p') LOOP
        EXECUTE format('DROP INDEX %s', one.index);
    END LOOP;
END $$;

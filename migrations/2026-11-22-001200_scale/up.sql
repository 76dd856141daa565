-- Ten million gaps: an order of the queue for every state, and experiments summed up as predictions come and go.

-- One index an order, the state in front: pages of any state come out of it in order, whatever the share of that state.
-- Attributes are told apart inside the index; so are confidences where they go with the order (uncertainty).
DROP INDEX review_queue_open_confidence_desc, review_queue_open_confidence_asc, review_queue_open_uncertainty,
    review_queue_open_disagreement, review_queue_open_name, review_queue_open_age, review_queue_decided,
    review_queue_decision;
CREATE INDEX review_queue_confidence_desc ON review_queue (state, (coalesce(-best_confidence, 2)), product_key, attribute_key);
CREATE INDEX review_queue_confidence_asc ON review_queue (state, (coalesce(best_confidence, 2)), product_key, attribute_key);
CREATE INDEX review_queue_uncertainty ON review_queue (state, (-uncertainty), product_key, attribute_key, best_confidence);
CREATE INDEX review_queue_disagreement ON review_queue (state, (-disagreement), product_key, attribute_key);
CREATE INDEX review_queue_name ON review_queue (state, sort_name, product_key, attribute_key);
CREATE INDEX review_queue_age ON review_queue (state, gap_created_at, product_key, attribute_key);
-- What is open of a category by name: names go with categories, so that walking the names would take long.
CREATE INDEX review_queue_open_category_name ON review_queue
    (category_key, sort_name, product_key, attribute_key) WHERE state = 'open';

-- What each experiment has predicted on each day. Writers only add rows, of differences, so that they never wait for each
-- other: not reviewers for an import, nor for each other. The sum of the rows is right at all times; now and then many
-- rows are folded into one.
CREATE TABLE prediction_tallies (
    experiment_key  text COLLATE "C" NOT NULL,
    tally_id        bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
    day             timestamptz NOT NULL,
    predictions     bigint NOT NULL DEFAULT 0,
    gaps            bigint NOT NULL DEFAULT 0,
    with_confidence bigint NOT NULL DEFAULT 0,
    confidence      bigint NOT NULL DEFAULT 0,
    correct         bigint NOT NULL DEFAULT 0,
    incorrect       bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (experiment_key, tally_id)
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);
COMMENT ON TABLE prediction_tallies IS 'Sums over prediction_results, kept by triggers; several rows an experiment and day.';
COMMENT ON COLUMN prediction_tallies.gaps IS 'Pairs predicted for the first time, less those with no prediction left.';
COMMENT ON COLUMN prediction_tallies.confidence IS 'The sum of the confidences in billionths: whole numbers add up exactly.';

-- Folds what other transactions have added. Rows that somebody else is folding are left to them.
CREATE FUNCTION gapdeck_tallies_fold() RETURNS void LANGUAGE sql AS $$
    WITH gone AS (
        DELETE FROM prediction_tallies t
         USING (SELECT experiment_key, tally_id FROM prediction_tallies LIMIT 10000 FOR UPDATE SKIP LOCKED) AS taken
         WHERE t.experiment_key = taken.experiment_key AND t.tally_id = taken.tally_id
        RETURNING t.*)
    INSERT INTO prediction_tallies (experiment_key, day, predictions, gaps, with_confidence, confidence, correct, incorrect)
    SELECT experiment_key, day, sum(predictions), sum(gaps), sum(with_confidence), sum(confidence), sum(correct), sum(incorrect)
      FROM gone GROUP BY experiment_key, day
    HAVING sum(predictions) <> 0 OR sum(gaps) <> 0 OR sum(with_confidence) <> 0 OR sum(confidence) <> 0
        OR sum(correct) <> 0 OR sum(incorrect) <> 0
$$;

-- Brings the sums in step; for a database loaded with the triggers disabled. It only adds what is missing, too, as one
-- snapshot shows it: whoever writes meanwhile adds the difference that they make, and neither waits for the other.
CREATE FUNCTION gapdeck_tallies_sync() RETURNS void LANGUAGE sql AS $$
    INSERT INTO prediction_tallies (experiment_key, day, predictions, gaps, with_confidence, confidence, correct, incorrect)
    SELECT experiment_key, day, sum(predictions), sum(gaps), sum(with_confidence), sum(confidence), sum(correct), sum(incorrect)
      FROM (SELECT experiment_key, date_trunc('day', created_at, 'UTC') AS day, count(*) AS predictions, 0::bigint AS gaps,
                   count(confidence) AS with_confidence, coalesce(sum(round(confidence * 1e9)::bigint), 0) AS confidence,
                   count(*) FILTER (WHERE is_correct) AS correct, count(*) FILTER (WHERE NOT is_correct) AS incorrect
              FROM prediction_results GROUP BY 1, 2
            UNION ALL
            -- A pair counts once, whatever the number of its values.
            SELECT experiment_key, day, 0, count(*), 0, 0, 0, 0
              FROM (SELECT experiment_key, date_trunc('day', min(created_at), 'UTC') AS day
                      FROM prediction_results GROUP BY product_key, attribute_key, experiment_key) AS pair
             GROUP BY 1, 2
            UNION ALL
            SELECT experiment_key, day, -predictions, -gaps, -with_confidence, -confidence, -correct, -incorrect
              FROM prediction_tallies) AS part
     GROUP BY experiment_key, day
    HAVING sum(predictions) <> 0 OR sum(gaps) <> 0 OR sum(with_confidence) <> 0 OR sum(confidence) <> 0
        OR sum(correct) <> 0 OR sum(incorrect) <> 0;
    SELECT gapdeck_tallies_fold();
$$;

CREATE FUNCTION gapdeck_predictions_tallied() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        DELETE FROM prediction_tallies;
        RETURN NULL;
    ELSIF TG_OP = 'INSERT' THEN
        INSERT INTO prediction_tallies (experiment_key, day, predictions, with_confidence, confidence, correct, incorrect)
        SELECT experiment_key, date_trunc('day', created_at, 'UTC'), count(*), count(confidence),
               coalesce(sum(round(confidence * 1e9)::bigint), 0), count(*) FILTER (WHERE is_correct),
               count(*) FILTER (WHERE NOT is_correct)
          FROM new_rows GROUP BY 1, 2;
        INSERT INTO prediction_tallies (experiment_key, day, gaps)
        SELECT experiment_key, day, count(*)
          FROM (SELECT product_key, attribute_key, experiment_key, count(*) AS added,
                       date_trunc('day', min(created_at), 'UTC') AS day
                  FROM new_rows GROUP BY 1, 2, 3) AS pair
         WHERE added = (SELECT count(*) FROM prediction_results p
                         WHERE p.product_key = pair.product_key AND p.attribute_key = pair.attribute_key
                           AND p.experiment_key = pair.experiment_key)
         GROUP BY 1, 2;
    ELSIF TG_OP = 'DELETE' THEN
        INSERT INTO prediction_tallies (experiment_key, day, predictions, with_confidence, confidence, correct, incorrect)
        SELECT experiment_key, date_trunc('day', created_at, 'UTC'), -count(*), -count(confidence),
               -coalesce(sum(round(confidence * 1e9)::bigint), 0), -count(*) FILTER (WHERE is_correct),
               -count(*) FILTER (WHERE NOT is_correct)
          FROM old_rows GROUP BY 1, 2;
        INSERT INTO prediction_tallies (experiment_key, day, gaps)
        SELECT experiment_key, day, -count(*)
          FROM (SELECT product_key, attribute_key, experiment_key, date_trunc('day', min(created_at), 'UTC') AS day
                  FROM old_rows GROUP BY 1, 2, 3) AS pair
         WHERE NOT EXISTS (SELECT FROM prediction_results p
                            WHERE p.product_key = pair.product_key AND p.attribute_key = pair.attribute_key
                              AND p.experiment_key = pair.experiment_key)
         GROUP BY 1, 2;
    ELSE
        INSERT INTO prediction_tallies (experiment_key, day, predictions, with_confidence, confidence, correct, incorrect)
        SELECT experiment_key, day, sum(sign), coalesce(sum(sign) FILTER (WHERE confidence IS NOT NULL), 0),
               coalesce(sum(sign * round(confidence * 1e9)::bigint), 0), coalesce(sum(sign) FILTER (WHERE is_correct), 0),
               coalesce(sum(sign) FILTER (WHERE NOT is_correct), 0)
          FROM (SELECT 1 AS sign, experiment_key, date_trunc('day', created_at, 'UTC') AS day, confidence, is_correct FROM new_rows
                UNION ALL
                SELECT -1, experiment_key, date_trunc('day', created_at, 'UTC'), confidence, is_correct FROM old_rows) AS changed
         GROUP BY 1, 2
        HAVING sum(sign) <> 0 OR coalesce(sum(sign) FILTER (WHERE confidence IS NOT NULL), 0) <> 0
            OR coalesce(sum(sign * round(confidence * 1e9)::bigint), 0) <> 0
            OR coalesce(sum(sign) FILTER (WHERE is_correct), 0) <> 0 OR coalesce(sum(sign) FILTER (WHERE NOT is_correct), 0) <> 0;
        -- A decision only marks predictions: their pairs stay.
        IF EXISTS (SELECT product_key, attribute_key, experiment_key FROM new_rows
                   EXCEPT ALL SELECT product_key, attribute_key, experiment_key FROM old_rows) THEN
            EXECUTE gapdeck_queue_lock_sql('SELECT product_key FROM new_rows UNION SELECT product_key FROM old_rows');
            INSERT INTO prediction_tallies (experiment_key, day, gaps)
            SELECT experiment_key, day, sum((stored > 0)::int - (stored - added > 0)::int)
              FROM (SELECT experiment_key, date_trunc('day', min(created_at), 'UTC') AS day, sum(sign) AS added,
                           (SELECT count(*) FROM prediction_results p
                             WHERE p.product_key = changed.product_key AND p.attribute_key = changed.attribute_key
                               AND p.experiment_key = changed.experiment_key) AS stored
                      FROM (SELECT 1 AS sign, product_key, attribute_key, experiment_key, created_at FROM new_rows
                            UNION ALL SELECT -1, product_key, attribute_key, experiment_key, created_at FROM old_rows) AS changed
                     GROUP BY product_key, attribute_key, experiment_key) AS pair
             GROUP BY 1, 2 HAVING sum((stored > 0)::int - (stored - added > 0)::int) <> 0;
        END IF;
    END IF;
    -- One statement in about 200 folds, so that there are never many rows. Not where a snapshot is kept: what others have
    -- folded meanwhile would be a conflict there.
    IF random() < 0.005 AND current_setting('transaction_isolation') = 'read committed' THEN
        PERFORM gapdeck_tallies_fold();
    END IF;
    RETURN NULL;
END $$;

-- By name behind the queue's triggers, which make the writers of one product's predictions wait for each other.
CREATE TRIGGER tally_insert AFTER INSERT ON prediction_results
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION gapdeck_predictions_tallied();
CREATE TRIGGER tally_update AFTER UPDATE ON prediction_results
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION gapdeck_predictions_tallied();
CREATE TRIGGER tally_delete AFTER DELETE ON prediction_results
    REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION gapdeck_predictions_tallied();
CREATE TRIGGER tally_truncate AFTER TRUNCATE ON prediction_results
    FOR EACH STATEMENT EXECUTE FUNCTION gapdeck_predictions_tallied();

DO $$
BEGIN
    EXECUTE format('ALTER FUNCTION gapdeck_predictions_tallied() SET search_path = %I, pg_temp', current_schema());
    REVOKE ALL ON FUNCTION gapdeck_predictions_tallied() FROM PUBLIC;
END $$;

SELECT gapdeck_tallies_sync();

-- The views as before, over the sums.
CREATE OR REPLACE VIEW experiment_summary AS
SELECT e.experiment_key, e.model, e.description, e.parameters, e.metrics, e.created_at, e.completed_at,
       coalesce(p.predictions, 0) AS predictions, coalesce(p.gaps, 0) AS gaps, p.average_confidence,
       coalesce(p.correct, 0) AS correct, coalesce(p.incorrect, 0) AS incorrect,
       p.correct::double precision / nullif(p.correct + p.incorrect, 0) AS accuracy
  FROM prediction_experiments e
  LEFT JOIN (SELECT experiment_key, sum(predictions)::bigint AS predictions, sum(gaps)::bigint AS gaps,
                    sum(confidence)::double precision / nullif(sum(with_confidence) * 1000000000, 0)::double precision
                        AS average_confidence,
                    sum(correct)::bigint AS correct, sum(incorrect)::bigint AS incorrect
               FROM prediction_tallies GROUP BY experiment_key) p USING (experiment_key);

CREATE OR REPLACE VIEW metric_trends AS
SELECT experiment_key, day, predictions, average_confidence,
       average_confidence - lag(average_confidence) OVER (PARTITION BY experiment_key ORDER BY day) AS confidence_change,
       correct, incorrect
  FROM (SELECT experiment_key, day, sum(predictions)::bigint AS predictions,
               sum(confidence)::double precision / nullif(sum(with_confidence) * 1000000000, 0)::double precision
                   AS average_confidence,
               sum(correct)::bigint AS correct, sum(incorrect)::bigint AS incorrect
          FROM prediction_tallies GROUP BY experiment_key, day HAVING sum(predictions) > 0) AS daily;

DROP TRIGGER tally_insert ON prediction_results;
DROP TRIGGER tally_update ON prediction_results;
DROP TRIGGER tally_delete ON prediction_results;
DROP TRIGGER tally_truncate ON prediction_results;

CREATE OR REPLACE VIEW experiment_summary AS
SELECT e.experiment_key, e.model, e.description, e.parameters, e.metrics, e.created_at, e.completed_at,
       coalesce(p.predictions, 0) AS predictions, coalesce(p.gaps, 0) AS gaps, p.average_confidence,
       coalesce(p.correct, 0) AS correct, coalesce(p.incorrect, 0) AS incorrect,
       p.correct::double precision / nullif(p.correct + p.incorrect, 0) AS accuracy
  FROM prediction_experiments e
  LEFT JOIN (SELECT experiment_key, count(*) AS predictions, count(DISTINCT (product_key, attribute_key)) AS gaps,
                    avg(confidence) AS average_confidence, count(*) FILTER (WHERE is_correct) AS correct,
                    count(*) FILTER (WHERE NOT is_correct) AS incorrect
               FROM prediction_results GROUP BY experiment_key) p USING (experiment_key);
CREATE OR REPLACE VIEW metric_trends AS
SELECT experiment_key, day, predictions, average_confidence,
       average_confidence - lag(average_confidence) OVER (PARTITION BY experiment_key ORDER BY day) AS confidence_change,
       correct, incorrect
  FROM (SELECT experiment_key, date_trunc('day', created_at, 'UTC') AS day, count(*) AS predictions,
               avg(confidence) AS average_confidence, count(*) FILTER (WHERE is_correct) AS correct,
               count(*) FILTER (WHERE NOT is_correct) AS incorrect
          FROM prediction_results GROUP BY experiment_key, date_trunc('day', created_at, 'UTC')) AS daily;

DROP FUNCTION gapdeck_predictions_tallied();
DROP FUNCTION gapdeck_tallies_sync();
DROP FUNCTION gapdeck_tallies_fold();
DROP TABLE prediction_tallies;

DROP INDEX review_queue_confidence_desc, review_queue_confidence_asc, review_queue_uncertainty, review_queue_disagreement,
    review_queue_name, review_queue_age, review_queue_open_category_name;
CREATE INDEX review_queue_open_confidence_desc ON review_queue
    ((coalesce(-best_confidence, 2)), product_key, attribute_key) WHERE state = 'open';
CREATE INDEX review_queue_open_confidence_asc ON review_queue
    ((coalesce(best_confidence, 2)), product_key, attribute_key) WHERE state = 'open';
CREATE INDEX review_queue_open_uncertainty ON review_queue ((-uncertainty), product_key, attribute_key) WHERE state = 'open';
CREATE INDEX review_queue_open_disagreement ON review_queue ((-disagreement), product_key, attribute_key) WHERE state = 'open';
CREATE INDEX review_queue_open_name ON review_queue (sort_name, product_key, attribute_key) WHERE state = 'open';
CREATE INDEX review_queue_open_age ON review_queue (gap_created_at, product_key, attribute_key) WHERE state = 'open';
CREATE INDEX review_queue_decided ON review_queue (state, decided_at) WHERE state <> 'open';
CREATE INDEX review_queue_decision ON review_queue (decision_id) WHERE decision_id IS NOT NULL;

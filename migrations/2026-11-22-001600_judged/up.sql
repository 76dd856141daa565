-- Judged predictions, for statistics: an entry appears with the decision, so that imports and open gaps cost nothing. Read
-- alone, without the table.
CREATE INDEX prediction_results_judged ON prediction_results (experiment_key, attribute_key, confidence)
    INCLUDE (is_correct) WHERE is_correct IS NOT NULL;

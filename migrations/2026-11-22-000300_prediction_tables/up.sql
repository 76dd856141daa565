CREATE TABLE prediction_experiments (
    experiment_key text COLLATE "C" PRIMARY KEY,
    model          text,
    description    text,
    parameters     jsonb NOT NULL DEFAULT '{}',
    metrics        jsonb NOT NULL DEFAULT '{}',
    created_at     timestamptz NOT NULL DEFAULT now(),
    completed_at   timestamptz
);
COMMENT ON TABLE prediction_experiments IS 'Experiments: runs of models, with their metrics.';

CREATE TABLE prediction_results (
    product_key    text COLLATE "C" NOT NULL REFERENCES raw_products ON DELETE CASCADE,
    attribute_key  text COLLATE "C" NOT NULL REFERENCES raw_attributes ON DELETE CASCADE,
    experiment_key text COLLATE "C" NOT NULL REFERENCES prediction_experiments ON DELETE CASCADE,
    value          text NOT NULL,
    value_md5      uuid NOT NULL GENERATED ALWAYS AS (md5(value)::uuid) STORED,
    confidence     double precision CONSTRAINT prediction_results_confidence CHECK (confidence BETWEEN 0 AND 1),
    reasoning      text,
    is_correct     boolean,
    decision_id    uuid,
    round_key      text COLLATE "C" REFERENCES raw_recommendation_rounds ON DELETE SET NULL,
    created_at     timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (product_key, attribute_key, experiment_key, value_md5)
);
COMMENT ON TABLE prediction_results IS 'Values that an experiment predicted for gaps.';
COMMENT ON COLUMN prediction_results.confidence IS 'The model''s confidence, 0..1.';
COMMENT ON COLUMN prediction_results.is_correct IS 'What the decision in force says of the value; null until there is one.';
COMMENT ON COLUMN prediction_results.decision_id IS 'The decision (human_recommendations) that says so.';
COMMENT ON COLUMN prediction_results.round_key IS 'The recommendation round that took the prediction over, if one did.';

CREATE INDEX prediction_results_attribute ON prediction_results (attribute_key);
CREATE INDEX prediction_results_experiment ON prediction_results (experiment_key, created_at);
CREATE INDEX prediction_results_round ON prediction_results (round_key) WHERE round_key IS NOT NULL;
CREATE INDEX prediction_results_decision ON prediction_results (decision_id) WHERE decision_id IS NOT NULL;
CREATE INDEX prediction_results_created_at ON prediction_results (created_at);
CREATE INDEX prediction_experiments_created_at ON prediction_experiments (created_at);
CREATE INDEX prediction_experiments_completed_at ON prediction_experiments (completed_at);
CREATE INDEX prediction_experiments_metrics ON prediction_experiments USING gin (experiment_key, metrics);
CREATE INDEX prediction_experiments_parameters ON prediction_experiments USING gin (parameters jsonb_path_ops);

-- The decisions, append-only. No foreign keys: a decision outlives the catalogue rows it is about.
CREATE TABLE human_recommendations (
    product_key           text COLLATE "C" NOT NULL,
    decision_id           uuid NOT NULL,
    attribute_key         text COLLATE "C" NOT NULL,
    reviewer              text COLLATE "C" NOT NULL,
    action                text NOT NULL CONSTRAINT human_recommendations_action CHECK
        (action IN ('accept', 'override', 'reject', 'not_applicable', 'defer', 'flag', 'undo')),
    value                 text,
    comment               text,
    base_version          integer NOT NULL,
    result_version        integer NOT NULL,
    undoes                uuid,
    shown_value           text,
    shown_confidence      double precision,
    shown_experiment      text COLLATE "C",
    batch_id              uuid,
    policy                text NOT NULL,
    selection_probability double precision,
    seconds               double precision,
    kept_on_purpose       boolean NOT NULL DEFAULT false,
    seen                  jsonb NOT NULL DEFAULT '{}',
    decided_at            timestamptz NOT NULL,
    recorded_at           timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (product_key, decision_id),
    -- A gap's decisions are a line: no two follow the same version.
    CONSTRAINT human_recommendations_version UNIQUE (product_key, attribute_key, result_version),
    CONSTRAINT human_recommendations_step CHECK (result_version = base_version + 1),
    CONSTRAINT human_recommendations_value CHECK ((action IN ('accept', 'override')) = (value IS NOT NULL)),
    CONSTRAINT human_recommendations_undoes CHECK ((action = 'undo') = (undoes IS NOT NULL))
);
COMMENT ON TABLE human_recommendations IS 'Decisions of reviewers on gaps: events, never edited.';
COMMENT ON COLUMN human_recommendations.decision_id IS 'Made by the client (UUIDv7): the idempotency key.';
COMMENT ON COLUMN human_recommendations.base_version IS 'The gap''s version that the reviewer saw.';
COMMENT ON COLUMN human_recommendations.undoes IS 'The decision that an undo takes back.';
COMMENT ON COLUMN human_recommendations.seen IS 'What the reviewer saw: candidates, neighbours, key path.';
COMMENT ON COLUMN human_recommendations.selection_probability IS 'With which probability the policy showed the gap.';
COMMENT ON COLUMN human_recommendations.kept_on_purpose IS 'The value is malformed or not allowed, and was kept all the same.';

CREATE INDEX human_recommendations_decision ON human_recommendations (decision_id);
CREATE INDEX human_recommendations_attribute ON human_recommendations (attribute_key);
CREATE INDEX human_recommendations_reviewer ON human_recommendations (reviewer, recorded_at);
CREATE INDEX human_recommendations_recorded_at ON human_recommendations (recorded_at);
CREATE INDEX human_recommendations_batch ON human_recommendations (batch_id) WHERE batch_id IS NOT NULL;
CREATE INDEX human_recommendations_undoes ON human_recommendations (undoes) WHERE undoes IS NOT NULL;
CREATE INDEX human_recommendations_experiment ON human_recommendations (shown_experiment, action);

CREATE FUNCTION gapdeck_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'human_recommendations is append-only'
        USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'human_recommendations_append_only',
              HINT = 'Record an undo instead.';
END $$;
CREATE TRIGGER human_recommendations_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON human_recommendations
    FOR EACH STATEMENT EXECUTE FUNCTION gapdeck_append_only();

-- Gaps whose right value is known. Mixed into the flow, they show how well a reviewer tells right predictions from wrong ones.
CREATE TABLE seeded_values (
    product_key   text COLLATE "C" NOT NULL REFERENCES raw_products ON DELETE CASCADE,
    attribute_key text COLLATE "C" NOT NULL REFERENCES raw_attributes ON DELETE CASCADE,
    value         text NOT NULL,
    value_md5     uuid NOT NULL GENERATED ALWAYS AS (md5(value)::uuid) STORED,
    created_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (product_key, attribute_key, value_md5)
);
COMMENT ON TABLE seeded_values IS 'Values known to be right, of gaps that the flow mixes in to see how well reviewers tell right from wrong.';
COMMENT ON COLUMN seeded_values.value IS 'The right value, or one of several.';
COMMENT ON COLUMN seeded_values.value_md5 IS 'MD5 of the value: keys of any length fit an index.';
CREATE INDEX seeded_values_attribute ON seeded_values (attribute_key);

-- What reviewers said of them. No foreign keys: an answer says something of a person, whatever becomes of the product.
CREATE TABLE seeded_answers (
    product_key   text COLLATE "C" NOT NULL,
    answer_id     uuid NOT NULL,
    attribute_key text COLLATE "C" NOT NULL,
    reviewer      text COLLATE "C" NOT NULL,
    action        text NOT NULL CONSTRAINT seeded_answers_action CHECK
        (action IN ('accept', 'override', 'reject', 'not_applicable', 'defer', 'flag')),
    value         text,
    shown_value   text,
    is_right      boolean,
    accepted      boolean,
    seconds       double precision,
    answered_at   timestamptz NOT NULL,
    recorded_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (product_key, answer_id)
);
COMMENT ON TABLE seeded_answers IS 'What reviewers said of seeded gaps; no decisions.';
COMMENT ON COLUMN seeded_answers.answer_id IS 'Made by the client (UUIDv7): the idempotency key.';
COMMENT ON COLUMN seeded_answers.action IS 'What it would have been as a decision.';
COMMENT ON COLUMN seeded_answers.value IS 'The value taken or given.';
COMMENT ON COLUMN seeded_answers.seconds IS 'From showing the gap to the answer.';
COMMENT ON COLUMN seeded_answers.answered_at IS 'By the reviewer''s clock.';
COMMENT ON COLUMN seeded_answers.recorded_at IS 'By the server''s clock.';
COMMENT ON COLUMN seeded_answers.shown_value IS 'The prediction shown first.';
COMMENT ON COLUMN seeded_answers.is_right IS 'Whether that was right; null where none was shown.';
COMMENT ON COLUMN seeded_answers.accepted IS 'Whether the reviewer took it; null where the gap was put off or flagged.';
CREATE INDEX seeded_answers_reviewer ON seeded_answers (reviewer, product_key, attribute_key);
CREATE INDEX seeded_answers_attribute ON seeded_answers (attribute_key);

ALTER TABLE review_policy ADD COLUMN seeded_share double precision NOT NULL DEFAULT 0
    CONSTRAINT review_policy_seeded_share CHECK (seeded_share BETWEEN 0 AND 1);
COMMENT ON COLUMN review_policy.seeded_share IS 'The share of gaps of the flow whose right value is known, 0..1.';

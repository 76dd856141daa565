-- How the team reviews, the same for everybody: one row.
CREATE TABLE review_policy (
    only_row        boolean PRIMARY KEY DEFAULT true CONSTRAINT review_policy_only_row CHECK (only_row),
    second_opinions double precision NOT NULL DEFAULT 0
        CONSTRAINT review_policy_second_opinions CHECK (second_opinions BETWEEN 0 AND 1),
    random_share    double precision NOT NULL DEFAULT 0
        CONSTRAINT review_policy_random_share CHECK (random_share BETWEEN 0 AND 1),
    blind_share     double precision NOT NULL DEFAULT 0
        CONSTRAINT review_policy_blind_share CHECK (blind_share BETWEEN 0 AND 1),
    set_by          text COLLATE "C",
    set_at          timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE review_policy IS 'How the team reviews, the same for everybody; without a row every share is 0.';
COMMENT ON COLUMN review_policy.only_row IS 'There is one row.';
COMMENT ON COLUMN review_policy.second_opinions IS 'The share of gaps that two people decide on, the second without seeing the first, 0..1.';
COMMENT ON COLUMN review_policy.random_share IS 'The share of gaps of the flow that are drawn at random instead of in order, 0..1.';
COMMENT ON COLUMN review_policy.blind_share IS 'The share of gaps whose predictions are shown after the reviewer has chosen, 0..1.';

-- A number in 0..1 that every gap has for a purpose, as if drawn at random once and for all: twelve decimals out of an MD5
-- sum, few enough that every program reads them back as they were written. The same numbers are made in `domain::Lot`.
CREATE FUNCTION gapdeck_lot(purpose text, product_key text, attribute_key text) RETURNS double precision
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT (('x' || left(md5(purpose || chr(31) || product_key || chr(31) || attribute_key), 13))::bit(52)::bigint
            % 1000000000000)::double precision / 1000000000000
$$;

-- The queue in the order in which gaps are drawn.
CREATE INDEX review_queue_lot ON review_queue
    (state, (gapdeck_lot('sample', product_key, attribute_key)), product_key, attribute_key);

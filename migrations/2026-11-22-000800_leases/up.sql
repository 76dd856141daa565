-- Who works on which open gap just now. A table of its own: a claim or a release writes one small row instead of a queue
-- row and its index entries, and what is leased is few. A lease is advice to people; a decision is checked against the
-- gap's version all the same. No foreign key: the lease of a gap that went away expires by itself.
CREATE TABLE review_leases (
    product_key   text COLLATE "C" NOT NULL,
    attribute_key text COLLATE "C" NOT NULL,
    token         uuid NOT NULL,
    reviewer      text COLLATE "C" NOT NULL,
    claimed_at    timestamptz NOT NULL DEFAULT now(),
    expires_at    timestamptz NOT NULL,
    PRIMARY KEY (product_key, attribute_key),
    CONSTRAINT review_leases_expires CHECK (expires_at > claimed_at)
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500);
COMMENT ON TABLE review_leases IS 'Short, renewable claims of gaps by reviewers; one that has expired counts as none.';
COMMENT ON COLUMN review_leases.token IS 'Made by the client for each claim: the fencing token that a decision names.';
COMMENT ON COLUMN review_leases.expires_at IS 'By the server''s clock.';

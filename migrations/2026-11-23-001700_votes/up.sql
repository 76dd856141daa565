-- What the nearest products' source values say about the gaps, counted by `gapdeck vote`.

-- NULL costs nothing: a queue of ten million gaps has the column at once.
ALTER TABLE review_queue ADD COLUMN vote smallint CONSTRAINT review_queue_vote CHECK (vote BETWEEN 0 AND 3);
COMMENT ON COLUMN review_queue.vote IS
    'What the neighbours'' vote says of best_value: 0 contradicts, 1 split, 2 agrees, 3 nothing; NULL where it was not counted.';

-- Contradictions first, then by confidence: the marks are four apart, a confidence is between -1 and 2. Confidences of all
-- marks are told apart inside the index.
CREATE INDEX review_queue_vote ON review_queue
    (state, (coalesce(vote, 3) * 4 + coalesce(-best_confidence, 2)), product_key, attribute_key, best_confidence);

CREATE TABLE vote_worth (
    attribute_key text COLLATE "C" PRIMARY KEY,
    tried         bigint NOT NULL,
    voted         bigint NOT NULL,
    correct       bigint NOT NULL,
    frequent      bigint NOT NULL,
    measured_at   timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT vote_worth_counts CHECK
        (0 <= correct AND correct <= voted AND 0 <= frequent AND frequent <= voted AND voted <= tried)
);
COMMENT ON TABLE vote_worth IS 'How good the neighbours'' vote is, by attribute: asked for values that are known (leave-one-out).';
COMMENT ON COLUMN vote_worth.tried IS 'Products with a known value that were looked at.';
COMMENT ON COLUMN vote_worth.voted IS 'Those whose neighbours had enough values to say something.';
COMMENT ON COLUMN vote_worth.correct IS 'Those of these where the first value of the vote was the known one.';
COMMENT ON COLUMN vote_worth.measured_at IS 'When the vote was tried on them.';
COMMENT ON COLUMN vote_worth.frequent IS 'Those of the voted that have the most frequent value.';

-- As before, and a vote that was counted for another value is forgotten.
CREATE OR REPLACE FUNCTION gapdeck_queue_rescore_sql(pairs text) RETURNS text LANGUAGE sql IMMUTABLE AS $sql$
    SELECT 'WITH ' || gapdeck_score_sql(pairs) || $query$
    UPDATE review_queue q
       SET best_value = s.best_value, best_confidence = s.best_confidence,
           candidate_count = coalesce(s.candidate_count, 0), value_count = coalesce(s.value_count, 0),
           disagreement = coalesce(s.disagreement, 0), uncertainty = coalesce(s.uncertainty, -1), updated_at = now(),
           vote = CASE WHEN q.best_value IS NOT DISTINCT FROM s.best_value THEN q.vote END
      FROM pair LEFT JOIN score s USING (product_key, attribute_key)
     WHERE q.product_key = pair.product_key AND q.attribute_key = pair.attribute_key
       AND (q.best_value, q.best_confidence, q.candidate_count, q.value_count, q.disagreement, q.uncertainty)
           IS DISTINCT FROM (s.best_value, s.best_confidence, coalesce(s.candidate_count, 0),
               coalesce(s.value_count, 0), coalesce(s.disagreement, 0), coalesce(s.uncertainty, -1))
    $query$
$sql$;

DROP TABLE vote_worth;
ALTER TABLE review_queue DROP COLUMN vote;

-- Scores queue rows anew.
CREATE OR REPLACE FUNCTION gapdeck_queue_rescore_sql(pairs text) RETURNS text LANGUAGE sql IMMUTABLE AS $sql$
    SELECT 'WITH ' || gapdeck_score_sql(pairs) || $query$
    UPDATE review_queue q
       SET best_value = s.best_value, best_confidence = s.best_confidence,
           candidate_count = coalesce(s.candidate_count, 0), value_count = coalesce(s.value_count, 0),
           disagreement = coalesce(s.disagreement, 0), uncertainty = coalesce(s.uncertainty, -1), updated_at = now()
      FROM pair LEFT JOIN score s USING (product_key, attribute_key)
     WHERE q.product_key = pair.product_key AND q.attribute_key = pair.attribute_key
       AND (q.best_value, q.best_confidence, q.candidate_count, q.value_count, q.disagreement, q.uncertainty)
           IS DISTINCT FROM (s.best_value, s.best_confidence, coalesce(s.candidate_count, 0),
               coalesce(s.value_count, 0), coalesce(s.disagreement, 0), coalesce(s.uncertainty, -1))
    $query$
$sql$;

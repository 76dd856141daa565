COMMENT ON COLUMN prediction_tallies.incorrect IS NULL;
COMMENT ON COLUMN prediction_tallies.correct IS NULL;
COMMENT ON COLUMN prediction_tallies.with_confidence IS NULL;
COMMENT ON COLUMN prediction_tallies.predictions IS NULL;
COMMENT ON COLUMN prediction_tallies.day IS NULL;
COMMENT ON COLUMN prediction_tallies.tally_id IS NULL;

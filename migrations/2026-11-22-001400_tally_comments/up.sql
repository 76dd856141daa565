-- What is not plain from a column's name.
COMMENT ON COLUMN prediction_tallies.tally_id IS 'Tells rows of one experiment and day apart.';
COMMENT ON COLUMN prediction_tallies.day IS 'The day (UTC) on which the predictions were made.';
COMMENT ON COLUMN prediction_tallies.predictions IS 'Predictions added, less those taken away.';
COMMENT ON COLUMN prediction_tallies.with_confidence IS 'Those of the predictions that have a confidence.';
COMMENT ON COLUMN prediction_tallies.correct IS 'Those of the predictions that a decision showed to be right.';
COMMENT ON COLUMN prediction_tallies.incorrect IS 'Those of the predictions that a decision showed to be wrong.';

DROP TABLE prediction_results;
DROP TABLE prediction_experiments;

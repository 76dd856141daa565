DROP INDEX prediction_results_judged;

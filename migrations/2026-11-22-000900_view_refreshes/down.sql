DROP TABLE view_refreshes;
DROP INDEX human_recommendations_action, human_recommendations_batch, human_recommendations_attribute,
    human_recommendations_reviewer, human_recommendations_recorded_at, raw_recommendations_round,
    prediction_results_experiment, raw_product_categories_category, raw_product_attribute_gaps_attribute;
CREATE INDEX raw_product_attribute_gaps_attribute ON raw_product_attribute_gaps (attribute_key);
CREATE INDEX raw_product_categories_category ON raw_product_categories (category_key);
CREATE INDEX prediction_results_experiment ON prediction_results (experiment_key, created_at);
CREATE INDEX raw_recommendations_round ON raw_recommendations (round_key);
CREATE INDEX human_recommendations_recorded_at ON human_recommendations (recorded_at);
CREATE INDEX human_recommendations_reviewer ON human_recommendations (reviewer, recorded_at);
CREATE INDEX human_recommendations_attribute ON human_recommendations (attribute_key);
CREATE INDEX human_recommendations_batch ON human_recommendations (batch_id) WHERE batch_id IS NOT NULL;

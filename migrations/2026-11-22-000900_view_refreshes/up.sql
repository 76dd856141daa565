-- When each materialised view was last brought up to date: its age is shown wherever it is read.
CREATE TABLE view_refreshes (
    view_name    text COLLATE "C" PRIMARY KEY,
    refreshed_at timestamptz NOT NULL,
    seconds      double precision NOT NULL
);
COMMENT ON TABLE view_refreshes IS 'The last refresh of each materialised view; no row means that nobody knows.';
COMMENT ON COLUMN view_refreshes.view_name IS 'The materialised view''s name.';
COMMENT ON COLUMN view_refreshes.refreshed_at IS 'When the refresh began: what was committed before is in the view.';
COMMENT ON COLUMN view_refreshes.seconds IS 'How long the refresh took.';

-- Keyset pages within one attribute, category, experiment, round, reviewer, action or batch: the sort keys stand behind
-- the key that is looked up, in the same index that its foreign key needs.
DROP INDEX raw_product_attribute_gaps_attribute;
CREATE INDEX raw_product_attribute_gaps_attribute ON raw_product_attribute_gaps (attribute_key, product_key);
DROP INDEX raw_product_categories_category;
CREATE INDEX raw_product_categories_category ON raw_product_categories (category_key, product_key);
DROP INDEX prediction_results_experiment;
CREATE INDEX prediction_results_experiment ON prediction_results (experiment_key, product_key, attribute_key);
DROP INDEX raw_recommendations_round;
CREATE INDEX raw_recommendations_round ON raw_recommendations (round_key, product_key, attribute_key);
DROP INDEX human_recommendations_recorded_at;
CREATE INDEX human_recommendations_recorded_at ON human_recommendations (recorded_at, decision_id);
DROP INDEX human_recommendations_reviewer;
CREATE INDEX human_recommendations_reviewer ON human_recommendations (reviewer, recorded_at, decision_id);
DROP INDEX human_recommendations_attribute;
CREATE INDEX human_recommendations_attribute ON human_recommendations (attribute_key, recorded_at, decision_id);
DROP INDEX human_recommendations_batch;
CREATE INDEX human_recommendations_batch ON human_recommendations (batch_id, recorded_at, decision_id)
    WHERE batch_id IS NOT NULL;
CREATE INDEX human_recommendations_action ON human_recommendations (action, recorded_at, decision_id);

-- What is not plain from a column's name.
COMMENT ON COLUMN raw_products.code_type IS 'What kind of code product_key is (EAN, SKU).';
COMMENT ON COLUMN raw_products.description IS 'The product''s own short text; longer ones are in raw_rich_text_sources.';
COMMENT ON COLUMN raw_categories.system_name IS 'The category''s name in the upstream system.';
COMMENT ON COLUMN raw_attributes.system_name IS 'The attribute''s name in the upstream system.';
COMMENT ON COLUMN raw_attributes.label IS 'The attribute''s name for people.';
COMMENT ON COLUMN raw_attributes.data_type IS 'What the values are: text, number, boolean or choice; anything else counts as text.';
COMMENT ON COLUMN raw_attributes.unit IS 'The unit of a number, as written behind it.';
COMMENT ON COLUMN raw_attributes.multi_valued IS 'Whether a product may have several values.';
COMMENT ON COLUMN raw_recommendation_rounds.model IS 'The model that recommends.';
COMMENT ON COLUMN raw_recommendation_rounds.metadata IS 'Whatever the pipeline keeps about the round.';
COMMENT ON COLUMN raw_recommendation_rounds.completed_at IS 'When the round ended; null while it runs.';
COMMENT ON COLUMN raw_recommendations.reasoning IS 'Why the model recommends the value, in its words.';
COMMENT ON COLUMN raw_rich_text_sources.source IS 'Where the text comes from (description, datasheet).';
COMMENT ON COLUMN raw_rich_text_sources.content IS 'The text.';
COMMENT ON COLUMN prediction_experiments.model IS 'The model that predicts.';
COMMENT ON COLUMN prediction_experiments.parameters IS 'What the run was started with (prompt, temperature, number of neighbours).';
COMMENT ON COLUMN prediction_experiments.metrics IS 'What the pipeline measured of the run (accuracy, cost).';
COMMENT ON COLUMN prediction_experiments.completed_at IS 'When the run ended; null while it runs.';
COMMENT ON COLUMN prediction_results.reasoning IS 'Why the model predicts the value, in its words.';
COMMENT ON COLUMN product_embeddings.embedding IS 'The vector; a model with fewer dimensions is padded with zeros.';
COMMENT ON COLUMN human_recommendations.reviewer IS 'Who decided.';
COMMENT ON COLUMN human_recommendations.action IS 'What was done: accept, override, reject, not_applicable, defer, flag or undo.';
COMMENT ON COLUMN human_recommendations.value IS 'The value decided, for accept and override only.';
COMMENT ON COLUMN human_recommendations.comment IS 'What the reviewer wrote about it.';
COMMENT ON COLUMN human_recommendations.result_version IS 'The gap''s version after the decision: one more than base_version.';
COMMENT ON COLUMN human_recommendations.shown_value IS 'The value of the candidate shown first.';
COMMENT ON COLUMN human_recommendations.shown_confidence IS 'The confidence of the candidate shown first, 0..1.';
COMMENT ON COLUMN human_recommendations.shown_experiment IS 'The experiment of the candidate shown first.';
COMMENT ON COLUMN human_recommendations.batch_id IS 'The bulk action that the decision is part of.';
COMMENT ON COLUMN human_recommendations.policy IS 'What put the gap before the reviewer (queue:uncertainty, command).';
COMMENT ON COLUMN human_recommendations.seconds IS 'Seconds from showing the gap to the decision.';
COMMENT ON COLUMN human_recommendations.decided_at IS 'When the reviewer decided, by the client''s clock.';
COMMENT ON COLUMN human_recommendations.recorded_at IS 'When the database took it.';
COMMENT ON COLUMN review_queue.sort_name IS 'The product''s name as pages are sorted by it: lower case, 100 characters.';
COMMENT ON COLUMN review_queue.best_value IS 'The most confident candidate''s value, 200 characters.';
COMMENT ON COLUMN review_queue.best_confidence IS 'The most confident candidate''s confidence, 0..1.';
COMMENT ON COLUMN review_queue.candidate_count IS 'How many candidates there are.';
COMMENT ON COLUMN review_queue.value_count IS 'How many different values they propose.';
COMMENT ON COLUMN review_queue.state IS 'What the decision in force has made of the gap; open without one.';
COMMENT ON COLUMN review_queue.decision_id IS 'The decision (human_recommendations) in force.';
COMMENT ON COLUMN review_queue.decided_by IS 'The reviewer of the decision in force.';
COMMENT ON COLUMN review_queue.decided_value IS 'The value of the decision in force, 200 characters.';
COMMENT ON COLUMN review_queue.gap_created_at IS 'When the gap came to be.';

DO $$
DECLARE name text;
BEGIN
    FOR name IN SELECT table_name FROM information_schema.columns
                 WHERE table_schema = current_schema() AND column_name = 'value_md5' LOOP
        EXECUTE format('COMMENT ON COLUMN %I.value_md5 IS %L', name,
                       'The value''s MD5, which stands for it in keys: a value may be longer than an index row.');
    END LOOP;
    FOR name IN SELECT table_name FROM information_schema.columns
                 WHERE table_schema = current_schema() AND table_name LIKE 'raw\_%' AND column_name = 'value' LOOP
        EXECUTE format('COMMENT ON COLUMN %I.value IS %L', name, 'The value, exactly as the pipeline gave it.');
    END LOOP;
END $$;
COMMENT ON COLUMN prediction_results.value IS 'The value predicted.';
COMMENT ON COLUMN raw_recommendations.value IS 'The value recommended.';

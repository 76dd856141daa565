DROP VIEW metric_trends;
DROP VIEW experiment_summary;
DROP VIEW embedding_stats;
DROP VIEW product_similarity_search;
DROP VIEW attribute_value_stats;
DROP MATERIALIZED VIEW product_gaps;
DROP MATERIALIZED VIEW product_details;
DROP MATERIALIZED VIEW product_summary;

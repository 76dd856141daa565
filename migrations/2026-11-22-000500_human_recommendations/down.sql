DROP TABLE human_recommendations;
DROP FUNCTION gapdeck_append_only();

DROP TABLE list_cuts;
DROP MATERIALIZED VIEW category_values;
DELETE FROM view_refreshes WHERE view_name = 'category_values';

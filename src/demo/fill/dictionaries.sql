WITH given AS (SELECT $1::jsonb AS words), attribute AS (
    INSERT INTO raw_attributes (attribute_key, system_name, label, data_type, unit, multi_valued, created_at)
    SELECT one ->> 'key', one ->> 'key', one ->> 'label', one ->> 'type', one ->> 'unit', (one ->> 'several')::boolean,
           timestamptz '2024-01-01 00:00Z'
      FROM given, jsonb_array_elements(words -> 'attributes') AS one
    RETURNING attribute_key, data_type
), category AS (
    INSERT INTO raw_categories (category_key, category_name, system_name, created_at)
    SELECT category_key, category_name, category_key, timestamptz '2024-01-01 00:00Z' FROM made_up_category
), has AS (
    INSERT INTO raw_category_attributes (category_key, attribute_key, created_at)
    SELECT category_key, attribute_key, timestamptz '2024-01-01 00:00Z'
      FROM made_up_category JOIN made_up_attribute USING (category)
), allowed AS (
    INSERT INTO raw_category_allowable_values (category_key, attribute_key, value, created_at)
    SELECT category_key, attribute_key, unnest(choices), timestamptz '2024-01-01 00:00Z'
      FROM made_up_category JOIN made_up_attribute USING (category)
      JOIN attribute USING (attribute_key)
     WHERE data_type = 'choice'
)
INSERT INTO prediction_experiments (experiment_key, model, description, parameters, metrics, created_at, completed_at)
SELECT one ->> 'key', one ->> 'model', one ->> 'description', jsonb_build_object('made_up_gaps', $2), '{}',
       (one ->> 'began')::timestamptz, (one ->> 'began')::timestamptz + (one ->> 'days')::double precision * interval '1 day'
  FROM given, jsonb_array_elements(words -> 'experiments') AS one

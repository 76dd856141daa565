WITH given AS (SELECT $1::jsonb AS words), category AS (
    INSERT INTO made_up_category
    SELECT no, one ->> 'key', one ->> 'name', one ->> 'noun', one ->> 'line',
           ARRAY(SELECT jsonb_array_elements_text(one -> 'brands')), ARRAY(SELECT jsonb_array_elements_text(one -> 'editions')),
           jsonb_array_length(one -> 'attributes'), (one ->> 'share')::double precision
      FROM given, jsonb_array_elements(words -> 'categories') WITH ORDINALITY AS c (one, no)
    RETURNING category, attributes, share
), attribute AS (
    INSERT INTO made_up_attribute
    SELECT c.no, a.no - 1, a.one ->> 'key', ARRAY(SELECT jsonb_array_elements_text(a.one -> 'values')),
           pg_temp.made_up_share(hashtextextended(a.one ->> 'key', 0), 1),
           30 + 335 * pg_temp.made_up_share(hashtextextended(a.one ->> 'key', 0), 2)
      FROM given, jsonb_array_elements(words -> 'categories') WITH ORDINALITY AS c (one, no),
           jsonb_array_elements(c.one -> 'attributes') WITH ORDINALITY AS a (one, no)
), slot AS (
    INSERT INTO made_up_slot
    SELECT slot, category, attributes
      FROM (SELECT category, attributes, sum(share) OVER (ORDER BY category) - share AS low,
                   sum(share) OVER (ORDER BY category) AS high, sum(share) OVER () AS whole FROM category) AS c
      JOIN generate_series(0, 4095) AS slot ON (slot + 0.5) / 4096 * whole >= low AND (slot + 0.5) / 4096 * whole < high
)
INSERT INTO made_up_experiment
SELECT no, one ->> 'key', (one ->> 'coverage')::double precision, (one ->> 'skill')::double precision,
       (one ->> 'reasons')::boolean, (one ->> 'began')::timestamptz, (one ->> 'days')::double precision
  FROM given, jsonb_array_elements(words -> 'experiments') WITH ORDINALITY AS e (one, no)

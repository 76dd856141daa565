INSERT INTO raw_products (product_key, product_name, code_type, description, created_at, updated_at)
SELECT pg_temp.made_up_key(n), name, 'SKU',
       CASE WHEN n % $3 = 0 THEN 'The ' || name || ' belongs to the ' || c.line || ' range of ' || c.category_name || '.' END, t, t
  FROM generate_series($1::bigint, $2::bigint) AS n
  JOIN made_up_slot s ON s.slot = floor(pg_temp.made_up_share(n, 1) * 4096)::int
  JOIN made_up_category c USING (category)
 CROSS JOIN LATERAL (SELECT concat_ws(' ', pg_temp.made_up_pick(c.brands, n, 2), c.line,
                                      nullif(pg_temp.made_up_pick(c.editions, n, 3), ''), c.noun,
                                      chr(65 + floor(pg_temp.made_up_share(n, 4) * 26)::int)
                                          || floor(100 + pg_temp.made_up_share(n, 5) * 900)),
                            timestamptz '2026-05-01 00:00Z' - pg_temp.made_up_share(n, 6) * interval '700 days') AS made (name, t)

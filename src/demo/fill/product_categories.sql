INSERT INTO raw_product_categories (product_key, category_key, created_at)
SELECT pg_temp.made_up_key(n), c.category_key, timestamptz '2026-05-01 00:00Z'
  FROM generate_series($1::bigint, $2::bigint) AS n
  JOIN made_up_slot s ON s.slot = floor(pg_temp.made_up_share(n, 1) * 4096)::int
  JOIN made_up_category c USING (category)
 WHERE $3 = 0  -- The same binds as the other statements.

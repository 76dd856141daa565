INSERT INTO raw_product_attribute_values (product_key, attribute_key, value, created_at)
SELECT pg_temp.made_up_key(n), a.attribute_key, pg_temp.made_up_pick(a.choices, n * 16 + j, 12),
       timestamptz '2026-05-01 00:00Z'
  FROM generate_series($1::bigint, $2::bigint) AS n
  JOIN made_up_slot s ON s.slot = floor(pg_temp.made_up_share(n, 1) * 4096)::int
  -- The attributes that are no gaps: all of a product with a vector, otherwise one at most.
 CROSS JOIN LATERAL generate_series((2 * (n % 4) + 2)::int,
                                    least(s.attributes - 1, CASE WHEN n % $3 = 0 THEN 100 ELSE 2 * (n % 4) + 2 END)::int) AS j
  JOIN made_up_attribute a ON a.category = s.category
   AND a.place = (floor(pg_temp.made_up_share(n, 11) * s.attributes)::int + j) % s.attributes

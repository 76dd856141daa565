INSERT INTO product_embeddings (product_key, embedding, description, created_at, updated_at)
SELECT pg_temp.made_up_key(n), c.direction + a.direction + b.direction + d.direction, NULL, t, t
  FROM generate_series(0, $1::bigint, $2::bigint) AS n
  JOIN made_up_slot s ON s.slot = floor(pg_temp.made_up_share(n, 1) * 4096)::int
  JOIN made_up_direction c ON c.kind = 0 AND c.no = s.category
  JOIN made_up_direction a ON a.kind = 1 AND a.no = floor(pg_temp.made_up_share(n, 70) * 499)::int
  JOIN made_up_direction b ON b.kind = 2 AND b.no = floor(pg_temp.made_up_share(n, 71) * 997)::int
  JOIN made_up_direction d ON d.kind = 3 AND d.no = floor(pg_temp.made_up_share(n, 72) * 1009)::int
 CROSS JOIN (VALUES (timestamptz '2026-06-01 00:00Z')) AS made (t)

-- A vector is the sum of four directions: its category's, and three of pools; adding is what every pgvector can.
CREATE TEMP TABLE made_up_direction (kind int, no int, direction vector(1536), PRIMARY KEY (kind, no)) ON COMMIT DROP;
INSERT INTO made_up_direction
SELECT kind, no, (SELECT array_agg(((pg_temp.made_up_share(((kind * 2000 + no) * 1536 + dimension), 80) - 0.5) * weight)::real
                                   ORDER BY dimension)::vector(1536)
                    FROM generate_series(1, 1536) AS dimension)
  FROM (VALUES (0, 0, (SELECT max(category) FROM made_up_category), 1.0), (1, 0, 498, 0.6), (2, 0, 996, 0.5), (3, 0, 1008, 0.4)) AS pool (kind, low, high, weight)
 CROSS JOIN LATERAL generate_series(low, high) AS no;
ANALYZE made_up_direction (kind, no)

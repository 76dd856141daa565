INSERT INTO raw_product_attribute_gaps (product_key, attribute_key, created_at)
SELECT product_key, attribute_key, timestamptz '2026-05-01 00:00Z' - pg_temp.made_up_share(gap, 13) * days * interval '1 day'
  FROM pg_temp.made_up_gaps($1, $2, $3)

-- The gaps of one attribute, category and most confident value (its normalised form, as gapdeck_normalised says it), by
-- product: however many there are, only as many are read as are wanted. The expression stands here in full, and not as a
-- call of the function: each statement that writes the queue would have to expand it again.
CREATE INDEX review_queue_group ON review_queue
    (attribute_key, category_key, md5(lower(btrim(regexp_replace(best_value, '\s+', ' ', 'g')))), product_key)
    WHERE best_value IS NOT NULL;

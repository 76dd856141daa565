COMMENT ON INDEX product_embeddings_embedding IS NULL;
ALTER TABLE product_embeddings DROP COLUMN model, DROP COLUMN dimensions, DROP COLUMN content_hash;

-- Where an embedding comes from: vectors of different models cannot be compared, and one whose text has changed is stale.
ALTER TABLE product_embeddings
    ADD COLUMN model text,
    ADD COLUMN dimensions integer CONSTRAINT product_embeddings_dimensions CHECK (dimensions BETWEEN 1 AND 1536),
    ADD COLUMN content_hash uuid;
COMMENT ON COLUMN product_embeddings.model IS 'The model that made the vector; null where nobody said.';
COMMENT ON COLUMN product_embeddings.dimensions IS
    'How many numbers the model gave, before zeros filled the vector up to 1536; null where nobody said.';
COMMENT ON COLUMN product_embeddings.content_hash IS
    'The MD5 of the product''s texts when gapdeck embedded them; null for a vector that was made elsewhere.';

-- gapdeck notes in an ivfflat or HNSW index's comment on how many rows it was built (and the file that build made), and
-- how far to search it. A database that has no embedding yet has an index that was built on none.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM product_embeddings) THEN
        EXECUTE format('COMMENT ON INDEX product_embeddings_embedding IS %L',
            'gapdeck: rows=0 file=' || pg_relation_filenode('product_embeddings_embedding'));
    END IF;
END $$;

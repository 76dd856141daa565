CREATE TABLE product_embeddings (
    product_key text COLLATE "C" PRIMARY KEY REFERENCES raw_products ON DELETE CASCADE,
    embedding   vector(1536) NOT NULL,
    description text,
    created_at  timestamptz NOT NULL DEFAULT now(),
    updated_at  timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE product_embeddings IS 'Embeddings of products, for nearest neighbours by cosine distance.';
COMMENT ON COLUMN product_embeddings.description IS 'The text that was embedded, or its beginning.';

-- Lists are centred on the rows there are when the index is built: rebuild it after the first load (import does).
CREATE INDEX product_embeddings_embedding ON product_embeddings
    USING ivfflat (embedding vector_cosine_ops) WITH (lists = 100);
CREATE INDEX product_embeddings_created_at ON product_embeddings (created_at);

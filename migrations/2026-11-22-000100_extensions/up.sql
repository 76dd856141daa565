-- vector: embeddings and nearest neighbours; btree_gin: keys beside JSONB in one GIN index; pg_trgm: fuzzy names.
CREATE EXTENSION IF NOT EXISTS vector;
CREATE EXTENSION IF NOT EXISTS btree_gin;
CREATE EXTENSION IF NOT EXISTS pg_trgm;

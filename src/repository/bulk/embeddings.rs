//! Embeddings, written directly: they are too large to be staged first.

use super::{Merged, MergedRow};
use crate::database::vector::{Vector, VectorType};
use diesel::sql_types::{Array, BigInt, Bool, Nullable, Text};
use diesel::{OptionalExtension, QueryResult, QueryableByName};
use diesel_async::{AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};

/// Embeddings to be written together: no product twice, every vector of full length.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct EmbeddingBatch {
    pub product_keys: Vec<String>,
    pub vectors: Vec<Vector>,
    /// The texts that were embedded, or their beginnings.
    pub descriptions: Vec<Option<String>>,
}

impl EmbeddingBatch {
    /// Adds an embedding; one of the same product that is there already is replaced.
    pub fn push(&mut self, product_key: String, vector: Vec<f32>, description: Option<String>) {
        if let Some(index) = self.product_keys.iter().position(|key| *key == product_key) {
            self.vectors[index] = Vector::from(vector);
            self.descriptions[index] = description;
        } else {
            self.product_keys.push(product_key);
            self.vectors.push(Vector::from(vector));
            self.descriptions.push(description);
        }
    }

    /// Returns the number of embeddings.
    pub fn len(&self) -> usize {
        self.product_keys.len()
    }

    /// Tells whether there are none.
    pub fn is_empty(&self) -> bool {
        self.product_keys.is_empty()
    }
}

const WRITE: &str = "WITH merged AS (
    INSERT INTO product_embeddings (product_key, embedding, description)
    SELECT product_key, embedding, description
      FROM UNNEST($1::text[], $2::vector[], $3::text[]) AS s (product_key, embedding, description)
     WHERE NOT EXISTS (SELECT FROM product_embeddings t WHERE t.product_key = s.product_key
            AND t.embedding = s.embedding AND t.description IS NOT DISTINCT FROM s.description)
     ORDER BY product_key
    ON CONFLICT (product_key) DO UPDATE
       SET embedding = excluded.embedding, description = excluded.description, updated_at = now()
    RETURNING xmax = 0 AS inserted)
SELECT count(*) FILTER (WHERE inserted) AS inserted, count(*) FILTER (WHERE NOT inserted) AS updated FROM merged";

/// Writes embeddings of products that are stored.
pub async fn write_embeddings(
    connection: &mut AsyncPgConnection,
    batch: &EmbeddingBatch,
) -> QueryResult<Merged> {
    if batch.is_empty() {
        return Ok(Merged::default());
    }
    let row: MergedRow = diesel::sql_query(WRITE)
        .bind::<Array<Text>, _>(&batch.product_keys)
        .bind::<Array<VectorType>, _>(&batch.vectors)
        .bind::<Array<Nullable<Text>>, _>(&batch.descriptions)
        .get_result(connection)
        .await?;
    Ok(Merged { inserted: row.inserted.unsigned_abs(), updated: row.updated.unsigned_abs() })
}

const UNKNOWN: &str = "SELECT DISTINCT key FROM UNNEST($1::text[]) AS r (key)
 WHERE NOT EXISTS (SELECT FROM raw_products p WHERE p.product_key = key)
   AND NOT EXISTS (SELECT FROM import_products p WHERE p.product_key = key)";

#[derive(QueryableByName)]
struct Key {
    #[diesel(sql_type = Text)]
    key: String,
}

/// Returns those of the keys that are no product's, neither staged nor stored; within a [`Bulk`](super::Bulk) load.
pub async fn unknown_products(connection: &mut AsyncPgConnection, keys: &[&str]) -> QueryResult<Vec<String>> {
    let rows: Vec<Key> = diesel::sql_query(UNKNOWN).bind::<Array<Text>, _>(keys).load(connection).await?;
    Ok(rows.into_iter().map(|row| row.key).collect())
}

/// A product that has no embedding, with its texts.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
pub struct TextRow {
    #[diesel(sql_type = Text)]
    pub product_key: String,
    #[diesel(sql_type = Nullable<Text>)]
    pub product_name: Option<String>,
    /// The description and the rich texts, each cut to what an embedder reads.
    #[diesel(sql_type = Array<Text>)]
    pub texts: Vec<String>,
}

/// The product's texts, the description first; no more than an embedder reads (8 KiB of all texts together).
const WITHOUT: &str = "SELECT p.product_key, left(p.product_name, 8192) AS product_name,
       array_remove(left(p.description, 8192) || ARRAY(
           SELECT left(r.content, 8192) FROM raw_rich_text_sources r WHERE r.product_key = p.product_key
            ORDER BY r.source LIMIT 32), NULL) AS texts
  FROM raw_products p
 WHERE p.product_key > $1 AND NOT EXISTS (SELECT FROM product_embeddings e WHERE e.product_key = p.product_key)
 ORDER BY p.product_key LIMIT $2";

/// Loads products that have no embedding, in the order of their keys, after `after`, at most `limit`.
pub async fn without_embedding(
    connection: &mut AsyncPgConnection,
    after: &str,
    limit: u32,
) -> QueryResult<Vec<TextRow>> {
    diesel::sql_query(WITHOUT)
        .bind::<Text, _>(after)
        .bind::<BigInt, _>(i64::from(limit))
        .load(connection)
        .await
}

const COUNTS: &str = "SELECT (SELECT count(*) FROM product_embeddings) AS stored,
       (SELECT count(*) FROM raw_products p
         WHERE NOT EXISTS (SELECT FROM product_embeddings e WHERE e.product_key = p.product_key)) AS missing";

#[derive(QueryableByName)]
struct Counts {
    #[diesel(sql_type = BigInt)]
    stored: i64,
    #[diesel(sql_type = BigInt)]
    missing: i64,
}

/// Counts the embeddings, and the products that have none.
pub async fn count_embeddings(connection: &mut AsyncPgConnection) -> QueryResult<(u64, u64)> {
    let counts: Counts = diesel::sql_query(COUNTS).get_result(connection).await?;
    Ok((counts.stored.unsigned_abs(), counts.missing.unsigned_abs()))
}

const IVFFLAT: &str =
    "SELECT pg_get_indexdef(c.oid) AS definition, NOT EXISTS (SELECT FROM product_embeddings) AS empty
  FROM pg_class c JOIN pg_am a ON a.oid = c.relam
 WHERE c.oid = to_regclass('product_embeddings_embedding') AND a.amname = 'ivfflat'";

#[derive(QueryableByName)]
struct Ivfflat {
    #[diesel(sql_type = Text)]
    definition: String,
    #[diesel(sql_type = Bool)]
    empty: bool,
}

/// A nearest-neighbour index that was dropped for the time of a load.
#[derive(Debug)]
#[must_use = "the index must be built again"]
pub struct IndexAside {
    definition: String,
}

/// Drops the nearest-neighbour index of a table without rows until [`rebuild_index`], which spares the load from sorting
/// every vector into lists that are thrown away afterwards.
pub async fn set_index_aside(connection: &mut AsyncPgConnection) -> QueryResult<Option<IndexAside>> {
    let index: Option<Ivfflat> = diesel::sql_query(IVFFLAT).get_result(connection).await.optional()?;
    let Some(Ivfflat { definition, empty: true }) = index else { return Ok(None) };
    connection.batch_execute("DROP INDEX product_embeddings_embedding").await?;
    Ok(Some(IndexAside { definition }))
}

/// The build keeps sample vectors in memory: 100 lists of 1,536 dimensions need more than the default.
const BUILD_MEMORY: &str = "SET LOCAL maintenance_work_mem = '256MB'";

/// Builds the nearest-neighbour index anew, if it is set aside or an ivfflat one: its lists are centred on the rows there
/// are when it is built.
pub async fn rebuild_index(connection: &mut AsyncPgConnection, aside: Option<IndexAside>) -> QueryResult<()> {
    connection.batch_execute(BUILD_MEMORY).await?;
    if let Some(IndexAside { definition }) = aside {
        return connection.batch_execute(&definition).await;
    }
    let index: Option<Ivfflat> = diesel::sql_query(IVFFLAT).get_result(connection).await.optional()?;
    if index.is_some() {
        connection.batch_execute("REINDEX INDEX product_embeddings_embedding").await?;
    }
    Ok(())
}

//! Embeddings, written directly: they are too large to be staged first.

use super::{Merged, MergedRow};
use crate::database::ann::{self, IndexNote};
use crate::database::vector::{Vector, VectorType};
use crate::domain::EMBEDDING_DIMENSIONS;
use crate::embed::{EmbedError, pad};
use crate::transfer::record::EmbeddingRecord;
use diesel::sql_types::{Array, BigInt, Bool, Integer, Nullable, Text};
use diesel::{OptionalExtension, QueryResult, QueryableByName};
use diesel_async::{AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};
use uuid::Uuid;

/// Embeddings to be written together: no product twice, every vector of full length.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct EmbeddingBatch {
    product_keys: Vec<String>,
    vectors: Vec<Vector>,
    descriptions: Vec<Option<String>>,
    models: Vec<Option<String>>,
    dimensions: Vec<Option<i32>>,
    content_hashes: Vec<Option<Uuid>>,
}

impl EmbeddingBatch {
    /// Adds an embedding, filled up with zeros; one of the same product that is there already is replaced.
    ///
    /// # Errors
    /// Those of [`pad`].
    pub fn push(&mut self, record: EmbeddingRecord) -> Result<(), EmbedError> {
        let EmbeddingRecord { product_key, vector, description, model, dimensions, content_hash } = record;
        // A vector that comes in full may have been filled up already: only who made it knows.
        let short = (vector.len() < EMBEDDING_DIMENSIONS).then(|| i32::try_from(vector.len()).ok()).flatten();
        let dimensions = dimensions.or(short);
        let vector = Vector::from(pad(vector)?);
        if let Some(index) = self.product_keys.iter().position(|key| *key == product_key) {
            self.vectors[index] = vector;
            self.descriptions[index] = description;
            self.models[index] = model;
            self.dimensions[index] = dimensions;
            self.content_hashes[index] = content_hash;
        } else {
            self.product_keys.push(product_key);
            self.vectors.push(vector);
            self.descriptions.push(description);
            self.models.push(model);
            self.dimensions.push(dimensions);
            self.content_hashes.push(content_hash);
        }
        Ok(())
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
    INSERT INTO product_embeddings (product_key, embedding, description, model, dimensions, content_hash)
    SELECT product_key, embedding, description, model, dimensions, content_hash
      FROM UNNEST($1::text[], $2::vector[], $3::text[], $4::text[], $5::integer[], $6::uuid[])
           AS s (product_key, embedding, description, model, dimensions, content_hash)
     WHERE NOT EXISTS (SELECT FROM product_embeddings t WHERE t.product_key = s.product_key
            AND t.embedding = s.embedding
            AND (t.description, t.model, t.dimensions, t.content_hash)
                IS NOT DISTINCT FROM (s.description, s.model, s.dimensions, s.content_hash))
     ORDER BY product_key
    ON CONFLICT (product_key) DO UPDATE
       SET embedding = excluded.embedding, description = excluded.description, model = excluded.model,
           dimensions = excluded.dimensions, content_hash = excluded.content_hash, updated_at = now()
    RETURNING xmax = 0 AS inserted)
SELECT count(*) FILTER (WHERE inserted) AS inserted, count(*) FILTER (WHERE NOT inserted) AS updated FROM merged";

/// Writes embeddings of products that are stored; one that is stored already with the same content is left alone.
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
        .bind::<Array<Nullable<Text>>, _>(&batch.models)
        .bind::<Array<Nullable<Integer>>, _>(&batch.dimensions)
        .bind::<Array<Nullable<diesel::sql_types::Uuid>>, _>(&batch.content_hashes)
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

/// The part of a product that is embedded, as SQL over `raw_products p`: its name, and the description and rich texts,
/// each cut to what an embedder reads (8 KiB of all texts together).
macro_rules! product_texts {
    () => {
        "left(p.product_name, 8192) AS product_name,
       array_remove(left(p.description, 8192) || ARRAY(
           SELECT left(r.content, 8192) FROM raw_rich_text_sources r WHERE r.product_key = p.product_key
            ORDER BY r.source LIMIT 32), NULL) AS texts"
    };
}

/// Texts of products, to be embedded.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TextRows {
    /// How many products were looked at.
    pub examined: u64,
    /// The last of them.
    pub last: Option<String>,
    pub rows: Vec<TextRow>,
}

/// A product's texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextRow {
    pub product_key: String,
    pub product_name: Option<String>,
    /// The description, then the rich texts.
    pub texts: Vec<String>,
    pub content_hash: Uuid,
}

/// Which products' texts are loaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unembedded<'a> {
    /// Those without an embedding.
    Missing,
    /// Those too whose texts gapdeck embedded and which have changed since.
    Changed,
    /// Every one whose embedding is not this model's of the texts as they are now.
    NotBy(&'a str),
}

/// Looks at the next `$2` of some products after `$1`; the last part gives a row even where none is to be embedded.
macro_rules! unembedded_sql {
    ($products:literal, $wanted:literal) => {
        concat!(
            "WITH page AS MATERIALIZED (
    SELECT p.product_key, ",
            product_texts!(),
            " FROM raw_products p WHERE p.product_key > $1",
            $products,
            " ORDER BY p.product_key LIMIT $2
), wanted AS (
    SELECT h.* FROM (
        SELECT page.*, md5(array_to_string(product_name || texts, U&'\\001F', ''))::uuid AS content_hash FROM page) AS h
      LEFT JOIN product_embeddings e USING (product_key)
     WHERE e.product_key IS NULL",
            $wanted,
            ")
SELECT (SELECT count(*) FROM page) AS examined, (SELECT max(product_key) FROM page) AS last,
       w.product_key, w.product_name, w.texts, w.content_hash
  FROM (VALUES ($3)) AS one LEFT JOIN wanted w ON true ORDER BY w.product_key"
        )
    };
}

const MISSING: &str = unembedded_sql!(
    " AND NOT EXISTS (SELECT FROM product_embeddings e WHERE e.product_key = p.product_key)",
    ""
);
const CHANGED: &str = unembedded_sql!("", " OR e.content_hash <> h.content_hash");
const NOT_BY: &str =
    unembedded_sql!("", " OR (e.model, e.content_hash) IS DISTINCT FROM ($3, h.content_hash)");

#[derive(QueryableByName)]
struct UnembeddedRow {
    #[diesel(sql_type = BigInt)]
    examined: i64,
    #[diesel(sql_type = Nullable<Text>)]
    last: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    product_key: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    product_name: Option<String>,
    #[diesel(sql_type = Nullable<Array<Text>>)]
    texts: Option<Vec<String>>,
    #[diesel(sql_type = Nullable<diesel::sql_types::Uuid>)]
    content_hash: Option<Uuid>,
}

/// Looks at the next `products` products after `after` ([`Unembedded::Missing`]: of those without an embedding), in the
/// order of their keys, and loads the texts of those that are to be embedded.
pub async fn unembedded(
    connection: &mut AsyncPgConnection,
    which: Unembedded<'_>,
    after: &str,
    products: u32,
) -> QueryResult<TextRows> {
    let (sql, model) = match which {
        Unembedded::Missing => (MISSING, ""),
        Unembedded::Changed => (CHANGED, ""),
        Unembedded::NotBy(model) => (NOT_BY, model),
    };
    let rows: Vec<UnembeddedRow> = diesel::sql_query(sql)
        .bind::<Text, _>(after)
        .bind::<BigInt, _>(i64::from(products))
        .bind::<Text, _>(model)
        .load(connection)
        .await?;
    let mut found = TextRows::default();
    for row in rows {
        found.examined = row.examined.unsigned_abs();
        found.last = row.last;
        if let (Some(product_key), Some(texts), Some(content_hash)) =
            (row.product_key, row.texts, row.content_hash)
        {
            found.rows.push(TextRow { product_key, product_name: row.product_name, texts, content_hash });
        }
    }
    Ok(found)
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

const OTHER_MODEL: &str = "SELECT model FROM product_embeddings WHERE model <> $1 LIMIT 1";

#[derive(QueryableByName)]
struct Model {
    #[diesel(sql_type = Text)]
    model: String,
}

/// Names another model that has made embeddings, if there is one.
pub async fn other_model(connection: &mut AsyncPgConnection, model: &str) -> QueryResult<Option<String>> {
    let found: Option<Model> =
        diesel::sql_query(OTHER_MODEL).bind::<Text, _>(model).get_result(connection).await.optional()?;
    Ok(found.map(|found| found.model))
}

const IVFFLAT: &str =
    "SELECT pg_get_indexdef(c.oid) AS definition, NOT EXISTS (SELECT FROM product_embeddings) AS empty,
       obj_description(c.oid, 'pg_class') AS comment
  FROM pg_class c JOIN pg_am a ON a.oid = c.relam
 WHERE c.oid = to_regclass('product_embeddings_embedding') AND a.amname = 'ivfflat'";

#[derive(QueryableByName)]
struct Ivfflat {
    #[diesel(sql_type = Text)]
    definition: String,
    #[diesel(sql_type = Bool)]
    empty: bool,
    #[diesel(sql_type = Nullable<Text>)]
    comment: Option<String>,
}

impl Ivfflat {
    /// Returns what stays true of an index of as many lists on other rows: how far to search it.
    fn note(&self) -> IndexNote {
        let note = IndexNote::parse(self.comment.as_deref().unwrap_or_default());
        IndexNote { probes: note.probes, target: note.target, ..IndexNote::default() }
    }
}

/// A nearest-neighbour index that was dropped for the time of a load.
#[derive(Debug)]
#[must_use = "the index must be built again"]
pub struct IndexAside {
    definition: String,
    note: IndexNote,
}

/// Drops the nearest-neighbour index of a table without rows until [`rebuild_index`], which spares the load from sorting
/// every vector into lists that are thrown away afterwards.
pub async fn set_index_aside(connection: &mut AsyncPgConnection) -> QueryResult<Option<IndexAside>> {
    let index: Option<Ivfflat> = diesel::sql_query(IVFFLAT).get_result(connection).await.optional()?;
    let Some(index) = index.filter(|index| index.empty) else { return Ok(None) };
    connection.batch_execute("DROP INDEX product_embeddings_embedding").await?;
    let note = index.note();
    Ok(Some(IndexAside { definition: index.definition, note }))
}

/// The build keeps sample vectors in memory: 100 lists of 1,536 dimensions need more than the default.
const BUILD_MEMORY: &str = "SET LOCAL maintenance_work_mem = '256MB'";

/// Builds the nearest-neighbour index anew, if it is set aside or an ivfflat one: its lists are centred on the rows there
/// are when it is built.
pub async fn rebuild_index(connection: &mut AsyncPgConnection, aside: Option<IndexAside>) -> QueryResult<()> {
    connection.batch_execute(BUILD_MEMORY).await?;
    let note = if let Some(IndexAside { definition, note }) = aside {
        connection.batch_execute(&definition).await?;
        note
    } else {
        let index: Option<Ivfflat> = diesel::sql_query(IVFFLAT).get_result(connection).await.optional()?;
        let Some(index) = index else { return Ok(()) };
        connection.batch_execute("REINDEX INDEX product_embeddings_embedding").await?;
        index.note()
    };
    let rows = ann::count(connection).await?;
    ann::write_note(connection, rows, note).await
}

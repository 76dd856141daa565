//! Embeddings, written directly: they are too large to be staged first.

use super::field::{Field, Kind};
use super::session::{Cells, Columns, Parameter, Session};
use super::table::Plan;
use super::{Merged, merged, sql};
use crate::database::vector::Vector;
use crate::repository::Result;
use std::collections::HashMap;

pub(super) const EMBEDDINGS: Plan = Plan {
    aliases: &["product_embeddings"],
    fields: &[
        Field::key("product_key"),
        Field::required("vector", Kind::Vector)
            .stored_as("embedding")
            .about("1 to 1536 numbers; fewer are filled up with zeros"),
        Field::optional("description", Kind::Text).about("the text that was embedded, or its beginning"),
        Field::created(),
        Field::updated(),
    ],
    ..Plan::of("embeddings", "product_embeddings", &["product_key"])
};

/// Embeddings to be written together: no product twice, every vector of full length.
#[derive(Debug, Clone, PartialEq)]
pub struct EmbeddingBatch {
    rows: Columns,
    vectors: Vec<Vector>,
    places: HashMap<String, usize>,
}

impl Default for EmbeddingBatch {
    fn default() -> Self {
        Self { rows: Columns::new(EMBEDDINGS.fields.len()), vectors: Vec::new(), places: HashMap::new() }
    }
}

impl EmbeddingBatch {
    /// Adds an embedding that has nothing but a vector and the text it is of.
    pub fn push(&mut self, product_key: String, vector: Vec<f32>, description: Option<String>) {
        let cell = |field: &Field| match field.name {
            "product_key" => Some(product_key.clone()),
            "description" => description.clone(),
            _ => None,
        };
        self.push_cells(EMBEDDINGS.fields.iter().map(cell).collect(), vector);
    }

    /// Adds an embedding; one of the same product that is there already is replaced.
    pub fn push_cells(&mut self, cells: Cells, vector: Vec<f32>) {
        let key = cells.first().cloned().flatten().unwrap_or_default();
        if let Some(&place) = self.places.get(&key) {
            for (column, cell) in self.rows.columns.iter_mut().zip(cells) {
                column[place] = cell;
            }
            self.vectors[place] = Vector::from(vector);
        } else {
            self.places.insert(key, self.vectors.len());
            self.rows.push(0, cells);
            self.vectors.push(Vector::from(vector));
        }
    }

    /// Returns the number of embeddings.
    pub fn len(&self) -> usize {
        self.vectors.len()
    }

    /// Tells whether there are none.
    pub fn is_empty(&self) -> bool {
        self.vectors.is_empty()
    }
}

/// Writes embeddings of products that are stored.
pub async fn write_embeddings(session: &mut Session<'_>, batch: &EmbeddingBatch) -> Result<Merged> {
    if batch.is_empty() {
        return Ok(Merged::default());
    }
    let parameters: Vec<Parameter<'_>> = EMBEDDINGS
        .fields
        .iter()
        .zip(&batch.rows.columns)
        .map(|(field, column)| match field.kind {
            Kind::Vector => Parameter::Vectors(&batch.vectors),
            _ => Parameter::Texts(column),
        })
        .collect();
    merged(&session.rows(&sql::merge_arrays(&EMBEDDINGS), &parameters).await?)
}

const UNKNOWN: &str = "SELECT DISTINCT ARRAY[key] AS cells FROM UNNEST($1::text[]) AS r (key)
 WHERE NOT EXISTS (SELECT FROM raw_products p WHERE p.product_key = key)
   AND NOT EXISTS (SELECT FROM import_products p WHERE p.product_key = key)";

/// Returns those of the keys that are no product's, neither staged nor stored; within a [`Bulk`](super::Bulk) load.
pub async fn unknown_products(session: &mut Session<'_>, keys: &[Option<String>]) -> Result<Vec<String>> {
    let rows = session.rows(UNKNOWN, &[Parameter::Texts(keys)]).await?;
    Ok(rows.into_iter().flatten().flatten().collect())
}

/// A product that has no embedding, with its texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextRow {
    pub product_key: String,
    pub product_name: Option<String>,
    /// The description and the rich texts, each cut to what an embedder reads.
    pub texts: Vec<String>,
}

/// The product's texts, the description first; no more than an embedder reads (8 KiB of all texts together).
const WITHOUT: &str = "SELECT ARRAY[p.product_key, left(p.product_name, 8192)] ||
       array_remove(left(p.description, 8192) || ARRAY(
           SELECT left(r.content, 8192) FROM raw_rich_text_sources r WHERE r.product_key = p.product_key
            ORDER BY r.source LIMIT 32), NULL) AS cells
  FROM raw_products p
 WHERE p.product_key > $1 AND NOT EXISTS (SELECT FROM product_embeddings e WHERE e.product_key = p.product_key)
 ORDER BY p.product_key LIMIT $2";

/// Loads products that have no embedding, in the order of their keys, after `after`, at most `limit`.
pub async fn without_embedding(session: &mut Session<'_>, after: &str, limit: u32) -> Result<Vec<TextRow>> {
    let rows = session.rows(WITHOUT, &[Parameter::Text(after), Parameter::Number(limit.into())]).await?;
    let row = |cells: Cells| {
        let mut cells = cells.into_iter();
        let (product_key, product_name) =
            (cells.next().flatten().unwrap_or_default(), cells.next().flatten());
        TextRow { product_key, product_name, texts: cells.flatten().collect() }
    };
    Ok(rows.into_iter().map(row).collect())
}

const COUNTS: &str = "SELECT ARRAY[(SELECT count(*) FROM product_embeddings),
       (SELECT count(*) FROM raw_products p
         WHERE NOT EXISTS (SELECT FROM product_embeddings e WHERE e.product_key = p.product_key))]::text[] AS cells";

/// Counts the embeddings, and the products that have none.
pub async fn count_embeddings(session: &mut Session<'_>) -> Result<(u64, u64)> {
    let counts = merged(&session.rows(COUNTS, &[]).await?)?;
    Ok((counts.inserted, counts.updated))
}

const IVFFLAT: &str =
    "SELECT ARRAY[pg_get_indexdef(c.oid), (NOT EXISTS (SELECT FROM product_embeddings))::text] AS cells
  FROM pg_class c JOIN pg_am a ON a.oid = c.relam
 WHERE c.oid = to_regclass('product_embeddings_embedding') AND a.amname = 'ivfflat'";

/// A nearest-neighbour index that was dropped for the time of a load.
#[derive(Debug)]
#[must_use = "the index must be built again"]
pub struct IndexAside {
    definition: String,
}

/// Drops the nearest-neighbour index of a table without rows until [`rebuild_index`], which spares the load from sorting
/// every vector into lists that are thrown away afterwards.
pub async fn set_index_aside(session: &mut Session<'_>) -> Result<Option<IndexAside>> {
    let index = session.rows(IVFFLAT, &[]).await?.pop().unwrap_or_default();
    let [Some(definition), Some(empty)] = index.as_slice() else { return Ok(None) };
    if empty != "true" {
        return Ok(None);
    }
    session.batch("DROP INDEX product_embeddings_embedding").await?;
    Ok(Some(IndexAside { definition: definition.clone() }))
}

/// The build keeps sample vectors in memory: 100 lists of 1,536 dimensions need more than the default.
const BUILD_MEMORY: &str = "SET LOCAL maintenance_work_mem = '256MB'";

/// Builds the nearest-neighbour index anew, if it is set aside or an ivfflat one: its lists are centred on the rows there
/// are when it is built.
pub async fn rebuild_index(session: &mut Session<'_>, aside: Option<IndexAside>) -> Result<()> {
    session.batch(BUILD_MEMORY).await?;
    if let Some(IndexAside { definition }) = aside {
        return session.batch(&definition).await;
    }
    if !session.rows(IVFFLAT, &[]).await?.is_empty() {
        session.batch("REINDEX INDEX product_embeddings_embedding").await?;
    }
    Ok(())
}

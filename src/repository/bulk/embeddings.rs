//! Embeddings, written directly: they are too large to be staged first.

use super::field::{Field, Kind};
use super::session::{Cells, Columns, Parameter, Session};
use super::table::Plan;
use super::{Merged, merged, number, sql};
use crate::database::ann::{self, IndexNote};
use crate::database::vector::Vector;
use crate::domain::EMBEDDING_DIMENSIONS;
use crate::embed::{EmbedError, pad};
use crate::repository::Result;
use crate::transfer::record::EmbeddingRecord;
use std::collections::HashMap;
use uuid::Uuid;

pub(super) const EMBEDDINGS: Plan = Plan {
    aliases: &["product_embeddings"],
    fields: &[
        Field::key("product_key"),
        Field::required("vector", Kind::Vector)
            .stored_as("embedding")
            .about("1 to 1536 numbers; fewer are filled up with zeros"),
        Field::optional("description", Kind::Text).about("the text that was embedded, or its beginning"),
        Field::optional("model", Kind::Text).about("the model that made the vector: those of different models cannot be compared"),
        Field::optional("dimensions", Kind::Count)
            .about("how many numbers the model gave; by default, as many as there are if fewer than 1536"),
        Field::optional("content_hash", Kind::Uuid)
            .about("the state of the product's texts that gapdeck embedded; without it, gapdeck leaves the vector alone"),
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
    /// Adds an embedding, filled up with zeros; one of the same product that is there already is replaced.
    ///
    /// # Errors
    /// Those of [`pad`].
    pub fn push(&mut self, record: EmbeddingRecord) -> Result<(), EmbedError> {
        let EmbeddingRecord { product_key, vector, mut description, mut model, dimensions, content_hash } =
            record;
        let mut key = Some(product_key);
        let cell = |field: &Field| match field.name {
            "product_key" => key.take(),
            "description" => description.take(),
            "model" => model.take(),
            "dimensions" => dimensions.map(|given| given.to_string()),
            "content_hash" => content_hash.map(|hash| hash.to_string()),
            _ => None,
        };
        self.push_cells(EMBEDDINGS.fields.iter().map(cell).collect(), vector)
    }

    /// As [`EmbeddingBatch::push`], for the texts of the fields.
    ///
    /// # Errors
    /// Those of [`pad`].
    pub fn push_cells(&mut self, mut cells: Cells, vector: Vec<f32>) -> Result<(), EmbedError> {
        // A vector that comes in full may have been filled up already: only who made it knows.
        let short = (vector.len() < EMBEDDING_DIMENSIONS).then(|| vector.len().to_string());
        let vector = Vector::from(pad(vector)?);
        let dimensions = EMBEDDINGS.fields.iter().position(|field| field.name == "dimensions");
        if let Some(cell) = dimensions.and_then(|index| cells.get_mut(index)).filter(|cell| cell.is_none()) {
            *cell = short;
        }
        let key = cells.first().cloned().flatten().unwrap_or_default();
        if let Some(&place) = self.places.get(&key) {
            for (column, cell) in self.rows.columns.iter_mut().zip(cells) {
                column[place] = cell;
            }
            self.vectors[place] = vector;
        } else {
            self.places.insert(key, self.vectors.len());
            self.rows.push(0, cells);
            self.vectors.push(vector);
        }
        Ok(())
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

/// Writes embeddings of products that are stored; one that is stored already with the same content is left alone.
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

/// Looks at the next `$2` of some products after `$1`; the last part gives a row even where none is to be embedded. The
/// texts stand behind the other cells.
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
SELECT ARRAY[(SELECT count(*) FROM page)::text, (SELECT max(product_key) FROM page), w.product_key, w.product_name,
             w.content_hash::text] || w.texts AS cells
  FROM (VALUES ($3::text)) AS one LEFT JOIN wanted w ON true ORDER BY w.product_key"
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

/// Looks at the next `products` products after `after` ([`Unembedded::Missing`]: of those without an embedding), in the
/// order of their keys, and loads the texts of those that are to be embedded.
pub async fn unembedded(
    session: &mut Session<'_>,
    which: Unembedded<'_>,
    after: &str,
    products: u32,
) -> Result<TextRows> {
    let (sql, model) = match which {
        Unembedded::Missing => (MISSING, ""),
        Unembedded::Changed => (CHANGED, ""),
        Unembedded::NotBy(model) => (NOT_BY, model),
    };
    let parameters = [Parameter::Text(after), Parameter::Number(products.into()), Parameter::Text(model)];
    let mut found = TextRows::default();
    for cells in session.rows(sql, &parameters).await? {
        let mut cells = cells.into_iter();
        found.examined = number(cells.next().flatten().as_deref())?;
        found.last = cells.next().flatten();
        let (key, product_name, hash) =
            (cells.next().flatten(), cells.next().flatten(), cells.next().flatten());
        if let (Some(product_key), Some(hash)) = (key, hash) {
            let content_hash = Uuid::try_parse(&hash).map_err(|_| super::malformed())?;
            let texts = cells.flatten().collect();
            found.rows.push(TextRow { product_key, product_name, texts, content_hash });
        }
    }
    Ok(found)
}

const COUNTS: &str = "SELECT ARRAY[(SELECT count(*) FROM product_embeddings),
       (SELECT count(*) FROM raw_products p
         WHERE NOT EXISTS (SELECT FROM product_embeddings e WHERE e.product_key = p.product_key))]::text[] AS cells";

/// Counts the embeddings, and the products that have none.
pub async fn count_embeddings(session: &mut Session<'_>) -> Result<(u64, u64)> {
    let counts = merged(&session.rows(COUNTS, &[]).await?)?;
    Ok((counts.inserted, counts.updated))
}

const OTHER_MODEL: &str = "SELECT ARRAY[model] AS cells FROM product_embeddings WHERE model <> $1 LIMIT 1";

/// Names another model that has made embeddings, if there is one.
pub async fn other_model(session: &mut Session<'_>, model: &str) -> Result<Option<String>> {
    let rows = session.rows(OTHER_MODEL, &[Parameter::Text(model)]).await?;
    Ok(rows.into_iter().flatten().flatten().next())
}

const IVFFLAT: &str =
    "SELECT ARRAY[pg_get_indexdef(c.oid), (NOT EXISTS (SELECT FROM product_embeddings))::text,
                  obj_description(c.oid, 'pg_class')] AS cells
  FROM pg_class c JOIN pg_am a ON a.oid = c.relam
 WHERE c.oid = to_regclass('product_embeddings_embedding') AND a.amname = 'ivfflat'";

const BUILT: &str = "SELECT ARRAY[(SELECT count(*) FROM product_embeddings)::text,
       pg_relation_filenode('product_embeddings_embedding')::text] AS cells";

/// Returns what stays true of an index of as many lists on other rows: how far to search it.
fn kept(comment: Option<&String>) -> IndexNote {
    let note = IndexNote::parse(comment.map_or("", String::as_str));
    IndexNote { probes: note.probes, target: note.target, ..IndexNote::default() }
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
pub async fn set_index_aside(session: &mut Session<'_>) -> Result<Option<IndexAside>> {
    let index = session.rows(IVFFLAT, &[]).await?.pop().unwrap_or_default();
    let [Some(definition), Some(empty), comment] = index.as_slice() else { return Ok(None) };
    if empty != "true" {
        return Ok(None);
    }
    session.batch("DROP INDEX product_embeddings_embedding").await?;
    Ok(Some(IndexAside { definition: definition.clone(), note: kept(comment.as_ref()) }))
}

/// The build keeps sample vectors in memory: 100 lists of 1,536 dimensions need more than the default.
const BUILD_MEMORY: &str = "SET LOCAL maintenance_work_mem = '256MB'";

/// Builds the nearest-neighbour index anew, if it is set aside or an ivfflat one: its lists are centred on the rows there
/// are when it is built. Notes on how many that was.
pub async fn rebuild_index(session: &mut Session<'_>, aside: Option<IndexAside>) -> Result<()> {
    session.batch(BUILD_MEMORY).await?;
    let note = if let Some(IndexAside { definition, note }) = aside {
        session.batch(&definition).await?;
        note
    } else {
        let index = session.rows(IVFFLAT, &[]).await?.pop().unwrap_or_default();
        let [Some(_), _, comment] = index.as_slice() else { return Ok(()) };
        session.batch("REINDEX INDEX product_embeddings_embedding").await?;
        kept(comment.as_ref())
    };
    let built = session.rows(BUILT, &[]).await?.pop().unwrap_or_default();
    let mut numbers = built.iter().map(|cell| cell.as_ref()?.parse().ok());
    let note = IndexNote { rows: numbers.next().flatten(), file: numbers.next().flatten(), ..note };
    session.batch(&ann::comment(ann::INDEX, &note)).await
}

//! What the catalogue says of the vector index, and what gapdeck noted in its comment.

use diesel::sql_types::{Array, BigInt, Bool, Nullable, Text};
use diesel::{QueryResult, QueryableByName};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde::Serialize;

/// How an index finds near vectors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Method {
    /// Vectors in lists around centres; a search looks into the nearest lists.
    Ivfflat,
    /// A graph of near vectors; a search walks it.
    Hnsw,
}

impl Method {
    /// Returns the method's name in PostgreSQL.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ivfflat => "ivfflat",
            Self::Hnsw => "hnsw",
        }
    }
}

/// What an index holds of each number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Element {
    /// All 32 bits.
    Vector,
    /// 16 bits: half the size.
    Halfvec,
}

/// What gapdeck noted in an index's comment: `gapdeck: rows=12000 file=16385 probes=7 recall=0.964 target=0.95`.
///
/// A comment rather than a table: it goes with the index, needs no privilege to be read, and every session sees it.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct IndexNote {
    /// How many rows the index was built on.
    pub rows: Option<i64>,
    /// The file that the build made: another one means that the index was built anew meanwhile.
    #[serde(skip)]
    pub file: Option<i64>,
    /// How many lists a search looks into.
    pub probes: Option<i32>,
    /// How many candidates a search keeps on its way through the graph.
    pub ef_search: Option<i32>,
    /// The recall@10 that was measured with them.
    pub recall: Option<f64>,
    /// The recall that was asked for.
    pub target: Option<f64>,
}

impl IndexNote {
    /// Reads a comment; one that is not gapdeck's says nothing.
    pub fn parse(comment: &str) -> Self {
        let mut note = Self::default();
        let Some(fields) = comment.strip_prefix("gapdeck:") else { return note };
        for (name, value) in fields.split_whitespace().filter_map(|field| field.split_once('=')) {
            match name {
                "rows" => note.rows = value.parse().ok(),
                "file" => note.file = value.parse().ok(),
                "probes" => note.probes = value.parse().ok(),
                "ef_search" => note.ef_search = value.parse().ok(),
                "recall" => note.recall = value.parse().ok(),
                "target" => note.target = value.parse().ok(),
                _ => {}
            }
        }
        note
    }
}

impl std::fmt::Display for IndexNote {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("gapdeck:")?;
        let mut field = |name: &str, value: Option<String>| match value {
            Some(value) => write!(f, " {name}={value}"),
            None => Ok(()),
        };
        field("rows", self.rows.map(|n| n.to_string()))?;
        field("file", self.file.map(|n| n.to_string()))?;
        field("probes", self.probes.map(|n| n.to_string()))?;
        field("ef_search", self.ef_search.map(|n| n.to_string()))?;
        field("recall", self.recall.map(|n| format!("{n:.4}")))?;
        field("target", self.target.map(|n| n.to_string()))
    }
}

/// Returns the statement that notes something in an index's comment: comments take no parameters, and a note is numbers
/// only.
pub fn comment(index: &str, note: &IndexNote) -> String {
    format!("COMMENT ON INDEX \"{}\" IS '{note}'", index.replace('"', "\"\""))
}

/// A vector index on the embeddings.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct VectorIndex {
    pub name: String,
    pub method: Method,
    pub element: Element,
    /// `lists`, or `m` and `ef_construction`, where they are not the method's own defaults.
    pub options: Vec<String>,
    pub bytes: i64,
    /// Whether queries may use it: not when its build was interrupted.
    pub valid: bool,
    pub note: IndexNote,
    /// How many rows it was built on, where gapdeck built it last.
    pub built_on: Option<i64>,
    /// The definition as SQL.
    #[serde(skip)]
    pub definition: String,
}

impl VectorIndex {
    /// Returns the lists of an ivfflat index, 100 where it does not say.
    pub fn lists(&self) -> Option<u32> {
        let lists = || self.options.iter().find_map(|option| option.strip_prefix("lists=")?.parse().ok());
        (self.method == Method::Ivfflat).then(|| lists().unwrap_or(100))
    }
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Bool)]
    hnsw: bool,
    #[diesel(sql_type = Bool)]
    half: bool,
    #[diesel(sql_type = Array<Text>)]
    options: Vec<String>,
    #[diesel(sql_type = BigInt)]
    bytes: i64,
    #[diesel(sql_type = Bool)]
    valid: bool,
    #[diesel(sql_type = Nullable<Text>)]
    comment: Option<String>,
    #[diesel(sql_type = BigInt)]
    file: i64,
    #[diesel(sql_type = Text)]
    definition: String,
}

/// gapdeck's own first, then by name; those by another distance serve no search.
const INDEXES: &str = "
    SELECT c.relname::text AS name, a.amname = 'hnsw' AS hnsw, o.opcname = 'halfvec_cosine_ops' AS half,
           coalesce(c.reloptions, '{}') AS options, pg_relation_size(c.oid) AS bytes,
           i.indisvalid AND i.indisready AS valid, obj_description(c.oid, 'pg_class') AS comment,
           coalesce(pg_relation_filenode(c.oid)::bigint, 0) AS file, pg_get_indexdef(c.oid) AS definition
      FROM pg_index i
      JOIN pg_class c ON c.oid = i.indexrelid
      JOIN pg_am a ON a.oid = c.relam AND a.amname IN ('ivfflat', 'hnsw')
      JOIN pg_opclass o ON o.oid = i.indclass[0] AND o.opcname IN ('vector_cosine_ops', 'halfvec_cosine_ops')
     WHERE i.indrelid = 'product_embeddings'::regclass
     ORDER BY c.relname <> 'product_embeddings_embedding', c.relname";

/// Lists the vector indexes on the embeddings, gapdeck's own first.
pub async fn indexes(connection: &mut AsyncPgConnection) -> QueryResult<Vec<VectorIndex>> {
    let rows: Vec<Row> = diesel::sql_query(INDEXES).load(connection).await?;
    let index = |row: Row| {
        let note = IndexNote::parse(row.comment.as_deref().unwrap_or_default());
        VectorIndex {
            name: row.name,
            method: if row.hnsw { Method::Hnsw } else { Method::Ivfflat },
            element: if row.half { Element::Halfvec } else { Element::Vector },
            options: row.options,
            bytes: row.bytes,
            valid: row.valid,
            note,
            built_on: note.rows.filter(|_| note.file == Some(row.file)),
            definition: row.definition,
        }
    };
    Ok(rows.into_iter().map(index).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_comes_back_from_its_comment() {
        let note = IndexNote {
            rows: Some(12_000),
            file: Some(16_385),
            probes: Some(7),
            ef_search: None,
            recall: Some(0.964),
            target: Some(0.95),
        };
        assert_eq!(note.to_string(), "gapdeck: rows=12000 file=16385 probes=7 recall=0.9640 target=0.95");
        assert_eq!(IndexNote::parse(&note.to_string()), note);
    }

    #[test]
    fn somebody_elses_comment_says_nothing() {
        for comment in ["", "rows=5", "built by hand, probes=3", "gapdeck:", "gapdeck: probes=many x"] {
            assert_eq!(IndexNote::parse(comment), IndexNote::default(), "{comment}");
        }
    }
}

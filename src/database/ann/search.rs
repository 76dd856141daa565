//! A search for the nearest: which way it takes, and its statement.

use super::{Element, Version};
use crate::database::vector::{Vector, VectorType};
use diesel::QueryResult;
use diesel::pg::Pg;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{Array, BigInt, Bool, Double, Float, Nullable, Text};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

/// Up to how many products that a filter leaves the exact search costs less than the index with the filter.
pub const FEW: i64 = 2_000;
/// Up to how many embeddings in all it costs less than the index.
const SMALL: f32 = 500.0;

/// The way a search takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// By the index, if the planner does not find a better way.
    Index(Element),
    /// By the distance of every vector that the filter leaves.
    Exact,
}

/// What the database offers a search.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Plan {
    pub access: Access,
    /// Whether an index scan goes on until the query has enough rows.
    pub iterative: bool,
}

/// Which embeddings a search may find.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// The product that is not found; none where empty.
    pub itself: String,
    /// Products of these categories only.
    pub categories: Option<Vec<String>>,
    /// Products with a value for this attribute only.
    pub having: Option<String>,
}

impl Filter {
    /// Tells whether it leaves nearly everything.
    pub fn is_open(&self) -> bool {
        self.categories.is_none() && self.having.is_none()
    }
}

/// Reads which index there is and sets how far this session searches it: as far as the index's note says, otherwise the
/// square root of the lists and at least 10, or 100 candidates. Not half of the lists: from there on the planner, which
/// does not know what it costs to read a vector, takes the exact search for the quicker one. An iterative scan ends at
/// five times as many lists: beyond, it is.
const PREPARE: &str = r"
    SELECT s.half, s.reltuples, s.version, set_config('ivfflat.probes', s.probes::text, false) <> ''
           AND set_config('hnsw.ef_search', s.ef_search::text, false) <> ''
           AND CASE WHEN s.iterative THEN set_config('ivfflat.max_probes', (s.probes * 5)::text, false) <> '' ELSE true END
      FROM (SELECT o.opcname = 'halfvec_cosine_ops' AS half, t.reltuples, x.extversion::text AS version,
                   string_to_array(substring(x.extversion from '^[0-9.]*[0-9]'), '.')::integer[] >= '{0,8}' AS iterative,
                   least(32768, greatest(1, coalesce(substring(d.note from '^gapdeck:.* probes=(\d{1,5})')::integer,
                       least(greatest(10, ceil(sqrt(l.lists))::integer), (l.lists - 1) / 2)))) AS probes,
                   least(1000, greatest(1, coalesce(substring(d.note from '^gapdeck:.* ef_search=(\d{1,4})')::integer,
                       100))) AS ef_search
              FROM pg_class t
             CROSS JOIN pg_extension x
              LEFT JOIN (pg_index i
                    JOIN pg_class c ON c.oid = i.indexrelid
                    JOIN pg_am a ON a.oid = c.relam AND a.amname IN ('ivfflat', 'hnsw')
                    JOIN pg_opclass o ON o.oid = i.indclass[0] AND o.opcname IN ('vector_cosine_ops', 'halfvec_cosine_ops'))
                ON i.indrelid = t.oid AND i.indisvalid
             CROSS JOIN LATERAL (SELECT obj_description(c.oid, 'pg_class') AS note) AS d
             CROSS JOIN LATERAL (SELECT coalesce(substring(array_to_string(c.reloptions, ' ')
                                     from 'lists=(\d{1,5})')::integer, 100) AS lists) AS l
             WHERE t.oid = 'product_embeddings'::regclass AND x.extname = 'vector'
             ORDER BY c.relname <> 'product_embeddings_embedding', c.relname LIMIT 1) AS s";

/// A statement of fixed text, which Diesel caches.
#[derive(Debug, Clone, Copy, QueryId)]
struct Prepare;

impl QueryFragment<Pg> for Prepare {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql(PREPARE);
        Ok(())
    }
}

impl Query for Prepare {
    type SqlType = (Nullable<Bool>, Float, Text, Bool);
}

impl<C> diesel::RunQueryDsl<C> for Prepare {}

/// Asks which way a search can take, and sets how far this session searches the index. Sent with the search's other
/// first reads it costs no round trip of its own.
pub async fn prepare(connection: &AsyncPgConnection) -> QueryResult<Plan> {
    let mut connection = connection;
    let (half, rows, version, _): (Option<bool>, f32, String, bool) =
        Prepare.get_result(&mut connection).await?;
    let element = if half == Some(true) { Element::Halfvec } else { Element::Vector };
    // -1: nobody has counted yet.
    let small = (0.0..=SMALL).contains(&rows);
    Ok(Plan {
        access: if small { Access::Exact } else { Access::Index(element) },
        iterative: Version::parse(&version) >= Version::ITERATIVE,
    })
}

/// Looks into every list, or keeps the most candidates, until the next [`prepare`].
pub async fn widen(connection: &AsyncPgConnection) -> QueryResult<()> {
    let mut connection = connection;
    diesel::select((
        set_config("ivfflat.probes", "32768", false),
        set_config("hnsw.ef_search", "1000", false),
    ))
    .execute(&mut connection)
    .await?;
    Ok(())
}

diesel::define_sql_function! {
    /// Sets a parameter of the session.
    fn set_config(name: Text, value: Text, only_in_transaction: Bool) -> Text;
}

/// Finds the nearest: keys and cosine distances, nearly in order.
pub async fn nearest(
    connection: &AsyncPgConnection,
    access: Access,
    vector: &Vector,
    filter: &Filter,
    limit: i64,
) -> QueryResult<Vec<(String, f64)>> {
    let mut connection = connection;
    Search { access, vector, filter, limit }.load(&mut connection).await
}

#[derive(Debug, Clone, Copy)]
struct Search<'a> {
    access: Access,
    vector: &'a Vector,
    filter: &'a Filter,
    limit: i64,
}

impl QueryFragment<Pg> for Search<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        // The vector is the first bind, so `$1` names it again.
        out.push_sql("SELECT e.product_key, (e.embedding <=> ");
        out.push_bind_param::<VectorType, _>(self.vector)?;
        out.push_sql(match self.access {
            Access::Index(_) => ")",
            // An expression that no index has.
            Access::Exact => ") + 0",
        });
        out.push_sql(" AS distance FROM product_embeddings e WHERE e.product_key <> ");
        out.push_bind_param::<Text, _>(&self.filter.itself)?;
        if let Some(categories) = &self.filter.categories {
            out.push_sql(
                " AND EXISTS (SELECT FROM raw_product_categories c \
                  WHERE c.product_key = e.product_key AND c.category_key = ANY(",
            );
            out.push_bind_param::<Array<Text>, _>(categories)?;
            out.push_sql("))");
        }
        if let Some(attribute) = &self.filter.having {
            out.push_sql(
                " AND EXISTS (SELECT FROM raw_product_attribute_values v \
                  WHERE v.product_key = e.product_key AND v.attribute_key = ",
            );
            out.push_bind_param::<Text, _>(attribute)?;
            out.push_sql(")");
        }
        out.push_sql(match self.access {
            Access::Index(Element::Halfvec) => {
                " ORDER BY e.embedding::halfvec(1536) <=> $1::halfvec(1536) LIMIT "
            }
            Access::Index(Element::Vector) | Access::Exact => " ORDER BY distance LIMIT ",
        });
        out.push_bind_param::<BigInt, _>(&self.limit)
    }
}

impl QueryId for Search<'_> {
    type QueryId = ();
    // The text differs with the way and the filter, so the statement cache must look at the text.
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl Query for Search<'_> {
    type SqlType = (Text, Double);
}

impl<C> diesel::RunQueryDsl<C> for Search<'_> {}

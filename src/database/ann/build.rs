//! Building the vector index anew, while others read and write the table where the server can.

use super::{Element, INDEX, IndexNote, Method, VectorIndex, comment, indexes};
use crate::database::{Database, refused};
use crate::error::{AppError, ErrorKind};
use diesel::sql_types::{BigInt, Bool, Integer, Text};
use diesel::{OptionalExtension, QueryResult, QueryableByName};
use diesel_async::{AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};
use std::pin::pin;
use std::time::Duration;

/// The name under which the next index is built.
const NEXT: &str = "product_embeddings_embedding_new";
/// Fewer lists make no sense: a search looks into several.
const FEWEST_LISTS: u32 = 10;
/// The most lists of an ivfflat index.
const MOST_LISTS: u32 = 32_768;
/// Bytes of a vector in memory, and what a graph keeps beside it.
const VECTOR: i64 = 4 * 1536 + 8;
const HALFVEC: i64 = 2 * 1536 + 8;
const GRAPH: i64 = 400;
/// The most memory that a build takes unless told otherwise.
const MODEST: i64 = 1 << 30;
/// How often progress is asked for.
const TICK: Duration = Duration::from_millis(250);

/// Returns the lists that pgvector's documentation recommends: one for a thousand rows up to a million, the square root
/// of the rows beyond.
pub fn lists_for(rows: i64) -> u32 {
    let rows = rows.max(0).unsigned_abs();
    let lists = if rows <= 1_000_000 { rows / 1000 } else { rows.isqrt() };
    u32::try_from(lists).unwrap_or(MOST_LISTS).clamp(FEWEST_LISTS, MOST_LISTS)
}

/// An index to be built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Design {
    pub method: Method,
    pub element: Element,
    /// The lists of an ivfflat index.
    pub lists: u32,
}

impl Design {
    /// Returns the statement that builds it; names and numbers are gapdeck's own.
    fn statement(self, name: &str, concurrently: &str) -> String {
        let what = match self.element {
            Element::Vector => "embedding vector_cosine_ops",
            Element::Halfvec => "(embedding::halfvec(1536)) halfvec_cosine_ops",
        };
        let with = match self.method {
            Method::Ivfflat => format!("lists = {}", self.lists),
            Method::Hnsw => "m = 16, ef_construction = 64".to_owned(),
        };
        let method = self.method.name();
        format!(
            "CREATE INDEX {concurrently} {name} ON product_embeddings USING {method} ({what}) WITH ({with})"
        )
    }

    /// Returns about how many bytes of memory a build likes to have.
    fn memory(self, rows: i64) -> i64 {
        let vector = if self.element == Element::Halfvec { HALFVEC } else { VECTOR };
        match self.method {
            // The samples, the centres twice, and a bound of each sample to each centre.
            Method::Ivfflat => {
                let lists = i64::from(self.lists);
                let samples = (lists * 50).max(10_000).min(rows.max(1));
                (samples * vector + 2 * lists * vector + 4 * samples * lists + 4 * lists * lists) * 5 / 4
            }
            Method::Hnsw => (rows * (vector + GRAPH) * 11 / 10).min(MODEST),
        }
    }
}

/// How far a build is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BuildProgress {
    pub phase: String,
    pub done: u64,
    /// 0 where it is not known.
    pub total: u64,
}

/// What was built.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Built {
    pub rows: i64,
    /// Indexes cleared away that earlier builds had left unfinished.
    pub cleared: usize,
    pub seconds: f64,
}

/// How a build ended.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Outcome {
    Built(Built),
    /// It was stopped; the index is the one of before.
    Stopped,
}

/// Two builders exclude each other ("gapindex" in hexadecimal). Tried, not waited for: a build waits for every other
/// transaction, the waiting one's too.
const LOCK: &str = "SELECT pg_try_advisory_lock(x'676170696e646578'::bigint) AS yes";
const UNLOCK: &str = "SELECT pg_advisory_unlock(x'676170696e646578'::bigint); RESET maintenance_work_mem; \
    RESET max_parallel_maintenance_workers";

#[derive(QueryableByName)]
struct Yes {
    #[diesel(sql_type = Bool)]
    yes: bool,
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    number: i64,
}

async fn number(connection: &mut AsyncPgConnection, sql: &str) -> QueryResult<i64> {
    Ok(diesel::sql_query(sql).get_result::<Number>(connection).await?.number)
}

/// Counts the embeddings.
pub async fn count(connection: &mut AsyncPgConnection) -> QueryResult<i64> {
    number(connection, "SELECT count(*) AS number FROM product_embeddings").await
}

/// Builds the index as designed and puts it in the place of the one there is, which serves until then; `memory` bounds
/// what the build may take. Stopped or failed, it clears away what it has begun.
///
/// # Errors
/// [`ErrorKind::Unavailable`] with what the database said, [`ErrorKind::Conflict`] while another gapdeck builds.
pub async fn build(
    database: &Database,
    design: Design,
    memory: Option<i64>,
    stop: impl Future<Output = ()>,
    mut progress: impl FnMut(BuildProgress),
) -> Result<Outcome, AppError> {
    let failed = |error: diesel::result::Error| could_not(&error);
    let started = std::time::Instant::now();
    let mut connection = database.session("building the vector index").await?;
    let locked: Yes = diesel::sql_query(LOCK).get_result(&mut connection).await.map_err(failed)?;
    if !locked.yes {
        return Err(AppError::new(ErrorKind::Conflict, "another gapdeck is building the vector index")
            .hinted("`gapdeck index` shows the index once it is done."));
    }
    let outcome = if database.is_embedded() {
        let built = exclusively(&mut connection, design, memory).await;
        built.map(|rows| Some((rows, 0)))
    } else {
        let watcher = database.connection().await?;
        online(&mut connection, watcher, design, memory, stop, &mut progress).await
    };
    let unlocked = connection.batch_execute(UNLOCK).await;
    let timeouts = database.restore_timeouts(&mut connection).await;
    let outcome = outcome.map_err(failed)?;
    unlocked.and(timeouts).map_err(failed)?;
    Ok(match outcome {
        Some((rows, cleared)) => {
            Outcome::Built(Built { rows, cleared, seconds: started.elapsed().as_secs_f64() })
        }
        None => Outcome::Stopped,
    })
}

fn could_not(error: &diesel::result::Error) -> AppError {
    let message = error.to_string();
    let told = refused("cannot build the vector index", error);
    if message.contains("must be owner") || message.contains("permission denied") {
        return told.hinted(
            "Only the owner of the table product_embeddings can build it: name that user in the URL.",
        );
    }
    if message.contains("No space left") {
        return told
            .hinted("The old and the new index need room at once: see the size that `gapdeck index` shows.");
    }
    told
}

/// In one transaction, for the embedded database: nobody else is there to be kept waiting.
async fn exclusively(
    connection: &mut AsyncPgConnection,
    design: Design,
    memory: Option<i64>,
) -> QueryResult<i64> {
    connection.batch_execute("SET statement_timeout = 0; SET lock_timeout = 0").await?;
    let rows = count(connection).await?;
    give_memory(connection, design, rows, memory).await?;
    let whole = format!(
        "BEGIN; DROP INDEX IF EXISTS {INDEX}; {}; {}; COMMIT",
        design.statement(INDEX, ""),
        similarity_view(design.element)
    );
    if let Err(error) = connection.batch_execute(&whole).await {
        connection.batch_execute("ROLLBACK").await?;
        return Err(error);
    }
    write_note(connection, rows, IndexNote::default()).await?;
    Ok(rows)
}

/// Beside the index there is, which is then replaced. `None`: stopped.
async fn online(
    connection: &mut AsyncPgConnection,
    mut watcher: crate::database::Connection,
    design: Design,
    memory: Option<i64>,
    stop: impl Future<Output = ()>,
    progress: &mut impl FnMut(BuildProgress),
) -> QueryResult<Option<(i64, usize)>> {
    // A concurrent build waits for transactions that began before it, however long they take.
    connection.batch_execute("SET statement_timeout = 0; SET lock_timeout = 0").await?;
    let cleared = clear_unfinished(connection).await?;
    let rows = count(connection).await?;
    give_memory(connection, design, rows, memory).await?;
    let statement = design.statement(NEXT, "CONCURRENTLY");
    let pid = number(connection, "SELECT pg_backend_pid()::bigint AS number").await?;
    let mut stop = pin!(stop);
    let mut stopped = false;
    let mut tried = 0;
    loop {
        let result = {
            let mut building = pin!(connection.batch_execute(&statement));
            loop {
                tokio::select! {
                    biased;
                    result = &mut building => break result,
                    () = &mut stop, if !stopped => {
                        stopped = true;
                        cancel(&mut watcher, pid).await?;
                    }
                    () = tokio::time::sleep(TICK) => {
                        if let Some(now) = watch(&mut watcher, pid).await? {
                            progress(now);
                        }
                    }
                }
            }
        };
        let Err(error) = result else { break };
        clear_unfinished(connection).await?;
        if stopped {
            return Ok(None);
        }
        tried += 1;
        if tried > 2 || !relieve(connection, &error.to_string(), memory).await? {
            return Err(error);
        }
    }
    connection.batch_execute(&format!("DROP INDEX CONCURRENTLY IF EXISTS {INDEX}")).await?;
    connection.batch_execute(&format!("ALTER INDEX {NEXT} RENAME TO {INDEX}")).await?;
    connection.batch_execute(similarity_view(design.element)).await?;
    write_note(connection, rows, IndexNote::default()).await?;
    Ok(Some((rows, cleared)))
}

/// Raises the session's memory for builds to what this one likes to have; never lowers it.
async fn give_memory(
    connection: &mut AsyncPgConnection,
    design: Design,
    rows: i64,
    most: Option<i64>,
) -> QueryResult<()> {
    set_memory(connection, most.unwrap_or_else(|| design.memory(rows))).await
}

async fn set_memory(connection: &mut AsyncPgConnection, bytes: i64) -> QueryResult<()> {
    let kilobytes = (bytes >> 10).clamp(1024, i64::from(i32::MAX));
    diesel::sql_query(
        "SELECT set_config('maintenance_work_mem', $1::text || 'kB', false)
          WHERE pg_size_bytes(current_setting('maintenance_work_mem')) < $1 * 1024",
    )
    .bind::<BigInt, _>(kilobytes)
    .execute(connection)
    .await?;
    Ok(())
}

/// Does what may help a build that failed for want of memory; tells whether there was something to do.
async fn relieve(connection: &mut AsyncPgConnection, message: &str, most: Option<i64>) -> QueryResult<bool> {
    // Builders that work in parallel share memory, of which a container may have little.
    if message.contains("shared memory") {
        connection.batch_execute("SET max_parallel_maintenance_workers = 0").await?;
        return Ok(true);
    }
    let Some(needed) = memory_required(message) else { return Ok(false) };
    let needed = needed + (16 << 20);
    if most.is_some_and(|most| most < needed) {
        return Ok(false);
    }
    set_memory(connection, needed).await?;
    Ok(true)
}

/// Reads pgvector's "memory required is 90 MB, maintenance_work_mem is 64 MB".
fn memory_required(message: &str) -> Option<i64> {
    let rest = message.split_once("memory required is ")?.1;
    let megabytes: i64 = rest.split_once(" MB")?.0.trim().parse().ok()?;
    Some(megabytes << 20)
}

/// Indexes of gapdeck's that an interrupted build left: those that nobody is building just now, invalid ones and a
/// finished one that was to replace the other.
const UNFINISHED: &str = "
    SELECT c.relname::text AS name
      FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
     WHERE i.indrelid = 'product_embeddings'::regclass AND c.relname LIKE 'product\\_embeddings\\_embedding%'
       AND (NOT i.indisvalid OR c.relname = 'product_embeddings_embedding_new')
       AND NOT EXISTS (SELECT FROM pg_stat_progress_create_index p WHERE p.index_relid = c.oid)";

#[derive(QueryableByName)]
struct Named {
    #[diesel(sql_type = Text)]
    name: String,
}

/// Drops what interrupted builds have left; returns how many there were.
async fn clear_unfinished(connection: &mut AsyncPgConnection) -> QueryResult<usize> {
    let found: Vec<Named> = diesel::sql_query(UNFINISHED).load(connection).await?;
    for Named { name } in &found {
        let quoted = name.replace('"', "\"\"");
        connection.batch_execute(&format!("DROP INDEX CONCURRENTLY IF EXISTS \"{quoted}\"")).await?;
    }
    Ok(found.len())
}

#[derive(QueryableByName)]
struct Watched {
    #[diesel(sql_type = Text)]
    phase: String,
    #[diesel(sql_type = BigInt)]
    done: i64,
    #[diesel(sql_type = BigInt)]
    total: i64,
}

async fn watch(watcher: &mut AsyncPgConnection, pid: i64) -> QueryResult<Option<BuildProgress>> {
    let found: Option<Watched> = diesel::sql_query(
        "SELECT phase, CASE WHEN tuples_total > 0 THEN tuples_done ELSE blocks_done END AS done,
                CASE WHEN tuples_total > 0 THEN tuples_total ELSE blocks_total END AS total
           FROM pg_stat_progress_create_index WHERE pid = $1",
    )
    .bind::<Integer, _>(i32::try_from(pid).unwrap_or_default())
    .get_result(watcher)
    .await
    .optional()?;
    Ok(found.map(|row| BuildProgress {
        phase: row.phase,
        done: row.done.unsigned_abs(),
        total: row.total.unsigned_abs(),
    }))
}

async fn cancel(watcher: &mut AsyncPgConnection, pid: i64) -> QueryResult<()> {
    diesel::sql_query("SELECT pg_cancel_backend($1)")
        .bind::<Integer, _>(i32::try_from(pid).unwrap_or_default())
        .execute(watcher)
        .await?;
    Ok(())
}

/// The view of the nearest of each product orders by what the index holds, as it must to be served by it.
fn similarity_view(element: Element) -> &'static str {
    macro_rules! view {
        ($distance:literal) => {
            concat!(
                "CREATE OR REPLACE VIEW product_similarity_search AS
SELECT one.product_key, near.product_key AS similar_product_key, 1 - near.distance AS similarity
  FROM product_embeddings one
 CROSS JOIN LATERAL (
    SELECT other.product_key, other.embedding <=> one.embedding AS distance
      FROM product_embeddings other
     WHERE other.product_key <> one.product_key
     ORDER BY ",
                $distance,
                "
     LIMIT 50
 ) AS near"
            )
        };
    }
    match element {
        Element::Vector => view!("other.embedding <=> one.embedding"),
        Element::Halfvec => view!("other.embedding::halfvec(1536) <=> one.embedding::halfvec(1536)"),
    }
}

/// Notes in the index's comment on how many rows it was built, and what else is known; how far to search it stays as it
/// was where nothing new is said.
pub async fn write_note(connection: &mut AsyncPgConnection, rows: i64, note: IndexNote) -> QueryResult<()> {
    let file = number(
        connection,
        "SELECT coalesce(pg_relation_filenode('product_embeddings_embedding'), 0)::bigint AS number",
    )
    .await?;
    let note = IndexNote { rows: Some(rows), file: Some(file), ..note };
    connection.batch_execute(&comment(INDEX, &note)).await
}

/// Notes how far to search the index there is.
pub async fn write_choice(
    connection: &mut AsyncPgConnection,
    index: &VectorIndex,
    note: IndexNote,
) -> QueryResult<()> {
    let kept = IndexNote { rows: index.note.rows, file: index.note.file, ..note };
    connection.batch_execute(&comment(&index.name, &kept)).await
}

/// Returns the index that serves searches: the first valid one.
pub async fn serving(connection: &mut AsyncPgConnection) -> QueryResult<Option<VectorIndex>> {
    Ok(indexes(connection).await?.into_iter().find(|index| index.valid))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_follow_the_rows() {
        for (rows, lists) in [
            (-1, 10),
            (0, 10),
            (25_000, 25),
            (100_000, 100),
            (1_000_000, 1_000),
            (4_000_000, 2_000),
            (10_000_000, 3_162),
            (i64::MAX, 32_768),
        ] {
            assert_eq!(lists_for(rows), lists, "{rows} rows");
        }
    }

    #[test]
    fn statements_name_what_is_indexed() {
        let half = Design { method: Method::Hnsw, element: Element::Halfvec, lists: 0 };
        assert_eq!(
            half.statement("x", "CONCURRENTLY"),
            "CREATE INDEX CONCURRENTLY x ON product_embeddings USING hnsw \
             ((embedding::halfvec(1536)) halfvec_cosine_ops) WITH (m = 16, ef_construction = 64)"
        );
    }

    #[test]
    fn memory_is_at_least_what_pgvector_wants() {
        // Measured: 300 lists want 90 MB, 1,000 lists 308 MB.
        for (lists, megabytes) in [(300, 90), (1_000, 308)] {
            let design = Design { method: Method::Ivfflat, element: Element::Vector, lists };
            let given = design.memory(1_000_000) >> 20;
            assert!((megabytes..4 * megabytes).contains(&given), "{given} MB for {lists} lists");
        }
        let wanted = memory_required("memory required is 90 MB, maintenance_work_mem is 64 MB");
        assert_eq!(wanted, Some(90 << 20));
        assert_eq!(memory_required("out of memory"), None);
    }
}

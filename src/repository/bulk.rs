//! Bulk writes: rows go in batches to temporary tables, are checked against each other and what is stored by set-based
//! statements, and are merged into the tables in few statements.
//!
//! [`Bulk`] does it step by step inside the caller's transaction; a row that is stored already with the same content is
//! neither written nor locked. The temporary tables (`import_*`) go with the transaction.

mod catalogue;
mod embeddings;
mod predictions;
mod queue_sync;
mod sql;
mod table;
mod values;
mod views;

pub use embeddings::{
    EmbeddingBatch, IndexAside, TextRow, TextRows, Unembedded, count_embeddings, other_model, rebuild_index,
    set_index_aside, unembedded, unknown_products, write_distributed_embeddings, write_embeddings,
};
pub use queue_sync::{Locking, PRODUCTS_AT_ONCE, Synced, sync_queue};
pub use table::{Missing, Table};
pub use views::{WORTH_STATISTICS, gather_statistics, refresh_views};

use diesel::pg::Pg;
use diesel::query_builder::{BoxedSqlQuery, SqlQuery};
use diesel::sql_types::{BigInt, Text};
use diesel::{QueryResult, QueryableByName};
use diesel_async::{AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};

/// A statement whose binds are being added.
pub type Query<'a> = BoxedSqlQuery<'a, Pg, SqlQuery>;

/// A row that can be staged.
pub trait Row: Send + Sync + Sized + 'static {
    /// Binds the rows' columns as arrays, in the order of the staging statement, after the line numbers.
    fn bind<'a>(query: Query<'a>, rows: &'a [Self]) -> Query<'a>;
}

/// The most rows that one statement merges: bounds a statement's locks, trigger rows and the wait between two reports
/// of progress.
const MERGE_ROWS: i64 = 200_000;

/// How many rows a merge wrote.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Merged {
    pub inserted: u64,
    pub updated: u64,
}

/// A staged row that refers to something that is neither staged nor stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    pub line: i64,
    pub missing: Missing,
    /// The key that is missing; of a gap, the product's.
    pub key: String,
    /// Of a gap, the attribute's key.
    pub other: Option<String>,
}

#[derive(QueryableByName)]
struct RefusedRow {
    #[diesel(sql_type = BigInt)]
    line: i64,
    #[diesel(sql_type = Text)]
    key: String,
    #[diesel(sql_type = diesel::sql_types::Nullable<Text>)]
    other: Option<String>,
    #[diesel(sql_type = BigInt)]
    total: i64,
}

#[derive(QueryableByName)]
struct MergedRow {
    #[diesel(sql_type = BigInt)]
    inserted: i64,
    #[diesel(sql_type = BigInt)]
    updated: i64,
}

/// A load has no time limit of its own, and sorts and joins more than a screen's query does.
const SET_UP: &str = "SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = '60s';
SET LOCAL idle_in_transaction_session_timeout = 0; SET LOCAL work_mem = '64MB'; SET LOCAL jit = off";

/// A bulk load inside a transaction of the caller's.
#[expect(missing_debug_implementations, reason = "a connection has none")]
pub struct Bulk<'a> {
    connection: &'a mut AsyncPgConnection,
}

impl<'a> Bulk<'a> {
    /// Starts a load: makes the temporary tables.
    pub async fn start(connection: &'a mut AsyncPgConnection) -> QueryResult<Self> {
        let create: Vec<&str> =
            std::iter::once(SET_UP).chain(Table::ALL.map(|table| table.plan().create)).collect();
        connection.batch_execute(&create.join("; ")).await?;
        Ok(Self { connection })
    }

    /// Returns the connection, for statements between the steps.
    pub fn connection(&mut self) -> &mut AsyncPgConnection {
        self.connection
    }

    /// Sends rows to a table's staging table; `lines` numbers them, ascending over all batches of the table.
    pub async fn stage<R: Row>(&mut self, table: Table, lines: &[i64], rows: &[R]) -> QueryResult<()> {
        if rows.is_empty() {
            return Ok(());
        }
        let query = diesel::sql_query(table.plan().stage)
            .into_boxed::<Pg>()
            .bind::<diesel::sql_types::Array<BigInt>, _>(lines);
        R::bind(query, rows).execute(self.connection).await?;
        Ok(())
    }

    /// Drops staged rows that a later one of the same key replaces; returns how many.
    pub async fn drop_duplicates(&mut self, table: Table) -> QueryResult<u64> {
        let dropped = diesel::sql_query(table.plan().duplicates).execute(self.connection).await?;
        Ok(dropped as u64)
    }

    /// Drops staged rows that refer to something that is neither staged nor stored; returns how many, and the first
    /// `shown` of each kind of reference.
    ///
    /// What is referred to must have been staged and checked before.
    pub async fn drop_unknown(&mut self, table: Table, shown: u32) -> QueryResult<(u64, Vec<Refused>)> {
        let (mut total, mut refused) = (0, Vec::new());
        for (missing, check) in table.plan().checks {
            let rows: Vec<RefusedRow> =
                diesel::sql_query(*check).bind::<BigInt, _>(i64::from(shown)).load(self.connection).await?;
            total += rows.as_slice().first().map_or(0, |row| row.total.unsigned_abs());
            refused.extend(rows.into_iter().map(|row| Refused {
                line: row.line,
                missing: *missing,
                key: row.key,
                other: row.other,
            }));
        }
        refused.sort_by_key(|row| row.line);
        Ok((total, refused))
    }

    /// Merges staged rows up to line `last` into their table, and tells `progress` the line reached.
    pub async fn merge(
        &mut self,
        table: Table,
        last: i64,
        mut progress: impl FnMut(i64) + Send,
    ) -> QueryResult<Merged> {
        let plan = table.plan();
        if let Some(prepare) = plan.prepare {
            diesel::sql_query(prepare).execute(self.connection).await?;
        }
        let (mut merged, mut line) = (Merged::default(), 0);
        while line < last {
            let end = last.min(line + MERGE_ROWS);
            let row: MergedRow = diesel::sql_query(plan.merge)
                .bind::<BigInt, _>(line)
                .bind::<BigInt, _>(end)
                .get_result(self.connection)
                .await?;
            merged.inserted += row.inserted.unsigned_abs();
            merged.updated += row.updated.unsigned_abs();
            line = end;
            progress(line);
        }
        Ok(merged)
    }
}

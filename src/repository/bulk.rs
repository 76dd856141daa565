//! Bulk writes: rows go in batches to temporary tables, are checked against each other and what is stored by set-based
//! statements, and are merged into the tables in few statements.
//!
//! [`Bulk`] does it step by step inside the caller's transaction; a row that is stored already with the same content is
//! neither written nor locked. The temporary tables (`import_*`) go with the transaction.

mod catalogue;
mod decisions;
mod embeddings;
mod field;
mod measures;
mod predictions;
mod queue_check;
mod queue_sync;
mod session;
mod sql;
mod table;
mod values;
mod views;

pub use embeddings::{
    EmbeddingBatch, IndexAside, TextRow, TextRows, Unembedded, count_embeddings, other_model, rebuild_index,
    set_index_aside, unembedded, unknown_products, write_embeddings,
};
pub use field::{Field, Kind, Need};
pub use queue_check::{Compared, check_queue};
pub use queue_sync::{Locking, PRODUCTS_AT_ONCE, Synced, sync_queue};
pub use session::{Cells, Columns, Parameter, Session};
pub use table::{Missing, Plan, Table};
pub use views::{WORTH_STATISTICS, gather_statistics, refresh_views};

use super::{RepositoryError, Result};

/// The most rows that one statement merges: bounds a statement's locks, trigger rows and the wait between two reports
/// of progress.
const MERGE_ROWS: i64 = 200_000;

/// How many rows a merge wrote.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Merged {
    pub inserted: u64,
    pub updated: u64,
}

/// A staged row that refers to something that is neither staged nor stored, or clashes with something stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    pub line: i64,
    pub missing: Missing,
    /// The key that is missing; of a gap, the product's.
    pub key: String,
    /// Of a gap, the attribute's key.
    pub other: Option<String>,
}

/// A load has no time limit of its own, and sorts and joins more than a screen's query does.
const SET_UP: &str = "SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = '60s';
SET LOCAL idle_in_transaction_session_timeout = 0; SET LOCAL work_mem = '64MB'; SET LOCAL jit = off;
SET LOCAL client_min_messages = 'warning'";

/// A bulk load inside a transaction of the caller's.
#[expect(missing_debug_implementations, reason = "a connection has none")]
pub struct Bulk<'a, 'c> {
    session: &'a mut Session<'c>,
}

impl<'a, 'c> Bulk<'a, 'c> {
    /// Starts a load: makes the temporary tables.
    pub async fn start(session: &'a mut Session<'c>) -> Result<Self> {
        let staged = Table::ALL.into_iter().filter(|table| *table != Table::Embeddings);
        let create = staged.map(|table| sql::create(table.plan()));
        let create: Vec<String> = [SET_UP.to_owned()].into_iter().chain(create).collect();
        session.batch(&create.join("; ")).await?;
        Ok(Self { session })
    }

    /// Returns the session, for statements between the steps.
    pub fn session(&mut self) -> &mut Session<'c> {
        self.session
    }

    /// Sends rows to a table's staging table; their lines number them, ascending over all batches of the table.
    pub async fn stage(&mut self, table: Table, rows: &Columns) -> Result<()> {
        self.session.stage(table.plan(), rows).await
    }

    /// Drops staged rows that a later one of the same key replaces; returns how many.
    pub async fn drop_duplicates(&mut self, table: Table) -> Result<u64> {
        self.session.execute(&sql::duplicates(table.plan()), &[]).await
    }

    /// Drops staged rows that refer to something that is neither staged nor stored, or clash with something stored;
    /// returns how many, and the first `shown` of each kind.
    ///
    /// What is referred to must have been staged and checked before.
    pub async fn drop_unknown(&mut self, table: Table, shown: u32) -> Result<(u64, Vec<Refused>)> {
        let (mut total, mut refused) = (0, Vec::new());
        for missing in table.plan().references() {
            decisions::prepare(self.session, missing).await?;
            let check = decisions::check(missing).unwrap_or_else(|| sql::unknown(table.plan(), missing));
            let rows = self.session.rows(&check, &[Parameter::Number(shown.into())]).await?;
            for (index, row) in rows.into_iter().enumerate() {
                let [line, key, other, all] =
                    <[Option<String>; 4]>::try_from(row).map_err(|_| malformed())?;
                if index == 0 {
                    total += number(all.as_deref())?;
                }
                refused.push(Refused {
                    line: i64::try_from(number(line.as_deref())?).map_err(|_| malformed())?,
                    missing,
                    key: key.unwrap_or_default(),
                    other,
                });
            }
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
    ) -> Result<Merged> {
        let plan = table.plan();
        if last > MERGE_ROWS {
            // Ranges of lines lie together; the planner has no statistics of temporary tables by itself.
            let name = plan.name;
            self.session
                .batch(&format!("CREATE INDEX ON import_{name} USING brin (line); ANALYZE import_{name}"))
                .await?;
        }
        if let Some(prepare) = plan.prepare {
            self.session.execute(prepare, &[]).await?;
        }
        let statement = if table == Table::Decisions { decisions::insert() } else { sql::merge(plan) };
        let (mut all, mut line) = (Merged::default(), 0);
        while line < last {
            let end = last.min(line + MERGE_ROWS);
            let range = [Parameter::Number(line), Parameter::Number(end)];
            let part = merged(&self.session.rows(&statement, &range).await?)?;
            all.inserted += part.inserted;
            all.updated += part.updated;
            line = end;
            progress(line);
        }
        if table == Table::Decisions && all.inserted > 0 {
            decisions::settle(self.session).await?;
        }
        Ok(all)
    }

    /// Ends the merges: predictions of decided gaps that came without a mark get one.
    pub async fn finish(&mut self) -> Result<()> {
        decisions::mark_the_rest(self.session).await
    }
}

fn malformed() -> RepositoryError {
    RepositoryError::Database("a statement of the load returned something else than it should".into())
}

fn number(cell: Option<&str>) -> Result<u64> {
    cell.and_then(|cell| cell.parse().ok()).ok_or_else(malformed)
}

/// Reads the two counts that a merge returns.
fn merged(rows: &[Cells]) -> Result<Merged> {
    match rows {
        [row] if row.len() == 2 => {
            Ok(Merged { inserted: number(row[0].as_deref())?, updated: number(row[1].as_deref())? })
        }
        _ => Err(malformed()),
    }
}

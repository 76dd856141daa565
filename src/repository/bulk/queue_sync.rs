//! The queue brought in step with the raw tables and the decisions, range by range.

use crate::repository::postgres::is_passing;
use diesel::sql_types::{BigInt, Bool, Nullable, Text};
use diesel::{OptionalExtension, QueryResult, QueryableByName};
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};
use serde::Serialize;

/// Products of one transaction: about a second's work, so that nobody waits longer for a lock.
pub const PRODUCTS_AT_ONCE: u32 = 5_000;

/// How often a range is tried that a deadlock ended.
const TRIES: u32 = 5;

/// Whether the range's products are locked while it is brought in step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Locking {
    /// As the triggers do, so that nothing is lost when other programs write at the same time.
    Products,
    /// Not at all: for distributed tables, which have no triggers, and rows that cannot be locked across machines.
    Nothing,
}

/// Queue rows that were out of step.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Synced {
    /// Rows of pairs that are no gap any more.
    pub removed: u64,
    /// Gaps that had no row.
    pub added: u64,
    /// Rows whose candidates had changed.
    pub rescored: u64,
    /// Rows whose product's name, category or time had changed.
    pub described: u64,
    /// Rows that lacked a decision.
    pub decided: u64,
}

impl Synced {
    /// Returns how many rows were out of step, one that was so in two ways counted twice.
    pub fn total(self) -> u64 {
        self.removed + self.added + self.rescored + self.described + self.decided
    }

    fn add(&mut self, row: &SyncedRow) {
        self.removed += row.removed.unsigned_abs();
        self.added += row.added.unsigned_abs();
        self.rescored += row.rescored.unsigned_abs();
        self.described += row.described.unsigned_abs();
        self.decided += row.decided.unsigned_abs();
    }
}

#[derive(QueryableByName)]
struct SyncedRow {
    #[diesel(sql_type = BigInt)]
    removed: i64,
    #[diesel(sql_type = BigInt)]
    added: i64,
    #[diesel(sql_type = BigInt)]
    rescored: i64,
    #[diesel(sql_type = BigInt)]
    described: i64,
    #[diesel(sql_type = BigInt)]
    decided: i64,
}

#[derive(QueryableByName)]
struct Key {
    #[diesel(sql_type = Text)]
    product_key: String,
}

/// The last product of the range behind `$1`; no row where the range is the last one.
const RANGE_END: &str = "SELECT product_key FROM raw_products WHERE $1 IS NULL OR product_key > $1
 ORDER BY product_key OFFSET $2 LIMIT 1";

const SYNC: &str = "SELECT removed, added, rescored, described, decided FROM gapdeck_queue_sync($1, $2, $3)";

/// A range has no time limit of its own, but waits for others only so long.
const SET_UP: &str = "SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = '60s';
    SET LOCAL work_mem = '64MB'; SET LOCAL jit = off";

/// Brings the queue in step, and the experiments' sums, `products` at a time, each range in a transaction of its own; tells `progress` how many
/// products are done. Cut off, it leaves finished ranges in step and the others as they were.
pub async fn sync_queue(
    connection: &mut AsyncPgConnection,
    locking: Locking,
    products: u32,
    mut progress: impl FnMut(u64) + Send,
) -> QueryResult<Synced> {
    let (mut synced, mut done) = (Synced::default(), 0);
    let mut after: Option<String> = None;
    loop {
        let end: Option<Key> = diesel::sql_query(RANGE_END)
            .bind::<Nullable<Text>, _>(after.as_deref())
            .bind::<BigInt, _>(i64::from(products.max(1)) - 1)
            .get_result(connection)
            .await
            .optional()?;
        let until = end.map(|key| key.product_key);
        synced.add(&range(connection, after.as_deref(), until.as_deref(), locking).await?);
        if until.is_none() {
            sum_up(connection).await?;
            return Ok(synced);
        }
        done += u64::from(products);
        progress(done);
        after = until;
    }
}

/// Sums the experiments' predictions up anew, which triggers keep, too.
async fn sum_up(connection: &mut AsyncPgConnection) -> QueryResult<()> {
    connection
        .transaction(async |connection: &mut AsyncPgConnection| {
            connection.batch_execute(SET_UP).await?;
            connection.batch_execute("SELECT gapdeck_tallies_sync()").await
        })
        .await
}

/// Brings one range in step, once more when the database asks for it.
async fn range(
    connection: &mut AsyncPgConnection,
    after: Option<&str>,
    until: Option<&str>,
    locking: Locking,
) -> QueryResult<SyncedRow> {
    let mut tried = 0;
    loop {
        let row = connection
            .transaction(async |connection: &mut AsyncPgConnection| {
                connection.batch_execute(SET_UP).await?;
                diesel::sql_query(SYNC)
                    .bind::<Nullable<Text>, _>(after)
                    .bind::<Nullable<Text>, _>(until)
                    .bind::<Bool, _>(locking == Locking::Products)
                    .get_result(connection)
                    .await
            })
            .await;
        tried += 1;
        match row {
            Err(error) if tried < TRIES && is_passing(&error) => {}
            row => return row,
        }
    }
}

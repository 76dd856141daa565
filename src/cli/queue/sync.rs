//! `gapdeck queue sync`.

use crate::cli::bar::Bar;
use crate::cli::open::{self, Tables};
use crate::cli::output::{json, say};
use crate::config::Config;
use crate::database::{Database, refused};
use crate::error::AppError;
use crate::repository::bulk::{Locking, PRODUCTS_AT_ONCE, Synced, sync_queue};
use crate::transfer::import::{ProgressSink, Unit};
use clap::Args;
use diesel::sql_types::BigInt;
use diesel::{QueryResult, QueryableByName};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

/// Brings the queue in step with tables that were loaded without the triggers.
///
/// Adds and removes rows, scores candidates anew, and takes over names, categories and decisions, some thousand products
/// at a time. Needed after a load with the triggers disabled, and on Citus, which has none; harmless at any time.
#[derive(Debug, Args)]
pub struct Sync {
    /// Print the counts as JSON
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(command: &Sync, config: &Config) -> Result<(), AppError> {
    let database = open::database(config, Tables::Expect).await?;
    let synced = sync(&database).await;
    let label = database.label().to_owned();
    database.close().await;
    let synced = synced?;
    if command.json {
        return json(&synced);
    }
    say(&match synced.total() {
        0 => format!("the queue of {label} is in step"),
        _ => format!(
            "brought the queue of {label} in step: {} rows added, {} removed, {} scored anew, {} named anew, {} decided",
            synced.added, synced.removed, synced.rescored, synced.described, synced.decided
        ),
    });
    Ok(())
}

async fn sync(database: &Database) -> Result<Synced, AppError> {
    let failed = |error: diesel::result::Error| refused("cannot bring the queue in step", &error);
    let locking = if database.is_distributed().await? { Locking::Nothing } else { Locking::Products };
    let mut connection = database.connection().await?;
    let mut bar = Bar::new();
    bar.begin("Bringing the queue in step", products(&mut connection).await.map_err(failed)?, Unit::Rows);
    let synced = sync_queue(&mut connection, locking, PRODUCTS_AT_ONCE, |done| bar.advance(done)).await;
    bar.end();
    synced.map_err(failed)
}

/// About how many products there are, as the planner knows it: only the bar needs it.
const PRODUCTS: &str =
    "SELECT greatest(reltuples, 0)::bigint AS products FROM pg_class WHERE oid = 'raw_products'::regclass";

async fn products(connection: &mut AsyncPgConnection) -> QueryResult<u64> {
    #[derive(QueryableByName)]
    struct Products {
        #[diesel(sql_type = BigInt)]
        products: i64,
    }
    let row: Products = diesel::sql_query(PRODUCTS).get_result(connection).await?;
    Ok(row.products.unsigned_abs())
}

//! The migrations, embedded in the binary.

use super::{Connection, refused};
use crate::error::AppError;
use diesel::migration::Migration as _;
use diesel_async::{AsyncMigrationHarness, SimpleAsyncConnection};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

const MIGRATIONS: EmbeddedMigrations = embed_migrations!();

/// Two migrators exclude each other by this advisory lock ("gapdeck" in hexadecimal).
const LOCK: &str = "SELECT pg_advisory_lock(x'6761706465636b'::bigint)";
const UNLOCK: &str = "SELECT pg_advisory_unlock(x'6761706465636b'::bigint)";

/// What a session has again after a migration, which may take as long as it needs.
const TIMEOUTS: &str = "SET lock_timeout = '5s'; SET statement_timeout = '30s'";

type Failure = Box<dyn std::error::Error + Send + Sync>;

pub(super) async fn run_pending(connection: Connection) -> Result<Vec<String>, AppError> {
    locked(connection, "cannot migrate the database", |harness| {
        Ok(harness.run_pending_migrations(MIGRATIONS)?.iter().map(ToString::to_string).collect())
    })
    .await
}

pub(super) async fn revert_all(connection: Connection) -> Result<Vec<String>, AppError> {
    locked(connection, "cannot take the migrations back", |harness| {
        Ok(harness.revert_all_migrations(MIGRATIONS)?.iter().map(ToString::to_string).collect())
    })
    .await
}

#[expect(
    clippy::unused_async,
    reason = "blocks in place: must be called from a runtime thread, as its callers are"
)]
pub(super) async fn pending(connection: Connection) -> Result<Vec<String>, AppError> {
    let mut harness = AsyncMigrationHarness::new(connection);
    let pending = harness
        .pending_migrations(MIGRATIONS)
        .map_err(|error| refused("cannot read the migrations", &*error))?;
    Ok(pending.iter().map(|migration| migration.name().to_string()).collect())
}

async fn locked<T>(
    mut connection: Connection,
    what: &str,
    work: impl FnOnce(&mut AsyncMigrationHarness<Connection>) -> Result<T, Failure>,
) -> Result<T, AppError> {
    connection
        .batch_execute("SET lock_timeout = 0; SET statement_timeout = 0")
        .await
        .map_err(|error| refused(what, &error))?;
    connection.batch_execute(LOCK).await.map_err(|error| refused(what, &error))?;
    let mut harness = AsyncMigrationHarness::new(connection);
    let result = work(&mut harness);
    let mut connection = harness.into_inner();
    let unlocked = connection.batch_execute(UNLOCK).await;
    let result = result.map_err(|error| refused(what, &*error))?;
    unlocked.map_err(|error| refused(what, &error))?;
    connection.batch_execute(TIMEOUTS).await.map_err(|error| refused(what, &error))?;
    Ok(result)
}

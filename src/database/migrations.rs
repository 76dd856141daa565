//! The migrations, embedded in the binary.

use super::{Connection, refused};
use crate::error::AppError;
use diesel::QueryableByName;
use diesel::migration::{Migration as _, MigrationSource};
use diesel::pg::Pg;
use diesel::sql_types::{Bool, Text};
use diesel_async::{AsyncMigrationHarness, RunQueryDsl, SimpleAsyncConnection};
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

/// The migrations that have run. Only read: Diesel's own way creates the table first, which a reviewer may not.
const RUN: &str = "SELECT version FROM __diesel_schema_migrations";
const HAS_RUN: &str = "SELECT to_regclass('__diesel_schema_migrations') IS NOT NULL AS found";

#[derive(QueryableByName)]
struct Run {
    #[diesel(sql_type = Text)]
    version: String,
}

#[derive(QueryableByName)]
struct HasRun {
    #[diesel(sql_type = Bool)]
    found: bool,
}

pub(super) async fn pending(mut connection: Connection) -> Result<Vec<String>, AppError> {
    let failed = |error| refused("cannot read the migrations", &error);
    let any: HasRun = diesel::sql_query(HAS_RUN).get_result(&mut connection).await.map_err(failed)?;
    let run: Vec<Run> = if any.found {
        diesel::sql_query(RUN).load(&mut connection).await.map_err(failed)?
    } else {
        Vec::new()
    };
    let known = MigrationSource::<Pg>::migrations(&MIGRATIONS)
        .map_err(|error| refused("cannot read the migrations in this binary", &*error))?;
    let is_pending = |name: &String| {
        // A migration's version is its name up to the first underscore, without the dashes.
        let version = name.split('_').next().unwrap_or(name).replace('-', "");
        run.iter().all(|one| one.version != version)
    };
    Ok(known.iter().map(|migration| migration.name().to_string()).filter(is_pending).collect())
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

//! The migrations, embedded in the binary.

use super::{Connection, refused};
use crate::error::AppError;
use diesel::QueryableByName;
use diesel::migration::{Migration, MigrationSource};
use diesel::pg::Pg;
use diesel::sql_types::{Bool, Text};
use diesel_async::{AsyncMigrationHarness, RunQueryDsl, SimpleAsyncConnection};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

const MIGRATIONS: EmbeddedMigrations = embed_migrations!();

/// Two migrators exclude each other by this advisory lock ("gapdeck" in hexadecimal).
const LOCK: &str = "SELECT pg_advisory_lock(x'6761706465636b'::bigint)";
const UNLOCK: &str = "SELECT pg_advisory_unlock(x'6761706465636b'::bigint)";

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Runs what is missing; `restoring` gives the session its time limits back: a migration may take as long as it needs.
pub(super) async fn run_pending(connection: Connection, restoring: &str) -> Result<Vec<String>, AppError> {
    locked(connection, restoring, "cannot migrate the database", |harness| {
        Ok(harness.run_pending_migrations(MIGRATIONS)?.iter().map(ToString::to_string).collect())
    })
    .await
}

pub(super) async fn revert_all(connection: Connection, restoring: &str) -> Result<Vec<String>, AppError> {
    locked(connection, restoring, "cannot take the migrations back", |harness| {
        Ok(harness.revert_all_migrations(MIGRATIONS)?.iter().map(ToString::to_string).collect())
    })
    .await
}

/// Which migrations a database lacks, and which it has that this gapdeck does not know.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MigrationState {
    pub pending: Vec<String>,
    /// Versions that a newer gapdeck has brought.
    pub unknown: Vec<String>,
}

const RUN: &str = "SELECT version::text AS version FROM __diesel_schema_migrations ORDER BY version";
const ANY_RUN: &str = "SELECT to_regclass('__diesel_schema_migrations') IS NOT NULL AS yes";

#[derive(QueryableByName)]
struct Run {
    #[diesel(sql_type = Text)]
    version: String,
}

#[derive(QueryableByName)]
struct Yes {
    #[diesel(sql_type = Bool)]
    yes: bool,
}

/// Compares. Diesel's own way would first create the table of migrations, which a reviewer may not.
pub(super) async fn state(mut connection: Connection) -> Result<MigrationState, AppError> {
    let failed = |error: diesel::result::Error| refused("cannot read the migrations", &error);
    let any: Yes = diesel::sql_query(ANY_RUN).get_result(&mut connection).await.map_err(failed)?;
    let run: Vec<Run> = if any.yes {
        diesel::sql_query(RUN).load(&mut connection).await.map_err(failed)?
    } else {
        Vec::new()
    };
    let known: Vec<Box<dyn Migration<Pg>>> =
        MIGRATIONS.migrations().map_err(|error| refused("cannot read the migrations", &*error))?;
    let version = |migration: &dyn Migration<Pg>| migration.name().version().to_string();
    let is_run = |migration: &dyn Migration<Pg>| run.iter().any(|run| run.version == version(migration));
    Ok(MigrationState {
        pending: known
            .iter()
            .filter(|migration| !is_run(migration.as_ref()))
            .map(|migration| migration.name().to_string())
            .collect(),
        unknown: run
            .iter()
            .filter(|run| !known.iter().any(|migration| version(migration.as_ref()) == run.version))
            .map(|run| run.version.clone())
            .collect(),
    })
}

async fn locked<T>(
    mut connection: Connection,
    restoring: &str,
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
    connection.batch_execute(restoring).await.map_err(|error| refused(what, &error))?;
    Ok(result)
}

//! Opening the database that a command works on.

use crate::config::{Config, Location};
use crate::database::Database;
use crate::database::url::{Environment, Target};
use crate::error::{AppError, ErrorKind};
use crate::review::outbox::Place;

/// Whether a command may bring the tables of a shared database up to date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tables {
    /// It creates what is missing.
    Migrate,
    /// It needs them to be there; an embedded database has nobody else to create them.
    Expect,
}

/// Opens the configured database.
pub(super) async fn database(config: &Config, tables: Tables) -> Result<Database, AppError> {
    let opened = at(&config.location, &config.environment, tables, &mut |_| {}).await;
    let database = opened.map_err(|error| config.about_url(error))?;
    if tables == Tables::Migrate {
        // Whoever writes reads what was written.
        return Ok(database);
    }
    reading(database, config).await
}

/// Lets what may lag be read from the configured replicas of a shared database.
pub(super) async fn reading(database: Database, config: &Config) -> Result<Database, AppError> {
    match config.location {
        Location::Embedded(_) => Ok(database),
        Location::Shared(_) => {
            database.reading_from(&config.replicas).await.map_err(|error| config.about_read_url(error))
        }
    }
}

/// Says where the outbox of a database is.
pub(super) fn outbox(config: &Config, location: &Location) -> Result<Place, AppError> {
    match location {
        Location::Embedded(directory) => Ok(Place::embedded(directory)),
        Location::Shared(url) => {
            let target = Target::parse(url, &config.environment).map_err(|error| config.about_url(error))?;
            Ok(Place::shared(&config.state_directory, &target))
        }
    }
}

/// Opens a database, saying each step.
pub(super) async fn at(
    location: &Location,
    environment: &Environment,
    tables: Tables,
    step: &mut (dyn FnMut(&str) + Send),
) -> Result<Database, AppError> {
    let database = match location {
        Location::Embedded(directory) => {
            step("Starting the embedded database");
            Database::open_embedded(&directory.join("database")).await?
        }
        Location::Shared(url) => {
            step("Connecting");
            Database::connect_in(environment, url).await?
        }
    };
    step("Checking the tables");
    let pending = database.pending_migrations().await?;
    if pending.is_empty() {
        return Ok(database);
    }
    if tables == Tables::Expect && matches!(location, Location::Shared(_)) {
        return Err(AppError::new(
            ErrorKind::Unavailable,
            format!("{} lacks {} of gapdeck's migrations", database.label(), pending.len()),
        )
        .hinted("Run `gapdeck migrate` as a user who may create tables and extensions."));
    }
    step("Creating the tables");
    database.migrate().await?;
    Ok(database)
}

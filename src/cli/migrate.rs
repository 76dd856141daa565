//! `gapdeck migrate`.

use super::output::{json, say};
use crate::config::{Config, Location};
use crate::database::Database;
use crate::error::{AppError, ErrorKind};
use clap::Args;

/// Creates or updates the tables.
#[derive(Debug, Args)]
pub struct Migrate {
    /// Print the migrations run as a JSON array
    #[arg(long)]
    json: bool,
    /// Take every migration back: drops all tables with what they hold
    #[arg(long)]
    down: bool,
    /// Confirm --down
    #[arg(long, requires = "down")]
    yes: bool,
}

pub(super) async fn run(command: Migrate, config: &Config) -> Result<(), AppError> {
    if command.down && !command.yes {
        return Err(AppError::new(ErrorKind::Usage, "--down drops every table with all decisions in it")
            .hinted("Say --down --yes if that is what you want."));
    }
    let database = match &config.location {
        Location::Embedded(directory) => Database::open_embedded(&directory.join("database")).await?,
        Location::Shared(url) => {
            Database::connect_in(&config.environment, url).await.map_err(|error| config.about_url(error))?
        }
    };
    let run = if command.down { database.revert_migrations().await } else { database.migrate().await };
    let label = database.label().to_owned();
    database.close().await;
    let run = run?;
    if command.json {
        return json(&run);
    }
    match run.len() {
        0 => say(&format!("{label} is up to date")),
        n => say(&format!("{n} migrations {} on {label}", if command.down { "taken back" } else { "run" })),
    }
    Ok(())
}

//! `gapdeck distribute`.

use super::open::{self, Tables};
use super::output::{json, print_exactly, say};
use crate::config::{Config, Location};
use crate::database::{Database, citus};
use crate::error::{AppError, ErrorKind};
use clap::Args;

/// Distributes the tables over the servers of a Citus cluster.
///
/// Tables with a product key are distributed by it, dictionaries are copied to every server, and the triggers that keep
/// the queue in step go: run `gapdeck queue sync` after each load from then on. All in one transaction, while nobody
/// else uses the database.
#[derive(Debug, Args)]
pub struct Distribute {
    /// Print the statements in their order, run none; needs no Citus
    #[arg(long)]
    dry_run: bool,
    /// Print the plan as JSON
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(command: &Distribute, config: &Config) -> Result<(), AppError> {
    if matches!(config.location, Location::Embedded(_)) {
        return Err(AppError::new(
            ErrorKind::Usage,
            "the embedded database is a single one: nothing to distribute",
        )
        .hinted("Name a server with --database-url."));
    }
    let database = open::database(config, Tables::Expect).await?;
    let plan = distribute(&database, command).await;
    let label = database.label().to_owned();
    database.close().await;
    let plan = plan?;
    if command.json {
        return json(&plan);
    }
    if !plan.stay.is_empty() && !plan.statements.is_empty() {
        say(&format!("stays on the coordinator: {}", plan.stay.join(", ")));
    }
    match (plan.statements.is_empty(), command.dry_run) {
        (true, _) => say(&format!("every table of {label} is distributed already")),
        (false, true) => print_exactly(&format!("BEGIN;\n{};\nCOMMIT;\n", plan.statements.join(";\n")))?,
        (false, false) => say(&format!(
            "the tables of {label} are distributed; run `gapdeck queue sync` after each load, which triggers did until now"
        )),
    }
    Ok(())
}

async fn distribute(database: &Database, command: &Distribute) -> Result<citus::Plan, AppError> {
    let mut connection = database.connection().await?;
    let plan = citus::plan(&mut connection).await?;
    if command.dry_run || plan.statements.is_empty() {
        return Ok(plan);
    }
    let present = citus::is_present(&mut connection).await;
    if !present.map_err(|error| crate::database::refused("cannot look for Citus", &error))? {
        return Err(AppError::new(ErrorKind::Input, format!("{} has no Citus", database.label()))
            .hinted("CREATE EXTENSION citus (and its shared_preload_libraries) come first; --dry-run shows the plan without it."));
    }
    citus::distribute(&mut connection, &plan, say).await?;
    Ok(plan)
}

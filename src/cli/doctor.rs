//! `gapdeck doctor`.

use super::bar::Bar;
use super::open;
use super::output::{json, print};
use crate::config::{Config, Location};
use crate::database::Database;
use crate::doctor::{Finding, Level, Orders, Repair, Thoroughness, examine};
use crate::error::{AppError, ErrorKind};
use crate::transfer::import::{ProgressSink, Unit};
use clap::Args;
use serde::Serialize;
use std::fmt::Write as _;

/// Looks for what is wrong with the database, and says what to do about it.
///
/// Ends with 0 where no error is found, with 9 where one is. Notices and warnings are no errors.
#[derive(Debug, Args)]
pub struct Doctor {
    /// Bring the queue in step where it is not
    #[arg(long)]
    repair: bool,
    /// Compare the whole queue, however long it takes
    #[arg(long)]
    thorough: bool,
    /// Print the findings as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Serialize)]
struct Report<'a> {
    database: &'a str,
    errors: usize,
    warnings: usize,
    findings: &'a [Finding],
}

pub(super) async fn run(command: Doctor, config: &Config) -> Result<(), AppError> {
    let database = match &config.location {
        Location::Embedded(directory) => Database::open_embedded(&directory.join("database")).await?,
        Location::Shared(url) => {
            Database::connect_in(&config.environment, url).await.map_err(|error| config.about_url(error))?
        }
    };
    let database = open::reading(database, config).await?;
    let orders = Orders {
        thoroughness: if command.thorough { Thoroughness::Thorough } else { Thoroughness::Quick },
        repair: if command.repair { Repair::Yes } else { Repair::No },
    };
    let mut bar = Bar::new();
    let found = examine(&database, orders, |step| bar.begin(step, 0, Unit::Rows)).await;
    bar.end();
    let label = database.label().to_owned();
    database.close().await;
    let found = found?;
    let count = |level| found.iter().filter(|finding| finding.level == level).count();
    let (errors, warnings) = (count(Level::Error), count(Level::Warning));
    if command.json {
        json(&Report { database: &label, errors, warnings, findings: &found })?;
    } else {
        print(&text(&found))?;
    }
    match errors {
        0 => Ok(()),
        1 => Err(AppError::new(ErrorKind::Unhealthy, format!("{label} has an error"))),
        _ => Err(AppError::new(ErrorKind::Unhealthy, format!("{label} has {errors} errors"))),
    }
}

fn text(found: &[Finding]) -> String {
    let mut text = String::new();
    for finding in found {
        let _ = writeln!(text, "{:8} {:13} {}", finding.level.as_str(), finding.check, finding.message);
        if let Some(remedy) = &finding.remedy {
            let _ = writeln!(text, "{:22} -> {remedy}", "");
        }
    }
    // Names of roles and tables are whatever somebody called them.
    text.replace(|c: char| c.is_control() && c != '\n', " ")
}

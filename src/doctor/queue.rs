//! Whether the queue says what the tables say, and its repair.

use super::{Finding, Level, Orders};
use crate::database::{Database, refused};
use crate::error::AppError;
use crate::repository::bulk::{
    Compared, Locking, PRODUCTS_AT_ONCE, Session, Synced, check_queue, sync_queue,
};
use std::time::Duration;

/// How long the comparison may take unless it is to be thorough.
const PATIENCE: Duration = Duration::from_secs(20);

/// How much of the queue is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Thoroughness {
    /// As much as 20 seconds allow.
    Quick,
    /// All.
    Thorough,
}

/// Whether a queue out of step is brought in step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repair {
    No,
    Yes,
}

pub(super) async fn check(
    database: &Database,
    orders: Orders,
    progress: &mut (impl FnMut(&str) + Send),
) -> Result<Vec<Finding>, AppError> {
    let patience = (orders.thoroughness == Thoroughness::Quick).then_some(PATIENCE);
    let mut connection = database.connection().await?;
    let compared = check_queue(&mut Session::Pooled(&mut connection), patience, |_| {}).await?;
    if compared.out_of_step.total() == 0 || orders.repair == Repair::No {
        return Ok(findings(&compared));
    }
    progress("Bringing the queue in step");
    let synced = sync_queue(&mut connection, Locking::Products, PRODUCTS_AT_ONCE, |_| {})
        .await
        .map_err(|error| refused("cannot bring the queue in step", &error))?;
    Ok(vec![Finding::ok("queue", format!("brought in step: {}", told(&synced)))])
}

fn findings(compared: &Compared) -> Vec<Finding> {
    let mut found = Vec::new();
    let differences = compared.out_of_step;
    if differences.total() > 0 {
        found.push(Finding::new(
            Level::Error,
            "queue",
            format!("the queue is out of step with the tables: {}", told(&differences)),
            "gapdeck doctor --repair (or gapdeck queue sync)",
        ));
    }
    if !compared.complete {
        found.push(Finding::new(
            Level::Notice,
            "queue",
            format!("the first {} products were compared; the rest would take longer", compared.products),
            "gapdeck doctor --thorough",
        ));
    } else if found.is_empty() {
        found.push(Finding::ok("queue", "the queue says what the tables say"));
    }
    found
}

fn told(differences: &Synced) -> String {
    let parts = [
        (differences.added, "gaps without a row"),
        (differences.removed, "rows without a gap"),
        (differences.rescored, "rows with a wrong score"),
        (differences.described, "rows with a wrong name, category or time"),
        (differences.decided, "rows that lack a decision"),
    ];
    let parts: Vec<String> = parts
        .iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, what)| format!("{number} {what}"))
        .collect();
    if parts.is_empty() { "nothing".into() } else { parts.join(", ") }
}

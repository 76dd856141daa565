//! `gapdeck history`.

use super::open::{self, Tables};
use super::output::{json, table};
use crate::config::Config;
use crate::domain::{Event, GapId};
use crate::error::AppError;
use crate::repository::{QueueRepository, RecommendationRepository, RepositoryError};
use clap::Args;

/// Lists the decisions on one gap.
#[derive(Debug, Args)]
pub struct History {
    /// The product's key
    product: String,
    /// The attribute's key
    attribute: String,
    /// Print a JSON array, with what the reviewers saw
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(command: History, config: &Config) -> Result<(), AppError> {
    let gap = GapId::new(command.product, command.attribute);
    let database = open::database(config, Tables::Expect).await?;
    let loaded = load(&database.store().read_by(&config.reviewer), &gap).await;
    database.close().await;
    let events = loaded?;
    if command.json {
        return json(&events);
    }
    let rows: Vec<Vec<String>> = events
        .iter()
        .map(|event| {
            vec![
                event.recorded_at.format("%Y-%m-%d %H:%M:%S UTC").to_string(),
                event.decision.reviewer.to_string(),
                format!(
                    "{}{}",
                    event.decision.action.as_str(),
                    if event.undone_by.is_some() { " (undone)" } else { "" }
                ),
                event.decision.value.clone().unwrap_or_default(),
                event.decision.comment.clone().unwrap_or_default(),
            ]
        })
        .collect();
    table(&["TIME", "REVIEWER", "ACTION", "VALUE", "COMMENT"], &rows)
}

/// Loads the decisions; a pair without any must at least be a gap.
async fn load(
    store: &(impl QueueRepository + RecommendationRepository),
    gap: &GapId,
) -> Result<Vec<Event>, RepositoryError> {
    let events = store.history(gap).await?;
    if events.is_empty() && store.row(gap).await?.is_none() {
        return Err(RepositoryError::NotFound { what: "gap", key: gap.to_string() });
    }
    Ok(events)
}

//! `gapdeck activity`.

use super::open::{self, Tables};
use super::output::{json, table};
use super::word;
use crate::config::{Config, age};
use crate::domain::{Action, DecisionFilter, DecisionRow, Reviewer};
use crate::error::{AppError, ErrorKind};
use crate::repository::{RecommendationRepository, RepositoryError};
use chrono::{DateTime, NaiveTime, TimeDelta, Utc};
use clap::Args;
use uuid::Uuid;

/// Rows read by one statement.
const PAGE: usize = 500;

/// Lists decisions, the newest first.
#[derive(Debug, Args)]
pub struct Activity {
    /// Print a JSON array
    #[arg(long)]
    json: bool,
    /// The most decisions to list
    #[arg(long, default_value_t = 50, value_name = "N")]
    limit: usize,
    /// Decisions of a reviewer
    #[arg(long, value_name = "NAME", conflicts_with = "mine")]
    by: Option<String>,
    /// Your own decisions
    #[arg(long)]
    mine: bool,
    /// accept, override, reject, not-applicable, defer, flag or undo
    #[arg(long, value_name = "ACTION")]
    action: Option<String>,
    /// Decisions on gaps of an attribute
    #[arg(long, value_name = "KEY")]
    attribute: Option<String>,
    /// Decisions on gaps of a product
    #[arg(long, value_name = "KEY")]
    product: Option<String>,
    /// Decisions of a bulk action
    #[arg(long, value_name = "ID")]
    batch: Option<Uuid>,
    /// Not older than this: today (UTC), an age (90m, 24h, 7d) or a time (2026-03-14T12:00:00Z)
    #[arg(long, value_name = "WHEN")]
    since: Option<String>,
}

impl Activity {
    fn filter(&self, config: &Config) -> Result<DecisionFilter, AppError> {
        let words = ["accept", "override", "reject", "not-applicable", "defer", "flag", "undo"];
        let action = self.action.as_ref().map(|text| word(text, Action::parse, &words)).transpose()?;
        let mine = self.mine.then(|| config.reviewer.clone());
        Ok(DecisionFilter {
            reviewer: self.by.as_deref().map(Reviewer::from).or(mine),
            action,
            attribute: self.attribute.as_deref().map(Into::into),
            product: self.product.as_deref().map(Into::into),
            batch: self.batch,
            since: self.since.as_deref().map(|text| since(text, Utc::now())).transpose()?,
            until: None,
        })
    }
}

/// Reads from when on decisions are wanted.
fn since(text: &str, now: DateTime<Utc>) -> Result<DateTime<Utc>, AppError> {
    if text.eq_ignore_ascii_case("today") {
        return Ok(now.date_naive().and_time(NaiveTime::MIN).and_utc());
    }
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Ok(time.to_utc());
    }
    let before = age::parse(text).ok().and_then(|age| TimeDelta::from_std(age).ok());
    before.and_then(|age| now.checked_sub_signed(age)).ok_or_else(|| {
        let message = format!("\"{text}\" is no time; write today, 24h, 7d or 2026-03-14T12:00:00Z");
        AppError::new(ErrorKind::Usage, message)
    })
}

pub(super) async fn run(command: Activity, config: &Config) -> Result<(), AppError> {
    let filter = command.filter(config)?;
    let database = open::database(config, Tables::Expect).await?;
    let loaded = load(&database.store().read_by(&config.reviewer), &filter, command.limit).await;
    database.close().await;
    let decisions = loaded?;
    if command.json {
        return json(&decisions);
    }
    let rows: Vec<Vec<String>> = decisions
        .iter()
        .map(|row| {
            let undone = if row.undone_by.is_some() { " (undone)" } else { "" };
            vec![
                row.recorded_at.format("%Y-%m-%d %H:%M:%S UTC").to_string(),
                row.reviewer.to_string(),
                format!("{}{undone}", row.action.as_str()),
                row.value.clone().unwrap_or_default(),
                row.gap.product.to_string(),
                row.gap.attribute.to_string(),
                row.batch.map(|batch| batch.to_string()).unwrap_or_default(),
                row.comment.clone().unwrap_or_default(),
            ]
        })
        .collect();
    table(&["TIME", "REVIEWER", "ACTION", "VALUE", "PRODUCT", "ATTRIBUTE", "BATCH", "COMMENT"], &rows)
}

async fn load(
    store: &impl RecommendationRepository,
    filter: &DecisionFilter,
    limit: usize,
) -> Result<Vec<DecisionRow>, RepositoryError> {
    let mut decisions = Vec::new();
    let mut place = None;
    while decisions.len() < limit {
        let page = store.decisions(filter, place.as_ref(), PAGE.min(limit - decisions.len())).await?;
        decisions.extend(page.rows);
        place = page.next;
        if place.is_none() {
            break;
        }
    }
    Ok(decisions)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn since_is_today_an_age_or_a_time() {
        let now = DateTime::parse_from_rfc3339("2026-03-14T12:30:00Z").unwrap().to_utc();
        let read = |text| since(text, now).map(|time| time.to_rfc3339()).map_err(|error| error.message);
        assert_eq!(read("today").unwrap(), "2026-03-14T00:00:00+00:00");
        assert_eq!(read("90m").unwrap(), "2026-03-14T11:00:00+00:00");
        assert_eq!(read("2026-03-01T02:00:00+02:00").unwrap(), "2026-03-01T00:00:00+00:00");
        assert!(read("yesterday").unwrap_err().contains("\"yesterday\" is no time"));
        assert!(read("9999999d").unwrap_err().contains("is no time"));
    }
}

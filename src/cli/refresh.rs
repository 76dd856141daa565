//! `gapdeck refresh`, and the refresh that gapdeck does by itself.

use super::open::{self, Tables};
use super::output::{json, table};
use super::word;
use crate::config::{Config, age};
use crate::database::Database;
use crate::domain::{Refreshed, View, ViewState, WhenBusy};
use crate::error::AppError;
use crate::repository::{Result, ViewRepository};
use clap::Args;
use serde::Serialize;
use std::time::Duration;

/// Brings the materialised views up to date.
#[derive(Debug, Args)]
pub struct Refresh {
    /// One of product_summary, product_details, product_gaps, category_values; all by default
    view: Option<String>,
    /// Leave views alone that were refreshed within AGE (15m, 24h, 7d)
    #[arg(long, value_name = "AGE", value_parser = age::parse)]
    if_older_than: Option<Duration>,
    /// Print a JSON array
    #[arg(long)]
    json: bool,
}

/// How long a view may have taken the last time to be refreshed without being asked for: beside a reviewer's work on a
/// shared server, and before the embedded database closes.
pub(super) const BESIDE: Duration = Duration::from_secs(600);
pub(super) const BEFORE_CLOSING: Duration = Duration::from_secs(2);

/// What became of a view, as `refresh --json` prints it.
#[derive(Serialize)]
struct Line {
    view: View,
    #[serde(flatten)]
    refreshed: Refreshed,
}

pub(super) async fn run(command: Refresh, config: &Config) -> Result<(), AppError> {
    let views = match command.view.as_deref() {
        Some(name) => vec![word(name, View::parse, &View::ALL.map(View::as_str))?],
        None => View::ALL.to_vec(),
    };
    let database = open::database(config, Tables::Expect).await?;
    let refreshed = refresh(&database.store(), &views, command.if_older_than.unwrap_or_default()).await;
    let label = database.label().to_owned();
    database.close().await;
    let lines = refreshed.map_err(|error| {
        let error = AppError::from(error);
        if error.message.contains("must be owner of") || error.message.contains("permission denied") {
            let message = format!("cannot refresh the views of {label}: {}", error.message);
            return AppError::new(error.kind, message)
                .hinted("The views' owner may; from PostgreSQL 17 on, so may whom MAINTAIN was granted.");
        }
        error
    })?;
    if command.json {
        return json(&lines);
    }
    let rows: Vec<Vec<String>> = lines
        .iter()
        .map(|line| {
            let (what, seconds) = match line.refreshed {
                Refreshed::Done(refresh) => ("refreshed", format!("{:.1}", refresh.seconds)),
                Refreshed::Fresh(_) => ("still fresh", String::new()),
                Refreshed::Busy => ("somebody else is refreshing", String::new()),
            };
            vec![line.view.as_str().to_owned(), what.to_owned(), seconds]
        })
        .collect();
    table(&["VIEW", "WHAT", "SECONDS"], &rows)
}

async fn refresh(store: &impl ViewRepository, views: &[View], older_than: Duration) -> Result<Vec<Line>> {
    let mut lines = Vec::new();
    for view in views {
        let refreshed = store.refresh_view(*view, older_than, WhenBusy::Wait).await?;
        lines.push(Line { view: *view, refreshed });
    }
    Ok(lines)
}

/// Says how old a materialised view is.
pub(super) fn age_of(state: &ViewState) -> String {
    match state.age {
        Some(age) => {
            let age = Duration::try_from_secs_f64(age).unwrap_or_default();
            format!("{} as of {} ago", state.view.as_str(), age::in_words(age))
        }
        None => format!("{} as of nobody knows when", state.view.as_str()),
    }
}

/// Refreshes what is older than the configured age, where this user may and nobody else does; a failure is only logged.
pub(super) async fn refresh_stale(database: &Database, older_than: Duration, longest: Duration) {
    if older_than.is_zero() {
        return;
    }
    let store = database.store();
    let states = match store.view_states().await {
        Ok(states) => states,
        Err(error) => return tracing::warn!("cannot tell how old the views are: {error}"),
    };
    let stale = |state: &ViewState| {
        state.may_refresh
            && state.age.is_none_or(|age| age > older_than.as_secs_f64())
            && state.last.is_none_or(|last| last.seconds <= longest.as_secs_f64())
    };
    for state in states.into_iter().filter(stale) {
        match store.refresh_view(state.view, older_than, WhenBusy::Leave).await {
            Ok(outcome) => tracing::info!("{}: {outcome:?}", state.view.as_str()),
            Err(error) => return tracing::warn!("{} was not refreshed: {error}", state.view.as_str()),
        }
    }
}

//! The doctor: looks at a database for what goes wrong in practice, and says what to do about it.

mod access;
mod queue;
mod route;
mod server;
mod tables;
mod vectors;

pub use queue::{Repair, Thoroughness};

use crate::database::{Connection, Database};
use crate::error::AppError;
use crate::repository::bulk::{Parameter, Session};
use serde::Serialize;

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// As it should be.
    Ok,
    /// Worth knowing.
    Notice,
    /// Something is slow, at risk or will go wrong.
    Warning,
    /// Something does not work.
    Error,
}

impl Level {
    /// Returns the level's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Notice => "notice",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// What a check found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    pub level: Level,
    /// What was checked.
    pub check: &'static str,
    pub message: String,
    /// What to do: a command where there is one.
    pub remedy: Option<String>,
}

impl Finding {
    fn ok(check: &'static str, message: impl Into<String>) -> Self {
        Self { level: Level::Ok, check, message: message.into(), remedy: None }
    }

    fn new(level: Level, check: &'static str, message: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { level, check, message: message.into(), remedy: Some(remedy.into()) }
    }
}

/// What a doctor is told to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Orders {
    pub thoroughness: Thoroughness,
    pub repair: Repair,
}

/// Looks at everything; tells `progress` what it looks at.
///
/// # Errors
/// [`crate::error::ErrorKind::Unavailable`] when the database does not answer; a check that fails is a finding.
pub async fn examine(
    database: &Database,
    orders: Orders,
    mut progress: impl FnMut(&str) + Send,
) -> Result<Vec<Finding>, AppError> {
    let mut found = Vec::new();
    let mut connection = database.connection().await?;
    progress("Looking at the server");
    keep(&mut found, "server", server::check(database, &mut connection).await);
    found.extend(route::check(database));
    progress("Looking at tables and privileges");
    found.extend(access::migrations(database).await?);
    if found.iter().any(|finding| finding.check == "migrations" && finding.level == Level::Error) {
        // Whatever else there is to see needs the tables as this gapdeck knows them.
        return Ok(found);
    }
    let access = access::privileges(&mut connection).await;
    let may_read = !matches!(&access, Ok(findings) if findings.iter().any(|one| one.level == Level::Error));
    keep(&mut found, "privileges", access);
    if !may_read {
        return Ok(found);
    }
    keep(&mut found, "tables", tables::check(database, &mut connection).await);
    drop(connection);
    keep(&mut found, "views", tables::views(&database.store()).await);
    progress("Looking at the embeddings");
    keep(&mut found, "embeddings", vectors::check(database).await);
    progress("Comparing the queue with the tables");
    keep(&mut found, "queue", queue::check(database, orders, &mut progress).await);
    Ok(found)
}

/// Adds what a check found, or that it failed.
fn keep(
    found: &mut Vec<Finding>,
    check: &'static str,
    outcome: Result<Vec<Finding>, impl std::fmt::Display>,
) {
    match outcome {
        Ok(findings) => found.extend(findings),
        Err(error) => found.push(Finding::new(
            Level::Error,
            check,
            format!("could not be checked: {error}"),
            "see what the database says; a missing privilege needs the database's owner",
        )),
    }
}

/// Runs a query of texts.
async fn rows(
    connection: &mut Connection,
    sql: &str,
    parameters: &[Parameter<'_>],
) -> crate::repository::Result<Vec<Vec<Option<String>>>> {
    Session::Pooled(connection).rows(sql, parameters).await
}

/// Runs a query of texts with one row.
async fn row(connection: &mut Connection, sql: &str) -> crate::repository::Result<Vec<String>> {
    let row = rows(connection, sql, &[]).await?.pop().unwrap_or_default();
    Ok(row.into_iter().map(Option::unwrap_or_default).collect())
}

/// Reads a number that the database gave as text.
fn number<T: std::str::FromStr + Default>(text: &str) -> T {
    text.parse().unwrap_or_default()
}

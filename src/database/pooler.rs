//! Connection poolers between gapdeck and the server: is there one, and does it keep a session together?
//!
//! gapdeck prepares named statements, so a connection must stay with its server session (a pool in session mode), or the
//! pooler must carry prepared statements along (PgBouncer 1.21 or newer with `max_prepared_statements`). A pooler is
//! noticed by a start-up option that a server takes and poolers refuse or drop; only where one is noticed, two
//! connections find out by trying how it works. Once a process, and a single round trip on a direct connection.

use super::chain;
use super::shared::{Failure, Route};
use crate::error::{AppError, ErrorKind};
use diesel::QueryableByName;
use diesel::sql_types::Bool;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde::Serialize;
use std::time::Duration;
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, SimpleQueryMessage, Statement};

/// A setting that nothing but our own start-up packet makes.
const MARK: &str = "-c gapdeck.direct=on";
const MARKED: &str = "SELECT current_setting('gapdeck.direct', true) IS NOT NULL AS yes";
const WHO: &str = "SELECT pg_backend_pid()";

/// How often two connections try to be given each other's server session.
const ROUNDS: u32 = 3;
/// How long one of them waits for the other: in session mode with a single session for both, for ever.
const PATIENCE: Duration = Duration::from_secs(2);

/// What lies between gapdeck and the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Pooling {
    /// Nothing.
    Direct,
    /// A pooler that keeps a session together.
    Session,
    /// A pooler that gives every transaction another session, and carries prepared statements along.
    TransactionWithStatements,
    /// A pooler that gives every transaction another session: prepared statements cannot live there.
    Transaction,
}

impl Pooling {
    /// Tells whether a session's settings and locks stay with the connection.
    pub fn keeps_sessions(self) -> bool {
        matches!(self, Self::Direct | Self::Session)
    }
}

#[derive(QueryableByName)]
struct Marked {
    #[diesel(sql_type = Bool)]
    yes: bool,
}

/// Makes the process's first connection to a server and finds out what it goes through.
///
/// # Errors
/// [`ErrorKind::Unavailable`] for a server that does not answer, [`ErrorKind::Input`] for a pooler that gapdeck cannot
/// work through.
pub(super) async fn first_connection(
    route: &Route,
    label: &str,
) -> Result<(AsyncPgConnection, Pooling), AppError> {
    match route.with_option(MARK).connect(Pooling::Direct).await {
        Ok(mut connection) => {
            let marked: Result<Marked, _> = diesel::sql_query(MARKED).get_result(&mut connection).await;
            if marked.is_ok_and(|marked| marked.yes) {
                return Ok((connection, Pooling::Direct));
            }
        }
        Err(failure) if refuses_option(&failure.reason) => {}
        Err(failure) => return Err(failure.unavailable(label)),
    }
    let unreachable = |failure: Failure| failure.unavailable(label);
    let pooling = probe(route).await.map_err(unreachable)?;
    tracing::info!("{label} is reached through a connection pooler: {pooling:?}");
    if pooling == Pooling::Transaction {
        return Err(unusable(label));
    }
    let connection = route.connect(pooling).await.map_err(unreachable)?;
    Ok((connection, pooling))
}

/// PgBouncer ends a connection that asks for something it does not know, unless `ignore_startup_parameters` names it.
fn refuses_option(reason: &str) -> bool {
    reason.contains("unsupported startup parameter")
}

fn unusable(label: &str) -> AppError {
    AppError::new(
        ErrorKind::Input,
        format!(
            "{label} is reached through a connection pooler in transaction mode, in which prepared statements get lost"
        ),
    )
    .hinted("Give gapdeck the server's own URL, or a pool in session mode (pool_mode = session).")
    .hinted("Or PgBouncer 1.21 or newer with max_prepared_statements above 0.")
}

/// Says that a command needs sessions that stay together.
pub(super) fn needs_session(label: &str, what: &str) -> AppError {
    AppError::new(
        ErrorKind::Input,
        format!("{label} is reached through a connection pooler in transaction mode, and {what} needs a session of its own"),
    )
    .hinted("Give this command the server's own URL with --database-url.")
}

/// Finds out by trying whether a pooler keeps a session together.
async fn probe(route: &Route) -> Result<Pooling, Failure> {
    let (one, other) = (route.client().await?, route.client().await?);
    let statement = match one.prepare(WHO).await {
        Ok(statement) => statement,
        Err(error) if is_statement_lost(&error) => return Ok(Pooling::Transaction),
        Err(error) => return Err(Failure::passing(chain(&error))),
    };
    let mut seen = Vec::new();
    for _ in 0..ROUNDS {
        for _ in 0..2 {
            match ask(&one, &statement, &mut seen).await? {
                Answer::Same => {}
                Answer::Other(pooling) => return Ok(pooling),
            }
        }
        // The other one takes a session for the time of a transaction: perhaps the one just used.
        let Ok(held) =
            tokio::time::timeout(PATIENCE, other.simple_query("BEGIN; SELECT pg_backend_pid()")).await
        else {
            // It waits for a session, although the first one rests: so that one keeps its own.
            return Ok(Pooling::Session);
        };
        let held = match held {
            Ok(messages) => backend(&messages),
            // Statement mode refuses transactions altogether.
            Err(error) if error.as_db_error().is_some() => return Ok(Pooling::Transaction),
            Err(error) => return Err(Failure::passing(chain(&error))),
        };
        let is_taken = held.is_some_and(|held| seen.contains(&held));
        let answer = tokio::time::timeout(PATIENCE, ask(&one, &statement, &mut seen)).await;
        // Whether this one works or not, the next round tells.
        let _ = other.simple_query("ROLLBACK").await;
        match answer {
            // Its session was taken and there is no other: a pool of one.
            Err(_) => return Ok(Pooling::Transaction),
            Ok(Ok(Answer::Other(pooling))) => return Ok(pooling),
            Ok(Ok(Answer::Same)) if is_taken => return Ok(Pooling::Transaction),
            Ok(Ok(Answer::Same)) => {}
            Ok(Err(failure)) => return Err(failure),
        }
    }
    Ok(Pooling::Session)
}

enum Answer {
    /// The same session as before.
    Same,
    /// Another session, which knows the statement or not.
    Other(Pooling),
}

/// Runs the prepared statement once more.
async fn ask(client: &Client, statement: &Statement, seen: &mut Vec<i32>) -> Result<Answer, Failure> {
    match client.query_one(statement, &[]).await {
        Ok(row) => {
            let backend: i32 = row.try_get(0).map_err(|error| Failure::passing(chain(&error)))?;
            let is_other = !seen.is_empty() && !seen.contains(&backend);
            seen.push(backend);
            Ok(if is_other { Answer::Other(Pooling::TransactionWithStatements) } else { Answer::Same })
        }
        Err(error) if is_statement_lost(&error) => Ok(Answer::Other(Pooling::Transaction)),
        Err(error) => Err(Failure::passing(chain(&error))),
    }
}

/// Tells whether a session did not know a statement that another one prepared, or had one of that name already.
fn is_statement_lost(error: &tokio_postgres::Error) -> bool {
    let lost = [SqlState::INVALID_SQL_STATEMENT_NAME, SqlState::DUPLICATE_PSTATEMENT];
    error.code().is_some_and(|code| lost.contains(code))
}

fn backend(messages: &[SimpleQueryMessage]) -> Option<i32> {
    messages.iter().find_map(|message| match message {
        SimpleQueryMessage::Row(row) => row.get(0)?.parse().ok(),
        _ => None,
    })
}

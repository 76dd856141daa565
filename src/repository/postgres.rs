//! The Diesel implementation of the repositories, over an embedded or a shared PostgreSQL.

mod activity;
mod candidates;
mod card;
mod cluster;
mod decision;
mod embedding;
mod event;
mod evidence;
mod failure;
mod feed;
mod fragment;
mod input;
mod insight;
mod keyset;
mod lease;
mod lenient;
mod policy;
mod prediction;
mod proposal;
mod queue;
mod recommendation;
mod refresh;
mod seeded;
mod upsert;
mod view;
mod vote;

pub(crate) use refresh::refresh_view;

pub(super) use failure::is_passing;

use super::reader::Reader;
use super::{ForReader, RepositoryError, Result, Store};
use crate::database::{Connection, Database};
use crate::domain::Reviewer;
use diesel_async::AsyncPgConnection;
use std::collections::HashSet;
use std::hash::Hash;
use std::sync::Arc;

/// All repositories of one database.
#[derive(Debug, Clone)]
pub struct PostgresStore {
    database: Database,
    reader: Reader,
}

impl PostgresStore {
    /// Serves a database whose migrations have run.
    pub fn new(database: Database) -> Self {
        Self { database, reader: Reader::default() }
    }

    /// Reads for a reviewer: others' first opinions are hidden from them until a second one is in.
    #[must_use]
    pub fn read_by(self, reader: &Reviewer) -> Self {
        Self { reader: Reader::of(reader), ..self }
    }

    /// Takes a connection to the primary: for writes, and for reads that must see every decision.
    async fn connection(&self) -> Result<Connection> {
        self.database.connection().await.map_err(|error| RepositoryError::Unavailable(error.message))
    }

    /// Tells whether Citus distributes the tables, which then take not every statement.
    async fn is_distributed(&self) -> Result<bool> {
        self.database.is_distributed().await.map_err(|error| RepositoryError::Unavailable(error.message))
    }

    /// Runs a read that may lag: on a replica that is fresh enough, and on the primary where there is none or it fails.
    async fn lagging<T, F>(&self, read: impl Fn(Connection) -> F) -> Result<T>
    where
        F: Future<Output = Result<T>> + Send,
    {
        if let Some(replica) = self.database.replica().await {
            let (connection, blame) = replica.split();
            match read(connection).await {
                Err(error @ (RepositoryError::Unavailable(_) | RepositoryError::Database(_))) => {
                    blame.failed(&error.to_string());
                }
                result => return result,
            }
        }
        read(self.connection().await?).await
    }

    /// As [`lagging`](Self::lagging), for a read of which only a part may lag.
    async fn partly_lagging<T, F>(&self, read: impl Fn(Sources) -> F) -> Result<T>
    where
        F: Future<Output = Result<T>> + Send,
    {
        if let Some(replica) = self.database.replica().await {
            let (connection, blame) = replica.split();
            let sources = Sources { primary: self.connection().await?, replica: Some(connection) };
            match read(sources).await {
                Err(error @ (RepositoryError::Unavailable(_) | RepositoryError::Database(_))) => {
                    blame.failed(&error.to_string());
                }
                result => return result,
            }
        }
        read(Sources { primary: self.connection().await?, replica: None }).await
    }
}

impl ForReader for PostgresStore {
    fn for_reader(&self, reader: &Reviewer) -> Arc<dyn Store> {
        Arc::new(self.clone().read_by(reader))
    }
}

/// Where the parts of one read come from.
struct Sources {
    primary: Connection,
    replica: Option<Connection>,
}

impl Sources {
    /// For what decisions change.
    fn fresh(&self) -> &AsyncPgConnection {
        &self.primary
    }

    /// For what may lag.
    fn lagging(&self) -> &AsyncPgConnection {
        self.replica.as_ref().unwrap_or(&self.primary)
    }
}

/// Returns the rows without those that a later one of the same key replaces: a statement may upsert a key only once.
fn last_of_each<'a, T, K: Eq + Hash>(rows: &'a [T], key: impl Fn(&'a T) -> K) -> Vec<&'a T> {
    let mut seen = HashSet::with_capacity(rows.len());
    let mut kept: Vec<&T> = rows.iter().rev().filter(|row| seen.insert(key(row))).collect();
    kept.reverse();
    kept
}

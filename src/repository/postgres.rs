//! The Diesel implementation of the repositories, over an embedded or a shared PostgreSQL.

mod card;
mod decision;
mod embedding;
mod event;
mod failure;
mod fragment;
mod input;
mod prediction;
mod queue;
mod recommendation;

pub(in crate::repository) use decision::judged;

use super::{RepositoryError, Result};
use crate::database::{Connection, Database};
use std::collections::HashSet;
use std::hash::Hash;

/// All repositories of one database.
#[derive(Debug, Clone)]
pub struct PostgresStore {
    database: Database,
}

impl PostgresStore {
    /// Serves a database whose migrations have run.
    pub fn new(database: Database) -> Self {
        Self { database }
    }

    /// Takes a connection from the pool.
    async fn connection(&self) -> Result<Connection> {
        self.database.connection().await.map_err(|error| RepositoryError::Unavailable(error.message))
    }
}

/// Returns the rows without those that a later one of the same key replaces: a statement may upsert a key only once.
fn last_of_each<'a, T, K: Eq + Hash>(rows: &'a [T], key: impl Fn(&'a T) -> K) -> Vec<&'a T> {
    let mut seen = HashSet::with_capacity(rows.len());
    let mut kept: Vec<&T> = rows.iter().rev().filter(|row| seen.insert(key(row))).collect();
    kept.reverse();
    kept
}

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

use super::{RepositoryError, Result};
use crate::database::{Connection, Database};

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

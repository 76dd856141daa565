//! The in-memory fake, for tests: says what the repositories promise without a database.
//!
//! Everything that the database keeps in step (queue rows, scores, marks) is computed here from the raw rows when it is
//! asked for, so the fake also serves as the reference for the database's triggers.

mod activity;
mod catalogue;
mod checks;
mod cluster;
mod decisions;
mod delete;
mod embeddings;
mod insight;
mod leases;
mod policy;
mod predictions;
mod queue;
mod rounds;
mod save;
mod scores;
mod seeded;
mod tables;
mod views;
mod vote;

use super::reader::Reader;
use super::{ForReader, Store};
use crate::domain::Reviewer;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tables::Tables;

/// All repositories, in memory. A clone is the same store.
#[derive(Debug, Clone, Default)]
pub struct MemoryStore {
    tables: Arc<Mutex<Tables>>,
    reader: Reader,
}

impl MemoryStore {
    /// Makes an empty store.
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads for a reviewer: others' first opinions are hidden from them until a second one is in.
    #[must_use]
    pub fn read_by(self, reader: &Reviewer) -> Self {
        Self { reader: Reader::of(reader), ..self }
    }

    /// Locks the tables; every method changes them only after its last check, so a panic elsewhere leaves them whole.
    fn tables(&self) -> MutexGuard<'_, Tables> {
        self.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ForReader for MemoryStore {
    fn for_reader(&self, reader: &Reviewer) -> Arc<dyn Store> {
        Arc::new(self.clone().read_by(reader))
    }
}

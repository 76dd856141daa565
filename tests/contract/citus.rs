//! The contract on distributed tables: gapdeck sends only what Citus takes.
//!
//! Citus itself is not at hand. The database pretends to have it, which makes gapdeck send what it sends there, to a plain
//! PostgreSQL that keeps its triggers; every statement goes over a wire and is held against the rules.

use super::rules::broken;
use crate::support::server::TestDatabase;
use crate::support::wire::{Statement, Wire};
use gapdeck::database::Database;
use std::collections::{BTreeMap, BTreeSet};

/// What makes a database look as if its tables were distributed.
const PRETENCE: &str = "
    CREATE TABLE pg_dist_partition (logicalrelid regclass);
    INSERT INTO pg_dist_partition SELECT attrelid FROM pg_attribute JOIN pg_class c ON c.oid = attrelid
     WHERE attname = 'product_key' AND relkind = 'r' AND relnamespace = 'public'::regnamespace;
    CREATE FUNCTION create_distributed_table(regclass, text, colocate_with text) RETURNS void LANGUAGE sql AS ''";

/// A database with tables that pass for distributed ones, and gapdeck on the other end of a wire.
pub struct Distributed {
    pub database: Database,
    tables: BTreeSet<String>,
    wire: Wire,
    /// Each statement seen, with the first case that sent it.
    seen: BTreeMap<Statement, &'static str>,
    _server: TestDatabase,
}

impl Distributed {
    pub async fn new() -> Self {
        let server = TestDatabase::migrated().await;
        let client = server.client().await;
        client.batch_execute(PRETENCE).await.expect("the pretence");
        let rows =
            client.query("SELECT logicalrelid::text FROM pg_dist_partition", &[]).await.expect("the tables");
        let tables = rows.iter().map(|row| row.get(0)).collect();
        let wire = Wire::to(&server.url).await;
        let database = Database::connect(&wire.url).await.expect("connect");
        assert!(database.is_distributed().await.expect("a look"), "the pretence does not work");
        Self { database, tables, wire, seen: BTreeMap::new(), _server: server }
    }

    /// Forgets what went over the wire between two cases.
    pub fn begin(&self) {
        self.wire.take();
    }

    /// Remembers what a case sent.
    pub fn end(&mut self, case: &'static str) {
        for statement in self.wire.take() {
            self.seen.entry(statement).or_insert(case);
        }
    }

    /// Returns the statements that break a rule, each with the first case that sent it.
    pub fn broken(&self) -> Vec<String> {
        assert!(self.seen.len() > 80, "only {} statements were seen", self.seen.len());
        let mut problems = Vec::new();
        for (statement, case) in &self.seen {
            for problem in broken(&statement.text, &self.tables) {
                problems.push(format!("{problem} ({case}): {}", statement.text));
            }
        }
        problems
    }
}

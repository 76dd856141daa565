//! The way to the server: poolers and replicas.

use super::{Finding, Level};
use crate::database::{Database, Pooling};

pub(super) fn check(database: &Database) -> Vec<Finding> {
    let mut found = Vec::new();
    if !database.is_embedded() {
        found.push(match database.pooling() {
            Pooling::Direct => Finding::ok("pooler", "the server is reached directly"),
            Pooling::Session => Finding::ok("pooler", "a connection pooler in session mode"),
            Pooling::TransactionWithStatements | Pooling::Transaction => Finding::new(
                Level::Notice,
                "pooler",
                "a connection pooler in transaction mode: migrations and index builds cannot go through it",
                "for those, name the server itself in --database-url",
            ),
        });
    }
    for replica in database.replicas() {
        found.push(match (&replica.skipped, replica.lag_ms) {
            (Some(reason), _) => Finding::new(
                Level::Warning,
                "replicas",
                format!("{} is not read: {reason}", replica.label),
                "start the replica or see why it lags; until then every read goes to the primary",
            ),
            (None, Some(lag)) => {
                Finding::ok("replicas", format!("{} lags by at most {lag} ms", replica.label))
            }
            (None, None) => Finding::ok("replicas", format!("{} is read", replica.label)),
        });
    }
    found
}

//! Decisions on many gaps in one transaction: a bulk action, or taking one back.
//!
//! Each statement is about one gap, as Citus wants it; they go to the server without waiting for one another.

use super::{Ended, Judged, Locked, check, find, judge, lock, pause, take};
use crate::domain::{Decision, Fence, Outcome};
use crate::repository::Result;
use crate::repository::postgres::PostgresStore;
use crate::repository::recommendation::one_a_gap;
use diesel_async::{AsyncConnection, AsyncPgConnection};
use futures_util::future::try_join_all;

/// How many gaps' statements are on their way at once.
const AT_ONCE: usize = 200;

impl PostgresStore {
    /// Writes decisions in one transaction, once more when the database asks for it.
    pub(in crate::repository::postgres) async fn write_together(
        &self,
        decisions: &[Decision],
    ) -> Result<Vec<Outcome>> {
        one_a_gap(decisions)?;
        decisions.iter().try_for_each(check)?;
        let Some(first) = decisions.first() else { return Ok(Vec::new()) };
        // Two who lock the same gaps in the same order do not wait for each other.
        let mut order: Vec<(usize, &Decision)> = decisions.iter().enumerate().collect();
        order.sort_by_key(|(_, decision)| &decision.gap);
        let mut tried = 0;
        loop {
            let mut connection = self.connection().await?;
            let ended =
                match connection.transaction(async |connection| transact(connection, &order).await).await {
                    Ok(outcomes) => return Ok(outcomes),
                    Err(ended) => ended,
                };
            drop(connection);
            tried += 1;
            pause(ended, first, tried).await?;
        }
    }
}

/// Writes decisions; returns the outcomes in the order of their numbers.
async fn transact(
    connection: &mut AsyncPgConnection,
    decisions: &[(usize, &Decision)],
) -> Result<Vec<Outcome>, Ended> {
    let connection = &*connection;
    let mut outcomes = Vec::with_capacity(decisions.len());
    for some in decisions.chunks(AT_ONCE) {
        let locked = try_join_all(some.iter().map(|(_, decision)| lock(connection, &decision.gap))).await?;
        let taken = some.iter().zip(locked).map(|((number, decision), locked)| async move {
            Ok::<_, Ended>((*number, decide(connection, decision, locked).await?))
        });
        outcomes.extend(try_join_all(taken).await?);
    }
    outcomes.sort_by_key(|(number, _)| *number);
    Ok(outcomes.into_iter().map(|(_, outcome)| outcome).collect())
}

async fn decide(
    connection: &AsyncPgConnection,
    decision: &Decision,
    locked: Locked,
) -> Result<Outcome, Ended> {
    let found = find(connection, decision, Fence::Open).await?;
    match judge(decision, Fence::Open, locked, &found)? {
        Judged::Replayed(outcome) => Ok(outcome),
        Judged::New(step) => take(connection, *step).await,
    }
}

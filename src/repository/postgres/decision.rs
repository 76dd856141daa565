//! Writing a decision: the event, the queue row and the predictions' correctness, in one transaction.

mod judgement;
mod together;

use super::PostgresStore;
use super::event::{EventRow, history};
use super::failure::is_passing;
use super::lease;
use crate::database::schema::{
    human_recommendations, prediction_results, raw_attributes, review_policy, review_queue,
};
use crate::domain::{Action, Decision, DecisionId, Fence, GapId, Outcome};
use crate::repository::{RepositoryError, Result};
use diesel::prelude::*;
use diesel::result::DatabaseErrorKind;
use diesel::sql_types::{Array, Bool, Nullable, Text, Uuid as SqlUuid};
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
use futures_util::try_join;
use judgement::{Found, Judged, Locked, Prediction, Step, judge};
use std::time::Duration;
use uuid::Uuid;

/// How often a transaction is tried that a deadlock or a serialisation failure ended.
const TRIES: u32 = 5;

/// Marks predictions of one gap; the arrays go together.
const MARK: &str = "UPDATE prediction_results p SET is_correct = m.is_correct, \
    decision_id = CASE WHEN m.is_correct IS NULL THEN NULL ELSE $6::uuid END \
    FROM unnest($3::text[], $4::uuid[], $5::boolean[]) AS m(experiment_key, value_md5, is_correct) \
    WHERE p.product_key = $1 AND p.attribute_key = $2 AND p.experiment_key = m.experiment_key \
    AND p.value_md5 = m.value_md5 AND p.is_correct IS DISTINCT FROM m.is_correct";

/// What can end the transaction: the database's word, or a refusal of ours.
enum Ended {
    Database(diesel::result::Error),
    Refused(RepositoryError),
}

impl From<diesel::result::Error> for Ended {
    fn from(error: diesel::result::Error) -> Self {
        Self::Database(error)
    }
}

impl From<RepositoryError> for Ended {
    fn from(error: RepositoryError) -> Self {
        Self::Refused(error)
    }
}

impl PostgresStore {
    /// Writes a decision, once more when the database asks for it.
    pub(super) async fn write(&self, decision: &Decision, fence: Fence) -> Result<Outcome> {
        check(decision)?;
        let mut tried = 0;
        loop {
            let mut connection = self.connection().await?;
            let ended = match connection
                .transaction(async |connection| transact(connection, decision, fence).await)
                .await
            {
                Ok(outcome) => return Ok(outcome),
                Err(ended) => ended,
            };
            drop(connection);
            tried += 1;
            pause(ended, decision, tried).await?;
        }
    }
}

/// Refuses a decision that the database could not hold.
fn check(decision: &Decision) -> Result<()> {
    if decision.action.has_value() && decision.value.as_deref().is_none_or(str::is_empty) {
        return Err(RepositoryError::Invalid { field: "value", reason: "a value is needed".into() });
    }
    if decision.action == Action::Opinion {
        let reason = "an opinion is accept, override, reject or not applicable".into();
        return Err(RepositoryError::Invalid { field: "action", reason });
    }
    for text in [&decision.value, &decision.comment].into_iter().flatten() {
        if text.contains('\0') {
            return Err(RepositoryError::Invalid {
                field: "value",
                reason: "it holds a NUL character".into(),
            });
        }
    }
    Ok(())
}

/// Waits for a moment where trying a transaction again may help.
///
/// # Errors
/// What ended the transaction, where it would do so again.
async fn pause(ended: Ended, decision: &Decision, tried: u32) -> Result<()> {
    let ended = match ended {
        Ended::Refused(error) => return Err(error),
        Ended::Database(error) => error,
    };
    // A unique violation means that the same decision, or another on the same version, was written meanwhile.
    let again = is_passing(&ended)
        || matches!(&ended, diesel::result::Error::DatabaseError(DatabaseErrorKind::UniqueViolation, _));
    if !again || tried == TRIES {
        return Err(ended.into());
    }
    let wait = u64::from(decision.id.0.as_bytes()[15] % 16) + 5 * u64::from(tried);
    tokio::time::sleep(Duration::from_millis(wait)).await;
    Ok(())
}

async fn transact(
    connection: &mut AsyncPgConnection,
    decision: &Decision,
    fence: Fence,
) -> Result<Outcome, Ended> {
    let connection = &*connection;
    // The row's lock comes first: whoever decides on the same gap waits here.
    let locked = lock(connection, &decision.gap).await?;
    let found = find(connection, decision, fence).await?;
    match judge(decision, fence, locked, &found)? {
        Judged::Replayed(outcome) => Ok(outcome),
        Judged::New(step) => take(connection, *step).await,
    }
}

async fn lock(connection: &AsyncPgConnection, gap: &GapId) -> Result<Locked, Ended> {
    let (row, multi_valued) = try_join!(lock_row(connection, gap), multi_valued(connection, gap))?;
    Ok(Locked { row, multi_valued })
}

async fn find(connection: &AsyncPgConnection, decision: &Decision, fence: Fence) -> Result<Found, Ended> {
    let gap = &decision.gap;
    // A refusal by the fence must not end the reading: a decision that is stored already counts all the same.
    let held = async { Ok(lease::check(connection, gap, fence).await) };
    let (stored, history, predictions, second_opinions, held) = try_join!(
        stored(connection, decision.id),
        history(connection, gap),
        predictions(connection, gap),
        second_opinions(connection),
        held
    )?;
    Ok(Found { stored, history, predictions, second_opinions, held })
}

async fn take(connection: &AsyncPgConnection, step: Step<'_>) -> Result<Outcome, Ended> {
    let Step { gap, row, outcome, in_force, first_by, marks } = step;
    try_join!(
        insert(connection, &row),
        update_queue(connection, gap, &outcome, in_force, first_by),
        mark(connection, gap, in_force, marks),
        async { Ok(lease::end(connection, gap).await?) },
    )?;
    Ok(outcome)
}

async fn lock_row(
    connection: &AsyncPgConnection,
    gap: &GapId,
) -> Result<Option<(i32, String, Option<String>)>, Ended> {
    use review_queue as q;
    let mut connection = connection;
    Ok(q::table
        .find((gap.product.as_str(), gap.attribute.as_str()))
        .select((q::version, q::state, q::decided_by))
        .for_no_key_update()
        .first(&mut connection)
        .await
        .optional()?)
}

async fn multi_valued(connection: &AsyncPgConnection, gap: &GapId) -> Result<bool, Ended> {
    let mut connection = connection;
    let found = raw_attributes::table
        .find(gap.attribute.as_str())
        .select(raw_attributes::multi_valued)
        .first(&mut connection)
        .await
        .optional()?;
    Ok(found.unwrap_or(false))
}

async fn predictions(connection: &AsyncPgConnection, gap: &GapId) -> Result<Vec<Prediction>> {
    use prediction_results as p;
    let mut connection = connection;
    let found: Vec<(String, String, Uuid)> = p::table
        .filter(p::product_key.eq(gap.product.as_str()))
        .filter(p::attribute_key.eq(gap.attribute.as_str()))
        .select((p::experiment_key, p::value, p::value_md5))
        .order((p::experiment_key, p::value_md5))
        .load(&mut connection)
        .await?;
    Ok(found.into_iter().map(|(experiment, value, md5)| Prediction { experiment, value, md5 }).collect())
}

/// Returns the share of gaps that get a second opinion.
async fn second_opinions(connection: &AsyncPgConnection) -> Result<f64> {
    use review_policy as r;
    let mut connection = connection;
    let share = r::table.select(r::second_opinions).first(&mut connection).await.optional()?;
    Ok(share.unwrap_or(0.0))
}

/// Returns the gap of a stored decision.
async fn stored(connection: &AsyncPgConnection, id: DecisionId) -> Result<Option<GapId>> {
    use human_recommendations as h;
    let mut connection = connection;
    let found: Option<(String, String)> = h::table
        .filter(h::decision_id.eq(id.0))
        .select((h::product_key, h::attribute_key))
        .first(&mut connection)
        .await
        .optional()?;
    Ok(found.map(|(product, attribute)| GapId::new(product, attribute)))
}

async fn insert(connection: &AsyncPgConnection, row: &EventRow) -> Result<(), Ended> {
    let mut connection = connection;
    diesel::insert_into(human_recommendations::table).values(row).execute(&mut connection).await?;
    Ok(())
}

async fn update_queue(
    connection: &AsyncPgConnection,
    gap: &GapId,
    outcome: &Outcome,
    in_force: Option<&Decision>,
    first_by: Option<String>,
) -> Result<(), Ended> {
    use review_queue as q;
    let mut connection = connection;
    // Neither who nor what is shown of an opinion that settles nothing; the decision's id leads to it.
    let told = in_force.filter(|_| !outcome.state.needs_opinion());
    let value =
        told.and_then(|one| one.value.as_deref()).map(|value| value.chars().take(200).collect::<String>());
    diesel::update(q::table.find((gap.product.as_str(), gap.attribute.as_str())))
        .set((
            q::state.eq(outcome.state.as_str()),
            q::version.eq(outcome.version),
            q::decision_id.eq(in_force.map(|one| one.id.0)),
            q::decided_by.eq(told.map(|one| one.reviewer.as_str())),
            q::decided_value.eq(value),
            q::decided_at.eq(told.map(|one| one.decided_at)),
            q::first_by.eq(first_by),
            q::updated_at.eq(diesel::dsl::now),
        ))
        .execute(&mut connection)
        .await?;
    Ok(())
}

async fn mark(
    connection: &AsyncPgConnection,
    gap: &GapId,
    in_force: Option<&Decision>,
    marks: Vec<(String, Uuid, Option<bool>)>,
) -> Result<(), Ended> {
    if marks.is_empty() {
        return Ok(());
    }
    let mut connection = connection;
    let (experiments, (values, correct)): (Vec<_>, (Vec<_>, Vec<_>)) =
        marks.into_iter().map(|(experiment, value, correct)| (experiment, (value, correct))).unzip();
    diesel::sql_query(MARK)
        .bind::<Text, _>(gap.product.as_str())
        .bind::<Text, _>(gap.attribute.as_str())
        .bind::<Array<Text>, _>(experiments)
        .bind::<Array<SqlUuid>, _>(values)
        .bind::<Array<Nullable<Bool>>, _>(correct)
        .bind::<Nullable<SqlUuid>, _>(in_force.map(|one| one.id.0))
        .execute(&mut connection)
        .await?;
    Ok(())
}

//! Writing a decision: the event, the queue row and the predictions' correctness, in one transaction.

mod together;

use super::PostgresStore;
use super::event::{EventRow, history};
use super::failure::is_passing;
use super::lease;
use crate::database::schema::{human_recommendations, prediction_results, raw_attributes, review_queue};
use crate::domain::{Action, Decision, DecisionId, Event, Fence, GapId, Outcome, State, normalised};
use crate::repository::{RepositoryError, Result};
use diesel::prelude::*;
use diesel::result::DatabaseErrorKind;
use diesel::sql_types::{Array, Bool, Nullable, Text, Uuid as SqlUuid};
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
use futures_util::try_join;
use std::collections::BTreeSet;
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

/// What the queue says of a gap, under a lock.
struct Locked {
    /// Version, state and who decided; none for a pair that is no gap.
    row: Option<(i32, String, Option<String>)>,
    multi_valued: bool,
}

/// What a decision has to be held against.
struct Found {
    /// The gap of the decision, where that is stored already.
    stored: Option<GapId>,
    history: Vec<Event>,
    predictions: Vec<Prediction>,
    /// Refuses a gap in other hands.
    held: Result<()>,
}

/// What a decision comes to.
enum Judged<'a> {
    /// It is there already.
    Replayed(Outcome),
    New(Box<Step<'a>>),
}

/// What is to be written.
struct Step<'a> {
    gap: &'a GapId,
    row: EventRow,
    outcome: Outcome,
    /// What is in force after the decision: the decision itself, or what was before the one that it takes back.
    in_force: Option<&'a Decision>,
    marks: Vec<(String, Uuid, Option<bool>)>,
}

async fn lock(connection: &AsyncPgConnection, gap: &GapId) -> Result<Locked, Ended> {
    let (row, multi_valued) = try_join!(lock_row(connection, gap), multi_valued(connection, gap))?;
    Ok(Locked { row, multi_valued })
}

async fn find(connection: &AsyncPgConnection, decision: &Decision, fence: Fence) -> Result<Found, Ended> {
    let gap = &decision.gap;
    // A refusal by the fence must not end the reading: a decision that is stored already counts all the same.
    let held = async { Ok(lease::check(connection, gap, fence).await) };
    let (stored, history, predictions, held) = try_join!(
        stored(connection, decision.id),
        history(connection, gap),
        predictions(connection, gap),
        held
    )?;
    Ok(Found { stored, history, predictions, held })
}

/// Tells what writing a decision comes to.
fn judge<'a>(
    decision: &'a Decision,
    fence: Fence,
    locked: Locked,
    found: &'a Found,
) -> Result<Judged<'a>, Ended> {
    let gap = &decision.gap;
    match &found.stored {
        Some(stored) if stored == gap => return replayed(decision, &found.history).map(Judged::Replayed),
        Some(_) => return Err(RepositoryError::DecisionIdReused(decision.id.to_string()).into()),
        None => {}
    }
    let Some((version, state, by)) = locked.row else {
        return Err(RepositoryError::NotFound { what: "gap", key: gap.to_string() }.into());
    };
    let history = &found.history;
    let is_next = match fence {
        Fence::After(before) => history.last().is_some_and(|last| last.decision.id == before),
        Fence::Open | Fence::Unheld | Fence::Lease(_) => true,
    };
    if version != decision.base_version || !is_next {
        let state = State::parse(&state).unwrap_or(State::Open);
        return Err(RepositoryError::Conflict { gap: gap.clone(), version, state, by }.into());
    }
    found.held.clone()?;
    let in_force = if decision.action == Action::Undo {
        let undone = undoable(decision, history)?;
        let rest: Vec<Event> =
            history.iter().filter(|event| event.decision.id != undone.decision.id).cloned().collect();
        let id = Event::in_force(&rest).map(|event| event.decision.id);
        history.iter().map(|event| &event.decision).find(|one| Some(one.id) == id)
    } else {
        Some(decision)
    };
    let state = in_force.and_then(|one| one.action.state()).unwrap_or(State::Open);
    let row = EventRow::of(decision)?;
    let outcome = Outcome { state, version: row.result_version, replayed: false };
    let marks = marks(in_force, &found.predictions, locked.multi_valued);
    Ok(Judged::New(Box::new(Step { gap, row, outcome, in_force, marks })))
}

async fn take(connection: &AsyncPgConnection, step: Step<'_>) -> Result<Outcome, Ended> {
    let Step { gap, row, outcome, in_force, marks } = step;
    try_join!(
        insert(connection, &row),
        update_queue(connection, gap, &outcome, in_force),
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

struct Prediction {
    experiment: String,
    value: String,
    md5: Uuid,
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

/// Answers a decision that the database has already, as it did the first time.
fn replayed(decision: &Decision, history: &[Event]) -> Result<Outcome, Ended> {
    let same = |stored: &Decision| {
        stored.action == decision.action
            && stored.value == decision.value
            && stored.reviewer == decision.reviewer
            && stored.base_version == decision.base_version
            && stored.undoes == decision.undoes
    };
    let Some(event) = history.iter().find(|event| event.decision.id == decision.id && same(&event.decision))
    else {
        return Err(RepositoryError::DecisionIdReused(decision.id.to_string()).into());
    };
    let until = |version: i32| version <= event.result_version;
    let undone_then = |one: &Event| {
        history.iter().any(|undo| undo.decision.undoes == Some(one.decision.id) && until(undo.result_version))
    };
    let state = history
        .iter()
        .filter(|one| until(one.result_version) && one.decision.action != Action::Undo && !undone_then(one))
        .max_by_key(|one| one.result_version)
        .and_then(|one| one.decision.action.state())
        .unwrap_or(State::Open);
    Ok(Outcome { state, version: event.result_version, replayed: true })
}

/// Returns the event that an undo takes back, if it may.
fn undoable<'a>(decision: &Decision, history: &'a [Event]) -> Result<&'a Event> {
    let refuse = |reason: String| Err(RepositoryError::NotUndoable(reason));
    let Some(last) = Event::in_force(history) else {
        return refuse(format!("{} has no decision in force", decision.gap));
    };
    if decision.undoes != Some(last.decision.id) {
        return refuse(format!(
            "a later decision on {} is in force, by {}",
            decision.gap, last.decision.reviewer
        ));
    }
    if last.decision.reviewer != decision.reviewer {
        return refuse(format!(
            "the decision on {} is {}'s; decide again to put yours on top",
            decision.gap, last.decision.reviewer
        ));
    }
    Ok(last)
}

/// Says of each prediction whether the decision in force shows it to be right.
fn marks(
    in_force: Option<&Decision>,
    predictions: &[Prediction],
    multi_valued: bool,
) -> Vec<(String, Uuid, Option<bool>)> {
    let judge = |prediction: &Prediction| {
        in_force.and_then(|one| judged(one.action, one.value.as_deref(), &prediction.value, multi_valued))
    };
    predictions.iter().map(|one| (one.experiment.clone(), one.md5, judge(one))).collect()
}

/// Tells whether a decision in force shows a predicted value to be right or wrong; `None` where it says nothing of it.
pub(in crate::repository) fn judged(
    action: Action,
    decided: Option<&str>,
    predicted: &str,
    multi_valued: bool,
) -> Option<bool> {
    match action {
        Action::Accept | Action::Override => decided.map(|value| is_right(predicted, value, multi_valued)),
        Action::Reject | Action::NotApplicable => Some(false),
        Action::Defer | Action::Flag | Action::Undo => None,
    }
}

/// Tells whether a predicted value is the decided one; of several values, whether each is among the decided ones.
fn is_right(predicted: &str, decided: &str, multi_valued: bool) -> bool {
    if !multi_valued {
        return normalised(predicted) == normalised(decided);
    }
    let parts = |text: &str| -> BTreeSet<String> {
        text.split(';').map(normalised).filter(|part| !part.is_empty()).collect()
    };
    let predicted = parts(predicted);
    !predicted.is_empty() && predicted.is_subset(&parts(decided))
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
) -> Result<(), Ended> {
    use review_queue as q;
    let mut connection = connection;
    let value = in_force
        .and_then(|one| one.value.as_deref())
        .map(|value| value.chars().take(200).collect::<String>());
    diesel::update(q::table.find((gap.product.as_str(), gap.attribute.as_str())))
        .set((
            q::state.eq(outcome.state.as_str()),
            q::version.eq(outcome.version),
            q::decision_id.eq(in_force.map(|one| one.id.0)),
            q::decided_by.eq(in_force.map(|one| one.reviewer.as_str())),
            q::decided_value.eq(value),
            q::decided_at.eq(in_force.map(|one| one.decided_at)),
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

#[cfg(test)]
mod tests {
    use super::is_right;

    #[test]
    fn a_value_is_right_whatever_its_case_and_spaces() {
        assert!(is_right(" black ", "Black", false));
        assert!(!is_right("Black; Red", "red; black", false));
    }

    #[test]
    fn several_values_are_right_when_each_is_among_the_decided_ones() {
        assert!(is_right("Red; black", "black; red; blue", true));
        assert!(!is_right("Red; green", "black; red; blue", true));
        assert!(!is_right(" ; ", "black", true));
    }
}

//! `gapdeck undo`.

use super::open::{self, Tables};
use super::output::{json, say};
use super::postbox::Postbox;
use crate::config::Config;
use crate::domain::{Decision, DecisionId, GapId, Outcome};
use crate::error::{AppError, ErrorKind};
use crate::review::{Review, Undoable};
use clap::{ArgGroup, Args};
use serde::Serialize;
use std::sync::Arc;
use uuid::Uuid;

/// Takes back one of your decisions, or a bulk action as one.
#[derive(Debug, Args)]
#[group(skip)]
#[command(group(ArgGroup::new("what").required(true).args(["decision", "batch"])))]
pub struct Undo {
    /// The decision
    #[arg(long, value_name = "ID")]
    decision: Option<Uuid>,
    /// The bulk action: what of it is in force, all or nothing
    #[arg(long, value_name = "ID")]
    batch: Option<Uuid>,
    /// Print a JSON array of what was taken back
    #[arg(long)]
    json: bool,
}

/// What was taken back, as `undo --json` prints it.
#[derive(Serialize)]
struct TakenBack<'a> {
    #[serde(flatten)]
    gap: &'a GapId,
    decision_id: DecisionId,
    undone: DecisionId,
    #[serde(flatten)]
    outcome: &'a Outcome,
}

pub(super) async fn run(command: Undo, config: &Config) -> Result<(), AppError> {
    let database = open::database(config, Tables::Expect).await?;
    let store = Arc::new(database.store());
    let mut postbox = Postbox::open(open::outbox(config, &config.location)?, store.clone()).await;
    let review = Review::new(store, config.reviewer.clone());
    let done = undo(&review, &mut postbox, &command).await;
    drop(review);
    postbox.close().await;
    database.close().await;
    done
}

async fn undo(review: &Review, postbox: &mut Postbox, command: &Undo) -> Result<(), AppError> {
    // What was decided before comes first: it may be on the same gaps.
    postbox.send_rest().await.map_err(|error| AppError { kind: ErrorKind::Unavailable, ..error })?;
    let (undoable, whole) = match (command.decision, command.batch) {
        (Some(id), _) => (vec![review.undoable_decision(DecisionId(id)).await?], 1),
        (None, Some(batch)) => {
            let bulk = review.undoable_batch(batch).await?;
            let whole = bulk.count();
            (bulk.undoable, whole)
        }
        (None, None) => return Err(AppError::new(ErrorKind::Usage, "undo needs --decision or --batch")),
    };
    let draft = |one: &Undoable| Review::draft_undo_for(review.reviewer(), &one.decision, one.version);
    let undos: Vec<Decision> = undoable.iter().map(draft).collect();
    let outcomes = match undos.as_slice() {
        [] => Vec::new(),
        [undo] => vec![postbox.decide(undo.clone()).await?],
        _ => postbox.decide_together(undos.clone()).await?,
    };
    if command.json {
        let undone = undos.iter().zip(&undoable).zip(&outcomes).map(|((undo, one), outcome)| TakenBack {
            gap: &undo.gap,
            decision_id: undo.id,
            undone: one.decision.id,
            outcome,
        });
        return json(&undone.collect::<Vec<_>>());
    }
    match (undos.as_slice(), outcomes.as_slice()) {
        ([undo], [outcome]) if whole == 1 => say(&format!("{} is {} now", undo.gap, outcome.state.label())),
        (undos, _) => {
            let rest = whole - undos.len();
            let stay = match rest {
                0 => String::new(),
                _ => {
                    format!("; {rest} stay as they are, taken back before, decided again since or not yours")
                }
            };
            say(&format!("{} of {whole} decisions taken back{stay}", undos.len()));
        }
    }
    Ok(())
}

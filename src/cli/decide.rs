//! `gapdeck decide`.

use super::open::{self, Tables};
use super::output::{json, say};
use super::postbox::Postbox;
use super::word;
use crate::config::Config;
use crate::domain::{
    Action, Choice, Decision, DecisionId, Event, GapId, LONGEST_VALUE, Outcome, ReviewCard, State, choices,
    is_cut, normalised,
};
use crate::error::{AppError, ErrorKind};
use crate::repository::RepositoryError;
use crate::review::{Circumstances, NEIGHBOURS, Review};
use clap::Args;
use serde::Serialize;
use std::sync::Arc;

/// Decides on one gap.
#[derive(Debug, Args)]
pub struct Decide {
    /// The product's key
    product: String,
    /// The attribute's key
    attribute: String,
    /// accept, override, reject, not-applicable, defer, flag or undo
    action: String,
    /// The value: needed for override; accept takes the most confident candidate without it
    #[arg(long, value_name = "V", allow_hyphen_values = true)]
    value: Option<String>,
    /// Why
    #[arg(long, value_name = "C", allow_hyphen_values = true)]
    comment: Option<String>,
    /// Take a value that is malformed, not allowed, or far from what is usual
    #[arg(long)]
    keep: bool,
    /// Decide although another reviewer has decided
    #[arg(long)]
    replace: bool,
    /// Print the outcome as JSON
    #[arg(long)]
    json: bool,
}

/// The outcome as `decide --json` prints it.
#[derive(Serialize)]
struct Decided<'a> {
    #[serde(flatten)]
    gap: &'a GapId,
    decision_id: DecisionId,
    action: Action,
    value: Option<&'a str>,
    reviewer: &'a str,
    #[serde(flatten)]
    outcome: &'a Outcome,
}

pub(super) async fn run(command: Decide, config: &Config) -> Result<(), AppError> {
    let action = word(
        &command.action,
        Action::parse,
        &["accept", "override", "reject", "not-applicable", "defer", "flag", "undo"],
    )?;
    if command.value.is_some() && !action.has_value() {
        return Err(AppError::new(ErrorKind::Usage, "--value goes with accept and override only"));
    }
    if action == Action::Override && command.value.is_none() {
        return Err(AppError::new(ErrorKind::Usage, "override needs --value"));
    }
    let database = open::database(config, Tables::Expect).await?;
    let store = Arc::new(database.store());
    let mut postbox = Postbox::open(open::outbox(config, &config.location)?, store.clone()).await;
    let review = Review::new(store, config.reviewer.clone());
    let done = decide(&review, &mut postbox, &command, action).await;
    drop(review);
    postbox.close().await;
    database.close().await;
    done
}

async fn decide(
    review: &Review,
    postbox: &mut Postbox,
    command: &Decide,
    action: Action,
) -> Result<(), AppError> {
    let gap = GapId::new(command.product.as_str(), command.attribute.as_str());
    // What was decided before comes first: it may be on the same gap.
    postbox.send_rest().await.map_err(|error| AppError { kind: ErrorKind::Unavailable, ..error })?;
    let (decision, told, was) = if action == Action::Undo {
        let undoable = review.undoable(&gap).await?;
        let undo = Review::draft_undo_for(review.reviewer(), &undoable.decision, undoable.version);
        (undo, undoable.decision, State::Open)
    } else {
        let (decision, was) = draft(review, &gap, command, action).await?;
        (decision.clone(), decision, was)
    };
    let is_undo = decision.action == Action::Undo;
    let outcome = postbox.decide(decision).await?;
    if command.json {
        return report(review, command, &gap, &told, &outcome);
    }
    say(&match outcome.state {
        State::Second if !is_undo => {
            format!(
                "{gap} keeps your opinion as the first, hidden from others until somebody else gives the second"
            )
        }
        State::Disputed if !is_undo => {
            format!(
                "{gap} is disputed now: the first opinion differs from yours, and a third decision settles"
            )
        }
        state if was == State::Second && state.is_settled() => {
            format!("{gap} is {} now: the first opinion is the same", state.label())
        }
        state => format!("{gap} is {} now", state.label()),
    });
    Ok(())
}

/// Makes the decision; tells the state that the gap is in before, too.
async fn draft(
    review: &Review,
    gap: &GapId,
    command: &Decide,
    action: Action,
) -> Result<(Decision, State), AppError> {
    let card = review.store().card(gap, NEIGHBOURS).await?.ok_or_else(|| not_a_gap(gap))?;
    if let Some(event) = Event::in_force(&card.history)
        && event.decision.reviewer != *review.reviewer()
        && card.row.state.is_settled()
        && !command.replace
    {
        return Err(AppError::from(RepositoryError::Conflict {
            gap: gap.clone(),
            version: card.row.version,
            state: card.row.state,
            by: Some(event.decision.reviewer.to_string()),
        })
        .hinted("Say --replace to put your decision on top."));
    }
    let (value, objections) = value(&card, command, action)?;
    let how = Circumstances { policy: "command".into(), objections, ..Circumstances::default() };
    Ok((review.draft(&card, action, value, command.comment.clone(), how), card.row.state))
}

fn not_a_gap(gap: &GapId) -> AppError {
    AppError::from(RepositoryError::NotFound { what: "gap", key: gap.to_string() })
        .hinted("`gapdeck queue --state all --json` lists the gaps.")
}

/// Refuses a value that was cut when it was read.
fn whole(value: &str) -> Result<String, AppError> {
    if !is_cut(value) {
        return Ok(value.to_owned());
    }
    Err(AppError::new(
        ErrorKind::Input,
        format!("only the first {LONGEST_VALUE} characters of the candidate's value are at hand; it cannot be accepted"),
    )
    .hinted("Use override --value V for a value of your own."))
}

/// Returns the value to write, with what speaks against it where it is kept all the same.
fn value(
    card: &ReviewCard,
    command: &Decide,
    action: Action,
) -> Result<(Option<String>, Vec<String>), AppError> {
    match (action, &command.value) {
        (Action::Accept, wanted) => {
            let value = whole(&candidate(card, wanted.as_deref())?.value)?;
            let (_, objections) = checked(card, command, &value)?;
            Ok((Some(value), objections))
        }
        (Action::Override, Some(value)) => {
            let (value, objections) = checked(card, command, value)?;
            Ok((Some(value), objections))
        }
        _ => Ok((None, Vec::new())),
    }
}

/// Returns the candidate of a value, or the most confident one.
fn candidate(card: &ReviewCard, wanted: Option<&str>) -> Result<Choice, AppError> {
    let merged = choices(&card.candidates);
    let Some(wanted) = wanted else {
        return merged.into_iter().next().ok_or_else(|| {
            AppError::new(ErrorKind::Input, format!("{} has no candidate to accept", card.row.gap))
                .hinted("Give the value with override --value V.")
        });
    };
    let has = |choice: &&Choice| choice.candidates.iter().any(|candidate| candidate.value == wanted);
    let is_like = |choice: &&Choice| normalised(&choice.value) == normalised(wanted);
    merged.iter().find(has).or_else(|| merged.iter().find(is_like)).cloned().ok_or_else(|| {
        AppError::new(ErrorKind::Input, format!("\"{wanted}\" is not among the candidates"))
            .hinted("Use override for a value of your own.")
    })
}

/// Checks a value; one that something speaks against is taken as it is with `--keep`.
fn checked(card: &ReviewCard, command: &Decide, value: &str) -> Result<(String, Vec<String>), AppError> {
    match Review::check(card, value) {
        Ok(checked) => Ok((checked.value, Vec::new())),
        Err(problem) if problem.can_keep && command.keep => Ok((value.to_owned(), vec![problem.reason])),
        Err(problem) => {
            let error = AppError::new(ErrorKind::Input, problem.reason);
            Err(if problem.can_keep {
                error.hinted("Say --keep to take the value all the same.")
            } else {
                error
            })
        }
    }
}

fn report(
    review: &Review,
    command: &Decide,
    gap: &GapId,
    decision: &Decision,
    outcome: &Outcome,
) -> Result<(), AppError> {
    let action = Action::parse(&command.action).unwrap_or(decision.action);
    json(&Decided {
        gap,
        decision_id: decision.id,
        action,
        value: decision.value.as_deref(),
        reviewer: review.reviewer().as_str(),
        outcome,
    })
}

//! `gapdeck outbox`: the decisions that the database does not have yet.

use super::open::{self, Tables};
use super::output::{json, say, table};
use super::postbox::Postbox;
use crate::config::Config;
use crate::domain::DecisionId;
use crate::error::{AppError, ErrorKind};
use crate::review::outbox::{Listed, Place, Rest, Status, discard, survey};
use clap::{Args, Subcommand};
use serde_json::{Value, json as value};
use std::sync::Arc;

/// Shows, sends or discards decisions that the database does not have yet.
#[derive(Debug, Args)]
pub struct OutboxCommand {
    #[command(subcommand)]
    act: Option<Act>,
    /// Print JSON
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Act {
    /// Lists the decisions that wait to be sent, and those that the database refused
    Show,
    /// Sends what waits, and once more what was refused
    Send,
    /// Gives up a refused decision, and those that build on it
    Discard {
        /// The decision, as `gapdeck outbox` lists it
        id: uuid::Uuid,
    },
}

pub(super) async fn run(command: OutboxCommand, config: &Config) -> Result<(), AppError> {
    let place = open::outbox(config, &config.location)?;
    match command.act.unwrap_or(Act::Show) {
        Act::Show => show(&place, command.json),
        Act::Send => send(place, config, command.json).await,
        Act::Discard { id } => {
            let dropped = discard(&place, DecisionId(id))?;
            if command.json {
                return json(&value!({ "discarded": dropped }));
            }
            say(&format!("discarded {}", counted(dropped.len())));
            Ok(())
        }
    }
}

fn counted(count: usize) -> String {
    if count == 1 { "1 decision".into() } else { format!("{count} decisions") }
}

fn show(place: &Place, as_json: bool) -> Result<(), AppError> {
    let found = survey(place)?;
    for notice in &found.notices {
        say(notice);
    }
    for path in &found.damaged {
        say(&format!("bytes that could not be read are in {}", path.display()));
    }
    if as_json {
        return json(&found.decisions.iter().map(listed).collect::<Vec<_>>());
    }
    let rows: Vec<Vec<String>> = found
        .decisions
        .iter()
        .map(|one| {
            let decision = &one.decision;
            vec![
                decision.id.to_string(),
                decision.decided_at.format("%Y-%m-%d %H:%M:%S UTC").to_string(),
                decision.reviewer.to_string(),
                decision.gap.to_string(),
                decision.action.as_str().to_owned(),
                decision.value.clone().unwrap_or_default(),
                status(one),
            ]
        })
        .collect();
    table(&["DECISION", "TIME", "REVIEWER", "GAP", "ACTION", "VALUE", "STATUS"], &rows)
}

fn status(one: &Listed) -> String {
    match &one.status {
        Status::Pending if one.is_held => "a running gapdeck sends it".into(),
        Status::Pending => "waits to be sent".into(),
        Status::Failed(failure) => format!("refused: {}", failure.reason(&one.decision.gap)),
    }
}

fn listed(one: &Listed) -> Value {
    let decision = &one.decision;
    let (status, reason) = match &one.status {
        Status::Pending => ("pending", None),
        Status::Failed(failure) => ("failed", Some(failure.reason(&decision.gap))),
    };
    value!({
        "decision_id": decision.id,
        "product_key": decision.gap.product,
        "attribute_key": decision.gap.attribute,
        "action": decision.action,
        "value": decision.value,
        "comment": decision.comment,
        "reviewer": decision.reviewer,
        "decided_at": decision.decided_at,
        "undoes": decision.undoes,
        "base_version": decision.base_version,
        "status": status,
        "reason": reason,
        "held": one.is_held,
    })
}

async fn send(place: Place, config: &Config, as_json: bool) -> Result<(), AppError> {
    let database = open::database(config, Tables::Expect).await?;
    let mut postbox = Postbox::open(place, Arc::new(database.store())).await;
    postbox.again();
    let sent = postbox.send_rest().await;
    let Rest { pending, failed } = postbox.close().await;
    database.close().await;
    if as_json {
        json(&value!({ "sent": sent.as_ref().copied().unwrap_or(0), "pending": pending, "failed": failed }))?;
    } else if let Ok(sent) = &sent {
        say(&format!("sent {}", counted(*sent)));
    }
    sent?;
    if failed > 0 {
        return Err(AppError::new(ErrorKind::Conflict, format!("the database refused {}", counted(failed)))
            .hinted(
                "`gapdeck outbox` says why; decide again, or discard with `gapdeck outbox discard ID`.",
            ));
    }
    Ok(())
}

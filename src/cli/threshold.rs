//! `gapdeck threshold`: from which confidence on predictions may be accepted unseen.

use super::bar::Bar;
use super::open::{self, Tables};
use super::output::{json, print, say, visible};
use crate::config::Config;
use crate::domain::{Count, QueueFilter, Share};
use crate::error::{AppError, ErrorKind};
use crate::insight::threshold::{Demand, Outcome};
use crate::review::Review;
use crate::review::threshold::Finding;
use crate::review::unseen::{Accepted, Preview};
use crate::transfer::import::{ProgressSink, Unit};
use crate::words::grouped;
use clap::Args;
use serde::Serialize;
use std::fmt::Write as _;
use std::ops::ControlFlow;
use std::sync::Arc;

/// Confidences are tested where the sample grew by so many since the last test.
const STEP: u64 = 25;

/// Finds the confidence from which on predictions may be accepted unseen, and accepts them on request.
///
/// Goes by gaps drawn at random only: `gapdeck policy --random 0.1` mixes them into the flow, `gapdeck queue --sort random`
/// lists them. Where these are too few or too often wrong, it refuses and says so.
#[derive(Debug, Args)]
pub struct Threshold {
    /// Only gaps of this attribute
    #[arg(long, value_name = "KEY")]
    attribute: Option<String>,
    /// Only gaps of products of this category
    #[arg(long, value_name = "KEY")]
    category: Option<String>,
    /// Only gaps that this experiment predicted
    #[arg(long, value_name = "KEY")]
    experiment: Option<String>,
    /// The error rate that is tolerated among what is accepted
    #[arg(long, default_value = "2%", value_name = "SHARE", value_parser = Share::parse)]
    error: Share,
    /// How sure it must be that the error rate is not higher
    #[arg(long, default_value = "95%", value_name = "SHARE", value_parser = Share::parse)]
    assurance: Share,
    /// Show what would be accepted
    #[arg(long)]
    preview: bool,
    /// Accept it, as one bulk action
    #[arg(long)]
    apply: bool,
    /// The share of the gaps that stays for people to look at
    #[arg(long, default_value = "5%", value_name = "SHARE", value_parser = Share::parse)]
    audit: Share,
    /// Print a JSON object
    #[arg(long)]
    json: bool,
}

/// What was found, as `threshold --json` prints it.
#[derive(Serialize)]
struct Found {
    #[serde(flatten)]
    finding: Finding,
    #[serde(skip_serializing_if = "Option::is_none")]
    preview: Option<Preview>,
    #[serde(skip_serializing_if = "Option::is_none")]
    accepted: Option<Accepted>,
}

pub(super) async fn run(command: Threshold, config: &Config) -> Result<(), AppError> {
    if command.error.get() <= 0.0 || command.error.get() >= 1.0 {
        return Err(AppError::new(
            ErrorKind::Usage,
            "--error must lie between 0 and 1: no sample shows that nothing is wrong",
        ));
    }
    if command.assurance.get() <= 0.0 || command.assurance.get() >= 1.0 {
        return Err(AppError::new(
            ErrorKind::Usage,
            "--assurance must lie between 0 and 1: no sample makes sure",
        ));
    }
    let database = open::database(config, Tables::Expect).await?;
    let review = Review::new(Arc::new(database.store()), config.reviewer.clone());
    let found = find(&review, &command).await;
    drop(review);
    database.close().await;
    let found = found?;
    if command.json {
        return json(&found);
    }
    print(&text(&found, &command))
}

async fn find(review: &Review, command: &Threshold) -> Result<Found, AppError> {
    let filter = QueueFilter {
        attribute: command.attribute.as_deref().map(Into::into),
        category: command.category.as_deref().map(Into::into),
        experiment: command.experiment.as_deref().map(Into::into),
        ..QueueFilter::default()
    };
    let demand = Demand { error: command.error.get(), assurance: command.assurance.get(), step: STEP };
    let finding = review.find_threshold(&filter, demand).await?;
    let mut found = Found { finding, preview: None, accepted: None };
    let Some(plan) = found.finding.plan(filter, command.audit) else { return Ok(found) };
    let covered = found.finding.covered.unwrap_or(Count::Exact(0));
    let mut bar = Bar::new();
    if command.preview {
        bar.begin("looking at the gaps", covered.value(), Unit::Rows);
        found.preview = Some(review.preview(&plan, &mut |read| bar.advance(read)).await?);
        bar.end();
    }
    if command.apply {
        bar.begin("accepting", covered.value(), Unit::Rows);
        let mut told = |done: &Accepted| {
            bar.advance(done.accepted);
            ControlFlow::Continue(())
        };
        found.accepted = Some(review.accept_unseen(&plan, &mut told).await?);
        bar.end();
    }
    if found.accepted.is_some_and(|accepted| accepted.accepted == 0) && !command.json {
        say("Nothing was left to accept.");
    }
    Ok(found)
}

fn text(found: &Found, command: &Threshold) -> String {
    let finding = &found.finding;
    let mut text = String::new();
    for words in finding.words().into_iter().chain([finding.sample_words()]) {
        let _ = writeln!(text, "{words}");
    }
    if matches!(finding.outcome, Outcome::TooFew { .. }) {
        text.push_str("`gapdeck policy --random 0.1` mixes such gaps into the flow; `gapdeck queue --sort random` lists them.\n");
    }
    if let Some(preview) = &found.preview {
        let _ = writeln!(
            text,
            "\nWould accept {}, and keep {} for people to look at.",
            grouped(preview.accepted),
            grouped(preview.kept_out)
        );
        let _ = writeln!(text, "Most frequent of {} values:", grouped(preview.different as u64));
        for (value, count) in &preview.values {
            let _ = writeln!(text, "  {:>9}  {}", grouped(*count), visible(value));
        }
        text.push_str("Least confident:\n");
        for (gap, value, confidence) in &preview.least_confident {
            let _ = writeln!(text, "  {confidence:>9.4}  {} = {}", visible(&gap.to_string()), visible(value));
        }
    }
    if let Some(accepted) = &found.accepted {
        let _ =
            writeln!(text, "\n{} `gapdeck undo --batch {}` takes it back.", accepted.words(), accepted.batch);
    } else if finding.covered.is_some() && !command.preview {
        text.push_str(
            "--preview shows what that is; --apply accepts it, as one bulk action that can be taken back.\n",
        );
    }
    text
}

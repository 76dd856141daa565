//! `gapdeck threshold`: from which confidence on predictions may be accepted unseen.

use super::bar::Bar;
use super::open::{self, Tables};
use super::output::{json, print, say, visible};
use crate::config::Config;
use crate::domain::{Count, QueueFilter, Share, StateFilter};
use crate::error::{AppError, ErrorKind};
use crate::insight::sample::Sample;
use crate::insight::threshold::{Demand, Outcome, certify};
use crate::review::Review;
use crate::review::unseen::{Accepted, Plan, Preview};
use crate::transfer::import::{ProgressSink, Unit};
use crate::tui::grouped;
use clap::Args;
use serde::Serialize;
use std::fmt::Write as _;
use std::sync::Arc;

/// Confidences are tested where the sample grew by so many since the last test.
const STEP: u64 = 25;
/// Up to where gaps are counted exactly.
const CAP: u64 = 1_000_000;

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
    demand: Demand,
    sample: Sample,
    #[serde(flatten)]
    outcome: Outcome,
    open: Count,
    /// The open gaps that the threshold covers.
    covered: Option<Count>,
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
    let store = review.store();
    let demand = Demand { error: command.error.get(), assurance: command.assurance.get(), step: STEP };
    let sample = store.sample(&filter).await?;
    let open = QueueFilter { state: StateFilter::Open, ..filter.clone() };
    let open = store.count(&open, CAP).await?;
    let outcome = certify(sample.cells.clone(), demand);
    let mut found = Found { demand, sample, outcome, open, covered: None, preview: None, accepted: None };
    let Outcome::Certified(certificate) = outcome else { return Ok(found) };
    let plan = Plan { filter, certificate, demand, sampled: found.sample.share, audit: command.audit };
    let covered = store.count(&plan.covered(), CAP).await?;
    found.covered = Some(covered);
    let mut bar = Bar::new();
    if command.preview {
        bar.begin("looking at the gaps", covered.value(), Unit::Rows);
        found.preview = Some(review.preview(&plan, &mut |read| bar.advance(read)).await?);
        bar.end();
    }
    if command.apply {
        bar.begin("accepting", covered.value(), Unit::Rows);
        found.accepted = Some(review.accept_unseen(&plan, &mut |done| bar.advance(done)).await?);
        bar.end();
    }
    if found.accepted.is_some_and(|accepted| accepted.accepted == 0) && !command.json {
        say("Nothing was left to accept.");
    }
    Ok(found)
}

fn percent(share: f64) -> String {
    let percent = (share * 1_000.0).round() / 10.0;
    format!("{percent} %")
}

fn counted(count: Count) -> String {
    match count {
        Count::Exact(n) => grouped(n),
        Count::About(n) => format!("about {}", grouped(n)),
    }
}

fn text(found: &Found, command: &Threshold) -> String {
    let Found { demand, sample, .. } = found;
    let mut text = String::new();
    let asked = format!("error <= {} with {} confidence", percent(demand.error), percent(demand.assurance));
    match found.outcome {
        Outcome::Certified(certificate) => {
            let covered = found.covered.unwrap_or(Count::Exact(0));
            #[expect(clippy::cast_precision_loss, reason = "a share, for people")]
            let share = covered.value() as f64 / (found.open.value().max(1)) as f64;
            let _ = writeln!(
                text,
                "At confidence >= {:.4}: {} of the open gaps ({} of {}), {asked}.",
                certificate.confidence,
                percent(share.min(1.0)),
                counted(covered),
                counted(found.open)
            );
            let _ = writeln!(
                text,
                "Of {} gaps drawn at random with such a confidence, {} {} wrong: at most {} are, so sure.",
                grouped(certificate.judged),
                grouped(certificate.errors),
                if certificate.errors == 1 { "was" } else { "were" },
                percent(certificate.bound)
            );
        }
        Outcome::TooFew { judged, more } => {
            let _ = writeln!(
                text,
                "Too few to tell: {asked} takes at least {} more gaps drawn at random ({} so far), all of them right.",
                grouped(more),
                grouped(judged)
            );
        }
        Outcome::TooManyErrors { judged, errors, bound } => {
            let _ = writeln!(
                text,
                "Too many errors: of the {} most confident of the gaps drawn at random, {} were wrong; up to {} may be, \
                 which is more than {}.",
                grouped(judged),
                grouped(errors),
                percent(bound),
                percent(demand.error)
            );
        }
    }
    let _ = writeln!(
        text,
        "The sample: {} gaps, {} of all{}{}.",
        grouped(sample.gaps),
        percent(sample.share),
        match sample.unsettled {
            0 => String::new(),
            n => format!("; {} put off or flagged count as wrong", grouped(n)),
        },
        match sample.without_confidence {
            0 => String::new(),
            n => format!("; {} without a confidence left aside", grouped(n)),
        }
    );
    if matches!(found.outcome, Outcome::TooFew { .. }) {
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
        let _ = writeln!(
            text,
            "\nAccepted {}; kept {} for people to look at{}. `gapdeck undo --batch {}` takes it back.",
            grouped(accepted.accepted),
            grouped(accepted.kept_out),
            match accepted.passed_by {
                0 => String::new(),
                n => format!("; passed {} by that changed meanwhile or are too long", grouped(n)),
            },
            accepted.batch
        );
    } else if found.covered.is_some() && !command.preview {
        text.push_str(
            "--preview shows what that is; --apply accepts it, as one bulk action that can be taken back.\n",
        );
    }
    text
}

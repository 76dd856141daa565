//! `gapdeck vote`.

use super::bar::Bar;
use super::interrupt;
use super::open::{self, Tables};
use super::output::{json, print, say, visible};
use crate::config::Config;
use crate::domain::{Count, QueueFilter, StateFilter};
use crate::error::{AppError, ErrorKind};
use crate::insight::proportion;
use crate::repository::postgres::PostgresStore;
use crate::repository::{InputRepository, QueueRepository, RepositoryError, ToVote};
use crate::review::vote::{self, Job, Report, Step, Worth};
use crate::transfer::import::{ProgressSink, Unit};
use clap::Args;
use std::fmt::Write as _;

const AFTER_HELP: &str = "\
For each gap that is not settled, the nearest products that have a source value for its attribute vote: the best candidate
is marked as agreed to, split on or contradicted. First the vote is tried on values that are known; where it is worth
nothing (serial numbers), it marks nothing. Marks are kept page by page: --only-missing goes on from there.

Of randomly drawn gaps that were decided it measures how far down the list of candidates the right value was; with 100
or more of an attribute, cards fold what can be left out so that 90 % of the lists still have it.";

/// Asks the nearest products what they say of the candidates, and marks the queue.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub struct Vote {
    /// Gaps of an attribute only
    #[arg(long, value_name = "KEY")]
    attribute: Option<String>,
    /// Gaps only whose vote was not counted yet, or for another candidate; attributes measured before are not measured again
    #[arg(long)]
    only_missing: bool,
    /// Print the report as JSON
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(command: Vote, config: &Config) -> Result<(), AppError> {
    let database = open::database(config, Tables::Expect).await?;
    let done = count(&command, &database.store()).await;
    let interrupted = done.as_ref().is_ok_and(|(report, _)| report.interrupted);
    interrupt::close(database, interrupted).await;
    let (report, outcome) = done?;
    if command.json {
        json(&report)?;
    } else {
        print(&report_text(&report))?;
    }
    outcome?;
    if interrupted {
        return Err(AppError::new(ErrorKind::Interrupted, "interrupted; the marks so far are kept")
            .hinted("`gapdeck vote --only-missing` goes on from there."));
    }
    Ok(())
}

async fn count(
    command: &Vote,
    store: &PostgresStore,
) -> Result<(Report, Result<(), RepositoryError>), AppError> {
    let which =
        ToVote { attribute: command.attribute.clone().map(Into::into), only_missing: command.only_missing };
    if let Some(key) = &which.attribute
        && store.attribute(key).await?.is_none()
    {
        return Err(AppError::from(RepositoryError::NotFound { what: "attribute", key: key.to_string() }));
    }
    let filter = QueueFilter {
        attribute: which.attribute.clone(),
        state: StateFilter::Open,
        ..QueueFilter::default()
    };
    let (Count::Exact(gaps) | Count::About(gaps)) = store.count(&filter, 10_000).await?;
    let mut bar = Bar::new();
    let mut measuring = false;
    let progress = |step| match step {
        Step::Measured(at, of) => {
            if !measuring {
                bar.begin("Measuring what the vote is worth", of as u64, Unit::Rows);
                measuring = true;
            }
            bar.advance(at as u64);
        }
        Step::Voted(at) => {
            if measuring {
                bar.begin("Voting", gaps, Unit::Rows);
                measuring = false;
            }
            bar.advance(at);
        }
    };
    let (report, outcome) = vote::run(store, &Job { which }, interrupt::asked(), progress).await;
    bar.end();
    if report.attributes.iter().all(|one| one.worth.tried == 0) && outcome.is_ok() && !report.interrupted {
        say("warning: no product has both an embedding and a source value; `gapdeck embed` embeds them");
    }
    Ok((report, outcome))
}

fn report_text(report: &Report) -> String {
    let mut text = String::new();
    let _ = writeln!(
        text,
        "{} gaps voted on, {} marks changed\n  {} contradicted, {} split, {} agreed to, {} without evidence",
        report.gaps, report.changed, report.contradicts, report.split, report.agrees, report.none
    );
    let mut attributes: Vec<&Worth> = report.attributes.iter().filter(|one| one.worth.tried > 0).collect();
    attributes.sort_by(|a, b| b.low.unwrap_or(0.0).total_cmp(&a.low.unwrap_or(0.0)));
    if !attributes.is_empty() {
        let _ = writeln!(text, "Right on values that are known:");
    }
    for one in attributes {
        let name = visible(one.worth.attribute_key.as_str());
        let (Some(accuracy), Some(low), Some(high)) = (one.accuracy, one.low, one.high) else {
            let _ = writeln!(
                text,
                "  {name}: never enough neighbours with a value, of {} tried",
                one.worth.tried
            );
            continue;
        };
        let silent = if one.speaks { "" } else { " · silent" };
        let _ = writeln!(
            text,
            "  {name}: {:.0} % [{:.0}-{:.0}], n = {}{silent}",
            accuracy * 100.0,
            low * 100.0,
            high * 100.0,
            one.worth.voted
        );
    }
    if !report.lists.is_empty() {
        let _ = writeln!(text, "Lists of randomly drawn gaps:");
    }
    for one in &report.lists {
        let listed = proportion::share(one.listed.unsigned_abs(), one.decided.unsigned_abs());
        let (share, interval) =
            listed.map_or((0.0, String::new()), |(share, interval)| (share, interval.percent()));
        let cut = match one.score {
            Some(score) => format!(" · cut below {score:.2}, so that 90 % have it"),
            None => " · not cut".to_owned(),
        };
        let name = visible(one.attribute_key.as_str());
        let _ = writeln!(
            text,
            "  {name}: {:.0} % [{interval}] have the right value, n = {}{cut}",
            share * 100.0,
            one.decided
        );
    }
    text
}

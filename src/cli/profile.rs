//! `gapdeck profile`: how well a reviewer tells right predictions from wrong ones.

use super::open::{self, Tables};
use super::output::{json, print, visible};
use crate::config::Config;
use crate::domain::Reviewer;
use crate::error::AppError;
use crate::insight::Interval;
use crate::insight::detection::{Profile, Verdicts, profile, verdicts};
use crate::repository::InsightRepository;
use clap::Args;
use serde::Serialize;

/// How many of the reviewer's last decisions are looked at.
const DECISIONS: usize = 20_000;

/// Shows how well you tell right predictions from wrong ones, apart from how readily you accept.
///
/// Goes by the gaps that you and somebody else decided, the second without seeing the first, and that are settled: by the
/// two of you where you agree, otherwise by a third person. There are none unless `gapdeck policy --second-opinions` asks for
/// them. gapdeck shows it to you alone; show it to others if you like.
#[derive(Debug, Args)]
#[command(name = "profile")]
pub struct ProfileCommand {
    /// Print a JSON object
    #[arg(long)]
    json: bool,
}

/// The profile as `profile --json` prints it.
#[derive(Debug, Serialize)]
struct Found {
    reviewer: Reviewer,
    gaps: u64,
    #[serde(flatten)]
    verdicts: Verdicts,
    /// None unless both right and wrong predictions were seen.
    profile: Option<Profile>,
}

pub(super) async fn run(command: ProfileCommand, config: &Config) -> Result<(), AppError> {
    let database = open::database(config, Tables::Expect).await?;
    let said = database.store().said(&config.reviewer, DECISIONS).await;
    database.close().await;
    let verdicts = verdicts(&said?, &config.reviewer);
    let found = Found {
        reviewer: config.reviewer.clone(),
        gaps: verdicts.count(),
        verdicts,
        profile: profile(verdicts),
    };
    if command.json { json(&found) } else { print(&text(&found)) }
}

fn text(found: &Found) -> String {
    let Found { reviewer, gaps, verdicts, profile } = found;
    let reviewer = visible(reviewer.as_str());
    if *gaps == 0 {
        return format!(
            "No gap tells anything of {reviewer} yet: it takes some that two people decided, the second without seeing the first.\n\
             `gapdeck policy --second-opinions 10%` asks for them.\n"
        );
    }
    let Verdicts { hits, misses, false_alarms, passes } = *verdicts;
    let gaps = if *gaps == 1 { "1 gap".to_owned() } else { format!("{gaps} gaps") };
    let counts = format!(
        "{reviewer}, on {gaps} that two people decided\n  wrong predictions  {hits} of {} not accepted\n  \
         right predictions  {passes} of {} accepted\n",
        hits + misses,
        passes + false_alarms
    );
    let figure = |figure: f64, interval: Interval| {
        format!("{figure:.2} [{:.2} to {:.2}]", interval.low, interval.high)
    };
    let figures = match profile {
        Some(profile) => format!(
            "  d'         {}   right told from wrong: 0 is guessing, 3 nearly always\n  \
             criterion  {}   above 0 tends to accept, below 0 to refuse\n",
            figure(profile.sensitivity, profile.sensitivity_interval),
            figure(profile.criterion, profile.criterion_interval)
        ),
        None => "It takes right and wrong predictions to say more.\n".into(),
    };
    format!(
        "{counts}{figures}Errors that both overlooked are not seen here. gapdeck shows this to nobody else.\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(verdicts: Verdicts) -> String {
        let reviewer = "ada\u{1b}[2J".into();
        text(&Found { reviewer, gaps: verdicts.count(), verdicts, profile: profile(verdicts) })
    }

    #[test]
    fn the_profile_says_both_figures_with_their_intervals() {
        insta::assert_snapshot!(found(Verdicts { hits: 41, misses: 11, false_alarms: 6, passes: 85 }));
    }

    #[test]
    fn with_too_little_it_says_so() {
        assert!(found(Verdicts::default()).contains("policy --second-opinions 10%"));
        let one = found(Verdicts { passes: 1, ..Verdicts::default() });
        assert!(
            one.contains("on 1 gap that") && one.contains("It takes right and wrong predictions"),
            "{one}"
        );
    }
}

//! `gapdeck profile`: how well a reviewer tells right predictions from wrong ones.

use super::open::{self, Tables};
use super::output::{json, print, visible};
use crate::config::Config;
use crate::domain::Reviewer;
use crate::error::AppError;
use crate::insight::Interval;
use crate::insight::detection::{Profile, Verdicts, profile, verdicts};
use crate::repository::{InsightRepository, RepositoryError, SeededRepository};
use clap::Args;
use serde::Serialize;

/// How many of the reviewer's last decisions are looked at.
const DECISIONS: usize = 20_000;

/// Shows how well you tell right predictions from wrong ones, apart from how readily you accept.
///
/// Goes by your answers on gaps whose value is known (`gapdeck seeded`), and by the gaps that you and somebody else decided, the
/// second without seeing the first, and that are settled: by the two of you where you agree, otherwise by a third person. There
/// are none unless `gapdeck policy` asks for them. gapdeck shows it to you alone; show it to others if you like.
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
    /// Those of them whose value was known.
    seeded: u64,
    #[serde(flatten)]
    verdicts: Verdicts,
    /// None unless both right and wrong predictions were seen.
    profile: Option<Profile>,
}

pub(super) async fn run(command: ProfileCommand, config: &Config) -> Result<(), AppError> {
    let database = open::database(config, Tables::Expect).await?;
    let store = database.store();
    let read = async {
        let said = store.said(&config.reviewer, DECISIONS).await?;
        Ok::<_, RepositoryError>((said, store.seeded_answers(&config.reviewer).await?))
    };
    let read = read.await;
    drop(store);
    database.close().await;
    let (said, answers) = read?;
    let mut verdicts = verdicts(&said, &config.reviewer);
    verdicts.answered(&answers);
    let seeded = answers.iter().map(|one| one.answers).sum();
    let found = Found {
        reviewer: config.reviewer.clone(),
        gaps: verdicts.count(),
        seeded,
        verdicts,
        profile: profile(verdicts),
    };
    if command.json { json(&found) } else { print(&text(&found)) }
}

fn text(found: &Found) -> String {
    let Found { reviewer, gaps, seeded, verdicts, profile } = found;
    let reviewer = visible(reviewer.as_str());
    if *gaps == 0 {
        return format!(
            "No gap tells anything of {reviewer} yet: it takes some whose value is known, or that two people decided, the second\n\
             without seeing the first. `gapdeck policy --seeded 2%` mixes the former into the flow (`gapdeck seeded` says how),\n\
             `gapdeck policy --second-opinions 10%` asks for the latter.\n"
        );
    }
    let Verdicts { hits, misses, false_alarms, passes } = *verdicts;
    let of = |gaps: u64| if gaps == 1 { "1 gap".to_owned() } else { format!("{gaps} gaps") };
    let on = match (*seeded, gaps - seeded) {
        (0, decided) => format!("{} that two people decided", of(decided)),
        (seeded, 0) => format!("{} whose value is known", of(seeded)),
        (seeded, decided) => {
            format!("{} whose value is known and {} that two people decided", of(seeded), of(decided))
        }
    };
    let counts = format!(
        "{reviewer}, on {on}\n  wrong predictions  {hits} of {} not accepted\n  \
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
        "{counts}{figures}{}gapdeck shows this to nobody else.\n",
        if gaps > seeded { "Errors that both overlooked are not seen here. " } else { "" }
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(verdicts: Verdicts, seeded: u64) -> String {
        let reviewer = "ada\u{1b}[2J".into();
        text(&Found { reviewer, gaps: verdicts.count(), seeded, verdicts, profile: profile(verdicts) })
    }

    #[test]
    fn the_profile_says_both_figures_with_their_intervals() {
        insta::assert_snapshot!(found(Verdicts { hits: 41, misses: 11, false_alarms: 6, passes: 85 }, 0));
    }

    #[test]
    fn it_says_which_gaps_it_goes_by() {
        let some = Verdicts { hits: 3, misses: 1, false_alarms: 0, passes: 6 };
        let (known, both) = (found(some, 10), found(some, 9));
        assert!(
            known.contains("on 10 gaps whose value is known\n") && !known.contains("overlooked"),
            "{known}"
        );
        assert!(both.contains("9 gaps whose value is known and 1 gap that two people decided"), "{both}");
        assert!(both.contains("overlooked"), "{both}");
    }

    #[test]
    fn with_too_little_it_says_so() {
        assert!(found(Verdicts::default(), 0).contains("policy --second-opinions 10%"));
        let one = found(Verdicts { passes: 1, ..Verdicts::default() }, 0);
        assert!(
            one.contains("on 1 gap that") && one.contains("It takes right and wrong predictions"),
            "{one}"
        );
    }
}

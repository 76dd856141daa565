//! `gapdeck seeded`: the gaps whose right value is known.

use super::open::{self, Tables};
use super::output::{json, print, say};
use crate::config::Config;
use crate::domain::{GapId, Policy, Seeding};
use crate::error::AppError;
use crate::repository::{PolicyRepository, RepositoryError, SeededRepository};
use clap::{Args, Subcommand};
use serde::Serialize;

/// Shows how many gaps have a known value, and what came of them; names nobody.
///
/// Known values come in a file `seeded_values.jsonl` or `.csv` (`product_key`, `attribute_key`, `value`) by `gapdeck import`, which
/// writes the table `seeded_values`. `gapdeck policy --seeded 2%` mixes such gaps into the flow, as if nobody had decided
/// them; a reviewer's answer decides nothing, is told right or wrong at once, and counts in `gapdeck profile`.
#[derive(Debug, Args)]
#[command(name = "seeded")]
pub struct SeededCommand {
    #[command(subcommand)]
    what: Option<What>,
    /// Print a JSON object
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Forgets what is known of a gap; answers stay
    Forget {
        /// The product's key
        #[arg(value_name = "PRODUCT")]
        product: String,
        /// The attribute's key
        #[arg(value_name = "ATTRIBUTE")]
        attribute: String,
    },
}

/// As `seeded --json` prints it.
#[derive(Debug, Serialize)]
struct Shown {
    #[serde(flatten)]
    seeding: Seeding,
    /// The share of the flow.
    share: f64,
}

pub(super) async fn run(command: SeededCommand, config: &Config) -> Result<(), AppError> {
    let database = open::database(config, Tables::Expect).await?;
    let store = database.store();
    let done = async {
        if let Some(What::Forget { product, attribute }) = command.what {
            store.forget_seeded(&[GapId::new(product, attribute)]).await?;
        }
        Ok::<_, RepositoryError>((store.seeding().await?, store.policy().await?))
    };
    let done = done.await;
    drop(store);
    database.close().await;
    let (seeding, policy) = done?;
    if command.json {
        return json(&Shown { seeding, share: policy.seeded.get() });
    }
    print(&text(seeding))?;
    if let Some(advice) = advice(seeding, policy) {
        say(advice);
    }
    Ok(())
}

fn text(seeding: Seeding) -> String {
    let Seeding { gaps, open, right, wrong, answers, reviewers } = seeding;
    format!(
        "gaps with a known value       {gaps}\n  nobody has decided           {open}\n  \
         the best prediction is it    {right}\n  the best prediction is not   {wrong}\n\
         answers                       {answers}\n  people                       {reviewers}\n"
    )
}

/// Says what is missing for a profile.
fn advice(seeding: Seeding, policy: Policy) -> Option<&'static str> {
    if seeding.gaps == 0 {
        Some(
            "`gapdeck import` takes known values from a file seeded_values.jsonl: product_key, attribute_key, value",
        )
    } else if policy.seeded == crate::domain::Share::NONE {
        Some("none of them is shown: `gapdeck policy --seeded 2%` mixes them into the flow")
    } else if seeding.right == 0 || seeding.wrong == 0 {
        Some("a profile takes both: gaps whose best prediction is right, and some where it is wrong")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Share;

    #[test]
    fn what_is_seeded_is_counted_and_what_is_missing_is_said() {
        let seeding = Seeding { gaps: 30, open: 4, right: 21, wrong: 9, answers: 112, reviewers: 5 };
        insta::assert_snapshot!(text(seeding));
        let off = Policy::default();
        let on = Policy { seeded: Share::ALL, ..off };
        assert!(advice(Seeding::default(), on).unwrap().contains("gapdeck import"));
        assert!(advice(seeding, off).unwrap().contains("policy --seeded"));
        assert!(advice(Seeding { wrong: 0, ..seeding }, on).unwrap().contains("takes both"));
        assert_eq!(advice(seeding, on), None);
    }
}

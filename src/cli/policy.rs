//! `gapdeck policy`: how the team reviews.

use super::open::{self, Tables};
use super::output::{json, table};
use crate::config::Config;
use crate::domain::{Policy, Share};
use crate::error::{AppError, ErrorKind};
use crate::repository::PolicyRepository;
use clap::Args;

/// Shows or sets how the team reviews: shares of gaps, the same for everybody on the database.
///
/// Which gaps fall into a share is drawn once and for all, so everybody meets the same ones. A share is a number from
/// 0 to 1 or a percentage. Setting one needs the right to write `review_policy`, which `gapdeck grants` gives to nobody:
/// it is the data owner's.
#[derive(Debug, Args)]
#[command(name = "policy")]
pub struct PolicyCommand {
    /// Gaps that two people decide on, the second without seeing the first
    #[arg(long, value_name = "SHARE", value_parser = Share::parse)]
    second_opinions: Option<Share>,
    /// Gaps of the flow that are drawn at random instead of in order, for honest figures
    #[arg(long, value_name = "SHARE", value_parser = Share::parse)]
    random: Option<Share>,
    /// Gaps whose predictions are shown after the reviewer has chosen
    #[arg(long, value_name = "SHARE", value_parser = Share::parse)]
    blind: Option<Share>,
    /// Gaps of the flow whose right value is known (`gapdeck seeded`), to see how well a reviewer tells right from wrong
    #[arg(long, value_name = "SHARE", value_parser = Share::parse)]
    seeded: Option<Share>,
    /// Print a JSON object
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(command: PolicyCommand, config: &Config) -> Result<(), AppError> {
    let database = open::database(config, Tables::Expect).await?;
    let policy = settle(&database.store(), &command, config).await;
    let label = database.label().to_owned();
    database.close().await;
    let policy = policy.map_err(|error| {
        let error = AppError::from(error);
        if error.message.contains("permission denied") {
            let message = format!("cannot set the policy of {label}: {}", error.message);
            return AppError::new(ErrorKind::Unavailable, message).hinted(
                "The owner of the tables may, or whom INSERT and UPDATE on review_policy were granted.",
            );
        }
        error
    })?;
    if command.json {
        return json(&policy);
    }
    let row = |what: &str, share: Share| vec![what.to_owned(), share.to_string()];
    table(
        &["OF THE GAPS", "SHARE"],
        &[
            row("get a second opinion", policy.second_opinions),
            row("come at random in the flow", policy.random),
            row("show predictions after the choice", policy.blind),
            row("have a known value, in the flow", policy.seeded),
        ],
    )
}

/// Sets what was given, and returns what holds then.
async fn settle(
    store: &impl PolicyRepository,
    command: &PolicyCommand,
    config: &Config,
) -> crate::repository::Result<Policy> {
    let policy = store.policy().await?;
    let wanted = Policy {
        second_opinions: command.second_opinions.unwrap_or(policy.second_opinions),
        random: command.random.unwrap_or(policy.random),
        blind: command.blind.unwrap_or(policy.blind),
        seeded: command.seeded.unwrap_or(policy.seeded),
    };
    if wanted != policy {
        store.set_policy(&wanted, &config.reviewer).await?;
    }
    Ok(wanted)
}

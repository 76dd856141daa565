//! `gapdeck compare`: two experiments on the same gaps.

use super::open::{self, Tables};
use super::output::{json, print, visible};
use crate::config::Config;
use crate::domain::ExperimentKey;
use crate::error::AppError;
use crate::insight::comparison::Comparison;
use crate::repository::{InsightRepository, PredictionRepository, RepositoryError, Result as Stored};
use clap::Args;
use serde::Serialize;

/// Compares two experiments on the gaps that both predicted and that were judged.
#[derive(Debug, Args)]
pub struct Compare {
    /// An experiment's key
    first: String,
    /// The other's
    second: String,
    /// Print a JSON object
    #[arg(long)]
    json: bool,
}

/// A comparison as `compare --json` prints it.
#[derive(Serialize)]
struct Compared {
    first: ExperimentKey,
    second: ExperimentKey,
    gaps: u64,
    #[serde(flatten)]
    comparison: Comparison,
    p_value: f64,
    e_value: f64,
}

pub(super) async fn run(command: Compare, config: &Config) -> Result<(), AppError> {
    let (first, second) = (ExperimentKey::from(command.first), ExperimentKey::from(command.second));
    let database = open::database(config, Tables::Expect).await?;
    let compared = compared(&database.store(), &first, &second).await;
    database.close().await;
    let comparison = compared?;
    let compared = Compared {
        gaps: comparison.gaps(),
        p_value: comparison.p_value(),
        e_value: comparison.e_value(),
        comparison,
        first,
        second,
    };
    if command.json {
        return json(&compared);
    }
    print(&text(&compared))
}

async fn compared(
    store: &(impl InsightRepository + PredictionRepository),
    first: &ExperimentKey,
    second: &ExperimentKey,
) -> Stored<Comparison> {
    for key in [first, second] {
        if store.experiment(key).await?.is_none() {
            return Err(RepositoryError::NotFound { what: "experiment", key: key.to_string() });
        }
    }
    store.compare(first, second).await
}

fn text(compared: &Compared) -> String {
    let Comparison { both_right, only_first, only_second, both_wrong } = compared.comparison;
    let (first, second) = (visible(compared.first.as_str()), visible(compared.second.as_str()));
    if compared.gaps == 0 {
        return format!("No judged gap was predicted by both {first} and {second}.\n");
    }
    let verdict = if compared.e_value >= 20.0 {
        let better = if only_first > only_second { &first } else { &second };
        format!("{better} is better: such a difference is no luck.")
    } else {
        "Neither is shown to be better yet; it is safe to look again after more decisions.".into()
    };
    format!(
        "{gaps} gaps that both predicted\n  both right      {both_right}\n  only {first}: {only_first}\n  only {second}: {only_second}\n  \
         both wrong      {both_wrong}\nMcNemar's exact p = {p:.3} (for a number of gaps fixed beforehand), e-value {e:.2} (valid at any time; \
         20 is strong)\n{verdict}\n",
        gaps = compared.gaps,
        p = compared.p_value,
        e = compared.e_value,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_verdict_goes_by_the_e_value() {
        let of = |only_first, only_second| {
            let comparison = Comparison { both_right: 400, only_first, only_second, both_wrong: 60 };
            text(&Compared {
                first: "old".into(),
                second: "new".into(),
                gaps: comparison.gaps(),
                p_value: comparison.p_value(),
                e_value: comparison.e_value(),
                comparison,
            })
        };
        assert!(of(20, 60).ends_with("new is better: such a difference is no luck.\n"), "{}", of(20, 60));
        assert!(of(20, 25).contains("Neither is shown to be better yet"));
    }
}

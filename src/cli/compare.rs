//! `gapdeck compare`: two experiments on the same gaps.

use super::open::{self, Tables};
use super::output::{json, print, say, table, visible};
use super::word;
use crate::config::Config;
use crate::domain::{Difference, ExperimentKey, Guess};
use crate::error::AppError;
use crate::insight::comparison::Comparison;
use crate::repository::{InsightRepository, PredictionRepository, RepositoryError, Result as Stored};
use clap::Args;
use serde::Serialize;

/// How many gaps are read by one statement.
const PAGE: usize = 5_000;

/// Compares two experiments on the gaps that both predicted and that were judged.
#[derive(Debug, Args)]
pub struct Compare {
    /// An experiment's key
    first: String,
    /// The other's
    second: String,
    /// List the gaps that the first was right on and the other wrong (`wins`), or the reverse (`losses`)
    #[arg(long, value_name = "WHICH")]
    list: Option<String>,
    /// How many gaps are listed
    #[arg(long, default_value_t = 100, value_name = "N", requires = "list")]
    limit: usize,
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
    /// The gaps that one won, in the order of their keys.
    #[serde(flatten)]
    list: Option<List>,
}

/// Gaps that one won.
#[derive(Debug, Serialize)]
#[serde(rename_all = "snake_case")]
enum List {
    Wins(Vec<Difference>),
    Losses(Vec<Difference>),
}

impl List {
    fn gaps(&self) -> &[Difference] {
        match self {
            Self::Wins(gaps) | Self::Losses(gaps) => gaps,
        }
    }
}

pub(super) async fn run(command: Compare, config: &Config) -> Result<(), AppError> {
    let which = command.list.as_deref();
    let which = which.map(|text| word(text, Which::parse, &["wins", "losses"])).transpose()?;
    let (first, second) = (ExperimentKey::from(command.first), ExperimentKey::from(command.second));
    let database = open::database(config, Tables::Expect).await?;
    let store = database.store();
    let compared = compared(&store, &first, &second).await;
    let list = match which.filter(|_| compared.is_ok()) {
        Some(which) => list(&store, (&first, &second), which, command.limit).await.map(Some),
        None => Ok(None),
    };
    drop(store);
    database.close().await;
    let (comparison, list) = (compared?, list?);
    let compared = Compared {
        gaps: comparison.gaps(),
        p_value: comparison.p_value(),
        e_value: comparison.e_value(),
        comparison,
        first,
        second,
        list,
    };
    if command.json {
        return json(&compared);
    }
    print(&text(&compared))?;
    compared.list.as_ref().map_or(Ok(()), |list| print_list(&compared, list))
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

/// Which gaps are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Which {
    Wins,
    Losses,
}

impl Which {
    fn parse(text: &str) -> Option<Self> {
        match text {
            "wins" => Some(Self::Wins),
            "losses" => Some(Self::Losses),
            _ => None,
        }
    }
}

/// Loads the gaps that one won, at most so many.
async fn list(
    store: &impl InsightRepository,
    (first, second): (&ExperimentKey, &ExperimentKey),
    which: Which,
    most: usize,
) -> Stored<List> {
    let (winner, loser) = if which == Which::Wins { (first, second) } else { (second, first) };
    let (mut gaps, mut after) = (Vec::new(), None);
    while gaps.len() < most {
        let page = store.differences(winner, loser, after.as_ref(), (most - gaps.len()).min(PAGE)).await?;
        gaps.extend(page.rows);
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    Ok(if which == Which::Wins { List::Wins(gaps) } else { List::Losses(gaps) })
}

fn print_list(compared: &Compared, list: &List) -> Result<(), AppError> {
    let (first, second) = (compared.first.as_str(), compared.second.as_str());
    let ((winner, loser), all) = match list {
        List::Wins(_) => ((first, second), compared.comparison.only_first),
        List::Losses(_) => ((second, first), compared.comparison.only_second),
    };
    let guess = |guess: &Guess| {
        let confidence = guess.confidence.map_or_else(String::new, |c| format!(" ({:.2})", c.get()));
        format!("{}{confidence}", visible(&guess.value))
    };
    let rows: Vec<Vec<String>> = list
        .gaps()
        .iter()
        .map(|one| {
            let gap = &one.gap;
            vec![gap.product.to_string(), gap.attribute.to_string(), guess(&one.won), guess(&one.lost)]
        })
        .collect();
    if rows.is_empty() {
        return Ok(());
    }
    print("\n")?;
    table(&["PRODUCT", "ATTRIBUTE", &format!("RIGHT: {winner}"), &format!("WRONG: {loser}")], &rows)?;
    let shown = rows.len() as u64;
    if shown < all {
        say(&format!("{shown} of {all} gaps; --limit {all} lists all."));
    }
    Ok(())
}

fn text(compared: &Compared) -> String {
    let Comparison { both_right, only_first, only_second, both_wrong } = compared.comparison;
    let (first, second) = (visible(compared.first.as_str()), visible(compared.second.as_str()));
    if compared.gaps == 0 {
        return format!("No judged gap was predicted by both {first} and {second}.\n");
    }
    format!(
        "{gaps} gaps that both predicted\n  both right      {both_right}\n  only {first}: {only_first}\n  only {second}: {only_second}\n  \
         both wrong      {both_wrong}\n{}\n{}\n",
        compared.comparison.tests(),
        compared.comparison.verdict(&first, &second),
        gaps = compared.gaps,
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
                list: None,
            })
        };
        assert!(of(20, 60).ends_with("new is better: such a difference is no luck.\n"), "{}", of(20, 60));
        assert!(of(20, 25).contains("Neither is shown to be better yet"));
    }
}

//! `gapdeck agreement`: how far two people who decide on the same gap say the same.

use super::open::{self, Tables};
use super::output::{json, print, table};
use crate::config::Config;
use crate::domain::{AttributeKey, TwoOpinions};
use crate::error::AppError;
use crate::insight::Interval;
use crate::insight::agreement::{Agreement, Spread, agreement, spread};
use crate::repository::InsightRepository;
use clap::Args;
use serde::Serialize;
use std::collections::BTreeMap;

/// How often the bootstrap draws; the seed makes a second look show the same.
const ROUNDS: usize = 1_000;
const SEED: u64 = 2_026;

/// Shows how far reviewers agree, by the gaps that two of them decided, the second without seeing the first.
///
/// `gapdeck policy --second-opinions 10%` makes such gaps. Percent agreement is high where nearly everything is accepted;
/// Gwet's AC1 and Krippendorff's alpha take agreement by chance off.
#[derive(Debug, Args)]
#[command(name = "agreement")]
pub struct AgreementCommand {
    /// Only gaps of this attribute
    #[arg(long, value_name = "KEY")]
    attribute: Option<String>,
    /// Print a JSON array
    #[arg(long)]
    json: bool,
}

/// The agreement on the gaps of an attribute, or on all; as `agreement --json` prints it.
#[derive(Debug, Serialize)]
struct Line {
    /// None for all attributes together.
    attribute: Option<AttributeKey>,
    #[serde(flatten)]
    agreement: Agreement,
    /// The 95 % intervals, by bootstrap.
    intervals: Spread,
}

impl Line {
    fn of(attribute: Option<AttributeKey>, gaps: &[Vec<String>]) -> Self {
        Self { attribute, agreement: agreement(gaps), intervals: spread(gaps, ROUNDS, SEED) }
    }
}

pub(super) async fn run(command: AgreementCommand, config: &Config) -> Result<(), AppError> {
    let attribute = command.attribute.map(AttributeKey::from);
    let database = open::database(config, Tables::Expect).await?;
    let opinions = database.store().opinions(attribute.as_ref()).await;
    database.close().await;
    let lines = lines(&opinions?);
    if command.json {
        return json(&lines);
    }
    if lines.is_empty() {
        return print(
            "No gap has two opinions yet; `gapdeck policy --second-opinions 10%` asks for them on a share of the gaps.\n",
        );
    }
    let rows: Vec<Vec<String>> = lines
        .iter()
        .map(|line| {
            let Line { attribute, agreement, intervals } = line;
            vec![
                attribute.as_ref().map_or_else(|| "(all)".into(), ToString::to_string),
                agreement.units.to_string(),
                figure(agreement.percent, intervals.percent, 100.0),
                figure(agreement.ac1, intervals.ac1, 1.0),
                figure(agreement.alpha, intervals.alpha, 1.0),
            ]
        })
        .collect();
    table(&["ATTRIBUTE", "GAPS", "PERCENT", "AC1", "ALPHA"], &rows)
}

/// Adds up all attributes, and each where there are several.
fn lines(opinions: &[TwoOpinions]) -> Vec<Line> {
    let mut by_attribute: BTreeMap<&AttributeKey, Vec<Vec<String>>> = BTreeMap::new();
    let mut all = Vec::with_capacity(opinions.len());
    for two in opinions {
        let verdicts = [&two.first, &two.second].map(|one| one.verdict(two.multi_valued)).to_vec();
        by_attribute.entry(&two.attribute).or_default().push(verdicts.clone());
        all.push(verdicts);
    }
    if all.is_empty() {
        return Vec::new();
    }
    let mut lines = Vec::new();
    if by_attribute.len() > 1 {
        lines.push(Line::of(None, &all));
    }
    lines.extend(by_attribute.into_iter().map(|(key, gaps)| Line::of(Some(key.clone()), &gaps)));
    lines
}

fn figure(figure: Option<f64>, interval: Option<Interval>, unit: f64) -> String {
    let digits = if unit > 1.0 { 0 } else { 2 };
    match (figure, interval) {
        (Some(figure), Some(interval)) => format!(
            "{:.digits$} [{:.digits$} to {:.digits$}]",
            figure * unit,
            interval.low * unit,
            interval.high * unit
        ),
        _ => "-".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Action, Opinion};

    fn two(attribute: &str, first: (Action, Option<&str>), second: (Action, Option<&str>)) -> TwoOpinions {
        let opinion = |reviewer: &str, (action, value): (Action, Option<&str>)| Opinion {
            reviewer: reviewer.into(),
            action,
            value: value.map(Into::into),
        };
        TwoOpinions {
            attribute: attribute.into(),
            first: opinion("ada", first),
            multi_valued: attribute == "colour",
            second: opinion("bob", second),
        }
    }

    #[test]
    fn the_same_value_is_the_same_however_it_was_given() {
        let lines = lines(&[
            two("colour", (Action::Accept, Some("Red; black")), (Action::Override, Some("black ; RED"))),
            two("colour", (Action::Reject, None), (Action::NotApplicable, None)),
            two("width", (Action::Reject, None), (Action::Reject, None)),
        ]);
        let shown: Vec<_> = lines.iter().map(|line| (line.agreement.units, line.agreement.percent)).collect();
        assert_eq!(shown, [(3, Some(2.0 / 3.0)), (2, Some(0.5)), (1, Some(1.0))]);
        assert_eq!(lines[0].attribute, None);
        assert_eq!(figure(Some(0.5), Some(Interval { low: 0.25, high: 1.0 }), 100.0), "50 [25 to 100]");
        assert!(super::lines(&[]).is_empty());
    }

    #[test]
    fn several_values_are_told_apart_where_the_attribute_takes_several_only() {
        let of = |attribute| {
            let both = (Action::Accept, Some("Red; black"));
            lines(&[two(attribute, both, (Action::Accept, Some("black; red")))])[0].agreement.percent
        };
        assert_eq!((of("colour"), of("width")), (Some(1.0), Some(0.0)));
    }
}

//! `gapdeck insights`: whether confidences mean what they say.

use super::open::{self, Tables};
use super::output::{json, print, table, visible};
use super::word;
use crate::config::Config;
use crate::domain::{Anchoring, JudgedBy, JudgedFilter};
use crate::error::AppError;
use crate::insight::calibration::{Calibration, Cell, calibration};
use crate::insight::coverage::{Point, curve};
use crate::insight::drift::Drift;
use crate::insight::{Interval, proportion};
use crate::repository::{InsightRepository, JudgedGroup};
use crate::review::drifts::drifts;
use chrono::{DateTime, Utc};
use clap::Args;
use serde::Serialize;
use std::fmt::Write as _;

/// How many bars a reliability diagram has.
const BARS: usize = 10;
/// Characters of a full bar.
const WIDTH: f64 = 40.0;

/// Shows how often predictions were right, and whether their confidences say so.
///
/// Counts predictions that decisions have judged. Reviewers choose what they look at, so this describes what was judged;
/// of what nobody looked at it says nothing for sure.
#[derive(Debug, Args)]
pub struct Insights {
    #[command(flatten)]
    only: Only,
    /// Tell apart by experiment, attribute or category
    #[arg(long, default_value = "experiment", value_name = "WHAT")]
    by: String,
    /// Show what seeing predictions does to choices, instead: `gapdeck policy --blind` hides them on a share of gaps
    #[arg(long, conflicts_with_all = ["experiment", "attribute", "category"])]
    blind: bool,
    /// Print a JSON array; with --blind, an object
    #[arg(long)]
    json: bool,
}

/// What seeing predictions does to choices, as `insights --blind --json` prints it.
#[derive(Debug, Serialize)]
struct Influence {
    #[serde(flatten)]
    anchoring: Anchoring,
    /// By how much more often the value predicted first is taken where it is shown, with its 95 % interval.
    difference: Option<f64>,
    interval: Option<Interval>,
}

impl Influence {
    fn of(anchoring: Anchoring) -> Self {
        let Anchoring { shown, shown_agreed, blind, blind_agreed } = anchoring;
        let difference = proportion::difference((shown_agreed, shown), (blind_agreed, blind));
        Self {
            anchoring,
            difference: difference.map(|(share, _)| share),
            interval: difference.map(|(_, one)| one),
        }
    }

    fn text(&self) -> String {
        let Anchoring { shown, shown_agreed, blind, blind_agreed } = self.anchoring;
        let says = |agreed: u64, all: u64| {
            let (share, interval) = proportion::share(agreed, all).unzip();
            format!("{}, n={all}", share_in_words(share, interval))
        };
        let verdict = match (self.difference, self.interval) {
            (Some(difference), Some(interval)) => format!(
                "Showing it makes a difference of {:+.0} points [{:+.0} to {:+.0}].\n",
                difference * 100.0,
                interval.low * 100.0,
                interval.high * 100.0
            ),
            _ => "`gapdeck policy --blind 5%` lets reviewers choose first on some gaps: only then can it be told.\n".into(),
        };
        format!(
            "How often the value predicted first is taken\n  shown          {}\n  chosen before  {}\n{verdict}",
            says(shown_agreed, shown),
            says(blind_agreed, blind)
        )
    }
}

/// Which judged predictions to look at.
#[derive(Debug, Clone, Default, Args)]
pub(super) struct Only {
    /// Only predictions of this experiment
    #[arg(long)]
    experiment: Option<String>,
    /// Only predictions for this attribute
    #[arg(long)]
    attribute: Option<String>,
    /// Only gaps of products of this category
    #[arg(long)]
    category: Option<String>,
}

impl Only {
    pub(super) fn filter(self) -> JudgedFilter {
        JudgedFilter {
            experiment: self.experiment.map(Into::into),
            attribute: self.attribute.map(Into::into),
            category: self.category.map(Into::into),
        }
    }
}

/// What is known of one experiment, attribute or category.
#[derive(Debug, Serialize)]
struct Insight {
    key: String,
    /// The share of right ones, with its 95 % Wilson interval.
    share: Option<f64>,
    interval: Option<Interval>,
    #[serde(flatten)]
    calibration: Calibration,
    risk_coverage: Vec<Point>,
    /// Where the share of right ones changed lately, if it did.
    drift: Option<Drift>,
}

impl Insight {
    fn of(group: JudgedGroup, drift: Option<Drift>) -> Self {
        let mut all = Cell::default();
        group.cells.iter().for_each(|cell| all.merge(cell));
        Self {
            share: all.share(),
            interval: all.interval(),
            calibration: calibration(&group.cells, BARS),
            risk_coverage: curve(group.cells),
            key: group.key,
            drift,
        }
    }
}

pub(super) async fn run(command: Insights, config: &Config) -> Result<(), AppError> {
    let by = word(&command.by, JudgedBy::parse, &JudgedBy::ALL.map(JudgedBy::as_str))?;
    let database = open::database(config, Tables::Expect).await?;
    if command.blind {
        let anchoring = database.store().anchoring(DateTime::<Utc>::UNIX_EPOCH).await;
        database.close().await;
        let influence = Influence::of(anchoring?);
        return if command.json { json(&influence) } else { print(&influence.text()) };
    }
    let (store, filter) = (database.store(), command.only.filter());
    let groups = store.judged(&filter, by).await;
    let drifts = drifts(&store, &filter, by).await;
    drop(store);
    database.close().await;
    let mut drifts = drifts?;
    let insight = |group: JudgedGroup| {
        let drift = drifts.remove(&group.key);
        Insight::of(group, drift)
    };
    let insights: Vec<Insight> = groups?.into_iter().map(insight).collect();
    if command.json {
        return json(&insights);
    }
    if insights.is_empty() {
        return print("No prediction with a confidence has been judged yet.\n");
    }
    let rows: Vec<Vec<String>> = insights
        .iter()
        .map(|one| {
            vec![
                one.key.clone(),
                one.calibration.judged.to_string(),
                share_in_words(one.share, one.interval),
                figure(one.calibration.expected_error),
                figure(one.calibration.brier),
            ]
        })
        .collect();
    table(&[&by.as_str().to_uppercase(), "JUDGED", "RIGHT", "CALIBRATION ERROR", "BRIER"], &rows)?;
    let drifted = insights.iter().filter_map(|one| Some((one, one.drift?)));
    let says: Vec<String> =
        drifted.map(|(one, drift)| format!("{}: {}.\n", visible(&one.key), drift.words())).collect();
    print(&says.concat())?;
    match &insights[..] {
        [one] => print(&diagram(one)),
        _ => Ok(()),
    }
}

/// Says a share with its interval: `81 % [76-85]`.
pub(super) fn share_in_words(share: Option<f64>, interval: Option<Interval>) -> String {
    match (share, interval) {
        (Some(share), Some(interval)) => format!("{:.0} % [{}]", share * 100.0, interval.percent()),
        _ => "-".into(),
    }
}

fn figure(number: Option<f64>) -> String {
    number.map_or_else(|| "-".into(), |number| format!("{number:.3}"))
}

/// Draws a reliability diagram: a line for each tenth of confidence, `|` where the share would be if confidences held.
fn diagram(insight: &Insight) -> String {
    let mut text = format!(
        "\n{}: confidence, and how often it was right (| says the confidence itself)\n",
        visible(&insight.key)
    );
    for bar in insight.calibration.bars.iter().rev() {
        let cells = |share: f64| {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "within 0..=WIDTH")]
            let cells = (share.clamp(0.0, 1.0) * WIDTH).round() as usize;
            cells
        };
        let filled = bar.share.map_or(0, cells);
        let mut line: Vec<char> = std::iter::repeat_n('#', filled).collect();
        if let Some(mean) = bar.mean {
            let mark = cells(mean);
            line.resize(line.len().max(mark + 1), ' ');
            line[mark] = '|';
        }
        let line: String = line.into_iter().collect();
        let says = share_in_words(bar.share, bar.interval);
        let _ = writeln!(text, "  {:.1}-{:.1}  {line:<41}  {says}  n={}", bar.low, bar.high, bar.judged);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_influence_of_seeing_predictions_is_a_number_of_its_own() {
        let influence =
            Influence::of(Anchoring { shown: 70, shown_agreed: 56, blind: 80, blind_agreed: 48 }).text();
        assert!(
            influence.ends_with("Showing it makes a difference of +20 points [+5 to +33].\n"),
            "{influence}"
        );
        assert!(influence.contains("chosen before  60 % [49-70], n=80"), "{influence}");
        assert!(Influence::of(Anchoring::default()).text().contains("policy --blind 5%"));
    }

    #[test]
    fn the_diagram_shows_where_confidence_is_too_high() {
        let cell = |confidence: f64, judged: u64, right: u64| {
            let mut cell = Cell::default();
            (0..judged).for_each(|number| cell.add(confidence, number < right));
            cell
        };
        let cells = vec![cell(0.55, 10, 6), cell(0.92, 240, 194)];
        let insight = Insight::of(JudgedGroup { key: "gpt\u{1b}[2J".into(), cells }, None);
        insta::assert_snapshot!(diagram(&insight));
        assert_eq!(share_in_words(insight.share, insight.interval), "80 % [75-84]");
    }
}

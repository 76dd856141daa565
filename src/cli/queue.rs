//! `gapdeck queue`.

mod sync;

use super::open::{self, Tables};
use super::output::{json, table};
use super::word;
use crate::config::Config;
use crate::domain::{
    Candidate, Confidence, GapId, QueueFilter, QueueRow, QueueSort, Source, State, StateFilter, VoteMark,
};
use crate::error::{AppError, ErrorKind};
use crate::repository::{QueueRepository, RepositoryError};
use clap::{Args, Subcommand};
use serde::Serialize;

/// Rows read by one statement.
const PAGE: usize = 500;

/// Lists the review queue.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Queue {
    #[command(subcommand)]
    command: Option<Command>,
    /// Print a JSON array
    #[arg(long)]
    json: bool,
    /// The most gaps to list
    #[arg(long, default_value_t = 50, value_name = "N")]
    limit: usize,
    /// Gaps of an attribute
    #[arg(long, value_name = "KEY")]
    attribute: Option<String>,
    /// Gaps of products whose first category it is
    #[arg(long, value_name = "KEY")]
    category: Option<String>,
    /// Gaps for which the experiment predicted something
    #[arg(long, value_name = "KEY")]
    experiment: Option<String>,
    /// open, second (those that need your second opinion), disputed, decided, all, accepted, overridden, rejected,
    /// not-applicable, deferred or flagged
    #[arg(long, default_value = "open", value_name = "STATE")]
    state: String,
    /// The lowest confidence of the best candidate, 0 to 1
    #[arg(long, value_name = "X")]
    min_confidence: Option<f64>,
    /// The highest confidence of the best candidate, 0 to 1
    #[arg(long, value_name = "X")]
    max_confidence: Option<f64>,
    /// What the neighbours' vote says of the best candidate: contradicts, split, agrees or none
    #[arg(long, value_name = "MARK")]
    vote: Option<String>,
    /// Fuzzy on the product's name, or the exact product key
    #[arg(long, value_name = "TEXT")]
    text: Option<String>,
    /// confidence-descending, confidence-ascending, uncertainty, disagreement, vote, product, age or random
    #[arg(long, default_value = "confidence-descending", value_name = "SORT")]
    sort: String,
}

/// What to do with the queue instead of listing it.
#[derive(Debug, Subcommand)]
enum Command {
    /// Brings the queue in step with tables that were loaded without the triggers
    Sync(sync::Sync),
}

/// A gap as `queue --json` prints it.
#[derive(Serialize)]
struct Listed {
    product_key: String,
    product_name: String,
    attribute_key: String,
    category_key: Option<String>,
    state: State,
    version: i32,
    disagreement: f64,
    uncertainty: f64,
    /// What the neighbours' vote says of the best candidate; null where it was not counted.
    vote: Option<&'static str>,
    decided_by: Option<String>,
    decided_value: Option<String>,
    decided_at: Option<chrono::DateTime<chrono::Utc>>,
    gap_created_at: chrono::DateTime<chrono::Utc>,
    candidates: Vec<Proposal>,
}

/// A candidate as `queue --json` prints it.
#[derive(Serialize)]
struct Proposal {
    value: String,
    confidence: Option<f64>,
    /// The experiment that predicted it; null for a recommendation.
    experiment: Option<String>,
    /// The round that recommended it; null for a prediction.
    round: Option<String>,
    reasoning: Option<String>,
}

impl Listed {
    fn new(row: QueueRow, candidates: Vec<Candidate>) -> Self {
        Self {
            product_key: row.gap.product.into(),
            product_name: row.product_name,
            attribute_key: row.gap.attribute.into(),
            category_key: row.category.map(Into::into),
            state: row.state,
            version: row.version,
            disagreement: row.disagreement,
            uncertainty: row.uncertainty,
            vote: row.vote.map(VoteMark::as_str),
            decided_by: row.decided_by.map(Into::into),
            decided_value: row.decided_value,
            decided_at: row.decided_at,
            gap_created_at: row.gap_created_at,
            candidates: candidates.into_iter().map(Proposal::new).collect(),
        }
    }
}

impl Proposal {
    fn new(candidate: Candidate) -> Self {
        let (experiment, round) = match candidate.source {
            Source::Experiment(key) => (Some(key.into()), None),
            Source::Round(key) => (None, Some(key.into())),
        };
        Self {
            value: candidate.value,
            confidence: candidate.confidence.map(Confidence::get),
            experiment,
            round,
            reasoning: candidate.reasoning,
        }
    }
}

fn confidence(option: &str, value: Option<f64>) -> Result<Option<Confidence>, AppError> {
    value
        .map(|value| {
            Confidence::new(value)
                .map_err(|error| AppError::new(ErrorKind::Usage, format!("{option}: {error}")))
        })
        .transpose()
}

impl Queue {
    fn filter(&self) -> Result<QueueFilter, AppError> {
        const STATES: [&str; 11] = [
            "open",
            "second",
            "disputed",
            "decided",
            "all",
            "accepted",
            "overridden",
            "rejected",
            "not-applicable",
            "deferred",
            "flagged",
        ];
        let marks = VoteMark::ALL.map(VoteMark::as_str);
        Ok(QueueFilter {
            attribute: self.attribute.clone().map(Into::into),
            category: self.category.clone().map(Into::into),
            experiment: self.experiment.clone().map(Into::into),
            state: word(&self.state, StateFilter::parse, &STATES)?,
            min_confidence: confidence("--min-confidence", self.min_confidence)?,
            max_confidence: confidence("--max-confidence", self.max_confidence)?,
            vote: self.vote.as_deref().map(|mark| word(mark, VoteMark::parse, &marks)).transpose()?,
            text: self.text.clone(),
            ..QueueFilter::default()
        })
    }
}

pub(super) async fn run(command: Queue, config: &Config) -> Result<(), AppError> {
    if let Some(Command::Sync(command)) = command.command {
        return sync::run(&command, config).await;
    }
    let filter = command.filter()?;
    let sorts: Vec<&str> = QueueSort::ALL.into_iter().map(QueueSort::as_str).collect();
    let sort = word(&command.sort, QueueSort::parse, &sorts)?;
    let database = open::database(config, Tables::Expect).await?;
    let loaded = load(&database.store().read_by(&config.reviewer), &filter, sort, command.limit).await;
    database.close().await;
    let gaps = loaded?;
    if command.json {
        return json(&gaps);
    }
    let rows: Vec<Vec<String>> = gaps
        .iter()
        .map(|gap| {
            let best = gap.candidates.first();
            vec![
                gap.product_key.clone(),
                gap.attribute_key.clone(),
                gap.state.label().to_owned(),
                best.and_then(|one| one.confidence)
                    .map(|confidence| format!("{confidence:.2}"))
                    .unwrap_or_default(),
                best.map(|one| one.value.clone()).unwrap_or_default(),
                gap.product_name.clone(),
            ]
        })
        .collect();
    table(&["PRODUCT", "ATTRIBUTE", "STATE", "CONFIDENCE", "VALUE", "NAME"], &rows)
}

async fn load(
    store: &impl QueueRepository,
    filter: &QueueFilter,
    sort: QueueSort,
    limit: usize,
) -> Result<Vec<Listed>, RepositoryError> {
    let mut gaps = Vec::new();
    let mut place = None;
    while gaps.len() < limit {
        let page = store.page(filter, sort, place.as_ref(), PAGE.min(limit - gaps.len())).await?;
        let ids: Vec<GapId> = page.rows.iter().map(|row| row.gap.clone()).collect();
        let candidates = store.candidates(&ids).await?;
        gaps.extend(
            page.rows.into_iter().zip(candidates).map(|(row, candidates)| Listed::new(row, candidates)),
        );
        place = page.next;
        if place.is_none() {
            break;
        }
    }
    Ok(gaps)
}

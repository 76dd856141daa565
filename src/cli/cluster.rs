//! `gapdeck cluster`: groups of alike open gaps, and what random checks of them certify.

use super::open::{self, Tables};
use super::output::{json, say, table};
use crate::config::Config;
use crate::domain::{Confidence, GroupKey, ProductKey, QueueFilter, normalised};
use crate::error::{AppError, ErrorKind};
use crate::review::Review;
use crate::review::cluster::{Checks, Cluster as Found, MOST_MEMBERS, Member};
use crate::words::grouped;
use clap::Args;
use serde::Serialize;
use std::sync::Arc;

/// How many of the next checks and of the outliers are named.
const NAMED: usize = 5;

/// Lists clusters: open gaps of one attribute, category and most confident value whose products lie close together.
///
/// Random checks of their members certify how many of the rest are wrong at most; outliers are the ones to look at. The screen
/// (`B` in the queue) shows the same, and accepts the rest of a cluster.
#[derive(Debug, Args)]
pub struct Cluster {
    /// Only gaps of this attribute
    #[arg(long, value_name = "KEY")]
    attribute: Option<String>,
    /// Only gaps of products of this category
    #[arg(long, value_name = "KEY")]
    category: Option<String>,
    /// Only gaps that this experiment predicted
    #[arg(long, value_name = "KEY")]
    experiment: Option<String>,
    /// Only gaps whose most confident value it is, however it is spelled
    #[arg(long, value_name = "TEXT")]
    value: Option<String>,
    /// The lowest confidence of the best candidate, 0 to 1
    #[arg(long, value_name = "X")]
    min_confidence: Option<f64>,
    /// Only groups with so many open gaps or more
    #[arg(long, default_value_t = 2, value_name = "N")]
    min_size: usize,
    /// The most groups to list, the largest first
    #[arg(long, default_value_t = 20, value_name = "N")]
    limit: usize,
    /// Print a JSON array
    #[arg(long)]
    json: bool,
}

/// A cluster as `cluster --json` prints it.
#[derive(Serialize)]
struct Listed<'a> {
    #[serde(flatten)]
    group: &'a GroupKey,
    /// Of the group's clusters the how manieth, from 1.
    part: usize,
    parts: usize,
    #[serde(flatten)]
    checks: Checks,
    medoid: Option<Named<'a>>,
    /// The lowest confidence of its open gaps.
    lowest_confidence: Option<Confidence>,
    /// The mean cosine distance of its products from their centre; null without embeddings.
    spread: Option<f64>,
    next_checks: Vec<Named<'a>>,
    outliers: Vec<Named<'a>>,
}

/// A member of a cluster as `cluster --json` prints it.
#[derive(Serialize)]
struct Named<'a> {
    product_key: &'a ProductKey,
    product_name: &'a str,
    value: Option<&'a str>,
    confidence: Option<Confidence>,
    /// To the cluster's centre.
    similarity: Option<f64>,
    state: crate::domain::State,
}

impl<'a> From<&'a Member> for Named<'a> {
    fn from(member: &'a Member) -> Self {
        Self {
            product_key: &member.row.gap.product,
            product_name: &member.row.product_name,
            value: member.row.best_value.as_deref(),
            confidence: member.row.best_confidence,
            similarity: member.similarity,
            state: member.row.state,
        }
    }
}

impl<'a> Listed<'a> {
    fn new(cluster: &'a Found, part: usize, parts: usize) -> Self {
        Self {
            group: &cluster.group,
            part,
            parts,
            checks: cluster.checks(),
            medoid: cluster.middle().map(Named::from),
            lowest_confidence: lowest(cluster),
            spread: cluster.spread(),
            next_checks: cluster.random().take(NAMED).map(Named::from).collect(),
            outliers: cluster.outliers(NAMED).into_iter().map(Named::from).collect(),
        }
    }
}

fn lowest(cluster: &Found) -> Option<Confidence> {
    let sure = cluster.random().filter_map(|member| member.row.best_confidence);
    sure.min_by(|a, b| a.get().total_cmp(&b.get()))
}

pub(super) async fn run(command: Cluster, config: &Config) -> Result<(), AppError> {
    let min_confidence = command
        .min_confidence
        .map(Confidence::new)
        .transpose()
        .map_err(|error| AppError::new(ErrorKind::Usage, error.to_string()))?;
    let filter = QueueFilter {
        attribute: command.attribute.as_deref().map(Into::into),
        category: command.category.as_deref().map(Into::into),
        experiment: command.experiment.as_deref().map(Into::into),
        min_confidence,
        ..QueueFilter::default()
    };
    let database = open::database(config, Tables::Expect).await?;
    let review = Review::new(Arc::new(database.store()), config.reviewer.clone());
    let found = find(&review, &filter, &command).await;
    drop(review);
    database.close().await;
    let clusters = found?;
    let listed: Vec<Listed<'_>> = clusters
        .iter()
        .flat_map(|group| {
            let parts = group.len();
            group.iter().enumerate().map(move |(index, one)| Listed::new(one, index + 1, parts))
        })
        .collect();
    if command.json {
        return json(&listed);
    }
    let rows: Vec<Vec<String>> = listed.iter().map(cells).collect();
    table(
        &[
            "ATTRIBUTE",
            "CATEGORY",
            "VALUE",
            "PART",
            "OPEN",
            "CHECKED",
            "WRONG",
            "AT MOST",
            "LOWEST",
            "SPREAD",
            "MEDOID",
        ],
        &rows,
    )
}

async fn find(review: &Review, filter: &QueueFilter, command: &Cluster) -> Result<Vec<Vec<Found>>, AppError> {
    let groups = review.groups(filter).await?;
    if groups.is_cut {
        let count = grouped(groups.looked_at as u64);
        say(&format!(
            "Groups among the {count} most confident open gaps; --attribute and --category narrow them."
        ));
    }
    let wanted = command.value.as_deref().map(normalised);
    let is_wanted = |key: &GroupKey| wanted.as_ref().is_none_or(|wanted| normalised(&key.value) == *wanted);
    let groups =
        groups.groups.into_iter().filter(|group| group.open >= command.min_size && is_wanted(&group.key));
    let mut found = Vec::new();
    for group in groups.take(command.limit) {
        let clusters = review.clusters(&group.key).await?;
        if clusters.is_cut {
            let most = grouped(MOST_MEMBERS as u64);
            say(&format!(
                "Of \"{}\" the first {most} gaps, by product.",
                super::output::visible(&group.key.value)
            ));
        }
        found.push(clusters.clusters);
    }
    Ok(found)
}

fn cells(one: &Listed<'_>) -> Vec<String> {
    let Checks { open, checked, wrong, wrong_elsewhere, .. } = one.checks;
    let figure = |number: Option<f64>| number.map(|number| format!("{number:.3}")).unwrap_or_default();
    vec![
        one.group.attribute.to_string(),
        one.group.category.as_ref().map(ToString::to_string).unwrap_or_default(),
        one.group.value.clone(),
        if one.parts > 1 { format!("{} of {}", one.part, one.parts) } else { String::new() },
        open.to_string(),
        checked.to_string(),
        match wrong_elsewhere {
            0 => wrong.to_string(),
            more => format!("{wrong} + {more}"),
        },
        if checked > 0 { format!("{:.0} %", 100.0 * one.checks.share()) } else { String::new() },
        one.lowest_confidence.map(|sure| format!("{:.2}", sure.get())).unwrap_or_default(),
        figure(one.spread),
        one.medoid.as_ref().map(|medoid| medoid.product_key.to_string()).unwrap_or_default(),
    ]
}

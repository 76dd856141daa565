//! Votes on the queue: measures what the neighbours' vote is worth for each attribute, then marks the gaps.
//!
//! Constant memory, a page of gaps at a time, in the order of the products: each product's neighbours are searched once for
//! all its gaps. What a page said is kept, whatever happens to the next.

use crate::domain::{
    Attribute, AttributeKey, GapId, ListCut, ProductKey, SeenCandidate, ShownList, VoteMark, VoteWorth,
    value_set,
};
use crate::evidence::vote::{Reading, Vote};
use crate::evidence::worth::{self, Trials};
use crate::insight::conformal;
use crate::repository::{Marked, RepositoryError, Result, Store, ToVote};
use chrono::Utc;
use futures_util::{StreamExt, TryStreamExt, stream};
use serde::Serialize;
use std::collections::HashMap;

/// Gaps read, voted on and marked at once.
const PAGE: usize = 500;
/// Products with a known value that an attribute's worth is measured on.
pub const TRIALS: usize = 300;
/// The most randomly drawn decisions of an attribute that its lists are cut by.
const LISTS: usize = 1_000;
/// How often a cut list may lack the right value.
const MISS: f64 = 0.1;
/// Searches under way at once.
const AT_ONCE: usize = 4;

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Job {
    pub which: ToVote,
}

/// What was done.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Report {
    /// Gaps looked at.
    pub gaps: u64,
    /// Rows of the queue whose mark changed.
    pub changed: u64,
    pub contradicts: u64,
    pub split: u64,
    pub agrees: u64,
    pub none: u64,
    /// What the vote is worth, by attribute.
    pub attributes: Vec<Worth>,
    /// How far down their lists right values are, of attributes with randomly drawn decisions.
    pub lists: Vec<ListCut>,
    /// Whether it was stopped before the end.
    pub interrupted: bool,
}

/// What the vote is worth for an attribute.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Worth {
    #[serde(flatten)]
    pub worth: VoteWorth,
    pub accuracy: Option<f64>,
    /// The Wilson interval of the accuracy, 95 %.
    pub low: Option<f64>,
    pub high: Option<f64>,
    /// Whether gaps of the attribute get marks.
    pub speaks: bool,
}

impl Worth {
    fn new(worth: VoteWorth) -> Self {
        let interval = worth::interval(&worth);
        Self {
            accuracy: worth::accuracy(&worth),
            low: interval.map(|interval| interval.low),
            high: interval.map(|interval| interval.high),
            speaks: worth::speaks(&worth),
            worth,
        }
    }
}

impl Report {
    fn count(&mut self, mark: VoteMark) {
        self.gaps += 1;
        *match mark {
            VoteMark::Contradicts => &mut self.contradicts,
            VoteMark::Split => &mut self.split,
            VoteMark::Agrees => &mut self.agrees,
            VoteMark::Silent => &mut self.none,
        } += 1;
    }
}

/// Votes until all is done or `stop` is; tells `progress` of attributes measured, then of gaps marked. What was done
/// before an error is in the report, too.
pub async fn run(
    store: &dyn Store,
    job: &Job,
    stop: impl Future<Output = ()>,
    mut progress: impl FnMut(Step),
) -> (Report, Result<()>) {
    let mut report = Report::default();
    let outcome = {
        let work = work(store, job, &mut report, &mut progress);
        tokio::select! {
            done = work => Some(done),
            () = stop => None,
        }
    };
    report.interrupted = outcome.is_none();
    (report, outcome.unwrap_or(Ok(())))
}

/// How far the work is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// So many of so many attributes are measured.
    Measured(usize, usize),
    /// So many gaps are voted on.
    Voted(u64),
}

async fn work(
    store: &dyn Store,
    job: &Job,
    report: &mut Report,
    progress: &mut impl FnMut(Step),
) -> Result<()> {
    let wanted = |attribute: &Attribute| job.which.attribute.as_ref().is_none_or(|key| *key == attribute.key);
    let attributes: Vec<Attribute> = store.attributes().await?.into_iter().filter(wanted).collect();
    let known: HashMap<AttributeKey, VoteWorth> =
        store.vote_worths().await?.into_iter().map(|worth| (worth.attribute_key.clone(), worth)).collect();
    for (index, attribute) in attributes.iter().enumerate() {
        progress(Step::Measured(index, attributes.len()));
        let worth = match known.get(&attribute.key).filter(|_| job.which.only_missing) {
            Some(known) => known.clone(),
            None => measure(store, attribute).await?,
        };
        report.attributes.push(Worth::new(worth));
        report.lists.extend(cut(store, attribute).await?);
    }
    let speaking: HashMap<&AttributeKey, &Attribute> = attributes
        .iter()
        .zip(&report.attributes)
        .filter(|(_, worth)| worth.speaks)
        .map(|(attribute, _)| (&attribute.key, attribute))
        .collect();
    let mut after: Option<GapId> = None;
    loop {
        let page = store.gaps_to_vote(&job.which, after.as_ref(), PAGE).await?;
        let marks = marks(store, page.rows, &speaking).await?;
        let changed = store.save_votes(&marks).await?;
        report.changed += changed;
        for one in &marks {
            report.count(one.mark);
        }
        progress(Step::Voted(report.gaps));
        after = page.next;
        if after.is_none() {
            return Ok(());
        }
    }
}

/// Asks the neighbours of products whose value is known.
async fn measure(store: &dyn Store, attribute: &Attribute) -> Result<VoteWorth> {
    let mut trials = Trials::default();
    let keys = std::slice::from_ref(&attribute.key);
    let known = store.known_values(&attribute.key, TRIALS).await?;
    let mut asked = stream::iter(known)
        .map(|(product, values)| async move {
            Ok::<_, RepositoryError>((values, store.voters(&product, keys).await?))
        })
        .buffered(AT_ONCE);
    while let Some((values, voters)) = asked.try_next().await? {
        for neighbours in &voters {
            trials.add(&values, neighbours, Reading::of(attribute));
        }
    }
    let worth = trials.worth(attribute.key.clone());
    store.save_vote_worth(&worth).await?;
    Ok(worth)
}

/// Looks how far down past lists the right values of an attribute were, and keeps that; `None` without a list.
async fn cut(store: &dyn Store, attribute: &Attribute) -> Result<Option<ListCut>> {
    let lists = store.shown_lists(&attribute.key, LISTS).await?;
    // Lists from before candidates were scored say nothing of scores.
    let is_scored = |list: &&ShownList| {
        list.candidates.is_empty() || list.candidates.iter().any(|one| one.score.is_some())
    };
    let lists: Vec<&ShownList> = lists.iter().filter(is_scored).collect();
    if lists.is_empty() {
        return Ok(None);
    }
    let of_right = |list: &&ShownList| {
        let right = value_set(list.right.as_deref()?, attribute.multi_valued);
        let is_right = |one: &&SeenCandidate| value_set(&one.value, attribute.multi_valued) == right;
        Some(list.candidates.iter().find(is_right)?.score.unwrap_or(0.0))
    };
    let scores: Vec<Option<f64>> = lists.iter().map(of_right).collect();
    let enough = scores.len() >= conformal::FEWEST;
    let cut = ListCut {
        attribute_key: attribute.key.clone(),
        decided: i64::try_from(scores.len()).unwrap_or(i64::MAX),
        listed: i64::try_from(scores.iter().flatten().count()).unwrap_or(i64::MAX),
        score: enough.then(|| conformal::least_score(&scores, MISS)).flatten(),
        measured_at: Utc::now(),
    };
    store.save_list_cut(&cut).await?;
    Ok(Some(cut))
}

/// Votes on gaps, those of a product together.
async fn marks(
    store: &dyn Store,
    gaps: Vec<(GapId, String)>,
    speaking: &HashMap<&AttributeKey, &Attribute>,
) -> Result<Vec<Marked>> {
    let mut by_product: Vec<(ProductKey, Vec<(GapId, String)>)> = Vec::new();
    for (gap, value) in gaps {
        match by_product.last_mut() {
            Some((product, of)) if *product == gap.product => of.push((gap, value)),
            _ => by_product.push((gap.product.clone(), vec![(gap, value)])),
        }
    }
    stream::iter(by_product)
        .map(|(product, gaps)| async move {
            let attributes: Vec<AttributeKey> = gaps
                .iter()
                .map(|(gap, _)| gap.attribute.clone())
                .filter(|attribute| speaking.contains_key(attribute))
                .collect();
            let voters =
                if attributes.is_empty() { Vec::new() } else { store.voters(&product, &attributes).await? };
            let ballots: HashMap<AttributeKey, _> = attributes.into_iter().zip(voters).collect();
            let mark = |(gap, value): (GapId, String)| {
                let asked = ballots.get(&gap.attribute).zip(speaking.get(&gap.attribute));
                let mark = asked.map_or(VoteMark::Silent, |(neighbours, attribute)| {
                    let reading = Reading::of(attribute);
                    Vote::of(neighbours, reading).mark(&value, reading)
                });
                Marked { gap, value: Some(value), mark }
            };
            Ok::<_, RepositoryError>(gaps.into_iter().map(mark).collect::<Vec<_>>())
        })
        .buffered(AT_ONCE)
        .try_concat()
        .await
}

//! Deciding many gaps as one bulk action: what it would do, and accepting wave by wave what nobody else holds.

use super::Review;
use crate::domain::{
    Action, Candidate, Choice, Claim, Decision, DecisionId, GapId, GapSet, LeaseToken, QueueCursor,
    QueueFilter, QueueRow, QueueSort, Reviewer, Seen, SeenCandidate, StateFilter, choices, is_cut,
    normalised,
};
use crate::repository::{RepositoryError, Result};
use chrono::Utc;
use std::collections::HashMap;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;

/// How many gaps are decided in one transaction.
pub(super) const TOGETHER: usize = 500;
/// The most different values that a preview counts; what comes after is counted together.
const MOST_VALUES: usize = 10_000;
/// How many of the most frequent values a preview names.
const FREQUENT: usize = 10;
/// How many of the least confident a preview names.
const LEAST_CONFIDENT: usize = 5;
/// How long the gaps of one transaction are held.
const LASTS: Duration = Duration::from_secs(120);

/// What accepting would do.
#[derive(Debug, Clone, PartialEq, Default, serde::Serialize)]
pub struct Preview {
    /// How many open gaps would be accepted, held ones included.
    pub accepted: u64,
    /// How many stay for people to look at.
    pub kept_out: u64,
    /// The most frequent values, with how many gaps would get them.
    pub values: Vec<(String, u64)>,
    /// How many different values there are; at least so many, where there are very many.
    pub different: usize,
    /// The least confident that would be accepted: product, attribute, value, confidence.
    pub least_confident: Vec<(GapId, String, f64)>,
}

/// Puts a preview together.
#[derive(Debug, Default)]
pub(super) struct Collector {
    accepted: u64,
    kept_out: u64,
    /// By what is to count as one value: how it is written first, and how often.
    values: HashMap<String, (String, u64)>,
    least: Vec<(GapId, String, f64)>,
}

impl Collector {
    /// Takes a gap in that would be accepted, with its most confident value; values are one that have the same key.
    pub fn accept(&mut self, row: &QueueRow, key: impl FnOnce(&str) -> String) {
        self.accepted += 1;
        let Some((value, confidence)) = row.best_value.as_ref().zip(row.best_confidence) else { return };
        let confidence = confidence.get();
        if self.least.len() < LEAST_CONFIDENT
            || self.least.last().is_some_and(|(.., last)| confidence < *last)
        {
            let place = self.least.partition_point(|(.., before)| *before <= confidence);
            self.least.insert(place, (row.gap.clone(), value.clone(), confidence));
            self.least.truncate(LEAST_CONFIDENT);
        }
        let key = key(value);
        if self.values.len() < MOST_VALUES || self.values.contains_key(&key) {
            self.values.entry(key).or_insert_with(|| (value.clone(), 0)).1 += 1;
        }
    }

    /// Takes a gap in that stays for people.
    pub fn keep_out(&mut self) {
        self.kept_out += 1;
    }

    pub fn end(self) -> Preview {
        let different = self.values.len();
        let mut values: Vec<(String, u64)> = self.values.into_values().collect();
        values.sort_by(|(a, many), (b, more)| more.cmp(many).then_with(|| a.cmp(b)));
        values.truncate(FREQUENT);
        Preview {
            accepted: self.accepted,
            kept_out: self.kept_out,
            values,
            different,
            least_confident: self.least,
        }
    }
}

/// Says what accepting the most confident value of each of these gaps would do, each spelling by itself.
pub fn preview_of<'a>(rows: impl IntoIterator<Item = &'a QueueRow>) -> Preview {
    let mut collector = Collector::default();
    rows.into_iter().for_each(|row| collector.accept(row, str::to_owned));
    collector.end()
}

/// What accepting did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize)]
pub struct Accepted {
    /// The bulk action, by which it can be taken back.
    pub batch: Uuid,
    pub accepted: u64,
    pub kept_out: u64,
    /// Gaps that changed, or whose value was too long to be read whole.
    pub passed_by: u64,
}

/// Hears how far a bulk action is, after each transaction; says whether to go on.
pub type Told<'a> = dyn FnMut(&Accepted) -> ControlFlow<()> + Send + 'a;

/// The gaps that are to be accepted.
pub(super) enum Which<'a> {
    /// The open ones of a filter, in the order of their confidence.
    Of(&'a QueueFilter),
    /// These, as far as they are open.
    These(&'a [GapId]),
}

/// What is to be accepted, and what stays.
pub(super) struct Acceptance<'a> {
    pub which: Which<'a>,
    /// Tells whether a gap stays for people to look at.
    pub keeps_out: &'a (dyn Fn(&GapId) -> bool + Send + Sync),
    /// The value that alone is accepted, however it is spelled; any where there is none.
    pub value: Option<&'a str>,
    /// Says how it came about, for the decisions.
    pub policy: &'a str,
}

/// Makes the decision that accepts the most confident value, if it is still the one that the queue told of and can be read whole.
pub fn accept_best(
    reviewer: &Reviewer,
    row: &QueueRow,
    candidates: &[Candidate],
    policy: &str,
    batch: Uuid,
) -> Option<Decision> {
    let merged = choices(candidates);
    let best = merged.first()?;
    if is_cut(&best.value) || best.confidence != row.best_confidence {
        return None;
    }
    let decision = unseen(reviewer, row, Action::Accept, Some(best), policy, batch);
    Some(Decision { value: Some(best.value.clone()), ..decision })
}

/// Makes a decision of a bulk action: nobody looked at the gap by itself. `best` is its most confident value.
pub fn unseen(
    reviewer: &Reviewer,
    row: &QueueRow,
    action: Action,
    best: Option<&Choice>,
    policy: &str,
    batch: Uuid,
) -> Decision {
    Decision {
        id: DecisionId::new(),
        gap: row.gap.clone(),
        action,
        value: None,
        comment: None,
        reviewer: reviewer.clone(),
        base_version: row.version,
        undoes: None,
        shown_value: None,
        shown_confidence: None,
        shown_experiment: best.and_then(|best| best.experiment().cloned()),
        batch: Some(batch),
        seen: Seen {
            candidates: best.map(SeenCandidate::from).into_iter().collect(),
            policy: policy.to_owned(),
            selection_probability: Some(1.0),
            ..Seen::default()
        },
        decided_at: Utc::now(),
    }
}

/// Gaps held for a bulk action that somebody is asked about.
#[derive(Debug, Clone, PartialEq)]
pub struct Held {
    pub token: LeaseToken,
    /// Those that wait for a decision and that nobody else holds, each with its candidates.
    pub rows: Vec<(QueueRow, Vec<Candidate>)>,
}

impl Held {
    /// Returns the gaps.
    pub fn gaps(&self) -> Vec<GapId> {
        self.rows.iter().map(|(row, _)| row.gap.clone()).collect()
    }
}

impl Review {
    /// Holds those of some gaps that wait for a decision (of a state that a list asks for) and that nobody holds.
    ///
    /// # Errors
    /// Those of the repository; then nothing stays held.
    pub async fn hold(
        &self,
        gaps: &[GapId],
        state: StateFilter,
        token: LeaseToken,
        lasts: Duration,
    ) -> Result<Held> {
        let mut held = Held { token, rows: Vec::new() };
        for some in gaps.chunks(TOGETHER) {
            let set = GapSet { gaps: some.to_vec(), ..GapSet::default() };
            let filter = QueueFilter { state, among: Some(Arc::new(set)), ..QueueFilter::default() };
            let claim = Claim {
                filter,
                sort: QueueSort::ConfidenceAscending,
                after: None,
                limit: TOGETHER,
                reviewer: self.reviewer().clone(),
                token,
                lasts,
            };
            let found = self.store().claim(&claim).await;
            let found = match found {
                Ok(claimed) => self.with_candidates(claimed.rows.into_iter().map(|(row, _)| row)).await,
                Err(error) => Err(error),
            };
            match found {
                Ok(rows) => held.rows.extend(rows),
                Err(error) => {
                    self.store().release(token, gaps).await?;
                    return Err(error);
                }
            }
        }
        Ok(held)
    }

    async fn with_candidates(
        &self,
        rows: impl Iterator<Item = QueueRow>,
    ) -> Result<Vec<(QueueRow, Vec<Candidate>)>> {
        let rows: Vec<QueueRow> = rows.collect();
        let gaps: Vec<GapId> = rows.iter().map(|row| row.gap.clone()).collect();
        Ok(rows.into_iter().zip(self.store().candidates(&gaps).await?).collect())
    }

    /// Accepts the most confident value of gaps, but for those kept out and those that somebody holds; `told` hears how far
    /// it is after each transaction, and says whether to go on. What is accepted stays so where it ends early.
    pub(super) async fn accept_all(&self, what: &Acceptance<'_>, told: &mut Told<'_>) -> Result<Accepted> {
        let mut done = Accepted { batch: Uuid::now_v7(), ..Accepted::default() };
        match what.which {
            Which::Of(filter) => {
                let mut after = None;
                loop {
                    let claim = self.claim_of(filter.clone(), after);
                    after = self.wave(what, &claim, &mut done).await?;
                    if told(&done).is_break() || after.is_none() {
                        return Ok(done);
                    }
                }
            }
            Which::These(gaps) => {
                for some in gaps.chunks(TOGETHER) {
                    let set = GapSet { gaps: some.to_vec(), ..GapSet::default() };
                    let filter = QueueFilter { among: Some(Arc::new(set)), ..QueueFilter::default() };
                    self.wave(what, &self.claim_of(filter, None), &mut done).await?;
                    if told(&done).is_break() {
                        break;
                    }
                }
                Ok(done)
            }
        }
    }

    fn claim_of(&self, filter: QueueFilter, after: Option<QueueCursor>) -> Claim {
        Claim {
            filter: QueueFilter { state: StateFilter::Open, ..filter },
            sort: QueueSort::ConfidenceDescending,
            after,
            limit: TOGETHER,
            reviewer: self.reviewer().clone(),
            token: LeaseToken::new(),
            lasts: LASTS,
        }
    }

    /// Claims gaps, accepts them in one transaction and gives back what is left; returns where to go on.
    async fn wave(
        &self,
        what: &Acceptance<'_>,
        claim: &Claim,
        done: &mut Accepted,
    ) -> Result<Option<QueueCursor>> {
        let claimed = self.store().claim(claim).await?;
        let rows: Vec<QueueRow> = claimed.rows.into_iter().map(|(row, _)| row).collect();
        let held: Vec<GapId> = rows.iter().map(|row| row.gap.clone()).collect();
        let accepted = self.accept_held(what, rows, done).await;
        // Decisions end their leases; what was kept out, or failed, is free again.
        self.store().release(claim.token, &held).await?;
        accepted?;
        Ok(claimed.last)
    }

    async fn accept_held(
        &self,
        what: &Acceptance<'_>,
        rows: Vec<QueueRow>,
        done: &mut Accepted,
    ) -> Result<()> {
        let (kept_out, rows): (Vec<_>, Vec<_>) = rows.into_iter().partition(|row| (what.keeps_out)(&row.gap));
        done.kept_out += kept_out.len() as u64;
        let gaps: Vec<GapId> = rows.iter().map(|row| row.gap.clone()).collect();
        let candidates = self.store().candidates(&gaps).await?;
        let wanted = what.value.map(normalised);
        let is_wanted = |row: &QueueRow| {
            wanted.is_none() || row.best_value.as_deref().map(normalised).as_ref() == wanted.as_ref()
        };
        let mut decisions: Vec<Decision> = rows
            .iter()
            .zip(&candidates)
            .filter(|(row, _)| is_wanted(row))
            .filter_map(|(row, candidates)| {
                accept_best(self.reviewer(), row, candidates, what.policy, done.batch)
            })
            .collect();
        done.passed_by += (rows.len() - decisions.len()) as u64;
        while !decisions.is_empty() {
            match self.store().decide_together(&decisions).await {
                Ok(outcomes) => {
                    done.accepted += outcomes.len() as u64;
                    return Ok(());
                }
                // Somebody decided it although it was held: theirs stands, the others go on.
                Err(RepositoryError::Conflict { gap, .. }) => {
                    decisions.retain(|decision| decision.gap != gap);
                    done.passed_by += 1;
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

//! Accepting unseen what a certified threshold covers: many gaps as one bulk action, an audit slice kept out.

use super::Review;
use crate::domain::{
    Action, Candidate, Claim, Confidence, Decision, DecisionId, GapId, LeaseToken, Lot, QueueCursor,
    QueueFilter, QueueRow, QueueSort, Seen, SeenCandidate, Share, StateFilter, choices, is_cut, normalised,
};
use crate::insight::threshold::{Certificate, Demand};
use crate::repository::{RepositoryError, Result};
use chrono::Utc;
use std::collections::HashMap;
use std::ops::ControlFlow;
use std::time::Duration;
use uuid::Uuid;

/// How many gaps are decided in one transaction.
const TOGETHER: usize = 500;
/// How many rows a preview reads at once.
const ROWS: usize = 5_000;
/// The most different values that a preview counts; what comes after is counted together.
const MOST_VALUES: usize = 10_000;
/// How many of the least confident a preview names.
const LEAST_CONFIDENT: usize = 5;
/// How long the gaps of one transaction are held.
const LASTS: Duration = Duration::from_secs(120);

/// What is to be accepted unseen.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// Which gaps; the state and the lowest confidence are not looked at.
    pub filter: QueueFilter,
    pub certificate: Certificate,
    pub demand: Demand,
    /// Where the honest sample ends: the lots from there on are the next to be drawn.
    pub sampled: f64,
    /// The share of what is left that stays for people to look at, the next lots.
    pub audit: Share,
}

impl Plan {
    /// Returns the open gaps that the certificate covers, those kept out included.
    pub fn covered(&self) -> QueueFilter {
        // The confidence of the certificate is a mean of equal numbers, which may be off by a rounding.
        let least = (self.certificate.confidence - 1e-9).clamp(0.0, 1.0);
        QueueFilter {
            state: StateFilter::Open,
            min_confidence: Confidence::new(least).ok(),
            ..self.filter.clone()
        }
    }

    /// Tells whether a gap stays for people: the honest sample goes on with these, and checks what was accepted.
    pub fn keeps_out(&self, gap: &GapId) -> bool {
        let end = self.sampled + self.audit.get() * (1.0 - self.sampled);
        Lot::Sample.of(gap) < end
    }

    /// Says the policy, for the decisions that come of it.
    pub fn policy(&self) -> String {
        format!(
            "bulk:threshold confidence>={:.4} error<={} assurance={} judged={} errors={}",
            self.certificate.confidence,
            self.demand.error,
            self.demand.assurance,
            self.certificate.judged,
            self.certificate.errors
        )
    }
}

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

impl Review {
    /// Looks at what a plan would do; `progress` is told how many rows were read.
    ///
    /// # Errors
    /// Those of the repository.
    pub async fn preview(&self, plan: &Plan, progress: &mut (dyn FnMut(u64) + Send)) -> Result<Preview> {
        let filter = plan.covered();
        let mut preview = Preview::default();
        let mut values: HashMap<String, (String, u64)> = HashMap::new();
        let mut place: Option<QueueCursor> = None;
        let mut read = 0;
        loop {
            let page =
                self.store().page(&filter, QueueSort::ConfidenceAscending, place.as_ref(), ROWS).await?;
            read += page.rows.len() as u64;
            for row in &page.rows {
                if plan.keeps_out(&row.gap) {
                    preview.kept_out += 1;
                    continue;
                }
                preview.accepted += 1;
                let Some((value, confidence)) = row.best_value.as_ref().zip(row.best_confidence) else {
                    continue;
                };
                if preview.least_confident.len() < LEAST_CONFIDENT {
                    preview.least_confident.push((row.gap.clone(), value.clone(), confidence.get()));
                }
                let normal = normalised(value);
                if values.len() < MOST_VALUES || values.contains_key(&normal) {
                    values.entry(normal).or_insert_with(|| (value.clone(), 0)).1 += 1;
                }
            }
            progress(read);
            match page.next {
                Some(next) => place = Some(next),
                None => break,
            }
        }
        preview.different = values.len();
        preview.values = values.into_values().collect();
        preview.values.sort_by(|(a, many), (b, more)| more.cmp(many).then_with(|| a.cmp(b)));
        preview.values.truncate(10);
        Ok(preview)
    }

    /// Accepts the most confident value of every gap that a plan covers, but for those kept out and those that somebody
    /// holds; `told` hears how far it is after each transaction, and says whether to go on. What is accepted stays so where
    /// it ends early.
    ///
    /// # Errors
    /// Those of the repository.
    pub async fn accept_unseen(&self, plan: &Plan, told: &mut Told<'_>) -> Result<Accepted> {
        let mut done = Accepted { batch: Uuid::now_v7(), ..Accepted::default() };
        let token = LeaseToken::new();
        let mut after = None;
        loop {
            let claim = Claim {
                filter: plan.covered(),
                sort: QueueSort::ConfidenceDescending,
                after: after.take(),
                limit: TOGETHER,
                reviewer: self.reviewer().clone(),
                token,
                lasts: LASTS,
            };
            let claimed = self.store().claim(&claim).await?;
            let rows: Vec<QueueRow> = claimed.rows.into_iter().map(|(row, _)| row).collect();
            let held: Vec<GapId> = rows.iter().map(|row| row.gap.clone()).collect();
            let accepted = self.accept_held(plan, rows, &mut done).await;
            // Decisions end their leases; what was kept out, or failed, is free again.
            self.store().release(token, &held).await?;
            accepted?;
            let goes_on = told(&done).is_continue();
            match claimed.last.filter(|_| goes_on) {
                Some(last) => after = Some(last),
                None => return Ok(done),
            }
        }
    }

    async fn accept_held(&self, plan: &Plan, rows: Vec<QueueRow>, done: &mut Accepted) -> Result<()> {
        let (kept_out, rows): (Vec<_>, Vec<_>) = rows.into_iter().partition(|row| plan.keeps_out(&row.gap));
        done.kept_out += kept_out.len() as u64;
        let gaps: Vec<GapId> = rows.iter().map(|row| row.gap.clone()).collect();
        let candidates = self.store().candidates(&gaps).await?;
        let policy = plan.policy();
        let mut decisions: Vec<Decision> = rows
            .iter()
            .zip(&candidates)
            .filter_map(|(row, candidates)| self.accept_best(row, candidates, &policy, done.batch))
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

    /// Accepts the most confident value, if it is still the one that the queue told of.
    fn accept_best(
        &self,
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
        Some(Decision {
            id: DecisionId::new(),
            gap: row.gap.clone(),
            action: Action::Accept,
            value: Some(best.value.clone()),
            comment: None,
            reviewer: self.reviewer().clone(),
            base_version: row.version,
            undoes: None,
            shown_value: None,
            shown_confidence: None,
            shown_experiment: best.experiment().cloned(),
            batch: Some(batch),
            seen: Seen {
                candidates: vec![SeenCandidate::from(best)],
                policy: policy.to_owned(),
                selection_probability: Some(1.0),
                ..Seen::default()
            },
            decided_at: Utc::now(),
        })
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::repository::memory::MemoryStore;
    use crate::repository::{CatalogueBatch, InputRepository, PredictionRepository, QueueRepository};
    use crate::transfer::record::{AttributeRecord, GapRecord, PredictionRecord, ProductRecord};
    use std::sync::Arc;

    /// As many gaps, each with a prediction that says so.
    pub async fn gaps(count: usize) -> Arc<MemoryStore> {
        let keys: Vec<String> = (0..count).map(|number| format!("p{number}")).collect();
        let product = |key: &String| ProductRecord {
            product_key: key.clone(),
            product_name: None,
            code_type: None,
            description: None,
        };
        let attribute = AttributeRecord {
            attribute_key: "width".into(),
            system_name: None,
            label: None,
            data_type: None,
            unit: None,
            multi_valued: false,
        };
        let gap = |key: &String| GapRecord { product_key: key.clone(), attribute_key: "width".into() };
        let prediction = |key: &String| PredictionRecord {
            experiment: "e1".into(),
            product_key: key.clone(),
            attribute_key: "width".into(),
            value: "wide".into(),
            confidence: Some(0.99),
            reasoning: None,
            created_at: None,
        };
        let store = Arc::new(MemoryStore::new());
        let batch = CatalogueBatch {
            products: keys.iter().map(product).collect(),
            attributes: vec![attribute],
            gaps: keys.iter().map(gap).collect(),
            ..CatalogueBatch::default()
        };
        store.save_catalogue(&batch).await.unwrap();
        let predictions: Vec<_> = keys.iter().map(prediction).collect();
        store.save_predictions(&predictions).await.unwrap();
        store
    }

    #[tokio::test]
    async fn what_was_accepted_before_a_stop_stays_and_is_one_bulk_action() {
        let store = gaps(700).await;
        let review = Review::new(Arc::clone(&store) as Arc<dyn crate::repository::Store>, "ada".into());
        let certificate = Certificate { confidence: 0.99, judged: 150, errors: 0, bound: 0.019_7 };
        let demand = Demand { error: 0.02, assurance: 0.95, step: 25 };
        let plan =
            Plan { filter: QueueFilter::default(), certificate, demand, sampled: 0.0, audit: Share::NONE };
        let mut heard = Vec::new();
        let mut stop = |done: &Accepted| {
            heard.push(*done);
            ControlFlow::Break(())
        };
        let done = review.accept_unseen(&plan, &mut stop).await.unwrap();
        assert_eq!((done.accepted, heard.len()), (TOGETHER as u64, 1));
        assert_eq!(heard[0], done, "who is told knows the batch before the end");
        let open = store.count(&plan.covered(), 1_000).await.unwrap();
        assert_eq!(open.value(), 200);
        let bulk = review.undoable_batch(done.batch).await.unwrap();
        assert_eq!(bulk.undoable.len(), TOGETHER);
        let rest = review.accept_unseen(&plan, &mut |_| ControlFlow::Continue(())).await.unwrap();
        assert_eq!(rest.accepted, 200);
    }
}

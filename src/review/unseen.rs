//! Accepting unseen what a certified threshold covers: many gaps as one bulk action, an audit slice kept out.

use super::Review;
use super::bulk::{Acceptance, Collector, Which};
pub use super::bulk::{Accepted, Preview, Told};
use crate::domain::{
    Confidence, GapId, Lot, QueueCursor, QueueFilter, QueueSort, Share, StateFilter, normalised,
};
use crate::insight::threshold::{Certificate, Demand};
use crate::repository::Result;

/// How many rows a preview reads at once.
const ROWS: usize = 5_000;

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

impl Review {
    /// Looks at what a plan would do; `progress` is told how many rows were read.
    ///
    /// # Errors
    /// Those of the repository.
    pub async fn preview(&self, plan: &Plan, progress: &mut (dyn FnMut(u64) + Send)) -> Result<Preview> {
        let filter = plan.covered();
        let mut collector = Collector::default();
        let mut place: Option<QueueCursor> = None;
        let mut read = 0;
        loop {
            let page =
                self.store().page(&filter, QueueSort::ConfidenceAscending, place.as_ref(), ROWS).await?;
            read += page.rows.len() as u64;
            for row in &page.rows {
                if plan.keeps_out(&row.gap) {
                    collector.keep_out();
                } else {
                    collector.accept(row, normalised);
                }
            }
            progress(read);
            match page.next {
                Some(next) => place = Some(next),
                None => break,
            }
        }
        Ok(collector.end())
    }

    /// Accepts the most confident value of every gap that a plan covers, but for those kept out and those that somebody
    /// holds; `told` hears how far it is after each transaction, and says whether to go on. What is accepted stays so where
    /// it ends early.
    ///
    /// # Errors
    /// Those of the repository.
    pub async fn accept_unseen(&self, plan: &Plan, told: &mut Told<'_>) -> Result<Accepted> {
        let (covered, policy) = (plan.covered(), plan.policy());
        let what = Acceptance {
            which: Which::Of(&covered),
            keeps_out: &|gap| plan.keeps_out(gap),
            value: None,
            policy: &policy,
        };
        self.accept_all(&what, told).await
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::repository::memory::MemoryStore;
    use crate::repository::{CatalogueBatch, InputRepository, PredictionRepository, QueueRepository};
    use crate::review::bulk::TOGETHER;
    use crate::transfer::record::{AttributeRecord, GapRecord, PredictionRecord, ProductRecord};
    use std::ops::ControlFlow;
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

//! Accepting unseen what a certified threshold covers: many gaps as one bulk action, an audit slice kept out.

use super::Review;
use super::bulk::{Acceptance, Collector, Which};
pub use super::bulk::{Accepted, Preview};
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
    pub async fn preview(&self, plan: &Plan, progress: &mut dyn FnMut(u64)) -> Result<Preview> {
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
    /// holds; `progress` is told how many were accepted. What is accepted stays so where it ends early.
    ///
    /// # Errors
    /// Those of the repository.
    pub async fn accept_unseen(
        &self,
        plan: &Plan,
        progress: &mut (dyn FnMut(u64) + Send),
    ) -> Result<Accepted> {
        let (covered, policy) = (plan.covered(), plan.policy());
        let what = Acceptance {
            which: Which::Of(&covered),
            keeps_out: &|gap| plan.keeps_out(gap),
            value: None,
            policy: &policy,
        };
        self.accept_all(&what, progress).await
    }
}

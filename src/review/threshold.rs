//! From which confidence on predictions may be accepted unseen, in some gaps: found, and said.

use super::Review;
use super::unseen::{Accepted, Plan};
use crate::domain::{Count, QueueFilter, Share, StateFilter};
use crate::insight::sample::Sample;
use crate::insight::threshold::{Certificate, Demand, Outcome, certify};
use crate::repository::Result;
use crate::words::{counted, grouped, percent};
use serde::Serialize;

/// Up to where gaps are counted exactly.
const CAP: u64 = 1_000_000;

/// What the honest sample of some gaps lets be accepted unseen, and how much that is.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Finding {
    pub demand: Demand,
    pub sample: Sample,
    #[serde(flatten)]
    pub outcome: Outcome,
    pub open: Count,
    /// The open gaps that the threshold covers.
    pub covered: Option<Count>,
}

impl Finding {
    /// Returns the certificate, where there is one.
    pub fn certificate(&self) -> Option<Certificate> {
        match self.outcome {
            Outcome::Certified(certificate) => Some(certificate),
            _ => None,
        }
    }

    /// Returns what accepting these gaps would be, with a share of them left to people.
    pub fn plan(&self, filter: QueueFilter, audit: Share) -> Option<Plan> {
        let certificate = self.certificate()?;
        Some(Plan { filter, certificate, demand: self.demand, sampled: self.sample.share, audit })
    }

    /// Says it, a sentence or two.
    pub fn words(&self) -> Vec<String> {
        let Demand { error, assurance, .. } = self.demand;
        let asked = format!("error <= {} with {} confidence", percent(error), percent(assurance));
        match self.outcome {
            Outcome::Certified(certificate) => {
                let covered = self.covered.unwrap_or(Count::Exact(0));
                #[expect(clippy::cast_precision_loss, reason = "a share, for people")]
                let share = covered.value() as f64 / (self.open.value().max(1)) as f64;
                vec![
                    format!(
                        "At confidence >= {:.4}: {} of the open gaps ({} of {}), {asked}.",
                        certificate.confidence,
                        percent(share.min(1.0)),
                        counted(covered),
                        counted(self.open)
                    ),
                    format!(
                        "Of {} gaps drawn at random with such a confidence, {} {} wrong: at most {} are, so sure.",
                        grouped(certificate.judged),
                        grouped(certificate.errors),
                        if certificate.errors == 1 { "was" } else { "were" },
                        percent(certificate.bound)
                    ),
                ]
            }
            Outcome::TooFew { judged, more } => vec![format!(
                "Too few to tell: {asked} takes at least {} more gaps drawn at random ({} so far), all of them right.",
                grouped(more),
                grouped(judged)
            )],
            Outcome::TooManyErrors { judged, errors, bound } => vec![format!(
                "Too many errors: of the {} most confident of the gaps drawn at random, {} {} wrong; up to {} may be, \
                 which is more than {}.",
                grouped(judged),
                grouped(errors),
                if errors == 1 { "was" } else { "were" },
                percent(bound),
                percent(error)
            )],
        }
    }

    /// Says what the sample is.
    pub fn sample_words(&self) -> String {
        let sample = &self.sample;
        format!(
            "The sample: {} gaps, {} of all{}{}.",
            grouped(sample.gaps),
            percent(sample.share),
            match sample.unsettled {
                0 => String::new(),
                n => format!("; {} put off or flagged count as wrong", grouped(n)),
            },
            match sample.without_confidence {
                0 => String::new(),
                n => format!("; {} without a confidence left aside", grouped(n)),
            }
        )
    }
}

impl Accepted {
    /// Says what was done.
    pub fn words(&self) -> String {
        format!(
            "Accepted {}; kept {} for people to look at{}.",
            grouped(self.accepted),
            grouped(self.kept_out),
            match self.passed_by {
                0 => String::new(),
                n => format!("; passed {} by that changed meanwhile or are too long", grouped(n)),
            }
        )
    }
}

impl Review {
    /// Looks for the lowest confidence that meets a demand, in the gaps of a filter, whatever their state.
    ///
    /// # Errors
    /// Those of the repository.
    pub async fn find_threshold(&self, filter: &QueueFilter, demand: Demand) -> Result<Finding> {
        let store = self.store();
        let sample = store.sample(filter).await?;
        let open = QueueFilter { state: StateFilter::Open, ..filter.clone() };
        let open = store.count(&open, CAP).await?;
        let outcome = certify(sample.cells.clone(), demand);
        let mut found = Finding { demand, sample, outcome, open, covered: None };
        if let Some(plan) = found.plan(filter.clone(), Share::NONE) {
            found.covered = Some(store.count(&plan.covered(), CAP).await?);
        }
        Ok(found)
    }
}

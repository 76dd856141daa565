//! A certified threshold: the confidence from which on predictions may be accepted unseen.
//!
//! Confidences are tested from the strictest to the laxest; each must bound its error rate exactly, and the first that fails
//! ends the search. So the chance that the one returned is worse than asked for is at most `alpha`, however many were
//! tested (fixed-sequence testing: Angelopoulos, Bates, Candes, Jordan and Lei 2021, "Learn then Test"; the bound: Geifman
//! and El-Yaniv 2017, "Selective classification for deep neural networks").

use super::coverage::curve;
use super::{calibration::Cell, proportion};
use serde::Serialize;

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Demand {
    /// The error rate that is tolerated among what is accepted, 0..1.
    pub error: f64,
    /// How sure it must be: 0.95 for a chance of 5 % that the rate is higher all the same.
    pub assurance: f64,
    /// Confidences are tested where the number of the judged grew by so many since the last test. Many tests of a few cost
    /// nothing, but the first must have a chance: with fewer than [`proportion::trials_needed`] none can pass.
    pub step: u64,
}

/// A confidence from which on the error rate is bounded.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Certificate {
    pub confidence: f64,
    /// The judged predictions that it rests on, and how many of them were wrong.
    pub judged: u64,
    pub errors: u64,
    /// The upper bound of the error rate.
    pub bound: f64,
}

/// What the judged predictions can carry.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Outcome {
    Certified(Certificate),
    /// Too few were judged: so many more at the highest confidences would do, if they all are right.
    TooFew {
        judged: u64,
        more: u64,
    },
    /// The most confident ones hold too many errors already.
    TooManyErrors {
        judged: u64,
        errors: u64,
        bound: f64,
    },
}

/// Finds the lowest confidence for which the demand is met, in a simple random sample of judged predictions.
pub fn certify(cells: Vec<Cell>, demand: Demand) -> Outcome {
    let alpha = (1.0 - demand.assurance).clamp(f64::MIN_POSITIVE, 1.0);
    let needed = proportion::trials_needed(demand.error, alpha);
    let mut certified = None;
    let (mut tested, mut last) = (0, None);
    // The sequence of tests is fixed by the numbers of the judged alone, before any outcome is looked at.
    for point in curve(cells) {
        last = Some(point);
        let due = if tested == 0 { needed } else { tested + demand.step.max(1) };
        if point.judged < due {
            continue;
        }
        tested = point.judged;
        let bound = proportion::upper_bound(point.errors, point.judged, alpha);
        if bound > demand.error {
            return certified.map_or(
                Outcome::TooManyErrors { judged: point.judged, errors: point.errors, bound },
                Outcome::Certified,
            );
        }
        certified = Some(Certificate {
            confidence: point.confidence,
            judged: point.judged,
            errors: point.errors,
            bound,
        });
    }
    certified.map_or_else(
        || {
            let judged = last.map_or(0, |point| point.judged);
            Outcome::TooFew { judged, more: needed.saturating_sub(judged) }
        },
        Outcome::Certified,
    )
}

#[cfg(test)]
mod tests {
    use super::super::random::Random;
    use super::*;

    const DEMAND: Demand = Demand { error: 0.02, assurance: 0.95, step: 25 };

    fn cell(confidence: f64, judged: u64, right: u64) -> Cell {
        let mut made = Cell::default();
        for number in 0..judged {
            made.add(confidence, number < right);
        }
        made
    }

    #[test]
    fn without_enough_judged_it_says_how_many_more() {
        assert_eq!(certify(Vec::new(), DEMAND), Outcome::TooFew { judged: 0, more: 149 });
        assert_eq!(certify(vec![cell(0.99, 100, 100)], DEMAND), Outcome::TooFew { judged: 100, more: 49 });
    }

    #[test]
    fn the_search_ends_at_the_first_confidence_that_fails() {
        let cells =
            vec![cell(0.99, 200, 200), cell(0.95, 200, 199), cell(0.9, 200, 150), cell(0.8, 9_000, 9_000)];
        let Outcome::Certified(certificate) = certify(cells, DEMAND) else { panic!("certified") };
        assert_eq!((certificate.judged, certificate.errors), (400, 1));
        assert!((certificate.confidence - 0.95).abs() < 1e-9 && certificate.bound <= 0.02);
    }

    #[test]
    fn errors_among_the_most_confident_refuse_it() {
        let outcome = certify(vec![cell(0.99, 200, 150)], DEMAND);
        assert!(matches!(outcome, Outcome::TooManyErrors { judged: 200, errors: 50, .. }), "{outcome:?}");
    }

    /// The error rate of a simulated model at a confidence: over-confident, so that only part can be certified.
    fn error_rate(confidence: f64) -> f64 {
        (1.0 - confidence) * 0.2
    }

    /// The true error rate of everything at or above a confidence, confidences being uniform on 0..=1.
    fn true_risk(confidence: f64) -> f64 {
        (1.0 - confidence) * 0.1
    }

    #[test]
    fn of_a_thousand_simulated_histories_at_most_five_in_a_hundred_break_the_bound() {
        let (mut broken, mut certified) = (0, 0);
        for history in 1..=1_000_u64 {
            let mut random = Random::of(history);
            let cells = (0..3_000)
                .map(|_| {
                    let confidence = random.unit();
                    let mut cell = Cell::default();
                    cell.add(confidence, random.unit() >= error_rate(confidence));
                    cell
                })
                .collect();
            if let Outcome::Certified(certificate) = certify(cells, DEMAND) {
                certified += 1;
                broken += u32::from(true_risk(certificate.confidence) > DEMAND.error);
            }
        }
        assert!(broken <= 50, "{broken} of 1,000 broke the bound");
        assert!(certified > 200, "a method that refuses everything bounds everything: {certified}");
    }
}

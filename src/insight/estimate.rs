//! Shares of everything, from judged ones that came up with known, unequal probabilities.

use super::{Interval, proportion::wilson};
use serde::Serialize;

/// One judged gap and the probability with which it was put before a reviewer, 0 < p <= 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Drawn {
    pub right: bool,
    pub probability: f64,
}

/// A share estimated from a weighted sample.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Estimate {
    /// The estimated share, 0..=1.
    pub share: f64,
    /// The 95 % Wilson interval, at the effective size.
    pub interval: Interval,
    pub judged: u64,
    /// The size of an equally weighted sample that says as much (Kish 1965).
    pub effective: f64,
}

/// Estimates a share by weights of 1/p (Horvitz and Thompson 1952), divided by the sum of the weights (Hájek 1971), which
/// keeps it within 0..=1. Gaps without a usable probability are left out; `None` where none is left.
pub fn weighted_share(drawn: impl IntoIterator<Item = Drawn>) -> Option<Estimate> {
    let (mut weights, mut squares, mut right, mut judged) = (0.0, 0.0, 0.0, 0);
    for one in drawn {
        if !(one.probability > 0.0 && one.probability <= 1.0) {
            continue;
        }
        let weight = one.probability.recip();
        judged += 1;
        weights += weight;
        squares += weight * weight;
        if one.right {
            right += weight;
        }
    }
    if judged == 0 {
        return None;
    }
    let (share, effective) = (right / weights, weights * weights / squares);
    let interval = wilson(share * effective, effective, 0.95)?;
    Some(Estimate { share, interval, judged, effective })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(right: bool, probability: f64, times: usize) -> Vec<Drawn> {
        vec![Drawn { right, probability }; times]
    }

    /// By hand: 90 right ones drawn with 0.9 stand for 100, 10 wrong ones drawn with 0.1 for 100: a half is right.
    #[test]
    fn what_was_seldom_drawn_counts_more() {
        let estimate = weighted_share([drawn(true, 0.9, 90), drawn(false, 0.1, 10)].concat()).unwrap();
        assert!((estimate.share - 0.5).abs() < 1e-12, "{estimate:?}");
        // (100 + 100)^2 / (90 / 0.81 + 10 / 0.01)
        assert!((estimate.effective - 36.0).abs() < 1e-9, "{estimate:?}");
        assert!(estimate.interval.low < 0.5 && estimate.interval.high > 0.5);
    }

    #[test]
    fn equal_chances_give_the_plain_share() {
        let estimate = weighted_share([drawn(true, 0.25, 81), drawn(false, 0.25, 19)].concat()).unwrap();
        assert!((estimate.share - 0.81).abs() < 1e-12 && (estimate.effective - 100.0).abs() < 1e-9);
        assert!((estimate.interval.low - 0.722_211_546).abs() < 1e-6);
    }

    #[test]
    fn a_gap_without_a_chance_says_nothing() {
        assert_eq!(weighted_share([drawn(true, 0.0, 3), drawn(true, f64::NAN, 3)].concat()), None);
        assert_eq!(weighted_share([]), None);
    }
}

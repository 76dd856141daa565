//! Drift: does a model's share of accepted predictions fall?

use serde::Serialize;

/// Where a fall was noticed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Alarm {
    /// The position of the outcome at which the sum crossed its bound.
    pub at: usize,
    /// The position from which on the sum grew: about where the fall began.
    pub since: usize,
}

/// Watches outcomes in order for a fall of the share of right ones from `usual` to `feared`, both within 0..1: a one-sided
/// CUSUM of log-likelihood ratios (Page 1954). `bound` trades false alarms for delay: with the logarithm of a number, a
/// false alarm comes after that many outcomes or more on average (Lorden 1971).
pub fn cusum(outcomes: impl IntoIterator<Item = bool>, usual: f64, feared: f64, bound: f64) -> Option<Alarm> {
    let (usual, feared) = (usual.clamp(1e-6, 1.0 - 1e-6), feared.clamp(1e-6, 1.0 - 1e-6));
    let (gain_right, gain_wrong) = ((feared / usual).ln(), ((1.0 - feared) / (1.0 - usual)).ln());
    let (mut sum, mut since) = (0.0_f64, 0);
    for (at, right) in outcomes.into_iter().enumerate() {
        if sum <= 0.0 {
            (sum, since) = (0.0, at);
        }
        sum += if right { gain_right } else { gain_wrong };
        if sum >= bound {
            return Some(Alarm { at, since });
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By hand: from 0.9 to 0.5, a wrong one adds ln 5 = 1.609, a right one takes 0.588; four wrong ones pass 5.
    #[test]
    fn wrong_ones_in_a_row_raise_the_alarm_and_say_since_when() {
        let outcomes = [true, true, true, false, false, false, false, true];
        assert_eq!(cusum(outcomes, 0.9, 0.5, 5.0), Some(Alarm { at: 6, since: 3 }));
        assert_eq!(cusum(outcomes, 0.9, 0.5, 7.0), None);
    }

    #[test]
    fn a_steady_share_raises_none() {
        let steady = (0..400).map(|number| number % 10 != 0);
        assert_eq!(cusum(steady, 0.9, 0.7, 1_000_f64.ln()), None);
        assert_eq!(cusum([], 0.9, 0.5, 5.0), None);
    }
}

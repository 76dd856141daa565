//! A reviewer's eye: telling right from wrong predictions, apart from the habit to accept (signal detection theory).

use super::real;
use serde::Serialize;
use statrs::distribution::{ContinuousCDF, Normal};

/// What a reviewer did with items that were known to be right or wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Verdicts {
    /// Wrong ones that were not accepted.
    pub hits: u64,
    /// Wrong ones that were accepted.
    pub misses: u64,
    /// Right ones that were not accepted.
    pub false_alarms: u64,
    /// Right ones that were accepted.
    pub passes: u64,
}

/// How well and how readily errors are found.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Profile {
    /// d': 0 is guessing; 3 is nearly always right.
    pub sensitivity: f64,
    /// The criterion: above 0 a reviewer tends to accept, below 0 to refuse.
    pub criterion: f64,
}

/// Returns d' and the criterion, half an item added to each count so that no rate is 0 or 1 (the log-linear correction of
/// Hautus 1995); `None` unless both kinds were seen.
pub fn profile(verdicts: Verdicts) -> Option<Profile> {
    let (wrong, right) = (verdicts.hits + verdicts.misses, verdicts.false_alarms + verdicts.passes);
    if wrong == 0 || right == 0 {
        return None;
    }
    let z = |count: u64, all: u64| Normal::standard().inverse_cdf((real(count) + 0.5) / (real(all) + 1.0));
    let (hits, alarms) = (z(verdicts.hits, wrong), z(verdicts.false_alarms, right));
    Some(Profile { sensitivity: hits - alarms, criterion: -f64::midpoint(hits, alarms) })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `scipy.stats.norm.ppf` of the corrected rates.
    #[test]
    fn the_profile_is_what_scipy_says() {
        for (hits, misses, false_alarms, passes, sensitivity, criterion) in [
            (75, 25, 10, 90, 1.926_024_119, 0.296_291_267),
            (20, 0, 0, 20, 3.961_504_795, 0.0),
            (25, 25, 25, 25, 0.0, 0.0),
        ] {
            let made = profile(Verdicts { hits, misses, false_alarms, passes }).unwrap();
            assert!((made.sensitivity - sensitivity).abs() < 1e-6, "{made:?}");
            assert!((made.criterion - criterion).abs() < 1e-6, "{made:?}");
        }
        assert_eq!(profile(Verdicts { hits: 3, ..Verdicts::default() }), None);
    }
}

//! Intervals and bounds for shares: how many of all, from how many of some.

use super::{Interval, real};
use statrs::distribution::{Beta, ContinuousCDF, DiscreteCDF, Hypergeometric, Normal};

/// Returns the z of a two-sided level: 1.96 for 0.95.
fn quantile(level: f64) -> f64 {
    Normal::standard().inverse_cdf(f64::midpoint(1.0, level.clamp(0.0, 1.0 - 1e-12)))
}

/// Returns the Wilson score interval of a share (Wilson 1927), at a two-sided level such as 0.95; `None` without trials.
///
/// `right` may be a weighted count, `trials` then the effective number of trials.
pub fn wilson(right: f64, trials: f64, level: f64) -> Option<Interval> {
    if trials.is_nan() || trials <= 0.0 {
        return None;
    }
    let (z, share) = (quantile(level), (right / trials).clamp(0.0, 1.0));
    let z2 = z * z;
    let centre = (share + z2 / (2.0 * trials)) / (1.0 + z2 / trials);
    let half =
        z / (1.0 + z2 / trials) * (share * (1.0 - share) / trials + z2 / (4.0 * trials * trials)).sqrt();
    Some(Interval { low: (centre - half).max(0.0), high: (centre + half).min(1.0) })
}

/// Returns a share with its 95 % Wilson interval; `None` without trials.
pub fn share(right: u64, trials: u64) -> Option<(f64, Interval)> {
    wilson(real(right), real(trials), 0.95).map(|interval| (real(right) / real(trials), interval))
}

/// Returns the difference of two independent shares, first less second, with its 95 % interval (Newcombe 1998, method 10:
/// the square-and-add of two Wilson intervals); `None` where one has no trials.
pub fn difference(first: (u64, u64), second: (u64, u64)) -> Option<(f64, Interval)> {
    let ((one, around_one), (other, around_other)) = (share(first.0, first.1)?, share(second.0, second.1)?);
    let apart = |a: f64, b: f64| (a * a + b * b).sqrt();
    let difference = one - other;
    Some((
        difference,
        Interval {
            low: difference - apart(one - around_one.low, around_other.high - other),
            high: difference + apart(around_one.high - one, other - around_other.low),
        },
    ))
}

/// Returns the exact one-sided upper bound of an error rate (Clopper and Pearson 1934): with probability `1 - alpha` the
/// true rate of what was sampled lies below. 1 without trials.
pub fn upper_bound(errors: u64, trials: u64, alpha: f64) -> f64 {
    if errors >= trials {
        return 1.0;
    }
    Beta::new(real(errors) + 1.0, real(trials - errors)).map_or(1.0, |beta| beta.inverse_cdf(1.0 - alpha))
}

/// Returns how many of a finite population are wrong at most, with probability `1 - alpha`, when a simple random sample
/// without replacement showed `errors` wrong ones (the exact hypergeometric bound; Cochran 1977, 3.6).
///
/// # Panics
/// Never; a sample larger than its population counts as the whole.
pub fn wrong_at_most(population: u64, sample: u64, errors: u64, alpha: f64) -> u64 {
    let sample = sample.min(population);
    let errors = errors.min(sample);
    // The right ones of the sample are right.
    let (mut possible, mut impossible) = (errors, population - (sample - errors) + 1);
    // The chance to see this few errors falls with the number of wrong ones: the largest number that is still credible.
    while impossible - possible > 1 {
        let wrong = possible + (impossible - possible) / 2;
        let credible = Hypergeometric::new(population, wrong, sample)
            .is_ok_and(|distribution| distribution.cdf(errors) > alpha);
        if credible {
            possible = wrong;
        } else {
            impossible = wrong;
        }
    }
    possible
}

/// Returns how many trials without an error it takes to bound the error rate by `rate` with probability `1 - alpha`.
pub fn trials_needed(rate: f64, alpha: f64) -> u64 {
    if rate >= 1.0 {
        return 1;
    }
    if rate <= 0.0 {
        return u64::MAX;
    }
    let trials = (alpha.ln() / (1.0 - rate).ln()).ceil();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates, and is positive")]
    let trials = trials as u64;
    trials.max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn near(left: f64, right: f64) -> bool {
        (left - right).abs() < 1e-6
    }

    /// `statsmodels.stats.proportion.proportion_confint(k, n, 0.05, "wilson")`, statsmodels 0.14.
    #[test]
    fn wilson_is_what_statsmodels_says() {
        for (right, trials, low, high) in [
            (81.0, 100.0, 0.722_211_546_2, 0.874_852_484_9),
            (0.0, 10.0, 0.0, 0.277_532_799_9),
            (10.0, 10.0, 0.722_467_200_1, 1.0),
            (194.0, 240.0, 0.753_833_569_4, 0.853_118_180_0),
        ] {
            let interval = wilson(right, trials, 0.95).unwrap();
            assert!(near(interval.low, low) && near(interval.high, high), "{right}/{trials}: {interval:?}");
        }
        assert_eq!(wilson(0.0, 0.0, 0.95), None);
    }

    /// Newcombe (1998), "Interval estimation for the difference between independent proportions", table II, method 10.
    #[test]
    fn differences_are_those_of_newcombe() {
        for (first, second, difference, low, high) in [
            ((56, 70), (48, 80), 0.2, 0.0524, 0.3339),
            ((9, 10), (3, 10), 0.6, 0.1705, 0.8090),
            ((5, 56), (0, 29), 0.0893, -0.0381, 0.1926),
            ((10, 10), (0, 20), 1.0, 0.6791, 1.0),
        ] {
            let (found, interval) = super::difference(first, second).unwrap();
            let near = |a: f64, b: f64| (a - b).abs() < 6e-5;
            assert!(
                near(found, difference) && near(interval.low, low) && near(interval.high, high),
                "{interval:?}"
            );
        }
        assert_eq!(super::difference((0, 0), (1, 2)), None);
    }

    /// `scipy.stats.beta.ppf(1 - alpha, errors + 1, trials - errors)`, SciPy 1.
    #[test]
    fn the_upper_bound_is_what_scipy_says() {
        for (errors, trials, alpha, bound) in [
            (0, 149, 0.05, 0.019_904_816_2),
            (0, 148, 0.05, 0.020_037_951_7),
            (2, 300, 0.05, 0.020_836_230_5),
            (5, 100, 0.1, 0.090_771_469_6),
            (10, 10, 0.05, 1.0),
            (0, 0, 0.05, 1.0),
        ] {
            assert!(near(upper_bound(errors, trials, alpha), bound), "{errors}/{trials}");
        }
    }

    /// The largest m with `scipy.stats.hypergeom.cdf(k, N, m, n) > 0.05`.
    #[test]
    fn what_is_left_wrong_in_a_population_is_what_scipy_says() {
        for (population, sample, errors, wrong) in
            [(1_000, 60, 0, 47), (1_000, 100, 1, 44), (50, 20, 0, 5), (20, 20, 3, 3), (5_000, 300, 4, 148)]
        {
            assert_eq!(
                wrong_at_most(population, sample, errors, 0.05),
                wrong,
                "{population}/{sample}/{errors}"
            );
        }
        assert_eq!(wrong_at_most(0, 0, 0, 0.05), 0);
        assert_eq!(wrong_at_most(9, 0, 0, 0.05), 9, "without a sample, everything may be wrong");
    }

    #[test]
    fn the_trials_needed_are_the_fewest_that_do() {
        assert_eq!(trials_needed(0.02, 0.05), 149);
        assert!(upper_bound(0, 149, 0.05) <= 0.02 && upper_bound(0, 148, 0.05) > 0.02);
    }

    proptest! {
        #[test]
        fn intervals_hold_the_share_and_stay_within_0_and_1(trials in 1_u64..5_000, part in 0.0..=1.0_f64) {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
            let right = (real(trials) * part) as u64;
            let share = real(right) / real(trials);
            let interval = wilson(real(right), real(trials), 0.95).unwrap();
            prop_assert!(0.0 <= interval.low && interval.low <= share + 1e-12);
            prop_assert!(share - 1e-12 <= interval.high && interval.high <= 1.0);
            prop_assert!(upper_bound(right, trials, 0.05) >= share);
            prop_assert!(upper_bound(right, trials, 0.01) >= upper_bound(right, trials, 0.05));
        }

        #[test]
        fn more_of_a_population_seen_without_an_error_leaves_less_to_be_wrong(population in 1_u64..400, sample in 0_u64..400) {
            let sample = sample.min(population);
            let wrong = wrong_at_most(population, sample, 0, 0.05);
            prop_assert!(wrong <= population - sample);
            if sample < population {
                prop_assert!(wrong_at_most(population, sample + 1, 0, 0.05) <= wrong);
            }
        }
    }
}

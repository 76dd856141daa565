//! A bound that holds however often one looks, for random checks of a finite population: nothing is checked twice, and
//! whoever checks may stop whenever the bound pleases.

use super::real;
use statrs::function::beta::ln_beta;
use statrs::function::factorial::ln_binomial;

/// What shares of wrong ones are thought likely before anything is seen: a beta distribution with a mean of one in fifty. It
/// changes how tight the bound is, and not whether it holds.
const PRIOR: (f64, f64) = (1.0, 49.0);

/// Returns how many of a finite population are wrong at most, with probability `1 - alpha` at every moment at once of a
/// sample that grows one by one, drawn without replacement: the prior-posterior-ratio confidence sequence of the
/// hypergeometric distribution with a beta-binomial prior (Waudby-Smith and Ramdas 2020, "Confidence sequences for sampling
/// without replacement"). [`super::proportion::wrong_at_most`] is tighter, and holds for one look decided on beforehand.
///
/// A sample larger than its population counts as the whole.
pub fn wrong_at_most(population: u64, sample: u64, errors: u64, alpha: f64) -> u64 {
    let sample = sample.min(population);
    let errors = errors.min(sample);
    let evidence = Evidence::of(sample, errors, alpha);
    // The right ones of the sample are right.
    let most = population - (sample - errors);
    if sample == 0 {
        return most;
    }
    // From the likeliest number on, the likelihood falls.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of the population")]
    let likeliest = (real(population) * real(errors) / real(sample)) as u64;
    let (mut possible, mut impossible) = (likeliest.clamp(errors, most), most + 1);
    while impossible - possible > 1 {
        let wrong = possible + (impossible - possible) / 2;
        if evidence.allows(population, wrong) {
            possible = wrong;
        } else {
            impossible = wrong;
        }
    }
    possible
}

/// Returns how many more have to be checked, all of them right, until at most a share `rate` of those left unchecked is
/// wrong; everything that is left where nothing less will do.
pub fn more_needed(population: u64, sample: u64, errors: u64, rate: f64, alpha: f64) -> u64 {
    let sample = sample.min(population);
    let errors = errors.min(sample);
    let left = population - sample;
    for more in 0..left {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a share of what is left"
        )]
        let tolerated = (real(left - more) * rate.clamp(0.0, 1.0)) as u64;
        if tolerated >= left - more {
            return more;
        }
        if !Evidence::of(sample + more, errors, alpha).allows(population, errors + tolerated + 1)
            && sample + more > 0
        {
            return more;
        }
    }
    left
}

/// What a sample says.
struct Evidence {
    sample: u64,
    errors: u64,
    /// The logarithm of the likelihood below which a number of wrong ones is ruled out.
    least: f64,
}

impl Evidence {
    fn of(sample: u64, errors: u64, alpha: f64) -> Self {
        let (a, b) = PRIOR;
        // How likely the outcomes were, in their order, under the prior.
        let mixed = ln_beta(a + real(errors), b + real(sample - errors)) - ln_beta(a, b);
        Self { sample, errors, least: mixed + alpha.ln() }
    }

    /// Tells whether so many wrong ones in the population are not ruled out.
    fn allows(&self, population: u64, wrong: u64) -> bool {
        if wrong < self.errors || wrong - self.errors > population - self.sample {
            return false;
        }
        let likelihood =
            ln_binomial(population - self.sample, wrong - self.errors) - ln_binomial(population, wrong);
        likelihood > self.least
    }
}

#[cfg(test)]
mod tests {
    use super::super::proportion;
    use super::super::random::Random;
    use super::*;
    use proptest::prelude::*;

    /// The largest w with `betabinom.pmf(w, N, 1, 49) < betabinom.pmf(w - k, N - n, 1 + k, 49 + n - k) / 0.05`, SciPy 1.12.
    #[test]
    fn the_bound_is_what_scipys_beta_binomials_say() {
        for (population, sample, errors, wrong) in [
            (120, 0, 0, 120),
            (120, 8, 0, 37),
            (120, 21, 0, 16),
            (120, 40, 0, 8),
            (120, 60, 1, 9),
            (1_000, 60, 0, 59),
            (1_000, 100, 1, 59),
            (50, 20, 0, 6),
            (20, 20, 3, 3),
            (5_000, 300, 4, 201),
            (300, 30, 5, 141),
            (10_000, 149, 0, 288),
            (120, 119, 0, 0),
        ] {
            assert_eq!(
                wrong_at_most(population, sample, errors, 0.05),
                wrong,
                "{population}/{sample}/{errors}"
            );
        }
        assert_eq!(wrong_at_most(0, 0, 0, 0.05), 0);
        assert_eq!(wrong_at_most(9, 0, 0, 0.05), 9, "without a check, everything may be wrong");
    }

    /// As above, the smallest m with the bound of n + m checks, less k, within the rate of the rest.
    #[test]
    fn the_checks_that_are_still_needed_are_the_fewest_that_do() {
        for (population, sample, errors, rate, more) in [
            (120, 0, 0, 0.05, 119),
            (120, 40, 1, 0.05, 80),
            (1_000, 60, 0, 0.05, 19),
            (1_000, 60, 2, 0.02, 940),
            (20, 3, 0, 0.05, 17),
            (10_000, 0, 0, 0.05, 77),
        ] {
            assert_eq!(more_needed(population, sample, errors, rate, 0.05), more, "{population}/{sample}");
        }
        assert_eq!(more_needed(0, 0, 0, 0.05, 0.05), 0);
        assert_eq!(more_needed(7, 0, 0, 1.0, 0.05), 0, "whoever tolerates everything need not look");
    }

    /// Draws a number below a bound.
    fn below(random: &mut Random, bound: u64) -> u64 {
        (random.next() >> 11) % bound
    }

    /// Checks a population from the first to the last, looking after each, and tells whether a bound was ever below the truth.
    fn is_broken(seed: u64, bound: fn(u64, u64, u64, f64) -> u64) -> bool {
        let mut random = Random::of(seed);
        let population = 20 + below(&mut random, 280);
        let wrong = below(&mut random, population / 5 + 1);
        let (mut left, mut left_wrong, mut errors) = (population, wrong, 0);
        for checked in 1..=population {
            if below(&mut random, left) < left_wrong {
                left_wrong -= 1;
                errors += 1;
            }
            left -= 1;
            if bound(population, checked, errors, 0.05) < wrong {
                return true;
            }
        }
        false
    }

    #[test]
    fn whoever_looks_after_every_check_is_misled_in_at_most_five_of_a_hundred_histories() {
        let broken = (1..=1_000).filter(|seed| is_broken(*seed, wrong_at_most)).count();
        assert!(broken <= 50, "{broken} of 1,000");
        let fixed = (1..=1_000).filter(|seed| is_broken(*seed, proportion::wrong_at_most)).count();
        assert!(fixed > 100, "the bound for one look would have done as well: {fixed} of 1,000");
    }

    proptest! {
        #[test]
        fn the_bound_lies_between_what_was_found_and_what_can_be(population in 0_u64..500, sample in 0_u64..500, errors in 0_u64..500) {
            let sample = sample.min(population);
            let errors = errors.min(sample);
            let wrong = wrong_at_most(population, sample, errors, 0.05);
            prop_assert!(errors <= wrong && wrong <= population - (sample - errors));
            prop_assert!(wrong >= proportion::wrong_at_most(population, sample, errors, 0.05));
            if sample == population {
                prop_assert_eq!(wrong, errors, "all were looked at");
            }
            if sample < population && errors == 0 {
                prop_assert!(wrong_at_most(population, sample + 1, 0, 0.05) <= wrong);
            }
        }
    }
}

//! Split-conformal prediction sets: how far down a list of candidates the right value is.

/// The fewest calibration cases from which a set is cut: with 100, a set of 90 % covers 84 to 95 % in nineteen of twenty
/// calibrations (a beta distribution of `91` and `10`; Angelopoulos and Bates 2021, section 3.2).
pub const FEWEST: usize = 100;

/// Returns the least score that a candidate of a prediction set has, so that the set holds the right value with a
/// probability of at least `1 - miss`; `None` where there are too few cases for any set, or where the right value was in
/// too few lists.
///
/// `scores` are those of the right value in past cases, `None` where the list did not have it. With `n` cases it is the
/// `ceil((n + 1) (1 - miss))`-th largest (Angelopoulos and Bates 2021, "A Gentle Introduction to Conformal Prediction",
/// section 1). The promise holds on average over cases that are drawn like the past ones.
pub fn least_score(scores: &[Option<f64>], miss: f64) -> Option<f64> {
    #[expect(clippy::cast_precision_loss, reason = "some thousand cases at most")]
    let place = ((scores.len() + 1) as f64 * (1.0 - miss.clamp(0.0, 1.0)) - 1e-9).ceil();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a place in a list")]
    let place = (place as usize).max(1);
    let mut sorted: Vec<f64> = scores.iter().map(|score| score.unwrap_or(f64::NEG_INFINITY)).collect();
    sorted.sort_by(|a, b| b.total_cmp(a));
    sorted.get(place - 1).copied().filter(|score| score.is_finite())
}

#[cfg(test)]
mod tests {
    use super::super::random::Random;
    use super::*;
    use proptest::prelude::*;

    /// The quantile of the paper's Python code, `np.quantile(1 - scores, np.ceil((n + 1) * 0.9) / n, method="higher")`:
    /// for 0.01, 0.02, .. 0.19 (n = 19, the 18th of 19) it is 0.98, so a set has what scores 0.02 or more.
    #[test]
    fn the_place_is_that_of_the_paper() {
        let scores: Vec<_> = (1..20).map(|n| Some(f64::from(n) / 100.0)).collect();
        assert_eq!(least_score(&scores, 0.1), Some(0.02));
        assert_eq!(least_score(&scores[..9], 0.1), Some(0.01), "nine cases: the worst of them");
        assert_eq!(least_score(&scores[..8], 0.1), None, "with fewer no set is sure enough");
        assert_eq!(least_score(&[], 0.1), None);
    }

    #[test]
    fn lists_that_lack_the_right_value_too_often_cannot_be_cut() {
        let with = |lacking: usize| {
            let mut scores = vec![Some(0.5); 100 - lacking];
            scores.extend(vec![None; lacking]);
            least_score(&scores, 0.1)
        };
        assert_eq!((with(9), with(10)), (Some(0.5), None), "the 91st of 100");
    }

    /// Lists of three candidates with scores that say nothing true about which is right; 1,000 calibrations of 100 cases.
    #[test]
    fn sets_hold_the_right_value_as_often_as_promised() {
        let mut random = Random(90);
        let mut random = move || random.next() >> 32;
        let mut case = move || {
            let mut unit = || f64::from(u32::try_from(random()).unwrap()) / f64::from(u32::MAX);
            let scores: [f64; 3] = std::array::from_fn(|_| unit().powi(2));
            let right = usize::try_from(random() % 20).unwrap();
            // One list in twenty lacks the right value.
            (right < 19).then(|| scores[[0, 0, 1, 1, 2][right % 5]])
        };
        let (mut held, mut all) = (0, 0);
        for _ in 0..1_000 {
            let past: Vec<Option<f64>> = (0..100).map(|_| case()).collect();
            let least = least_score(&past, 0.1).unwrap_or(f64::NEG_INFINITY);
            for _ in 0..20 {
                all += 1;
                held += usize::from(case().is_some_and(|score| score >= least));
            }
        }
        let share = f64::from(u32::try_from(held).unwrap()) / f64::from(all);
        // 91 of 101, but for the cases in which no set could be cut and that lack the value.
        assert!((0.895..0.91).contains(&share), "{share}");
    }

    proptest! {
        #[test]
        fn at_least_as_many_past_cases_are_held_as_promised(
            scores in proptest::collection::vec(proptest::option::of(0.0..1.0_f64), 0..200), miss in 0.0..1.0_f64,
        ) {
            if let Some(least) = least_score(&scores, miss) {
                let held = scores.iter().flatten().filter(|score| **score >= least).count();
                let promised = (1.0 - miss) * f64::from(u32::try_from(scores.len()).unwrap());
                prop_assert!(f64::from(u32::try_from(held).unwrap()) >= promised - 1e-6);
            }
        }
    }
}

//! Robust outlier scores: median and median absolute deviation.

/// From which modified z-score on a number is an outlier (Iglewicz and Hoaglin 1993).
pub const FAR: f64 = 3.5;

/// Returns the median; `None` of nothing. Sorts the numbers.
pub fn median(numbers: &mut [f64]) -> Option<f64> {
    numbers.sort_by(f64::total_cmp);
    let last = numbers.len().checked_sub(1)?;
    Some(f64::midpoint(numbers[last / 2], numbers[last.div_ceil(2)]))
}

/// Returns the modified z-score of a number among others: `0.6745 (x - median) / MAD` (Iglewicz and Hoaglin 1993, "How to
/// Detect and Handle Outliers"; NIST/SEMATECH e-Handbook 1.3.5.17).
///
/// Where more than half of the others are equal, so that the median absolute deviation is 0, the mean absolute deviation
/// stands for it: `(x - median) / (1.253314 * mean absolute deviation)`. `None` where all are equal, and of nothing.
pub fn modified_z(others: &[f64], number: f64) -> Option<f64> {
    let middle = median(&mut others.to_vec())?;
    let mut apart: Vec<f64> = others.iter().map(|other| (other - middle).abs()).collect();
    #[expect(clippy::cast_precision_loss, reason = "some hundred numbers")]
    let mean = apart.iter().sum::<f64>() / apart.len() as f64;
    let spread = match median(&mut apart)? {
        spread if spread > 0.0 => spread / 0.6745,
        _ => 1.253_314 * mean,
    };
    (spread > 0.0).then(|| (number - middle) / spread).filter(|score| score.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn near(left: Option<f64>, right: f64) -> bool {
        left.is_some_and(|left| (left - right).abs() < 1e-6)
    }

    /// SciPy 1.14: `x = [2.1, 2.6, 2.4, 2.5, 2.3, 2.1, 2.3, 2.6, 8.2, 8.3]`, `median = 2.45`,
    /// `median_abs_deviation(x) = 0.15`: `0.6745 * (8.2 - 2.45) / 0.15 = 25.855833`.
    #[test]
    fn a_far_number_scores_as_scipy_has_it() {
        let others = [2.1, 2.6, 2.4, 2.5, 2.3, 2.1, 2.3, 2.6, 8.2, 8.3];
        assert!(near(modified_z(&others, 8.2), 25.855_833), "{:?}", modified_z(&others, 8.2));
        assert!(near(modified_z(&others, 2.1), -1.573_833));
    }

    /// Most are 5; the mean absolute deviation is 0.5: (9 - 5) / (1.253314 * 0.5).
    #[test]
    fn where_most_are_equal_the_mean_deviation_stands_in_and_where_all_are_nothing_is_said() {
        assert!(near(modified_z(&[5.0, 5.0, 5.0, 5.0, 5.0, 8.0], 9.0), 6.383_077));
        assert_eq!(modified_z(&[5.0; 6], 9.0), None);
        assert_eq!(modified_z(&[], 9.0), None);
        assert!(near(median(&mut [3.0, 1.0]), 2.0) && near(median(&mut [3.0, 1.0, 2.0]), 2.0));
    }

    proptest! {
        #[test]
        fn scale_and_place_make_no_difference(
            others in proptest::collection::vec(-100.0..100.0_f64, 3..30), number in -200.0..200.0_f64,
            by in 0.1..10.0_f64, plus in -50.0..50.0_f64,
        ) {
            let moved: Vec<f64> = others.iter().map(|other| other * by + plus).collect();
            match (modified_z(&others, number), modified_z(&moved, number * by + plus)) {
                (Some(left), Some(right)) => prop_assert!((left - right).abs() <= 1e-6 * left.abs().max(1.0)),
                (left, right) => prop_assert_eq!(left.is_some(), right.is_some()),
            }
        }
    }
}

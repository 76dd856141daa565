//! Agreement between reviewers who judged the same gaps: percent, Gwet's AC1, Krippendorff's alpha.
//!
//! Cohen's kappa is left out on purpose: where nearly everything is accepted, it is low although all agree.

use super::random::Random;
use super::{Interval, real};
use serde::Serialize;
use std::collections::BTreeMap;

/// How far reviewers agree; each figure is `None` where it is not defined.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Agreement {
    /// Gaps with two verdicts or more.
    pub units: u64,
    /// The share of pairs of verdicts on a gap that are the same.
    pub percent: Option<f64>,
    /// Gwet's AC1 (Gwet 2008), -1..=1.
    pub ac1: Option<f64>,
    /// Krippendorff's alpha for nominal data (Krippendorff 2011), at most 1.
    pub alpha: Option<f64>,
}

/// Computes the agreement of verdicts, a list of them a gap; gaps with fewer than two verdicts say nothing.
pub fn agreement<V: Ord>(gaps: &[Vec<V>]) -> Agreement {
    let counted: Vec<BTreeMap<&V, u64>> = gaps.iter().map(|verdicts| counts(verdicts)).collect();
    figures(&counted.iter().collect::<Vec<_>>())
}

fn figures<V: Ord>(counted: &[&BTreeMap<&V, u64>]) -> Agreement {
    let paired: Vec<&BTreeMap<&V, u64>> =
        counted.iter().copied().filter(|counts| total(counts) >= 2).collect();
    let units = paired.len() as u64;
    if units == 0 {
        return Agreement { units, percent: None, ac1: None, alpha: None };
    }
    let same = |counts: &BTreeMap<&V, u64>| {
        let all = real(total(counts));
        counts.values().map(|&count| real(count) * (real(count) - 1.0)).sum::<f64>() / (all * (all - 1.0))
    };
    let observed = paired.iter().map(|counts| same(counts)).sum::<f64>() / real(units);
    Agreement { units, percent: Some(observed), ac1: ac1(counted, observed), alpha: alpha(&paired) }
}

/// The 95 % intervals of the figures of an [`Agreement`]; `None` where a figure is not defined.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Spread {
    pub percent: Option<Interval>,
    pub ac1: Option<Interval>,
    pub alpha: Option<Interval>,
}

/// Returns the intervals of [`agreement`] by the percentiles of a bootstrap over the gaps (Efron 1979): `rounds` times, as many
/// gaps are drawn with replacement. The same seed gives the same intervals.
pub fn spread<V: Ord>(gaps: &[Vec<V>], rounds: usize, seed: u64) -> Spread {
    let counted: Vec<BTreeMap<&V, u64>> = gaps.iter().map(|verdicts| counts(verdicts)).collect();
    if counted.is_empty() {
        return Spread::default();
    }
    let mut random = Random::of(seed);
    let mut draw = || &counted[random.place(counted.len())];
    let drawn: Vec<Agreement> =
        (0..rounds).map(|_| figures(&(0..counted.len()).map(|_| draw()).collect::<Vec<_>>())).collect();
    Spread {
        percent: percentiles(drawn.iter().filter_map(|one| one.percent)),
        ac1: percentiles(drawn.iter().filter_map(|one| one.ac1)),
        alpha: percentiles(drawn.iter().filter_map(|one| one.alpha)),
    }
}

fn percentiles(figures: impl Iterator<Item = f64>) -> Option<Interval> {
    let mut sorted: Vec<f64> = figures.collect();
    sorted.sort_by(f64::total_cmp);
    let cut = sorted.len() / 40;
    Some(Interval { low: *sorted.get(cut)?, high: *sorted.get(sorted.len() - 1 - cut)? })
}

fn counts<V: Ord>(verdicts: &[V]) -> BTreeMap<&V, u64> {
    let mut counts = BTreeMap::new();
    for verdict in verdicts {
        *counts.entry(verdict).or_default() += 1;
    }
    counts
}

fn total<V>(counts: &BTreeMap<V, u64>) -> u64 {
    counts.values().sum()
}

/// Chance agreement goes by how often each verdict is given, on all gaps with a verdict at all (Gwet 2014, 5.2).
fn ac1<V: Ord>(gaps: &[&BTreeMap<&V, u64>], observed: f64) -> Option<f64> {
    let mut shares: BTreeMap<&V, f64> = BTreeMap::new();
    let mut judged = 0_u64;
    for counts in gaps.iter().filter(|counts| !counts.is_empty()) {
        judged += 1;
        for (verdict, &count) in *counts {
            *shares.entry(*verdict).or_default() += real(count) / real(total(counts));
        }
    }
    let verdicts = shares.len() as u64;
    if verdicts < 2 {
        // One verdict only: all agree, and nothing could have been otherwise.
        return (verdicts == 1).then_some(1.0);
    }
    let spread: f64 =
        shares.values().map(|share| share / real(judged)).map(|share| share * (1.0 - share)).sum();
    let chance = spread / real(verdicts - 1);
    Some((observed - chance) / (1.0 - chance))
}

fn alpha<V: Ord>(gaps: &[&BTreeMap<&V, u64>]) -> Option<f64> {
    let mut all: BTreeMap<&V, u64> = BTreeMap::new();
    let mut within = 0.0;
    for counts in gaps {
        let given = real(total(counts));
        for (verdict, &count) in *counts {
            *all.entry(*verdict).or_default() += count;
            within += real(count) * (given - real(count)) / (given - 1.0);
        }
    }
    let pairable = real(total(&all));
    let across: f64 = all.values().map(|&count| real(count) * (pairable - real(count))).sum();
    if across <= 0.0 {
        // A single verdict throughout: disagreement was not possible.
        return None;
    }
    Some(1.0 - (pairable - 1.0) * within / across)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Four observers, twelve units, values missing: the example of Krippendorff (2011), "Computing Krippendorff's
    /// alpha-reliability".
    fn krippendorff() -> Vec<Vec<u8>> {
        let rows: [&[u8]; 12] = [
            &[1, 1, 1],
            &[2, 2, 3, 2],
            &[3, 3, 3, 3],
            &[3, 3, 3, 3],
            &[2, 2, 2, 2],
            &[1, 2, 3, 4],
            &[4, 4, 4, 4],
            &[1, 1, 2, 1],
            &[2, 2, 2, 2],
            &[5, 5, 5],
            &[1, 1],
            &[3],
        ];
        rows.iter().map(|row| row.to_vec()).collect()
    }

    /// alpha 0.743 as published; AC1 0.77544 and agreement 0.81818 as R's and Python's `irrCAC` say.
    #[test]
    fn the_published_example_has_the_published_figures() {
        let made = agreement(&krippendorff());
        assert_eq!(made.units, 11);
        assert!((made.alpha.unwrap() - 0.743_421_05).abs() < 1e-6, "{made:?}");
        assert!((made.percent.unwrap() - 0.818_18).abs() < 1e-5, "{made:?}");
        assert!((made.ac1.unwrap() - 0.775_44).abs() < 1e-5, "{made:?}");
    }

    /// The second example of Krippendorff (2011), two observers and ten units: 0.095; AC1 by `irrCAC`.
    #[test]
    fn two_observers_of_two_values() {
        let left = [0, 1, 0, 0, 0, 0, 0, 0, 1, 0];
        let right = [1, 1, 1, 0, 0, 1, 0, 0, 0, 0];
        let gaps: Vec<Vec<i32>> =
            left.into_iter().zip(right).map(|(left, right)| vec![left, right]).collect();
        let made = agreement(&gaps);
        assert!((made.alpha.unwrap() - 0.095_238_1).abs() < 1e-6, "{made:?}");
        assert!((made.ac1.unwrap() - 0.310_34).abs() < 1e-5, "{made:?}");
    }

    /// Gwet (2008): 118 of 125 pairs agree on the common value; kappa is negative there, AC1 0.941.
    #[test]
    fn agreement_on_a_common_value_counts() {
        let mut gaps = vec![vec![1, 1]; 118];
        gaps.extend(vec![vec![1, 0]; 5]);
        gaps.extend(vec![vec![0, 1]; 2]);
        assert!((agreement(&gaps).ac1.unwrap() - 0.940_78).abs() < 1e-5);
    }

    #[test]
    fn nothing_in_common_has_no_figures_and_one_verdict_throughout_no_alpha() {
        let none = agreement::<u8>(&[vec![1], vec![], vec![2]]);
        assert_eq!((none.units, none.percent, none.ac1, none.alpha), (0, None, None, None));
        let same = agreement(&[vec![1, 1], vec![1, 1]]);
        assert_eq!((same.percent, same.ac1, same.alpha), (Some(1.0), Some(1.0), None));
    }

    /// 80 of 100 pairs agree: near the Wilson interval of 80 %, 0.711 to 0.867.
    #[test]
    fn the_spread_of_percent_agreement_is_that_of_a_share() {
        let mut gaps = vec![vec![1, 1]; 50];
        gaps.extend(vec![vec![0, 0]; 30]);
        gaps.extend(vec![vec![0, 1]; 20]);
        let made = spread(&gaps, 1_000, 7);
        let percent = made.percent.unwrap();
        assert!((percent.low - 0.715).abs() < 0.015 && (percent.high - 0.875).abs() < 0.015, "{percent:?}");
        let (figures, alpha) = (agreement(&gaps), made.alpha.unwrap());
        assert!(alpha.low < figures.alpha.unwrap() && figures.alpha.unwrap() < alpha.high, "{alpha:?}");
        assert_eq!(spread(&gaps, 1_000, 7), made, "the same seed, the same intervals");
        assert_eq!(spread::<u8>(&[], 100, 7), Spread::default());
    }

    proptest! {
        #[test]
        fn names_and_order_do_not_matter(gaps in proptest::collection::vec(proptest::collection::vec(0_u8..4, 0..5), 1..40)) {
            let made = agreement(&gaps);
            let turned: Vec<Vec<u8>> =
                gaps.iter().rev().map(|verdicts| verdicts.iter().rev().map(|verdict| 9 - verdict).collect()).collect();
            let again = agreement(&turned);
            for (left, right) in [(made.percent, again.percent), (made.ac1, again.ac1), (made.alpha, again.alpha)] {
                prop_assert_eq!(left.is_some(), right.is_some());
                prop_assert!((left.unwrap_or(0.0) - right.unwrap_or(0.0)).abs() < 1e-9);
                prop_assert!(left.is_none_or(|figure| figure <= 1.0 + 1e-9));
            }
        }
    }
}

//! Drift: did the share of right predictions change, and when?
//!
//! Cumulative sums of what each judgement is off from the usual (CUSUM: Page 1954), looked at from the end: the place where
//! the mean before differs most from the mean after, each sum divided by its standard deviation so that a change near either
//! end counts as much (Hawkins 1977; James, James and Siegmund 1987). Whether it is more than luck is told by shuffling.
//!
//! Reviewers who go by confidence meet the worse predictions later. Therefore "the usual" is that of the same hundredth of
//! confidence, and judgements are shuffled among those of the same hundredth only: what the confidence explains is no drift.
//! Where right and wrong come in any order within a hundredth, the chance of a false alarm at one look is [`FALSE_ALARMS`]
//! at most, whatever the shares (an exact permutation test: Good 2005).

use super::random::Random;
use super::{percent, real};
use crate::domain::Judgement;
use chrono::{DateTime, Utc};
use serde::Serialize;

/// The chance of an alarm, at one look, where nothing changed.
pub const FALSE_ALARMS: f64 = 0.01;
/// The fewest judgements of which anything is said, and the fewest before and after a change.
pub const LEAST: usize = 100;
const LEAST_SIDE: usize = 25;
/// A change by less is of no concern, however sure it is.
const LEAST_CHANGE: f64 = 0.05;
/// How often judgements are shuffled; the seed makes a second look show the same.
const ROUNDS: usize = 999;
const SEED: u64 = 0x9E37_79B9_7F4A_7C15;
/// The most judgements that are looked at, the last ones.
const MOST: usize = 2_000;

/// A change of the share of right predictions.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Drift {
    /// The share of right ones that such predictions had before: each counts as those of its tenth of confidence did.
    pub from: f64,
    /// The share since.
    pub to: f64,
    /// About when it changed: the time of the first judgement after.
    pub since: DateTime<Utc>,
    /// How many were judged before and since.
    pub before: u64,
    pub after: u64,
}

impl Drift {
    /// Tells whether the share became smaller.
    pub fn is_fall(&self) -> bool {
        self.to < self.from
    }

    /// Says it in a sentence.
    pub fn words(&self) -> String {
        format!(
            "acceptance {} from {} to {} about {}, {} judged since",
            if self.is_fall() { "fell" } else { "rose" },
            percent(self.from),
            percent(self.to),
            self.since.format("%Y-%m-%d"),
            self.after
        )
    }
}

/// Looks for a change of the share of right ones in judgements, the oldest first; `None` where they are too few, or no
/// change is more than luck or worth a word.
pub fn drift(judgements: &[Judgement]) -> Option<Drift> {
    let judgements = &judgements[judgements.len().saturating_sub(MOST)..];
    if judgements.len() < LEAST {
        return None;
    }
    let mut strata = Strata::of(judgements);
    let (at, steepest) = change(&strata.in_order(), LEAST_SIDE)?;
    if steepest <= 0.0 || strata.is_luck(steepest) {
        return None;
    }
    let (before, after) = judgements.split_at(at);
    let drift = Drift {
        from: expected(before, after),
        to: share(after),
        since: after.first()?.at,
        before: before.len() as u64,
        after: after.len() as u64,
    };
    ((drift.from - drift.to).abs() >= LEAST_CHANGE).then_some(drift)
}

/// Returns the place that parts what differs most, and by how many standard deviations of one value it does; at least
/// `least` values stand on either side. The values' mean is 0.
fn change(values: &[f64], least: usize) -> Option<(usize, f64)> {
    let all = values.len();
    let mut sum = 0.0;
    let mut steepest: Option<(usize, f64)> = None;
    for (index, value) in values.iter().enumerate() {
        sum += value;
        let (before, after) = (index + 1, all - index - 1);
        if before < least || after < least.max(1) {
            continue;
        }
        let weight = real(before as u64) * real(after as u64) / real(all as u64);
        let off = sum.abs() / weight.sqrt();
        if steepest.is_none_or(|(_, most)| off > most) {
            steepest = Some((before, off));
        }
    }
    steepest
}

/// What each judgement is off from the share of its stratum, stratum by stratum.
struct Strata {
    /// Where a stratum begins; the last entry is the end.
    starts: Vec<usize>,
    /// The place in time of each.
    places: Vec<usize>,
    off: Vec<f64>,
}

impl Strata {
    fn of(judgements: &[Judgement]) -> Self {
        let mut places: Vec<usize> = (0..judgements.len()).collect();
        places.sort_by_key(|&place| part(&judgements[place], 100.0));
        let mut made = Self { starts: Vec::new(), off: Vec::with_capacity(places.len()), places: Vec::new() };
        for stratum in places.chunk_by(|&a, &b| part(&judgements[a], 100.0) == part(&judgements[b], 100.0)) {
            made.starts.push(made.off.len());
            let right = stratum.iter().filter(|&&place| judgements[place].right).count();
            let usual = real(right as u64) / real(stratum.len() as u64);
            made.off
                .extend(stratum.iter().map(|&place| f64::from(u8::from(judgements[place].right)) - usual));
        }
        made.starts.push(made.off.len());
        made.places = places;
        made
    }

    /// Returns what each is off in the order of time.
    fn in_order(&self) -> Vec<f64> {
        let mut values = vec![0.0; self.off.len()];
        for (place, off) in self.places.iter().zip(&self.off) {
            values[*place] = *off;
        }
        values
    }

    /// Tells whether a change as steep is met too often when judgements are shuffled within their strata.
    fn is_luck(&mut self, steepest: f64) -> bool {
        let (mut as_steep, mut random) = (0_usize, Random(SEED));
        for _ in 0..ROUNDS {
            for ends in self.starts.windows(2) {
                shuffle(&mut self.off[ends[0]..ends[1]], &mut random);
            }
            let found = change(&self.in_order(), LEAST_SIDE).map_or(0.0, |(_, steep)| steep);
            // A sum in another order may be off by a rounding.
            as_steep += usize::from(found >= steepest - 1e-9);
            if real(as_steep as u64 + 1) > FALSE_ALARMS * real(ROUNDS as u64 + 1) {
                return true;
            }
        }
        false
    }
}

/// Returns the part of the confidences that a judgement falls into; those without one are a part of their own.
fn part(judgement: &Judgement, parts: f64) -> u8 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "within 0..=parts")]
    let part = judgement.confidence.map_or(u8::MAX, |confidence| (confidence.get() * parts + 1e-9) as u8);
    part
}

/// Shuffles in place (Fisher, Yates).
fn shuffle(values: &mut [f64], random: &mut Random) {
    for last in (1..values.len()).rev() {
        values.swap(last, random.place(last + 1));
    }
}

fn share(judgements: &[Judgement]) -> f64 {
    let right = judgements.iter().filter(|one| one.right).count();
    real(right as u64) / real(judgements.len().max(1) as u64)
}

/// Returns the share of right ones that `after` would have if each were right as often as those of its tenth of
/// confidence before (direct standardisation); as all before, where there were none.
fn expected(before: &[Judgement], after: &[Judgement]) -> f64 {
    let mut seen = [(0_u64, 0_u64); 256];
    for one in before {
        let (right, all) = &mut seen[usize::from(part(one, 10.0))];
        *right += u64::from(one.right);
        *all += 1;
    }
    let usual = share(before);
    let of = |one: &Judgement| match seen[usize::from(part(one, 10.0))] {
        (_, 0) => usual,
        (right, all) => real(right) / real(all),
    };
    after.iter().map(of).sum::<f64>() / real(after.len().max(1) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Confidence;
    use chrono::{TimeDelta, TimeZone};
    use proptest::prelude::*;

    fn first_day() -> DateTime<Utc> {
        Utc.with_ymd_and_hms(2026, 10, 1, 8, 0, 0).unwrap()
    }

    /// Twenty judgements a day.
    fn judgements(made: impl IntoIterator<Item = (Option<f64>, bool)>) -> Vec<Judgement> {
        let judged = |(number, (confidence, right)): (usize, (Option<f64>, bool))| Judgement {
            at: first_day() + TimeDelta::days(i64::try_from(number / 20).unwrap()),
            confidence: confidence.map(|number| Confidence::new(number).unwrap()),
            right,
        };
        made.into_iter().enumerate().map(judged).collect()
    }

    /// The annual flow of the Nile at Aswan, 1871-1970 (Cobb 1978, "The problem of the Nile"), as in R's `datasets::Nile`.
    const NILE: [f64; 100] = [
        1120.0, 1160.0, 963.0, 1210.0, 1160.0, 1160.0, 813.0, 1230.0, 1370.0, 1140.0, 995.0, 935.0, 1110.0,
        994.0, 1020.0, 960.0, 1180.0, 799.0, 958.0, 1140.0, 1100.0, 1210.0, 1150.0, 1250.0, 1260.0, 1220.0,
        1030.0, 1100.0, 774.0, 840.0, 874.0, 694.0, 940.0, 833.0, 701.0, 916.0, 692.0, 1020.0, 1050.0, 969.0,
        831.0, 726.0, 456.0, 824.0, 702.0, 1120.0, 1100.0, 832.0, 764.0, 821.0, 768.0, 845.0, 864.0, 862.0,
        698.0, 845.0, 744.0, 796.0, 1040.0, 759.0, 781.0, 865.0, 845.0, 944.0, 984.0, 897.0, 822.0, 1010.0,
        771.0, 676.0, 649.0, 846.0, 812.0, 742.0, 801.0, 1040.0, 860.0, 874.0, 848.0, 890.0, 744.0, 749.0,
        838.0, 1050.0, 918.0, 986.0, 797.0, 923.0, 975.0, 815.0, 1020.0, 906.0, 901.0, 1170.0, 912.0, 746.0,
        919.0, 718.0, 714.0, 740.0,
    ];

    /// R's strucchange 1.5 (Zeileis and others 2002), `breakpoints(Nile ~ 1)`: one break, behind the 28th year (1898), with
    /// means 1097.75 and 849.97.
    #[test]
    fn the_nile_changed_in_1898() {
        let mean = NILE.iter().sum::<f64>() / 100.0;
        assert!((mean - 919.35).abs() < 1e-9);
        let off: Vec<f64> = NILE.iter().map(|flow| flow - mean).collect();
        let (at, steepest) = change(&off, 1).unwrap();
        assert_eq!(at, 28);
        // |S_28| = 28 * (1097.75 - 919.35) = 4995.2, and 28 * 72 / 100 = 20.16.
        assert!((steepest - 4_995.2 / 20.16_f64.sqrt()).abs() < 1e-6, "{steepest}");
    }

    #[test]
    fn a_fall_is_told_with_its_shares_and_its_day() {
        let mut random = Random::of(5);
        let made = (0..800).map(|number| {
            let share = if number < 480 { 0.82 } else { 0.61 };
            (Some(0.8), random.unit() < share)
        });
        let found = drift(&judgements(made)).unwrap();
        assert!(found.is_fall(), "{found:?}");
        assert!((found.from - 0.82).abs() < 0.05 && (found.to - 0.61).abs() < 0.08, "{found:?}");
        let day = (found.since - first_day()).num_days();
        assert!((20..=28).contains(&day), "it changed on day 24, not {day}");
        assert_eq!(found.before + found.after, 800);
        let words = Drift { from: 0.82, to: 0.61, since: first_day(), before: 240, after: 160 }.words();
        assert_eq!(words, "acceptance fell from 82 % to 61 % about 2026-10-01, 160 judged since");
    }

    #[test]
    fn a_rise_is_told_as_such() {
        let made = (0..300).map(|number| (Some(0.8), number % 10 < if number < 150 { 6 } else { 9 }));
        let found = drift(&judgements(made)).unwrap();
        assert!(!found.is_fall() && found.words().contains("rose from 60 % to 90 %"), "{found:?}");
    }

    #[test]
    fn falls_that_matter_are_mostly_found() {
        let found = (1..=100_u64).filter(|history| {
            let mut random = Random::of(history * 77);
            let made = (0..400).map(|number| {
                let confidence = 0.5 + 0.5 * random.unit();
                let drop = if number < 200 { 0.0 } else { 0.25 };
                (Some(confidence), random.unit() < confidence - drop)
            });
            drift(&judgements(made.collect::<Vec<_>>())).is_some_and(|drift| drift.is_fall())
        });
        let found = found.count();
        assert!(found >= 90, "{found} of 100");
    }

    /// Steady histories of several shares; in half of them reviewers go from the most to the least confident.
    #[test]
    fn of_a_thousand_steady_histories_hardly_any_raises_an_alarm() {
        let alarms = (1..=1_000_u64).filter(|history| {
            let mut random = Random::of(history * 1_013);
            let count = 100 + (history % 4) * 50;
            let is_sorted = history % 2 == 0;
            let made: Vec<(Option<f64>, bool)> = (0..count)
                .map(|number| {
                    let place = if is_sorted { 1.0 - real(number) / real(count) } else { random.unit() };
                    let confidence = 0.4 + 0.6 * place;
                    (
                        Some(confidence),
                        random.unit() < confidence.powi(i32::try_from(history % 3 + 1).unwrap()),
                    )
                })
                .collect();
            drift(&judgements(made)).is_some()
        });
        // The binomial's 99.9 % quantile at 1 % is 21.
        let alarms = alarms.count();
        assert!(alarms <= 21, "{alarms} of 1,000");
    }

    #[test]
    fn of_few_judgements_nothing_is_said() {
        let few = (0..LEAST - 1).map(|number| (None, number < LEAST / 2));
        assert_eq!(drift(&judgements(few)), None);
        assert_eq!(drift(&[]), None);
        let enough = (0..LEAST).map(|number| (None, number < LEAST / 2));
        assert!(drift(&judgements(enough)).is_some());
    }

    #[test]
    fn a_change_of_a_few_points_is_of_no_concern() {
        let made = (0..2_000).map(|number| (None, number < 1_000 || number % 25 != 0));
        assert_eq!(drift(&judgements(made)), None);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn all_alike_never_drift(count in 0_usize..400, right: bool, confidence in 0.0..=1.0_f64) {
            prop_assert_eq!(drift(&judgements(vec![(Some(confidence), right); count])), None);
        }

        #[test]
        fn shares_stay_shares(rights in proptest::collection::vec((0_u8..=10, any::<bool>()), 0..300)) {
            let made = rights.iter().map(|(tenth, right)| (Some(f64::from(*tenth) / 10.0), *right));
            if let Some(found) = drift(&judgements(made)) {
                prop_assert!((0.0..=1.0).contains(&found.from) && (0.0..=1.0).contains(&found.to));
                prop_assert!(found.before >= 25 && found.after >= 25);
            }
        }
    }
}

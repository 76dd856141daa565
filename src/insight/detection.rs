//! A reviewer's eye: telling right from wrong predictions, apart from the habit to accept (signal detection theory).

use super::{Interval, real};
use crate::domain::{AnswerCount, Reviewer, Said, State};
use serde::Serialize;
use statrs::distribution::{Continuous, ContinuousCDF, Normal};

/// What a reviewer did with items that are known to be right or wrong.
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

impl Verdicts {
    /// Takes some in.
    fn add_many(&mut self, is_right: bool, accepted: bool, items: u64) {
        let count = match (is_right, accepted) {
            (false, false) => &mut self.hits,
            (false, true) => &mut self.misses,
            (true, false) => &mut self.false_alarms,
            (true, true) => &mut self.passes,
        };
        *count += items;
    }

    /// Takes one in.
    fn add(&mut self, is_right: bool, accepted: bool) {
        self.add_many(is_right, accepted, 1);
    }

    /// Takes the answers on seeded gaps in.
    pub fn answered(&mut self, answers: &[AnswerCount]) {
        for one in answers {
            self.add_many(one.is_right, one.accepted, one.answers);
        }
    }

    /// Returns how many there are.
    pub fn count(&self) -> u64 {
        self.hits + self.misses + self.false_alarms + self.passes
    }
}

/// How well and how readily errors are found, each with its 95 % interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Profile {
    /// d': 0 is guessing; 3 is nearly always right.
    pub sensitivity: f64,
    pub sensitivity_interval: Interval,
    /// The criterion: above 0 a reviewer tends to accept, below 0 to refuse.
    pub criterion: f64,
    pub criterion_interval: Interval,
}

/// Returns d' and the criterion, half an item added to each count so that no rate is 0 or 1 (the log-linear correction of
/// Hautus 1995), with intervals by the variances of Gourevitch and Galanter (1967); `None` unless both kinds were seen.
pub fn profile(verdicts: Verdicts) -> Option<Profile> {
    let (wrong, right) = (verdicts.hits + verdicts.misses, verdicts.false_alarms + verdicts.passes);
    if wrong == 0 || right == 0 {
        return None;
    }
    let normal = Normal::standard();
    let corrected = |count: u64, all: u64| {
        let (rate, trials) = ((real(count) + 0.5) / (real(all) + 1.0), real(all) + 1.0);
        let z = normal.inverse_cdf(rate);
        let density = normal.pdf(z);
        (z, rate * (1.0 - rate) / (trials * density * density))
    };
    let (hits, of_hits) = corrected(verdicts.hits, wrong);
    let (alarms, of_alarms) = corrected(verdicts.false_alarms, right);
    let (sensitivity, criterion) = (hits - alarms, -f64::midpoint(hits, alarms));
    let half = normal.inverse_cdf(0.975) * (of_hits + of_alarms).sqrt();
    let around = |middle: f64, half: f64| Interval { low: middle - half, high: middle + half };
    Some(Profile {
        sensitivity,
        sensitivity_interval: around(sensitivity, half),
        criterion,
        // The criterion is half of a sum that varies as much as the difference.
        criterion_interval: around(criterion, half / 2.0),
    })
}

/// Counts what a reviewer said of predictions on gaps that two people decided, the second without knowing the first, and
/// that are settled: by the two, where they agree, otherwise by a third person. What others settle alone says whether the
/// prediction that the reviewer saw first was right.
///
/// `said` are the decisions in force of such gaps, gap by gap, the oldest first.
pub fn verdicts(said: &[Said], reviewer: &Reviewer) -> Verdicts {
    let mut found = Verdicts::default();
    for gap in said.chunk_by(|one, other| one.gap == other.gap) {
        for (place, pair) in gap.windows(2).enumerate() {
            let [first, second] = pair else { continue };
            let is_pair = first.result_state == Some(State::Second)
                && second.result_state != Some(State::Second)
                && first.reviewer != second.reviewer;
            let Some(own) = pair.iter().find(|one| one.reviewer == *reviewer).filter(|_| is_pair) else {
                continue;
            };
            let truth = if second.result_state == Some(State::Disputed) {
                gap.get(place + 2).filter(|third| pair.iter().all(|one| one.reviewer != third.reviewer))
            } else {
                Some(second)
            };
            let Some((truth, shown)) = truth.zip(own.shown_value.as_deref()) else { continue };
            if let Some((is_right, accepted)) = truth.judges(shown).zip(own.judges(shown)) {
                found.add(is_right, accepted);
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::random::Random;
    use super::*;
    use crate::domain::{Action, GapId};
    use proptest::prelude::*;

    fn near(a: f64, b: f64) -> bool {
        (a - b).abs() < 1e-6
    }

    /// Hits, misses, false alarms, passes; d', the criterion, half of the interval of d'.
    const SCIPY: [(u64, u64, u64, u64, f64, f64, f64); 4] = [
        (75, 25, 10, 90, 1.926_024_119, 0.296_291_267, 0.423_153_332),
        (20, 0, 0, 20, 3.961_504_793, 0.0, 1.643_755_308),
        (25, 25, 25, 25, 0.0, 0.0, 0.486_449_699),
        (41, 11, 6, 85, 2.253_380_473, 0.344_260_841, 0.540_961_396),
    ];

    /// `scipy.stats.norm.ppf` of the corrected rates, and of the variances by hand:
    /// `1.959964 * sqrt(H (1 - H) / (n pdf(z)^2) + F (1 - F) / (m pdf(z)^2))`, SciPy 1.
    #[test]
    fn the_profile_is_what_scipy_says() {
        for (hits, misses, false_alarms, passes, sensitivity, criterion, half) in SCIPY {
            let made = profile(Verdicts { hits, misses, false_alarms, passes }).unwrap();
            assert!(near(made.sensitivity, sensitivity) && near(made.criterion, criterion), "{made:?}");
            assert!(near(made.sensitivity_interval.high - sensitivity, half), "{made:?}");
            assert!(near(criterion - made.criterion_interval.low, half / 2.0), "{made:?}");
        }
        assert_eq!(profile(Verdicts { hits: 3, ..Verdicts::default() }), None);
    }

    /// Stanislaw and Todorov (1999), "Calculation of signal detection theory measures": 20 hits of 25 and 10 false alarms of
    /// 25 give d' = 1.095 and c = -0.294. A thousandfold of them, the correction is of no weight.
    #[test]
    fn the_worked_example_of_stanislaw_and_todorov() {
        let made = profile(Verdicts { hits: 20_000, misses: 5_000, false_alarms: 10_000, passes: 15_000 });
        let made = made.unwrap();
        assert!((made.sensitivity - 1.095).abs() < 5e-4, "{made:?}");
        assert!((made.criterion + 0.294).abs() < 5e-4, "{made:?}");
    }

    /// Of 1,000 simulated reviewers with d' = 2 and a criterion of 0.3, on 60 wrong and 140 right predictions.
    #[test]
    fn the_interval_holds_the_true_value_nineteen_times_in_twenty() {
        let normal = Normal::standard();
        let (hit, alarm) = (normal.cdf(1.0 - 0.3), normal.cdf(-1.0 - 0.3));
        let mut random = Random::of(1);
        let mut draw = |rate: f64| random.unit() < rate;
        let (mut held, mut held_too) = (0, 0);
        for _ in 0..1_000 {
            let mut made = Verdicts::default();
            (0..60).for_each(|_| made.add(false, !draw(hit)));
            (0..140).for_each(|_| made.add(true, !draw(alarm)));
            let made = profile(made).unwrap();
            let holds = |interval: Interval, truth: f64| interval.low <= truth && truth <= interval.high;
            held += u32::from(holds(made.sensitivity_interval, 2.0));
            held_too += u32::from(holds(made.criterion_interval, 0.3));
        }
        assert!((930..=980).contains(&held) && (930..=980).contains(&held_too), "{held}, {held_too}");
    }

    fn said(gap: &str, reviewer: &str, value: Option<&str>, state: State) -> Said {
        Said {
            gap: GapId::new(gap, "colour"),
            multi_valued: false,
            reviewer: reviewer.into(),
            action: if value.is_some() { Action::Accept } else { Action::Reject },
            value: value.map(Into::into),
            shown_value: Some("Red".into()),
            result_state: Some(state),
        }
    }

    #[test]
    fn others_say_what_was_right() {
        let decisions = [
            // Both accepted what was shown.
            said("p1", "ada", Some("red "), State::Second),
            said("p1", "bob", Some("Red"), State::Accepted),
            // Bob saw the error, as Eve said.
            said("p2", "ada", Some("Red"), State::Second),
            said("p2", "bob", Some("Blue"), State::Disputed),
            said("p2", "eve", Some("Blue"), State::Accepted),
            // Ada's own word settles nothing about Ada, nor about Bob.
            said("p3", "ada", Some("Red"), State::Second),
            said("p3", "bob", None, State::Disputed),
            said("p3", "ada", Some("Red"), State::Accepted),
            // Bob refused what was right.
            said("p4", "bob", None, State::Second),
            said("p4", "ada", Some("Red"), State::Disputed),
            said("p4", "eve", Some("Red"), State::Accepted),
            // Nobody has settled it yet, and here there was one opinion only.
            said("p5", "bob", None, State::Second),
            said("p5", "ada", Some("Red"), State::Disputed),
            said("p6", "ada", Some("Red"), State::Accepted),
            said("p6", "eve", Some("Blue"), State::Accepted),
        ];
        let ada = verdicts(&decisions, &"ada".into());
        assert_eq!(ada, Verdicts { hits: 0, misses: 1, false_alarms: 0, passes: 2 });
        let bob = verdicts(&decisions, &"bob".into());
        assert_eq!(bob, Verdicts { hits: 1, misses: 0, false_alarms: 1, passes: 1 });
        assert_eq!(verdicts(&decisions, &"eve".into()).count(), 0, "who settles is not tried");
        assert_eq!(verdicts(&[], &"ada".into()), Verdicts::default());
    }

    #[test]
    fn answers_on_seeded_gaps_count_like_gaps_that_others_settled() {
        let mut made = Verdicts { hits: 1, ..Verdicts::default() };
        let answers = [(true, true, 4), (true, false, 3), (false, true, 2), (false, false, 7)];
        made.answered(&answers.map(|(is_right, accepted, answers)| AnswerCount {
            is_right,
            accepted,
            answers,
        }));
        assert_eq!(made, Verdicts { hits: 8, misses: 2, false_alarms: 3, passes: 4 });
        made.answered(&[]);
        assert_eq!(made.count(), 17);
    }

    #[test]
    fn what_was_not_shown_says_nothing_of_the_eye() {
        let blind = |reviewer, state| Said { shown_value: None, ..said("p1", reviewer, Some("Red"), state) };
        let decisions = [blind("ada", State::Second), said("p1", "bob", Some("Red"), State::Accepted)];
        assert_eq!(verdicts(&decisions, &"ada".into()).count(), 0);
        assert_eq!(verdicts(&decisions, &"bob".into()).count(), 1);
    }

    proptest! {
        #[test]
        fn the_figures_are_finite_and_inside_their_intervals(counts: [u16; 4]) {
            let [hits, misses, false_alarms, passes] = counts.map(u64::from);
            if let Some(made) = profile(Verdicts { hits, misses, false_alarms, passes }) {
                for (figure, interval) in
                    [(made.sensitivity, made.sensitivity_interval), (made.criterion, made.criterion_interval)]
                {
                    prop_assert!(figure.is_finite() && interval.low < figure && figure < interval.high);
                }
            } else {
                prop_assert!(hits + misses == 0 || false_alarms + passes == 0);
            }
        }
    }
}

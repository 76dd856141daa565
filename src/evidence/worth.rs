//! What the neighbour vote is worth for an attribute, measured on products whose value is known.

use super::same::Canonical;
use super::vote::{Reading, Vote};
use crate::domain::{Neighbour, VoteWorth};
use crate::insight::Interval;
use crate::insight::proportion::wilson;

/// The lower bound of the vote's accuracy below which it stays silent.
pub const FLOOR: f64 = 0.3;

/// Adds leave-one-out trials of one attribute up.
#[derive(Debug, Clone, Default)]
pub struct Trials {
    tried: i64,
    voted: i64,
    correct: i64,
    /// The known values of the products that were voted on, with how many have each.
    values: Vec<(Canonical, i64)>,
}

impl Trials {
    /// Asks the neighbours of a product, none of them itself, for a value that is known.
    pub fn add(&mut self, known: &[String], neighbours: &[Neighbour], reading: Reading<'_>) {
        let known: Vec<Canonical> = known
            .iter()
            .flat_map(|value| reading.parts(value))
            .map(|one| Canonical::new(one, reading.unit))
            .collect();
        if known.is_empty() {
            return;
        }
        self.tried += 1;
        let vote = Vote::of(neighbours, reading);
        let Some(first) = vote.shares.first().filter(|_| vote.is_evidence()) else { return };
        self.voted += 1;
        self.correct += i64::from(known.iter().any(|one| first.is(one)));
        for one in known {
            match self.values.iter_mut().find(|(value, _)| value.is_same(&one)) {
                Some((_, count)) => *count += 1,
                None => self.values.push((one, 1)),
            }
        }
    }

    /// Returns the sums, dated now.
    pub fn worth(&self, attribute: crate::domain::AttributeKey) -> VoteWorth {
        VoteWorth {
            attribute_key: attribute,
            tried: self.tried,
            voted: self.voted,
            correct: self.correct,
            frequent: self.values.iter().map(|(_, count)| *count).max().unwrap_or(0),
            measured_at: chrono::Utc::now(),
        }
    }
}

/// Returns the share of the votes that gave the known value; `None` where there was no vote.
pub fn accuracy(worth: &VoteWorth) -> Option<f64> {
    (worth.voted > 0).then(|| real(worth.correct) / real(worth.voted))
}

/// Returns the Wilson interval of the vote's accuracy, 95 %; `None` where there was no vote.
pub fn interval(worth: &VoteWorth) -> Option<Interval> {
    wilson(real(worth.correct), real(worth.voted), 0.95)
}

/// Tells whether the vote is worth showing: its accuracy is, by the interval's lower end, above the share of the most
/// frequent value (what it takes to guess without neighbours) and at least [`FLOOR`].
pub fn speaks(worth: &VoteWorth) -> bool {
    let guess = real(worth.frequent) / real(worth.voted.max(1));
    interval(worth).is_some_and(|interval| interval.low >= FLOOR && interval.low > guess)
}

#[expect(clippy::cast_precision_loss, reason = "counts of products stay far below 2^53")]
fn real(count: i64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn neighbours(values: &[&str]) -> Vec<Neighbour> {
        let neighbour = |(n, value): (usize, &&str)| Neighbour {
            product_key: format!("n{n}").as_str().into(),
            product_name: format!("name{n}"),
            similarity: 0.9 - f64::from(u8::try_from(n).unwrap_or(0)) / 100.0,
            values: vec![(*value).to_owned()],
        };
        values.iter().enumerate().map(neighbour).collect()
    }

    fn counted(voted: i64, correct: i64, frequent: i64) -> VoteWorth {
        let attribute_key = "colour".into();
        VoteWorth { attribute_key, tried: voted, voted, correct, frequent, measured_at: chrono::Utc::now() }
    }

    #[test]
    fn known_values_are_asked_for_and_the_first_value_of_the_vote_is_compared() {
        let mut trials = Trials::default();
        let plain = Reading::default();
        trials.add(&["Red".into()], &neighbours(&["red", "RED", "blue"]), plain);
        trials.add(&["Blue".into()], &neighbours(&["red", "red", "blue"]), plain);
        trials.add(&["red".into()], &neighbours(&["red"]), plain);
        trials.add(&[" ".into()], &neighbours(&["red", "red"]), plain);
        let worth = trials.worth("colour".into());
        assert_eq!((worth.tried, worth.voted, worth.correct, worth.frequent), (3, 2, 1, 1));
    }

    /// `statsmodels.stats.proportion.proportion_confint(k, 100, 0.05, "wilson")`: 40 of 100 is 30.9 to 49.8 %, 39 of 100
    /// is 30.0 to 48.8 %, 38 of 100 is 29.1 to 47.8 %.
    #[test]
    fn a_vote_speaks_above_the_floor_and_above_the_most_frequent_value() {
        assert!(speaks(&counted(100, 40, 30)) && !speaks(&counted(100, 38, 5)));
        assert!(!speaks(&counted(100, 40, 31)), "always saying the most frequent value may be as good");
        assert!(!speaks(&counted(0, 0, 0)) && accuracy(&counted(0, 0, 0)).is_none());
        assert!(!speaks(&counted(2, 2, 2)), "all alike: the neighbours add nothing");
    }

    proptest! {
        #[test]
        fn more_right_votes_never_silence_it(voted in 1..500_i64, part in 0.0..1.0_f64, frequent in 0..500_i64) {
            #[expect(clippy::cast_possible_truncation, reason = "a part of a small number")]
            let correct = (real(voted) * part) as i64;
            let frequent = frequent.min(voted);
            if speaks(&counted(voted, correct, frequent)) && correct < voted {
                prop_assert!(speaks(&counted(voted, correct + 1, frequent)));
            }
        }
    }
}

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

//! What accepting unseen saves: gaps are decided in random order, then one look at the sample, then the rest.

use crate::data::{Data, is_right};
use crate::learning::shuffle;
use gapdeck::domain::{Confidence, VoteWorth};
use gapdeck::evidence::candidates::{choices_of, vote_of};
use gapdeck::insight::calibration::Cell;
use gapdeck::insight::threshold::{Demand, Outcome, certify};
use std::collections::BTreeMap;

/// In how many orders the gaps are decided.
const ORDERS: u32 = 200;

/// The keys of the bulk action: `I` for the screen, `T` for the preview, Enter.
const KEYS: usize = 3;

/// A gap as the simulated reviewer meets it.
struct Gap {
    /// What it takes by hand.
    keys: usize,
    /// The most confident prediction's confidence, and whether it is right.
    best: Option<(f64, bool)>,
}

/// Prints keys and decisions a gap with and without a bulk action, and how wrong what it accepted was.
pub fn measure(data: &Data, worths: &BTreeMap<String, VoteWorth>) {
    let gaps: Vec<Gap> = data
        .truth
        .iter()
        .map(|((product, attribute), truth)| {
            let card = data.card(product, attribute, worths.get(attribute));
            let list = choices_of(&card, vote_of(&card).as_ref());
            let typed = truth.iter().map(|value| value.chars().count()).min().unwrap_or(0) + 2;
            let is_listed = list.iter().take(9).any(|choice| is_right(truth, &choice.value));
            let best = list
                .first()
                .and_then(|choice| choice.candidates.first())
                .map(|best| (best.confidence.map_or(0.5, Confidence::get), is_right(truth, &best.value)));
            Gap { keys: if is_listed { 1 } else { typed }, best }
        })
        .collect();
    let by_hand: usize = gaps.iter().map(|gap| gap.keys).sum();
    println!(
        "\n| decided first, at random | errors tolerated | certified in | decided by hand | keys a gap | wrong among the unseen | over the limit in |"
    );
    println!("|---|---|---|---|---|---|---|");
    println!("| all {} | | | 100.0 % | {:.2} | | |", gaps.len(), real(by_hand) / real(gaps.len()));
    for first in [200, 400, 800] {
        for error in [0.05, 0.1, 0.2] {
            look(&gaps, first, error);
        }
    }
}

fn look(gaps: &[Gap], first: usize, error: f64) {
    let demand = Demand { error, assurance: 0.95, step: 25 };
    let (mut certified, mut over, mut hand, mut keys) = (0, 0, 0, 0);
    let (mut unseen, mut wrong) = (0, 0);
    for seed in 1..=ORDERS {
        let mut order: Vec<&Gap> = gaps.iter().collect();
        shuffle(&mut order, seed.into());
        let (sample, rest) = order.split_at(first);
        keys += sample.iter().map(|gap| gap.keys).sum::<usize>();
        hand += first;
        // As the database gives them: one cell for each confidence, here in thousandths.
        let mut cells: BTreeMap<u32, Cell> = BTreeMap::new();
        for (confidence, right) in sample.iter().filter_map(|gap| gap.best) {
            cells.entry(thousandths(confidence)).or_default().add(confidence, right);
        }
        let threshold = match certify(cells.into_values().collect(), demand) {
            Outcome::Certified(certificate) => {
                certified += 1;
                keys += KEYS;
                certificate.confidence
            }
            _ => f64::INFINITY,
        };
        let (mut taken, mut errors) = (0, 0);
        for gap in rest {
            if let Some((_, right)) = gap.best.filter(|(confidence, _)| *confidence >= threshold) {
                (taken, errors) = (taken + 1, errors + usize::from(!right));
            } else {
                (hand, keys) = (hand + 1, keys + gap.keys);
            }
        }
        over += usize::from(real(errors) > error * real(taken));
        (unseen, wrong) = (unseen + taken, wrong + errors);
    }
    let all = real(gaps.len()) * f64::from(ORDERS);
    let orders = f64::from(ORDERS);
    let rate =
        if unseen == 0 { String::new() } else { format!("{:.1} %", 100.0 * real(wrong) / real(unseen)) };
    println!(
        "| {first} | {:.0} % | {:.0} % | {:.1} % | {:.2} | {rate} | {:.1} % |",
        100.0 * error,
        100.0 * real(certified) / orders,
        100.0 * real(hand) / all,
        real(keys) / all,
        100.0 * real(over) / orders,
    );
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0..=1000")]
fn thousandths(confidence: f64) -> u32 {
    (confidence * 1_000.0).round() as u32
}

#[expect(clippy::cast_precision_loss, reason = "small counts")]
fn real(count: usize) -> f64 {
    count as f64
}

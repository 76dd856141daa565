//! What decisions teach: the order of candidates, where their list can be cut, and what a confidence is worth.

use crate::data::{Data, is_right};
use gapdeck::domain::{Confidence, ExperimentKey, ListCut, ReviewCard, TrackRecord, VoteWorth};
use gapdeck::evidence::candidates::{choices_of, right_share, shown_first, vote_of};
use gapdeck::insight::conformal::{self, least_score};
use std::collections::BTreeMap;

/// In how many orders the gaps are decided.
const ORDERS: u64 = 10;

/// Judged predictions by experiment and attribute: confidence, and whether it was right.
type Past = BTreeMap<(String, String), Vec<(f64, bool)>>;

/// Sums over all gaps of all orders.
#[derive(Default)]
struct Sums {
    gaps: u32,
    first: [u32; 2],
    second: [u32; 2],
    /// Lists that were cut: how many, how many values they had before and after, and in how many the right one stayed.
    cut: u32,
    before: usize,
    after: usize,
    held: u32,
    /// Confidence as it is claimed and as it is learned, and whether it was right.
    claims: Vec<(f64, bool)>,
    learned: Vec<(f64, bool)>,
}

/// Prints what a reviewer gains who decides all gaps in random order, each list ranked by what was decided before.
pub fn measure(data: &Data, worths: &BTreeMap<String, VoteWorth>) {
    let mut sums = Sums::default();
    for seed in 1..=ORDERS {
        go_through(data, worths, seed, &mut sums);
    }
    let gaps = f64::from(sums.gaps);
    let share = |count: u32| format!("{:.1} %", 100.0 * f64::from(count) / gaps);
    println!("\n| order | first is right | among the first two |\n|---|---|---|");
    for (index, order) in ["by confidence", "learned"].iter().enumerate() {
        println!("| {order} | {} | {} |", share(sums.first[index]), share(sums.second[index]));
    }
    println!(
        "\n{} lists cut, from {:.2} to {:.2} values; {:.1} % of them have the right one.",
        sums.cut,
        real(sums.before) / f64::from(sums.cut.max(1)),
        real(sums.after) / f64::from(sums.cut.max(1)),
        100.0 * f64::from(sums.held) / f64::from(sums.cut.max(1)),
    );
    println!("\n| best prediction's confidence | Brier score | expected calibration error |\n|---|---|---|");
    for (name, pairs) in [("as claimed", &sums.claims), ("by its track record", &sums.learned)] {
        println!("| {name} | {:.4} | {:.4} |", brier(pairs), calibration_error(pairs));
    }
}

fn go_through(data: &Data, worths: &BTreeMap<String, VoteWorth>, seed: u64, sums: &mut Sums) {
    let mut order: Vec<_> = data.truth.iter().collect();
    shuffle(&mut order, seed);
    let mut past = Past::new();
    let mut scores: BTreeMap<String, Vec<Option<f64>>> = BTreeMap::new();
    for ((product, attribute), truth) in order {
        let mut card = data.card(product, attribute, worths.get(attribute));
        let plain = choices_of(&card, vote_of(&card).as_ref());
        card.records = records(&card, attribute, &past);
        let of = scores.entry(attribute.clone()).or_default();
        card.cut = cut(attribute, of);
        let list = choices_of(&card, vote_of(&card).as_ref());
        sums.gaps += 1;
        for (index, list) in [&plain, &list].into_iter().enumerate() {
            let place = list.iter().position(|choice| is_right(truth, &choice.value));
            sums.first[index] += u32::from(place == Some(0));
            sums.second[index] += u32::from(place.is_some_and(|place| place < 2));
        }
        if let Some(shown) = shown_first(&card, &list) {
            sums.cut += 1;
            sums.before += list.len();
            sums.after += shown;
            let held = list[..shown].iter().any(|choice| is_right(truth, &choice.value));
            sums.held += u32::from(held);
        }
        if let Some(best) = plain.first().and_then(|choice| choice.candidates.first()) {
            let right = is_right(truth, &best.value);
            sums.claims.push((best.confidence.map_or(0.5, Confidence::get), right));
            sums.learned.push((right_share(&card, best), right));
        }
        let right = list.iter().find(|choice| is_right(truth, &choice.value));
        of.push(right.and_then(|choice| choice.score));
        for (experiment, value, confidence) in
            data.predictions.get(&(product.clone(), attribute.clone())).into_iter().flatten()
        {
            let key = (experiment.clone(), attribute.clone());
            past.entry(key).or_default().push((*confidence, is_right(truth, value)));
        }
    }
}

/// Returns what the database would say of predictions like a card's own.
fn records(card: &ReviewCard, attribute: &str, past: &Past) -> Vec<TrackRecord> {
    let of = |candidate: &gapdeck::domain::Candidate| {
        let confidence = candidate.confidence?;
        let experiment = candidate.source.key();
        let judged = past.get(&(experiment.to_owned(), attribute.to_owned()))?;
        let mut near: Vec<(f64, bool)> =
            judged.iter().map(|(other, right)| ((other - confidence.get()).abs(), *right)).collect();
        near.sort_by(|a, b| a.0.total_cmp(&b.0));
        near.truncate(TrackRecord::MOST as usize * 2);
        let count = |reach: f64, only_right: bool| {
            near.iter().filter(|(apart, right)| *apart <= reach && (*right || !only_right)).count() as u64
        };
        Some(TrackRecord {
            experiment: ExperimentKey::from(experiment),
            confidence,
            judged: count(TrackRecord::APART, false),
            right: count(TrackRecord::APART, true),
            near: count(1.0, false),
            near_right: count(1.0, true),
        })
    };
    card.candidates.iter().filter_map(of).collect()
}

fn cut(attribute: &str, scores: &[Option<f64>]) -> Option<ListCut> {
    let enough = scores.len() >= conformal::FEWEST;
    enough.then(|| ListCut {
        attribute_key: attribute.into(),
        decided: 0,
        listed: 0,
        score: least_score(scores, 0.1),
        measured_at: chrono::DateTime::UNIX_EPOCH,
    })
}

/// Puts things in another order (Fisher and Yates), by a xorshift generator (Marsaglia 2003).
pub fn shuffle<T>(things: &mut [T], seed: u64) {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    for end in (1..things.len()).rev() {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        let other = usize::try_from((state >> 11) % (end as u64 + 1)).unwrap();
        things.swap(end, other);
    }
}

fn brier(pairs: &[(f64, bool)]) -> f64 {
    let of = |(claim, right): &(f64, bool)| (claim - f64::from(u8::from(*right))).powi(2);
    pairs.iter().map(of).sum::<f64>() / real(pairs.len())
}

/// Ten bins of equal width (Guo et al. 2017).
fn calibration_error(pairs: &[(f64, bool)]) -> f64 {
    let mut bins = [(0.0, 0.0); 10];
    for (claim, right) in pairs {
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0..=10")]
        let bin = ((claim * 10.0) as usize).min(9);
        bins[bin].0 += claim;
        bins[bin].1 += f64::from(u8::from(*right));
    }
    bins.iter().map(|(claimed, right)| (claimed - right).abs()).sum::<f64>() / real(pairs.len())
}

#[allow(clippy::cast_precision_loss, reason = "small counts")]
fn real(count: usize) -> f64 {
    count as f64
}

//! How good the evidence at a gap is, on real products with recorded predictions:
//! `cargo bench --bench evidence -- DIRECTORY`.
//!
//! The directory holds a catalogue as `gapdeck import` reads it (`products.jsonl`, `product_attribute_values.jsonl`,
//! `product_categories.jsonl`, `predictions.jsonl`) and `truth.jsonl` with the right values of some gaps. Products are
//! embedded by the offline hashing embedder and compared exactly. Prints Markdown tables.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a measurement ends where it fails"
)]
#![allow(clippy::print_stdout, reason = "the results are printed")]

mod bulk;
mod data;
mod learning;
mod texts;

use data::{Data, is_right};
use gapdeck::domain::{VoteMark, VoteWorth};
use gapdeck::evidence::candidates::{choices_of, vote_of};
use gapdeck::evidence::vote::{Reading, Vote};
use gapdeck::evidence::worth::{self, Trials};
use std::collections::BTreeMap;
use std::path::PathBuf;

fn main() {
    let Some(directory) = std::env::args().skip(1).find(|argument| argument != "--bench").map(PathBuf::from)
    else {
        println!("evidence: no directory given, nothing measured");
        return;
    };
    let data = Data::read(&directory);
    let worths = accuracy(&data);
    marks(&data, &worths);
    keys(&data, &worths);
    learning::measure(&data, &worths);
    bulk::measure(&data, &worths);
    texts::measure(&data);
}

/// Prints the vote's accuracy by attribute, leave-one-out; returns what it is worth.
fn accuracy(data: &Data) -> BTreeMap<String, VoteWorth> {
    println!(
        "| attribute | known | voted | right | 95 % | most frequent | shown |\n|---|---|---|---|---|---|---|"
    );
    let mut worths = BTreeMap::new();
    let [mut tried, mut voted, mut correct] = [0; 3];
    for attribute in data.attributes() {
        let mut trials = Trials::default();
        for (product, known) in data.known_of(&attribute) {
            trials.add(&known, &data.neighbours(&product, &attribute), Reading::default());
        }
        let worth = trials.worth(attribute.as_str().into());
        [tried, voted, correct] = [tried + worth.tried, voted + worth.voted, correct + worth.correct];
        if let Some(interval) = worth::interval(&worth) {
            let of_voted = |count: i64| percent(whole(count), whole(worth.voted));
            println!(
                "| {attribute} | {} | {} | {} | {:.0}-{:.0} | {} | {} |",
                worth.tried,
                worth.voted,
                of_voted(worth.correct),
                100.0 * interval.low,
                100.0 * interval.high,
                of_voted(worth.frequent),
                if worth::speaks(&worth) { "yes" } else { "no" }
            );
        }
        worths.insert(attribute, worth);
    }
    println!("| all | {tried} | {voted} | {} | | | |", percent(whole(correct), whole(voted)));
    worths
}

fn whole(count: i64) -> u32 {
    u32::try_from(count).unwrap_or(0)
}

/// Prints how often predictions of each mark are right, where the vote speaks.
fn marks(data: &Data, worths: &BTreeMap<String, VoteWorth>) {
    let mut counts: BTreeMap<VoteMark, (u32, u32)> = BTreeMap::new();
    let mut unspoken = (0, 0);
    for ((product, attribute), truth) in &data.truth {
        let Some(best) = data.best(product, attribute) else { continue };
        let right = u32::from(is_right(truth, &best));
        if !worths.get(attribute).is_some_and(worth::speaks) {
            unspoken = (unspoken.0 + 1, unspoken.1 + right);
            continue;
        }
        let vote = Vote::of(&data.neighbours(product, attribute), Reading::default());
        let count = counts.entry(vote.mark(&best, Reading::default())).or_default();
        *count = (count.0 + 1, count.1 + right);
    }
    println!("\n| mark | best predictions | right |\n|---|---|---|");
    for (mark, (n, right)) in counts {
        println!("| {} | {n} | {} |", mark.as_str(), percent(right, n));
    }
    println!("| attribute left out | {} | {} |", unspoken.0, percent(unspoken.1, unspoken.0));
}

/// Prints what a reviewer types who knows the truth: one key where it has a number, otherwise `o`, the value and Enter.
fn keys(data: &Data, worths: &BTreeMap<String, VoteWorth>) {
    let mut ways: [(&str, u32, usize); 3] = [
        ("the best prediction alone", 0, 0),
        ("every prediction has a number", 0, 0),
        ("and what only neighbours have", 0, 0),
    ];
    let (mut gaps, mut shown, mut unpredicted) = (0, 0, (0, 0));
    for ((product, attribute), truth) in &data.truth {
        let card = data.card(product, attribute, worths.get(attribute));
        let typed = truth.iter().map(|value| value.chars().count()).min().unwrap_or(0) + 2;
        let list = choices_of(&card, vote_of(&card).as_ref());
        shown += list.len();
        let place = list.iter().take(9).position(|choice| is_right(truth, &choice.value));
        let predicted = list.iter().filter(|choice| !choice.candidates.is_empty()).count();
        if predicted == 0 {
            unpredicted = (unpredicted.0 + 1, unpredicted.1 + u32::from(place.is_some()));
        }
        for ((_, one, all), reach) in ways.iter_mut().zip([1.min(predicted), predicted, usize::MAX]) {
            let is_there = place.is_some_and(|place| place < reach);
            *one += u32::from(is_there);
            *all += if is_there { 1 } else { typed };
        }
        gaps += 1;
    }
    println!("\n| what has a number | gaps | one key is enough | keys a gap |\n|---|---|---|---|");
    for (way, one, all) in ways {
        println!("| {way} | {gaps} | {} | {:.2} |", percent(one, gaps), real(all) / f64::from(gaps));
    }
    println!("\n{:.2} values listed on a gap.", real(shown) / f64::from(gaps));
    println!(
        "Of {} gaps without a prediction, neighbours have the value of {}.",
        unpredicted.0, unpredicted.1
    );
}

fn percent(part: u32, whole: u32) -> String {
    format!("{:.1} %", 100.0 * f64::from(part) / f64::from(whole.max(1)))
}

#[expect(clippy::cast_precision_loss, reason = "small counts")]
fn real(count: usize) -> f64 {
    count as f64
}

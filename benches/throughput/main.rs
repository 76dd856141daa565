//! How many claims and decisions a second gapdeck makes, beside pgbench: `cargo bench --bench throughput`.
//!
//! For 1, 16 and 64 reviewers (`--reviewers 1,16,64`), each with sessions of their own: claim one gap, decide on it, and again,
//! for some seconds (`--seconds 5`). gapdeck's repository and pgbench take turns (`--rounds 5`), each time on a fresh copy of
//! the same database. What pgbench runs is what gapdeck sent, read off the wire: the same texts, prepared, in the same
//! round trips, with each transaction's own gap and decision. Prints a Markdown table of medians.
//!
//! The server is the tests' (`GAPDECK_TEST_DATABASE_URL`, or one that `tests/server.py` starts); pgbench comes with it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a measurement ends where it fails"
)]
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "the results are printed")]

#[path = "../../tests/support/mod.rs"]
mod support;

mod pgbench;
mod script;
mod work;

use std::time::Duration;
use support::server::{TestDatabase, connect};

/// What to measure.
struct Plan {
    reviewers: Vec<usize>,
    gaps: usize,
    seconds: u64,
    rounds: usize,
}

impl Plan {
    fn from_arguments() -> Self {
        let mut plan = Self { reviewers: vec![1, 16, 64], gaps: 40_000, seconds: 5, rounds: 5 };
        let mut arguments = std::env::args().skip(1);
        while let Some(argument) = arguments.next() {
            let mut value = || arguments.next().unwrap_or_else(|| panic!("{argument} needs a value"));
            let number = |text: String| -> usize { text.trim().parse().expect("a number") };
            match argument.as_str() {
                "--reviewers" => plan.reviewers = value().split(',').map(|one| number(one.into())).collect(),
                "--gaps" => plan.gaps = number(value()),
                "--seconds" => plan.seconds = number(value()) as u64,
                "--rounds" => plan.rounds = number(value()),
                // Cargo's own.
                "--bench" => {}
                other => panic!("unknown argument {other}: --reviewers, --gaps, --seconds or --rounds"),
            }
        }
        plan
    }
}

/// One gap a product, each with three predictions of two experiments.
const GAPS: &str = "
    INSERT INTO raw_attributes (attribute_key, label, data_type) VALUES ('colour', 'Colour', 'text');
    INSERT INTO raw_products (product_key, product_name)
         SELECT 'p' || to_char(n, 'FM0000000'), 'Product ' || n FROM generate_series(1, {gaps}) AS n;
    INSERT INTO prediction_experiments (experiment_key) VALUES ('one'), ('other');
    INSERT INTO prediction_results (experiment_key, product_key, attribute_key, value, confidence)
         SELECT experiment, product_key, 'colour', value, confidence + 0.2 * random() FROM raw_products,
                (VALUES ('one', 'Black', 0.7), ('one', 'White', 0.2), ('other', 'Black', 0.5)) AS v(experiment, value, confidence);
    INSERT INTO raw_product_attribute_gaps (product_key, attribute_key) SELECT product_key, 'colour' FROM raw_products;";

/// Makes a copy of the database that every run starts from.
async fn fresh(gaps: usize) -> TestDatabase {
    let what = format!("throughput_{gaps}");
    TestDatabase::like(&what, async |url| {
        support::backend::migrate(&url).await;
        let client = connect(&url).await;
        client.batch_execute(&GAPS.replace("{gaps}", &gaps.to_string())).await.expect("the gaps");
        client.batch_execute("VACUUM ANALYZE").await.expect("VACUUM");
    })
    .await
}

/// Counts the decisions, after checking that no gap has two.
async fn decided(database: &TestDatabase) -> u64 {
    let row = connect(&database.url)
        .await
        .query_one("SELECT count(*), count(DISTINCT product_key) FROM human_recommendations", &[])
        .await
        .expect("human_recommendations");
    assert_eq!(row.get::<_, i64>(0), row.get::<_, i64>(1), "a gap was decided twice");
    row.get::<_, i64>(0).unsigned_abs()
}

#[expect(clippy::cast_precision_loss, reason = "a few ten thousand")]
fn share(part: u64, whole: u64) -> f64 {
    part as f64 / whole as f64
}

fn median(mut rates: Vec<f64>) -> f64 {
    rates.sort_by(f64::total_cmp);
    rates[rates.len() / 2]
}

#[tokio::main]
async fn main() {
    let plan = Plan::from_arguments();
    let lasts = Duration::from_secs(plan.seconds);
    let threads = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    let build = if cfg!(debug_assertions) { ", a development build: gapdeck's own part is slow" } else { "" };
    println!("{threads} threads, shared by server and clients{build}\n");
    let script = script::of_what_gapdeck_sends(&fresh(plan.gaps).await).await;
    eprintln!("{}", script.text);
    println!("| reviewers | gapdeck, decisions/s | pgbench, decisions/s | ratio | rounds |");
    println!("| ---: | ---: | ---: | ---: | --- |");
    for reviewers in plan.reviewers {
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for round in 0..plan.rounds {
            // Whoever is first in one round is second in the next.
            for turn in 0..2 {
                let database = fresh(plan.gaps).await;
                let decided = if turn == round % 2 {
                    ours.push(work::rate(&database, reviewers, lasts).await);
                    decided(&database).await
                } else {
                    let ran = pgbench::run(&database, &script, reviewers, lasts);
                    let decided = decided(&database).await;
                    // Who got no lease has not decided.
                    theirs.push(ran.rate * share(decided, ran.times));
                    decided
                };
                assert!(
                    decided > 0 && decided < plan.gaps as u64,
                    "{decided} decisions: --gaps is too small"
                );
            }
        }
        let rounds: Vec<String> = ours.iter().zip(&theirs).map(|(a, b)| format!("{:.2}", a / b)).collect();
        let (ours, theirs) = (median(ours), median(theirs));
        println!("| {reviewers} | {ours:.0} | {theirs:.0} | {:.2} | {} |", ours / theirs, rounds.join(" "));
    }
}

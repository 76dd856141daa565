//! What gapdeck's database layer costs, beside the bare statement: `cargo bench --bench database`.
//!
//! For each number of gaps (`--gaps 10000,100000,1000000`) it makes a database up and measures queue page, filtered page,
//! card, decision and neighbours, alternating between gapdeck and the same SQL, prepared once on a bare tokio-postgres
//! connection. `--vectors 10000,100000` measures neighbours by index: recall and time; `--import 200000` an import beside
//! `COPY` of the same rows. Prints Markdown tables of medians.
//!
//! The server is the tests' (`GAPDECK_TEST_DATABASE_URL`, or one that `tests/server.py` starts). With
//! `GAPDECK_BENCH_DATABASE_URL` naming a database that `gapdeck demo --gaps N` has filled, that one is measured alone.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a measurement ends where it fails"
)]
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "the results are printed")]

#[path = "../../tests/support/mod.rs"]
mod support;

mod bare;
mod hot;
mod import;
mod neighbours;
mod sample;

use gapdeck::database::Database;
use gapdeck::demo::fill::{self, Volume};
use gapdeck::transfer::import::Silent;
use std::time::Instant;
use support::server::TestDatabase;

/// What to measure.
struct Plan {
    gaps: Vec<u64>,
    vectors: Vec<u64>,
    import: Option<u64>,
    rounds: usize,
}

impl Plan {
    fn from_arguments() -> Self {
        let mut plan = Self { gaps: Vec::new(), vectors: Vec::new(), import: None, rounds: 200 };
        let mut arguments = std::env::args().skip(1);
        while let Some(argument) = arguments.next() {
            let mut value = || arguments.next().unwrap_or_else(|| panic!("{argument} needs a value"));
            let list = |text: String| -> Vec<u64> {
                text.split(',').map(|number| number.trim().parse().expect("a number")).collect()
            };
            match argument.as_str() {
                "--gaps" => plan.gaps = list(value()),
                "--vectors" => plan.vectors = list(value()),
                "--import" => plan.import = Some(value().parse().expect("a number")),
                "--rounds" => plan.rounds = value().parse().expect("a number"),
                // Cargo's own.
                "--bench" => {}
                other => panic!("unknown argument {other}: --gaps, --vectors, --import or --rounds"),
            }
        }
        if plan.gaps.is_empty() && plan.vectors.is_empty() && plan.import.is_none() {
            plan.gaps = vec![10_000, 100_000, 1_000_000];
            plan.vectors = vec![10_000];
            plan.import = Some(100_000);
        }
        plan
    }
}

/// Makes a database up and returns how long each step took.
async fn filled(volume: Volume) -> (TestDatabase, Vec<(String, f64)>) {
    let database = TestDatabase::migrated().await;
    let gapdeck = Database::connect(&database.url).await.expect("connect");
    let mut connection = gapdeck.connection().await.expect("a connection");
    let filled = fill::fill(&mut connection, volume, &mut Silent).await.expect("fill");
    (database, filled.steps)
}

#[tokio::main]
async fn main() {
    let plan = Plan::from_arguments();
    println!("{}\n", machine());
    if let Ok(url) = std::env::var("GAPDECK_BENCH_DATABASE_URL") {
        let mut results = hot::Results::default();
        hot::measure(&url, "the database named", plan.rounds, &mut results).await;
        println!("{results}");
        return;
    }
    let mut results = hot::Results::default();
    for gaps in &plan.gaps {
        let began = Instant::now();
        eprintln!("making {gaps} gaps up");
        let (database, steps) = filled(Volume::of_gaps(*gaps).expect("a number of gaps")).await;
        println!("{gaps} gaps were made up in {:.0} s:", began.elapsed().as_secs_f64());
        for (step, seconds) in steps {
            println!("* {step}: {seconds:.1} s");
        }
        println!();
        hot::measure(&database.url, &format!("{gaps}"), plan.rounds, &mut results).await;
    }
    if !plan.gaps.is_empty() {
        println!("{results}");
    }
    if !plan.vectors.is_empty() {
        println!(
            "| vectors | index | build s | size | probes or ef | recall@10 | gapdeck ms | bare ms | ratio |"
        );
        println!("| ---: | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
    }
    for vectors in &plan.vectors {
        neighbours::measure(*vectors, plan.rounds.min(100)).await;
    }
    if let Some(gaps) = plan.import {
        import::measure(gaps).await;
    }
}

/// Says what it ran on.
fn machine() -> String {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let processor = read("/proc/cpuinfo");
    let model = processor.lines().find_map(|line| line.strip_prefix("model name\t: ")).unwrap_or("unknown");
    let threads = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    let memory = read("/proc/meminfo");
    let total: u64 = memory
        .lines()
        .find_map(|line| line.strip_prefix("MemTotal:"))
        .and_then(|rest| rest.trim().trim_end_matches(" kB").parse().ok())
        .unwrap_or(0);
    let load = read("/proc/loadavg");
    let build =
        if cfg!(debug_assertions) { "a development build: gapdeck's own part is slow" } else { "release" };
    format!(
        "{model}, {threads} threads, {} GiB; load {} at the start; {build}",
        total / 1_048_576,
        load.split(' ').next().unwrap_or("?")
    )
}

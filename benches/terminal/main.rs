//! How fast gapdeck answers a key, starts, and what it uses while nobody does anything: `cargo bench --bench terminal`.
//!
//! The binary runs in a pseudo-terminal, on the demo on a server (`GAPDECK_TEST_DATABASE_URL`, or one that `tests/server.py`
//! starts), or on the database that `GAPDECK_BENCH_DATABASE_URL` names and `gapdeck demo --gaps N --seed-only` has filled. A key
//! is pressed after a quiet spell, and timed until its first whole frame is written. mc and tig (Debian's packages of these
//! names), where they are installed, move their cursor in the same harness. Prints Markdown tables.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a measurement ends where it fails"
)]
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "the results are printed")]

#[path = "../../tests/support/mod.rs"]
mod support;

mod frames;
mod pty;
mod usage;

use pty::Pty;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use support::binary::Gapdeck;
use support::random::Random;
use support::server::TestDatabase;
use usage::Usage;

const SIZES: [(u16, u16); 2] = [(80, 24), (160, 50)];

/// What to measure.
struct Plan {
    rounds: usize,
    idle: Duration,
}

impl Plan {
    fn from_arguments() -> Self {
        let mut plan = Self { rounds: 200, idle: Duration::from_secs(60) };
        let mut arguments = std::env::args().skip(1);
        while let Some(argument) = arguments.next() {
            let mut value = || -> usize {
                let text = arguments.next().unwrap_or_else(|| panic!("{argument} needs a value"));
                text.parse().expect("a number")
            };
            match argument.as_str() {
                "--rounds" => plan.rounds = value(),
                "--idle" => plan.idle = Duration::from_secs(value() as u64),
                // Cargo's own.
                "--bench" => {}
                other => panic!("unknown argument {other}: --rounds or --idle (seconds)"),
            }
        }
        plan
    }
}

/// A key of the review screen, and the one that leads back from it.
struct Pair {
    what: &'static str,
    there: &'static str,
    back: &'static str,
}

const PAIRS: [Pair; 14] = [
    Pair { what: "next row, back", there: "j", back: "k" },
    Pair { what: "page down, up", there: "\x1b[6~", back: "\x1b[5~" },
    Pair { what: "next candidate, back", there: "l", back: "h" },
    Pair { what: "reasoning", there: "e", back: "e" },
    Pair { what: "to the card, back", there: "\t", back: "\t" },
    Pair { what: "help", there: "?", back: "\x1b" },
    Pair { what: "commands", there: ":", back: "\x1b" },
    Pair { what: "filter", there: "/", back: "\x1b" },
    Pair { what: "product", there: "p", back: "Q" },
    Pair { what: "neighbours", there: "w", back: "Q" },
    Pair { what: "texts", there: "t", back: "Q" },
    Pair { what: "experiments", there: "E", back: "Q" },
    Pair { what: "activity", there: "A", back: "Q" },
    Pair { what: "reject, undo", there: "r", back: "u" },
];

fn percentile(times: &mut [Duration], percent: usize) -> Duration {
    times.sort();
    times[(times.len() - 1) * percent / 100]
}

fn milliseconds(time: Duration) -> String {
    format!("{:.2}", time.as_secs_f64() * 1e3)
}

/// Presses a pair of keys many times, with a pause between; returns the times of all presses until a frame, and until silence.
fn pairs(pty: &mut Pty, pair: &Pair, rounds: usize, random: &mut Random) -> (Vec<Duration>, Vec<Duration>) {
    let (mut painted, mut settled) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        for key in [pair.there, pair.back] {
            std::thread::sleep(Duration::from_millis(20) + random.millis(30));
            let answer = pty.press(key);
            painted.push(answer.painted);
            settled.push(answer.settled);
        }
    }
    (painted, settled)
}

fn keys(command: &Command, size: (u16, u16), rounds: usize) {
    println!("\nKey to painted frame, {}x{}, {rounds} rounds, ms\n", size.0, size.1);
    println!("| key | p50 | p99 | until silence, p50 |\n|---|---|---|---|");
    let mut pty = Pty::start(command, size);
    pty.wait_for("today");
    pty.wait_for("onfidence");
    let mut random = Random::new(6);
    for pair in &PAIRS {
        let (mut painted, mut settled) = pairs(&mut pty, pair, rounds, &mut random);
        println!(
            "| {} | {} | {} | {} |",
            pair.what,
            milliseconds(percentile(&mut painted, 50)),
            milliseconds(percentile(&mut painted, 99)),
            milliseconds(percentile(&mut settled, 50)),
        );
    }
}

/// Tells whether a program is there.
fn is_installed(program: &str) -> bool {
    Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok()
}

/// Moves the cursor of other programs, in the same harness.
fn peers(size: (u16, u16), rounds: usize) {
    let directory = tempfile::tempdir().expect("a directory");
    for number in 0..2_000 {
        std::fs::write(directory.path().join(format!("file-{number:05}.txt")), "").expect("a file");
    }
    let mut mc = Command::new("mc");
    mc.args(["--nomouse", "--nosubshell"]).current_dir(directory.path()).env("HOME", directory.path());
    let mut tig = Command::new("tig");
    tig.current_dir(env!("CARGO_MANIFEST_DIR")).env("HOME", directory.path());
    println!("\nThe same harness, {}x{}, cursor down and up, ms\n", size.0, size.1);
    println!("| program | p50 | p99 | start to first screen |\n|---|---|---|---|");
    for (name, command) in [("mc, 2,000 files", mc), ("tig, this repository's log", tig)] {
        let program = command.get_program().to_string_lossy().into_owned();
        if !is_installed(&program) {
            println!("| {name} | not installed: apt-get install {program} | | |");
            continue;
        }
        let mut pty = Pty::start(&command, size);
        let start = pty.first_frame().settled;
        std::thread::sleep(Duration::from_secs(1));
        let pair = Pair { what: "", there: "\x1bOB", back: "\x1bOA" };
        let mut times = pairs(&mut pty, &pair, rounds, &mut Random::new(6)).1;
        println!(
            "| {name} | {} | {} | {} |",
            milliseconds(percentile(&mut times, 50)),
            milliseconds(percentile(&mut times, 99)),
            milliseconds(start)
        );
    }
}

/// Starts many times; then does nothing for a while, and looks at what that took.
fn start_and_idle(name: &str, command: &Command, plan: &Plan) {
    let (mut frames, mut ready) = (Vec::new(), Vec::new());
    for _ in 0..(plan.rounds / 10).max(5) {
        let mut pty = Pty::start(command, SIZES[0]);
        frames.push(pty.first_frame().painted);
        ready.push(pty.wait_for("onfidence"));
        pty.type_only("q");
        let began = Instant::now();
        while !pty.ended() && began.elapsed() < Duration::from_secs(10) {
            std::thread::sleep(Duration::from_millis(20));
        }
    }
    let mut pty = Pty::start(command, SIZES[1]);
    pty.wait_for("onfidence");
    for _ in 0..100 {
        pty.press("j");
    }
    pty.quiet();
    let (now, most) = usage::memory(pty.process()).unwrap_or_default();
    std::thread::sleep(Duration::from_secs(10));
    let used = Usage::of(pty.process()).map(|before| {
        std::thread::sleep(plan.idle);
        Usage::of(pty.process()).expect("the process").since(before)
    });
    let (processor, wakes) =
        used.map_or(("?".into(), "?".into()), |used| (milliseconds(used.processor), used.wakes.to_string()));
    println!(
        "| {name} | {} | {} | {} | {:.1} | {:.1} | {processor} | {wakes} |",
        milliseconds(percentile(&mut frames, 50)),
        milliseconds(percentile(&mut frames, 99)),
        milliseconds(percentile(&mut ready, 50)),
        now,
        most,
    );
}

fn main() {
    let plan = Plan::from_arguments();
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let named = std::env::var("GAPDECK_BENCH_DATABASE_URL").ok();
    let database = named.is_none().then(|| runtime.block_on(TestDatabase::like("demo", support::demo::seed)));
    let gapdeck = Gapdeck::new();
    let url = named.unwrap_or_else(|| database.as_ref().expect("a database").url.clone());
    let shared = gapdeck.command(&["--database-url", &url]);
    runtime.block_on(frames::measure(&url, plan.rounds * 5));
    for size in SIZES {
        keys(&shared, size, plan.rounds);
        peers(size, plan.rounds);
    }
    println!("\nStart, memory, and {} s without a key\n", plan.idle.as_secs());
    println!(
        "| database | first frame, p50 ms | p99 | card shown, p50 ms | memory, MiB | most | processor, ms | wake-ups |\n|---|---|---|---|---|---|---|---|"
    );
    start_and_idle("shared", &shared, &plan);
    #[cfg(feature = "embedded")]
    {
        let directory = tempfile::tempdir().expect("a directory");
        let embedded = Gapdeck::in_directory(directory.path());
        embedded.succeeds(&["demo", "--seed-only"]);
        start_and_idle("embedded", &embedded.command(&["demo"]), &plan);
    }
}

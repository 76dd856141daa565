//! However gapdeck ends: the terminal is given back, what was decided is kept, the exit code says how.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test ends where it fails")]
#![cfg(unix)]

mod support;

use std::path::PathBuf;
use std::process::Command;
use support::binary::Gapdeck;
use support::demo::demo;
use support::pty::Terminal;
use support::random::Random;

const WIDE: (u16, u16) = (160, 50);

/// Makes a command the arguments of another one, which gets its environment.
fn run_inside(outer: &mut Command, inner: &Command) {
    outer.arg(inner.get_program()).args(inner.get_args());
    for (name, value) in inner.get_envs() {
        match value {
            Some(value) => outer.env(name, value),
            None => outer.env_remove(name),
        };
    }
}

/// Counts the decisions that the database has, once the outbox is sent.
fn decided(gapdeck: &Gapdeck) -> usize {
    gapdeck.succeeds(&["outbox", "send"]);
    let listed = gapdeck.json(&["activity", "--json"]);
    listed.as_array().expect("an array").len()
}

/// Lists the crash reports of the user.
fn reports(gapdeck: &Gapdeck) -> Vec<PathBuf> {
    let directory = gapdeck.home().join(".local/state/gapdeck");
    let entries = std::fs::read_dir(directory).expect("the state directory");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    paths.filter(|path| path.to_string_lossy().contains("crash-")).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn signals_end_gapdeck_with_their_code_and_give_the_terminal_back() {
    let (_database, gapdeck) = demo().await;
    for (decisions, (signal, code)) in [("TERM", 143), ("HUP", 129), ("INT", 130)].into_iter().enumerate() {
        let mut terminal = Terminal::start(&gapdeck, &["demo"], WIDE);
        terminal.wait_for_queue();
        terminal.send("r");
        terminal.wait_for("rejected");
        terminal.signal(signal);
        let status = terminal.wait_for_end();
        assert_eq!(status.exit_code(), code, "{}", terminal.written());
        terminal.assert_restored();
        assert!(terminal.written().contains(&format!("ended by SIG{signal}")), "{}", terminal.written());
        assert_eq!(decided(&gapdeck), decisions + 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_closed_terminal_ends_gapdeck_and_what_was_decided_is_kept() {
    let (_database, gapdeck) = demo().await;
    let closed = Terminal::start_and_close(&gapdeck.command(&["demo"]), WIDE, "Nearest", "r", "rejected");
    assert_eq!(closed.exit_code(), 129);
    assert_eq!(decided(&gapdeck), 1);
}

/// In a session of its own, gapdeck has no controlling terminal, and no signal tells that it is gone.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_closed_terminal_ends_gapdeck_even_where_no_signal_says_so() {
    let (_database, gapdeck) = demo().await;
    let inner = gapdeck.command(&["demo"]);
    let mut command = Command::new("sh");
    command.args(["-c", "trap '' HUP; setsid --wait \"$@\"", "sh"]);
    run_inside(&mut command, &inner);
    let closed = Terminal::start_and_close(&command, WIDE, "Nearest", "r", "rejected");
    assert_eq!(closed.exit_code(), 129);
    assert_eq!(decided(&gapdeck), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fault_gives_the_terminal_back_and_leaves_a_report_without_data() {
    let (_database, gapdeck) = demo().await;
    let mut command = gapdeck.command(&["demo"]);
    command.env("GAPDECK_TEST_FAULT", "Aurora Kettle 1.7 l");
    let mut terminal = Terminal::run(&command, WIDE);
    terminal.wait_for_queue();
    terminal.send("r");
    terminal.wait_for("rejected");
    terminal.send("\x1b[24~");
    let status = terminal.wait_for_end();
    assert_eq!(status.exit_code(), 70, "{}", terminal.written());
    terminal.assert_restored();
    assert!(terminal.written().contains("a fault in gapdeck itself"), "{}", terminal.written());
    let paths = reports(&gapdeck);
    assert_eq!(paths.len(), 1, "{paths:?}");
    let report = std::fs::read_to_string(&paths[0]).expect("the report");
    assert!(report.starts_with(concat!("gapdeck ", env!("CARGO_PKG_VERSION"))), "{report}");
    for part in ["compiler: rustc", "src/tui/event_loop.rs:", "gapdeck::tui::", "may quote data"] {
        assert!(report.contains(part), "{part} is missing: {report}");
    }
    assert!(!report.contains("Aurora"), "{report}");
    assert_eq!(decided(&gapdeck), 1, "what was shown as decided is kept");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_storm_of_sizes_leaves_the_screen_as_it_was() {
    let (_database, gapdeck) = demo().await;
    let mut terminal = Terminal::start(&gapdeck, &["demo"], WIDE);
    terminal.wait_for_queue();
    // Marks come to the list with the cards that are loaded ahead.
    let unmarked = |text: &str| text.replace(['✓', '~', '≠'], " ");
    let before = terminal.screen();
    let mut random = Random::new(7);
    for _ in 0..200 {
        let mut side = |most| u16::try_from(2 + random.below(most)).expect("a size");
        terminal.resize(side(300), side(100));
    }
    terminal.resize(WIDE.0, WIDE.1);
    terminal.wait_until("the same screen", |screen| unmarked(&screen.contents()) == unmarked(&before));
    terminal.send("q");
    assert!(terminal.wait_for_end().success());
    terminal.assert_restored();
}

/// A shell with job control stops and continues what it runs, as people do.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn suspended_gapdeck_gives_the_terminal_to_the_shell_and_takes_it_back() {
    let (_database, gapdeck) = demo().await;
    let inner = gapdeck.command(&["demo"]);
    let script = "\"$@\"; echo \"stopped $?\"; read -r go; fg; echo \"ended $?\"";
    let mut command = Command::new("bash");
    command.args(["--norc", "-i", "-c", script, "bash"]);
    run_inside(&mut command, &inner);
    let mut terminal = Terminal::run(&command, WIDE);
    terminal.wait_for_queue();
    terminal.send("r");
    terminal.wait_for("rejected");
    terminal.send("\x1a");
    terminal.wait_until("the shell", |screen| {
        !screen.alternate_screen() && !screen.hide_cursor() && screen.contents().contains("stopped 148")
    });
    // What is typed now is the shell's.
    terminal.send("q\n");
    terminal.wait_for_queue();
    terminal.wait_for("rejected");
    terminal.send("q");
    terminal.wait_for("ended 0");
    terminal.wait_for_end();
    terminal.assert_restored();
    assert_eq!(decided(&gapdeck), 1);
}

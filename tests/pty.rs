//! The real binary in a real terminal, on an embedded demo.

#![cfg(all(unix, feature = "embedded"))]

mod support;

use serde_json::Value;
use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;
use support::binary::Gapdeck;
use support::pty::Terminal;
use tempfile::TempDir;

const WIDE: (u16, u16) = (160, 50);

/// Returns a data directory of its own with the demo in it; made once, then copied.
fn demo() -> TempDir {
    static SEEDED: OnceLock<TempDir> = OnceLock::new();
    let seeded = SEEDED.get_or_init(|| {
        let directory = directory();
        Gapdeck::in_directory(directory.path()).succeeds(&["demo", "--seed-only"]);
        directory
    });
    let copy = directory();
    let from = seeded.path().join(".");
    let done = Command::new("cp").arg("-a").arg(from).arg(copy.path()).status().expect("cp");
    assert!(done.success());
    copy
}

/// Returns an empty directory with a short path: a socket in it has to fit into some hundred bytes.
fn directory() -> TempDir {
    tempfile::Builder::new().prefix("gd").tempdir_in("/tmp").expect("a directory")
}

fn start(directory: &Path) -> (Gapdeck, Terminal) {
    let gapdeck = Gapdeck::in_directory(directory);
    let terminal = Terminal::start(&gapdeck, &["demo"], WIDE);
    (gapdeck, terminal)
}

fn wait_for_queue(terminal: &Terminal) -> String {
    terminal.wait_until("the queue", |screen| {
        let text = screen.contents();
        text.contains(" open") && text.contains(" today")
    })
}

/// Quits with the key, and checks how the terminal was left.
fn quit(mut terminal: Terminal) {
    terminal.send("q");
    let status = terminal.wait_for_end();
    assert!(status.success(), "{status:?}: {}", terminal.written());
    terminal.assert_restored();
}

fn decisions(gapdeck: &Gapdeck) -> Vec<Value> {
    let listed = gapdeck.json(&["queue", "--json", "--state", "decided", "--limit", "100"]);
    listed.as_array().expect("an array").clone()
}

#[test]
fn the_first_start_makes_the_demo_and_shows_what_it_does() {
    let directory = directory();
    let (_gapdeck, terminal) = start(directory.path());
    terminal.wait_until("a first frame", |screen| {
        screen.alternate_screen() && screen.contents().contains("gapdeck")
    });
    wait_for_queue(&terminal);
    quit(terminal);
}

#[test]
fn a_decision_is_there_after_a_restart() {
    let directory = demo();
    let (gapdeck, terminal) = start(directory.path());
    wait_for_queue(&terminal);
    terminal.wait_for("0 today");
    terminal.send("a");
    terminal.wait_until("the decision to be saved", |screen| {
        let text = screen.contents();
        text.contains("1 today") && text.contains("saved")
    });
    quit(terminal);

    let decided = decisions(&gapdeck);
    assert_eq!(decided.len(), 1, "{decided:#?}");
    assert_eq!((&decided[0]["state"], &decided[0]["decided_by"]), (&"accepted".into(), &"ada".into()));
    assert_eq!(decided[0]["decided_value"], decided[0]["candidates"][0]["value"]);

    let terminal = Terminal::start(&gapdeck, &["demo"], WIDE);
    wait_for_queue(&terminal);
    terminal.wait_for("1 today");
    quit(terminal);
}

#[test]
fn an_undo_after_a_restart_takes_the_decision_back() {
    let directory = demo();
    let (gapdeck, terminal) = start(directory.path());
    wait_for_queue(&terminal);
    terminal.wait_for("0 today");
    terminal.send("r");
    terminal.wait_for("1 today");
    quit(terminal);
    let decided = decisions(&gapdeck);
    assert_eq!(decided[0]["state"], "rejected");

    let terminal = Terminal::start(&gapdeck, &["demo"], WIDE);
    wait_for_queue(&terminal);
    terminal.wait_for("1 today");
    terminal.send("u");
    terminal.wait_for("0 today");
    quit(terminal);
    assert_eq!(decisions(&gapdeck), [Value::Null; 0]);
    let key = |name: &str| decided[0][name].as_str().expect("a key").to_owned();
    let history = gapdeck.json(&["history", &key("product_key"), &key("attribute_key"), "--json"]);
    let actions: Vec<_> =
        history.as_array().expect("an array").iter().map(|event| &event["action"]).collect();
    assert_eq!(actions, ["reject", "undo"]);
}

#[test]
fn a_terminal_made_tiny_and_wide_again_shows_the_queue_again() {
    let directory = demo();
    let (_gapdeck, terminal) = start(directory.path());
    let before = wait_for_queue(&terminal);
    terminal.resize(20, 5);
    terminal.wait_until("the tiny screen", |screen| {
        let text = screen.contents();
        screen.size() == (5, 20) && !text.trim().is_empty() && !text.contains(" today")
    });
    terminal.resize(WIDE.0, WIDE.1);
    let after = wait_for_queue(&terminal);
    assert_eq!(after.lines().next(), before.lines().next());
    terminal.resize(80, 24);
    terminal.wait_until("the queue at 80x24", |screen| {
        screen.size() == (24, 80) && screen.contents().contains("gapdeck")
    });
    quit(terminal);
}

#[test]
fn a_terminate_signal_gives_the_terminal_back() {
    let directory = demo();
    let (gapdeck, mut terminal) = start(directory.path());
    wait_for_queue(&terminal);
    terminal.signal("TERM");
    let status = terminal.wait_for_end();
    assert!(!status.success(), "a signal is no success: {status:?}");
    terminal.assert_restored();
    assert_eq!(decisions(&gapdeck), [Value::Null; 0], "the database opens again");
}

#[test]
fn a_killed_gapdeck_leaves_a_database_that_opens_again_with_what_was_saved() {
    let directory = demo();
    let (gapdeck, mut terminal) = start(directory.path());
    wait_for_queue(&terminal);
    terminal.wait_for("0 today");
    terminal.send("a");
    terminal.wait_until("the decision to be saved", |screen| {
        let text = screen.contents();
        text.contains("1 today") && text.contains("saved")
    });
    terminal.signal("KILL");
    terminal.wait_for_end();
    assert_eq!(decisions(&gapdeck).len(), 1);
}

#[test]
fn a_second_gapdeck_on_the_same_directory_says_so_and_ends() {
    let directory = demo();
    let (gapdeck, terminal) = start(directory.path());
    wait_for_queue(&terminal);
    let message = gapdeck.fails(4, &["queue", "--json"]);
    let in_use = message.contains("in use") || message.contains("another gapdeck");
    assert!(in_use && message.contains(&*directory.path().to_string_lossy()), "{message}");

    let mut second = Terminal::start(&gapdeck, &["demo"], WIDE);
    let status = second.wait_for_end();
    assert_eq!(status.exit_code(), 4, "{}", second.written());
    second.assert_restored();
    quit(terminal);
}

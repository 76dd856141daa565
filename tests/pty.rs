//! The real binary in a real terminal, on the demo.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test ends where it fails")]
#![cfg(unix)]

mod support;

#[path = "pty/hands.rs"]
mod hands;

use gapdeck::domain::{Action, Decision};
use serde_json::Value;
use support::backend::server_store;
use support::binary::Gapdeck;
use support::demo::demo;
use support::fixture::decision;
use support::pty::Terminal;
use support::server::TestDatabase;

const WIDE: (u16, u16) = (160, 50);

/// Makes a database on the server with the demo in it, and starts gapdeck on it.
async fn start() -> (TestDatabase, Gapdeck, Terminal) {
    let (database, gapdeck) = demo().await;
    let terminal = Terminal::start(&gapdeck, &["demo"], WIDE);
    (database, gapdeck, terminal)
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

/// Decides with a key and waits until the decision is saved.
fn decide(terminal: &Terminal, key: &str) {
    terminal.wait_for("0 today");
    terminal.send(key);
    terminal.wait_until("the decision to be saved", |screen| {
        let text = screen.contents();
        text.contains("1 today") && text.contains("saved")
    });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_undo_after_a_restart_takes_the_decision_back() {
    let (_database, gapdeck, terminal) = start().await;
    terminal.wait_for_queue();
    decide(&terminal, "r");
    quit(terminal);
    let decided = decisions(&gapdeck);
    assert_eq!(decided[0]["state"], "rejected");

    let terminal = Terminal::start(&gapdeck, &["demo"], WIDE);
    terminal.wait_for_queue();
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bulk_action_is_taken_back_as_one_on_the_activity_screen() {
    let (database, gapdeck, terminal) = start().await;
    terminal.wait_for_queue();
    let gaps = gapdeck.json(&["queue", "--json", "--limit", "3"]);
    let key = |gap: &Value, name: &str| gap[name].as_str().expect("a key").to_owned();
    let bulk: Vec<Decision> = gaps
        .as_array()
        .expect("an array")
        .iter()
        .map(|gap| (key(gap, "product_key"), key(gap, "attribute_key")))
        .map(|(product, attribute)| decision((&product, &attribute), Action::Reject, None, 0))
        .map(|one| Decision { batch: Some(uuid::Uuid::from_u128(7)), ..one })
        .collect();
    let store = server_store(&database.url).await;
    store.decide_together(&bulk).await.expect("decide together");
    terminal.send("A");
    terminal.wait_for("every decision");
    terminal.wait_for("bulk action 00000000");
    terminal.send("u");
    terminal.wait_for("take back 3");
    terminal.send("y");
    terminal.wait_until("three undos on top of what they undo", |screen| {
        let text = screen.contents();
        text.matches("· undone").count() >= 3 && text.contains("of 6")
    });
    terminal.send("Q");
    terminal.wait_for_queue();
    quit(terminal);
    assert_eq!(decisions(&gapdeck), [Value::Null; 0]);
    let told = gapdeck.json(&["activity", "--json", "--action", "undo"]);
    let batches: Vec<_> = told.as_array().expect("an array").iter().map(|row| &row["batch"]).collect();
    assert_eq!(batches, ["00000000-0000-0000-0000-000000000007"; 3]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_terminal_made_tiny_and_wide_again_shows_the_queue_again() {
    let (_database, _gapdeck, terminal) = start().await;
    let before = terminal.wait_for_queue();
    terminal.resize(20, 5);
    terminal.wait_until("what is wrong with the size", |screen| {
        screen.contents().split_whitespace().any(|word| word.contains("20x5"))
    });
    terminal.resize(80, 24);
    terminal.wait_until("the queue at 80x24", |screen| {
        let first = screen.contents().lines().next().unwrap_or_default().to_owned();
        first.contains("gapdeck") && first.contains(" open")
    });
    terminal.resize(WIDE.0, WIDE.1);
    terminal.wait_until("the first line as before", |screen| {
        screen.contents().lines().next() == before.lines().next()
    });
    quit(terminal);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_terminal_made_tiny_for_a_moment_is_drawn_anew() {
    let (_database, _gapdeck, terminal) = start().await;
    let before = terminal.wait_for_queue();
    // The terminal forgets what no longer fits; gapdeck may see the old size in both signals.
    terminal.resize(20, 5);
    terminal.resize(WIDE.0, WIDE.1);
    // Marks come to the list with the cards that are loaded ahead.
    let unmarked = |text: &str| text.replace(['✓', '~', '≠'], " ");
    terminal.wait_until("the same screen", |screen| unmarked(&screen.contents()) == unmarked(&before));
    quit(terminal);
}

#[cfg(feature = "embedded")]
mod embedded {
    use super::*;
    use std::path::Path;
    use std::process::Command;
    use std::sync::OnceLock;
    use tempfile::TempDir;

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

    #[test]
    fn the_first_start_makes_the_demo_and_a_decision_is_there_after_a_restart() {
        let directory = directory();
        let (gapdeck, terminal) = start(directory.path());
        terminal.wait_until("a first frame", |screen| {
            screen.alternate_screen() && screen.contents().contains("gapdeck")
        });
        terminal.wait_for_queue();
        decide(&terminal, "r");
        quit(terminal);

        let decided = decisions(&gapdeck);
        assert_eq!(decided.len(), 1, "{decided:#?}");
        assert_eq!((&decided[0]["state"], &decided[0]["decided_by"]), (&"rejected".into(), &"ada".into()));
        assert_eq!(decided[0]["decided_value"], Value::Null);

        let terminal = Terminal::start(&gapdeck, &["demo"], WIDE);
        terminal.wait_for_queue();
        terminal.wait_for("1 today");
        quit(terminal);
    }

    #[test]
    fn a_killed_gapdeck_leaves_a_database_that_opens_again_with_what_was_saved() {
        let directory = demo();
        let (gapdeck, mut terminal) = start(directory.path());
        terminal.wait_for_queue();
        decide(&terminal, "r");
        terminal.signal("KILL");
        terminal.wait_for_end();
        assert_eq!(decisions(&gapdeck).len(), 1);
    }

    #[test]
    fn a_second_gapdeck_on_the_same_directory_says_so_and_ends() {
        let directory = demo();
        let (gapdeck, mut terminal) = start(directory.path());
        terminal.wait_for_queue();
        let message = gapdeck.fails(4, &["queue", "--json"]);
        let in_use = message.contains("in use") || message.contains("another gapdeck");
        assert!(in_use && message.contains(&*directory.path().to_string_lossy()), "{message}");

        let mut second = Terminal::start(&gapdeck, &["demo"], WIDE);
        let status = second.wait_for_end();
        assert_eq!(status.exit_code(), 4, "{}", second.written());
        second.assert_restored();

        terminal.signal("TERM");
        terminal.wait_for_end();
        terminal.assert_restored();
        assert_eq!(decisions(&gapdeck), [Value::Null; 0], "the database opens again");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stale_views_are_refreshed_beside_the_review_unless_turned_off() {
    let database = TestDatabase::migrated().await;
    support::fixture::open_shop(&*support::backend::server_store(&database.url).await).await;
    let gapdeck = Gapdeck::on(&database);
    let client = database.client().await;
    let refreshed = async || -> i64 {
        client.query_one("SELECT count(*) FROM view_refreshes", &[]).await.unwrap().get(0)
    };
    let off = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(off.path(), "refresh_views_after = \"0\"").unwrap();
    let terminal = Terminal::start(&gapdeck, &["--config", off.path().to_str().unwrap()], WIDE);
    terminal.wait_for("Aurora");
    quit(terminal);
    assert_eq!(refreshed().await, 0);

    let terminal = Terminal::start(&gapdeck, &[], WIDE);
    terminal.wait_for("Aurora");
    let all = async {
        while refreshed().await < 3 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(60), all).await.expect("three refreshes");
    quit(terminal);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_configuration_with_mistakes_is_told_on_the_screen_and_what_is_right_of_it_holds() {
    let (_database, gapdeck, terminal) = start().await;
    quit(terminal);
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(
        file.path(),
        "reviewr = 'x'\nglyphs = 'ascii'\n[keys.common]\nquit = 'F10'\nhelp = 'h h'\n",
    )
    .unwrap();
    let mut terminal = Terminal::start(&gapdeck, &["demo", "--config", file.path().to_str().unwrap()], WIDE);
    terminal.wait_for("did you mean \"reviewer\"?");
    terminal.wait_for(":5: \"h h\" for help begins with \"h\", which is previous-candidate's");
    terminal.send("\r");
    let screen = terminal.wait_for_queue();
    assert!(screen.contains("? help") && screen.contains("+ Gaps ---"), "{screen}");
    terminal.send("q?quit");
    terminal.wait_for("F10");
    // Esc leaves the search, then the help; apart, since Esc before a sequence is Alt.
    terminal.send("\x1b");
    terminal.wait_until("the whole help", |screen| !screen.contents().contains("search: quit"));
    terminal.send("\x1b");
    terminal.wait_until("the queue", |screen| !screen.contents().contains("search:"));
    terminal.send("\x1b[21~");
    assert!(terminal.wait_for_end().success());
    terminal.assert_restored();
}

#[test]
fn a_file_that_may_have_named_the_database_is_asked_about() {
    let gapdeck = Gapdeck::new();
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "databse_url = 'postgres://host/db'\n").unwrap();
    let mut terminal = Terminal::start(&gapdeck, &["--config", file.path().to_str().unwrap()], WIDE);
    terminal.wait_for("did you mean \"database_url\"?");
    terminal.wait_for("Ctrl-C ends");
    terminal.send("\x03");
    terminal.wait_for_end();
    assert!(!terminal.written().contains("\x1b[?1049h"), "nothing was opened");
}

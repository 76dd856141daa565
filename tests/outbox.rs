//! A decision that was shown is in the database once, whatever dies: gapdeck, the server, or the room on the disk.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test ends where it fails")]
#![cfg(unix)]

mod support;

#[path = "outbox/cut.rs"]
mod cut;
#[path = "outbox/headless.rs"]
mod headless;
#[path = "outbox/killed.rs"]
mod killed;

use serde_json::Value;
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use support::binary::Gapdeck;
use support::demo::{demo, seed};
use support::pty::Terminal;
use support::server::connect;

const WIDE: (u16, u16) = (160, 50);

/// Waits until the card beside the list is the one of the row under the cursor: an older one is dim as a whole.
fn wait_for_card(terminal: &Terminal) {
    terminal.wait_until("the card", |screen| {
        let cells = (3..40).flat_map(|row| (59..157).filter_map(move |column| screen.cell(row, column)));
        cells
            .filter(|cell| cell.has_contents() && cell.contents() != " ")
            .any(|cell| !cell.dim() && !cell.bold())
    });
}

/// Looks at rows from the one under the cursor on, so that their cards are at hand whatever happens to the server.
fn look_ahead(terminal: &Terminal, at: usize, rows: usize) {
    let arrive = |row: usize| {
        terminal.wait_for(&format!("╰ {row} of "));
        wait_for_card(terminal);
    };
    arrive(at);
    for row in at + 1..at + rows {
        terminal.send("j");
        arrive(row);
    }
    for row in (at..at + rows - 1).rev() {
        terminal.send("k");
        arrive(row);
    }
}

/// Counts the rows of the list that show what was decided.
fn shown(screen: &str) -> usize {
    let words = ["rejected", "not applicable", "deferred", "pending", "saving"];
    let list = screen.lines().skip(2).map(|line| line.chars().take(57).collect::<String>());
    list.filter(|line| words.iter().any(|word| line.contains(word))).count()
}

/// What the database holds: the ids of the decisions, after checking that no gap was decided twice.
async fn stored(url: &str) -> HashSet<String> {
    let rows = connect(url)
        .await
        .query(
            "SELECT decision_id::text, product_key || ' / ' || attribute_key, result_version FROM human_recommendations",
            &[],
        )
        .await
        .expect("human_recommendations");
    let gaps: HashSet<String> = rows.iter().map(|row| row.get(1)).collect();
    assert_eq!(gaps.len(), rows.len(), "a gap was decided twice");
    assert!(rows.iter().all(|row| row.get::<_, i32>(2) == 1));
    rows.iter().map(|row| row.get(0)).collect()
}

/// Lists what the outbox holds: (decision, status, whether a running gapdeck works on it).
fn outbox(gapdeck: &Gapdeck) -> Vec<(String, String, bool)> {
    let listed = gapdeck.json(&["outbox", "--json"]);
    let text = |one: &Value, field: &str| one[field].as_str().expect(field).to_owned();
    listed
        .as_array()
        .expect("an array")
        .iter()
        .map(|one| (text(one, "decision_id"), text(one, "status"), one["held"] == true))
        .collect()
}

fn files_below(directory: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(directory) else { return Vec::new() };
    let paths = entries.flatten().map(|entry| entry.path());
    paths.flat_map(|path| if path.is_dir() { files_below(&path) } else { vec![path] }).collect()
}

/// Returns the files of a user's outboxes.
fn outbox_files(gapdeck: &Gapdeck) -> Vec<PathBuf> {
    let mut files = files_below(&gapdeck.home().join(".local/state/gapdeck/outbox"));
    files.sort();
    files
}

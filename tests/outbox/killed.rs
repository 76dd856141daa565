//! gapdeck killed at any moment.

use super::*;
use std::collections::HashMap;
use support::random::Random;

/// How often gapdeck is killed: enough for every run, or as often as the promise says.
fn kills() -> usize {
    match std::env::var("GAPDECK_SOAK") {
        Ok(text) => {
            assert_eq!(text, "full", "GAPDECK_SOAK can only be \"full\"");
            200
        }
        Err(_) => 20,
    }
}

/// What the list says of a gap, and the action that led to it.
const WORDS: [(&str, &str); 3] =
    [("rejected", "reject"), ("not applicable", "not_applicable"), ("deferred", "defer")];

/// Lists the first open gaps, in the order of the screen.
fn first_open(gapdeck: &Gapdeck) -> Vec<String> {
    let listed = gapdeck.json(&["queue", "--json", "--limit", "6"]);
    let key = |gap: &Value, field: &str| gap[field].as_str().expect(field).to_owned();
    let gaps = listed.as_array().expect("an array").iter();
    gaps.map(|gap| format!("{} / {}", key(gap, "product_key"), key(gap, "attribute_key"))).collect()
}

/// Reads off the list which of its gaps were decided, and how.
fn said(screen: &str, gaps: &[String]) -> Vec<(String, &'static str)> {
    let rows = screen.lines().skip(3).map(|line| line.chars().take(57).collect::<String>());
    rows.zip(gaps)
        .filter_map(|(row, gap)| {
            let (_, action) = WORDS.iter().find(|(word, _)| row.contains(word))?;
            Some((gap.clone(), *action))
        })
        .collect()
}

/// Loads what the database holds of each gap.
async fn actions(url: &str) -> HashMap<String, String> {
    let sql = "SELECT product_key || ' / ' || attribute_key, action FROM human_recommendations";
    let rows = connect(url).await.query(sql, &[]).await.expect("human_recommendations");
    rows.iter().map(|row| (row.get(0), row.get(1))).collect()
}

/// Starts gapdeck, lets it send what the last one left, and starts it anew if that is in its list: then every row that
/// shows a decision is of this run.
fn fresh(gapdeck: &Gapdeck) -> Terminal {
    loop {
        let mut terminal = Terminal::start(gapdeck, &["demo"], WIDE);
        terminal.wait_for_queue();
        terminal.wait_for("· saved");
        // What rests is sent behind the list: a row may still become decided until nothing rests.
        let is_sent = outbox(gapdeck).is_empty();
        if is_sent && shown(&terminal.screen()) == 0 {
            return terminal;
        }
        terminal.send("q");
        assert!(terminal.wait_for_end().success(), "{}", terminal.written());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_shown_or_kept_is_in_the_database_once_however_often_gapdeck_is_killed() {
    let (database, gapdeck) = demo().await;
    let mut random = Random::new(4);
    let (mut seen, mut kept, mut rested) = (Vec::new(), HashSet::new(), 0);
    for kill in 0..kills() {
        let mut terminal = fresh(&gapdeck);
        let gaps = first_open(&gapdeck);
        look_ahead(&terminal, 1, 5);
        let keys: String = (0..6).map(|_| ["r", "n", "d"][random.below(3)]).collect();
        terminal.send(&keys);
        let enough = random.below(5);
        terminal.wait_until(&format!("{enough} decisions"), |screen| shown(&screen.contents()) >= enough);
        if random.one_in(2) {
            // Not only right after a frame.
            tokio::time::sleep(random.millis(30)).await;
        }
        terminal.signal("KILL");
        terminal.wait_for_end();
        seen.extend(said(&terminal.screen(), &gaps));
        let left = outbox(&gapdeck);
        assert!(left.iter().all(|(_, status, held)| status == "pending" && !held), "kill {kill}: {left:?}");
        rested += left.len();
        kept.extend(left.into_iter().map(|(id, ..)| id));
    }
    gapdeck.succeeds(&["outbox", "send"]);
    assert_eq!(outbox(&gapdeck), []);
    // A file that was being made holds no decision yet; a later start clears it away.
    let mut left = outbox_files(&gapdeck);
    left.retain(|path| path.extension().is_none_or(|extension| extension != "new"));
    assert_eq!(left, [""; 0].map(PathBuf::from), "nothing is left behind");
    let stored = stored(&database.url).await;
    assert!(kept.is_subset(&stored), "lost: {:?}", kept.difference(&stored));
    let actions = actions(&database.url).await;
    for (gap, action) in &seen {
        assert_eq!(actions.get(gap).map(String::as_str), Some(*action), "{gap} was shown as decided");
    }
    let seen = seen.len();
    assert!(
        seen > 0 && rested > 0,
        "{seen} were shown, {rested} were only on the disk: nothing was put to the test"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_undo_reaches_what_an_earlier_run_decided_without_the_database() {
    let mut server = support::cluster::Cluster::primary().await;
    let url = server.url("postgres");
    seed(url.clone()).await;
    let gapdeck = Gapdeck::new();
    let start = || Terminal::start(&gapdeck, &["demo", "--database-url", &url], WIDE);
    let mut terminal = start();
    look_ahead(&terminal, 1, 1);
    server.stop();
    terminal.send("r");
    terminal.wait_for("1 pending");
    terminal.signal("KILL");
    terminal.wait_for_end();
    server.start().await;
    let terminal = start();
    terminal.wait_for_queue();
    terminal.wait_for("· saved");
    terminal.send("u");
    terminal.wait_for("Undid reject");
    terminal.wait_for("· saved");
    drop(terminal);
    let actions = server
        .client("postgres")
        .await
        .query("SELECT action FROM human_recommendations ORDER BY result_version", &[])
        .await
        .expect("human_recommendations");
    let actions: Vec<String> = actions.iter().map(|row| row.get(0)).collect();
    assert_eq!(actions, ["reject", "undo"]);
}

//! gapdeck killed at any moment.

use super::*;

/// How often gapdeck is killed: enough for every run, or as many as `GAPDECK_SOAK_KILLS` says.
fn kills() -> usize {
    std::env::var("GAPDECK_SOAK_KILLS").map_or(20, |text| text.parse().expect("GAPDECK_SOAK_KILLS"))
}

/// Numbers that look random (xorshift64, Marsaglia 2003), the same in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % bound as u64).unwrap()
    }
}

/// Starts gapdeck, lets it send what the last one left, and starts it anew if that is in its list: then every row that
/// shows a decision is of this run.
fn fresh(gapdeck: &Gapdeck) -> Terminal {
    loop {
        let mut terminal = Terminal::start(gapdeck, &["demo"], WIDE);
        wait_for_queue(&terminal);
        let text = terminal.wait_for("· saved");
        if shown(&text) == 0 {
            return terminal;
        }
        terminal.send("q");
        assert!(terminal.wait_for_end().success(), "{}", terminal.written());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_shown_or_kept_is_in_the_database_once_however_often_gapdeck_is_killed() {
    let (database, gapdeck) = demo().await;
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let (mut seen, mut kept, mut rested) = (0, HashSet::new(), 0);
    for kill in 0..kills() {
        let mut terminal = fresh(&gapdeck);
        look_ahead(&terminal, 1, 5);
        let keys: String = (0..6).map(|_| ["r", "n", "d"][random.below(3)]).collect();
        terminal.send(&keys);
        let enough = random.below(5);
        terminal.wait_until(&format!("{enough} decisions"), |screen| shown(&screen.contents()) >= enough);
        terminal.signal("KILL");
        terminal.wait_for_end();
        seen += shown(&terminal.screen());
        let left = outbox(&gapdeck);
        assert!(left.iter().all(|(_, status, held)| status == "pending" && !held), "kill {kill}: {left:?}");
        rested += left.len();
        kept.extend(left.into_iter().map(|(id, ..)| id));
    }
    gapdeck.succeeds(&["outbox", "send"]);
    assert_eq!(outbox(&gapdeck), []);
    assert_eq!(outbox_files(&gapdeck), [""; 0].map(PathBuf::from), "nothing is left behind");
    let stored = stored(&database.url).await;
    assert!(kept.is_subset(&stored), "lost: {:?}", kept.difference(&stored));
    assert!(stored.len() >= seen, "{} stored, {seen} shown", stored.len());
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
    wait_for_queue(&terminal);
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

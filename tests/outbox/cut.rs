//! The server gone for a while, two gapdecks at once, and no room on the disk.

use super::*;
use std::process::Command;
use support::cluster::Cluster;

async fn server() -> (Cluster, String) {
    let server = Cluster::primary().await;
    let url = server.url("postgres");
    seed(url.clone()).await;
    (server, url)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn deciding_goes_on_while_the_server_is_killed_and_everything_is_sent_once_it_is_back() {
    let (mut server, url) = server().await;
    let gapdeck = Gapdeck::new();
    let mut terminal = Terminal::start(&gapdeck, &["demo", "--database-url", &url], WIDE);
    terminal.wait_for_queue();
    for round in 0..3 {
        // The cards that come next are at hand before the server goes.
        look_ahead(&terminal, 3 * round + 1, 3);
        terminal.send("r");
        server.kill();
        terminal.send("nd");
        let all = 3 * round + 3;
        terminal.wait_until("three more decisions", |screen| shown(&screen.contents()) == all);
        terminal.wait_for(" pending");
        server.start().await;
        terminal.wait_for(&format!("{all} today · saved"));
    }
    terminal.send("q");
    assert!(terminal.wait_for_end().success(), "{}", terminal.written());
    assert_eq!(stored(&url).await.len(), 9);
    assert_eq!(outbox_files(&gapdeck).len(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn quitting_without_the_server_says_what_rests_and_another_gapdeck_of_the_user_keeps_its_own() {
    let (mut server, url) = server().await;
    let gapdeck = Gapdeck::new();
    let place = ["--database-url", url.as_str()];
    let start = || Terminal::start(&gapdeck, &[&["demo"][..], &place].concat(), WIDE);
    let (mut first, mut second) = (start(), start());
    first.wait_for_queue();
    look_ahead(&first, 1, 1);
    second.wait_for_queue();
    look_ahead(&second, 1, 2);
    server.stop();
    first.send("r");
    first.wait_for("1 pending");
    // Not the same gap: the database would rightly take only one of the two.
    second.send("j");
    second.wait_for("2 of ");
    second.send("n");
    second.wait_for("1 pending");
    let listed = gapdeck.json(&[&["outbox", "--json"][..], &place].concat());
    let held = |listed: &Value| -> Vec<bool> {
        listed.as_array().expect("an array").iter().map(|one| one["held"] == true).collect()
    };
    assert_eq!(held(&listed), [true, true], "{listed:#}");
    let files = outbox_files(&gapdeck);
    assert_eq!(files.len(), 2);

    first.send("q");
    assert!(first.wait_for_end().success());
    assert!(first.written().contains("1 decision rests in the outbox"), "{}", first.written());
    let listed = gapdeck.json(&[&["outbox", "--json"][..], &place].concat());
    assert_eq!(held(&listed), [false, true], "{listed:#}");

    server.start().await;
    second.wait_for("· saved");
    second.send("q");
    second.wait_for_end();
    assert_eq!(stored(&url).await.len(), 1, "each sends its own");
    let told = gapdeck.json(&[&["outbox", "send", "--json"][..], &place].concat());
    assert_eq!(told["sent"], 1);
    assert_eq!(stored(&url).await.len(), 2);
    assert_eq!(outbox_files(&gapdeck).len(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_room_on_the_disk_a_decision_is_refused_before_it_is_shown_and_nothing_typed_is_lost() {
    let (database, gapdeck) = demo().await;
    let inner = gapdeck.command(&["demo"]);
    let mut limited = Command::new("sh");
    // In units of 512 bytes; bash takes 1024.
    limited.args(["-c", "ulimit -f 24; exec \"$@\"", "sh"]).arg(inner.get_program()).args(inner.get_args());
    for (name, value) in inner.get_envs() {
        match value {
            Some(value) => limited.env(name, value),
            None => limited.env_remove(name),
        };
    }
    let mut terminal = Terminal::run(&limited, WIDE);
    terminal.wait_for_queue();
    wait_for_card(&terminal);
    let mut decided = 0;
    let refused = loop {
        let before = decided;
        terminal.send("r");
        let text = terminal.wait_until("an answer", |screen| {
            let text = screen.contents();
            text.contains("not saved") || text.contains(&format!("{} today · saved", before + 1))
        });
        if text.contains("not saved") {
            break text;
        }
        decided += 1;
        assert!(decided < 40, "the limit was never reached");
        wait_for_card(&terminal);
    };
    assert!(decided > 0, "the first decision should fit");
    assert!(refused.contains("Not decided: it may not grow any further (file size limit)"), "{refused}");
    assert_eq!(shown(&refused), decided, "{refused}");

    terminal.send("u");
    terminal.wait_until("the row as it was", |screen| !screen.contents().contains("not saved"));
    terminal.send("fpeculiar\r");
    terminal.wait_for("1 not saved");
    terminal.send("q");
    let asked = terminal.wait_for("1 decision is not saved");
    assert!(asked.contains("flag"), "{asked}");
    terminal.send("y");
    let status = terminal.wait_for_end();
    assert_eq!(status.exit_code(), 4, "{}", terminal.written());
    assert!(terminal.written().contains("1 decision was not saved"), "{}", terminal.written());
    assert_eq!(stored(&database.url).await.len(), decided);
}

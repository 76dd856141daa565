//! An outage as the reviewer sees it.

use crate::support::binary::Gapdeck;
use crate::support::cluster::Cluster;
use crate::support::pty::Terminal;
use crate::support::server::{TestDatabase, connect};

const WIDE: (u16, u16) = (160, 50);
const BAR: &str = "No connection since ";

async fn server() -> (Cluster, String) {
    let server = Cluster::primary().await;
    let url = server.url("postgres");
    Gapdeck::new().succeeds(&["demo", "--seed-only", "--database-url", &url]);
    (server, url)
}

fn wait_for_queue(terminal: &Terminal) {
    terminal.wait_until("the queue", |screen| {
        let text = screen.contents();
        [" open", " today", "Nearest"].iter().all(|part| text.contains(part))
    });
}

async fn decided(url: &str) -> i64 {
    let client = connect(url).await;
    client.query_one("SELECT count(*) FROM human_recommendations", &[]).await.expect("count").get(0)
}

/// Returns a time on the bar, in seconds of the day, that stands behind some words.
fn time(screen: &str, words: &str) -> Option<u32> {
    let (_, rest) = screen.split_once(words)?;
    let mut parts = rest.get(..8)?.split(':').map(str::parse::<u32>);
    let mut part = || parts.next()?.ok();
    Some(part()? * 3600 + part()? * 60 + part()?)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_bar_tells_of_a_killed_server_deciding_goes_on_and_r_reconnects_without_waiting() {
    let (mut server, url) = server().await;
    let mut terminal = Terminal::start(&Gapdeck::new(), &["demo", "--database-url", &url], WIDE);
    wait_for_queue(&terminal);
    server.kill();
    terminal.send("r");
    let told = terminal.wait_for(BAR);
    assert_eq!(told.matches(BAR).count(), 1, "{told}");
    terminal.wait_for("1 pending");
    // What is not loaded is not asked for; no message comes of it.
    terminal.send("GgE");
    terminal.wait_until("the other screen with the bar", |screen| {
        let text = screen.contents();
        text.contains(BAR) && !text.contains("1 pending ·") && !text.contains("╭ Gaps")
    });
    terminal.send("Q");
    let told = terminal.wait_for("╭ Gaps");
    assert!(told.contains(BAR) && !told.contains("could not be loaded:"), "{told}");
    // The waits grow, until one is long enough to tell R from the clock.
    terminal.wait_until("a long wait", |screen| {
        let text = screen.contents();
        let (now, next) = (time(&text, BAR), time(&text, "next try "));
        now.zip(next).is_some_and(|(since, next)| next.saturating_sub(since) % 86_400 >= 9)
    });
    server.start().await;
    let pressed = std::time::Instant::now();
    terminal.send("R");
    let back = terminal.wait_for("1 today · saved");
    assert!(pressed.elapsed() < std::time::Duration::from_secs(3), "it waited {:?}", pressed.elapsed());
    assert!(!back.contains(BAR), "{back}");
    terminal.send("q");
    assert!(terminal.wait_for_end().success(), "{}", terminal.written());
    assert_eq!(decided(&url).await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_read_notices_the_loss_and_the_card_comes_when_the_server_is_back() {
    let (mut server, url) = server().await;
    let mut terminal = Terminal::start(&Gapdeck::new(), &["demo", "--database-url", &url], WIDE);
    wait_for_queue(&terminal);
    server.kill();
    for _ in 0..3 {
        terminal.send("\x1b[6~");
    }
    let told = terminal.wait_for(BAR);
    assert!(told.contains("next try ") || told.contains("trying now"), "{told}");
    terminal.wait_until("no card", |screen| !screen.contents().contains("Nearest"));
    server.start().await;
    terminal.send("R");
    terminal.wait_until("the card without the bar", |screen| {
        let text = screen.contents();
        text.contains("Nearest") && !text.contains(BAR)
    });
    terminal.send("q");
    assert!(terminal.wait_for_end().success(), "{}", terminal.written());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_start_without_the_server_opens_says_what_rests_and_sends_it_once_the_server_is_there() {
    let (mut server, url) = server().await;
    let gapdeck = Gapdeck::new();
    let start = || Terminal::start(&gapdeck, &["--database-url", &url], WIDE);
    let mut terminal = start();
    wait_for_queue(&terminal);
    server.stop();
    terminal.send("r");
    terminal.wait_for("1 pending");
    terminal.send("q");
    assert!(terminal.wait_for_end().success(), "{}", terminal.written());

    let mut terminal = start();
    let told = terminal.wait_for(BAR);
    assert!(told.contains("1 decision rests in the outbox") && told.contains("127.0.0.1"), "{told}");
    terminal.send("q");
    assert_eq!(terminal.wait_for_end().exit_code(), 4, "it never reached the server");
    assert!(terminal.written().contains("cannot reach postgres on 127.0.0.1"), "{}", terminal.written());
    terminal.assert_restored();

    let mut terminal = start();
    terminal.wait_for(BAR);
    server.start().await;
    terminal.send("R");
    wait_for_queue(&terminal);
    terminal.wait_for("1 today · saved");
    terminal.send("q");
    assert!(terminal.wait_for_end().success(), "{}", terminal.written());
    assert_eq!(decided(&url).await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_start_that_can_never_work_ends_with_the_reason() {
    let database = TestDatabase::empty().await;
    let mut url = url::Url::parse(&database.url).expect("a URL");
    url.set_path("gapdeck_there_is_none");
    let mut terminal = Terminal::start(&Gapdeck::new(), &["--database-url", url.as_str()], WIDE);
    assert_eq!(terminal.wait_for_end().exit_code(), 4, "{}", terminal.written());
    assert!(
        terminal.written().contains("\"gapdeck_there_is_none\" does not exist"),
        "{}",
        terminal.written()
    );
    terminal.assert_restored();
    // There, but without tables.
    let mut terminal = Terminal::start(&Gapdeck::on(&database), &[], WIDE);
    assert_eq!(terminal.wait_for_end().exit_code(), 4, "{}", terminal.written());
    assert!(terminal.written().contains("gapdeck migrate"), "{}", terminal.written());
}

//! Every screen and overlay over the corpus, in a terminal.

use crate::corpus::{self, REVIEWER, TEXTS};
use crate::stream::foreign;
use crate::support::backend;
use crate::support::binary::Gapdeck;
use crate::support::fixture;
use crate::support::pty::Terminal;
use gapdeck::domain::{Action, GapId, QueueFilter, QueueRow, QueueSort};
use gapdeck::repository::Store;
use std::sync::Arc;

const WIDE: (u16, u16) = (160, 50);
/// What the debug build of the tests takes at most, in KiB: ten megabytes held a few times would be more.
const MOST_MEMORY: u64 = 160 * 1024;

/// Checks that nothing but gapdeck's own sequences reached the terminal before it was given back.
fn assert_own(terminal: &Terminal) {
    let bytes = terminal.bytes();
    let end = b"\x1b[?1049l";
    let end = bytes.windows(end.len()).position(|window| window == end).unwrap_or(bytes.len());
    let mut drawn = &bytes[..end];
    // The last character may still be on its way.
    while std::str::from_utf8(drawn).is_err_and(|error| error.error_len().is_none()) {
        drawn = &drawn[..drawn.len() - 1];
    }
    let found = foreign(drawn);
    assert!(found.is_empty(), "{} foreign: {:#?}", found.len(), &found[..found.len().min(20)]);
}

/// Checks that the frames around list and card are whole: nothing moved the cursor out of its place.
fn assert_framed(screen: &vt100::Screen) -> bool {
    let (rows, columns) = screen.size();
    let is = |row, column, any: &str| {
        screen.cell(row, column).is_some_and(|cell| any.contains(cell.contents()) && cell.has_contents())
    };
    (2..rows - 1).all(|row| is(row, 0, "╭│╰") && is(row, columns - 1, "╮│╯"))
}

/// Waits until the screen holds a text, framed.
fn wait(terminal: &Terminal, text: &str) {
    terminal.wait_until(&format!("{text:?} in whole frames"), |screen| {
        screen.contents().contains(text) && assert_framed(screen)
    });
}

/// Waits until a text is there or gone.
fn wait_while(terminal: &Terminal, text: &str) {
    terminal.wait_until(&format!("no {text:?}"), |screen| !screen.contents().contains(text));
}

/// Returns what the list says where the cursor is.
fn place(row: usize) -> String {
    format!("╰ {row} of {} ", TEXTS.len())
}

fn peak_memory(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).expect("the process's status");
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).expect("VmHWM");
    line.split_whitespace().nth(1).and_then(|number| number.parse().ok()).expect("a number")
}

async fn gaps(store: &Arc<dyn Store>) -> Vec<QueueRow> {
    let page = store.page(&QueueFilter::default(), QueueSort::default(), None, 200).await;
    page.expect("the queue").rows
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_text_of_a_database_is_more_than_text_on_any_screen_and_memory_stays_bounded() {
    let database = corpus::database().await;
    let gapdeck = Gapdeck::on(&database);
    let mut terminal = Terminal::start(&gapdeck, &[], WIDE);
    let count = TEXTS.len();
    for row in 1..=count {
        wait(&terminal, &place(row));
        terminal.wait_until("the card", |screen| !screen.contents().contains("loading card"));
        terminal.send("ep");
        wait(&terminal, "to decide");
        terminal.send("\t\x1b[6~t");
        wait_while(&terminal, "Gaps of the product");
        terminal.send("G\x7f");
        wait(&terminal, "to decide");
        terminal.send("\x7f");
        wait(&terminal, &place(row));
        terminal.send("w");
        wait(&terminal, "╭ Nearest");
        wait(&terminal, "│ ▌ ");
        terminal.send("\r");
        terminal.wait_for(" › ");
        terminal.send("\x7f\x7f");
        wait(&terminal, &place(row));
        terminal.send("j");
    }
    for (keys, sign) in [
        ("/\tw", "╭ Filter"),
        ("/\t\tw", "╭ Filter"),
        ("/\t\t\tw", "╭ Filter"),
        (":co", "╭ Commands"),
        ("S", "╭ Sort"),
        ("?", "Keys ·"),
        ("O", "╭ Outbox"),
        ("gvvr", "as one bulk action"),
    ] {
        terminal.send(keys);
        terminal.wait_for(sign);
        terminal.send("\x03");
        wait_while(&terminal, sign);
    }
    wait(&terminal, "2 selected");
    terminal.send("\x7f");
    wait_while(&terminal, "2 selected");
    terminal.send("B");
    terminal.wait_for("groups of");
    wait_while(&terminal, "loading");
    terminal.send("Q");
    wait(&terminal, " match");
    terminal.send("E");
    terminal.wait_for("2 experiments");
    terminal.send("jy");
    terminal.wait_for("Copied the experiment");
    terminal.send("Q");
    wait(&terminal, " match");
    terminal.send("A");
    terminal.wait_for("Decisions, the newest first");
    terminal.wait_for("History of this gap");
    terminal.send("y\t\x1b[6~/w");
    terminal.wait_for("╭ Filter");
    terminal.send("\x03");
    wait_while(&terminal, "╭ Filter");
    terminal.send("Q");
    wait(&terminal, " match");
    for size in [(80, 24), (40, 12), WIDE] {
        terminal.resize(size.0, size.1);
        terminal.send("g");
        terminal.wait_for(&count.to_string());
        terminal.send("pt\x7f\x7fw\x7f");
    }
    wait(&terminal, " match");
    assert_own(&terminal);
    let peak = peak_memory(terminal.process());
    assert!(peak < MOST_MEMORY, "{peak} KiB");
    terminal.send("q");
    assert!(terminal.wait_for_end().success(), "{}", terminal.written());
    terminal.assert_restored();
    assert_own(&terminal);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn decisions_dialogs_and_the_clipboard_stay_text() {
    let database = corpus::database().await;
    let store = backend::server_store(&database.url).await;
    let gaps = gaps(&store).await;
    let gapdeck = Gapdeck::on(&database);
    let terminal = Terminal::start(&gapdeck, &[], WIDE);
    let card = |row: usize| {
        terminal.wait_for(&place(row));
        terminal.wait_for("Nearest");
    };
    card(1);
    terminal.send("y");
    terminal.wait_for("Copied the product key");
    terminal.send("\ty");
    terminal.wait_for("Copied the value");
    terminal.send("\t");
    // A comment that is pasted with all that it holds.
    terminal.send(&format!("f\x1b[200~{}\x1b[201~", TEXTS.concat().replace('\u{1b}', "")));
    terminal.wait_for("╭ Flag");
    terminal.send("\r");
    terminal.wait_for("1 today · saved");
    terminal.send("o");
    terminal.wait_for("Esc cancel");
    terminal.send("\x03");
    wait_while(&terminal, "Esc cancel");

    // Somebody with a hostile name is faster, now and then before the feed tells of it.
    let mut seen = false;
    for row in 2..12 {
        let gap: &GapId = &gaps[row - 1].gap;
        terminal.send(&format!("g{}", "j".repeat(row - 1)));
        card(row);
        let theirs = fixture::decision(
            (gap.product.as_str(), gap.attribute.as_str()),
            Action::Override,
            Some(TEXTS[10]),
            gaps[row - 1].version,
        );
        fixture::decide(&*store, &fixture::by(REVIEWER, theirs)).await;
        terminal.send("r");
        let told = terminal.wait_until("a conflict, or the feed", |screen| {
            let text = screen.contents();
            text.contains("Decided meanwhile")
                || text.contains("decided this gap")
                || text.contains("goes on top")
        });
        if told.contains("Decided meanwhile") {
            terminal.wait_for("theirs");
            assert_own(&terminal);
            seen = true;
            break;
        }
    }
    assert!(seen, "no decision met another one");
    assert_own(&terminal);
    let bytes = terminal.bytes();
    let copies = bytes.windows(7).filter(|window| *window == b"\x1b]52;c;").count();
    assert_eq!(copies, 2, "only what was copied with the key");
}

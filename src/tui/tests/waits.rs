//! Messages, waits, the log, pasted text, focus, and the user's editor.

use super::*;
use crate::tui::app::toast::Level;
use insta::assert_snapshot;

const SIZE: (u16, u16) = (120, 36);
const SMALL: (u16, u16) = (80, 24);

#[test]
fn a_long_wait_says_what_is_awaited_how_long_and_how_to_end_it() {
    let mut app = App::open(SMALL);
    app.press("s");
    app.wait(200);
    assert!(!app.screen().contains("Esc cancels"), "{}", app.screen());
    assert_eq!(app.state.next_deadline(), Some(app.state.now + Duration::from_millis(800)));
    app.wait(2_900);
    assert_snapshot!("wait_80x24", app.screen());
    let rows = app.state.queue.rows.clone();
    let effects = app.press("Esc");
    assert_eq!(effects, [Effect::CancelReads]);
    app.cancel_reads();
    assert_eq!(app.state.queue.rows, rows, "what was there stays");
    assert!(!app.screen().contains("loading"), "{}", app.screen());
    assert_eq!(app.toast(), "Stopped waiting for the list · R loads it again");
    assert!(app.screen().contains("by confidence, low first · not loaded"), "{}", app.screen());
    app.keys("R");
    assert!(!app.screen().contains("not loaded"), "{}", app.screen());
}

#[test]
fn a_card_that_is_given_up_says_so() {
    let mut app = App::open(SMALL);
    app.press("PgDn");
    app.wait(1_500);
    assert_eq!(app.press("Esc"), [Effect::CancelReads]);
    app.cancel_reads();
    assert!(app.screen().contains("could not be loaded: cancelled"), "{}", app.screen());
    app.keys("R");
    assert!(!app.screen().contains("cancelled"), "{}", app.screen());
}

#[test]
fn a_claim_is_not_given_up() {
    let mut app = App::open(SMALL);
    app.press("Space");
    app.wait(1_500);
    assert!(!app.screen().contains("Esc cancels"), "{}", app.screen());
    assert!(!app.press("Esc").contains(&Effect::CancelReads));
}

#[test]
fn an_idle_minute_wakes_nothing_with_the_mouse_on_and_the_log_open() {
    let mut app = App::open(SIZE);
    app.state.identity.shared = false;
    app.keys("M L");
    app.wait(60_000);
    assert_eq!(app.state.next_deadline(), None);
}

#[test]
fn messages_stack_and_escape_clears_an_error() {
    let mut app = App::open(SMALL);
    let now = app.state.now;
    app.state.toasts.show(now, Level::Error, "The outbox cannot be written: no room");
    app.state.toasts.show(now, Level::Warning, "bob has just decided this gap");
    app.state.toasts.show(now, Level::Warning, "bob has just decided this gap");
    app.state.toasts.show(now, Level::Info, "Copied the value Black by OSC 52");
    assert_snapshot!("messages_80x24", app.screen());
    app.keys("j");
    assert_eq!(app.toast(), "The outbox cannot be written: no room");
    app.keys("Esc");
    assert_eq!(app.toast(), "");
}

#[test]
fn the_log_has_every_message_and_the_file() {
    let mut app = App::open(SMALL);
    app.keys("L");
    assert_snapshot!("log_empty_80x24", app.screen());
    app.keys("Esc 9 9");
    app.send(Msg::Logged(Level::Warning, "leases could not be given back gaps=2 \u{1b}[2J".into()));
    let now = app.state.now;
    app.state.toasts.show(now, Level::Error, "A long one. ".repeat(12).trim_end());
    app.state.toasts.log.file = Some("/home/ann/.local/state/gapdeck/gapdeck.log".into());
    app.keys("L");
    assert_snapshot!("log_80x24", app.screen());
    app.resize(40, 12).keys("G");
    assert_snapshot!("log_40x12", app.screen());
    app.keys("q");
    assert!(!app.ended && app.state.overlay.is_none());
}

#[test]
fn pasted_text_is_no_keys_and_lines_that_become_one_are_told() {
    let mut app = App::open(SIZE);
    assert!(app.send(Msg::Paste("aaarrq\nu".into())).is_empty());
    assert_eq!(app.row_state(0), GapState::Open);
    assert_eq!(app.toast(), "Nothing here takes pasted text · / filters by it");
    app.keys("f");
    app.send(Msg::Paste("look\r\nat\nthis\n".into()));
    assert_eq!(app.toast(), "3 pasted lines became one");
    assert!(app.screen().contains("> look at this"), "{}", app.screen());
    app.keys("Esc Esc O");
    let shown = app.toast().to_owned();
    app.send(Msg::Paste("y\ny\n".into()));
    assert_eq!(app.toast(), shown, "a list takes no text, and says nothing");
}

#[test]
fn who_looks_away_asks_less_often_and_at_once_on_coming_back() {
    let mut app = App::open(SIZE);
    app.keys("j");
    app.wait(1_000);
    app.settle();
    let polls = |effects: &[Effect]| effects.iter().any(|effect| matches!(effect, Effect::Poll { .. }));
    app.send(Msg::Focus(false));
    app.state.now += Duration::from_secs(5);
    assert!(!polls(&app.send(Msg::Woke)));
    app.state.now += Duration::from_secs(5);
    assert!(polls(&app.send(Msg::Woke)));
    app.settle();
    app.state.now += Duration::from_millis(100);
    assert!(polls(&app.send(Msg::Focus(true))));
    app.settle();
    app.state.now += Duration::from_secs(1);
    assert!(polls(&app.send(Msg::Woke)));
}

#[test]
fn a_comment_is_written_in_the_users_editor_and_what_was_typed_stays_where_that_fails() {
    let mut app = App::open(SMALL);
    app.keys("f").type_text("old");
    app.keys("Ctrl-E");
    assert_eq!(app.press("Ctrl-X Ctrl-E"), [Effect::Edit("old".into())]);
    app.send(Msg::Edited(Err("the editor ended with exit status: 1; nothing changed".into())));
    assert!(app.screen().contains("The editor ended with exit status: 1"), "{}", app.screen());
    assert!(app.screen().contains("> old"), "{}", app.screen());
    app.waiting.clear();
    app.press("Ctrl-X Ctrl-E");
    app.send(Msg::Edited(Ok("first\nsecond \u{1b}[2J".into())));
    assert_snapshot!("comment_edited_80x24", app.screen());
    app.waiting.clear();
    let effects = app.press("Enter");
    let [decision] = decisions(&effects)[..] else { panic!("{effects:?}") };
    assert_eq!(decision.comment.as_deref(), Some("first\nsecond \u{1b}[2J"));
}

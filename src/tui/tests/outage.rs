//! The server gone for a while, as the reviewer sees it.

use super::*;
use insta::assert_snapshot;

const SIZE: (u16, u16) = (120, 36);
const BAR: &str = "No connection since 12:00:00";

fn gone() -> RepositoryError {
    RepositoryError::Unavailable("connection refused \u{1b}[2J".into())
}

/// The review screen with the server gone.
fn lost() -> App {
    let mut app = App::open(SIZE);
    app.database.down = Some(gone());
    app.keys("j PgDn");
    app
}

/// Tells whether anything is asked of the database.
fn asks(effects: &[Effect]) -> bool {
    effects.iter().any(|effect| effect.refused(&gone()).is_some())
}

#[test]
fn a_lost_server_is_told_by_one_bar_on_every_screen_and_no_read_raises_a_message() {
    let mut app = lost();
    assert_eq!(app.toast(), "");
    for keys in ["k", "PgUp", "p", "Esc", "w", "Esc", "E", "Q", "A", "R", "Q", "t", "Esc", "s"] {
        app.keys(keys);
        let screen = app.screen();
        assert_eq!(screen.matches(BAR).count(), 1, "after {keys}:\n{screen}");
        assert!(screen.contains("next try 12:00:07 UTC · R tries now"), "{screen}");
        assert_eq!(app.toast(), "", "after {keys}");
    }
}

#[test]
fn nothing_is_asked_of_a_lost_server_and_nothing_wakes_an_idle_screen() {
    let mut app = lost();
    for key in ["j", "PgDn", "G", "g", "w", "Esc", "E", "Q", "A", "j", "Q", "s", "x", "Space", "Space", "u"] {
        let effects = app.press(key);
        assert!(!asks(&effects), "{key}: {effects:?}");
        app.settle();
    }
    app.wait(20_000);
    assert_eq!(app.state.next_deadline(), None);
}

#[test]
fn reading_what_is_loaded_and_deciding_go_on_and_everything_is_sent_after() {
    let mut app = App::open(SIZE);
    app.database.down = Some(gone());
    app.keys("a r");
    assert!(app.screen().contains("2 pending"), "{}", app.screen());
    app.keys("k k e");
    assert!(app.screen().contains("Black/White"), "{}", app.screen());
    app.reconnect();
    assert_eq!((app.database.events.len(), app.state.unsaved.len()), (2, 0));
    assert!(!app.screen().contains("No connection"), "{}", app.screen());
    assert!(app.screen().contains("2 today · saved"), "{}", app.screen());
}

#[test]
fn figures_counted_before_a_decision_was_saved_do_not_stay_when_they_come_after_it() {
    let mut app = App::open(SIZE);
    let early = app.state.figures.value.expect("figures");
    app.database.down = Some(gone());
    app.keys("a r");
    app.database.down = None;
    for news in app.database.send() {
        app.send(Msg::Outbox(news));
    }
    let asked = |effect: &Effect| match effect {
        Effect::LoadFigures { ticket } => Some(*ticket),
        _ => None,
    };
    let ticket = app.waiting.iter().find_map(asked).expect("figures are asked for once it is back");
    app.waiting.retain(|effect| asked(effect).is_none());
    app.send(Msg::Figures { ticket, result: Ok(early) });
    app.settle();
    assert!(app.screen().contains("598 open · 2 today · saved"), "{}", app.screen());
}

#[test]
fn a_list_read_before_a_decision_was_saved_does_not_bring_its_gap_back_when_it_comes_after_it() {
    let mut app = App::open(SIZE);
    let gap = app.state.queue.current_gap().cloned().expect("a gap");
    app.press("a s");
    let is_page = |effect: &Effect| matches!(effect, Effect::LoadPage { .. });
    let index = app.waiting.iter().position(is_page).expect("the list in another order");
    let load = app.waiting.remove(index);
    let early = app.database.answer(load).expect("a page");
    let Msg::Page { result: Ok(page), .. } = &early else { panic!("{early:?}") };
    assert!(page.rows.iter().any(|row| row.gap == gap), "it was open then");
    app.settle();
    assert_eq!(app.database.events.len(), 1);
    app.send(early);
    assert!(app.state.queue.is_loaded() && app.state.queue.row(&gap).is_none());
    app.settle();
}

#[test]
fn r_tries_now_keeps_what_is_loaded_and_the_card_comes_when_the_server_is_back() {
    let mut app = lost();
    let place = app.cursor();
    assert!(app.state.current_card().is_none(), "it was not loaded before");
    assert_eq!(app.press("R"), [Effect::SendNow]);
    assert!(!app.state.queue.rows.is_empty());
    app.settle();
    app.database.down = None;
    app.keys("R");
    assert_eq!(app.toast(), "Connected again");
    assert!(app.state.current_card().is_some());
    assert_eq!(app.cursor(), place);
    assert!(!app.screen().contains(BAR));
}

#[test]
fn after_a_long_outage_the_list_is_loaded_anew_and_after_a_short_one_it_stays() {
    let mut app = lost();
    app.state.wall += chrono::Duration::seconds(50);
    app.database.down = None;
    let effects = app.send(Msg::Outbox(News::Connection(None)));
    assert!(asks(&effects) && !effects.iter().any(|effect| matches!(effect, Effect::LoadPage { .. })));
    let mut app = lost();
    let gap = app.state.queue.current_gap().cloned();
    app.state.wall += chrono::Duration::seconds(70);
    app.database.down = None;
    let effects = app.send(Msg::Outbox(News::Connection(None)));
    assert!(effects.iter().any(|effect| matches!(effect, Effect::LoadPage { .. })), "{effects:?}");
    app.settle();
    assert_eq!(app.state.queue.current_gap().cloned(), gap, "the place is kept");
}

#[test]
fn a_flow_goes_on_after_an_outage() {
    let mut app = App::open(SIZE);
    app.keys("Space");
    app.database.down = Some(gone());
    app.keys("r r r r r r");
    assert!(app.state.flow.is_some());
    assert!(app.screen().contains(BAR));
    app.reconnect();
    assert!(app.state.flow.is_some());
    assert!(app.state.queue.rows.len() > 6, "the next gaps are claimed");
    assert_eq!(app.database.events.len(), 6);
}

#[test]
fn a_product_that_is_loaded_stays_readable() {
    let mut app = App::open(SIZE);
    app.keys("p");
    let before = app.screen();
    app.database.down = Some(gone());
    app.keys("R");
    assert!(app.screen().contains(BAR));
    assert_eq!(app.screen().lines().nth(8), before.lines().nth(8));
}

#[test]
fn the_bar_fits_every_width() {
    let mut app = lost();
    app.resize(160, 50);
    assert_snapshot!("outage_160x50", app.screen());
    app.resize(80, 24);
    assert_snapshot!("outage_80x24", app.screen());
    app.resize(40, 12);
    assert_snapshot!("outage_40x12", app.screen());
}

#[test]
fn a_start_without_the_server_says_so_and_what_rests_and_goes_on_when_it_answers() {
    let mut app = App::opening((80, 24));
    let step = |step: &str| Msg::Progress(Progress { step: step.into(), done: 0, total: None });
    app.send(step("Connecting"));
    app.send(Msg::Resting(3));
    let reason = "cannot reach catalogue on db.example.com: connection refused \u{1b}[2J".to_owned();
    let next_try = Some(fixture::noon() + chrono::Duration::seconds(7));
    let outage = Outage { since: fixture::noon(), next_try, reason };
    app.send(Msg::Outbox(News::Connection(Some(outage.clone()))));
    assert_snapshot!("opening_out_of_reach", app.screen());
    app.resize(40, 12);
    assert_snapshot!("opening_out_of_reach_40x12", app.screen());
    assert_eq!(app.state.next_deadline(), None, "nothing moves on the screen");
    assert_eq!(app.press("R"), [Effect::SendNow]);
    app.send(step("Connecting"));
    app.send(Msg::Outbox(News::Connection(Some(Outage { next_try: None, ..outage }))));
    assert!(app.screen().contains("trying now"));
    app.send(step("Checking the tables"));
    assert!(app.screen().contains("Checking the tables"), "{}", app.screen());
    app.send(Msg::Opened);
    app.settle();
    assert!(app.state.current_card().is_some() && !app.screen().contains("No connection"));
}

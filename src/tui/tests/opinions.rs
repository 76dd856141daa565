//! Second opinions: what the first reviewer, the second and whoever settles a dispute sees.

use super::*;
use crate::domain::Share;
use insta::assert_snapshot;

const SIZE: (u16, u16) = (120, 36);
const SMALL: (u16, u16) = (80, 24);

fn gap(index: usize) -> GapId {
    fixture::row(index).gap
}

/// The review screen of a team whose every gap gets two opinions.
fn team(size: (u16, u16)) -> App {
    let mut app = App::opening(size);
    app.database.policy.second_opinions = Share::ALL;
    app.send(Msg::Opened);
    app.settle();
    app
}

/// The same, where somebody else was the first on one gap.
fn second(size: (u16, u16)) -> App {
    let mut app = App::opening(size);
    app.database.policy.second_opinions = Share::ALL;
    app.database.opinion_of("bob", &gap(3), Action::Override, Some("Teal"));
    app.send(Msg::Opened);
    app.settle();
    app
}

/// The same, where two others differ on it.
fn disputed(size: (u16, u16)) -> App {
    let mut app = second(size);
    app.database.opinion_of("cleo", &gap(3), Action::NotApplicable, None);
    app.keys("R");
    app
}

/// Fails where the screen tells anything of bob's opinion.
fn tells_nothing(app: &App) {
    let screen = app.screen();
    for secret in ["Teal", "bob", "overridden"] {
        assert!(!screen.contains(secret), "the screen tells \"{secret}\":\n{screen}");
    }
}

#[test]
fn a_first_opinion_stays_in_the_list_as_ones_own() {
    let mut app = team(SIZE);
    app.keys("a");
    assert_eq!((app.row_state(0), app.cursor()), (GapState::Second, 1));
    assert!(app.screen().contains("yours, 1 of 2"), "{}", app.screen());
    app.keys("k");
    let screen = app.screen();
    assert!(screen.contains("½ yours is the first of two") && screen.contains("alice  ✓ accept"), "{screen}");
    app.keys("D");
    assert!(app.state.queue.rows.is_empty(), "one's own wait for somebody else");
    app.keys("D D u");
    assert_eq!(app.row_state(0), GapState::Open);
}

#[test]
fn whoever_gives_the_second_opinion_is_told_nothing_of_the_first() {
    let mut app = second(SIZE);
    assert!(app.screen().contains("1 second"), "{}", app.screen());
    tells_nothing(&app);
    app.keys("D");
    assert_eq!(app.state.queue.rows.len(), 1);
    let screen = app.screen();
    assert!(
        screen.contains("½ yours is the second opinion") && screen.contains("(hidden) opinion"),
        "{screen}"
    );
    tells_nothing(&app);
    app.keys("p");
    tells_nothing(&app);
    app.keys("Q A");
    assert!(app.screen().contains("½ opinion"), "{}", app.screen());
    tells_nothing(&app);
    app.keys("u");
    assert!(app.toast().contains("somebody's first opinion"), "{}", app.toast());
    app.keys("Q a");
    assert_eq!(app.row_state(0), GapState::Disputed);
    assert!(app.toast().starts_with("Your opinion differs from the first"), "{}", app.toast());
}

#[test]
fn two_who_say_the_same_settle_the_gap() {
    let mut app = second(SIZE);
    app.database.opinion_of("bob", &gap(3), Action::Reject, None);
    app.keys("R D r");
    assert_eq!(app.row_state(0), GapState::Rejected);
}

#[test]
fn a_disputed_gap_shows_both_opinions_and_any_decision_settles_it() {
    let mut app = disputed(SIZE);
    assert!(app.screen().contains("1 disputed"), "{}", app.screen());
    app.keys("D D");
    let screen = app.screen();
    for told in ["⇄ two reviewers differ", "bob   ✎ override \"Teal\"", "cleo  ∅ not applicable", "says bob"]
    {
        assert!(screen.contains(told), "{told}:\n{screen}");
    }
    app.keys("1");
    assert_eq!(app.row_state(0), GapState::Accepted);
    app.keys("D R");
    assert!(!app.screen().contains("disputed"), "{}", app.screen());
}

#[test]
fn a_gap_that_somebody_was_the_first_on_meanwhile_asks_blindly() {
    let mut app = team(SIZE);
    app.database.opinion_of("bob", &gap(0), Action::Override, Some("Teal"));
    app.keys("a");
    assert!(app.screen().contains("a first opinion, hidden until yours is in"), "{}", app.screen());
    tells_nothing(&app);
    app.wait(700);
    app.keys("f");
    assert!(app.state.overlay.is_some(), "a flag would tell one's own opinion to the next");
    app.keys("k");
    assert_eq!(app.row_state(0), GapState::Disputed);
}

#[test]
fn what_others_do_meanwhile_is_told_blindly() {
    let mut app = team(SIZE);
    app.wait(1_000);
    app.settle();
    app.database.opinion_of("bob", &gap(0), Action::Override, Some("Teal"));
    app.wait(1_000);
    app.settle();
    assert_eq!(app.toast(), "Somebody has given a first opinion · yours is the second");
    tells_nothing(&app);
    assert!(app.screen().contains("1 of 2"), "{}", app.screen());
}

#[test]
fn a_flow_serves_what_waits_for_ones_second_opinion() {
    let mut app = second(SIZE);
    app.keys("D Space");
    let held: Vec<_> = app.database.leases.iter().map(|lease| lease.gap.clone()).collect();
    assert_eq!(held, [gap(3)]);
    app.keys("r");
    assert_eq!(app.row_state(0), GapState::Disputed);
    assert!(app.database.leases.is_empty());
}

#[test]
fn second_opinions_look_so() {
    let mut app = second(SMALL);
    app.keys("D");
    assert_snapshot!("second_80x24", app.screen());
    let mut app = disputed(SMALL);
    app.keys("D D");
    assert_snapshot!("disputed_80x24", app.screen());
    app.resize(160, 50);
    assert_snapshot!("disputed_160x50", app.screen());
    app.resize(40, 12);
    assert_snapshot!("disputed_40x12", app.screen());
    let mut app = team(SMALL);
    app.database.opinion_of("bob", &gap(0), Action::Override, Some("Teal"));
    app.keys("a");
    assert_snapshot!("conflict_second_80x24", app.screen());
}

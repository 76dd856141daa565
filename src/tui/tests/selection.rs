//! Selecting rows by hand, and deciding them together.

use super::*;
use insta::assert_snapshot;

const SIZE: (u16, u16) = (120, 30);

fn selected(app: &App) -> usize {
    app.state.queue.selection.len()
}

/// The decisions that went together.
fn together(app: &App) -> Vec<&Decision> {
    app.database.events.iter().map(|event| &event.decision).filter(|one| one.batch.is_some()).collect()
}

#[test]
fn what_it_looks_like() {
    let mut app = App::open((80, 24));
    app.keys("v v j V");
    assert_snapshot!("selection_80x24", app.screen());
    app.keys("a");
    assert_snapshot!("selection_accept_80x24", app.screen());
    app.resize(40, 12);
    assert_snapshot!("selection_accept_40x12", app.screen());
    app.keys("Esc");
    assert_snapshot!("selection_40x12", app.screen());
}

#[test]
fn v_selects_and_takes_out_and_a_range_reaches_from_the_last_one_to_the_cursor() {
    let mut app = App::open(SIZE);
    app.keys("v v");
    assert_eq!((selected(&app), app.cursor()), (2, 2));
    app.keys("j j V");
    assert_eq!((selected(&app), app.cursor()), (5, 4));
    app.keys("k k V");
    assert_eq!(selected(&app), 5, "upwards, too");
    app.keys("v");
    assert_eq!(selected(&app), 4);
    app.keys("Esc");
    assert_eq!(selected(&app), 0);
    app.keys("G V");
    assert_eq!(selected(&app), 1, "without a first one, the row alone");
    app.keys("s");
    assert_eq!(selected(&app), 0, "another list");
}

#[test]
fn what_is_selected_is_accepted_together_and_undone_as_one() {
    let mut app = App::open(SIZE);
    app.keys("v v v a");
    assert_eq!(app.database.leases.len(), 3, "held while the question is open");
    assert!(app.screen().contains("Accept 3 gaps, as one bulk action"), "{}", app.screen());
    let effects = app.press("y");
    assert!(matches!(&effects[..], [.., Effect::DecideTogether(all)] if all.len() == 3), "{effects:?}");
    app.settle();
    let mine = together(&app);
    assert_eq!(mine.len(), 3);
    assert!(mine.iter().all(|one| one.batch == mine[0].batch && one.seen.policy == "bulk:selected"));
    assert!(mine.iter().all(|one| one.value.is_some()));
    assert!((0..3).all(|row| app.row_state(row) == GapState::Accepted) && selected(&app) == 0);
    app.keys("u");
    assert!(app.screen().contains("All 3 decisions of this bulk action"), "{}", app.screen());
    app.keys("y");
    assert!((0..3).all(|row| app.row_state(row) == GapState::Open));
}

#[test]
fn reject_not_applicable_and_defer_work_alike() {
    for (key, action) in [("r", Action::Reject), ("n", Action::NotApplicable), ("d", Action::Defer)] {
        let mut app = App::open(SIZE);
        app.keys("v v").keys(key).keys("y");
        let mine = together(&app);
        assert!(
            mine.len() == 2 && mine.iter().all(|one| one.action == action && one.value.is_none()),
            "{key}"
        );
    }
}

#[test]
fn what_others_hold_or_decided_and_what_has_no_prediction_is_left_out_and_counted() {
    let mut app = App::open(SIZE);
    let gap = |row: usize| fixture::row(row).gap;
    app.database.held_by("bob", &[gap(0)]);
    app.database.decided_by("carol", &gap(1), "Blue");
    app.keys("v v v v v v a");
    assert!(
        app.screen().contains("Left out: 2 decided, or held by others, 1 without a prediction"),
        "{}",
        app.screen()
    );
    app.keys("y");
    assert_eq!(together(&app).len(), 3);
    let held: Vec<_> = app.database.leases.iter().map(|lease| lease.reviewer.as_str()).collect();
    assert_eq!(held, ["bob"], "what was held and not decided is given back");
}

#[test]
fn cancelling_decides_nothing_gives_back_and_keeps_the_selection() {
    let mut app = App::open(SIZE);
    app.keys("v v r Esc");
    assert!(app.database.events.is_empty() && app.database.leases.is_empty());
    assert_eq!(selected(&app), 2);
}

#[test]
fn ending_the_program_at_the_question_gives_back_what_is_held() {
    let mut app = App::open(SIZE);
    app.keys("v v a");
    assert_eq!(app.database.leases.len(), 2);
    app.send(Msg::Terminate);
    app.settle();
    assert!(app.ended && app.database.leases.is_empty());
}

#[test]
fn other_decisions_wait_until_the_selection_is_cleared() {
    let mut app = App::open(SIZE);
    app.keys("v");
    for key in ["o", "1", "f", "Space"] {
        app.keys(key);
        assert!(
            app.toast().starts_with("1 selected: a r n d decide them together"),
            "{key}: {}",
            app.toast()
        );
    }
    assert!(app.state.overlay.is_none() && app.database.events.is_empty());
    app.keys("Esc Space v");
    assert_eq!(app.toast(), "The flow serves gaps one by one; Space ends it");
}

#[test]
fn without_a_database_nothing_is_decided_together() {
    let mut app = App::open(SIZE);
    app.keys("v v");
    app.database.down = Some(RepositoryError::Unavailable("gone".into()));
    app.keys("R");
    app.keys("a");
    assert!(app.state.overlay.is_none());
    assert!(app.toast().starts_with("Deciding together takes the database"), "{}", app.toast());
    assert_eq!(selected(&app), 2);
}

#[test]
fn a_group_that_is_refused_stands_as_not_decided() {
    let mut app = App::open(SIZE);
    app.keys("v v a");
    // The lease ran out while the question was open, and somebody decided.
    app.database.rows[1].version = 5;
    app.keys("y");
    assert!(app.database.events.is_empty());
    assert!(app.toast().contains("none of 2 was saved"), "{}", app.toast());
    assert!(app.state.queue.rows.iter().all(|row| !row.decided_here));
    app.keys("u");
    assert!(app.state.unsaved.is_empty(), "{:?}", app.state.unsaved);
}

#[test]
fn gaps_to_be_chosen_blind_are_neither_accepted_nor_rejected_together() {
    let mut app = App::open(SIZE);
    app.database.policy.blind = crate::domain::Share::ALL;
    app.keys("R v v a");
    assert!(app.toast().contains("2 to be chosen before predictions show"), "{}", app.toast());
    app.keys("d");
    assert!(app.screen().contains("y defer 2"), "{}", app.screen());
}

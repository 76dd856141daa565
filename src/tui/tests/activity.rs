//! The activity screen: what it lists, and what can be taken back from there.

use super::*;
use crate::domain::{Confidence, Seen, SeenCandidate};
use chrono::TimeDelta;
use insta::assert_snapshot;

const BATCH: Uuid = Uuid::from_u128(0x0195_9c1e_7d00_7000_8000_0000_0000_00b1);

/// Lets somebody decide row `index`, so many minutes ago.
fn decided(
    app: &mut App,
    who: &str,
    action: Action,
    value: Option<&str>,
    index: usize,
    minutes: i64,
) -> Decision {
    let row = app.database.rows[index].clone();
    let decided_at = fixture::noon() - TimeDelta::minutes(minutes);
    let candidate = |value: &str, sure: f64, source: &str| SeenCandidate {
        value: value.into(),
        confidence: Confidence::new(sure).ok(),
        sources: vec![source.into()],
        ..SeenCandidate::default()
    };
    let decision = Decision {
        id: next_id(),
        gap: row.gap,
        action,
        value: value.map(Into::into),
        comment: None,
        reviewer: who.into(),
        base_version: row.version,
        undoes: None,
        shown_value: Some("Black/White".into()),
        shown_confidence: Confidence::new(0.97).ok(),
        shown_experiment: Some("gpt-4".into()),
        batch: None,
        seen: Seen {
            candidates: vec![candidate("Black/White", 0.97, "gpt-4"), candidate("Black", 0.41, "gpt-3.5")],
            keys: "j a".into(),
            seconds: Some(4.2),
            policy: "queue:confidence_descending".into(),
            ..Seen::default()
        },
        decided_at,
    };
    app.database.decide(&decision).unwrap();
    decision
}

fn last(app: &mut App) -> &mut Decision {
    &mut app.database.events.last_mut().unwrap().decision
}

/// A day's work of Alice, Bob and Chloé: an override after an accept, a flag, an undo, a bulk action of three.
pub fn worked(size: (u16, u16)) -> App {
    let mut app = App::open(size);
    decided(&mut app, "bob", Action::Accept, Some("Black/White"), 0, 60 * 24 * 9);
    decided(&mut app, "bob", Action::Accept, Some("286"), 1, 60 * 24 * 2);
    decided(&mut app, "alice", Action::Override, Some("Black\u{1b}[2J/Volt"), 0, 95);
    last(&mut app).comment = Some("The picture shows \u{202e}volt, not white.\nSeen twice.".into());
    decided(&mut app, "Chloé with a long name", Action::Flag, None, 5, 80);
    last(&mut app).comment = Some("who knows?".into());
    for index in [8, 9, 10] {
        decided(&mut app, "alice", Action::Reject, None, index, 60);
        last(&mut app).batch = Some(BATCH);
    }
    let accepted = decided(&mut app, "alice", Action::Accept, Some("Yes"), 2, 20);
    let mut undo = decided(&mut app, "alice", Action::Undo, None, 2, 19);
    undo.undoes = Some(accepted.id);
    app.database.events.pop();
    app.database.rows[2].version -= 1;
    app.database.decide(&undo).unwrap();
    decided(&mut app, "bob", Action::NotApplicable, None, 6, 3);
    app
}

fn opened(size: (u16, u16)) -> App {
    let mut app = worked(size);
    app.keys("A");
    app
}

fn shown(app: &App) -> Vec<(String, Action)> {
    let rows = &app.state.activity().expect("the activity screen").rows;
    rows.iter().map(|row| (row.reviewer.to_string(), row.action)).collect()
}

fn current(app: &App) -> &DecisionRow {
    app.state.activity().and_then(|screen| screen.current()).expect("a decision")
}

/// Moves to the only decision of a kind.
fn go_to(app: &mut App, action: Action) {
    app.keys("g");
    while current(app).action != action {
        app.keys("j");
    }
}

#[test]
fn screens() {
    let mut app = opened((80, 24));
    assert_snapshot!("activity_80x24", app.screen());
    go_to(&mut app, Action::Override);
    assert_snapshot!("activity_override_80x24", app.screen());
    app.keys("Tab PgDn");
    assert_snapshot!("activity_detail_focused_80x24", app.screen());
    let mut app = opened((160, 50));
    go_to(&mut app, Action::Override);
    assert_snapshot!("activity_160x50", app.screen());
    let mut app = opened((40, 12));
    assert_snapshot!("activity_40x12", app.screen());
    app.keys("/");
    assert_snapshot!("activity_filter_40x12", app.screen());
    let mut app = App::open((80, 24));
    app.keys("A");
    assert_snapshot!("activity_empty_80x24", app.screen());
    app.keys("m");
    assert_snapshot!("activity_nothing_matches_80x24", app.screen());
    let mut app = worked((80, 24));
    app.database.down = Some(RepositoryError::Unavailable("connection refused".into()));
    app.keys("A");
    assert_snapshot!("activity_error_80x24", app.screen());
}

#[test]
fn overlays() {
    let mut app = opened((80, 24));
    app.keys("/ Tab");
    assert_snapshot!("activity_filter_80x24", app.screen());
    app.keys("Esc");
    go_to(&mut app, Action::Reject);
    decided(&mut app, "bob", Action::Defer, None, 9, 0);
    app.keys("u");
    assert_snapshot!("activity_take_back_80x24", app.screen());
    app.keys("Esc ?");
    assert_snapshot!("activity_help_80x24", app.screen());
}

#[test]
fn decisions_are_listed_newest_first_and_narrowed_by_every_condition() {
    let mut app = opened((120, 40));
    assert_eq!(shown(&app).len(), 10);
    assert_eq!(shown(&app)[..2], [("bob".into(), Action::NotApplicable), ("alice".into(), Action::Undo)]);
    app.keys("m");
    assert!(shown(&app).len() == 6 && shown(&app).iter().all(|(who, _)| who == "alice"), "{:?}", shown(&app));
    app.keys("m t");
    assert_eq!(shown(&app).len(), 8, "today");
    app.keys("t");
    assert_eq!(shown(&app).len(), 9, "of seven days");
    app.keys("t / Tab").type_text("flag").keys("Enter");
    assert_eq!(shown(&app), [("Chloé with a long name".into(), Action::Flag)]);
    app.keys("x / ").type_text("bob").keys("Enter");
    assert_eq!(shown(&app).len(), 3);
    app.keys("x / Tab Tab").type_text("weight").keys("Enter");
    assert!(app.state.activity().unwrap().rows.iter().all(|row| row.gap.attribute.as_str() == "weight"));
    assert_eq!(shown(&app).len(), 3);
    app.keys("x");
    go_to(&mut app, Action::Reject);
    app.keys("b");
    assert_eq!(shown(&app), vec![("alice".to_owned(), Action::Reject); 3]);
    app.keys("b");
    assert_eq!(shown(&app).len(), 10);
}

#[test]
fn a_field_of_the_filter_that_means_nothing_is_named() {
    let mut app = opened((80, 24));
    app.keys("/ Tab Tab Tab Tab").type_text("b1").keys("Enter");
    assert!(app.screen().contains("Bulk action: an id is needed, as b gives it"), "{}", app.screen());
    app.keys("Esc");
    assert_eq!(shown(&app).len(), 10);
}

#[test]
fn enter_goes_to_the_gap_and_back_is_where_it_was() {
    let mut app = opened((120, 40));
    go_to(&mut app, Action::Flag);
    let gap = current(&app).gap.clone();
    app.keys("Enter");
    assert_eq!(app.state.context(), crate::tui::app::action::Context::Queue);
    assert_eq!(app.state.queue.current_gap(), Some(&gap));
    app.keys("A");
    assert_eq!(current(&app).gap, gap, "the place is kept");
}

#[test]
fn enter_shows_a_gap_that_the_filter_leaves_out() {
    let mut app = worked((120, 40));
    app.keys("/ Tab").type_text("weight").keys("Enter A");
    go_to(&mut app, Action::Flag);
    let gap = current(&app).gap.clone();
    app.keys("Enter");
    assert_eq!(app.state.queue.current_gap(), Some(&gap));
    assert!(app.toast().contains("the gaps of this product"), "{}", app.toast());
}

#[test]
fn any_decision_of_ones_own_is_taken_back_from_there() {
    let mut app = opened((120, 40));
    go_to(&mut app, Action::Override);
    let (id, gap) = (current(&app).id, current(&app).gap.clone());
    let queue = app.cursor();
    app.keys("u");
    assert!(app.toast().starts_with("Undid override \"Black"), "{}", app.toast());
    assert_eq!(app.cursor(), queue, "the queue behind the screen does not move");
    assert_eq!(current(&app).id, id, "the cursor stays");
    assert!(current(&app).undone_by.is_some());
    assert_eq!(shown(&app)[0], ("alice".into(), Action::Undo), "the undo is a decision of its own, on top");
    let history = app.database.history(&gap);
    assert_eq!(Event::in_force(&history).unwrap().decision.reviewer.as_str(), "bob");
    app.keys("u");
    assert_eq!(app.toast(), "This decision was taken back already");
    assert_eq!(app.database.events.len(), 11);
}

#[test]
fn what_is_not_ones_own_or_not_in_force_is_not_taken_back_and_says_why() {
    let mut app = opened((120, 40));
    app.keys("u");
    assert!(app.toast().starts_with("This is bob's decision"), "{}", app.toast());
    app.keys("j u");
    assert!(app.toast().starts_with("An undo is not taken back"), "{}", app.toast());
    decided(&mut app, "bob", Action::Defer, None, 0, 0);
    go_to(&mut app, Action::Override);
    app.keys("u");
    assert!(app.toast().starts_with("Not taken back:"), "{}", app.toast());
    assert!(app.state.unsaved.is_empty());
}

#[test]
fn a_bulk_action_is_taken_back_as_one() {
    let mut app = opened((80, 24));
    go_to(&mut app, Action::Reject);
    app.keys("u");
    assert!(app.screen().contains("All 3 decisions of this bulk action are taken back"), "{}", app.screen());
    let effects = app.press("y");
    let [Effect::DecideTogether(undos)] = effects.as_slice() else { panic!("{effects:?}") };
    assert!(undos.len() == 3 && undos.iter().all(|undo| undo.batch == Some(BATCH)));
    assert!(app.state.is_keeping());
    assert!(app.toast().is_empty(), "nothing is said before it is on the disk: {}", app.toast());
    app.settle();
    assert_eq!(app.toast(), "Undid 3 decisions, a bulk action");
    let undone = app.state.activity().unwrap().rows.iter().filter(|row| row.undone_by.is_some()).count();
    assert_eq!(undone, 4, "with the one undone before");
    assert!([8, 9, 10].iter().all(|index| app.database.rows[*index].state == GapState::Open));
    assert!(app.state.unsaved.is_empty());
}

#[test]
fn one_decision_of_a_bulk_action_can_be_taken_back_alone() {
    let mut app = opened((80, 24));
    go_to(&mut app, Action::Reject);
    let id = current(&app).id;
    app.keys("u");
    let effects = app.press("o");
    let [decision] = decisions(&effects)[..] else { panic!("{effects:?}") };
    assert_eq!(decision.undoes, Some(id));
}

#[test]
fn a_bulk_action_that_changed_meanwhile_is_not_taken_back_in_part() {
    let mut app = opened((80, 24));
    go_to(&mut app, Action::Reject);
    app.keys("u");
    decided(&mut app, "bob", Action::Defer, None, 9, 0);
    app.keys("y");
    assert!(app.toast().contains("none of 3 was saved"), "{}", app.toast());
    assert_eq!(app.database.rows[8].state, GapState::Rejected);
    assert_eq!(app.state.tally().failed, 3);
    app.keys("u");
    assert!(app.toast().contains("not saved yet"), "{}", app.toast());
}

#[test]
fn a_full_disk_takes_nothing_back() {
    let mut app = opened((80, 24));
    go_to(&mut app, Action::Reject);
    app.database.disk = Some("the disk is full");
    app.keys("u y");
    assert!(app.toast().starts_with("Not undone: the disk is full"), "{}", app.toast());
    assert!(app.state.unsaved.is_empty());
    assert!(app.state.activity().unwrap().rows.iter().filter(|row| row.undone_by.is_some()).count() == 1);
}

#[test]
fn decisions_of_others_appear_at_the_top_and_the_cursor_stays_on_its_own() {
    let mut app = opened((80, 24));
    app.keys("j j");
    let id = current(&app).id;
    decided(&mut app, "bob", Action::Accept, Some("300"), 13, 0);
    app.wait(1_100);
    app.settle();
    assert_eq!(shown(&app)[0], ("bob".into(), Action::Accept));
    assert_eq!((shown(&app).len(), current(&app).id), (11, id));
    let asked = app.send(Msg::Woke);
    assert!(!asked.iter().any(|effect| matches!(effect, Effect::LoadActivity { .. })), "{asked:?}");
    app.wait(1_100);
    app.settle();
    assert_eq!(shown(&app).len(), 11, "what is told again is no news");
}

#[test]
fn a_long_list_is_loaded_page_by_page() {
    let mut app = App::open((80, 24));
    for index in 0..560 {
        decided(&mut app, "bob", Action::Reject, None, index, 600 - i64::try_from(index).unwrap());
    }
    app.keys("A");
    assert_eq!(shown(&app).len(), 200);
    for _ in 0..14 {
        app.keys("PgDn");
    }
    assert_eq!(shown(&app).len(), 400);
    app.keys("G");
    assert_eq!(shown(&app).len(), 560);
    let screen = app.state.activity().unwrap();
    assert_eq!((screen.cursor, screen.is_complete()), (559, true));
    let newest_first = screen.rows.is_sorted_by(|a, b| a.recorded_at >= b.recorded_at);
    assert!(newest_first);
}

#[test]
fn more_news_than_a_page_shows_the_list_anew() {
    let mut app = opened((80, 24));
    for index in 20..140 {
        decided(&mut app, "bob", Action::Reject, None, index, -1);
    }
    app.keys("R");
    assert_eq!(shown(&app).len(), 130);
    for index in 140..270 {
        decided(&mut app, "bob", Action::Defer, None, index, -2);
    }
    app.wait(1_100);
    app.settle();
    assert_eq!(shown(&app).iter().filter(|(_, action)| *action == Action::Defer).count(), 130);
    let rows = &app.state.activity().unwrap().rows;
    let ids: std::collections::HashSet<_> = rows.iter().map(|row| row.id).collect();
    assert_eq!(ids.len(), rows.len(), "none twice");
}

#[test]
fn a_late_history_is_not_shown_for_another_gap() {
    let mut app = opened((160, 50));
    let effects = app.press("j");
    app.press("k");
    let late: Vec<_> = effects.into_iter().filter_map(|effect| app.database.answer(effect)).collect();
    app.settle();
    for msg in late {
        app.send(msg);
    }
    let history = app.state.activity().unwrap().history().expect("a history");
    assert_eq!(history[0].decision.gap, current(&app).gap);
}

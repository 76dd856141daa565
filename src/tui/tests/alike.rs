//! Contagion: gaps like one that was overridden or rejected.

use super::*;
use insta::assert_snapshot;

const SIZE: (u16, u16) = (120, 30);

#[test]
fn gaps_like_a_rejected_one_are_told_of_and_listed() {
    let mut app = App::open(SIZE);
    app.database.decided_by("bob", &fixture::row(4).gap, "Black/White");
    app.keys("r");
    assert_eq!(app.toast(), "7 like it: 6 open, 1 ✓ accepted · C lists them");
    app.keys("j");
    assert!(app.screen().contains("C 7 like it"), "it is still said when the message is gone");
    app.keys("C");
    assert_snapshot!("alike_120x30", app.screen());
    assert_eq!(app.state.queue.rows.len(), 7);
    app.keys("j r");
    let last = &app.database.events.last().unwrap().decision;
    assert_eq!(last.seen.policy, "contagion");
    app.keys("x");
    assert_eq!(app.state.queue.filter, QueueFilter::default());
}

#[test]
fn what_agrees_with_the_prediction_infects_nothing() {
    let mut app = App::open(SIZE);
    let effects = app.press("a");
    assert!(!effects.iter().any(|effect| matches!(effect, Effect::LoadAlike { .. })), "{effects:?}");
    app.settle();
    app.keys("j j j j j C");
    assert_eq!(app.toast(), "No gaps like one that you overrode or rejected are known");
}

#[test]
fn only_the_last_answer_counts_and_it_comes_behind_the_decision() {
    let mut app = App::open(SIZE);
    let first = app.press("r");
    let place = |effects: &[Effect], is: fn(&Effect) -> bool| effects.iter().position(is).unwrap();
    let decided = place(&first, |effect| matches!(effect, Effect::Decide(..)));
    assert!(decided < place(&first, |effect| matches!(effect, Effect::LoadAlike { .. })));
    app.settle();
    let second = app.press("r");
    let late = first.into_iter().find(|effect| matches!(effect, Effect::LoadAlike { .. })).unwrap();
    let late = app.database.answer(late).unwrap();
    app.send(late);
    assert!(app.state.alike.found.value.is_none(), "the answer to an earlier one is dropped");
    drop(second);
    app.settle();
    assert!(app.state.alike.found.value.is_some());
}

#[test]
fn without_a_database_nothing_is_looked_for() {
    let mut app = App::open(SIZE);
    app.database.down = Some(RepositoryError::Unavailable("gone".into()));
    app.keys("r");
    let effects = app.press("r");
    assert!(!effects.iter().any(|effect| matches!(effect, Effect::LoadAlike { .. })), "{effects:?}");
}

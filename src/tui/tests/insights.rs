//! The insights screen.

use super::*;
use crate::domain::QueueFilter;
use insta::assert_snapshot;

const SMALL: (u16, u16) = (80, 24);

#[test]
fn what_it_looks_like() {
    let mut app = App::open(SMALL);
    app.keys("I");
    assert_snapshot!("insights_80x24", app.screen());
    app.resize(160, 50);
    assert_snapshot!("insights_160x50", app.screen());
    app.resize(40, 12);
    assert_snapshot!("insights_40x12", app.screen());
    let mut app = App::open(SMALL);
    app.database.is_unjudged = true;
    app.keys("I");
    assert_snapshot!("insights_empty_80x24", app.screen());
    let mut app = App::open(SMALL);
    app.database.down = Some(RepositoryError::Unavailable("connection refused".into()));
    app.keys("I");
    assert_snapshot!("insights_error_80x24", app.screen());
}

#[test]
fn drift_is_marked_and_said() {
    let mut app = App::open(SMALL);
    app.database.has_drift = true;
    app.keys("I");
    assert_snapshot!("insights_drift_80x24", app.screen());
    assert!(app.screen().contains("Acceptance fell from 82 % to 61 % about 2026-03-09"), "{}", app.screen());
    app.resize(160, 50);
    assert_snapshot!("insights_drift_160x50", app.screen());
    app.resize(40, 12);
    assert_snapshot!("insights_drift_40x12", app.screen());
    app.resize(80, 24);
    app.keys("G");
    assert!(app.screen().contains("Acceptance rose from 61 % to 90 %"), "{}", app.screen());
    app.keys("Q E");
    assert_snapshot!("experiments_drift_80x24", app.screen());
}

#[test]
fn a_threshold_is_said_or_refused() {
    let mut app = App::open((120, 36));
    app.keys("I");
    assert!(
        app.screen().contains("From confidence 0.9700 on, at most 2 % wrong, 95 % sure: 200 drawn"),
        "{}",
        app.screen()
    );
    app.database.sampled = 50;
    app.keys("j");
    assert!(app.screen().contains("takes 49 more gaps drawn at random"), "{}", app.screen());
    app.database.sampled = 0;
    app.keys("k");
    assert!(
        app.screen().contains("takes 149 more gaps drawn at random, 0 so far · `gapdeck policy"),
        "{}",
        app.screen()
    );
}

#[test]
fn tab_turns_and_enter_shows_the_gaps_of_a_group() {
    let mut app = App::open((120, 36));
    app.keys("I");
    let first = app.state.insights().unwrap().current().unwrap().key.clone();
    app.keys("j Tab");
    assert!(app.screen().contains("judged predictions by attribute"), "{}", app.screen());
    assert_eq!(app.state.insights().unwrap().place.cursor, 0);
    let attribute = app.state.insights().unwrap().current().unwrap().key.clone();
    assert_ne!(attribute, first);
    app.keys("Enter");
    let expected = QueueFilter { attribute: Some(attribute.into()), ..QueueFilter::default() };
    assert_eq!((app.state.screens.len(), &app.state.queue.filter), (0, &expected));
    app.keys("I Tab Tab");
    let screen = app.state.insights().unwrap();
    assert_eq!(screen.current().unwrap().key, "", "products without a category are a group, too");
    app.keys("Enter");
    assert!(app.screen().contains("cannot be narrowed to products without a category"), "{}", app.screen());
}

#[test]
fn a_late_sample_of_another_group_is_dropped() {
    let mut app = App::open(SMALL);
    app.keys("I");
    let held = app.press("j");
    app.press("k");
    app.settle();
    let before = app.state.insights().unwrap().certified.value.clone();
    for effect in held {
        if let Some(late) = app.database.answer(effect) {
            app.send(late);
        }
    }
    assert_eq!(app.state.insights().unwrap().certified.value, before);
}

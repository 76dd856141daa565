//! Two experiments compared.

use super::*;
use insta::assert_snapshot;

const SMALL: (u16, u16) = (80, 24);

fn compared(size: (u16, u16)) -> App {
    let mut app = App::open(size);
    app.keys("E m j Enter");
    app
}

#[test]
fn what_it_looks_like() {
    let mut app = App::open(SMALL);
    app.keys("E m j");
    assert_snapshot!("experiments_marked_80x24", app.screen());
    let mut app = compared(SMALL);
    assert_snapshot!("comparison_80x24", app.screen());
    app.resize(160, 50);
    assert_snapshot!("comparison_160x50", app.screen());
    app.resize(40, 12);
    assert_snapshot!("comparison_40x12", app.screen());
    let mut app = App::open(SMALL);
    app.keys("E m j");
    app.database.down = Some(RepositoryError::Database("division by zero".into()));
    app.keys("Enter");
    assert_snapshot!("comparison_error_80x24", app.screen());
}

#[test]
fn one_experiment_has_to_be_marked_first_and_is_not_compared_with_itself() {
    let mut app = App::open(SMALL);
    app.keys("E Enter");
    assert!(app.state.comparison().is_none());
    assert!(
        app.screen().contains("M marks an experiment; Enter on another compares the two"),
        "{}",
        app.screen()
    );
    app.keys("m Enter");
    assert!(app.state.comparison().is_none());
    app.keys("m");
    assert_eq!(app.state.experiments().unwrap().marked, None, "again takes the mark away");
    app.keys("m j m");
    let experiments = app.state.experiments().unwrap();
    assert_eq!(experiments.marked.as_ref(), Some(&experiments.rows()[1].experiment), "one at a time");
}

#[test]
fn tab_turns_to_what_the_other_one_won_and_each_list_keeps_its_place() {
    let mut app = compared(SMALL);
    app.keys("j j");
    let third = app.state.comparison().unwrap().current().unwrap().gap.clone();
    app.keys("Tab");
    assert!(app.screen().contains("Gaps that only gpt-3.5 is right on"), "{}", app.screen());
    assert_ne!(app.state.comparison().unwrap().current().unwrap().gap, third);
    app.keys("G Tab");
    assert_eq!(app.state.comparison().unwrap().current().unwrap().gap, third);
}

#[test]
fn a_list_on_its_way_is_asked_for_again_after_turning_away() {
    let mut app = App::open(SMALL);
    app.keys("E m j");
    let held = app.press("Enter");
    app.keys("Tab Tab");
    assert!(app.state.comparison().unwrap().current().is_some(), "{}", app.screen());
    for effect in held {
        if let Some(late) = app.database.answer(effect) {
            app.send(late);
        }
    }
    assert!(app.state.comparison().unwrap().current().is_some());
}

#[test]
fn enter_goes_to_the_gap_and_esc_back_to_the_experiments() {
    let mut app = compared(SMALL);
    app.keys("j");
    let gap = app.state.comparison().unwrap().current().unwrap().gap.clone();
    app.keys("Enter");
    assert!(app.state.screens.is_empty());
    assert_eq!(app.state.queue.current_gap(), Some(&gap));
    let mut app = compared(SMALL);
    app.keys("Esc");
    assert!(app.state.experiments().is_some());
}

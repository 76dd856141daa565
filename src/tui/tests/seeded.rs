//! Seeded gaps in the flow: shown like open ones, answered instead of decided.

use super::*;
use crate::domain::Share;

const SIZE: (u16, u16) = (120, 36);

/// A flow with seeded gaps of a share; `known` are the rows whose values are known, all of them decided by bob.
fn with_seeds(share: f64, known: &[(usize, &'static str)]) -> App {
    let mut app = App::opening(SIZE);
    app.database.policy.seeded = Share::try_from(share).unwrap();
    for (index, value) in known {
        let gap = fixture::row(*index).gap;
        app.database.decided_by("bob", &gap, "whatever bob says");
        app.database.seeded.push((gap, *value));
    }
    app.send(Msg::Opened);
    app.settle();
    app.keys("Space");
    app
}

/// Goes to the gap in the list.
fn go_to(app: &mut App, index: usize) {
    let gap = fixture::row(index).gap;
    let place = app.state.queue.rows.iter().position(|row| row.data.gap == gap).expect("in the flow");
    app.keys("g g");
    for _ in 0..place {
        app.keys("j");
    }
    app.settle();
    assert_eq!(app.state.queue.current_gap(), Some(&gap));
}

fn shown(app: &App) -> String {
    let card = app.state.current_card().expect("a card");
    card.choices[0].value.clone()
}

#[test]
fn a_seeded_gap_comes_like_an_open_one_and_nothing_of_it_is_decided() {
    let mut app = with_seeds(0.5, &[(20, "Nobody would guess this")]);
    go_to(&mut app, 20);
    let screen = app.screen();
    assert!(!screen.contains("bob"), "{screen}");
    assert_eq!(app.state.current_card().unwrap().card.row.state, GapState::Open);
    assert!(app.state.current_card().unwrap().card.history.is_empty());
    let first = shown(&app);
    let events = app.database.events.len();
    app.keys("a");
    assert_eq!(app.database.events.len(), events, "no decision");
    assert!(app.state.unsaved.is_empty(), "nothing rests in the outbox");
    let answer = app.database.answers[0].clone();
    assert_eq!((answer.is_right, answer.accepted), (Some(false), Some(true)));
    assert_eq!((answer.gap, answer.value.as_deref()), (fixture::row(20).gap, Some(first.as_str())));
    let screen = app.screen();
    assert!(screen.contains("A check, nothing decided: right is \"Nobody would guess this\""), "{screen}");
    assert_ne!(app.state.queue.current_gap(), Some(&fixture::row(20).gap), "the flow goes on");
}

#[test]
fn an_answer_is_not_taken_back_and_the_next_undo_goes_behind_it() {
    let mut app = with_seeds(0.5, &[(20, "Nobody would guess this")]);
    app.keys("a");
    let decided = app.database.events.len();
    assert_eq!(decided, 1);
    go_to(&mut app, 20);
    app.keys("r u");
    assert_eq!(app.database.events.len(), decided, "the undo was refused");
    assert!(app.screen().contains("again takes back what was before"), "{}", app.screen());
    app.keys("u");
    app.settle();
    let undo = app.database.events.last().unwrap();
    assert_eq!(undo.decision.action, Action::Undo);
}

#[test]
fn an_answered_gap_takes_no_decision() {
    let mut app = with_seeds(0.5, &[(20, "Nobody would guess this")]);
    go_to(&mut app, 20);
    app.keys("r");
    go_to(&mut app, 20);
    app.keys("a");
    assert!(app.database.events.is_empty() && app.database.answers.len() == 1);
    assert!(app.screen().contains("there is nothing to decide"), "{}", app.screen());
}

#[test]
fn what_others_decide_meanwhile_does_not_show_on_it() {
    let mut app = with_seeds(0.5, &[(20, "Nobody would guess this")]);
    go_to(&mut app, 20);
    app.database.decided_by("eve", &fixture::row(20).gap, "Mauve");
    app.wait(1_000);
    app.settle();
    let screen = app.screen();
    assert!(!screen.contains("eve") && !screen.contains("Mauve"), "{screen}");
    app.keys("r");
    assert_eq!(app.database.answers.len(), 1);
}

#[test]
fn the_share_is_kept_and_without_one_nothing_is_asked_for() {
    let known: Vec<_> = (20..40).map(|index| (index, "x")).collect();
    let mut app = with_seeds(0.25, &known);
    for _ in 0..40 {
        app.keys("n");
        app.settle();
    }
    let (answers, decided) = (app.database.answers.len(), app.database.events.len());
    assert_eq!(answers + decided, 40);
    assert!((7..=11).contains(&answers), "{answers} of 40");

    let mut app = with_seeds(0.0, &known);
    for _ in 0..15 {
        app.keys("n");
        app.settle();
    }
    assert_eq!((app.database.answers.len(), app.database.events.len()), (0, 15));
}

#[test]
fn a_known_gap_that_comes_as_an_ordinary_one_is_decided() {
    let mut app = App::opening(SIZE);
    app.database.policy.seeded = Share::try_from(0.9).unwrap();
    // Open: it is among the first six that the flow claims.
    app.database.seeded.push((fixture::row(2).gap, "x"));
    app.send(Msg::Opened);
    app.settle();
    app.keys("Space");
    let served = app.state.queue.rows.iter().filter(|row| row.data.gap == fixture::row(2).gap).count();
    assert_eq!(served, 1);
    go_to(&mut app, 2);
    app.keys("r");
    assert_eq!((app.database.events.len(), app.database.answers.len()), (1, 0));
}

#[test]
fn an_answer_that_cannot_be_kept_says_so() {
    let mut app = with_seeds(0.5, &[(20, "Nobody would guess this")]);
    go_to(&mut app, 20);
    app.database.down = Some(RepositoryError::Unavailable("gone".into()));
    app.keys("r");
    app.settle();
    assert!(app.database.answers.is_empty());
    assert!(app.screen().contains("was not kept"), "{}", app.screen());
}

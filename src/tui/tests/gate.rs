//! The gate at the key press, the evidence line and the folded list, as the reviewer sees them.

use super::*;
use crate::domain::{CategoryValues, ListCut};
use chrono::Utc;
use insta::assert_snapshot;

const SIZE: (u16, u16) = (120, 36);

/// The second row asks for a weight; its neighbours have 286 g or near, and 2860 is proposed.
fn heavy() -> App {
    let mut app = App::opening(SIZE);
    app.database.change_card = Some(|card| {
        if card.attribute.key.as_str() == "weight" {
            for candidate in &mut card.candidates {
                candidate.value = "2860".into();
            }
            for (index, voter) in card.voters.iter_mut().enumerate() {
                voter.values = vec![format!("{} g", 280 + index)];
            }
        }
    });
    app.send(Msg::Opened);
    app.settle();
    app.keys("j");
    app
}

#[test]
fn what_is_far_from_usual_is_told_before_and_takes_a_second_key_and_says_why() {
    let mut app = heavy();
    assert!(app.screen().contains("! 2860 g is 10.1 times 28"), "{}", app.screen());
    app.keys("a");
    assert!(app.database.events.is_empty());
    assert_snapshot!("gate", app.screen());
    // The key that comes right behind was meant for something else.
    app.keys("y a");
    assert!(app.database.events.is_empty() && app.state.overlay.is_some());
    app.wait(700);
    app.keys("y");
    let decision = &app.database.events[0].decision;
    assert_eq!((decision.action, decision.value.as_deref()), (Action::Accept, Some("2860")));
    assert!(decision.seen.kept_on_purpose && decision.seen.keys == "a y", "{:?}", decision.seen);
    assert!(decision.seen.objections[0].contains("10.1 times"), "{:?}", decision.seen.objections);
}

#[test]
fn who_has_second_thoughts_goes_back_or_gives_another_value() {
    let mut app = heavy();
    app.keys("a Esc");
    assert!(app.state.overlay.is_none() && app.database.events.is_empty());
    app.keys("1").wait(700);
    app.keys("o").type_text("286").keys("Enter");
    let decision = &app.database.events[0].decision;
    assert_eq!((decision.action, decision.value.as_deref()), (Action::Override, Some("286")));
    assert!(!decision.seen.kept_on_purpose && decision.seen.objections.is_empty());
}

#[test]
fn a_predicted_value_that_is_not_allowed_takes_a_second_key_too() {
    let mut app = App::opening(SIZE);
    app.database.change_card =
        Some(|card| card.candidates.iter_mut().for_each(|one| one.value = "Teal".into()));
    app.send(Msg::Opened);
    app.settle();
    app.keys("a").wait(700);
    assert!(app.screen().contains("\"Teal\" is not one of the 8 allowed values"), "{}", app.screen());
    app.keys("y");
    assert_eq!(app.database.events.len(), 1);
}

/// Of the first row's three candidates the last two may be left out.
fn cut() -> App {
    let mut app = App::opening(SIZE);
    app.database.change_card = Some(|card| {
        card.cut = Some(ListCut {
            attribute_key: card.attribute.key.clone(),
            decided: 240,
            listed: 230,
            score: Some(0.8),
            measured_at: Utc::now(),
        });
        let frequent = vec![("White".to_owned(), 60)];
        card.common = Some(CategoryValues { known: 100, frequent, sample: Vec::new() });
    });
    app.send(Msg::Opened);
    app.settle();
    app
}

#[test]
fn a_cut_list_folds_the_rest_until_it_is_asked_for() {
    let mut app = cut();
    let screen = app.screen();
    assert!(screen.contains("3 more folded: right is one above in 90 %, n = 240 · l unfolds"), "{screen}");
    assert!(!screen.contains("Anthracite"), "{screen}");
    app.keys("3");
    assert!(app.database.events.is_empty() && app.toast().contains("is folded"), "{}", app.toast());
    app.keys("l");
    let screen = app.screen();
    assert!(screen.contains("Anthracite") && screen.contains("60 % of the category"), "{screen}");
    assert!(!screen.contains("folded"), "{screen}");
    assert_snapshot!("unfolded", screen);
    app.keys("4");
    let decision = &app.database.events[0].decision;
    assert_eq!((decision.action, decision.value.as_deref()), (Action::Override, Some("White")));
    assert_eq!(decision.seen.candidates.len(), 4);
}

#[test]
fn what_the_texts_say_is_told_of_each_candidate() {
    let mut app = App::open(SIZE);
    assert!(app.screen().contains("✓ in the name: "), "{}", app.screen());
    app.keys("l l");
    let screen = app.screen();
    assert!(screen.contains("≠ not found, another in the name: "), "{screen}");
}

//! The flow of leased gaps, and what others do meanwhile.

use super::*;
use crate::domain::{QueueFilter, Share, StateFilter};

const SIZE: (u16, u16) = (120, 36);

fn gap(index: usize) -> GapId {
    fixture::row(index).gap
}

fn flow(app: &mut App) {
    app.keys("Space");
    assert!(app.state.flow.is_some());
}

fn mine(app: &App) -> usize {
    app.database.leases.iter().filter(|lease| lease.reviewer.as_str() == "alice").count()
}

fn polled(app: &mut App) {
    app.wait(1_000);
    app.settle();
}

#[test]
fn space_claims_a_few_gaps_and_serves_them_one_after_another() {
    let mut app = App::open(SIZE);
    flow(&mut app);
    assert_eq!((app.state.queue.rows.len(), mine(&app)), (6, 6));
    assert!(app.screen().contains(" Flow "), "{}", app.screen());
    app.keys("a a a");
    assert_eq!(app.cursor(), 3);
    assert_eq!((app.state.queue.rows.len(), mine(&app)), (12, 9), "more were claimed when these ran short");
    assert!(app.screen().contains("3 decided · 9 held"), "{}", app.screen());
    let effects = app.press("a");
    let token = app.state.flow.as_ref().unwrap().token;
    assert!(matches!(effects[0], Effect::Decide(_, fence) if fence == Fence::Lease(token)), "{effects:?}");
}

#[test]
fn a_share_of_the_flow_is_drawn_at_random_and_says_so_in_the_decision() {
    let mut app = App::opening(SIZE);
    app.database.policy.random = Share::try_from(0.5).unwrap();
    app.send(Msg::Opened);
    app.settle();
    let mut lots: Vec<GapId> = app.database.rows.iter().map(|row| row.gap.clone()).collect();
    lots.sort_by(|a, b| Lot::Sample.of(a).total_cmp(&Lot::Sample.of(b)));
    let mut claims = Vec::new();
    for effect in app.press("Space") {
        if let Effect::Claim { claim, .. } = effect {
            claims.push((claim.sort, claim.limit));
        }
    }
    app.settle();
    assert_eq!(claims, [(QueueSort::Random, 3)], "half of the first six");
    let served: Vec<GapId> = app.state.queue.rows.iter().map(|row| row.data.gap.clone()).collect();
    assert_eq!(served[..3], lots[..3], "the first lots of all come first");
    assert!(served[3..].contains(&gap(0)), "the rest comes in the order of the list: {served:?}");
    let drawn = decided(&mut app);
    assert_eq!(drawn.seen.policy, "queue:random");
    assert_eq!(drawn.seen.selection_probability, Some(Lot::Sample.of(&lots[0])));
    app.keys("a a");
    let next = decided(&mut app);
    assert_eq!(
        (next.seen.policy.as_str(), next.seen.selection_probability),
        ("queue:confidence_descending", Some(1.0))
    );
}

/// Accepts what is under the cursor.
fn decided(app: &mut App) -> Decision {
    let mut decided = None;
    for effect in app.press("a") {
        if let Effect::Decide(decision, _) = effect {
            decided = Some(*decision);
        }
    }
    app.settle();
    decided.expect("a decision")
}

#[test]
fn a_flow_passes_by_what_others_hold_or_have_decided() {
    let mut app = App::opening(SIZE);
    app.database.held_by("bob", &[gap(0), gap(2)]);
    app.database.decided_by("bob", &gap(1), "Black");
    app.send(Msg::Opened);
    app.settle();
    flow(&mut app);
    let served: Vec<_> = app.state.queue.rows.iter().map(|row| row.data.gap.clone()).collect();
    assert_eq!(served, [3, 4, 5, 6, 7, 8].map(gap));
}

#[test]
fn the_end_of_a_flow_gives_back_what_is_undecided_and_the_list_is_there_again() {
    for key in ["Space", "Esc"] {
        let mut app = App::open(SIZE);
        flow(&mut app);
        app.keys("a a j");
        app.keys(key);
        assert!(app.state.flow.is_none());
        assert_eq!(mine(&app), 0, "nothing is held any more");
        assert_eq!(app.state.queue.current_gap(), Some(&gap(3)), "the place is kept");
        assert_eq!(app.state.queue.rows.len(), 200);
    }
}

#[test]
fn quitting_gives_back_what_is_held() {
    let mut app = App::open(SIZE);
    flow(&mut app);
    app.keys("a");
    let effects = app.press("q");
    assert!(
        matches!(&effects[..], [Effect::Release { gaps, .. }, Effect::Quit] if gaps.len() == 5),
        "{effects:?}"
    );
}

#[test]
fn a_claim_that_answers_after_the_flow_ended_is_given_back() {
    let mut app = App::open(SIZE);
    app.press("Space Space");
    app.settle();
    assert!(app.state.flow.is_none());
    assert_eq!(mine(&app), 0);
}

#[test]
fn another_filter_starts_the_flow_anew() {
    let mut app = App::open(SIZE);
    flow(&mut app);
    app.keys("s");
    assert_eq!((app.state.queue.rows.len(), mine(&app)), (6, 6));
    assert!(app.state.flow.is_some());
    app.state.queue.filter = QueueFilter { state: StateFilter::Decided, ..QueueFilter::default() };
    app.keys("s");
    assert!(app.state.flow.is_none(), "decided gaps cannot be held");
    app.keys("Space");
    assert_eq!(app.toast(), "Only open gaps can be held; / changes the filter");
}

#[test]
fn an_exhausted_flow_says_who_holds_the_rest_and_goes_on_when_something_is_given_back() {
    let mut app = App::opening(SIZE);
    app.database.rows.truncate(3);
    app.database.held_by("bob", &[gap(1), gap(2)]);
    app.send(Msg::Opened);
    app.settle();
    flow(&mut app);
    polled(&mut app);
    app.keys("a");
    assert_eq!(app.toast(), "Nothing is left to claim · bob holds 2 for 4 min at most · Space ends the flow");
    app.database.leases.retain(|lease| lease.gap != gap(2));
    polled(&mut app);
    assert_eq!(app.state.queue.current_gap(), Some(&gap(2)));
}

#[test]
fn an_empty_flow_says_so() {
    let mut app = App::opening(SIZE);
    app.database.rows.truncate(2);
    app.database.held_by("bob", &[gap(0), gap(1)]);
    app.send(Msg::Opened);
    app.settle();
    flow(&mut app);
    polled(&mut app);
    let screen = app.screen();
    assert!(screen.contains("Nothing is left to claim"), "{screen}");
    assert!(screen.contains("bob holds 2 for 4 min at most"), "{screen}");
}

#[test]
fn leases_are_renewed_while_somebody_works_and_only_then() {
    let mut app = App::open(SIZE);
    flow(&mut app);
    app.wait(149_000);
    app.press("j");
    let effects = app.press("j");
    assert!(!effects.iter().any(|effect| matches!(effect, Effect::Renew { .. })), "{effects:?}");
    app.settle();
    app.wait(2_000);
    let renewals = app.waiting.iter().filter(|effect| matches!(effect, Effect::Renew { .. })).count();
    assert_eq!(renewals, 1, "half of the time is over");
    app.settle();
    app.wait(600_000);
    assert!(!app.waiting.iter().any(|effect| matches!(effect, Effect::Renew { .. })), "nobody is there");
}

#[test]
fn what_others_got_while_one_was_away_leaves_the_flow() {
    let mut app = App::open(SIZE);
    flow(&mut app);
    app.wait(400_000);
    app.settle();
    let (lost, kept) = ([gap(1), gap(2)], [gap(0), gap(3), gap(4), gap(5)]);
    app.database.leases.retain(|lease| kept.contains(&lease.gap));
    app.database.held_by("bob", &lost);
    app.keys("k");
    assert_eq!(app.toast(), "2 gaps of the flow went to others while you were away");
    let served: Vec<_> = app.state.queue.rows.iter().map(|row| row.data.gap.clone()).collect();
    assert!(!served.contains(&gap(1)) && !served.contains(&gap(2)) && served.contains(&gap(0)), "{served:?}");
}

#[test]
fn a_decision_on_a_gap_in_other_hands_is_asked_about() {
    let mut app = App::open(SIZE);
    app.database.held_by("bob", &[gap(0)]);
    app.keys("a");
    let screen = app.screen();
    assert!(screen.contains("In other hands") && screen.contains("bob is working on it"), "{screen}");
    app.wait(700);
    app.keys("Esc");
    assert_eq!((app.row_state(0), app.state.unsaved.len()), (GapState::Open, 0));
    app.keys("k a");
    app.wait(700);
    app.keys("d");
    assert_eq!((app.row_state(0), app.state.unsaved.len()), (GapState::Accepted, 0));
}

#[test]
fn others_leases_and_decisions_appear_in_the_list() {
    let mut app = App::open(SIZE);
    app.database.held_by("bob", &[gap(3)]);
    app.database.decided_by("eve", &gap(4), "Black");
    polled(&mut app);
    let screen = app.screen();
    assert!(screen.lines().any(|line| line.contains("bob")), "{screen}");
    assert!(screen.lines().any(|line| line.contains("eve")), "{screen}");
    assert_eq!(app.row_state(4), GapState::Accepted);
    app.keys("j j j a");
    app.wait(700);
    app.keys("d");
    assert_eq!(app.cursor(), 5, "on past what eve has decided");
}

#[test]
fn a_gap_that_changes_under_the_cursor_takes_no_decision_meant_for_what_was_there_before() {
    let mut app = App::open(SIZE);
    app.database.decided_by("bob", &gap(0), "Black");
    polled(&mut app);
    assert_eq!(app.toast(), "bob accepted \"Black\" · what you decide now goes on top");
    assert!(decisions(&app.press("a")).is_empty());
    assert_eq!(app.toast(), "Bob has just decided this gap; look again, then decide");
    app.wait(700);
    let effects = app.press("a");
    let [decision] = decisions(&effects)[..] else { panic!("{effects:?}") };
    assert_eq!(decision.base_version, 1, "on top of what was shown");
}

#[test]
fn the_feed_is_asked_often_while_somebody_works_seldom_later_and_then_not_at_all() {
    let mut app = App::open(SIZE);
    let polls = |app: &mut App, seconds: u64| {
        let mut polls = 0;
        for _ in 0..seconds {
            app.wait(1_000);
            polls += app.waiting.iter().filter(|effect| matches!(effect, Effect::Poll { .. })).count();
            app.settle();
        }
        polls
    };
    app.keys("j");
    assert_eq!(polls(&mut app, 10), 10);
    polls(&mut app, 30);
    let seldom = polls(&mut app, 100);
    assert!((9..=11).contains(&seldom), "{seldom}");
    polls(&mut app, 300);
    assert_eq!(polls(&mut app, 300), 0);
    assert_eq!(app.state.next_deadline(), None, "nothing wakes the application");
    app.keys("j");
    assert_eq!(polls(&mut app, 3), 3);
}

#[test]
fn an_embedded_database_has_nobody_else_to_ask_about() {
    let mut app = App::opening(SIZE);
    app.state.identity.shared = false;
    app.send(Msg::Opened);
    app.settle();
    app.wait(5_000);
    assert!(app.waiting.is_empty(), "{:?}", app.waiting);
}

#[test]
fn on_a_blind_gap_predictions_show_after_the_choice() {
    let mut app = App::opening(SIZE);
    app.database.policy.blind = Share::ALL;
    app.send(Msg::Opened);
    app.settle();
    let screen = app.screen();
    assert!(screen.contains("predictions show after your choice · o gives a value"), "{screen}");
    assert!(!screen.contains("Black/White  0.97") && !screen.contains("such predictions"), "{screen}");
    for key in ["a", "1", "r"] {
        assert_eq!(app.press(key), [], "{key} says something of predictions");
        assert!(app.screen().contains("Predictions show after your choice here"), "{}", app.screen());
    }
    app.keys("o");
    app.type_text("black/white");
    let decision = chosen(&mut app);
    assert_eq!((decision.action, decision.value.as_deref()), (Action::Accept, Some("Black/White")));
    assert_eq!(decision.seen.policy, "queue:confidence_descending:blind");
    assert_eq!((decision.seen.candidates.len(), &decision.shown_value), (0, &None), "nothing was seen");
    assert!(app.screen().contains("The same was predicted"), "{}", app.screen());

    app.keys("u");
    assert!(
        !app.screen().contains("predictions show after"),
        "what was seen cannot be unseen: {}",
        app.screen()
    );
    app.keys("j j j j o");
    app.type_text("red");
    let decision = chosen(&mut app);
    assert_eq!(decision.action, Action::Override);
    assert!(app.screen().contains("Predicted was \"Black/White\""), "{}", app.screen());
}

/// Takes what was typed.
fn chosen(app: &mut App) -> Decision {
    let effects = app.press("Enter");
    let decided = effects.into_iter().find_map(|effect| match effect {
        Effect::Decide(decision, _) => Some(*decision),
        _ => None,
    });
    app.settle();
    decided.expect("a decision")
}

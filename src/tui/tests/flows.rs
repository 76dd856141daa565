//! Key sequences and what they lead to.

use super::*;
use crate::domain::{QueueFilter, QueueSort, StateFilter};
use crate::review::outbox::Entry;
use crate::tui::app::state::Quit;
use crate::tui::screens::queue::KeepPlace;

const SIZE: (u16, u16) = (120, 36);

fn gap(index: usize) -> GapId {
    fixture::row(index).gap
}

#[test]
fn opening_asks_for_the_page_then_the_card_then_figures_then_neighbouring_cards() {
    let mut app = App::opening(SIZE);
    let effects = app.send(Msg::Opened);
    assert!(matches!(&effects[..], [Effect::LoadPage { after: None, limit: 200, .. }]), "{effects:?}");
    let page = app.database.answer(app.waiting.remove(0)).unwrap();
    let effects = app.send(page);
    let [
        Effect::LoadCard(first),
        Effect::Count { .. },
        Effect::LoadFigures { .. },
        Effect::LoadFacets { .. },
    ] = &effects[..]
    else {
        panic!("{effects:?}")
    };
    assert_eq!(*first, gap(0));
    let card = app.database.answer(app.waiting.remove(0)).unwrap();
    assert_eq!(app.send(card), [Effect::LoadCard(gap(1))], "the next card is loaded in advance");
}

#[test]
fn a_decision_shows_at_once_goes_on_and_is_sent_with_what_was_seen() {
    let mut app = App::open(SIZE);
    app.keys("j j");
    app.wait(2_500);
    let effects = app.press("a");
    let [decision] = decisions(&effects)[..] else { panic!("{effects:?}") };
    assert_eq!((decision.action, decision.gap.clone()), (Action::Accept, gap(2)));
    assert_eq!(decision.value.as_deref(), Some("Yes"));
    assert_eq!(decision.seen.keys, "a");
    assert_eq!(decision.seen.seconds, Some(2.5));
    assert_eq!(decision.seen.policy, "queue:confidence_descending");
    assert_eq!((decision.seen.candidates.len(), decision.seen.neighbours.len()), (2, 10));
    assert_eq!(decision.base_version, 0);
    assert_eq!(decision.decided_at, fixture::noon());
    assert_eq!(app.cursor(), 3, "on to the next gap before the disk and the database answer");
    app.settle();
    assert!(app.screen().contains("accepted"));
    assert_eq!(app.row_state(2), GapState::Accepted);
    assert!(app.state.unsaved.is_empty());
    assert!(app.screen().contains("599 open · 1 today · saved"));
}

#[test]
fn undo_takes_the_last_decision_back_and_returns_to_it() {
    let mut app = App::open(SIZE);
    app.keys("j a j j");
    assert_eq!(app.cursor(), 4);
    app.keys("u");
    assert_eq!((app.cursor(), app.row_state(1)), (1, GapState::Open));
    assert_eq!(app.toast(), "Undid accept \"286\" · weight · Gel-Nimbus 23 Women's");
    app.keys("u");
    assert_eq!(app.toast(), "Nothing to undo: you have no decision in force");
}

#[test]
fn an_undo_right_behind_a_decision_waits_for_the_disk_only() {
    let mut app = App::open(SIZE);
    let effects = app.press("a u");
    assert_eq!(decisions(&effects).len(), 1, "the decision is not on the disk yet: {effects:?}");
    assert!(!effects.contains(&Effect::FindUndo));
    app.settle();
    assert_eq!((app.row_state(0), app.cursor()), (GapState::Open, 0));
    let actions: Vec<_> = app.database.events.iter().map(|event| event.decision.action).collect();
    assert_eq!(actions, [Action::Accept, Action::Undo]);
}

#[test]
fn nothing_is_shown_as_decided_before_it_is_on_the_disk() {
    let mut app = App::open(SIZE);
    let effects = app.press("a");
    assert_eq!(app.cursor(), 1, "the next gap is there at once");
    assert!(!app.screen().contains("accepted"), "{}", app.screen());
    let id = decisions(&effects)[0].id;
    app.send(Msg::Outbox(News::Kept { id, result: Ok(()) }));
    assert!(app.screen().contains("accepted"), "{}", app.screen());
}

#[test]
fn digits_choose_a_candidate() {
    let mut app = App::open(SIZE);
    let effects = app.press("2");
    assert_eq!(decisions(&effects)[0].value.as_deref(), Some("Black"));
    app.settle();
    app.keys("k");
    assert!(decisions(&app.press("9")).is_empty());
    assert_eq!(app.toast(), "There is no candidate 9 · this gap has 3");
    let effects = app.press("l a");
    assert_eq!(decisions(&effects)[0].value.as_deref(), Some("Black"));
}

#[test]
fn the_number_of_a_value_that_only_neighbours_have_is_an_override() {
    let mut app = App::open(SIZE);
    app.keys("j j j j j j j j");
    let card = app.state.current_card().unwrap().clone();
    let at = card.choices.iter().position(|one| one.candidates.is_empty()).unwrap();
    let effects = app.press(&(at + 1).to_string());
    let [decision] = decisions(&effects)[..] else { panic!("{effects:?} {}", app.toast()) };
    assert_eq!((decision.action, decision.value.as_deref()), (Action::Override, Some("Blue")));
    let seen = &decision.seen.candidates[at];
    assert!(seen.neighbours.is_some_and(|share| share > 0.0) && seen.sources.is_empty(), "{seen:?}");
}

#[test]
fn a_gap_without_candidates_cannot_be_accepted_and_says_so() {
    let mut app = App::open(SIZE);
    app.keys("j j j j j");
    assert!(app.press("a").is_empty());
    let refused = "Nobody predicted this value; its number takes it from the neighbours, o gives another";
    assert_eq!(app.toast(), refused);
    assert_eq!(decisions(&app.press("n"))[0].action, Action::NotApplicable);
}

#[test]
fn nobody_decides_a_card_that_is_not_there_yet() {
    let mut app = App::open(SIZE);
    app.press("PgDn");
    assert!(decisions(&app.press("a")).is_empty());
    assert_eq!(app.toast(), "The card is still being loaded");
    app.settle();
    assert_eq!(decisions(&app.press("a")).len(), 1);
}

fn gone() -> RepositoryError {
    RepositoryError::Unavailable("connection refused".into())
}

#[test]
fn deciding_goes_on_without_the_database_and_is_sent_when_it_is_back() {
    let mut app = App::open(SIZE);
    app.database.down = Some(gone());
    app.keys("r");
    assert!(app.screen().contains("No connection since 12:00:00 · decisions are kept here and sent later"));
    app.keys("a");
    assert_eq!(app.cursor(), 2);
    assert!(app.screen().contains("2 pending"), "{}", app.screen());
    let ids: Vec<_> = app.state.unsaved.iter().map(|one| one.decision.id).collect();
    app.reconnect();
    assert!(app.state.unsaved.is_empty());
    assert_eq!(app.database.rows[0].state, GapState::Rejected);
    let sent: Vec<_> = app.database.events.iter().map(|event| event.decision.id).collect();
    assert_eq!(sent, ids, "the same decisions, in order, so that they count once");
    assert!(app.screen().contains("2 today · saved"), "{}", app.screen());
}

#[test]
fn decisions_on_one_gap_build_on_each_other_before_the_database_has_them() {
    let mut app = App::open(SIZE);
    app.database.down = Some(gone());
    app.keys("a k r u");
    let versions: Vec<_> = app.state.unsaved.iter().map(|one| one.decision.base_version).collect();
    assert_eq!(versions, [0, 1, 2]);
    assert_eq!(
        app.toast(),
        "Undid reject · colour · Air Zoom Pegasus 38 Men's Running Shoes Black/White Size 10"
    );
    assert!(
        app.state.state_to_come(&gap(0), GapState::Open) == GapState::Accepted,
        "back to the first decision"
    );
    app.keys("u");
    assert_eq!(app.state.state_to_come(&gap(0), GapState::Open), GapState::Open);
    app.reconnect();
    let actions: Vec<_> = app.database.events.iter().map(|event| event.decision.action).collect();
    assert_eq!(actions, [Action::Accept, Action::Reject, Action::Undo, Action::Undo]);
    assert_eq!((app.database.rows[0].version, app.state.unsaved.len()), (4, 0));
}

#[test]
fn without_the_database_only_what_waits_here_can_be_undone() {
    let mut app = App::open(SIZE);
    app.keys("a");
    app.database.down = Some(gone());
    app.keys("r u u");
    assert_eq!(app.toast(), "The database does not answer: what it has already can be undone once it does");
    app.reconnect();
    assert_eq!(app.row_state(0), GapState::Accepted);
    app.keys("u");
    assert_eq!(app.row_state(0), GapState::Open);
}

#[test]
fn a_full_disk_refuses_a_decision_and_loses_nothing_typed() {
    let mut app = App::open(SIZE);
    app.database.disk = Some("the disk is full");
    app.keys("f").type_text("odd").keys("Enter");
    assert_eq!(app.toast(), "Not decided: the disk is full · R tries again, u takes it back · O says more");
    assert_eq!(app.cursor(), 0, "back to the gap");
    assert!(app.screen().contains("1 not saved") && !app.screen().contains("flagged"), "{}", app.screen());
    app.keys("q");
    assert!(app.screen().contains("1 decision is not saved"), "{}", app.screen());
    app.keys("Esc");
    app.database.disk = None;
    app.keys("R");
    let decision = &app.database.events[0].decision;
    assert_eq!((decision.action, decision.comment.as_deref()), (Action::Flag, Some("odd")));
    assert!(app.state.unsaved.is_empty());
}

#[test]
fn a_decision_that_the_database_refuses_is_kept_and_does_not_block_others() {
    let mut app = App::open(SIZE);
    app.database.down = Some(RepositoryError::Invalid { field: "value", reason: "too long".into() });
    app.keys("r");
    assert_eq!(app.toast(), "Not saved · O shows what can be done · value: too long");
    assert!(app.screen().contains("1 refused"), "{}", app.screen());
    app.database.down = None;
    app.keys("a");
    assert_eq!(app.database.events.len(), 1, "the next gap's decision is saved");
    app.keys("O");
    assert!(
        app.screen().contains("Value: too long · Enter opens the gap to decide again"),
        "{}",
        app.screen()
    );
    app.keys("x");
    assert!(app.screen().contains("x again discards the decision for good"), "{}", app.screen());
    app.keys("x Esc");
    assert!(app.state.unsaved.is_empty() && app.database.failed.is_empty());
    assert_eq!(app.row_state(0), GapState::Open);
}

#[test]
fn deciding_again_takes_the_place_of_a_refused_decision() {
    let mut app = App::open(SIZE);
    app.database.down = Some(RepositoryError::Invalid { field: "value", reason: "too long".into() });
    app.keys("r");
    app.database.down = None;
    app.keys("O Enter");
    assert_eq!(app.cursor(), 0);
    app.keys("n");
    assert!(app.state.unsaved.is_empty() && app.database.failed.is_empty());
    assert_eq!(app.row_state(0), GapState::NotApplicable);
}

#[test]
fn what_an_earlier_run_left_is_shown_as_decided_and_can_be_taken_back() {
    let mut app = App::open(SIZE);
    app.database.down = Some(gone());
    app.keys("a r");
    let pending = app.database.pending.clone();
    let mut next = App::opening(SIZE);
    next.database.pending = pending.clone();
    next.database.down = Some(gone());
    next.send(Msg::Opened);
    next.send(Msg::Outbox(found(pending)));
    next.database.down = None;
    next.settle();
    assert_eq!(next.toast(), "2 decisions from before rested in the outbox · O shows them");
    assert!(next.screen().contains("accepted") && next.screen().contains("rejected"), "{}", next.screen());
    next.keys("u");
    next.reconnect();
    let actions: Vec<_> = next.database.events.iter().map(|event| event.decision.action).collect();
    assert_eq!(actions, [Action::Accept, Action::Reject, Action::Undo]);
}

fn found(decisions: Vec<(Decision, Fence)>) -> News {
    let entry = |(decision, fence)| Entry::pending(decision, fence);
    News::Found { entries: decisions.into_iter().map(entry).collect(), notices: Vec::new() }
}

#[test]
fn a_conflict_is_asked_about_and_nothing_is_overwritten_silently() {
    let mut app = App::open(SIZE);
    app.database.rows[0].version = 7;
    app.database.rows[0].state = GapState::Rejected;
    app.database.rows[0].decided_by = Some("bob".into());
    app.keys("a");
    assert!(app.screen().contains("Decided meanwhile"), "{}", app.screen());
    assert!(app.screen().contains("rejected") && app.screen().contains("bob"));
    app.keys("k");
    assert!(app.state.overlay.is_some(), "a key meant for the list does not answer the question");
    app.wait(700);
    let effects = app.press("k");
    let [mine] = decisions(&effects)[..] else { panic!("{effects:?}") };
    assert_eq!((mine.base_version, mine.action), (7, Action::Accept));
    app.settle();
    assert_eq!(app.row_state(0), GapState::Accepted);
}

#[test]
fn a_conflict_shows_both_decisions_and_can_be_left_to_somebody_as_a_flag() {
    let mut app = App::open(SIZE);
    let mine = decisions(&app.press("a"))[0].clone();
    let theirs = Decision {
        id: next_id(),
        reviewer: "bob".into(),
        value: Some("Navy".into()),
        comment: Some("the label says so".into()),
        decided_at: fixture::noon() - chrono::Duration::minutes(3),
        ..mine
    };
    app.database.decide(&theirs).unwrap();
    app.settle();
    let screen = app.screen();
    assert!(
        screen.contains("accepted \"Navy\"") && screen.contains("bob · 3 min ago · the label says so"),
        "{screen}"
    );
    assert!(screen.contains("accept \"Black/White\"") && screen.contains("alice · just now"), "{screen}");
    app.wait(700);
    let effects = app.press("f");
    let [flag] = decisions(&effects)[..] else { panic!("{effects:?}") };
    assert_eq!((flag.action, flag.base_version, flag.value.as_deref()), (Action::Flag, 1, None));
    let both = "alice: accept \"Black/White\" · bob: accept \"Navy\"";
    assert_eq!(flag.comment.as_deref(), Some(both));
    app.settle();
    assert_eq!(app.row_state(0), GapState::Flagged);
}

#[test]
fn deciding_again_before_the_first_is_saved_overwrites_nothing_that_came_instead_of_it() {
    let mut app = App::open(SIZE);
    app.database.down = Some(gone());
    app.keys("a k");
    let first = app.state.unsaved[0].decision.clone();
    let effects = app.press("r");
    let second = effects.iter().find_map(|effect| match effect {
        Effect::Decide(decision, fence) => Some((decision.base_version, *fence)),
        _ => None,
    });
    assert_eq!(second, Some((first.base_version + 1, Fence::After(first.id))));
}

#[test]
fn leaving_theirs_in_a_conflict_shows_what_they_decided() {
    let mut app = App::open(SIZE);
    app.database.rows[0].version = 7;
    app.database.rows[0].state = GapState::Deferred;
    app.keys("a");
    app.wait(700);
    app.keys("Esc");
    assert!(app.state.unsaved.is_empty() && app.state.overlay.is_none());
    assert_eq!((app.row_state(0), app.database.events.len()), (GapState::Deferred, 0));
}

#[test]
fn decided_rows_stay_in_place_until_a_refresh_and_are_skipped() {
    let mut app = App::open(SIZE);
    app.keys("j a k k a");
    assert_eq!(app.cursor(), 2, "the decided row between is skipped");
    assert_eq!(app.state.queue.rows.len(), 200);
    app.keys("R");
    assert_eq!(app.state.queue.rows[0].data.gap, gap(2));
    assert_eq!((app.cursor(), app.state.queue.current_gap().cloned()), (0, Some(gap(2))));
}

#[test]
fn a_flag_takes_a_comment_and_no_decision_key_fires_while_typing() {
    let mut app = App::open(SIZE);
    app.keys("f").type_text("arn? odd");
    assert_eq!(app.database.events.len(), 0);
    app.keys("Enter");
    let decision = &app.database.events[0].decision;
    assert_eq!((decision.action, decision.comment.as_deref()), (Action::Flag, Some("arn? odd")));
    assert_eq!(decision.seen.keys, "f Enter");
}

#[test]
fn typed_text_is_discarded_only_when_asked_twice() {
    let mut app = App::open(SIZE);
    app.keys("f").type_text("odd").keys("Esc");
    assert!(app.screen().contains("Esc again discards"));
    app.type_text("!").keys("Esc");
    assert!(app.state.overlay.is_some());
    app.keys("Esc");
    assert!(app.state.overlay.is_none() && app.database.events.is_empty());
}

#[test]
fn an_override_is_chosen_from_the_allowed_values() {
    let mut app = App::open(SIZE);
    app.keys("o").type_text("volt").keys("Enter");
    let decision = &app.database.events[0].decision;
    assert_eq!((decision.action, decision.value.as_deref()), (Action::Override, Some("Black/Volt")));
    assert_eq!(decision.seen.keys, "o Enter");
    assert!(!decision.seen.kept_on_purpose);
}

#[test]
fn an_override_equal_to_a_candidate_accepts_it() {
    let mut app = App::open(SIZE);
    app.keys("o").type_text("anthra").keys("Enter");
    let decision = &app.database.events[0].decision;
    assert_eq!((decision.action, decision.value.as_deref()), (Action::Accept, Some("Anthracite")));
}

#[test]
fn a_value_that_is_not_allowed_is_refused_or_kept_on_purpose() {
    let mut app = App::open(SIZE);
    app.keys("o").type_text("teal").keys("Enter");
    assert!(app.screen().contains("\"teal\" is not one of the 8 allowed values"), "{}", app.screen());
    assert!(app.database.events.is_empty());
    app.keys("Ctrl-O");
    let decision = &app.database.events[0].decision;
    assert_eq!((decision.value.as_deref(), decision.seen.kept_on_purpose), (Some("teal"), true));
}

#[test]
fn a_number_is_converted_to_the_attributes_unit() {
    let mut app = App::open(SIZE);
    app.keys("j o").type_text("0.7 lb");
    assert!(app.screen().contains("0.7 lb → 317.5 g"), "{}", app.screen());
    app.keys("Enter");
    assert_eq!(app.database.events[0].decision.value.as_deref(), Some("317.5"));
}

#[test]
fn a_boolean_takes_one_key() {
    let mut app = App::open(SIZE);
    app.keys("j j o n");
    let decision = &app.database.events[0].decision;
    assert_eq!((decision.action, decision.value.as_deref()), (Action::Override, Some("No")));
}

#[test]
fn an_editor_decides_its_own_gap_even_when_the_list_changed() {
    let mut app = App::open(SIZE);
    app.press("o");
    app.database.rows[0].state = GapState::Accepted;
    let reload = app.state.queue.reload(app.state.now, KeepPlace::Yes);
    app.waiting.push(reload);
    app.settle();
    assert_eq!(app.state.queue.current_gap(), Some(&gap(1)), "the list no longer holds the gap");
    app.type_text("volt").keys("Enter");
    assert!(app.database.events.is_empty());
    assert!(app.screen().contains("The gap is no longer in this list"), "{}", app.screen());
    assert!(app.screen().contains("> volt"), "nothing typed is lost");
}

#[test]
fn a_filter_is_picked_and_cleared() {
    let mut app = App::open(SIZE);
    app.keys("/ Tab").type_text("weig").keys("Enter");
    assert_eq!(app.state.queue.filter.attribute, Some("weight".into()));
    assert!(app.screen().contains("open gaps · Weight"));
    app.keys("x");
    assert_eq!(app.state.queue.filter, QueueFilter::default());
    app.keys("x");
    assert_eq!(app.toast(), "No filter is set");
}

#[test]
fn a_wrong_number_in_the_filter_is_named() {
    let mut app = App::open(SIZE);
    app.keys("/ Up").type_text("1.5").keys("Enter");
    assert!(app.screen().contains("Confidence to: \"1.5\" is no number between 0 and 1"), "{}", app.screen());
    app.keys("Ctrl-U").type_text("50%").keys("Shift-Tab").type_text("0,25").keys("Enter");
    let filter = &app.state.queue.filter;
    assert_eq!(filter.min_confidence.map(crate::domain::Confidence::get), Some(0.25));
    assert_eq!(filter.max_confidence.map(crate::domain::Confidence::get), Some(0.5));
}

#[test]
fn the_sort_order_goes_round_and_by_name() {
    let mut app = App::open(SIZE);
    app.keys("s");
    assert_eq!(app.state.queue.sort, QueueSort::ConfidenceAscending);
    app.keys(":").type_text("sort dis").keys("Enter");
    assert_eq!(app.state.queue.sort, QueueSort::Disagreement);
    app.keys("S Down Enter");
    assert_eq!(app.state.queue.sort, QueueSort::Vote);
}

#[test]
fn the_palette_runs_what_it_finds_and_says_why_not() {
    let mut app = App::open(SIZE);
    app.keys(":").type_text("reject").keys("Enter");
    let decision = &app.database.events[0].decision;
    assert_eq!((decision.action, decision.seen.keys.as_str()), (Action::Reject, ": reject"));
    app.keys(":").type_text("retry");
    assert!(app.screen().contains("every decision is saved"), "{}", app.screen());
}

#[test]
fn pages_are_loaded_ahead_of_the_cursor_and_the_end_is_reached() {
    let mut app = App::open(SIZE);
    assert_eq!(app.state.queue.rows.len(), 200);
    for _ in 0..5 {
        app.keys("PgDn");
    }
    assert_eq!(app.state.queue.rows.len(), 400);
    app.keys("G");
    assert_eq!((app.state.queue.rows.len(), app.cursor()), (600, 599));
    app.keys("g");
    assert_eq!(app.cursor(), 0);
}

#[test]
fn going_to_the_last_row_stops_at_five_thousand_and_says_so() {
    let mut app = App::opening(SIZE);
    app.database = Database::new(7_000);
    app.send(Msg::Opened);
    app.settle();
    app.keys("G");
    assert_eq!(app.cursor(), 4_999);
    assert_eq!(app.toast(), "Stopped after 5,000 rows · / narrows the list");
}

#[test]
fn a_page_for_an_old_filter_does_not_count() {
    let mut app = App::open(SIZE);
    let old = app.press("s").remove(0);
    app.waiting.clear();
    app.press("s");
    let late = app.database.answer(old).unwrap();
    app.database.rows.truncate(3);
    app.send(late);
    assert!(app.state.queue.is_stale());
    app.settle();
    assert_eq!(app.state.queue.rows.len(), 3);
}

#[test]
fn quitting_waits_for_decisions_on_their_way() {
    let mut app = App::open(SIZE);
    app.press("a q");
    assert!(!app.ended && matches!(app.state.quit, Quit::Waiting { .. }));
    assert!(app.screen().contains("saving 1 decision…"));
    app.settle();
    assert!(app.ended);
}

#[test]
fn quitting_does_not_wait_for_a_database_that_is_gone() {
    let mut app = App::open(SIZE);
    app.database.down = Some(gone());
    app.keys("a q");
    assert!(app.ended, "the decision is on the disk");
}

#[test]
fn quitting_waits_a_moment_for_the_database_and_five_seconds_for_the_disk() {
    let mut app = App::open(SIZE);
    let id = decisions(&app.press("a q"))[0].id;
    app.wait(2_000);
    assert!(!app.ended, "it is not on the disk yet");
    app.send(Msg::Outbox(News::Kept { id, result: Ok(()) }));
    assert!(app.ended, "a moment has passed already");
    let mut app = App::open(SIZE);
    app.press("a q");
    app.wait(5_000);
    assert!(app.screen().contains("1 decision is not saved"), "{}", app.screen());
    let mut app = App::open(SIZE);
    app.press("a");
    app.send(Msg::Terminate);
    assert!(!app.ended);
    app.wait(5_000);
    assert!(app.ended, "a signal does not ask");
}

#[test]
fn quitting_asks_where_a_decision_is_on_no_disk() {
    let mut app = App::open(SIZE);
    app.database.disk = Some("the disk is full");
    app.keys("a q");
    assert!(app.screen().contains("1 decision is not saved"), "{}", app.screen());
    app.keys("q");
    assert!(!app.ended, "the key that asked does not answer");
    app.keys("Esc q y");
    assert!(app.ended);
}

#[test]
fn a_walk_goes_on_and_comes_back_step_by_step() {
    let mut app = App::open(SIZE);
    app.keys("w j Enter");
    let steps = |app: &App| match app.state.screens.last() {
        Some(crate::tui::app::state::Screen::Walk(walk)) => walk.steps.len(),
        _ => 0,
    };
    assert_eq!(steps(&app), 2);
    assert!(app.screen().contains(" › Ghost 14"), "{}", app.screen());
    app.keys("Enter");
    assert_eq!(steps(&app), 3);
    app.keys("Esc Backspace");
    assert_eq!(steps(&app), 1);
    app.keys("Esc");
    assert_eq!(steps(&app), 0);
}

#[test]
fn a_product_of_an_earlier_step_that_arrives_late_is_not_shown() {
    let mut app = App::open(SIZE);
    app.keys("w");
    let late = app.press("Enter").remove(0);
    app.press("Esc j Enter");
    let msg = app.database.answer(late).unwrap();
    app.send(msg);
    assert!(app.state.pane().unwrap().card.is_none());
    app.settle();
    let pane = app.state.pane().unwrap();
    assert_eq!(pane.card.as_ref().unwrap().product.key, pane.product);
}

#[test]
fn a_gap_of_the_product_screen_opens_in_the_queue() {
    let mut app = App::open(SIZE);
    app.keys("p j j Enter");
    assert!(app.state.screens.is_empty());
    assert_eq!(app.cursor(), 2);
    app.keys("G p j Enter");
    assert_eq!(app.state.queue.filter.state, StateFilter::All);
}

#[test]
fn a_screen_too_small_to_read_takes_no_decision() {
    let mut app = App::open(SIZE);
    app.resize(30, 8);
    assert!(app.press("a r n d").is_empty());
    app.resize(120, 36);
    assert_eq!(decisions(&app.press("a")).len(), 1);
}

#[test]
fn resizing_keeps_the_place() {
    let mut app = App::open(SIZE);
    app.keys("PgDn PgDn j");
    let at = app.cursor();
    for (width, height) in [(40, 12), (0, 0), (200, 60), (80, 24)] {
        app.resize(width, height);
        assert_eq!(app.cursor(), at);
    }
    let name = app.state.queue.current().unwrap().data.gap.clone();
    assert_eq!(Some(&name), app.state.review.document.as_ref().map(|document| &document.gap));
}

#[test]
fn an_idle_screen_asks_for_no_frame() {
    let mut app = App::open(SIZE);
    app.keys("j a u");
    assert!(app.state.next_deadline().is_some(), "the message goes by itself");
    app.wait(10_000);
    assert_eq!(app.state.next_deadline(), None);
}

#[test]
fn pasted_text_decides_nothing() {
    let mut app = App::open(SIZE);
    assert!(app.send(Msg::Paste("aaa\nrrr".into())).is_empty());
    app.keys("o");
    app.send(Msg::Paste("Black/\nVolt".into()));
    assert!(app.screen().contains("> Black/ Volt"));
}

#[test]
fn when_everything_is_decided_the_list_says_so() {
    let mut app = App::opening(SIZE);
    app.database = Database::new(2);
    app.send(Msg::Opened);
    app.settle();
    app.keys("a a");
    assert!(app.screen().contains("all 2 decided · R refreshes"), "{}", app.screen());
    app.keys("R");
    assert!(app.screen().contains("No open gaps"), "{}", app.screen());
}

#[test]
fn y_copies_the_product_key_or_on_the_card_the_value_and_nothing_that_runs() {
    let mut app = App::open(SIZE);
    let key = gap(0).product.to_string();
    let copied = |effects: Vec<Effect>| match effects.into_iter().next() {
        Some(Effect::Copy(copied)) => copied.text,
        other => panic!("{other:?} instead of a copy"),
    };
    assert_eq!(copied(app.press("y")), key);
    app.settle();
    assert_eq!(app.toast(), format!("Copied the product key {key} by OSC 52"));
    app.clipboard = Some("wl-copy");
    app.keys("Tab l");
    assert_eq!(copied(app.press("y")), "Black");
    app.settle();
    assert_eq!(app.toast(), "Copied the value Black by wl-copy");
    app.keys("Esc w j");
    assert_eq!(copied(app.press("y")), gap(2).product.to_string(), "the neighbour under the cursor");
    app.keys("Esc E j");
    assert_eq!(copied(app.press("y")), "gpt-3.5");
    app.keys("Q");
    app.state.queue.rows[0].data.gap.product = "k\u{1b}]0;x\u{7}\u{202e}\n".into();
    app.state.queue.cursor = 0;
    assert_eq!(copied(app.press("y")), "k␛]0;x␇⟨U+202E⟩↵");
    app.state.queue.rows[0].data.gap.product = "x".repeat(9_000).into();
    let text = copied(app.press("y"));
    assert_eq!(text.chars().count(), 4_001, "what a terminal takes is limited");
    app.clipboard = None;
    app.waiting.retain(|effect| matches!(effect, Effect::Copy(_)));
    app.settle();
    assert_eq!(app.waiting, [], "the terminal's clipboard has no answer");
}

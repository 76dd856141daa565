//! Accepting unseen from the insights screen.

use super::*;
use insta::assert_snapshot;

const SMALL: (u16, u16) = (80, 24);

fn looked(size: (u16, u16)) -> App {
    let mut app = App::open(size);
    app.keys("I T");
    app.wait(700);
    app
}

#[test]
fn what_it_looks_like() {
    let mut app = looked(SMALL);
    assert_snapshot!("unseen_80x24", app.screen());
    app.resize(160, 50);
    assert_snapshot!("unseen_160x50", app.screen());
    app.resize(40, 12);
    assert_snapshot!("unseen_40x12", app.screen());
    app.resize(80, 24);
    app.keys("Enter");
    assert_snapshot!("unseen_accepting_80x24", app.screen());
    app.keys("Esc");
    assert_snapshot!("unseen_stopped_80x24", app.screen());
}

#[test]
fn too_small_a_sample_is_refused_and_nothing_can_be_accepted() {
    let mut app = App::open(SMALL);
    app.database.sampled = 50;
    app.keys("I T");
    app.wait(700);
    assert_snapshot!("unseen_refused_80x24", app.screen());
    app.press("Enter");
    assert!(app.waiting.is_empty(), "{:?}", app.waiting);
    app.keys("Esc");
    assert!(app.state.overlay.is_none());
}

#[test]
fn enter_that_was_pressed_before_the_preview_was_there_accepts_nothing() {
    let mut app = App::open(SMALL);
    app.keys("I");
    let asked = app.press("T Enter Enter");
    assert!(matches!(asked[..], [Effect::LookUnseen { .. }]), "{asked:?}");
    app.settle();
    assert_eq!(app.press("Enter"), [], "it came by itself: this was for what was there before");
    app.wait(700);
    let accepted = app.press("Enter");
    let [Effect::AcceptUnseen { plan, .. }] = &accepted[..] else { panic!("{accepted:?}") };
    assert_eq!(plan.filter.experiment, Some("gpt-4".into()));
    assert!((plan.sampled - 0.125).abs() < 1e-9 && (plan.audit.get() - 0.05).abs() < 1e-9);
    assert_eq!(app.press("Enter"), [], "once");
}

#[test]
fn esc_stops_behind_the_transaction_and_says_how_to_take_it_back() {
    let mut app = looked(SMALL);
    app.press("Enter");
    assert_eq!(app.press("Esc Esc Esc"), [Effect::StopUnseen], "asked once");
    assert!(app.screen().contains("Stopping after this transaction"), "{}", app.screen());
    app.settle();
    let screen = app.screen();
    assert!(screen.contains("Stopped. Accepted 500"), "{screen}");
    assert!(screen.contains("--batch 00000000"), "{screen}");
    let reloaded = app.press("Enter");
    assert!(reloaded.iter().any(|effect| matches!(effect, Effect::LoadPage { .. })), "{reloaded:?}");
    assert!(reloaded.iter().any(|effect| matches!(effect, Effect::LoadGroups { .. })), "{reloaded:?}");
}

#[test]
fn leaving_the_look_ends_it_and_its_answers_no_longer_count() {
    let mut app = App::open(SMALL);
    app.keys("I");
    let asked = app.press("T");
    assert_eq!(app.press("Esc"), [Effect::StopUnseen]);
    app.waiting.clear();
    app.press("j T");
    for late in app.database.unseen(&asked[0]) {
        app.send(late);
    }
    assert!(app.screen().contains("Looking at the sample"), "{}", app.screen());
}

#[test]
fn a_failure_says_what_was_accepted_before() {
    let mut app = looked(SMALL);
    app.press("Enter");
    let Some(Effect::AcceptUnseen { ticket, .. }) = app.waiting.pop() else { panic!("{:?}", app.waiting) };
    let error = RepositoryError::Database("permission denied \u{1b}[2J".into());
    app.send(Msg::Unseen { ticket, news: Unseen::Failed(error, Some(fixture::accepted(500))) });
    assert_snapshot!("unseen_failed_80x24", app.screen());
}

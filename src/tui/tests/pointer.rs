//! The mouse: what is under the pointer is what a gesture is for.

use super::*;
use crate::tui::app::action::Context;
use crate::tui::app::pointer::Gesture;
use crate::tui::layout;
use ratatui::layout::Position;

const SIZE: (u16, u16) = (120, 36);

fn at(app: &mut App, gesture: Gesture, x: u16, y: u16) -> Vec<Effect> {
    let effects = app.send(Msg::Mouse(gesture, Position { x, y }));
    app.settle();
    effects
}

fn mouse() -> App {
    let mut app = App::open(SIZE);
    let effects = app.press("M");
    assert_eq!(effects, [Effect::Mouse(true)]);
    app.settle();
    app
}

/// Finds where a text is on the screen.
fn find(app: &App, text: &str) -> (u16, u16) {
    let screen = app.screen();
    let (y, line) = screen.lines().enumerate().find(|(_, line)| line.contains(text)).expect("the text");
    let x = crate::tui::wrap::width(line.split(text).next().unwrap());
    (u16::try_from(x).unwrap(), u16::try_from(y).unwrap())
}

#[test]
fn the_mouse_is_off_until_it_is_turned_on_and_the_help_says_how_to_select_text() {
    let mut app = App::open(SIZE);
    at(&mut app, Gesture::Press, 5, 7);
    assert_eq!(app.cursor(), 0, "a late event is nothing");
    assert_eq!(app.press("M"), [Effect::Mouse(true)]);
    assert!(app.toast().contains("Shift with it selects text"), "{}", app.toast());
    assert_eq!(app.press("M"), [Effect::Mouse(false)]);
    app.keys("?").type_text("mouse");
    assert!(app.screen().contains("Shift selects text"), "{}", app.screen());
}

#[test]
fn a_click_selects_the_row_and_a_second_one_opens_it() {
    let mut app = mouse();
    let rows = layout::review(app.state.size, app.state.split).rows;
    at(&mut app, Gesture::Press, 5, rows.y + 4);
    assert_eq!((app.cursor(), app.state.context()), (4, Context::Queue));
    app.wait(1_000);
    at(&mut app, Gesture::Press, 5, rows.y + 4);
    assert_eq!(app.state.context(), Context::Queue, "too late for a double click");
    app.wait(200);
    at(&mut app, Gesture::Press, 5, rows.y + 4);
    assert_eq!(app.state.context(), Context::Card);
    at(&mut app, Gesture::Press, 5, rows.y + 1);
    assert_eq!((app.cursor(), app.state.context()), (1, Context::Queue));
    at(&mut app, Gesture::Press, 100, 10);
    assert_eq!(app.state.context(), Context::Card, "a click on the card gives it the keyboard");
}

#[test]
fn the_wheel_scrolls_what_is_under_the_pointer() {
    let mut app = mouse();
    at(&mut app, Gesture::Down, 5, 10);
    assert_eq!(app.cursor(), 3);
    at(&mut app, Gesture::Up, 5, 10);
    assert_eq!(app.cursor(), 0);
    app.resize(80, 24);
    at(&mut app, Gesture::Down, 70, 10);
    assert_eq!((app.cursor(), app.state.review.scroll), (0, 3), "{}", app.screen());
    app.keys("?");
    let before = app.screen();
    at(&mut app, Gesture::Down, 40, 10);
    assert_ne!(app.screen(), before, "the help scrolls");
}

#[test]
fn a_drag_moves_the_border() {
    let mut app = mouse();
    let border = layout::review(app.state.size, app.state.split).list.right();
    at(&mut app, Gesture::Drag, 70, 10);
    at(&mut app, Gesture::Press, border, 10);
    at(&mut app, Gesture::Drag, 70, 12);
    assert_eq!(layout::review(app.state.size, app.state.split).list.width, 70);
    at(&mut app, Gesture::Drag, 119, 12);
    assert_eq!(
        layout::review(app.state.size, app.state.split).list.width,
        88,
        "the card keeps what it needs"
    );
    at(&mut app, Gesture::Release, 119, 12);
    at(&mut app, Gesture::Drag, 40, 12);
    assert_eq!(layout::review(app.state.size, app.state.split).list.width, 88);
}

#[test]
fn a_click_on_a_tab_shows_its_screen() {
    let mut app = mouse();
    for (name, context) in [
        ("Experiments", Context::Experiments),
        ("Insights", Context::Insights),
        ("Activity", Context::Activity),
        ("Queue", Context::Queue),
    ] {
        let (x, y) = find(&app, name);
        at(&mut app, Gesture::Press, x + 2, y);
        assert_eq!((app.state.context(), y), (context, 0), "{}", app.screen());
        at(&mut app, Gesture::Press, x + 2, y);
        assert!(app.state.screens.len() <= 3, "a tab that is shown opens nothing again");
    }
}

#[test]
fn rows_of_every_list_can_be_clicked() {
    for (keys, text) in [("E", "gpt-3.5"), ("B", "Blue"), ("A", "accepted")] {
        let mut app = mouse();
        app.keys("a a a").keys(keys);
        let lines: Vec<String> = app.screen().lines().map(str::to_owned).collect();
        let marked = lines.iter().position(|line| line.contains('▌')).expect("a cursor");
        let below = u16::try_from(marked + 1).unwrap();
        at(&mut app, Gesture::Press, 6, below);
        let now = app.screen().lines().position(|line| line.contains('▌'));
        assert_eq!(now, Some(usize::from(below)), "{keys} {text}\n{}", app.screen());
    }
}

#[test]
fn a_click_beside_a_question_answers_nothing() {
    let mut app = mouse();
    app.keys("f").type_text("look");
    let before = app.screen();
    for x in 0..SIZE.0 {
        assert!(at(&mut app, Gesture::Press, x, x % SIZE.1).is_empty());
    }
    assert_eq!(app.screen(), before);
}

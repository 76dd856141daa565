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

/// Clicks on a text of the screen.
fn click(app: &mut App, text: &str) -> Vec<Effect> {
    let (x, y) = find(app, text);
    at(app, Gesture::Press, x, y)
}

/// Clicks on a text of the screen twice, wherever it is by then.
fn click_twice(app: &mut App, text: &str) -> Vec<Effect> {
    let (x, y) = find(app, text);
    at(app, Gesture::Press, x, y);
    at(app, Gesture::Press, x, y)
}

/// Returns the line of the screen that is marked in an overlay.
fn marked(app: &App) -> String {
    let screen = app.screen();
    let marked = screen.lines().rfind(|line| line.contains('▌'));
    marked.unwrap_or_default().to_owned()
}

#[test]
fn a_click_selects_a_row_of_an_overlay_and_a_second_one_does_what_enter_does() {
    let mut app = mouse();
    app.keys(":").type_text("exp");
    let row = "experiments";
    assert!(click(&mut app, row).is_empty(), "one click selects");
    assert!(app.state.overlay.is_some() && marked(&app).contains(row), "{}", app.screen());
    app.wait(1_000);
    click(&mut app, row);
    assert!(app.state.overlay.is_some(), "too late for a double click");
    click(&mut app, row);
    assert_eq!((app.state.overlay.is_none(), app.state.context()), (true, Context::Experiments));
}

#[test]
fn the_sort_order_is_picked_by_a_double_click_and_no_row_behind_takes_notice() {
    let mut app = mouse();
    app.keys("S");
    click_twice(&mut app, "sort by age");
    assert_eq!((app.state.queue.sort, app.cursor()), (QueueSort::Age, 0));
    app.keys("S");
    for _ in 0..3 {
        at(&mut app, Gesture::Press, 2, 8);
    }
    assert!(app.state.overlay.is_some() && app.cursor() == 0, "the list behind is not there for now");
}

#[test]
fn a_form_goes_to_the_field_that_is_clicked_and_takes_the_option_that_is() {
    let mut app = mouse();
    app.keys("/");
    click(&mut app, "Attribute");
    assert!(app.screen().contains("▌ Attribute"), "{}", app.screen());
    click(&mut app, "weight │");
    assert!(app.screen().contains("▌ Attribute       Weight"), "{}", app.screen());
    assert_eq!(app.state.queue.filter, QueueFilter::default(), "nothing is applied yet");
    click(&mut app, "State");
    assert!(app.screen().contains("▌ State"), "what was picked stays:\n{}", app.screen());
    click_twice(&mut app, " disputed ");
    let filter = &app.state.queue.filter;
    let disputed = StateFilter::Only(GapState::Disputed);
    assert_eq!((filter.attribute.clone(), filter.state), (Some("weight".into()), disputed));
    assert!(app.state.overlay.is_none());
}

#[test]
fn a_suggestion_is_selected_by_one_click_and_taken_by_two() {
    let mut app = mouse();
    app.keys("o");
    let (x, y) = find(&app, " Red  ");
    at(&mut app, Gesture::Press, x, y);
    assert!(app.database.events.is_empty() && app.screen().contains("▌ Red "), "{}", app.screen());
    at(&mut app, Gesture::Press, x, y);
    assert_eq!(app.database.events[0].decision.value.as_deref(), Some("Red"));
}

#[test]
fn views_and_the_outbox_are_clicked_like_other_lists() {
    let mut app = mouse();
    let filter = QueueFilter { attribute: Some("weight".into()), ..QueueFilter::default() };
    app.views = ["one", "two"]
        .map(|name| View { name: name.into(), filter: filter.clone(), sort: QueueSort::Age })
        .to_vec();
    app.keys("F");
    click_twice(&mut app, " two ");
    assert_eq!((&app.state.queue.filter, app.state.queue.sort), (&filter, QueueSort::Age));
    app.keys("x");
    app.database.down = Some(RepositoryError::Unavailable("connection refused".into()));
    let second = app.state.queue.rows[1].data.gap.clone();
    app.keys("a r O");
    click(&mut app, "reject");
    assert!(marked(&app).contains("reject"), "{}", app.screen());
    click(&mut app, "reject");
    assert_eq!((app.state.overlay.is_none(), app.state.queue.current_gap()), (true, Some(&second)));
}

#[test]
fn the_wheel_goes_through_the_list_on_top() {
    let mut app = mouse();
    app.keys(":");
    let first = marked(&app);
    at(&mut app, Gesture::Down, 60, 20);
    assert_ne!(marked(&app), first);
    at(&mut app, Gesture::Up, 60, 20);
    assert_eq!((marked(&app), app.cursor()), (first, 0));
    app.keys("Esc f").type_text("look");
    at(&mut app, Gesture::Down, 5, 10);
    assert_eq!(app.cursor(), 0, "a question has nothing to scroll, and nothing behind it scrolls");
}

#[test]
fn a_click_selects_a_candidate_and_never_decides() {
    for size in [SIZE, (60, 30), (160, 50)] {
        let mut app = mouse();
        app.resize(size.0, size.1);
        let listed = app.state.current_card().unwrap().choices.len();
        assert!(listed >= 3, "{listed}");
        for number in [3, 1, 2] {
            let value = app.state.current_card().unwrap().choices[number - 1].value.clone();
            for _ in 0..3 {
                let effects = click(&mut app, &format!("{number}  {value}"));
                assert!(effects.is_empty(), "{effects:?}");
            }
            assert_eq!(app.state.review.choice, number - 1, "{}", app.screen());
        }
        assert_eq!(app.state.context(), Context::Queue, "the keyboard stays where it is");
        app.keys("a");
        let second = &app.database.events[0].decision;
        assert_eq!(second.gap, fixture::row(0).gap, "the key decides, on what was clicked");
        app.keys("u Tab");
        click(&mut app, "3  Anthracite");
        assert_eq!(app.state.review.choice, 2, "on the whole card, too:\n{}", app.screen());
    }
}

#[test]
fn a_click_leaves_a_sequence_and_reaches_nothing_behind_the_tour() {
    let mut app = mouse();
    app.state.keymap = crate::tui::app::bindings::Keymap::preset("emacs").kept();
    app.keys("Ctrl-X");
    at(&mut app, Gesture::Press, 5, 12);
    assert_eq!((app.state.prefix.len(), app.cursor()), (0, 0));
    app.state.tour = Some(crate::tui::app::tour::Tour::default());
    let (x, y) = find(&app, "Tour 1");
    at(&mut app, Gesture::Press, x, y + 1);
    assert_eq!(app.state.context(), Context::Queue, "the card behind the tour does not get the keyboard");
}

#[test]
fn no_single_click_anywhere_decides() {
    let size = (80, 24);
    for keys in [
        "", "Tab", "?", ":", "/", "S", "o", "f", "v j v a", "O", "L", "F", "W", "A", "A /", "B", "B a", "I T",
    ] {
        let fresh = || {
            let mut app = App::open(size);
            app.keys("M").keys(keys);
            app.wait(2_000);
            app
        };
        let mut app = fresh();
        for (x, y) in (0..size.1).flat_map(|y| (0..size.0).step_by(7).map(move |x| (x, y))) {
            let effects = app.send(Msg::Mouse(Gesture::Press, Position { x, y }));
            app.send(Msg::Mouse(Gesture::Release, Position { x, y }));
            let decides = |effect: &Effect| effect.decides() || effect.writes();
            assert!(!effects.iter().any(decides), "at {x}, {y} after {keys}: {effects:?}");
            app.wait(1_000);
            app.waiting.clear();
            if app.state.overlay.is_none() && !app.state.screens.is_empty() {
                app = fresh();
            }
        }
    }
}

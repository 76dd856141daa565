//! What comes back: the session at the next start, places in the jump list, named views, the border between the panels.

use super::*;
use crate::tui::app::session::{self, Resumed};
use crate::tui::layout;
use insta::assert_snapshot;

const SIZE: (u16, u16) = (120, 36);

fn gap(index: usize) -> GapId {
    fixture::row(index).gap
}

/// Starts again as a session was left, on the same database.
fn restarted(before: App) -> App {
    let written = Resumed::of(&before.state).text().unwrap();
    let mut app = App::opening(SIZE);
    app.database = before.database;
    session::resume(&mut app.state, Resumed::parse(&written).unwrap());
    app.send(Msg::Opened);
    app.settle();
    app
}

fn list_width(app: &App) -> u16 {
    layout::review(app.state.size, app.state.split).list.width
}

#[test]
fn filter_order_place_screen_and_border_come_back_at_the_next_start() {
    let mut app = App::open(SIZE);
    app.keys("/ Tab").type_text("colour").keys("Enter s j j j > > I");
    let (filter, order) = (app.state.queue.filter.clone(), app.state.queue.sort);
    let place = app.state.queue.current_gap().cloned();
    let width = list_width(&app);
    let mut app = restarted(app);
    assert_eq!((&app.state.queue.filter, app.state.queue.sort), (&filter, order));
    assert_eq!(app.state.queue.current_gap().cloned(), place);
    assert_eq!(list_width(&app), width);
    assert!(app.state.insights().is_some(), "{}", app.screen());
    assert_eq!(app.toast(), "As you left it: open gaps · colour · x clears the filter");
    app.keys("Q x");
    assert_eq!(app.state.queue.filter, QueueFilter::default());
}

#[test]
fn where_the_place_is_gone_the_nearest_row_is_there() {
    let mut app = App::open(SIZE);
    app.keys("j j j j j j a a a");
    let here = app.state.queue.current_gap().cloned().unwrap();
    let mut app = restarted(app);
    assert_eq!(app.state.queue.current_gap(), Some(&here), "decided rows are gone, the place is not");
    app.database.rows.retain(|row| row.gap != here);
    let app = restarted(app);
    assert_eq!(app.cursor(), 6, "the row that has taken its place");
}

#[test]
fn a_fixed_set_of_gaps_is_left_as_what_was_there_before() {
    let mut app = App::open(SIZE);
    app.keys("s B");
    let order = app.state.queue.sort;
    app.keys("Enter");
    assert!(app.state.queue.filter.among.is_some(), "{}", app.screen());
    let app = restarted(app);
    assert_eq!((&app.state.queue.filter, app.state.queue.sort), (&QueueFilter::default(), order));
}

#[test]
fn a_filter_that_matches_nothing_any_more_says_how_to_go_on() {
    let mut app = App::open(SIZE);
    app.keys("/").type_text("no such product").keys("Enter");
    let mut app = restarted(app);
    assert!(app.state.queue.rows.is_empty());
    app.keys("x");
    assert_eq!(app.cursor(), 0);
    assert!(!app.state.queue.rows.is_empty());
}

#[test]
fn jumps_go_back_and_forward_through_filters_screens_and_far_rows() {
    let mut app = App::open(SIZE);
    app.keys("[");
    assert_eq!(app.toast(), "There is no place to go back to");
    app.keys("j j j G");
    let last = app.cursor();
    app.keys("E Q / Tab").type_text("weight").keys("Enter j");
    let weight = app.state.queue.current_gap().cloned();
    app.keys("[");
    assert_eq!((app.state.queue.filter.attribute.clone(), app.cursor()), (None, last));
    app.keys("[");
    assert!(app.state.experiments().is_some());
    app.keys("Ctrl-O");
    assert_eq!((app.state.context(), app.cursor()), (crate::tui::app::action::Context::Queue, last));
    app.keys("[");
    assert_eq!(app.cursor(), 3, "one row down is no place to go back to, the end of the list is");
    app.keys("[");
    assert_eq!(app.toast(), "There is no place to go back to");
    app.keys("] ] ] ]");
    assert_eq!(app.state.queue.filter.attribute, Some("weight".into()));
    assert_eq!(app.state.queue.current_gap().cloned(), weight);
    app.keys("]");
    assert_eq!(app.toast(), "There is no place to go forward to");
    app.keys("[ s ]");
    assert_eq!(app.toast(), "There is no place to go forward to", "another way was taken");
}

#[test]
fn a_walk_is_gone_back_step_by_step() {
    let mut app = App::open(SIZE);
    app.keys("w Enter j Enter");
    let third = app.state.pane().unwrap().product.clone();
    app.keys("[");
    let second = app.state.pane().unwrap().product.clone();
    assert_ne!(second, third);
    app.keys("[");
    assert_eq!(app.state.pane().unwrap().product, gap(0).product);
    app.keys("[");
    assert!(app.state.screens.is_empty());
    app.keys("] ] ]");
    assert_eq!(app.state.pane().unwrap().product, third);
    assert!(app.state.pane().unwrap().card.is_some(), "it was loaded again");
}

#[test]
fn a_flow_ends_where_a_jump_leaves_it() {
    let mut app = App::open(SIZE);
    app.keys("/ Tab").type_text("colour").keys("Enter Space");
    assert!(app.state.flow.is_some());
    let effects = app.press("[");
    assert!(effects.iter().any(|effect| matches!(effect, Effect::Release { .. })), "{effects:?}");
    app.settle();
    assert!(app.state.flow.is_none());
    assert_eq!(app.state.queue.filter, QueueFilter::default());
}

#[test]
fn a_view_is_saved_shown_renamed_and_deleted() {
    let mut app = App::open((80, 24));
    app.keys("F");
    assert_snapshot!("views_empty_80x24", app.screen());
    app.keys("Esc / Tab").type_text("colour").keys("Enter s W");
    assert_snapshot!("view_name_80x24", app.screen());
    let (filter, order) = (app.state.queue.filter.clone(), app.state.queue.sort);
    app.type_text("shoes first").keys("Enter");
    assert_eq!(app.toast(), "Saved the view \"shoes first\" · F lists the views");
    app.keys("x W").type_text("Shoes First").keys("Enter");
    assert!(app.screen().contains("Enter again replaces that view"), "{}", app.screen());
    app.keys("Esc W").type_text("everything").keys("Enter F");
    assert_snapshot!("views_80x24", app.screen());
    app.type_text("sh").keys("Enter");
    assert_eq!((&app.state.queue.filter, app.state.queue.sort), (&filter, order));
    app.keys("F").type_text("sh").keys("Ctrl-R Ctrl-U").type_text("boots").keys("Enter");
    assert!(app.screen().contains(" boots "), "{}", app.screen());
    app.keys("Ctrl-D");
    assert!(app.screen().contains("Ctrl-D again deletes \"boots\""), "{}", app.screen());
    app.keys("Ctrl-D Esc");
    let names: Vec<_> = app.views.iter().map(|view| view.name.clone()).collect();
    assert_eq!(names, ["everything"]);
    app.resize(40, 12).keys("F");
    assert_snapshot!("views_40x12", app.screen());
}

#[test]
fn views_without_a_place_to_keep_them_say_so() {
    let mut app = App::open(SIZE);
    app.state.keeps_views = false;
    assert!(app.press("W").is_empty());
    assert_eq!(app.toast(), "There is no directory to keep views in");
}

#[test]
fn the_border_moves_by_keys_within_bounds_and_not_where_there_is_none() {
    let mut app = App::open(SIZE);
    let width = list_width(&app);
    app.keys("> >");
    assert_eq!(list_width(&app), width + 8);
    app.keys("<");
    assert_eq!(list_width(&app), width + 4);
    for _ in 0..60 {
        app.keys("<");
    }
    assert_eq!(list_width(&app), 20);
    app.resize(60, 20).keys(">");
    assert_eq!(app.toast(), "The terminal is too narrow for the list to stand beside the card");
}

#[test]
fn the_border_where_somebody_put_it() {
    let mut app = App::open((100, 24));
    app.keys("> > > >");
    assert_snapshot!("split_wide_100x24", app.screen());
    app.keys("p");
    assert_snapshot!("split_product_100x24", app.screen());
}

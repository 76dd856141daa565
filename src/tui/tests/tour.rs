//! The tour of the first start.

use super::*;
use crate::tui::app::tour::Tour;
use insta::assert_snapshot;

fn touring(size: (u16, u16)) -> App {
    let mut app = App::open(size);
    app.state.tour = Some(Tour::default());
    app
}

fn title(app: &App) -> String {
    app.state.tour.map(Tour::title).unwrap_or_default()
}

#[test]
fn each_step_goes_on_when_somebody_does_what_it_is_about() {
    let mut app = touring((100, 30));
    assert_snapshot!("tour_first_step_100x30", app.screen());
    app.keys("j");
    assert_snapshot!("tour_second_step_100x30", app.screen());
    app.keys("a");
    assert_eq!(app.database.events.len(), 1, "keys do what they always do");
    assert!(title(&app).starts_with("Tour 3 of 6"), "{}", title(&app));
    app.keys("s");
    assert!(title(&app).starts_with("Tour 3 of 6"), "another action changes nothing");
    app.keys("u r");
    assert!(title(&app).starts_with("Tour 5 of 6"), "{}", title(&app));
    app.keys("/");
    assert!(!app.screen().contains("Tour"), "a form has the screen for itself");
    app.keys("Esc");
    assert!(app.screen().contains("Tour 6 of 6"));
    app.keys("?");
    assert_eq!(app.state.tour, None);
}

#[test]
fn esc_ends_the_tour_and_enter_skips_a_step() {
    let mut app = touring((80, 24));
    app.keys("Enter Enter");
    assert!(title(&app).starts_with("Tour 3 of 6"));
    assert_eq!(app.state.context(), crate::tui::app::action::Context::Queue, "Enter was the tour's");
    app.keys("p");
    assert!(!app.screen().contains("Tour"));
    app.keys("Esc");
    assert!(app.state.screens.is_empty() && app.screen().contains("Tour 3"), "elsewhere Esc goes back");
    app.keys("Esc");
    assert_eq!(app.state.tour, None);
    app.keys(":").type_text("tour").keys("Enter");
    assert!(title(&app).starts_with("Tour 1 of 6"), "the palette begins it again");
    for _ in 0..6 {
        app.keys("Enter");
    }
    assert_eq!(app.state.tour, None);
}

#[test]
fn the_tour_fits_every_size() {
    for size in [(40, 12), (80, 24), (300, 100)] {
        let mut app = touring(size);
        for _ in 0..6 {
            assert!(app.screen().contains("Tour"), "{size:?}");
            app.keys("Enter");
        }
    }
    assert_snapshot!("tour_40x12", touring((40, 12)).screen());
}

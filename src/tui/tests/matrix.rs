//! Every screen, in every state, at every size.

use super::snapshots::styled;
use super::*;
use insta::assert_snapshot;
use std::fmt::Write;

const SIZES: [(u16, u16); 4] = [(80, 24), (120, 40), (40, 12), (20, 5)];

/// Each screen, with the keys that lead to it from the queue.
const SCREENS: [(&str, &str); 10] = [
    ("queue", ""),
    ("card", "Tab"),
    ("experiments", "E"),
    ("comparison", "E m j Enter"),
    ("insights", "I"),
    ("clusters", "B"),
    ("product", "p"),
    ("walk", "w"),
    ("texts", "t"),
    ("activity", "A"),
];

#[derive(Debug, Clone, Copy)]
enum State {
    Rows,
    Empty,
    Loading,
    Error,
}

const STATES: [(&str, State); 4] =
    [("rows", State::Rows), ("empty", State::Empty), ("loading", State::Loading), ("error", State::Error)];

/// Brings a screen up in a state.
fn show(keys: &str, state: State, size: (u16, u16)) -> App {
    let mut app = match state {
        State::Empty => App::empty(size),
        State::Loading if keys.is_empty() => App::opening(size),
        _ => App::open(size),
    };
    match state {
        State::Rows | State::Empty => {
            app.keys(keys);
        }
        State::Loading if keys.is_empty() => {
            app.send(Msg::Opened);
        }
        State::Loading => {
            let (before, last) = keys.rsplit_once(' ').unwrap_or(("", keys));
            app.keys(before);
            app.press(last);
        }
        State::Error => {
            if keys.is_empty() {
                app = App::opening(size);
                app.database.down = Some(down());
                app.send(Msg::Opened);
                app.settle();
            } else {
                app.database.down = Some(down());
                app.keys(keys);
            }
        }
    }
    app.wait(200);
    app
}

pub fn down() -> RepositoryError {
    RepositoryError::Unavailable("connection refused".into())
}

/// Returns every screen in every state, and what it is.
pub fn every(size: (u16, u16)) -> impl Iterator<Item = (String, App)> {
    SCREENS.iter().flat_map(move |(screen, keys)| {
        STATES.iter().map(move |(name, state)| (format!("{screen}, {name}"), show(keys, *state, size)))
    })
}

/// Draws a state at every size; without colour the text is the same.
fn at_every_size(keys: &str, state: State) -> String {
    let mut drawn = String::new();
    for size in SIZES {
        let mut app = show(keys, state, size);
        let mono = app.screen();
        app.state.theme = Theme::Dark;
        assert_eq!(app.screen(), mono, "{keys} at {size:?} reads otherwise in colour");
        assert!(mono.lines().count() <= usize::from(size.1));
        write!(drawn, "== {}x{}\n{mono}", size.0, size.1).unwrap();
    }
    drawn
}

#[test]
fn every_screen_in_every_state_at_every_size() {
    for (screen, keys) in SCREENS {
        for (name, state) in STATES {
            assert_snapshot!(format!("matrix_{screen}_{name}"), at_every_size(keys, state));
        }
    }
}

#[test]
fn every_screen_in_colour_and_without() {
    for (screen, keys) in SCREENS {
        let mut app = show(keys, State::Rows, (80, 24));
        let mono = styled(&app);
        app.state.theme = Theme::Dark;
        assert_snapshot!(format!("matrix_{screen}_styles"), format!("{mono}\n== dark\n{}", styled(&app)));
    }
}

#[test]
fn the_hint_line_fits_any_width_and_never_leaves_the_help_out() {
    let mut app = App::open((40, 24));
    for width in 40..=300 {
        app.resize(width, 24);
        for context in ["queue", "card"] {
            let screen = app.screen();
            let hints = screen.lines().last().unwrap_or_default();
            assert!(hints.contains("? help") && !hints.contains('…'), "{context} at {width}: {hints:?}");
            assert!(crate::tui::wrap::width(hints) <= usize::from(width), "{context} at {width}: {hints:?}");
            app.keys("Tab");
        }
    }
}

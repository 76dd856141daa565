//! Looks, ASCII signs, and what is said of settings that cannot be used.

use super::*;
use crate::config::Screen;
use crate::config::document::Document;
use crate::config::problem::{Part, Problem};
use crate::tui::glyphs::Glyphs;
use crate::tui::interface::{Interface, Motion};
use crate::tui::overlays::{Notice, Overlay};
use insta::assert_snapshot;
use ratatui::style::Color;

/// Every screen and most overlays, by the keys that lead there from the queue.
const PLACES: [&str; 14] = ["", "Tab", "E", "I", "B", "A", "p", "w", "t", "?", ":", "/", "o", "f"];

fn ascii(size: (u16, u16)) -> App {
    let mut app = App::open(size);
    app.state.glyphs = Glyphs::Ascii;
    app
}

#[test]
fn a_terminal_of_ascii_gets_ascii_apart_from_the_data() {
    let data = format!("{:?}", fixture::rows(600));
    for size in [(80, 24), (160, 50), (40, 12)] {
        for keys in PLACES {
            let mut app = ascii(size);
            app.keys("a r n d v").keys("Esc k");
            app.keys(keys);
            let strange: Vec<char> = app
                .screen()
                .chars()
                .filter(|c| !c.is_ascii() && !data.contains(*c))
                .filter(|c| *c != '\u{200d}')
                .collect();
            assert!(strange.is_empty(), "{strange:?} at {size:?} after {keys}:\n{}", app.screen());
        }
    }
    assert_snapshot!("ascii_review_80x24", ascii((80, 24)).screen());
    let mut app = ascii((120, 40));
    app.keys("I");
    assert_snapshot!("ascii_insights_120x40", app.screen());
}

#[test]
fn every_look_shows_where_the_cursor_is() {
    for theme in [Theme::Dark, Theme::Light, Theme::HighContrast, Theme::Mono] {
        let mut app = App::open((120, 40));
        app.state.theme = theme;
        app.wait(0);
        let buffer = app.buffer();
        let reversed =
            |cell: &ratatui::buffer::Cell| cell.modifier.contains(ratatui::style::Modifier::REVERSED);
        assert!(buffer.content.iter().filter(|cell| reversed(cell)).count() > 20, "{theme:?}");
        let coloured = buffer.content.iter().any(|cell| cell.fg != Color::Reset);
        assert_eq!(coloured, theme != Theme::Mono, "{theme:?}");
        let black = buffer.content.iter().filter(|cell| cell.bg == Color::Black).count();
        // Behind a wide character stands a cell that no terminal draws.
        let wanted = if theme == Theme::HighContrast { 120 * 39..=120 * 40 } else { 0..=0 };
        assert!(wanted.contains(&black), "{theme:?}: {black}");
    }
}

#[test]
fn what_cannot_be_used_is_said_until_it_is_read_and_the_rest_holds() {
    let text = "[keys.common]\nreject = 'd'\nflag = 'P'\n[theme.roles]\naccent = 'bold bleu'\n";
    let document = Document::parse(std::path::Path::new("config.toml"), text);
    let tables = document.entries.iter().map(|entry| (entry.clone(), document.origin(entry))).collect();
    let screen = Screen {
        theme: "dark",
        preset: "vim",
        motion: "reduced",
        glyphs: "unicode",
        colour: "always",
        tables,
        ..Screen::default()
    };
    let problem =
        Problem { place: "config.toml:9".into(), what: "there is no setting \"x\"".into(), part: Part::Data };
    let interface = Interface::new(&screen).with_problems(&[problem]);
    let mut app = App::opening((80, 24));
    interface.apply(&mut app.state);
    assert_eq!(app.state.motion, Motion::Reduced);
    assert_snapshot!("notice_while_opening", app.screen());
    app.send(Msg::Opened);
    app.settle();
    app.wait(60_000);
    app.keys("x j a");
    assert!(app.screen().contains("cannot be used"), "it stays");
    app.keys("Enter");
    assert!(!app.screen().contains("cannot be used"));
    assert!(app.database.events.is_empty(), "no key meant the queue meanwhile");
    app.keys("P");
    assert!(matches!(app.state.overlay, Some(Overlay::Comment(_))), "the good parts hold");
}

#[test]
fn a_long_list_of_what_cannot_be_used_is_scrolled() {
    let mut app = App::open((40, 12));
    let problems = (0..30).map(|n| format!("config.toml:{n}: there is no setting \"a{n}\"")).collect();
    app.state.overlay = Some(Overlay::Notice(Notice::new(problems)));
    assert!(app.screen().contains("a0") && !app.screen().contains("a29"));
    app.keys("PgDn End");
    assert!(app.screen().contains("a29"), "{}", app.screen());
    app.keys("Esc");
    assert!(app.state.overlay.is_none());
}

#[test]
fn with_reduced_motion_nothing_moves_more_than_once_a_second() {
    let mut app = App::opening((80, 24));
    app.state.motion = Motion::Reduced;
    app.wait(400);
    let next = app.state.next_deadline().unwrap();
    assert!(next >= app.state.now + Duration::from_secs(1));
    let before = app.screen();
    app.wait(500);
    assert_eq!(app.screen(), before);
}

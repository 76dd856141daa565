//! Any keys, on any screen, at any size: no panic, and the cursor stays where it can be.

use super::*;
use crate::tui::app::pointer::Gesture;
use proptest::prelude::*;
use ratatui::layout::Position;

const KEYS: &[&str] = &[
    "I",
    "T",
    "v",
    "v",
    "V",
    "B",
    "B",
    "C",
    "r",
    "A",
    "A",
    "m",
    "b",
    "O",
    "j",
    "k",
    "g",
    "G",
    "PgDn",
    "PgUp",
    "Enter",
    "Enter",
    "Esc",
    "Esc",
    "Tab",
    "Shift-Tab",
    "a",
    "1",
    "2",
    "9",
    "o",
    "r",
    "n",
    "d",
    "f",
    "u",
    "/",
    "x",
    "s",
    "S",
    "e",
    "w",
    "p",
    "t",
    "E",
    "Q",
    "R",
    "?",
    ":",
    "q",
    "Up",
    "Down",
    "Left",
    "Right",
    "Home",
    "End",
    "Backspace",
    "Space",
    "Ctrl-O",
    "Ctrl-W",
    "Ctrl-U",
    "Ctrl-C",
    "Ctrl-D",
    "l",
    "h",
    "y",
    "é",
    "日",
    ";",
    ".",
    "0",
    "%",
    "Ctrl-A",
    "Ctrl-E",
    "Ctrl-X",
    "Ctrl-R",
    "[",
    "[",
    "]",
    "<",
    ">",
    "W",
    "F",
    "F",
    "M",
    "L",
];

const SIZES: [(u16, u16); 12] = [
    (0, 0),
    (1, 1),
    (0, 10),
    (20, 5),
    (40, 12),
    (41, 13),
    (69, 20),
    (70, 12),
    (80, 24),
    (120, 36),
    (250, 80),
    (39, 80),
];

const GESTURES: [Gesture; 5] = [Gesture::Press, Gesture::Drag, Gesture::Release, Gesture::Up, Gesture::Down];

#[derive(Debug, Clone)]
enum Step {
    Key(usize),
    Size(usize),
    Wait(u64),
    Paste(String),
    /// The database answers what it was asked.
    Answer,
    /// The database goes down or comes back.
    Down(bool),
    /// Somebody else decides a gap.
    Meddle(usize),
    /// A gesture, where in thousandths of the screen.
    Mouse(usize, u16, u16),
    Focus(bool),
    /// The user's editor is closed, with a text or without.
    Edited(bool),
    /// The disk is full, or has room again.
    Full(bool),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        12 => (0..KEYS.len()).prop_map(Step::Key),
        2 => (0..SIZES.len()).prop_map(Step::Size),
        1 => (0_u64..8_000).prop_map(Step::Wait),
        1 => r"(\PC|\n|\u{202e}){0,8}".prop_map(Step::Paste),
        6 => Just(Step::Answer),
        1 => any::<bool>().prop_map(Step::Down),
        1 => (0_usize..30).prop_map(Step::Meddle),
        1 => any::<bool>().prop_map(Step::Full),
        4 => (0_usize..5, 0_u16..1_100, 0_u16..1_100).prop_map(|(what, x, y)| Step::Mouse(what, x, y)),
        1 => any::<bool>().prop_map(Step::Focus),
        1 => any::<bool>().prop_map(Step::Edited),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn no_keys_at_no_size_break_anything(steps in prop::collection::vec(step(), 1..70), theme in any::<bool>()) {
        let mut app = App::opening((80, 24));
        app.database = Database::new(450);
        app.state.theme = if theme { Theme::Dark } else { Theme::Mono };
        app.send(Msg::Opened);
        app.settle();
        for step in steps {
            match step {
                Step::Key(index) => { app.press(KEYS[index]); }
                Step::Size(index) => { app.send(Msg::Resize(Size { width: SIZES[index].0, height: SIZES[index].1 })); }
                Step::Wait(milliseconds) => app.wait(milliseconds),
                Step::Paste(text) => { app.send(Msg::Paste(text)); }
                Step::Answer => app.settle(),
                Step::Mouse(what, x, y) => {
                    let place = |share: u16, of: u16| u16::try_from(u32::from(share) * u32::from(of) / 1_000).unwrap();
                    let at = Position { x: place(x, app.state.size.width), y: place(y, app.state.size.height) };
                    app.send(Msg::Mouse(GESTURES[what], at));
                }
                Step::Focus(has_focus) => { app.send(Msg::Focus(has_focus)); }
                Step::Edited(is_good) => {
                    let text = if is_good { Ok("two\nlines \u{1b}[2J".to_owned()) } else { Err("it failed".to_owned()) };
                    app.send(Msg::Edited(text));
                }
                Step::Down(down) => {
                    app.database.down = down.then(|| RepositoryError::Unavailable("gone \u{1b}[2J".into()));
                }
                Step::Full(full) => app.database.disk = full.then_some("the disk is full \u{1b}[2J"),
                Step::Meddle(index) => {
                    app.database.rows[index].version += 1;
                    app.database.rows[index].state = GapState::Flagged;
                }
            }
            let screen = app.screen();
            let hostile = screen.contains(['\u{1b}', '\u{202e}']);
            prop_assert!(!hostile, "hostile text reached the screen");
            prop_assert!(app.state.queue.rows.is_empty() || app.cursor() < app.state.queue.rows.len());
            if app.ended {
                break;
            }
        }
        // Every decision is either in the database or still known to be unsaved, and none is there twice.
        app.settle();
        app.reconnect();
        for one in &app.state.unsaved {
            prop_assert!(app.database.events.iter().all(|event| event.decision.id != one.decision.id));
        }
        prop_assert!(app.database.pending.is_empty());
        for (one, _) in &app.database.failed {
            prop_assert!(app.state.unsaved_by_id(one.id).is_some(), "a refused decision is not shown");
        }
        let ids: std::collections::HashSet<_> =
            app.database.events.iter().map(|event| event.decision.id).collect();
        prop_assert_eq!(ids.len(), app.database.events.len());
    }
}

/// A person's day: keys without end, on every screen, while the size changes; always the same ones.
#[test]
fn twenty_thousand_keys_on_every_screen_break_nothing() {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    // xorshift (Marsaglia 2003).
    let mut below = |bound: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from((state >> 11) % bound as u64).unwrap()
    };
    let mut seen = std::collections::BTreeSet::new();
    let mut pressed = 0;
    while pressed < 20_000 {
        let mut app = App::open((80, 24));
        while pressed < 20_000 && !app.ended {
            pressed += 1;
            app.press(KEYS[below(KEYS.len())]);
            if below(40) == 0 {
                let size = SIZES[below(SIZES.len())];
                app.send(Msg::Resize(Size { width: size.0, height: size.1 }));
            }
            if below(3) > 0 {
                app.settle();
            }
            app.wait(below(300) as u64);
            if below(3) == 0 {
                assert!(!app.screen().contains('\u{1b}'));
            }
            seen.insert(format!("{:?}", app.state.context()));
        }
        app.settle();
        assert!(app.database.pending.is_empty());
    }
    assert!(seen.len() >= 9, "only {seen:?} were reached");
}

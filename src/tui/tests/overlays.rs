//! Every overlay in every state at every size: what it covers of the screen.

use super::matrix::down;
use super::*;
use crate::tui::app::tour::Tour;
use crate::tui::overlays::{Notice, Overlay};
use crate::tui::widgets::wrap;
use insta::assert_snapshot;
use ratatui::layout::{Position, Rect};
use ratatui::style::Color;
use std::fmt::Write;

type Size = (u16, u16);

/// The sizes at which an overlay is drawn; where a terminal is too small for anything, it is not.
const SIZES: [Size; 3] = [(80, 24), (120, 40), (40, 12)];

/// An overlay in a state, made from a size.
type Made = (&'static str, fn(Size) -> App);

fn open(size: Size, keys: &str) -> App {
    let mut app = App::open(size);
    app.keys(keys);
    app
}

fn typed(size: Size, keys: &str, text: &str) -> App {
    let mut app = open(size, keys);
    app.type_text(text);
    app
}

/// Before the names of attributes and categories are there.
fn without_names(size: Size, keys: &str) -> App {
    let mut app = App::open(size);
    app.state.facets.value = None;
    app.keys(keys);
    app
}

/// What happens at a key while the database is out of reach.
fn lost(size: Size, keys: &str) -> App {
    let mut app = App::open(size);
    app.database.down = Some(down());
    app.keys(keys);
    app
}

/// Somebody else has decided the first gap; the reviewer decides it, too.
fn conflict(size: Size, state: GapState) -> App {
    let mut app = App::open(size);
    let row = &mut app.database.rows[0];
    (row.version, row.state) = (3, state);
    row.decided_by = Some("bob".into());
    app.keys("a");
    app
}

fn held(size: Size) -> App {
    let mut app = App::open(size);
    let gap = app.database.rows[0].gap.clone();
    app.database.held_by("bob", &[gap]);
    app.keys("a");
    app
}

fn objected(size: Size) -> App {
    let mut app = App::opening(size);
    app.database.change_card =
        Some(|card| card.candidates.iter_mut().for_each(|one| one.value = "Teal".into()));
    app.send(Msg::Opened);
    app.settle();
    app.keys("a");
    app
}

fn unsaved(size: Size) -> App {
    let mut app = App::open(size);
    app.database.disk = Some("the disk is full");
    app.keys("a j r j r q");
    app
}

/// Decisions of which some cannot be saved.
fn refused(size: Size) -> App {
    let mut app = App::open(size);
    app.database.disk = Some("the disk is full");
    app.keys("a j r O");
    app
}

fn sampled(size: Size, sampled: u64) -> App {
    let mut app = App::open(size);
    app.database.sampled = sampled;
    app.keys("I T").wait(700);
    app
}

/// Accepting unseen, told so much of it.
fn told(size: Size, keys: &str, news: Unseen) -> App {
    let mut app = App::open(size);
    app.keys("I");
    let asked = app.press("T");
    let [Effect::LookUnseen { ticket, .. }] = asked[..] else { panic!("{asked:?}") };
    app.settle();
    app.wait(700);
    app.press(keys);
    app.send(Msg::Unseen { ticket, news });
    app
}

fn looking(size: Size) -> App {
    let mut app = App::open(size);
    app.keys("I");
    app.press("T");
    app.waiting.clear();
    app
}

fn counting(size: Size) -> App {
    let mut app = looking(size);
    let Some(Overlay::Unseen(overlay)) = &mut app.state.overlay else { panic!("no overlay") };
    let finding = fixture::finding(200, crate::tui::screens::insights::DEMAND);
    let ticket = overlay.ticket();
    overlay.told(ticket, Unseen::Found(Box::new(finding)), app.state.now);
    overlay.told(ticket, Unseen::Read(15_000), app.state.now);
    app
}

fn bulk_with_left_out(size: Size) -> App {
    let mut app = App::open(size);
    let gap = app.database.rows[1].gap.clone();
    app.database.held_by("bob", &[gap]);
    app.keys("v v v v a");
    app
}

fn take_back(size: Size) -> App {
    let mut app = super::activity::worked(size);
    app.keys("A");
    while app.state.activity().and_then(|screen| screen.current()).map(|row| row.action)
        != Some(Action::Reject)
    {
        app.keys("j");
    }
    app.keys("u");
    app
}

fn logged(size: Size) -> App {
    let mut app = App::open(size);
    app.state.toasts.log.file = Some("/home/alice/.local/state/gapdeck/gapdeck.log".into());
    app.keys("h h z [ r u");
    app.send(Msg::Logged(
        crate::tui::app::toast::Level::Error,
        "connection to server at \"db.example.com\" was closed unexpectedly, after 12 statements; a second line says \
         what became of them"
            .into(),
    ));
    app.keys("L");
    app
}

fn views(size: Size, count: usize) -> App {
    let mut app = App::open(size);
    let view = |number| View {
        name: format!("view {number} with a longer name"),
        filter: QueueFilter { attribute: Some("colour".into()), ..QueueFilter::default() },
        sort: QueueSort::ALL[number % QueueSort::ALL.len()],
    };
    app.views = (0..count).map(view).collect();
    app.keys("F");
    app
}

fn renamed(size: Size) -> App {
    let mut app = views(size, 2);
    app.keys("Ctrl-R");
    app
}

fn replaced(size: Size) -> App {
    let mut app = views(size, 2);
    app.keys("Esc W").type_text("View 1 with a longer name").keys("Enter");
    app
}

fn notice(size: Size, count: usize) -> App {
    let mut app = App::open(size);
    let problem = |n| format!("config.toml:{n}: there is no setting \"a{n}\"; did you mean \"accent\"?");
    app.state.overlay = Some(Overlay::Notice(Notice::new((1..=count).map(problem).collect())));
    app
}

fn prefixed(size: Size) -> App {
    let mut app = App::open(size);
    app.state.keymap = crate::tui::app::bindings::Keymap::preset("emacs").kept();
    app.keys("Ctrl-X");
    app
}

fn touring(size: Size, steps: usize) -> App {
    let mut app = App::open(size);
    app.state.tour = Some(Tour::default());
    for _ in 0..steps {
        app.keys("Enter");
    }
    app
}

const OVERLAYS: &[(&str, &[Made])] = &[
    (
        "help",
        &[
            ("rows", |size| open(size, "?")),
            ("the end", |size| open(size, "? End")),
            ("nothing matches", |size| typed(size, "?", "zzz")),
        ],
    ),
    (
        "palette",
        &[
            ("rows", |size| open(size, ":")),
            ("the last row", |size| {
                open(size, ": PgDn PgDn PgDn PgDn PgDn PgDn PgDn PgDn PgDn PgDn PgDn PgDn PgDn")
            }),
            ("nothing matches", |size| typed(size, ":", "zzz")),
        ],
    ),
    ("sort", &[("rows", |size| open(size, "S"))]),
    (
        "filter",
        &[
            ("rows", |size| typed(size, "/ Tab", "w")),
            ("without options", |size| open(size, "/")),
            ("nothing matches", |size| typed(size, "/ Tab", "zzz")),
            ("loading", |size| without_names(size, "/ Tab")),
            ("error", |size| {
                let mut app = typed(size, "/ Shift-Tab", "much");
                app.keys("Enter");
                app
            }),
        ],
    ),
    (
        "filter_activity",
        &[
            ("rows", |size| open(size, "A / Tab")),
            ("nothing matches", |size| typed(size, "A /", "zzz")),
            ("loading", |size| without_names(size, "A / Tab Tab")),
            ("error", |size| {
                let mut app = typed(size, "A / Shift-Tab", "seven");
                app.keys("Enter");
                app
            }),
        ],
    ),
    (
        "flag",
        &[
            ("empty", |size| open(size, "f")),
            ("typed", |size| {
                typed(size, "f", "The picture shows another shoe than the text, and the brand is missing")
            }),
            ("asked", |size| {
                let mut app = typed(size, "f", "wait");
                app.keys("Esc");
                app
            }),
            ("error", |size| {
                let mut app = typed(size, "f", "look");
                app.send(Msg::Edited(Err("vi ended with exit code 1, and said nothing".into())));
                app
            }),
        ],
    ),
    (
        "confirm",
        &[
            ("conflict", |size| conflict(size, GapState::Rejected)),
            ("second opinion", |size| conflict(size, GapState::Second)),
            ("disputed", |size| conflict(size, GapState::Disputed)),
            ("in other hands", held),
            ("objection", objected),
            ("unsaved", unsaved),
        ],
    ),
    (
        "override",
        &[
            ("rows", |size| open(size, "o")),
            ("number", |size| typed(size, "j o", "0.63 lb")),
            ("yes or no", |size| open(size, "j j o")),
            ("nothing matches", |size| typed(size, "o", "zzz")),
            ("error", |size| {
                let mut app = typed(size, "o", "zzz");
                app.keys("Enter");
                app
            }),
        ],
    ),
    (
        "bulk",
        &[
            ("cluster", |size| open(size, "B a")),
            ("selection", |size| open(size, "v j v r")),
            ("with some left out", bulk_with_left_out),
        ],
    ),
    (
        "unseen",
        &[
            ("loading", looking),
            ("counting", counting),
            ("rows", |size| sampled(size, 200)),
            ("empty", |size| sampled(size, 50)),
            ("accepting", |size| {
                let mut app = sampled(size, 200);
                app.keys("Enter");
                app
            }),
            ("stopped", |size| {
                let mut app = sampled(size, 200);
                app.keys("Enter Esc");
                app
            }),
            ("error", |size| told(size, "Enter", Unseen::Failed(down(), Some(fixture::accepted(500))))),
        ],
    ),
    ("take_back", &[("rows", take_back)]),
    (
        "outbox",
        &[
            ("empty", |size| open(size, "O")),
            ("pending", |size| lost(size, "a r n O")),
            ("refused", refused),
            ("asked", |size| {
                let mut app = refused(size);
                app.keys("x");
                app
            }),
        ],
    ),
    ("log", &[("empty", |size| open(size, "L")), ("rows", logged)]),
    (
        "views",
        &[
            ("empty", |size| views(size, 0)),
            ("rows", |size| views(size, 20)),
            ("nothing matches", |size| {
                let mut app = views(size, 3);
                app.type_text("zzz");
                app
            }),
            ("asked", |size| {
                let mut app = views(size, 3);
                app.keys("Down Ctrl-D");
                app
            }),
        ],
    ),
    ("name_view", &[("empty", |size| open(size, "W")), ("rename", renamed), ("replace", replaced)]),
    ("notice", &[("one", |size| notice(size, 1)), ("many", |size| notice(size, 30))]),
    ("which_key", &[("rows", prefixed)]),
    ("tour", &[("first", |size| touring(size, 0)), ("last", |size| touring(size, 5))]),
];

/// Returns every overlay in every state, and what it is.
pub fn every(size: Size) -> impl Iterator<Item = (String, App)> {
    OVERLAYS.iter().flat_map(move |(overlay, states)| {
        states.iter().map(move |(state, make)| (format!("{overlay}, {state}"), make(size)))
    })
}

/// Returns the screen with the overlay taken away.
fn without(app: &mut App) -> Buffer {
    let overlay = app.state.overlay.take();
    let prefix = std::mem::take(&mut app.state.prefix);
    let tour = app.state.tour.take();
    let buffer = app.buffer();
    (app.state.overlay, app.state.prefix, app.state.tour) = (overlay, prefix, tour);
    buffer
}

/// Returns where an overlay is: the rectangle of all cells that are others without it.
fn covered(app: &mut App) -> Option<Rect> {
    let (before, after) = (without(app), app.buffer());
    let all = after.area.positions();
    let others: Vec<Position> = all.filter(|at| before[*at] != after[*at]).collect();
    let columns = others.iter().map(|at| at.x);
    let (left, right) = (columns.clone().min()?, columns.max()?);
    let (top, bottom) = (others.first()?.y, others.last()?.y);
    // The corner may stand on a border that looks the same.
    let left = left - u16::from(left > 0 && after[(left, top)].symbol() == " ");
    Some(Rect { x: left, y: top, width: right - left + 1, height: bottom - top + 1 })
}

/// Draws what an overlay covers.
fn drawn(app: &mut App) -> String {
    let Some(area) = covered(app) else { return "nothing\n".into() };
    let buffer = app.buffer();
    let mut text = String::new();
    for y in area.top()..area.bottom() {
        let mut line = String::new();
        let mut x = area.x;
        while x < area.right() {
            let symbol = buffer[(x, y)].symbol();
            line.push_str(symbol);
            x += u16::try_from(wrap::width(symbol).max(1)).unwrap();
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// Lists what of an overlay is not plain, and how it looks.
fn runs(app: &mut App) -> String {
    let Some(area) = covered(app) else { return String::new() };
    let buffer = app.buffer();
    let mut text = String::new();
    for y in area.top()..area.bottom() {
        let mut x = area.x;
        while x < area.right() {
            let (style, start) = (buffer[(x, y)].style(), x);
            let mut run = String::new();
            while x < area.right() && buffer[(x, y)].style() == style {
                run.push_str(buffer[(x, y)].symbol());
                x += 1;
            }
            let is_plain = style.fg == Some(Color::Reset) && style.add_modifier.is_empty();
            let run = run.trim_matches(['─', '│', '╭', '╮', '╰', '╯', ' ']);
            if !is_plain && !run.is_empty() {
                let fg = style.fg.unwrap_or_default();
                writeln!(text, "{y:>2},{start:<3} {fg} {:?} {run}", style.add_modifier).unwrap();
            }
        }
    }
    text
}

#[test]
fn every_overlay_in_every_state_at_every_size() {
    for (overlay, states) in OVERLAYS {
        let mut all = String::new();
        for (state, make) in *states {
            let mut small = make((80, 24));
            small.resize(20, 5);
            assert!(small.screen().contains("gapdeck needs 40x12"), "{overlay}, {state}\n{}", small.screen());
            for size in SIZES {
                let mut app = make(size);
                app.state.toasts.clear();
                let is_shown =
                    app.state.overlay.is_some() || !app.state.prefix.is_empty() || app.state.tour.is_some();
                assert!(is_shown, "{overlay}, {state} at {size:?} is not there:\n{}", app.screen());
                let mono = app.screen();
                write!(all, "== {state}, {}x{}\n{}", size.0, size.1, drawn(&mut app)).unwrap();
                app.state.theme = Theme::Dark;
                assert_eq!(app.screen(), mono, "{overlay}, {state} at {size:?} reads otherwise in colour");
            }
        }
        assert_snapshot!(format!("overlay_{overlay}"), all);
    }
}

#[test]
fn every_overlay_in_colour_and_without() {
    let mut all = String::new();
    for (overlay, states) in OVERLAYS {
        let mut app = states[0].1((80, 24));
        app.state.toasts.clear();
        let mono = runs(&mut app);
        app.state.theme = Theme::Dark;
        write!(all, "== {overlay}, mono\n{mono}== {overlay}, dark\n{}", runs(&mut app)).unwrap();
    }
    assert_snapshot!("overlays_styles", all);
}

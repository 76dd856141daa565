//! What the screens look like.

use super::*;
use insta::assert_snapshot;

const SMALL: (u16, u16) = (80, 24);
const LARGE: (u16, u16) = (160, 50);
const NARROW: (u16, u16) = (40, 12);

fn down() -> RepositoryError {
    RepositoryError::Unavailable("connection refused".into())
}

/// Draws text and, below it, every run of cells that is not plain.
pub fn styled(app: &App) -> String {
    let buffer = app.buffer();
    let mut runs = Vec::new();
    for y in 0..buffer.area.height {
        let mut x = 0;
        while x < buffer.area.width {
            let style = buffer[(x, y)].style();
            let start = x;
            let mut text = String::new();
            while x < buffer.area.width && buffer[(x, y)].style() == style {
                text.push_str(buffer[(x, y)].symbol());
                x += 1;
            }
            let plain = style.fg == Some(ratatui::style::Color::Reset) && style.add_modifier.is_empty();
            if !plain && !text.trim_matches(['─', '│', ' ']).is_empty() {
                let fg = style.fg.unwrap_or_default();
                runs.push(format!("{y:>2},{start:<3} {fg} {:?} {}", style.add_modifier, text.trim()));
            }
        }
    }
    format!("{}\n{}", app.screen(), runs.join("\n"))
}

#[test]
fn opening() {
    let mut app = App::opening(SMALL);
    assert_snapshot!("opening_first_frame", app.screen());
    app.send(progress(3_200));
    app.wait(1_400);
    assert_snapshot!("opening_progress", app.screen());
}

#[test]
fn review_rows() {
    assert_snapshot!("review_80x24", App::open(SMALL).screen());
    assert_snapshot!("review_160x50", App::open(LARGE).screen());
    assert_snapshot!("review_40x12", App::open(NARROW).screen());
    assert_snapshot!("review_too_small", App::open((20, 5)).screen());
}

#[test]
fn review_styles() {
    let mut app = App::open(SMALL);
    app.keys("a");
    app.state.toasts.dismiss();
    assert_snapshot!("review_mono_styles", styled(&app));
    app.state.theme = Theme::Dark;
    app.wait(0);
    assert_snapshot!("review_colour_styles", styled(&app));
}

#[test]
fn review_decided_rows() {
    let mut app = App::open((120, 20));
    app.keys("a r n d").keys("f").type_text("odd").keys("Enter");
    app.keys("j j j o").type_text("volt").keys("Enter");
    assert_snapshot!("review_decided_120x20", app.screen());
    app.keys("k");
    assert_snapshot!("review_decided_card_120x20", app.screen());
}

#[test]
fn review_reasoning_and_focus() {
    let mut app = App::open(SMALL);
    app.keys("e");
    assert_snapshot!("review_reasoning_80x24", app.screen());
    app.keys("e Tab PgDn");
    assert_snapshot!("review_card_focused_80x24", app.screen());
}

#[test]
fn review_loading() {
    let mut app = App::opening(SMALL);
    app.send(Msg::Opened);
    app.wait(200);
    assert_snapshot!("review_loading_queue", app.screen());
    let mut app = App::open(SMALL);
    app.press("PgDn");
    app.wait(200);
    assert_snapshot!("review_loading_card", app.screen());
}

#[test]
fn review_empty() {
    assert_snapshot!("review_empty_80x24", App::empty(SMALL).screen());
    assert_snapshot!("review_empty_40x12", App::empty(NARROW).screen());
    let mut app = App::open(SMALL);
    app.database.rows.clear();
    app.keys("/ Tab").type_text("weight").keys("Enter");
    assert_snapshot!("review_nothing_matches", app.screen());
}

#[test]
fn review_error() {
    let mut app = App::opening(SMALL);
    app.database.down = Some(down());
    app.send(Msg::Opened);
    app.settle();
    assert_snapshot!("review_queue_error", app.screen());
    let mut app = App::open(SMALL);
    app.database.down = Some(down());
    app.keys("PgDn");
    assert_snapshot!("review_card_error", app.screen());
    app.keys("PgUp a");
    assert_snapshot!("review_pending", app.screen());
    app.keys("O");
    assert_snapshot!("outbox_80x24", app.screen());
    app.resize(40, 12);
    assert_snapshot!("outbox_40x12", app.screen());
    let mut app = App::open(SMALL);
    app.database.disk = Some("the disk is full");
    app.keys("a");
    assert_snapshot!("review_not_saved", app.screen());
    let mut app = App::open(LARGE);
    app.keys("O");
    assert_snapshot!("outbox_empty_160x50", app.screen());
}

#[test]
fn override_editor() {
    let mut app = App::open(SMALL);
    app.keys("o");
    assert_snapshot!("override_choice_80x24", app.screen());
    app.type_text("blue");
    assert_snapshot!("override_choice_typed", app.screen());
    app.type_text("zz").keys("Enter");
    assert_snapshot!("override_choice_refused", app.screen());
    let mut app = App::open(NARROW);
    app.keys("j o").type_text("0.63 lb");
    assert_snapshot!("override_number_40x12", app.screen());
    let mut app = App::open(LARGE);
    app.keys("j j o");
    assert_snapshot!("override_boolean_160x50", app.screen());
}

#[test]
fn filter() {
    let mut app = App::open(SMALL);
    app.keys("/");
    assert_snapshot!("filter_80x24", app.screen());
    app.keys("Tab").type_text("w");
    assert_snapshot!("filter_attribute", app.screen());
    app.resize(40, 12);
    assert_snapshot!("filter_40x12", app.screen());
}

#[test]
fn help_and_palette() {
    let mut app = App::open(SMALL);
    app.keys("?");
    assert_snapshot!("help_80x24", app.screen());
    app.type_text("undo");
    assert_snapshot!("help_search", app.screen());
    app.keys("Esc Esc :");
    assert_snapshot!("palette_80x24", app.screen());
    app.type_text("sort un");
    assert_snapshot!("palette_search", app.screen());
}

#[test]
fn questions() {
    let mut app = App::open(SMALL);
    app.database.rows[0].version = 3;
    app.database.rows[0].state = GapState::Rejected;
    app.database.rows[0].decided_by = Some("bob".into());
    app.keys("a");
    assert_snapshot!("conflict_80x24", app.screen());
    let mut app = App::open(SMALL);
    app.database.disk = Some("the disk is full");
    app.keys("a j r q");
    assert_snapshot!("quit_unsaved_80x24", app.screen());
    let mut app = App::open(SMALL);
    app.keys("f");
    assert_snapshot!("flag_80x24", app.screen());
}

#[test]
fn experiments() {
    let mut app = App::open(SMALL);
    app.keys("E");
    assert_snapshot!("experiments_80x24", app.screen());
    app.resize(160, 50);
    assert_snapshot!("experiments_160x50", app.screen());
    app.resize(40, 12);
    assert_snapshot!("experiments_40x12", app.screen());
    let mut app = App::open(SMALL);
    app.database.down = Some(down());
    app.keys("E");
    assert_snapshot!("experiments_error", app.screen());
}

#[test]
fn product_walk_and_texts() {
    let mut app = App::open(SMALL);
    app.keys("p");
    assert_snapshot!("product_80x24", app.screen());
    app.resize(160, 50);
    assert_snapshot!("product_160x50", app.screen());
    app.resize(40, 12);
    assert_snapshot!("product_40x12", app.screen());
    let mut app = App::open(SMALL);
    app.keys("w j Enter j");
    assert_snapshot!("walk_80x24", app.screen());
    app.keys("Q t");
    assert_snapshot!("texts_80x24", app.screen());
    let mut app = App::open(SMALL);
    app.database.down = Some(down());
    app.keys("p");
    assert_snapshot!("product_error", app.screen());
}

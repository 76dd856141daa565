//! A table with a cursor: texts at the left share what figures at the right leave.

use super::wrap;
use crate::sanitise;
use crate::tui::theme::{Role, Theme};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

/// Columns of the cursor's mark, and of the margin at the right.
const MARK: usize = 3;
const MARGIN: usize = 1;
/// Columns between two cells.
const BETWEEN: usize = 2;
/// The most characters of a cell.
const LONGEST: usize = 100;

/// How wide a column is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Width {
    /// An equal share of what figures leave.
    Share,
    Columns(usize),
}

/// A column of the table.
pub struct Column<'a, T> {
    title: &'a str,
    width: Width,
    /// From which width on it is shown: of the table, for a figure; of what figures leave, for a text.
    from: usize,
    cell: Box<dyn Fn(&T) -> String + 'a>,
}

impl<'a, T> Column<'a, T> {
    /// A text, at the left.
    pub fn text(title: &'a str, from: usize, cell: impl Fn(&T) -> String + 'a) -> Self {
        Self { title, width: Width::Share, from, cell: Box::new(cell) }
    }

    /// A figure, at the right.
    pub fn figure(title: &'a str, width: usize, from: usize, cell: impl Fn(&T) -> String + 'a) -> Self {
        Self { title, width: Width::Columns(width), from, cell: Box::new(cell) }
    }

    fn padded(&self, text: &str, width: usize) -> String {
        match self.width {
            Width::Share => wrap::pad(text, width),
            Width::Columns(_) => wrap::pad_left(text, width),
        }
    }
}

/// Where the cursor is, and which row is the first in view.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Place {
    pub cursor: usize,
    offset: usize,
}

impl Place {
    /// Returns the first row in view.
    pub fn offset(self) -> usize {
        self.offset
    }

    /// Keeps the cursor among `count` rows and in view, where `height` rows are shown at once.
    pub fn keep(&mut self, count: usize, height: u16) {
        let height = usize::from(height).max(1);
        self.cursor = self.cursor.min(count.saturating_sub(1));
        self.offset = self.offset.clamp((self.cursor + 1).saturating_sub(height), self.cursor);
    }
}

/// Draws titles and, below them, as many rows as there is room for.
pub fn draw<T>(
    frame: &mut Frame,
    area: Rect,
    theme: Theme,
    columns: &[Column<'_, T>],
    rows: &[T],
    place: Place,
) {
    let laid_out = lay_out(columns, usize::from(area.width));
    let line = |cell: &dyn Fn(&Column<'_, T>) -> String| {
        let cells: Vec<String> =
            laid_out.iter().map(|(column, width)| column.padded(&cell(column), *width)).collect();
        cells.join(&" ".repeat(BETWEEN))
    };
    let title = format!("{}{}", " ".repeat(MARK), line(&|column| column.title.to_owned()));
    let first = Rect { height: 1.min(area.height), ..area };
    frame.render_widget(Line::styled(title, theme.style(Role::Muted)), first);
    let shown = rows.iter().enumerate().skip(place.offset);
    for ((index, one), y) in shown.zip(area.y.saturating_add(1)..area.bottom()) {
        let is_current = index == place.cursor;
        let text = line(&|column| sanitise::line(&(column.cell)(one), LONGEST));
        let row = Rect { y, height: 1, ..area };
        let mark = Span::styled(if is_current { " ▌ " } else { "   " }, Style::new());
        frame.render_widget(Line::from(vec![mark, Span::raw(text)]), row);
        if is_current {
            frame.buffer_mut().set_style(row, theme.style(Role::Selected));
        }
    }
}

/// Returns the columns that are shown, each with its width.
fn lay_out<'c, 'a, T>(columns: &'c [Column<'a, T>], width: usize) -> Vec<(&'c Column<'a, T>, usize)> {
    let figures: usize = columns
        .iter()
        .filter_map(|column| match column.width {
            Width::Columns(wide) if width >= column.from => Some(wide + BETWEEN),
            _ => None,
        })
        .sum();
    let room = width.saturating_sub(figures + MARK + MARGIN);
    let is_shown = |column: &&Column<'_, T>| match column.width {
        Width::Share => room >= column.from,
        Width::Columns(_) => width >= column.from,
    };
    let shown: Vec<_> = columns.iter().filter(is_shown).collect();
    let texts = shown.iter().filter(|column| column.width == Width::Share).count().max(1);
    let share = room / texts;
    // The first takes what does not come out even, and gives the room between.
    let first = room.saturating_sub((share + BETWEEN) * (texts - 1));
    let mut is_first = true;
    shown
        .into_iter()
        .map(|column| match column.width {
            Width::Columns(wide) => (column, wide),
            Width::Share => (column, if std::mem::take(&mut is_first) { first } else { share }),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use ratatui::Terminal;
    use ratatui::backend::TestBackend;

    fn columns() -> Vec<Column<'static, (&'static str, u64)>> {
        vec![
            Column::text("name", 0, |row: &(&str, u64)| row.0.to_owned()),
            Column::text("again", 30, |row: &(&str, u64)| row.0.to_owned()),
            Column::figure("rank", 6, 16, |row: &(&str, u64)| row.1.to_string()),
        ]
    }

    fn drawn(width: u16, height: u16, place: Place) -> Vec<String> {
        let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        let rows = [("one\u{1b}[2J", 1), ("two", 22), ("three", 333)];
        terminal.draw(|frame| draw(frame, frame.area(), Theme::Mono, &columns(), &rows, place)).unwrap();
        let buffer = terminal.backend().buffer().clone();
        let line = |y| (0..width).map(|x| buffer[(x, y)].symbol().to_owned()).collect::<String>();
        (0..height).map(|y| line(y).trim_end().to_owned()).collect()
    }

    #[test]
    fn texts_share_what_figures_leave_and_columns_go_where_there_is_no_room() {
        let wide = drawn(44, 3, Place::default());
        assert_eq!(wide[0], format!("   {:14}  {:16}  {:>6}", "name", "again", "rank"));
        assert!(wide[1].starts_with(" ▌ one") && wide[1].ends_with("  1"), "{wide:?}");
        assert!(!wide[1].contains('\u{1b}'), "{wide:?}");
        assert_eq!(drawn(15, 2, Place::default())[0], "   name");
    }

    #[test]
    fn the_cursor_stays_in_view() {
        let mut place = Place { cursor: 7, offset: 0 };
        place.keep(3, 2);
        assert_eq!((place.cursor, drawn(24, 3, place)[2].contains("▌ three")), (2, true));
        place.cursor = 0;
        place.keep(3, 2);
        assert!(drawn(24, 3, place)[1].contains("▌ one"));
        place.keep(0, 0);
        assert_eq!(place, Place::default());
    }

    proptest! {
        #[test]
        fn figures_stand_below_one_another_whatever_stands_before_them(text in r"(\PC|日|👩‍👩‍👧‍👦|क्षि|حذاء|e\u{301}){0,30}", width in 30_u16..90) {
            let columns = vec![
                Column::text("name", 0, |row: &String| row.clone()),
                Column::figure("rank", 6, 0, |_: &String| "42".to_owned()),
            ];
            let mut terminal = Terminal::new(TestBackend::new(width, 3)).unwrap();
            let rows = [text, "plain".to_owned()];
            terminal.draw(|frame| draw(frame, frame.area(), Theme::Mono, &columns, &rows, Place::default())).unwrap();
            let buffer = terminal.backend().buffer();
            let figure = |y: u16| (0..width).rev().find(|x| buffer[(*x, y)].symbol() == "2").map(|x| (x, buffer[(x - 1, y)].symbol().to_owned()));
            prop_assert_eq!(figure(1), figure(2));
        }

        #[test]
        fn columns_and_the_room_between_never_take_more_than_there_is(width in 12_usize..200) {
            let columns = columns();
            let laid_out = lay_out(&columns, width);
            let taken: usize = laid_out.iter().map(|(_, width)| width + BETWEEN).sum::<usize>() - BETWEEN;
            prop_assert!(taken + MARK <= width, "{taken} of {width}");
        }
    }
}

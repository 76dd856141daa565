//! A backend that says where the cursor is after each character that a terminal may hold for wider or narrower than we do.
//!
//! Terminals do not agree on how many columns an emoji sequence or a pile of marks takes. Behind one, what is drawn next
//! is placed anew, so that it stands where it belongs whatever the terminal made of it.

use ratatui::backend::{Backend, ClearType, WindowSize};
use ratatui::buffer::{Buffer, Cell, CellDiffOption, CellWidth};
use ratatui::layout::{Position, Size};

/// A backend whose draws never lean on a doubtful width.
#[derive(Debug)]
pub struct Anchored<B>(B);

impl<B> Anchored<B> {
    /// Wraps a backend that places the cursor at the beginning of each draw.
    pub fn new(inner: B) -> Self {
        Self(inner)
    }

    /// Returns the backend.
    pub fn inner(&mut self) -> &mut B {
        &mut self.0
    }
}

/// Tells whether terminals may disagree about the width of a cell's character.
fn is_doubtful(symbol: &str) -> bool {
    if symbol.is_ascii() {
        return false;
    }
    let mut chars = symbol.chars();
    !matches!((chars.next(), chars.next()), (Some(c), None) if is_settled(c))
}

/// Tells whether every terminal gives a character the same width: the scripts and signs that have long been drawn alike.
fn is_settled(c: char) -> bool {
    matches!(c,
        '\u{a1}'..='\u{ac}' | '\u{ae}'..='\u{24f}' | '\u{370}'..='\u{482}' | '\u{48a}'..='\u{52f}'
        | '\u{2010}'..='\u{2027}' | '\u{2030}'..='\u{205e}' | '\u{20a0}'..='\u{20bf}' | '\u{2190}'..='\u{22ff}'
        | '\u{2400}'..='\u{2426}' | '\u{2500}'..='\u{25ff}' | '\u{2700}'..='\u{27bf}' | '\u{27e8}'..='\u{27e9}'
        | '\u{3041}'..='\u{3096}' | '\u{30a0}'..='\u{30ff}' | '\u{4e00}'..='\u{9fff}' | '\u{ac00}'..='\u{d7a3}')
}

/// Lets everything be drawn again that a terminal may have drawn over: it may hold a sequence for as wide as all of its
/// characters together.
pub fn redraw_behind_doubtful(buffer: &mut Buffer) {
    let area = buffer.area;
    for row in buffer.content.chunks_mut(usize::from(area.width).max(1)) {
        let (mut end, mut covered) = (area.left(), area.left());
        for (x, cell) in (area.left()..area.right()).zip(row) {
            let symbol = cell.symbol();
            let is_doubtful = is_doubtful(symbol);
            // Nearly every cell of nearly every frame.
            if end <= x && !is_doubtful {
                continue;
            }
            let behind = if is_doubtful {
                x.saturating_add(u16::try_from(symbol.chars().count() * 2).unwrap_or(u16::MAX))
            } else {
                0
            };
            let beside = x.saturating_add(symbol.cell_width().max(1));
            if (covered..end).contains(&x) {
                cell.set_diff_option(CellDiffOption::AlwaysUpdate);
            }
            // The second half of a wide character is drawn with the first.
            covered = covered.max(beside);
            end = end.max(behind);
        }
    }
}

impl<B: Backend> Backend for Anchored<B> {
    type Error = B::Error;

    fn draw<'a, I>(&mut self, content: I) -> Result<(), B::Error>
    where
        I: Iterator<Item = (u16, u16, &'a Cell)>,
    {
        let cells: Vec<_> = content.collect();
        for run in cells.split_inclusive(|(.., cell)| is_doubtful(cell.symbol())) {
            let Some(((x, y, last), before)) = run.split_last().map(|(last, before)| (*last, before)) else {
                continue;
            };
            if !is_doubtful(last.symbol()) {
                self.0.draw(run.iter().copied())?;
                continue;
            }
            if !before.is_empty() {
                self.0.draw(before.iter().copied())?;
            }
            // What the terminal does not cover must not be what was there before.
            let mut blank = last.clone();
            blank.set_symbol(" ");
            let end = x.saturating_add(last.symbol().cell_width());
            self.0.draw((x..end).map(|x| (x, y, &blank)))?;
            self.0.draw(std::iter::once((x, y, last)))?;
        }
        Ok(())
    }

    fn append_lines(&mut self, n: u16) -> Result<(), B::Error> {
        self.0.append_lines(n)
    }

    fn hide_cursor(&mut self) -> Result<(), B::Error> {
        self.0.hide_cursor()
    }

    fn show_cursor(&mut self) -> Result<(), B::Error> {
        self.0.show_cursor()
    }

    fn get_cursor_position(&mut self) -> Result<Position, B::Error> {
        self.0.get_cursor_position()
    }

    fn set_cursor_position<P: Into<Position>>(&mut self, position: P) -> Result<(), B::Error> {
        self.0.set_cursor_position(position)
    }

    fn clear(&mut self) -> Result<(), B::Error> {
        self.0.clear()
    }

    fn clear_region(&mut self, clear_type: ClearType) -> Result<(), B::Error> {
        self.0.clear_region(clear_type)
    }

    fn size(&self) -> Result<Size, B::Error> {
        self.0.size()
    }

    fn window_size(&mut self) -> Result<WindowSize, B::Error> {
        self.0.window_size()
    }

    fn flush(&mut self) -> Result<(), B::Error> {
        self.0.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui::backend::CrosstermBackend;
    use ratatui::layout::Rect;
    use ratatui::style::Style;

    #[test]
    fn what_stands_behind_a_doubtful_character_is_placed_anew() {
        let area = Rect::new(0, 0, 20, 1);
        let mut buffer = Buffer::empty(area);
        buffer.set_string(0, 0, "ab e\u{301}cd", Style::new());
        let mut written = Vec::new();
        let mut backend = Anchored::new(CrosstermBackend::new(&mut written));
        let cells = (0..7).map(|x| (x, 0, &buffer[(x, 0)]));
        backend.draw(cells).unwrap();
        let written = String::from_utf8(written).unwrap();
        assert!(written.contains("\u{1b}[1;4H \u{1b}"), "what was there is gone first: {written:?}");
        assert!(written.contains("e\u{301}\u{1b}"), "{written:?}");
        assert!(written.contains("\u{1b}[1;5Hc"), "{written:?}");
    }
}

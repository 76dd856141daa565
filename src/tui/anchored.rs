//! A backend that says where the cursor is after each character that a terminal may hold for wider or narrower than we do.
//!
//! Terminals do not agree on how many columns an emoji sequence or a pile of marks takes. Behind one, what is drawn next
//! is placed anew, so that it stands where it belongs whatever the terminal made of it.

use ratatui::backend::{Backend, ClearType, WindowSize};
use ratatui::buffer::Cell;
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
fn is_doubtful(cell: &Cell) -> bool {
    let symbol = cell.symbol();
    !symbol.is_ascii() && symbol.chars().nth(1).is_some()
}

impl<B: Backend> Backend for Anchored<B> {
    type Error = B::Error;

    fn draw<'a, I>(&mut self, content: I) -> Result<(), B::Error>
    where
        I: Iterator<Item = (u16, u16, &'a Cell)>,
    {
        let cells: Vec<_> = content.collect();
        for run in cells.split_inclusive(|(.., cell)| is_doubtful(cell)) {
            self.0.draw(run.iter().copied())?;
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
    use ratatui::buffer::Buffer;
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
        assert!(written.contains("e\u{301}\u{1b}"), "{written:?}");
        assert!(written.contains("\u{1b}[1;5Hc"), "{written:?}");
    }
}

//! Lines of a file, none longer in memory than a limit.

use std::io::{self, BufRead, Read as _};

/// What the next line is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// [`Lines::text`] has it, without the line break.
    Text,
    /// It is longer than the limit and was passed over.
    TooLong,
    /// There is none.
    End,
}

/// Reads lines into one buffer.
pub(super) struct Lines<R> {
    input: R,
    buffer: Vec<u8>,
    limit: usize,
}

/// A buffer larger than this is given back after its line.
const KEEP: usize = 1 << 20;

impl<R: BufRead> Lines<R> {
    pub fn new(input: R, limit: usize) -> Self {
        Self { input, buffer: Vec::new(), limit }
    }

    /// Reads the next line.
    pub fn next(&mut self) -> io::Result<Line> {
        self.buffer.clear();
        self.buffer.shrink_to(KEEP);
        // One byte more, for the line break.
        let most = (self.limit as u64).saturating_add(1);
        if self.input.by_ref().take(most).read_until(b'\n', &mut self.buffer)? == 0 {
            return Ok(Line::End);
        }
        if self.buffer.ends_with(b"\n") {
            self.buffer.pop();
        } else if self.buffer.len() > self.limit {
            self.buffer.clear();
            self.input.skip_until(b'\n')?;
            return Ok(Line::TooLong);
        }
        Ok(Line::Text)
    }

    /// Returns the line last read.
    pub fn text(&self) -> &[u8] {
        &self.buffer
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All lines; `-` stands for one that was passed over.
    fn all(text: &str, limit: usize) -> Vec<String> {
        let mut lines = Lines::new(io::BufReader::with_capacity(3, text.as_bytes()), limit);
        let mut found = Vec::new();
        loop {
            match lines.next().unwrap() {
                Line::Text => found.push(String::from_utf8(lines.text().to_vec()).unwrap()),
                Line::TooLong => found.push("-".to_owned()),
                Line::End => return found,
            }
        }
    }

    #[test]
    fn lines_end_with_a_break_or_the_file() {
        assert_eq!(all("a\n\nbc\n", 9), ["a", "", "bc"]);
        assert_eq!(all("a\nbc", 9), ["a", "bc"]);
        assert!(all("", 9).is_empty());
    }

    #[test]
    fn a_line_beyond_the_limit_is_passed_over() {
        assert_eq!(all("1234\n12345\n1\n", 4), ["1234", "-", "1"]);
        assert_eq!(all("12345678", 4), ["-"]);
        assert_eq!(all("1234", 4), ["1234"]);
    }
}

//! Records of a CSV file (RFC 4180): cells that know whether they were quoted, which tells nothing from an empty text.

use std::io::{self, BufRead};

/// A cell as it is written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Cell {
    pub bytes: Vec<u8>,
    pub quoted: bool,
}

/// What the next record is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Record {
    /// [`Records::cells`] has it.
    Cells,
    /// It is longer than the limit and was passed over.
    TooLong,
    /// Its quotes are wrong: the cell, counted from 1, and why.
    Broken(usize, String),
    /// There is none.
    End,
}

/// Reads records, none longer in memory than a limit.
pub(super) struct Records<R> {
    input: R,
    limit: usize,
    cells: Vec<Cell>,
    /// The line on which the next record starts, counted from 1.
    line: i64,
    started: i64,
}

/// Where in a cell the reader is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Before the first byte.
    Start,
    Plain,
    Quoted,
    /// Behind a quote in a quoted cell: its end, or the first of a pair.
    Quote,
}

impl<R: BufRead> Records<R> {
    pub fn new(input: R, limit: usize) -> Self {
        Self { input, limit, cells: Vec::new(), line: 1, started: 1 }
    }

    /// Returns the line on which the last record started.
    pub fn started(&self) -> i64 {
        self.started
    }

    /// Returns the cells of the last record; a blank line has one, empty and without quotes.
    pub fn cells(&self) -> &[Cell] {
        &self.cells
    }

    /// Reads the next record.
    pub fn next(&mut self) -> io::Result<Record> {
        self.cells.clear();
        self.started = self.line;
        let (mut cell, mut place, mut read, mut broken) = (Cell::default(), Place::Start, 0_usize, None);
        loop {
            let buffer = self.input.fill_buf()?;
            if buffer.is_empty() {
                if read == 0 {
                    return Ok(Record::End);
                }
                if place == Place::Quoted {
                    broken.get_or_insert((self.cells.len() + 1, "the quote is never closed".to_owned()));
                }
                return Ok(self.ended(cell, read, broken));
            }
            let mut used = 0;
            let mut over = false;
            for &byte in buffer {
                used += 1;
                read += 1;
                let keep = read <= self.limit;
                if byte == b'\n' {
                    self.line += 1;
                }
                match (place, byte) {
                    (Place::Quoted, b'"') => place = Place::Quote,
                    (Place::Quote, b'"') => {
                        place = Place::Quoted;
                        if keep {
                            cell.bytes.push(b'"');
                        }
                    }
                    (Place::Start, b'"') => {
                        place = Place::Quoted;
                        cell.quoted = true;
                    }
                    (Place::Start | Place::Plain | Place::Quote, b',') => {
                        if keep {
                            self.cells.push(std::mem::take(&mut cell));
                        }
                        place = Place::Start;
                    }
                    (Place::Start | Place::Plain | Place::Quote, b'\n') => {
                        over = true;
                        break;
                    }
                    // A line end of two bytes; a carriage return elsewhere is behind a closing quote or part of a cell.
                    (Place::Quote, b'\r') => {}
                    (Place::Quote, _) => {
                        let text = "text behind the closing quote; a quote in a quoted cell is written twice";
                        broken.get_or_insert((self.cells.len() + 1, text.to_owned()));
                        place = Place::Plain;
                    }
                    (Place::Start | Place::Plain | Place::Quoted, _) => {
                        if place == Place::Start {
                            place = Place::Plain;
                        }
                        if keep {
                            cell.bytes.push(byte);
                        }
                    }
                }
            }
            self.input.consume(used);
            if over {
                if place == Place::Plain && cell.bytes.last() == Some(&b'\r') {
                    cell.bytes.pop();
                }
                return Ok(self.ended(cell, read, broken));
            }
        }
    }

    fn ended(&mut self, cell: Cell, read: usize, broken: Option<(usize, String)>) -> Record {
        self.cells.push(cell);
        match broken {
            _ if read > self.limit => Record::TooLong,
            Some((cell, reason)) => Record::Broken(cell, reason),
            None => Record::Cells,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &str) -> Vec<(i64, Vec<String>)> {
        let mut records = Records::new(io::BufReader::with_capacity(3, text.as_bytes()), 100);
        let mut found = Vec::new();
        loop {
            let cells = match records.next().unwrap() {
                Record::Cells => records
                    .cells()
                    .iter()
                    .map(|cell| {
                        let text = String::from_utf8(cell.bytes.clone()).unwrap();
                        if cell.quoted { format!("[{text}]") } else { text }
                    })
                    .collect(),
                Record::TooLong => vec!["too long".to_owned()],
                Record::Broken(cell, reason) => vec![format!("{cell}: {reason}")],
                Record::End => return found,
            };
            found.push((records.started(), cells));
        }
    }

    fn row(line: i64, cells: &[&str]) -> (i64, Vec<String>) {
        (line, cells.iter().map(|cell| (*cell).to_owned()).collect())
    }

    #[test]
    fn quotes_tell_nothing_from_an_empty_text() {
        assert_eq!(all("a,b\n,\"\"\n"), [row(1, &["a", "b"]), row(2, &["", "[]"])]);
    }

    #[test]
    fn quoted_cells_hold_anything() {
        let text = "\"a\"\"b\",\"x\r\ny\",\",\"\r\n c ,5\" wide\n";
        assert_eq!(all(text), [row(1, &["[a\"b]", "[x\r\ny]", "[,]"]), row(3, &[" c ", "5\" wide"])]);
    }

    #[test]
    fn the_last_line_end_may_be_missing() {
        assert_eq!(all("a,\"b\""), [row(1, &["a", "[b]"])]);
        assert_eq!(all("a,"), [row(1, &["a", ""])]);
        assert_eq!(all("a\r\n\r\n"), [row(1, &["a"]), row(2, &[""])]);
        assert!(all("").is_empty());
    }

    #[test]
    fn wrong_quotes_are_said() {
        let behind = "2: text behind the closing quote; a quote in a quoted cell is written twice";
        assert_eq!(all("a,\"b\"c\nd\n"), [row(1, &[behind]), row(2, &["d"])]);
        assert_eq!(all("a\n\"b,c\n"), [row(1, &["a"]), row(2, &["1: the quote is never closed"])]);
    }

    #[test]
    fn a_record_beyond_the_limit_is_passed_over() {
        let long = format!("a\n\"{}\n\",b\nc\n", "x,".repeat(100));
        assert_eq!(all(&long), [row(1, &["a"]), row(2, &["too long"]), row(4, &["c"])]);
    }

    /// The csv crate reads the same cells.
    #[test]
    fn another_reader_agrees() {
        let text = "a,\"b\"\"\",\"c,\nd\"\r\n\"\",,\"é\"\n";
        let mut other = csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
        let theirs: Vec<Vec<String>> =
            other.records().map(|record| record.unwrap().iter().map(str::to_owned).collect()).collect();
        let ours: Vec<Vec<String>> = all(text)
            .into_iter()
            .map(|(_, cells)| cells.iter().map(|cell| cell.trim_matches(['[', ']']).to_owned()).collect())
            .collect();
        assert_eq!(ours, theirs);
    }
}

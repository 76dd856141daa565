//! What a file is: its format and its name.

use std::fmt;

/// How rows are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// JSON Lines: one object a line
    Jsonl,
    /// CSV with a header that names the columns
    Csv,
}

impl Format {
    /// Returns the ending of files' names.
    pub fn ending(self) -> &'static str {
        match self {
            Self::Jsonl => "jsonl",
            Self::Csv => "csv",
        }
    }

    /// Returns the format that an ending stands for.
    pub fn of_ending(ending: &str) -> Option<Self> {
        [Self::Jsonl, Self::Csv].into_iter().find(|format| format.ending() == ending)
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.ending())
    }
}

/// A file's name taken apart: `products.csv.gz`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileName<'a> {
    pub stem: &'a str,
    /// `None` for an ending that is no format's.
    pub format: Option<Format>,
    pub gzip: bool,
}

impl<'a> FileName<'a> {
    /// Takes a name apart.
    pub fn parse(name: &'a str) -> Self {
        let (plain, gzip) = match name.strip_suffix(".gz") {
            Some(plain) => (plain, true),
            None => (name, false),
        };
        match plain.rsplit_once('.').and_then(|(stem, ending)| Some((stem, Format::of_ending(ending)?))) {
            Some((stem, format)) => Self { stem, format: Some(format), gzip },
            None => Self { stem: plain, format: None, gzip },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_says_format_and_compression() {
        let parse = FileName::parse;
        assert_eq!(parse("a.b.csv.gz"), FileName { stem: "a.b", format: Some(Format::Csv), gzip: true });
        assert_eq!(parse("a.jsonl"), FileName { stem: "a", format: Some(Format::Jsonl), gzip: false });
        assert_eq!(parse("a.json"), FileName { stem: "a.json", format: None, gzip: false });
        assert_eq!(parse("a.gz"), FileName { stem: "a", format: None, gzip: true });
    }
}

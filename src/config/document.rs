//! The configuration file as it was written: every value with its line, what can be read of a broken file too.

use super::origin::Origin;
use super::problem::{Part, Problem};
use std::ops::Range;
use std::path::{Path, PathBuf};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A value in the file.
#[derive(Debug, Clone, PartialEq)]
pub enum Literal {
    Text(String),
    Number(f64),
    Flag(bool),
    List(Vec<Literal>),
    /// What no setting takes: a date, a table in a list.
    Other,
}

impl Literal {
    /// Says what kind of value it is.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Text(_) => "a text",
            Self::Number(_) => "a number",
            Self::Flag(_) => "true or false",
            Self::List(_) => "a list",
            Self::Other => "a date or a table",
        }
    }

    fn of(value: &DeValue) -> Self {
        match value {
            DeValue::String(text) => Self::Text(text.to_string()),
            DeValue::Integer(digits) => {
                let plain = digits.as_str().replace('_', "");
                #[expect(clippy::cast_precision_loss, reason = "no setting needs more than 2^53")]
                i64::from_str_radix(&plain, digits.radix()).map_or(Self::Other, |n| Self::Number(n as f64))
            }
            DeValue::Float(number) => {
                number.as_str().replace('_', "").parse().map_or(Self::Other, Self::Number)
            }
            DeValue::Boolean(flag) => Self::Flag(*flag),
            DeValue::Array(items) => Self::List(items.iter().map(|item| Self::of(item.get_ref())).collect()),
            DeValue::Datetime(_) | DeValue::Table(_) => Self::Other,
        }
    }
}

/// A value, the names that lead to it, and the line it stands on.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    pub path: Vec<String>,
    pub value: Literal,
    pub line: usize,
}

/// A configuration file.
#[derive(Debug, Clone, Default)]
pub struct Document {
    /// Where it is; none where there is no file.
    pub path: Option<PathBuf>,
    /// Its values, in the file's order.
    pub entries: Vec<Entry>,
    /// Why it could not be read, or not all of it.
    pub problems: Vec<Problem>,
}

impl Document {
    /// Reads a file.
    pub fn read(path: &Path) -> Self {
        match std::fs::read(path) {
            Ok(bytes) => match String::from_utf8(bytes) {
                Ok(text) => Self::parse(path, &text),
                Err(_) => Self::unreadable(path, "it is no UTF-8 text"),
            },
            Err(error) => Self::unreadable(path, &error.to_string()),
        }
    }

    fn unreadable(path: &Path, reason: &str) -> Self {
        let problem = Problem {
            place: path.display().to_string(),
            what: format!("the configuration file cannot be read: {reason}"),
            part: Part::Data,
        };
        Self { path: Some(path.to_owned()), entries: Vec::new(), problems: vec![problem] }
    }

    /// Reads the text of a file; a line with a mistake loses its own values only, as far as TOML allows.
    pub fn parse(path: &Path, text: &str) -> Self {
        let (table, mut errors) = DeTable::parse_recoverable(text);
        errors.sort_by_key(|error| error.span().map_or(0, |span| span.start));
        let mut problems = Vec::new();
        let mut broken: Vec<usize> = Vec::new();
        for error in errors {
            let line = line_of(text, error.span().map_or(0, |span| span.start));
            broken.push(line);
            let what = format!("this is no TOML: {}", error.message().trim_end());
            problems.push(Problem { place: format!("{}:{line}", path.display()), what, part: Part::Data });
        }
        problems.dedup_by(|one, other| one.place == other.place);
        let mut found = Vec::new();
        flatten(table.get_ref(), &mut Vec::new(), &mut found);
        found.sort_by_key(|(_, _, span)| span.start);
        let entries = found
            .into_iter()
            .map(|(path, value, span)| (path, value, line_of(text, span.start), line_of(text, span.end)))
            .filter(|(.., first, last)| !broken.iter().any(|line| (*first..=*last).contains(line)))
            .map(|(path, value, line, _)| Entry { path, value, line })
            .collect();
        Self { path: Some(path.to_owned()), entries, problems }
    }

    /// Returns a value by its dotted name.
    pub fn get(&self, name: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.name() == name)
    }

    /// Returns where an entry stands.
    pub fn origin(&self, entry: &Entry) -> Origin {
        self.path
            .as_ref()
            .map_or(Origin::Default, |path| Origin::File { path: path.clone(), line: entry.line })
    }

    /// Names what is wrong with an entry.
    pub fn problem(&self, entry: &Entry, what: impl Into<String>, part: Part) -> Problem {
        Problem { place: self.origin(entry).to_string(), what: what.into(), part }
    }
}

impl Entry {
    /// Returns the dotted name.
    pub fn name(&self) -> String {
        self.path.join(".")
    }
}

type Found = (Vec<String>, Literal, Range<usize>);

fn flatten(table: &DeTable, path: &mut Vec<String>, found: &mut Vec<Found>) {
    for (key, value) in table {
        path.push(key.get_ref().to_string());
        match value.get_ref() {
            DeValue::Table(inner) => flatten(inner, path, found),
            other => found.push((path.clone(), Literal::of(other), whole(key, value))),
        }
        path.pop();
    }
}

/// Returns where a key and its value stand.
fn whole<K, V>(key: &Spanned<K>, value: &Spanned<V>) -> Range<usize> {
    key.span().start..value.span().end.max(key.span().end)
}

/// Returns the line, from 1, of a place in a text.
fn line_of(text: &str, place: usize) -> usize {
    text.bytes().take(place).filter(|byte| *byte == b'\n').count() + 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> Document {
        Document::parse(Path::new("config.toml"), text)
    }

    #[test]
    fn every_value_knows_its_line() {
        let document =
            read("# mine\nreviewer = 'ann'\n\n[keys.queue]\naccept = ['a', 'Enter']\nreject = false\n");
        let lines: Vec<_> = document.entries.iter().map(|entry| (entry.name(), entry.line)).collect();
        assert_eq!(
            lines,
            [("reviewer".into(), 2), ("keys.queue.accept".into(), 5), ("keys.queue.reject".into(), 6)]
        );
        assert_eq!(document.get("keys.queue.reject").unwrap().value, Literal::Flag(false));
        assert!(document.problems.is_empty());
    }

    #[test]
    fn a_mistake_loses_its_own_line_only() {
        let document = read("reviewer = 'ann\ndata_dir = '/tmp/x'\nmax_replica_lag = = 3\ncolor = 'never'\n");
        let names: Vec<_> = document.entries.iter().map(Entry::name).collect();
        assert_eq!(names, ["data_dir", "color"]);
        let places: Vec<_> = document.problems.iter().map(|problem| problem.place.as_str()).collect();
        assert_eq!(places, ["config.toml:1", "config.toml:3"]);
        assert!(document.problems.iter().all(|problem| problem.part == Part::Data));
    }

    #[test]
    fn numbers_are_read_as_toml_writes_them() {
        let document = read("a = 1_000\nb = 0x10\nc = 2.5\nd = 1979-05-27\ne = 99999999999999999999\n");
        let values: Vec<_> = document.entries.iter().map(|entry| entry.value.clone()).collect();
        assert_eq!(values[..3], [Literal::Number(1000.0), Literal::Number(16.0), Literal::Number(2.5)]);
        assert!(values[3..].iter().all(|value| *value == Literal::Other), "{values:?}");
    }

    proptest! {
        #[test]
        fn no_text_panics_the_reader(text in r#"(\PC|\n|\[|\]|=|"|'|\{|\}|#|\.){0,120}"#) {
            let document = read(&text);
            prop_assert!(document.entries.iter().all(|entry| entry.line >= 1));
        }
    }
}

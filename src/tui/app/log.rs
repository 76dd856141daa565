//! The messages of this run: what was shown, and what went to the log file.

use super::toast::Level;
use crate::sanitise;
use chrono::{DateTime, Utc};
use std::collections::VecDeque;
use std::path::PathBuf;

/// How many messages are kept.
const MOST: usize = 500;
/// The most characters of a message.
const LONGEST: usize = 2_000;

/// A message and when it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// When it came last.
    pub at: DateTime<Utc>,
    pub level: Level,
    pub text: String,
    /// How often it came in a row.
    pub count: u32,
}

/// The last messages.
#[derive(Debug, Clone, Default)]
pub struct Log {
    entries: VecDeque<Entry>,
    /// Where the log file is.
    pub file: Option<PathBuf>,
}

impl Log {
    /// Adds a message; the oldest one goes where there are too many.
    pub fn note(&mut self, at: DateTime<Utc>, level: Level, text: &str) {
        let text = sanitise::lines(text, LONGEST);
        if let Some(last) = self.entries.back_mut().filter(|last| last.level == level && last.text == text) {
            last.at = at;
            last.count = last.count.saturating_add(1);
            return;
        }
        self.entries.push_back(Entry { at, level, text, count: 1 });
        if self.entries.len() > MOST {
            self.entries.pop_front();
        }
    }

    /// Returns the messages, the newest first.
    pub fn entries(&self) -> impl ExactSizeIterator<Item = &Entry> {
        self.entries.iter().rev()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_is_bounded_harmless_and_counts_what_repeats() {
        let mut log = Log::default();
        for number in 0..MOST + 3 {
            log.note(DateTime::UNIX_EPOCH, Level::Info, &number.to_string());
        }
        log.note(DateTime::UNIX_EPOCH, Level::Warning, "evil \u{1b}[2J");
        log.note(DateTime::UNIX_EPOCH, Level::Warning, "evil \u{1b}[2J");
        let newest = log.entries().next().unwrap();
        assert_eq!((newest.text.as_str(), newest.count), ("evil ␛[2J", 2));
        assert_eq!(log.entries().len(), MOST);
        log.note(DateTime::UNIX_EPOCH, Level::Warning, &"long ".repeat(9_000));
        assert!(log.entries().next().unwrap().text.chars().count() <= LONGEST + 1);
    }
}

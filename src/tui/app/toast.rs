//! Short messages that go by themselves, and the log in which they stay.

use super::log::Log;
use chrono::{DateTime, Utc};
use std::borrow::Cow;
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// How many messages are shown at once.
const MOST: usize = 3;

/// How much a message matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    Info,
    Warning,
    Error,
}

impl Level {
    /// Returns what the log says before a message.
    pub fn prefix(self) -> &'static str {
        match self {
            Self::Info => "",
            Self::Warning => "warning: ",
            Self::Error => "error: ",
        }
    }

    fn stays(self) -> Duration {
        Duration::from_secs(if self == Self::Error { 10 } else { 4 })
    }
}

/// Returns a message with how often it came, where that is more than once.
pub fn counted(text: &str, count: u32) -> Cow<'_, str> {
    if count > 1 { format!("{text} (x{count})").into() } else { text.into() }
}

/// A message, how often it came, and until when it stays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Toast {
    pub level: Level,
    pub text: String,
    pub count: u32,
    pub until: Instant,
}

impl Toast {
    /// Returns the message as it is shown; an error is told apart without colour, too.
    pub fn line(&self) -> String {
        let mark = if self.level == Level::Error { "! " } else { "" };
        format!("{mark}{}", counted(&self.text, self.count))
    }
}

/// The messages shown, the oldest first, and every one so far.
#[derive(Debug, Clone)]
pub struct Toasts {
    shown: VecDeque<Toast>,
    wall: DateTime<Utc>,
    pub log: Log,
}

impl Toasts {
    /// Shows nothing yet.
    pub fn new(wall: DateTime<Utc>) -> Self {
        Self { shown: VecDeque::new(), wall, log: Log::default() }
    }

    /// Shows a message: four seconds, an error ten. One that is shown already is counted; a fourth takes the place of the
    /// oldest, of those that are no errors where there are such.
    pub fn show(&mut self, now: Instant, level: Level, text: impl Into<String>) {
        let text = text.into();
        self.log.note(self.wall, level, &text);
        let same = self.shown.iter().position(|toast| toast.level == level && toast.text == text);
        let count =
            same.and_then(|at| self.shown.remove(at)).map_or(1, |toast| toast.count.saturating_add(1));
        self.shown.push_back(Toast { level, text, count, until: now + level.stays() });
        if self.shown.len() > MOST {
            let newest = self.shown.len() - 1;
            let lesser = self.shown.iter().take(newest).position(|toast| toast.level != Level::Error);
            self.shown.remove(lesser.unwrap_or(0));
        }
    }

    /// Notes the time, and drops what has been shown long enough.
    pub fn tick(&mut self, now: Instant, wall: DateTime<Utc>) {
        self.wall = wall;
        self.shown.retain(|toast| toast.until > now);
    }

    /// Drops messages but for errors: the next key has been pressed.
    pub fn dismiss(&mut self) {
        self.shown.retain(|toast| toast.level == Level::Error);
    }

    /// Tells whether an error is shown.
    pub fn has_errors(&self) -> bool {
        self.shown.iter().any(|toast| toast.level == Level::Error)
    }

    /// Drops every message.
    pub fn clear(&mut self) {
        self.shown.clear();
    }

    /// Returns the newest message that is shown.
    pub fn current(&self) -> Option<&Toast> {
        self.shown.back()
    }

    /// Returns the messages to show, the newest first.
    pub fn shown(&self) -> impl Iterator<Item = &Toast> {
        self.shown.iter().rev()
    }

    /// Returns when the next message goes.
    pub fn next_end(&self) -> Option<Instant> {
        self.shown.iter().map(|toast| toast.until).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(toasts: &Toasts) -> Vec<String> {
        toasts.shown().map(Toast::line).collect()
    }

    #[test]
    fn equal_messages_are_counted_and_at_most_three_are_shown() {
        let now = Instant::now();
        let mut toasts = Toasts::new(DateTime::UNIX_EPOCH);
        toasts.show(now, Level::Error, "no room");
        for text in ["one", "two", "one"] {
            toasts.show(now, Level::Info, text);
        }
        assert_eq!(texts(&toasts), ["one (x2)", "two", "! no room"]);
        toasts.show(now, Level::Warning, "three");
        assert_eq!(texts(&toasts), ["three", "one (x2)", "! no room"], "an error stays");
        for text in ["a", "b", "c", "d"] {
            toasts.show(now, Level::Error, text);
        }
        assert_eq!(texts(&toasts), ["! d", "! c", "! b"]);
        assert_eq!(toasts.log.entries().count(), 9);
    }

    #[test]
    fn an_error_stays_longer_and_a_key_does_not_dismiss_it() {
        let now = Instant::now();
        let mut toasts = Toasts::new(DateTime::UNIX_EPOCH);
        toasts.show(now, Level::Info, "done");
        toasts.show(now, Level::Error, "failed");
        assert_eq!(toasts.next_end(), Some(now + Duration::from_secs(4)));
        toasts.tick(now + Duration::from_secs(4), DateTime::UNIX_EPOCH);
        assert_eq!(texts(&toasts), ["! failed"]);
        toasts.dismiss();
        assert_eq!(texts(&toasts), ["! failed"]);
        assert!(toasts.has_errors());
        toasts.clear();
        assert!(!toasts.has_errors());
        assert_eq!(toasts.next_end(), None);
    }
}

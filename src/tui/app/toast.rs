//! Short messages that go by themselves.

use std::time::{Duration, Instant};

/// How much a message matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    Info,
    Warning,
    Error,
}

/// A message and until when it stays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Toast {
    pub level: Level,
    pub text: String,
    pub until: Instant,
}

/// The message shown; a newer one takes its place.
#[derive(Debug, Clone, Default)]
pub struct Toasts {
    shown: Option<Toast>,
}

impl Toasts {
    /// Shows a message: four seconds, an error ten.
    pub fn show(&mut self, now: Instant, level: Level, text: impl Into<String>) {
        let seconds = if level == Level::Error { 10 } else { 4 };
        self.shown = Some(Toast { level, text: text.into(), until: now + Duration::from_secs(seconds) });
    }

    /// Drops what has been shown long enough.
    pub fn expire(&mut self, now: Instant) {
        if self.shown.as_ref().is_some_and(|toast| toast.until <= now) {
            self.shown = None;
        }
    }

    /// Drops the message unless it tells of an error: the next key has been pressed.
    pub fn dismiss(&mut self) {
        if self.shown.as_ref().is_some_and(|toast| toast.level != Level::Error) {
            self.shown = None;
        }
    }

    /// Returns the message to show.
    pub fn current(&self) -> Option<&Toast> {
        self.shown.as_ref()
    }
}

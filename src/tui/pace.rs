//! When to draw: at once after a quiet spell, and once per frame time in a burst. What answers bring does not hold a key up.

use std::time::{Duration, Instant};

/// The least time between two frames.
const FRAME: Duration = Duration::from_millis(16);

/// Why something changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cause {
    /// An answer, or the clock.
    Other,
    /// Somebody pressed a key, clicked or pasted.
    Input,
}

/// Knows when the last frames were drawn and whether something changed since.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    last: Instant,
    /// When the last frame was drawn that somebody asked for.
    last_asked: Instant,
    changed: Option<Cause>,
}

impl Pace {
    /// Starts after a first frame drawn a moment ago.
    pub fn new(now: Instant) -> Self {
        Self { last: now, last_asked: now, changed: None }
    }

    /// Notes that something changed.
    pub fn changed(&mut self, cause: Cause) {
        self.changed = self.changed.max(Some(cause));
    }

    /// Tells whether to draw now.
    pub fn is_due(&self, now: Instant) -> bool {
        self.draw_at().is_some_and(|at| at <= now)
    }

    /// Returns when to draw, if something is to be drawn.
    pub fn draw_at(&self) -> Option<Instant> {
        let last = match self.changed? {
            Cause::Input => self.last_asked,
            Cause::Other => self.last,
        };
        Some(last + FRAME)
    }

    /// Notes that a frame was drawn.
    pub fn drawn(&mut self, now: Instant) {
        self.last = now;
        if self.changed.take() == Some(Cause::Input) {
            self.last_asked = now;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_merged_and_a_single_key_is_drawn_at_once() {
        let start = Instant::now();
        let mut pace = Pace::new(start);
        let mut frames = 0;
        for step in 0..500 {
            let now = start + Duration::from_millis(100) + Duration::from_micros(100 * step);
            pace.changed(Cause::Input);
            if pace.is_due(now) {
                frames += 1;
                pace.drawn(now);
            }
        }
        assert!((3..=4).contains(&frames), "{frames} frames in 50 ms");
        assert!(pace.draw_at().is_some());
        pace.drawn(start);
        assert_eq!(pace.draw_at(), None, "an idle screen is not drawn");
    }

    #[test]
    fn a_key_does_not_wait_behind_a_frame_that_an_answer_brought() {
        let start = Instant::now();
        let at = |milliseconds| start + Duration::from_millis(milliseconds);
        let mut pace = Pace::new(start);
        pace.changed(Cause::Other);
        pace.drawn(at(100));
        pace.changed(Cause::Other);
        assert!(!pace.is_due(at(105)), "answers come in bursts");
        pace.changed(Cause::Input);
        assert!(pace.is_due(at(105)));
        pace.drawn(at(105));
        pace.changed(Cause::Input);
        assert!(!pace.is_due(at(110)), "so do keys that are held down");
        assert_eq!(pace.draw_at(), Some(at(105) + FRAME));
    }
}

//! When to draw: at once after a quiet spell, and once per frame time in a burst.

use std::time::{Duration, Instant};

/// The least time between two frames.
const FRAME: Duration = Duration::from_millis(16);

/// Knows when the last frame was drawn and whether something changed since.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    last: Instant,
    dirty: bool,
}

impl Pace {
    /// Starts after a first frame drawn a moment ago.
    pub fn new(now: Instant) -> Self {
        Self { last: now, dirty: false }
    }

    /// Notes that something changed.
    pub fn changed(&mut self) {
        self.dirty = true;
    }

    /// Tells whether to draw now.
    pub fn is_due(&self, now: Instant) -> bool {
        self.dirty && now.saturating_duration_since(self.last) >= FRAME
    }

    /// Returns when to draw, if something is to be drawn.
    pub fn draw_at(&self) -> Option<Instant> {
        self.dirty.then(|| self.last + FRAME)
    }

    /// Notes that a frame was drawn.
    pub fn drawn(&mut self, now: Instant) {
        self.last = now;
        self.dirty = false;
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
            pace.changed();
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
}

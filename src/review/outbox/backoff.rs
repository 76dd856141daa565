//! How long to wait before the next try: longer each time, and never the same for two clients.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

/// The first wait, at most.
const FIRST: Duration = Duration::from_millis(400);
/// The longest wait.
const LONGEST: Duration = Duration::from_secs(30);

/// Counts failures in a row.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Backoff {
    failures: u32,
}

impl Backoff {
    /// Returns how long to wait after one more failure: between half and all of a time that doubles.
    pub fn next(&mut self) -> Duration {
        // Seeded anew by the standard library each time: random enough to part clients.
        self.after_failure(RandomState::new().hash_one(self.failures))
    }

    fn after_failure(&mut self, random: u64) -> Duration {
        let whole = FIRST.saturating_mul(1 << self.failures.min(16)).min(LONGEST);
        self.failures = self.failures.saturating_add(1);
        let half = whole / 2;
        half + half.mul_f64(f64::from(u32::try_from(random >> 32).unwrap_or(u32::MAX)) / f64::from(u32::MAX))
    }

    /// Starts over: something succeeded.
    pub fn reset(&mut self) {
        self.failures = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_half_a_minute_and_keep_within_their_half() {
        for random in [0, u64::MAX / 2, u64::MAX] {
            let mut backoff = Backoff::default();
            let mut whole = FIRST;
            for _ in 0..40 {
                let wait = backoff.after_failure(random);
                assert!(wait >= whole / 2 && wait <= whole, "{wait:?} of {whole:?}");
                whole = (whole * 2).min(LONGEST);
            }
            backoff.reset();
            assert!(backoff.after_failure(random) <= FIRST);
        }
    }

    #[test]
    fn two_clients_do_not_wait_equally_long() {
        let waits: std::collections::HashSet<_> = (0..16).map(|_| Backoff::default().next()).collect();
        assert!(waits.len() > 8, "{waits:?}");
    }
}

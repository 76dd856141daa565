//! When to ask a server again.

use chrono::{DateTime, NaiveDateTime, Utc};
use std::hash::{BuildHasher, RandomState};
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::time::Instant;

/// The wait after the first failure; it doubles with every further one.
const FIRST: Duration = Duration::from_millis(500);
/// The longest wait that nobody asked for.
const LONGEST: Duration = Duration::from_secs(60);

/// Reads a `Retry-After` header: seconds, or a date (RFC 9110, section 10.2.3).
pub(super) fn retry_after(value: &str, now: DateTime<Utc>) -> Option<Duration> {
    let value = value.trim();
    if let Ok(seconds) = value.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    // Servers that mean well send fractions too.
    if let Ok(seconds) = value.parse::<f64>() {
        return Duration::try_from_secs_f64(seconds).ok();
    }
    // The preferred form, and the two obsolete ones that a recipient must accept.
    ["%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"]
        .iter()
        .find_map(|format| NaiveDateTime::parse_from_str(value, format).ok())
        .map(|until| (until.and_utc() - now).to_std().unwrap_or_default())
}

/// Returns the wait after the given number of failures: doubling, and somewhere in its upper half, so that clients that
/// failed together do not come back together.
pub(super) fn backoff(failures: u32) -> Duration {
    let full = FIRST.saturating_mul(1 << failures.saturating_sub(1).min(16)).min(LONGEST);
    let random = RandomState::new().hash_one(failures) % 1000;
    full / 2 + full / 2 * u32::try_from(random).unwrap_or_default() / 1000
}

/// Where all requests pass: at most so many a minute, and none before a time that the server has named.
#[derive(Debug)]
pub(super) struct Gate {
    next: Mutex<Instant>,
    interval: Duration,
}

impl Gate {
    /// Lets `per_minute` requests pass, or any number.
    pub fn new(per_minute: Option<u32>) -> Self {
        let interval = per_minute.map_or(Duration::ZERO, |number| Duration::from_secs(60) / number.max(1));
        Self { next: Mutex::new(Instant::now()), interval }
    }

    /// Waits for a turn.
    pub async fn pass(&self) {
        let turn = self.turn(Instant::now()).await;
        tokio::time::sleep_until(turn).await;
    }

    /// Takes the next turn.
    async fn turn(&self, now: Instant) -> Instant {
        let mut next = self.next.lock().await;
        let turn = (*next).max(now);
        *next = turn + self.interval;
        turn
    }

    /// Lets nobody pass for a while.
    pub async fn close_for(&self, wait: Duration) {
        let mut next = self.next.lock().await;
        *next = (*next).max(Instant::now() + wait);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_read_as_seconds_and_as_dates() {
        let now: DateTime<Utc> = "2026-11-22T08:00:00Z".parse().unwrap();
        for (value, seconds) in [
            ("0", Some(0)),
            (" 120 ", Some(120)),
            ("1.0", Some(1)),
            ("Sun, 22 Nov 2026 08:00:30 GMT", Some(30)),
            ("Sunday, 22-Nov-26 08:01:00 GMT", Some(60)),
            ("Sun Nov 22 08:00:05 2026", Some(5)),
            ("Sun, 22 Nov 2026 07:00:00 GMT", Some(0)),
            ("-3", None),
            ("soon", None),
            ("", None),
        ] {
            assert_eq!(retry_after(value, now), seconds.map(Duration::from_secs), "{value:?}");
        }
    }

    #[test]
    fn waits_double_up_to_a_minute() {
        for (failures, full) in [(1, 500), (2, 1_000), (3, 2_000), (8, 60_000), (u32::MAX, 60_000)] {
            let wait = backoff(failures).as_millis();
            assert!((full / 2..=full).contains(&wait), "{wait} ms after {failures} failures");
        }
    }

    #[tokio::test]
    async fn requests_pass_at_the_rate_and_none_while_the_gate_is_closed() {
        let gate = Gate::new(Some(60));
        let now = Instant::now() + Duration::from_secs(1);
        assert_eq!(gate.turn(now).await, now);
        assert_eq!(gate.turn(now).await, now + Duration::from_secs(1));
        gate.close_for(Duration::from_secs(30)).await;
        assert!(gate.turn(now).await >= now + Duration::from_secs(29));
    }
}

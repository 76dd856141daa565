//! Times of two ways to the same result, taken in turn.

use std::time::{Duration, Instant};

/// The times of gapdeck and of the bare statement.
#[derive(Debug, Default, Clone)]
pub struct Pair {
    pub gapdeck: Vec<Duration>,
    pub bare: Vec<Duration>,
}

/// Measures one call.
pub async fn timed<T>(times: &mut Vec<Duration>, call: impl Future<Output = T>) -> T {
    let began = Instant::now();
    let result = call.await;
    times.push(began.elapsed());
    result
}

impl Pair {
    /// Forgets the first times: caches were cold, statements unprepared.
    pub fn warmed_up(&mut self) {
        self.gapdeck.clear();
        self.bare.clear();
    }
}

/// Returns the time that a share of the times do not exceed, in milliseconds.
pub fn quantile(times: &[Duration], share: f64) -> f64 {
    let mut sorted = times.to_vec();
    sorted.sort_unstable();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "a place in a short list"
    )]
    let place = ((sorted.len().saturating_sub(1)) as f64 * share).round() as usize;
    sorted.get(place).map_or(f64::NAN, |time| time.as_secs_f64() * 1e3)
}

/// Returns the median in milliseconds.
pub fn median(times: &[Duration]) -> f64 {
    quantile(times, 0.5)
}

//! Choices that look random and can be repeated from their seed.

use std::time::Duration;

/// Numbers by xorshift64 (Marsaglia 2003).
#[derive(Debug, Clone)]
pub struct Random(u64);

impl Random {
    /// Starts from a seed; different seeds that lie close together part at once.
    pub fn new(seed: u64) -> Self {
        // Spread by splitmix64's finaliser (Steele et al. 2014); xorshift must not start at zero.
        let mut mixed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        Self((mixed ^ (mixed >> 31)) | 1)
    }

    /// Returns another source for a part of the work, told from its siblings by a number.
    pub fn branch(&mut self, number: u64) -> Self {
        Self::new(self.next() ^ number)
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// Returns a number below a bound.
    pub fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % bound as u64).expect("less than a usize")
    }

    /// Tells whether something happens that does once in so many times.
    pub fn one_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    /// Returns one of several.
    pub fn of<'a, T>(&mut self, several: &'a [T]) -> &'a T {
        &several[self.below(several.len())]
    }

    /// Returns a time of at most so many milliseconds.
    pub fn millis(&mut self, most: usize) -> Duration {
        Duration::from_micros(self.below(most * 1_000 + 1) as u64)
    }

    /// Returns a number of bytes, small and large ones alike often: below 2, below 4 and so on.
    pub fn bytes(&mut self, least_bits: usize, most_bits: usize) -> usize {
        let bits = least_bits + self.below(most_bits - least_bits + 1);
        self.below(1 << bits)
    }
}

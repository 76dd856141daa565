//! Numbers for resampling and for simulated histories: the same seed gives the same ones, on every machine and for ever.

#[cfg(test)]
use super::real;

/// A xorshift generator (Marsaglia 2003); its state is never 0.
#[derive(Debug, Clone, Copy)]
pub(super) struct Random(pub u64);

impl Random {
    /// Spreads a seed, so that neighbouring ones have nothing in common.
    pub fn of(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    /// Draws 64 bits.
    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// Draws a place in a list of so many, at least one.
    pub fn place(&mut self, length: usize) -> usize {
        #[expect(clippy::cast_possible_truncation, reason = "below the length")]
        let place = (self.next() % length as u64) as usize;
        place
    }

    /// Draws a number, 0..1.
    #[cfg(test)]
    pub fn unit(&mut self) -> f64 {
        real(self.next() >> 11) / real(1 << 53)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first numbers of Marsaglia's xor64 (13, 7, 17) from its own seed, "Xorshift RNGs", Journal of Statistical Software
    /// 8 (14), 2003, as three lines of Python compute them.
    #[test]
    fn the_numbers_are_marsaglias() {
        let mut random = Random(88_172_645_463_325_252);
        let first = [random.next(), random.next(), random.next()];
        assert_eq!(first, [8_748_534_153_485_358_512, 3_040_900_993_826_735_515, 3_453_997_556_048_239_312]);
        let mut random = Random::of(7);
        assert!((0..1_000).all(|_| (0.0..1.0).contains(&random.unit()) && random.place(3) < 3));
    }
}

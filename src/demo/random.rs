//! Repeatable random numbers.

/// A SplitMix64 generator (Steele, Lea, Flood 2014, "Fast splittable pseudorandom number generators").
///
/// Only integer steps and exactly rounded floating-point operations: the same numbers on every machine.
#[derive(Debug, Clone)]
pub(super) struct Random {
    state: u64,
}

impl Random {
    /// Makes the stream that belongs to a seed and some labels; other labels give an unrelated stream.
    pub(super) fn keyed(seed: u64, labels: &[u64]) -> Self {
        let state =
            labels.iter().fold(mix(seed), |state, label| mix(state ^ mix(label.wrapping_add(GOLDEN))));
        Self { state }
    }

    /// Returns the next 64 bits.
    pub(super) fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(GOLDEN);
        mix(self.state)
    }

    /// Returns a number in `0..bound`, or 0 for a bound of 0.
    pub(super) fn below(&mut self, bound: usize) -> usize {
        #[expect(clippy::cast_possible_truncation, reason = "below a usize")]
        let number = ((u128::from(self.next()) * bound as u128) >> 64) as usize;
        number
    }

    /// Returns a number in `0.0..1.0`.
    pub(super) fn unit(&mut self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "53 bits fit")]
        let bits = (self.next() >> 11) as f64;
        bits / 9_007_199_254_740_992.0
    }

    /// Returns a number between -1 and 1, more often near 0: the mean of three uniform ones.
    pub(super) fn noise(&mut self) -> f64 {
        (self.unit() + self.unit() + self.unit()) / 1.5 - 1.0
    }

    /// Says yes with the given probability.
    pub(super) fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// Picks one, if there is any.
    pub(super) fn pick<'a, T>(&mut self, from: &'a [T]) -> Option<&'a T> {
        from.get(self.below(from.len()))
    }

    /// Picks a text, or the empty one of no texts.
    pub(super) fn text<'a>(&mut self, from: &'a [String]) -> &'a str {
        self.pick(from).map_or("", String::as_str)
    }

    /// Shuffles in place (Fisher, Yates).
    pub(super) fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last + 1));
        }
    }

    /// Picks `count` different ones (all, if there are fewer), in their order.
    pub(super) fn several<T: Clone>(&mut self, from: &[T], count: usize) -> Vec<T> {
        let mut indices: Vec<usize> = (0..from.len()).collect();
        self.shuffle(&mut indices);
        indices.truncate(count);
        indices.sort_unstable();
        indices.into_iter().map(|index| from[index].clone()).collect()
    }
}

/// The fractional part of the golden ratio in 64 bits.
const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

fn mix(mut bits: u64) -> u64 {
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stream_is_the_published_one() {
        // The reference implementation's first numbers for the seed 0 (Vigna, prng.di.unimi.it/splitmix64.c).
        let mut random = Random { state: 0 };
        assert_eq!([random.next(), random.next()], [0xe220_a839_7b1d_cdaf, 0x6e78_9e6a_a1b9_65f4]);
    }

    #[test]
    fn labels_part_streams() {
        let first = |labels: &[u64]| Random::keyed(1, labels).next();
        assert_eq!(first(&[1, 2]), first(&[1, 2]));
        assert_ne!(first(&[1, 2]), first(&[2, 1]));
        assert_ne!(first(&[0]), first(&[0, 0]));
    }

    #[test]
    fn bounds_hold() {
        let mut random = Random::keyed(3, &[]);
        for _ in 0..1_000 {
            assert!(random.below(7) < 7 && random.unit() < 1.0 && random.noise().abs() <= 1.0);
        }
        assert_eq!(random.below(0), 0);
        assert_eq!(random.several(&[1, 2, 3], 9), [1, 2, 3]);
    }
}

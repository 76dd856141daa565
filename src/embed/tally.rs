//! Counts of 64-bit keys in one flat table.

/// How often each key was seen; open addressing with linear probing over a power of two of slots.
///
/// Keys must be well mixed already (the low bits choose the slot). Iteration runs in slot order, which depends on the
/// keys and the order in which they were first seen, on nothing else.
#[derive(Debug)]
pub(super) struct Tally {
    /// Key and count; a count of 0 marks a free slot.
    slots: Vec<(u64, u32)>,
    used: usize,
}

impl Tally {
    /// Makes a table for about `keys` different keys.
    pub(super) fn with_capacity(keys: usize) -> Self {
        Self { slots: vec![(0, 0); (keys * 2).next_power_of_two().max(16)], used: 0 }
    }

    /// Counts `key` once more.
    pub(super) fn add(&mut self, key: u64) {
        if self.used * 2 >= self.slots.len() {
            self.grow();
        }
        let slot = self.slot(key);
        let entry = &mut self.slots[slot];
        if entry.1 == 0 {
            self.used += 1;
            entry.0 = key;
        }
        entry.1 = entry.1.saturating_add(1);
    }

    /// Yields every key with its count.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u64, u32)> + '_ {
        self.slots.iter().copied().filter(|(_, count)| *count > 0)
    }

    /// Finds the slot that holds `key` or would.
    fn slot(&self, key: u64) -> usize {
        let mask = self.slots.len() - 1;
        #[expect(clippy::cast_possible_truncation, reason = "only the low bits choose a slot")]
        let mut slot = key as usize & mask;
        while self.slots[slot].1 > 0 && self.slots[slot].0 != key {
            slot = (slot + 1) & mask;
        }
        slot
    }

    fn grow(&mut self) {
        let doubled = vec![(0, 0); self.slots.len() * 2];
        for (key, count) in std::mem::replace(&mut self.slots, doubled) {
            if count > 0 {
                let slot = self.slot(key);
                self.slots[slot] = (key, count);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_survive_growth() {
        let mut tally = Tally::with_capacity(0);
        for round in 0..3 {
            for key in round..1_000 {
                tally.add(key);
            }
        }
        let mut counts: Vec<_> = tally.iter().collect();
        counts.sort_unstable();
        assert_eq!(counts.len(), 1_000);
        assert_eq!((counts[0], counts[1], counts[999]), ((0, 1), (1, 2), (999, 3)));
    }
}

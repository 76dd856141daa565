//! What a process uses, read from `/proc`; only Linux has it.

use std::fs;
use std::time::Duration;

/// What a process has used so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Usage {
    /// Processor time of all threads.
    pub processor: Duration,
    /// How often a thread was put on a processor.
    pub wakes: u64,
}

impl Usage {
    pub fn of(process: u32) -> Option<Self> {
        let mut total = Self { processor: Duration::ZERO, wakes: 0 };
        for thread in fs::read_dir(format!("/proc/{process}/task")).ok()? {
            let path = thread.ok()?.path();
            // Nanoseconds on a processor, nanoseconds waiting for one, times put on one.
            let text = fs::read_to_string(path.join("schedstat")).ok()?;
            let mut fields = text.split_whitespace().map(|field| field.parse::<u64>().ok());
            total.processor += Duration::from_nanos(fields.next()??);
            total.wakes += fields.nth(1)??;
        }
        Some(total)
    }

    pub fn since(self, before: Self) -> Self {
        Self { processor: self.processor.saturating_sub(before.processor), wakes: self.wakes - before.wakes }
    }
}

/// Returns the memory of a process that is in use now, and the most that was, in MiB.
pub fn memory(process: u32) -> Option<(f64, f64)> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let field = |name: &str| -> Option<f64> {
        let kib = status
            .lines()
            .find_map(|line| line.strip_prefix(name)?.split_whitespace().next()?.parse::<u32>().ok())?;
        Some(f64::from(kib) / 1024.0)
    };
    Some((field("VmRSS:")?, field("VmHWM:")?))
}

//! What decisions say about predictions: pure statistics, without database and terminal.
//!
//! Every function says which method it is and whom it is from; its tests compare with published examples or with what
//! SciPy, statsmodels and R's packages return.

pub mod agreement;
pub mod calibration;
pub mod comparison;
pub mod conformal;
pub mod coverage;
pub mod detection;
pub mod drift;
pub mod estimate;
pub mod partition;
pub mod proportion;
mod random;
pub mod robust;
pub mod sample;
pub mod threshold;
pub mod without_replacement;

use serde::Serialize;

/// A range that holds the true value with a stated probability; `low <= high`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Interval {
    pub low: f64,
    pub high: f64,
}

impl Interval {
    /// Says it in whole percent: `76-85`.
    pub fn percent(self) -> String {
        format!("{:.0}-{:.0}", self.low * 100.0, self.high * 100.0)
    }
}

/// Says a share in whole percent: `82 %`.
pub(crate) fn percent(share: f64) -> String {
    format!("{:.0} %", share * 100.0)
}

/// Counts as floating point: exact below 2^53, which no number of decisions reaches.
#[expect(clippy::cast_precision_loss, reason = "counts of decisions stay far below 2^53")]
fn real(count: u64) -> f64 {
    count as f64
}

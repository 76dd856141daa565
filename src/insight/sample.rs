//! An honest sample: what was decided of a random part of the gaps, whatever reviewers picked beside it.

use super::calibration::Cell;
use serde::Serialize;
use std::collections::BTreeMap;

/// The decided gaps whose lots come before the first gap that nobody has decided. Lots are drawn at random, so these are a
/// random sample (Bernoulli sampling) of all gaps there are, in whatever order and for whatever reason they came up; what
/// was accepted unseen ends the sample as an undecided gap does.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Sample {
    /// The share of all gaps that the sample reaches to, 0..=1: the probability with which a gap is in it.
    pub share: f64,
    /// How many gaps are in it.
    pub gaps: u64,
    /// Those that were put off or flagged; they count as wrong.
    pub unsettled: u64,
    /// Those without a prediction that says how sure it is: left out of the cells.
    pub without_confidence: u64,
    /// The gaps' most confident predictions, right or wrong, a cell for each confidence.
    #[serde(skip)]
    pub cells: Vec<Cell>,
}

/// Puts a sample together.
#[derive(Debug, Default)]
pub struct Collector {
    sample: Sample,
    /// By the bits of the confidence, which are in the order of positive numbers.
    cells: BTreeMap<u64, Cell>,
}

impl Collector {
    /// Takes one gap in: how sure its most confident prediction was, and whether it was right; `None` where nobody said.
    pub fn add(&mut self, confidence: Option<f64>, right: Option<bool>) {
        self.sample.gaps += 1;
        self.sample.unsettled += u64::from(right.is_none());
        match confidence {
            Some(confidence) => {
                let bits = (confidence + 0.0).to_bits();
                self.cells.entry(bits).or_default().add(confidence, right.unwrap_or(false));
            }
            None => self.sample.without_confidence += 1,
        }
    }

    /// Ends the sample at a lot.
    pub fn end(self, share: f64) -> Sample {
        Sample { share, cells: self.cells.into_values().collect(), ..self.sample }
    }
}

impl Sample {
    /// Adds everything up.
    pub fn total(&self) -> Cell {
        let mut total = Cell::default();
        self.cells.iter().for_each(|cell| total.merge(cell));
        total
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_settled_is_wrong_and_what_has_no_confidence_stands_aside() {
        let mut collector = Collector::default();
        for (confidence, right) in
            [(Some(0.9), Some(true)), (Some(0.9), None), (None, Some(false)), (Some(0.5), Some(false))]
        {
            collector.add(confidence, right);
        }
        let sample = collector.end(0.25);
        assert_eq!((sample.gaps, sample.unsettled, sample.without_confidence), (4, 1, 1));
        let cells: Vec<_> = sample.cells.iter().map(|cell| (cell.judged, cell.right)).collect();
        assert_eq!(cells, [(1, 0), (2, 1)], "in the order of their confidences");
        assert_eq!((sample.total().judged, sample.total().right), (3, 1));
    }
}

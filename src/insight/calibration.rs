//! Whether confidences mean what they say: reliability diagram, expected calibration error, Brier score.

use super::{Interval, proportion, real};
use serde::Serialize;

/// Judged predictions of like confidence, added up: what the database hands out instead of single predictions.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Cell {
    pub judged: u64,
    pub right: u64,
    /// The sum of their confidences.
    pub confidence: f64,
    /// The sum of the squares of their confidences.
    pub squares: f64,
    /// The sum of the confidences of the right ones.
    pub confidence_right: f64,
}

impl Cell {
    /// Takes one judged prediction in.
    pub fn add(&mut self, confidence: f64, right: bool) {
        self.judged += 1;
        self.confidence += confidence;
        self.squares += confidence * confidence;
        if right {
            self.right += 1;
            self.confidence_right += confidence;
        }
    }

    /// Takes the predictions of another cell in.
    pub fn merge(&mut self, other: &Self) {
        self.judged += other.judged;
        self.right += other.right;
        self.confidence += other.confidence;
        self.squares += other.squares;
        self.confidence_right += other.confidence_right;
    }

    /// Returns the mean confidence, 0..=1.
    pub fn mean(&self) -> Option<f64> {
        (self.judged > 0).then(|| self.confidence / real(self.judged))
    }

    /// Returns the share of right ones, 0..=1.
    pub fn share(&self) -> Option<f64> {
        (self.judged > 0).then(|| real(self.right) / real(self.judged))
    }

    /// Returns the 95 % Wilson interval of that share.
    pub fn interval(&self) -> Option<Interval> {
        proportion::share(self.right, self.judged).map(|(_, interval)| interval)
    }
}

/// One bar of a reliability diagram.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Bar {
    /// The confidences that fall into it: `low` and more, less than `high`; the last one holds 1 as well.
    pub low: f64,
    pub high: f64,
    pub judged: u64,
    pub right: u64,
    /// Mean confidence of what fell into it.
    pub mean: Option<f64>,
    /// Share of right ones.
    pub share: Option<f64>,
    /// The 95 % Wilson interval of the share.
    pub interval: Option<Interval>,
}

/// How well confidences are calibrated.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Calibration {
    pub judged: u64,
    pub right: u64,
    pub bars: Vec<Bar>,
    /// The expected calibration error over the bars (Naeini, Cooper and Hauskrecht 2015): the mean distance of share and
    /// mean confidence, weighted by the number of predictions; 0..=1.
    pub expected_error: Option<f64>,
    /// The Brier score (Brier 1950): the mean square of confidence less outcome; 0 is perfect, 0.25 what a coin gets.
    pub brier: Option<f64>,
}

/// Puts cells, each with a confidence that all of its predictions share or nearly so, into `bars` bars of equal width.
pub fn calibration<'a>(cells: impl IntoIterator<Item = &'a Cell>, bars: usize) -> Calibration {
    let bars = bars.max(1);
    let mut filled = vec![Cell::default(); bars];
    let mut all = Cell::default();
    for cell in cells {
        let Some(mean) = cell.mean() else { continue };
        filled[position(mean, bars)].merge(cell);
        all.merge(cell);
    }
    let width = 1.0 / real(bars as u64);
    let drawn: Vec<Bar> = filled
        .iter()
        .enumerate()
        .map(|(index, cell)| Bar {
            low: real(index as u64) * width,
            high: real(index as u64 + 1) * width,
            judged: cell.judged,
            right: cell.right,
            mean: cell.mean(),
            share: cell.share(),
            interval: cell.interval(),
        })
        .collect();
    let judged = real(all.judged);
    let distance = |bar: &Bar| {
        bar.share.zip(bar.mean).map_or(0.0, |(share, mean)| real(bar.judged) / judged * (share - mean).abs())
    };
    Calibration {
        judged: all.judged,
        right: all.right,
        expected_error: (all.judged > 0).then(|| drawn.iter().map(distance).sum()),
        // The mean of (c - y)^2 with y of 0 and 1 is that of c^2 - 2cy + y.
        brier: (all.judged > 0)
            .then(|| (all.squares - 2.0 * all.confidence_right + real(all.right)).max(0.0) / judged),
        bars: drawn,
    }
}

/// Returns the bar that a confidence falls into.
fn position(confidence: f64, bars: usize) -> usize {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "within 0..=bars")]
    let position = (confidence.clamp(0.0, 1.0) * real(bars as u64)) as usize;
    position.min(bars - 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn cells(predictions: &[(f64, bool)]) -> Vec<Cell> {
        let one = |&(confidence, right): &(f64, bool)| {
            let mut cell = Cell::default();
            cell.add(confidence, right);
            cell
        };
        predictions.iter().map(one).collect()
    }

    /// `sklearn.metrics.brier_score_loss([0, 1, 1, 0], [0.1, 0.9, 0.8, 0.3])` is 0.0375 (its documentation).
    #[test]
    fn the_brier_score_is_what_scikit_learn_says() {
        let made = calibration(&cells(&[(0.1, false), (0.9, true), (0.8, true), (0.3, false)]), 10);
        assert!((made.brier.unwrap() - 0.0375).abs() < 1e-12);
    }

    /// By hand: of ten at 0.95 eight are right, of ten at 0.55 five: (10 * 0.15 + 10 * 0.05) / 20.
    #[test]
    fn the_expected_error_weighs_each_bar_by_what_is_in_it() {
        let mut predictions = vec![(0.95, true); 8];
        predictions.extend([(0.95, false); 2]);
        predictions.extend([(0.55, true); 5]);
        predictions.extend([(0.55, false); 5]);
        let made = calibration(&cells(&predictions), 10);
        assert!((made.expected_error.unwrap() - 0.1).abs() < 1e-12, "{made:?}");
        assert_eq!((made.bars[9].judged, made.bars[9].right), (10, 8));
        assert_eq!((made.bars[5].judged, made.bars[5].right), (10, 5));
        assert_eq!(made.bars[0].interval, None);
    }

    #[test]
    fn nothing_judged_has_no_figures() {
        let made = calibration(&[], 10);
        assert_eq!((made.judged, made.expected_error, made.brier), (0, None, None));
        assert_eq!(made.bars.len(), 10);
    }

    proptest! {
        #[test]
        fn no_prediction_is_lost_and_no_score_leaves_its_range(
            predictions in proptest::collection::vec((0.0..=1.0_f64, any::<bool>()), 1..200), bars in 1_usize..30
        ) {
            let made = calibration(&cells(&predictions), bars);
            prop_assert_eq!(made.bars.iter().map(|bar| bar.judged).sum::<u64>(), predictions.len() as u64);
            prop_assert!((0.0..=1.0 + 1e-9).contains(&made.expected_error.unwrap()));
            let direct: f64 = predictions.iter().map(|&(confidence, right)| {
                (confidence - f64::from(u8::from(right))).powi(2)
            }).sum::<f64>() / real(predictions.len() as u64);
            prop_assert!((made.brier.unwrap() - direct).abs() < 1e-9);
        }
    }
}

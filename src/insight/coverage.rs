//! Risk and coverage: how many errors accepting everything above a confidence would let through.

use super::{calibration::Cell, real};
use serde::Serialize;

/// What accepting everything at or above a confidence would mean, going by what was judged.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Point {
    /// The lowest confidence accepted.
    pub confidence: f64,
    /// The share of the judged that would be accepted, 0..=1.
    pub coverage: f64,
    /// The share of wrong ones among them, 0..=1.
    pub risk: f64,
    pub judged: u64,
    pub errors: u64,
}

/// Returns the risk-coverage curve (El-Yaniv and Wiener 2010), a point for each confidence, the strictest first.
///
/// The judged must be a fair sample of what is to be accepted: reviewers who pick what they look at bend it.
pub fn curve(mut cells: Vec<Cell>) -> Vec<Point> {
    cells.retain(|cell| cell.judged > 0);
    cells.sort_by(|left, right| right.mean().unwrap_or(0.0).total_cmp(&left.mean().unwrap_or(0.0)));
    let all: u64 = cells.iter().map(|cell| cell.judged).sum();
    let (mut judged, mut errors) = (0, 0);
    cells
        .iter()
        .map(|cell| {
            judged += cell.judged;
            errors += cell.judged - cell.right;
            Point {
                confidence: cell.mean().unwrap_or(0.0),
                coverage: real(judged) / real(all),
                risk: real(errors) / real(judged),
                judged,
                errors,
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(confidence: f64, judged: u64, right: u64) -> Cell {
        let mut made = Cell::default();
        for number in 0..judged {
            made.add(confidence, number < right);
        }
        made
    }

    #[test]
    fn the_curve_adds_errors_up_from_the_strictest_confidence_on() {
        let points = curve(vec![cell(0.5, 10, 5), cell(0.9, 20, 19), cell(0.7, 10, 8), Cell::default()]);
        let read: Vec<_> = points.iter().map(|point| (point.judged, point.errors)).collect();
        assert_eq!(read, [(20, 1), (30, 3), (40, 8)]);
        assert!((points[0].risk - 0.05).abs() < 1e-12 && (points[2].coverage - 1.0).abs() < 1e-12);
        assert!(points[0].confidence > points[1].confidence);
        assert_eq!(curve(Vec::new()), []);
    }
}

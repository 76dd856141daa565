//! What sorting and filtering know of a gap's candidates.

use crate::domain::{Candidate, Confidence, Source, normalised};
use std::cmp::Ordering;
use std::collections::BTreeMap;

/// A queue row's numbers.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Scores {
    pub best_value: Option<String>,
    pub best_confidence: Option<Confidence>,
    pub candidate_count: i32,
    pub value_count: i32,
    pub disagreement: f64,
    pub uncertainty: f64,
}

/// Orders candidates: the most confident first, those without a confidence last, ties by value, then by source.
pub(super) fn rank(a: &Candidate, b: &Candidate) -> Ordering {
    let is_round = |candidate: &Candidate| matches!(candidate.source, Source::Round(_));
    b.confidence
        .partial_cmp(&a.confidence)
        .unwrap_or(Ordering::Equal)
        .then_with(|| a.value.cmp(&b.value))
        .then_with(|| a.source.key().cmp(b.source.key()))
        .then_with(|| is_round(a).cmp(&is_round(b)))
}

impl Scores {
    /// Computes the numbers of some candidates.
    pub fn of(candidates: &[Candidate]) -> Self {
        let Some(best) = candidates.iter().min_by(|a, b| rank(a, b)) else {
            return Self {
                best_value: None,
                best_confidence: None,
                candidate_count: 0,
                value_count: 0,
                disagreement: 0.0,
                uncertainty: -1.0,
            };
        };
        let best_value = normalised(&best.value);
        // Each value's number of candidates and highest confidence; a missing confidence counts zero.
        let mut values: BTreeMap<String, (i32, f64)> = BTreeMap::new();
        for candidate in candidates {
            let (count, confidence) = values.entry(normalised(&candidate.value)).or_default();
            *count += 1;
            *confidence = confidence.max(number(candidate.confidence));
        }
        let count: i32 = values.values().map(|(count, _)| count).sum();
        let most = values.values().map(|(count, _)| *count).max().unwrap_or(count);
        let first = number(best.confidence);
        let second = values
            .iter()
            .filter(|(value, _)| **value != best_value)
            .map(|(_, (_, confidence))| *confidence)
            .max_by(f64::total_cmp)
            .unwrap_or(1.0 - first);
        Self {
            best_value: Some(best.value.clone()),
            best_confidence: best.confidence,
            candidate_count: count,
            value_count: i32::try_from(values.len()).unwrap_or(i32::MAX),
            disagreement: 1.0 - f64::from(most) / f64::from(count),
            uncertainty: (1.0 - (first - second)).clamp(0.0, 1.0),
        }
    }
}

fn number(confidence: Option<Confidence>) -> f64 {
    confidence.map_or(0.0, Confidence::get)
}

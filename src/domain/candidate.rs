//! Candidates: values proposed for a gap, and the choices a reviewer has after equal ones are merged.

use super::{ExperimentKey, RoundKey};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// The most characters of a proposed value that are read.
pub const LONGEST_VALUE: usize = 4_000;

/// Tells whether a proposed value may be the beginning of a longer one: then nobody can accept it.
pub fn is_cut(value: &str) -> bool {
    value.len() >= LONGEST_VALUE && value.chars().count() >= LONGEST_VALUE
}

/// A model's confidence, 0..=1 by construction.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct Confidence(f64);

/// Says that a number is no confidence.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[error("a confidence lies between 0 and 1, {0} does not")]
pub struct ConfidenceError(f64);

impl Confidence {
    /// Takes a number in 0..=1.
    pub fn new(value: f64) -> Result<Self, ConfidenceError> {
        if (0.0..=1.0).contains(&value) { Ok(Self(value)) } else { Err(ConfidenceError(value)) }
    }

    /// Returns the number, 0..=1.
    pub fn get(self) -> f64 {
        self.0
    }
}

impl TryFrom<f64> for Confidence {
    type Error = ConfidenceError;

    fn try_from(value: f64) -> Result<Self, Self::Error> {
        Self::new(value)
    }
}

impl From<Confidence> for f64 {
    fn from(confidence: Confidence) -> Self {
        confidence.0
    }
}

/// Who proposes a candidate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind", content = "key")]
pub enum Source {
    /// A prediction result of an experiment.
    Experiment(ExperimentKey),
    /// A recommendation of a round.
    Round(RoundKey),
}

impl Source {
    /// Returns the experiment's or round's key.
    pub fn key(&self) -> &str {
        match self {
            Self::Experiment(key) => key.as_str(),
            Self::Round(key) => key.as_str(),
        }
    }
}

/// A value proposed for a gap by one source.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Candidate {
    pub value: String,
    pub confidence: Option<Confidence>,
    pub source: Source,
    pub reasoning: Option<String>,
    pub created_at: DateTime<Utc>,
}

/// What the neighbours' vote says of a choice.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Backing {
    /// The value's share of the vote, 0..=1.
    pub share: f64,
}

impl Backing {
    /// The share from which a value that nobody proposed is a candidate.
    pub const LEAST: f64 = 0.1;
}

/// Candidates of one value (after normalisation): what a digit key chooses.
#[derive(Debug, Clone, PartialEq)]
pub struct Choice {
    /// The value as the most confident source wrote it.
    pub value: String,
    /// The highest confidence among the sources.
    pub confidence: Option<Confidence>,
    /// The candidates merged here, most confident first; none where only neighbours have the value.
    pub candidates: Vec<Candidate>,
    /// What the neighbours say of it; `None` without a vote.
    pub backing: Option<Backing>,
    /// Its share of the values that the products of the category have, 0..=1; `None` where it is none of the frequent.
    pub common: Option<f64>,
    /// How good a candidate it is, 0..=1, to four digits; `None` where nobody has scored it.
    pub score: Option<f64>,
}

impl Choice {
    /// Tells whether the neighbours are reason enough to list it.
    pub fn is_from_neighbours(&self) -> bool {
        self.backing.is_some_and(|backing| backing.share >= Backing::LEAST)
    }

    /// Returns the most confident experiment among the sources.
    pub fn experiment(&self) -> Option<&ExperimentKey> {
        self.candidates.iter().find_map(|candidate| match &candidate.source {
            Source::Experiment(key) => Some(key),
            Source::Round(_) => None,
        })
    }
}

/// Merges candidates of equal value into choices, the most confident first; ties go to more sources, then to the value.
pub fn choices(candidates: &[Candidate]) -> Vec<Choice> {
    let mut sorted = candidates.to_vec();
    sorted.sort_by(|a, b| {
        b.confidence
            .partial_cmp(&a.confidence)
            .unwrap_or(std::cmp::Ordering::Equal)
            .then_with(|| a.source.key().cmp(b.source.key()))
    });
    let mut merged: Vec<(String, Choice)> = Vec::new();
    for candidate in sorted {
        let normal = normalised(&candidate.value);
        if let Some((_, choice)) = merged.iter_mut().find(|(key, _)| *key == normal) {
            choice.candidates.push(candidate);
        } else {
            merged.push((
                normal,
                Choice {
                    value: candidate.value.clone(),
                    confidence: candidate.confidence,
                    candidates: vec![candidate],
                    backing: None,
                    common: None,
                    score: None,
                },
            ));
        }
    }
    merged.sort_by(|(a_key, a), (b_key, b)| {
        b.confidence
            .partial_cmp(&a.confidence)
            .unwrap_or(std::cmp::Ordering::Equal)
            .then_with(|| b.candidates.len().cmp(&a.candidates.len()))
            .then_with(|| a_key.cmp(b_key))
    });
    merged.into_iter().map(|(_, choice)| choice).collect()
}

/// Returns what two equal values have in common: trimmed, inner white space folded to one space, lower case.
///
/// The SQL function `gapdeck_normalised` says the same.
pub fn normalised(value: &str) -> String {
    let mut folded = String::with_capacity(value.len());
    for word in value.split_whitespace() {
        if !folded.is_empty() {
            folded.push(' ');
        }
        folded.push_str(&word.to_lowercase());
    }
    folded
}

/// Returns the values that a text holds, normalised: itself, or of an attribute with several values those apart by `;`,
/// whatever their order.
pub fn value_set(text: &str, multi_valued: bool) -> BTreeSet<String> {
    if !multi_valued {
        return BTreeSet::from([normalised(text)]);
    }
    text.split(';').map(normalised).filter(|value| !value.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidate(value: &str, confidence: Option<f64>, experiment: &str) -> Candidate {
        Candidate {
            value: value.into(),
            confidence: confidence.map(|c| Confidence::new(c).unwrap()),
            source: Source::Experiment(experiment.into()),
            reasoning: None,
            created_at: DateTime::UNIX_EPOCH,
        }
    }

    #[test]
    fn equal_values_are_one_choice_and_the_most_confident_comes_first() {
        let merged = choices(&[
            candidate("Black", Some(0.4), "a"),
            candidate("blue", None, "b"),
            candidate(" black ", Some(0.7), "c"),
            candidate("Red", Some(0.5), "d"),
        ]);
        let seen: Vec<_> = merged.iter().map(|c| (c.value.as_str(), c.candidates.len())).collect();
        assert_eq!(seen, [(" black ", 2), ("Red", 1), ("blue", 1)]);
    }

    #[test]
    fn a_confidence_lies_between_zero_and_one() {
        assert!(Confidence::new(1.0).is_ok() && Confidence::new(0.0).is_ok());
        for wrong in [-0.01, 1.01, f64::NAN, f64::INFINITY] {
            assert!(Confidence::new(wrong).is_err(), "{wrong}");
        }
    }
}

//! What the neighbours' vote says, as it is stored and shown.

use super::AttributeKey;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// What the neighbours' vote means for a gap's best candidate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VoteMark {
    /// Another value has the majority, the candidate next to nothing.
    Contradicts,
    /// No majority either way.
    Split,
    /// The candidate has the majority.
    Agrees,
    /// No evidence: too few neighbours have a value, there is no candidate, or the attribute's vote is worth nothing.
    Silent,
}

impl VoteMark {
    /// Every mark, in the order in which the queue is sorted by them.
    pub const ALL: [Self; 4] = [Self::Contradicts, Self::Split, Self::Agrees, Self::Silent];

    /// Returns the word on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Contradicts => "contradicts",
            Self::Split => "split",
            Self::Agrees => "agrees",
            Self::Silent => "none",
        }
    }

    /// Reads the word back.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.to_ascii_lowercase();
        Self::ALL.into_iter().find(|mark| mark.as_str() == text)
    }

    /// Returns the glyph for a reader.
    pub fn glyph(self) -> &'static str {
        match self {
            Self::Contradicts => "≠",
            Self::Split => "~",
            Self::Agrees => "✓",
            Self::Silent => " ",
        }
    }

    /// Returns the number in the database; the order of the queue.
    pub fn number(self) -> i16 {
        match self {
            Self::Contradicts => 0,
            Self::Split => 1,
            Self::Agrees => 2,
            Self::Silent => 3,
        }
    }

    /// Reads the number back.
    pub fn from_number(number: i16) -> Option<Self> {
        Self::ALL.into_iter().find(|mark| mark.number() == number)
    }
}

/// What the vote of neighbours is worth for an attribute: on products whose value is known, the neighbours were asked as if
/// it were not (leave-one-out).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct VoteWorth {
    pub attribute_key: AttributeKey,
    /// Products with a known value that were looked at.
    pub tried: i64,
    /// Those of them whose neighbours had enough values to say something.
    pub voted: i64,
    /// Those of these for which the first value of the vote was the known one.
    pub correct: i64,
    /// Those of them that have the most frequent value: what it takes to guess without neighbours.
    pub frequent: i64,
    pub measured_at: DateTime<Utc>,
}

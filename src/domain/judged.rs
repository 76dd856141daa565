//! Predictions that decisions have shown to be right or wrong, as statistics want them.

use super::opinion::{judged, verdict};
use super::{Action, AttributeKey, CategoryKey, Confidence, ExperimentKey, GapId, Reviewer, State};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// Which judged predictions to look at; everything by default.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct JudgedFilter {
    pub experiment: Option<ExperimentKey>,
    pub attribute: Option<AttributeKey>,
    /// The primary category of the gap's product.
    pub category: Option<CategoryKey>,
}

/// What to tell judged predictions apart by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum JudgedBy {
    Experiment,
    Attribute,
    Category,
}

impl JudgedBy {
    /// Every way.
    pub const ALL: [Self; 3] = [Self::Experiment, Self::Attribute, Self::Category];

    /// Returns its word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Experiment => "experiment",
            Self::Attribute => "attribute",
            Self::Category => "category",
        }
    }

    /// Reads the word back.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|by| by.as_str() == text)
    }
}

/// How often predictions like the one that a gap's experiments are most confident of were right: those of the same
/// experiment for the same attribute whose confidences are closest, at most [`Self::APART`] away.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrackRecord {
    pub experiment: ExperimentKey,
    pub confidence: Confidence,
    /// How many were judged; at most twice [`Self::MOST`].
    pub judged: u64,
    pub right: u64,
    /// Judged ones of the same experiment and attribute nearest in confidence, however far; at most twice [`Self::MOST`].
    pub near: u64,
    pub near_right: u64,
}

impl TrackRecord {
    /// How far a confidence may be from the one at hand.
    pub const APART: f64 = 0.05;
    /// How many judged predictions are looked at on either side.
    pub const MOST: u32 = 120;
    /// Of how many experiments and confidences of one gap the records are read.
    pub const OF_A_GAP: u32 = 12;
}

/// What the decision in force says of a prediction, and since when.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Judgement {
    /// When the decision was made, by the server's clock.
    pub at: DateTime<Utc>,
    pub confidence: Option<Confidence>,
    pub right: bool,
}

/// A judged gap on which one of two experiments was right and the other wrong, each by what it was most confident of.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Difference {
    #[serde(flatten)]
    pub gap: GapId,
    /// Empty where it has none.
    pub product_name: String,
    pub won: Guess,
    pub lost: Guess,
}

/// What an experiment was most confident of.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Guess {
    /// As long as a list shows it.
    pub value: String,
    pub confidence: Option<Confidence>,
}

/// What people decided on one day (UTC); what was accepted unseen and what was undone are not counted.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Day {
    /// The day's midnight.
    pub day: DateTime<Utc>,
    pub accepted: u64,
    pub overridden: u64,
    /// Rejected or not applicable.
    pub rejected: u64,
    /// Deferred or flagged.
    pub put_off: u64,
    /// The median of the seconds from seeing a gap to deciding it, where these are known.
    pub seconds: Option<f64>,
    pub reviewers: u64,
}

impl Day {
    /// Returns how many decisions there were.
    pub fn count(&self) -> u64 {
        self.accepted + self.overridden + self.rejected + self.put_off
    }
}

/// How often reviewers took the value that was predicted first, where they saw it and where they chose before seeing it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Anchoring {
    /// Decisions on gaps whose predictions were shown.
    pub shown: u64,
    pub shown_agreed: u64,
    /// Decisions made before the predictions were shown.
    pub blind: u64,
    pub blind_agreed: u64,
}

/// What two reviewers said of one gap, the second without knowing the first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TwoOpinions {
    pub attribute: AttributeKey,
    /// Whether the attribute takes several values.
    pub multi_valued: bool,
    pub first: Opinion,
    pub second: Opinion,
}

/// A decision in force on a gap that two people decided: what somebody said, having seen what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    pub gap: GapId,
    /// Whether the attribute takes several values.
    pub multi_valued: bool,
    pub reviewer: Reviewer,
    pub action: Action,
    pub value: Option<String>,
    /// The prediction shown first; none where the reviewer saw none.
    pub shown_value: Option<String>,
    /// The state that it brought the gap into.
    pub result_state: Option<State>,
}

impl Said {
    /// Tells whether it says that a predicted value is right; `None` where it says nothing of it.
    pub fn judges(&self, predicted: &str) -> Option<bool> {
        judged(self.action, self.value.as_deref(), predicted, self.multi_valued)
    }
}

/// What one reviewer said of a gap.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opinion {
    pub reviewer: Reviewer,
    pub action: Action,
    pub value: Option<String>,
}

impl Opinion {
    /// Returns what two opinions that say the same have in common, by the rule that settles a gap.
    pub fn verdict(&self, multi_valued: bool) -> String {
        verdict(self.action, self.value.as_deref(), multi_valued)
    }
}

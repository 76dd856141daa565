//! What models said: predictions of an experiment, recommendations of a round.

use super::{Confidence, DecisionId, ExperimentKey, GapId, RoundKey};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// One run of a model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Experiment {
    pub key: ExperimentKey,
    pub model: Option<String>,
    pub description: Option<String>,
    /// What the run was started with; a JSON object.
    pub parameters: serde_json::Value,
    /// What the pipeline measured of it; a JSON object.
    pub metrics: serde_json::Value,
    pub created_at: DateTime<Utc>,
    /// `None` while it runs.
    pub completed_at: Option<DateTime<Utc>>,
}

/// A value that an experiment predicted for a product and an attribute.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Prediction {
    #[serde(flatten)]
    pub gap: GapId,
    pub experiment: ExperimentKey,
    pub value: String,
    pub confidence: Option<Confidence>,
    /// At most 4,000 characters; in a page of many, at most 200.
    pub reasoning: Option<String>,
    /// What the decision in force says of the value; `None` until there is one.
    pub is_correct: Option<bool>,
    /// The decision that says so.
    pub decision: Option<DecisionId>,
    /// The recommendation round that took the prediction over, if one did.
    pub round: Option<RoundKey>,
    pub created_at: DateTime<Utc>,
}

/// A batch of a model's recommendations.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Round {
    pub key: RoundKey,
    pub model: Option<String>,
    pub description: Option<String>,
    /// Whatever the pipeline keeps about the round; a JSON object.
    pub metadata: serde_json::Value,
    pub created_at: DateTime<Utc>,
    /// `None` while it runs.
    pub completed_at: Option<DateTime<Utc>>,
}

/// A value that a model recommended for a product and an attribute.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Recommendation {
    #[serde(flatten)]
    pub gap: GapId,
    pub round: RoundKey,
    pub value: String,
    pub confidence: Option<Confidence>,
    /// At most 4,000 characters; in a page of many, at most 200.
    pub reasoning: Option<String>,
    pub created_at: DateTime<Utc>,
}

/// A place in the predictions of an experiment or the recommendations of a round.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ProposalCursor {
    #[serde(flatten)]
    pub gap: GapId,
    pub value: String,
}

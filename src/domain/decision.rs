//! Decisions: one reviewer's act on one gap; an event, never edited.

use super::{Choice, Confidence, ExperimentKey, GapId, ProductKey, Reviewer, State};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::fmt;
use uuid::Uuid;

/// Names a decision; made by the client (UUIDv7), so that a decision sent twice counts once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DecisionId(pub Uuid);

impl DecisionId {
    /// Makes a new id from the clock and randomness.
    #[expect(clippy::new_without_default, reason = "a default that differs each time would surprise")]
    pub fn new() -> Self {
        Self(Uuid::now_v7())
    }
}

impl fmt::Display for DecisionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What a reviewer does with a gap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Takes a candidate's value.
    Accept,
    /// Gives another value.
    Override,
    /// Says that none of the candidates is right.
    Reject,
    /// Says that the product cannot have a value for the attribute.
    NotApplicable,
    /// Puts the gap off.
    Defer,
    /// Asks for someone's attention, with a comment.
    Flag,
    /// Takes the last decision back.
    Undo,
    /// What a reader who is to stay blind sees instead of somebody's first opinion; never written.
    Opinion,
}

impl Action {
    /// Every action that a reviewer can take.
    pub const ALL: [Self; 7] = [
        Self::Accept,
        Self::Override,
        Self::Reject,
        Self::NotApplicable,
        Self::Defer,
        Self::Flag,
        Self::Undo,
    ];

    /// Returns the word in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Accept => "accept",
            Self::Override => "override",
            Self::Reject => "reject",
            Self::NotApplicable => "not_applicable",
            Self::Defer => "defer",
            Self::Flag => "flag",
            Self::Undo => "undo",
            Self::Opinion => "opinion",
        }
    }

    /// Reads the word back; `-` and `_` are one.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.to_ascii_lowercase().replace('-', "_");
        Self::ALL.into_iter().find(|action| action.as_str() == text)
    }

    /// Returns the state that the action brings a gap into where one opinion is enough; `None` for undo, which restores the
    /// one before.
    pub fn state(self) -> Option<State> {
        match self {
            Self::Accept => Some(State::Accepted),
            Self::Override => Some(State::Overridden),
            Self::Reject => Some(State::Rejected),
            Self::NotApplicable => Some(State::NotApplicable),
            Self::Defer => Some(State::Deferred),
            Self::Flag => Some(State::Flagged),
            Self::Opinion => Some(State::Second),
            Self::Undo => None,
        }
    }

    /// Tells whether the action can bring a gap into a state.
    pub fn may_lead_to(self, state: State) -> bool {
        let own = self.state();
        own == Some(state) || state.needs_opinion() && own.is_some_and(State::is_settled)
    }

    /// Tells whether the action carries a value.
    pub fn has_value(self) -> bool {
        matches!(self, Self::Accept | Self::Override)
    }
}

/// A candidate as the reviewer saw it.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct SeenCandidate {
    pub value: String,
    pub confidence: Option<Confidence>,
    /// The experiments and rounds that proposed it.
    pub sources: Vec<String>,
    /// Its share of the neighbours' vote, where there was one; without sources, only neighbours have the value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub neighbours: Option<f64>,
    /// Its share of what products of the category have, where it is one of the frequent values.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub common: Option<f64>,
    /// The score that it was ranked by, 0..=1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score: Option<f64>,
}

impl From<&Choice> for SeenCandidate {
    fn from(choice: &Choice) -> Self {
        Self {
            value: choice.value.clone(),
            confidence: choice.confidence,
            sources: choice.candidates.iter().map(|one| one.source.key().to_owned()).collect(),
            neighbours: choice.backing.map(|backing| backing.share),
            common: choice.common,
            score: choice.score,
        }
    }
}

/// A neighbour as the reviewer saw it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SeenNeighbour {
    pub product_key: ProductKey,
    /// Cosine similarity, -1..=1; not a number where a vector has no direction, which JSON writes as null.
    #[serde(deserialize_with = "number_or_null")]
    pub similarity: f64,
    pub values: Vec<String>,
}

fn number_or_null<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or(f64::NAN))
}

/// What the reviewer saw and how the gap came up; cannot be reconstructed later.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Seen {
    pub candidates: Vec<SeenCandidate>,
    pub neighbours: Vec<SeenNeighbour>,
    /// The keys that led to the decision (`"a"`, `"3"`, `"o Enter"`); empty when headless.
    pub keys: String,
    /// Seconds from showing the gap to the decision.
    pub seconds: Option<f64>,
    /// What put the gap before the reviewer (`"queue:confidence_descending"`, `"command"`).
    pub policy: String,
    /// The probability with which the policy selected the gap: 1 for a sorted queue, the gap's lot for a random one (the
    /// share of all gaps with a lot as low as that).
    pub selection_probability: Option<f64>,
    /// Whether the value was kept although something spoke against it: see [`Self::objections`].
    pub kept_on_purpose: bool,
    /// What spoke against the value, in words, where it was kept on purpose.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub objections: Vec<String>,
}

/// A decision to be written.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Decision {
    pub id: DecisionId,
    #[serde(flatten)]
    pub gap: GapId,
    pub action: Action,
    /// The value, for accept and override only.
    pub value: Option<String>,
    pub comment: Option<String>,
    pub reviewer: Reviewer,
    /// The gap's version that the reviewer saw; another one in the database is a conflict.
    pub base_version: i32,
    /// The decision taken back, for undo only.
    pub undoes: Option<DecisionId>,
    /// The value of the candidate shown first.
    pub shown_value: Option<String>,
    /// The confidence of the candidate shown first.
    pub shown_confidence: Option<Confidence>,
    /// The experiment of the candidate shown first.
    pub shown_experiment: Option<ExperimentKey>,
    /// The bulk action that this decision is part of.
    pub batch: Option<Uuid>,
    pub seen: Seen,
    /// When the reviewer decided, by the client's clock.
    pub decided_at: DateTime<Utc>,
}

/// A decision as the database holds it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    #[serde(flatten)]
    pub decision: Decision,
    /// The gap's version after the decision.
    pub result_version: i32,
    /// The state that the decision brought the gap into; none for an undo, which restores the one before.
    #[serde(default)]
    pub result_state: Option<State>,
    /// When the database took it, by the server's clock.
    pub recorded_at: DateTime<Utc>,
    /// The undo that took it back, if one did.
    pub undone_by: Option<DecisionId>,
}

impl Event {
    /// Returns the last event that is in force: neither an undo nor undone.
    pub fn in_force(history: &[Self]) -> Option<&Self> {
        history.iter().filter(|event| event.is_standing()).max_by_key(|event| event.result_version)
    }

    /// Returns the state that a gap's decisions leave it in.
    pub fn state(history: &[Self]) -> State {
        Self::in_force(history).and_then(|event| event.result_state).unwrap_or(State::Open)
    }
}

/// What a written decision led to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Outcome {
    pub state: State,
    pub version: i32,
    /// Whether the database already had the decision.
    pub replayed: bool,
}

//! The review queue: one row a gap, filters, sort orders, cursors.

use super::{AttributeKey, CategoryKey, Confidence, ExperimentKey, GapId, Reviewer, State, VoteMark};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;
use std::sync::Arc;

/// What a list of gaps shows of one gap; long texts are cut.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct QueueRow {
    #[serde(flatten)]
    pub gap: GapId,
    /// The product's name; empty where it has none. At most 200 characters.
    pub product_name: String,
    /// The product's first category.
    pub category: Option<CategoryKey>,
    /// The most confident candidate's value, at most 200 characters.
    pub best_value: Option<String>,
    pub best_confidence: Option<Confidence>,
    /// How many candidates there are.
    pub candidate_count: i32,
    /// How many different values they propose.
    pub value_count: i32,
    /// The share of candidates that do not propose the most frequent value, 0..1.
    pub disagreement: f64,
    /// One minus the margin between the best two values' confidences, 0..=1 (margin sampling, Settles 2009); -1 without candidates.
    pub uncertainty: f64,
    pub state: State,
    pub version: i32,
    /// Nobody while the decisions do not settle anything: one that is the first of two, and two that differ.
    pub decided_by: Option<Reviewer>,
    /// The value decided, at most 200 characters.
    pub decided_value: Option<String>,
    pub decided_at: Option<DateTime<Utc>>,
    /// Who gave the first opinion, where a second one is awaited; a reader is told only of their own.
    pub first_by: Option<Reviewer>,
    /// What the neighbours' vote says of the best candidate; `None` where it was not counted.
    pub vote: Option<VoteMark>,
    /// When the gap came to be.
    pub gap_created_at: DateTime<Utc>,
}

impl QueueRow {
    /// Tells whether it waits for a decision of the reader: it is open, disputed, or has somebody else's first opinion.
    pub fn waits_for(&self, reader: &Reviewer) -> bool {
        match self.state {
            State::Open | State::Disputed => true,
            State::Second => self.first_by.as_ref() != Some(reader),
            _ => false,
        }
    }

    /// Returns the product's name, or its key where there is none.
    pub fn display_name(&self) -> &str {
        if self.product_name.trim().is_empty() { self.gap.product.as_str() } else { &self.product_name }
    }
}

/// Which states a queue shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StateFilter {
    /// What waits for a first decision.
    #[default]
    Open,
    /// One given state. A store that reads for somebody leaves out of [`State::Second`] what waits for others alone: the gaps
    /// whose first opinion is the reader's own.
    Only(State),
    /// Everything that somebody has decided, deferred, flagged and disputed included.
    Decided,
    /// Every gap.
    All,
}

impl StateFilter {
    /// Reads `open`, `decided`, `all` or a state's word.
    pub fn parse(text: &str) -> Option<Self> {
        match text.to_ascii_lowercase().as_str() {
            "open" => Some(Self::Open),
            "decided" => Some(Self::Decided),
            "all" | "any" => Some(Self::All),
            other => State::parse(other).map(Self::Only),
        }
    }

    /// Returns the word that [`Self::parse`] reads.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Only(state) => state.as_str(),
            Self::Decided => "decided",
            Self::All => "all",
        }
    }

    /// Tells whether a list of these states is one of work to be done, to which gaps in a state belong.
    pub fn asks_for(self, state: State) -> bool {
        state == State::Open || state.needs_opinion() && self == Self::Only(state)
    }

    /// Tells whether gaps in a state are shown.
    pub fn admits(self, state: State) -> bool {
        match self {
            Self::Open => state == State::Open,
            Self::Only(only) => state == only,
            Self::Decided => state != State::Open,
            Self::All => true,
        }
    }
}

/// Which gaps a queue shows; every condition must hold.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct QueueFilter {
    pub attribute: Option<AttributeKey>,
    /// The product's first category.
    pub category: Option<CategoryKey>,
    /// Gaps for which the experiment predicted something.
    pub experiment: Option<ExperimentKey>,
    pub state: StateFilter,
    /// The lowest confidence of the best candidate, inclusive; leaves gaps without one out.
    pub min_confidence: Option<Confidence>,
    /// The highest confidence of the best candidate, inclusive; leaves gaps without one out.
    pub max_confidence: Option<Confidence>,
    /// What the neighbours' vote says of the best candidate; `none` also where it was not counted.
    pub vote: Option<VoteMark>,
    /// A part of the product's name in any case, or the exact product key. Where no name contains it, the names that
    /// come closest (trigram word similarity).
    pub text: Option<String>,
    /// Leaves out the gaps whose first opinion is this reviewer's, while a second one is awaited.
    pub not_first_by: Option<Reviewer>,
    /// Only these gaps; a clone shares them.
    #[serde(skip)]
    pub among: Option<Arc<GapSet>>,
}

/// A fixed set of gaps, for a list of just these.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct GapSet {
    /// What they have in common, in a reader's words.
    pub label: String,
    /// Why they come up, as decisions keep it (`"cluster:random"`).
    pub policy: String,
    pub gaps: Vec<GapId>,
}

impl QueueFilter {
    /// Tells whether nothing but the state narrows the queue.
    pub fn is_plain(&self) -> bool {
        Self { state: StateFilter::default(), ..self.clone() } == Self::default()
    }

    /// Returns the filter as a reader means it: what needs a second opinion needs it from them.
    #[must_use]
    pub fn read_by(&self, reader: Option<&Reviewer>) -> Self {
        let needs_theirs = self.state == StateFilter::Only(State::Second);
        let not_first_by = if needs_theirs { reader.cloned() } else { None };
        Self { not_first_by: not_first_by.or_else(|| self.not_first_by.clone()), ..self.clone() }
    }

    /// Returns the filter of what can be claimed in its place: open gaps, and where these are asked for, those that need
    /// somebody's second opinion or are disputed.
    #[must_use]
    pub fn claimable_by(&self, reviewer: &Reviewer) -> Self {
        let state = match self.state {
            StateFilter::Only(state @ (State::Second | State::Disputed)) => StateFilter::Only(state),
            _ => StateFilter::Open,
        };
        Self { state, ..self.clone() }.read_by(Some(reviewer))
    }
}

/// The order of a queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum QueueSort {
    /// The most confident first; gaps without a candidate last.
    #[default]
    ConfidenceDescending,
    /// The least confident first; gaps without a candidate last.
    ConfidenceAscending,
    /// The most uncertain first.
    Uncertainty,
    /// The most disagreement between candidates first.
    Disagreement,
    /// What the neighbours contradict first, then what they are split on, what they agree to, the rest; each the most
    /// confident first.
    Vote,
    /// By product name.
    Product,
    /// The oldest gap first.
    Age,
    /// In the order of their lots: the first gaps are a random sample of all.
    Random,
}

impl QueueSort {
    /// Every order, as a key cycles through them.
    pub const ALL: [Self; 8] = [
        Self::ConfidenceDescending,
        Self::ConfidenceAscending,
        Self::Uncertainty,
        Self::Disagreement,
        Self::Vote,
        Self::Product,
        Self::Age,
        Self::Random,
    ];

    /// Returns the word on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ConfidenceDescending => "confidence-descending",
            Self::ConfidenceAscending => "confidence-ascending",
            Self::Uncertainty => "uncertainty",
            Self::Disagreement => "disagreement",
            Self::Vote => "vote",
            Self::Product => "product",
            Self::Age => "age",
            Self::Random => "random",
        }
    }

    /// Reads the word back; `-` and `_` are one, and `confidence` alone means the most confident first.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.to_ascii_lowercase().replace('_', "-");
        if matches!(text.as_str(), "confidence" | "confidence-desc") {
            return Some(Self::ConfidenceDescending);
        }
        if text == "confidence-asc" {
            return Some(Self::ConfidenceAscending);
        }
        Self::ALL.into_iter().find(|sort| sort.as_str() == text)
    }

    /// Returns the words for a reader, behind "by".
    pub fn label(self) -> &'static str {
        match self {
            Self::ConfidenceDescending => "confidence, high first",
            Self::ConfidenceAscending => "confidence, low first",
            Self::Uncertainty => "uncertainty",
            Self::Disagreement => "disagreement",
            Self::Vote => "the neighbours' vote",
            Self::Product => "product",
            Self::Age => "age",
            Self::Random => "lot, at random",
        }
    }
}

/// The sort expression's value in a row; every expression is NOT NULL and ascends.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CursorValue {
    Number(f64),
    Text(String),
    Time(DateTime<Utc>),
}

/// A place in a sorted queue: the page after it starts behind this row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct QueueCursor {
    pub value: CursorValue,
    pub gap: GapId,
}

impl QueueCursor {
    /// Compares two places of one order; `None` where they belong to different orders.
    pub fn compare(&self, other: &Self) -> Option<Ordering> {
        let values = match (&self.value, &other.value) {
            (CursorValue::Number(a), CursorValue::Number(b)) => a.partial_cmp(b)?,
            (CursorValue::Text(a), CursorValue::Text(b)) => a.cmp(b),
            (CursorValue::Time(a), CursorValue::Time(b)) => a.cmp(b),
            _ => return None,
        };
        Some(values.then_with(|| self.gap.cmp(&other.gap)))
    }
}

/// How many rows there are, exactly where that is cheap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Count {
    Exact(u64),
    /// The planner's estimate.
    About(u64),
}

impl Count {
    /// Returns the number, exact or not.
    pub fn value(self) -> u64 {
        match self {
            Self::Exact(n) | Self::About(n) => n,
        }
    }
}

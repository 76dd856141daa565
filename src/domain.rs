//! Plain types and rules: the catalogue, gaps, candidates, decisions. Knows no SQL and no terminal.

mod candidate;
mod card;
mod catalogue;
mod decision;
mod embedding;
mod experiment;
mod gap;
mod key;
mod queue;

pub use candidate::{Candidate, Choice, Confidence, ConfidenceError, Source, choices, normalised};
pub use card::{
    AllowedScope, AllowedValue, AllowedValues, KnownValue, Neighbour, ProductCard, ReviewCard, RichText,
};
pub use catalogue::{Attribute, Category, DataType, Product};
pub use decision::{Action, Decision, DecisionId, Event, Outcome, Seen, SeenCandidate, SeenNeighbour};
pub use embedding::{
    EmbeddingDetails, EmbeddingStats, ModelCount, NearTo, Nearest, ProductTexts, TextPage, ToEmbed, Within,
};
pub use experiment::{ExperimentSummary, Facets, MetricTrend, Named};
pub use gap::{GapId, State};
pub use key::{AttributeKey, CategoryKey, ExperimentKey, ProductKey, Reviewer, RoundKey};
pub use queue::{Count, CursorValue, QueueCursor, QueueFilter, QueueRow, QueueSort, StateFilter};

/// The dimensions of every stored embedding.
pub const EMBEDDING_DIMENSIONS: usize = 1536;

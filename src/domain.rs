//! Plain types and rules: the catalogue, gaps, candidates, decisions. Knows no SQL and no terminal.

mod candidate;
mod card;
mod catalogue;
mod decision;
mod embedding;
mod experiment;
mod gap;
mod key;
mod lease;
mod queue;
mod view;

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
pub use lease::{Changes, Claim, Claimed, Fence, LEASES_SHOWN, Lease, LeaseToken};
pub use queue::{Count, CursorValue, QueueCursor, QueueFilter, QueueRow, QueueSort, StateFilter};
pub use view::{Refresh, Refreshed, View, ViewState, WhenBusy};

/// The dimensions of every stored embedding.
pub const EMBEDDING_DIMENSIONS: usize = 1536;

//! Plain types and rules: the catalogue, gaps, candidates, decisions. Knows no SQL and no terminal.

mod activity;
mod candidate;
mod card;
mod catalogue;
mod cluster;
mod common;
mod decision;
mod details;
mod embedding;
mod experiment;
mod gap;
mod judged;
mod key;
mod lease;
mod opinion;
mod policy;
mod proposal;
mod queue;
mod seeded;
mod view;
mod vote;

pub use activity::{DecisionCursor, DecisionFilter, DecisionRow, Standing};
pub use candidate::{
    Backing, Candidate, Choice, Confidence, ConfidenceError, LONGEST_VALUE, Source, choices, is_cut,
    normalised, value_set,
};
pub use card::{
    AllowedScope, AllowedValue, AllowedValues, KnownValue, Neighbour, ProductCard, ReviewCard, RichText,
};
pub use catalogue::{AllowedList, Attribute, Category, DataType, Gap, PairValues, Product};
pub use cluster::{Checked, GroupKey, GroupMember};
pub use common::{CategoryValues, ListCut, ShownList};
pub use decision::{Action, Decision, DecisionId, Event, Outcome, Seen, SeenCandidate, SeenNeighbour};
pub use details::{AttributeDetails, CategoryDetails, Description, ProductDetails};
pub use embedding::{
    EmbeddingDetails, EmbeddingStats, ModelCount, NearTo, Nearest, ProductTexts, TextPage, ToEmbed, Within,
};
pub use experiment::{ExperimentSummary, Facets, MetricTrend, Named};
pub use gap::{GapId, State};
pub use judged::{
    Anchoring, Day, Difference, Guess, JudgedBy, JudgedFilter, Judgement, Opinion, Said, TrackRecord,
    TwoOpinions,
};
pub use key::{AttributeKey, CategoryKey, ExperimentKey, ProductKey, Reviewer, RoundKey};
pub use lease::{Changes, Claim, Claimed, Fence, LEASES_SHOWN, Lease, LeaseToken};
pub use opinion::{HIDDEN, Stage, hide_first_opinions, judged};
pub use policy::{Lot, Policy, Share};
pub use proposal::{Experiment, Prediction, ProposalCursor, Recommendation, Round};
pub use queue::{Count, CursorValue, GapSet, QueueCursor, QueueFilter, QueueRow, QueueSort, StateFilter};
pub use seeded::{AnswerCount, SeededAnswer, SeededGap, SeededValue, Seeding};
pub use view::{
    AttributeValueStats, ProductGap, ProductSummary, Refresh, Refreshed, View, ViewState, WhenBusy,
};
pub use vote::{VoteMark, VoteWorth};

/// The dimensions of every stored embedding.
pub const EMBEDDING_DIMENSIONS: usize = 1536;

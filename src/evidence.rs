//! Pure functions over texts and values: does the product's text mention the candidate, in whatever unit? What do the
//! neighbours say?

pub mod candidates;
#[cfg(test)]
mod example;
pub mod finding;
mod fold;
pub mod gate;
mod mention;
mod number;
pub mod same;
mod synonyms;
pub mod units;
pub mod vote;
pub mod worth;

pub use mention::{MAX_MENTIONS, Mention, MentionKind, mentions};
pub use synonyms::synonyms;

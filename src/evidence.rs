//! Pure functions over texts and values: does the product's text mention the candidate, in whatever unit?

mod fold;
mod mention;
mod number;
pub mod units;

pub use mention::{MAX_MENTIONS, Mention, MentionKind, mentions};

//! Pure functions over texts and values: does the product's text mention the candidate, in whatever unit, and are two
//! values the same?

mod fold;
mod mention;
mod normalise;
mod number;
pub mod units;

pub use mention::{MAX_MENTIONS, Mention, MentionKind, mentions};
pub use normalise::normalise;

//! Pieces that screens are made of; none of them knows the application's state.

pub mod picker;
pub mod table;
pub mod tally;
pub mod text_input;
pub mod wrap;

//! The screens: state, update and view of each.

pub mod card;
pub mod card_sections;
pub mod chrome;
pub mod opening;
pub mod queue;
pub mod queue_view;
pub mod review;

//! The screens: state, update and view of each.

pub mod activity;
pub mod activity_detail;
pub mod activity_view;
pub mod card;
pub mod card_choices;
pub mod card_evidence;
mod card_finding;
mod card_record;
pub mod card_sections;
pub mod chrome;
pub mod clusters;
pub mod clusters_view;
pub mod comparison;
pub mod experiments;
pub mod insights;
pub mod insights_view;
pub mod neighbours;
pub mod opening;
pub mod pane;
pub mod product;
pub mod queue;
pub mod queue_view;
mod reliability;
pub mod review;
pub mod selection;
pub mod texts;
mod trend;

//! gapdeck: a terminal application for human-in-the-loop quality assurance of product data.
//!
//! Catalogue products lack values for attributes (*gaps*), models *predict* values, reviewers decide at the keyboard,
//! on a PostgreSQL + pgvector database they share.
//!
//! The map, from the inside out:
//!
//! * [`domain`]: plain types and rules; knows no SQL and no terminal.
//! * [`evidence`]: pure functions over texts and values: does the product's text mention the candidate?
//! * [`embed`]: text to vector.
//! * [`demo`]: the deterministic demo catalogue.
//! * [`transfer`]: import of the upstream pipeline's files.

pub mod demo;
pub mod domain;
pub mod embed;
pub mod evidence;
pub mod transfer;

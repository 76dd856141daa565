//! gapdeck: a terminal application for human-in-the-loop quality assurance of product data.
//!
//! Catalogue products lack values for attributes (*gaps*), models *predict* values, reviewers decide at the keyboard,
//! on a PostgreSQL + pgvector database they share.
//!
//! The map, from the inside out:
//!
//! * [`domain`]: plain types and rules; knows no SQL and no terminal.
//! * [`evidence`]: pure functions over texts and values: does the product's text mention the candidate, what do the
//!   neighbours say?
//! * [`insight`]: pure statistics: what decisions say about predictions.
//! * [`build`], [`crash`]: what the binary was built from, and what a fault in it leaves behind.
//! * [`database`]: where a connection comes from.
//! * [`embed`]: text to vector.
//! * [`demo`]: the deterministic demo catalogue.
//! * [`doctor`]: what goes wrong with a database in practice, and what to do about it.
//! * [`error`]: errors a user meets, with exit codes and hints.
//! * [`tls`]: TLS by rustls, for the database and for embedding servers.
//! * [`transfer`]: import and export: files to database rows, and rows to files.
//! * [`tui`]: the terminal application: state, update, view, effects.
//! * [`cli`], [`config`], [`logging`]: the command line, its settings, the log file.
//! * [`sanitise`]: text from the database made harmless, for screen, clipboard, log and words on standard error.
//! * [`review`]: the service: drafts, decisions, undo, the gate before an override.
//! * `private`: files that only their user may read.
//! * [`words`]: numbers as people read them.
//! * [`repository`]: the traits over what is stored, their page, cursor and error types, and their implementations.

pub mod build;
pub mod cli;
pub mod config;
pub mod crash;
pub mod database;
pub mod demo;
pub mod doctor;
pub mod domain;
pub mod embed;
pub mod error;
pub mod evidence;
pub mod insight;
pub mod logging;
mod private;
pub mod repository;
pub mod review;
pub mod sanitise;
pub mod tls;
pub mod transfer;
pub mod tui;
pub mod words;

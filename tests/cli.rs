//! The headless twins through the real binary: JSON on standard output, messages on standard error, exit codes.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test ends where it fails")]

mod support;

#[path = "cli/activity.rs"]
mod activity;
#[path = "cli/certainty.rs"]
mod certainty;
#[path = "cli/cluster.rs"]
mod cluster;
#[path = "cli/config.rs"]
mod config;
#[path = "cli/decide.rs"]
mod decide;
#[path = "cli/failures.rs"]
mod failures;
#[path = "cli/listings.rs"]
mod listings;
#[path = "cli/picture.rs"]
mod picture;
#[path = "cli/shell.rs"]
mod shell;
#[path = "cli/threshold.rs"]
mod threshold;
#[path = "cli/views.rs"]
mod views;
#[path = "cli/vote.rs"]
mod vote;

use serde_json::Value;
use support::binary::Gapdeck;
use support::demo::demo;
use support::server::TestDatabase;

fn array(value: Value) -> Vec<Value> {
    match value {
        Value::Array(items) => items,
        other => panic!("no array: {other:#}"),
    }
}

fn text<'a>(object: &'a Value, field: &str) -> &'a str {
    object[field].as_str().unwrap_or_else(|| panic!("no text {field} in {object:#}"))
}

/// Names the gap of a listed object.
fn pair(object: &Value) -> (String, String) {
    (text(object, "product_key").to_owned(), text(object, "attribute_key").to_owned())
}

/// Lists every gap of the demo.
fn everything(gapdeck: &Gapdeck) -> Vec<Value> {
    array(gapdeck.json(&["queue", "--json", "--state", "all", "--limit", "100000"]))
}

//! Reviewers who work with commands: each decision a process of its own, some of them killed.

use crate::support::binary::Gapdeck;
use crate::support::random::Random;
use gapdeck::domain::{DecisionId, GapId, Reviewer};
use serde_json::Value;
use std::collections::BTreeMap;
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, Ordering};

/// Somebody who decides by `gapdeck decide`.
pub struct Clerk {
    pub reviewer: Reviewer,
    /// What the command said to be decided.
    pub acknowledged: BTreeMap<DecisionId, GapId>,
    /// How many runs ended without a word of what became of the decision.
    pub unsure: usize,
    pub killed: usize,
    /// The longest that a run lives that is killed, in milliseconds.
    pub longest_life: usize,
    gapdeck: Gapdeck,
    random: Random,
}

/// Exit codes of a run that did not decide: out of reach, in conflict.
const UNAVAILABLE: i32 = 4;
const CONFLICT: i32 = 5;
/// The decision rests in the outbox.
const KEPT: i32 = 8;

impl Clerk {
    pub fn new(number: usize, gapdeck: Gapdeck, random: Random) -> Self {
        Self {
            reviewer: Reviewer::from(format!("clerk {number}")),
            acknowledged: BTreeMap::new(),
            unsure: 0,
            killed: 0,
            longest_life: 200,
            gapdeck,
            random,
        }
    }

    /// Decides until nothing is open or the others are done.
    pub fn work(&mut self, is_over: &AtomicBool) {
        while !is_over.load(Ordering::Relaxed) {
            let gaps = self.open_gaps();
            if gaps.as_ref().is_some_and(Vec::is_empty) {
                return;
            }
            for _ in 0..4 {
                self.decide_on_one_of(gaps.as_deref().unwrap_or_default());
            }
        }
    }

    /// Lists open gaps; none where the database cannot be reached.
    pub fn open_gaps(&self) -> Option<Vec<Value>> {
        let listed = self.gapdeck.run(&["queue", "--json", "--sort", "product", "--limit", "200"]);
        if listed.code == UNAVAILABLE {
            return None;
        }
        let gaps = serde_json::from_str(&listed.stdout);
        Some(gaps.unwrap_or_else(|error| panic!("{error}: {listed:?}")))
    }

    /// Runs a command that decides on one of some gaps, and perhaps kills it.
    pub fn decide_on_one_of(&mut self, gaps: &[Value]) {
        if gaps.is_empty() {
            return;
        }
        let gap = self.random.of(gaps);
        let text = |field: &str| gap[field].as_str().expect(field);
        let action = *self.random.of(&["accept", "reject", "not-applicable", "defer"]);
        let (product, attribute) = (text("product_key"), text("attribute_key"));
        let mut command = self.gapdeck.command(&["decide", product, attribute, action, "--json"]);
        command.args(["--reviewer", self.reviewer.as_str()]);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("run gapdeck");
        if self.random.one_in(2) {
            std::thread::sleep(self.random.millis(self.longest_life));
            // Or it has ended by then.
            let _ = child.kill();
        }
        let output = child.wait_with_output().expect("the output");
        match output.status.code() {
            Some(0) => {
                let told: Value = serde_json::from_slice(&output.stdout).expect("JSON");
                let id = told["decision_id"].as_str().expect("an id").parse().expect("an id");
                self.acknowledged.insert(DecisionId(id), GapId::new(product, attribute));
            }
            Some(CONFLICT) => {}
            Some(UNAVAILABLE | KEPT) => self.unsure += 1,
            None => {
                self.unsure += 1;
                self.killed += 1;
            }
            Some(code) => panic!("{code}: {}", String::from_utf8_lossy(&output.stderr)),
        }
    }

    /// Sends what the killed ones left, and gives up what was refused.
    pub fn clear_out(&mut self) {
        let ran = self.gapdeck.run(&["outbox", "send"]);
        assert!([0, CONFLICT].contains(&ran.code), "{}: {}", ran.code, ran.stderr);
        let listed = self.gapdeck.json(&["outbox", "--json"]);
        for refused in listed.as_array().expect("an array") {
            assert_eq!(refused["status"], "failed", "{refused:#}");
            self.gapdeck.succeeds(&["outbox", "discard", refused["decision_id"].as_str().expect("an id")]);
        }
        assert_eq!(self.gapdeck.json(&["outbox", "--json"]), Value::Array(Vec::new()));
    }
}

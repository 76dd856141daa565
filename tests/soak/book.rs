//! What the clients know: every decision they asked to be kept, what they were told of it, and what they held.

use gapdeck::domain::{Claim, Claimed, Decision, DecisionId, GapId, Lease, LeaseToken, Reviewer};
use gapdeck::review::outbox::{Failure, News, Status};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// One book for all clients.
#[derive(Default)]
pub struct Book(Mutex<Pages>);

/// What stands in the book.
#[derive(Default)]
pub struct Pages {
    /// Every decision that was handed to an outbox.
    pub asked: BTreeMap<DecisionId, Decision>,
    /// Those that an outbox said it kept: acknowledged.
    pub acknowledged: BTreeSet<DecisionId>,
    /// Those that the database took, with the version each led to.
    pub sent: BTreeMap<DecisionId, i32>,
    /// Those that the database was said to refuse, and why.
    pub refused: BTreeMap<DecisionId, Failure>,
    /// Those that a client gave up after it had seen the refusal: discarded, or replaced by another.
    pub given_up: BTreeSet<DecisionId>,
    /// The versions of a gap that the database showed to a reviewer.
    pub known: BTreeSet<(Reviewer, GapId, i32)>,
    pub held: Vec<Held>,
    /// How often a connection was ended, a client vanished, a decision met another.
    pub terminated: usize,
    pub vanished: usize,
    pub conflicts: usize,
}

/// A lease as its holder knows it.
#[derive(Debug, Clone)]
pub struct Held {
    pub lease: Lease,
    /// The gap's version when it was claimed.
    pub version: i32,
    /// Whether the holder gave it back.
    pub is_released: bool,
}

impl Book {
    pub fn open(&self) -> MutexGuard<'_, Pages> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes a decision before an outbox has it, and that it replaces refused ones on its gap.
    pub fn asks(&self, decision: &Decision) {
        let mut pages = self.open();
        let replaced: Vec<DecisionId> = pages
            .refused
            .keys()
            .filter(|id| pages.asked.get(id).is_some_and(|one| one.gap == decision.gap))
            .copied()
            .collect();
        pages.given_up.extend(replaced);
        pages.asked.insert(decision.id, decision.clone());
    }

    /// Notes what an outbox tells.
    pub fn told(&self, news: &News) {
        let mut pages = self.open();
        match news {
            News::Found { entries, notices } => {
                assert_eq!(notices, &[""; 0], "an outbox could not be read");
                for entry in entries {
                    // Whoever finds it in the outbox sees it: that is as good as an acknowledgement.
                    pages.acknowledged.insert(entry.decision.id);
                    assert_eq!(pages.asked.get(&entry.decision.id), Some(&entry.decision));
                    if let Status::Failed(failure) = &entry.status {
                        pages.refused.insert(entry.decision.id, failure.clone());
                    }
                }
            }
            News::Kept { id, result } => {
                result.as_ref().expect("the disk has room");
                pages.acknowledged.insert(*id);
            }
            News::Sent { id, outcome } => {
                let decision = pages.asked.get(id).expect("a decision that somebody made").clone();
                assert_eq!(outcome.version, decision.base_version + 1, "{decision:?}");
                let before = pages.sent.insert(*id, outcome.version);
                assert!(before.is_none_or(|before| before == outcome.version), "two answers for {id}");
                pages.known.insert((decision.reviewer, decision.gap, outcome.version));
            }
            News::Failed { id, failure, .. } => {
                let decision = pages.asked.get(id).expect("a decision that somebody made").clone();
                if let Failure::Conflict { version, .. } = failure {
                    pages.known.insert((decision.reviewer, decision.gap, *version));
                    pages.conflicts += 1;
                }
                pages.refused.insert(*id, failure.clone());
            }
            News::Again | News::Dropped { .. } | News::Connection(_) => {}
            News::NotDropped { error } => panic!("{error}"),
        }
    }

    pub fn claimed(&self, claim: &Claim, claimed: &Claimed) {
        let mut pages = self.open();
        for (row, lease) in &claimed.rows {
            assert_eq!((lease.token, &lease.reviewer), (claim.token, &claim.reviewer));
            pages.known.insert((claim.reviewer.clone(), row.gap.clone(), row.version));
            pages.held.push(Held { lease: lease.clone(), version: row.version, is_released: false });
        }
    }

    pub fn renewed(&self, leases: &[Lease]) {
        let mut pages = self.open();
        for lease in leases {
            let same = |held: &&mut Held| held.lease.gap == lease.gap && held.lease.token == lease.token;
            let held = pages.held.iter_mut().rev().find(same).expect("a lease that was claimed");
            held.lease.expires_at = held.lease.expires_at.max(lease.expires_at);
        }
    }

    /// Notes that a client gives gaps back, before it does.
    pub fn releases(&self, token: LeaseToken, gaps: &[GapId]) {
        for held in &mut self.open().held {
            held.is_released |= held.lease.token == token && gaps.contains(&held.lease.gap);
        }
    }
}

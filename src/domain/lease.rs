//! Leases: short, renewable claims of gaps by reviewers.

use super::{DecisionId, GapId, QueueCursor, QueueFilter, QueueRow, QueueSort, Reviewer};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::time::Duration;
use uuid::Uuid;

/// Names the claim that a lease comes from; made by the client (UUIDv7). A decision names it to show that it still
/// stands on that claim (a fencing token).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LeaseToken(pub Uuid);

impl LeaseToken {
    /// Makes a new token from the clock and randomness.
    #[expect(clippy::new_without_default, reason = "a default that differs each time would surprise")]
    pub fn new() -> Self {
        Self(Uuid::now_v7())
    }
}

impl fmt::Display for LeaseToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A gap that a reviewer holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Lease {
    #[serde(flatten)]
    pub gap: GapId,
    pub token: LeaseToken,
    pub reviewer: Reviewer,
    /// By the server's clock.
    pub claimed_at: DateTime<Utc>,
    /// By the server's clock; from then on anybody may claim the gap.
    pub expires_at: DateTime<Utc>,
}

/// What a reviewer asks for: the next gaps of a queue that nobody holds.
#[derive(Debug, Clone, PartialEq)]
pub struct Claim {
    /// Open gaps are claimed whatever its state, unless that is [`State::Second`](super::State::Second), without those whose
    /// first opinion is the reviewer's own, or [`State::Disputed`](super::State::Disputed).
    pub filter: QueueFilter,
    pub sort: QueueSort,
    /// Only gaps after this place; `None` starts at the top.
    pub after: Option<QueueCursor>,
    /// The most gaps to claim.
    pub limit: usize,
    pub reviewer: Reviewer,
    pub token: LeaseToken,
    /// How long the lease lasts, in whole milliseconds.
    pub lasts: Duration,
}

/// What a claim got, in the order of the queue.
#[derive(Debug, Clone, PartialEq)]
pub struct Claimed {
    pub rows: Vec<(QueueRow, Lease)>,
    /// The place of the last row; the next claim goes on after it. `None` where nothing was left to claim.
    pub last: Option<QueueCursor>,
}

/// What a decision is checked against beside the gap's version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fence {
    /// Nothing: the reviewer knows who holds the gap and decides all the same, or the decision is sent again.
    Open,
    /// Nobody else may hold the gap.
    Unheld,
    /// Nobody may hold the gap under another token.
    Lease(LeaseToken),
    /// This decision must be the gap's last, and nobody else may hold the gap: the reviewer decides again on what was not
    /// saved yet, and has seen nothing that came instead of it.
    After(DecisionId),
}

/// What happened to the queue since a moment: for a list to be kept fresh.
#[derive(Debug, Clone, PartialEq)]
pub struct Changes {
    /// The gaps that were decided since, as they are now, the latest decided first; never more than asked for.
    pub rows: Vec<QueueRow>,
    /// Whether more gaps were decided than there are rows: then a list is better loaded anew.
    pub cut: bool,
    /// Every lease that has not expired, the first to expire first; at most [`LEASES_SHOWN`].
    pub leases: Vec<Lease>,
    /// The server's time.
    pub now: DateTime<Utc>,
}

/// The most leases that a change feed tells of.
pub const LEASES_SHOWN: usize = 1_000;

//! What people did: decisions as a list shows them, newest first.

use super::{Action, AttributeKey, DecisionId, GapId, ProductKey, Reviewer};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Which decisions a list shows; every condition must hold.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct DecisionFilter {
    pub reviewer: Option<Reviewer>,
    pub action: Option<Action>,
    pub attribute: Option<AttributeKey>,
    pub product: Option<ProductKey>,
    /// The bulk action that the decisions are part of.
    pub batch: Option<Uuid>,
    /// The first moment (of the server's clock), inclusive.
    pub since: Option<DateTime<Utc>>,
    /// The last moment (of the server's clock), exclusive.
    pub until: Option<DateTime<Utc>>,
}

/// What a list of decisions shows of one; long texts are cut.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DecisionRow {
    pub id: DecisionId,
    #[serde(flatten)]
    pub gap: GapId,
    /// The product's name; empty where it has none or is not there any more. At most 200 characters.
    pub product_name: String,
    pub action: Action,
    /// At most 200 characters.
    pub value: Option<String>,
    /// At most 200 characters.
    pub comment: Option<String>,
    pub reviewer: Reviewer,
    /// The gap's version after the decision.
    pub result_version: i32,
    /// The decision taken back, for undo only.
    pub undoes: Option<DecisionId>,
    /// The undo that took it back, if one did.
    pub undone_by: Option<DecisionId>,
    pub batch: Option<Uuid>,
    /// When the reviewer decided, by the client's clock.
    pub decided_at: DateTime<Utc>,
    /// When the database took it.
    pub recorded_at: DateTime<Utc>,
}

/// A place in a list of decisions: the page after it holds older ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct DecisionCursor {
    pub recorded_at: DateTime<Utc>,
    pub id: DecisionId,
}

//! What people did: decisions as a list shows them, newest first.

use super::{Action, AttributeKey, Decision, DecisionId, Event, GapId, HIDDEN, ProductKey, Reviewer, State};
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

impl DecisionFilter {
    /// Tells whether being in the list tells who decided or what: what is hidden has to stay out of it.
    pub fn tells_more(&self) -> bool {
        self.reviewer.is_some() || self.action.is_some() || self.batch.is_some()
    }
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

impl DecisionRow {
    /// Leaves only that somebody gave an opinion, and when.
    #[must_use]
    pub fn hidden(self) -> Self {
        let (action, reviewer) = (Action::Opinion, Reviewer::from(HIDDEN));
        Self { action, reviewer, value: None, comment: None, batch: None, ..self }
    }
}

/// A place in a list of decisions: the page after it holds older ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct DecisionCursor {
    pub recorded_at: DateTime<Utc>,
    pub id: DecisionId,
}

/// Whether a decision can be taken back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// It is the last one in force on its gap.
    InForce {
        /// The gap's version now.
        version: i32,
        /// The state that taking it back brings the gap into.
        leads_to: State,
    },
    /// It was taken back already.
    Undone,
    /// A later decision on its gap is in force.
    Superseded { by: Reviewer },
    /// Its gap is not there any more.
    Gone,
    /// It is an undo itself.
    Undo,
}

impl Standing {
    /// Tells how a decision stands on a gap with these decisions and this version (`None`: there is no such gap).
    pub fn of(decision: &Decision, history: &[Event], version: Option<i32>) -> Self {
        if decision.action == Action::Undo {
            return Self::Undo;
        }
        let is_undone = |event: &Event| event.decision.id == decision.id && event.undone_by.is_some();
        if history.iter().any(is_undone) {
            return Self::Undone;
        }
        let Some(version) = version else { return Self::Gone };
        match Event::in_force(history) {
            Some(last) if last.decision.id != decision.id => {
                Self::Superseded { by: last.decision.reviewer.clone() }
            }
            _ => Self::InForce { version, leads_to: Self::before(decision, history) },
        }
    }

    /// Returns the state that a gap has without the last decision in force on it.
    fn before(decision: &Decision, history: &[Event]) -> State {
        let rest: Vec<Event> =
            history.iter().filter(|event| event.decision.id != decision.id).cloned().collect();
        Event::state(&rest)
    }
}

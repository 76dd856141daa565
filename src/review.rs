//! The review service: from what a reviewer saw and did to a decision in the database, and back again (undo).

pub mod bulk;
pub mod cluster;
pub mod drifts;
pub mod outbox;
pub mod takeback;
pub mod threshold;
pub mod unseen;
pub mod value;
pub mod vote;

use crate::domain::{
    Action, Decision, DecisionId, Event, ExperimentKey, GapId, ReviewCard, Reviewer, Seen, SeenCandidate,
    SeenNeighbour, State,
};
use crate::evidence::candidates::{choices_of, vote_of};
use crate::evidence::gate;
use crate::repository::{RepositoryError, Store};
use chrono::Utc;
use std::sync::Arc;

/// The most neighbours a card shows, and a decision records.
pub const NEIGHBOURS: usize = 10;

/// How a decision came about, beside what the card showed.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Circumstances {
    /// The keys that led to it (`"a"`, `"o Enter"`); empty when headless.
    pub keys: String,
    /// Seconds from showing the gap to the decision.
    pub seconds: Option<f64>,
    /// What put the gap before the reviewer (`"queue:uncertainty"`, `"command"`).
    pub policy: String,
    /// The probability with which the gap was drawn; `None` where nothing was left to chance.
    pub drawn: Option<f64>,
    /// What spoke against the value, where it was kept on purpose all the same.
    pub objections: Vec<String>,
}

/// A decision that can be taken back.
#[derive(Debug, Clone, PartialEq)]
pub struct Undoable {
    pub decision: Decision,
    /// The gap's version now.
    pub version: i32,
    /// The state that taking it back brings the gap into.
    pub leads_to: State,
}

/// One reviewer's work on one database.
#[derive(Clone)]
pub struct Review {
    store: Arc<dyn Store>,
    reviewer: Reviewer,
}

impl std::fmt::Debug for Review {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Review").field("reviewer", &self.reviewer).finish_non_exhaustive()
    }
}

impl Review {
    /// Serves a reviewer on a store.
    #[expect(clippy::needless_pass_by_value, reason = "a service takes its store")]
    pub fn new(store: Arc<dyn Store>, reviewer: Reviewer) -> Self {
        Self { store: store.for_reader(&reviewer), reviewer }
    }

    /// Returns the repositories, as the reviewer reads them.
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.store
    }

    /// Returns who decides.
    pub fn reviewer(&self) -> &Reviewer {
        &self.reviewer
    }

    /// Makes a decision on the gap of a card, with what the card showed.
    pub fn draft(
        &self,
        card: &ReviewCard,
        action: Action,
        value: Option<String>,
        comment: Option<String>,
        how: Circumstances,
    ) -> Decision {
        Self::draft_for(&self.reviewer, card, action, value, comment, how)
    }

    /// Makes a reviewer's decision on the gap of a card, with what the card showed; needs no store.
    pub fn draft_for(
        reviewer: &Reviewer,
        card: &ReviewCard,
        action: Action,
        value: Option<String>,
        comment: Option<String>,
        how: Circumstances,
    ) -> Decision {
        let merged = choices_of(card, vote_of(card).as_ref());
        let shown = merged.first();
        let seen = Seen {
            candidates: merged.iter().map(SeenCandidate::from).collect(),
            neighbours: card
                .product
                .neighbours
                .iter()
                .map(|neighbour| SeenNeighbour {
                    product_key: neighbour.product_key.clone(),
                    similarity: neighbour.similarity,
                    values: neighbour.values.clone(),
                })
                .collect(),
            keys: how.keys,
            seconds: how.seconds,
            policy: how.policy,
            selection_probability: Some(how.drawn.unwrap_or(1.0)),
            kept_on_purpose: !how.objections.is_empty(),
            objections: how.objections,
        };
        Decision {
            id: DecisionId::new(),
            gap: card.row.gap.clone(),
            action,
            value: if action.has_value() { value } else { None },
            comment,
            reviewer: reviewer.clone(),
            base_version: card.row.version,
            undoes: None,
            shown_value: shown.map(|choice| choice.value.clone()),
            shown_confidence: shown.and_then(|choice| choice.confidence),
            shown_experiment: shown.and_then(|choice| choice.experiment().cloned()),
            batch: None,
            seen,
            decided_at: Utc::now(),
        }
    }

    /// Makes a reviewer's decision that takes another back, on the gap's version; needs no store.
    pub fn draft_undo_for(reviewer: &Reviewer, undone: &Decision, version: i32) -> Decision {
        Decision {
            id: DecisionId::new(),
            gap: undone.gap.clone(),
            action: Action::Undo,
            value: None,
            comment: None,
            reviewer: reviewer.clone(),
            base_version: version,
            undoes: Some(undone.id),
            shown_value: None,
            shown_confidence: None,
            shown_experiment: None::<ExperimentKey>,
            batch: undone.batch,
            seen: Seen { policy: "undo".into(), ..Seen::default() },
            decided_at: Utc::now(),
        }
    }

    /// Finds the reviewer's last decision that is in force; `None` where there is none.
    pub async fn last_undoable(&self) -> Result<Option<Undoable>, RepositoryError> {
        let Some(event) = self.store.last_decision(&self.reviewer).await? else { return Ok(None) };
        self.undoable(&event.decision.gap).await.map(Some)
    }

    /// Finds the last decision in force on a gap.
    pub async fn undoable(&self, gap: &GapId) -> Result<Undoable, RepositoryError> {
        let row = self
            .store
            .row(gap)
            .await?
            .ok_or_else(|| RepositoryError::NotFound { what: "gap", key: gap.to_string() })?;
        let mut history = self.store.history(gap).await?;
        let decision = Event::in_force(&history)
            .ok_or_else(|| RepositoryError::NotUndoable(format!("{gap} has no decision in force")))?
            .decision
            .clone();
        history.retain(|event| event.decision.id != decision.id);
        Ok(Undoable { decision, version: row.version, leads_to: Event::state(&history) })
    }

    /// Checks a value for a gap before it is decided: its form, the allowed values, and what speaks against it.
    ///
    /// # Errors
    /// [`value::ValueProblem`] says why the value is refused and whether it may be kept on purpose.
    pub fn check(card: &ReviewCard, text: &str) -> Result<value::CheckedValue, value::ValueProblem> {
        let checked = value::check(&card.attribute, &card.allowed, text)?;
        match gate::objections(card, &checked.value) {
            objections if objections.is_empty() => Ok(checked),
            objections => Err(value::ValueProblem { reason: objections.join("; "), can_keep: true }),
        }
    }
}

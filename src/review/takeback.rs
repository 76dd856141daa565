//! Taking decisions back that were made a while ago: any one of the reviewer's own, or a bulk action as one.

use super::{Review, Undoable};
use crate::domain::{Decision, DecisionId, DecisionRow, Reviewer, Seen, Standing};
use crate::repository::RepositoryError;
use uuid::Uuid;

/// A bulk action, as far as its reviewer can take it back.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Bulk {
    /// What would be taken back.
    pub undoable: Vec<Undoable>,
    /// How many decisions were taken back already.
    pub undone: usize,
    /// How many have a later decision on their gap.
    pub superseded: usize,
    /// How many are on gaps that are not there any more.
    pub gone: usize,
    /// How many somebody else made.
    pub of_others: usize,
}

impl Bulk {
    /// Counts the decisions of the bulk action.
    pub fn count(&self) -> usize {
        self.undoable.len() + self.undone + self.superseded + self.gone + self.of_others
    }

    fn of(reviewer: &Reviewer, decisions: Vec<(DecisionRow, Standing)>) -> Self {
        let mut bulk = Self::default();
        for (row, standing) in decisions {
            match standing {
                Standing::Undone => bulk.undone += 1,
                Standing::Gone | Standing::Undo => bulk.gone += 1,
                _ if row.reviewer != *reviewer => bulk.of_others += 1,
                Standing::Superseded { .. } => bulk.superseded += 1,
                Standing::InForce { version, leads_to } => {
                    bulk.undoable.push(Undoable { decision: listed(row), version, leads_to });
                }
            }
        }
        bulk
    }
}

impl Review {
    /// Finds one decision, with everything that makes it undoable; says why where it is not.
    ///
    /// # Errors
    /// [`RepositoryError::NotFound`] for an unknown id, [`RepositoryError::NotUndoable`] for a decision that cannot be
    /// taken back by this reviewer.
    pub async fn undoable_decision(&self, id: DecisionId) -> Result<Undoable, RepositoryError> {
        let event = self.store().decision(id).await?;
        let event =
            event.ok_or_else(|| RepositoryError::NotFound { what: "decision", key: id.to_string() })?;
        let decision = event.decision;
        let row = self.store().row(&decision.gap).await?;
        let history = self.store().history(&decision.gap).await?;
        let refuse = |reason: String| Err(RepositoryError::NotUndoable(reason));
        let standing = Standing::of(&decision, &history, row.map(|row| row.version));
        match standing {
            Standing::Undo => refuse("it is an undo itself".into()),
            Standing::Undone => refuse("it was taken back already".into()),
            Standing::Gone => refuse(format!("{} is not a gap any more", decision.gap)),
            Standing::Superseded { .. } | Standing::InForce { .. }
                if decision.reviewer != *self.reviewer() =>
            {
                refuse(format!(
                    "it is a decision of {}; decide again on the gap to put yours on top",
                    decision.reviewer
                ))
            }
            Standing::Superseded { by } if by == *self.reviewer() => {
                refuse("you decided the gap again since: take that decision back first".into())
            }
            Standing::Superseded { by } => {
                refuse(format!("{by} has decided the gap since; decide again there to put yours on top"))
            }
            Standing::InForce { version, leads_to } => Ok(Undoable { decision, version, leads_to }),
        }
    }

    /// Finds what of a bulk action the reviewer can take back.
    ///
    /// # Errors
    /// [`RepositoryError::NotFound`] where there is no decision of that batch.
    pub async fn undoable_batch(&self, batch: Uuid) -> Result<Bulk, RepositoryError> {
        let decisions = self.store().batch(batch).await?;
        if decisions.is_empty() {
            return Err(RepositoryError::NotFound { what: "batch", key: batch.to_string() });
        }
        Ok(Bulk::of(self.reviewer(), decisions))
    }
}

/// Returns the decision that a list shows, as far as the list tells: enough to take it back.
fn listed(row: DecisionRow) -> Decision {
    Decision {
        id: row.id,
        gap: row.gap,
        action: row.action,
        value: row.value,
        comment: row.comment,
        reviewer: row.reviewer,
        base_version: row.result_version.saturating_sub(1),
        undoes: row.undoes,
        shown_value: None,
        shown_confidence: None,
        shown_experiment: None,
        batch: row.batch,
        seen: Seen::default(),
        decided_at: row.decided_at,
    }
}

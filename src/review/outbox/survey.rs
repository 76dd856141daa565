//! Looking at an outbox without working on it: whatever process holds its files.

use super::entries::{Entries, Status};
use super::journal::{DAMAGED, SUFFIX, files, look_at};
use super::ledger::stranger;
use super::read::read;
use super::{Ledger, OutboxError, Place};
use crate::domain::{Decision, DecisionId};
use crate::error::{AppError, ErrorKind};
use std::path::PathBuf;

/// What an outbox holds.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Survey {
    /// The unsettled decisions, the oldest first.
    pub decisions: Vec<Listed>,
    /// Files with bytes that could not be read.
    pub damaged: Vec<PathBuf>,
    /// What could not be looked at, and why.
    pub notices: Vec<String>,
}

/// An unsettled decision.
#[derive(Debug, Clone, PartialEq)]
pub struct Listed {
    pub decision: Decision,
    pub status: Status,
    /// Whether a running gapdeck works on it.
    pub is_held: bool,
}

/// Looks at an outbox.
///
/// # Errors
/// Where its directory cannot be read.
pub fn survey(place: &Place) -> Result<Survey, OutboxError> {
    let wrong = |error: std::io::Error| OutboxError::io(&place.directory, &error);
    let mut survey = Survey { damaged: files(place, DAMAGED).map_err(wrong)?, ..Survey::default() };
    for path in files(place, SUFFIX).map_err(wrong)? {
        let (bytes, is_held) = match look_at(&path) {
            Ok(found) => found,
            // Its owner has just settled the last of it.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            Err(error) => {
                survey.notices.push(OutboxError::io(&path, &error).to_string());
                continue;
            }
        };
        let contents = read(&bytes);
        if let Some(reason) = stranger(&contents.records, place) {
            survey.notices.push(format!("{}: {reason}", path.display()));
            continue;
        }
        // The owner may be in the middle of writing: only a file that nobody holds is damaged.
        if !contents.damaged.is_empty() && !is_held {
            survey
                .notices
                .push(format!("{} is damaged; the next start sets the bad part aside", path.display()));
        }
        survey.decisions.extend(Entries::fold(contents.records, 0).iter().map(|entry| Listed {
            decision: entry.decision.clone(),
            status: entry.status.clone(),
            is_held,
        }));
    }
    survey.decisions.sort_by_key(|listed| listed.decision.decided_at);
    Ok(survey)
}

/// Gives up a refused decision that no running gapdeck works on, and those that build on it; returns which.
///
/// # Errors
/// [`ErrorKind::NotFound`] for a decision that is not there, [`ErrorKind::Conflict`] for one that waits to be sent or is
/// another gapdeck's.
pub fn discard(place: &Place, id: DecisionId) -> Result<Vec<DecisionId>, AppError> {
    let listed = survey(place)?.decisions.into_iter().find(|listed| listed.decision.id == id);
    let Some(listed) = listed else {
        return Err(AppError::new(ErrorKind::NotFound, format!("the outbox holds no decision {id}"))
            .hinted("`gapdeck outbox` lists those that it holds."));
    };
    if listed.status == Status::Pending {
        return Err(AppError::new(ErrorKind::Conflict, format!("decision {id} waits to be sent: it is not discarded"))
            .hinted("`gapdeck outbox send` sends it; `gapdeck decide PRODUCT ATTRIBUTE undo` takes it back after that."));
    }
    let (mut ledger, _) = Ledger::open(place.clone());
    let dropped = ledger.discard(id)?;
    ledger.close();
    if dropped.is_empty() {
        return Err(AppError::new(ErrorKind::Conflict, format!("a running gapdeck works on decision {id}"))
            .hinted("Discard it there (O lists the outbox), or close that gapdeck first."));
    }
    Ok(dropped)
}

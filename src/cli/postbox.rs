//! The outbox for one command: keeps a decision, waits until the database has it, and says where it is if not.

use super::output::say;
use crate::domain::{Decision, DecisionId, Fence, Outcome};
use crate::error::{AppError, ErrorKind};
use crate::repository::{RepositoryError, Store};
use crate::review::outbox::{News, Outage, Outbox, Place, Rest, Status};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout_at};

/// How long a command waits for a database that is out of reach.
const PATIENCE: Duration = Duration::from_secs(5);

/// An outbox and what it tells.
#[derive(Debug)]
pub(super) struct Postbox {
    outbox: Outbox,
    news: mpsc::UnboundedReceiver<News>,
    /// What waits to be sent, as far as the news says.
    waiting: HashSet<DecisionId>,
    failed: HashSet<DecisionId>,
    sent: usize,
    outage: Option<Outage>,
    /// Until when an outage is waited out.
    until: Option<Instant>,
}

impl Postbox {
    /// Opens the outbox of a database; what is left in it is sent from now on.
    pub async fn open(place: Place, store: Arc<dyn Store>) -> Self {
        let (outbox, news) = Outbox::start(place, store).await;
        let mut postbox = Self {
            outbox,
            news,
            waiting: HashSet::new(),
            failed: HashSet::new(),
            sent: 0,
            outage: None,
            until: None,
        };
        // The first news is what was found.
        if let Some(news) = postbox.news.recv().await {
            postbox.note(&news);
        }
        postbox
    }

    /// Sends refused decisions, too.
    pub fn again(&mut self) {
        if !self.failed.is_empty() {
            self.outbox.again();
            self.waiting.extend(self.failed.drain());
        }
    }

    /// Waits until nothing waits any more; returns how many were sent.
    pub async fn send_rest(&mut self) -> Result<usize, AppError> {
        while !self.waiting.is_empty() {
            if self.next().await.is_none() {
                return Err(self.unreachable(self.waiting.len()));
            }
        }
        Ok(self.sent)
    }

    /// Keeps a decision and waits for the database's answer.
    pub async fn decide(&mut self, decision: Decision) -> Result<Outcome, AppError> {
        let wanted = decision.id;
        self.waiting.insert(wanted);
        self.outbox.keep(Box::new(decision), Fence::Open);
        loop {
            match self.next().await {
                Some(News::Kept { id, result: Err(error) }) if id == wanted => return Err(error.into()),
                Some(News::Sent { id, outcome }) if id == wanted => return Ok(outcome),
                Some(News::Failed { id, error, failure }) if id == wanted => {
                    // Whoever ran the command is told; it need not be told again.
                    self.outbox.discard(wanted);
                    let error = error.unwrap_or_else(|| RepositoryError::Database(format!("{failure:?}")));
                    return Err(error.into());
                }
                Some(News::Dropped { ids }) if ids.contains(&wanted) => {
                    let reason = "the decision that it takes back never reached the database".to_owned();
                    return Err(RepositoryError::NotUndoable(reason).into());
                }
                Some(_) => {}
                None => return Err(self.unreachable(1)),
            }
        }
    }

    /// Keeps decisions that go to the database in one transaction, and waits for its answer.
    pub async fn decide_together(&mut self, decisions: Vec<Decision>) -> Result<Vec<Outcome>, AppError> {
        let wanted: Vec<DecisionId> = decisions.iter().map(|decision| decision.id).collect();
        let Some(first) = wanted.first().copied() else { return Ok(Vec::new()) };
        let all: HashSet<DecisionId> = wanted.iter().copied().collect();
        self.waiting.extend(&all);
        self.outbox.keep_together(decisions);
        let mut outcomes: HashMap<DecisionId, Outcome> = HashMap::new();
        while outcomes.len() < wanted.len() {
            match self.next().await {
                Some(News::Kept { id, result: Err(error) }) if id == first => return Err(error.into()),
                Some(News::Sent { id, outcome }) if all.contains(&id) => {
                    outcomes.insert(id, outcome);
                }
                Some(News::Failed { id, error, failure }) if all.contains(&id) => {
                    self.outbox.discard(id);
                    let error = error.unwrap_or_else(|| RepositoryError::Database(format!("{failure:?}")));
                    return Err(error.into());
                }
                Some(_) => {}
                None => return Err(self.unreachable(wanted.len())),
            }
        }
        Ok(wanted.iter().filter_map(|id| outcomes.remove(id)).collect())
    }

    /// Ends the work; everything that was kept stays until it is sent.
    pub async fn close(self) -> Rest {
        self.outbox.finish(Duration::ZERO).await
    }

    /// Returns what is told next; `None` once an outage has lasted too long.
    async fn next(&mut self) -> Option<News> {
        let news = match self.until {
            Some(until) => timeout_at(until, self.news.recv()).await.ok().flatten(),
            None => self.news.recv().await,
        }?;
        self.note(&news);
        Some(news)
    }

    fn note(&mut self, news: &News) {
        match news {
            News::Found { entries, notices } => {
                for notice in notices {
                    say(notice);
                }
                for entry in entries {
                    let of =
                        if entry.status == Status::Pending { &mut self.waiting } else { &mut self.failed };
                    of.insert(entry.decision.id);
                }
            }
            News::Sent { id, .. } => self.sent += usize::from(self.waiting.remove(id)),
            News::Kept { id, result: Err(_) } => {
                self.waiting.remove(id);
            }
            News::Failed { id, .. } => {
                self.waiting.remove(id);
                self.failed.insert(*id);
            }
            News::Dropped { ids } => {
                for id in ids {
                    self.waiting.remove(id);
                    self.failed.remove(id);
                }
            }
            News::Connection(Some(outage)) => {
                self.outage = Some(outage.clone());
                self.until.get_or_insert_with(|| Instant::now() + PATIENCE);
            }
            News::Connection(None) => {
                self.outage = None;
                self.until = None;
            }
            News::Kept { .. } | News::Again | News::NotDropped { .. } => {}
        }
    }

    fn unreachable(&self, waiting: usize) -> AppError {
        let reason = self.outage.as_ref().map_or("the database does not answer", |outage| &outage.reason);
        let what =
            if waiting == 1 { "the decision rests".into() } else { format!("{waiting} decisions rest") };
        AppError::new(ErrorKind::Kept, format!("{reason}; {what} in the outbox"))
            .hinted("`gapdeck outbox send` sends what rests there, and so does the next start of gapdeck.")
    }
}

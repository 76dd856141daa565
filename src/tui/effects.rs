//! Runs effects on the runtime; each answers with one message.
//!
//! A read in a single statement that a newer one of its kind supersedes is aborted. Writes run one after the other in the order they were
//! asked for, and are never aborted: an undo must find the decision before it in the database.

use super::app::feed;
use super::app::msg::{Effect, Figures, Msg};
use crate::domain::{AttributeKey, ProductCard, ProductKey, QueueFilter};
use crate::repository::{RepositoryError, Result};
use crate::review::{NEIGHBOURS, Review};
use crate::tui::screens::queue::COUNT_CAP;
use futures_util::FutureExt;
use std::collections::HashMap;
use std::future::Future;
use std::mem::{Discriminant, discriminant};
use std::panic::AssertUnwindSafe;
use tokio::sync::mpsc;
use tokio::task::{AbortHandle, JoinHandle};

/// How many neighbours a walk shows.
const WALK_NEIGHBOURS: usize = 25;

/// Runs effects.
#[derive(Debug)]
pub struct Effects {
    review: Review,
    answers: mpsc::Sender<Msg>,
    reads: HashMap<Discriminant<Effect>, AbortHandle>,
    writes: mpsc::UnboundedSender<Effect>,
    /// Ends when everything asked for is written and nobody can ask for more.
    writing: JoinHandle<()>,
}

impl Effects {
    /// Serves one review; answers go to `answers`.
    pub fn new(review: Review, answers: mpsc::Sender<Msg>) -> Self {
        let (writes, queue) = mpsc::unbounded_channel();
        let writing = tokio::spawn(write_in_order(review.clone(), queue, answers.clone()));
        Self { review, answers, reads: HashMap::new(), writes, writing }
    }

    /// Starts an effect.
    pub fn start(&mut self, effect: Effect) {
        match effect {
            Effect::Decide(..) | Effect::UndoLast | Effect::Release { .. } => {
                // The writer lives as long as this value, so there is somebody to receive it.
                let _ = self.writes.send(effect);
            }
            // Cut off in its transaction, a read of neighbours would cost the connection: see `Cards::plan`.
            Effect::LoadCard(_)
            | Effect::LoadHistory(_)
            | Effect::LoadProduct { .. }
            | Effect::Claim { .. }
            | Effect::Renew { .. } => {
                self.spawn(effect);
            }
            effect => {
                let kind = discriminant(&effect);
                let handle = self.spawn(effect);
                if let Some(superseded) = self.reads.insert(kind, handle) {
                    superseded.abort();
                }
            }
        }
    }

    fn spawn(&self, effect: Effect) -> AbortHandle {
        let review = self.review.clone();
        let answers = self.answers.clone();
        tokio::spawn(async move {
            if let Some(answer) = read(&review, effect).await {
                let _ = answers.send(answer).await;
            }
        })
        .abort_handle()
    }

    /// Ends the writer once everything asked for is written, or after `patience`.
    pub async fn finish(self, patience: std::time::Duration) {
        for read in self.reads.values() {
            read.abort();
        }
        drop(self.writes);
        drop(self.answers);
        let _ = tokio::time::timeout(patience, self.writing).await;
    }
}

async fn write_in_order(
    review: Review,
    mut queue: mpsc::UnboundedReceiver<Effect>,
    answers: mpsc::Sender<Msg>,
) {
    while let Some(effect) = queue.recv().await {
        let answer = match effect {
            Effect::Decide(decision, fence) => {
                let result = guarded(review.decide_fenced(&decision, fence)).await;
                Msg::Decided { id: decision.id, result }
            }
            Effect::Release { token, gaps } => {
                // What cannot be given back expires by itself.
                if let Err(error) = guarded(review.store().release(token, &gaps)).await {
                    tracing::warn!(gaps = gaps.len(), %error, "leases could not be given back");
                }
                continue;
            }
            _ => {
                let undone = guarded(review.undo_last()).await;
                Msg::Undone { result: undone.map(|undone| undone.map(Box::new)) }
            }
        };
        // Nobody listens any more after quitting; what is left is written all the same.
        let _ = answers.send(answer).await;
    }
}

async fn read(review: &Review, effect: Effect) -> Option<Msg> {
    let store = review.store();
    Some(match effect {
        Effect::LoadPage { ticket, filter, sort, after, limit } => {
            let result = guarded(store.page(&filter, sort, after.as_ref(), limit)).await;
            Msg::Page { ticket, result }
        }
        Effect::Count { ticket, filter } => {
            Msg::Counted { ticket, result: guarded(store.count(&filter, COUNT_CAP)).await }
        }
        Effect::LoadFigures { ticket } => Msg::Figures { ticket, result: guarded(figures(review)).await },
        Effect::LoadFacets { ticket } => Msg::Facets { ticket, result: guarded(store.facets()).await },
        Effect::LoadCard(gap) => {
            let card = guarded(store.card(&gap, NEIGHBOURS)).await;
            Msg::Card { gap, result: card.map(|card| card.map(Box::new)) }
        }
        Effect::LoadHistory(gap) => {
            let result = guarded(store.history(&gap)).await;
            Msg::History { gap, result }
        }
        Effect::LoadExperiments { ticket } => {
            Msg::Experiments { ticket, result: guarded(store.experiment_summaries()).await }
        }
        Effect::LoadTrends { ticket, experiment } => {
            Msg::Trends { ticket, result: guarded(store.metric_trends(&experiment)).await }
        }
        Effect::LoadProduct { ticket, product, attribute } => {
            let result = guarded(product_card(review, &product, attribute.as_ref())).await;
            Msg::Product { ticket, result }
        }
        Effect::Claim { ticket, claim } => {
            let token = claim.token;
            Msg::Claimed { ticket, token, result: guarded(store.claim(&claim)).await }
        }
        Effect::Renew { ticket, token, gaps, lasts } => {
            Msg::Renewed { ticket, token, result: guarded(store.renew(token, &gaps, lasts)).await }
        }
        Effect::Poll { ticket, since } => {
            Msg::Changes { ticket, result: guarded(store.changes(since, feed::MOST)).await }
        }
        Effect::Decide(..) | Effect::UndoLast | Effect::Release { .. } | Effect::Suspend | Effect::Quit => {
            return None;
        }
    })
}

async fn figures(review: &Review) -> Result<Figures> {
    let open = review.store().count(&QueueFilter::default(), COUNT_CAP).await?;
    let today = review.store().decided_today(review.reviewer()).await?;
    Ok(Figures { open, today })
}

async fn product_card(
    review: &Review,
    product: &ProductKey,
    attribute: Option<&AttributeKey>,
) -> Result<Option<Box<ProductCard>>> {
    let store = review.store();
    // The neighbours are asked for once, with their values.
    let Some(mut card) = store.product_card(product, 0).await? else { return Ok(None) };
    card.neighbours = store.neighbours(product, attribute, WALK_NEIGHBOURS).await?;
    Ok(Some(Box::new(card)))
}

/// Turns a panic into an error: a wait that never ends would be worse than a message.
async fn guarded<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    AssertUnwindSafe(work)
        .catch_unwind()
        .await
        .unwrap_or_else(|_| Err(RepositoryError::Database("a fault in gapdeck itself, see the log".into())))
}

//! Looking at what may be accepted unseen, and accepting it: work that tells how far it is.

use super::{guarded, tell_of_outage};
use crate::domain::{QueueFilter, Share};
use crate::insight::threshold::Demand;
use crate::repository::{RepositoryError, abandonable};
use crate::review::Review;
use crate::review::outbox::Lookout;
use crate::review::unseen::{Accepted, Plan};
use crate::tui::app::Msg;
use crate::tui::app::msg::Unseen as News;
use crate::tui::app::slot::Ticket;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::mpsc;
use tokio::task::{AbortHandle, JoinSet};

/// Does one after the other.
#[derive(Debug)]
pub(super) struct Unseen {
    review: Review,
    answers: mpsc::Sender<Msg>,
    lookout: Lookout,
    look: Option<AbortHandle>,
    accepting: JoinSet<()>,
    /// Ends the accepting behind the transaction that is being made.
    stop: Arc<AtomicBool>,
}

impl Unseen {
    pub fn new(review: Review, answers: mpsc::Sender<Msg>, lookout: Lookout) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        Self { review, answers, lookout, look: None, accepting: JoinSet::new(), stop }
    }

    /// Looks for what may be accepted, then at what that is.
    pub fn look(&mut self, ticket: Ticket, filter: QueueFilter, demand: Demand, audit: Share) {
        self.stop();
        let (review, answers, lookout) = (self.review.clone(), self.answers.clone(), self.lookout.clone());
        let work = async move {
            let found = abandonable(guarded(review.find_threshold(&filter, demand))).await;
            let plan = match found {
                Ok(found) => {
                    let plan = found.plan(filter, audit);
                    let _ = answers.send(Msg::Unseen { ticket, news: News::Found(Box::new(found)) }).await;
                    plan
                }
                Err(error) => return fail(&answers, &lookout, ticket, error, None).await,
            };
            let Some(plan) = plan else { return };
            let mut told = |rows: u64| {
                // One that does not fit is followed by another.
                let _ = answers.try_send(Msg::Unseen { ticket, news: News::Read(rows) });
            };
            match abandonable(guarded(review.preview(&plan, &mut told))).await {
                Ok(preview) => {
                    let news = News::Previewed(Box::new(preview));
                    let _ = answers.send(Msg::Unseen { ticket, news }).await;
                }
                Err(error) => fail(&answers, &lookout, ticket, error, None).await,
            }
        };
        self.look = Some(tokio::spawn(work).abort_handle());
    }

    /// Accepts it; never aborted.
    pub fn accept(&mut self, ticket: Ticket, plan: Plan) {
        self.stop = Arc::new(AtomicBool::new(false));
        let stop = Arc::clone(&self.stop);
        let (review, answers, lookout) = (self.review.clone(), self.answers.clone(), self.lookout.clone());
        self.accepting.spawn(async move {
            let mut last = None;
            let mut told = |done: &Accepted| {
                last = Some(*done);
                let _ = answers.try_send(Msg::Unseen { ticket, news: News::Accepted(*done) });
                if stop.load(Ordering::Relaxed) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            };
            match guarded(review.accept_unseen(&plan, &mut told)).await {
                Ok(done) => {
                    let _ = answers.send(Msg::Unseen { ticket, news: News::Ended(done) }).await;
                }
                Err(error) => fail(&answers, &lookout, ticket, error, last).await,
            }
        });
    }

    /// Ends the look at once, the accepting behind the transaction that is being made.
    pub fn stop(&mut self) {
        if let Some(look) = self.look.take() {
            look.abort();
        }
        self.stop.store(true, Ordering::Relaxed);
    }

    /// Stops, and waits until the transaction that is being made is done.
    pub async fn finish(&mut self) {
        self.stop();
        while self.accepting.join_next().await.is_some() {}
    }
}

async fn fail(
    answers: &mpsc::Sender<Msg>,
    lookout: &Lookout,
    ticket: Ticket,
    error: RepositoryError,
    done: Option<Accepted>,
) {
    let answer = Msg::Unseen { ticket, news: News::Failed(error, done) };
    tell_of_outage(lookout, &answer);
    let _ = answers.send(answer).await;
}

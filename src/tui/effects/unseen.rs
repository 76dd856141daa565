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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Action, Count, Decision, DecisionId, Lot, QueueSort, Seen, StateFilter};
    use crate::repository::{QueueRepository, RecommendationRepository, Store};
    use crate::review::unseen::tests::gaps;

    const DEMAND: Demand = Demand { error: 0.02, assurance: 0.95, step: 25 };

    /// 1,200 gaps, of which the first 200 by lot were decided: all as predicted.
    async fn sampled() -> Arc<dyn Store> {
        let store = gaps(1_200).await;
        let rows = store.page(&QueueFilter::default(), QueueSort::Random, None, 200).await.unwrap().rows;
        for row in rows {
            let decision = Decision {
                id: DecisionId::new(),
                gap: row.gap,
                action: Action::Accept,
                value: Some("wide".into()),
                comment: None,
                reviewer: "ada".into(),
                base_version: 0,
                undoes: None,
                shown_value: None,
                shown_confidence: None,
                shown_experiment: None,
                batch: None,
                seen: Seen { policy: "queue:random".into(), ..Seen::default() },
                decided_at: chrono::Utc::now(),
            };
            store.decide(&decision).await.unwrap();
        }
        store
    }

    async fn news(answers: &mut mpsc::Receiver<Msg>) -> News {
        match answers.recv().await {
            Some(Msg::Unseen { ticket: Ticket(7), news }) => news,
            other => panic!("{other:?}"),
        }
    }

    #[tokio::test]
    async fn it_is_found_looked_at_and_accepted_up_to_the_transaction_that_a_stop_meets() {
        let store = sampled().await;
        let review = Review::new(Arc::clone(&store), "ada".into());
        let (sender, mut answers) = mpsc::channel(64);
        let mut unseen = Unseen::new(review.clone(), sender, Lookout::idle());
        let audit = Share::try_from(0.05).unwrap();
        unseen.look(Ticket(7), QueueFilter::default(), DEMAND, audit);
        let News::Found(found) = news(&mut answers).await else { panic!("nothing found") };
        let plan = found.plan(QueueFilter::default(), audit).unwrap();
        assert_eq!(found.covered.map(Count::value), Some(1_000));
        assert!(matches!(news(&mut answers).await, News::Read(1_000)));
        let News::Previewed(preview) = news(&mut answers).await else { panic!("no preview") };
        assert_eq!(preview.accepted + preview.kept_out, 1_000);
        assert!(preview.kept_out > 20, "{preview:?}");

        unseen.accept(Ticket(7), plan);
        unseen.stop();
        let News::Accepted(done) = news(&mut answers).await else { panic!("not told how far it is") };
        assert_eq!(done.accepted + done.kept_out, 500, "the first transaction, and no other");
        let News::Ended(end) = news(&mut answers).await else { panic!("no end") };
        assert_eq!(end, done);
        unseen.finish().await;
        let open = QueueFilter { state: StateFilter::Open, ..QueueFilter::default() };
        assert_eq!(store.count(&open, 10_000).await.unwrap().value(), 1_000 - done.accepted);
        let first = store.page(&open, QueueSort::Random, None, 1).await.unwrap().rows;
        assert!(Lot::Sample.of(&first[0].gap) >= found.sample.share, "the next to be drawn stays for people");
    }

    #[tokio::test]
    async fn a_look_that_is_left_tells_nothing_more() {
        let review = Review::new(sampled().await, "ada".into());
        let (sender, mut answers) = mpsc::channel(64);
        let mut unseen = Unseen::new(review, sender, Lookout::idle());
        unseen.look(Ticket(7), QueueFilter::default(), DEMAND, Share::NONE);
        unseen.stop();
        drop(unseen);
        assert!(answers.recv().await.is_none(), "it was aborted before it began");
    }
}

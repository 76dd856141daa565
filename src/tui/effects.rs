//! Runs effects on the runtime; each answers with one message.
//!
//! A read in a single statement that a newer one of its kind supersedes is aborted. Decisions go to the outbox, which brings them to the
//! disk and sends them in the order they were made.

mod unseen;

use super::app::feed;
use super::app::flow::LASTS;
use super::app::msg::{Effect, Figures, Found, Msg, TakeBack};
use crate::domain::{
    AttributeKey, GapId, JudgedBy, JudgedFilter, LeaseToken, ProductCard, ProductKey, QueueFilter, State,
    StateFilter,
};
use crate::repository::{JudgedGroup, RepositoryError, Result, abandonable};
use crate::review::drifts::drifts;
use crate::review::outbox::{Lookout, Outbox, Rest};
use crate::review::{NEIGHBOURS, Review};
use crate::tui::screens::queue::COUNT_CAP;
use futures_util::FutureExt;
use std::collections::HashMap;
use std::future::Future;
use std::mem::{Discriminant, discriminant};
use std::ops::ControlFlow;
use std::panic::AssertUnwindSafe;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::{AbortHandle, JoinSet};
use unseen::Unseen;

/// How many neighbours a walk shows.
const WALK_NEIGHBOURS: usize = 25;
/// Up to where gaps that wait for an opinion are counted exactly.
const OPINIONS_CAP: u64 = 1_000;
/// How long a shared database may take for a read before it counts as out of reach. Longer than it lets a statement run.
const PATIENCE: Duration = Duration::from_secs(40);

/// Runs effects.
#[derive(Debug)]
pub struct Effects {
    review: Review,
    answers: mpsc::Sender<Msg>,
    reads: HashMap<Discriminant<Effect>, (AbortHandle, Effect)>,
    /// Reads that a newer one does not supersede.
    others: Vec<(AbortHandle, Effect)>,
    releases: JoinSet<()>,
    outbox: Outbox,
    unseen: Unseen,
    patience: Option<Duration>,
}

impl Effects {
    /// Serves one review; answers go to `answers`.
    pub fn new(review: Review, outbox: Outbox, answers: mpsc::Sender<Msg>, shared: bool) -> Self {
        let patience = shared.then_some(PATIENCE);
        let unseen = Unseen::new(review.clone(), answers.clone(), outbox.lookout());
        Self {
            review,
            answers,
            reads: HashMap::new(),
            others: Vec::new(),
            releases: JoinSet::new(),
            outbox,
            unseen,
            patience,
        }
    }

    /// Starts an effect.
    pub fn start(&mut self, effect: Effect) {
        match effect {
            Effect::Decide(decision, fence) => self.outbox.keep(decision, fence),
            Effect::DecideTogether(decisions) => self.outbox.keep_together(decisions),
            Effect::SendNow => self.outbox.send_now(),
            Effect::SendAgain => self.outbox.again(),
            Effect::Discard(id) => self.outbox.discard(id),
            Effect::Release { token, gaps } => self.release(token, gaps),
            Effect::LookUnseen { ticket, filter, demand, audit } => {
                self.unseen.look(ticket, *filter, demand, audit);
            }
            Effect::AcceptUnseen { ticket, plan } => self.unseen.accept(ticket, *plan),
            Effect::StopUnseen => self.unseen.stop(),
            // Cut off in its transaction, a read of neighbours would cost the connection: see `Cards::plan`.
            Effect::LoadCard(_)
            | Effect::LoadHistory(_)
            | Effect::LoadProduct { .. }
            | Effect::FindTakeBack { .. }
            | Effect::LoadAlike { .. } => {
                let handle = self.spawn(effect.clone());
                self.others.retain(|(other, _)| !other.is_finished());
                self.others.push((handle, effect));
            }
            Effect::CancelReads => self.cancel(),
            effect if effect.writes() => {
                self.spawn(effect);
            }
            effect => {
                let kind = discriminant(&effect);
                let handle = self.spawn(effect.clone());
                if let Some((superseded, _)) = self.reads.insert(kind, (handle, effect)) {
                    superseded.abort();
                }
            }
        }
    }

    /// Answers every read that is under way as cancelled. On a server it ends there, too, which costs some their connection;
    /// the embedded database has but one, so there these go on, for nobody.
    fn cancel(&mut self) {
        let has_connections = self.patience.is_some();
        let single = self.reads.drain().map(|(_, read)| (true, read));
        let several = self.others.drain(..).map(|read| (has_connections, read));
        let cancelled: Vec<_> = single.chain(several).collect();
        let mut answers = Vec::new();
        for (can_abort, (handle, effect)) in cancelled {
            if handle.is_finished() {
                continue;
            }
            if can_abort {
                handle.abort();
            }
            answers.extend(effect.refused(&RepositoryError::Cancelled));
        }
        let to = self.answers.clone();
        tokio::spawn(async move {
            for answer in answers {
                let _ = to.send(answer).await;
            }
        });
    }

    fn spawn(&self, effect: Effect) -> AbortHandle {
        let review = self.review.clone();
        let answers = self.answers.clone();
        let lookout = self.outbox.lookout();
        // Thousands of decisions take their time, transaction by transaction.
        let patience = self.patience.filter(|_| !matches!(effect, Effect::AcceptCluster { .. }));
        tokio::spawn(async move {
            let unanswered = effect.clone();
            let reading = async {
                if effect.writes() {
                    read(&review, effect).await
                } else {
                    abandonable(read(&review, effect)).await
                }
            };
            let answer = match patience {
                Some(patience) => match tokio::time::timeout(patience, reading).await {
                    Ok(answer) => answer,
                    Err(_) => unanswered.refused(&no_answer(patience)),
                },
                None => reading.await,
            };
            let Some(answer) = answer else { return };
            tell_of_outage(&lookout, &answer);
            let _ = answers.send(answer).await;
        })
        .abort_handle()
    }

    /// Gives gaps back; what cannot be given back expires by itself.
    fn release(&mut self, token: LeaseToken, gaps: Vec<GapId>) {
        let review = self.review.clone();
        self.releases.spawn(async move {
            if let Err(error) = guarded(review.store().release(token, &gaps)).await {
                tracing::warn!(gaps = gaps.len(), %error, "leases could not be given back");
            }
        });
    }

    /// Ends the work: leaves gaps' release the time of `patience`, and the outbox to the next start; returns what stays in it.
    pub async fn finish(mut self, patience: Duration) -> Rest {
        for (read, _) in self.reads.values() {
            read.abort();
        }
        let ended = async {
            while self.releases.join_next().await.is_some() {}
            self.unseen.finish().await;
        };
        let _ = tokio::time::timeout(patience, ended).await;
        // Everything that could be sent in a moment has been.
        self.outbox.finish(Duration::ZERO).await
    }
}

fn no_answer(patience: Duration) -> RepositoryError {
    RepositoryError::Unavailable(format!("no answer within {} seconds", patience.as_secs()))
}

/// Lets the outbox, which alone tries again, know that a read did not reach the database.
fn tell_of_outage(lookout: &Lookout, answer: &Msg) {
    if let Some(RepositoryError::Unavailable(reason)) = answer.error() {
        lookout.lost(reason.clone());
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
        Effect::LoadProduct { ticket, product, attribute } => {
            let result = guarded(product_card(review, &product, attribute.as_ref())).await;
            Msg::Product { ticket, result }
        }
        Effect::FindUndo => {
            let found = guarded(review.last_undoable()).await;
            Msg::FoundUndo { result: found.map(|found| found.map(Box::new)) }
        }
        Effect::Claim { ticket, claim } => {
            let token = claim.token;
            Msg::Claimed { ticket, token, result: guarded(store.claim(&claim)).await }
        }
        Effect::Renew { ticket, token, gaps, lasts } => {
            Msg::Renewed { ticket, token, result: guarded(store.renew(token, &gaps, lasts)).await }
        }
        Effect::LoadSeeds { ticket, token, filter, limit } => {
            let result = guarded(store.seeds(&filter, review.reviewer(), limit)).await;
            Msg::Seeds { ticket, token, result }
        }
        Effect::Answer(answer) => Msg::Answered { result: guarded(store.answer_seeded(&answer)).await },
        Effect::Poll { ticket, since } => {
            Msg::Changes { ticket, result: guarded(store.changes(since, feed::MOST)).await }
        }
        Effect::LoadActivity { ticket, filter, after, limit } => {
            Msg::Activity { ticket, result: guarded(store.decisions(&filter, after.as_ref(), limit)).await }
        }
        Effect::LoadEvents { ticket, gap } => {
            Msg::Events { ticket, result: guarded(store.history(&gap)).await }
        }
        Effect::Hold { ticket, token, gaps, state } => {
            let result = guarded(review.hold(&gaps, state, token, LASTS)).await;
            Msg::Held { ticket, token, result: result.map(Box::new) }
        }
        Effect::LoadAlike { ticket, to } => Msg::Alike { ticket, result: guarded(store.alike(&to)).await },
        Effect::FindTakeBack { ticket, what } => {
            Msg::FoundTakeBack { ticket, result: guarded(find_take_back(review, what)).await }
        }
        other => return read_figures(review, other).await,
    })
}

/// Reads what the screens about predictions and clusters show.
async fn read_figures(review: &Review, effect: Effect) -> Option<Msg> {
    let store = review.store();
    Some(match effect {
        Effect::LoadExperiments { ticket } => {
            Msg::Experiments { ticket, result: guarded(store.experiment_summaries()).await }
        }
        Effect::LoadTrends { ticket, experiment } => {
            Msg::Trends { ticket, result: guarded(store.metric_trends(&experiment)).await }
        }
        Effect::LoadJudged { ticket, filter } => {
            let groups = guarded(store.judged(&filter, JudgedBy::Experiment)).await;
            let cells = |groups: Vec<JudgedGroup>| groups.into_iter().flat_map(|group| group.cells).collect();
            Msg::Judged { ticket, result: groups.map(cells) }
        }
        Effect::LoadGroups { ticket, by } => {
            Msg::Groups { ticket, result: guarded(store.judged(&JudgedFilter::default(), by)).await }
        }
        Effect::LoadDays { ticket, since } => Msg::Days { ticket, result: guarded(store.days(since)).await },
        Effect::LoadSample { ticket, filter } => {
            Msg::Sampled { ticket, result: guarded(store.sample(&filter)).await }
        }
        Effect::LoadDrifts { ticket, by } => {
            let result = guarded(drifts(&**store, &JudgedFilter::default(), by)).await;
            Msg::Drifts { ticket, by, result }
        }
        Effect::Compare { ticket, first, second } => {
            Msg::Compared { ticket, result: guarded(store.compare(&first, &second)).await }
        }
        Effect::LoadDifferences { ticket, side, winner, loser, limit } => {
            let result = guarded(store.differences(&winner, &loser, None, limit)).await;
            Msg::Differences { ticket, side, result }
        }
        Effect::LoadValueGroups { ticket, filter } => {
            Msg::ValueGroups { ticket, result: guarded(review.groups(&filter)).await }
        }
        Effect::LoadClusters { ticket, group } => {
            Msg::Clusters { ticket, result: guarded(review.clusters(&group)).await.map(Box::new) }
        }
        Effect::AcceptCluster { ticket, cluster } => {
            let result = guarded(review.accept_cluster(&cluster, &mut |_| ControlFlow::Continue(()))).await;
            Msg::Accepted { ticket, result }
        }
        _ => return None,
    })
}

async fn find_take_back(review: &Review, what: TakeBack) -> Result<Found> {
    match what.batch {
        Some(batch) => Ok(Found::Bulk(Box::new(review.undoable_batch(batch).await?), what.id)),
        None => Ok(Found::One(Box::new(review.undoable_decision(what.id).await?))),
    }
}

async fn figures(review: &Review) -> Result<Figures> {
    let count = async |state: StateFilter, cap: u64| {
        review.store().count(&QueueFilter { state, ..QueueFilter::default() }, cap).await
    };
    let open = count(StateFilter::Open, COUNT_CAP).await?;
    let second = count(StateFilter::Only(State::Second), OPINIONS_CAP).await?;
    let disputed = count(StateFilter::Only(State::Disputed), OPINIONS_CAP).await?;
    let today = review.store().decided_today(review.reviewer()).await?;
    let policy = review.store().policy().await?;
    Ok(Figures { open, second, disputed, today, policy })
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

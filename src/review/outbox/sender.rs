//! The outbox at work: keeps decisions, and sends them in the background, in order, until the database has them.

use super::backoff::Backoff;
use super::ledger::Kept;
use super::news::{News, Outage, Rest};
use super::record::Failure;
use super::{Ledger, OutboxError, Place};
use crate::domain::{Decision, DecisionId, Fence, Outcome};
use crate::repository::{RepositoryError, Store};
use chrono::Utc;
use futures_util::FutureExt;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until, timeout};

/// How long the database may take for one decision, before it counts as out of reach. Longer than it lets a statement run.
const PATIENCE: Duration = Duration::from_secs(40);
/// How much longer it may take for each of those that go together.
const PATIENCE_EACH: Duration = Duration::from_millis(20);
/// What is said where something went wrong that cannot.
const FAULT: &str = "a fault in gapdeck itself";
/// How often a decision is tried that the database refuses for a reason of its own (a missing privilege, a full disk).
const TRIES: u32 = 3;
/// How many decisions are written together at most.
const TOGETHER: usize = 256;

enum Command {
    Keep(Box<Decision>, Fence),
    KeepTogether(Vec<Decision>),
    SendNow,
    Again,
    Discard(DecisionId),
    Lost(String),
    Finish(Duration, oneshot::Sender<Rest>),
}

/// A database's outbox at work. Dropped without [`Outbox::finish`], it leaves everything as a killed process would.
#[derive(Debug)]
pub struct Outbox {
    commands: mpsc::UnboundedSender<Command>,
    working: JoinHandle<()>,
}

impl Outbox {
    /// Adopts what dead processes left and starts to send it; the first news tells of it.
    pub async fn start(place: Place, store: Arc<dyn Store>) -> (Self, mpsc::UnboundedReceiver<News>) {
        outlive_file_size_limit();
        let (tell, news) = mpsc::unbounded_channel();
        let (commands, orders) = mpsc::unbounded_channel();
        let opened = {
            let place = place.clone();
            tokio::task::spawn_blocking(move || Ledger::open(place)).await
        };
        let (ledger, notices) = opened.unwrap_or_else(|_| {
            (Ledger::empty(place), vec!["the outbox could not be read: a fault in gapdeck itself".into()])
        });
        for notice in &notices {
            tracing::warn!("{notice}");
        }
        let _ = tell.send(News::Found { entries: ledger.entries().cloned().collect(), notices });
        let sender = Sender {
            ledger: Arc::new(Mutex::new(ledger)),
            store,
            tell,
            sending: None,
            backoff: Backoff::default(),
            outage: None,
            next_try: None,
            tries: None,
        };
        (Self { commands, working: tokio::spawn(sender.work(orders)) }, news)
    }

    /// Keeps a decision and sends it when its turn comes; [`News::Kept`] tells when it is on the disk.
    pub fn keep(&self, decision: Box<Decision>, fence: Fence) {
        // The work goes on as long as this value lives, so there is somebody to receive it.
        let _ = self.commands.send(Command::Keep(decision, fence));
    }

    /// Keeps decisions on as many gaps and sends them in one transaction when their turn comes; [`News::Kept`] tells of each.
    pub fn keep_together(&self, decisions: Vec<Decision>) {
        let _ = self.commands.send(Command::KeepTogether(decisions));
    }

    /// Tries to reach the database now, however long the wait would still be.
    pub fn send_now(&self) {
        let _ = self.commands.send(Command::SendNow);
    }

    /// Sends the refused decisions again, too.
    pub fn again(&self) {
        let _ = self.commands.send(Command::Again);
    }

    /// Gives up a refused decision and those that build on it.
    pub fn discard(&self, id: DecisionId) {
        let _ = self.commands.send(Command::Discard(id));
    }

    /// Returns what others tell the outbox by that they could not reach the database.
    pub fn lookout(&self) -> Lookout {
        Lookout(self.commands.downgrade())
    }

    /// Ends the work once everything is sent, the database is out of reach, or `patience` has run out.
    pub async fn finish(self, patience: Duration) -> Rest {
        let (reply, rest) = oneshot::channel();
        let _ = self.commands.send(Command::Finish(patience, reply));
        let rest = rest.await.unwrap_or_default();
        let _ = self.working.await;
        rest
    }
}

/// Tells the outbox what others find out about the database: one place knows of an outage, and tries again for all.
#[derive(Debug, Clone)]
pub struct Lookout(mpsc::WeakUnboundedSender<Command>);

impl Lookout {
    /// Says that the database could not be reached.
    pub fn lost(&self, reason: String) {
        if let Some(commands) = self.0.upgrade() {
            let _ = commands.send(Command::Lost(reason));
        }
    }

    /// Makes one that nobody listens to.
    #[cfg(test)]
    pub fn idle() -> Self {
        Self(mpsc::unbounded_channel().0.downgrade())
    }
}

/// Lets a write beyond the limit on a file's size fail: by itself, the signal would end the process.
fn outlive_file_size_limit() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        // Stays in force after the listener has gone.
        drop(signal(SignalKind::from_raw(rustix::process::Signal::XFSZ.as_raw())));
    }
}

/// What is on its way to the database, in one transaction.
struct Sending {
    /// The decisions; none where the database is only asked whether it is there, because nothing waits to be sent and
    /// others wait for it.
    ids: Vec<DecisionId>,
    answer: JoinHandle<Answer>,
}

/// What the database took.
type Answer = Result<Vec<Outcome>, RepositoryError>;

struct Sender {
    ledger: Arc<Mutex<Ledger>>,
    store: Arc<dyn Store>,
    tell: mpsc::UnboundedSender<News>,
    sending: Option<Sending>,
    backoff: Backoff,
    outage: Option<Outage>,
    /// When to try again; none where nothing stands in the way.
    next_try: Option<Instant>,
    /// How often the database has refused the decision whose turn it is, for a reason of its own.
    tries: Option<(DecisionId, u32)>,
}

/// What woke the sender.
enum Event {
    Command(Option<Command>),
    Answer(Answer),
    Again,
    TimeIsUp,
}

impl Sender {
    async fn work(mut self, mut orders: mpsc::UnboundedReceiver<Command>) {
        let mut finishing: Option<(Instant, oneshot::Sender<Rest>)> = None;
        loop {
            self.send_next();
            if finishing.is_some() && (self.sending.is_none() || self.outage.is_some()) {
                break;
            }
            let event = self.wait(&mut orders, finishing.as_ref().map(|(until, _)| *until)).await;
            match event {
                Event::Command(Some(Command::Keep(decision, fence))) => {
                    let rest = self.keep(*decision, fence, &mut orders).await;
                    if let Some(command) = rest {
                        self.obey(command, &mut finishing).await;
                    }
                }
                Event::Command(Some(command)) => self.obey(command, &mut finishing).await,
                Event::Answer(answer) => self.answered(answer).await,
                Event::Again => self.next_try = None,
                Event::Command(None) | Event::TimeIsUp => break,
            }
        }
        if let Some(sending) = self.sending.take() {
            // The database may have it or not: the next start asks again.
            sending.answer.abort();
        }
        let Some((_, reply)) = finishing else { return };
        let ledger = Arc::clone(&self.ledger);
        drop(self);
        let closed = tokio::task::spawn_blocking(move || {
            Arc::into_inner(ledger)
                .map(|ledger| ledger.into_inner().unwrap_or_else(PoisonError::into_inner).close())
        });
        let (pending, failed) = closed.await.ok().flatten().unwrap_or_default();
        let _ = reply.send(Rest { pending, failed });
    }

    async fn wait(&mut self, orders: &mut mpsc::UnboundedReceiver<Command>, until: Option<Instant>) -> Event {
        let clock = async |at: Option<Instant>| match at {
            Some(at) => sleep_until(at).await,
            None => std::future::pending().await,
        };
        let answer = async {
            match &mut self.sending {
                Some(sending) => (&mut sending.answer).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            // A decision that was just made comes first: somebody waits for it.
            biased;
            command = orders.recv() => Event::Command(command),
            answer = answer => {
                Event::Answer(answer.unwrap_or_else(|_| Err(fault())))
            }
            () = clock(self.next_try) => Event::Again,
            () = clock(until) => Event::TimeIsUp,
        }
    }

    async fn obey(&mut self, command: Command, finishing: &mut Option<(Instant, oneshot::Sender<Rest>)>) {
        match command {
            Command::Keep(..) => {}
            Command::KeepTogether(decisions) => self.keep_together(decisions).await,
            Command::SendNow => self.next_try = None,
            Command::Again => {
                self.next_try = None;
                if self.with_ledger(Ledger::again).await.is_some_and(|count| count > 0) {
                    self.say(News::Again);
                }
            }
            Command::Discard(id) => match self.with_ledger(move |ledger| ledger.discard(id)).await {
                Some(Ok(ids)) => self.say(News::Dropped { ids }),
                Some(Err(error)) => self.say(News::NotDropped { error }),
                None => {}
            },
            Command::Lost(reason) => self.lost(reason),
            Command::Finish(patience, reply) => *finishing = Some((Instant::now() + patience, reply)),
        }
    }

    /// Keeps a decision and those that wait behind it, with one wait for the disk; returns another command met there.
    async fn keep(
        &mut self,
        decision: Decision,
        fence: Fence,
        orders: &mut mpsc::UnboundedReceiver<Command>,
    ) -> Option<Command> {
        let mut batch = vec![(decision, fence)];
        let mut other = None;
        while batch.len() < TOGETHER {
            match orders.try_recv() {
                Ok(Command::Keep(decision, fence)) => batch.push((*decision, fence)),
                Ok(command) => {
                    other = Some(command);
                    break;
                }
                Err(_) => break,
            }
        }
        let ids: Vec<DecisionId> = batch.iter().map(|(decision, _)| decision.id).collect();
        let Some(kept) = self.with_ledger(|ledger| ledger.keep(batch)).await else {
            let error = OutboxError::new("outbox".as_ref(), FAULT);
            for id in ids {
                self.say(News::Kept { id, result: Err(error.clone()) });
            }
            return other;
        };
        for (id, result) in kept {
            let gone = match &result {
                Ok(Kept::Kept { replaced }) => replaced.clone(),
                Ok(Kept::Withdrawn { of }) => vec![*of, id],
                Err(_) => Vec::new(),
            };
            self.say(News::Kept { id, result: result.map(|_| ()) });
            if !gone.is_empty() {
                self.say(News::Dropped { ids: gone });
            }
        }
        other
    }

    /// Keeps decisions that go to the database in one transaction.
    async fn keep_together(&mut self, decisions: Vec<Decision>) {
        let ids: Vec<DecisionId> = decisions.iter().map(|decision| decision.id).collect();
        let kept = self.with_ledger(move |ledger| ledger.keep_together(decisions)).await;
        let kept = kept.unwrap_or_else(|| Err(OutboxError::new("outbox".as_ref(), FAULT)));
        for id in ids {
            self.say(News::Kept { id, result: kept.as_ref().map(|_| ()).map_err(Clone::clone) });
        }
        if let Ok(ids) = kept
            && !ids.is_empty()
        {
            self.say(News::Dropped { ids });
        }
    }

    /// Starts to send the decision whose turn it is, unless one is on its way or a wait is on.
    fn send_next(&mut self) {
        if self.sending.is_some() || self.next_try.is_some() {
            return;
        }
        let next = self.lock(|ledger| {
            let next = ledger.next();
            let fence = next.first().map(|entry| (entry.fence, entry.together));
            let decisions: Vec<Decision> = next.iter().map(|entry| entry.decision.clone()).collect();
            fence.map(|fence| (decisions, fence))
        });
        if next.is_none() && self.outage.is_none() {
            return;
        }
        let (decisions, (fence, together)) = next.unwrap_or_else(|| (Vec::new(), (Fence::Open, None)));
        let ids = decisions.iter().map(|decision| decision.id).collect();
        let store = Arc::clone(&self.store);
        if let Some(outage) = &mut self.outage {
            outage.next_try = None;
            let outage = Some(outage.clone());
            self.say(News::Connection(outage));
        }
        let patience = PATIENCE + PATIENCE_EACH * u32::try_from(decisions.len()).unwrap_or(u32::MAX);
        let answer = tokio::spawn(async move {
            let deciding = async {
                match (decisions.as_slice(), together) {
                    // The least that only the primary can answer.
                    ([], _) => store.changes(None, 1).await.map(|_| Vec::new()),
                    ([decision], None) => Ok(vec![store.decide_fenced(decision, fence).await?]),
                    (decisions, _) => store.decide_together(decisions).await,
                }
            };
            if let Ok(answer) = timeout(patience, AssertUnwindSafe(deciding).catch_unwind()).await {
                return answer.unwrap_or_else(|_| Err(fault()));
            }
            let reason = format!("no answer within {} seconds", patience.as_secs());
            Err(RepositoryError::Unavailable(reason))
        });
        self.sending = Some(Sending { ids, answer });
    }

    async fn answered(&mut self, answer: Answer) {
        let Some(Sending { ids, .. }) = self.sending.take() else { return };
        let Some(first) = ids.first().copied() else {
            return match answer {
                Err(error @ RepositoryError::Unavailable(_)) => self.wait_and_try_again(&error),
                // A refusal is an answer, too.
                Ok(_) | Err(_) => self.reached(),
            };
        };
        let error = match answer {
            Ok(outcomes) => {
                let sent = ids.clone();
                self.with_ledger(move |ledger| ledger.sent(&sent)).await;
                self.reached();
                for (id, outcome) in ids.into_iter().zip(outcomes) {
                    self.say(News::Sent { id, outcome });
                }
                return;
            }
            Err(error) => error,
        };
        let Some(failure) = self.judged(first, &error) else { return self.wait_and_try_again(&error) };
        let failure = if ids.len() > 1 {
            // One that is refused stands for all: none of them was taken.
            Failure::Refused { reason: format!("none of {} was saved: {error}", ids.len()) }
        } else {
            failure
        };
        let Some(changes) = self.with_ledger(move |ledger| ledger.failed(first, &failure)).await else {
            return;
        };
        self.reached();
        for (failed, failure) in changes.failed {
            let error = ids.contains(&failed).then(|| error.clone());
            self.say(News::Failed { id: failed, failure, error });
        }
        if !changes.dropped.is_empty() {
            self.say(News::Dropped { ids: changes.dropped });
        }
    }

    /// Says what a refusal means; none while trying again may help.
    fn judged(&mut self, id: DecisionId, error: &RepositoryError) -> Option<Failure> {
        if matches!(error, RepositoryError::Database(_)) {
            let tried = self.tries.filter(|(of, _)| *of == id).map_or(0, |(_, tried)| tried) + 1;
            self.tries = Some((id, tried));
            if tried < TRIES {
                return None;
            }
        }
        Failure::of(error)
    }

    /// Notes that the database answered.
    fn reached(&mut self) {
        self.backoff.reset();
        self.next_try = None;
        self.tries = None;
        if self.outage.take().is_some() {
            self.say(News::Connection(None));
        }
    }

    /// Takes from somebody else that the database is out of reach.
    fn lost(&mut self, reason: String) {
        if self.outage.is_some() {
            return;
        }
        if self.sending.is_none() {
            return self.wait_and_try_again(&RepositoryError::Unavailable(reason));
        }
        // What is on its way right now tells how it is.
        let outage = Outage { since: Utc::now(), next_try: None, reason };
        self.outage = Some(outage.clone());
        self.say(News::Connection(Some(outage)));
    }

    fn wait_and_try_again(&mut self, error: &RepositoryError) {
        let wait = self.backoff.next();
        self.next_try = Some(Instant::now() + wait);
        if !matches!(error, RepositoryError::Unavailable(_)) {
            // It refuses, so it is there.
            if self.outage.take().is_some() {
                self.say(News::Connection(None));
            }
            return;
        }
        let since = self.outage.take().map_or_else(Utc::now, |outage| outage.since);
        let outage = Outage { since, next_try: Some(Utc::now() + wait), reason: error.to_string() };
        self.outage = Some(outage.clone());
        self.say(News::Connection(Some(outage)));
    }

    fn say(&self, news: News) {
        // Nobody listens any more after quitting; what is left is sent all the same.
        let _ = self.tell.send(news);
    }

    fn lock<T>(&self, look: impl FnOnce(&Ledger) -> T) -> T {
        look(&self.ledger.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Does something that waits for the disk, on a thread that may.
    async fn with_ledger<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Ledger) -> T + Send + 'static,
    ) -> Option<T> {
        let ledger = Arc::clone(&self.ledger);
        let done = tokio::task::spawn_blocking(move || {
            work(&mut ledger.lock().unwrap_or_else(PoisonError::into_inner))
        });
        done.await.ok()
    }
}

fn fault() -> RepositoryError {
    RepositoryError::Database("a fault in gapdeck itself, see the log".into())
}

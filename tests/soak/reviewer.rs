//! A reviewer at work: claims gaps, thinks, decides through an outbox, changes their mind, and may vanish at any moment.

use super::book::Book;
use crate::support::random::Random;
use gapdeck::database::Database;
use gapdeck::domain::{
    Action, Claim, Decision, DecisionId, Fence, GapId, LeaseToken, QueueFilter, QueueRow, QueueSort,
    Reviewer, Seen, State, StateFilter,
};
use gapdeck::repository::{ForReader, RepositoryError, Store};
use gapdeck::review::Review;
use gapdeck::review::outbox::{Failure, News, Outbox, Place};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout_at};

/// The longest lease that a reviewer takes.
pub const LONGEST_LEASE: Duration = Duration::from_secs(6);
/// How many decisions a reviewer leaves unsent behind: whoever is ahead of the database by more takes a break.
const AHEAD: usize = 2;
/// How long the end of a day waits for the database.
const PATIENCE: Duration = Duration::from_secs(5);

/// Where a reviewer sits: what stays when they vanish.
pub struct Desk {
    pub url: String,
    pub place: Place,
    pub reviewer: Reviewer,
    pub book: Arc<Book>,
    /// The longest that they think about a gap, in milliseconds.
    pub thinks: usize,
}

/// A running gapdeck, without its screen.
struct Session<'a> {
    desk: &'a Desk,
    store: Arc<dyn Store>,
    outbox: Outbox,
    news: mpsc::UnboundedReceiver<News>,
    random: &'a mut Random,
    /// What the database has not answered.
    waiting: BTreeSet<DecisionId>,
}

/// Makes a decision, as a screen does.
pub fn draft(reviewer: &Reviewer, gap: &GapId, action: Action, base_version: i32) -> Decision {
    Decision {
        id: DecisionId::new(),
        gap: gap.clone(),
        action,
        value: match action {
            Action::Accept => Some("Black".into()),
            Action::Override => Some("White".into()),
            _ => None,
        },
        comment: (action == Action::Flag).then(|| "look at this".into()),
        reviewer: reviewer.clone(),
        base_version,
        undoes: None,
        shown_value: Some("Black".into()),
        shown_confidence: None,
        shown_experiment: None,
        batch: None,
        seen: Seen { policy: "soak".into(), ..Seen::default() },
        decided_at: chrono::Utc::now(),
    }
}

const ACTIONS: [Action; 6] =
    [Action::Accept, Action::Override, Action::Reject, Action::NotApplicable, Action::Defer, Action::Flag];

/// What a reviewer works on.
const WORK: [StateFilter; 5] = [
    StateFilter::Open,
    StateFilter::Open,
    StateFilter::Open,
    StateFilter::Only(State::Second),
    StateFilter::Only(State::Disputed),
];

/// Works until no gap is open or waits for an opinion of theirs; returns early where the database cannot be reached.
pub async fn work(desk: &Desk, random: &mut Random) -> Result<(), ()> {
    let database = Database::connect(&desk.url).await.map_err(|_| ())?;
    let store = database.store().for_reader(&desk.reviewer);
    let (outbox, news) = Outbox::start(desk.place.clone(), Arc::clone(&store)).await;
    let mut session = Session { desk, store, outbox, news, random, waiting: BTreeSet::new() };
    session.until_nothing_is_open().await;
    let Session { outbox, mut news, .. } = session;
    outbox.finish(PATIENCE).await;
    while let Ok(news) = news.try_recv() {
        desk.book.told(&news);
    }
    Ok(())
}

/// Returns what a call brought; none where a connection was lost on the way.
fn reached<T>(result: Result<T, RepositoryError>, what: &str) -> Option<T> {
    match result {
        Ok(found) => Some(found),
        Err(RepositoryError::Unavailable(_)) => None,
        Err(error) => panic!("{what}: {error:?}"),
    }
}

impl Session<'_> {
    async fn until_nothing_is_open(&mut self) {
        loop {
            // Mostly what is open; and what waits for an opinion, for as long as there is any.
            let state = *self.random.of(&WORK);
            let claim = Claim {
                filter: QueueFilter { state, ..QueueFilter::default() },
                sort: *self.random.of(&[QueueSort::ConfidenceDescending, QueueSort::Product, QueueSort::Age]),
                after: None,
                limit: 1 + self.random.below(6),
                reviewer: self.desk.reviewer.clone(),
                token: LeaseToken::new(),
                lasts: Duration::from_millis(500) + self.random.millis(5_500),
            };
            assert!(claim.lasts <= LONGEST_LEASE);
            let Some(claimed) = reached(self.store.claim(&claim).await, "claim") else {
                self.think().await;
                continue;
            };
            self.desk.book.claimed(&claim, &claimed);
            if claimed.rows.is_empty() {
                self.think().await;
                if self.is_nothing_left().await {
                    return;
                }
            }
            let rows: Vec<QueueRow> = claimed.rows.into_iter().map(|(row, _)| row).collect();
            self.serve(&rows, &claim).await;
        }
    }

    /// Tells whether the database has nothing for this reviewer to decide.
    async fn is_nothing_left(&self) -> bool {
        for state in WORK {
            let filter = QueueFilter { state, ..QueueFilter::default() };
            let page = self.store.page(&filter, QueueSort::Product, None, 1).await;
            if reached(page, "page").is_none_or(|page| !page.rows.is_empty()) {
                return false;
            }
        }
        true
    }

    /// Decides on what is held, one after another.
    async fn serve(&mut self, rows: &[QueueRow], claim: &Claim) {
        for (place, row) in rows.iter().enumerate() {
            self.think().await;
            let left: Vec<GapId> = rows[place..].iter().map(|row| row.gap.clone()).collect();
            if self.random.one_in(20) {
                let renewed = self.store.renew(claim.token, &left, claim.lasts).await;
                self.desk.book.renewed(&reached(renewed, "renew").unwrap_or_default());
            }
            if self.random.one_in(30) {
                self.desk.book.releases(claim.token, &left);
                reached(self.store.release(claim.token, &left).await, "release");
                return;
            }
            let action = *self.random.of(&ACTIONS);
            let decision = draft(&self.desk.reviewer, &row.gap, action, row.version);
            self.decide(decision.clone(), Fence::Lease(claim.token)).await;
            // At once, while the first may still be on its way: both rest in the outbox and go in order.
            let version = decision.base_version + 1;
            match self.random.below(30) {
                0 => {
                    let again = *self.random.of(&ACTIONS);
                    let second = draft(&self.desk.reviewer, &row.gap, again, version);
                    self.decide(second, Fence::After(decision.id)).await;
                }
                1 => {
                    let undo = Review::draft_undo_for(&self.desk.reviewer, &decision, version);
                    self.decide(undo, Fence::Unheld).await;
                }
                _ => {}
            }
        }
    }

    /// Hands a decision to the outbox and waits until it is acknowledged.
    async fn decide(&mut self, decision: Decision, fence: Fence) {
        let id = decision.id;
        self.desk.book.asks(&decision);
        self.outbox.keep(Box::new(decision), fence);
        loop {
            let news = self.hear().await;
            if matches!(news, News::Kept { id: kept, .. } if kept == id) {
                return;
            }
        }
    }

    /// Waits for what the outbox tells next, and does something about it.
    async fn hear(&mut self) -> News {
        let news = self.news.recv().await.expect("the outbox works");
        self.desk.book.told(&news);
        match &news {
            News::Kept { id, .. } => {
                self.waiting.insert(*id);
            }
            News::Sent { id, .. } | News::Failed { id, .. } => {
                self.waiting.remove(id);
            }
            News::Dropped { ids } => self.waiting.retain(|id| !ids.contains(id)),
            // Some press `R`; the others wait, longer each time.
            News::Connection(Some(outage)) if outage.next_try.is_some() && self.random.one_in(2) => {
                self.outbox.send_now();
            }
            _ => {}
        }
        self.answer(&news);
        news
    }

    /// Does what a reviewer does who is told of a refusal: puts theirs on top, knowing the other one, or lets it go.
    fn answer(&mut self, news: &News) {
        let News::Failed { id, failure, .. } = news else { return };
        let refused = self.desk.book.open().asked[id].clone();
        let version = match failure {
            Failure::Conflict { version, .. } => *version,
            Failure::Held { .. } => refused.base_version,
            // Follows from another refusal, or an undo of what others have decided on since.
            Failure::BuildsOn { .. } => return self.give_up(*id),
            Failure::Refused { reason } => {
                assert!(reason.starts_with("cannot undo"), "{refused:?}: {reason}");
                return self.give_up(*id);
            }
        };
        if refused.action == Action::Undo || self.random.one_in(2) {
            return self.give_up(*id);
        }
        let on_top = draft(&self.desk.reviewer, &refused.gap, refused.action, version);
        self.desk.book.asks(&on_top);
        self.outbox.keep(Box::new(on_top), Fence::Open);
    }

    fn give_up(&mut self, id: DecisionId) {
        self.desk.book.open().given_up.insert(id);
        self.outbox.discard(id);
    }

    /// Thinks for a while, and hears meanwhile what the outbox tells.
    async fn think(&mut self) {
        let until = Instant::now() + self.random.millis(self.desk.thinks);
        while timeout_at(until, self.hear()).await.is_ok() {}
        while self.waiting.len() > AHEAD {
            self.hear().await;
        }
    }
}

/// Starts a gapdeck whose user only sees to it that nothing stays behind: sends what rests, and gives up what was refused.
pub async fn clear_out(desk: &Desk, store: Arc<dyn Store>) {
    let (outbox, mut news) = Outbox::start(desk.place.clone(), store).await;
    let mut waiting = BTreeSet::new();
    loop {
        let news = tokio::time::timeout(Duration::from_secs(60), news.recv()).await;
        let news = news.unwrap_or_else(|_| panic!("{waiting:?} are not answered")).expect("the outbox works");
        desk.book.told(&news);
        match &news {
            News::Found { entries, .. } => waiting.extend(entries.iter().map(|entry| entry.decision.id)),
            News::Sent { id, .. } => {
                waiting.remove(id);
            }
            News::Dropped { ids } => waiting.retain(|id| !ids.contains(id)),
            _ => {}
        }
        let refused: Vec<DecisionId> = {
            let pages = desk.book.open();
            waiting.iter().filter(|id| pages.refused.contains_key(id)).copied().collect()
        };
        for id in refused {
            desk.book.open().given_up.insert(id);
            outbox.discard(id);
        }
        if waiting.is_empty() {
            break;
        }
    }
    let rest = outbox.finish(PATIENCE).await;
    assert_eq!((rest.pending, rest.failed), (0, 0), "something stays in the outbox");
}

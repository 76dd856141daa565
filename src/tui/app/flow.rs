//! The flow: gaps that the reviewer holds, served one after another.
//!
//! A few gaps at a time are claimed in the order of the list; the next few as soon as these run short. What is held is
//! renewed while somebody works, expires where nobody does, and is given back at the end.
//!
//! Where the team's policy says so, some are drawn at random instead: in the order of their lots, so that what was decided
//! of them is a random sample of what the filter shows, whatever the order of the rest.

use super::action::ActionId;
use super::msg::Effect;
use super::seeded::{self, Seeds};
use super::slot::{Slot, Ticket};
use super::state::State;
use super::toast::Level;
use crate::domain::{
    Claim, Claimed, Fence, GapId, Lease, LeaseToken, QueueCursor, QueueFilter, QueueSort, Share,
    State as GapState,
};
use crate::repository::{RepositoryError, Result};
use crate::sanitise;
use crate::tui::screens::queue::{KeepPlace, Source};
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

/// How many gaps are claimed at a time.
const BATCH: usize = 6;
/// The next claim comes when fewer undecided gaps than this are left.
const AHEAD: usize = 4;
/// How long a lease lasts unless it is renewed.
pub const LASTS: Duration = Duration::from_secs(300);

/// What the flow draws at random.
#[derive(Debug, Clone, Default)]
struct Draws {
    /// How many gaps the flow got, in order and at random.
    served: usize,
    /// What was drawn.
    gaps: BTreeSet<GapId>,
    /// Whether the claim under way draws.
    under_way: bool,
    /// Nothing was left to draw.
    is_out: bool,
}

impl Draws {
    /// Returns how many of the next gaps are to be drawn for a share of all.
    fn owed(&self, share: Share) -> usize {
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "positive, a session's gaps"
        )]
        let part = |gaps: usize| (share.get() * gaps as f64) as usize;
        // Those drawn come together: what is ahead of the share waits for the rest.
        if self.is_out || self.gaps.len() > part(self.served) {
            return 0;
        }
        (part(self.served + BATCH) - self.gaps.len()).min(BATCH)
    }

    /// Notes what a claim got.
    fn got(&mut self, gaps: impl ExactSizeIterator<Item = GapId>) {
        self.served += gaps.len();
        if self.under_way {
            self.is_out = gaps.len() == 0;
            self.gaps.extend(gaps);
        }
    }
}

/// A flow under way.
#[derive(Debug, Clone)]
pub struct Flow {
    pub token: LeaseToken,
    claim: Slot<()>,
    renewal: Slot<()>,
    /// Where the next claim goes on.
    after: Option<QueueCursor>,
    /// Nothing was left to claim, from the top.
    pub is_exhausted: bool,
    /// The reviewer was told so after the last gap.
    has_told: bool,
    draws: Draws,
    pub seeds: Seeds,
    /// What the reviewer holds and has not decided.
    held: BTreeSet<GapId>,
    /// When the oldest of what is held was claimed or renewed.
    renewed: Instant,
}

impl Flow {
    fn new(token: LeaseToken, now: Instant) -> Self {
        Self {
            token,
            claim: Slot::default(),
            renewal: Slot::default(),
            after: None,
            is_exhausted: false,
            has_told: false,
            draws: Draws::default(),
            seeds: Seeds::new(token),
            held: BTreeSet::new(),
            renewed: now,
        }
    }

    /// Tells since when gaps are awaited.
    pub fn waiting_since(&self) -> Option<Instant> {
        self.claim.waiting_since
    }

    /// Tells whether a gap came up because it was drawn at random.
    pub fn has_drawn(&self, gap: &GapId) -> bool {
        self.draws.gaps.contains(gap)
    }

    /// Returns how many gaps were claimed.
    pub fn served(&self) -> usize {
        self.draws.served
    }

    /// Returns how many gaps are held, those whose value is known among them.
    pub fn held(&self) -> usize {
        self.held.len() + self.seeds.waiting()
    }

    /// Returns when the leases are to be renewed, if somebody has worked since the last time.
    pub fn renew_at(&self, last_key: Instant) -> Option<Instant> {
        (!self.held.is_empty() && !self.renewal.is_waiting() && last_key > self.renewed)
            .then(|| self.renewed + LASTS / 2)
    }
}

/// Starts the flow over the current filter and order, or ends it.
pub fn toggle(state: &mut State) -> Vec<Effect> {
    if state.flow.is_some() { end(state) } else { start(state) }
}

fn start(state: &mut State) -> Vec<Effect> {
    state.flow = Some(Flow::new(LeaseToken((state.new_id)().0), state.now));
    state.queue.begin_flow();
    state.review.card_focused = false;
    vec![state.queue.recount(state.now)]
}

/// Ends the flow: what is held and undecided is free for others, and the list is back.
pub fn end(state: &mut State) -> Vec<Effect> {
    let mut effects: Vec<Effect> = release(state).into_iter().collect();
    let at = state.queue.current_gap().cloned();
    effects.push(match at {
        Some(gap) => state.queue.reload_at(state.now, gap),
        None => state.queue.reload(state.now, KeepPlace::No),
    });
    effects
}

/// Starts the flow anew: the filter or the order is another one.
pub fn restart(state: &mut State) -> Vec<Effect> {
    let mut effects: Vec<Effect> = release(state).into_iter().collect();
    effects.extend(start(state));
    effects
}

/// Gives back what the flow holds; the flow is over.
pub fn release(state: &mut State) -> Option<Effect> {
    let flow = state.flow.take()?;
    state.queue.end_flow();
    for gap in flow.seeds.gaps() {
        state.cards.invalidate(gap);
    }
    // What is decided ends its lease itself, once the database has it.
    let is_open = |gap: &GapId| state.unsaved_on(gap).is_none_or(|one| !one.phase.stands());
    let gaps: Vec<GapId> = flow.held.into_iter().filter(is_open).collect();
    (!gaps.is_empty()).then_some(Effect::Release { token: flow.token, gaps })
}

/// Returns what a decision on a gap is checked against.
pub fn fence(state: &State, gap: &GapId) -> Fence {
    match &state.flow {
        Some(flow) if flow.held.contains(gap) => Fence::Lease(flow.token),
        _ => Fence::Unheld,
    }
}

/// Notes that a gap of the flow is decided.
pub fn decided(state: &mut State, gap: &GapId) {
    if let Some(flow) = &mut state.flow {
        flow.held.remove(gap);
    }
}

/// Tries again where nothing was left to claim: others gave something back.
pub fn look_again(state: &mut State) {
    if let Some(flow) = &mut state.flow {
        flow.is_exhausted = false;
        flow.claim.error = None;
        flow.has_told = false;
        flow.after = None;
        flow.draws.is_out = false;
        flow.seeds.look_again();
    }
}

/// Claims and renews as needed.
pub fn sync(state: &mut State) -> Vec<Effect> {
    let now = state.now;
    let left = state.queue.undecided_from_cursor();
    let is_reachable = state.outage.is_none();
    let share = state.figures.value.map_or(Share::NONE, |figures| figures.policy.random);
    let Some(flow) = &mut state.flow else { return Vec::new() };
    let mut effects = Vec::new();
    if is_reachable && flow.renew_at(state.last_key).is_some_and(|at| at <= now) {
        let ticket = flow.renewal.begin(now);
        let gaps = flow.held.iter().cloned().collect();
        effects.push(Effect::Renew { ticket, token: flow.token, gaps, lasts: LASTS });
    }
    // A claim that did not reach the database is made again once it is back.
    let may_claim = is_reachable && !flow.claim.is_waiting() && flow.claim.error.is_none();
    if left < AHEAD && !flow.is_exhausted && may_claim {
        let ticket = flow.claim.begin(now);
        let owed = flow.draws.owed(share);
        flow.draws.under_way = owed > 0;
        let (sort, after, limit) = if flow.draws.under_way {
            (QueueSort::Random, None, owed)
        } else {
            (state.queue.sort, flow.after.clone(), BATCH)
        };
        let claim = Claim {
            filter: state.queue.filter.clone(),
            sort,
            after,
            limit,
            reviewer: state.identity.reviewer.clone(),
            token: flow.token,
            lasts: LASTS,
        };
        effects.push(Effect::Claim { ticket, claim: Box::new(claim) });
    }
    if left == 0 && flow.is_exhausted && !flow.has_told && !state.queue.rows.is_empty() {
        flow.has_told = true;
        let text = nothing_left(state).unwrap_or_else(|| "Nothing is left to claim".into());
        state.toasts.show(now, Level::Info, format!("{text} · {} ends the flow", state.key(ActionId::Flow)));
    }
    effects.extend(seeded::sync(state));
    if let Some(flow) = &state.flow {
        state.queue.source = Source::Flow { is_exhausted: flow.is_exhausted };
    }
    effects
}

/// Takes the gaps that were claimed.
pub fn claimed(state: &mut State, ticket: Ticket, token: LeaseToken, result: Result<Claimed>) -> Vec<Effect> {
    let now = state.now;
    let (claimed, answer) = match result {
        Ok(claimed) => (Some(claimed), Ok(())),
        Err(error) => (None, Err(error)),
    };
    let expected = match &mut state.flow {
        Some(flow) if flow.token == token => flow.claim.accept(ticket, answer.clone()),
        _ => false,
    };
    if !expected {
        // The flow ended meanwhile: what it was to hold is free again.
        let gaps: Vec<GapId> =
            claimed.into_iter().flat_map(|claimed| claimed.rows).map(|(row, _)| row.gap).collect();
        return if gaps.is_empty() { Vec::new() } else { vec![Effect::Release { token, gaps }] };
    }
    if matches!(answer, Err(RepositoryError::Unavailable(_))) {
        return Vec::new();
    }
    let Some(claimed) = claimed else {
        let reason = answer.err().map(|error| sanitise::line(&error.to_string(), 200)).unwrap_or_default();
        let effects = end(state);
        state.toasts.show(
            now,
            Level::Error,
            format!("The flow ended: {reason} · {} tries again", state.key(ActionId::Flow)),
        );
        return effects;
    };
    let Some(flow) = &mut state.flow else { return Vec::new() };
    flow.draws.got(claimed.rows.iter().map(|(row, _)| row.gap.clone()));
    if !flow.draws.under_way {
        // Nothing behind this place; what others gave back may be before it.
        flow.is_exhausted = claimed.last.is_none() && flow.after.is_none();
        flow.after = claimed.last;
    }
    if flow.held.is_empty() {
        flow.renewed = now;
    }
    for (row, _) in &claimed.rows {
        if flow.seeds.forget(&row.gap) {
            state.cards.invalidate(&row.gap);
        }
    }
    flow.held.extend(claimed.rows.iter().map(|(row, _)| row.gap.clone()));
    state.queue.extend_flow(claimed.rows.into_iter().map(|(row, _)| row));
    Vec::new()
}

/// Says who holds what is left, where somebody does.
pub fn nothing_left(state: &State) -> Option<String> {
    let held = state.feed.holdings(&state.identity.reviewer);
    (!held.is_empty()).then(|| format!("Nothing is left to claim · {held}"))
}

/// Takes the leases that could be renewed; the others are somebody else's now.
pub fn renewed(state: &mut State, ticket: Ticket, token: LeaseToken, result: Result<Vec<Lease>>) {
    let Some(flow) = state.flow.as_mut().filter(|flow| flow.token == token) else { return };
    let (leases, answer) = match result {
        Ok(leases) => (Some(leases), Ok(())),
        Err(error) => (None, Err(error)),
    };
    if !flow.renewal.accept(ticket, answer) {
        return;
    }
    flow.renewed = state.now;
    // Where the database did not answer, the next key tries again; a decision is checked against the lease anyway.
    let Some(leases) = leases else { return };
    let kept: BTreeSet<GapId> = leases.into_iter().map(|lease| lease.gap).collect();
    let lost: Vec<GapId> = flow
        .held
        .iter()
        .filter(|gap| !kept.contains(*gap) && state.queue.row(gap).is_some())
        .cloned()
        .collect();
    flow.held.retain(|gap| kept.contains(gap));
    let lost: Vec<GapId> = lost.into_iter().filter(|gap| state.unsaved_on(gap).is_none()).collect();
    if lost.is_empty() {
        return;
    }
    state.queue.drop_undecided(&lost);
    let text = match lost.len() {
        1 => "A gap of the flow went to somebody else while you were away".to_owned(),
        n => format!("{n} gaps of the flow went to others while you were away"),
    };
    state.toasts.show(state.now, Level::Warning, text);
}

/// Tells whether a filter's gaps can be claimed: open ones, and those of a list that asks for opinions.
pub fn can_flow(filter: &QueueFilter) -> bool {
    GapState::ALL.into_iter().any(|state| filter.state.asks_for(state) && filter.state.admits(state))
}

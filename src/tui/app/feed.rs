//! What others do meanwhile: their decisions and leases, asked for about every second while somebody works here.

use super::msg::Effect;
use super::slot::{Slot, Ticket};
use super::state::{SURPRISE, State};
use super::toast::Level;
use super::{activity, flow, seeded};
use crate::domain::{Changes, GapId, Lease, QueueRow, Reviewer, State as GapState};
use crate::repository::Result;
use crate::sanitise;
use crate::tui::screens::queue::KeepPlace;
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::{Duration, Instant};

/// How long after a key somebody counts as working.
const WORKING: Duration = Duration::from_secs(30);
/// How long after a key the feed goes on at all; the next key starts it again.
const PRESENT: Duration = Duration::from_secs(300);
const OFTEN: Duration = Duration::from_secs(1);
const SELDOM: Duration = Duration::from_secs(10);
/// A decision is dated before it is committed: each request goes back this far behind the last answer's time,
const OVERLAP: TimeDelta = TimeDelta::seconds(5);
/// and every so many requests farther than any statement may take.
const FAR_OVERLAP: TimeDelta = TimeDelta::seconds(90);
const FAR_EVERY: u32 = 10;
/// The most gaps that one answer tells of; where there are more, the list is loaded anew.
pub const MOST: usize = 500;

/// What is known of others.
#[derive(Debug, Clone, Default)]
pub struct Feed {
    slot: Slot<()>,
    asked: u32,
    /// The server's time of the last answer.
    since: Option<DateTime<Utc>>,
    answered: Option<Instant>,
    /// What others hold, with for how long from `answered` on.
    held: HashMap<GapId, (Reviewer, Duration)>,
    /// What the last answer told: it is told again for a while.
    told: HashSet<(GapId, i32)>,
    /// The gap that somebody else decided last while it was under the cursor.
    surprise: Option<(GapId, Reviewer, Instant)>,
    /// Somebody looks at the terminal again: the next request does not wait.
    at_once: bool,
}

impl Feed {
    /// Returns who else holds a gap.
    pub fn holder(&self, gap: &GapId, now: Instant) -> Option<&Reviewer> {
        let (reviewer, left) = self.held.get(gap)?;
        (self.answered? + *left > now).then_some(reviewer)
    }

    /// Says who else holds how many gaps, and for how long at most; empty where nobody does.
    pub fn holdings(&self, me: &Reviewer) -> String {
        let mut by: BTreeMap<&Reviewer, (usize, Duration)> = BTreeMap::new();
        for (reviewer, left) in self.held.values() {
            let (count, longest) = by.entry(reviewer).or_default();
            *count += 1;
            *longest = (*longest).max(*left);
        }
        let words = by.into_iter().map(|(reviewer, (count, left))| {
            let who = if reviewer == me {
                "you (elsewhere) hold".to_owned()
            } else {
                format!("{} holds", sanitise::line(reviewer.as_str(), 24))
            };
            format!("{who} {count} for {} min at most", left.as_secs().div_ceil(60).max(1))
        });
        words.collect::<Vec<_>>().join(", ")
    }

    /// Returns why a gap takes no decision just now: somebody else has decided it this very moment.
    pub fn surprise(&self, gap: &GapId, now: Instant) -> Option<&Reviewer> {
        let (changed, by, at) = self.surprise.as_ref()?;
        (changed == gap && now.saturating_duration_since(*at) < SURPRISE).then_some(by)
    }

    /// Asks for news with the next request's turn, without waiting: somebody looks at the terminal again.
    pub fn look_at_once(&mut self) {
        self.at_once = true;
    }

    /// Returns when to ask next; `None` while an answer is awaited or nobody is there. Less often while nobody looks.
    pub fn due(&self, last_key: Instant, has_focus: bool) -> Option<Instant> {
        if self.slot.is_waiting() {
            return None;
        }
        let Some(answered) = self.answered else { return Some(last_key + OFTEN) };
        if self.at_once {
            return Some(answered);
        }
        let due = answered + if has_focus && answered < last_key + WORKING { OFTEN } else { SELDOM };
        (due < last_key + PRESENT).then_some(due)
    }
}

/// Asks for changes when it is time to.
pub fn sync(state: &mut State) -> Option<Effect> {
    if !state.identity.shared
        || state.outage.is_some()
        || state.feed.due(state.last_key, state.has_focus)? > state.now
    {
        return None;
    }
    let feed = &mut state.feed;
    let ticket = feed.slot.begin(state.now);
    feed.at_once = false;
    feed.asked = feed.asked.wrapping_add(1);
    let overlap = if feed.asked.is_multiple_of(FAR_EVERY) { FAR_OVERLAP } else { OVERLAP };
    Some(Effect::Poll { ticket, since: feed.since.map(|since| since - overlap) })
}

/// Takes an answer.
pub fn changed(state: &mut State, ticket: Ticket, result: Result<Changes>) -> Vec<Effect> {
    let now = state.now;
    let (changes, answer) = match result {
        Ok(changes) => (Some(changes), Ok(())),
        Err(error) => (None, Err(error)),
    };
    if !state.feed.slot.accept(ticket, answer) {
        return Vec::new();
    }
    state.feed.answered = Some(now);
    let Some(changes) = changes else { return Vec::new() };
    let was_held = state.feed.held.len();
    state.feed.since = Some(changes.now);
    state.feed.held = held(state, changes.leases, changes.now);
    if state.feed.held.len() < was_held {
        flow::look_again(state);
    }
    let told: HashSet<_> = changes.rows.iter().map(|row| (row.gap.clone(), row.version)).collect();
    if changes.cut || !told.is_subset(&state.feed.told) {
        activity::has_news(state);
    }
    state.feed.told = told;
    if changes.cut && state.flow.is_none() && state.overlay.is_none() {
        return vec![state.queue.reload(now, KeepPlace::Yes)];
    }
    let mut is_news = false;
    for row in changes.rows {
        is_news |= take(state, row);
    }
    if is_news && !state.figures.is_waiting() {
        return vec![Effect::LoadFigures { ticket: state.figures.begin(now) }];
    }
    Vec::new()
}

/// Returns what others hold, with for how long from now on.
fn held(state: &State, leases: Vec<Lease>, now: DateTime<Utc>) -> HashMap<GapId, (Reviewer, Duration)> {
    let own = [state.flow.as_ref().map(|flow| flow.token), state.holding.token()];
    let others = leases.into_iter().filter(|lease| !own.contains(&Some(lease.token)));
    let terms = |lease: Lease| {
        let left = (lease.expires_at - now).to_std().unwrap_or_default();
        (lease.gap, (lease.reviewer, left))
    };
    others.map(terms).collect()
}

/// Brings a row of the list in step with the database; tells whether that was news.
fn take(state: &mut State, data: QueueRow) -> bool {
    // Shown as nobody has decided it.
    if seeded::awaits(state, &data.gap) {
        return false;
    }
    // A decision of one's own on its way meets the other one there, and is asked about then.
    if state.unsaved_on(&data.gap).is_some() {
        return false;
    }
    let gap = data.gap.clone();
    let is_current = state.queue.current_gap() == Some(&gap);
    let asks = state.queue.filter.state.asks_for(data.state);
    let Some(row) = state.queue.row_mut(&gap) else {
        // Whether it was counted among the open ones is not known here; the next figures tell.
        return data.decided_by.as_ref().or(data.first_by.as_ref()) != Some(&state.identity.reviewer);
    };
    if data.version <= row.data.version {
        return false;
    }
    row.decided_here = !asks;
    row.data = data;
    let row = row.data.clone();
    state.cards.invalidate(&gap);
    flow::decided(state, &gap);
    if is_current {
        let by = row.decided_by.clone().unwrap_or_else(|| "somebody".into());
        let text = news(&row, &by);
        state.feed.surprise = Some((gap, by, state.now));
        state.toasts.show(state.now, Level::Warning, text);
    }
    true
}

/// Says what somebody has made of a gap.
fn news(row: &QueueRow, by: &Reviewer) -> String {
    match row.state {
        GapState::Second => return "Somebody has given a first opinion · yours is the second".into(),
        GapState::Disputed => return "Two opinions differ now · what you decide now settles it".into(),
        _ => {}
    }
    let what = row.decided_value.as_ref().map(|value| format!(" \"{}\"", sanitise::value(value, 40)));
    format!(
        "{} {}{} · what you decide now goes on top",
        sanitise::line(by.as_str(), 24),
        if row.state == GapState::Open { "opened this gap again" } else { row.state.label() },
        what.unwrap_or_default(),
    )
}

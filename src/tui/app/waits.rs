//! What is awaited, for how long, and whether Esc ends it.

use super::action::ActionId;
use super::flow::Flow;
use super::msg::Effect;
use super::state::{PATIENCE, Screen, State};
use super::toast::Level;
use std::time::{Duration, Instant};

/// How long a wait lasts before it is told how long, and how to end it.
const LONG: Duration = Duration::from_secs(1);

/// Something awaited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wait {
    /// Names it, behind "loading".
    pub what: &'static str,
    pub since: Instant,
    /// A read can be given up; what writes must be known.
    pub can_cancel: bool,
}

/// Returns everything that is awaited, apart from decisions on their way.
pub fn waits(state: &State) -> Vec<Wait> {
    let mut all = vec![
        ("the card", state.review.waiting_since, true),
        ("the list", state.queue.waiting_since(), true),
        ("the next gaps", state.flow.as_ref().and_then(Flow::waiting_since), false),
        ("the product", state.product_slot.waiting_since, true),
        ("the selected gaps", state.holding.slot.waiting_since, false),
    ];
    match state.screens.last() {
        Some(Screen::Experiments(screen)) => {
            all.push(("the experiments", screen.list.waiting_since, true));
            all.push(("the trend", screen.trends.waiting_since, true));
        }
        Some(Screen::Insights(screen)) => {
            all.push(("the groups", screen.groups.waiting_since, true));
            all.push(("the sample", screen.certified.waiting_since, true));
        }
        Some(Screen::Comparison(screen)) => all.push(("the comparison", screen.waiting_since(), true)),
        Some(Screen::Activity(screen)) => all.push(("the decisions", screen.waiting_since(), true)),
        Some(Screen::Clusters(screen)) => {
            all.push(("the groups", screen.groups.waiting_since, true));
            all.push(("the cluster", screen.details.waiting_since, true));
            all.push(("what was accepted", screen.accepting.waiting_since, false));
        }
        _ => {}
    }
    let started = |(what, since, can_cancel): (_, Option<Instant>, _)| {
        since.map(|since| Wait { what, since, can_cancel })
    };
    all.into_iter().filter_map(started).collect()
}

impl Wait {
    /// Returns when what is said of it changes: once patience ends, then every second.
    pub fn next_frame(self, now: Instant) -> Instant {
        let waited = now.saturating_duration_since(self.since);
        if waited < PATIENCE {
            return self.since + PATIENCE;
        }
        self.since + Duration::from_secs(waited.as_secs() + 1)
    }
}

/// Returns what has been awaited the longest, once that is long.
fn longest(state: &State) -> Option<Wait> {
    let is_long = |wait: &Wait| state.now.saturating_duration_since(wait.since) >= LONG;
    waits(state).into_iter().filter(is_long).min_by_key(|wait| wait.since)
}

/// Says what has been awaited for a while, and how to end that.
pub fn words(state: &State) -> Option<String> {
    let wait = longest(state)?;
    let seconds = state.now.saturating_duration_since(wait.since).as_secs();
    let end = if wait.can_cancel { " · Esc cancels" } else { "" };
    Some(format!("loading {} · {seconds} s{end}", wait.what))
}

/// Gives up the reads that are awaited, if what has been awaited for a while is one; `None` leaves the key to others.
pub fn cancel(state: &mut State) -> Option<Vec<Effect>> {
    let wait = longest(state).filter(|wait| wait.can_cancel)?;
    let text = format!("Stopped waiting for {} · {} loads it again", wait.what, state.key(ActionId::Refresh));
    state.toasts.show(state.now, Level::Info, text);
    Some(vec![Effect::CancelReads])
}

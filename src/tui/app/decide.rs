//! Deciding and undoing: shown once the decision is on the disk, sent from there whatever happens.

use super::action::ActionId;
use super::action::Refusal;
use super::alike;
use super::checks;
use super::flow;
use super::msg::Effect;
use super::seeded;
use super::state::State;
use super::toast::Level;
use super::unsaved::{Phase, Unsaved};
use crate::domain::{Action, Decision, Fence, GapId, Lot, QueueSort, State as GapState, is_cut, normalised};
use crate::review::{Circumstances, Review};
use crate::sanitise;
use crate::tui::widgets::wrap;

/// What a reviewer decided, before it becomes a [`Decision`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    pub action: Action,
    pub value: Option<String>,
    pub comment: Option<String>,
    /// The keys that led to it.
    pub keys: String,
    /// What spoke against the value, where it is kept all the same.
    pub objections: Vec<String>,
}

impl Verdict {
    /// A verdict that needs no value.
    pub fn plain(action: Action, keys: impl Into<String>) -> Self {
        Self { action, value: None, comment: None, keys: keys.into(), objections: Vec::new() }
    }

    /// A verdict with a value.
    pub fn with_value(action: Action, value: String, keys: impl Into<String>) -> Self {
        Self { value: Some(value), ..Self::plain(action, keys) }
    }
}

/// Why a value that was cut when it was read cannot be accepted.
const TOO_LONG: &str =
    "only the first 4,000 characters of this value are at hand; it cannot be accepted here";

/// What a decision's policy ends in, where the reviewer chose before seeing predictions.
const BLIND: &str = ":blind";

/// Decides the gap under the cursor: goes on to the next open gap, and keeps the decision.
pub fn decide(state: &mut State, verdict: Verdict) -> Vec<Effect> {
    match draft(state, verdict) {
        Ok(decision) => keep_verdict(state, decision),
        Err(refusal) => {
            state.toasts.show(state.now, Level::Warning, wrap::capitalised(&refusal));
            Vec::new()
        }
    }
}

/// Decides a gap, wherever the cursor is now: an editor was opened for it.
///
/// # Errors
/// Why it cannot be decided now; the editor keeps what was typed.
pub fn decide_on(state: &mut State, gap: &GapId, verdict: Verdict) -> Result<Vec<Effect>, Refusal> {
    if !state.queue.go_to(gap) {
        let filter = state.key(ActionId::Filter);
        return Err(format!("the gap is no longer in this list; Esc leaves, {filter} shows others").into());
    }
    let decision = draft(state, verdict)?;
    Ok(keep_verdict(state, decision))
}

fn draft(state: &State, verdict: Verdict) -> Result<Decision, Refusal> {
    checks::decide(state)?;
    let card = state.current_card().ok_or("the card is still being loaded")?;
    let is_proposed = |value: &String| card.choices.iter().any(|choice| choice.value == *value);
    if verdict.value.as_ref().is_some_and(|value| is_cut(value) && is_proposed(value)) {
        return Err(TOO_LONG.into());
    }
    let gap = &card.card.row.gap;
    if let Some(refusal) = seeded::refusal(state, gap) {
        return Err(refusal);
    }
    let is_drawn =
        state.queue.sort == QueueSort::Random || state.flow.as_ref().is_some_and(|flow| flow.has_drawn(gap));
    let sort = if is_drawn { QueueSort::Random } else { state.queue.sort };
    let how = Circumstances {
        keys: verdict.keys,
        seconds: state.shown_at.map(|at| {
            let seconds = state.now.saturating_duration_since(at).as_secs_f64();
            (seconds * 1000.0).round() / 1000.0
        }),
        policy: format!("{}{}", came_up(state, sort), if card.is_veiled { BLIND } else { "" }),
        drawn: is_drawn.then(|| Lot::Sample.of(gap)),
        objections: verdict.objections,
    };
    let reviewer = &state.identity.reviewer;
    let mut decision =
        Review::draft_for(reviewer, &card.card, verdict.action, verdict.value, verdict.comment, how);
    decision.id = (state.new_id)();
    decision.decided_at = state.wall;
    if card.is_veiled && decision.action == Action::Override && agrees(state, &decision) == Some(true) {
        decision.action = Action::Accept;
    }
    // On top of what is decided already but not saved yet.
    if let Some(version) = state.version_to_come(&decision.gap) {
        decision.base_version = version;
    }
    Ok(decision)
}

/// Says what put a gap before the reviewer.
fn came_up(state: &State, sort: QueueSort) -> String {
    let of_set = state.queue.filter.among.as_ref().map(|set| set.policy.clone());
    of_set.unwrap_or_else(|| format!("queue:{}", sort.as_str().replace('-', "_")))
}

/// Tells whether a value is what was predicted first; `None` without either.
fn agrees(state: &State, decision: &Decision) -> Option<bool> {
    let best = state.cards.get(&decision.gap)?.choices.first()?;
    Some(normalised(&best.value) == normalised(decision.value.as_deref()?))
}

/// Says what was predicted, once a reviewer has chosen without seeing it.
fn unveil(state: &mut State, decision: &Decision) {
    if !decision.seen.policy.ends_with(BLIND) {
        return;
    }
    let text =
        match (agrees(state, decision), state.cards.get(&decision.gap).and_then(|card| card.choices.first()))
        {
            (Some(true), _) => "The same was predicted".into(),
            (_, Some(best)) => {
                let sure = best.confidence.map_or_else(String::new, |sure| format!(" ({:.2})", sure.get()));
                format!(
                    "Predicted was \"{}\"{sure} · {} takes your choice back",
                    sanitise::line(&best.value, 80),
                    state.key(ActionId::Undo)
                )
            }
            (_, None) => return,
        };
    state.cards.unveil(&decision.gap);
    state.toasts.show(state.now, Level::Info, text);
}

fn keep_verdict(state: &mut State, decision: Decision) -> Vec<Effect> {
    if seeded::awaits(state, &decision.gap) {
        return seeded::answer(state, decision);
    }
    seeded::decided(state);
    unveil(state, &decision);
    let leads_to = decision.action.state().unwrap_or(GapState::Open);
    let gap = decision.gap.clone();
    let fence = match state.on_its_way(&gap) {
        // The version that it is for is a guess: somebody else's decision may come instead.
        Some(before) => Fence::After(before.decision.id),
        None => flow::fence(state, &gap),
    };
    let looked = alike::look(state, &decision);
    let effect = keep(state, decision, fence, leads_to, None);
    if let Some(row) = state.queue.row_mut(&gap) {
        row.decided_here = true;
    }
    state.queue.advance();
    std::iter::once(effect).chain(looked).collect()
}

/// Notes a decision as one on its way to the disk, and asks for that.
pub(super) fn keep(
    state: &mut State,
    decision: Decision,
    fence: Fence,
    leads_to: GapState,
    undone: Option<Decision>,
) -> Effect {
    let is_gone = |one: &Unsaved| one.decision.gap == decision.gap && matches!(one.phase, Phase::Refused(_));
    state.unsaved.retain(|one| !is_gone(one));
    state.unsaved.push(Unsaved {
        decision: decision.clone(),
        fence,
        since: state.now,
        phase: Phase::Keeping,
        leads_to,
        undone: undone.map(Box::new),
        together: None,
    });
    Effect::Decide(Box::new(decision), fence)
}

/// Tries again whatever could not be kept or saved.
pub fn retry(state: &mut State) -> Vec<Effect> {
    let now = state.now;
    let tally = state.tally();
    let mut effects = Vec::new();
    let refused = state.unsaved.iter_mut().filter(|one| matches!(one.phase, Phase::Refused(_)));
    for one in refused {
        one.phase = Phase::Keeping;
        one.since = now;
        if let Some(row) = state.queue.row_mut(&one.decision.gap) {
            row.decided_here = true;
        }
        effects.push(Effect::Decide(Box::new(one.decision.clone()), one.fence));
    }
    if tally.failed > 0 {
        effects.push(Effect::SendAgain);
    } else if tally.kept > 0 {
        effects.push(Effect::SendNow);
    }
    effects
}

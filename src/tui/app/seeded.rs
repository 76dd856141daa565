//! Seeded gaps in the flow: gaps whose right value is known, mixed in where the team's policy says so, and shown as if nobody
//! had decided them. What the reviewer says of one is told at once to be an answer: nothing of the gap is decided.

use super::action::{ActionId, Refusal};
use super::msg::Effect;
use super::slot::{Slot, Ticket};
use super::state::State;
use super::toast::Level;
use crate::domain::{
    Decision, GapId, LeaseToken, ReviewCard, SeededAnswer, SeededGap, Share, State as GapState, StateFilter,
};
use crate::repository::{RepositoryError, Result};
use crate::sanitise;
use std::collections::{BTreeMap, BTreeSet};

/// How many are asked for at a time at most.
const MOST: usize = 6;

/// The seeded gaps of a flow.
#[derive(Debug, Clone, Default)]
pub struct Seeds {
    slot: Slot<()>,
    /// What was served and is right, whether it is answered or not.
    known: BTreeMap<GapId, Vec<String>>,
    answered: BTreeSet<GapId>,
    /// How many came.
    served: usize,
    /// Where in the turn of one to the next this flow began, 0..1: nobody can count up to the next one.
    phase: f64,
    /// There are no more that the reviewer has not seen.
    is_out: bool,
    /// The reviewer's last act was an answer.
    is_last: bool,
}

impl Seeds {
    /// Begins a flow's turn at a place that its token draws.
    pub fn new(token: LeaseToken) -> Self {
        #[expect(clippy::cast_precision_loss, reason = "three digits")]
        let phase = (token.0.as_u128() % 1_000) as f64 / 1_000.0;
        Self { phase, ..Self::default() }
    }

    /// Tells whether a gap of the flow is one whose answer is awaited.
    pub fn awaits(&self, gap: &GapId) -> bool {
        self.known.contains_key(gap) && !self.answered.contains(gap)
    }

    /// Returns how many answers are awaited.
    pub fn waiting(&self) -> usize {
        self.known.len() - self.answered.len()
    }

    /// Takes a gap for an ordinary one: it was claimed.
    pub fn forget(&mut self, gap: &GapId) -> bool {
        self.answered.remove(gap);
        self.known.remove(gap).is_some()
    }

    /// Asks again where the last time went wrong.
    pub fn look_again(&mut self) {
        self.slot.error = None;
    }

    /// Lists every gap that was served as an open one.
    pub fn gaps(&self) -> impl Iterator<Item = &GapId> {
        self.known.keys()
    }

    /// Returns how many are owed after so many ordinary gaps, for a share of all.
    fn owed(&self, share: Share, ordinary: usize) -> usize {
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "positive, a session's gaps"
        )]
        let due = (share.get() * (ordinary + self.served) as f64 + self.phase) as usize;
        due.saturating_sub(self.served).min(MOST)
    }
}

/// Asks for seeded gaps where some are owed.
pub fn sync(state: &mut State) -> Option<Effect> {
    let share = state.figures.value.map_or(Share::NONE, |figures| figures.policy.seeded);
    let filter = &state.queue.filter;
    // Lists that ask for something else than a first decision would give a seeded gap away.
    let is_plain = filter.state == StateFilter::Open && filter.among.is_none();
    if share == Share::NONE || state.outage.is_some() || !is_plain {
        return None;
    }
    let filter = filter.clone();
    let flow = state.flow.as_mut()?;
    let (token, ordinary) = (flow.token, flow.served());
    let seeds = &mut flow.seeds;
    let owed = seeds.owed(share, ordinary);
    if owed == 0 || ordinary == 0 || seeds.is_out || seeds.slot.is_waiting() || seeds.slot.error.is_some() {
        return None;
    }
    let ticket = seeds.slot.begin(state.now);
    // Those that wait for an answer come first once more.
    let limit = owed + seeds.waiting();
    Some(Effect::LoadSeeds { ticket, token, filter: Box::new(filter), limit })
}

/// Mixes seeded gaps into the flow.
pub fn came(state: &mut State, ticket: Ticket, token: LeaseToken, result: Result<Vec<SeededGap>>) {
    let Some(flow) = state.flow.as_mut().filter(|flow| flow.token == token) else { return };
    let (found, answer) = match result {
        Ok(found) => (found, Ok(())),
        Err(error) => {
            tracing::warn!(%error, "seeded gaps could not be read");
            (Vec::new(), Err(error))
        }
    };
    let failure = answer.clone().err();
    if !flow.seeds.slot.accept(ticket, answer) || failure.is_some() {
        if failure == Some(RepositoryError::Cancelled) {
            flow.seeds.look_again();
        }
        return;
    }
    let unserved: Vec<SeededGap> =
        found.into_iter().filter(|seed| !flow.seeds.known.contains_key(&seed.row.gap)).collect();
    flow.seeds.is_out = unserved.is_empty();
    for SeededGap { row, values } in unserved {
        flow.seeds.served += 1;
        // It came as an ordinary one.
        if state.queue.row(&row.gap).is_some() {
            continue;
        }
        state.cards.invalidate(&row.gap);
        flow.seeds.known.insert(row.gap.clone(), values);
        state.queue.mix_in(row);
    }
}

/// Tells whether the gap is shown as an open one.
pub fn awaits(state: &State, gap: &GapId) -> bool {
    state.flow.as_ref().is_some_and(|flow| flow.seeds.awaits(gap))
}

/// Takes what was decided from the card of a seeded gap.
pub fn hide(state: &State, card: &mut ReviewCard) {
    if !awaits(state, &card.row.gap) {
        return;
    }
    card.row.reopen();
    card.history.clear();
    for row in card.product.gaps.iter_mut().filter(|row| row.gap == card.row.gap) {
        row.reopen();
    }
}

/// Says why nothing is to be decided on a gap that was answered.
pub fn refusal(state: &State, gap: &GapId) -> Option<Refusal> {
    let seeds = &state.flow.as_ref()?.seeds;
    seeds.answered.contains(gap).then(|| "this gap was a check: there is nothing to decide".into())
}

/// Takes a decision on a seeded gap for an answer, and says so.
pub fn answer(state: &mut State, decision: Decision) -> Vec<Effect> {
    let gap = decision.gap.clone();
    let multi_valued = state.current_card().is_some_and(|card| card.card.attribute.multi_valued);
    let Some(flow) = &mut state.flow else { return Vec::new() };
    let known = flow.seeds.known.get(&gap).cloned().unwrap_or_default();
    let leads_to = decision.action.state().unwrap_or(GapState::Open);
    let answer = SeededAnswer::of(decision, &known, multi_valued);
    flow.seeds.answered.insert(gap.clone());
    flow.seeds.is_last = true;
    if let Some(row) = state.queue.row_mut(&gap) {
        row.decided_here = true;
        row.data.state = leads_to;
        row.data.decided_by = Some(answer.reviewer.clone());
        row.data.decided_value.clone_from(&answer.value);
        row.data.decided_at = Some(answer.answered_at);
    }
    state.cards.invalidate(&gap);
    state.queue.advance();
    state.toasts.show(state.now, Level::Info, words(&answer, &known, multi_valued));
    vec![Effect::Answer(Box::new(answer))]
}

/// Says what an answer came to.
fn words(answer: &SeededAnswer, known: &[String], multi_valued: bool) -> String {
    let quoted = |value: &str, most| format!("\"{}\"", sanitise::line(value, most));
    let known: Vec<String> = known.iter().map(|value| quoted(value, 40)).collect();
    let known = known.join(if multi_valued { " and " } else { " or " });
    let shown = answer.shown_value.as_deref().map(|value| quoted(value, 24)).unwrap_or_default();
    let found = match (answer.is_right, answer.accepted) {
        (Some(true), Some(true)) => format!("{shown} is right, as you said"),
        (Some(true), _) => format!("{shown} is right"),
        (Some(false), Some(false)) => format!("right is {known}, not {shown}, as you said"),
        (Some(false), _) => format!("right is {known}, not {shown}"),
        (None, _) => format!("right is {known}"),
    };
    format!("A check, nothing decided: {found}")
}

/// Notes that the last act was a decision after all.
pub fn decided(state: &mut State) {
    if let Some(flow) = &mut state.flow {
        flow.seeds.is_last = false;
    }
}

/// Says that the last act was an answer, which is not taken back; the next undo goes behind it.
pub fn refuse_undo(state: &mut State) -> bool {
    let is_answer = state.flow.as_mut().is_some_and(|flow| std::mem::take(&mut flow.seeds.is_last));
    if is_answer {
        let text = format!(
            "The last one was a check, nothing was decided · {} again takes back what was before",
            state.key(ActionId::Undo)
        );
        state.toasts.show(state.now, Level::Info, text);
    }
    is_answer
}

/// Says that an answer could not be kept.
pub fn answered(state: &mut State, result: Result<()>) {
    if let Err(error) = result {
        let reason = sanitise::line(&error.to_string(), 200);
        let text = format!("Your answer to a check was not kept: {reason}");
        state.toasts.show(state.now, Level::Warning, text);
    }
}

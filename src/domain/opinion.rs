//! Opinions: what a gap's decisions come to where some gaps need those of two reviewers.
//!
//! A decision is *standing* while it is neither an undo nor undone. Only the last standing one can be taken back, so the
//! standing decisions are a pile: the state of a gap is the one that the uppermost of them brought it into, which is
//! written with it. Another share of second opinions therefore changes no gap that is decided already.

use super::{Action, Decision, Event, Reviewer, Seen, State, value_set};

/// The name that stands for whoever gave an opinion that is hidden.
pub const HIDDEN: &str = "(hidden)";

/// How far a gap's decisions have come; whether it is put off or flagged meanwhile does not matter.
#[derive(Debug, Clone, PartialEq)]
pub enum Stage<'a> {
    /// Nobody has given an opinion.
    Open,
    /// One opinion is in; somebody else gives the second.
    Second(&'a Event),
    /// Two opinions differ, the first one first; a third decision settles.
    Disputed(Vec<&'a Event>),
    /// Settled by this decision.
    Settled(&'a Event),
}

impl<'a> Stage<'a> {
    /// Tells how far a gap's decisions, the oldest first, have come.
    pub fn of(history: &'a [Event]) -> Self {
        history.iter().filter(|event| event.is_standing()).fold(Self::Open, Self::after)
    }

    fn after(self, event: &'a Event) -> Self {
        match (event.result_state, self) {
            (Some(State::Second), _) => Self::Second(event),
            (Some(State::Disputed), Self::Second(first)) => Self::Disputed(vec![first, event]),
            (Some(State::Disputed), _) => Self::Disputed(vec![event]),
            (Some(state), _) if state.is_settled() => Self::Settled(event),
            (_, before) => before,
        }
    }

    /// Returns the state that a decision brings the gap into; none for an undo. `needs_second` tells whether the gap is one
    /// of those that get a second opinion, should this be the first.
    pub fn next(&self, decision: &Decision, needs_second: bool, multi_valued: bool) -> Option<State> {
        let own = decision.action.state()?;
        if !own.is_settled() {
            return Some(own);
        }
        Some(match self {
            Self::Open if needs_second => State::Second,
            Self::Second(first) if first.decision.reviewer == decision.reviewer => State::Second,
            Self::Second(first) if !agree(&first.decision, decision, multi_valued) => State::Disputed,
            Self::Open | Self::Second(_) | Self::Disputed(_) | Self::Settled(_) => own,
        })
    }

    /// Returns who gave the opinion to which another one is awaited.
    pub fn first_by(&self) -> Option<&'a Reviewer> {
        match self {
            Self::Second(first) => Some(&first.decision.reviewer),
            Self::Open | Self::Disputed(_) | Self::Settled(_) => None,
        }
    }
}

/// Returns what two opinions that say the same have in common: the value but for case and spaces, of several in any order, in
/// whatever way it was given, or the word that there is none.
pub(super) fn verdict(action: Action, value: Option<&str>, multi_valued: bool) -> String {
    if !action.has_value() {
        return action.as_str().to_owned();
    }
    let values = value_set(value.unwrap_or_default(), multi_valued);
    format!("={}", values.into_iter().collect::<Vec<_>>().join(";"))
}

fn agree(one: &Decision, other: &Decision, multi_valued: bool) -> bool {
    let verdict = |one: &Decision| verdict(one.action, one.value.as_deref(), multi_valued);
    verdict(one) == verdict(other)
}

/// Tells whether a decision in force shows a predicted value to be right or wrong; `None` where it says nothing of it.
pub fn judged(action: Action, decided: Option<&str>, predicted: &str, multi_valued: bool) -> Option<bool> {
    match action {
        Action::Accept | Action::Override => decided.map(|value| is_right(predicted, value, multi_valued)),
        Action::Reject | Action::NotApplicable => Some(false),
        Action::Defer | Action::Flag | Action::Undo | Action::Opinion => None,
    }
}

/// Tells whether a predicted value is the decided one; of several values, whether each is among the decided ones.
fn is_right(predicted: &str, decided: &str, multi_valued: bool) -> bool {
    let predicted = value_set(predicted, multi_valued);
    !predicted.is_empty() && predicted.is_subset(&value_set(decided, multi_valued))
}

/// Hides from a reader what others said as long as it would influence them: first opinions to which no second one is in.
pub fn hide_first_opinions(history: &mut [Event], reader: &Reviewer) {
    let both_in = |event: &&Event| {
        event.is_standing()
            && event.result_state.is_some_and(|one| one.is_settled() || one == State::Disputed)
    };
    let last = history.iter().filter(both_in).map(|event| event.result_version).max();
    let is_hidden = |event: &&mut Event| {
        let is_theirs = event.result_state == Some(State::Second) && event.decision.reviewer != *reader;
        is_theirs && last.is_none_or(|last| event.result_version > last)
    };
    history.iter_mut().filter(is_hidden).for_each(Event::hide);
}

impl Event {
    /// Tells whether it is in force or under decisions that are: neither an undo nor undone.
    pub fn is_standing(&self) -> bool {
        self.decision.action != Action::Undo && self.undone_by.is_none()
    }

    /// Leaves only that somebody gave an opinion, and when.
    fn hide(&mut self) {
        let decision = &mut self.decision;
        decision.action = Action::Opinion;
        decision.reviewer = Reviewer::from(HIDDEN);
        (decision.value, decision.comment, decision.batch) = (None, None, None);
        (decision.shown_value, decision.shown_confidence, decision.shown_experiment) = (None, None, None);
        decision.seen = Seen::default();
    }
}

#[cfg(test)]
mod tests;

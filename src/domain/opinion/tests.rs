use super::*;
use crate::domain::{DecisionId, GapId};
use chrono::{DateTime, Utc};
use proptest::prelude::*;
use std::collections::BTreeSet;
use uuid::Uuid;

/// The decisions on one gap, written as a store writes them.
#[derive(Debug, Default)]
struct Gap {
    history: Vec<Event>,
    /// Whether it is one of those that get a second opinion.
    needs_second: bool,
}

impl Gap {
    fn subject() -> Self {
        Self { needs_second: true, ..Self::default() }
    }

    fn state(&self) -> State {
        Event::state(&self.history)
    }

    fn write(&mut self, reviewer: &str, action: Action, value: Option<&str>) -> State {
        let decision = self.decision(reviewer, action, value, None);
        let state = Stage::of(&self.history).next(&decision, self.needs_second, false);
        self.push(decision, state);
        self.state()
    }

    /// Takes the last decision back, if it is the reviewer's.
    fn undo(&mut self, reviewer: &str) -> Option<State> {
        let last = Event::in_force(&self.history).map(|event| event.decision.clone())?;
        if last.reviewer.as_str() != reviewer {
            return None;
        }
        let undo = self.decision(reviewer, Action::Undo, None, Some(last.id));
        for event in self.history.iter_mut().filter(|event| event.decision.id == last.id) {
            event.undone_by = Some(undo.id);
        }
        self.push(undo, None);
        Some(self.state())
    }

    fn push(&mut self, decision: Decision, result_state: Option<State>) {
        let result_version = decision.base_version + 1;
        let recorded_at = decision.decided_at;
        self.history.push(Event { decision, result_version, result_state, recorded_at, undone_by: None });
    }

    fn decision(
        &self,
        reviewer: &str,
        action: Action,
        value: Option<&str>,
        undoes: Option<DecisionId>,
    ) -> Decision {
        let version = self.history.len();
        Decision {
            id: DecisionId(Uuid::from_u128(version as u128 + 1)),
            gap: GapId::new("p", "colour"),
            action,
            value: value.map(Into::into),
            comment: Some("because".into()),
            reviewer: reviewer.into(),
            base_version: i32::try_from(version).unwrap(),
            undoes,
            shown_value: Some("Black".into()),
            shown_confidence: None,
            shown_experiment: None,
            batch: None,
            seen: Seen { keys: "a".into(), ..Seen::default() },
            decided_at: DateTime::<Utc>::UNIX_EPOCH,
        }
    }

    fn seen_by(&self, reader: &str) -> Vec<Event> {
        let mut history = self.history.clone();
        hide_first_opinions(&mut history, &reader.into());
        history
    }
}

#[test]
fn one_opinion_is_enough_where_no_second_one_is_wanted() {
    let mut gap = Gap::default();
    assert_eq!(gap.write("ada", Action::Accept, Some("Black")), State::Accepted);
    assert_eq!(gap.write("bob", Action::Override, Some("Navy")), State::Overridden);
}

#[test]
fn two_who_agree_settle_a_gap_in_whatever_way_they_gave_the_value() {
    let mut gap = Gap::subject();
    assert_eq!(gap.write("ada", Action::Accept, Some("Black")), State::Second);
    assert_eq!(gap.write("bob", Action::Override, Some(" black")), State::Overridden);
    let mut gap = Gap::subject();
    gap.write("ada", Action::Reject, None);
    assert_eq!(gap.write("bob", Action::Reject, None), State::Rejected);
}

#[test]
fn two_who_differ_are_both_shown_and_a_third_decision_settles() {
    let mut gap = Gap::subject();
    gap.write("ada", Action::Accept, Some("Black"));
    assert_eq!(gap.write("bob", Action::NotApplicable, None), State::Disputed);
    let stage = Stage::of(&gap.history);
    let Stage::Disputed(opinions) = stage else { panic!("{stage:?}") };
    let who: Vec<&str> = opinions.iter().map(|event| event.decision.reviewer.as_str()).collect();
    assert_eq!(who, ["ada", "bob"]);
    assert_eq!(gap.write("cleo", Action::Accept, Some("Black")), State::Accepted);
    assert_eq!(gap.write("dan", Action::Reject, None), State::Rejected, "on top, as ever");
}

#[test]
fn nobody_gives_both_opinions() {
    let mut gap = Gap::subject();
    gap.write("ada", Action::Accept, Some("Black"));
    assert_eq!(gap.write("ada", Action::Accept, Some("Navy")), State::Second);
    assert_eq!(gap.write("bob", Action::Accept, Some("Black")), State::Disputed, "ada's last word counts");
}

#[test]
fn a_gap_put_off_or_flagged_keeps_the_opinion_that_it_has() {
    let mut gap = Gap::subject();
    gap.write("ada", Action::Accept, Some("Black"));
    assert_eq!(gap.write("bob", Action::Flag, None), State::Flagged);
    assert_eq!(Stage::of(&gap.history).first_by().unwrap().as_str(), "ada");
    assert_eq!(gap.seen_by("bob")[0].decision.value, None, "and keeps it hidden");
    assert_eq!(gap.write("bob", Action::Accept, Some("Black")), State::Accepted);
}

#[test]
fn a_share_that_changes_later_changes_nothing_decided_before() {
    let mut gap = Gap::subject();
    gap.write("ada", Action::Accept, Some("Black"));
    gap.needs_second = false;
    assert_eq!(gap.state(), State::Second);
    assert_eq!(gap.write("bob", Action::Accept, Some("Navy")), State::Disputed);
    let mut gap = Gap::default();
    gap.write("ada", Action::Accept, Some("Black"));
    gap.needs_second = true;
    assert_eq!(gap.write("bob", Action::Accept, Some("Navy")), State::Accepted);
}

#[test]
fn a_first_opinion_is_hidden_from_others_until_a_second_is_in() {
    let mut gap = Gap::subject();
    gap.write("ada", Action::Accept, Some("Black"));
    let hidden = gap.seen_by("bob").remove(0);
    assert_eq!((hidden.decision.action, hidden.decision.reviewer.as_str()), (Action::Opinion, HIDDEN));
    assert_eq!((hidden.decision.value, hidden.decision.comment), (None, None));
    assert_eq!((hidden.decision.shown_value, hidden.decision.seen), (None, Seen::default()));
    assert_eq!(gap.seen_by("ada"), gap.history, "not from who gave it");
    gap.write("bob", Action::Accept, Some("Navy"));
    assert_eq!(gap.seen_by("cleo"), gap.history);
    gap.undo("bob").unwrap();
    assert_eq!(gap.seen_by("cleo")[0].decision.value, None, "hidden again");
    gap.undo("ada").unwrap();
    assert_eq!(gap.seen_by("cleo")[0].decision.value, None, "what was taken back would influence as much");
}

#[test]
fn the_order_of_several_values_makes_no_difference() {
    let gap = Gap::default();
    let [one, other] =
        ["Wool; silk", "SILK;wool"].map(|v| gap.decision("ada", Action::Override, Some(v), None));
    assert!(agree(&one, &other, true) && !agree(&one, &other, false));
}

/// Who does what: a value, a word without one, or an undo.
fn act() -> impl Strategy<Value = (usize, usize)> {
    (0..3_usize, 0..8_usize)
}

const REVIEWERS: [&str; 3] = ["ada", "bob", "cleo"];
const ACTS: [(Action, Option<&str>); 8] = [
    (Action::Accept, Some("Black")),
    (Action::Accept, Some("Navy")),
    (Action::Override, Some("black ")),
    (Action::Reject, None),
    (Action::NotApplicable, None),
    (Action::Defer, None),
    (Action::Flag, None),
    (Action::Undo, None),
];

proptest! {
    #[test]
    fn nothing_is_settled_by_one_reviewer_alone(acts in prop::collection::vec(act(), 0..20)) {
        let mut gap = Gap::subject();
        for (who, what) in acts {
            let (action, value) = ACTS[what];
            match action {
                Action::Undo => { gap.undo(REVIEWERS[who]); }
                _ => { gap.write(REVIEWERS[who], action, value); }
            }
            let opinions = gap.history.iter().filter(|event| event.is_standing())
                .filter(|event| event.decision.action.state().is_some_and(State::is_settled));
            let who: BTreeSet<&str> = opinions.map(|event| event.decision.reviewer.as_str()).collect();
            match Stage::of(&gap.history) {
                Stage::Open => prop_assert!(who.is_empty()),
                Stage::Second(_) => prop_assert_eq!(who.len(), 1),
                Stage::Disputed(two) => {
                    prop_assert!(two.len() == 2 && two[0].decision.reviewer != two[1].decision.reviewer);
                }
                Stage::Settled(_) => prop_assert!(who.len() >= 2),
            }
        }
    }

    #[test]
    fn taking_the_last_decision_back_restores_what_was_before(
        acts in prop::collection::vec(act(), 0..12),
        last in 0..7_usize,
        shares in prop::collection::vec(any::<bool>(), 13),
    ) {
        let mut gap = Gap::default();
        for ((who, what), needs_second) in acts.into_iter().zip(&shares) {
            gap.needs_second = *needs_second;
            let (action, value) = ACTS[what];
            match action {
                Action::Undo => { gap.undo(REVIEWERS[who]); }
                _ => { gap.write(REVIEWERS[who], action, value); }
            }
        }
        let (state, first_by) = (gap.state(), Stage::of(&gap.history).first_by().cloned());
        gap.needs_second = shares[12];
        let (action, value) = ACTS[last];
        gap.write("ada", action, value);
        prop_assert_eq!(gap.undo("ada"), Some(state));
        prop_assert_eq!(Stage::of(&gap.history).first_by().cloned(), first_by);
    }

    #[test]
    fn whoever_has_not_spoken_never_reads_what_the_first_one_said(acts in prop::collection::vec(act(), 0..12)) {
        let mut gap = Gap::subject();
        for (who, what) in acts {
            let (action, value) = ACTS[what];
            match action {
                Action::Undo => { gap.undo(REVIEWERS[who]); }
                _ => { gap.write(REVIEWERS[who], action, value); }
            }
            if let Stage::Second(first) = Stage::of(&gap.history) {
                let shown = gap.seen_by("dan");
                let seen = shown.iter().find(|event| event.decision.id == first.decision.id).unwrap();
                prop_assert_eq!((seen.decision.action, &seen.decision.value), (Action::Opinion, &None));
                prop_assert_eq!(Event::state(&shown), gap.state());
            }
        }
    }
}

#[test]
fn a_value_is_right_whatever_its_case_and_spaces() {
    assert!(is_right(" black ", "Black", false));
    assert!(!is_right("Black; Red", "red; black", false));
}

#[test]
fn several_values_are_right_when_each_is_among_the_decided_ones() {
    assert!(is_right("Red; black", "black; red; blue", true));
    assert!(!is_right("Red; green", "black; red; blue", true));
    assert!(!is_right(" ; ", "black", true));
}

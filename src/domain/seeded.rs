//! Seeded gaps: gaps whose right value is known, mixed into the flow to see how well a reviewer tells right predictions from
//! wrong ones. What is said of one is an answer, not a decision: it changes nothing of the gap.

use super::{Action, Decision, DecisionId, GapId, QueueRow, Reviewer, State, judged};
use chrono::{DateTime, Utc};
use serde::Serialize;

/// A gap and the value that is known to be right for it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct SeededValue {
    #[serde(flatten)]
    pub gap: GapId,
    /// One of several, where the attribute takes several.
    pub value: String,
}

/// A seeded gap as the flow serves it: like an open one.
#[derive(Debug, Clone, PartialEq)]
pub struct SeededGap {
    pub row: QueueRow,
    /// The values known to be right, at least one.
    pub values: Vec<String>,
}

/// What a reviewer said of a seeded gap.
#[derive(Debug, Clone, PartialEq)]
pub struct SeededAnswer {
    /// Made by the client (UUIDv7): an answer sent twice counts once.
    pub id: DecisionId,
    pub gap: GapId,
    pub reviewer: Reviewer,
    pub action: Action,
    pub value: Option<String>,
    /// The prediction shown first; none where the reviewer saw none.
    pub shown_value: Option<String>,
    /// Whether that is right; none where none was shown.
    pub is_right: Option<bool>,
    /// Whether the reviewer took it; none where that is not known, as of a gap put off.
    pub accepted: Option<bool>,
    /// Seconds from showing the gap to the answer.
    pub seconds: Option<f64>,
    /// By the client's clock.
    pub answered_at: DateTime<Utc>,
}

/// How many answers of a reviewer there are of one kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct AnswerCount {
    /// Whether the prediction was right.
    pub is_right: bool,
    /// Whether the reviewer took it.
    pub accepted: bool,
    pub answers: u64,
}

/// What is seeded, for the data owner; names nobody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Seeding {
    /// Gaps of the queue with a known value.
    pub gaps: u64,
    /// Those of them that nobody has decided.
    pub open: u64,
    /// Those whose most confident prediction is the known value, but for case and white space.
    pub right: u64,
    /// Those whose most confident prediction is another.
    pub wrong: u64,
    pub answers: u64,
    /// How many people have answered.
    pub reviewers: u64,
}

impl SeededAnswer {
    /// Takes what would be a decision on an ordinary gap for an answer.
    pub fn of(decision: Decision, known: &[String], multi_valued: bool) -> Self {
        let says = |action, value: &str| {
            let shown = decision.shown_value.as_deref()?;
            judged(action, Some(value), shown, multi_valued)
        };
        let is_right = if multi_valued {
            says(Action::Override, &known.join(";"))
        } else {
            known.iter().filter_map(|value| says(Action::Override, value)).max()
        };
        let accepted = says(decision.action, decision.value.as_deref().unwrap_or_default());
        Self {
            id: decision.id,
            gap: decision.gap,
            reviewer: decision.reviewer,
            action: decision.action,
            value: decision.value,
            shown_value: decision.shown_value,
            is_right,
            accepted,
            seconds: decision.seen.seconds,
            answered_at: decision.decided_at,
        }
    }
}

impl QueueRow {
    /// Hides what was decided: the row of a gap as it was before.
    pub fn reopen(&mut self) {
        self.state = State::Open;
        self.decided_by = None;
        self.decided_value = None;
        self.decided_at = None;
        self.first_by = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Seen;

    fn answer(
        action: Action,
        value: Option<&str>,
        shown: Option<&str>,
        known: &[&str],
        multi: bool,
    ) -> SeededAnswer {
        let decision = Decision {
            id: DecisionId::new(),
            gap: GapId::new("p1", "colour"),
            action,
            value: value.map(Into::into),
            comment: None,
            reviewer: "ada".into(),
            base_version: 3,
            undoes: None,
            shown_value: shown.map(Into::into),
            shown_confidence: None,
            shown_experiment: None,
            batch: None,
            seen: Seen { seconds: Some(2.5), ..Seen::default() },
            decided_at: DateTime::UNIX_EPOCH,
        };
        let known: Vec<String> = known.iter().map(ToString::to_string).collect();
        SeededAnswer::of(decision, &known, multi)
    }

    fn verdict(
        action: Action,
        value: Option<&str>,
        shown: Option<&str>,
        known: &[&str],
    ) -> (Option<bool>, Option<bool>) {
        let answer = answer(action, value, shown, known, false);
        assert_eq!(answer.seconds, Some(2.5));
        (answer.is_right, answer.accepted)
    }

    #[test]
    fn an_answer_says_whether_the_prediction_was_right_and_whether_it_was_taken() {
        let (accept, given) = (Action::Accept, Action::Override);
        assert_eq!(verdict(accept, Some("red "), Some("Red"), &["RED"]), (Some(true), Some(true)));
        assert_eq!(verdict(accept, Some("Red"), Some("Red"), &["Blue"]), (Some(false), Some(true)));
        assert_eq!(verdict(given, Some("Blue"), Some("Red"), &["Blue"]), (Some(false), Some(false)));
        assert_eq!(verdict(given, Some("Blue"), Some("Red"), &["Red"]), (Some(true), Some(false)));
        assert_eq!(verdict(Action::Reject, None, Some("Red"), &["Blue"]), (Some(false), Some(false)));
        assert_eq!(verdict(Action::NotApplicable, None, Some("Red"), &["Red"]), (Some(true), Some(false)));
        // Another candidate than the first was accepted.
        assert_eq!(verdict(accept, Some("Blue"), Some("Red"), &["Blue"]), (Some(false), Some(false)));
    }

    #[test]
    fn what_says_nothing_of_the_eye_is_no_verdict() {
        assert_eq!(verdict(Action::Accept, Some("Red"), None, &["Red"]), (None, None), "nothing was shown");
        assert_eq!(verdict(Action::Defer, None, Some("Red"), &["Red"]), (Some(true), None));
        assert_eq!(verdict(Action::Flag, None, Some("Red"), &["Blue"]), (Some(false), None));
        assert_eq!(verdict(Action::Reject, None, Some("Red"), &[]), (None, Some(false)), "nothing is known");
    }

    #[test]
    fn of_several_values_each_must_be_known_and_one_of_several_known_ones_is_enough() {
        let several =
            |shown| answer(Action::Accept, Some(shown), Some(shown), &["red", "blue"], true).is_right;
        assert_eq!(several("Blue; Red"), Some(true));
        assert_eq!(several("Blue"), Some(true));
        assert_eq!(several("Blue; Green"), Some(false));
        let either =
            |shown| answer(Action::Accept, Some(shown), Some(shown), &["red", "blue"], false).is_right;
        assert_eq!((either("Blue"), either("green")), (Some(true), Some(false)));
    }
}

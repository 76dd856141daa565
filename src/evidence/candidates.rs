//! The ranked candidates of a gap: what was proposed, and what the neighbours add.

use super::same::Canonical;
use super::vote::{Reading, Vote};
use super::worth;
use crate::domain::{Backing, Candidate, Choice, Confidence, ReviewCard, Source, TrackRecord, choices};

/// The most values that the neighbours add.
const MOST_ADDED: usize = 3;
/// The share of the category's values from which one of them is a candidate.
const LEAST_COMMON: f64 = 0.05;
/// The most values that the category adds.
const MOST_COMMON: usize = 3;
/// How many judged predictions a source's own confidence weighs as.
const CLAIM: f64 = 8.0;
/// The fewest judged predictions that the order is learned from.
const FEWEST: u64 = 20;
/// What a source without a confidence claims.
const UNCLAIMED: f64 = 0.5;
/// What the neighbours' first value is taken to be worth where that was not measured.
const UNMEASURED: f64 = 0.5;

/// Counts the vote on a card; none where it is known to be worth nothing.
pub fn vote_of(card: &ReviewCard) -> Option<Vote> {
    if card.worth.as_ref().is_some_and(|worth| !worth::speaks(worth)) {
        return None;
    }
    Some(Vote::of(&card.voters, Reading::of(&card.attribute))).filter(Vote::is_evidence)
}

/// Returns how many judged predictions the order of a card's candidates is learned from; `None` where there are too few:
/// then the most confident comes first.
pub fn learned_from(card: &ReviewCard) -> Option<u64> {
    Some(card.records.iter().map(|record| record.near).sum()).filter(|judged| *judged >= FEWEST)
}

/// Returns the choices of a card, each with its score and its share of the vote.
///
/// Proposed values come first, by their scores where these are learned from decisions, otherwise by confidence; behind them
/// what only the neighbours have, the largest share first, then what is frequent in the category.
///
/// The score of a proposed value is the probability that one of its sources is right, if they err independently:
/// `1 - prod(1 - p)`, where `p` is the source's share of right ones among the judged predictions for the attribute that are
/// nearest in confidence, with its own confidence as the prior (8 predictions' worth). What nobody proposed shares what is left, by its share of the vote or of
/// the category.
pub fn choices_of(card: &ReviewCard, vote: Option<&Vote>) -> Vec<Choice> {
    let mut all = choices(&card.candidates);
    let mut left = 1.0;
    for choice in &mut all {
        let score = score(card, choice);
        choice.score = Some(score);
        left *= 1.0 - score;
    }
    if learned_from(card).is_some() {
        // Stable: ties stay in the order of confidence.
        all.sort_by(|a, b| b.score.unwrap_or(0.0).total_cmp(&a.score.unwrap_or(0.0)));
    }
    let reading = Reading::of(&card.attribute);
    let parts = |value: &str| -> Vec<Canonical> {
        reading.parts(value).map(|part| Canonical::new(part, reading.unit)).collect()
    };
    let mut present: Vec<Canonical> = all.iter().flat_map(|choice| parts(&choice.value)).collect();
    if let Some(vote) = vote {
        for choice in &mut all {
            choice.backing = Some(Backing { share: vote.share(&choice.value, reading) });
        }
        let worth = card.worth.as_ref().and_then(worth::accuracy).unwrap_or(UNMEASURED);
        let added = vote
            .shares
            .iter()
            .filter(|one| one.share >= Backing::LEAST && !present.iter().any(|value| one.is(value)))
            .take(MOST_ADDED)
            .map(|one| Choice {
                value: one.value.clone(),
                confidence: None,
                candidates: Vec::new(),
                backing: Some(Backing { share: one.share }),
                common: None,
                score: Some(rounded(left * worth * one.share)),
            });
        let added: Vec<Choice> = added.collect();
        present.extend(added.iter().flat_map(|choice| parts(&choice.value)));
        all.extend(added);
    }
    add_common(card, vote, left, &mut all, &present);
    all
}

/// Notes which choices are frequent in the category, and adds frequent values that are not among them.
fn add_common(
    card: &ReviewCard,
    vote: Option<&Vote>,
    left: f64,
    all: &mut Vec<Choice>,
    present: &[Canonical],
) {
    let Some(common) = card.common.as_ref().filter(|common| common.known > 0) else { return };
    let reading = Reading::of(&card.attribute);
    #[expect(clippy::cast_precision_loss, reason = "a share of a count")]
    let share = |count: u64| count as f64 / common.known as f64;
    let mut added = 0;
    for (value, count) in &common.frequent {
        let canonical = Canonical::new(value, reading.unit);
        let own =
            all.iter_mut().find(|choice| Canonical::new(&choice.value, reading.unit).is_same(&canonical));
        if let Some(choice) = own {
            choice.common = Some(share(*count));
        } else if share(*count) >= LEAST_COMMON
            && added < MOST_COMMON
            && !present.iter().any(|value| value.is_same(&canonical))
        {
            added += 1;
            all.push(Choice {
                value: value.clone(),
                confidence: None,
                candidates: Vec::new(),
                backing: vote.map(|vote| Backing { share: vote.share(value, reading) }),
                common: Some(share(*count)),
                score: Some(rounded(left * share(*count))),
            });
        }
    }
}

fn score(card: &ReviewCard, choice: &Choice) -> f64 {
    let mut sources: Vec<(&Source, f64)> = Vec::new();
    for candidate in &choice.candidates {
        let right = right_share(card, candidate);
        match sources.iter_mut().find(|(source, _)| **source == candidate.source) {
            // One source that writes a value in two ways is one witness.
            Some((_, known)) => *known = known.max(right),
            None => sources.push((&candidate.source, right)),
        }
    }
    rounded(1.0 - sources.iter().map(|(_, right)| 1.0 - right).product::<f64>())
}

/// Returns the share of right ones among a source's judged predictions nearest in confidence, its own claim as the prior;
/// nobody is taken to be always right or always wrong.
pub fn right_share(card: &ReviewCard, candidate: &Candidate) -> f64 {
    let claimed = candidate.confidence.map_or(UNCLAIMED, Confidence::get);
    let is_its = |record: &&TrackRecord| {
        matches!(&candidate.source, Source::Experiment(key) if *key == record.experiment)
            && candidate.confidence == Some(record.confidence)
    };
    let (judged, right) =
        card.records.iter().find(is_its).map_or((0, 0), |record| (record.near, record.near_right));
    #[expect(clippy::cast_precision_loss, reason = "small counts")]
    let (judged, right) = (judged as f64, right as f64);
    ((right + CLAIM * claimed) / (judged + CLAIM)).clamp(0.02, 0.98)
}

/// Rounds a score to four digits, as it is stored.
fn rounded(score: f64) -> f64 {
    (score * 10_000.0).round() / 10_000.0
}

/// Returns how many choices of a card's list are shown at first, where the others may be left out: a split-conformal
/// prediction set of 90 % (Angelopoulos and Bates 2021).
pub fn shown_first(card: &ReviewCard, choices: &[Choice]) -> Option<usize> {
    let least = card.cut.as_ref()?.score?;
    let shown = choices.iter().rposition(|choice| choice.score.is_some_and(|score| score >= least));
    let shown = shown.map_or(1, |last| last + 1);
    (shown < choices.len()).then_some(shown)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{AttributeKey, CategoryValues, ListCut, VoteWorth};
    use crate::evidence::example;
    use chrono::DateTime;

    fn card(proposed: &[(&str, f64)], neighbours: &[(&str, f64)], worth: Option<(i64, i64)>) -> ReviewCard {
        let candidate = |(value, confidence): &(&str, f64)| Candidate {
            value: (*value).into(),
            confidence: Confidence::new(*confidence).ok(),
            source: Source::Experiment("e".into()),
            reasoning: None,
            created_at: DateTime::UNIX_EPOCH,
        };
        ReviewCard {
            candidates: proposed.iter().map(candidate).collect(),
            voters: example::neighbours(neighbours),
            worth: worth.map(|(voted, correct)| VoteWorth {
                attribute_key: AttributeKey::from("weight"),
                tried: voted,
                voted,
                correct,
                frequent: 1,
                measured_at: DateTime::UNIX_EPOCH,
            }),
            ..example::weight()
        }
    }

    fn listed(card: &ReviewCard) -> Vec<(String, Option<i64>)> {
        #[expect(clippy::cast_possible_truncation, reason = "a share in percent")]
        let percent = |backing: Backing| (backing.share * 100.0).round() as i64;
        choices_of(card, vote_of(card).as_ref())
            .into_iter()
            .map(|choice| (choice.value, choice.backing.map(percent)))
            .collect()
    }

    #[test]
    fn what_only_neighbours_have_comes_behind_what_was_proposed_and_equal_quantities_are_one() {
        let shown =
            card(&[("286", 0.4), ("500", 0.9)], &[("0.63 lb", 0.8), ("90 g", 0.8), ("90", 0.7)], None);
        let expected =
            [("500".to_owned(), Some(0)), ("286".to_owned(), Some(35)), ("90 g".to_owned(), Some(65))];
        assert_eq!(listed(&shown), expected);
    }

    #[test]
    fn a_vote_that_is_worth_nothing_adds_nothing() {
        let neighbours = [("90", 0.8), ("90", 0.7), ("90", 0.6)];
        assert_eq!(listed(&card(&[("500", 0.9)], &neighbours, Some((200, 20)))), [("500".to_owned(), None)]);
        assert_eq!(listed(&card(&[("500", 0.9)], &neighbours, Some((200, 150)))).len(), 2);
    }

    #[test]
    fn a_single_neighbour_adds_nothing() {
        assert_eq!(listed(&card(&[], &[("90", 0.8)], None)), []);
    }

    fn record(experiment: &str, confidence: f64, judged: u64, right: u64) -> TrackRecord {
        let confidence = Confidence::new(confidence).unwrap();
        TrackRecord {
            experiment: experiment.into(),
            confidence,
            judged: 0,
            right: 0,
            near: judged,
            near_right: right,
        }
    }

    /// 500 is claimed with 0.9 and was right in 20 of 100: (20 + 7.2) / 108; 286 with 0.4, in 90 of 100: (90 + 3.2) / 108.
    #[test]
    fn what_was_right_before_comes_before_what_is_sure_of_itself() {
        let mut shown = card(&[("286", 0.4), ("500", 0.9)], &[], None);
        shown.candidates[1].source = Source::Experiment("other".into());
        let order = |card: &ReviewCard| -> Vec<(String, f64)> {
            choices_of(card, None).into_iter().map(|one| (one.value, one.score.unwrap())).collect()
        };
        assert_eq!(order(&shown), [("500".into(), 0.9), ("286".into(), 0.4)]);
        shown.records = vec![record("e", 0.4, 9, 9), record("other", 0.9, 10, 1)];
        assert_eq!(learned_from(&shown), None);
        assert_eq!(order(&shown)[0].0, "500", "too few to learn from");
        shown.records = vec![record("e", 0.4, 100, 90), record("other", 0.9, 100, 20)];
        assert_eq!(order(&shown), [("286".into(), 0.863), ("500".into(), 0.2519)]);
        assert_eq!(learned_from(&shown), Some(200));
    }

    #[test]
    fn sources_that_agree_add_up_and_one_source_is_one_witness() {
        let mut shown = card(&[("286", 0.5), ("286 g", 0.5), (" 286", 0.5)], &[], None);
        let scores = |card: &ReviewCard| -> Vec<f64> {
            choices_of(card, None).iter().map(|choice| choice.score.unwrap()).collect()
        };
        assert_eq!(scores(&shown), [0.5, 0.5]);
        shown.candidates[2].source = Source::Experiment("other".into());
        assert_eq!(scores(&shown), [0.75, 0.5]);
    }

    #[test]
    fn frequent_values_of_the_category_come_last_and_share_what_is_left() {
        let mut shown = card(&[("500", 0.8)], &[("90", 0.8), ("90", 0.7), ("91", 0.8)], None);
        let frequent = [("0.5 kg", 40), ("90 g", 30), ("70", 20), ("60", 5), ("50", 4)];
        let frequent = frequent.map(|(value, count)| (value.to_owned(), count)).to_vec();
        shown.common = Some(CategoryValues { known: 100, frequent, sample: Vec::new() });
        let list = choices_of(&shown, vote_of(&shown).as_ref());
        let seen: Vec<_> = list.iter().map(|one| (one.value.as_str(), one.common)).collect();
        let expected =
            [("500", Some(0.4)), ("90", Some(0.3)), ("91", None), ("70", Some(0.2)), ("60", Some(0.05))];
        assert_eq!(seen, expected);
        assert!((list[3].score.unwrap() - 0.2 * 0.2).abs() < 1e-9);
        assert!(list.iter().skip(1).all(|one| one.candidates.is_empty()));
    }

    #[test]
    fn a_list_is_cut_behind_the_last_score_that_counts_but_never_to_nothing() {
        let mut shown = card(&[("1", 0.9), ("2", 0.5), ("3", 0.1)], &[], None);
        let mut shown_of = |score| {
            shown.cut = Some(ListCut {
                attribute_key: "weight".into(),
                decided: 100,
                listed: 95,
                score,
                measured_at: DateTime::UNIX_EPOCH,
            });
            shown_first(&shown, &choices_of(&shown, None))
        };
        let cuts = [None, Some(0.1), Some(0.2), Some(0.6), Some(0.99)].map(&mut shown_of);
        assert_eq!(cuts, [None, None, Some(2), Some(1), Some(1)]);
    }
}

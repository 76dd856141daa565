//! The ranked candidates of a gap: what was proposed, and what the neighbours add.

use super::same::Canonical;
use super::vote::{Reading, Vote};
use super::worth;
use crate::domain::{Backing, Choice, ReviewCard, choices};

/// The share of the vote from which a value that nobody proposed is a candidate.
const LEAST: f64 = 0.1;
/// The most values that the neighbours add.
const MOST_ADDED: usize = 3;

/// Counts the vote on a card; none where it is known to be worth nothing.
pub fn vote_of(card: &ReviewCard) -> Option<Vote> {
    if card.worth.as_ref().is_some_and(|worth| !worth::speaks(worth)) {
        return None;
    }
    Some(Vote::of(&card.voters, Reading::of(&card.attribute))).filter(Vote::is_evidence)
}

/// Returns the choices of a card: proposed values, the most confident first, each with its share of the vote; behind them
/// what only the neighbours have, the largest share first.
pub fn choices_of(card: &ReviewCard, vote: Option<&Vote>) -> Vec<Choice> {
    let mut all = choices(&card.candidates);
    let Some(vote) = vote else { return all };
    let reading = Reading::of(&card.attribute);
    let parts = |value: &str| -> Vec<Canonical> {
        reading.parts(value).map(|part| Canonical::new(part, reading.unit)).collect()
    };
    let proposed: Vec<Canonical> = all.iter().flat_map(|choice| parts(&choice.value)).collect();
    for choice in &mut all {
        choice.backing = Some(Backing { share: vote.share(&choice.value, reading) });
    }
    let added = vote
        .shares
        .iter()
        .filter(|one| one.share >= LEAST && !proposed.iter().any(|value| one.is(value)))
        .take(MOST_ADDED)
        .map(|one| Choice {
            value: one.value.clone(),
            confidence: None,
            candidates: Vec::new(),
            backing: Some(Backing { share: one.share }),
        });
    all.extend(added);
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        AllowedValues, Attribute, AttributeKey, Candidate, Confidence, DataType, GapId, Neighbour, Product,
        ProductCard, QueueRow, Source, State, VoteWorth,
    };
    use chrono::DateTime;

    fn card(proposed: &[(&str, f64)], neighbours: &[(&str, f64)], worth: Option<(i64, i64)>) -> ReviewCard {
        let time = DateTime::UNIX_EPOCH;
        ReviewCard {
            row: QueueRow {
                gap: GapId::new("p", "weight"),
                product_name: String::new(),
                category: None,
                best_value: None,
                best_confidence: None,
                candidate_count: 0,
                value_count: 0,
                disagreement: 0.0,
                uncertainty: 0.0,
                state: State::Open,
                version: 0,
                decided_by: None,
                decided_value: None,
                decided_at: None,
                vote: None,
                first_by: None,
                gap_created_at: time,
            },
            attribute: Attribute {
                key: "weight".into(),
                system_name: None,
                label: None,
                data_type: DataType::Number,
                unit: Some("g".into()),
                multi_valued: false,
            },
            allowed: AllowedValues::default(),
            candidates: proposed
                .iter()
                .map(|(value, confidence)| Candidate {
                    value: (*value).into(),
                    confidence: Confidence::new(*confidence).ok(),
                    source: Source::Experiment("e".into()),
                    reasoning: None,
                    created_at: time,
                })
                .collect(),
            product: ProductCard {
                product: Product { key: "p".into(), name: None, code_type: None, description: None },
                categories: Vec::new(),
                known: Vec::new(),
                texts: Vec::new(),
                neighbours: Vec::new(),
                gaps: Vec::new(),
            },
            voters: neighbours
                .iter()
                .enumerate()
                .map(|(index, (value, similarity))| Neighbour {
                    product_key: format!("n{index}").as_str().into(),
                    product_name: format!("name{index}"),
                    similarity: *similarity,
                    values: vec![(*value).into()],
                })
                .collect(),
            worth: worth.map(|(voted, correct)| VoteWorth {
                attribute_key: AttributeKey::from("weight"),
                tried: voted,
                voted,
                correct,
                frequent: 1,
                measured_at: time,
            }),
            history: Vec::new(),
            record: None,
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
}

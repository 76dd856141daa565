//! Values to offer for a gap: what was predicted, what the neighbours have, what is allowed.

use crate::domain::{DataType, normalised};
use crate::sanitise;
use crate::tui::screens::card::LoadedCard;
use std::collections::HashMap;

/// A value and who speaks for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suggestion {
    pub value: String,
    pub neighbours: usize,
    pub predicted: bool,
    pub allowed: bool,
}

impl Suggestion {
    /// Says who speaks for the value (`"7 neighbours · predicted · allowed"`).
    pub fn source(&self) -> String {
        let mut parts = Vec::new();
        match self.neighbours {
            0 => {}
            1 => parts.push("1 neighbour".to_owned()),
            n => parts.push(format!("{n} neighbours")),
        }
        if self.predicted {
            parts.push("predicted".into());
        }
        if self.allowed {
            parts.push("allowed".into());
        }
        parts.join(" · ")
    }
}

/// Collects the values for a card's gap: predicted ones first, then those of most neighbours, then the allowed ones.
pub fn suggestions(card: &LoadedCard) -> Vec<Suggestion> {
    let mut found: Vec<Suggestion> = Vec::new();
    let mut index: HashMap<String, usize> = HashMap::new();
    let mut add = |value: &str| {
        *index.entry(normalised(value)).or_insert_with(|| {
            found.push(Suggestion { value: value.into(), neighbours: 0, predicted: false, allowed: false });
            found.len() - 1
        })
    };
    let proposed = card.choices.iter().filter(|choice| !choice.candidates.is_empty());
    let predicted: Vec<usize> = proposed.map(|choice| add(&choice.value)).collect();
    let near: Vec<usize> =
        card.card.product.neighbours.iter().flat_map(|one| &one.values).map(|value| add(value)).collect();
    let allowed: Vec<usize> = card.card.allowed.values.iter().map(|one| add(&one.value)).collect();
    if card.card.attribute.data_type == DataType::Boolean {
        add("Yes");
        add("No");
    }
    for at in predicted {
        found[at].predicted = true;
    }
    for at in near {
        found[at].neighbours += 1;
    }
    for (at, one) in allowed.into_iter().zip(&card.card.allowed.values) {
        found[at].allowed = true;
        // The allowed spelling is the one that is written.
        found[at].value.clone_from(&one.value);
    }
    found.retain(|suggestion| !suggestion.value.trim().is_empty());
    found.sort_by_key(|suggestion| {
        (std::cmp::Reverse(suggestion.predicted), std::cmp::Reverse(suggestion.neighbours))
    });
    found
}

/// Says which numbers the neighbours have (`"neighbours 250 to 300 g"`).
pub fn range_words(card: &LoadedCard) -> Option<String> {
    if card.card.attribute.data_type != DataType::Number {
        return None;
    }
    let values = card.card.product.neighbours.iter().flat_map(|one| &one.values);
    let mut numbers: Vec<(f64, &str)> = values
        .filter_map(|value| {
            let number: f64 = value.trim().parse().ok()?;
            number.is_finite().then_some((number, value.trim()))
        })
        .collect();
    numbers.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (low, high) = (numbers.first()?.1, numbers.last()?.1);
    let unit = card.card.attribute.unit.as_deref().map(|unit| format!(" {}", sanitise::line(unit, 16)));
    let unit = unit.unwrap_or_default();
    Some(if low == high {
        format!("neighbours {}{unit}", sanitise::line(low, 20))
    } else {
        format!("neighbours {} to {}{unit}", sanitise::line(low, 20), sanitise::line(high, 20))
    })
}

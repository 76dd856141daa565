//! Drawing and writing values.

use super::random::Random;
use super::spec::{Attribute, Category, Has, ValueType};
use crate::evidence::units::{convert, format_number, round_significant};

/// How many of a family's sizes, colours and so on there are at most.
const MOST_OPTIONS: usize = 4;

/// What a draw chose: a position in 0..1 within the values in their order, and a stream for what is left to chance.
#[derive(Debug, Clone)]
pub(super) struct Draw {
    pub(super) position: f64,
    pub(super) random: Random,
}

/// Draws the options among which siblings choose: one, or some where siblings differ.
pub(super) fn options(has: &Has, mut random: Random) -> Vec<Draw> {
    let positions = match (has.varies, has.chance) {
        (false, _) => vec![random.unit()],
        // Yes and no.
        (true, Some(_)) => vec![0.0, 0.999],
        (true, None) => {
            let places: Vec<usize> = (0..has.values.len().max(1)).collect();
            let count = 2 + random.below(MOST_OPTIONS - 1);
            random.several(&places, count).into_iter().map(|place| middle(place, places.len())).collect()
        }
    };
    positions
        .into_iter()
        .map(|position| Draw { position, random: Random::keyed(random.next(), &[]) })
        .collect()
}

#[expect(clippy::cast_precision_loss, reason = "a handful of values")]
fn middle(place: usize, count: usize) -> f64 {
    (place as f64 + 0.5) / count as f64
}

/// Returns the values at a draw.
pub(super) fn values_at(has: &Has, draw: &Draw) -> Vec<String> {
    let most = has.several.unwrap_or(1);
    if most > 1 {
        let mut random = draw.random.clone();
        let count = 1 + random.below(most);
        return random.several(&has.values, count);
    }
    vec![value_at(has, draw.position)]
}

/// Returns the value at a position.
fn value_at(has: &Has, position: f64) -> String {
    if let Some(chance) = has.chance {
        return if position < chance { "Yes" } else { "No" }.to_owned();
    }
    if let Some([low, high]) = has.range {
        let steps = ((high - low) / has.step + 1e-9).floor();
        return format_number(low + (position * (steps + 1.0)).floor().min(steps) * has.step);
    }
    has.values.get(place(position, has.values.len())).cloned().unwrap_or_default()
}

/// Returns the index at a position among `count` values.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a handful of values, a position not below 0"
)]
fn place(position: f64, count: usize) -> usize {
    ((position.max(0.0) * count as f64) as usize).min(count.saturating_sub(1))
}

/// Draws plausible values that are not `truth`: near ones of a number, other ones of a list, the other of a boolean.
pub(super) fn others(has: &Has, draw: &Draw, truth: &[String], siblings: &[String]) -> Vec<String> {
    let mut random = draw.random.clone();
    random.next();
    let mut others: Vec<String> = Vec::new();
    if has.several.is_some_and(|most| most > 1) {
        for _ in 0..4 {
            let count = 1 + random.below(truth.len() + 1);
            others.push(random.several(&has.values, count).join(super::item::SEPARATOR));
        }
    } else if has.chance.is_some() {
        others.extend(["Yes", "No"].map(str::to_owned));
    } else if has.range.is_some() {
        for reach in [0.12, 0.2, 0.3, 0.5] {
            let shift = if random.chance(0.5) { reach } else { -reach };
            let position = draw.position + shift;
            others.push(value_at(
                has,
                if (0.0..1.0).contains(&position) { position } else { draw.position - shift },
            ));
        }
    } else {
        others.clone_from(&has.values);
        random.shuffle(&mut others);
        // What a sibling has is the likeliest mistake.
        others.sort_by_key(|value| !siblings.contains(value));
    }
    let truth = truth.join(super::item::SEPARATOR);
    let mut kept: Vec<String> = Vec::new();
    for value in others {
        if value != truth && !kept.contains(&value) {
            kept.push(value);
        }
    }
    kept.truncate(4);
    kept
}

/// Writes a value as product texts do, with its unit.
pub(super) fn display(attribute: &Attribute, value: &str) -> String {
    match (attribute.value_type, attribute.unit.as_deref()) {
        (ValueType::Number, Some("in")) => format!("{value}\""),
        (ValueType::Number, Some(unit)) => format!("{value} {unit}"),
        _ => value.to_owned(),
    }
}

/// Writes a number in one of the suppliers' other units; returns the text and the bare number in it.
pub(super) fn converted(attribute: &Attribute, value: &str, random: &mut Random) -> Option<(String, String)> {
    let unit = attribute.unit.as_deref()?;
    let number: f64 = value.parse().ok().filter(|number| *number > 0.0)?;
    let other = random.pick(&attribute.also)?;
    let there = round_significant(convert(number, unit, other)?, 3);
    // A number that lost too much by rounding would be another one.
    let back = convert(there, other, unit)?;
    let same = (back - number).abs() <= number * 0.006 && (0.05..1e5).contains(&there);
    let written = format_number(there);
    same.then(|| (if other == "in" { format!("{written}\"") } else { format!("{written} {other}") }, written))
}

/// Returns what a category has for an attribute.
pub(super) fn has<'a>(category: &'a Category, attribute: &Attribute) -> Option<&'a Has> {
    category.has.get(&attribute.key)
}

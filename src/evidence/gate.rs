//! The gate at the key press: what speaks against a value that is about to be written, beyond its form.

use super::same::Canonical;
use super::units::{convert, format_number, parse_quantity, round_significant};
use super::vote::Reading;
use crate::domain::{DataType, Neighbour, ReviewCard};
use crate::insight::robust::{FAR, median, modified_z};

/// The fewest numbers that tell what is usual.
const FEWEST: usize = 8;
/// Where all are positive, less than this many times the median is not far, however alike the others are.
const LEAST_RATIO: f64 = 1.5;
/// The fewest products of a code family that tell what the family has.
const FEWEST_OF_FAMILY: usize = 3;
/// How many digits at the end of a trade item number tell products of a family apart: two and the check digit.
const OWN: usize = 3;
/// The fewest characters that a family's codes have in common.
const COMMON: usize = 5;

/// Says what speaks against a value, each in one sentence without a full stop; nothing where nothing does.
///
/// * Range: a number is far from what is usual, by the modified z-score (Iglewicz and Hoaglin 1993) of the neighbours'
///   numbers and of the category's, with eight or more. It has to be far from both, where there are both. Where all are
///   positive, ratios count instead of differences: a weight ten times the usual is as far as one of a tenth, and less than
///   half as much again is never far.
/// * Family: three or more of the nearest products have a code of the same family, all of these have one value, and
///   it is another.
pub fn objections(card: &ReviewCard, value: &str) -> Vec<String> {
    range(card, value).into_iter().chain(family(card, value)).collect()
}

fn range(card: &ReviewCard, value: &str) -> Option<String> {
    if card.attribute.data_type != DataType::Number {
        return None;
    }
    let unit = card.attribute.unit.as_deref();
    let number = measure(value, unit)?;
    let near = card.voters.iter().filter_map(|voter| voter.values.first()).map(String::as_str);
    let near: Vec<f64> = near.filter_map(|value| measure(value, unit)).collect();
    let sample = card.common.iter().flat_map(|common| &common.sample);
    let sample: Vec<f64> = sample.filter_map(|value| measure(value, unit)).collect();
    let enough = [(near, "neighbours"), (sample, "products of the category")]
        .into_iter()
        .filter(|(numbers, _)| numbers.len() >= FEWEST);
    let mut said = None;
    for (numbers, who) in enough {
        if !is_far(&numbers, number)? {
            return None;
        }
        let middle = median(&mut numbers.clone())?;
        let words = how_far(number, middle, unit);
        said = said.or(Some(format!("{words}, the median of {} {who}", numbers.len())));
    }
    said
}

/// Tells whether a number is an outlier; `None` where all the others are equal.
fn is_far(others: &[f64], number: f64) -> Option<bool> {
    let score = if number > 0.0 && others.iter().all(|other| *other > 0.0) {
        let logarithms: Vec<f64> = others.iter().map(|other| other.ln()).collect();
        let middle = median(&mut logarithms.clone())?;
        if (number.ln() - middle).abs() < LEAST_RATIO.ln() {
            return Some(false);
        }
        modified_z(&logarithms, number.ln())?
    } else {
        modified_z(others, number)?
    };
    Some(score.abs() > FAR)
}

fn how_far(number: f64, middle: f64, unit: Option<&str>) -> String {
    let unit = unit.map(|unit| format!(" {}", unit.trim())).unwrap_or_default();
    let rounded = |number: f64| format_number(round_significant(number, 3));
    let usual = format!("{}{unit}", rounded(middle));
    let ratio = number / middle;
    if ratio >= LEAST_RATIO {
        format!("{}{unit} is {} times {usual}", format_number(number), rounded(ratio))
    } else if ratio > 0.0 && ratio <= 1.0 / LEAST_RATIO {
        format!("{}{unit} is 1/{} of {usual}", format_number(number), rounded(1.0 / ratio))
    } else {
        format!("{}{unit} is far from {usual}", format_number(number))
    }
}

/// Reads a number in the attribute's unit; none where there is no number, or one that measures something else.
fn measure(value: &str, unit: Option<&str>) -> Option<f64> {
    let quantity = parse_quantity(value)?;
    let number = match (quantity.unit, unit) {
        (Some(own), Some(unit)) => convert(quantity.number, &own, unit)?,
        (Some(_), None) => return None,
        (None, _) => quantity.number,
    };
    Some(number).filter(|number| number.is_finite())
}

fn family(card: &ReviewCard, value: &str) -> Option<String> {
    let stem = stem(card.row.gap.product.as_str())?;
    let reading = Reading::of(&card.attribute);
    if reading.several {
        return None;
    }
    let relatives = card.voters.iter().filter(|voter| {
        let own = self::stem(voter.product_key.as_str());
        own == Some(stem) && voter.product_key.as_str().len() == card.row.gap.product.as_str().len()
    });
    let known: Vec<&Neighbour> = relatives.filter(|one| !one.values.is_empty()).collect();
    let first = known.first()?.values.first()?;
    let common = Canonical::new(first, reading.unit);
    let agree = |text: &str| Canonical::new(text, reading.unit).is_same(&common);
    let is_one = known.iter().all(|one| one.values.iter().all(|value| agree(value)));
    if known.len() < FEWEST_OF_FAMILY || !is_one || agree(value) {
        return None;
    }
    Some(format!("all {} products with a code like {stem}… have \"{first}\"", known.len()))
}

/// Returns what the codes of a family have in common: of a trade item number all but its last digits, of a code with a
/// suffix (`CW7356-002`) what stands before it; none for a code that is too short, or no code.
fn stem(key: &str) -> Option<&str> {
    let is_number = matches!(key.len(), 8 | 12..=14) && key.chars().all(|c| c.is_ascii_digit());
    let stem = if is_number {
        key.get(..key.len().checked_sub(OWN)?)?
    } else {
        let end = key.rfind(['-', '/', '_', '.'])?;
        key.get(..end).filter(|stem| stem.chars().any(|c| c.is_ascii_digit()))?
    };
    (stem.len() >= COMMON).then_some(stem)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::CategoryValues;
    use crate::evidence::example;

    /// A number in grams of which the neighbours have some values.
    fn card(neighbours: &[&str], sample: &[&str]) -> ReviewCard {
        let near: Vec<(&str, f64)> = neighbours.iter().map(|value| (*value, 0.9)).collect();
        let sample = sample.iter().map(ToString::to_string).collect();
        ReviewCard {
            voters: example::neighbours(&near),
            common: Some(CategoryValues { sample, ..CategoryValues::default() }),
            ..example::weight()
        }
    }

    const USUAL: [&str; 9] = ["280", "300 g", "0.31 kg", "290", "270", "310", "295", "305", "285"];

    #[test]
    fn a_number_far_from_what_is_usual_is_told_by_how_much() {
        let shown = card(&USUAL, &[]);
        for fine in ["290", "420", "200", "0.42 kg"] {
            assert_eq!(objections(&shown, fine), Vec::<String>::new(), "{fine}");
        }
        assert_eq!(objections(&shown, "2900"), ["2900 g is 9.83 times 295 g, the median of 9 neighbours"]);
        assert_eq!(objections(&shown, "2.9 kg").len(), 1, "whatever its unit");
        assert_eq!(objections(&shown, "0.295"), ["0.295 g is 1/1000 of 295 g, the median of 9 neighbours"]);
        assert_eq!(objections(&shown, "heavy"), Vec::<String>::new(), "its form is another question");
    }

    #[test]
    fn what_is_usual_in_the_category_is_fine_whatever_the_neighbours_have() {
        let wide = ["200", "400", "900", "1500", "2900", "3500", "300", "600"];
        assert_eq!(objections(&card(&USUAL, &wide), "2900"), Vec::<String>::new());
        assert_eq!(objections(&card(&USUAL[..7], &USUAL), "2900").len(), 1, "too few neighbours");
        assert_eq!(objections(&card(&USUAL[..7], &USUAL[..7]), "2900"), Vec::<String>::new());
    }

    #[test]
    fn where_all_are_equal_nothing_is_known_of_what_is_far() {
        assert_eq!(objections(&card(&["5"; 9], &[]), "50"), Vec::<String>::new());
    }

    #[test]
    fn a_family_of_codes_that_agrees_speaks_against_another_value() {
        let mut shown = card(&["Nike", "NIKE", " nike", "Puma"], &[]);
        shown.attribute.data_type = DataType::Text;
        shown.row.gap.product = "2900010018539".into();
        let codes = ["2900010018546", "2900010018553", "2900010018003", "2900010017777"];
        for (voter, code) in shown.voters.iter_mut().zip(codes) {
            voter.product_key = code.into();
        }
        let said = ["all 3 products with a code like 2900010018… have \"Nike\""];
        assert_eq!(objections(&shown, "Puma"), said);
        assert_eq!(objections(&shown, "nike"), Vec::<String>::new());
        shown.voters[0].values = vec!["Asics".into()];
        assert_eq!(objections(&shown, "Puma"), Vec::<String>::new(), "it does not agree");
        assert_eq!(stem("CW7356-002"), Some("CW7356"));
        for none in ["CW7356", "lamp-red", "12345", "-1", "", "p_2"] {
            assert_eq!(stem(none), None, "{none}");
        }
    }
}

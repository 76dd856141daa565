//! Whether two values are one: the same words, or the same quantity in another unit.

use super::fold::folded;
use super::units::{self, Unit, between, parse_quantity};

/// How far apart two quantities of different units may be and still be one: conversion and rounding.
const TOLERANCE: f64 = 0.01;

/// A value as it is compared with others of its attribute.
#[derive(Debug, Clone, PartialEq)]
pub struct Canonical {
    text: String,
    quantity: Option<(f64, &'static Unit)>,
}

impl Canonical {
    /// Reads a value; a number without a unit has the attribute's.
    pub fn new(value: &str, unit: Option<&str>) -> Self {
        let folded: Vec<char> = folded(value).map(|one| one.character).collect();
        let text: String = (0..folded.len()).map(|at| spaced(&folded, at)).collect();
        let quantity = parse_quantity(value).and_then(|quantity| {
            let unit = units::find(quantity.unit.as_deref().or(unit)?)?;
            Some((quantity.number, unit))
        });
        Self { text: text.trim().to_owned(), quantity }
    }

    /// Tells whether two values are one: equal texts up to case, white space, typographic quotes and hyphens between words,
    /// equal numbers of one unit, or numbers of two units that are within 1 % of each other.
    pub fn is_same(&self, other: &Self) -> bool {
        if self.text == other.text {
            return true;
        }
        let (Some((left, left_unit)), Some((right, right_unit))) = (self.quantity, other.quantity) else {
            return false;
        };
        let Some(right) = between(right, right_unit, left_unit) else { return false };
        let tolerance = if left_unit.symbol == right_unit.symbol { 1e-9 } else { TOLERANCE };
        (left - right).abs() <= left.abs().max(right.abs()) * tolerance
    }

    /// Tells whether there is anything in it.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }
}

/// Returns the character at a place, a hyphen between two letters as the space that others write there.
fn spaced(text: &[char], at: usize) -> char {
    let is_letter =
        |place: Option<usize>| place.and_then(|at| text.get(at)).is_some_and(|c| c.is_alphabetic());
    let is_hyphen = text[at] == '-' && is_letter(at.checked_sub(1)) && is_letter(at.checked_add(1));
    if is_hyphen { ' ' } else { text[at] }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn same(left: &str, right: &str, unit: Option<&str>) -> bool {
        Canonical::new(left, unit).is_same(&Canonical::new(right, unit))
    }

    #[test]
    fn case_space_quotes_and_units_make_no_difference() {
        assert!(same(" Stainless  STEEL", "stainless steel", None));
        assert!(same("Women’s", "women's", None) && same("Gluten-Free", "gluten free", None));
        assert!(same("286", "286 g", Some("g")) && same("0.63 lb", "286 g", Some("g")));
        assert!(same("256GB", "256 gb", None) && same("1,200 g", "1.2 kg", None));
    }

    #[test]
    fn what_differs_by_a_word_a_digit_or_a_dimension_is_not_the_same() {
        assert!(!same("Steel", "Stainless steel", None));
        assert!(!same("286 g", "287 g", Some("g")), "one unit: nothing was rounded");
        assert!(!same("2019", "2020", None) && !same("007", "7", None) && !same("AB-12", "AB 12", None));
        assert!(!same("12 oz", "12 fl oz", None) && !same("5 V", "5 W", None));
    }

    proptest! {
        #[test]
        fn a_value_is_the_same_as_itself_and_sameness_goes_both_ways(
            left in "\\PC{0,8}|[0-9]{1,4} ?(g|kg|oz|in)?", right in "\\PC{0,8}|[0-9]{1,4} ?(g|kg|oz|in)?",
        ) {
            prop_assert!(same(&left, &left, Some("g")));
            prop_assert_eq!(same(&left, &right, Some("g")), same(&right, &left, Some("g")));
        }
    }
}

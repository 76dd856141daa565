//! Units of measure: reading quantities, converting them, writing numbers.

mod table;

use super::number::read_number;
use table::UNITS;

pub(super) use table::Unit;

/// A number with or without a unit.
#[derive(Debug, Clone, PartialEq)]
pub struct Quantity {
    /// The number as written, not converted.
    pub number: f64,
    /// The unit's symbol (`"lb"` for `"pounds"`), if a unit was written.
    pub unit: Option<String>,
}

/// Converts a value between two units of one dimension; `None` if a unit is unknown or the dimensions differ.
///
/// Units are given by symbol or any name the table knows (`"g"`, `"grams"`, `"KG"`). Data sizes are decimal, as on
/// product labels: 1 TB is 1,000 GB. Ampere hours and watt hours stay apart: their ratio is the battery's voltage.
///
/// ```
/// use gapdeck::evidence::units::{convert, format_number, round_significant};
/// let grams = convert(0.63, "lb", "g").unwrap_or_default();
/// assert_eq!(format_number(round_significant(grams, 3)), "286");
/// assert_eq!(convert(1.0, "mAh", "Wh"), None);
/// ```
pub fn convert(value: f64, from: &str, to: &str) -> Option<f64> {
    between(value, find(from)?, find(to)?)
}

/// Reads a whole text as one quantity; `None` if anything is left over or unclear.
///
/// White space around and between number and unit is free, a hyphen may part them (`15-inch`). Numbers may have a sign,
/// a decimal point or comma, thousands in clear groups, or be fractions: `1,200 g`, `1,5 kg`, `1.200,5`, `1/2 in`, `−5`.
/// A lone comma before exactly three digits parts thousands; a lone point is always decimal. An unknown unit is refused.
pub fn parse_quantity(text: &str) -> Option<Quantity> {
    let text = text.trim();
    let (number, length) = read_number(text)?;
    let rest = &text[length..];
    if rest.is_empty() {
        return Some(Quantity { number, unit: None });
    }
    let (unit, length) = read_unit(rest)?;
    let end = &rest[length..];
    (end.is_empty() || end == ".").then(|| Quantity { number, unit: Some(unit.symbol.to_owned()) })
}

/// Writes a number in its shortest form: no trailing zeros, no exponent, at most 12 significant digits.
///
/// ```
/// assert_eq!(gapdeck::evidence::units::format_number(0.1 + 0.2), "0.3");
/// assert_eq!(gapdeck::evidence::units::format_number(-0.0), "0");
/// ```
pub fn format_number(number: f64) -> String {
    let rounded = round_significant(number, 12);
    // Adding zero makes -0 a 0.
    format!("{}", rounded + 0.0)
}

/// Rounds to so many significant digits (1 to 17): what a conversion is good for.
pub fn round_significant(number: f64, digits: usize) -> f64 {
    if !number.is_finite() {
        return number;
    }
    // Through text, so that the result is the double nearest to the decimal that is shown.
    format!("{number:.*e}", digits.clamp(1, 17) - 1).parse().unwrap_or(number)
}

/// Converts between two units of the table.
pub(super) fn between(value: f64, from: &Unit, to: &Unit) -> Option<f64> {
    if from.dimension != to.dimension {
        return None;
    }
    if from.symbol == to.symbol {
        return Some(value);
    }
    Some(((value * from.factor + from.offset) - to.offset) / to.factor)
}

/// Finds a unit by symbol or name: exact case first, then any case for names of two letters and more.
pub(super) fn find(name: &str) -> Option<&'static Unit> {
    let name = name.trim();
    let (unit, length) = unit_at_start(name)?;
    let rest = &name[length..];
    (rest.is_empty() || rest == ".").then_some(unit)
}

/// Reads the unit behind a number, with the white space or the hyphen between; returns it and the bytes taken.
pub(super) fn read_unit(text: &str) -> Option<(&'static Unit, usize)> {
    let spaces =
        |text: &str| text.chars().take(3).take_while(|c| c.is_whitespace()).map(char::len_utf8).sum();
    let gap: usize = if text.starts_with('-') { 1 } else { spaces(text) };
    let (unit, length) = unit_at_start(&text[gap..])?;
    Some((unit, gap + length))
}

/// Reads the longest unit name at the start of the text that ends where a word does.
fn unit_at_start(text: &str) -> Option<(&'static Unit, usize)> {
    let first = text.chars().next().filter(|first| !first.is_numeric() && !first.is_whitespace())?;
    let mut best: Option<(&'static Unit, usize, bool)> = None;
    for unit in UNITS {
        for name in unit.names() {
            if !name.starts_with(first) && !name.as_bytes()[0].eq_ignore_ascii_case(&(text.as_bytes()[0])) {
                continue;
            }
            let Some(head) = text.get(..name.len()) else { continue };
            let exact = head == name;
            let same = exact || (name.chars().nth(1).is_some() && head.eq_ignore_ascii_case(name));
            let better = best.is_none_or(|(_, length, was)| (name.len(), exact) > (length, was));
            if same && better && ends_word(name, &text[name.len()..]) {
                best = Some((unit, name.len(), exact));
            }
        }
    }
    best.map(|(unit, length, _)| (unit, length))
}

/// Says whether a unit's name may end before `rest`: a letter or digit would make it another word.
fn ends_word(name: &str, rest: &str) -> bool {
    let lettered = name.chars().next_back().is_some_and(char::is_alphanumeric);
    !lettered || !rest.starts_with(|next: char| next.is_alphanumeric() || matches!(next, '²' | '³'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn close(value: f64, from: &str, to: &str, expected: f64) {
        let result = convert(value, from, to).unwrap_or_else(|| panic!("{from} to {to}"));
        assert!((result - expected).abs() <= expected.abs() * 1e-3, "{value} {from} = {result} {to}");
    }

    #[test]
    fn known_conversions() {
        close(0.63, "lb", "g", 285.763);
        close(1.0, "kg", "oz", 35.274);
        close(15.6, "″", "cm", 39.624);
        close(6.0, "ft", "m", 1.8288);
        close(12.0, "fl oz", "ml", 354.88);
        close(1.0, "gal", "l", 3.7854);
        close(212.0, "F", "°C", 100.0);
        close(-40.0, "°C", "°F", -40.0);
        close(2.0, "TB", "GB", 2_000.0);
        close(5.0, "Ah", "mAh", 5_000.0);
        close(90.0, "min", "h", 1.5);
        close(2.0, "years", "months", 24.0);
        close(32.0, "psi", "bar", 2.206);
        close(25.0, "km/h", "mph", 15.534);
        close(70.0, "sq ft", "m²", 6.503);
        close(20.0, "ft-lb", "Nm", 27.116);
        close(2.4, "GHz", "MHz", 2_400.0);
        close(1.0, "kWh", "Wh", 1_000.0);
    }

    #[test]
    fn different_dimensions_do_not_convert() {
        for (from, to) in [("mAh", "Wh"), ("oz", "fl oz"), ("g", "parsec"), ("V", "W"), ("months", "h")] {
            assert_eq!(convert(1.0, from, to), None, "{from} to {to}");
        }
    }

    #[test]
    fn case_counts_only_where_it_must() {
        assert_eq!(find("KG").map(|unit| unit.symbol), Some("kg"));
        assert_eq!(find("Inches").map(|unit| unit.symbol), Some("in"));
        assert_eq!(find("mW").map(|unit| unit.symbol), Some("mW"));
        assert_eq!(find("MW").map(|unit| unit.symbol), Some("MW"));
        assert_eq!(find("M").map(|unit| unit.symbol), None);
        assert_eq!(find("").map(|unit| unit.symbol), None);
    }

    #[test]
    fn quantities_read() {
        for (text, number, unit) in [
            ("286", 286.0, None),
            (" 1,200 g ", 1_200.0, Some("g")),
            ("1.200,5", 1_200.5, None),
            ("1/2 in", 0.5, Some("in")),
            ("15.6\"", 15.6, Some("in")),
            ("15-inch", 15.0, Some("in")),
            ("\u{2212}5 °C", -5.0, Some("°C")),
            ("0.63lbs", 0.63, Some("lb")),
            ("12 fl. oz.", 12.0, Some("fl oz")),
            ("3 m²", 3.0, Some("m²")),
        ] {
            let unit = unit.map(str::to_owned);
            assert_eq!(parse_quantity(text), Some(Quantity { number, unit }), "{text}");
        }
    }

    #[test]
    fn trailing_junk_and_unknown_units_are_refused() {
        for text in ["", "g", "12 g or so", "12 gx", "12 frobs", "1/0", "1,2,3 g", "12 g 13", "5 5"] {
            assert_eq!(parse_quantity(text), None, "{text}");
        }
    }

    #[test]
    fn numbers_are_written_short() {
        for (number, text) in
            [(286.0, "286"), (0.5, "0.5"), (1e15, "1000000000000000"), (-0.25, "-0.25"), (1e-7, "0.0000001")]
        {
            assert_eq!(format_number(number), text);
        }
        assert_eq!(format_number(round_significant(285.763, 3)), "286");
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "\\PC{0,16}", numbered in "-?[0-9]{1,3} ?\\PC{0,6}") {
            let _ = (parse_quantity(&text), parse_quantity(&numbered), convert(1.0, &text, &numbered));
        }

        #[test]
        fn a_written_number_reads_as_itself(number in -1e12f64..1e12) {
            let read = parse_quantity(&format_number(number)).map(|quantity| quantity.number);
            prop_assert_eq!(read, Some(round_significant(number, 12) + 0.0));
        }

        #[test]
        fn there_and_back_is_the_same(value in 1e-3f64..1e6, from in 0..UNITS.len(), to in 0..UNITS.len()) {
            let (from, to) = (&UNITS[from], &UNITS[to]);
            if let Some(there) = between(value, from, to) {
                let back = between(there, to, from).unwrap_or_default();
                // Offsets (temperatures) cost digits, the scale of the other unit does not.
                let scale = value.abs() + (from.offset / from.factor).abs() + (to.offset / from.factor).abs();
                prop_assert!((back - value).abs() <= scale * 1e-9);
            }
        }
    }
}

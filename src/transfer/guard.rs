//! Texts in CSV cells that a spreadsheet would run as a formula.
//!
//! A text that begins with `=`, `+`, `-`, `@`, a tab or a line end gets an apostrophe before it, unless it is a plain
//! number; so does one that begins so behind apostrophes of its own. Reading takes one apostrophe away from what looks
//! like that: every text comes back exactly.

use std::borrow::Cow;

/// Returns the cell that stands for a text.
pub(super) fn guarded(text: &str) -> Cow<'_, str> {
    if is_formula(text.trim_start_matches('\'')) && !is_number(text) {
        Cow::Owned(format!("'{text}"))
    } else {
        Cow::Borrowed(text)
    }
}

/// Returns the text that a cell stands for.
pub(super) fn unguarded(cell: &str) -> &str {
    match cell.strip_prefix('\'') {
        Some(text) if is_formula(text.trim_start_matches('\'')) => text,
        _ => cell,
    }
}

/// Full-width signs count: spreadsheets of some languages read them as the plain ones.
fn is_formula(text: &str) -> bool {
    text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'])
}

/// Tells whether a spreadsheet would read a text as a number and nothing else: `-5`, `+1.5`, `-2e-3`.
fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (mantissa, exponent) = digits.split_once(['e', 'E']).unwrap_or((digits, "0"));
    let exponent = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let only_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    !(whole.is_empty() && fraction.is_empty())
        && only_digits(whole)
        && only_digits(fraction)
        && !exponent.is_empty()
        && only_digits(exponent)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn formulas_are_guarded_and_numbers_are_not() {
        for formula in
            ["=1+1", "+cmd|'/c calc'!A0", "-1-1", "@SUM(A1)", "\t=1", "\r\n", "-", "+.", "-1e", "＝1"]
        {
            assert_eq!(guarded(formula), format!("'{formula}"));
        }
        for plain in ["-5", "+1.50", "-.5", "-2e-3", "1", "", "a=b", "'", "'quoted'", "''", "O'Neil", "−5"]
        {
            assert_eq!(guarded(plain), plain);
        }
    }

    #[test]
    fn what_is_guarded_already_is_guarded_once_more() {
        assert_eq!(guarded("'=1"), "''=1");
        assert_eq!(guarded("'-5"), "''-5");
        assert_eq!(unguarded("''=1"), "'=1");
    }

    proptest! {
        #[test]
        fn every_text_comes_back(text in "['=+@\\-\t\r\n＝a5.e ]{0,6}") {
            let cell = guarded(&text);
            prop_assert_eq!(unguarded(&cell), &text);
            prop_assert!(!is_formula(&cell) || is_number(&cell), "{:?} would be run", cell);
        }
    }
}

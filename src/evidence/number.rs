//! Numbers as product texts write them.

/// Reads a number at the start of `text`; returns it and its length in bytes.
///
/// Accepted, each optionally with a sign (`-`, `−` or `+`):
///
/// * digits with a decimal point or comma: `0.63`, `.5`, `1,5`;
/// * thousands in groups of exactly three, where no other reading is left: `1,200`, `1.200.000`, `1,200.5`, `1.200,5`,
///   and with an apostrophe or a (narrow) no-break space for the group. A lone point is always the decimal point
///   (`1.200` is 1.2), a lone comma before exactly three digits the thousands' unless the number starts with 0;
/// * fractions: `1/2`, `2 1/2`, `2-1/2`, `½`, `2½`, `2 ½`.
///
/// Anything else that starts with a digit (`1,2,3`, `1.2.3`, `1,20,000`) is no number.
pub(super) fn read_number(text: &str) -> Option<(f64, usize)> {
    let unsigned = text.strip_prefix(['-', '\u{2212}', '+']).unwrap_or(text);
    let sign = if text.starts_with(['-', '\u{2212}']) { -1.0 } else { 1.0 };
    let (number, length) = read_unsigned(unsigned)?;
    Some((sign * number, text.len() - unsigned.len() + length))
}

fn read_unsigned(text: &str) -> Option<(f64, usize)> {
    if let Some(fraction) = read_fraction(text) {
        return Some(fraction);
    }
    let length = figure_length(text);
    let number = read_figure(&text[..length])?;
    // A whole number may be followed by a fraction: `2 1/2`, `2-1/2`, `2½`.
    if text[..length].bytes().all(|byte| byte.is_ascii_digit()) {
        let rest = &text[length..];
        let gap = usize::from(rest.starts_with([' ', '-']));
        if let Some((part, part_length)) = read_fraction(&rest[gap..]).filter(|(part, _)| *part < 1.0) {
            return Some((number + part, length + gap + part_length));
        }
    }
    Some((number, length))
}

/// Returns the bytes of the run of digits and separators at the start, not ending in a separator.
pub(super) fn figure_length(text: &str) -> usize {
    let mut length = 0;
    let mut characters = text.char_indices().peekable();
    while let Some((start, character)) = characters.next() {
        let digit = character.is_ascii_digit();
        let next_is_digit = characters.peek().is_some_and(|(_, next)| next.is_ascii_digit());
        if !digit && !((is_group_sign(character) || matches!(character, '.' | ',')) && next_is_digit) {
            break;
        }
        length = start + character.len_utf8();
    }
    length
}

/// Says whether a character only ever groups digits.
fn is_group_sign(character: char) -> bool {
    matches!(character, '\'' | '\u{2019}' | '\u{a0}' | '\u{2009}' | '\u{202f}')
}

fn read_figure(figure: &str) -> Option<f64> {
    let count = |sign: char| figure.matches(sign).count();
    let (points, commas) = (count('.'), count(','));
    let grouped = figure.chars().any(is_group_sign);
    let decimal = match (points, commas) {
        (1, 0) => Some('.'),
        (0, 1) if !grouped && is_thousands(figure, ',') => None,
        (0, 1) => Some(','),
        // Of two different signs the last is the decimal one.
        (1.., 1..) => figure.chars().rev().find(|character| matches!(character, '.' | ',')),
        // None, or several of one sign: it groups.
        _ => None,
    };
    let (whole, fraction) = match decimal {
        Some(sign) if count(sign) == 1 => figure.split_once(sign)?,
        Some(_) => return None,
        None => (figure, ""),
    };
    if !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let signs = |character: &char| !character.is_ascii_digit();
    if let Some(sign) = whole.chars().find(signs) {
        // One grouping sign only, in groups of three.
        if !is_thousands(whole, sign) {
            return None;
        }
    }
    let digits: String = whole.chars().filter(char::is_ascii_digit).collect();
    if digits.is_empty() && fraction.is_empty() {
        return None;
    }
    format!("{digits}.{fraction}0").parse().ok().filter(|number: &f64| number.is_finite())
}

/// Says whether `sign` parts the digits into groups of three, the first of one to three and not starting with 0.
fn is_thousands(whole: &str, sign: char) -> bool {
    let mut groups = whole.split(sign);
    let digits = |group: &str| group.bytes().all(|byte| byte.is_ascii_digit());
    groups
        .next()
        .is_some_and(|first| (1..=3).contains(&first.len()) && digits(first) && !first.starts_with('0'))
        && groups.all(|group| group.len() == 3 && digits(group))
}

/// Reads `1/2` or `½`.
fn read_fraction(text: &str) -> Option<(f64, usize)> {
    let first = text.chars().next()?;
    if let Some(value) = vulgar(first) {
        return Some((value, first.len_utf8()));
    }
    let (over, rest) = read_small(text)?;
    let (under, rest) = read_small(rest.strip_prefix(['/', '\u{2044}'])?)?;
    let open = rest.starts_with(['/', '.', ',']) && rest[1..].starts_with(|next: char| next.is_ascii_digit());
    (under > 0.0 && !open).then(|| (over / under, text.len() - rest.len()))
}

/// Reads one to three digits that are not followed by another.
fn read_small(text: &str) -> Option<(f64, &str)> {
    let length = text.bytes().take(4).take_while(u8::is_ascii_digit).count();
    let number = text[..length].parse().ok()?;
    (length < 4).then_some((number, &text[length..]))
}

fn vulgar(character: char) -> Option<f64> {
    Some(match character {
        '½' => 0.5,
        '¼' => 0.25,
        '¾' => 0.75,
        '⅓' => 1.0 / 3.0,
        '⅔' => 2.0 / 3.0,
        '⅛' => 0.125,
        '⅜' => 0.375,
        '⅝' => 0.625,
        '⅞' => 0.875,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_read_as_people_write_them() {
        for (text, number) in [
            ("0", 0.0),
            ("007", 7.0),
            ("0.63", 0.63),
            (".5", 0.5),
            ("1,5", 1.5),
            ("0,200", 0.2),
            ("1.200", 1.2),
            ("1,200", 1_200.0),
            ("12,345,678", 12_345_678.0),
            ("1.200.000", 1_200_000.0),
            ("1,200.5", 1_200.5),
            ("1.200,5", 1_200.5),
            ("1'200.25", 1_200.25),
            ("1\u{202f}200,25", 1_200.25),
            ("-5", -5.0),
            ("\u{2212}5.5", -5.5),
            ("+3", 3.0),
            ("1/2", 0.5),
            ("2 1/2", 2.5),
            ("2-1/2", 2.5),
            ("2½", 2.5),
            ("¾", 0.75),
        ] {
            let (read, length) = read_number(text).unwrap_or_else(|| panic!("{text}"));
            assert!((read - number).abs() < 1e-12, "{text} read as {read}");
            assert_eq!(length, text.len(), "{text}");
        }
    }

    #[test]
    fn what_could_mean_two_things_is_no_number() {
        for text in ["", "-", "x", ".", "1,2,3", "1.2.3", "1,20,000", "1.200,500.5", "1'20", "1,200'000"] {
            assert_eq!(read_number(text), None, "{text}");
        }
    }

    #[test]
    fn a_number_ends_before_what_is_not_of_it() {
        assert_eq!(read_number("12.").map(|(_, length)| length), Some(2));
        assert_eq!(read_number("12, 13").map(|(_, length)| length), Some(2));
        assert_eq!(read_number("12 g"), Some((12.0, 2)));
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "[-0-9.,/ ½\u{202f}'a]{0,12}") {
            if let Some((number, length)) = read_number(&text) {
                prop_assert!(number.is_finite() && length > 0 && text.is_char_boundary(length));
            }
        }

        #[test]
        fn a_plain_decimal_is_itself(number in -1e9f64..1e9) {
            let text = format!("{number:.4}");
            prop_assert_eq!(read_number(&text).map(|(read, _)| read), text.parse().ok());
        }
    }
}

//! Where a text mentions a value. A stand-in with one caller, to be replaced by `crate::evidence::mention`.

use std::ops::Range;

/// The most places returned.
const MOST: usize = 20;

/// Returns the byte ranges of the text that mention the value: whole words, whatever their case and spacing.
pub fn find_mention(text: &str, value: &str, unit: Option<&str>) -> Vec<Range<usize>> {
    let value = match unit {
        Some(unit) => value.trim().strip_suffix(unit).unwrap_or(value),
        None => value,
    };
    let wanted: Vec<char> = crate::domain::normalised(value).chars().collect();
    let mut found = Vec::new();
    let Some(&first) = wanted.first() else { return found };
    let mut before = ' ';
    let mut skip_to = 0;
    for (start, c) in text.char_indices() {
        let starts_word = !(before.is_alphanumeric() && c.is_alphanumeric());
        before = c;
        if start < skip_to || !starts_word || !same(c, first) {
            continue;
        }
        if let Some(length) = matches_at(&text[start..], &wanted) {
            skip_to = start + length;
            found.push(start..skip_to);
            if found.len() == MOST {
                break;
            }
        }
    }
    found
}

fn same(c: char, lower: char) -> bool {
    c == lower || c.to_lowercase().next() == Some(lower)
}

fn matches_at(text: &str, wanted: &[char]) -> Option<usize> {
    let mut wanted = wanted.iter().peekable();
    let mut end = 0;
    let mut chars = text.char_indices().peekable();
    let mut last = ' ';
    while let Some(want) = wanted.next() {
        let (index, c) = chars.next()?;
        if *want == ' ' {
            if !c.is_whitespace() {
                return None;
            }
            while chars.next_if(|(_, c)| c.is_whitespace()).is_some() {}
            continue;
        }
        // A character whose lower case is several characters (İ) matches them all.
        let mut lower = c.to_lowercase();
        if lower.next() != Some(*want) {
            return None;
        }
        for rest in lower {
            if wanted.next_if(|want| **want == rest).is_none() {
                return None;
            }
        }
        last = c;
        end = index + c.len_utf8();
    }
    let ends_word = chars.peek().is_none_or(|(_, c)| !(c.is_alphanumeric() && last.is_alphanumeric()));
    ends_word.then_some(end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn whole_words_are_found_in_any_case() {
        let text = "Blackbird in BLACK, black  white";
        let found: Vec<_> = find_mention(text, "black", None).into_iter().map(|range| &text[range]).collect();
        assert_eq!(found, ["BLACK", "black"]);
        let found: Vec<_> =
            find_mention(text, "Black White", None).into_iter().map(|range| &text[range]).collect();
        assert_eq!(found, ["black  white"]);
        assert_eq!(find_mention(text, "", None), []);
    }

    proptest! {
        #[test]
        fn ranges_are_slices_of_the_text(text in r"(\PC|İ|a| ){0,40}", value in r"(\PC|i|a| ){0,4}") {
            for range in find_mention(&text, &value, None) {
                prop_assert!(text.get(range).is_some());
            }
        }
    }
}

//! The value's own words in a text.

use super::super::fold::{Folded, folded, is_word};
use std::ops::Range;

/// Yields where the text has the value's words, on word boundaries and not overlapping.
///
/// Searches the folded stream by Knuth, Morris and Pratt (1977): one pass, whatever the value.
pub(super) fn occurrences<'a>(text: &'a str, value: &str) -> impl Iterator<Item = Range<usize>> + 'a {
    let needle: Vec<char> = folded(value.trim()).map(|folded| folded.character).collect();
    let borders = borders(&needle);
    // Where the last characters of the text started, by their number modulo the needle's length.
    let mut starts = vec![0; needle.len()];
    let mut matched = 0;
    // Nothing is mentioned nowhere.
    let most = if needle.is_empty() { 0 } else { usize::MAX };
    folded(text).enumerate().take(most).filter_map(move |(index, Folded { character, bytes })| {
        let length = needle.len();
        starts[index % length] = bytes.start;
        while matched > 0 && needle[matched] != character {
            matched = borders[matched - 1];
        }
        if needle[matched] == character {
            matched += 1;
        }
        if matched < length {
            return None;
        }
        let range = starts[(index + 1) % length]..bytes.end;
        let word = is_word(text, &range);
        // After a mention the next may not overlap it; after a near miss it may.
        matched = if word { 0 } else { borders[length - 1] };
        word.then_some(range)
    })
}

/// Returns for every prefix of the needle the length of its longest proper border.
fn borders(needle: &[char]) -> Vec<usize> {
    let mut borders = vec![0; needle.len()];
    let mut length = 0;
    for index in 1..needle.len() {
        while length > 0 && needle[index] != needle[length] {
            length = borders[length - 1];
        }
        if needle[index] == needle[length] {
            length += 1;
        }
        borders[index] = length;
    }
    borders
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_near_miss_does_not_hide_the_mention_it_overlaps() {
        assert!(occurrences("aab ab ab c", "ab ab c").eq(std::iter::once(4..11)));
        assert!(occurrences("x a a a", "a a").eq(std::iter::once(2..5)));
    }

    #[test]
    fn borders_of_a_repetitive_needle() {
        assert_eq!(borders(&['a', 'b', 'a', 'b', 'c']), [0, 0, 1, 2, 0]);
    }
}

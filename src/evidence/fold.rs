//! Texts as a stream of folded characters that know where they came from.

use std::ops::Range;
use unicode_width::UnicodeWidthChar;

/// One character as it is compared, and the bytes of the source it stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Folded {
    /// Lower-cased; every run of white space is one space; typographic quotes and hyphens are plain ones.
    pub(super) character: char,
    /// Always on character boundaries of the source, also where lower-casing makes two characters of one.
    pub(super) bytes: Range<usize>,
}

/// Yields the text's folded characters; invisible format characters ([`is_ignorable`]) yield nothing.
pub(super) fn folded(text: &str) -> impl Iterator<Item = Folded> + '_ {
    let mut after_space = false;
    text.char_indices().filter(|(_, character)| !is_ignorable(*character)).flat_map(
        move |(start, character)| {
            let bytes = start..start + character.len_utf8();
            let space = character.is_whitespace();
            let skip = space && after_space;
            after_space = space;
            let lower = character.to_lowercase().filter(move |_| !skip);
            lower.map(move |character| Folded { character: plain(character), bytes: bytes.clone() })
        },
    )
}

/// Maps a lower-case character to the plainest one that means the same.
fn plain(character: char) -> char {
    match character {
        character if character.is_whitespace() => ' ',
        '\u{2018}' | '\u{2019}' | '\u{2032}' => '\'',
        '\u{201c}' | '\u{201d}' | '\u{2033}' => '"',
        '\u{2010}'..='\u{2014}' | '\u{2212}' => '-',
        'ς' => 'σ',
        character => character,
    }
}

/// Says whether a character is drawn as nothing and means nothing to a comparison: soft hyphen, zero-width space and
/// word joiner, byte order mark, direction marks. The zero-width joiner is kept: it makes one emoji of several.
pub(super) fn is_ignorable(character: char) -> bool {
    matches!(character, '\u{ad}' | '\u{61c}' | '\u{200b}' | '\u{200c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{2064}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// Says whether `range` starts and ends where words (or numbers, or emoji) do.
///
/// Letters and digits on both sides of an edge make it no boundary, except in scripts written without spaces. A digit
/// reaches through a decimal or grouping sign to the next digit. A combining mark belongs to what stands before it.
pub(super) fn is_word(text: &str, range: &Range<usize>) -> bool {
    let visible = |character: &char| !is_ignorable(*character);
    let mut before = text[..range.start].chars().rev().filter(visible);
    let mut after = text[range.end..].chars().filter(visible);
    let first = text[range.clone()].chars().find(visible);
    let last = text[range.clone()].chars().rev().find(visible);
    let (Some(first), Some(last)) = (first, last) else { return false };
    !joins_before(&mut before, first) && !joins_after(last, &mut after)
}

fn joins_before(before: &mut impl Iterator<Item = char>, first: char) -> bool {
    let Some(previous) = before.next() else { return false };
    joined(previous, first)
        || continues(first)
        || previous == '\u{200d}'
        || (first.is_numeric()
            && matches!(previous, '.' | ',')
            && before.next().is_some_and(char::is_numeric))
}

fn joins_after(last: char, after: &mut impl Iterator<Item = char>) -> bool {
    let Some(next) = after.next() else { return false };
    joined(last, next)
        || continues(next)
        || (last.is_numeric() && matches!(next, '.' | ',') && after.next().is_some_and(char::is_numeric))
}

/// Says whether two neighbouring characters are of one word.
fn joined(left: char, right: char) -> bool {
    // A mark (two marks in a row included) hides its letter; that it stands at an edge is `continues`' business.
    left.is_alphanumeric() && right.is_alphanumeric() && !is_spaceless(left) && !is_spaceless(right)
}

/// Says whether a character belongs to the one before it: a combining mark, joiner, variation selector, skin tone.
fn continues(character: char) -> bool {
    matches!(character, '\u{200d}' | '\u{1f3fb}'..='\u{1f3ff}')
        || (!character.is_control() && !is_ignorable(character) && character.width() == Some(0))
}

/// Says whether a character's script is written without spaces between words: Thai to Khmer, kana, Han, Yi.
fn is_spaceless(character: char) -> bool {
    matches!(character, '\u{e00}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}' | '\u{3040}'..='\u{30ff}'
        | '\u{31f0}'..='\u{31ff}' | '\u{3400}'..='\u{9fff}' | '\u{a000}'..='\u{a4cf}' | '\u{f900}'..='\u{faff}'
        | '\u{20000}'..='\u{3ffff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fold(text: &str) -> String {
        folded(text).map(|folded| folded.character).collect()
    }

    #[test]
    fn space_case_quotes_and_invisible_characters_fold() {
        assert_eq!(fold("A \t\u{a0}B"), "a b");
        assert_eq!(fold("15.6\u{2033} “Don’t”"), "15.6\" \"don't\"");
        assert_eq!(fold("stain\u{ad}less\u{202e}"), "stainless");
        assert_eq!(fold("ΟΔΟΣ ὁδός"), "οδοσ ὁδόσ");
    }

    #[test]
    fn one_character_that_lowers_to_two_keeps_its_bytes() {
        let all: Vec<Folded> = folded("İx").collect();
        assert_eq!(all.iter().map(|folded| folded.bytes.clone()).collect::<Vec<_>>(), [0..2, 0..2, 2..3]);
    }
}

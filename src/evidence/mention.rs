//! Where a text mentions a value: the same words, or the same quantity in another unit.

mod quantity;
mod verbatim;

use std::ops::Range;

/// The most mentions that are found in one text.
pub const MAX_MENTIONS: usize = 64;

/// How a text mentions a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MentionKind {
    /// The same words or the same number, up to case, white space and typographic quotes.
    Verbatim,
    /// A number with another unit (or otherwise written) that is the same quantity within 1 %.
    Converted,
}

/// One place in a text that mentions the value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mention {
    /// The bytes of the text, always on character boundaries.
    pub range: Range<usize>,
    /// How the value is mentioned there.
    pub kind: MentionKind,
}

/// Finds where `text` mentions `value`, sorted and not overlapping, at most [`MAX_MENTIONS`].
///
/// A verbatim mention stands on word boundaries; invisible format characters in the text do not hide it. With the
/// attribute's `unit` (or a unit within the value), a number in the text counts by what it measures: `0.63 lb` mentions
/// 286 g, and `286 oz` does not. A number without a unit in the text is taken by its digits alone. A range is one
/// number with its unit; in `30 x 20 cm` the first number has the second's unit.
///
/// The time is linear in the text's length.
///
/// ```
/// use gapdeck::evidence::{MentionKind, mentions};
/// let text = "Weighs 0.63 lb (286 g).";
/// let found = mentions(text, "286", Some("g"));
/// assert_eq!(&text[found[0].range.clone()], "0.63 lb");
/// assert_eq!(found[0].kind, MentionKind::Converted);
/// assert_eq!(found[1].kind, MentionKind::Verbatim);
/// ```
pub fn mentions(text: &str, value: &str, unit: Option<&str>) -> Vec<Mention> {
    let Some(target) = quantity::Target::new(value, unit) else {
        return verbatim::occurrences(text, value)
            .take(MAX_MENTIONS)
            .map(|range| Mention { range, kind: MentionKind::Verbatim })
            .collect();
    };
    let quantities = quantity::mentions(text, &target);
    let words = verbatim::occurrences(text, value)
        .filter(|range| !target.is_bare() || quantity::is_unitless(text, range))
        .take(MAX_MENTIONS)
        .map(|range| Mention { range, kind: MentionKind::Verbatim });
    merge(quantities, words.collect())
}

/// Merges two sorted lists; where two mentions overlap the longer stays, of equals the first list's.
fn merge(left: Vec<Mention>, right: Vec<Mention>) -> Vec<Mention> {
    let mut all = left;
    all.extend(right);
    all.sort_by_key(|mention| (mention.range.start, std::cmp::Reverse(mention.range.end)));
    let mut merged: Vec<Mention> = Vec::with_capacity(all.len());
    for mention in all {
        match merged.last_mut() {
            Some(last) if mention.range.start < last.range.end => {
                if mention.range.len() > last.range.len() {
                    *last = mention;
                }
            }
            _ => merged.push(mention),
        }
    }
    merged.truncate(MAX_MENTIONS);
    merged
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::normalised;
    use proptest::prelude::*;

    /// The mentioned pieces of the text, those found by conversion in brackets.
    fn found(text: &str, value: &str, unit: Option<&str>) -> Vec<String> {
        let piece = |mention: Mention| match mention.kind {
            MentionKind::Verbatim => text[mention.range].to_owned(),
            MentionKind::Converted => format!("[{}]", &text[mention.range]),
        };
        mentions(text, value, unit).into_iter().map(piece).collect()
    }

    #[test]
    fn words_match_whatever_their_case_and_space() {
        assert_eq!(found("In MIDNIGHT \n blue, midnight-blue.", "Midnight Blue", None), ["MIDNIGHT \n blue"]);
        assert_eq!(found("“Don’t” 15.6″ wide", "don't", None), ["Don’t"]);
        assert_eq!(found("sta\u{ad}in\u{200b}less", " Stainless ", None), ["sta\u{ad}in\u{200b}less"]);
    }

    #[test]
    fn part_of_a_word_or_number_is_no_mention() {
        assert_eq!(found("bored, Redwood, red; RED", "red", None), ["red", "RED"]);
        assert_eq!(found("15, 1.5, 5.1, 1,500, 5", "5", None), ["5"]);
        assert_eq!(found("cafe\u{301} cafe", "cafe", None), ["cafe"]);
        assert_eq!(found("👩‍🚀 👩", "👩", None), ["👩"]);
    }

    #[test]
    fn scripts_without_spaces_need_no_boundary() {
        assert_eq!(found("これは赤い靴です", "赤", None), ["赤"]);
        assert_eq!(found("حذاء أحمر جديد", "أحمر", None), ["أحمر"]);
    }

    #[test]
    fn lower_casing_that_changes_lengths_keeps_the_ranges_right() {
        assert_eq!(found("İSTANBUL Kahve ẞ", "kahve", None), ["Kahve"]);
        assert_eq!(found("İİ x", "X", None), ["x"]);
        assert_eq!(found("ΟΔΟΣ", "οδος", None), ["ΟΔΟΣ"]);
    }

    #[test]
    fn other_units_convert_within_a_percent() {
        assert_eq!(found("Weighs 0.63 lb, not 0.65 lb.", "286", Some("g")), ["[0.63 lb]"]);
        assert_eq!(
            found("a 15.6\u{2033} or 39.6cm or 15.6-inch panel", "15.6", Some("in")),
            ["15.6\u{2033}", "[39.6cm]", "15.6-inch"]
        );
        assert_eq!(found("good to 14 °F", "-10", Some("°C")), ["[14 °F]"]);
        assert_eq!(found("0.286 kilograms", "286 g", None), ["[0.286 kilograms]"]);
        assert_eq!(found("2-year warranty", "24", Some("months")), ["[2-year]"]);
    }

    #[test]
    fn a_number_with_a_wrong_unit_is_no_mention() {
        assert_eq!(found("286 oz, 286 V, 286 units, 286", "286", Some("g")), ["286", "286"]);
    }

    #[test]
    fn the_same_number_in_the_same_unit_is_verbatim() {
        assert_eq!(found("286g / 286 grams / 286.0 g", "286", Some("g")), ["286g", "286 grams", "286.0 g"]);
    }

    #[test]
    fn numbers_joined_by_a_cross_or_a_dash_share_the_last_unit() {
        assert_eq!(found("30x20x10 cm", "300", Some("mm")), ["[30]"]);
        assert_eq!(found("30 × 20 × 10 cm", "20", Some("cm")), ["20"]);
        assert_eq!(found("5–8 kg", "5000", Some("g")), ["[5]"]);
        assert_eq!(found("about 3-5 kg", "-5", Some("kg")), Vec::<String>::new());
    }

    #[test]
    fn an_empty_value_is_mentioned_nowhere() {
        assert_eq!(found("a  b", " ", None), Vec::<String>::new());
        assert_eq!(found("", "a", None), Vec::<String>::new());
    }

    #[test]
    fn the_number_of_mentions_is_bounded() {
        assert_eq!(mentions(&"red ".repeat(1_000), "red", None).len(), MAX_MENTIONS);
        assert_eq!(mentions(&"1 kg, ".repeat(1_000), "1000", Some("g")).len(), MAX_MENTIONS);
    }

    #[test]
    fn a_megabyte_of_near_misses_is_no_trouble() {
        for (piece, value) in
            [("a", "aaaaaaaaab"), ("1 ", "2"), ("1.", "1"), ("\u{200b}", "x"), ("1x", "3"), ("½", "4")]
        {
            mentions(&piece.repeat(1_000_000 / piece.len()), value, Some("g"));
        }
    }

    proptest! {
        #[test]
        fn ranges_are_valid_sorted_and_apart(
            text in "(\\PC|[0-9a ]|kg|lb|İ|½|x|\u{301}|\u{200b}){0,60}",
            value in "(\\PC|[0-9]){1,3}",
            unit in prop::option::of("g|kg|in|x|°C"),
        ) {
            let mut end = 0;
            for mention in mentions(&text, &value, unit.as_deref()) {
                prop_assert!(mention.range.start >= end && !mention.range.is_empty());
                prop_assert!(text.get(mention.range.clone()).is_some());
                end = mention.range.end;
            }
        }

        #[test]
        fn a_value_between_spaces_is_found(before in "\\PC{0,20}", value in "[a-z]{1,8}( [a-z]{1,8})?", after in "\\PC{0,20}") {
            let text = format!("{before} {value} {after}");
            prop_assert!(mentions(&text, &value, None).iter().any(|mention| normalised(&text[mention.range.clone()]) == value));
        }
    }
}

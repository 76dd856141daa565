//! The evidence line: what the product's own texts say of a value, without a model's words.

use super::mention::{MentionKind, mentions};
use super::synonyms::synonyms;
use crate::domain::{Attribute, DataType, normalised};
use std::ops::Range;

/// The most characters of all texts together that are looked through for one value.
pub const MOST_TEXT: usize = 60_000;
/// The most other values that are looked for where the value itself is not found.
pub const MOST_OTHERS: usize = 60;
/// How many words before a quality may deny it.
const DENIAL: usize = 2;

/// How a text has a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// In the value's own words.
    Verbatim,
    /// In other words that mean the same.
    Synonym,
    /// As the same quantity in another unit.
    Converted,
}

/// A stretch of a text that has a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// The bytes of the text, on character boundaries.
    pub range: Range<usize>,
    pub kind: Kind,
}

/// Where something was found: the index of the text among those looked through, and the stretch of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    pub text: usize,
    pub range: Range<usize>,
}

/// What a product's texts say of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// The value is there; of several values all are.
    Found { kind: Kind, place: Place },
    /// Of several values some are there.
    Partly { found: usize, of: usize, place: Place },
    /// The value is not there, another value of the attribute is.
    Contradicted { by: String, place: Place },
    /// Neither is.
    Missing,
}

/// Finds where a text has a value, sorted and not overlapping: its words, words that mean the same, the same quantity;
/// of several values (`"A; B"`) each, where they do not stand together. Of a yes-or-no attribute its name counts
/// ("waterproof" for yes, "not waterproof" for no).
pub fn spans(text: &str, value: &str, attribute: &Attribute) -> Vec<Span> {
    let whole = spans_of_one(text, value, attribute);
    if !attribute.multi_valued || !whole.is_empty() {
        return whole;
    }
    apart(parts(value).flat_map(|part| spans_of_one(text, part, attribute)).collect())
}

/// Sorts stretches; of those that overlap, the first and longest stays.
fn apart(mut spans: Vec<Span>) -> Vec<Span> {
    spans.sort_by_key(|span| (span.range.start, std::cmp::Reverse(span.range.end)));
    spans.dedup_by(|next, before| next.range.start < before.range.end);
    spans
}

fn parts(value: &str) -> impl Iterator<Item = &str> {
    value.split(';').map(str::trim).filter(|part| !part.is_empty())
}

fn spans_of_one(text: &str, value: &str, attribute: &Attribute) -> Vec<Span> {
    if let Some(wanted) = truth_value(value).filter(|_| attribute.data_type == DataType::Boolean) {
        let said = qualities(text, attribute).filter(|(said, _)| *said == wanted);
        return apart(said.map(|(_, span)| span).collect());
    }
    let found = mentions(text, value, attribute.unit.as_deref());
    if !found.is_empty() {
        return found
            .into_iter()
            .map(|mention| Span {
                range: mention.range,
                kind: match mention.kind {
                    MentionKind::Verbatim => Kind::Verbatim,
                    MentionKind::Converted => Kind::Converted,
                },
            })
            .collect();
    }
    let other = synonyms(value).flat_map(|word| mentions(text, word, None));
    apart(other.map(|mention| Span { range: mention.range, kind: Kind::Synonym }).collect())
}

fn truth_value(value: &str) -> Option<bool> {
    match normalised(value).as_str() {
        "yes" | "true" | "y" | "1" => Some(true),
        "no" | "false" | "n" | "0" => Some(false),
        _ => None,
    }
}

/// Finds where a text names a yes-or-no attribute, and whether it says yes there.
fn qualities<'t>(text: &'t str, attribute: &Attribute) -> impl Iterator<Item = (bool, Span)> + 't {
    let name = attribute.display_name().to_owned();
    let own = mentions(text, &name, None).into_iter().map(|mention| (mention.range, Kind::Verbatim));
    let other = synonyms(&name).flat_map(move |word| mentions(text, word, None));
    let all = own.chain(other.map(|mention| (mention.range, Kind::Synonym)));
    all.map(move |(range, kind)| match denial(text, range.start) {
        Some(start) => (false, Span { range: start..range.end, kind }),
        None => (true, Span { range, kind }),
    })
}

/// Returns where a denial right before a place starts ("not", "isn't", "no", "non-", "without").
fn denial(text: &str, place: usize) -> Option<usize> {
    let before = text[..place].trim_end_matches([' ', '-', '\u{a0}']);
    // Another sentence says nothing of this one.
    let sentence = before.rfind(['.', ';', '!', '?', '\n']).map_or(0, |at| at + 1);
    let mut end = before.len();
    for _ in 0..DENIAL {
        let start = before[sentence..end].rfind(char::is_whitespace).map_or(sentence, |at| {
            sentence + at + before[sentence + at..].chars().next().map_or(1, char::len_utf8)
        });
        let word = before[start..end].trim_matches(|c: char| !c.is_alphanumeric());
        let word = word.to_lowercase().replace('\u{2019}', "'");
        if matches!(word.as_str(), "not" | "no" | "non" | "without" | "never" | "isn't" | "aren't") {
            return Some(start);
        }
        end = before[..start].trim_end().len();
        if end <= sentence {
            break;
        }
    }
    None
}

/// Says what texts (the product's name first) say of a value; `others` are the values that would speak against it.
///
/// The time is linear in the texts' length, of which [`MOST_TEXT`] characters are looked through.
pub fn finding<'o>(
    texts: &[&str],
    value: &str,
    attribute: &Attribute,
    others: impl Iterator<Item = &'o str>,
) -> Finding {
    let texts = bounded(texts);
    let first = |value: &str| {
        texts.iter().enumerate().find_map(|(index, text)| {
            let span = spans_of_one(text, value, attribute).into_iter().next()?;
            Some((span.kind, Place { text: index, range: span.range }))
        })
    };
    let others: Vec<&str> = others.filter(|other| !other.trim().is_empty()).take(MOST_OTHERS).collect();
    // "Black" is not found where the text says "Black/White", which is another value.
    let longer: Vec<&str> = others.iter().filter(|other| is_longer(other, value)).copied().collect();
    let within = |text: &str, range: &Range<usize>| {
        longer.iter().find(|other| {
            let all = mentions(text, other, None);
            all.iter().any(|one| one.range.start <= range.start && range.end <= one.range.end)
        })
    };
    let mut within_another = None;
    for (index, text) in texts.iter().enumerate() {
        for span in spans_of_one(text, value, attribute) {
            let place = Place { text: index, range: span.range };
            match within(text, &place.range) {
                None => return Finding::Found { kind: span.kind, place },
                Some(other) => within_another = within_another.or(Some(((*other).to_owned(), place))),
            }
        }
    }
    if let Some((by, place)) = within_another {
        return Finding::Contradicted { by, place };
    }
    if attribute.multi_valued {
        let all: Vec<&str> = parts(value).collect();
        let mut found = all.iter().filter_map(|part| first(part));
        if let Some((mut kind, place)) = found.next() {
            let mut count = 1;
            for (other, _) in found {
                (kind, count) = (kind.max(other), count + 1);
            }
            return if count == all.len() {
                Finding::Found { kind, place }
            } else {
                Finding::Partly { found: count, of: all.len(), place }
            };
        }
        // Another value beside it would be no contradiction.
        return Finding::Missing;
    }
    if attribute.data_type == DataType::Boolean
        && let Some(wanted) = truth_value(value)
    {
        let against = if wanted { "No" } else { "Yes" };
        return first(against)
            .map_or(Finding::Missing, |(_, place)| Finding::Contradicted { by: against.to_owned(), place });
    }
    // A number among the words is seldom the attribute's: only a value that is more than a bare number speaks against.
    let speaks = |other: &&str| {
        (attribute.unit.is_some() || other.chars().any(char::is_alphabetic)) && !is_part(other, value)
    };
    for other in others.into_iter().filter(speaks) {
        let quantity = attribute.unit.as_deref().filter(|_| !other.chars().any(char::is_alphabetic));
        let written = quantity.map_or_else(|| other.to_owned(), |unit| format!("{other} {unit}"));
        // A bare number may measure anything.
        let measures = |place: &Place| {
            let piece = &texts[place.text][place.range.clone()];
            piece.chars().any(|c| !c.is_numeric() && !matches!(c, '.' | ',' | '-' | ' '))
        };
        if let Some((_, place)) = first(&written).filter(|(_, place)| measures(place)) {
            return Finding::Contradicted { by: other.to_owned(), place };
        }
    }
    Finding::Missing
}

/// Tells whether another value holds this one's words and more.
fn is_longer(other: &str, value: &str) -> bool {
    other.trim().len() > value.trim().len() && !mentions(other, value, None).is_empty()
}

/// Tells whether one value's words are within the other's: "Blue" does not speak against "Navy Blue".
fn is_part(other: &str, value: &str) -> bool {
    !mentions(value, other, None).is_empty() || !mentions(other, value, None).is_empty()
}

/// Cuts texts to [`MOST_TEXT`] characters in all.
fn bounded<'t>(texts: &[&'t str]) -> Vec<&'t str> {
    let mut left = MOST_TEXT;
    let cut = |text: &&'t str| {
        let end = text.char_indices().nth(left).map_or(text.len(), |(at, _)| at);
        left = left.saturating_sub(text[..end].chars().count());
        &text[..end]
    };
    texts.iter().map(cut).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn attribute(data_type: DataType, label: &str, unit: Option<&str>, several: bool) -> Attribute {
        Attribute {
            key: "a".into(),
            system_name: None,
            label: Some(label.into()),
            data_type,
            unit: unit.map(Into::into),
            multi_valued: several,
        }
    }

    fn said(texts: &[&str], value: &str, attribute: &Attribute, others: &[&str]) -> String {
        let piece = |place: &Place| format!("{}:{}", place.text, &texts[place.text][place.range.clone()]);
        match finding(texts, value, attribute, others.iter().copied()) {
            Finding::Found { kind, place } => format!("{kind:?} {}", piece(&place)),
            Finding::Partly { found, of, place } => format!("{found} of {of} {}", piece(&place)),
            Finding::Contradicted { by, place } => format!("not, {by} {}", piece(&place)),
            Finding::Missing => "missing".into(),
        }
    }

    #[test]
    fn the_values_own_words_come_before_words_that_mean_the_same_in_each_text() {
        let colour = attribute(DataType::Choice, "Colour", None, false);
        assert_eq!(said(&["Shoe, Grey", "in gray"], "Gray", &colour, &["Blue"]), "Synonym 0:Grey");
        assert_eq!(said(&["Shoe", "in GRAY, not grey"], "Gray", &colour, &["Blue"]), "Verbatim 1:GRAY");
    }

    #[test]
    fn a_quantity_in_another_unit_is_found_and_another_quantity_contradicts() {
        let weight = attribute(DataType::Number, "Weight", Some("g"), false);
        assert_eq!(said(&["Shoe", "weighs 0.63 lb"], "286", &weight, &[]), "Converted 1:0.63 lb");
        assert_eq!(said(&["Shoe 300 g"], "286", &weight, &["300"]), "not, 300 0:300 g");
        assert_eq!(said(&["Shoe 300"], "286", &weight, &["300"]), "missing", "it may measure anything");
    }

    #[test]
    fn another_value_contradicts_unless_it_is_part_of_this_one() {
        let colour = attribute(DataType::Choice, "Colour", None, false);
        assert_eq!(said(&["Shoe, Blue, EU 42"], "Black", &colour, &["Red", "Blue"]), "not, Blue 0:Blue");
        assert_eq!(said(&["Shoe, Blue"], "Navy Blue", &colour, &["Blue"]), "missing");
        assert_eq!(said(&["Black/White"], "Black", &colour, &["Black/White"]), "not, Black/White 0:Black");
        assert_eq!(
            said(&["Black/White", "in black"], "Black", &colour, &["Black/White"]),
            "Verbatim 1:black"
        );
        let size = attribute(DataType::Text, "Size", None, false);
        assert_eq!(said(&["Shoe 42 2019"], "41", &size, &["42"]), "missing", "a bare number says little");
    }

    #[test]
    fn a_yes_or_no_is_said_by_the_attributes_name_and_denied_before_it() {
        let waterproof = attribute(DataType::Boolean, "Waterproof", None, false);
        let texts = ["Trail Shoe", "It is light. A waterproof membrane keeps feet dry."];
        assert_eq!(said(&texts, "Yes", &waterproof, &[]), "Verbatim 1:waterproof");
        assert_eq!(said(&texts, "No", &waterproof, &[]), "not, Yes 1:waterproof");
        for denied in ["not waterproof", "isn’t fully waterproof", "Non-waterproof", "without a waterproof"]
        {
            let texts = [denied];
            assert_eq!(said(&texts, "No", &waterproof, &[]), format!("Verbatim 0:{denied}"));
            assert!(said(&texts, "true", &waterproof, &[]).starts_with("not, No"), "{denied}");
        }
        assert_eq!(said(&["Not cheap. Waterproof"], "Yes", &waterproof, &[]), "Verbatim 0:Waterproof");
        assert_eq!(said(&["A shoe"], "Yes", &waterproof, &[]), "missing");
    }

    #[test]
    fn several_values_are_looked_for_one_by_one_and_others_do_not_contradict() {
        let uses = attribute(DataType::Choice, "Uses", None, true);
        assert_eq!(said(&["Run", "and walk"], "Run; Walk", &uses, &[]), "Verbatim 0:Run");
        assert_eq!(said(&["Run and hike"], "Run; Walk", &uses, &["Hike"]), "1 of 2 0:Run");
        assert_eq!(said(&["Hike"], "Run; Walk", &uses, &["Hike"]), "missing");
        let found: Vec<_> = spans("run, walk", "Walk; Run", &uses).into_iter().map(|one| one.range).collect();
        assert_eq!(found, [0..3, 5..9]);
    }

    #[test]
    fn what_lies_beyond_the_bound_is_not_looked_at() {
        let colour = attribute(DataType::Choice, "Colour", None, false);
        let (long, far) = ("ä ".repeat(MOST_TEXT), "black");
        assert_eq!(said(&["", &long, far], "Black", &colour, &[]), "missing");
    }

    proptest! {
        #[test]
        fn places_lie_within_their_texts(
            name in "(\\PC|not |Waterproof|red|0.5 kg|\u{a0}){0,20}", text in "(\\PC|no |waterproof|blue|[0-9]){0,40}",
            value in "Yes|No|red|500|\\PC{0,4}|red; blue", other in "blue|3|\\PC{0,3}",
            kind in 0..3_u8, several: bool,
        ) {
            let data_type = [DataType::Text, DataType::Number, DataType::Boolean][usize::from(kind)];
            let attribute = attribute(data_type, "Waterproof", (kind == 1).then_some("g"), several);
            let texts = [name.as_str(), text.as_str()];
            let found = finding(&texts, &value, &attribute, [other.as_str()].into_iter());
            if let Finding::Found { place, .. } | Finding::Partly { place, .. } | Finding::Contradicted { place, .. } = found {
                prop_assert!(texts[place.text].get(place.range).is_some_and(|piece| !piece.is_empty()));
            }
            for text in texts {
                let mut end = 0;
                for span in spans(text, &value, &attribute) {
                    prop_assert!(span.range.start >= end);
                    end = span.range.end;
                }
            }
        }
    }
}

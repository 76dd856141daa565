//! Numbers with units in a text that measure the same as the value.

use super::super::number::{figure_length, read_number};
use super::super::units::{self, Unit, parse_quantity};
use super::{MAX_MENTIONS, Mention, MentionKind};
use std::ops::Range;

/// How far a quantity may be from the value and still be the same, rounded.
const TOLERANCE: f64 = 0.01;
/// How many numbers of `1 x 2 x 3 cm` are kept until their unit comes.
const MAX_CHAIN: usize = 8;

/// The quantity that is looked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Target {
    number: f64,
    unit: &'static Unit,
    bare: bool,
}

impl Target {
    /// Reads the value as a quantity, its unit being the attribute's unless it has one of its own.
    pub(super) fn new(value: &str, unit: Option<&str>) -> Option<Self> {
        let quantity = parse_quantity(value)?;
        let bare = quantity.unit.is_none();
        let unit = units::find(quantity.unit.as_deref().or(unit)?)?;
        Some(Self { number: quantity.number, unit, bare })
    }

    /// Says whether the value was written without a unit.
    pub(super) fn is_bare(&self) -> bool {
        self.bare
    }

    /// Says how `number` in `unit` mentions the value, if it does.
    fn compare(&self, number: f64, unit: &'static Unit) -> Option<MentionKind> {
        let converted = units::between(number, unit, self.unit)?;
        let distance = (converted - self.number).abs();
        if distance <= self.number.abs() * 1e-9 && unit.symbol == self.unit.symbol {
            return Some(MentionKind::Verbatim);
        }
        (distance <= self.number.abs() * TOLERANCE).then_some(MentionKind::Converted)
    }
}

/// Says whether the number at `range` has no known unit behind it.
pub(super) fn is_unitless(text: &str, range: &Range<usize>) -> bool {
    units::read_unit(&text[range.end..]).is_none()
}

/// Finds the quantities that mention the target, sorted and not overlapping.
pub(super) fn mentions(text: &str, target: &Target) -> Vec<Mention> {
    let mut found = Vec::new();
    let mut chain: Vec<(Range<usize>, f64)> = Vec::new();
    let mut position = 0;
    while let Some(start) = next_number(text, position) {
        if found.len() >= MAX_MENTIONS {
            break;
        }
        position = start;
        // A chain goes on from number to number, whatever stands between.
        while let Some((number, length)) = read_number(&text[position..]) {
            let end = position + length;
            if let Some((unit, unit_length)) = units::read_unit(&text[end..]) {
                chain.push((position..end + unit_length, number));
                let kinds = chain.drain(..).map(|(range, number)| (range, target.compare(number, unit)));
                found.extend(kinds.filter_map(|(range, kind)| kind.map(|kind| Mention { range, kind })));
                position = end + unit_length;
                break;
            }
            let Some(link) = link_length(&text[end..]).filter(|_| chain.len() < MAX_CHAIN) else {
                position = end;
                break;
            };
            chain.push((position..end, number));
            position = end + link;
        }
        chain.clear();
        position = position.max(start + skip_length(&text[start..]));
    }
    found.truncate(MAX_MENTIONS);
    found
}

/// Finds where the next number starts, its sign included; digits within a word are none.
fn next_number(text: &str, from: usize) -> Option<usize> {
    let mut previous = text[..from].chars().next_back();
    for (offset, character) in text[from..].char_indices() {
        let word = previous.is_some_and(|previous| previous.is_alphanumeric() || previous == '_');
        previous = Some(character);
        if word || !is_figure(character) {
            continue;
        }
        return Some(from + offset - prefix_length(text, from, from + offset));
    }
    None
}

/// Returns the bytes of a sign or decimal point before the digit at `digit` that belong to its number.
fn prefix_length(text: &str, from: usize, digit: usize) -> usize {
    let mut before = text[from..digit].chars().rev();
    let Some(prefix @ ('-' | '\u{2212}' | '.')) = before.next() else { return 0 };
    let free = before
        .next()
        .is_none_or(|character| character.is_whitespace() || matches!(character, '(' | ':' | '='));
    if free { prefix.len_utf8() } else { 0 }
}

fn is_figure(character: char) -> bool {
    character.is_ascii_digit() || matches!(character, '¼' | '½' | '¾' | '⅓' | '⅔' | '⅛' | '⅜' | '⅝' | '⅞')
}

/// Returns the bytes of what links two numbers of one unit (`x`, `×`, a dash), if a digit follows.
fn link_length(text: &str) -> Option<usize> {
    let rest = text.strip_prefix(' ').unwrap_or(text);
    let rest = rest.strip_prefix(['x', 'X', '×', '-', '\u{2013}'])?;
    let rest = rest.strip_prefix(' ').unwrap_or(rest);
    rest.starts_with(|next: char| next.is_ascii_digit()).then(|| text.len() - rest.len())
}

/// Returns the bytes to skip so that what starts with a digit but is no number is not looked at again.
fn skip_length(text: &str) -> usize {
    let first = text.chars().next().map_or(1, char::len_utf8);
    first.max(figure_length(text))
}

//! Products that break careless programs, one in forty.

use super::item::{Item, Source};
use super::random::Random;
use super::spec::Spec;

/// One product in so many is awkward.
const EVERY: usize = 40;

/// What is wrong with a product.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Awkward {
    /// A name of more than 300 characters.
    LongName,
    /// Han, kana and Hangul.
    Cjk,
    /// Emoji of several code points: joined, flags, skin tones, keycaps.
    Emoji,
    /// Arabic and Hebrew.
    RightToLeft,
    /// Quotes, apostrophes, backslashes, markup.
    Quotes,
    /// Tab, bell and escape sequences; never NUL, which PostgreSQL cannot store.
    Control,
    /// Zero-width and direction-changing characters.
    Invisible,
    /// Letters of several combining marks.
    Combining,
    /// No name, description, text, category or value; only gaps.
    EverythingMissing,
    /// Values such as "None", "0", "-1" and "  two  spaces ".
    OddValues,
    /// No name.
    NoName,
    /// A text of 30 KB in one line.
    LongText,
}

const KINDS: [Awkward; 12] = [
    Awkward::LongName,
    Awkward::EverythingMissing,
    Awkward::Cjk,
    Awkward::Emoji,
    Awkward::Control,
    Awkward::RightToLeft,
    Awkward::OddValues,
    Awkward::Quotes,
    Awkward::Invisible,
    Awkward::Combining,
    Awkward::NoName,
    Awkward::LongText,
];

impl Awkward {
    /// Says what is wrong with the product of this number, if anything.
    pub(super) fn of(index: usize) -> Option<Self> {
        (index % EVERY == EVERY / 3).then(|| KINDS[index / EVERY % KINDS.len()])
    }
}

/// Spoils the product's name, texts and known values.
pub(super) fn spoil(spec: &Spec, seed: u64, item: &mut Item) {
    let Some(awkward) = item.awkward else { return };
    let texts = &spec.awkward;
    let mut random = Random::keyed(seed, &[7, item.index as u64]);
    let names: &[String] = match awkward {
        Awkward::LongName => {
            item.name = item.name.take().map(|name| name + &texts.long_name);
            return;
        }
        Awkward::EverythingMissing => {
            item.name = None;
            item.description = None;
            item.texts.clear();
            return;
        }
        Awkward::OddValues => return odd_values(&texts.values, item),
        Awkward::NoName => {
            item.name = None;
            return;
        }
        Awkward::LongText => {
            let mut long = String::new();
            while long.len() < 30_000 {
                long.push_str(random.text(&spec.categories[item.category].filler));
                long.push(' ');
            }
            return append(item, &long);
        }
        Awkward::Cjk => &texts.cjk,
        Awkward::Emoji => &texts.emoji,
        Awkward::RightToLeft => &texts.right_to_left,
        Awkward::Quotes => &texts.quotes,
        Awkward::Control => &texts.control,
        Awkward::Invisible => &texts.invisible,
        Awkward::Combining => &texts.combining,
    };
    // By number, so that every one of them occurs.
    let pattern = names.get(item.index / (EVERY * KINDS.len()) % names.len().max(1));
    let name = item.name.take().unwrap_or_default();
    item.name = pattern.map(|pattern| pattern.replace("{name}", &name));
    match awkward {
        Awkward::Cjk => append(item, &texts.cjk_text),
        Awkward::Control => append(item, &texts.control_text),
        _ => append(item, &item.name.clone().unwrap_or_default()),
    }
}

/// Appends to the product's first text.
fn append(item: &mut Item, text: &str) {
    if let Some((_, content)) = item.texts.iter_mut().find(|(source, _)| *source == Source::Description) {
        content.push_str("\n\n");
        content.push_str(text);
    }
}

/// Replaces the first known values, the brand excepted.
fn odd_values(values: &[String], item: &mut Item) {
    let known = item.facts.iter_mut().skip(1).filter(|fact| !fact.gap);
    for (fact, value) in known.zip(values) {
        fact.truth = vec![value.clone()];
    }
}

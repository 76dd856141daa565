//! Names and rich texts: what is said about a value, where, and in which words.

use super::item::{Fact, Item, Mode, Source, Statement};
use super::random::Random;
use super::spec::{Attribute, Category, Spec, ValueType};
use super::values::{converted, display};

/// The share of families with a data sheet.
const DATASHEETS: f64 = 0.6;
/// The share of products with a short description of their own.
const DESCRIPTIONS: f64 = 0.8;

/// Decides what the texts say of every value, then writes name, description and rich texts.
pub(super) fn write(spec: &Spec, seed: u64, item: &mut Item) {
    let mut random = Random::keyed(seed, &[5, item.index as u64]);
    let mut family = Random::keyed(seed, &[6, item.family]);
    let sources = if family.chance(DATASHEETS) { &Source::ALL[..] } else { &Source::ALL[..2] };
    for fact in &mut item.facts {
        let attribute = &spec.attributes[fact.attribute];
        fact.mode = mode(fact.gap, random.unit());
        if attribute.key == "brand" {
            // Every name starts with it.
            fact.mode = Mode::Verbatim;
        }
        if fact.mode == Mode::Converted {
            match other_words(attribute, fact, sources, &mut random) {
                Some(statement) => fact.statements.push(statement),
                // There are no other words for it.
                None => fact.mode = Mode::Verbatim,
            }
        }
        let wrong = fact.others.first().cloned();
        match (fact.mode, wrong) {
            (Mode::Contradicted, Some(wrong)) => {
                fact.statements.push(plain_words(attribute, &wrong, false, sources, &mut random));
                if random.chance(0.4) {
                    fact.statements.push(plain_words(attribute, &fact.joined(), true, sources, &mut random));
                }
            }
            (Mode::Verbatim, _) => {
                fact.statements.push(plain_words(attribute, &fact.joined(), true, sources, &mut random));
            }
            _ => {}
        }
    }
    let category = &spec.categories[item.category];
    item.name = Some(name(spec, category, item));
    let opening = fill(family.text(&category.opening), item);
    item.description = random.chance(DESCRIPTIONS).then(|| opening.clone());
    let mut filler = category.filler.clone();
    family.shuffle(&mut filler);
    item.texts =
        sources.iter().map(|source| (*source, text(spec, item, *source, &opening, &filler))).collect();
}

/// Chooses what the texts say of a value.
fn mode(gap: bool, unit: f64) -> Mode {
    let shares = if gap { [0.42, 0.62, 0.70] } else { [0.30, 0.40, 0.40] };
    match unit {
        unit if unit < shares[0] => Mode::Verbatim,
        unit if unit < shares[1] => Mode::Converted,
        unit if unit < shares[2] => Mode::Contradicted,
        _ => Mode::Absent,
    }
}

/// States a value as the catalogue writes it.
fn plain_words(
    attribute: &Attribute,
    value: &str,
    right: bool,
    sources: &[Source],
    random: &mut Random,
) -> Statement {
    let line_like = attribute.value_type == ValueType::Boolean || value == "None";
    let source = random.pick(sources).copied().filter(|source| !line_like || *source != Source::Description);
    let source = source.unwrap_or(Source::Bullets);
    let shown = display(attribute, &value.replace(super::item::SEPARATOR, ", "));
    let line = format!("{}: {shown}", attribute.label);
    let sentence = match source {
        Source::Datasheet => line,
        // "Filled with None." and "Hood: Yes." are no sentences.
        _ if line_like => line + ".",
        _ => random.text(&attribute.say).replace("{value}", &shown),
    };
    Statement { source, sentence, value: value.to_owned(), right }
}

/// States the true value in another unit or in other words, if there are any.
fn other_words(
    attribute: &Attribute,
    fact: &Fact,
    sources: &[Source],
    random: &mut Random,
) -> Option<Statement> {
    let truth = fact.truth.first()?;
    let source = random.pick(sources).copied().unwrap_or(Source::Bullets);
    if attribute.value_type == ValueType::Boolean {
        let sentences = if truth == "Yes" { &attribute.yes } else { &attribute.no };
        let source = if source == Source::Datasheet { Source::Bullets } else { source };
        return Some(Statement {
            source,
            sentence: random.text(sentences).to_owned(),
            value: truth.clone(),
            right: true,
        });
    }
    if fact.truth.len() > 1 {
        return None;
    }
    let (shown, value) = match attribute.wording.get(truth) {
        Some(words) => (words.clone(), truth.clone()),
        None => converted(attribute, truth, random)?,
    };
    let sentence = match source {
        Source::Datasheet => format!("{}: {shown}", attribute.label),
        _ => random.text(&attribute.say).replace("{value}", &shown),
    };
    Some(Statement { source, sentence, value, right: true })
}

/// Writes the product's name in marketplace style; it does not give away what the texts hide.
fn name(spec: &Spec, category: &Category, item: &Item) -> String {
    let mut parts: Vec<String> = Vec::new();
    for pattern in &category.title {
        let mut part = fill(pattern, item);
        let mut told = true;
        for fact in &item.facts {
            let attribute = &spec.attributes[fact.attribute];
            let place = format!("{{{}}}", attribute.key);
            if attribute.key == "brand" || !part.contains(&place) {
                continue;
            }
            if (fact.gap && fact.mode != Mode::Verbatim) || fact.joined() == "None" {
                told = false;
                part = part.replace(&format!("{place}'s "), "").replace(&format!("{place} "), "");
            }
            let values: Vec<String> = fact.truth.iter().map(|value| display(attribute, value)).collect();
            part = part.replace(&place, &values.join("/"));
        }
        // Where a value is not told, what the product is stays.
        if told || part.contains("{noun}") {
            let part = part.replace("{noun}", &category.noun);
            parts.push(part.replace("Kids's", "Kids'").replace("Unisex's", "Unisex"));
        }
    }
    parts.join(", ").replacen(", ", " ", 1)
}

/// Fills in brand and model.
fn fill(pattern: &str, item: &Item) -> String {
    pattern.replace("{brand}", &item.brand).replace("{line}", &item.model)
}

/// Writes one text: what belongs to the family, with the product's own statements between.
fn text(spec: &Spec, item: &Item, source: Source, opening: &str, filler: &[String]) -> String {
    let statements =
        item.facts.iter().flat_map(|fact| &fact.statements).filter(|statement| statement.source == source);
    let stated = statements.map(|statement| statement.sentence.as_str());
    let filler = filler.iter().map(String::as_str);
    match source {
        Source::Description => {
            let sentences: Vec<&str> = [opening].into_iter().chain(stated).chain(filler.take(3)).collect();
            sentences.join(" ")
        }
        Source::Bullets => {
            let mut lines: Vec<String> = filler.skip(3).take(2).map(|line| format!("• {line}")).collect();
            let at = lines.len().min(1);
            lines.splice(at..at, stated.map(|line| format!("• {line}")));
            lines.join("\n")
        }
        Source::Datasheet => {
            let head = [
                format!("Model: {} {}", item.brand, item.model),
                format!("Article: {}", spec.categories[item.category].noun),
            ];
            head.into_iter().chain(stated.map(str::to_owned)).collect::<Vec<_>>().join("\n")
        }
    }
}

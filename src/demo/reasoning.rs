//! Why a model proposes a value, in one to three sentences.

use super::item::{Fact, Item, SEPARATOR, Source, Statement};
use super::propose::Voice;
use super::random::Random;
use super::spec::{Spec, ValueType};
use super::values::display;

/// From this confidence on a model sounds sure.
const SURE: f64 = 0.8;

/// Writes the reasons for `value`.
pub(super) fn reasoning(
    spec: &Spec,
    voice: Voice<'_>,
    item: &Item,
    fact: &Fact,
    value: &str,
    confidence: f64,
    random: &mut Random,
) -> String {
    let (words, attribute) = (&spec.reasoning, &spec.attributes[fact.attribute]);
    let truth = fact.joined();
    let statement = fact
        .statements
        .iter()
        .find(|statement| statement.right == (value == truth))
        .or(fact.statements.first());
    let mut patterns: Vec<&str> = Vec::new();
    match statement {
        _ if !voice.reads => patterns.push(random.text(&words.siblings)),
        // A product without texts has statements that nobody can read.
        Some(statement) if !item.texts.is_empty() => {
            let says = statement.value == value;
            let same_words = statement.sentence.contains(&value.replace(SEPARATOR, ", "));
            let right = statement.right && value == truth;
            let kind = match (says, same_words) {
                (true, true) => &words.verbatim,
                _ if right => &words.converted,
                (true, false) => &words.misread,
                // The text was overlooked or not believed.
                (false, _) => &words.typical,
            };
            patterns.push(random.text(kind));
        }
        _ => patterns.extend([random.text(&words.absent), random.text(&words.typical)]),
    }
    if random.chance(0.35) {
        patterns.push(random.text(if confidence >= SURE { &words.sure } else { &words.unsure }));
    }
    let shown = display(attribute, value);
    let quote = statement.map_or("", |statement| statement.sentence.trim_end_matches('.'));
    let source = statement.map_or("", spoken);
    let label = match attribute.value_type {
        ValueType::Boolean => format!("answer to “{}”", attribute.label),
        _ => attribute.label.to_lowercase(),
    };
    let fill = |pattern: &str| {
        pattern
            .replace("{label}", &label)
            .replace("{category}", &spec.categories[item.category].name.to_lowercase())
            .replace("{brand}", &item.brand)
            .replace("{source}", source)
            .replace("{value}", &shown)
            .replace("{quote}", quote)
    };
    patterns.into_iter().map(fill).collect::<Vec<_>>().join(" ")
}

/// Names the statement's text as people say it.
fn spoken(statement: &Statement) -> &'static str {
    match statement.source {
        Source::Description => "description",
        Source::Bullets => "bullet list",
        Source::Datasheet => "data sheet",
    }
}

//! What the evidence line and the gate say of best predictions, and how often these are right.

use crate::data::{Data, is_right};
use gapdeck::evidence::finding::{Finding, Kind, finding};
use gapdeck::evidence::gate::objections;
use std::collections::BTreeMap;

/// Prints how often best predictions are right, by what the product's title says of them, and by the gate.
pub fn measure(data: &Data) {
    let mut found: BTreeMap<&str, (u32, u32)> = BTreeMap::new();
    let mut gate: BTreeMap<&str, (u32, u32)> = BTreeMap::new();
    for ((product, attribute), truth) in &data.truth {
        let Some(best) = data.best(product, attribute) else { continue };
        let card = data.card(product, attribute, None);
        let name = card.product.product.name.as_deref().unwrap_or_default();
        let others = card.candidates.iter().map(|one| one.value.as_str()).filter(|other| *other != best);
        let said = match finding(&[name], &best, &card.attribute, others) {
            Finding::Found { kind: Kind::Verbatim, .. } => "verbatim",
            Finding::Found { kind: Kind::Synonym, .. } => "by a synonym",
            Finding::Found { kind: Kind::Converted, .. } => "converted",
            Finding::Partly { .. } => "in part",
            Finding::Contradicted { .. } => "not found, another value is",
            Finding::Missing => "not found",
        };
        let stopped = if objections(&card, &best).is_empty() { "lets pass" } else { "asks" };
        for (counts, key) in [(&mut found, said), (&mut gate, stopped)] {
            let count = counts.entry(key).or_default();
            *count = (count.0 + 1, count.1 + u32::from(is_right(truth, &best)));
        }
    }
    for (what, counts) in [("the title has the best prediction", found), ("the gate", gate)] {
        println!("\n| {what} | gaps | right |\n|---|---|---|");
        for (said, (n, right)) in counts {
            println!("| {said} | {n} | {:.1} % |", 100.0 * f64::from(right) / f64::from(n.max(1)));
        }
    }
}

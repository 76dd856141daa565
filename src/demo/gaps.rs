//! Which values are missing.

use super::DemoError;
use super::item::Item;
use super::random::Random;
use super::spec::Spec;

/// Takes exactly `count` values away; attributes that are missing easily more often than others.
///
/// A product of which everything is missing has gaps first of all.
pub(super) fn take_away(spec: &Spec, seed: u64, items: &mut [Item], count: usize) -> Result<(), DemoError> {
    let mut pairs = Vec::new();
    for (row, item) in items.iter().enumerate() {
        let bare = item.awkward == Some(super::awkward::Awkward::EverythingMissing);
        for (column, fact) in item.facts.iter().enumerate() {
            let unit = Random::keyed(seed, &[4, row as u64, column as u64]).unit();
            let ease = spec.attributes[fact.attribute].gap;
            pairs.push((if bare { 0.0 } else { unit / ease }, row, column));
        }
    }
    if count > pairs.len() {
        return Err(DemoError::TooManyGaps { gaps: count, products: items.len(), most: pairs.len() });
    }
    pairs.sort_by(|left, right| left.0.total_cmp(&right.0).then((left.1, left.2).cmp(&(right.1, right.2))));
    for (_, row, column) in pairs.into_iter().take(count) {
        if let Some(fact) = items[row].facts.get_mut(column) {
            fact.gap = true;
        }
    }
    // What is no gap of a bare product is not known either.
    for item in
        items.iter_mut().filter(|item| item.awkward == Some(super::awkward::Awkward::EverythingMissing))
    {
        item.facts.retain(|fact| fact.gap);
    }
    Ok(())
}

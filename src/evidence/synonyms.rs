//! Words that mean the same in product data.
//!
//! A short list kept by hand: spellings, trade names of a material, sizes of a door. Words that are merely close (navy
//! and blue) are not in it.

use crate::domain::normalised;

/// Each line is one meaning.
const MEANINGS: &[&[&str]] = &[
    // Colours
    &["gray", "grey"],
    &["multicolor", "multicolour", "multicolored", "multicoloured", "multi-color", "multi-colour", "multi"],
    &["off-white", "off white"],
    &["transparent", "clear", "see-through"],
    // Materials
    &["aluminum", "aluminium"],
    &["stainless steel", "inox"],
    &["polyamide", "nylon"],
    &["elastane", "spandex", "lycra"],
    &["polyurethane", "pu"],
    &["polyvinyl chloride", "pvc", "vinyl"],
    &["polypropylene", "pp"],
    &["polyethylene", "pe"],
    &["polyethylene terephthalate", "pet"],
    &["ethylene vinyl acetate", "eva"],
    &["acrylonitrile butadiene styrene", "abs"],
    &[
        "artificial leather",
        "faux leather",
        "imitation leather",
        "synthetic leather",
        "vegan leather",
        "leatherette",
    ],
    &["genuine leather", "real leather"],
    &["viscose", "rayon"],
    &["fiberglass", "fibreglass"],
    &["carbon fiber", "carbon fibre"],
    // Who it is for
    &["men", "men's", "mens", "man", "male", "gentlemen"],
    &["women", "women's", "womens", "woman", "female", "ladies", "lady"],
    &["boys", "boy's", "boys'", "boy"],
    &["girls", "girl's", "girls'", "girl"],
    &["kids", "kid's", "kids'", "children", "children's", "child"],
    &["adults", "adult"],
    &["baby", "babies", "infant", "infants"],
    // How it closes
    &["hook and loop", "velcro"],
    &["zip", "zipper", "zipped", "zip fastener"],
    &["lace-up", "laces", "lace up", "lacing"],
    &["slip-on", "slip on"],
    &["press stud", "snap fastener", "popper"],
    // Forms
    &["tablet", "tablets", "caplet", "caplets"],
    &["capsule", "capsules", "caps"],
    &["softgel", "softgels", "soft gel", "soft gels"],
    &["gummy", "gummies"],
    &["powder", "powdered"],
    &["tea bag", "tea bags", "teabag", "teabags"],
    &["whole bean", "whole beans"],
    &["loose leaf", "loose-leaf"],
    &["decaf", "decaffeinated"],
    &["gluten free", "gluten-free"],
    &["sugar free", "sugar-free"],
    // Electronics
    &["wi-fi", "wifi", "wlan", "wireless lan"],
    &["usb-c", "usb type-c", "type-c", "usb c"],
    &["liquid crystal display", "lcd"],
    &["solid state drive", "ssd"],
    &["hard disk drive", "hdd", "hard disk", "hard drive"],
    &["cordless", "battery-powered", "battery powered", "battery-operated", "battery operated"],
    &["rechargeable", "re-chargeable"],
    // Countries
    &["united states", "usa", "u.s.a.", "united states of america"],
    &["united kingdom", "uk", "great britain"],
    &["germany", "deutschland"],
    &["china", "prc"],
    &["netherlands", "holland"],
    &["czech republic", "czechia"],
    &["south korea", "republic of korea"],
    // Qualities
    &["waterproof", "water-proof"],
    &["water-resistant", "water resistant", "water-repellent", "water repellent"],
    &["fragrance free", "fragrance-free", "unscented"],
    &["disposable", "single-use", "single use"],
    &["reusable", "re-usable", "washable and reusable"],
];

/// Returns the other words for a value.
///
/// ```
/// use gapdeck::evidence::synonyms;
/// assert_eq!(synonyms(" Grey ").collect::<Vec<_>>(), ["gray"]);
/// assert_eq!(synonyms("Navy").count(), 0);
/// ```
pub fn synonyms(value: &str) -> impl Iterator<Item = &'static str> + use<> {
    let value = normalised(value);
    let meaning = MEANINGS.iter().find(|words| words.contains(&value.as_str()));
    meaning.into_iter().flat_map(|words| words.iter().copied()).filter(move |word| *word != value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_word_is_normal_and_has_one_meaning() {
        let mut seen = HashSet::new();
        for word in MEANINGS.iter().copied().flatten() {
            assert_eq!(normalised(word), *word);
            assert!(seen.insert(word), "{word} has two meanings");
        }
        assert!(MEANINGS.iter().all(|words| words.len() > 1));
    }
}

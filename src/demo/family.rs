//! Families of products: one brand, line and edition, in several sizes, colours or capacities.

use super::awkward::Awkward;
use super::code;
use super::item::{Fact, Item, Mode};
use super::random::Random;
use super::spec::{Category, Scope, Spec};
use super::values::{Draw, has, options, others, values_at};
use std::collections::{BTreeMap, BTreeSet};

/// The most siblings of one family.
const MOST_SIBLINGS: usize = 8;
/// The share of brands that use stock keeping units instead of EANs.
const SKU_SHARE: f64 = 0.15;
/// How closely a value follows its leader.
const FOLLOW: f64 = 0.8;

/// Makes exactly `count` products, family by family.
pub(super) fn items(spec: &Spec, seed: u64, count: usize) -> Vec<Item> {
    let shares: usize = spec.categories.iter().map(|category| category.share).sum();
    let mut items: Vec<Item> = Vec::with_capacity(count + MOST_SIBLINGS);
    let mut models = BTreeSet::new();
    let mut family = 0;
    while items.len() < count {
        let mut random = Random::keyed(seed, &[1, family]);
        let mut share = random.below(shares);
        let chosen = spec.categories.iter().position(|category| {
            let here = share < category.share;
            share = share.saturating_sub(category.share);
            here
        });
        let category = chosen.unwrap_or_default();
        let maker = Maker {
            spec,
            seed,
            family,
            category,
            model: model(&spec.categories[category], &mut random, &mut models),
        };
        maker.variants(&mut random, &mut items);
        family += 1;
    }
    items.truncate(count);
    items
}

/// Invents a model that the category does not have yet: its brand's index, the brand, and line with edition.
fn model(
    category: &Category,
    random: &mut Random,
    taken: &mut BTreeSet<(String, String)>,
) -> (usize, String, String) {
    let mut attempt = 0;
    loop {
        let brand = random.below(category.brands.len());
        let (line, edition) = (random.text(&category.lines), random.text(&category.editions));
        // After some attempts all names may be taken: models get numbers.
        let number = if attempt > 20 { format!(" Mk {}", 2 + random.below(900)) } else { String::new() };
        let name = format!("{line} {edition}").trim_end().to_owned() + &number;
        let brand_name = category.brands.get(brand).cloned().unwrap_or_default();
        attempt += 1;
        if taken.insert((brand_name.clone(), name.clone())) || attempt > 1_000 {
            return (brand, brand_name, name);
        }
    }
}

/// One family in the making.
struct Maker<'a> {
    spec: &'a Spec,
    seed: u64,
    family: u64,
    category: usize,
    model: (usize, String, String),
}

impl Maker<'_> {
    /// Appends one to eight siblings that differ in at least one value.
    fn variants(&self, random: &mut Random, items: &mut Vec<Item>) {
        let category = &self.spec.categories[self.category];
        // The options of every attribute, by its index.
        let mut choices: BTreeMap<usize, Vec<Draw>> = BTreeMap::new();
        for (index, attribute) in self.spec.attributes.iter().enumerate() {
            if let Some(has) = has(category, attribute) {
                let owner = if has.by_brand {
                    1 << 40 | (self.category << 20 | self.model.0) as u64
                } else {
                    self.family
                };
                choices.insert(index, options(has, Random::keyed(self.seed, &[2, owner, index as u64])));
            }
        }
        let mut combinations = vec![BTreeMap::new()];
        for (index, draws) in choices.iter().filter(|(_, draws)| draws.len() > 1) {
            let longer = |combination: &BTreeMap<usize, usize>| {
                let with =
                    |option| combination.iter().map(|(k, v)| (*k, *v)).chain([(*index, option)]).collect();
                (0..draws.len()).map(with).collect::<Vec<BTreeMap<usize, usize>>>()
            };
            combinations = combinations.iter().flat_map(longer).collect();
        }
        random.shuffle(&mut combinations);
        combinations.truncate(1 + random.below(MOST_SIBLINGS));
        for combination in combinations {
            let item = self.item(items.len(), &choices, &combination);
            items.push(item);
        }
    }

    fn item(
        &self,
        index: usize,
        choices: &BTreeMap<usize, Vec<Draw>>,
        options: &BTreeMap<usize, usize>,
    ) -> Item {
        let (company, brand, model) = &self.model;
        let company_number = self.category * 100 + company + 1;
        let skus = Random::keyed(self.seed, &[3, company_number as u64]).chance(SKU_SHARE);
        let awkward = Awkward::of(index);
        let mut facts: Vec<Fact> =
            (0..self.spec.attributes.len()).filter_map(|it| self.fact(it, choices, options)).collect();
        if awkward == Some(Awkward::EverythingMissing) {
            facts.truncate(5);
        }
        Item {
            index,
            category: self.category,
            family: self.family,
            brand: brand.clone(),
            model: model.clone(),
            facts,
            key: if skus { code::sku(brand, model, index) } else { code::ean(company_number, index) },
            code_type: if skus { "SKU" } else { "EAN" },
            name: None,
            description: None,
            texts: Vec::new(),
            awkward,
        }
    }

    /// Makes the product's fact about an attribute, if its category has the attribute.
    fn fact(
        &self,
        index: usize,
        choices: &BTreeMap<usize, Vec<Draw>>,
        options: &BTreeMap<usize, usize>,
    ) -> Option<Fact> {
        let (category, attribute) = (&self.spec.categories[self.category], &self.spec.attributes[index]);
        let plain = |truth: Vec<String>, others: Vec<String>, allowed: Vec<String>| Fact {
            attribute: index,
            truth,
            others,
            allowed,
            gap: false,
            mode: Mode::Absent,
            statements: Vec::new(),
        };
        if attribute.key == "brand" {
            let others = category.brands.iter().filter(|brand| **brand != self.model.1).cloned();
            return Some(plain(vec![self.model.1.clone()], others.collect(), Vec::new()));
        }
        let has = has(category, attribute)?;
        let chosen =
            |index: usize| choices.get(&index)?.get(options.get(&index).copied().unwrap_or_default());
        let mut draw = chosen(index)?.clone();
        if let Some(leader) = &has.follows {
            let leader =
                self.spec.attributes.iter().position(|attribute| attribute.key == *leader).and_then(chosen);
            draw.position = leader
                .map_or(draw.position, |leader| FOLLOW * leader.position + (1.0 - FOLLOW) * draw.position);
        }
        let truth = values_at(has, &draw);
        let siblings: Vec<String> =
            choices.get(&index)?.iter().flat_map(|draw| values_at(has, draw)).collect();
        let others = others(has, &draw, &truth, &siblings);
        let allowed = if attribute.scope == Some(Scope::Product) { siblings } else { Vec::new() };
        Some(plain(truth, others, allowed))
    }
}

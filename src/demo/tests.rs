//! What is promised of the whole catalogue.

use super::*;
use crate::domain::normalised;
use crate::evidence::{MentionKind, mentions};
use crate::transfer::record::AttributeRecord;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

static DEFAULT: LazyLock<DemoCatalogue> = LazyLock::new(|| generate(1, DemoSize::default()).unwrap());

type Pair<'a> = (&'a str, &'a str);

/// The true values of every gap, joined as predictions join them.
fn truth(catalogue: &DemoCatalogue) -> BTreeMap<Pair<'_>, String> {
    let mut truth: BTreeMap<Pair, String> = BTreeMap::new();
    for record in &catalogue.truth {
        let value = truth.entry((&record.product_key, &record.attribute_key)).or_default();
        if !value.is_empty() {
            value.push_str("; ");
        }
        value.push_str(&record.value);
    }
    truth
}

#[test]
fn sizes_are_exact() {
    assert_eq!((DEFAULT.batch.products.len(), DEFAULT.batch.gaps.len()), (2_000, 8_000));
    for (products, gaps) in [(0, 0), (1, 0), (1, 3), (7, 20), (333, 1_000)] {
        let catalogue = generate(9, DemoSize { products, gaps }).unwrap();
        assert_eq!((catalogue.batch.products.len(), catalogue.batch.gaps.len()), (products, gaps));
    }
}

#[test]
fn a_size_that_cannot_be_had_is_refused() {
    let error = generate(1, DemoSize { products: 10, gaps: 1_000 }).unwrap_err().to_string();
    assert!(error.starts_with("10 products have 1"), "{error}");
    assert!(matches!(
        generate(1, DemoSize { products: 0, gaps: 1 }),
        Err(DemoError::TooManyGaps { most: 0, .. })
    ));
    assert!(generate(1, DemoSize { products: 1_000_001, gaps: 1 }).is_err());
}

#[test]
fn a_seed_gives_one_catalogue_for_ever() {
    // FNV-1a of the JSON; vectors are left out, their last digits are the machine's.
    let hash = |catalogue: &DemoCatalogue| {
        let lists = [
            serde_json::to_string(&catalogue.batch.products).unwrap(),
            serde_json::to_string(&catalogue.batch.rich_texts).unwrap(),
            serde_json::to_string(&catalogue.batch.values).unwrap(),
            serde_json::to_string(&catalogue.truth).unwrap(),
            serde_json::to_string(&catalogue.predictions).unwrap(),
            serde_json::to_string(&catalogue.recommendations).unwrap(),
        ];
        let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        lists.concat().bytes().fold(0xcbf2_9ce4_8422_2325, step)
    };
    let size = DemoSize { products: 100, gaps: 400 };
    assert_eq!(generate(1, size).unwrap(), generate(1, size).unwrap());
    assert_ne!(hash(&generate(1, size).unwrap()), hash(&generate(2, size).unwrap()));
    assert_eq!(hash(&DEFAULT), GOLDEN, "the demo changed: new hash {:#x}", hash(&DEFAULT));
}

/// The default catalogue's hash; change it with the generator or its files.
const GOLDEN: u64 = 0xeecf_f27a_e987_8136;

#[test]
fn every_key_refers_to_something_and_no_row_stands_twice() {
    let catalogue = &*DEFAULT;
    let products: BTreeSet<&str> =
        catalogue.batch.products.iter().map(|it| it.product_key.as_str()).collect();
    let attributes: BTreeSet<&str> =
        catalogue.batch.attributes.iter().map(|it| it.attribute_key.as_str()).collect();
    let gaps: BTreeSet<Pair> =
        catalogue.batch.gaps.iter().map(|it| (&*it.product_key, &*it.attribute_key)).collect();
    let known: BTreeSet<Pair> =
        catalogue.batch.values.iter().map(|it| (&*it.product_key, &*it.attribute_key)).collect();
    let values: BTreeSet<_> =
        catalogue.batch.values.iter().map(|it| (&it.product_key, &it.attribute_key, &it.value)).collect();
    assert_eq!(products.len(), catalogue.batch.products.len());
    assert_eq!(gaps.len(), catalogue.batch.gaps.len());
    assert_eq!(values.len(), catalogue.batch.values.len());
    assert!(
        gaps.iter().all(|(product, attribute)| products.contains(product) && attributes.contains(attribute))
    );
    assert!(gaps.is_disjoint(&known));
    let mut predicted = BTreeSet::new();
    for it in &catalogue.predictions {
        assert!(gaps.contains(&(&*it.product_key, &*it.attribute_key)));
        assert!(predicted.insert((&it.experiment, &it.product_key, &it.attribute_key)));
        assert!(it.confidence.is_some_and(|confidence| (0.2..=0.99).contains(&confidence)));
        assert!(
            !it.value.is_empty()
                && it.reasoning.as_ref().is_some_and(|text| !text.is_empty() && !text.contains('{'))
        );
    }
    let mut recommended = BTreeSet::new();
    for it in &catalogue.recommendations {
        assert!(gaps.contains(&(&*it.product_key, &*it.attribute_key)));
        assert!(recommended.insert((&it.round, &it.product_key, &it.attribute_key)));
    }
    let mut texts = BTreeSet::new();
    for it in &catalogue.batch.rich_texts {
        assert!(products.contains(&*it.product_key) && texts.insert((&it.product_key, &it.source)));
        assert!(!it.content.contains("{line}") && !it.content.contains("{value}"));
    }
    let allowed: BTreeSet<_> = catalogue
        .batch
        .product_allowable_values
        .iter()
        .map(|it| (&it.product_key, &it.attribute_key, &it.value))
        .collect();
    assert_eq!(allowed.len(), catalogue.batch.product_allowable_values.len());
}

#[test]
fn codes_are_unique_and_eans_have_their_check_digit() {
    let eans = DEFAULT.batch.products.iter().filter(|product| product.code_type.as_deref() == Some("EAN"));
    let mut count = 0;
    for product in eans {
        let (body, digit) = product.product_key.split_at(12);
        assert_eq!(code::check_digit(body).to_string(), digit);
        count += 1;
    }
    assert!((1_000..2_000).contains(&count), "{count} EANs");
}

#[test]
fn every_kind_of_attribute_has_gaps() {
    let gaps = |keep: &dyn Fn(&AttributeRecord) -> bool| {
        let keys: BTreeSet<_> =
            DEFAULT.batch.attributes.iter().filter(|it| keep(it)).map(|it| &it.attribute_key).collect();
        DEFAULT.batch.gaps.iter().filter(|gap| keys.contains(&gap.attribute_key)).count()
    };
    for data_type in ["text", "number", "boolean", "choice"] {
        assert!(gaps(&|it| it.data_type.as_deref() == Some(data_type)) > 200, "{data_type}");
    }
    assert!(gaps(&|it| it.multi_valued) > 500);
    assert!(DEFAULT.batch.attributes.iter().all(|it| gaps(&|other| other == it) > 0));
    assert_eq!(DEFAULT.batch.categories.len(), 14);
    assert!(
        !DEFAULT.batch.product_allowable_values.is_empty()
            && !DEFAULT.batch.allowable_values_in_every_category.is_empty()
    );
    assert!(
        !DEFAULT.batch.category_allowable_values.is_empty()
            && !DEFAULT.batch.allowable_values_in_any_category.is_empty()
    );
}

#[test]
fn experiments_disagree_on_about_a_quarter_of_the_gaps() {
    let mut by_gap: BTreeMap<Pair, Vec<String>> = BTreeMap::new();
    for it in &DEFAULT.predictions {
        by_gap.entry((&it.product_key, &it.attribute_key)).or_default().push(normalised(&it.value));
    }
    let both: Vec<_> = by_gap.values().filter(|values| values.len() == 2).collect();
    let disagree = both.iter().filter(|values| values[0] != values[1]).count();
    let share = f64::from(u32::try_from(disagree).unwrap()) / f64::from(u32::try_from(both.len()).unwrap());
    println!("none {}, one {}, both {}", 8_000 - by_gap.len(), by_gap.len() - both.len(), both.len());
    println!("disagree {share:.3}; recommendations {}", DEFAULT.recommendations.len());
    assert!((0.24..0.32).contains(&share), "{share}");
    assert!((300..900).contains(&(8_000 - by_gap.len())) && both.len() > 6_000);
}

#[test]
fn confidence_is_informative_but_too_sure_at_the_top() {
    let truth = truth(&DEFAULT);
    for experiment in &DEFAULT.experiments {
        let mut bins = [(0.0, 0.0, 0.0); 5];
        for it in DEFAULT.predictions.iter().filter(|it| it.experiment == experiment.experiment) {
            let confidence = it.confidence.unwrap();
            let right = normalised(&truth[&(&*it.product_key, &*it.attribute_key)]) == normalised(&it.value);
            let bin = match confidence {
                confidence if confidence < 0.45 => 0,
                confidence if confidence < 0.6 => 1,
                confidence if confidence < 0.75 => 2,
                confidence if confidence < 0.9 => 3,
                _ => 4,
            };
            bins[bin].0 += 1.0;
            bins[bin].1 += confidence;
            bins[bin].2 += f64::from(u8::from(right));
        }
        println!("{}", experiment.experiment);
        for (count, confidence, right) in bins {
            println!("  {count:5} stated {:.3} right {:.3}", confidence / count, right / count);
        }
        let right: f64 = bins.iter().map(|bin| bin.2).sum();
        println!("  accuracy {:.3}", right / bins.iter().map(|bin| bin.0).sum::<f64>());
        assert!(bins.iter().all(|bin| bin.0 > 100.0));
        assert!(bins.windows(2).all(|pair| pair[0].2 / pair[0].0 < pair[1].2 / pair[1].0), "accuracy rises");
        let (count, confidence, right) = bins[4];
        assert!((confidence - right) / count > 0.04, "too sure at the top");
    }
}

#[test]
fn texts_sometimes_tell_the_answer_sometimes_otherwise_and_sometimes_not() {
    let units: BTreeMap<&str, Option<&str>> =
        DEFAULT.batch.attributes.iter().map(|it| (&*it.attribute_key, it.unit.as_deref())).collect();
    let mut texts: BTreeMap<&str, String> = BTreeMap::new();
    for it in &DEFAULT.batch.rich_texts {
        let text = texts.entry(&it.product_key).or_default();
        text.push_str(&it.content);
        text.push('\n');
    }
    let (mut verbatim, mut converted, mut nothing) = (0, 0, 0);
    for it in DEFAULT.truth.iter().step_by(3) {
        let text = texts.get(&*it.product_key).map_or("", String::as_str);
        let found = mentions(text, &it.value, units[&*it.attribute_key]);
        match found.iter().map(|mention| mention.kind).min_by_key(|kind| *kind == MentionKind::Converted) {
            Some(MentionKind::Verbatim) => verbatim += 1,
            Some(MentionKind::Converted) => converted += 1,
            None => nothing += 1,
        }
    }
    println!("verbatim {verbatim}, converted {converted}, nothing {nothing}");
    assert!(verbatim > 1_000 && converted > 100 && nothing > 600);
}

#[test]
fn the_nearest_product_is_a_sibling() {
    let catalogue = &*DEFAULT;
    let spec = spec::Spec::load().unwrap();
    let items = family::items(&spec, 1, 2_000);
    let family: BTreeMap<&str, u64> = items.iter().map(|item| (item.key.as_str(), item.family)).collect();
    let mut members: BTreeMap<u64, usize> = BTreeMap::new();
    for item in &items {
        *members.entry(item.family).or_default() += 1;
    }
    let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(x, y)| x * y).sum::<f32>();
    let (mut asked, mut found) = (0, 0);
    for probe in catalogue.embeddings.iter().step_by(41) {
        let own = family[&*probe.product_key];
        if members[&own] < 2 {
            continue;
        }
        let others = catalogue.embeddings.iter().filter(|it| it.product_key != probe.product_key);
        let nearest =
            others.max_by(|a, b| dot(&probe.vector, &a.vector).total_cmp(&dot(&probe.vector, &b.vector)));
        asked += 1;
        found += usize::from(nearest.is_some_and(|nearest| family[&*nearest.product_key] == own));
    }
    println!("{found} of {asked}");
    assert!(found * 10 >= asked * 9, "{found} of {asked}");
}

#[test]
fn awkward_cases_are_there() {
    let names: Vec<&str> =
        DEFAULT.batch.products.iter().filter_map(|it| it.product_name.as_deref()).collect();
    let any = |test: &dyn Fn(char) -> bool| names.iter().any(|name| name.chars().any(test));
    let contains = |text: &str| names.iter().any(|name| name.contains(text));
    assert!(names.iter().any(|name| name.chars().count() > 300), "a very long name");
    assert!(
        any(&|c| ('\u{4e00}'..'\u{9fff}').contains(&c)) && any(&|c| ('\u{ac00}'..'\u{d7a3}').contains(&c)),
        "CJK"
    );
    assert!(contains("👩\u{200d}🚀") && contains("🇩🇪") && contains("👍🏽"), "emoji of several code points");
    assert!(
        any(&|c| ('\u{600}'..'\u{6ff}').contains(&c)) && any(&|c| ('\u{590}'..'\u{5ff}').contains(&c)),
        "RTL"
    );
    assert!(contains("'") && contains("\"") && contains("\\") && contains("<b>"), "quotes");
    assert!(
        contains("\u{7}") && contains("\u{1b}[31m") && contains("\t") && contains("\u{9b}"),
        "control characters"
    );
    assert!(contains("\u{200b}") && contains("\u{202e}") && contains("\u{2066}"), "invisible characters");
    assert!(contains("e\u{301}") && contains("a\u{329}\u{359}"), "combining characters");
    assert!(
        DEFAULT.batch.products.iter().any(|it| it.product_name.is_none() && it.description.is_some()),
        "no name"
    );
    assert!(DEFAULT.batch.rich_texts.iter().any(|it| it.content.len() > 30_000), "a long text");
    assert!(
        DEFAULT.batch.rich_texts.iter().any(|it| it.content.contains("\u{1b}]52;c;")),
        "a clipboard escape"
    );
    for value in ["None", "0", "-1", "  two  spaces "] {
        assert!(DEFAULT.batch.values.iter().any(|it| it.value == value), "{value:?} as a value");
        assert!(DEFAULT.predictions.iter().any(|it| it.value == value), "{value:?} as a prediction");
    }
    let texts = DEFAULT
        .batch
        .rich_texts
        .iter()
        .map(|it| &it.content)
        .chain(DEFAULT.batch.values.iter().map(|it| &it.value));
    assert!(
        texts.map(String::as_str).chain(names.iter().copied()).all(|text| !text.contains('\0')),
        "never NUL"
    );
}

#[test]
fn a_product_can_lack_everything_and_still_have_gaps() {
    let bare: Vec<_> = DEFAULT
        .batch
        .products
        .iter()
        .filter(|it| it.product_name.is_none() && it.description.is_none())
        .collect();
    assert!(!bare.is_empty());
    let lacks = |key: &str| {
        !DEFAULT.batch.product_categories.iter().any(|it| it.product_key == key)
            && !DEFAULT.batch.rich_texts.iter().any(|it| it.product_key == key)
            && !DEFAULT.batch.values.iter().any(|it| it.product_key == key)
            && !DEFAULT.embeddings.iter().any(|it| it.product_key == key)
    };
    let bare: Vec<_> = bare.into_iter().filter(|it| lacks(&it.product_key)).collect();
    assert!(bare.len() >= 3);
    assert!(bare.iter().all(|it| DEFAULT.batch.gaps.iter().any(|gap| gap.product_key == it.product_key)));
}

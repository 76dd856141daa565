//! The words that made-up rows consist of: the demo's brands, lines, attributes and values, as JSON for the database.

use super::DemoError;
use super::spec::{Attribute, Category, Has, Spec, ValueType};
use crate::evidence::units::format_number;
use serde_json::{Value, json};

/// The most values of one attribute in one category.
const MOST_VALUES: f64 = 40.0;

/// Returns the words: a category for each line of products of the demo's categories, the first lines of each the largest.
///
/// # Errors
/// As [`super::generate`]: the specification cannot be read.
pub fn words() -> Result<Value, DemoError> {
    let spec = Spec::load()?;
    let categories: Vec<Value> = spec.categories.iter().flat_map(|category| lines(&spec, category)).collect();
    let attributes: Vec<Value> = spec.attributes.iter().map(attribute).collect();
    Ok(json!({ "categories": categories, "attributes": attributes, "experiments": experiments() }))
}

fn lines(spec: &Spec, category: &Category) -> Vec<Value> {
    let attributes: Vec<Value> = spec
        .attributes
        .iter()
        .filter_map(|attribute| {
            let values = match category.has.get(&attribute.key) {
                Some(has) => values(has),
                None if attribute.key == "brand" => category.brands.clone(),
                None => return None,
            };
            Some(json!({ "key": attribute.key, "values": values }))
        })
        .collect();
    let line = |(place, line): (u32, &String)| {
        json!({
            "key": format!("{}-{}", category.key, line.to_lowercase().replace(' ', "-")),
            "name": format!("{}: {line}", category.name),
            "noun": category.noun,
            "line": line,
            "brands": category.brands,
            "editions": category.editions,
            "attributes": attributes,
            // Zipf's law: the second largest is half the largest.
            "share": f64::from(u32::try_from(category.share).unwrap_or(u32::MAX)) / f64::from(place + 1),
        })
    };
    (0..).zip(&category.lines).map(line).collect()
}

/// Returns the values of an attribute in a category; of a long range, some that lie evenly in it.
fn values(has: &Has) -> Vec<String> {
    if has.chance.is_some() {
        return vec!["Yes".to_owned(), "No".to_owned()];
    }
    let Some([low, high]) = has.range else { return has.values.clone() };
    let steps = ((high - low) / has.step + 1e-9).floor();
    let count = (steps + 1.0).min(MOST_VALUES);
    let mut values = Vec::new();
    let mut place = 0.0;
    while place < count {
        let step = if count > 1.0 { (place * steps / (count - 1.0)).floor() } else { 0.0 };
        values.push(format_number(low + step * has.step));
        place += 1.0;
    }
    values
}

fn attribute(attribute: &Attribute) -> Value {
    let data_type = match attribute.value_type {
        ValueType::Text => "text",
        ValueType::Number => "number",
        ValueType::Boolean => "boolean",
        ValueType::Choice => "choice",
    };
    json!({
        "key": attribute.key,
        "label": attribute.label,
        "type": data_type,
        "unit": attribute.unit,
        "several": attribute.several,
    })
}

/// Four runs of models: a wide one, a better one on part of the gaps, neighbours' votes, and a small sample. Together they
/// predict 1.2 values a gap.
fn experiments() -> Value {
    json!([
        {
            "key": "scan-3b wide 2026-05", "model": "scan-3b", "description": "First pass over the whole catalogue.",
            "coverage": 0.62, "skill": 0.75, "reasons": false, "began": "2026-05-02T00:00:00Z", "days": 20
        },
        {
            "key": "scan-9b few-shot 2026-05", "model": "scan-9b", "description": "Five examples a category.",
            "coverage": 0.36, "skill": 0.85, "reasons": true, "began": "2026-05-25T00:00:00Z", "days": 9
        },
        {
            "key": "vote-knn 2026-06", "model": "vote-knn", "description": "What the nearest products have.",
            "coverage": 0.216, "skill": 0.7, "reasons": false, "began": "2026-06-05T00:00:00Z", "days": 4
        },
        {
            "key": "judge-70b sample 2026-06", "model": "judge-70b", "description": "A sample, to compare with.",
            "coverage": 0.004, "skill": 0.95, "reasons": true, "began": "2026-06-12T00:00:00Z", "days": 2
        }
    ])
}

#[cfg(test)]
mod tests {
    use super::words;
    use std::collections::HashSet;

    #[test]
    fn every_category_has_attributes_for_eight_gaps_with_at_least_two_values_each() {
        let words = words().unwrap();
        let categories = words["categories"].as_array().unwrap();
        let keys: HashSet<&str> = categories.iter().map(|one| one["key"].as_str().unwrap()).collect();
        assert_eq!(keys.len(), categories.len(), "keys differ");
        assert!(keys.len() > 100, "{} categories", keys.len());
        for category in categories {
            let attributes = category["attributes"].as_array().unwrap();
            assert!(attributes.len() >= 8, "{category:#}");
            for attribute in attributes {
                let values = attribute["values"].as_array().unwrap();
                assert!((2..=40).contains(&values.len()), "{attribute:#}");
                assert!(values.iter().all(|value| value.as_str().is_some_and(|text| !text.is_empty())));
            }
        }
    }
}

//! The products, their neighbours, the predictions and the truth.

use chrono::DateTime;
use gapdeck::domain::{
    AllowedValues, Attribute, Candidate, CategoryValues, Confidence, DataType, GapId, Neighbour, Product,
    ProductCard, QueueRow, ReviewCard, Source, State, VoteWorth, normalised,
};
use gapdeck::embed::HashingEmbedder;
use gapdeck::evidence::vote::VOTERS;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// A product's key and an attribute's.
type Pair = (String, String);

/// What is measured.
pub struct Data {
    names: BTreeMap<String, String>,
    known: BTreeMap<Pair, Vec<String>>,
    /// What products of each product's category have for each attribute.
    common: BTreeMap<Pair, CategoryValues>,
    category: BTreeMap<String, String>,
    /// The nearest of each product, with their similarity.
    near: BTreeMap<String, Vec<(String, f64)>>,
    /// Predictions of each pair: experiment, value, confidence.
    pub predictions: BTreeMap<Pair, Vec<(String, String, f64)>>,
    pub truth: BTreeMap<Pair, Vec<String>>,
}

fn rows(directory: &Path, name: &str) -> Vec<Value> {
    let text =
        std::fs::read_to_string(directory.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
    text.lines().map(|line| serde_json::from_str(line).expect("a JSON object")).collect()
}

fn text(row: &Value, field: &str) -> String {
    row[field].as_str().unwrap_or_default().to_owned()
}

fn pair(row: &Value) -> Pair {
    (text(row, "product_key"), text(row, "attribute_key"))
}

impl Data {
    pub fn read(directory: &Path) -> Self {
        let names: BTreeMap<String, String> = rows(directory, "products.jsonl")
            .iter()
            .map(|row| (text(row, "product_key"), text(row, "product_name")))
            .collect();
        let mut known: BTreeMap<Pair, Vec<String>> = BTreeMap::new();
        for row in rows(directory, "product_attribute_values.jsonl") {
            known.entry(pair(&row)).or_default().push(text(&row, "value"));
        }
        let mut predictions: BTreeMap<Pair, Vec<(String, String, f64)>> = BTreeMap::new();
        for row in rows(directory, "predictions.jsonl") {
            let confidence = row["confidence"].as_f64().unwrap_or_default();
            let one = (text(&row, "experiment"), text(&row, "value"), confidence);
            predictions.entry(pair(&row)).or_default().push(one);
        }
        for list in predictions.values_mut() {
            list.sort_by(|a, b| b.2.total_cmp(&a.2).then_with(|| a.1.cmp(&b.1)));
        }
        let mut truth: BTreeMap<Pair, Vec<String>> = BTreeMap::new();
        for row in rows(directory, "truth.jsonl") {
            truth.entry(pair(&row)).or_default().push(text(&row, "value"));
        }
        let near = nearest(&names);
        let category = rows(directory, "product_categories.jsonl")
            .iter()
            .map(|row| (text(row, "product_key"), text(row, "category_key")))
            .collect();
        let common = common(&known, &category);
        Self { names, known, common, category, near, predictions, truth }
    }

    pub fn attributes(&self) -> BTreeSet<String> {
        self.known.keys().map(|(_, attribute)| attribute.clone()).collect()
    }

    /// Returns the products with a known value for an attribute.
    pub fn known_of(&self, attribute: &str) -> Vec<(String, Vec<String>)> {
        let of = self.known.iter().filter(|((_, key), _)| key == attribute);
        of.map(|((product, _), values)| (product.clone(), values.clone())).collect()
    }

    /// Returns the nearest of a product, without itself, with their values for an attribute.
    pub fn neighbours(&self, product: &str, attribute: &str) -> Vec<Neighbour> {
        let near = self.near.get(product).into_iter().flatten();
        near.map(|(key, similarity)| Neighbour {
            product_key: key.as_str().into(),
            product_name: self.names[key].clone(),
            similarity: *similarity,
            values: self.known.get(&(key.clone(), attribute.to_owned())).cloned().unwrap_or_default(),
        })
        .collect()
    }

    /// Returns the most confident prediction.
    pub fn best(&self, product: &str, attribute: &str) -> Option<String> {
        let list = self.predictions.get(&(product.to_owned(), attribute.to_owned()))?;
        list.first().map(|(_, value, _)| value.clone())
    }

    /// Returns the card of a gap, as the screen gets it.
    pub fn card(&self, product: &str, attribute: &str, worth: Option<&VoteWorth>) -> ReviewCard {
        let time = DateTime::UNIX_EPOCH;
        let predictions = self.predictions.get(&(product.to_owned(), attribute.to_owned()));
        let candidate = |(experiment, value, confidence): &(String, String, f64)| Candidate {
            value: value.clone(),
            confidence: Confidence::new(*confidence).ok(),
            source: Source::Experiment(experiment.as_str().into()),
            reasoning: None,
            created_at: time,
        };
        ReviewCard {
            row: QueueRow {
                gap: GapId::new(product, attribute),
                product_name: self.names[product].clone(),
                category: None,
                best_value: self.best(product, attribute),
                best_confidence: None,
                candidate_count: 0,
                value_count: 0,
                disagreement: 0.0,
                uncertainty: 0.0,
                state: State::Open,
                version: 0,
                decided_by: None,
                decided_value: None,
                decided_at: None,
                vote: None,
                first_by: None,
                gap_created_at: time,
            },
            attribute: Attribute {
                key: attribute.into(),
                system_name: None,
                label: None,
                data_type: DataType::Text,
                unit: None,
                multi_valued: false,
            },
            allowed: AllowedValues::default(),
            candidates: predictions.into_iter().flatten().map(candidate).collect(),
            product: ProductCard {
                product: Product {
                    key: product.into(),
                    name: self.names.get(product).cloned(),
                    code_type: None,
                    description: None,
                },
                categories: Vec::new(),
                known: Vec::new(),
                texts: Vec::new(),
                neighbours: Vec::new(),
                gaps: Vec::new(),
            },
            voters: self.neighbours(product, attribute),
            worth: worth.cloned(),
            history: Vec::new(),
            records: Vec::new(),
            common: self
                .category
                .get(product)
                .and_then(|category| self.common.get(&(category.clone(), attribute.to_owned())).cloned()),
            cut: None,
        }
    }
}

/// Counts the values of each category and attribute, as the view `category_values` does.
fn common(
    known: &BTreeMap<Pair, Vec<String>>,
    category: &BTreeMap<String, String>,
) -> BTreeMap<Pair, CategoryValues> {
    let mut counted: BTreeMap<Pair, BTreeMap<String, (String, u64)>> = BTreeMap::new();
    for ((product, attribute), values) in known {
        let Some(category) = category.get(product) else { continue };
        let of = counted.entry((category.clone(), attribute.clone())).or_default();
        for value in values {
            of.entry(normalised(value)).or_insert_with(|| (value.clone(), 0)).1 += 1;
        }
    }
    let of = |(pair, counts): (Pair, BTreeMap<String, (String, u64)>)| {
        let known = counts.values().map(|(_, count)| count).sum();
        let mut frequent: Vec<(String, u64)> = counts.into_values().collect();
        frequent.sort_by(|(a, many), (b, more)| more.cmp(many).then_with(|| a.cmp(b)));
        frequent.truncate(CategoryValues::FREQUENT);
        (pair, CategoryValues { known, frequent, sample: Vec::new() })
    };
    counted.into_iter().map(of).collect()
}

/// Tells whether a value is among the right ones.
pub fn is_right(truth: &[String], value: &str) -> bool {
    truth.iter().any(|one| normalised(one) == normalised(value))
}

/// Compares every product with every other.
fn nearest(names: &BTreeMap<String, String>) -> BTreeMap<String, Vec<(String, f64)>> {
    // Sparse: a name has some hundred features.
    let vectors: Vec<(&String, Vec<f32>)> =
        names.iter().filter_map(|(key, name)| Some((key, HashingEmbedder.embed(name)?))).collect();
    let mut by_dimension: Vec<Vec<(usize, f32)>> = vec![Vec::new(); 1536];
    for (index, (_, vector)) in vectors.iter().enumerate() {
        for (dimension, number) in vector.iter().enumerate().filter(|(_, number)| **number != 0.0) {
            by_dimension[dimension].push((index, *number));
        }
    }
    vectors
        .iter()
        .enumerate()
        .map(|(itself, (key, vector))| {
            let mut similar = vec![0.0_f32; vectors.len()];
            for (dimension, number) in vector.iter().enumerate().filter(|(_, number)| **number != 0.0) {
                for (index, other) in &by_dimension[dimension] {
                    similar[*index] += number * other;
                }
            }
            let mut order: Vec<usize> = (0..vectors.len()).filter(|index| *index != itself).collect();
            order.sort_by(|a, b| similar[*b].total_cmp(&similar[*a]).then_with(|| a.cmp(b)));
            order.truncate(VOTERS);
            let near = order
                .into_iter()
                .map(|index| (vectors[index].0.clone(), f64::from(similar[index])))
                .collect();
            ((*key).clone(), near)
        })
        .collect()
}

//! A card for tests.

use crate::domain::{
    AllowedValues, Attribute, DataType, GapId, Neighbour, Product, ProductCard, QueueRow, ReviewCard, State,
};
use chrono::DateTime;

/// The gap of a product's weight in grams, of which nothing is known.
pub(super) fn weight() -> ReviewCard {
    ReviewCard {
        row: QueueRow {
            gap: GapId::new("p", "weight"),
            product_name: String::new(),
            category: None,
            best_value: None,
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
            gap_created_at: DateTime::UNIX_EPOCH,
        },
        attribute: Attribute {
            key: "weight".into(),
            system_name: None,
            label: None,
            data_type: DataType::Number,
            unit: Some("g".into()),
            multi_valued: false,
        },
        allowed: AllowedValues::default(),
        candidates: Vec::new(),
        product: ProductCard {
            product: Product { key: "p".into(), name: None, code_type: None, description: None },
            categories: Vec::new(),
            known: Vec::new(),
            texts: Vec::new(),
            neighbours: Vec::new(),
            gaps: Vec::new(),
        },
        voters: Vec::new(),
        worth: None,
        history: Vec::new(),
        records: Vec::new(),
        common: None,
        cut: None,
    }
}

/// Neighbours, each with its value and similarity.
pub(super) fn neighbours(values: &[(&str, f64)]) -> Vec<Neighbour> {
    let neighbour = |(index, (value, similarity)): (usize, &(&str, f64))| Neighbour {
        product_key: format!("n{index}").as_str().into(),
        product_name: format!("name{index}"),
        similarity: *similarity,
        values: vec![(*value).into()],
    };
    values.iter().enumerate().map(neighbour).collect()
}

//! Small catalogues, predictions and decisions, one line each.

use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use gapdeck::domain::{Action, Confidence, Decision, DecisionId, GapId, QueueRow, Reviewer, Seen};
use gapdeck::repository::{CatalogueBatch, Store};
use gapdeck::transfer::record::{
    AttributeRecord, CategoryRecord, EmbeddingRecord, GapRecord, PredictionRecord, ProductCategoryRecord,
    ProductRecord, RecommendationRecord, ValueRecord,
};

pub fn category(key: &str, name: Option<&str>) -> CategoryRecord {
    CategoryRecord {
        category_key: key.into(),
        category_name: name.map(Into::into),
        system_name: Some(format!("system_{key}")),
    }
}

pub fn attribute(key: &str, label: Option<&str>, data_type: &str) -> AttributeRecord {
    AttributeRecord {
        attribute_key: key.into(),
        system_name: Some(format!("system_{key}")),
        label: label.map(Into::into),
        data_type: Some(data_type.into()),
        unit: (data_type == "number").then(|| "g".into()),
        multi_valued: false,
    }
}

pub fn product(key: &str, name: Option<&str>) -> ProductRecord {
    ProductRecord {
        product_key: key.into(),
        product_name: name.map(Into::into),
        code_type: Some("SKU".into()),
        description: None,
    }
}

pub fn in_category(product: &str, category: &str) -> ProductCategoryRecord {
    ProductCategoryRecord { product_key: product.into(), category_key: category.into() }
}

pub fn value(product: &str, attribute: &str, value: &str) -> ValueRecord {
    ValueRecord { product_key: product.into(), attribute_key: attribute.into(), value: value.into() }
}

pub fn gap(product: &str, attribute: &str) -> GapRecord {
    GapRecord { product_key: product.into(), attribute_key: attribute.into() }
}

pub fn gap_id(product: &str, attribute: &str) -> GapId {
    GapId::new(product, attribute)
}

/// A shop with three products and five gaps: `p1` (audio) lacks colour, weight and wireless, `p2` (audio and cables)
/// lacks colour, `p3` (no category) lacks weight; `p2` weighs 120 g.
pub fn shop() -> CatalogueBatch {
    CatalogueBatch {
        categories: vec![category("audio", Some("Headphones")), category("cables", Some("Cables"))],
        attributes: vec![
            attribute("colour", Some("Colour"), "choice"),
            attribute("weight", Some("Weight"), "number"),
            attribute("wireless", Some("Wireless"), "boolean"),
        ],
        products: vec![
            product("p1", Some("Aurora X2 headphones")),
            product("p2", Some("Borealis cable 3 m")),
            product("p3", Some("cumulus speaker")),
        ],
        product_categories: vec![
            in_category("p1", "audio"),
            in_category("p2", "cables"),
            in_category("p2", "audio"),
        ],
        values: vec![value("p2", "weight", "120")],
        gaps: vec![
            gap("p1", "colour"),
            gap("p1", "weight"),
            gap("p1", "wireless"),
            gap("p2", "colour"),
            gap("p3", "weight"),
        ],
        ..CatalogueBatch::default()
    }
}

pub async fn open_shop(store: &dyn Store) {
    store.save_catalogue(&shop()).await.expect("save the shop");
}

pub fn prediction(
    experiment: &str,
    (product, attribute): (&str, &str),
    value: &str,
    confidence: impl Into<Option<f64>>,
) -> PredictionRecord {
    PredictionRecord {
        experiment: experiment.into(),
        product_key: product.into(),
        attribute_key: attribute.into(),
        value: value.into(),
        confidence: confidence.into(),
        reasoning: Some(format!("{experiment} says {value}")),
        created_at: None,
    }
}

pub fn recommendation(
    round: &str,
    pair: (&str, &str),
    value: &str,
    confidence: impl Into<Option<f64>>,
) -> RecommendationRecord {
    let like = prediction(round, pair, value, confidence);
    RecommendationRecord {
        round: like.experiment,
        product_key: like.product_key,
        attribute_key: like.attribute_key,
        value: like.value,
        confidence: like.confidence,
        reasoning: like.reasoning,
        created_at: None,
    }
}

pub async fn predict(
    store: &dyn Store,
    experiment: &str,
    pair: (&str, &str),
    value: &str,
    confidence: impl Into<Option<f64>>,
) {
    let record = prediction(experiment, pair, value, confidence);
    store.save_predictions(&[record]).await.expect("save a prediction");
}

pub fn embedding(product: &str, vector: &[f32]) -> EmbeddingRecord {
    EmbeddingRecord { product_key: product.into(), vector: vector.into(), ..EmbeddingRecord::default() }
}

pub fn confidence(number: f64) -> Confidence {
    Confidence::new(number).expect("a confidence")
}

/// Returns the time as a database keeps it: whole microseconds.
pub fn now() -> DateTime<Utc> {
    Utc::now().duration_trunc(TimeDelta::microseconds(1)).expect("a time that can be cut")
}

/// Makes a decision of Ada's on a gap at a version.
pub fn decision(
    (product, attribute): (&str, &str),
    action: Action,
    value: Option<&str>,
    version: i32,
) -> Decision {
    Decision {
        id: DecisionId::new(),
        gap: gap_id(product, attribute),
        action,
        value: value.map(Into::into),
        comment: None,
        reviewer: "ada".into(),
        base_version: version,
        undoes: None,
        shown_value: None,
        shown_confidence: None,
        shown_experiment: None,
        batch: None,
        seen: Seen { policy: "test".into(), ..Seen::default() },
        decided_at: now(),
    }
}

pub fn accept(pair: (&str, &str), value: &str, version: i32) -> Decision {
    decision(pair, Action::Accept, Some(value), version)
}

/// Makes the undo of a decision that led to `version`.
pub fn undo(of: &Decision, version: i32) -> Decision {
    Decision {
        id: DecisionId::new(),
        action: Action::Undo,
        value: None,
        undoes: Some(of.id),
        base_version: version,
        decided_at: now(),
        ..of.clone()
    }
}

pub fn by(reviewer: &str, decision: Decision) -> Decision {
    Decision { reviewer: Reviewer::from(reviewer), ..decision }
}

/// Loads the row of a gap that must be there.
pub async fn row(store: &dyn Store, (product, attribute): (&str, &str)) -> QueueRow {
    store.row(&gap_id(product, attribute)).await.expect("load a row").expect("a row")
}

/// Writes a decision that must be taken.
pub async fn decide(store: &dyn Store, decision: &Decision) -> i32 {
    store.decide(decision).await.expect("decide").version
}

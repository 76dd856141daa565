//! What a record by itself must fulfil, so that the database takes it.

use super::parse::visible;
use crate::domain::EMBEDDING_DIMENSIONS;
use crate::embed;
use crate::transfer::record::{
    AttributeAllowableValueRecord, AttributeRecord, CategoryAllowableValueRecord, CategoryAttributeRecord,
    CategoryRecord, EmbeddingRecord, ExperimentRecord, GapRecord, PredictionRecord,
    ProductAllowableValueRecord, ProductCategoryRecord, ProductRecord, RecommendationRecord, RichTextRecord,
    RoundRecord, ValueRecord,
};
use chrono::{DateTime, Datelike, Utc};
use serde::de::DeserializeOwned;
use serde_json::Value;

/// The most bytes of a key: several make up one index entry, which has room for 2,700.
const KEY_BYTES: usize = 512;

/// A record that can be checked by itself.
pub(super) trait Checked: DeserializeOwned + Send + Sync + 'static {
    /// Checks the record; the reason names the field.
    fn check(&self) -> Result<(), String>;
}

fn key(field: &str, key: &str) -> Result<(), String> {
    if key.is_empty() {
        return Err(format!("{field}: empty"));
    }
    short(field, key)
}

/// Checks a text that is indexed whole.
fn short(field: &str, content: &str) -> Result<(), String> {
    if content.len() > KEY_BYTES {
        return Err(format!("{field}: {} bytes long; at most {KEY_BYTES} are allowed", content.len()));
    }
    text(field, content)
}

fn text(field: &str, content: &str) -> Result<(), String> {
    match content.find('\0') {
        Some(place) => Err(format!("{field}: NUL character at byte {}", place + 1)),
        None => Ok(()),
    }
}

fn optional(field: &str, content: Option<&String>) -> Result<(), String> {
    content.map_or(Ok(()), |content| text(field, content))
}

fn confidence(confidence: Option<f64>) -> Result<(), String> {
    match confidence {
        Some(confidence) if !(0.0..=1.0).contains(&confidence) => {
            Err(format!("confidence: {confidence} is not within 0..1"))
        }
        _ => Ok(()),
    }
}

fn time(field: &str, time: Option<DateTime<Utc>>) -> Result<(), String> {
    match time {
        Some(time) if !(1..=9999).contains(&time.year()) => {
            Err(format!("{field}: the year is not within 1..9999"))
        }
        _ => Ok(()),
    }
}

fn object(field: &str, content: Option<&Value>) -> Result<(), String> {
    match content {
        Some(content @ Value::Object(_)) if has_nul(content) => Err(format!("{field}: NUL character")),
        None | Some(Value::Null | Value::Object(_)) => Ok(()),
        Some(_) => Err(format!("{field}: not a JSON object")),
    }
}

fn has_nul(content: &Value) -> bool {
    match content {
        Value::String(text) => text.contains('\0'),
        Value::Array(items) => items.iter().any(has_nul),
        Value::Object(fields) => fields.iter().any(|(name, content)| name.contains('\0') || has_nul(content)),
        _ => false,
    }
}

impl Checked for CategoryRecord {
    fn check(&self) -> Result<(), String> {
        key("category_key", &self.category_key)?;
        optional("category_name", self.category_name.as_ref())?;
        short("system_name", self.system_name.as_deref().unwrap_or_default())
    }
}

impl Checked for AttributeRecord {
    fn check(&self) -> Result<(), String> {
        key("attribute_key", &self.attribute_key)?;
        short("system_name", self.system_name.as_deref().unwrap_or_default())?;
        optional("label", self.label.as_ref())?;
        optional("data_type", self.data_type.as_ref())?;
        optional("unit", self.unit.as_ref())
    }
}

impl Checked for CategoryAttributeRecord {
    fn check(&self) -> Result<(), String> {
        key("category_key", &self.category_key)?;
        key("attribute_key", &self.attribute_key)
    }
}

impl Checked for ProductRecord {
    fn check(&self) -> Result<(), String> {
        key("product_key", &self.product_key)?;
        optional("product_name", self.product_name.as_ref())?;
        optional("code_type", self.code_type.as_ref())?;
        optional("description", self.description.as_ref())
    }
}

impl Checked for ProductCategoryRecord {
    fn check(&self) -> Result<(), String> {
        key("product_key", &self.product_key)?;
        key("category_key", &self.category_key)
    }
}

impl Checked for ValueRecord {
    fn check(&self) -> Result<(), String> {
        key("product_key", &self.product_key)?;
        key("attribute_key", &self.attribute_key)?;
        text("value", &self.value)
    }
}

impl Checked for GapRecord {
    fn check(&self) -> Result<(), String> {
        key("product_key", &self.product_key)?;
        key("attribute_key", &self.attribute_key)
    }
}

impl Checked for CategoryAllowableValueRecord {
    fn check(&self) -> Result<(), String> {
        key("category_key", &self.category_key)?;
        key("attribute_key", &self.attribute_key)?;
        text("value", &self.value)
    }
}

impl Checked for AttributeAllowableValueRecord {
    fn check(&self) -> Result<(), String> {
        key("attribute_key", &self.attribute_key)?;
        text("value", &self.value)
    }
}

impl Checked for ProductAllowableValueRecord {
    fn check(&self) -> Result<(), String> {
        key("product_key", &self.product_key)?;
        key("attribute_key", &self.attribute_key)?;
        text("value", &self.value)
    }
}

impl Checked for RichTextRecord {
    fn check(&self) -> Result<(), String> {
        key("product_key", &self.product_key)?;
        key("source", &self.source)?;
        text("content", &self.content)
    }
}

impl Checked for ExperimentRecord {
    fn check(&self) -> Result<(), String> {
        key("experiment", &self.experiment)?;
        optional("model", self.model.as_ref())?;
        optional("description", self.description.as_ref())?;
        object("parameters", self.parameters.as_ref())?;
        object("metrics", self.metrics.as_ref())?;
        time("created_at", self.created_at)?;
        time("completed_at", self.completed_at)
    }
}

impl Checked for PredictionRecord {
    fn check(&self) -> Result<(), String> {
        key("experiment", &self.experiment)?;
        key("product_key", &self.product_key)?;
        key("attribute_key", &self.attribute_key)?;
        text("value", &self.value)?;
        confidence(self.confidence)?;
        optional("reasoning", self.reasoning.as_ref())?;
        time("created_at", self.created_at)
    }
}

impl Checked for RoundRecord {
    fn check(&self) -> Result<(), String> {
        key("round", &self.round)?;
        optional("model", self.model.as_ref())?;
        optional("description", self.description.as_ref())?;
        object("metadata", self.metadata.as_ref())?;
        time("created_at", self.created_at)?;
        time("completed_at", self.completed_at)
    }
}

impl Checked for RecommendationRecord {
    fn check(&self) -> Result<(), String> {
        key("round", &self.round)?;
        key("product_key", &self.product_key)?;
        key("attribute_key", &self.attribute_key)?;
        text("value", &self.value)?;
        confidence(self.confidence)?;
        optional("reasoning", self.reasoning.as_ref())?;
        time("created_at", self.created_at)
    }
}

impl Checked for EmbeddingRecord {
    fn check(&self) -> Result<(), String> {
        key("product_key", &self.product_key)?;
        optional("description", self.description.as_ref())?;
        optional("model", self.model.as_ref())?;
        if self.dimensions.is_some_and(|given| {
            usize::try_from(given).map_or(true, |given| !(1..=EMBEDDING_DIMENSIONS).contains(&given))
        }) {
            return Err(format!("dimensions: must lie between 1 and {EMBEDDING_DIMENSIONS}"));
        }
        embed::check(&self.vector).map_err(|error| visible(&format!("vector: {error}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_neither_empty_nor_long() {
        assert!(key("k", " ").is_ok());
        assert_eq!(key("k", "").unwrap_err(), "k: empty");
        assert!(key("k", &"é".repeat(256)).is_ok());
        assert_eq!(key("k", &"é".repeat(257)).unwrap_err(), "k: 514 bytes long; at most 512 are allowed");
        assert_eq!(key("k", "a\0").unwrap_err(), "k: NUL character at byte 2");
    }

    #[test]
    fn nul_is_found_anywhere_in_json() {
        for (json, good) in [
            (r#"{"a": {"b": ["x\u0000"]}}"#, false),
            (r#"{"a\u0000": 1}"#, false),
            (r#"{"a": ["\u0001"]}"#, true),
            ("[]", false),
            ("null", true),
        ] {
            assert_eq!(object("metrics", Some(&serde_json::from_str(json).unwrap())).is_ok(), good, "{json}");
        }
    }

    #[test]
    fn a_vector_must_be_usable() {
        let check = |vector| {
            EmbeddingRecord { product_key: "p".into(), vector, ..EmbeddingRecord::default() }.check()
        };
        assert!(check(vec![1.0; 1536]).is_ok());
        for bad in [vec![], vec![0.0; 3], vec![1.0; 1537], vec![f32::INFINITY]] {
            assert!(check(bad).unwrap_err().starts_with("vector: "));
        }
    }

    #[test]
    fn times_must_fit_the_database() {
        assert!(time("t", "2024-02-29T12:00:00+02:00".parse().ok()).is_ok());
        assert!(time("t", DateTime::<Utc>::MAX_UTC.into()).is_err());
        assert!(time("t", DateTime::<Utc>::MIN_UTC.into()).is_err());
    }
}

//! What the database refuses: unknown keys, NUL characters, numbers out of range.

use super::tables::Tables;
use crate::domain::{AttributeKey, Confidence, ProductKey};
use crate::repository::{RepositoryError, Result};
use serde::Serialize;
use serde_json::Value;

/// Refuses a key that refers to nothing.
pub(super) fn known(what: &'static str, key: &str, is_there: bool) -> Result<()> {
    if is_there { Ok(()) } else { Err(RepositoryError::UnknownKey { what, key: key.to_owned() }) }
}

/// Refuses a number that is no confidence.
pub(super) fn confidence(number: Option<f64>) -> Result<Option<Confidence>> {
    number
        .map(Confidence::new)
        .transpose()
        .map_err(|error| RepositoryError::Invalid { field: "confidence", reason: error.to_string() })
}

/// Checks what a prediction or a recommendation refers to, and takes its confidence.
pub(super) fn proposal(
    tables: &Tables,
    product: &str,
    attribute: &str,
    confidence: Option<f64>,
) -> Result<Option<Confidence>> {
    known("product", product, tables.products.contains_key(&ProductKey::from(product)))?;
    known("attribute", attribute, tables.attributes.contains_key(&AttributeKey::from(attribute)))?;
    self::confidence(confidence)
}

/// Refuses texts with a NUL character, which PostgreSQL cannot hold.
pub(super) fn texts<T: Serialize>(rows: &[T]) -> Result<()> {
    let value = serde_json::to_value(rows)
        .map_err(|error| RepositoryError::Invalid { field: "text", reason: error.to_string() })?;
    if holds_nul(&value) {
        return Err(RepositoryError::Invalid {
            field: "text",
            reason: "a NUL character cannot be stored".into(),
        });
    }
    Ok(())
}

fn holds_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(items) => items.iter().any(holds_nul),
        Value::Object(fields) => fields.iter().any(|(key, field)| key.contains('\0') || holds_nul(field)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

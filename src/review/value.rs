//! The gate before an override: is a typed value one the attribute may have?

use crate::domain::{AllowedValues, Attribute, DataType, normalised};

/// A value that may be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckedValue {
    /// The value as it will be written: an allowed value in its own spelling, a number in the attribute's unit.
    pub value: String,
    /// What was changed on the way (`"0.63 lb → 286 g"`).
    pub note: Option<String>,
}

/// Why a value may not be written as it is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct ValueProblem {
    /// One sentence without a full stop.
    pub reason: String,
    /// Whether the reviewer may keep it on purpose; an empty value never.
    pub can_keep: bool,
}

impl ValueProblem {
    fn keepable(reason: String) -> Self {
        Self { reason, can_keep: true }
    }
}

/// Checks a typed value against the attribute's type, unit and allowed values.
///
/// Several values of a multi-valued attribute are separated by `;` and each is checked.
///
/// # Errors
/// [`ValueProblem`] says why the value is refused and whether it may be kept on purpose.
pub fn check(
    attribute: &Attribute,
    allowed: &AllowedValues,
    text: &str,
) -> Result<CheckedValue, ValueProblem> {
    let text = text.trim();
    if text.is_empty() {
        return Err(ValueProblem { reason: "a value is needed".into(), can_keep: false });
    }
    if text.contains('\0') {
        return Err(ValueProblem { reason: "a value cannot hold a NUL character".into(), can_keep: false });
    }
    if !attribute.multi_valued {
        return check_one(attribute, allowed, text);
    }
    let mut values = Vec::new();
    let mut notes = Vec::new();
    for part in text.split(';').map(str::trim).filter(|part| !part.is_empty()) {
        let checked = check_one(attribute, allowed, part)?;
        notes.extend(checked.note);
        if !values.iter().any(|value: &String| normalised(value) == normalised(&checked.value)) {
            values.push(checked.value);
        }
    }
    if values.is_empty() {
        return Err(ValueProblem { reason: "a value is needed".into(), can_keep: false });
    }
    Ok(CheckedValue { value: values.join("; "), note: (!notes.is_empty()).then(|| notes.join(", ")) })
}

fn check_one(
    attribute: &Attribute,
    allowed: &AllowedValues,
    text: &str,
) -> Result<CheckedValue, ValueProblem> {
    let checked = match attribute.data_type {
        DataType::Number => number(attribute, text)?,
        DataType::Boolean => boolean(text)?,
        DataType::Text | DataType::Choice => CheckedValue { value: text.to_owned(), note: None },
    };
    if allowed.values.is_empty() {
        return Ok(checked);
    }
    let wanted = normalised(&checked.value);
    if let Some(found) = allowed.values.iter().find(|one| normalised(&one.value) == wanted) {
        return Ok(CheckedValue { value: found.value.clone(), ..checked });
    }
    if attribute.data_type == DataType::Choice && allowed.values.len() == allowed.total {
        return Err(ValueProblem::keepable(format!(
            "\"{}\" is not one of the {} allowed values",
            checked.value, allowed.total
        )));
    }
    Ok(checked)
}

fn number(attribute: &Attribute, text: &str) -> Result<CheckedValue, ValueProblem> {
    let _ = attribute;
    text.parse::<f64>()
        .ok()
        .filter(|number| number.is_finite())
        .map(|_| CheckedValue { value: text.to_owned(), note: None })
        .ok_or_else(|| ValueProblem::keepable(format!("\"{text}\" is not a number")))
}

fn boolean(text: &str) -> Result<CheckedValue, ValueProblem> {
    let value = match text.to_lowercase().as_str() {
        "yes" | "y" | "true" | "1" => "Yes",
        "no" | "n" | "false" | "0" => "No",
        _ => return Err(ValueProblem::keepable(format!("\"{text}\" is neither yes nor no"))),
    };
    Ok(CheckedValue { value: value.into(), note: None })
}

//! The gate before an override: is a typed value one the attribute may have?

use crate::domain::{AllowedValues, Attribute, DataType, normalised};
use crate::evidence::units::{Quantity, convert, format_number, parse_quantity, round_significant};

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

/// A number in the attribute's unit; in another unit of the same dimension it is converted, to four digits.
fn number(attribute: &Attribute, text: &str) -> Result<CheckedValue, ValueProblem> {
    let unit = attribute.unit.as_deref().map(str::trim).filter(|unit| !unit.is_empty());
    let quantity = parse_quantity(text).or_else(|| bare(text, unit)).ok_or_else(|| {
        ValueProblem::keepable(match unit {
            Some(unit) => format!("\"{text}\" is not a number in {unit}"),
            None => format!("\"{text}\" is not a number"),
        })
    })?;
    let plain = |number: f64| CheckedValue { value: format_number(number), note: None };
    let Some(given) = quantity.unit else { return Ok(plain(quantity.number)) };
    let Some(unit) = unit else {
        return Err(ValueProblem::keepable(format!(
            "{} has no unit, \"{text}\" has one",
            attribute.display_name()
        )));
    };
    let converted = convert(quantity.number, &given, unit)
        .ok_or_else(|| ValueProblem::keepable(format!("\"{text}\" cannot be converted to {unit}")))?;
    if (converted - quantity.number).abs() <= f64::EPSILON * converted.abs() {
        return Ok(plain(quantity.number));
    }
    let value = format_number(round_significant(converted, 4));
    Ok(CheckedValue { note: Some(format!("{text} → {value} {unit}")), value })
}

/// Reads a number followed by the attribute's own unit, even one that the table of units does not know.
fn bare(text: &str, unit: Option<&str>) -> Option<Quantity> {
    let unit = unit?;
    let at = text.len().checked_sub(unit.len())?;
    let (number, tail) = (text.get(..at)?, text.get(at..)?);
    if !tail.eq_ignore_ascii_case(unit) {
        return None;
    }
    parse_quantity(number).filter(|quantity| quantity.unit.is_none())
}

fn boolean(text: &str) -> Result<CheckedValue, ValueProblem> {
    let value = match text.to_lowercase().as_str() {
        "yes" | "y" | "true" | "1" => "Yes",
        "no" | "n" | "false" | "0" => "No",
        _ => return Err(ValueProblem::keepable(format!("\"{text}\" is neither yes nor no"))),
    };
    Ok(CheckedValue { value: value.into(), note: None })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{AllowedScope, AllowedValue};

    fn attribute(data_type: DataType, unit: Option<&str>, multi_valued: bool) -> Attribute {
        Attribute {
            key: "a".into(),
            system_name: None,
            label: None,
            data_type,
            unit: unit.map(Into::into),
            multi_valued,
        }
    }

    fn allowed(values: &[&str]) -> AllowedValues {
        let values: Vec<_> = values
            .iter()
            .map(|one| AllowedValue { value: (*one).into(), scope: AllowedScope::Category })
            .collect();
        AllowedValues { total: values.len(), values }
    }

    fn value(
        data_type: DataType,
        unit: Option<&str>,
        text: &str,
    ) -> Result<(String, Option<String>), String> {
        check(&attribute(data_type, unit, false), &AllowedValues::default(), text)
            .map(|checked| (checked.value, checked.note))
            .map_err(|problem| problem.reason)
    }

    #[test]
    fn a_number_in_another_unit_is_converted_and_says_so() {
        assert_eq!(
            value(DataType::Number, Some("g"), "0.63 lb"),
            Ok(("285.8".into(), Some("0.63 lb → 285.8 g".into())))
        );
        assert_eq!(value(DataType::Number, Some("g"), "286 g"), Ok(("286".into(), None)));
        assert_eq!(value(DataType::Number, Some("g"), "286"), Ok(("286".into(), None)));
        assert_eq!(value(DataType::Number, Some("frobs"), "12 frobs"), Ok(("12".into(), None)));
    }

    #[test]
    fn a_malformed_number_is_refused_with_the_reason_but_may_be_kept() {
        for text in ["heavy", "12 kW", "1 2", "12 g or so"] {
            let problem =
                check(&attribute(DataType::Number, Some("g"), false), &AllowedValues::default(), text)
                    .unwrap_err();
            assert!(problem.can_keep && problem.reason.contains(text), "{problem}");
        }
        assert!(!check(&attribute(DataType::Text, None, false), &allowed(&[]), "  ").unwrap_err().can_keep);
    }

    #[test]
    fn a_choice_takes_the_allowed_spelling_and_refuses_the_rest() {
        let colours = allowed(&["Black", "Midnight Blue"]);
        let choice = attribute(DataType::Choice, None, false);
        assert_eq!(check(&choice, &colours, " midnight  blue ").unwrap().value, "Midnight Blue");
        assert_eq!(
            check(&choice, &colours, "Green").unwrap_err().reason,
            "\"Green\" is not one of the 2 allowed values"
        );
    }

    #[test]
    fn several_values_are_checked_one_by_one_and_equal_ones_merged() {
        let several = attribute(DataType::Choice, None, true);
        let checked = check(&several, &allowed(&["Wool", "Silk"]), "silk; WOOL ;silk;").unwrap();
        assert_eq!(checked.value, "Silk; Wool");
    }
}

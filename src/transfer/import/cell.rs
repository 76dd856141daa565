//! What a text of a field must fulfil, so that the database takes it.

use crate::domain::{Action, EMBEDDING_DIMENSIONS, State};
use crate::repository::bulk::{Cells, Kind, Plan, Table};
use chrono::{DateTime, Datelike, Utc};
use serde_json::Value;
use std::str::FromStr;
use uuid::Uuid;

/// The most bytes of a key: several make up one index entry, which has room for 2,700.
const KEY_BYTES: usize = 512;

/// Checks a text of a field that holds texts.
pub(super) fn text(kind: Kind, text: String) -> Result<String, String> {
    match kind {
        Kind::Key if text.is_empty() => Err("empty".to_owned()),
        Kind::Key | Kind::Name if text.len() > KEY_BYTES => {
            Err(format!("{} bytes long; at most {KEY_BYTES} are allowed", text.len()))
        }
        Kind::Time => time(&text),
        Kind::Uuid => Uuid::try_parse(&text)
            .map(|uuid| uuid.to_string())
            .map_err(|_| format!("\"{text}\" is not a UUID")),
        Kind::Action => Action::parse(&text).map(|action| action.as_str().to_owned()).ok_or_else(|| {
            format!("\"{text}\" is not one of {}", Action::ALL.map(Action::as_str).join(", "))
        }),
        Kind::State => State::parse(&text)
            .map(|state| state.as_str().to_owned())
            .ok_or_else(|| format!("\"{text}\" is not one of {}", State::ALL.map(State::as_str).join(", "))),
        _ => match text.find('\0') {
            Some(place) => Err(format!("NUL character at byte {}", place + 1)),
            None => Ok(text),
        },
    }
}

/// Checks a number, which stays as it is written.
pub(super) fn number(kind: Kind, text: &str) -> Result<String, String> {
    let number = f64::from_str(text).map_err(|_| format!("\"{text}\" is not a number"))?;
    if kind == Kind::Share && !(0.0..=1.0).contains(&number) {
        return Err(format!("{} is not within 0..1", text.trim()));
    }
    let named = matches!(text, "NaN" | "Infinity" | "-Infinity");
    if number.is_finite() || named { Ok(text.to_owned()) } else { Err(format!("{text} is too large")) }
}

/// Checks a whole number.
pub(super) fn count(text: &str) -> Result<String, String> {
    match i32::from_str(text) {
        Ok(0..) => Ok(text.to_owned()),
        _ => Err(format!("{text} is not a whole number from 0 to {}", i32::MAX)),
    }
}

/// Checks a whole number that may be large.
pub(super) fn total(text: &str) -> Result<String, String> {
    match i64::from_str(text) {
        Ok(0..) => Ok(text.to_owned()),
        _ => Err(format!("{text} is not a whole number from 0 to {}", i64::MAX)),
    }
}

fn time(text: &str) -> Result<String, String> {
    let time = DateTime::parse_from_rfc3339(text)
        .or_else(|_| DateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S%.f%#z"))
        .map_err(|error| format!("{error}; a time looks like 2026-02-28T12:30:00Z"))?;
    let time = time.with_timezone(&Utc);
    if !(1..=9999).contains(&time.year()) {
        return Err("the year is not within 1..9999".to_owned());
    }
    // PostgreSQL keeps microseconds, and would round.
    Ok(time.format("%Y-%m-%dT%H:%M:%S%.6fZ").to_string())
}

/// Checks a JSON object, which stays as it is written: its numbers may be more exact than a machine's.
pub(super) fn object(json: &str) -> Result<String, String> {
    match serde_json::from_str::<Value>(json) {
        Ok(content @ Value::Object(_)) if has_nul(&content) => Err("NUL character".to_owned()),
        Ok(Value::Object(_)) => Ok(json.to_owned()),
        Ok(_) => Err("not a JSON object".to_owned()),
        Err(error) => Err(format!("not valid JSON: {}", super::json::without_line(&error.to_string()))),
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

/// Reads a vector as JSON writes it.
pub(super) fn vector(json: &str) -> Result<Vec<f32>, String> {
    let inner = json.trim().strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    let numbers = inner.map(|inner| {
        let numbers = if inner.trim().is_empty() { None } else { Some(inner.split(',')) };
        // Straight to 32 bits: through 64 a number may be rounded twice.
        numbers
            .into_iter()
            .flatten()
            .map(|number| f32::from_str(number.trim()))
            .collect::<Result<Vec<f32>, _>>()
    });
    let vector = match numbers {
        Some(Ok(numbers)) => numbers,
        _ => serde_json::from_str::<Vec<f32>>(json)
            .map_err(|error| super::json::without_line(&error.to_string()))?,
    };
    crate::embed::check(&vector).map_err(|error| error.to_string())?;
    Ok(vector)
}

/// Checks what the fields of a row must fulfil together.
pub(super) fn whole(table: Table, cells: &Cells) -> Result<(), String> {
    let plan = table.plan();
    let cell = |name: &str| get(plan, cells, name);
    if let (Table::Embeddings, Some(given)) = (table, cell("dimensions"))
        && !given.parse().is_ok_and(|given| (1..=EMBEDDING_DIMENSIONS).contains(&given))
    {
        return Err(format!("dimensions: {given} is not within 1..{EMBEDDING_DIMENSIONS}"));
    }
    match table {
        Table::Decisions => {}
        Table::ReviewPolicy if cell("only_row") != Some("true") => {
            return Err("only_row: there is one row, of which it is true".to_owned());
        }
        Table::VoteWorth => {
            return counts(cell, &[("correct", "voted"), ("frequent", "voted"), ("voted", "tried")]);
        }
        Table::ListCuts => return counts(cell, &[("listed", "decided")]),
        Table::SeededAnswers if cell("action") == Some(Action::Undo.as_str()) => {
            return Err("action: an answer is not taken back".to_owned());
        }
        _ => return Ok(()),
    }
    let action = cell("action").and_then(Action::parse);
    let has_value = action.is_some_and(Action::has_value);
    match (has_value, cell("value").is_some(), action == Some(Action::Undo), cell("undoes").is_some()) {
        (true, false, ..) => return Err("value: accept and override need one".to_owned()),
        (false, true, ..) => return Err("value: only accept and override have one".to_owned()),
        (.., true, false) => return Err("undoes: an undo needs it".to_owned()),
        (.., false, true) => return Err("undoes: only an undo has it".to_owned()),
        _ => {}
    }
    if let (Some(action), Some(state)) = (action, cell("result_state").and_then(State::parse))
        && !action.may_lead_to(state)
    {
        return Err(format!("result_state: {} does not lead to {}", action.as_str(), state.as_str()));
    }
    let version = |name: &str| cell(name).and_then(|text| i32::from_str(text).ok());
    if version("result_version") != version("base_version").and_then(|base| base.checked_add(1)) {
        return Err("result_version: not one more than base_version".to_owned());
    }
    Ok(())
}

/// Checks that what was counted of a whole is no more than the whole.
fn counts<'a>(cell: impl Fn(&str) -> Option<&'a str>, pairs: &[(&str, &str)]) -> Result<(), String> {
    let number = |name: &str| cell(name).and_then(|text| i64::from_str(text).ok());
    for (part, whole) in pairs {
        if number(part) > number(whole) {
            return Err(format!("{part}: more than {whole}"));
        }
    }
    Ok(())
}

fn get<'a>(plan: &Plan, cells: &'a Cells, name: &str) -> Option<&'a str> {
    let index = plan.fields.iter().position(|field| field.name == name)?;
    cells.get(index)?.as_deref()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_neither_empty_nor_long() {
        let key = |text: &str| super::text(Kind::Key, text.to_owned());
        assert!(key(" ").is_ok());
        assert_eq!(key("").unwrap_err(), "empty");
        assert!(key(&"é".repeat(256)).is_ok());
        assert_eq!(key(&"é".repeat(257)).unwrap_err(), "514 bytes long; at most 512 are allowed");
        assert_eq!(key("a\0").unwrap_err(), "NUL character at byte 2");
    }

    #[test]
    fn what_is_measured_fits_together_and_the_policy_is_one_row() {
        let row = |table: Table, given: &[&str]| {
            let mut cells: Cells = given.iter().map(|cell| Some((*cell).to_owned())).collect();
            cells.resize(table.plan().fields.len(), None);
            whole(table, &cells)
        };
        assert_eq!(row(Table::VoteWorth, &["colour", "9000000000", "8", "7", "8"]), Ok(()));
        assert_eq!(
            row(Table::VoteWorth, &["colour", "9", "8", "9", "1"]),
            Err("correct: more than voted".into())
        );
        assert_eq!(
            row(Table::VoteWorth, &["colour", "7", "8", "8", "1"]),
            Err("voted: more than tried".into())
        );
        assert_eq!(row(Table::ListCuts, &["colour", "7", "8"]), Err("listed: more than decided".into()));
        assert_eq!(row(Table::ReviewPolicy, &["true", "0.1"]), Ok(()));
        assert!(row(Table::ReviewPolicy, &["false", "0.1"]).is_err());
        assert!(total("-1").is_err() && total("1.5").is_err() && total("9223372036854775807").is_ok());
    }

    #[test]
    fn nul_is_found_anywhere_in_json() {
        for (json, good) in [
            (r#"{"a": {"b": ["x\u0000"]}}"#, false),
            (r#"{"a\u0000": 1}"#, false),
            (r#"{"a": ["\u0001"]}"#, true),
            (r#"{"a": "\ud800"}"#, false),
            ("[]", false),
        ] {
            assert_eq!(object(json).is_ok(), good, "{json}");
        }
    }

    #[test]
    fn numbers_stay_as_they_are_written() {
        let exact = r#"{"a": 123456789012345678901234567890.10}"#;
        assert_eq!(object(exact).unwrap(), exact);
        assert_eq!(number(Kind::Share, "0.1234567890123456789").unwrap(), "0.1234567890123456789");
        assert_eq!(number(Kind::Number, "NaN").unwrap(), "NaN");
        for bad in ["NaN", "1.5", "-0.1", "x", ""] {
            assert!(number(Kind::Share, bad).is_err(), "{bad}");
        }
        assert!(number(Kind::Number, "1e999").is_err());
    }

    #[test]
    fn times_are_written_the_same_way_and_must_fit_the_database() {
        assert_eq!(time("2024-02-29T12:00:00.1234567+02:00").unwrap(), "2024-02-29T10:00:00.123456Z");
        assert_eq!(time("2024-02-29 12:00:00.5+00").unwrap(), "2024-02-29T12:00:00.500000Z");
        for bad in ["yesterday", "2024-02-30T00:00:00Z", "infinity", "0000-01-01T00:00:00Z"] {
            assert!(time(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_vector_is_read_to_the_last_bit() {
        let near = 0.1_f32;
        assert_eq!(
            vector(&format!("[{near}, {}]", f32::MIN_POSITIVE)).unwrap()[..2],
            [near, f32::MIN_POSITIVE]
        );
        for bad in ["[]", "[0, 0]", "[1, null]", "[NaN]", "[1", "1", "[1e300]", "[1,]"] {
            assert!(vector(bad).is_err(), "{bad}");
        }
    }
}

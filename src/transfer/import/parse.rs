//! A line of text to a record, or the reason why not.

use super::check::Checked;
use serde_json::{Map, Value};

/// The most characters of a reason.
const REASON: usize = 240;

/// Reads a line.
pub(super) fn parse<R: Checked>(line: &[u8]) -> Result<R, String> {
    let text = std::str::from_utf8(line)
        .map_err(|error| format!("not UTF-8 at byte {}", error.valid_up_to() + 1))?;
    // Records could be read from arrays, too.
    if !text.trim_start().starts_with('{') {
        return Err("not a JSON object".to_owned());
    }
    let record: R = serde_json::from_str(text).map_err(|error| explain::<R>(text, &error))?;
    record.check()?;
    Ok(record)
}

/// Says which field is wrong, which the parser's message does not.
fn explain<R: Checked>(text: &str, error: &serde_json::Error) -> String {
    let reason = match serde_json::from_str::<Value>(text) {
        Err(error) => format!("not valid JSON: {}", without_line(&error.to_string())),
        Ok(Value::Object(fields)) => {
            wrong_field::<R>(fields).unwrap_or_else(|| without_line(&error.to_string()))
        }
        Ok(_) => "not a JSON object".to_owned(),
    };
    visible(&reason)
}

/// Finds a field that is wrong by itself.
fn wrong_field<R: Checked>(fields: Map<String, Value>) -> Option<String> {
    fields.into_iter().find_map(|(name, value)| {
        let alone = Value::Object(Map::from_iter([(name.clone(), value)]));
        let error = serde_json::from_value::<R>(alone).err()?.to_string();
        (!error.starts_with("missing field")).then(|| format!("{name}: {error}"))
    })
}

/// Takes the line number out of a parser's message: each line is parsed alone, as line 1.
fn without_line(message: &str) -> String {
    match message.rsplit_once(" at line ") {
        Some((what, place)) => match place.split_once(' ') {
            Some((_, column)) if !what.starts_with("missing field") => format!("{what} at {column}"),
            _ => what.to_owned(),
        },
        None => message.to_owned(),
    }
}

/// Makes characters visible that could move the cursor or hide themselves, and cuts what is too long to read.
pub(super) fn visible(text: &str) -> String {
    let mut shown = String::new();
    for (count, character) in text.chars().enumerate() {
        if count == REASON {
            shown.push('…');
            break;
        }
        match character {
            '"' | '\'' | '\\' => shown.push(character),
            _ => shown.extend(character.escape_debug()),
        }
    }
    shown
}

/// A key as a reason shows it.
pub(super) fn quoted(key: &str) -> String {
    format!("\"{}\"", visible(key))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transfer::record::{
        AttributeRecord, EmbeddingRecord, PredictionRecord, ProductRecord, ValueRecord,
    };

    fn reason<R: Checked + std::fmt::Debug>(line: &str) -> String {
        parse::<R>(line.as_bytes()).unwrap_err()
    }

    #[test]
    fn values_are_kept_as_they_are() {
        for value in
            ["  a  b ", "None", "0", "-1", "", "🦊", "a\u{1}\u{1b}[2J\u{7f}\u{85}\u{202e}", "\"\\\t\r\n"]
        {
            let line =
                serde_json::json!({"product_key": "p", "attribute_key": "a", "value": value, "more": [1]});
            assert_eq!(parse::<ValueRecord>(line.to_string().as_bytes()).unwrap().value, value);
        }
    }

    #[test]
    fn what_is_not_json_is_refused_with_the_column() {
        assert_eq!(
            reason::<ProductRecord>("{\"product_key\": \"p\""),
            "not valid JSON: EOF while parsing an object at column 19"
        );
        assert_eq!(reason::<ProductRecord>("{} {}"), "not valid JSON: trailing characters at column 4");
        assert_eq!(reason::<ProductRecord>("[\"p\"]"), "not a JSON object");
        assert_eq!(reason::<ProductRecord>("\"p\""), "not a JSON object");
        assert_eq!(
            parse::<ProductRecord>(b"{\"product_key\": \"\xff\"}").unwrap_err(),
            "not UTF-8 at byte 18"
        );
    }

    #[test]
    fn a_wrong_field_is_named() {
        assert_eq!(reason::<ProductRecord>("{}"), "missing field `product_key`");
        assert_eq!(
            reason::<ProductRecord>(r#"{"product_key": "p", "product_name": 5}"#),
            "product_name: invalid type: integer `5`, expected a string"
        );
        assert_eq!(
            reason::<AttributeRecord>(r#"{"attribute_key": "a", "multi_valued": "yes"}"#),
            "multi_valued: invalid type: string \"yes\", expected a boolean"
        );
        assert_eq!(
            reason::<EmbeddingRecord>(r#"{"product_key": "p", "vector": [1, "2"]}"#),
            "vector: invalid type: string \"2\", expected f32"
        );
        assert_eq!(
            reason::<ValueRecord>(r#"{"product_key": null, "attribute_key": "a", "value": "v"}"#),
            "product_key: invalid type: null, expected a string"
        );
        assert_eq!(
            reason::<ProductRecord>(r#"{"product_key": "p", "product_key": "q"}"#),
            "duplicate field `product_key` at column 34"
        );
    }

    #[test]
    fn a_confidence_beyond_its_range_is_refused() {
        let line = |confidence: &str| {
            format!(
                r#"{{"experiment":"e","product_key":"p","attribute_key":"a","value":"v","confidence":{confidence}}}"#
            )
        };
        for good in ["0", "1", "0.5", "1.0", "-0.0", "null"] {
            assert!(parse::<PredictionRecord>(line(good).as_bytes()).is_ok(), "{good}");
        }
        assert_eq!(reason::<PredictionRecord>(&line("1.01")), "confidence: 1.01 is not within 0..1");
        assert_eq!(reason::<PredictionRecord>(&line("-1e-9")), "confidence: -0.000000001 is not within 0..1");
        assert!(reason::<PredictionRecord>(&line("NaN")).starts_with("not valid JSON"));
        assert!(reason::<PredictionRecord>(&line("\"0.5\"")).starts_with("confidence: invalid type: string"));
        assert!(
            reason::<PredictionRecord>(&line("1e999")).starts_with("not valid JSON: number out of range")
        );
    }

    #[test]
    fn a_reason_cannot_move_the_cursor() {
        let reason =
            reason::<ProductRecord>("{\"product_key\": [], \"a\": \"\\u001b[2J\", \"\\u001b[2J\": 1}");
        assert_eq!(reason, "product_key: invalid type: sequence, expected a string");
        assert_eq!(visible("a\u{1b}[2J\u{202e}"), "a\\u{1b}[2J\\u{202e}");
        assert!(visible(&"x".repeat(10_000)).len() < 300);
    }
}

//! A line of JSON to the texts of a row, or the reason why not.
//!
//! The parser only checks the line; its parts are taken as they are written, since a number that went through a machine's
//! would come back changed.

use super::cell;
use super::parse::{Parsed, missing, visible};
use crate::repository::bulk::{Kind, Need, Table};
use serde::de::IgnoredAny;

/// Reads a line.
pub(super) fn parse(table: Table, line: &[u8]) -> Result<Parsed, String> {
    let text = std::str::from_utf8(line)
        .map_err(|error| format!("not UTF-8 at byte {}", error.valid_up_to() + 1))?;
    serde_json::from_str::<IgnoredAny>(text)
        .map_err(|error| visible(&format!("not valid JSON: {}", without_line(&error.to_string()))))?;
    let text = text.trim();
    if !text.starts_with('{') {
        return Err("not a JSON object".to_owned());
    }
    let fields = table.plan().fields;
    let mut row = Parsed { cells: vec![None; fields.len()], vector: Vec::new() };
    let mut seen = vec![false; fields.len()];
    for (name, token) in members(text) {
        let name = string(name).map_err(|reason| visible(&reason))?;
        let Some(index) = fields.iter().position(|field| field.name == name) else { continue };
        if std::mem::replace(&mut seen[index], true) {
            return Err(format!("duplicate field `{name}`"));
        }
        let field = &fields[index];
        if token == "null" && field.need != Need::Required {
            continue;
        }
        let cell = if field.kind == Kind::Vector {
            cell::vector(token).map(|vector| {
                row.vector = vector;
                None
            })
        } else {
            value(field.kind, token).map(Some)
        };
        row.cells[index] = cell.map_err(|reason| visible(&format!("{name}: {reason}")))?;
    }
    let absent = fields.iter().zip(&seen).find(|(field, seen)| field.need == Need::Required && !**seen);
    match absent {
        Some((field, _)) => Err(missing(field.name)),
        None => cell::whole(table, &row.cells).map(|()| row),
    }
}

/// Reads a value as the text of a field.
fn value(kind: Kind, token: &str) -> Result<String, String> {
    match kind {
        Kind::Boolean => match token {
            "true" | "false" => Ok(token.to_owned()),
            _ => Err(wrong_type::<bool>(token)),
        },
        Kind::Count if is_number(token) => cell::count(token),
        Kind::Total if is_number(token) => cell::total(token),
        Kind::Count | Kind::Total => Err(wrong_type::<i32>(token)),
        Kind::Number | Kind::Share if is_number(token) => cell::number(kind, token),
        Kind::Number if matches!(token, "\"NaN\"" | "\"Infinity\"" | "\"-Infinity\"") => {
            cell::number(kind, token.trim_matches('"'))
        }
        Kind::Number | Kind::Share => Err(wrong_type::<f64>(token)),
        Kind::Object if token.starts_with('{') => cell::object(token),
        Kind::Object | Kind::Texts | Kind::Vector => Err("not a JSON object".to_owned()),
        Kind::Key | Kind::Name | Kind::Text | Kind::Time | Kind::Uuid | Kind::Action | Kind::State => {
            cell::text(kind, string(token)?)
        }
    }
}

fn is_number(token: &str) -> bool {
    token.starts_with(|first: char| first == '-' || first.is_ascii_digit())
}

/// Reads a string; one without escapes, as most are, is its own text.
fn string(token: &str) -> Result<String, String> {
    match token.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        Some(text) if !text.contains('\\') => Ok(text.to_owned()),
        _ => serde_json::from_str(token).map_err(|error| without_line(&error.to_string())),
    }
}

/// Says that a value is of another type, in the parser's words.
fn wrong_type<T: serde::de::DeserializeOwned>(token: &str) -> String {
    match serde_json::from_str::<T>(token) {
        Err(error) => without_line(&error.to_string()),
        Ok(_) => format!("{token} is not of the right type"),
    }
}

/// Takes the line number out of a parser's message: each line is parsed alone, as line 1.
pub(super) fn without_line(message: &str) -> String {
    match message.rsplit_once(" at line ") {
        Some((what, place)) => match place.split_once(' ') {
            Some((_, column)) if column != "column 0" && !what.starts_with("invalid type") => {
                format!("{what} at {column}")
            }
            _ => what.to_owned(),
        },
        None => message.to_owned(),
    }
}

/// Takes a valid object apart: names and values, each as it is written.
fn members(object: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut rest = object.strip_prefix('{').unwrap_or_default();
    std::iter::from_fn(move || {
        rest = rest.trim_start_matches([' ', '\t', '\r', '\n', ',']);
        if rest.is_empty() || rest.starts_with('}') {
            return None;
        }
        let (name, behind) = rest.split_at(token_bytes(rest));
        let behind = behind.trim_start_matches([' ', '\t', '\r', '\n', ':']);
        let (value, behind) = behind.split_at(token_bytes(behind));
        rest = behind;
        Some((name, value))
    })
}

/// Returns how long the first value of a valid text is.
fn token_bytes(text: &str) -> usize {
    let bytes = text.as_bytes();
    let (mut depth, mut in_string, mut at) = (0_usize, false, 0);
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'\\' if in_string => at += 1,
            b'"' => {
                in_string = !in_string;
                if depth == 0 && !in_string {
                    return at + 1;
                }
            }
            _ if in_string => {}
            b'{' | b'[' => depth += 1,
            b'}' | b']' | b',' | b' ' | b'\t' | b'\r' | b'\n' if depth == 0 => return at,
            b'}' | b']' => {
                depth -= 1;
                if depth == 0 {
                    return at + 1;
                }
            }
            _ => {}
        }
        at += 1;
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason(table: Table, line: &str) -> String {
        parse(table, line.as_bytes()).unwrap_err()
    }

    fn cells(table: Table, line: &str) -> Vec<String> {
        let row = parse(table, line.as_bytes()).unwrap();
        row.cells.into_iter().map(|cell| cell.unwrap_or_else(|| "-".to_owned())).collect()
    }

    #[test]
    fn an_object_is_taken_apart_as_it_is_written() {
        let text = r#"{"a" : 1.50e+3 ,"b\"":{"c":["}\\",{}]},"d":"x, \"}" , "e":null,"f":[],"g":true}"#;
        let parts: Vec<_> = members(text).collect();
        assert_eq!(
            parts,
            [
                ("\"a\"", "1.50e+3"),
                ("\"b\\\"\"", r#"{"c":["}\\",{}]}"#),
                ("\"d\"", r#""x, \"}""#),
                ("\"e\"", "null"),
                ("\"f\"", "[]"),
                ("\"g\"", "true"),
            ]
        );
        assert_eq!(members("{}").count() + members("{ }").count(), 0);
    }

    #[test]
    fn values_are_kept_as_they_are() {
        for value in
            ["  a  b ", "None", "0", "-1", "", "🦊", "a\u{1}\u{1b}[2J\u{7f}\u{85}\u{202e}", "\"\\\t\r\n"]
        {
            let line =
                serde_json::json!({"product_key": "p", "attribute_key": "a", "value": value, "more": [1]});
            assert_eq!(cells(Table::Values, &line.to_string()), ["p", "a", value, "-"]);
        }
    }

    #[test]
    fn what_is_not_json_is_refused_with_the_column() {
        let products = |line| reason(Table::Products, line);
        assert_eq!(
            products("{\"product_key\": \"p\""),
            "not valid JSON: EOF while parsing an object at column 19"
        );
        assert_eq!(products("{} {}"), "not valid JSON: trailing characters at column 4");
        assert_eq!(products("[\"p\"]"), "not a JSON object");
        assert_eq!(products("\"p\""), "not a JSON object");
        assert_eq!(
            parse(Table::Products, b"{\"product_key\": \"\xff\"}").unwrap_err(),
            "not UTF-8 at byte 18"
        );
    }

    #[test]
    fn a_wrong_field_is_named() {
        assert_eq!(reason(Table::Products, "{}"), "missing field `product_key`");
        assert_eq!(
            reason(Table::Products, r#"{"product_key": "p", "product_name": 5}"#),
            "product_name: invalid type: integer `5`, expected a string"
        );
        assert_eq!(
            reason(Table::Attributes, r#"{"attribute_key": "a", "multi_valued": "yes"}"#),
            "multi_valued: invalid type: string \"yes\", expected a boolean"
        );
        assert_eq!(
            reason(Table::Embeddings, r#"{"product_key": "p", "vector": [1, "2"]}"#),
            "vector: invalid type: string \"2\", expected f32"
        );
        assert_eq!(
            reason(Table::Values, r#"{"product_key": null, "attribute_key": "a", "value": "v"}"#),
            "product_key: invalid type: null, expected a string"
        );
        assert_eq!(
            reason(Table::Products, r#"{"product_key": "p", "product_key": "q"}"#),
            "duplicate field `product_key`"
        );
        assert!(reason(Table::Products, r#"{"product_key": "\ud800"}"#).starts_with("product_key: "));
    }

    #[test]
    fn a_confidence_beyond_its_range_is_refused() {
        let line = |confidence: &str| {
            format!(
                r#"{{"experiment":"e","product_key":"p","attribute_key":"a","value":"v","confidence":{confidence}}}"#
            )
        };
        for good in ["0", "1", "0.5", "1.0", "-0.0", "null"] {
            assert!(parse(Table::Predictions, line(good).as_bytes()).is_ok(), "{good}");
        }
        let said = |confidence| reason(Table::Predictions, &line(confidence));
        assert_eq!(said("1.01"), "confidence: 1.01 is not within 0..1");
        assert_eq!(said("-1e-9"), "confidence: -1e-9 is not within 0..1");
        assert_eq!(said("1e999"), "confidence: 1e999 is not within 0..1");
        assert!(said("NaN").starts_with("not valid JSON"));
        assert!(said("\"0.5\"").starts_with("confidence: invalid type: string"));
    }

    #[test]
    fn a_decision_is_checked_as_a_whole() {
        let line = |more: &str| {
            format!(
                r#"{{"product_key":"p","attribute_key":"a","decision_id":"0192f0c1-2345-7000-8000-000000000000","reviewer":"ada",
                    "decided_at":"2026-02-28T12:30:00Z",{more}}}"#
            )
        };
        let decision = |more: &str| parse(Table::Decisions, line(more).as_bytes()).map(|_| ());
        assert_eq!(decision(r#""action":"accept","value":"v","base_version":0,"result_version":1"#), Ok(()));
        for (more, reason) in [
            (
                r#""action":"accept","base_version":0,"result_version":1"#,
                "value: accept and override need one",
            ),
            (r#""action":"flag","value":"v","base_version":0,"result_version":1"#, "value: only accept and"),
            (r#""action":"undo","base_version":1,"result_version":2"#, "undoes: an undo needs it"),
            (r#""action":"reject","base_version":1,"result_version":3"#, "result_version: not one more"),
            (
                r#""action":"agree","base_version":1,"result_version":2"#,
                "action: \"agree\" is not one of accept",
            ),
            (
                r#""action":"reject","base_version":-1,"result_version":0"#,
                "base_version: -1 is not a whole number",
            ),
        ] {
            let said = decision(more).unwrap_err();
            assert!(said.starts_with(reason), "{said}");
        }
    }

    #[test]
    fn a_reason_cannot_move_the_cursor() {
        let said = reason(Table::Products, "{\"product_key\": [], \"a\": \"\\u001b[2J\", \"\\u001b[2J\": 1}");
        assert_eq!(said, "product_key: invalid type: sequence, expected a string");
    }
}

//! Rows as lines of a file.

use crate::repository::bulk::{Cells, Field, Kind};
use crate::transfer::format::Format;
use crate::transfer::guard::guarded;
use std::borrow::Cow;
use std::fmt::Write as _;

/// Appends the line above the rows, if the format has one.
pub(super) fn push_header(out: &mut String, format: Format, fields: &[Field]) {
    if format == Format::Csv {
        let names: Vec<&str> = fields.iter().map(|field| field.name).collect();
        out.push_str(&names.join(","));
        out.push('\n');
    }
}

/// Appends a row.
pub(super) fn push(out: &mut String, format: Format, fields: &[Field], cells: &Cells) {
    match format {
        Format::Jsonl => push_json(out, fields, cells),
        Format::Csv => push_csv(out, fields, cells),
    }
    out.push('\n');
}

/// Nothing is written of a field that is null.
fn push_json(out: &mut String, fields: &[Field], cells: &Cells) {
    out.push('{');
    let mut first = true;
    for (field, cell) in fields.iter().zip(cells) {
        let Some(cell) = cell else { continue };
        if !std::mem::take(&mut first) {
            out.push(',');
        }
        let _ = write!(out, "\"{}\":", field.name);
        match field.kind {
            Kind::Boolean | Kind::Count | Kind::Total | Kind::Vector => out.push_str(cell),
            Kind::Number | Kind::Share if cell.ends_with(|last: char| last.is_ascii_digit()) => {
                out.push_str(cell);
            }
            Kind::Object | Kind::Texts => push_visible(out, cell),
            Kind::Time => push_string(out, &time(cell)),
            Kind::Number
            | Kind::Share
            | Kind::Key
            | Kind::Name
            | Kind::Text
            | Kind::Uuid
            | Kind::Action
            | Kind::State => push_string(out, cell),
        }
    }
    out.push('}');
}

fn push_string(out: &mut String, text: &str) {
    out.push('"');
    let mut plain = text;
    // What needs no escape goes over in one piece.
    while let Some((at, character)) =
        plain.char_indices().find(|(_, c)| matches!(c, '"' | '\\') || steers(*c))
    {
        out.push_str(&plain[..at]);
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            other => push_code_units(out, other),
        }
        plain = &plain[at + character.len_utf8()..];
    }
    out.push_str(plain);
    out.push('"');
}

/// Appends JSON as the database writes it, with escapes for what could steer a terminal: it stands in strings only.
fn push_visible(out: &mut String, json: &str) {
    for character in json.chars() {
        if steers(character) { push_code_units(out, character) } else { out.push(character) }
    }
}

fn push_code_units(out: &mut String, character: char) {
    for unit in character.encode_utf16(&mut [0; 2]) {
        let _ = write!(out, "\\u{unit:04x}");
    }
}

/// Tells whether a character could move a terminal's cursor, turn text around or hide.
fn steers(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{180e}'
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
            | '\u{3164}' | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

fn push_csv(out: &mut String, fields: &[Field], cells: &Cells) {
    for (index, (field, cell)) in fields.iter().zip(cells).enumerate() {
        if index > 0 {
            out.push(',');
        }
        let Some(cell) = cell else { continue };
        let text = match field.kind {
            Kind::Key | Kind::Name | Kind::Text => guarded(cell),
            Kind::Time => time(cell),
            _ => Cow::Borrowed(cell.as_str()),
        };
        let bare = !text.is_empty()
            && !text.starts_with(' ')
            && !text.ends_with(' ')
            && !text.contains([',', '"', '\n', '\r', ';', '\t']);
        if bare {
            out.push_str(&text);
        } else {
            out.push('"');
            out.push_str(&text.replace('"', "\"\""));
            out.push('"');
        }
    }
}

/// Turns `2026-02-28 12:30:00.5+00`, as the database writes it, into RFC 3339.
fn time(text: &str) -> Cow<'_, str> {
    match text.strip_suffix("+00").and_then(|plain| plain.split_once(' ')) {
        Some((date, time)) => Cow::Owned(format!("{date}T{time}Z")),
        None => Cow::Borrowed(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIELDS: &[Field] = &[
        Field::key("key"),
        Field::optional("text", Kind::Text),
        Field::optional("number", Kind::Number),
        Field::optional("time", Kind::Time),
        Field::optional("object", Kind::Object),
    ];

    fn line(format: Format, cells: [Option<&str>; 5]) -> String {
        let mut out = String::new();
        push(&mut out, format, FIELDS, &cells.map(|cell| cell.map(str::to_owned)).to_vec());
        out
    }

    #[test]
    fn a_row_is_one_line_of_json_without_its_nulls() {
        let cells =
            [Some("k"), None, Some("1e-05"), Some("2026-02-28 12:30:00.5+00"), Some("{\"a\": [1.50]}")];
        assert_eq!(
            line(Format::Jsonl, cells),
            "{\"key\":\"k\",\"number\":1e-05,\"time\":\"2026-02-28T12:30:00.5Z\",\"object\":{\"a\": [1.50]}}\n"
        );
        assert_eq!(
            line(Format::Jsonl, [Some("k"), None, Some("NaN"), None, None]),
            "{\"key\":\"k\",\"number\":\"NaN\"}\n"
        );
    }

    #[test]
    fn nothing_in_json_can_steer_a_terminal() {
        let hostile = "\"\\\n\t\u{1b}[2J\u{7f}\u{9b}\u{202e}\u{200b}\u{2028}\u{e0041}é";
        let json = format!("{{\"a\": \"\u{202e}\u{9b}{}\"}}", "é");
        let written = line(Format::Jsonl, [Some(hostile), None, None, None, Some(&json)]);
        assert!(!written.trim_end().chars().any(steers), "{written:?}");
        let back: serde_json::Value = serde_json::from_str(&written).unwrap();
        assert_eq!(
            (back["key"].as_str(), back["object"]["a"].as_str()),
            (Some(hostile), Some("\u{202e}\u{9b}é"))
        );
    }

    #[test]
    fn csv_tells_nothing_from_an_empty_text_and_guards_formulas() {
        assert_eq!(line(Format::Csv, [Some("k"), Some(""), None, None, None]), "k,\"\",,,\n");
        let cells = [Some("=1,\"2\""), Some(" a\n"), Some("-5"), None, Some("{\"a\": 1}")];
        assert_eq!(line(Format::Csv, cells), "\"'=1,\"\"2\"\"\",\" a\n\",-5,,\"{\"\"a\"\": 1}\"\n");
    }
}

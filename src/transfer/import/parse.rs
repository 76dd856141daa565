//! What a record becomes, whatever its format, and how a reason is said.

use crate::repository::bulk::Cells;

/// The most characters of a reason.
const REASON: usize = 240;

/// A record: one text a field, and the vector of an embedding.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Parsed {
    pub cells: Cells,
    pub vector: Vec<f32>,
}

/// Says that a field is not there.
pub(super) fn missing(field: &str) -> String {
    format!("missing field `{field}`")
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

    #[test]
    fn a_reason_cannot_move_the_cursor() {
        assert_eq!(visible("a\u{1b}[2J\u{202e}"), "a\\u{1b}[2J\\u{202e}");
        assert!(visible(&"x".repeat(10_000)).len() < 300);
    }
}

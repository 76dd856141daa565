//! What may stand in the bytes that gapdeck sends to a terminal: text, and the few sequences that draw it.

/// Returns what does not belong in a stream, with what stands around it.
pub fn foreign(bytes: &[u8]) -> Vec<String> {
    let mut found = Vec::new();
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => {
            found.push(format!("not UTF-8: {error}"));
            return found;
        }
    };
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let length = if c == '\u{1b}' { sequence(rest) } else { Some(c.len_utf8()).filter(|_| is_text(c)) };
        if length.is_none() {
            found.push(format!("{:?}", rest.chars().take(40).collect::<String>()));
        }
        rest = &rest[length.unwrap_or(c.len_utf8())..];
    }
    found
}

/// Tells whether a character is one that is drawn where it stands.
fn is_text(c: char) -> bool {
    let hides = matches!(c,
        '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
        | '\u{ad}' | '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}' | '\u{e0001}');
    !c.is_control() && !hides
}

/// Returns the length of a sequence that gapdeck sends itself.
fn sequence(text: &str) -> Option<usize> {
    if let Some(rest) = text.strip_prefix("\u{1b}]52;c;") {
        let content = rest.find(|c: char| !(c.is_ascii_alphanumeric() || "+/=".contains(c)))?;
        return rest[content..].starts_with("\u{1b}\\").then(|| text.len() - rest.len() + content + 2);
    }
    if let Some(rest) = text.strip_prefix("\u{1b}]2;gapdeck: ") {
        let title = rest.find(|c: char| !is_text(c))?;
        return rest[title..].starts_with("\u{1b}\\").then(|| text.len() - rest.len() + title + 2);
    }
    let rest = text.strip_prefix("\u{1b}[")?;
    let end = rest.find(|c: char| ('@'..='~').contains(&c))?;
    let (parameters, last) = (&rest[..end], &rest[end..=end]);
    let numbers = |text: &str| {
        text.split(';').map(str::parse::<u32>).collect::<Result<Vec<_>, _>>().unwrap_or_default()
    };
    let is_own = match (parameters.strip_prefix('?'), last) {
        (Some(mode), "h" | "l") => ["7", "25", "1004", "1049", "2004", "2026"].contains(&mode),
        (None, "H") => numbers(parameters).len() == 2,
        (None, "J") => parameters == "2",
        // The window's title, kept and given back.
        (None, "t") => ["22;2", "23;2"].contains(&parameters),
        (None, "m") => parameters.is_empty() || parameters.split(';').all(|one| one.parse::<u8>().is_ok()),
        _ => false,
    };
    is_own.then_some(2 + end + 1)
}

#[test]
fn foreign_sequences_are_found_and_own_ones_are_not() {
    let own = "\u{1b}[?1049h\u{1b}[2J\u{1b}[3;4H\u{1b}[38;5;2;49mtext\u{1b}[0m\u{1b}]52;c;YQ==\u{1b}\\\u{1b}[22;2t\u{1b}]2;gapdeck: demo\u{1b}\\";
    assert_eq!(foreign(own.as_bytes()), [""; 0]);
    for text in crate::corpus::TEXTS.iter().filter(|text| text.contains('\u{1b}')) {
        assert!(!foreign(text.as_bytes()).is_empty(), "{text:?}");
    }
    for text in
        ["\u{1b}[2K", "\u{1b}[?1000h", "\u{1b}[5A", "\u{1b}c", "\u{9b}1m", "\u{202e}", "\r", "\u{1b}[21t"]
    {
        assert_eq!(foreign(text.as_bytes()).len(), 1, "{text:?}");
    }
    assert_eq!(foreign(b"\xff").len(), 1);
}

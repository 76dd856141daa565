//! Keys: how they are written, and read from the terminal.

use crate::config::problem::did_you_mean;
use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use std::fmt;

/// A key with its modifiers; shift is part of the character.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Key {
    pub code: KeyCode,
    pub ctrl: bool,
    pub alt: bool,
}

impl Key {
    /// A key without modifiers.
    pub const fn plain(code: KeyCode) -> Self {
        Self { code, ctrl: false, alt: false }
    }

    /// A character without modifiers.
    pub const fn char(c: char) -> Self {
        Self::plain(KeyCode::Char(c))
    }

    /// A character with Ctrl.
    pub const fn ctrl(c: char) -> Self {
        Self { code: KeyCode::Char(c), ctrl: true, alt: false }
    }

    /// Reads a key from a terminal event; `None` for releases.
    pub fn from_event(event: KeyEvent) -> Option<Self> {
        if event.kind == KeyEventKind::Release {
            return None;
        }
        let ctrl = event.modifiers.contains(KeyModifiers::CONTROL);
        let alt = event.modifiers.contains(KeyModifiers::ALT);
        let code = match event.code {
            KeyCode::Char(c) if ctrl => KeyCode::Char(controlled(c)),
            code => code,
        };
        Some(Self { code, ctrl, alt })
    }
}

/// Returns the one name of what several keys with Ctrl send.
fn controlled(c: char) -> char {
    match c.to_ascii_lowercase() {
        '4' => '\\',
        '5' => ']',
        '6' => '^',
        '7' | '/' => '_',
        c => c,
    }
}

/// The keys that have names, in the configuration and, the first of each, on the screen.
const NAMES: [(&str, KeyCode); 25] = [
    ("Space", KeyCode::Char(' ')),
    ("Enter", KeyCode::Enter),
    ("Return", KeyCode::Enter),
    ("Esc", KeyCode::Esc),
    ("Escape", KeyCode::Esc),
    ("Tab", KeyCode::Tab),
    ("Backspace", KeyCode::Backspace),
    ("Delete", KeyCode::Delete),
    ("Del", KeyCode::Delete),
    ("Insert", KeyCode::Insert),
    ("Up", KeyCode::Up),
    ("Down", KeyCode::Down),
    ("Left", KeyCode::Left),
    ("Right", KeyCode::Right),
    ("↑", KeyCode::Up),
    ("↓", KeyCode::Down),
    ("←", KeyCode::Left),
    ("→", KeyCode::Right),
    ("Home", KeyCode::Home),
    ("End", KeyCode::End),
    ("PgUp", KeyCode::PageUp),
    ("PageUp", KeyCode::PageUp),
    ("PgDn", KeyCode::PageDown),
    ("PageDown", KeyCode::PageDown),
    ("Shift-Tab", KeyCode::BackTab),
];

/// Why a key cannot be given to an action.
fn refused(key: Key) -> Option<&'static str> {
    match (key.code, key.ctrl) {
        (KeyCode::Char('i'), true) => Some("the terminal sends the same as for Tab"),
        (KeyCode::Char('m'), true) => Some("the terminal sends the same as for Enter"),
        (KeyCode::Char('['), true) => Some("the terminal sends the same as for Esc"),
        (KeyCode::Char('z'), true) => Some("it always gives the terminal back to the shell"),
        _ => None,
    }
}

impl Key {
    /// Reads a key as people write it: `a`, `A`, `Ctrl-N`, `C-n`, `Space`, `Shift-Tab`, `F5`.
    ///
    /// # Errors
    /// Says why it is no key, or none that can be given to an action.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut key = Self::plain(KeyCode::Null);
        let (mut rest, mut shift) = (text, false);
        // A minus alone, or at the end, is the key itself.
        while let Some((modifier, tail)) = rest.split_once('-').filter(|(_, tail)| !tail.is_empty()) {
            match modifier.to_lowercase().as_str() {
                "ctrl" | "c" => key.ctrl = true,
                "alt" | "m" => key.alt = true,
                "shift" | "s" => shift = true,
                _ => return Err(format!("\"{modifier}-\" in \"{text}\" is none of Ctrl-, Alt-, Shift-")),
            }
            rest = tail;
        }
        let mut characters = rest.chars();
        key.code = match (characters.next(), characters.next()) {
            (Some(c), None) if NAMES.iter().all(|(name, _)| *name != rest) && !c.is_control() && c != ' ' => {
                match (key.ctrl, shift) {
                    (true, true) => {
                        return Err(format!("\"{text}\": no terminal tells Ctrl-Shift from Ctrl"));
                    }
                    (true, false) => KeyCode::Char(controlled(c)),
                    (false, true) => KeyCode::Char(c.to_uppercase().next().unwrap_or(c)),
                    (false, false) => KeyCode::Char(c),
                }
            }
            _ => Self::named(rest).ok_or_else(|| {
                let names = NAMES.iter().map(|(name, _)| *name);
                format!("\"{rest}\" is no key{}", did_you_mean(rest, names))
            })?,
        };
        if shift && key.code == KeyCode::Tab {
            key.code = KeyCode::BackTab;
        }
        if shift && !matches!(key.code, KeyCode::BackTab | KeyCode::Char(_)) {
            return Err(format!("\"{text}\": Shift goes with letters and Tab only"));
        }
        match refused(key) {
            Some(reason) => Err(format!("\"{text}\" cannot be used: {reason}")),
            None => Ok(key),
        }
    }

    fn named(name: &str) -> Option<KeyCode> {
        let number = name.strip_prefix(['F', 'f']).and_then(|digits| digits.parse().ok());
        if let Some(n @ 1..=12) = number {
            return Some(KeyCode::F(n));
        }
        NAMES.iter().find(|(one, _)| one.eq_ignore_ascii_case(name)).map(|(_, code)| *code)
    }

    /// Reads keys that are pressed one after another: `g g`, `Ctrl-X Ctrl-C`.
    ///
    /// # Errors
    /// As [`Key::parse`]; and where there is no key at all.
    pub fn parse_sequence(text: &str) -> Result<Vec<Self>, String> {
        let keys: Vec<Self> = text.split_whitespace().map(Self::parse).collect::<Result<_, _>>()?;
        if keys.first() == Some(&Self::ctrl('c')) {
            return Err(format!("\"{text}\" cannot be used: Ctrl-C always quits"));
        }
        if keys.is_empty() {
            Err("there is no key in an empty text; false takes every key away".into())
        } else {
            Ok(keys)
        }
    }

    /// Writes the key with ASCII only.
    pub fn plain_words(&self) -> String {
        match self.code {
            KeyCode::Up | KeyCode::Down | KeyCode::Left | KeyCode::Right => {
                let name = NAMES.iter().find(|(_, code)| *code == self.code).map_or("", |(name, _)| name);
                let modifiers = self.to_string();
                let modifiers = modifiers.trim_end_matches(['↑', '↓', '←', '→']);
                format!("{modifiers}{name}")
            }
            _ => self.to_string(),
        }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.ctrl {
            f.write_str("Ctrl-")?;
        }
        if self.alt {
            f.write_str("Alt-")?;
        }
        match self.code {
            KeyCode::Char(' ') => f.write_str("Space"),
            KeyCode::Char(c) if self.ctrl => write!(f, "{}", c.to_ascii_uppercase()),
            KeyCode::Char(c) => write!(f, "{c}"),
            KeyCode::Enter => f.write_str("Enter"),
            KeyCode::Esc => f.write_str("Esc"),
            KeyCode::Tab => f.write_str("Tab"),
            KeyCode::BackTab => f.write_str("Shift-Tab"),
            KeyCode::Backspace => f.write_str("Backspace"),
            KeyCode::Delete => f.write_str("Delete"),
            KeyCode::Insert => f.write_str("Insert"),
            KeyCode::Up => f.write_str("↑"),
            KeyCode::Down => f.write_str("↓"),
            KeyCode::Left => f.write_str("←"),
            KeyCode::Right => f.write_str("→"),
            KeyCode::Home => f.write_str("Home"),
            KeyCode::End => f.write_str("End"),
            KeyCode::PageUp => f.write_str("PgUp"),
            KeyCode::PageDown => f.write_str("PgDn"),
            KeyCode::F(n) => write!(f, "F{n}"),
            other => write!(f, "{other:?}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_key_is_read_as_it_is_shown() {
        for text in [
            "a",
            "A",
            "-",
            "/",
            "Space",
            "Enter",
            "Esc",
            "Tab",
            "Shift-Tab",
            "Backspace",
            "Delete",
            "Insert",
            "↑",
            "Home",
            "PgDn",
            "F5",
            "F12",
            "Ctrl-N",
            "Ctrl-_",
            "Ctrl-Space",
            "Alt-x",
            "ß",
        ] {
            assert_eq!(Key::parse(text).map(|key| key.to_string()), Ok(text.to_owned()), "{text}");
        }
        for (text, same) in [
            ("ctrl-n", "Ctrl-N"),
            ("C-n", "Ctrl-N"),
            ("C-x", "Ctrl-X"),
            ("M-x", "Alt-x"),
            ("space", "Space"),
            ("Down", "↓"),
            ("pagedown", "PgDn"),
            ("S-tab", "Shift-Tab"),
            ("Shift-a", "A"),
            ("Ctrl-/", "Ctrl-_"),
            ("Ctrl--", "Ctrl--"),
        ] {
            assert_eq!(Key::parse(text).map(|key| key.to_string()), Ok(same.to_owned()), "{text}");
        }
        assert_eq!(Key::parse("Down").unwrap().plain_words(), "Down");
        assert_eq!(Key::parse("Alt-Down").unwrap().plain_words(), "Alt-Down");
        let keys = Key::parse_sequence("Ctrl-X  Ctrl-S").unwrap();
        assert_eq!(keys, [Key::ctrl('x'), Key::ctrl('s')]);
    }

    #[test]
    fn what_is_no_key_is_named() {
        for (text, part) in [
            ("Entr", "did you mean \"Enter\""),
            ("Super-a", "none of Ctrl-"),
            ("Ctrl-I", "the same as for Tab"),
            ("Ctrl-C", "always quits"),
            ("Ctrl-X Ctrl-Z", "back to the shell"),
            ("Ctrl-Shift-a", "Ctrl-Shift"),
            ("Shift-F5", "letters and Tab"),
            ("F13", "no key"),
            ("", "no key"),
        ] {
            let error = Key::parse_sequence(text).unwrap_err();
            assert!(error.contains(part), "{text}: {error}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics_the_reader_and_what_is_read_is_shown_readably(text in r"(Ctrl-|C-|Alt-|Shift-)?\PC{0,6}") {
            if let Ok(key) = Key::parse(&text) {
                prop_assert_eq!(Key::parse(&key.to_string()), Ok(key));
            }
        }
    }
}

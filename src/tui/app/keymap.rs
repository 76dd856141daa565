//! Keys: how they are written, read from the terminal, and looked up.

use super::action::{ACTIONS, ActionId, Context};
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
            KeyCode::Char(c) if ctrl => KeyCode::Char(c.to_ascii_lowercase()),
            code => code,
        };
        Some(Self { code, ctrl, alt })
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

/// Finds the action of a key where the keyboard is now.
pub fn lookup(context: Context, key: Key) -> Option<ActionId> {
    ACTIONS
        .iter()
        .find(|action| action.contexts.contains(&context) && action.keys.contains(&key))
        .map(|action| action.id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn no_key_means_two_things_in_one_place() {
        for context in Context::ALL {
            let mut seen = HashSet::new();
            for action in ACTIONS.iter().filter(|action| action.contexts.contains(&context)) {
                for key in action.keys {
                    assert!(seen.insert(*key), "{key} twice in {context:?}: {}", action.name);
                }
            }
        }
    }

    #[test]
    fn no_default_key_needs_what_terminals_swallow() {
        for action in ACTIONS {
            for key in action.keys {
                assert!(!key.alt, "{key}");
                let bad = matches!(key.code, KeyCode::Char('i' | 'm' | 'h' | 'j' | '[' | 'b' | 'a'));
                assert!(!(key.ctrl && bad), "{key}");
            }
        }
    }

    #[test]
    fn every_action_is_documented_and_named_once() {
        let mut names = HashSet::new();
        for action in ACTIONS {
            assert!(!action.doc.is_empty() && !action.doc.ends_with('.'), "{}", action.name);
            assert!(names.insert(action.name), "{} twice", action.name);
            assert!(!action.contexts.is_empty(), "{}", action.name);
            assert!(action.doc.chars().count() <= 58, "the help at 80 columns cuts: {}", action.doc);
        }
    }
}

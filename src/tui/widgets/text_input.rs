//! One line of text being edited, by grapheme cluster.

use crate::sanitise;
use crate::tui::app::keymap::Key;
use crate::tui::widgets::wrap;
use crossterm::event::KeyCode;
use unicode_segmentation::UnicodeSegmentation;

/// The most characters an input takes; a value longer than this is no value.
const LIMIT: usize = 4_000;

/// A line of text and where the cursor stands in it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TextInput {
    text: String,
    /// A byte offset between two clusters.
    cursor: usize,
}

/// What a key did to an input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edit {
    Changed,
    Moved,
    /// The key is none of the input's.
    Ignored,
}

impl TextInput {
    /// Starts with a text, the cursor behind it.
    pub fn new(text: impl Into<String>) -> Self {
        let text = text.into();
        Self { cursor: text.len(), text }
    }

    /// Returns the text as it was typed.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Tells whether only white space is there.
    pub fn is_blank(&self) -> bool {
        self.text.trim().is_empty()
    }

    /// Replaces the text.
    pub fn set(&mut self, text: impl Into<String>) {
        *self = Self::new(text);
    }

    /// Inserts typed or pasted text; line breaks become spaces.
    pub fn insert(&mut self, text: &str) {
        let room = LIMIT.saturating_sub(self.text.chars().count());
        let text: String = text
            .trim_end_matches(['\r', '\n'])
            .replace("\r\n", " ")
            .chars()
            .map(|c| if matches!(c, '\n' | '\r' | '\t') { ' ' } else { c })
            .filter(|c| *c != '\0')
            .take(room)
            .collect();
        self.text.insert_str(self.cursor, &text);
        self.cursor += text.len();
        // A combining mark joins the cluster before it.
        self.align();
    }

    /// Takes a key if it edits or moves.
    pub fn key(&mut self, key: Key) -> Edit {
        match (key.code, key.ctrl, key.alt) {
            (KeyCode::Char(c), false, false) => {
                self.insert(c.encode_utf8(&mut [0; 4]));
                Edit::Changed
            }
            (KeyCode::Backspace, false, false) => self.remove(self.before()..self.cursor),
            (KeyCode::Delete, _, _) => self.remove(self.cursor..self.after()),
            (KeyCode::Char('w'), true, _) | (KeyCode::Backspace, ..) => {
                self.remove(self.word_before()..self.cursor)
            }
            (KeyCode::Char('u'), true, _) => self.remove(0..self.cursor),
            (KeyCode::Char('k'), true, _) => self.remove(self.cursor..self.text.len()),
            (KeyCode::Left, ctrl, _) => self.go(if ctrl { self.word_before() } else { self.before() }),
            (KeyCode::Right, ctrl, _) => self.go(if ctrl { self.word_after() } else { self.after() }),
            (KeyCode::Home, ..) | (KeyCode::Char('a'), true, _) => self.go(0),
            (KeyCode::End, ..) | (KeyCode::Char('e'), true, _) => self.go(self.text.len()),
            _ => Edit::Ignored,
        }
    }

    fn go(&mut self, to: usize) -> Edit {
        self.cursor = to;
        Edit::Moved
    }

    fn remove(&mut self, range: std::ops::Range<usize>) -> Edit {
        if range.is_empty() {
            return Edit::Moved;
        }
        self.cursor = range.start;
        self.text.replace_range(range, "");
        self.align();
        Edit::Changed
    }

    /// Moves the cursor to the end of the cluster it fell into.
    fn align(&mut self) {
        let aligned = self.boundaries().find(|&boundary| boundary >= self.cursor);
        self.cursor = aligned.unwrap_or(self.text.len());
    }

    fn boundaries(&self) -> impl Iterator<Item = usize> + '_ {
        self.text.grapheme_indices(true).map(|(index, _)| index).chain([self.text.len()])
    }

    fn before(&self) -> usize {
        self.boundaries().take_while(|&boundary| boundary < self.cursor).last().unwrap_or(0)
    }

    fn after(&self) -> usize {
        self.boundaries().find(|&boundary| boundary > self.cursor).unwrap_or(self.text.len())
    }

    fn word_before(&self) -> usize {
        let head = self.text[..self.cursor].trim_end();
        head.rfind(char::is_whitespace)
            .map_or(0, |index| index + head[index..].chars().next().map_or(0, char::len_utf8))
    }

    fn word_after(&self) -> usize {
        let tail = &self.text[self.cursor..];
        let start = tail.len() - tail.trim_start().len();
        self.cursor + tail[start..].find(char::is_whitespace).map_or(tail.len(), |index| start + index)
    }

    /// Returns what fits into `columns` around the cursor, and the cursor's column in it.
    pub fn visible(&self, columns: usize) -> (String, usize) {
        let head = sanitise::line(&self.text[..self.cursor], usize::MAX / 4);
        let tail = sanitise::line(&self.text[self.cursor..], usize::MAX / 4);
        let room = columns.saturating_sub(1);
        let mut from = 0;
        let mut left = wrap::width(&head);
        for (index, cluster) in head.grapheme_indices(true) {
            if left <= room {
                break;
            }
            left -= wrap::width(cluster);
            from = index + cluster.len();
        }
        let mut shown = head[from..].to_owned();
        let mut used = left;
        for cluster in tail.graphemes(true) {
            let wide = wrap::width(cluster);
            if used + wide > columns {
                break;
            }
            used += wide;
            shown.push_str(cluster);
        }
        (shown, left)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn typed(keys: &[Key]) -> TextInput {
        let mut input = TextInput::default();
        for key in keys {
            input.key(*key);
        }
        input
    }

    #[test]
    fn editing_goes_by_cluster_and_word() {
        let mut input = TextInput::new("red 👩‍👩‍👧‍👦 e\u{301}");
        input.key(Key::plain(KeyCode::Backspace));
        assert_eq!(input.text(), "red 👩‍👩‍👧‍👦 ");
        input.key(Key::plain(KeyCode::Left));
        input.key(Key::plain(KeyCode::Backspace));
        assert_eq!(input.text(), "red  ");
        input.key(Key::ctrl('w'));
        assert_eq!(input.text(), " ");
        assert_eq!(typed(&[Key::char('a'), Key::char('b'), Key::ctrl('u')]).text(), "");
    }

    #[test]
    fn pasted_lines_become_one() {
        let mut input = TextInput::default();
        input.insert("two\r\nlines\n");
        assert_eq!(input.text(), "two lines");
    }

    #[test]
    fn the_cursor_stays_in_view() {
        let input = TextInput::new("abcdefghij");
        assert_eq!(input.visible(5), ("ghij".into(), 4));
        assert_eq!(input.visible(0).1, 0);
    }

    proptest! {
        #[test]
        fn no_key_breaks_the_text(steps in prop::collection::vec((0_usize..10, r"(\PC|\u{301}|\u{200d}|👩| ){0,3}"), 0..30)) {
            let mut input = TextInput::default();
            for (step, text) in steps {
                match step {
                    0 => { input.key(Key::plain(KeyCode::Left)); }
                    1 => { input.key(Key::plain(KeyCode::Right)); }
                    2 => { input.key(Key::plain(KeyCode::Backspace)); }
                    3 => { input.key(Key::plain(KeyCode::Delete)); }
                    4 => { input.key(Key::ctrl('w')); }
                    5 => { input.key(Key::plain(KeyCode::Home)); }
                    6 => { input.key(Key { code: KeyCode::Right, ctrl: true, alt: false }); }
                    _ => input.insert(&text),
                }
                let (shown, column) = input.visible(7);
                prop_assert!(column <= 7 && wrap::width(&shown) <= 7);
            }
        }
    }
}

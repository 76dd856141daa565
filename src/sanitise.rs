//! Makes text from the database harmless before it is shown: nothing in it can move the cursor, hide or turn around.
//!
//! Control, bidirectional and zero-width characters become visible (`␛`, `⟨U+202E⟩`). What writing systems and emoji
//! need stays: joiners inside an emoji or an Indic syllable, variation selectors, up to four combining marks.

use ratatui::buffer::CellWidth;
use std::borrow::Cow;
use std::fmt::Write as _;
use unicode_segmentation::UnicodeSegmentation;

/// The most combining marks kept on one character; Vietnamese needs two, pointed Hebrew and Arabic three.
const MARKS: usize = 4;

/// The most characters with a column of their own that join a first one; an Indic syllable needs four.
const BESIDE: usize = 6;

/// What becomes of line breaks and tabs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Breaks {
    /// They become visible signs.
    Shown,
    /// Line breaks stay, tabs become spaces.
    Kept,
}

/// Returns the text as one harmless line of at most `limit` characters; longer text ends in `…`.
pub fn line(text: &str, limit: usize) -> String {
    clean(text, limit, Breaks::Shown)
}

/// Returns the text with its line breaks, harmless, of at most `limit` characters; longer text ends in `…`.
pub fn lines(text: &str, limit: usize) -> String {
    clean(text, limit, Breaks::Kept)
}

/// Returns a value as a reader can tell it from nothing: an empty one is shown as such, outer spaces are visible.
pub fn value(value: &str, limit: usize) -> String {
    if value.trim().is_empty() {
        return "(empty)".into();
    }
    let clean = line(value, limit);
    let inner = clean.trim();
    let lead = clean.len() - clean.trim_start().len();
    let trail = clean.len() - clean.trim_end().len();
    format!("{}{inner}{}", "␣".repeat(lead.min(4)), "␣".repeat(trail.min(4)))
}

/// Returns JSON that looks harmless, too: what its strings hold is the same.
pub fn json(json: &str) -> Cow<'_, str> {
    let is_loud =
        |c: char| c.is_control() && c != '\n' || is_hidden(c) || matches!(c, '\u{2028}' | '\u{2029}');
    if !json.contains(is_loud) {
        return Cow::Borrowed(json);
    }
    let mut out = String::with_capacity(json.len() + 64);
    for c in json.chars() {
        if is_loud(c) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                let _ = write!(out, "\\u{unit:04x}");
            }
        } else {
            out.push(c);
        }
    }
    Cow::Owned(out)
}

/// How often a text is cleaned at most. What stands for a hostile character may join the cluster before it, which then is
/// another one: a second time settles that.
const TIMES: usize = 3;

fn clean(text: &str, limit: usize, breaks: Breaks) -> String {
    // Nearly every text there is, on every frame.
    if text.len() <= limit && text.bytes().all(|byte| matches!(byte, 0x20..=0x7e)) {
        return text.to_owned();
    }
    let mut clean = once(text, limit, breaks);
    // What the first time left as it was, the second would, too.
    if clean == text || clean.is_ascii() {
        return clean;
    }
    for _ in 1..TIMES {
        let again = once(&clean, limit, breaks);
        if again == clean {
            break;
        }
        clean = again;
    }
    clean
}

fn once(text: &str, limit: usize, breaks: Breaks) -> String {
    let mut out = String::with_capacity(text.len().min(limit.saturating_mul(2)));
    let mut count = 0;
    for cluster in text.graphemes(true) {
        let before = out.len();
        push_cluster(&mut out, cluster, breaks);
        count += out[before..].chars().count();
        if count > limit {
            out.truncate(before);
            out.push('…');
            break;
        }
    }
    out
}

fn push_cluster(out: &mut String, cluster: &str, breaks: Breaks) {
    if let [byte @ 0x20..=0x7e] = cluster.as_bytes() {
        out.push(char::from(*byte));
        return;
    }
    let chars: Vec<char> = cluster.chars().collect();
    let mut marks = 0;
    let mut beside = 0;
    let mut dropped = 0;
    let mut previous = None;
    for (index, &c) in chars.iter().enumerate() {
        match c {
            '\r' if chars.get(index + 1) == Some(&'\n') => continue,
            '\n' | '\u{2028}' | '\u{2029}' => out.push(if breaks == Breaks::Kept { '\n' } else { '↵' }),
            '\t' => out.push_str(if breaks == Breaks::Kept { "    " } else { "⇥" }),
            c if c.is_control() => push_control(out, c),
            c if is_hidden(c) => {
                let next = chars.get(index + 1).copied();
                if marks < MARKS && may_stay(c, previous, next, chars[0]) {
                    marks += usize::from(!is_tag(c));
                    out.push(c);
                } else {
                    push_code_point(out, c);
                    previous = None;
                    continue;
                }
            }
            c if is_mark(c) => {
                if previous.is_none() {
                    // Half a syllable of Hangul draws nothing and joins nothing, either.
                    if !joins(c) {
                        push_code_point(out, c);
                        continue;
                    }
                    out.push('◌');
                }
                if marks < MARKS {
                    marks += 1;
                    out.push(c);
                } else {
                    dropped += 1;
                }
            }
            c => {
                // Signs that take a column of their own pile up sideways (U+110B0).
                if index > 0 && previous != Some('\u{200d}') {
                    beside += 1;
                    if beside > BESIDE {
                        dropped += 1;
                        continue;
                    }
                }
                // Each base of an emoji sequence may carry marks of its own.
                marks = 0;
                out.push(c);
            }
        }
        previous = Some(c);
    }
    if dropped > 0 {
        let _ = write!(out, "⟨+{dropped}⟩");
    }
}

fn push_control(out: &mut String, c: char) {
    match u32::from(c) {
        code @ 0..0x20 => out.push(char::from_u32(0x2400 + code).unwrap_or('␀')),
        0x7f => out.push('␡'),
        _ => push_code_point(out, c),
    }
}

fn push_code_point(out: &mut String, c: char) {
    let _ = write!(out, "⟨U+{:04X}⟩", u32::from(c));
}

/// Tells whether a character draws nothing, turns the text around it, or is none that everybody draws alike.
fn is_hidden(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}'
        | '\u{e000}'..='\u{f8ff}' | '\u{fdd0}'..='\u{fdef}' | '\u{fff0}'..='\u{fffb}' | '\u{fffe}' | '\u{ffff}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e0fff}' | '\u{f0000}'..='\u{10ffff}')
        || u32::from(c) & 0xfffe == 0xfffe
}

fn is_tag(c: char) -> bool {
    ('\u{e0020}'..='\u{e007f}').contains(&c)
}

/// Tells whether a hidden character does its proper work where it stands.
fn may_stay(c: char, previous: Option<char>, next: Option<char>, base: char) -> bool {
    let Some(previous) = previous else { return false };
    match c {
        '\u{fe0e}' | '\u{fe0f}' => !is_hidden(previous),
        '\u{200d}' => match next {
            Some(next) => !next.is_ascii() && !is_hidden(next) && !previous.is_ascii() && previous != c,
            None => is_mark(previous) && !is_hidden(previous) && !previous.is_ascii(),
        },
        '\u{200c}' => is_arabic(previous) || (is_mark(previous) && !is_hidden(previous)),
        c if is_tag(c) => base == '\u{1f3f4}',
        _ => false,
    }
}

fn is_arabic(c: char) -> bool {
    ('\u{620}'..='\u{6ff}').contains(&c)
}

/// Tells whether a character joins a dotted circle before it.
fn joins(c: char) -> bool {
    format!("◌{c}").graphemes(true).count() == 1
}

/// Tells whether a character combines with the one before it.
fn is_mark(c: char) -> bool {
    let mut buffer = [0; 4];
    !c.is_ascii() && c.encode_utf8(&mut buffer).cell_width() == 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::wrap;
    use proptest::prelude::*;
    use ratatui::buffer::Buffer;
    use ratatui::layout::Rect;
    use ratatui::style::Style;
    use ratatui::text::Line;

    #[test]
    fn control_and_bidirectional_characters_become_visible() {
        assert_eq!(line("a\u{1b}[2Jb", 99), "a␛[2Jb");
        assert_eq!(line("x\u{202e}gpj.exe", 99), "x⟨U+202E⟩gpj.exe");
        assert_eq!(line("zero\u{200b}width\u{feff}", 99), "zero⟨U+200B⟩width⟨U+FEFF⟩");
        assert_eq!(line("c1 \u{9b}31m \u{7f}", 99), "c1 ⟨U+009B⟩31m ␡");
        assert_eq!(line("a\r\nb\tc\rd", 99), "a↵b⇥c␍d");
        assert_eq!(lines("a\r\nb\tc\n", 99), "a\nb    c\n");
    }

    #[test]
    fn emoji_and_scripts_keep_their_joiners() {
        for text in
            ["👩‍👩‍👧‍👦 family", "👩🏽‍🚀", "❤️", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "🇩🇪", "क्षि", "می‌خواهم", "Việt Nam", "한국어", "日本語", "1️⃣"]
        {
            assert_eq!(line(text, 200), text);
        }
    }

    #[test]
    fn a_pile_of_combining_marks_is_cut_and_counted() {
        let zalgo = format!("Z{}", "\u{301}".repeat(40));
        assert_eq!(line(&zalgo, 99), format!("Z{}⟨+36⟩", "\u{301}".repeat(4)));
        assert_eq!(line("\u{301}x", 99), "◌\u{301}x");
        let wide = format!("x{}", "\u{110b0}".repeat(40));
        assert_eq!(line(&wide, 99), format!("x{}⟨+34⟩", "\u{110b0}".repeat(6)));
    }

    #[test]
    fn a_part_of_a_syllable_without_the_rest_is_shown_by_its_number() {
        assert_eq!(line("\u{d7cb}", 20), "⟨U+D7CB⟩");
        assert_eq!(line("\u{301}", 20), "◌\u{301}");
    }

    #[test]
    fn long_text_is_cut() {
        assert_eq!(line("abcdef", 3), "abc…");
        assert_eq!(line("abc", 3), "abc");
    }

    /// Whatever a database may hold.
    const HOSTILE: &str = r"(\PC|[\x00-\x1f\x7f-\x9f]|[\u{200b}-\u{200f}\u{202a}-\u{202e}\u{2060}-\u{206f}\u{feff}\u{e0001}-\u{e007f}\u{2028}\u{2029}\u{61c}]|\u{301}|\u{fe0f}|👩|क|ි|a){0,60}";

    proptest! {
        #[test]
        fn nothing_hostile_is_left(text in HOSTILE, limit in 0_usize..80) {
            let clean = line(&text, limit);
            prop_assert!(clean.chars().count() <= limit + 1);
            prop_assert!(!clean.chars().any(char::is_control));
            let turning = |c: char| matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{200b}' | '\u{feff}');
            prop_assert!(!clean.chars().any(turning));
            prop_assert!(!lines(&text, limit).chars().any(|c| c.is_control() && c != '\n'));
        }

        #[test]
        fn clean_text_is_measured_as_it_is_drawn_and_stays_as_it_is(text in HOSTILE, limit in 1_usize..80) {
            let clean = line(&text, limit);
            prop_assert_eq!(line(&clean, limit), clean.clone());
            let columns = wrap::width(&clean);
            prop_assert_eq!(columns, Line::raw(&clean).width());
            let area = Rect::new(0, 0, 700, 1);
            let mut buffer = Buffer::empty(area);
            let (end, _) = buffer.set_stringn(0, 0, &clean, 700, Style::new());
            prop_assert_eq!(usize::from(end), columns);
            let kept = lines(&text, limit);
            prop_assert_eq!(lines(&kept, limit), kept);
        }

        #[test]
        fn json_that_looks_harmless_means_the_same(text in HOSTILE) {
            let written = serde_json::to_string(&text).unwrap();
            let clean = json(&written);
            prop_assert!(!clean.contains(|c: char| c.is_control() || is_hidden(c)), "{clean}");
            prop_assert_eq!(serde_json::from_str::<String>(&clean).unwrap(), text);
        }

        #[test]
        fn plain_text_stays_as_it_is(text in "[ -~]{0,60}") {
            prop_assert_eq!(line(&text, 60), text);
        }
    }
}

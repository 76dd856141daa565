//! Text in cells: widths, cutting, wrapping. The one place that counts columns.

pub use crate::words::grouped;
use ratatui::buffer::CellWidth;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use unicode_segmentation::UnicodeSegmentation;

/// Returns the columns a sanitised text takes.
pub fn width(text: &str) -> usize {
    if text.is_ascii() {
        return text.len();
    }
    text.graphemes(true).map(|cluster| usize::from(cluster.cell_width())).sum()
}

/// Cuts a text to at most `columns`; a cut text ends in `…`.
pub fn cut(text: &str, columns: usize) -> String {
    measured(text, columns).0
}

/// Cuts a text to at most `columns`; returns how many it takes, too.
fn measured(text: &str, columns: usize) -> (String, usize) {
    let wide = width(text);
    if wide <= columns {
        return (text.to_owned(), wide);
    }
    if columns == 0 {
        return (String::new(), 0);
    }
    if text.is_ascii() {
        return (format!("{}…", &text[..columns - 1]), columns);
    }
    let mut out = String::new();
    let mut used = 0;
    for cluster in text.graphemes(true) {
        let wide = usize::from(cluster.cell_width());
        if used + wide > columns - 1 {
            break;
        }
        used += wide;
        out.push_str(cluster);
    }
    out.push('…');
    (out, used + 1)
}

/// Cuts a text to `columns` or fills it up with spaces.
pub fn pad(text: &str, columns: usize) -> String {
    let (mut out, wide) = measured(text, columns);
    out.extend(std::iter::repeat_n(' ', columns.saturating_sub(wide)));
    out
}

/// Like [`pad`], with the spaces in front.
pub fn pad_left(text: &str, columns: usize) -> String {
    let (cut, wide) = measured(text, columns);
    let mut out = " ".repeat(columns.saturating_sub(wide));
    out.push_str(&cut);
    out
}

/// A piece of text in one style.
pub type Piece = (String, Style);

/// Wraps styled text at words to lines of at most `columns`; stops after `most` lines. `\n` breaks a line.
///
/// Returns the lines, and whether all of the text is in them.
pub fn wrap(pieces: &[Piece], columns: usize, most: usize) -> (Vec<Line<'static>>, bool) {
    let columns = columns.max(1);
    let mut wrapper = Wrapper { columns, most, lines: Vec::new(), line: Vec::new(), used: 0 };
    // A word may run over the border of two pieces, so it is collected before it is placed.
    let mut word: Vec<Piece> = Vec::new();
    let mut word_width = 0;
    for (text, style) in pieces {
        for cluster in text.graphemes(true) {
            if wrapper.lines.len() >= most {
                return (wrapper.lines, false);
            }
            match cluster {
                "\n" => {
                    wrapper.place(&mut word, &mut word_width);
                    wrapper.finish_line();
                }
                " " => {
                    wrapper.place(&mut word, &mut word_width);
                    wrapper.space(*style);
                }
                cluster => {
                    let wide = usize::from(cluster.cell_width());
                    // A cluster may be wider than two columns (an emoji with a spacing mark), even than the line.
                    let (cluster, wide) = if wide > columns { ("\u{fffd}", 1) } else { (cluster, wide) };
                    if word_width + wide > columns {
                        wrapper.place(&mut word, &mut word_width);
                    }
                    word_width += wide;
                    push(&mut word, cluster, *style);
                    // Wide characters (CJK) may be parted anywhere.
                    if wide > 1 {
                        wrapper.place(&mut word, &mut word_width);
                    }
                }
            }
        }
    }
    wrapper.place(&mut word, &mut word_width);
    if !wrapper.line.is_empty() {
        wrapper.finish_line();
    }
    let all = wrapper.lines.len() <= most;
    wrapper.lines.truncate(most);
    (wrapper.lines, all)
}

fn push(pieces: &mut Vec<Piece>, text: &str, style: Style) {
    match pieces.last_mut() {
        Some((last, last_style)) if *last_style == style => last.push_str(text),
        _ => pieces.push((text.to_owned(), style)),
    }
}

struct Wrapper {
    columns: usize,
    most: usize,
    lines: Vec<Line<'static>>,
    line: Vec<Piece>,
    used: usize,
}

impl Wrapper {
    fn place(&mut self, word: &mut Vec<Piece>, word_width: &mut usize) {
        if word.is_empty() {
            return;
        }
        if self.used + *word_width > self.columns && self.used > 0 {
            self.finish_line();
        }
        for (text, style) in word.drain(..) {
            push(&mut self.line, &text, style);
        }
        self.used += *word_width;
        *word_width = 0;
    }

    fn space(&mut self, style: Style) {
        if self.used >= self.columns {
            self.finish_line();
        } else if self.used > 0 || self.lines.len() < self.most {
            push(&mut self.line, " ", style);
            self.used += 1;
        }
    }

    fn finish_line(&mut self) {
        let spans: Vec<Span<'static>> =
            self.line.drain(..).map(|(text, style)| Span::styled(text, style)).collect();
        self.lines.push(Line::from(spans));
        self.used = 0;
    }
}

/// Returns the text with its first letter in upper case.
pub fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

/// Writes the first letter small.
pub fn uncapitalised(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_lowercase().chain(chars).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn wrapped(text: &str, columns: usize) -> Vec<String> {
        wrap(&[(text.into(), Style::new())], columns, 99).0.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn lines_break_at_words_and_long_words_are_parted() {
        assert_eq!(wrapped("a quick brown fox", 8), ["a quick ", "brown ", "fox"]);
        assert_eq!(wrapped("abcdefghij", 4), ["abcd", "efgh", "ij"]);
        assert_eq!(wrapped("one\n\ntwo", 9), ["one", "", "two"]);
        assert_eq!(wrapped("日本語日本", 5), ["日本", "語日", "本"]);
    }

    #[test]
    fn a_cut_text_says_so() {
        assert_eq!(cut("abcdef", 4), "abc…");
        assert_eq!(cut("日本語", 5), "日本…");
        assert_eq!(cut("日本語", 4), "日…");
        assert_eq!(cut("abc", 0), "");
        assert_eq!(pad("ab", 4), "ab  ");
        assert_eq!(pad_left("ab", 4), "  ab");
        assert_eq!(grouped(1_234_567), "1,234,567");
    }

    #[test]
    fn a_cluster_wider_than_the_line_is_replaced() {
        let family = "👩\u{200d}👩\u{200d}👧\u{200d}👦𑂰";
        assert!(width(family) > 2);
        let (lines, all) = wrap(&[(family.to_owned(), Style::new())], 2, 50);
        assert!(all && lines == [Line::from("\u{fffd}")], "{lines:?}");
    }

    /// Text as catalogues have it: CJK, Korean in parts, emoji sequences and flags, marks, Indic syllables, right-to-left.
    fn text() -> impl Strategy<Value = String> {
        r"(\PC|\n| |日本|한|\u{1112}\u{1161}\u{11ab}|👩‍👩‍👧‍👦|👍🏽|🇫🇷|❤️|e\u{301}\u{323}|क्षि|சொ|ตั๊ก|حذاء|שָׁלוֹם|\u{200d}){0,60}"
            .prop_map(|text| crate::sanitise::lines(&text, 500))
    }

    proptest! {
        #[test]
        fn a_cut_or_padded_text_is_as_wide_as_asked_and_parts_no_cluster(text in text(), columns in 0_usize..30) {
            let text = crate::sanitise::line(&text, 500);
            let cut = cut(&text, columns);
            prop_assert!(width(&cut) <= columns, "{cut:?} in {columns}");
            let kept = cut.strip_suffix('…').unwrap_or(&cut);
            let is_boundary = |at: usize| at == text.len() || text.grapheme_indices(true).any(|(index, _)| index == at);
            prop_assert!(cut == text || text.starts_with(kept) && is_boundary(kept.len()), "{text:?} cut to {cut:?}");
            prop_assert_eq!(width(&pad(&text, columns)), columns);
            prop_assert_eq!(width(&pad_left(&text, columns)), columns);
        }

        #[test]
        fn wrapped_text_is_all_there_and_no_line_ends_within_a_cluster(text in text(), columns in 12_usize..40) {
            let (lines, all) = wrap(&[(text.clone(), Style::new())], columns, 600);
            prop_assert!(all);
            let is_shown = |cluster: &&str| !matches!(*cluster, " " | "\n" | "\u{fffd}") && usize::from(cluster.cell_width()) <= columns;
            let mut clusters = text.graphemes(true).filter(is_shown);
            for line in &lines {
                let line = line.to_string();
                let mut rest = line.as_str();
                while !rest.trim_matches([' ', '\u{fffd}']).is_empty() {
                    let Some(cluster) = clusters.next() else { break };
                    // A mark may stand on a space of its own; plain spaces, and what stands for too wide a cluster, are
                    // not looked for.
                    while !rest.starts_with(cluster)
                        && let Some(behind) = rest.strip_prefix([' ', '\u{fffd}'])
                    {
                        rest = behind;
                    }
                    prop_assert!(rest.starts_with(cluster), "{cluster:?} is not whole in {line:?} of {text:?}");
                    rest = &rest[cluster.len()..];
                }
            }
            prop_assert_eq!(clusters.next(), None);
        }

        #[test]
        fn no_line_is_wider_than_asked(text in r"(\PC|\n|👩‍👩‍👧‍👦|日){0,80}", columns in 2_usize..30) {
            let text = crate::sanitise::lines(&text, 500);
            let (lines, _) = wrap(&[(text, Style::new())], columns, 50);
            for line in lines {
                let wide: usize = line.spans.iter().map(|span| width(&span.content)).sum();
                prop_assert!(wide <= columns, "{line:?}");
            }
        }
    }
}

//! The signs that gapdeck draws, and what stands for each where the terminal has ASCII only.
//!
//! Screens draw the signs as they are; [`Glyphs::apply`] replaces them in the finished frame, in one place, one column for one
//! column. Text of the data stays what it is, apart from the same signs in it.

use ratatui::buffer::Buffer;

/// Which signs are drawn.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Glyphs {
    #[default]
    Unicode,
    Ascii,
}

/// Every sign that is not ASCII, and what stands for it.
const ASCII: &[(char, &str)] = &[
    // Borders and rules.
    ('─', "-"),
    ('│', "|"),
    ('╭', "+"),
    ('╮', "+"),
    ('╰', "+"),
    ('╯', "+"),
    ('┌', "+"),
    ('┐', "+"),
    ('└', "+"),
    ('┘', "+"),
    ('├', "+"),
    ('┤', "+"),
    ('┬', "+"),
    ('┴', "+"),
    ('┼', "+"),
    ('━', "="),
    ('┃', "|"),
    // The cursor, bars and charts.
    ('▌', ">"),
    ('█', "#"),
    ('▓', "="),
    ('▒', "-"),
    ('░', "."),
    ('•', "*"),
    ('▄', "."),
    ('▀', "'"),
    // Marks of gaps and decisions.
    ('✓', "v"),
    ('✎', "e"),
    ('✗', "x"),
    ('∅', "0"),
    ('»', ">"),
    ('≠', "#"),
    ('½', "2"),
    ('⇄', "&"),
    ('≈', "~"),
    ('↶', "<"),
    ('≡', "="),
    ('“', "\""),
    ('●', "*"),
    ('▲', "^"),
    ('▼', "v"),
    // What stands for a character that would not be seen.
    ('␣', "_"),
    ('↵', "$"),
    ('⇥', ">"),
    ('◌', "o"),
    ('⟨', "<"),
    ('⟩', ">"),
    // Between words.
    ('·', "-"),
    ('–', "-"),
    ('…', "~"),
    ('›', ">"),
    ('→', ">"),
    ('←', "<"),
    ('↑', "^"),
    ('↓', "v"),
];

impl Glyphs {
    /// Returns the signs of a name; `auto` is ASCII where the locale says that its characters are not UTF-8.
    pub fn named(name: &str, locale: Option<&str>) -> Self {
        match name {
            "ascii" => Self::Ascii,
            "unicode" => Self::Unicode,
            _ => match locale {
                Some(locale) if !is_utf8(locale) => Self::Ascii,
                _ => Self::Unicode,
            },
        }
    }

    /// Replaces what a terminal of ASCII cannot show.
    pub fn apply(self, buffer: &mut Buffer) {
        if self == Self::Unicode {
            return;
        }
        for cell in &mut buffer.content {
            let symbol = cell.symbol();
            if symbol.is_ascii() {
                continue;
            }
            let mut characters = symbol.chars();
            if let (Some(sign), None) = (characters.next(), characters.next())
                && let Some(plain) = plain(sign)
            {
                cell.set_symbol(plain);
            }
        }
    }
}

fn plain(sign: char) -> Option<&'static str> {
    // The dots of charts, by how many there are.
    if let Some(dots @ 0..=255) = u32::from(sign).checked_sub(0x2800) {
        return Some(match dots.count_ones() {
            0 => " ",
            1 | 2 => ".",
            3 | 4 => "+",
            _ => "*",
        });
    }
    // Pictures of control characters.
    if ('\u{2400}'..='\u{2421}').contains(&sign) {
        return Some("?");
    }
    ASCII.iter().find(|(one, _)| *one == sign).map(|(_, plain)| *plain)
}

/// Tells whether a locale's characters are UTF-8; a locale that names none leaves the terminal to be what most are.
fn is_utf8(locale: &str) -> bool {
    if locale == "C" || locale == "POSIX" {
        return false;
    }
    let Some((_, charset)) = locale.split_once('.') else { return true };
    let charset = charset.split('@').next().unwrap_or_default().to_lowercase();
    charset.replace('-', "") == "utf8"
}

/// Returns the locale of the process's characters, where the environment names one.
pub fn locale() -> Option<String> {
    let value = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use std::path::Path;

    #[test]
    fn the_locale_says_which_signs_there_are() {
        for (locale, wanted) in [
            (None, Glyphs::Unicode),
            (Some("C"), Glyphs::Ascii),
            (Some("POSIX"), Glyphs::Ascii),
            (Some("C.UTF-8"), Glyphs::Unicode),
            (Some("de_DE.utf8"), Glyphs::Unicode),
            (Some("de_DE.ISO-8859-15@euro"), Glyphs::Ascii),
            (Some("en_US"), Glyphs::Unicode),
        ] {
            assert_eq!(Glyphs::named("auto", locale), wanted, "{locale:?}");
            assert_eq!(Glyphs::named("unicode", locale), Glyphs::Unicode);
            assert_eq!(Glyphs::named("ascii", locale), Glyphs::Ascii);
        }
    }

    #[test]
    fn every_sign_is_replaced_by_one_column() {
        let mut seen = BTreeSet::new();
        for (sign, plain) in ASCII {
            assert!(seen.insert(sign), "{sign} twice");
            assert!(plain.is_ascii() && plain.len() == 1, "{sign}");
            assert_eq!(unicode_width::UnicodeWidthChar::width(*sign), Some(1), "{sign}");
        }
    }

    /// Returns the signs that a source file draws: those of its code, without comments and tests.
    fn drawn(source: &str) -> impl Iterator<Item = char> + '_ {
        let code = source.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
        let lines = code.lines().filter(|line| !line.trim_start().starts_with("//"));
        lines.flat_map(|line| line.chars()).filter(|c| !c.is_ascii())
    }

    fn sources(directory: &Path, visit: &mut dyn FnMut(&Path, &str)) {
        for entry in std::fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() && name != "tests" {
                sources(&path, visit);
            } else if path.extension().is_some_and(|end| end == "rs")
                && !["tests.rs", "fixture.rs"].contains(&name.as_str())
            {
                visit(&path, &std::fs::read_to_string(&path).unwrap());
            }
        }
    }

    #[test]
    fn no_screen_draws_a_sign_without_one_of_ascii() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let mut check = |path: &Path, source: &str| {
            for sign in drawn(source) {
                assert!(plain(sign).is_some(), "{sign} in {} has no ASCII sign", path.display());
            }
        };
        sources(&root.join("tui"), &mut check);
        let path = root.join("sanitise.rs");
        check(&path, &std::fs::read_to_string(&path).unwrap());
    }
}

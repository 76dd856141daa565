//! The one table of settings: the loader's names, `gapdeck config` and `docs/configuration.md` are made from it.

use super::age;
use super::document::Literal;
use super::problem::{Part, did_you_mean};

/// What a setting takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Takes {
    Text,
    /// A directory or file.
    Path,
    /// A database's URL; its password is never shown.
    Url,
    Urls,
    /// A number of seconds.
    Seconds,
    /// `90s`, `15m`, `24h`, `7d`; `0` for never.
    Age,
    /// True or false.
    Switch,
    /// One of some words.
    Word(&'static [&'static str]),
}

/// A setting.
#[derive(Debug)]
pub struct Setting {
    /// The name in the file, with the table it stands in.
    pub name: &'static str,
    pub takes: Takes,
    /// What holds where nobody sets it, as TOML; empty where that is no fixed value.
    pub default: &'static str,
    /// What holds then, in words.
    pub otherwise: &'static str,
    /// The variable of the environment.
    pub variable: Option<&'static str>,
    /// The option on the command line.
    pub flag: Option<&'static str>,
    pub part: Part,
    /// One line.
    pub doc: &'static str,
}

/// The looks that are built in.
pub const THEMES: &[&str] = &["dark", "light", "high-contrast", "mono"];
/// When colours are used.
pub const COLOUR: &[&str] = &["auto", "always", "never"];
/// Which signs are drawn.
pub const GLYPHS: &[&str] = &["auto", "unicode", "ascii"];
/// Whether things move.
pub const MOTION: &[&str] = &["full", "reduced"];
/// The sets of keys that are built in.
pub const PRESETS: &[&str] = &["vim", "arrows", "emacs"];

macro_rules! settings {
    ($( $name:literal, $takes:expr, $default:literal, $otherwise:literal, $variable:expr, $flag:expr, $part:ident, $doc:literal; )*) => {
        /// Every setting, in the order in which people read of them.
        pub static SETTINGS: &[Setting] = &[$(
            Setting {
                name: $name,
                takes: $takes,
                default: $default,
                otherwise: $otherwise,
                variable: $variable,
                flag: $flag,
                part: Part::$part,
                doc: $doc,
            },
        )*];
    };
}

settings! {
    "reviewer", Takes::Text, "", "the login name", Some("GAPDECK_REVIEWER"), Some("--reviewer"), Data, "Who decides";
    "database_url", Takes::Url, "", "the embedded database", Some("DATABASE_URL"), Some("--database-url"), Data, "The shared server: postgres://user@host/database?sslmode=verify-full";
    "data_dir", Takes::Path, "", "the platform's data directory", Some("GAPDECK_DATA_DIR"), Some("--data-dir"), Data, "The directory of the embedded database; on the command line it wins over a server named elsewhere";
    "read_urls", Takes::Urls, "[]", "none", Some("GAPDECK_READ_URLS"), Some("--read-url"), Data, "Standbys of the shared server, to read from what may lag";
    "max_replica_lag", Takes::Seconds, "10", "", Some("GAPDECK_MAX_REPLICA_LAG"), Some("--max-replica-lag"), Data, "How far a standby may lag to be read, in seconds, from 0.1 to 86400";
    "refresh_views_after", Takes::Age, "\"24h\"", "", None, None, Data, "The age from which on gapdeck refreshes the materialised views by itself: 90s, 15m, 24h, 7d; 0 for never";
    "color", Takes::Word(COLOUR), "\"auto\"", "", Some("GAPDECK_COLOR"), Some("--color"), Screen, "When colours are used; auto honours NO_COLOR, never is the theme mono";
    "glyphs", Takes::Word(GLYPHS), "\"auto\"", "", Some("GAPDECK_GLYPHS"), None, Screen, "Which signs marks, borders and bars are made of; auto is ascii where the locale is not UTF-8";
    "motion", Takes::Word(MOTION), "\"full\"", "", Some("GAPDECK_MOTION"), None, Screen, "With reduced, nothing on the screen moves by itself more than once a second";
    "resume", Takes::Switch, "true", "", None, None, Screen, "Whether filter, sort order, place and screen come back as you left them";
    "mouse", Takes::Switch, "false", "", None, None, Screen, "Whether the mouse is on from the start; a key turns it on and off";
    "title", Takes::Switch, "true", "", None, None, Screen, "Whether the terminal's window is called after the database";
    "theme.name", Takes::Word(THEMES), "\"dark\"", "", Some("GAPDECK_THEME"), Some("--theme"), Screen, "The look, in the terminal's own 16 colours";
    "keys.preset", Takes::Word(PRESETS), "\"vim\"", "", Some("GAPDECK_KEYS"), None, Screen, "The set of keys that [keys] changes";
}

/// The tables whose names the terminal application knows: what is in them is read there.
pub const OPEN_TABLES: [&str; 2] = ["keys", "theme"];

impl Setting {
    /// Returns a setting by its name.
    pub fn named(name: &str) -> Option<&'static Self> {
        SETTINGS.iter().find(|setting| setting.name == name)
    }

    /// Checks what the file says; returns why it cannot be used.
    pub fn check(&self, value: &Literal) -> Result<(), String> {
        let wanted = |what: &str| Err(format!("{} takes {what}, not {}", self.name, value.kind()));
        match (self.takes, value) {
            (Takes::Text | Takes::Path | Takes::Url, Literal::Text(_))
            | (Takes::Seconds, Literal::Number(_))
            | (Takes::Switch, Literal::Flag(_)) => Ok(()),
            (Takes::Urls, Literal::List(items))
                if items.iter().all(|item| matches!(item, Literal::Text(_))) =>
            {
                Ok(())
            }
            (Takes::Age, Literal::Text(text)) => {
                age::parse(text).map(drop).map_err(|reason| format!("{}: {reason}", self.name))
            }
            (Takes::Word(words), Literal::Text(text)) => self.word(words, text).map(drop),
            (Takes::Text | Takes::Path | Takes::Url | Takes::Word(_), _) => wanted("a text"),
            (Takes::Age, _) => wanted("a text like \"24h\""),
            (Takes::Urls, _) => wanted("a list of URLs"),
            (Takes::Seconds, _) => wanted("a number of seconds"),
            (Takes::Switch, _) => wanted("true or false"),
        }
    }

    fn word(&self, words: &'static [&'static str], text: &str) -> Result<&'static str, String> {
        words.iter().find(|word| **word == text).copied().ok_or_else(|| {
            let meant = did_you_mean(text, words.iter().copied());
            format!("{} has no \"{text}\", only {}{meant}", self.name, words.join(", "))
        })
    }

    /// Returns the word of its set that a text is, or why it is none.
    pub fn read_word(&self, text: &str) -> Result<&'static str, String> {
        match self.takes {
            Takes::Word(words) => self.word(words, text),
            _ => Err(format!("{} is no choice of words", self.name)),
        }
    }

    /// Says what it takes, for a reader.
    pub fn takes_in_words(&self) -> String {
        match self.takes {
            Takes::Text => "text".into(),
            Takes::Path => "directory".into(),
            Takes::Url => "URL".into(),
            Takes::Urls => "list of URLs".into(),
            Takes::Seconds => "seconds".into(),
            Takes::Age => "age".into(),
            Takes::Switch => "true, false".into(),
            Takes::Word(words) => words.join(", "),
        }
    }
}

/// Says that there is no setting of a name.
pub fn unknown(name: &str) -> String {
    let known = SETTINGS.iter().map(|setting| setting.name);
    format!("there is no setting \"{name}\"{}", did_you_mean(name, known))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;
    use std::collections::HashSet;

    #[test]
    fn every_setting_is_documented_once_and_its_default_can_be_used() {
        let mut names = HashSet::new();
        for setting in SETTINGS {
            assert!(names.insert(setting.name), "{} twice", setting.name);
            assert!(!setting.doc.is_empty() && !setting.doc.ends_with('.'), "{}", setting.name);
            assert!(setting.default.is_empty() != setting.otherwise.is_empty() || setting.default == "[]");
            if !setting.default.is_empty() {
                let text = format!("x = {}", setting.default);
                let document = super::super::document::Document::parse(std::path::Path::new("d"), &text);
                assert_eq!(setting.check(&document.entries[0].value), Ok(()), "{}", setting.name);
            }
        }
    }

    #[test]
    fn every_option_and_variable_of_the_command_line_is_in_the_table() {
        let command = crate::cli::Cli::command();
        for setting in SETTINGS {
            let Some(flag) = setting.flag else { continue };
            let argument = command
                .get_arguments()
                .find(|one| one.get_long().is_some_and(|long| flag.strip_prefix("--") == Some(long)));
            let argument = argument.unwrap_or_else(|| panic!("no {flag}"));
            if setting.part == Part::Data {
                let variable = argument.get_env().map(|name| name.to_string_lossy().into_owned());
                assert_eq!(variable.as_deref(), setting.variable, "{flag}");
            }
        }
    }

    #[test]
    fn a_value_of_another_kind_is_named() {
        let setting = Setting::named("max_replica_lag").unwrap();
        let reason = setting.check(&Literal::Text("10".into())).unwrap_err();
        assert_eq!(reason, "max_replica_lag takes a number of seconds, not a text");
        let setting = Setting::named("theme.name").unwrap();
        let reason = setting.check(&Literal::Text("lihgt".into())).unwrap_err();
        assert!(reason.contains("did you mean \"light\""), "{reason}");
        assert!(unknown("data_dri").contains("did you mean \"data_dir\""));
    }
}

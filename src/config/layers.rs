//! What was given, the environment and the file, one over the other.

use super::document::{Document, Entry, Literal};
use super::print::{Value, quoted};
use super::problem::{Part, Problem, nearest};
use super::settings::{self, OPEN_TABLES, SETTINGS, Setting};
use super::{Origin, Sourced};

/// The places where a value may stand, and what was found there.
pub(super) struct Layers<'a> {
    document: &'a Document,
    pub(super) values: Vec<Value>,
    pub(super) problems: Vec<Problem>,
}

impl<'a> Layers<'a> {
    /// Starts with the defaults.
    pub(super) fn new(document: &'a Document) -> Self {
        let text =
            |setting: &Setting| if setting.otherwise.is_empty() { setting.default } else { "" }.to_owned();
        let values = SETTINGS
            .iter()
            .map(|setting| Value { name: setting.name.into(), text: text(setting), origin: Origin::Default })
            .collect();
        Self { document, values, problems: document.problems.clone() }
    }

    /// Notes what a setting's default comes down to here.
    pub(super) fn show(&mut self, name: &str, text: String) {
        if let Some(value) = self.values.iter_mut().find(|value| value.name == name) {
            value.text = text;
        }
    }

    /// Takes what was given, or else what the file says; a value of the file that cannot be used is a problem.
    pub(super) fn take<T>(
        &mut self,
        name: &str,
        given: Option<(T, Origin)>,
        read: impl Fn(&Literal) -> Result<T, String>,
        shown: impl Fn(&T) -> String,
    ) -> Option<Sourced<T>> {
        let setting = Setting::named(name)?;
        let from_file = || {
            // A look is one word: `theme = "light"` says it too.
            let short = name.strip_suffix(".name").and_then(|table| self.document.get(table));
            let entry = self.document.get(name).or(short)?;
            match setting.check(&entry.value).and_then(|()| read(&entry.value)) {
                Ok(value) => Some(Ok((value, self.document.origin(entry)))),
                Err(reason) => Some(Err(self.document.problem(entry, reason, setting.part))),
            }
        };
        let (value, origin) = match given.map(Ok).or_else(from_file)? {
            Ok(found) => found,
            Err(problem) => {
                self.problems.push(problem);
                return None;
            }
        };
        self.show(name, shown(&value));
        if let Some(shown) = self.values.iter_mut().find(|value| value.name == name) {
            shown.origin = origin.clone();
        }
        Some(Sourced { value, origin })
    }

    /// Takes one of a setting's words: from the command line, the environment, the file, or by default.
    pub(super) fn word(&mut self, name: &'static str, flag: Option<&str>) -> &'static str {
        let Some(setting) = Setting::named(name) else { return "" };
        let mut given = None;
        if let Some(word) = flag.and_then(|word| setting.read_word(word).ok()) {
            given = Some((word, Origin::Flag(setting.flag.unwrap_or_default())));
        } else if let Some((variable, word)) = setting
            .variable
            .and_then(|name| Some((name, std::env::var(name).ok()?)))
            .filter(|(_, word)| !word.is_empty())
        {
            match setting.read_word(&word) {
                Ok(word) => given = Some((word, Origin::Environment(variable))),
                Err(what) => {
                    let place = format!("{variable} in the environment");
                    self.problems.push(Problem { place, what, part: setting.part });
                }
            }
        }
        let read = |value: &Literal| setting.read_word(&text(value)?);
        match self.take(name, given, read, |word| quoted(word)) {
            Some(word) => word.value,
            None => setting.read_word(setting.default.trim_matches('"')).unwrap_or_default(),
        }
    }

    /// Takes whether something is on: as the file says, or by default.
    pub(super) fn switch(&mut self, name: &str) -> bool {
        let read = |value: &Literal| match value {
            Literal::Flag(flag) => Ok(*flag),
            other => Err(format!("true or false is wanted, not {}", other.kind())),
        };
        let default = Setting::named(name).is_some_and(|setting| setting.default == "true");
        self.take(name, None, read, ToString::to_string).map_or(default, |switch| switch.value)
    }

    /// Returns what stands in the open tables and is no setting.
    pub(super) fn tables(&mut self) -> Vec<(Entry, Origin)> {
        let document = self.document;
        let open = document.entries.iter().filter(|entry| {
            entry.path.len() > 1
                && OPEN_TABLES.contains(&entry.path[0].as_str())
                && Setting::named(&entry.name()).is_none()
        });
        open.map(|entry| (entry.clone(), document.origin(entry))).collect()
    }

    /// Makes a problem of every name that no setting has.
    pub(super) fn refuse_unknown(&mut self) {
        for entry in &self.document.entries {
            let table = entry.path[0].as_str();
            let is_open = OPEN_TABLES.contains(&table);
            let is_short = entry.path.len() == 1 && Setting::named(&format!("{table}.name")).is_some();
            if is_short || is_open && entry.path.len() > 1 || Setting::named(&entry.name()).is_some() {
                continue;
            }
            let part = if is_open { Part::Screen } else { Part::Data };
            self.problems.push(self.document.problem(entry, settings::unknown(&entry.name()), part));
        }
    }

    /// Tells whether something that cannot be used may have been a database's name.
    pub(super) fn may_have_named_a_database(&self) -> bool {
        let names = ["database_url", "data_dir"];
        // What was not understood at all may have been anything.
        !self.document.problems.is_empty()
            || self.document.entries.iter().any(|entry| {
                let name = entry.name();
                let setting = Setting::named(&name);
                match setting {
                    Some(setting) => names.contains(&setting.name) && setting.check(&entry.value).is_err(),
                    None => entry.path.iter().any(|part| nearest(part, names).is_some()),
                }
            })
    }
}

/// Reads a text.
pub(super) fn text(value: &Literal) -> Result<String, String> {
    match value {
        Literal::Text(text) => Ok(text.clone()),
        other => Err(format!("a text is wanted, not {}", other.kind())),
    }
}

/// Reads a list of texts.
pub(super) fn texts(value: &Literal) -> Result<Vec<String>, String> {
    match value {
        Literal::List(items) => items.iter().map(text).collect(),
        other => Err(format!("a list is wanted, not {}", other.kind())),
    }
}

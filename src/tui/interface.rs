//! How the terminal application looks and is used, as the settings say.

use super::Identity;
use super::app::State;
use super::app::action::{ACTIONS, Context, Group};
use super::app::bindings::Keymap;
use super::app::keymap::Key;
use super::app::tour::Tour;
use super::glyphs::{self, Glyphs};
use super::overlays::{Notice, Overlay};
use super::theme::{Role, Theme, parse_style, style_words};
use crate::config::document::{Entry, Literal};
use crate::config::print::{Value, quoted};
use crate::config::problem::{Part, Problem, did_you_mean};
use crate::config::{Origin, Screen, settings};
use chrono::Utc;
use ratatui::layout::Size;
use ratatui::style::Style;
use std::fmt::Write;
use std::path::PathBuf;
use std::time::Instant;

/// Whether things on the screen move by themselves.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Motion {
    #[default]
    Full,
    /// Nothing moves more than once a second.
    Reduced,
}

/// How the terminal application looks and is used.
#[derive(Debug)]
pub struct Interface {
    pub(super) keymap: &'static Keymap,
    pub(super) theme: Theme,
    pub(super) glyphs: Glyphs,
    pub(super) motion: Motion,
    /// The file that is there once somebody has seen the tour.
    tour: Option<PathBuf>,
    /// Whether colours reach the terminal.
    pub(super) has_colour: bool,
    /// What of the tables holds.
    pub values: Vec<Value>,
    /// What cannot be used; a default holds.
    pub problems: Vec<Problem>,
}

impl Interface {
    /// Reads the settings of the screen and the tables that belong to it.
    pub fn new(screen: &Screen) -> Self {
        let has_no_colour = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let has_colour = match screen.colour {
            "always" => true,
            "never" => false,
            _ => !has_no_colour,
        };
        Self::of(screen, has_colour, glyphs::locale().as_deref())
    }

    fn of(screen: &Screen, has_colour: bool, locale: Option<&str>) -> Self {
        let glyphs = Glyphs::named(screen.glyphs, locale);
        let (mut keymap, mut problems) = Keymap::configured(screen.preset, &screen.tables);
        keymap.set_ascii(glyphs == Glyphs::Ascii);
        let mut roles = Vec::new();
        for (entry, origin) in screen.tables.iter().filter(|(entry, _)| entry.path[0] == "theme") {
            match role(entry) {
                Ok((role, style)) => {
                    let style = if has_colour { style } else { Style { fg: None, bg: None, ..style } };
                    roles.push((role, style));
                }
                Err(what) => problems.push(Problem { place: origin.to_string(), what, part: Part::Screen }),
            }
        }
        let theme = if has_colour { Theme::named(screen.theme) } else { Theme::Mono }.with(&roles);
        let wrong: Vec<&str> = problems.iter().map(|problem| problem.place.as_str()).collect();
        let values = screen.tables.iter().filter(|(_, origin)| !wrong.contains(&origin.to_string().as_str()));
        Self {
            keymap: keymap.kept(),
            theme,
            glyphs,
            motion: if screen.motion == "reduced" { Motion::Reduced } else { Motion::Full },
            tour: None,
            has_colour,
            values: values.map(value).collect(),
            problems,
        }
    }

    /// Tells of other problems too, before these.
    #[must_use]
    pub fn with_problems(mut self, problems: &[Problem]) -> Self {
        self.problems.splice(0..0, problems.iter().cloned());
        self
    }

    /// Shows the tour, unless the file says that somebody has seen it.
    #[must_use]
    pub fn with_tour(mut self, seen: PathBuf) -> Self {
        self.tour = Some(seen);
        self
    }

    /// Notes that the tour is seen; returns whether it is the first time.
    fn begins_tour(&self) -> bool {
        let Some(seen) = &self.tour else { return false };
        if seen.exists() {
            return false;
        }
        let noted =
            seen.parent().map_or(Ok(()), std::fs::create_dir_all).and_then(|()| std::fs::write(seen, ""));
        if let Err(error) = noted {
            tracing::warn!(%error, path = %seen.display(), "the tour will be shown again");
        }
        true
    }

    /// Starts with nothing but the start screen, made to look and behave so.
    pub(super) fn state(self, identity: Identity, size: Size) -> State {
        let mut state = State::new(identity, size, Instant::now(), Utc::now());
        self.apply(&mut state);
        state
    }

    /// Makes a new state look and behave so, and tell what is wrong.
    pub(super) fn apply(self, state: &mut State) {
        state.theme = self.theme;
        state.keymap = self.keymap;
        state.glyphs = self.glyphs;
        state.motion = self.motion;
        state.tour = self.begins_tour().then(Tour::default);
        if !self.problems.is_empty() {
            let problems = self.problems.iter().map(ToString::to_string).collect();
            state.overlay = Some(Overlay::Notice(Notice::new(problems)));
        }
    }

    /// Returns the table of roles for a configuration file: each with its style in the dark look, as a comment.
    pub fn default_roles() -> String {
        let mut text = String::from(
            "\n[theme.roles]\n# How a kind of text looks: bold, dim, italic, underlined, reversed, a colour, \"on\" a colour; plain.\n\
             # Colours: default, black, red, green, yellow, blue, magenta, cyan, white, and bright-red and so on.\n",
        );
        for (role, name) in Role::ALL {
            let _ = writeln!(text, "# {name} = {}", quoted(&style_words(Theme::Dark.style(role))));
        }
        text
    }

    /// Returns the tables of keys for a configuration file: every action with its keys, as a comment.
    pub fn default_keys() -> String {
        let places: Vec<&str> = Context::ALL.into_iter().map(Context::name).collect();
        let mut text = format!(
            "\n# A key, a list of keys, or false for none; keys one after another: \"g g\", \"Ctrl-X s\". [keys.common] holds\n\
             # wherever the action works, [keys.PLACE] in one place: {}.\n[keys.common]\n",
            places.join(", ")
        );
        for group in Group::ALL {
            let _ = writeln!(text, "# {}", group.label());
            for action in ACTIONS.iter().filter(|action| action.group == group) {
                // Without those that are always there.
                let keys = action.keys.iter().map(Key::plain_words);
                let keys: Vec<String> =
                    keys.filter(|key| Key::parse_sequence(key).is_ok()).map(|key| quoted(&key)).collect();
                let keys = if keys.is_empty() { "false".into() } else { format!("[{}]", keys.join(", ")) };
                let _ = writeln!(text, "# {} = {keys}  # {}", action.config_name(), action.doc);
            }
        }
        text
    }
}

/// Reads a line of the table of roles.
fn role(entry: &Entry) -> Result<(Role, Style), String> {
    let [_, table, name] = entry.path.as_slice() else { return Err(settings::unknown(&entry.name())) };
    if table != "roles" {
        return Err(settings::unknown(&entry.name()));
    }
    let known = || Role::ALL.into_iter().map(|(_, name)| name);
    let Some((role, _)) = Role::ALL.into_iter().find(|(_, one)| one == name) else {
        return Err(format!("there is no role \"{name}\"{}", did_you_mean(name, known())));
    };
    match &entry.value {
        Literal::Text(text) => Ok((role, parse_style(text).map_err(|reason| format!("{name}: {reason}"))?)),
        other => Err(format!("{name} takes a text like \"bold blue\", not {}", other.kind())),
    }
}

fn value((entry, origin): &(Entry, Origin)) -> Value {
    fn words(value: &Literal) -> String {
        match value {
            Literal::Text(text) => quoted(text),
            Literal::Flag(flag) => flag.to_string(),
            Literal::Number(number) => number.to_string(),
            Literal::List(items) => format!("[{}]", items.iter().map(words).collect::<Vec<_>>().join(", ")),
            Literal::Other => String::new(),
        }
    }
    Value { name: entry.name(), text: words(&entry.value), origin: origin.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::document::Document;
    use crate::config::print::default_file;
    use crate::config::settings::Setting;
    use proptest::prelude::*;
    use ratatui::style::{Color, Modifier};
    use std::path::Path;

    fn interface(text: &str, has_colour: bool) -> Interface {
        let document = Document::parse(Path::new("config.toml"), text);
        let tables = document.entries.iter().filter(|entry| {
            ["keys", "theme"].contains(&entry.path[0].as_str()) && Setting::named(&entry.name()).is_none()
        });
        let tables = tables.map(|entry| (entry.clone(), document.origin(entry))).collect();
        let screen = Screen {
            theme: "dark",
            preset: "vim",
            glyphs: "ascii",
            motion: "reduced",
            tables,
            ..Screen::default()
        };
        Interface::of(&screen, has_colour, None)
    }

    #[test]
    fn a_role_is_changed_and_a_mistake_keeps_the_looks_own() {
        let text = "[theme.roles]\naccent = 'bold red'\nacent = 'red'\ngood = 'gren'\nbad = 7\n[theme.rolls]\nx = ''\n";
        let interface = interface(text, true);
        assert_eq!(interface.theme.style(Role::Accent).fg, Some(Color::Red));
        assert_eq!(interface.theme.style(Role::Good), Theme::Dark.style(Role::Good));
        let said: Vec<String> = interface.problems.iter().map(ToString::to_string).collect();
        assert_eq!(
            said,
            [
                "config.toml:3: there is no role \"acent\"; did you mean \"accent\"?",
                "config.toml:4: good: \"gren\" is no colour and no kind of text; did you mean \"green\"?",
                "config.toml:5: bad takes a text like \"bold blue\", not a number",
                "config.toml:7: there is no setting \"theme.rolls.x\"",
            ]
        );
        let held: Vec<&str> = interface.values.iter().map(|value| value.name.as_str()).collect();
        assert_eq!(held, ["theme.roles.accent"], "what is not used is not said to hold");
        assert_eq!((interface.glyphs, interface.motion), (Glyphs::Ascii, Motion::Reduced));
    }

    #[test]
    fn without_colour_a_role_of_the_users_keeps_its_weight_only() {
        let interface = interface("[theme.roles]\naccent = 'bold red on blue'\n", false);
        let style = interface.theme.style(Role::Accent);
        assert_eq!((style.fg, style.bg, style.add_modifier), (None, None, Modifier::BOLD));
        assert!(!interface.has_colour);
    }

    #[test]
    fn the_default_file_says_what_holds_and_nothing_changes_when_it_is_kept() {
        let text = default_file(&Interface::default_keys(), &Interface::default_roles());
        let kept = Document::parse(Path::new("config.toml"), &text);
        assert!(kept.entries.is_empty() && kept.problems.is_empty(), "{:?}", kept.problems);
        // Without the comment signs before values every line can be used.
        let is_value = |line: &str| line.strip_prefix("# ").is_some_and(|rest| rest.contains(" = "));
        let lines = text.lines().map(|line| if is_value(line) { &line[2..] } else { line });
        let whole = lines.collect::<Vec<_>>().join("\n");
        let document = Document::parse(Path::new("config.toml"), &whole);
        assert_eq!(document.problems, []);
        for setting in settings::SETTINGS {
            let entry = document.get(setting.name).unwrap_or_else(|| panic!("no {}", setting.name));
            assert_eq!(setting.check(&entry.value), Ok(()), "{}", setting.name);
        }
        let interface = interface(&whole, true);
        assert_eq!(interface.problems, []);
        assert_eq!(interface.values.len(), ACTIONS.len() + Role::ALL.len());
        assert_eq!(interface.theme.style(Role::Bad), Theme::Dark.style(Role::Bad));
    }

    #[test]
    fn the_tour_is_shown_once() {
        let directory = tempfile::tempdir().unwrap();
        let seen = directory.path().join("state").join("tour-seen");
        assert!(interface("", true).with_tour(seen.clone()).begins_tour());
        assert!(!interface("", true).with_tour(seen).begins_tour());
        assert!(!interface("", true).begins_tour(), "outside the demo only when asked for");
    }

    proptest! {
        #[test]
        fn no_file_panics_the_reader(text in r#"((keys|theme)(\.(common|roles|queue))?(\.(accept|accent))? ?=? ?("(bold|red|on|g|Ctrl-X| )*"|\[|\]|7|false)?\n|\PC{0,8}\n){0,8}"#) {
            let interface = interface(&text, true);
            prop_assert!(interface.problems.iter().all(|problem| problem.part == Part::Screen));
        }
    }
}

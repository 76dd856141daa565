//! `docs/keys.md`, and what the application does with keys of the user's.

use super::*;
use crate::config::docs::assert_part;
use crate::config::document::Document;
use crate::config::settings::PRESETS;
use crate::tui::app::action::{ACTIONS, Action as AppAction, ActionId, Group};
use crate::tui::app::bindings::Keymap;
use std::fmt::Write;
use std::path::Path;

/// Returns the keys that a configuration makes of the built-in ones.
fn keymap(preset: &str, text: &str) -> &'static Keymap {
    let document = Document::parse(Path::new("config.toml"), text);
    let tables: Vec<_> =
        document.entries.iter().map(|entry| (entry.clone(), document.origin(entry))).collect();
    let (keymap, problems) = Keymap::configured(preset, &tables);
    assert_eq!(problems, []);
    keymap.kept()
}

fn cells(action: &AppAction) -> String {
    let mut cells = String::new();
    for preset in PRESETS {
        let words = Keymap::preset(preset).labels(action.contexts[0], action);
        let words = if words.is_empty() { String::new() } else { format!("`{words}`").replace('|', "\\|") };
        let _ = write!(cells, " {words} |");
    }
    cells
}

#[test]
fn docs_page_of_the_keys_is_up_to_date() {
    let mut page = String::new();
    for group in Group::ALL {
        let _ = writeln!(
            page,
            "## {}\n\n| vim | arrows | emacs | action | | where |\n|---|---|---|---|---|---|",
            group.label()
        );
        for action in ACTIONS.iter().filter(|action| action.group == group && !action.is_sibling()) {
            let places: Vec<&str> = action.contexts.iter().map(|context| context.name()).collect();
            let places = if places.len() >= 10 { "everywhere".to_owned() } else { places.join(", ") };
            let name = action.config_name();
            let name =
                if action.id == ActionId::Choose(1) { "choose-1` to `choose-9".to_owned() } else { name };
            let _ = writeln!(page, "|{} `{name}` | {} | {places} |", cells(action), action.doc);
        }
        page.push('\n');
    }
    assert_part("keys.md", "keys", &page);
}

#[test]
fn a_sequence_shows_what_may_follow_and_nothing_is_decided_by_its_end() {
    let mut app = App::open((80, 24));
    app.state.keymap = keymap("vim", "[keys.common]\ntop = 'g g'\nbottom = 'g e'\nreject = 'g r'\n");
    app.keys("j j g");
    insta::assert_snapshot!("which_key_80x24", app.screen());
    app.keys("g");
    assert_eq!(app.state.queue.cursor, 0);
    assert!(app.state.prefix.is_empty());
    // What goes on with nothing does nothing: `a` alone would accept.
    app.keys("g a");
    assert!(app.state.prefix.is_empty() && app.database.events.is_empty());
    app.keys("g Esc a");
    assert_eq!(app.database.events.len(), 1, "Esc leaves the sequence, then a accepts");
    app.keys("g r");
    let last = app.database.events.last().unwrap();
    assert_eq!((last.decision.action, last.decision.seen.keys.as_str()), (Action::Reject, "g r"));
}

#[test]
fn the_screen_names_the_users_keys() {
    let mut app = App::open((160, 50));
    let text = "accept = 'F2'\noverride = 'F3'\nundo = 'F4'\nrefresh = 'F5'\nreject = false\nflow = 'F6'\nreasoning = 'F7'\nhelp = 'F9'\n";
    app.state.keymap = keymap("vim", &format!("[keys.common]\n{text}"));
    app.wait(0);
    let screen = app.screen();
    let hints = screen.lines().last().unwrap();
    assert!(
        hints.contains("F2 accept") && hints.contains("F3 override") && hints.contains("F9 help"),
        "{hints}"
    );
    assert!(hints.contains(":reject reject"), "what has no key is a command: {hints}");
    app.keys("F9").type_text("takes your last");
    let screen = app.screen();
    assert!(screen.contains("F4") && !screen.contains(" u "), "{screen}");
    app.keys("Esc Esc F6 v");
    assert!(app.screen().contains("F6 ends it"), "{}", app.screen());
    app.keys("F6 :").type_text("undo");
    assert!(
        app.screen().lines().any(|line| line.contains("undo") && line.contains("F4")),
        "{}",
        app.screen()
    );
}

#[test]
fn a_decision_key_of_the_users_is_text_where_somebody_types() {
    let mut app = App::open((80, 24));
    app.state.keymap = keymap("vim", "[keys.common]\nreject = 'z'\n");
    for opener in ["/", "?", ":", "f"] {
        app.keys(opener).type_text("z").keys("Esc Esc Esc");
        assert!(app.database.events.is_empty(), "{opener}");
    }
    app.keys("z");
    assert_eq!(app.database.events.len(), 1);
}

#[test]
fn every_preset_decides_moves_and_finds_its_way() {
    for (preset, keys) in [
        ("arrows", "Down Up F2 Esc F1 Esc Ctrl-F Esc r"),
        ("emacs", "Ctrl-N Ctrl-P Ctrl-X x Esc ? Esc Ctrl-S Esc r"),
    ] {
        let mut app = App::open((80, 24));
        app.state.keymap = keymap(preset, "");
        app.keys(keys);
        assert_eq!(app.database.events.len(), 1, "{preset}");
        assert!(app.state.overlay.is_none(), "{preset}");
    }
    let mut app = App::open((80, 24));
    app.state.keymap = keymap("emacs", "");
    app.keys("Ctrl-X");
    insta::assert_snapshot!("which_key_emacs_80x24", app.screen());
    app.keys("Esc");
    assert!(app.state.prefix.is_empty());
    app.keys("Ctrl-X Ctrl-C");
    assert!(app.ended);
}

#[test]
fn the_palette_finds_filters_from_any_screen() {
    let mut app = App::open((80, 24));
    app.keys(":").type_text("filter water");
    insta::assert_snapshot!("palette_filters_80x24", app.screen());
    app.keys("Enter");
    let attribute = app.state.queue.filter.attribute.clone().unwrap();
    assert_eq!(app.state.attribute_name(&attribute), "Waterproof");
    app.keys("E :").type_text("filter decided").keys("Enter");
    assert_eq!(app.state.queue.filter.state, StateFilter::Decided);
    assert_eq!(
        app.state.queue.filter.attribute,
        Some(attribute),
        "a filter narrows what is narrowed already"
    );
    assert!(app.state.screens.is_empty(), "the queue shows it");
}

/// A keymap in which every action has another key than by default.
fn changed() -> &'static Keymap {
    let mut text = "[keys.common]\n".to_owned();
    for (index, action) in ACTIONS.iter().enumerate() {
        let _ = writeln!(text, "{} = 'Ctrl-X F{} F{}'", action.config_name(), index / 12 + 1, index % 12 + 1);
    }
    keymap("vim", &text)
}

#[test]
fn no_text_names_a_default_key_that_somebody_changed() {
    let defaults: Vec<String> =
        ACTIONS.iter().flat_map(|action| action.keys).map(ToString::to_string).collect();
    // "a" is a word, too.
    let is_letter = |word: &str| word == "/" || word.len() == 1 && word.chars().all(char::is_alphabetic);
    let is_key = |word: &str| is_letter(word) && word != "a" && defaults.iter().any(|key| key == word);
    let does =
        |word: &str| word.len() > 3 && word.ends_with('s') && word.chars().all(|c| c.is_ascii_lowercase());
    let (keymap, mut named) = (changed(), Vec::new());
    // What the log and an error have said once stays as it was said.
    let is_past = |what: &str| what == "log, rows" || what == "filter_activity, error";
    let all = super::matrix::every((160, 50)).chain(super::overlays::every((160, 50)));
    for (what, mut app) in all.filter(|(what, _)| !is_past(what)) {
        app.state.keymap = keymap;
        app.state.toasts.clear();
        app.wait(0);
        let screen = app.screen();
        for line in screen.lines() {
            let words: Vec<&str> = line.split_whitespace().collect();
            for pair in words.windows(2) {
                if is_key(pair[0]) && does(pair[1]) {
                    named.push(format!("{what}: {}", line.trim()));
                }
            }
        }
    }
    assert!(named.is_empty(), "{named:#?}");
}

use super::*;
use crate::config::document::Document;
use crate::config::settings::PRESETS;
use crossterm::event::KeyCode;
use proptest::prelude::*;
use std::collections::HashSet;
use std::path::Path;

fn configured(preset: &str, text: &str) -> (Keymap, Vec<String>) {
    let document = Document::parse(Path::new("config.toml"), text);
    let tables: Vec<_> =
        document.entries.iter().map(|entry| (entry.clone(), document.origin(entry))).collect();
    let (keymap, problems) = Keymap::configured(preset, &tables);
    (keymap, problems.iter().map(ToString::to_string).collect())
}

fn means(keymap: &Keymap, context: Context, keys: &str) -> Lookup {
    keymap.lookup(context, &Key::parse_sequence(keys).unwrap())
}

#[test]
fn no_key_of_a_preset_means_two_things_in_one_place() {
    for preset in PRESETS {
        for (context, here) in Context::ALL.into_iter().zip(&Keymap::preset(preset).places) {
            for (at, (keys, action)) in here.iter().enumerate() {
                for (other, one) in &here[at + 1..] {
                    let apart = !keys.starts_with(other) && !other.starts_with(keys);
                    assert!(apart, "{preset}: {keys:?} in {context:?}: {} and {}", action.name, one.name);
                }
            }
        }
    }
}

#[test]
fn no_preset_needs_what_terminals_tmux_and_screen_swallow() {
    for preset in PRESETS {
        for (keys, action) in Keymap::preset(preset).places.iter().flatten() {
            for key in keys {
                assert!(!key.alt, "{preset}: {key} for {}", action.name);
                let bad = matches!(key.code, KeyCode::Char('i' | 'm' | 'h' | 'j' | '[' | 'b' | 'a'));
                assert!(!(key.ctrl && bad), "{preset}: {key} for {}", action.name);
            }
        }
    }
}

#[test]
fn every_change_of_a_preset_names_an_action_and_keys() {
    for preset in PRESETS {
        assert_eq!(preset_bindings(preset).len(), presets::changes(preset).len(), "{preset}");
        for (place, name, _) in presets::changes(preset) {
            let known = *place == "common" || Context::ALL.into_iter().any(|one| one.name() == *place);
            assert!(known && Action::named(name).is_some(), "{preset}: {place} {name}");
        }
        // What one set can do with a key, every other can.
        for (context, here) in Context::ALL.into_iter().zip(&Keymap::preset(preset).places) {
            for action in
                ACTIONS.iter().filter(|action| action.contexts.contains(&context) && !action.keys.is_empty())
            {
                assert!(here.iter().any(|(_, one)| one.id == action.id), "{preset}: {}", action.name);
            }
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

#[test]
fn names_of_the_configuration_are_unique_and_easy_to_type() {
    let mut names = HashSet::new();
    for action in ACTIONS {
        let name = action.config_name();
        assert!(name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-'), "{name}");
        assert!(names.insert(name.clone()), "{name} twice");
    }
    for (index, context) in Context::ALL.into_iter().enumerate() {
        assert_eq!(context as usize, index, "a place's keys are found by its number");
        assert!(context.name() != "common" && context.name() != "preset");
    }
}

#[test]
fn an_action_gets_the_keys_that_the_user_gives_it_where_they_say_so() {
    let (keymap, problems) = configured(
        "vim",
        "[keys.common]\nbottom = ['g e', 'End']\ntop = 'g g'\ncluster = 1\n[keys.queue]\nreject = 'Z'\nflag = false\n",
    );
    assert_eq!(problems, ["config.toml:4: there is no action \"cluster\"; did you mean \"clusters\"?"]);
    assert_eq!(means(&keymap, Context::Queue, "g"), Lookup::Pending);
    assert_eq!(means(&keymap, Context::Queue, "g g"), Lookup::Matched(ActionId::Top));
    assert_eq!(means(&keymap, Context::Texts, "g e"), Lookup::Matched(ActionId::Bottom));
    assert_eq!(means(&keymap, Context::Queue, "G"), Lookup::None);
    assert_eq!(means(&keymap, Context::Queue, "g x"), Lookup::None);
    assert_eq!(means(&keymap, Context::Queue, "Z"), Lookup::Matched(ActionId::Reject));
    assert_eq!(means(&keymap, Context::Queue, "r"), Lookup::None);
    assert_eq!(means(&keymap, Context::Card, "r"), Lookup::Matched(ActionId::Reject));
    assert_eq!(means(&keymap, Context::Queue, "f"), Lookup::None);
    assert_eq!(keymap.label(Context::Queue, ActionId::Flag), ":flag");
    assert_eq!(keymap.label(Context::Queue, ActionId::Top), "g g");
    let after: Vec<_> = keymap
        .after(Context::Queue, &[Key::char('g')])
        .iter()
        .map(|(keys, action)| (keys.clone(), action.id))
        .collect();
    assert_eq!(after, [("g".to_owned(), ActionId::Top), ("e".to_owned(), ActionId::Bottom)]);
}

#[test]
fn a_key_that_means_two_things_keeps_its_meaning_and_is_named() {
    let (keymap, problems) = configured("vim", "[keys.common]\nreject = 'd'\n");
    assert_eq!(
        problems,
        ["config.toml:2: \"d\" for reject is defer's already in queue; give that another key, or false"]
    );
    assert_eq!(means(&keymap, Context::Queue, "r"), Lookup::Matched(ActionId::Reject));
    assert_eq!(means(&keymap, Context::Queue, "d"), Lookup::Matched(ActionId::Defer));
    // Two that change places are no conflict.
    let (keymap, problems) = configured("vim", "[keys.common]\nreject = 'd'\ndefer = 'r'\n");
    assert_eq!(problems, [""; 0]);
    assert_eq!(means(&keymap, Context::Queue, "d"), Lookup::Matched(ActionId::Reject));
    // A key that another begins with would never let that one come.
    let (_, problems) = configured("vim", "[keys.common]\nreject = 'a b'\n");
    assert_eq!(problems, ["config.toml:2: \"a b\" for reject begins with \"a\", which is accept's in queue"]);
    // Of two of the user's the later gives way, and everything else holds.
    let (keymap, problems) = configured("vim", "[keys.queue]\nreject = 'Z'\ndefer = 'Z'\nflag = 'P'\n");
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert!(problems[0].starts_with("config.toml:3: \"Z\" for defer is reject's"), "{problems:?}");
    assert_eq!(means(&keymap, Context::Queue, "d"), Lookup::Matched(ActionId::Defer));
    assert_eq!(means(&keymap, Context::Queue, "P"), Lookup::Matched(ActionId::Flag));
}

#[test]
fn a_line_that_cannot_be_used_is_named_with_what_was_meant() {
    for (text, part) in [
        ("[keys.queu]\naccept = 'a'", "did you mean \"queue\""),
        ("[keys.common]\nacept = 'a'", "did you mean \"accept\""),
        ("[keys.experiments]\naccept = 'a'", "it works in queue, card"),
        ("[keys.common]\naccept = 'Entr'", "did you mean \"Enter\""),
        ("[keys.common]\naccept = 7", "takes a key, a list of keys, or false"),
        ("[keys.common]\naccept = true", "takes a key"),
        ("[keys.common]\naccept = ['']", "no key in an empty text"),
        ("[keys]\naccept = 'a'", "belongs into [keys.common]"),
        ("[keys.queue.accept]\nx = 'a'", "there is no setting"),
    ] {
        let (keymap, problems) = configured("vim", text);
        assert!(problems.len() == 1 && problems[0].contains(part), "{text}: {problems:?}");
        assert_eq!(means(&keymap, Context::Queue, "a"), Lookup::Matched(ActionId::Accept));
    }
}

#[test]
fn nobody_is_locked_in() {
    let lines: Vec<String> =
        ACTIONS.iter().map(|action| format!("{} = false", action.config_name())).collect();
    let text = lines.join("\n");
    let (keymap, problems) = configured("arrows", &format!("[keys.common]\n{text}"));
    assert_eq!(problems, [""; 0]);
    for context in Context::ALL {
        assert_eq!(keymap.lookup(context, &[Key::ctrl('c')]), Lookup::Matched(ActionId::Quit));
    }
}

proptest! {
    #[test]
    fn no_table_of_keys_panics_or_leaves_a_conflict(
        lines in prop::collection::vec((0..ACTIONS.len(), 0..4_usize, prop::sample::select(vec!["a", "g", "g g", "Z", "Enter", "C-x b", "nonsense", ""])), 0..12),
        preset in 0..PRESETS.len(),
    ) {
        let mut text = String::new();
        for (action, place, keys) in lines {
            let table = ["common", "queue", "card", "activity"][place];
            let _ = writeln!(text, "keys.{table}.{} = '{keys}'", ACTIONS[action].config_name());
        }
        let (keymap, _) = configured(PRESETS[preset], &text);
        for here in &keymap.places {
            for (at, (keys, one)) in here.iter().enumerate() {
                for (other, action) in &here[at + 1..] {
                    let apart = !keys.starts_with(other) && !other.starts_with(keys);
                    prop_assert!(apart || one.id == action.id && keys == other, "{keys:?}: {} and {}", one.name, action.name);
                }
            }
        }
    }
}

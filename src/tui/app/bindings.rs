//! Which keys start which action: the action table's, a preset's, the user's.

use super::action::{ACTIONS, Action, ActionId, Context};
use super::keymap::Key;
use super::presets;
use crate::config::document::{Entry, Literal};
use crate::config::problem::{Part, Problem, did_you_mean};
use crate::config::{Origin, settings};
use std::fmt::Write;
use std::sync::LazyLock;

/// Keys pressed one after another.
pub type Sequence = Vec<Key>;

/// What keys mean in one place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lookup {
    Matched(ActionId),
    /// More keys have to follow.
    Pending,
    None,
}

/// The keys of every place.
#[derive(Debug, Clone)]
pub struct Keymap {
    /// In the order of [`Context::ALL`].
    places: Vec<Vec<(Sequence, &'static Action)>>,
    /// Whether keys are named with ASCII only.
    is_ascii: bool,
    /// The keys that the card names.
    pub card: CardKeys,
}

/// The keys that the review card names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CardKeys {
    pub other_value: String,
    pub next: String,
    pub reasoning: String,
}

/// Keys that the user, or a preset, gives to an action.
#[derive(Debug, Clone)]
struct Binding {
    /// Where; everywhere that the action works if nowhere else.
    place: Option<Context>,
    action: &'static Action,
    keys: Vec<Sequence>,
    /// Where it stands; none for a preset's.
    origin: Option<Origin>,
}

impl Keymap {
    /// Returns a set of keys that is built in.
    pub fn preset(preset: &str) -> Self {
        Self::of(&preset_bindings(preset))
    }

    /// Returns a preset as the configuration's tables change it, and what of these cannot be used: an action with a mistake
    /// keeps the preset's keys.
    pub fn configured(preset: &str, tables: &[(Entry, Origin)]) -> (Self, Vec<Problem>) {
        let mut bindings = preset_bindings(preset);
        let mut problems = Vec::new();
        for (entry, origin) in tables.iter().filter(|(entry, _)| entry.path[0] == "keys") {
            match binding(entry, origin) {
                Ok(binding) => bindings.push(binding),
                Err(what) => problems.push(problem(origin, what)),
            }
        }
        // Each round takes a binding of the user's away; what is built in is free of conflicts.
        while let Some((at, what)) = conflict(&bindings) {
            let removed = bindings.remove(at);
            problems.push(problem(&removed.origin.unwrap_or_default(), what));
        }
        (Self::of(&bindings), problems)
    }

    fn of(bindings: &[Binding]) -> Self {
        let place = |context: Context| {
            let here = ACTIONS.iter().filter(|action| action.contexts.contains(&context));
            here.flat_map(|action| {
                keys_of(bindings, context, action).0.into_iter().map(move |keys| (keys, action))
            })
            .collect()
        };
        let places = Context::ALL.into_iter().map(place).collect();
        let mut keymap = Self { places, is_ascii: false, card: CardKeys::default() };
        keymap.set_ascii(false);
        keymap
    }

    /// Names keys with ASCII only, or as they look best.
    pub fn set_ascii(&mut self, is_ascii: bool) {
        self.is_ascii = is_ascii;
        let label = |id| self.label(Context::Queue, id);
        self.card = CardKeys {
            other_value: label(ActionId::Override),
            next: label(ActionId::NextChoice),
            reasoning: label(ActionId::Reasoning),
        };
    }

    /// Keeps the keymap as long as the process lives: one is made at the start.
    pub fn kept(self) -> &'static Self {
        Box::leak(Box::new(self))
    }

    /// Returns the action table's own keys.
    pub fn built_in() -> &'static Self {
        static BUILT_IN: LazyLock<Keymap> = LazyLock::new(|| Keymap::preset("vim"));
        &BUILT_IN
    }

    /// Says what keys mean in a place.
    pub fn lookup(&self, context: Context, keys: &[Key]) -> Lookup {
        let here = &self.places[context as usize];
        if let Some((_, action)) = here.iter().find(|(sequence, _)| sequence == keys) {
            return Lookup::Matched(action.id);
        }
        let is_prefix = here.iter().any(|(sequence, _)| sequence.starts_with(keys));
        if is_prefix { Lookup::Pending } else { Lookup::None }
    }

    /// Returns what may follow the keys pressed so far: the rest of the keys, and what they do.
    pub fn after(&self, context: Context, pressed: &[Key]) -> Vec<(String, &'static Action)> {
        self.places[context as usize]
            .iter()
            .filter(|(sequence, _)| sequence.len() > pressed.len() && sequence.starts_with(pressed))
            .map(|(sequence, action)| (self.words(&sequence[pressed.len()..]), *action))
            .collect()
    }

    /// Writes keys for a reader.
    pub fn words(&self, keys: &[Key]) -> String {
        let word = |key: &Key| if self.is_ascii { key.plain_words() } else { key.to_string() };
        keys.iter().map(word).collect::<Vec<_>>().join(" ")
    }

    /// Returns the keys of an action in a place; where it does not work there, in the first place where it does.
    fn keys(&self, context: Context, action: &Action) -> impl Iterator<Item = &Sequence> {
        let context = match action.contexts.first() {
            Some(first) if !action.contexts.contains(&context) => *first,
            _ => context,
        };
        let id = action.id;
        self.places[context as usize].iter().filter(move |(_, action)| action.id == id).map(|(keys, _)| keys)
    }

    /// Writes the first key of an action, or the command for one without a key.
    pub fn label(&self, context: Context, id: ActionId) -> String {
        let Some(action) = Action::of(id) else { return String::new() };
        if matches!(id, ActionId::Choose(_)) {
            return self.choices(context);
        }
        self.keys(context, action).next().map_or_else(|| format!(":{}", action.name), |keys| self.words(keys))
    }

    /// Writes every key of an action; nothing for one without.
    pub fn labels(&self, context: Context, action: &Action) -> String {
        if matches!(action.id, ActionId::Choose(_)) {
            return self.choices(context);
        }
        let words: Vec<String> = self.keys(context, action).map(|keys| self.words(keys)).collect();
        // Keys of several strokes need more than a space between them.
        let apart = if words.iter().any(|word| word.contains(' ')) { ", " } else { " " };
        words.join(apart)
    }

    /// Writes the keys of the nine candidates as one.
    fn choices(&self, context: Context) -> String {
        let key = |number| {
            let action = Action::of(ActionId::Choose(number))?;
            self.keys(context, action).next().map(|keys| self.words(keys))
        };
        match (key(1), key(9)) {
            (Some(first), Some(last)) => format!("{first}-{last}"),
            (Some(first), None) => first,
            _ => String::new(),
        }
    }
}

fn problem(origin: &Origin, what: String) -> Problem {
    Problem { place: origin.to_string(), what, part: Part::Screen }
}

fn preset_bindings(preset: &str) -> Vec<Binding> {
    let read = |(place, name, keys): &presets::Change| {
        let keys = keys.iter().map(|keys| Key::parse_sequence(keys)).collect::<Result<_, _>>().ok()?;
        let place = Context::ALL.into_iter().find(|context| context.name() == *place);
        Some(Binding { place, action: Action::named(name)?, keys, origin: None })
    };
    presets::changes(preset).iter().filter_map(read).collect()
}

/// Reads a line of the configuration's tables.
fn binding(entry: &Entry, origin: &Origin) -> Result<Binding, String> {
    let places = || std::iter::once("common").chain(Context::ALL.into_iter().map(Context::name));
    let [_, place, name] = entry.path.as_slice() else {
        let table = entry.path.get(1).map_or("", String::as_str);
        if entry.path.len() == 2 && Action::named(table).is_some() {
            return Err(format!("keys.{table} belongs into [keys.common], or into the table of a place"));
        }
        return Err(settings::unknown(&entry.name()));
    };
    let Some(context) = places().position(|one| one == place) else {
        let places: Vec<&str> = places().collect();
        let meant = did_you_mean(place, places.iter().copied());
        return Err(format!("there is no place \"{place}\" for keys, only {}{meant}", places.join(", ")));
    };
    let place = context.checked_sub(1).map(|at| Context::ALL[at]);
    let Some(action) = Action::named(name) else {
        let names: Vec<String> = ACTIONS.iter().map(Action::config_name).collect();
        return Err(format!(
            "there is no action \"{name}\"{}",
            did_you_mean(name, names.iter().map(String::as_str))
        ));
    };
    if let Some(context) = place.filter(|context| !action.contexts.contains(context)) {
        let works: Vec<&str> = action.contexts.iter().map(|context| context.name()).collect();
        return Err(format!("{name} does nothing in {}; it works in {}", context.name(), works.join(", ")));
    }
    let text = |value: &Literal| match value {
        Literal::Text(text) => Key::parse_sequence(text),
        other => Err(format!("a key is a text, not {}", other.kind())),
    };
    let keys = match &entry.value {
        Literal::Flag(false) => Vec::new(),
        Literal::List(items) => items.iter().map(text).collect::<Result<_, _>>()?,
        one @ Literal::Text(_) => vec![text(one)?],
        other => {
            return Err(format!(
                "{name} takes a key, a list of keys, or false for none, not {}",
                other.kind()
            ));
        }
    };
    Ok(Binding { place, action, keys, origin: Some(origin.clone()) })
}

/// Returns the keys of an action in a place, and the binding that says so: of the user's before a preset's, of the place's
/// before everywhere's.
fn keys_of(bindings: &[Binding], context: Context, action: &Action) -> (Vec<Sequence>, Option<usize>) {
    let here = |binding: &Binding| binding.place.is_none_or(|place| place == context);
    let found = bindings
        .iter()
        .enumerate()
        .filter(|(_, binding)| binding.action.id == action.id && here(binding))
        .max_by_key(|(at, binding)| (binding.origin.is_some(), binding.place.is_some(), *at));
    let mut keys = match found {
        Some((_, binding)) => binding.keys.clone(),
        None => action.keys.iter().map(|key| vec![*key]).collect(),
    };
    // What no configuration may take away.
    let always = match action.id {
        ActionId::Quit => Some(Key::ctrl('c')),
        ActionId::Suspend => Some(Key::ctrl('z')),
        _ => None,
    };
    if let Some(key) = always.filter(|key| !keys.contains(&vec![*key])) {
        keys.push(vec![key]);
    }
    (keys, found.map(|(at, _)| at))
}

/// Finds a key that means two things in one place, or that another one begins with; returns the binding of the user's to
/// blame, and what is wrong with it.
fn conflict(bindings: &[Binding]) -> Option<(usize, String)> {
    if bindings.iter().all(|binding| binding.origin.is_none()) {
        return None;
    }
    for context in Context::ALL {
        let mut seen: Vec<(Sequence, &Action, Option<usize>)> = Vec::new();
        for action in ACTIONS.iter().filter(|action| action.contexts.contains(&context)) {
            let (sequences, from) = keys_of(bindings, context, action);
            let from = from.filter(|at| bindings[*at].origin.is_some());
            for keys in sequences {
                let clash = seen.iter().find(|(other, one, _)| {
                    let is_same = *other == keys;
                    // The same key twice for one action is only said twice.
                    !(is_same && one.id == action.id) && (other.starts_with(&keys) || keys.starts_with(other))
                });
                if let Some((other, one, theirs)) = clash {
                    // Of two of the user's the later line gives way.
                    let Some(at) = from.max(*theirs) else { continue };
                    let (mine, yours) = if Some(at) == from {
                        ((&keys, action), (other, *one))
                    } else {
                        ((other, *one), (&keys, action))
                    };
                    return Some((at, clash_words(context, mine, yours)));
                }
                seen.push((keys, action, from));
            }
        }
    }
    None
}

fn clash_words(context: Context, mine: (&Sequence, &Action), other: (&Sequence, &Action)) -> String {
    let written = |keys: &Sequence| keys.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
    let (keys, theirs) = (written(mine.0), written(other.0));
    let (name, place) = (other.1.config_name(), context.name());
    let mut words = format!("\"{keys}\" for {} ", mine.1.config_name());
    let _ = if keys == theirs {
        write!(words, "is {name}'s already in {place}; give that another key, or false")
    } else if theirs.starts_with(&keys) {
        write!(words, "is the beginning of \"{theirs}\", {name}'s in {place}")
    } else {
        write!(words, "begins with \"{theirs}\", which is {name}'s in {place}")
    };
    words
}

#[cfg(test)]
mod tests;

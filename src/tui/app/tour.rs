//! The tour: six steps for somebody who has never seen gapdeck. It lies over nothing that is needed, and takes no key but its
//! own: each step goes on as soon as somebody does what it is about.

use super::action::{ActionId, Context};
use super::keymap::Key;
use super::state::State;
use crossterm::event::KeyCode;

/// A step of the tour.
#[derive(Debug)]
struct Step {
    title: &'static str,
    /// What it says; each `{}` is the key of one of the actions, in their order.
    text: &'static str,
    named: &'static [ActionId],
    /// What completes it.
    done: &'static [ActionId],
}

use ActionId as A;

const STEPS: [Step; 6] = [
    Step {
        title: "The queue",
        text: "Each row is a gap: a product that lacks a value. {} and {} go down and up.",
        named: &[A::Down, A::Up],
        done: &[A::Down, A::Up, A::PageDown, A::PageUp, A::Bottom],
    },
    Step {
        title: "The card",
        text: "Beside it stands what models predict, and what speaks for it: the product's texts, and its nearest products. {} accepts \
               the selected candidate, and the next gap is there.",
        named: &[A::Accept],
        done: &[A::Accept],
    },
    Step {
        title: "Nothing is final",
        text: "{} takes your last decision back, then the one before, also after a restart.",
        named: &[A::Undo],
        done: &[A::Undo],
    },
    Step {
        title: "Not the first candidate?",
        text: "{} takes the candidate of that number, {} opens an editor for another value, {} says that none is right, {} puts the gap off.",
        named: &[A::Choose(1), A::Override, A::Reject, A::Defer],
        done: &[
            A::Choose(1),
            A::Choose(2),
            A::Choose(3),
            A::Choose(4),
            A::Choose(5),
            A::Choose(6),
            A::Choose(7),
            A::Choose(8),
            A::Choose(9),
            A::Override,
            A::Reject,
            A::Defer,
            A::NotApplicable,
        ],
    },
    Step {
        title: "What to work on",
        text: "{} narrows the queue by product, attribute, category and confidence; {} shows everything again, {} sorts.",
        named: &[A::Filter, A::ClearFilter, A::CycleSort],
        done: &[A::Filter, A::CycleSort, A::PickSort],
    },
    Step {
        title: "Everything else",
        text: "{} shows the keys of the place you are in, {} finds any command by its name, this tour too.",
        named: &[A::Help, A::Palette],
        done: &[A::Help, A::Palette],
    },
];

/// How far the tour is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tour {
    step: usize,
}

impl Tour {
    /// Returns the heading, such as `Tour 2 of 6 · The card`.
    pub fn title(self) -> String {
        let title = STEPS.get(self.step).map_or("", |step| step.title);
        format!("Tour {} of {} · {title}", self.step + 1, STEPS.len())
    }

    /// Returns what the step says, with the user's keys.
    pub fn text(self, state: &State) -> String {
        let Some(step) = STEPS.get(self.step) else { return String::new() };
        let mut parts = step.text.split("{}");
        let mut text = parts.next().unwrap_or_default().to_owned();
        for (id, part) in step.named.iter().zip(parts) {
            text.push_str(&state.keymap.label(Context::Queue, *id));
            text.push_str(part);
        }
        text
    }

    fn next(self) -> Option<Self> {
        (self.step + 1 < STEPS.len()).then_some(Self { step: self.step + 1 })
    }
}

/// Tells whether the tour is on the screen: beside the queue, with nothing on top.
pub fn is_shown(state: &State) -> bool {
    state.tour.is_some()
        && state.overlay.is_none()
        && state.prefix.is_empty()
        && matches!(state.context(), Context::Queue | Context::Card)
}

/// Takes the tour's own keys, where the list has the keyboard; returns whether it was one.
pub fn takes(state: &mut State, key: Key) -> bool {
    if !is_shown(state) || state.context() != Context::Queue {
        return false;
    }
    match key {
        Key { code: KeyCode::Esc, ctrl: false, alt: false } => state.tour = None,
        Key { code: KeyCode::Enter, ctrl: false, alt: false } => state.tour = state.tour.and_then(Tour::next),
        _ => return false,
    }
    true
}

/// Goes on where an action was what the step is about.
pub fn did(state: &mut State, id: ActionId) {
    if let Some(tour) = state.tour
        && STEPS.get(tour.step).is_some_and(|step| step.done.contains(&id))
    {
        state.tour = tour.next();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_step_names_its_keys() {
        for step in &STEPS {
            assert_eq!(step.text.matches("{}").count(), step.named.len(), "{}", step.title);
            assert!(!step.done.is_empty(), "{}", step.title);
        }
    }
}

//! What a message changes.

use super::action::{Action, ActionId, Context};
use super::bindings::Lookup;
use super::decide::{self, Verdict};
use super::jumps::{self, Spot};
use super::keymap::Key;
use super::msg::{Effect, Msg};
use super::state::{MOMENT, QUIT_PATIENCE, Quit, State};
use super::toast::Level;
use super::tour::{self, Tour};
use super::{activity, copy, feed, flow, paste, pointer, selection, session, views, waits};
use super::{answers, undo};
use super::{narrow, navigate, quit};
use crate::domain::{self, QueueFilter, QueueSort, State as GapState, StateFilter};
use crate::review::Review;
use crate::sanitise;
use crate::tui::layout;
use crate::tui::overlays::{
    self, ActivityFilter, Comment, Confirm, Filter, Help, Overlay, OverrideEditor, Palette,
};
use crate::tui::screens::queue::KeepPlace;
use crate::tui::screens::review;
use crate::tui::widgets::wrap;

/// The most reads that are refused in one step.
const REFUSALS: usize = 64;
/// How many columns a key moves the border between the list and the card.
const STEP: i16 = 4;

/// Changes the state as the message says; returns what the world is asked to do.
pub fn update(state: &mut State, msg: Msg) -> Vec<Effect> {
    let mut asked = step(state, msg);
    let mut effects = Vec::new();
    // While the database is out of reach nothing is asked of it: the outbox alone looks whether it is back. No answer
    // asks again by itself, so this ends; the limit is for what nobody thought of.
    for _ in 0..REFUSALS {
        let Some(outage) = &state.outage else { break };
        let error = outage.error();
        let Some(index) = asked.iter().position(|effect| effect.refused(&error).is_some()) else { break };
        effects.extend(asked.drain(..index));
        if let Some(answer) = asked.remove(0).refused(&error) {
            asked.extend(step(state, answer));
        }
    }
    effects.extend(asked);
    effects
}

fn step(state: &mut State, msg: Msg) -> Vec<Effect> {
    state.toasts.tick(state.now, state.wall);
    let is_input = matches!(msg, Msg::Key(_) | Msg::Paste(_) | Msg::Mouse(..));
    let left = (is_input && state.opening.is_none()).then(|| Spot::of(state));
    let mut effects = match msg {
        Msg::Key(key) => on_key(state, key),
        Msg::Paste(text) => paste::take(state, &text),
        Msg::Mouse(gesture, at) => pointer::take(state, gesture, at),
        Msg::Focus(has_focus) => {
            state.has_focus = has_focus;
            if has_focus {
                state.feed.look_at_once();
            }
            Vec::new()
        }
        Msg::Logged(level, text) => {
            state.toasts.log.note(state.wall, level, &text);
            Vec::new()
        }
        Msg::Copied { copied, by } => copy::done(state, copied, by),
        Msg::Edited(result) => {
            Comment::edited(state, result);
            Vec::new()
        }
        Msg::Views { change, result } => {
            views::arrive(state, &change, result);
            Vec::new()
        }
        Msg::Resize(size) => {
            state.size = size;
            Vec::new()
        }
        Msg::Terminate => quit::quit(state, true),
        Msg::Woke => Vec::new(),
        Msg::Progress(progress) => {
            if let Some(opening) = &mut state.opening {
                // A step further than the one that could not be made: the database answers.
                if opening.progress.as_ref().is_some_and(|before| before.step != progress.step) {
                    state.outage = None;
                }
                opening.progress = Some(progress);
            }
            Vec::new()
        }
        Msg::Resting(count) => {
            if let Some(opening) = &mut state.opening {
                opening.resting = count;
            }
            Vec::new()
        }
        Msg::Opened => {
            state.opening = None;
            state.outage = None;
            match state.resumed.take() {
                Some(resumed) => session::open(state, resumed),
                None => vec![state.queue.reload(state.now, KeepPlace::No)],
            }
        }
        answer => answers::take(state, answer),
    };
    effects.extend(settle(state));
    if let Some(left) = left {
        let (now, page) = (Spot::of(state), layout::review(state.size, state.split).rows.height);
        state.jumps.note(left, &now, usize::from(page));
    }
    effects
}

/// Brings what depends on the rest in step with it.
fn settle(state: &mut State) -> Vec<Effect> {
    if state.opening.is_some() {
        return Vec::new();
    }
    let mut effects = flow::sync(state);
    effects.extend(review::sync(state));
    effects.extend(navigate::sync(state));
    effects.extend(feed::sync(state));
    if state.overlay.is_none()
        && let Some(conflict) = state.conflicts.pop_front()
    {
        state.overlay = Some(Overlay::Confirm(Confirm::conflict(conflict, state.now)));
    }
    if state.overlay.is_none()
        && let Some(held) = state.held.pop_front()
    {
        state.overlay = Some(Overlay::Confirm(Confirm::held(held, state.now)));
    }
    if let Quit::Waiting { since, forced } = state.quit {
        let waited = state.now.saturating_duration_since(since);
        if state.is_keeping() && waited < QUIT_PATIENCE {
            return effects;
        }
        if !state.is_keeping() && state.is_sending() && state.outage.is_none() && waited < MOMENT {
            return effects;
        }
        effects.extend(quit::end(state, forced));
    }
    effects
}

fn on_key(state: &mut State, key: Key) -> Vec<Effect> {
    state.last_key = state.now;
    if key == Key::ctrl('z') {
        return vec![Effect::Suspend];
    }
    if let Quit::Waiting { forced: false, .. } = state.quit {
        if key == Key::plain(crossterm::event::KeyCode::Esc) {
            state.quit = Quit::No;
        }
        return Vec::new();
    }
    // Nobody decides what cannot be seen.
    if layout::is_too_small(state.size) && state.overlay.is_none() {
        return match state.keymap.lookup(Context::Opening, &[key]) {
            Lookup::Matched(ActionId::Quit) => quit::quit(state, false),
            _ => Vec::new(),
        };
    }
    let mut keys = std::mem::take(&mut state.prefix);
    if let Some(overlay) = state.overlay.take() {
        let key = if key == Key::ctrl('c') { Key::plain(crossterm::event::KeyCode::Esc) } else { key };
        return overlay.key(state, key);
    }
    state.toasts.dismiss();
    if keys.is_empty() && tour::takes(state, key) {
        return Vec::new();
    }
    if keys.is_empty()
        && key == Key::plain(crossterm::event::KeyCode::Esc)
        && let Some(effects) = waits::cancel(state)
    {
        return effects;
    }
    keys.push(key);
    match state.keymap.lookup(state.context(), &keys) {
        Lookup::Matched(id) => {
            let pressed: Vec<String> = keys.iter().map(ToString::to_string).collect();
            run(state, id, &pressed.join(" "))
        }
        Lookup::Pending => {
            state.prefix = keys;
            Vec::new()
        }
        // A key that goes on with nothing, such as Esc, leaves the sequence; it does nothing else, least of all decide.
        Lookup::None => Vec::new(),
    }
}

/// Does an action, or says why it cannot be done now.
pub fn run(state: &mut State, id: ActionId, keys: &str) -> Vec<Effect> {
    if let Some(effects) = selection::instead(state, id) {
        return effects;
    }
    if let Some(Err(refusal)) = Action::of(id).map(|action| (action.check)(state)) {
        let text = wrap::capitalised(&sanitise::line(&refusal, 200));
        state.toasts.show(state.now, Level::Warning, text);
        return Vec::new();
    }
    tour::did(state, id);
    perform(state, id, keys)
}

fn perform(state: &mut State, id: ActionId, keys: &str) -> Vec<Effect> {
    match id {
        ActionId::Accept => accept(state, state.review.choice, keys),
        ActionId::Choose(number) => accept(state, usize::from(number) - 1, keys),
        ActionId::Reject => decide::decide(state, Verdict::plain(domain::Action::Reject, keys)),
        ActionId::NotApplicable => decide::decide(state, Verdict::plain(domain::Action::NotApplicable, keys)),
        ActionId::Defer => decide::decide(state, Verdict::plain(domain::Action::Defer, keys)),
        ActionId::Flag
        | ActionId::Override
        | ActionId::Filter
        | ActionId::Help
        | ActionId::Palette
        | ActionId::PickSort
        | ActionId::FilterActivity
        | ActionId::Log
        | ActionId::Outbox => {
            state.overlay = opened(state, id, keys);
            Vec::new()
        }
        ActionId::TakeBack => activity::take_back(state),
        ActionId::Mine | ActionId::TimeSpan | ActionId::ThisBatch | ActionId::ClearActivity => {
            activity::narrow(state, id)
        }
        ActionId::Undo => undo::undo(state),
        ActionId::Flow => flow::toggle(state),
        ActionId::Back if state.screens.is_empty() && state.flow.is_some() && !state.review.card_focused => {
            flow::end(state)
        }
        ActionId::Back if state.context() == Context::Queue && state.toasts.has_errors() => {
            state.toasts.clear();
            Vec::new()
        }
        ActionId::SaveView => views::save(state),
        ActionId::Views => views::list(state),
        ActionId::JumpBack => jumps::back(state),
        ActionId::JumpForward => jumps::forward(state),
        ActionId::Narrower | ActionId::Wider => {
            let by = if id == ActionId::Wider { STEP } else { -STEP };
            state.split = state.split.wider(by, state.size.width);
            Vec::new()
        }
        ActionId::Mouse => pointer::toggle(state),
        ActionId::Retry => decide::retry(state),
        ActionId::ClearFilter => narrow::clear_filter(state),
        ActionId::Opinions => {
            let next = match state.queue.filter.state {
                StateFilter::Only(GapState::Second) => StateFilter::Only(GapState::Disputed),
                StateFilter::Only(GapState::Disputed) => StateFilter::Open,
                _ => StateFilter::Only(GapState::Second),
            };
            narrow::filter(state, QueueFilter { state: next, ..state.queue.filter.clone() })
        }
        ActionId::CycleSort => {
            let at = QueueSort::ALL.iter().position(|sort| *sort == state.queue.sort).unwrap_or(0);
            narrow::sort(state, QueueSort::ALL[(at + 1) % QueueSort::ALL.len()])
        }
        ActionId::Sort(order) => narrow::sort(state, order),
        ActionId::Refresh if state.outage.is_some() => narrow::reconnect(state),
        ActionId::Refresh if state.opening.is_some() => Vec::new(),
        ActionId::Refresh if !state.screens.is_empty() => navigate::reload(state),
        ActionId::Refresh => narrow::refresh(state),
        ActionId::Copy => copy::copy(state),
        ActionId::Reasoning => {
            state.review.reasoning = !state.review.reasoning;
            Vec::new()
        }
        ActionId::Quit if !state.screens.is_empty() && keys != "Ctrl-C" => {
            navigate::to_queue(state);
            Vec::new()
        }
        ActionId::Quit => quit::quit(state, false),
        ActionId::Tour => {
            state.tour = Some(Tour::default());
            Vec::new()
        }
        ActionId::Suspend => vec![Effect::Suspend],
        other => navigate::perform(state, other),
    }
}

/// Returns the overlay that an action opens, where there is something to open it on.
fn opened(state: &State, id: ActionId, keys: &str) -> Option<Overlay> {
    Some(match id {
        ActionId::Flag => Overlay::Comment(Comment::new(state.queue.current_gap()?.clone(), keys)),
        ActionId::Override => {
            Overlay::Override(Box::new(OverrideEditor::new(state.current_card()?.clone(), keys)))
        }
        ActionId::Filter => Overlay::Filter(Box::new(Filter::new(state))),
        ActionId::Help => Overlay::Help(Help::new(state)),
        ActionId::Palette => Overlay::Palette(Palette::new(state)),
        ActionId::PickSort => Overlay::Palette(Palette::sorts(state)),
        ActionId::FilterActivity => Overlay::ActivityFilter(Box::new(ActivityFilter::new(state)?)),
        ActionId::Log => Overlay::Log(overlays::Log::default()),
        ActionId::Outbox => Overlay::Outbox(overlays::Outbox::default()),
        _ => return None,
    })
}

fn accept(state: &mut State, index: usize, keys: &str) -> Vec<Effect> {
    let Some(card) = state.current_card().cloned() else { return Vec::new() };
    let listed = card.listed(state.review.choice);
    let Some(choice) = card.choices.get(index).filter(|_| index < listed) else {
        let text = if index < card.choices.len() {
            format!(
                "Candidate {} is folded · {} unfolds the list",
                index + 1,
                state.key(ActionId::NextChoice)
            )
        } else {
            format!("There is no candidate {} · this gap has {}", index + 1, card.choices.len())
        };
        state.toasts.show(state.now, Level::Warning, text);
        return Vec::new();
    };
    // What nobody proposed counts against what was proposed; it is written like a value that is typed.
    let is_proposed = !choice.candidates.is_empty();
    let action = if is_proposed { domain::Action::Accept } else { domain::Action::Override };
    match Review::check(&card.card, &choice.value) {
        Ok(checked) => {
            let value = if is_proposed { choice.value.clone() } else { checked.value };
            decide::decide(state, Verdict::with_value(action, value, keys))
        }
        Err(problem) if problem.can_keep => {
            let verdict = Verdict {
                objections: vec![problem.reason],
                ..Verdict::with_value(action, choice.value.clone(), keys)
            };
            state.overlay =
                Some(Overlay::Confirm(Confirm::gate(card.card.row.gap.clone(), verdict, state.now)));
            Vec::new()
        }
        Err(problem) => {
            let text = format!(
                "{} · {} gives another value",
                wrap::capitalised(&problem.reason),
                state.key(ActionId::Override)
            );
            state.toasts.show(state.now, Level::Warning, text);
            Vec::new()
        }
    }
}

//! Asks before something is lost: a decision that met another one, or quitting with unsaved decisions.

use super::{Overlay, dialog, draw_keys, draw_lines};
use crate::domain::{Decision, GapId, HIDDEN, State as GapState};
use crate::sanitise;
use crate::tui::app::action::ActionId;
use crate::tui::app::conflict::{self, Conflict, Held};
use crate::tui::app::decide::{self, Verdict};
use crate::tui::app::keymap::Key;
use crate::tui::app::msg::Effect;
use crate::tui::app::quit::leave;
use crate::tui::app::state::State;
use crate::tui::app::toast::Level;
use crate::tui::app::unsaved::{Phase, Unsaved};
use crate::tui::app::update::run;

use crate::tui::screens::queue_view::outcome;
use crate::tui::theme::Role;
use crate::tui::widgets::wrap;
use crossterm::event::KeyCode;
use ratatui::Frame;
use ratatui::text::{Line, Span};
use std::time::Instant;

/// How many unsaved decisions are listed.
const LISTED: usize = 6;

/// A question.
#[derive(Debug, Clone)]
pub enum Confirm {
    /// Somebody else decided the gap meanwhile.
    Conflict { conflict: Conflict, since: Instant },
    /// Somebody else holds the gap.
    Held { held: Held, since: Instant },
    /// Something speaks against the value that is about to be taken.
    Gate { gap: GapId, verdict: Verdict, since: Instant },
    /// Quitting would lose decisions.
    Unsaved,
}

impl Confirm {
    /// Asks whose decision counts.
    pub fn conflict(conflict: Conflict, now: Instant) -> Self {
        Self::Conflict { conflict, since: now }
    }

    /// Returns the conflict asked about.
    pub fn conflicting(&mut self) -> Option<&mut Conflict> {
        match self {
            Self::Conflict { conflict, .. } => Some(conflict),
            _ => None,
        }
    }

    /// Asks whether to decide a gap that somebody else holds.
    pub fn held(held: Held, now: Instant) -> Self {
        Self::Held { held, since: now }
    }

    /// Asks whether to take a value that something speaks against.
    pub fn gate(gap: GapId, verdict: Verdict, now: Instant) -> Self {
        Self::Gate { gap, verdict, since: now }
    }

    /// Asks whether to quit without what could not be saved.
    pub fn unsaved() -> Self {
        Self::Unsaved
    }

    pub(super) fn key(self, state: &mut State, key: Key) -> Vec<Effect> {
        match &self {
            Self::Conflict { conflict, since } => {
                let conflict = conflict.clone();
                if state.has_been_seen(*since) {
                    match key.code {
                        KeyCode::Char('k') => return conflict::keep_mine(state, &conflict),
                        KeyCode::Char('f') if conflict.state != GapState::Second => {
                            return conflict::flag_conflict(state, &conflict);
                        }
                        KeyCode::Esc => return conflict::leave_theirs(state, &conflict),
                        _ => {}
                    }
                }
            }
            Self::Held { held, since } => {
                let held = held.clone();
                if state.has_been_seen(*since) {
                    match key.code {
                        KeyCode::Char('d') => return conflict::decide_all_the_same(state, &held),
                        KeyCode::Esc => return conflict::leave_to_holder(state, &held),
                        _ => {}
                    }
                }
            }
            Self::Gate { gap, verdict, since } => {
                if key.code == KeyCode::Esc {
                    return Vec::new();
                }
                if state.has_been_seen(*since) {
                    match key.code {
                        KeyCode::Char('y') => return take(state, gap, verdict),
                        KeyCode::Char('o') => {
                            return run(state, ActionId::Override, &format!("{} o", verdict.keys));
                        }
                        _ => {}
                    }
                }
            }
            Self::Unsaved => match key.code {
                KeyCode::Char('s') => return decide::retry(state),
                KeyCode::Char('y') => return leave(state),
                KeyCode::Esc => return Vec::new(),
                _ => {}
            },
        }
        state.overlay = Some(Overlay::Confirm(self));
        Vec::new()
    }

    pub(super) fn view(&self, state: &State, frame: &mut Frame) {
        match self {
            Self::Conflict { conflict, .. } => view_conflict(state, conflict, frame),
            Self::Held { held, .. } => view_held(state, held, frame),
            Self::Gate { gap, verdict, .. } => view_gate(state, gap, verdict, frame),
            Self::Unsaved => view_unsaved(state, frame),
        }
    }
}

/// Takes a value although something speaks against it.
fn take(state: &mut State, gap: &GapId, verdict: &Verdict) -> Vec<Effect> {
    let verdict = Verdict { keys: format!("{} y", verdict.keys), ..verdict.clone() };
    decide::decide_on(state, gap, verdict).unwrap_or_else(|refusal| {
        state.toasts.show(state.now, Level::Warning, wrap::capitalised(&refusal));
        Vec::new()
    })
}

/// Names a gap for a reader.
pub fn name_of(state: &State, gap: &crate::domain::GapId) -> String {
    let product = state.queue.row(gap).map_or(gap.product.as_str(), |row| row.data.display_name());
    let attribute = state.attribute_name(&gap.attribute);
    format!("{} of {}", sanitise::line(attribute, 40), sanitise::line(product, 120))
}

/// Says what was decided.
pub(super) fn decision_words(one: &Unsaved) -> String {
    let value = one.decision.value.as_ref().map(|value| format!(" \"{}\"", sanitise::value(value, 40)));
    format!("{}{}", one.decision.action.as_str().replace('_', " "), value.unwrap_or_default())
}

/// Shows both decisions: who, when, what, and why.
fn view_conflict(state: &State, conflict: &Conflict, frame: &mut Frame) {
    let theme = state.theme;
    let area = dialog(state, frame, "Decided meanwhile", 72, 8);
    let columns = usize::from(area.width);
    let muted = theme.style(Role::Muted);
    let (glyph, role) = outcome(conflict.state);
    let theirs = conflict.theirs.as_ref().map(|event| &event.decision);
    let by = conflict.by.as_deref().or_else(|| theirs.map(|one| one.reviewer.as_str()));
    let is_second = conflict.state == GapState::Second;
    let who = match by {
        Some(by) if by != HIDDEN => sanitise::line(by, 24),
        _ => "somebody".into(),
    };
    let what = theirs.and_then(|one| one.value.as_ref());
    let what = what.map(|value| format!(" \"{}\"", sanitise::value(value, 40))).unwrap_or_default();
    let theirs_words = if is_second {
        format!("{glyph} a first opinion, hidden until yours is in")
    } else {
        format!("{glyph} {}{what}", conflict.state.label())
    };
    let mine = state.unsaved_on(&conflict.gap).map(|one| &one.decision);
    let me = sanitise::line(state.identity.reviewer.as_str(), 24);
    let detail = |who: String, decision: Option<&Decision>| {
        let text = format!("        {who}{}", circumstances(state, decision));
        Line::styled(wrap::cut(&text, columns), muted)
    };
    let keys: &[(&str, &str)] = match conflict.state {
        GapState::Second => &[("k", "give mine as the second"), ("Esc", "leave it to others")],
        GapState::Disputed => &[("k", "settle with mine"), ("f", "flag it"), ("Esc", "leave it")],
        _ => &[("k", "keep mine, on top"), ("f", "flag it"), ("Esc", "leave theirs")],
    };
    let lines = [
        Line::raw(wrap::cut(&name_of(state, &conflict.gap), columns)),
        Line::default(),
        Line::from(vec![
            Span::styled("theirs  ", muted),
            Span::styled(wrap::cut(&theirs_words, columns.saturating_sub(8)), theme.style(role)),
        ]),
        detail(who, theirs),
        Line::from(vec![
            Span::styled("mine    ", muted),
            Span::raw(wrap::cut(
                &state.unsaved_on(&conflict.gap).map(decision_words).unwrap_or_default(),
                columns.saturating_sub(8),
            )),
        ]),
        detail(me, mine),
    ];
    draw_lines(frame, area, lines);
    draw_keys(frame, area, theme, keys);
}

/// Says when a decision was made and why, as far as a comment tells.
fn circumstances(state: &State, decision: Option<&Decision>) -> String {
    let Some(decision) = decision else { return String::new() };
    let ago = (state.wall - decision.decided_at).num_seconds().max(0);
    let ago = match ago {
        0..60 => "just now".to_owned(),
        60..3_600 => format!("{} min ago", ago / 60),
        3_600..86_400 => format!("{} h ago", ago / 3_600),
        _ => decision.decided_at.with_timezone(&chrono::Local).format("%Y-%m-%d %H:%M").to_string(),
    };
    let why = decision.comment.as_ref().map(|comment| format!(" · {}", sanitise::line(comment, 200)));
    format!(" · {ago}{}", why.unwrap_or_default())
}

fn view_gate(state: &State, gap: &GapId, verdict: &Verdict, frame: &mut Frame) {
    let theme = state.theme;
    let columns = usize::from(state.size.width).saturating_sub(8).min(68);
    let reasons = wrap::capitalised(&sanitise::line(&verdict.objections.join("; "), 400));
    let (reasons, _) = wrap::wrap(&[(format!("{reasons}."), theme.style(Role::Warning))], columns, 4);
    let height = u16::try_from(reasons.len() + 5).unwrap_or(9);
    let area = dialog(state, frame, "Are you sure?", 68, height);
    let columns = usize::from(area.width);
    let act = verdict.action.as_str();
    let value = sanitise::value(verdict.value.as_deref().unwrap_or_default(), 60);
    let mut lines = vec![
        Line::raw(wrap::cut(&name_of(state, gap), columns)),
        Line::raw(wrap::cut(&format!("{act} \"{value}\""), columns)),
        Line::default(),
    ];
    lines.extend(reasons);
    draw_lines(frame, area, lines);
    draw_keys(frame, area, theme, &[("y", "take it all the same"), ("o", "another value"), ("Esc", "back")]);
}

fn view_held(state: &State, held: &Held, frame: &mut Frame) {
    let theme = state.theme;
    let area = dialog(state, frame, "In other hands", 66, 6);
    let columns = usize::from(area.width);
    let who = sanitise::line(held.by.as_str(), 40);
    let until = held.until.with_timezone(&chrono::Local).format("%H:%M");
    let lines = [
        Line::raw(wrap::cut(&name_of(state, &held.gap), columns)),
        Line::default(),
        Line::raw(wrap::cut(&format!("{who} is working on it, until {until} at the latest."), columns)),
        Line::from(vec![
            Span::styled("mine    ", theme.style(Role::Muted)),
            Span::raw(wrap::cut(
                &state.unsaved_on(&held.gap).map(decision_words).unwrap_or_default(),
                columns.saturating_sub(8),
            )),
        ]),
    ];
    draw_lines(frame, area, lines);
    draw_keys(frame, area, theme, &[("d", "decide all the same"), ("Esc", "leave it to them")]);
}

fn view_unsaved(state: &State, frame: &mut Frame) {
    let theme = state.theme;
    let only_here =
        || state.unsaved.iter().filter(|one| matches!(one.phase, Phase::Keeping | Phase::Refused(_)));
    let count = only_here().count();
    let listed = count.min(LISTED);
    let height = u16::try_from(listed + 2 + usize::from(count > listed)).unwrap_or(9);
    let title = if count == 1 {
        "1 decision is not saved".into()
    } else {
        format!("{count} decisions are not saved")
    };
    let area = dialog(state, frame, &title, 66, height);
    let columns = usize::from(area.width);
    let mut lines: Vec<Line<'static>> = only_here()
        .take(listed)
        .map(|one| {
            let text = format!("{} · {}", decision_words(one), name_of(state, &one.decision.gap));
            Line::raw(wrap::cut(&text, columns))
        })
        .collect();
    if count > listed {
        lines.push(Line::styled(format!("and {} more", count - listed), theme.style(Role::Muted)));
    }
    draw_lines(frame, area, lines);
    draw_keys(frame, area, theme, &[("s", "try again"), ("y", "quit without them"), ("Esc", "stay")]);
}

//! The decisions that the database does not have: how far each is, why, and what can be done about it.

use super::confirm::{decision_words, name_of};
use super::{Overlay, dialog, draw_keys, draw_lines, keys_line, room};
use crate::domain::DecisionId;
use crate::sanitise;
use crate::tui::app::keymap::Key;
use crate::tui::app::msg::Effect;
use crate::tui::app::navigate;
use crate::tui::app::state::State;
use crate::tui::app::unsaved::{Phase, Unsaved};
use crate::tui::app::{conflict, decide};
use crate::tui::theme::Role;
use crate::tui::widgets::wrap;
use crossterm::event::KeyCode;
use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

/// The most rows shown at once.
const ROWS: usize = 10;
const WIDTH: u16 = 76;
/// How many columns say how far a decision is.
const STATUS: usize = 10;
/// How many lines say why.
const REASON: u16 = 3;

/// The list.
#[derive(Debug, Clone, Copy, Default)]
pub struct Outbox {
    selected: usize,
    /// The decision that `x` was pressed for once.
    discarding: Option<DecisionId>,
}

/// Returns the word for how far a decision is.
fn status(state: &State, one: &Unsaved) -> (&'static str, Role) {
    match &one.phase {
        Phase::Keeping => ("writing", Role::Warning),
        Phase::Kept if state.outage.is_some() => ("pending", Role::Warning),
        Phase::Kept => ("sending", Role::Muted),
        Phase::Refused(_) => ("not saved", Role::Bad),
        Phase::Failed(_) => ("refused", Role::Bad),
        Phase::Conflict => ("conflict", Role::Bad),
    }
}

impl Outbox {
    fn current<'a>(&self, state: &'a State) -> Option<&'a Unsaved> {
        state.unsaved.get(self.selected.min(state.unsaved.len().saturating_sub(1)))
    }

    pub(super) fn key(mut self, state: &mut State, key: Key) -> Vec<Effect> {
        let last = state.unsaved.len().saturating_sub(1);
        let current = self.current(state).cloned();
        let discarding = self.discarding.take();
        let mut effects = Vec::new();
        match key.code {
            KeyCode::Esc | KeyCode::Char('q' | 'O') => return effects,
            KeyCode::Down | KeyCode::Char('j') => self.selected = (self.selected + 1).min(last),
            KeyCode::Up | KeyCode::Char('k') => self.selected = self.selected.min(last).saturating_sub(1),
            KeyCode::Home | KeyCode::Char('g') => self.selected = 0,
            KeyCode::End | KeyCode::Char('G') => self.selected = last,
            KeyCode::Enter => {
                if let Some(one) = current {
                    return navigate::open_gap(state, one.decision.gap);
                }
            }
            KeyCode::Char('s' | 'R') => effects = decide::retry(state),
            KeyCode::Char('x') => match current {
                Some(one) if one.phase.stands() => {}
                Some(one) if discarding != Some(one.decision.id) => self.discarding = Some(one.decision.id),
                Some(one) => effects = discard(state, &one),
                None => {}
            },
            _ => {}
        }
        state.overlay = Some(Overlay::Outbox(self));
        effects
    }

    pub(super) fn hit(&self, state: &State, at: Position) -> Option<usize> {
        let count = state.unsaved.len();
        let area = room(state.size, WIDTH, height(count));
        let rows = rows(area);
        let first = self.selected.min(count.saturating_sub(1)).saturating_sub(rows - 1);
        let line = usize::from(at.y.checked_sub(area.y).filter(|_| area.contains(at))?);
        (line < rows && first + line < count).then_some(first + line)
    }

    pub(super) fn select(&mut self, row: usize) {
        self.selected = row;
        self.discarding = None;
    }

    pub(super) fn view(&self, state: &State, frame: &mut Frame) {
        let theme = state.theme;
        let count = state.unsaved.len();
        let title = match count {
            0 => "Outbox".to_owned(),
            1 => "Outbox · 1 decision".to_owned(),
            count => format!("Outbox · {} decisions", wrap::grouped(count as u64)),
        };
        if count == 0 {
            let area = dialog(state, frame, &title, WIDTH, 3);
            let (text, role) = self.words(state);
            draw_lines(frame, area, [Line::styled(text, theme.style(role))]);
            draw_keys(frame, area, theme, &[("Esc", "close")]);
            return;
        }
        let area = dialog(state, frame, &title, WIDTH, height(count));
        let line = |y: u16| Rect { y: y.min(area.bottom()), height: u16::from(y < area.bottom()), ..area };
        let columns = usize::from(area.width);
        let selected = self.selected.min(count.saturating_sub(1));
        let rows = rows(area);
        let first = selected.saturating_sub(rows - 1);
        for (index, one) in state.unsaved.iter().enumerate().skip(first).take(rows) {
            let y = area.y + u16::try_from(index - first).unwrap_or(0);
            let (word, role) = status(state, one);
            let text = format!("{} · {}", decision_words(one), name_of(state, &one.decision.gap));
            let room = columns.saturating_sub(STATUS + 3);
            let is_selected = index == selected;
            let word_style = if is_selected { Style::new() } else { theme.style(role) };
            let spans = vec![
                Span::raw(if is_selected { "▌ " } else { "  " }),
                Span::raw(wrap::pad(&wrap::cut(&text, room), room)),
                Span::styled(format!(" {}", wrap::pad(word, STATUS)), word_style),
            ];
            frame.render_widget(Line::from(spans), line(y));
            if is_selected {
                frame.buffer_mut().set_style(line(y), theme.style(Role::Selected));
            }
        }
        let (text, role) = self.words(state);
        let (lines, _) = wrap::wrap(&[(text, theme.style(role))], columns, usize::from(REASON));
        let below = area.bottom().saturating_sub(1).max(area.y);
        let reason = Rect { y: below.saturating_sub(REASON).max(area.y), height: REASON, ..area };
        frame.render_widget(Paragraph::new(lines), reason.intersection(area));
        let keys: &[(&str, &str)] = match self.current(state).map(|one| &one.phase) {
            Some(phase) if phase.stands() => {
                &[("Enter", "open the gap"), ("s", "send now"), ("Esc", "close")]
            }
            _ => &[("Enter", "open the gap"), ("s", "send again"), ("x", "discard"), ("Esc", "close")],
        };
        frame.render_widget(keys_line(theme, area.width, keys), line(below));
    }

    /// Says how far the selected decision is, and what can be done.
    fn words(&self, state: &State) -> (String, Role) {
        let Some(one) = self.current(state) else {
            return ("Every decision is saved".into(), Role::Muted);
        };
        if self.discarding == Some(one.decision.id) {
            return ("x again discards the decision for good".into(), Role::Warning);
        }
        match &one.phase {
            Phase::Keeping => ("Being written to the disk".into(), Role::Muted),
            Phase::Kept => match &state.outage {
                Some(outage) => {
                    let reason = sanitise::line(&outage.reason, 200);
                    let since = outage.since.format("%H:%M:%S");
                    (format!("On the disk · no connection since {since} UTC: {reason}"), Role::Warning)
                }
                None => ("On the disk, on its way to the database".into(), Role::Muted),
            },
            Phase::Refused(reason) => (wrap::capitalised(reason), Role::Bad),
            Phase::Failed(reason) => {
                (format!("{} · Enter opens the gap to decide again", wrap::capitalised(reason)), Role::Bad)
            }
            Phase::Conflict => (
                "Somebody else decided it or holds it · Enter opens the gap to decide again".into(),
                Role::Bad,
            ),
        }
    }
}

/// Returns how many lines are shown of so many decisions: they, why, and the keys.
fn height(count: usize) -> u16 {
    u16::try_from(count.clamp(1, ROWS)).unwrap_or(1) + REASON + 2
}

/// Returns how many rows have room: the reason, an empty line before it and the keys have their place.
fn rows(area: Rect) -> usize {
    usize::from(area.height.saturating_sub(REASON + 2)).clamp(1, ROWS)
}

fn discard(state: &mut State, one: &Unsaved) -> Vec<Effect> {
    let gap = &one.decision.gap;
    let effects = if one.phase.is_failed() {
        vec![conflict::discard(state, one.decision.id)]
    } else {
        state.unsaved.retain(|other| other.decision.id != one.decision.id);
        Vec::new()
    };
    if state.unsaved_on(gap).is_none()
        && let Some(row) = state.queue.row_mut(gap)
    {
        row.decided_here = false;
    }
    effects
}

//! The history of one gap, the newest decision first: what was done, and what was seen then.

use crate::domain::{Action, DecisionId, DecisionRow, Event, Seen};
use crate::sanitise;
use crate::tui::app::navigate::Motion;
use crate::tui::theme::{Role, Theme};
use crate::tui::widgets::wrap::{self, Piece};
use ratatui::text::{Line, Span};

/// The most lines shown.
const FAR: usize = 4_000;
/// How many candidates of those seen are listed.
const CANDIDATES: usize = 5;

/// The detail as it is laid out.
#[derive(Debug, Clone, Default)]
pub struct Detail {
    pub lines: Vec<Line<'static>>,
    pub scroll: usize,
    /// Whether the lines are those of the decision under the cursor, not of the one before.
    pub is_current: bool,
    laid_out: Option<(usize, Theme)>,
}

/// The lines of a history, and which of them tell of the decision under the cursor.
#[derive(Debug)]
pub struct Laid {
    lines: Vec<Line<'static>>,
    first: usize,
    last: usize,
}

impl Detail {
    /// Notes that something else is to be shown.
    pub fn changed(&mut self) {
        self.laid_out = None;
    }

    pub(super) fn is_laid_out(&self, columns: usize, theme: Theme) -> bool {
        self.laid_out == Some((columns, theme))
    }

    /// Takes what is to be shown; without it, what was shown before stays.
    pub(super) fn lay_out(&mut self, laid: Option<Laid>, columns: usize, theme: Theme, height: usize) {
        self.laid_out = Some((columns, theme));
        self.is_current = laid.is_some();
        if let Some(laid) = laid {
            // The decision under the cursor is in view, with what stands above it where there is room.
            let lowest = (laid.last + 1).saturating_sub(height);
            self.scroll = lowest.min(laid.first);
            self.lines = laid.lines;
        }
    }

    pub(super) fn motion(&mut self, motion: Motion, height: usize) {
        self.scroll = motion.apply(self.scroll, (self.lines.len() + 1).saturating_sub(height), height);
    }
}

/// Returns an action's glyph and role.
pub fn glyph(action: Action) -> (&'static str, Role) {
    match action.state() {
        Some(state) => super::queue_view::outcome(state),
        None => ("↶", Role::Muted),
    }
}

/// Says what was done.
pub fn act(action: Action, value: Option<&str>) -> String {
    let value = value.map(|value| format!(" \"{}\"", sanitise::value(value, 200)));
    format!("{}{}", action.as_str().replace('_', " "), value.unwrap_or_default())
}

/// Lays the history of a gap out.
pub fn lines(row: &DecisionRow, history: &[Event], columns: usize, theme: Theme) -> Laid {
    let muted = theme.style(Role::Muted);
    let in_force = Event::in_force(history).map(|event| event.decision.id);
    let product =
        if row.product_name.trim().is_empty() { row.gap.product.as_str() } else { &row.product_name };
    let count = match history.len() {
        1 => "1 decision".to_owned(),
        n => format!("{n} decisions"),
    };
    let key = format!(
        "{} · {} · {count}",
        sanitise::line(row.gap.product.as_str(), 60),
        sanitise::line(row.gap.attribute.as_str(), 60)
    );
    let mut lines = vec![
        Line::styled(wrap::cut(&sanitise::line(product, 200), columns), theme.style(Role::Strong)),
        Line::styled(wrap::cut(&key, columns), muted),
    ];
    let (mut first, mut last) = (0, 0);
    for event in history.iter().rev() {
        lines.push(Line::default());
        let is_current = event.decision.id == row.id;
        if is_current {
            first = lines.len();
        }
        lines.extend(event_lines(event, history, in_force, is_current, columns, theme));
        if is_current {
            last = lines.len() - 1;
        }
    }
    lines.truncate(FAR);
    Laid { lines, first, last }
}

fn event_lines(
    event: &Event,
    history: &[Event],
    in_force: Option<DecisionId>,
    is_current: bool,
    columns: usize,
    theme: Theme,
) -> Vec<Line<'static>> {
    let decision = &event.decision;
    let muted = theme.style(Role::Muted);
    let (sign, role) = glyph(decision.action);
    let standing = if let Some(undo) = event.undone_by {
        format!(" · undone{}", who_and_when(history, undo))
    } else if in_force == Some(decision.id) {
        " · in force".to_owned()
    } else {
        String::new()
    };
    let head = vec![
        (event.recorded_at.format("%Y-%m-%d %H:%M:%S  ").to_string(), muted),
        (format!("{}  ", sanitise::line(decision.reviewer.as_str(), 40)), theme.style(Role::Strong)),
        (format!("{sign} {}", act(decision.action, decision.value.as_deref())), theme.style(role)),
        (standing, muted),
    ];
    let mut lines = wrapped(&head, if is_current { "▌ " } else { "  " }, columns, theme);
    let mut add = |text: String| lines.extend(wrapped(&[(text, muted)], "    ", columns, theme));
    if let Some(comment) = decision.comment.as_ref().filter(|comment| !comment.trim().is_empty()) {
        add(format!("\"{}\"", sanitise::lines(comment.trim(), 2_000)));
    }
    if let Some(undone) = decision.undoes {
        add(format!("took back {}", undone_words(history, undone)));
    }
    if !matches!(decision.action, Action::Undo | Action::Opinion) {
        add(seen_words(event));
    }
    let how = how_words(&decision.seen);
    if !how.is_empty() {
        add(how);
    }
    if let Some(batch) = decision.batch {
        add(format!("bulk action {batch}"));
    }
    lines
}

/// Wraps text behind a margin; lines after the first are indented as far.
fn wrapped(pieces: &[Piece], margin: &'static str, columns: usize, theme: Theme) -> Vec<Line<'static>> {
    let (lines, _) = wrap::wrap(pieces, columns.saturating_sub(wrap::width(margin)), 60);
    let rest = " ".repeat(wrap::width(margin));
    lines
        .into_iter()
        .enumerate()
        .map(|(index, mut line)| {
            let margin = if index == 0 { margin.to_owned() } else { rest.clone() };
            line.spans.insert(0, Span::styled(margin, theme.style(Role::Accent)));
            line
        })
        .collect()
}

fn who_and_when(history: &[Event], undo: DecisionId) -> String {
    let event = history.iter().find(|event| event.decision.id == undo);
    event.map_or_else(String::new, |event| {
        let by = sanitise::line(event.decision.reviewer.as_str(), 40);
        format!(" by {by}, {}", event.recorded_at.format("%Y-%m-%d %H:%M"))
    })
}

fn undone_words(history: &[Event], undone: DecisionId) -> String {
    let event = history.iter().find(|event| event.decision.id == undone);
    event.map_or_else(
        || "a decision that is not here".to_owned(),
        |event| {
            let words = act(event.decision.action, event.decision.value.as_deref());
            format!("{words} of {}", event.recorded_at.format("%Y-%m-%d %H:%M:%S"))
        },
    )
}

/// Says what the reviewer saw.
fn seen_words(event: &Event) -> String {
    let decision = &event.decision;
    let seen = &decision.seen;
    let candidates = seen.candidates.iter().take(CANDIDATES).map(|candidate| {
        let sure = candidate.confidence.map(|confidence| format!(" {:.2}", confidence.get()));
        let sources = candidate.sources.iter().take(3).map(|source| sanitise::line(source, 40));
        let sources = sources.collect::<Vec<_>>().join(", ");
        let by = if sources.is_empty() { String::new() } else { format!(" ({sources})") };
        format!("\"{}\"{}{by}", sanitise::value(&candidate.value, 80), sure.unwrap_or_default())
    });
    let mut words: Vec<String> = candidates.collect();
    if words.is_empty()
        && let Some(value) = &decision.shown_value
    {
        let sure = decision.shown_confidence.map(|confidence| format!(" {:.2}", confidence.get()));
        let by =
            decision.shown_experiment.as_ref().map(|key| format!(" ({})", sanitise::line(key.as_str(), 40)));
        let value = sanitise::value(value, 80);
        words.push(format!("\"{value}\"{}{}", sure.unwrap_or_default(), by.unwrap_or_default()));
    }
    let more = seen.candidates.len().saturating_sub(CANDIDATES);
    if more > 0 {
        words.push(format!("{more} more"));
    }
    let candidates = if words.is_empty() { "no candidate".to_owned() } else { words.join(" · ") };
    let neighbours = match seen.neighbours.len() {
        0 => String::new(),
        1 => " · 1 neighbour".to_owned(),
        n => format!(" · {n} neighbours"),
    };
    format!("saw {candidates}{neighbours}")
}

/// Says how the decision came about.
fn how_words(seen: &Seen) -> String {
    let mut words = Vec::new();
    words.extend(seen.seconds.map(|seconds| format!("{seconds:.1} s")));
    if !seen.keys.is_empty() {
        words.push(format!("keys {}", sanitise::line(&seen.keys, 80)));
    }
    if !seen.policy.is_empty() {
        words.push(sanitise::line(&seen.policy, 80));
    }
    match seen.objections.as_slice() {
        [] if seen.kept_on_purpose => words.push("kept on purpose".into()),
        [] => {}
        reasons => words.push(format!("kept although {}", sanitise::line(&reasons.join("; "), 200))),
    }
    words.join(" · ")
}

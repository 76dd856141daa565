//! The start screen: what is being opened, how far it is, for how long already.

use super::chrome;
use crate::review::outbox::Outage;
use crate::sanitise;
use crate::tui::Progress;
use crate::tui::app::State;
use crate::tui::app::action::ActionId;
use crate::tui::interface::Motion;
use crate::tui::layout;
use crate::tui::theme::Role;
use crate::tui::widgets::wrap;
use ratatui::Frame;
use ratatui::layout::Alignment;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;
use std::time::{Duration, Instant};

/// How often the elapsed time is drawn anew.
const TICK: Duration = Duration::from_millis(100);

/// What the start screen knows.
#[derive(Debug, Clone)]
pub struct Opening {
    pub since: Instant,
    pub progress: Option<Progress>,
    /// How many decisions rest in the outbox, once somebody has looked.
    pub resting: usize,
}

impl Opening {
    /// Starts the clock.
    pub fn new(now: Instant) -> Self {
        Self { since: now, progress: None, resting: 0 }
    }

    /// Returns when the elapsed time changes next.
    pub fn next_frame(now: Instant, motion: Motion) -> Instant {
        now + if motion == Motion::Full { TICK } else { Duration::from_secs(1) }
    }
}

/// Draws the start screen.
pub fn view(state: &State, opening: &Opening, frame: &mut Frame) {
    let theme = state.theme;
    if let Some(outage) = &state.outage {
        return out_of_reach(state, opening, outage, frame);
    }
    let area = layout::centred(frame.area(), 56, 7);
    let step = opening.progress.as_ref().map_or("Opening the database", |progress| progress.step.as_str());
    let elapsed = state.now.saturating_duration_since(opening.since).as_secs_f64();
    let mut lines = vec![
        Line::from(Span::styled("gapdeck", theme.style(Role::Title))),
        Line::default(),
        Line::from(sanitise::line(step, 200)),
        bar(state, opening.progress.as_ref(), usize::from(area.width.min(40))),
    ];
    let mut tail = Vec::new();
    if let Some(Progress { done, total: Some(total), .. }) = &opening.progress {
        tail.push(format!("{} of {}", wrap::grouped(*done), wrap::grouped(*total)));
    }
    // The first moments need no clock.
    if state.motion == Motion::Reduced && elapsed >= 1.0 {
        tail.push(format!("{elapsed:.0} s"));
    } else if state.motion == Motion::Full && elapsed >= 0.3 {
        tail.push(format!("{elapsed:.1} s"));
    }
    lines.push(Line::from(Span::styled(tail.join(" · "), theme.style(Role::Muted))));
    lines.push(Line::default());
    let database = sanitise::line(&state.identity.database, 100);
    lines.push(Line::from(Span::styled(database, theme.style(Role::Muted))));
    frame.render_widget(Paragraph::new(lines).alignment(Alignment::Center), area);
    hint(state, frame, &[(ActionId::Quit, "quit")]);
}

/// Says that the database cannot be opened now, and what becomes of it.
fn out_of_reach(state: &State, opening: &Opening, outage: &Outage, frame: &mut Frame) {
    let theme = state.theme;
    let area = layout::centred(frame.area(), 72, 10);
    let muted = theme.style(Role::Muted);
    let columns = usize::from(area.width);
    let reason = wrap::capitalised(&sanitise::line(&outage.reason, 400));
    let (reason, _) = wrap::wrap(&[(reason, theme.style(Role::Text))], columns, 4);
    let mut lines = vec![Line::from(Span::styled("gapdeck", theme.style(Role::Title))), Line::default()];
    lines.extend(reason);
    lines.push(Line::default());
    lines.push(Line::styled(
        chrome::outage_words(outage, &state.key(ActionId::Refresh), columns),
        theme.style(Role::Warning),
    ));
    if opening.resting > 0 {
        let what = match opening.resting {
            1 => "1 decision rests".to_owned(),
            count => format!("{} decisions rest", wrap::grouped(count as u64)),
        };
        lines.push(Line::default());
        let what = format!("{what} in the outbox, to be sent once it answers");
        lines.extend(wrap::wrap(&[(what, muted)], columns, 2).0);
    }
    frame.render_widget(Paragraph::new(lines).alignment(Alignment::Center), area);
    hint(state, frame, &[(ActionId::Refresh, "try now"), (ActionId::Quit, "quit")]);
}

fn hint(state: &State, frame: &mut Frame, keys: &[(ActionId, &str)]) {
    let area = layout::frame(state.size).hints.intersection(frame.area());
    let mut line = Line::raw(" ");
    for (key, word) in keys {
        line.push_span(Span::styled(state.key(*key), state.theme.style(Role::Key)));
        line.push_span(Span::styled(format!(" {word}   "), state.theme.style(Role::Muted)));
    }
    frame.render_widget(line, area);
}

fn bar(state: &State, progress: Option<&Progress>, columns: usize) -> Line<'static> {
    let (done, total) = match progress {
        Some(Progress { done, total: Some(total), .. }) if *total > 0 => (*done.min(total), *total),
        _ => (0, 1),
    };
    let filled = u128::from(done) * columns as u128 / u128::from(total);
    let filled = usize::try_from(filled).unwrap_or(columns);
    Line::from(vec![
        Span::styled("━".repeat(filled), state.theme.style(Role::Accent)),
        Span::styled("─".repeat(columns - filled), state.theme.style(Role::Border)),
    ])
}

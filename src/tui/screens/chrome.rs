//! The lines around every screen: tabs and figures above, hints and messages below.

use super::card_sections::{Setting, heading};
use crate::domain::Count;
use crate::insight::drift::Drift;
use crate::review::outbox::Outage;
use crate::sanitise;
use crate::tui::app::State;
use crate::tui::app::action::{ACTIONS, Action, ActionId, Context};
use crate::tui::app::state::Quit;
use crate::tui::app::toast::Level;
use crate::tui::app::unsaved::Tally;
use crate::tui::app::waits;
use crate::tui::layout::SMALLEST;
use crate::tui::theme::{Role, Theme};
use crate::tui::widgets::wrap;
use ratatui::Frame;
use ratatui::layout::{Alignment, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Clear, Paragraph};

/// From which width on every tab is shown.
const WIDE: u16 = 100;

/// From which width on the other tabs have room beside the one shown.
const NARROW: u16 = 48;

/// Draws what is left of both sides of a line: the right side gives way.
pub fn two_sided(frame: &mut Frame, area: Rect, left: Line<'_>, right: Line<'_>) {
    let needed = left.width() + right.width() + 2;
    let room = usize::from(area.width);
    let right_width = right.width();
    frame.render_widget(left, area);
    if needed <= room {
        let width = u16::try_from(right_width).unwrap_or(0);
        let place = Rect { x: area.right().saturating_sub(width + 1), width, ..area };
        frame.render_widget(right, place.intersection(area));
    }
}

/// Draws a heading over an area; returns what is left below it.
pub fn titled(theme: Theme, frame: &mut Frame, area: Rect, title: &str) -> Rect {
    let columns = usize::from(area.width);
    let setting = Setting { theme, columns, height: None, choice: 0, reasoning: false, keys: None };
    frame.render_widget(heading(setting, title, ""), Rect { height: 1.min(area.height), ..area });
    Rect { y: area.y + 1.min(area.height), height: area.height.saturating_sub(1), ..area }
}

/// Draws what is said instead of a list.
pub fn instead(state: &State, frame: &mut Frame, area: Rect, text: String) {
    let pieces = [(text, state.theme.style(Role::Muted))];
    let (lines, _) = wrap::wrap(&pieces, usize::from(area.width), usize::from(area.height));
    frame.render_widget(Paragraph::new(lines), area);
}

/// Says a drift in a cell: `▼ 82→61 %`.
pub fn drift(drift: &Drift) -> String {
    let mark = if drift.is_fall() { "▼" } else { "▲" };
    format!("{mark} {:.0}→{:.0} %", drift.from * 100.0, drift.to * 100.0)
}

/// Says a drift in a line, two where there is little room; returns how many it took.
pub fn drift_line(state: &State, frame: &mut Frame, area: Rect, drift: &Drift) -> u16 {
    let role = if drift.is_fall() { Role::Warning } else { Role::Text };
    let pieces = [(wrap::capitalised(&drift.words()), state.theme.style(role))];
    let (lines, _) = wrap::wrap(&pieces, usize::from(area.width), usize::from(area.height.min(2)));
    let used = u16::try_from(lines.len()).unwrap_or(0).min(area.height);
    frame.render_widget(Paragraph::new(lines), Rect { height: used, ..area });
    used
}

/// A tab of the first line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tab {
    pub name: &'static str,
    /// Opens its screen.
    pub action: ActionId,
    pub is_active: bool,
    /// The column where it begins.
    pub x: u16,
}

impl Tab {
    /// Returns how many columns it takes.
    pub fn width(&self) -> u16 {
        u16::try_from(self.name.len()).unwrap_or(u16::MAX)
    }
}

/// The columns between two tabs.
const BETWEEN: u16 = 3;

/// Returns the tabs that there is room for.
pub fn tabs(context: Context, width: u16) -> Vec<Tab> {
    let experiments = matches!(context, Context::Experiments | Context::Comparison);
    let activity = context == Context::Activity;
    let insights = context == Context::Insights;
    // Where there is little room, the figures are of more use than the way to another screen.
    let all = [
        ("Queue", ActionId::Queue, !experiments && !activity && !insights, true),
        ("Experiments", ActionId::Experiments, experiments, !activity || width >= NARROW),
        ("Insights", ActionId::Insights, insights, insights || width >= WIDE),
        ("Activity", ActionId::Activity, activity, activity || width >= WIDE),
    ];
    let mut tabs: Vec<Tab> = Vec::new();
    for (name, action, is_active, is_shown) in all {
        if is_shown {
            let x = tabs.last().map_or(11, |last| last.x + last.width() + BETWEEN);
            tabs.push(Tab { name, action, is_active, x });
        }
    }
    tabs
}

/// Draws the first line: tabs at the left, the figures at the right.
pub fn header(state: &State, frame: &mut Frame, area: Rect) {
    let theme = state.theme;
    let mut left = Line::from(vec![Span::raw(" "), Span::styled("gapdeck", theme.style(Role::Title))]);
    for tab in tabs(state.context(), area.width) {
        left.push_span(Span::raw(" ".repeat(usize::from(BETWEEN))));
        let role = if tab.is_active { Role::TabActive } else { Role::Muted };
        left.push_span(Span::styled(tab.name, theme.style(role)));
    }
    // From the most to the least needed; what does not fit is left out, from the end.
    let room = usize::from(area.width).saturating_sub(left.width() + 3);
    let saving = saving(state);
    // What is not saved is told before anything else.
    let saving_rank = if saving.1 == Role::Muted { 3 } else { 5 };
    let mut parts = vec![(saving.0, saving.1, saving_rank)];
    if let Some(figures) = &state.figures.value {
        parts.insert(0, (format!("{} today", wrap::grouped(figures.today)), Role::Muted, 2));
        for (waiting, word) in [(figures.disputed, "disputed"), (figures.second, "second")] {
            if waiting.value() > 0 {
                parts.insert(0, (format!("{} {word}", count(waiting)), Role::Text, 3));
            }
        }
        parts.insert(0, (format!("{} open", count(figures.open)), Role::Muted, 4));
    }
    parts.insert(0, (sanitise::line(state.identity.reviewer.as_str(), 24), Role::Text, 1));
    parts.insert(0, (sanitise::line(&state.identity.database, 40), Role::Text, 0));
    while parts.iter().map(|(text, ..)| wrap::width(text) + 3).sum::<usize>() > room + 3 && parts.len() > 1 {
        let weakest =
            parts.iter().enumerate().min_by_key(|(_, (.., rank))| *rank).map_or(0, |(index, _)| index);
        parts.remove(weakest);
    }
    let mut right = Line::default();
    for (index, (text, role, _)) in parts.into_iter().enumerate() {
        if index > 0 {
            right.push_span(Span::styled(" · ", theme.style(Role::Muted)));
        }
        right.push_span(Span::styled(text, theme.style(role)));
    }
    two_sided(frame, area, left, right);
}

/// Draws the bar that tells of a database out of reach.
pub fn outage(state: &State, frame: &mut Frame, area: Rect) {
    let Some(outage) = &state.outage else { return };
    frame.render_widget(Clear, area);
    let text = format!(
        " {}",
        outage_words(outage, &state.key(ActionId::Refresh), usize::from(area.width).saturating_sub(2))
    );
    frame.render_widget(Line::raw(text), area);
    frame.buffer_mut().set_style(area, state.theme.style(Role::Bar));
}

/// Says since when the database is out of reach and when the next try is, in at most so many columns.
pub fn outage_words(outage: &Outage, key: &str, columns: usize) -> String {
    let since = outage.since.format("%H:%M:%S");
    let (next, short) = match outage.next_try {
        Some(at) => {
            let at = at.format("%H:%M:%S");
            (format!("next try {at} UTC · {key} tries now"), format!("next {at} · {key} now"))
        }
        None => ("trying now".to_owned(), "trying now".to_owned()),
    };
    let all = [
        format!("No connection since {since} · decisions are kept here and sent later · {next}"),
        format!("No connection since {since} · {next}"),
        format!("Lost {since} · {short}"),
    ];
    all.iter().find(|words| wrap::width(words) <= columns).unwrap_or(&all[2]).clone()
}

/// Says in total how far the decisions are.
fn saving(state: &State) -> (String, Role) {
    let Tally { kept, refused, failed } = state.tally();
    let overdue = state.unsaved.iter().any(|one| one.phase.stands() && state.is_overdue(Some(one.since)));
    let mut words = Vec::new();
    if refused > 0 {
        words.push(format!("{refused} not saved"));
    }
    if failed > 0 {
        words.push(format!("{failed} refused"));
    }
    let role = if words.is_empty() { Role::Warning } else { Role::Bad };
    if kept > 0 && state.outage.is_some() {
        words.push(format!("{kept} pending"));
    } else if overdue {
        words.push(format!("saving {}", kept.max(1)));
    }
    if words.is_empty() { ("saved".into(), Role::Muted) } else { (words.join(", "), role) }
}

/// Returns a count for a reader (`8,012`, `about 4.2 k`).
pub fn count(count: Count) -> String {
    match count {
        Count::Exact(n) => wrap::grouped(n),
        Count::About(n) => format!("about {}", rounded(n)),
    }
}

fn rounded(n: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "two digits are shown")]
    let number = n as f64;
    match n {
        0..1_000 => n.to_string(),
        1_000..10_000 => format!("{:.1} k", number / 1e3),
        10_000..1_000_000 => format!("{:.0} k", number / 1e3),
        _ => format!("{:.1} M", number / 1e6),
    }
}

/// Draws the last line: a message, or the keys of the place.
pub fn hints(state: &State, frame: &mut Frame, area: Rect) {
    let theme = state.theme;
    if let Quit::Waiting { .. } = state.quit {
        let n = state.unsaved.iter().filter(|one| one.phase.stands()).count();
        let text = format!(" saving {n} {}…", if n == 1 { "decision" } else { "decisions" });
        frame.render_widget(Line::styled(text, theme.style(Role::Warning)), area);
        return;
    }
    let mut line = area;
    for toast in state.toasts.shown() {
        let role = match toast.level {
            Level::Info => Role::Accent,
            Level::Warning => Role::Warning,
            Level::Error => Role::Bad,
        };
        let text = wrap::cut(&toast.line(), usize::from(area.width).saturating_sub(2));
        frame.render_widget(Clear, line);
        frame.render_widget(Line::styled(format!(" {text}"), theme.style(role)), line);
        line.y = line.y.saturating_sub(1);
    }
    if line != area {
        return;
    }
    let mut area = area;
    if let Some(words) = waits::words(state) {
        let text = wrap::cut(&format!(" {words}  "), usize::from(area.width));
        let wide = u16::try_from(wrap::width(&text)).unwrap_or(0).min(area.width);
        frame.render_widget(Line::styled(text, theme.style(Role::Warning)), area);
        area = Rect { x: area.x + wide, width: area.width - wide, ..area };
    }
    let context = state.context();
    let here: Vec<&Action> = ACTIONS
        .iter()
        .filter(|action| action.hint.is_some() && !action.is_sibling() && action.contexts.contains(&context))
        .collect();
    frame.render_widget(hint_line(state, &here, usize::from(area.width)), area);
}

/// What is never left out of the hint line.
const KEPT: [ActionId; 2] = [ActionId::Help, ActionId::Palette];

fn hint_line(state: &State, actions: &[&Action], columns: usize) -> Line<'static> {
    let hint = |action: &Action| {
        let key = state.keymap.label(state.context(), action.id);
        (key, action.hint.unwrap_or_default())
    };
    let width = |action: &Action| {
        let (key, word) = hint(action);
        wrap::width(&key) + 1 + wrap::width(word) + 3
    };
    let kept: usize =
        actions.iter().filter(|action| KEPT.contains(&action.id)).map(|action| width(action)).sum();
    let mut room = columns.saturating_sub(kept);
    let mut full = false;
    let mut line = Line::raw(" ");
    for action in actions {
        let wide = width(action);
        if !KEPT.contains(&action.id) {
            full |= wide > room;
            if full {
                continue;
            }
            room -= wide;
        }
        let (key, word) = hint(action);
        line.push_span(Span::styled(key, state.theme.style(Role::Key)));
        line.push_span(Span::styled(format!(" {word}   "), state.theme.style(Role::Muted)));
    }
    line
}

/// Draws the one line for a terminal that is too small.
pub fn too_small(state: &State, frame: &mut Frame) {
    let area = frame.area();
    let text = format!(
        "gapdeck needs {}x{}, this terminal has {}x{}",
        SMALLEST.width, SMALLEST.height, state.size.width, state.size.height
    );
    let (lines, _) = wrap::wrap(&[(text, state.theme.style(Role::Text))], usize::from(area.width), 9);
    let height = u16::try_from(lines.len()).unwrap_or(1).min(area.height);
    let place = Rect { y: area.y + (area.height - height) / 2, height, ..area };
    frame.render_widget(Paragraph::new(lines).alignment(Alignment::Center), place);
}

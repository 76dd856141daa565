//! Draws the activity screen: the list of decisions, and the history of the gap under the cursor.

use super::activity::{Activity, MOST, Side, Span as TimeSpan};
use super::activity_detail::{act, glyph};
use super::chrome;
use crate::domain::{Action, DecisionRow};
use crate::sanitise;
use crate::tui::app::State;
use crate::tui::app::action::ActionId;
use crate::tui::layout;
use crate::tui::theme::Role;
use crate::tui::widgets::wrap;
use chrono::{DateTime, Utc};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, BorderType, Borders, Paragraph};

/// The signs of a bulk action and of a comment.
const BULK: &str = "≡";
const COMMENT: &str = "“";

/// Draws the screen.
pub fn view(state: &State, frame: &mut Frame, screen: &Activity) {
    let theme = state.theme;
    let lines = layout::frame(state.size);
    let right = if state.is_overdue(screen.page_waiting_since()) {
        Line::styled("loading…", theme.style(Role::Warning))
    } else {
        Line::styled(position(state, screen), theme.style(Role::Muted))
    };
    let room = usize::from(lines.status.width).saturating_sub(2);
    let left = wrap::cut(&format!(" {}", words(state, screen)), room);
    chrome::two_sided(frame, lines.status, Line::raw(left), right);
    let place = layout::activity(state.size);
    if place.is_beside {
        let focused = screen.side == Side::List;
        let (border, title) =
            if focused { (Role::BorderFocused, Role::Strong) } else { (Role::Border, Role::Muted) };
        let block = Block::bordered()
            .border_type(BorderType::Rounded)
            .border_style(theme.style(border))
            .title(Line::styled(" Decisions, the newest first ", theme.style(title)));
        frame.render_widget(block, place.list);
    }
    list(state, frame, screen, place.rows);
    detail(state, frame, screen, place);
}

/// Says what is shown.
fn words(state: &State, screen: &Activity) -> String {
    let wanted = &screen.wanted;
    let mut words = Vec::new();
    if let Some(reviewer) = &wanted.reviewer {
        let mine = *reviewer == state.identity.reviewer;
        words.push(if mine {
            "mine".into()
        } else {
            format!("by {}", sanitise::line(reviewer.as_str(), 24))
        });
    }
    words.extend(wanted.action.map(|action| action.as_str().replace('_', " ")));
    words.extend(wanted.attribute.as_ref().map(|key| sanitise::line(state.attribute_name(key), 40)));
    if let Some(batch) = wanted.batch {
        words.push(format!("bulk action {}", &batch.to_string()[..8]));
    }
    match wanted.span {
        TimeSpan::All if words.is_empty() => words.push("every decision".into()),
        TimeSpan::All => {}
        TimeSpan::Today => words.push("today".into()),
        TimeSpan::Week => words.push("the last 7 days".into()),
    }
    words.join(" · ")
}

fn position(state: &State, screen: &Activity) -> String {
    if screen.rows.is_empty() {
        return String::new();
    }
    let (at, loaded) = (wrap::grouped(screen.cursor as u64 + 1), screen.rows.len());
    if loaded >= MOST && screen.cursor + 1 >= loaded {
        return format!("{at} · the list ends here, {} narrows it", state.key(ActionId::FilterActivity));
    }
    let count = wrap::grouped(loaded as u64);
    let more = if screen.is_complete() { "" } else { "+" };
    format!("{at} of {count}{more} · times in UTC")
}

fn list(state: &State, frame: &mut Frame, screen: &Activity, area: Rect) {
    let theme = state.theme;
    if screen.rows.is_empty() {
        let text = match (screen.error(), screen.is_loaded()) {
            (Some(error), _) => {
                let reason = sanitise::line(&error.to_string(), 300);
                format!(
                    "The decisions could not be loaded: {reason}\n\n{} tries again",
                    state.key(ActionId::Refresh)
                )
            }
            (None, true) if screen.wanted.is_plain() => "Nobody has decided anything yet".into(),
            (None, true) => {
                let [all, filter] =
                    [ActionId::ClearActivity, ActionId::FilterActivity].map(|id| state.key(id));
                format!("No decision matches\n\n{all} shows every decision, {filter} narrows otherwise")
            }
            (None, false) => String::new(),
        };
        let area = Rect { x: area.x + 2.min(area.width), width: area.width.saturating_sub(4), ..area };
        let pieces = [(text, theme.style(Role::Muted))];
        let (lines, _) = wrap::wrap(&pieces, usize::from(area.width), usize::from(area.height));
        frame.render_widget(Paragraph::new(lines), area);
        return;
    }
    let columns = Columns::of(usize::from(area.width));
    let rows = screen.rows.iter().enumerate().skip(screen.offset);
    for ((index, row), y) in rows.zip(area.top()..area.bottom()) {
        let line = Rect { y, height: 1, ..area };
        let is_current = index == screen.cursor;
        let has_keyboard = is_current && screen.side == Side::List;
        let mut text = row_line(state, row, &columns);
        text.spans.insert(0, Span::styled(if is_current { " ▌ " } else { "   " }, theme.style(Role::Accent)));
        if has_keyboard {
            for span in &mut text.spans {
                span.style = Style::new();
            }
        }
        frame.render_widget(text, line);
        if is_current {
            let role = if has_keyboard { Role::Selected } else { Role::SelectedElsewhere };
            frame.buffer_mut().set_style(line, theme.style(role));
        }
    }
    if screen.is_replaced() && state.is_overdue(screen.page_waiting_since()) {
        frame.buffer_mut().set_style(area, theme.style(Role::Stale));
    }
}

/// How wide the columns are; one of no width is left out.
struct Columns {
    time: usize,
    reviewer: usize,
    act: usize,
    attribute: usize,
    product: usize,
}

impl Columns {
    /// Shares a row out.
    fn of(width: usize) -> Self {
        // The marker at the left, the two signs at the right, and spaces between.
        let room = width.saturating_sub(3 + 3);
        let time = if room >= 56 { 11 } else { 5 };
        let reviewer = (room / 7).clamp(6, 14);
        let rest = room.saturating_sub(time + reviewer + 4);
        let attribute = if rest >= 44 { (rest / 5).min(18) } else { 0 };
        let act = if rest >= 30 { (rest * 9 / 20).min(44) } else { rest };
        let gaps = 2 * usize::from(attribute > 0) + 2 * usize::from(act < rest);
        let product = rest.saturating_sub(act + attribute + gaps);
        Self { time, reviewer, act, attribute, product }
    }
}

fn row_line(state: &State, row: &DecisionRow, columns: &Columns) -> Line<'static> {
    let theme = state.theme;
    let muted = theme.style(Role::Muted);
    let (sign, role) = glyph(row.action);
    let is_undoing = state
        .unsaved
        .iter()
        .any(|one| one.decision.undoes == Some(row.id) && one.phase == crate::tui::app::unsaved::Phase::Kept);
    let is_undone = row.undone_by.is_some() || is_undoing;
    let act = format!("{sign} {}", act(row.action, row.value.as_deref()));
    let act = if is_undone {
        // The word must be there, however long the value is.
        format!("{} · undone", wrap::cut(&act, columns.act.saturating_sub(9)))
    } else {
        act
    };
    let faint = is_undone || row.action == Action::Undo;
    let style = |role| if faint { muted } else { theme.style(role) };
    let mut line = Line::from(vec![
        Span::styled(wrap::pad(&time(row.recorded_at, state.wall, columns.time), columns.time), muted),
        Span::raw("  "),
        Span::styled(
            wrap::pad(&sanitise::line(row.reviewer.as_str(), 40), columns.reviewer),
            style(Role::Text),
        ),
        Span::raw("  "),
        Span::styled(wrap::pad(&act, columns.act), style(role)),
    ]);
    if columns.attribute > 0 {
        let name = sanitise::line(state.attribute_name(&row.gap.attribute), 60);
        line.push_span(Span::raw("  "));
        line.push_span(Span::styled(wrap::pad(&name, columns.attribute), style(Role::Text)));
    }
    if columns.product > 0 {
        let name = row.product_name.trim();
        let name = if name.is_empty() { row.gap.product.as_str() } else { name };
        line.push_span(Span::raw("  "));
        line.push_span(Span::styled(wrap::pad(&sanitise::line(name, 200), columns.product), muted));
    }
    let bulk = if row.batch.is_some() { BULK } else { " " };
    let comment =
        if row.comment.as_ref().is_some_and(|text| !text.trim().is_empty()) { COMMENT } else { " " };
    line.push_span(Span::styled(format!(" {bulk}{comment}"), muted));
    line
}

/// Returns a time for a row: the day too where there is room, or where it is not today.
fn time(at: DateTime<Utc>, now: DateTime<Utc>, columns: usize) -> String {
    let format = match (columns, at.date_naive() == now.date_naive()) {
        (11.., _) => "%m-%d %H:%M",
        (_, true) => "%H:%M",
        (_, false) => "%m-%d",
    };
    at.format(format).to_string()
}

fn detail(state: &State, frame: &mut Frame, screen: &Activity, place: layout::Activity) {
    let theme = state.theme;
    let border = if screen.side == Side::Detail { Role::BorderFocused } else { Role::Border };
    let sides = if place.is_beside { Borders::ALL } else { Borders::TOP };
    let title = if screen.side == Side::Detail { Role::Strong } else { Role::Muted };
    let mut block = Block::new()
        .borders(sides)
        .border_type(BorderType::Rounded)
        .border_style(theme.style(border))
        .title(Line::styled(" History of this gap ", theme.style(title)));
    let height = usize::from(place.content.height);
    let lines = &screen.detail.lines;
    let is_shown = screen.current().is_some() && (screen.detail.is_current || screen.events.is_waiting());
    if is_shown && lines.len() > height {
        let last = (screen.detail.scroll + height).min(lines.len());
        let text = format!(" {last} of {} lines ", lines.len());
        let sign = Line::styled(text, theme.style(Role::Muted)).right_aligned();
        block = if place.is_beside { block.title_bottom(sign) } else { block.title(sign) };
    }
    frame.render_widget(block, place.detail);
    if let Some(error) = screen.events.error.as_ref().filter(|_| !screen.events.is_waiting()) {
        let reason = sanitise::line(&error.to_string(), 300);
        let text = format!(
            "The history could not be loaded: {reason}\n\n{} tries again",
            state.key(ActionId::Refresh)
        );
        let pieces = [(text, theme.style(Role::Muted))];
        let (lines, _) = wrap::wrap(&pieces, usize::from(place.content.width), height);
        frame.render_widget(Paragraph::new(lines), place.content);
        return;
    }
    if !is_shown {
        return;
    }
    for (line, y) in lines.iter().skip(screen.detail.scroll).take(height).zip(place.content.y..) {
        frame.render_widget(line, Rect { y, height: 1, ..place.content });
    }
    if !screen.detail.is_current && state.is_overdue(screen.events.waiting_since) {
        frame.buffer_mut().set_style(place.content, theme.style(Role::Stale));
    }
}

//! Draws the clusters screen: the groups, and what is known of the cluster shown.

use super::card_sections::{Setting, heading};
use super::chrome;
use super::clusters::Clusters;
use super::queue_view::outcome;
use super::review::filter_words;
use crate::domain::GroupKey;
use crate::review::cluster::{Checks, Cluster, Member, TOLERATED, ValueGroup};
use crate::sanitise;
use crate::tui::app::State;
use crate::tui::app::action::ActionId;
use crate::tui::layout;
use crate::tui::theme::Role;
use crate::tui::widgets::wrap;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, BorderType, Borders, Paragraph};

/// How many of the next checks and of the outliers are shown at least, where there is room.
const FEWEST: usize = 2;

/// Draws the screen.
pub fn view(state: &State, frame: &mut Frame, screen: &Clusters) {
    let theme = state.theme;
    let lines = layout::frame(state.size);
    let right = if screen.accepting.is_waiting() {
        Line::styled("accepting…", theme.style(Role::Warning))
    } else if state.is_overdue(screen.waiting_since()) {
        Line::styled("loading…", theme.style(Role::Warning))
    } else {
        Line::styled(position(screen), theme.style(Role::Muted))
    };
    let room = usize::from(lines.status.width).saturating_sub(2);
    let left = wrap::cut(&format!(" groups of {}", filter_words(state, &screen.filter)), room);
    chrome::two_sided(frame, lines.status, Line::raw(left), right);
    let place = layout::activity(state.size);
    if place.is_beside {
        let block = Block::bordered()
            .border_type(BorderType::Rounded)
            .border_style(theme.style(Role::BorderFocused))
            .title(Line::styled(" Groups, the largest first ", theme.style(Role::Strong)));
        frame.render_widget(block, place.list);
    }
    groups(state, frame, screen, place.rows);
    detail(state, frame, screen, place);
}

/// Says where in the list the cursor is, and of how many gaps it is.
fn position(screen: &Clusters) -> String {
    let Some(groups) = screen.groups.value.as_ref().filter(|groups| !groups.groups.is_empty()) else {
        return String::new();
    };
    let at = wrap::grouped(screen.cursor as u64 + 1);
    let of = wrap::grouped(groups.groups.len() as u64);
    let looked_at = wrap::grouped(groups.looked_at as u64);
    let most = if groups.is_cut { format!("the {looked_at} most confident") } else { looked_at };
    format!("{at} of {of}, in {most} open gaps")
}

fn nothing(state: &State, screen: &Clusters) -> String {
    match (&screen.groups.error, screen.groups.value.is_some()) {
        (Some(error), _) => {
            let reason = sanitise::line(&error.to_string(), 300);
            format!(
                "The groups could not be loaded: {reason}\n\n{} tries again",
                state.key(ActionId::Refresh)
            )
        }
        (None, true) => {
            let [queue, filter] = [ActionId::Queue, ActionId::Filter].map(|id| state.key(id));
            format!(
                "No two open gaps have the same attribute, category and first value\n\n\
                 {queue} goes to the queue, where {filter} shows other gaps"
            )
        }
        (None, false) if state.is_overdue(screen.groups.waiting_since) => "looking for groups…".into(),
        (None, false) => String::new(),
    }
}

fn groups(state: &State, frame: &mut Frame, screen: &Clusters, area: Rect) {
    let theme = state.theme;
    if screen.rows().is_empty() {
        let area = Rect { x: area.x + 2.min(area.width), width: area.width.saturating_sub(4), ..area };
        let pieces = [(nothing(state, screen), theme.style(Role::Muted))];
        let (lines, _) = wrap::wrap(&pieces, usize::from(area.width), usize::from(area.height));
        frame.render_widget(Paragraph::new(lines), area);
        return;
    }
    let rows = screen.rows().iter().enumerate().skip(screen.offset);
    for ((index, group), y) in rows.zip(area.top()..area.bottom()) {
        let line = Rect { y, height: 1, ..area };
        let is_current = index == screen.cursor;
        frame.render_widget(group_line(state, group, usize::from(area.width), is_current), line);
        if is_current {
            frame.buffer_mut().set_style(line, theme.style(Role::Selected));
        }
    }
}

fn group_line(state: &State, group: &ValueGroup, columns: usize, is_current: bool) -> Line<'static> {
    // A reversed row is plain.
    let style = |role: Role| if is_current { Style::new() } else { state.theme.style(role) };
    let sure = match (group.lowest_confidence, group.highest_confidence) {
        (Some(low), Some(high)) => format!("{:.2}-{:.2}", low.get(), high.get()),
        _ => "–".into(),
    };
    let sure = if columns >= 44 { format!("  {}", wrap::pad(&sure, 9)) } else { String::new() };
    // One column stays free at the right.
    let room = columns.saturating_sub(13 + wrap::width(&sure));
    let value = sanitise::value(&group.key.value, 60);
    let (values, places) = (room * 2 / 5, room - room * 2 / 5);
    Line::from(vec![
        Span::styled(if is_current { " ▌ " } else { "   " }, style(Role::Accent)),
        Span::raw(wrap::pad_left(&wrap::grouped(group.open as u64), 5)),
        Span::raw("  "),
        Span::styled(wrap::pad(&value, values), style(Role::Text)),
        Span::styled(format!("  {}", wrap::pad(&of_what(state, &group.key), places)), style(Role::Muted)),
        Span::styled(sure, style(Role::Muted)),
    ])
}

/// Names a group's attribute and category.
fn of_what(state: &State, key: &GroupKey) -> String {
    let attribute = sanitise::line(state.attribute_name(&key.attribute), 40);
    match &key.category {
        Some(category) => format!("{attribute} · {}", sanitise::line(state.category_name(category), 40)),
        None => attribute,
    }
}

fn detail(state: &State, frame: &mut Frame, screen: &Clusters, place: layout::Activity) {
    let theme = state.theme;
    let title = match screen.parts() {
        0 | 1 => " Cluster ".to_owned(),
        parts => format!(" Cluster, part {} of {parts} by closeness ", screen.part() + 1),
    };
    let sides = if place.is_beside { Borders::ALL } else { Borders::TOP };
    let block = Block::new()
        .borders(sides)
        .border_type(BorderType::Rounded)
        .border_style(theme.style(Role::Border))
        .title(Line::styled(title, theme.style(Role::Strong)));
    frame.render_widget(block, place.detail);
    let area = place.content;
    let lines = match (screen.cluster(), &screen.details.error) {
        (_, Some(error)) if !screen.details.is_waiting() => {
            let text =
                format!("The cluster could not be loaded: {}", sanitise::line(&error.to_string(), 300));
            wrap::wrap(&[(text, theme.style(Role::Muted))], usize::from(area.width), 4).0
        }
        (Some(cluster), _) => {
            let is_cut = screen.details.value.as_ref().is_some_and(|details| details.is_cut);
            cluster_lines(state, cluster, is_cut, usize::from(area.width), usize::from(area.height))
        }
        (None, _) => Vec::new(),
    };
    for (line, y) in lines.into_iter().zip(area.top()..area.bottom()) {
        frame.render_widget(line, Rect { y, height: 1, ..area });
    }
    if screen.details.is_waiting() && screen.cluster().is_some() {
        frame.buffer_mut().set_style(area, theme.style(Role::Stale));
    }
}

/// Says what random checks certify of a cluster, and what else was found; each with how it is shown.
pub fn certificate(checks: &Checks) -> Vec<(String, Role)> {
    let grouped = wrap::grouped;
    let mut said = Vec::new();
    if checks.checked == 0 {
        said.push(("No random check yet: nothing is certified.".to_owned(), Role::Warning));
    } else {
        let are = if checks.wrong_at_most == 1 { "is" } else { "are" };
        let noun = if checks.checked == 1 { "random check" } else { "random checks" };
        said.push((
            format!(
                "{} {noun}, {} wrong: at most {} of the {} open {are} wrong ({:.0} %), 95 % sure.",
                grouped(checks.checked),
                grouped(checks.wrong),
                grouped(checks.wrong_at_most),
                grouped(checks.open),
                100.0 * checks.share()
            ),
            if checks.wrong > 0 { Role::Warning } else { Role::Good },
        ));
    }
    let unchecked = checks.members - checks.checked;
    if checks.more_needed > 0 && checks.more_needed <= unchecked / 2 {
        let text = format!(
            "{} more without an error: at most {:.0} %.",
            grouped(checks.more_needed),
            100.0 * TOLERATED
        );
        said.push((text, Role::Muted));
    }
    if checks.wrong_elsewhere > 0 {
        let text =
            format!("Wrong among the others that people looked at: {}.", grouped(checks.wrong_elsewhere));
        said.push((text, Role::Warning));
    }
    said
}

fn cluster_lines(
    state: &State,
    cluster: &Cluster,
    is_cut: bool,
    columns: usize,
    height: usize,
) -> Vec<Line<'static>> {
    let theme = state.theme;
    let checks = cluster.checks();
    let value = sanitise::value(&cluster.group.value, 80);
    let mut lines = vec![Line::styled(
        wrap::cut(&format!("{value} · {}", of_what(state, &cluster.group)), columns),
        theme.style(Role::Accent),
    )];
    let figures = match cluster.spread() {
        Some(spread) => format!("spread {spread:.2}"),
        None => "no embeddings".into(),
    };
    let of = if is_cut { "the first by product" } else { "open" };
    let counts =
        format!("{} of {} {of} · {figures}", wrap::grouped(checks.open), wrap::grouped(checks.members));
    lines.push(Line::styled(wrap::cut(&counts, columns), theme.style(Role::Muted)));
    for (text, role) in certificate(&checks) {
        lines.extend(wrap::wrap(&[(text, theme.style(role))], columns, 3).0);
    }
    let setting = Setting { theme, columns, height: None, choice: 0, reasoning: false, keys: None };
    let left = height.saturating_sub(lines.len());
    // The medoid takes two lines; headings one each; the rest is shared.
    let middle = cluster.middle();
    let rows = left.saturating_sub(if middle.is_some() { 4 } else { 1 });
    let outliers = if middle.is_some() { (rows / 3).max(FEWEST) } else { 0 };
    let random = rows.saturating_sub(outliers).max(FEWEST);
    if let Some(middle) = middle {
        lines.push(heading(setting, "In the middle", "similarity"));
        lines.push(member_line(state, middle, &cluster.group.value, columns));
    }
    let mut next = cluster.random().take(random).peekable();
    if next.peek().is_some() {
        lines.push(heading(setting, "Next at random", ""));
        lines.extend(next.map(|member| member_line(state, member, &cluster.group.value, columns)));
    }
    if outliers > 0 && middle.is_some() {
        lines.push(heading(setting, "Least like the others", ""));
        let far = cluster.outliers(outliers);
        lines.extend(far.into_iter().map(|member| member_line(state, member, &cluster.group.value, columns)));
    }
    lines
}

fn member_line(state: &State, member: &Member, value: &str, columns: usize) -> Line<'static> {
    let theme = state.theme;
    let row = &member.row;
    let (glyph, role) = outcome(state.state_to_come(&row.gap, row.state));
    let sure = row.best_confidence.map_or_else(|| "   –".into(), |sure| format!("{:.2}", sure.get()));
    let spelled = row.best_value.as_deref().filter(|spelled| *spelled != value);
    let spelled = spelled.map(|spelled| format!("\"{}\"", sanitise::value(spelled, 20))).unwrap_or_default();
    let near = member.similarity.map(|similarity| format!("{similarity:.2}")).unwrap_or_default();
    let right = [spelled, near].into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join("  ");
    let names = columns.saturating_sub(9 + wrap::width(&right));
    Line::from(vec![
        Span::raw(sure),
        Span::raw(" "),
        Span::styled(glyph, theme.style(role)),
        Span::raw(" "),
        Span::raw(wrap::pad(&sanitise::line(row.display_name(), 200), names)),
        Span::styled(format!("  {right}"), theme.style(Role::Muted)),
    ])
}

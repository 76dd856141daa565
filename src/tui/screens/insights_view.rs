//! Draws the insights screen.

use super::insights::{Certified, DEMAND, Group, Insights};
use super::{chrome, reliability};
use crate::domain::{Count, Day, JudgedBy};
use crate::insight::coverage::curve;
use crate::insight::threshold::Outcome;
use crate::sanitise;
use crate::tui::app::State;
use crate::tui::app::action::ActionId;
use crate::tui::layout;
use crate::tui::theme::Role;
use crate::tui::widgets::table::{self, Column};
use crate::tui::widgets::wrap;
use ratatui::Frame;
use ratatui::layout::{Rect, Size};
use ratatui::symbols::Marker;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Axis, Chart, Dataset, GraphType, Paragraph};

/// How high a body must be for charts below the table.
const CHARTS: u16 = 15;
/// How high charts become at most.
const HIGHEST: u16 = 14;
/// How high a chart is at least.
const LEAST: u16 = 10;
/// From which width on a second chart stands beside the first.
const BESIDE: u16 = 72;
/// How many lines say what may be accepted unseen.
const SENTENCES: u16 = 2;
/// How wide the column of drifts is.
const DRIFT: usize = 9;

/// Returns how many groups are shown at once.
pub fn table_height(count: usize, size: Size) -> u16 {
    let body = layout::frame(size).body.height;
    let count = u16::try_from(count).unwrap_or(u16::MAX);
    let room = if body >= CHARTS { (body / 3).max(4) } else { body.saturating_sub(SENTENCES + 1) };
    count.min(room.saturating_sub(1)).max(1)
}

/// Draws the screen.
pub fn view(state: &State, frame: &mut Frame, screen: &Insights) {
    let place = layout::frame(state.size);
    let theme = state.theme;
    let left = format!(
        " judged predictions by {}, the most judged first · {} turns",
        screen.by.as_str(),
        state.key(ActionId::TurnInsights)
    );
    let sign = if state.is_overdue(screen.groups.waiting_since) { "loading…" } else { "" };
    chrome::two_sided(frame, place.status, Line::raw(left), Line::styled(sign, theme.style(Role::Warning)));
    let body = Rect { x: place.body.x + 1, width: place.body.width.saturating_sub(2), ..place.body };
    if screen.rows().is_empty() {
        let text = match (&screen.groups.error, screen.groups.value.is_some()) {
            (Some(error), _) => {
                format!(
                    "The insights could not be loaded: {}\n\n{} tries again",
                    sanitise::line(&error.to_string(), 300),
                    state.key(ActionId::Refresh)
                )
            }
            (None, true) => {
                format!(
                    "No prediction with a confidence has been judged yet\n\nEvery decision in the queue judges \
                     the predictions for its gap · {} goes there",
                    state.key(ActionId::Queue)
                )
            }
            (None, false) => String::new(),
        };
        chrome::instead(state, frame, body, text);
        return;
    }
    let height = table_height(screen.rows().len(), state.size);
    let area = Rect { height: (height + 1).min(body.height), ..body };
    table::draw(frame, area, theme, &columns(state, screen), screen.rows(), screen.place);
    let below = Rect { y: body.y + height + 2, height: body.height.saturating_sub(height + 2), ..body };
    let has_drift = screen.drifts.value.as_ref().is_some_and(|drifts| !drifts.is_empty());
    let sentences = SENTENCES + u16::from(has_drift);
    let said = Rect { height: below.height.min(sentences), ..below };
    let rest = drift_line(state, frame, said, screen);
    certificate_lines(state, frame, rest, screen);
    if body.height >= CHARTS {
        let y = below.y + sentences + 1;
        let height = body.bottom().saturating_sub(y);
        charts(state, frame, Rect { y, height, ..body }, screen);
    }
}

fn columns<'a>(state: &'a State, screen: &'a Insights) -> Vec<Column<'a, Group>> {
    let by = screen.by;
    let mut columns = vec![
        Column::text(by.as_str(), 0, move |one: &Group| name(state, by, &one.key)),
        Column::figure("judged", 8, 0, |one: &Group| wrap::grouped(one.total.judged)),
        Column::figure("right", 16, 44, right),
        Column::figure("confidence", 10, 64, |one: &Group| share(one.total.mean())),
        Column::figure("off by", 8, 76, |one: &Group| figure(one.calibration.expected_error)),
        Column::figure("Brier", 8, 90, |one: &Group| figure(one.calibration.brier)),
    ];
    // Steadiness needs no column.
    if screen.drifts.value.as_ref().is_some_and(|drifts| !drifts.is_empty()) {
        columns.push(Column::figure("drift", DRIFT, 56, |one: &Group| {
            screen.drift(&one.key).map_or_else(String::new, chrome::drift)
        }));
    }
    columns
}

fn share(share: Option<f64>) -> String {
    share.map_or_else(|| "–".into(), |share| format!("{:.0} %", share * 100.0))
}

fn figure(number: Option<f64>) -> String {
    number.map_or_else(|| "–".into(), |number| format!("{number:.3}"))
}

fn right(group: &Group) -> String {
    let total = &group.total;
    total
        .interval()
        .map_or_else(|| "–".into(), |interval| format!("{} [{}]", share(total.share()), interval.percent()))
}

/// Says what the gaps of the row under the cursor have in common: `attribute Colour`.
pub fn group_name(state: &State, screen: &Insights) -> Option<String> {
    let group = screen.current()?;
    Some(format!("{} {}", screen.by.as_str(), name(state, screen.by, &group.key)))
}

/// Returns a group's name for a reader.
fn name(state: &State, by: JudgedBy, key: &str) -> String {
    let name = match by {
        JudgedBy::Experiment => key.to_owned(),
        JudgedBy::Attribute => state.attribute_name(&key.into()).to_owned(),
        JudgedBy::Category if key.is_empty() => "no category".into(),
        JudgedBy::Category => state.category_name(&key.into()).to_owned(),
    };
    sanitise::line(&name, 100)
}

/// Says how the group drifted, if it did; returns what is left of the area.
fn drift_line(state: &State, frame: &mut Frame, area: Rect, screen: &Insights) -> Rect {
    let Some(drift) = screen.current().and_then(|group| screen.drift(&group.key)) else { return area };
    let used = chrome::drift_line(state, frame, area, drift);
    Rect { y: area.y + used, height: area.height - used, ..area }
}

/// Says from which confidence on the group's predictions may be accepted unseen.
fn certificate_lines(state: &State, frame: &mut Frame, area: Rect, screen: &Insights) {
    let theme = state.theme;
    let area = Rect { height: area.height.min(SENTENCES), ..area };
    let (text, role) = match &screen.certified.value {
        Some(certified) => certificate(certified, &state.key(ActionId::AcceptUnseen)),
        None => match &screen.certified.error {
            Some(error) => (
                format!("The sample could not be loaded: {}", sanitise::line(&error.to_string(), 200)),
                Role::Muted,
            ),
            None if state.is_overdue(screen.certified.waiting_since) => {
                ("looking at the sample…".into(), Role::Warning)
            }
            None => return,
        },
    };
    let (lines, _) =
        wrap::wrap(&[(text, theme.style(role))], usize::from(area.width), usize::from(area.height));
    frame.render_widget(Paragraph::new(lines), area);
}

fn certificate(certified: &Certified, accept: &str) -> (String, Role) {
    let wanted =
        format!("at most {:.0} % wrong, {:.0} % sure", DEMAND.error * 100.0, DEMAND.assurance * 100.0);
    let sample = &certified.sample;
    match certified.outcome {
        Outcome::Certified(one) => {
            let text = format!(
                "From confidence {:.4} on, {wanted}: {} drawn at random, {} wrong · {accept} accepts these",
                one.confidence,
                wrap::grouped(one.judged),
                wrap::grouped(one.errors)
            );
            (text, Role::Good)
        }
        Outcome::TooFew { judged, more } => {
            let text = format!(
                "Accepting unseen, {wanted}: takes {} more gaps drawn at random, {} so far{}",
                wrap::grouped(more),
                wrap::grouped(judged),
                if sample.gaps == 0 { " · `gapdeck policy --random 10%` mixes them in" } else { "" }
            );
            (text, Role::Muted)
        }
        Outcome::TooManyErrors { judged, errors, .. } => {
            let text = format!(
                "Not to be accepted unseen: {} of the {} most confident drawn at random were wrong ({wanted} asked for)",
                wrap::grouped(errors),
                wrap::grouped(judged)
            );
            (text, Role::Warning)
        }
    }
}

fn charts(state: &State, frame: &mut Frame, area: Rect, screen: &Insights) {
    let Some(current) = screen.current() else { return };
    let theme = state.theme;
    let half = if area.width >= BESIDE { area.width / 2 - 1 } else { area.width };
    // Where both have room, errors stand below.
    let tall = area.height >= 2 * LEAST;
    let height = if tall { HIGHEST.min(area.height / 2) } else { area.height.min(HIGHEST) };
    let left = Rect { width: half, height, ..area };
    let inner = chrome::titled(theme, frame, left, "How often a confidence was right");
    reliability::view(state, frame, inner, &current.cells);
    if area.width < BESIDE {
        return;
    }
    let right = Rect { x: area.x + half + 2, width: area.width - half - 2, ..area };
    let inner = chrome::titled(theme, frame, Rect { height, ..right }, "Decisions by day");
    days(state, frame, inner, screen);
    if tall {
        let errors = Rect { y: area.y + height + 1, height: (area.height - height - 1).min(HIGHEST), ..area };
        let inner = chrome::titled(
            theme,
            frame,
            errors,
            "Errors that accepting the most confident would let through",
        );
        coverage(state, frame, inner, current);
    }
}

/// Draws how the share of errors grows with the share that is accepted.
fn coverage(state: &State, frame: &mut Frame, area: Rect, group: &Group) {
    let theme = state.theme;
    let points: Vec<(f64, f64)> =
        curve(group.cells.clone()).iter().map(|point| (point.coverage, point.risk)).collect();
    let top = points.iter().map(|(_, risk)| *risk).fold(0.0, f64::max);
    let top = ((top * 10.0).ceil() / 10.0).max(0.1);
    let muted = theme.style(Role::Muted);
    let chart = Chart::new(vec![
        Dataset::default()
            .marker(Marker::HalfBlock)
            .graph_type(GraphType::Line)
            .style(theme.style(Role::Warning))
            .data(&points),
    ])
    .x_axis(
        Axis::default()
            .style(theme.style(Role::Border))
            .bounds([0.0, 1.0])
            .labels([Span::styled("0 % accepted", muted), Span::styled("all", muted)]),
    )
    .y_axis(
        Axis::default()
            .style(theme.style(Role::Border))
            .bounds([0.0, top])
            .labels([Span::styled("0 %", muted), Span::styled(format!("{:.0} %", top * 100.0), muted)]),
    );
    frame.render_widget(chart, area);
}

/// Lists the last days with their decisions, and says how much work is left.
fn days(state: &State, frame: &mut Frame, area: Rect, screen: &Insights) {
    let theme = state.theme;
    let muted = theme.style(Role::Muted);
    let Some(days) = &screen.days.value else {
        if let Some(error) = &screen.days.error {
            let text = wrap::cut(&sanitise::line(&error.to_string(), 200), usize::from(area.width));
            frame.render_widget(Line::styled(text, muted), area);
        }
        return;
    };
    let columns = usize::from(area.width);
    let mut lines = vec![left_to_do(state, days, columns)];
    let room = usize::from(area.height).saturating_sub(2);
    let shown = &days[days.len().saturating_sub(room)..];
    let most = shown.iter().map(Day::count).max().unwrap_or(0);
    lines.extend(shown.iter().rev().map(|day| day_line(state, day, most, columns)));
    if lines.len() < usize::from(area.height) && !shown.is_empty() {
        let legend = Line::from(vec![
            Span::styled("█", theme.style(Role::Good)),
            Span::styled(" accepted  ", muted),
            Span::styled("▓", theme.style(Role::Accent)),
            Span::styled(" overridden  ", muted),
            Span::styled("▒", theme.style(Role::Warning)),
            Span::styled(" rejected  ", muted),
            Span::styled("░", muted),
            Span::styled(" put off", muted),
        ]);
        lines.push(legend);
    }
    frame.render_widget(Paragraph::new(lines), area);
}

fn left_to_do(state: &State, days: &[Day], columns: usize) -> Line<'static> {
    let muted = state.theme.style(Role::Muted);
    let open = state.figures.value.map(|figures| figures.open);
    // The newest day on which somebody was timed.
    let seconds = days.iter().rev().find_map(|day| day.seconds);
    let text = match (open, seconds) {
        (Some(open), Some(seconds)) => {
            #[expect(clippy::cast_precision_loss, reason = "hours of work")]
            let hours = open.value() as f64 * seconds / 3_600.0;
            let about = if matches!(open, Count::About(_)) { "about " } else { "" };
            format!(
                "{about}{} open · {} each (median) · {} of work left",
                wrap::grouped(open.value()),
                in_seconds(seconds),
                in_hours(hours)
            )
        }
        (Some(open), None) => format!("{} open · nobody was timed yet", wrap::grouped(open.value())),
        _ => String::new(),
    };
    Line::styled(wrap::cut(&text, columns), muted)
}

fn in_seconds(seconds: f64) -> String {
    if seconds < 10.0 { format!("{seconds:.1} s") } else { format!("{seconds:.0} s") }
}

fn in_hours(hours: f64) -> String {
    if hours < 1.0 { format!("{:.0} min", hours * 60.0) } else { format!("{hours:.0} h") }
}

fn day_line(state: &State, day: &Day, most: u64, columns: usize) -> Line<'static> {
    let theme = state.theme;
    let label = day.day.format("%m-%d ").to_string();
    let figures = format!(
        " {}{}",
        wrap::grouped(day.count()),
        day.seconds.map_or_else(String::new, |seconds| format!(" · {}", in_seconds(seconds)))
    );
    let figures = wrap::pad_left(&figures, 14);
    let room = columns.saturating_sub(wrap::width(&label) + wrap::width(&figures));
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "columns of a terminal"
    )]
    let place = |count: u64| (count as f64 / most.max(1) as f64 * room as f64).round() as usize;
    let mut line = Line::from(Span::styled(label, theme.style(Role::Muted)));
    let (mut count, mut drawn) = (0, 0);
    for (part, glyph, role) in [
        (day.accepted, "█", Role::Good),
        (day.overridden, "▓", Role::Accent),
        (day.rejected, "▒", Role::Warning),
        (day.put_off, "░", Role::Muted),
    ] {
        count += part;
        let to = place(count);
        line.push_span(Span::styled(glyph.repeat(to - drawn), theme.style(role)));
        drawn = to;
    }
    line.push_span(Span::raw(" ".repeat(room.saturating_sub(drawn))));
    line.push_span(Span::raw(figures));
    line
}

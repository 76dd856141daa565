//! The chart of an experiment's confidence by day.

use crate::domain::MetricTrend;
use crate::tui::app::State;
use crate::tui::theme::Role;
use crate::tui::widgets::wrap;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::symbols::Marker;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Axis, Chart, Dataset, GraphType};

/// Draws the average confidence of an experiment's predictions, a point a day.
pub fn confidence(state: &State, frame: &mut Frame, area: Rect, trends: &[MetricTrend]) {
    let theme = state.theme;
    let points: Vec<(&MetricTrend, f64)> =
        trends.iter().filter_map(|trend| Some((trend, trend.average_confidence?))).collect();
    let (Some((first, _)), Some((last, newest))) = (points.first(), points.last()) else {
        frame.render_widget(Line::styled("no predictions yet", theme.style(Role::Muted)), area);
        return;
    };
    if points.len() == 1 {
        let text = format!("{newest:.2} on {}; a trend needs a second day", first.day.format("%Y-%m-%d"));
        let (lines, _) = wrap::wrap(
            &[(text, theme.style(Role::Muted))],
            usize::from(area.width),
            usize::from(area.height),
        );
        frame.render_widget(ratatui::widgets::Paragraph::new(lines), area);
        return;
    }
    #[expect(clippy::cast_precision_loss, reason = "days")]
    let data: Vec<(f64, f64)> =
        points.iter().map(|(trend, y)| ((trend.day - first.day).num_days() as f64, *y)).collect();
    let low = data.iter().map(|(_, y)| *y).fold(f64::INFINITY, f64::min);
    let high = data.iter().map(|(_, y)| *y).fold(f64::NEG_INFINITY, f64::max);
    // Whole tenths around the data, so that small changes are not made to look large.
    let bottom = (low * 10.0).floor() / 10.0;
    let top = ((high * 10.0).ceil() / 10.0).max(bottom + 0.1);
    let muted = theme.style(Role::Muted);
    let days = data.last().map_or(1.0, |(x, _)| x.max(1.0));
    let chart = Chart::new(vec![
        Dataset::default()
            .marker(Marker::HalfBlock)
            .graph_type(GraphType::Line)
            .style(theme.style(Role::BorderFocused))
            .data(&data),
    ])
    .x_axis(
        Axis::default()
            .style(theme.style(Role::Border))
            .bounds([0.0, days])
            .labels([day(first, muted), day(last, muted)]),
    )
    .y_axis(Axis::default().style(theme.style(Role::Border)).bounds([bottom, top]).labels([
        Span::styled(format!("{bottom:.1}"), muted),
        Span::styled(format!("{:.2}", f64::midpoint(bottom, top)), muted),
        Span::styled(format!("{top:.1}"), muted),
    ]));
    frame.render_widget(chart, area);
}

fn day(trend: &MetricTrend, style: Style) -> Span<'static> {
    Span::styled(trend.day.format("%m-%d").to_string(), style)
}

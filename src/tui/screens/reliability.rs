//! The reliability diagram: a bar for each range of confidence, as long as the share of predictions that were right.

use crate::insight::calibration::{Bar, Cell, calibration};
use crate::tui::app::State;
use crate::tui::theme::Role;
use crate::tui::widgets::wrap;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

/// Columns of a bar's label and of its figures.
const LABEL: usize = 4;
const FIGURES: usize = 15;
/// Columns of the interval, and from which width on it is shown.
const INTERVAL: usize = 10;
const WIDE: usize = 56;

/// Draws the diagram, in tenths where there is room, else in fifths, the highest confidence first.
pub fn view(state: &State, frame: &mut Frame, area: Rect, cells: &[Cell]) {
    let theme = state.theme;
    let columns = usize::from(area.width);
    let made = calibration(cells, if area.height >= 11 { 10 } else { 5 });
    let (Some(error), Some(brier)) = (made.expected_error, made.brier) else {
        frame.render_widget(Line::styled("nothing judged yet", theme.style(Role::Muted)), area);
        return;
    };
    let mut lines: Vec<Line<'_>> = made.bars.iter().rev().map(|bar| row(state, bar, columns)).collect();
    let judged = wrap::grouped(made.judged);
    let says = format!(
        "{judged} judged · off by {error:.2} on average · Brier {brier:.2} · │ what the confidence says"
    );
    let room = usize::from(area.height).saturating_sub(lines.len());
    let (words, _) = wrap::wrap(&[(says, theme.style(Role::Muted))], columns, room);
    lines.extend(words);
    frame.render_widget(Paragraph::new(lines), area);
}

fn row(state: &State, bar: &Bar, columns: usize) -> Line<'static> {
    let theme = state.theme;
    let label = Span::styled(format!("{:<LABEL$.1}", bar.low), theme.style(Role::Muted));
    let (Some(share), Some(mean), Some(interval)) = (bar.share, bar.mean, bar.interval) else {
        return Line::from(vec![label, Span::styled("·", theme.style(Role::Muted))]);
    };
    let is_wide = columns >= WIDE;
    let room = columns.saturating_sub(LABEL + FIGURES + if is_wide { INTERVAL } else { 0 }).max(4);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "columns of a terminal"
    )]
    let place = |share: f64| (share * (room - 1) as f64).round() as usize;
    let (filled, mark) = (place(share), place(mean));
    let piece = |from: usize, to: usize| {
        let full = filled.clamp(from, to) - from;
        let text = format!("{}{}", "█".repeat(full), " ".repeat(to - from - full));
        Span::styled(text, theme.style(Role::Good))
    };
    let mut figures = format!(" {:>3.0} %", share * 100.0);
    if is_wide {
        let text = format!(" [{}]", interval.percent());
        figures.push_str(&wrap::pad(&text, INTERVAL));
    }
    figures.push_str(&wrap::pad_left(&format!("n={}", wrap::grouped(bar.judged)), 9));
    Line::from(vec![
        label,
        piece(0, mark),
        Span::styled("│", theme.style(Role::Strong)),
        piece(mark + 1, room.max(mark + 1)),
        Span::raw(figures),
    ])
}

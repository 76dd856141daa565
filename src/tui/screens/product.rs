//! The product screen: everything known about a product, its texts, its gaps.

use super::pane::{self, ListRow, Pane};
use super::queue_view::outcome;
use crate::domain::QueueRow;
use crate::sanitise;
use crate::tui::app::State;
use crate::tui::layout;
use crate::tui::theme::Role;
use crate::tui::widgets::wrap;
use ratatui::Frame;
use ratatui::text::{Line, Span};

/// Returns the product's gaps.
pub fn gaps(pane: &Pane) -> &[QueueRow] {
    pane.card.as_ref().map_or(&[], |card| &card.gaps)
}

/// Draws the screen.
pub fn view(state: &State, frame: &mut Frame, pane: &Pane) {
    let place = layout::frame(state.size);
    let gaps = gaps(pane);
    let open = gaps.iter().filter(|row| !row.state.is_settled()).count();
    let text = if pane.card.is_some() {
        format!(
            " product · {} {}, {open} to decide",
            gaps.len(),
            if gaps.len() == 1 { "gap" } else { "gaps" }
        )
    } else {
        " product".into()
    };
    frame.render_widget(Line::raw(text), place.status);
    let columns = usize::from(layout::review(state.size, state.split).rows.width).saturating_sub(4);
    let rows: Vec<ListRow> = gaps.iter().map(|row| gap_line(state, row, columns)).collect();
    pane::view(state, frame, pane, "Gaps of the product", &rows, "no gaps");
}

fn gap_line(state: &State, row: &QueueRow, columns: usize) -> ListRow {
    let theme = state.theme;
    let (glyph, role) = outcome(row.state);
    let value = row.decided_value.as_deref().or(row.best_value.as_deref());
    let value = value.map_or_else(|| "–".into(), |value| sanitise::value(value, 100));
    let confidence = row.best_confidence.map_or_else(|| "   –".into(), |c| format!("{:.2}", c.get()));
    let names = (columns.saturating_sub(9) / 2).clamp(4, 24);
    let name = sanitise::line(state.attribute_name(&row.gap.attribute), 60);
    let room = columns.saturating_sub(names + 9);
    Line::from(vec![
        Span::raw(confidence),
        Span::raw(" "),
        Span::styled(glyph, theme.style(role)),
        Span::raw(" "),
        Span::raw(wrap::pad(&name, names)),
        Span::raw("  "),
        Span::styled(wrap::cut(&value, room), theme.style(Role::Muted)),
    ])
}

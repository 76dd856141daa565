//! What may follow the keys pressed so far, in a box above the hint line.

use crate::tui::app::State;
use crate::tui::layout;
use crate::tui::theme::Role;
use crate::tui::widgets::wrap;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, BorderType, Clear};

/// How wide a column is at most.
const COLUMN: usize = 40;

/// Draws the box.
pub fn view(state: &State, frame: &mut Frame) {
    let theme = state.theme;
    let entries = state.keymap.after(state.context(), &state.prefix);
    if entries.is_empty() {
        return;
    }
    let keys = entries.iter().map(|(keys, _)| wrap::width(keys)).max().unwrap_or(0);
    let words = entries.iter().map(|(_, action)| wrap::width(action.name)).max().unwrap_or(0);
    let body = layout::frame(state.size).body;
    let room = usize::from(body.width.saturating_sub(4));
    let column = (keys + words + 5).min(COLUMN).min(room.max(1));
    // Every key is shown: where there is little room, names are cut rather than left out.
    let rows = usize::from(body.height.saturating_sub(2)).max(1);
    let across = (room / column).max(entries.len().div_ceil(rows)).clamp(1, entries.len());
    let column = column.min(room / across);
    let high = u16::try_from(entries.len().div_ceil(across) + 2).unwrap_or(u16::MAX).min(body.height);
    let area =
        Rect { y: body.bottom().saturating_sub(high), height: high, ..body }.intersection(frame.area());
    frame.render_widget(Clear, area);
    let title = format!(" {} … ", state.keymap.words(&state.prefix));
    let block = Block::bordered()
        .border_type(BorderType::Rounded)
        .border_style(theme.style(Role::BorderFocused))
        .title(Line::styled(title, theme.style(Role::Strong)))
        .title_bottom(Line::styled(" Esc leaves ", theme.style(Role::Muted)).right_aligned());
    frame.render_widget(block, area);
    let inner = layout::inside(area);
    let rows = entries.chunks(across);
    for (row, y) in rows.zip(inner.top()..inner.bottom()) {
        let mut line = Line::raw(" ");
        for (pressed, action) in row {
            let name = wrap::pad(action.name, column.saturating_sub(keys + 2));
            line.push_span(Span::styled(wrap::pad(pressed, keys), theme.style(Role::Key)));
            line.push_span(Span::styled(format!("  {name}"), theme.style(Role::Text)));
        }
        frame.render_widget(line, Rect { y, height: 1, ..inner });
    }
}

//! The tour's box, at the bottom of the card.

use crate::tui::app::State;
use crate::tui::app::action::Context;
use crate::tui::app::tour;
use crate::tui::layout;
use crate::tui::overlays::{clear, keys_line};
use crate::tui::theme::Role;
use crate::tui::widgets::wrap;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;
use ratatui::widgets::{Block, BorderType, Paragraph};

/// How wide the box is at most.
const WIDE: u16 = 64;

/// Returns where the box is and what it says, where the tour is on.
pub fn place(state: &State) -> Option<(Rect, Vec<Line<'static>>)> {
    let tour = state.tour.filter(|_| tour::is_shown(state))?;
    let body = layout::frame(state.size).body;
    let wide = WIDE.min(body.width);
    let columns = usize::from(wide.saturating_sub(4));
    let text = (tour.text(state), state.theme.style(Role::Text));
    let (lines, _) = wrap::wrap(&[text], columns, usize::from(body.height / 2).max(2));
    let high = u16::try_from(lines.len() + 3).unwrap_or(u16::MAX).min(body.height);
    let area = Rect {
        x: body.right().saturating_sub(wide),
        y: body.bottom().saturating_sub(high),
        width: wide,
        height: high,
    };
    Some((area, lines))
}

/// Draws the box.
pub fn view(state: &State, frame: &mut Frame) {
    let Some((tour, (area, lines))) = state.tour.zip(place(state)) else { return };
    let theme = state.theme;
    let area = area.intersection(frame.area());
    clear(frame, area);
    let block = Block::bordered()
        .border_type(BorderType::Rounded)
        .border_style(theme.style(Role::BorderFocused))
        .title(Line::styled(format!(" {} ", tour.title()), theme.style(Role::Strong)));
    frame.render_widget(block, area);
    let inner = layout::inside(area);
    let inner = Rect { x: inner.x + 1.min(inner.width), width: inner.width.saturating_sub(2), ..inner };
    frame.render_widget(Paragraph::new(lines), inner);
    if state.context() == Context::Queue {
        let below = Rect { y: inner.bottom().saturating_sub(1), height: 1.min(inner.height), ..inner };
        frame.render_widget(
            keys_line(theme, inner.width, &[("Enter", "next step"), ("Esc", "ends the tour")]),
            below,
        );
    }
}

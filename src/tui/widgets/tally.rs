//! How often which value is, as bars.

use super::wrap;
use crate::sanitise;
use crate::tui::theme::{Role, Theme};
use ratatui::text::{Line, Span};

/// Columns of the figures, and of the longest bar.
const FIGURE: usize = 9;
const BAR: usize = 16;
/// The most characters of a value.
const LONGEST: usize = 200;

/// Draws a line for each value, the most frequent first: how often it is, as a figure and as a bar, and the value.
pub fn lines(theme: Theme, values: &[(String, u64)], columns: usize) -> Vec<Line<'static>> {
    let most = values.iter().map(|(_, count)| *count).max().unwrap_or(1).max(1);
    let line = |(value, count): &(String, u64)| {
        let bar = usize::try_from((count * BAR as u64).div_ceil(most)).unwrap_or(BAR).min(BAR);
        let room = columns.saturating_sub(FIGURE + BAR + 2);
        Line::from(vec![
            Span::raw(format!("{} ", wrap::pad_left(&wrap::grouped(*count), FIGURE))),
            Span::styled(wrap::pad(&"█".repeat(bar), BAR + 1), theme.style(Role::Good)),
            Span::raw(wrap::cut(&sanitise::value(value, LONGEST), room)),
        ])
    };
    values.iter().map(line).collect()
}

//! The walk: from a product to one of its neighbours, on to one of theirs, and back step by step.

use super::pane::{self, ListRow, Pane};
use crate::domain::Neighbour;
use crate::sanitise;
use crate::tui::app::State;
use crate::tui::layout;
use crate::tui::theme::Role;
use crate::tui::widgets::wrap;
use ratatui::Frame;
use ratatui::text::{Line, Span};

/// The steps of a walk, the first product first.
#[derive(Debug, Clone)]
pub struct Walk {
    pub steps: Vec<Pane>,
}

impl Walk {
    /// Returns the step on the screen.
    pub fn here(&self) -> Option<&Pane> {
        self.steps.last()
    }

    /// Returns the step on the screen, to change it.
    pub fn here_mut(&mut self) -> Option<&mut Pane> {
        self.steps.last_mut()
    }
}

/// Returns a step's neighbours.
pub fn neighbours(pane: &Pane) -> &[Neighbour] {
    pane.card.as_ref().map_or(&[], |card| &card.neighbours)
}

/// Draws the screen.
pub fn view(state: &State, frame: &mut Frame, walk: &Walk) {
    let Some(pane) = walk.here() else { return };
    let place = layout::frame(state.size);
    frame.render_widget(trail(state, walk, usize::from(place.status.width)), place.status);
    let columns = usize::from(layout::review(state.size, state.split).rows.width).saturating_sub(4);
    let rows: Vec<ListRow> = neighbours(pane).iter().map(|one| row(state, one, pane, columns)).collect();
    let title = match &pane.attribute {
        Some(attribute) => format!("Nearest · {}", sanitise::line(state.attribute_name(attribute), 40)),
        None => "Nearest".into(),
    };
    pane::view(state, frame, pane, &title, &rows, "none: the product has no embedding");
}

/// Says which way was gone; the oldest steps give way.
fn trail(state: &State, walk: &Walk, columns: usize) -> Line<'static> {
    let theme = state.theme;
    let share = (columns / walk.steps.len().clamp(1, 4)).saturating_sub(4).max(8);
    let from = walk.steps.len().saturating_sub(4);
    let mut line = Line::raw(if from > 0 { " … › " } else { " " });
    for (index, step) in walk.steps.iter().enumerate().skip(from) {
        if index > from {
            line.push_span(Span::styled(" › ", theme.style(Role::Muted)));
        }
        let role = if index + 1 == walk.steps.len() { Role::Strong } else { Role::Muted };
        line.push_span(Span::styled(wrap::cut(&step.name, share), theme.style(role)));
    }
    line
}

fn row(state: &State, neighbour: &Neighbour, pane: &Pane, columns: usize) -> ListRow {
    let theme = state.theme;
    let values: Vec<String> = neighbour.values.iter().map(|value| sanitise::value(value, 80)).collect();
    let value_columns = if pane.attribute.is_some() { columns / 3 } else { 0 };
    let name_columns = columns.saturating_sub(value_columns + 7);
    let mut line = Line::from(vec![
        Span::raw(format!("{:>4.2} ", neighbour.similarity)),
        Span::raw(" "),
        Span::raw(wrap::pad(&sanitise::line(neighbour.display_name(), 200), name_columns)),
    ]);
    if value_columns > 0 {
        let value = if values.is_empty() { "–".to_owned() } else { values.join("; ") };
        line.push_span(Span::styled(
            format!(" {}", wrap::cut(&value, value_columns)),
            theme.style(Role::Muted),
        ));
    }
    line
}

//! Asks before a bulk action is taken back: how many decisions of it are, and which stay as they are.

use super::{Overlay, dialog, draw_keys, draw_lines};
use crate::domain::DecisionId;
use crate::review::takeback::Bulk;
use crate::tui::app::activity;
use crate::tui::app::keymap::Key;
use crate::tui::app::msg::Effect;
use crate::tui::app::state::State;
use crate::tui::theme::Role;
use crate::tui::widgets::wrap;
use crossterm::event::KeyCode;
use ratatui::Frame;
use ratatui::text::Line;
use std::collections::BTreeMap;

/// The question.
#[derive(Debug, Clone)]
pub struct TakeBack {
    bulk: Bulk,
    /// The decision that was asked about.
    id: DecisionId,
}

impl TakeBack {
    /// Asks about a bulk action of which something can be taken back.
    pub fn new(bulk: Bulk, id: DecisionId) -> Self {
        Self { bulk, id }
    }

    fn only_this(&self) -> Option<&crate::review::Undoable> {
        self.bulk.undoable.iter().find(|one| one.decision.id == self.id)
    }

    pub(super) fn key(self, state: &mut State, key: Key) -> Vec<Effect> {
        match key.code {
            KeyCode::Esc => return Vec::new(),
            KeyCode::Char('y') => return activity::all(state, &self.bulk.undoable),
            KeyCode::Char('o') => {
                if let Some(undoable) = self.only_this() {
                    return activity::one(state, undoable);
                }
            }
            _ => {}
        }
        state.overlay = Some(Overlay::TakeBack(Box::new(self)));
        Vec::new()
    }

    pub(super) fn view(&self, state: &State, frame: &mut Frame) {
        let theme = state.theme;
        let width = 68;
        let columns = usize::from(dialog_columns(state, width));
        let stay = self.stay();
        let pieces = [(stay.clone(), theme.style(Role::Muted))];
        let (below, _) = wrap::wrap(&pieces, columns, 3);
        let mut lines = wrap::wrap(&[(self.what(), theme.style(Role::Text))], columns, 3).0;
        if !stay.is_empty() {
            lines.push(Line::default());
            lines.extend(below);
        }
        lines.push(Line::default());
        let count = wrap::grouped(self.bulk.undoable.len() as u64);
        let all = format!("take back {count}");
        let mut keys = vec![("y", all.as_str()), ("Esc", "cancel")];
        if self.only_this().is_some() && self.bulk.undoable.len() > 1 {
            keys.insert(1, ("o", "only this one"));
        }
        let height = u16::try_from(lines.len() + 1).unwrap_or(u16::MAX);
        let area = dialog(state, frame, "Take back a bulk action", width, height);
        draw_lines(frame, area, lines);
        draw_keys(frame, area, theme, &keys);
    }

    /// Says what would be taken back.
    fn what(&self) -> String {
        let mut acts: BTreeMap<&str, usize> = BTreeMap::new();
        for one in &self.bulk.undoable {
            *acts.entry(one.decision.action.as_str()).or_default() += 1;
        }
        let acts: Vec<String> = acts
            .into_iter()
            .map(|(act, count)| format!("{} {}", wrap::grouped(count as u64), act.replace('_', " ")))
            .collect();
        let (count, whole) = (self.bulk.undoable.len(), self.bulk.count());
        let which = if count == whole {
            format!("All {} decisions", wrap::grouped(whole as u64))
        } else {
            format!("{} of the {} decisions", wrap::grouped(count as u64), wrap::grouped(whole as u64))
        };
        let are = if count == 1 { "is" } else { "are" };
        format!("{which} of this bulk action {are} taken back together: {}.", acts.join(", "))
    }

    /// Says what stays as it is, and why.
    fn stay(&self) -> String {
        let Bulk { undone, superseded, gone, of_others, .. } = self.bulk;
        let parts = [
            (undone, "taken back already"),
            (superseded, "decided again since"),
            (of_others, "by somebody else"),
            (gone, "on a gap that is not there any more"),
        ];
        let parts = parts.iter().filter(|(count, _)| *count > 0);
        let parts: Vec<String> =
            parts.map(|(count, why)| format!("{} {why}", wrap::grouped(*count as u64))).collect();
        if parts.is_empty() {
            String::new()
        } else {
            format!("The others stay as they are: {}.", parts.join(", "))
        }
    }
}

/// Returns how many columns a dialog of a width has for text.
fn dialog_columns(state: &State, width: u16) -> u16 {
    width.min(state.size.width).saturating_sub(4)
}

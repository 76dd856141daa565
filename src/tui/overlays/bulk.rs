//! Asks before many gaps are decided together: how many, which values, and the least confident of them.

use super::{Overlay, dialog, draw_lines, keys_line};
use crate::domain::{Action, QueueRow};
use crate::review::bulk::{Preview, preview_of};
use crate::review::cluster::Cluster;
use crate::sanitise;
use crate::tui::app::clusters;
use crate::tui::app::keymap::Key;
use crate::tui::app::msg::Effect;
use crate::tui::app::selection::{self, Together};
use crate::tui::app::state::State;
use crate::tui::screens::clusters_view::certificate;
use crate::tui::theme::Role;
use crate::tui::widgets::{tally, wrap};
use crossterm::event::KeyCode;
use ratatui::Frame;
use ratatui::text::Line;

/// How many values are listed.
const VALUES: usize = 5;
/// How many of the least confident are listed.
const LEAST: usize = 3;

/// What is asked about.
#[derive(Debug, Clone)]
enum Subject {
    Cluster(Box<Cluster>),
    Selection(Box<Together>),
}

/// The question.
#[derive(Debug, Clone)]
pub struct Bulk {
    subject: Subject,
    preview: Preview,
    /// What there is to know beside, each with how it is shown.
    notes: Vec<(String, Role)>,
}

impl Bulk {
    /// Asks whether to accept what is open of a cluster.
    pub fn of_cluster(state: &State, cluster: &Cluster) -> Self {
        let mut notes = certificate(&cluster.checks());
        let held =
            cluster.random().filter(|one| state.feed.holder(&one.row.gap, state.now).is_some()).count();
        if held > 0 {
            let text =
                format!("{} of them are held by others and stay as they are.", wrap::grouped(held as u64));
            notes.push((text, Role::Muted));
        }
        Self { preview: cluster.preview(), notes, subject: Subject::Cluster(Box::new(cluster.clone())) }
    }

    /// Asks whether to decide what was selected by hand, and is held now.
    pub fn of_selection(together: Together) -> Self {
        let is_in = |row: &&QueueRow| together.decisions.iter().any(|decision| decision.gap == row.gap);
        let preview = preview_of(together.held.rows.iter().map(|(row, _)| row).filter(is_in));
        let left_out = together.left_out();
        let notes = if left_out.is_empty() {
            Vec::new()
        } else {
            vec![(format!("Left out: {left_out}."), Role::Warning)]
        };
        Self { preview, notes, subject: Subject::Selection(Box::new(together)) }
    }

    fn action(&self) -> Action {
        match &self.subject {
            Subject::Cluster(_) => Action::Accept,
            Subject::Selection(together) => together.action,
        }
    }

    /// Gives back what is held for the question.
    pub fn give_back(&self) -> Vec<Effect> {
        match &self.subject {
            Subject::Cluster(_) => Vec::new(),
            Subject::Selection(together) => selection::release(&together.held, |_| true),
        }
    }

    pub(super) fn key(self, state: &mut State, key: Key) -> Vec<Effect> {
        match (key.code, self.subject) {
            (KeyCode::Char('y'), Subject::Cluster(cluster)) => clusters::accept(state, &cluster),
            (KeyCode::Char('y'), Subject::Selection(together)) => selection::decide(state, *together),
            (KeyCode::Esc, subject) => Self { subject, ..self }.give_back(),
            (_, subject) => {
                state.overlay = Some(Overlay::Bulk(Box::new(Self { subject, ..self })));
                Vec::new()
            }
        }
    }

    pub(super) fn view(&self, state: &State, frame: &mut Frame) {
        let theme = state.theme;
        let width = 68;
        let columns = usize::from(width.min(state.size.width).saturating_sub(4));
        let verb = match self.action() {
            Action::Accept => "accept",
            Action::Reject => "reject",
            Action::NotApplicable => "not applicable",
            _ => "defer",
        };
        let count = wrap::grouped(self.preview.accepted);
        let gaps = if self.preview.accepted == 1 { "1 gap".to_owned() } else { format!("{count} gaps") };
        let mut lines = Vec::new();
        for (text, role) in &self.notes {
            lines.extend(wrap::wrap(&[(text.clone(), theme.style(*role))], columns, 3).0);
        }
        let muted = |text: &str| Line::styled(wrap::cut(text, columns), theme.style(Role::Muted));
        if !self.preview.values.is_empty() {
            lines.push(muted(if self.action() == Action::Accept { "Values:" } else { "Predicted first:" }));
        }
        lines.extend(self.values(state, columns));
        if !self.preview.least_confident.is_empty() {
            lines.push(muted("Least confident:"));
        }
        for (gap, value, confidence) in self.preview.least_confident.iter().take(LEAST) {
            let name = self.name(state, gap);
            let text = format!("{confidence:>9.2} {} · {name}", sanitise::value(value, 30));
            lines.push(Line::raw(wrap::cut(&text, columns)));
        }
        // Where there is little room, what is at the end gives way; the keys do not.
        let room = usize::from(crate::tui::layout::frame(state.size).body.height).saturating_sub(2).max(1);
        lines.truncate(room.saturating_sub(1));
        let height = u16::try_from(lines.len() + 1).unwrap_or(u16::MAX);
        let title = match self.action() {
            Action::NotApplicable => format!("Not applicable: {gaps}, as one bulk action"),
            _ => format!("{} {gaps}, as one bulk action", wrap::capitalised(verb)),
        };
        let area = dialog(state, frame, &title, width, height);
        let all = format!("{verb} {count}");
        lines.push(keys_line(theme, area.width, &[("y", &all), ("Esc", "cancel")]));
        draw_lines(frame, area, lines);
    }

    /// Draws how often which value is.
    fn values(&self, state: &State, columns: usize) -> Vec<Line<'static>> {
        let shown = self.preview.values.len().min(VALUES);
        let mut lines = tally::lines(state.theme, &self.preview.values[..shown], columns);
        let more = self.preview.different.saturating_sub(shown);
        if more > 0 {
            let text = format!("          and {} more values", wrap::grouped(more as u64));
            lines.push(Line::styled(text, state.theme.style(Role::Muted)));
        }
        lines
    }

    fn name(&self, state: &State, gap: &crate::domain::GapId) -> String {
        let row = match &self.subject {
            Subject::Cluster(cluster) => cluster.random().map(|one| &one.row).find(|row| row.gap == *gap),
            Subject::Selection(together) => {
                together.held.rows.iter().map(|(row, _)| row).find(|row| row.gap == *gap)
            }
        };
        let name = row.map_or(gap.product.as_str(), QueueRow::display_name);
        let attribute = sanitise::line(state.attribute_name(&gap.attribute), 30);
        format!("{attribute} of {}", sanitise::line(name, 80))
    }
}

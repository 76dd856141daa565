//! The experiments screen: how each experiment does, in numbers and charts.

use super::card_sections::{Setting, heading};
use super::{chrome, reliability, trend};
use crate::domain::{ExperimentKey, ExperimentSummary, JudgedFilter, MetricTrend};
use crate::insight::calibration::Cell;
use crate::repository::{RepositoryError, Result};
use crate::sanitise;
use crate::tui::app::State;
use crate::tui::app::msg::Effect;
use crate::tui::app::navigate::Motion;
use crate::tui::app::slot::{Slot, Ticket};
use crate::tui::layout;
use crate::tui::theme::Role;
use crate::tui::widgets::wrap;
use ratatui::Frame;
use ratatui::layout::{Rect, Size};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;
use std::time::Instant;

/// How high a body must be for charts below the table.
const CHARTS: u16 = 14;
/// How high charts become at most: a steeper line says no more.
const HIGHEST: u16 = 20;

/// The experiments and the one under the cursor.
#[derive(Debug, Clone, Default)]
pub struct Experiments {
    pub list: Slot<Vec<ExperimentSummary>>,
    pub trends: Slot<Vec<MetricTrend>>,
    /// What decisions say of its predictions, by confidence.
    pub judged: Slot<Vec<Cell>>,
    /// The experiment that both are of.
    details_of: Option<ExperimentKey>,
    pub cursor: usize,
    offset: usize,
}

impl Experiments {
    /// Asks for the experiments.
    pub fn load(&mut self, now: Instant) -> Effect {
        self.details_of = None;
        Effect::LoadExperiments { ticket: self.list.begin(now) }
    }

    /// Takes the trend of an experiment, unless the cursor is on another one by now.
    pub fn trends_arrive(&mut self, ticket: Ticket, result: Result<Vec<MetricTrend>>) {
        let first = result.as_ref().ok().and_then(|trends| trends.first()).map(|trend| &trend.experiment);
        if first.is_none() || first == self.details_of.as_ref() {
            self.trends.accept(ticket, result);
        }
    }

    pub fn rows(&self) -> &[ExperimentSummary] {
        self.list.value.as_deref().unwrap_or_default()
    }

    /// Moves the cursor.
    pub fn motion(&mut self, motion: Motion, size: Size) {
        let height = usize::from(table_height(self.rows().len(), layout::frame(size).body.height));
        self.cursor = motion.apply(self.cursor, self.rows().len(), height);
    }

    /// Keeps the cursor in view, and asks for the details of the experiment under it.
    pub fn sync(&mut self, size: Size, now: Instant) -> Vec<Effect> {
        let count = self.rows().len();
        let height = usize::from(table_height(count, layout::frame(size).body.height)).max(1);
        self.cursor = self.cursor.min(count.saturating_sub(1));
        self.offset = self.offset.clamp((self.cursor + 1).saturating_sub(height), self.cursor);
        let Some(current) = self.rows().get(self.cursor) else { return Vec::new() };
        let experiment = current.experiment.clone();
        if self.details_of.as_ref() == Some(&experiment) {
            return Vec::new();
        }
        self.details_of = Some(experiment.clone());
        self.trends.value = None;
        self.judged.value = None;
        let filter = JudgedFilter { experiment: Some(experiment.clone()), ..JudgedFilter::default() };
        vec![
            Effect::LoadTrends { ticket: self.trends.begin(now), experiment },
            Effect::LoadJudged { ticket: self.judged.begin(now), filter: Box::new(filter) },
        ]
    }
}

/// How many experiments are shown at once.
fn table_height(count: usize, body: u16) -> u16 {
    let count = u16::try_from(count).unwrap_or(u16::MAX);
    let room = if body >= CHARTS { (body / 2).saturating_sub(2) } else { body };
    count.min(room.saturating_sub(2)).max(1)
}

/// Draws the screen.
pub fn view(state: &State, frame: &mut Frame, screen: &Experiments) {
    let place = layout::frame(state.size);
    let theme = state.theme;
    let rows = screen.rows();
    let left = match rows.len() {
        0 => " experiments".to_owned(),
        1 => " 1 experiment, the newest first".to_owned(),
        n => format!(" {n} experiments, the newest first"),
    };
    let sign = if state.is_overdue(screen.list.waiting_since) { "loading…" } else { "" };
    chrome::two_sided(frame, place.status, Line::raw(left), Line::styled(sign, theme.style(Role::Warning)));
    let body = Rect { x: place.body.x + 1, width: place.body.width.saturating_sub(2), ..place.body };
    if rows.is_empty() {
        let text = match (&screen.list.error, screen.list.value.is_some()) {
            (Some(error), _) => {
                let reason = sanitise::line(&error.to_string(), 300);
                format!("The experiments could not be loaded: {reason}\n\nR tries again")
            }
            (None, true) => {
                "No experiments yet\n\n`gapdeck import` reads experiments.jsonl and predictions.jsonl".into()
            }
            (None, false) => String::new(),
        };
        let pieces = [(text, theme.style(Role::Muted))];
        let (lines, _) = wrap::wrap(&pieces, usize::from(body.width), usize::from(body.height));
        frame.render_widget(Paragraph::new(lines), body);
        return;
    }
    let height = table_height(rows.len(), body.height);
    table(state, frame, Rect { height: (height + 2).min(body.height), ..body }, screen, height);
    if body.height >= CHARTS {
        let y = body.y + height + 3;
        let height = body.bottom().saturating_sub(y).min(HIGHEST);
        charts(state, frame, Rect { y, height, ..body }, screen);
    }
}

/// A column of the table.
struct Column {
    title: &'static str,
    width: usize,
    /// From which width of the body on it is shown.
    from: usize,
    text: fn(&ExperimentSummary) -> String,
}

fn percent(share: Option<f64>) -> String {
    share.map_or_else(|| "–".into(), |share| format!("{:.0} %", share * 100.0))
}

fn number(n: i64) -> String {
    wrap::grouped(n.unsigned_abs())
}

const COLUMNS: [Column; 7] = [
    Column { title: "predictions", width: 11, from: 60, text: |one| number(one.predictions) },
    Column { title: "gaps", width: 8, from: 84, text: |one| number(one.gaps) },
    Column {
        title: "confidence",
        width: 10,
        from: 50,
        text: |one| one.average_confidence.map_or_else(|| "–".into(), |c| format!("{c:.2}")),
    },
    Column { title: "judged", width: 8, from: 70, text: |one| number(one.correct + one.incorrect) },
    Column { title: "right", width: 8, from: 100, text: |one| number(one.correct) },
    Column { title: "wrong", width: 8, from: 100, text: |one| number(one.incorrect) },
    Column { title: "accuracy", width: 8, from: 0, text: |one| percent(one.accuracy()) },
];

fn table(state: &State, frame: &mut Frame, area: Rect, screen: &Experiments, height: u16) {
    let theme = state.theme;
    let columns = usize::from(area.width);
    let shown: Vec<&Column> = COLUMNS.iter().filter(|column| columns >= column.from).collect();
    let numbers: usize = shown.iter().map(|column| column.width + 2).sum();
    let room = columns.saturating_sub(numbers + 4);
    let models = if room >= 40 { room / 2 } else { 0 };
    let names = room.saturating_sub(models + usize::from(models > 0) * 2);
    let mut title = format!("   {}", wrap::pad("experiment", names));
    if models > 0 {
        title.push_str("  ");
        title.push_str(&wrap::pad("model", models));
    }
    for column in &shown {
        title.push_str("  ");
        title.push_str(&wrap::pad_left(column.title, column.width));
    }
    frame.render_widget(
        Line::styled(title, theme.style(Role::Muted)),
        Rect { height: 1.min(area.height), ..area },
    );
    let rows = screen.rows().iter().enumerate().skip(screen.offset).take(usize::from(height));
    for ((index, one), y) in rows.zip(area.y + 1..area.bottom()) {
        let current = index == screen.cursor;
        let mut text = wrap::pad(&sanitise::line(one.experiment.as_str(), 100), names);
        if models > 0 {
            let model = sanitise::line(one.model.as_deref().unwrap_or("–"), 100);
            text.push_str("  ");
            text.push_str(&wrap::pad(&model, models));
        }
        for column in &shown {
            text.push_str("  ");
            text.push_str(&wrap::pad_left(&(column.text)(one), column.width));
        }
        let row = Rect { y, height: 1, ..area };
        let marker = Span::styled(if current { " ▌ " } else { "   " }, Style::new());
        frame.render_widget(Line::from(vec![marker, Span::raw(text)]), row);
        if current {
            frame.buffer_mut().set_style(row, theme.style(Role::Selected));
        }
    }
}

fn charts(state: &State, frame: &mut Frame, area: Rect, screen: &Experiments) {
    let Some(current) = screen.rows().get(screen.cursor) else { return };
    let name = sanitise::line(current.experiment.as_str(), 60);
    let beside = area.width >= 70;
    let half = if beside { area.width / 2 - 1 } else { area.width };
    let (left, right) = if beside {
        let right = Rect { x: area.x + half + 2, width: area.width - half - 2, ..area };
        (Rect { width: half, ..area }, Some(right))
    } else {
        (area, None)
    };
    let titled = |frame: &mut Frame, area: Rect, title: &str| {
        let columns = usize::from(area.width);
        let setting = Setting {
            theme: state.theme,
            columns,
            height: None,
            choice: 0,
            reasoning: false,
            key_hints: false,
        };
        frame.render_widget(heading(setting, title, ""), Rect { height: 1.min(area.height), ..area });
        Rect { y: area.y + 1.min(area.height), height: area.height.saturating_sub(1), ..area }
    };
    let waiting = |frame: &mut Frame, area: Rect, error: Option<&RepositoryError>, since: Option<Instant>| {
        let (text, role) = match error {
            Some(error) => (sanitise::line(&error.to_string(), 200), Role::Muted),
            None if state.is_overdue(since) => ("loading…".into(), Role::Warning),
            None => return,
        };
        let text = wrap::cut(&text, usize::from(area.width));
        frame.render_widget(Line::styled(text, state.theme.style(role)), area);
    };
    let inner = titled(frame, left, &format!("Average confidence by day · {name}"));
    match &screen.trends.value {
        Some(trends) => trend::confidence(state, frame, inner, trends),
        None => waiting(frame, inner, screen.trends.error.as_ref(), screen.trends.waiting_since),
    }
    let Some(right) = right else { return };
    let inner = titled(frame, right, "How often a confidence was right");
    match &screen.judged.value {
        Some(cells) => reliability::view(state, frame, inner, cells),
        None => waiting(frame, inner, screen.judged.error.as_ref(), screen.judged.waiting_since),
    }
}

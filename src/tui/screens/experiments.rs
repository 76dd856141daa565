//! The experiments screen: how each experiment does, in numbers and charts.

use super::{chrome, reliability, trend};
use crate::domain::{ExperimentKey, ExperimentSummary, JudgedBy, JudgedFilter, MetricTrend};
use crate::insight::calibration::Cell;
use crate::insight::drift::Drift;
use crate::repository::{RepositoryError, Result};
use crate::sanitise;
use crate::tui::app::State;
use crate::tui::app::action::ActionId;
use crate::tui::app::msg::Effect;
use crate::tui::app::navigate::Motion;
use crate::tui::app::slot::{Slot, Ticket};
use crate::tui::layout;
use crate::tui::theme::Role;
use crate::tui::widgets::table::{self, Column, Place};
use crate::tui::widgets::wrap;
use ratatui::Frame;
use ratatui::layout::{Rect, Size};
use ratatui::text::Line;
use std::collections::BTreeMap;
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
    /// The experiments whose share of right predictions changed lately.
    pub drifts: Slot<BTreeMap<String, Drift>>,
    /// The experiment that another is to be compared with.
    pub marked: Option<ExperimentKey>,
    /// The experiment that both are of.
    details_of: Option<ExperimentKey>,
    pub place: Place,
}

impl Experiments {
    /// Asks for the experiments.
    pub fn load(&mut self, now: Instant) -> Vec<Effect> {
        self.details_of = None;
        vec![
            Effect::LoadExperiments { ticket: self.list.begin(now) },
            Effect::LoadDrifts { ticket: self.drifts.begin(now), by: JudgedBy::Experiment },
        ]
    }

    /// Marks the experiment under the cursor, or takes its mark away.
    pub fn toggle_mark(&mut self) {
        let current = self.current().map(|one| one.experiment.clone());
        self.marked = current.filter(|key| self.marked.as_ref() != Some(key));
    }

    /// Returns the marked experiment and the other one under the cursor.
    pub fn pair(&self) -> Option<(ExperimentKey, ExperimentKey)> {
        let (marked, current) = (self.marked.as_ref()?, &self.current()?.experiment);
        (marked != current).then(|| (marked.clone(), current.clone()))
    }

    /// Returns how an experiment drifted.
    pub fn drift(&self, experiment: &ExperimentKey) -> Option<&Drift> {
        self.drifts.value.as_ref()?.get(experiment.as_str())
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

    /// Returns the experiment under the cursor.
    pub fn current(&self) -> Option<&ExperimentSummary> {
        self.rows().get(self.place.cursor)
    }

    /// Moves the cursor.
    pub fn motion(&mut self, motion: Motion, size: Size) {
        let height = usize::from(table_height(self.rows().len(), layout::frame(size).body.height));
        self.place.cursor = motion.apply(self.place.cursor, self.rows().len(), height);
    }

    /// Keeps the cursor in view, and asks for the details of the experiment under it.
    pub fn sync(&mut self, size: Size, now: Instant) -> Vec<Effect> {
        let count = self.rows().len();
        self.place.keep(count, table_height(count, layout::frame(size).body.height));
        let Some(current) = self.current() else { return Vec::new() };
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
pub fn table_height(count: usize, body: u16) -> u16 {
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
                format!(
                    "The experiments could not be loaded: {reason}\n\n{} tries again",
                    state.key(ActionId::Refresh)
                )
            }
            (None, true) => {
                "No experiments yet\n\n`gapdeck import` reads experiments.jsonl and predictions.jsonl".into()
            }
            (None, false) => String::new(),
        };
        chrome::instead(state, frame, body, text);
        return;
    }
    let height = table_height(rows.len(), body.height);
    let area = Rect { height: (height + 1).min(body.height), ..body };
    table::draw(frame, area, theme, &columns(screen), rows, screen.place);
    if body.height >= CHARTS {
        let mut y = body.y + height + 3;
        if let Some(drift) = screen.current().and_then(|one| screen.drift(&one.experiment)) {
            let line = Rect { y: y - 1, height: 1, ..body };
            y += chrome::drift_line(state, frame, line, drift);
        }
        let height = body.bottom().saturating_sub(y).min(HIGHEST);
        charts(state, frame, Rect { y, height, ..body }, screen);
    }
}

fn percent(share: Option<f64>) -> String {
    share.map_or_else(|| "–".into(), |share| format!("{:.0} %", share * 100.0))
}

fn number(n: i64) -> String {
    wrap::grouped(n.unsigned_abs())
}

fn columns(screen: &Experiments) -> Vec<Column<'_, ExperimentSummary>> {
    type One = ExperimentSummary;
    let mut columns = vec![
        Column::text("experiment", 0, |one: &One| {
            let is_marked = screen.marked.as_ref() == Some(&one.experiment);
            format!("{}{}", if is_marked { "● " } else { "" }, one.experiment)
        }),
        Column::text("model", 40, |one: &One| one.model.clone().unwrap_or_else(|| "–".into())),
        Column::figure("predictions", 11, 60, |one: &One| number(one.predictions)),
        Column::figure("gaps", 8, 84, |one: &One| number(one.gaps)),
        Column::figure("confidence", 10, 50, |one: &One| {
            one.average_confidence.map_or_else(|| "–".into(), |confidence| format!("{confidence:.2}"))
        }),
        Column::figure("judged", 8, 70, |one: &One| number(one.correct + one.incorrect)),
        Column::figure("right", 8, 100, |one: &One| number(one.correct)),
        Column::figure("wrong", 8, 100, |one: &One| number(one.incorrect)),
        Column::figure("accuracy", 8, 0, |one: &One| percent(one.accuracy())),
    ];
    if screen.drifts.value.as_ref().is_some_and(|drifts| !drifts.is_empty()) {
        columns.push(Column::figure("drift", 9, 60, |one: &One| {
            screen.drift(&one.experiment).map_or_else(String::new, chrome::drift)
        }));
    }
    columns
}

fn charts(state: &State, frame: &mut Frame, area: Rect, screen: &Experiments) {
    let Some(current) = screen.current() else { return };
    let name = sanitise::line(current.experiment.as_str(), 60);
    let beside = area.width >= 70;
    let half = if beside { area.width / 2 - 1 } else { area.width };
    let (left, right) = if beside {
        let right = Rect { x: area.x + half + 2, width: area.width - half - 2, ..area };
        (Rect { width: half, ..area }, Some(right))
    } else {
        (area, None)
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
    let inner = chrome::titled(state.theme, frame, left, &format!("Average confidence by day · {name}"));
    match &screen.trends.value {
        Some(trends) => trend::confidence(state, frame, inner, trends),
        None => waiting(frame, inner, screen.trends.error.as_ref(), screen.trends.waiting_since),
    }
    let Some(right) = right else { return };
    let inner = chrome::titled(state.theme, frame, right, "How often a confidence was right");
    match &screen.judged.value {
        Some(cells) => reliability::view(state, frame, inner, cells),
        None => waiting(frame, inner, screen.judged.error.as_ref(), screen.judged.waiting_since),
    }
}

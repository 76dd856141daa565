//! The insights screen: how good predictions are, by experiment, attribute or category, and how the work goes on.

use crate::domain::{Day, JudgedBy, QueueFilter};
use crate::insight::calibration::{Calibration, Cell, calibration};
use crate::insight::drift::Drift;
use crate::insight::sample::Sample;
use crate::insight::threshold::{Demand, Outcome, certify};
use crate::repository::{JudgedGroup, Result};
use crate::tui::app::msg::Effect;
use crate::tui::app::navigate::Motion;
use crate::tui::app::slot::{Slot, Ticket};
use crate::tui::widgets::table::Place;
use chrono::{DateTime, TimeDelta, Utc};
use ratatui::layout::Size;
use std::collections::BTreeMap;
use std::time::Instant;

/// What the certified threshold of the screen promises: `gapdeck threshold` takes other demands.
pub const DEMAND: Demand = Demand { error: 0.02, assurance: 0.95, step: 25 };
/// How many days back the work is shown.
const DAYS: i64 = 14;

/// One experiment, attribute or category.
#[derive(Debug, Clone)]
pub struct Group {
    pub key: String,
    pub total: Cell,
    pub calibration: Calibration,
    pub cells: Vec<Cell>,
}

impl From<JudgedGroup> for Group {
    fn from(group: JudgedGroup) -> Self {
        let mut total = Cell::default();
        group.cells.iter().for_each(|cell| total.merge(cell));
        Self { key: group.key, total, calibration: calibration(&group.cells, 10), cells: group.cells }
    }
}

/// The honest sample of a group, and from which confidence on it lets predictions be accepted unseen.
#[derive(Debug, Clone, PartialEq)]
pub struct Certified {
    pub sample: Sample,
    pub outcome: Outcome,
}

/// The screen.
#[derive(Debug, Clone)]
pub struct Insights {
    pub by: JudgedBy,
    /// The most judged first.
    pub groups: Slot<Vec<Group>>,
    pub days: Slot<Vec<Day>>,
    pub certified: Slot<Certified>,
    /// The groups whose share of right predictions changed lately.
    pub drifts: Slot<BTreeMap<String, Drift>>,
    /// Names the looks at what may be accepted unseen.
    unseen: Slot<()>,
    /// The group that it is of.
    details_of: Option<(JudgedBy, String)>,
    pub place: Place,
}

impl Default for Insights {
    fn default() -> Self {
        Self {
            by: JudgedBy::Experiment,
            groups: Slot::default(),
            days: Slot::default(),
            certified: Slot::default(),
            drifts: Slot::default(),
            unseen: Slot::default(),
            details_of: None,
            place: Place::default(),
        }
    }
}

impl Insights {
    /// Asks for everything.
    pub fn load(&mut self, now: Instant, wall: DateTime<Utc>) -> Vec<Effect> {
        let since =
            (wall - TimeDelta::days(DAYS - 1)).date_naive().and_time(chrono::NaiveTime::MIN).and_utc();
        self.details_of = None;
        vec![
            Effect::LoadGroups { ticket: self.groups.begin(now), by: self.by },
            Effect::LoadDays { ticket: self.days.begin(now), since },
            Effect::LoadDrifts { ticket: self.drifts.begin(now), by: self.by },
        ]
    }

    /// Tells groups apart by the next thing.
    pub fn turn(&mut self, now: Instant) -> Vec<Effect> {
        let at = JudgedBy::ALL.iter().position(|by| *by == self.by).unwrap_or(0);
        self.by = JudgedBy::ALL[(at + 1) % JudgedBy::ALL.len()];
        self.groups.value = None;
        self.drifts.value = None;
        (self.place, self.details_of) = (Place::default(), None);
        vec![
            Effect::LoadGroups { ticket: self.groups.begin(now), by: self.by },
            Effect::LoadDrifts { ticket: self.drifts.begin(now), by: self.by },
        ]
    }

    /// Takes the groups that were asked for.
    pub fn arrive(&mut self, ticket: Ticket, result: Result<Vec<JudgedGroup>>) {
        let groups = result.map(|groups| {
            let mut groups: Vec<Group> = groups.into_iter().map(Group::from).collect();
            groups.sort_by(|a, b| b.total.judged.cmp(&a.total.judged).then_with(|| a.key.cmp(&b.key)));
            groups
        });
        self.groups.accept(ticket, groups);
    }

    /// Takes the sample of the group under the cursor.
    pub fn sampled(&mut self, ticket: Ticket, result: Result<Sample>) {
        let certified =
            result.map(|sample| Certified { outcome: certify(sample.cells.clone(), DEMAND), sample });
        self.certified.accept(ticket, certified);
    }

    pub fn rows(&self) -> &[Group] {
        self.groups.value.as_deref().unwrap_or_default()
    }

    /// Returns the group under the cursor.
    pub fn current(&self) -> Option<&Group> {
        self.rows().get(self.place.cursor)
    }

    /// Returns how a group drifted.
    pub fn drift(&self, key: &str) -> Option<&Drift> {
        self.drifts.value.as_ref()?.get(key)
    }

    /// Returns the filter that shows a group's gaps; none for products without a category.
    pub fn filter(&self) -> Option<QueueFilter> {
        let key = self.current().map(|group| group.key.as_str()).filter(|key| !key.is_empty())?;
        Some(match self.by {
            JudgedBy::Experiment => QueueFilter { experiment: Some(key.into()), ..QueueFilter::default() },
            JudgedBy::Attribute => QueueFilter { attribute: Some(key.into()), ..QueueFilter::default() },
            JudgedBy::Category => QueueFilter { category: Some(key.into()), ..QueueFilter::default() },
        })
    }

    /// Begins a look at what may be accepted unseen of the row's gaps.
    pub fn look_unseen(&mut self, now: Instant) -> Option<(QueueFilter, Ticket)> {
        let filter = self.filter()?;
        Some((filter, self.unseen.begin(now)))
    }

    /// Moves the cursor.
    pub fn motion(&mut self, motion: Motion, size: Size) {
        let height = usize::from(super::insights_view::table_height(self.rows().len(), size));
        self.place.cursor = motion.apply(self.place.cursor, self.rows().len(), height);
    }

    /// Keeps the cursor in view, and asks for the sample of the group under it.
    pub fn sync(&mut self, size: Size, now: Instant) -> Vec<Effect> {
        let count = self.rows().len();
        self.place.keep(count, super::insights_view::table_height(count, size));
        let Some(key) = self.current().map(|group| group.key.clone()) else { return Vec::new() };
        let details = Some((self.by, key));
        if self.details_of == details {
            return Vec::new();
        }
        self.details_of = details;
        self.certified.value = None;
        let Some(filter) = self.filter() else {
            self.certified.cancel();
            return Vec::new();
        };
        vec![Effect::LoadSample { ticket: self.certified.begin(now), filter: Box::new(filter) }]
    }
}

//! Groups of alike gaps, and the clusters of the group under the cursor.

use crate::domain::{GroupKey, QueueFilter};
use crate::repository::Result;
use crate::review::cluster::{self, Cluster, Groups, ValueGroup};
use crate::tui::app::msg::Effect;
use crate::tui::app::navigate::Motion;
use crate::tui::app::slot::{Slot, Ticket};
use crate::tui::layout;
use ratatui::layout::Size;
use std::time::Instant;

/// The fewest open gaps that make a group: one alone has nobody to be checked for.
const FEWEST: usize = 2;

/// The screen.
#[derive(Debug, Clone)]
pub struct Clusters {
    /// Whose groups are shown.
    pub filter: QueueFilter,
    pub groups: Slot<Groups>,
    /// The clusters of the group under the cursor.
    pub details: Slot<Box<cluster::Clusters>>,
    /// The group that they are of.
    details_of: Option<GroupKey>,
    /// The group to find again after a refresh.
    place: Option<GroupKey>,
    /// Which of its clusters is shown.
    part: usize,
    pub accepting: Slot<()>,
    pub cursor: usize,
    pub offset: usize,
}

impl Clusters {
    /// Starts with nothing, for the gaps of a filter.
    pub fn new(filter: QueueFilter) -> Self {
        Self {
            filter,
            groups: Slot::default(),
            details: Slot::default(),
            details_of: None,
            place: None,
            part: 0,
            accepting: Slot::default(),
            cursor: 0,
            offset: 0,
        }
    }

    /// Asks for the groups; the one under the cursor is found again.
    pub fn load(&mut self, now: Instant) -> Effect {
        self.place = self.current().map(|group| group.key.clone()).or(self.place.take());
        self.details_of = None;
        Effect::LoadValueGroups { ticket: self.groups.begin(now), filter: Box::new(self.filter.clone()) }
    }

    /// Takes the groups that were asked for.
    pub fn arrive(&mut self, ticket: Ticket, result: Result<Groups>) {
        let result = result.map(|mut groups| {
            groups.groups.retain(|group| group.open >= FEWEST);
            groups
        });
        if self.groups.accept(ticket, result)
            && let Some(place) = &self.place
            && let Some(index) = self.rows().iter().position(|group| group.key == *place)
        {
            self.cursor = index;
        }
    }

    /// Notes that the cluster shown has changed.
    pub fn outdate(&mut self) {
        self.details_of = None;
    }

    /// Goes on to the next cluster of the group.
    pub fn turn(&mut self) {
        self.part = (self.part + 1) % self.parts().max(1);
    }

    /// Returns the number of the cluster that is shown, from 0.
    pub fn part(&self) -> usize {
        self.part.min(self.parts().saturating_sub(1))
    }

    /// Counts the clusters of the group under the cursor.
    pub fn parts(&self) -> usize {
        self.details.value.as_ref().map_or(0, |details| details.clusters.len())
    }

    pub fn rows(&self) -> &[ValueGroup] {
        self.groups.value.as_ref().map_or(&[], |groups| &groups.groups)
    }

    /// Returns the group under the cursor.
    pub fn current(&self) -> Option<&ValueGroup> {
        self.rows().get(self.cursor)
    }

    /// Returns the cluster that is shown.
    pub fn cluster(&self) -> Option<&Cluster> {
        self.details.value.as_ref()?.clusters.get(self.part())
    }

    /// Tells since when something is awaited.
    pub fn waiting_since(&self) -> Option<Instant> {
        let waits = [self.groups.waiting_since, self.details.waiting_since, self.accepting.waiting_since];
        waits.into_iter().flatten().min()
    }

    /// Moves the cursor.
    pub fn motion(&mut self, motion: Motion, size: Size) {
        let height = usize::from(layout::activity(size).rows.height);
        self.cursor = motion.apply(self.cursor, self.rows().len(), height);
    }

    /// Keeps the cursor in view, and asks for the clusters of the group under it.
    pub fn sync(&mut self, size: Size, now: Instant) -> Vec<Effect> {
        let count = self.rows().len();
        let height = usize::from(layout::activity(size).rows.height).max(1);
        self.cursor = self.cursor.min(count.saturating_sub(1));
        self.offset = self.offset.clamp((self.cursor + 1).saturating_sub(height), self.cursor);
        let Some(key) = self.current().map(|group| group.key.clone()) else {
            if !self.groups.is_waiting() {
                self.details.value = None;
                self.details.cancel();
            }
            return Vec::new();
        };
        if self.details_of.as_ref() == Some(&key) {
            return Vec::new();
        }
        let is_same = self.cluster().is_some_and(|cluster| cluster.group == key);
        if !is_same {
            self.details.value = None;
            self.part = 0;
        }
        self.details_of = Some(key.clone());
        self.place = Some(key.clone());
        vec![Effect::LoadClusters { ticket: self.details.begin(now), group: Box::new(key) }]
    }
}

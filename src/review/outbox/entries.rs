//! The decisions that the database does not have yet, and what depends on what among them.

use super::record::{Failure, Record};
use crate::domain::{Action, Decision, DecisionId, Fence, GapId};
use std::collections::{HashMap, HashSet};

/// How far a decision in the outbox is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Status {
    /// To be sent.
    Pending,
    /// The database did not take it.
    Failed(Failure),
}

/// A decision in the outbox.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    pub decision: Decision,
    pub fence: Fence,
    pub status: Status,
    /// The decisions that go to the database in one transaction, named by the first of them; none for one that goes alone.
    pub together: Option<DecisionId>,
    /// The file that holds it, by its place in the ledger.
    pub(super) journal: usize,
}

impl Entry {
    /// A decision that waits to be sent.
    #[cfg(test)]
    pub(crate) fn pending(decision: Decision, fence: Fence) -> Self {
        Self { decision, fence, status: Status::Pending, together: None, journal: 0 }
    }

    fn is_pending(&self) -> bool {
        self.status == Status::Pending
    }
}

/// What a refusal led to.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Changes {
    pub failed: Vec<(DecisionId, Failure)>,
    /// Taken back before the database had them.
    pub dropped: Vec<DecisionId>,
    /// What is to be written down, each in the file of that number.
    pub marks: Vec<(usize, Record)>,
}

/// Every decision that is not settled, the oldest first.
#[derive(Debug, Default, Clone, PartialEq)]
pub(super) struct Entries {
    entries: Vec<Entry>,
}

impl Entries {
    /// Reads what a file's records leave unsettled.
    pub fn fold(records: Vec<Record>, journal: usize) -> Self {
        let mut entries = Self::default();
        for record in records {
            match record {
                Record::Header(_) => {}
                Record::Decision { decision, fence } => {
                    entries.push(Entry {
                        decision: *decision,
                        fence,
                        status: Status::Pending,
                        together: None,
                        journal,
                    });
                }
                Record::Together { decisions } => entries.push_together(decisions, journal),
                Record::Sent { id } | Record::Dropped { id } => {
                    entries.remove(id);
                }
                Record::Failed { id, failure } => entries.set(id, Status::Failed(failure)),
                Record::Again { id } => entries.set(id, Status::Pending),
            }
        }
        entries
    }

    /// Adds a decision as the newest.
    pub fn push(&mut self, entry: Entry) {
        if self.get(entry.decision.id).is_none() {
            self.entries.push(entry);
        }
    }

    /// Adds decisions that go to the database in one transaction.
    pub fn push_together(&mut self, decisions: Vec<Decision>, journal: usize) {
        let together = decisions.first().map(|first| first.id);
        for decision in decisions {
            self.push(Entry { decision, fence: Fence::Open, status: Status::Pending, together, journal });
        }
    }

    /// Adds what another file left, by the time of the decisions; those on one gap by what builds on what.
    pub fn merge(&mut self, others: Self) {
        for entry in others.entries {
            self.push(entry);
        }
        self.entries.sort_by_key(|entry| entry.decision.decided_at);
    }

    pub fn iter(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter()
    }

    pub fn get(&self, id: DecisionId) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.decision.id == id)
    }

    fn set(&mut self, id: DecisionId, status: Status) {
        if let Some(entry) = self.entries.iter_mut().find(|entry| entry.decision.id == id) {
            entry.status = status;
        }
    }

    /// Settles a decision.
    pub fn remove(&mut self, id: DecisionId) -> Option<Entry> {
        let index = self.entries.iter().position(|entry| entry.decision.id == id)?;
        Some(self.entries.remove(index))
    }

    /// Returns what to send next, in one transaction: the oldest that waits, with those that go together with it, where
    /// nothing else on their gaps has to go before.
    pub fn next(&self) -> Vec<&Entry> {
        let mut first: HashMap<&GapId, i32> = HashMap::new();
        for one in self.entries.iter().filter(|entry| entry.is_pending()).map(|entry| &entry.decision) {
            let lowest = first.entry(&one.gap).or_insert(one.base_version);
            *lowest = (*lowest).min(one.base_version);
        }
        let is_free = |entry: &Entry| {
            first.get(&entry.decision.gap).is_none_or(|lowest| entry.decision.base_version <= *lowest)
        };
        let waiting = self.entries.iter().filter(|entry| entry.is_pending());
        let mut blocked = HashSet::new();
        for entry in waiting {
            let Some(together) = entry.together else {
                if is_free(entry) {
                    return vec![entry];
                }
                continue;
            };
            if blocked.insert(together) {
                let group = self.with(entry);
                if group.iter().all(|entry| is_free(entry)) {
                    return group;
                }
            }
        }
        Vec::new()
    }

    /// Returns the entries in the same state that go to the database together with one, itself among them.
    fn with<'a>(&'a self, entry: &'a Entry) -> Vec<&'a Entry> {
        match entry.together {
            None => vec![entry],
            together => self
                .entries
                .iter()
                .filter(|other| other.together == together && other.is_pending() == entry.is_pending())
                .collect(),
        }
    }

    fn on_gap<'a>(&'a self, gap: &'a GapId) -> impl Iterator<Item = &'a Entry> {
        self.entries.iter().filter(move |entry| entry.decision.gap == *gap)
    }

    /// Returns the failed decisions that a new one on their gap takes the place of.
    pub fn replaced_by(&self, decision: &Decision) -> Vec<DecisionId> {
        let failed = self.on_gap(&decision.gap).filter(|entry| !entry.is_pending());
        failed.map(|entry| entry.decision.id).collect()
    }

    /// Tells whether a decision takes one back that the database did not take: then neither is needed.
    pub fn is_withdrawal(&self, decision: &Decision) -> bool {
        decision.undoes.and_then(|id| self.get(id)).is_some_and(|entry| !entry.is_pending())
    }

    /// Notes that the database did not take a decision, and with it neither those that go together with it nor any that
    /// builds on them.
    pub fn fail(&mut self, id: DecisionId, failure: &Failure) -> Changes {
        let Some(first) = self.get(id) else { return Changes::default() };
        let group: Vec<DecisionId> = self.with(first).iter().map(|entry| entry.decision.id).collect();
        let mut changes = Changes::default();
        for id in group {
            let of_one = self.fail_one(id, failure);
            changes.failed.extend(of_one.failed);
            changes.dropped.extend(of_one.dropped);
            changes.marks.extend(of_one.marks);
        }
        changes
    }

    fn fail_one(&mut self, id: DecisionId, failure: &Failure) -> Changes {
        let Some(first) = self.get(id).map(|entry| entry.decision.clone()) else { return Changes::default() };
        let builds_on_it = |entry: &&Entry| {
            entry.is_pending()
                && (entry.decision.id == id || entry.decision.base_version > first.base_version)
        };
        let chain: Vec<&Decision> =
            self.on_gap(&first.gap).filter(builds_on_it).map(|entry| &entry.decision).collect();
        // A decision and its undo cancel each other out: the database saw neither.
        let within: HashSet<DecisionId> = chain.iter().map(|one| one.id).collect();
        let dropped: Vec<DecisionId> = chain
            .iter()
            .filter(|one| one.action == Action::Undo)
            .filter_map(|undo| undo.undoes.filter(|undone| within.contains(undone)).map(|of| [of, undo.id]))
            .flatten()
            .collect();
        let mut rest = chain.iter().map(|one| one.id).filter(|one| !dropped.contains(one));
        let mut failed = Vec::new();
        if let Some(head) = rest.next() {
            failed.push((head, failure.clone()));
            failed.extend(rest.map(|one| (one, Failure::BuildsOn { id: head })));
        }
        let mut changes = Changes::default();
        for (id, failure) in failed {
            if let Some(entry) = self.entries.iter_mut().find(|entry| entry.decision.id == id) {
                entry.status = Status::Failed(failure.clone());
                changes.marks.push((entry.journal, Record::Failed { id, failure: failure.clone() }));
                changes.failed.push((id, failure));
            }
        }
        for id in dropped {
            if let Some(entry) = self.remove(id) {
                changes.marks.push((entry.journal, Record::Dropped { id }));
                changes.dropped.push(id);
            }
        }
        changes
    }

    /// Makes every failed decision wait again; returns the marks to be written down, each with the number of its file.
    pub fn again(&mut self) -> Vec<(usize, Record)> {
        let failed = self.entries.iter_mut().filter(|entry| !entry.is_pending());
        failed
            .map(|entry| {
                entry.status = Status::Pending;
                (entry.journal, Record::Again { id: entry.decision.id })
            })
            .collect()
    }

    /// Returns a failed decision with those that go together with it and those that build on them, each with the number of
    /// its file.
    pub fn failed_with(&self, id: DecisionId) -> Vec<(DecisionId, usize)> {
        let Some(first) = self.get(id).filter(|entry| !entry.is_pending()) else { return Vec::new() };
        let base: HashMap<&GapId, i32> =
            self.with(first).iter().map(|entry| (&entry.decision.gap, entry.decision.base_version)).collect();
        let goes = |entry: &&Entry| {
            !entry.is_pending()
                && base.get(&entry.decision.gap).is_some_and(|base| {
                    entry.decision.base_version > *base
                        || entry.decision.id == id
                        || entry.together.is_some() && entry.together == first.together
                })
        };
        self.entries.iter().filter(goes).map(|entry| (entry.decision.id, entry.journal)).collect()
    }

    /// Counts the decisions that wait and those that failed.
    pub fn count(&self) -> (usize, usize) {
        let pending = self.entries.iter().filter(|entry| entry.is_pending()).count();
        (pending, self.entries.len() - pending)
    }
}

//! The state behind the outbox: which decisions wait or were refused, and the files that say so.
//!
//! Everything here blocks on the disk: not for the thread that draws.

use super::entries::{Changes, Entries, Entry, Status};
use super::journal::{self, Durability, Journal};
use super::read::read;
use super::record::{FORMAT, Failure, Header, Record};
use super::{OutboxError, Place};
use crate::domain::{Decision, DecisionId, Fence};
use chrono::Utc;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::Path;

/// A file is not tidied up before it is this long.
const TIDY: u64 = 64 << 10;
/// A file that holds unsettled decisions is written anew once it is this long and most of it is settled.
const LONG: u64 = 4 << 20;

/// The unsettled decisions of one database, as far as this process is their keeper.
#[derive(Debug)]
pub struct Ledger {
    place: Place,
    entries: Entries,
    /// The files by number; none where one has been removed.
    files: Vec<Option<Held>>,
    /// The file for new decisions; made with the first.
    own: Option<usize>,
}

/// A file, and how many decisions stand in it, settled or not.
#[derive(Debug)]
struct Held {
    journal: Journal,
    decisions: usize,
}

/// What became of a decision that was to be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kept {
    /// It is on the disk; these failed decisions on its gap are replaced by it.
    Kept { replaced: Vec<DecisionId> },
    /// It took a decision back that the database had refused: both are gone.
    Withdrawn { of: DecisionId },
}

impl Ledger {
    /// Starts with nothing, whatever dead processes left.
    pub(super) fn empty(place: Place) -> Self {
        Self { place, entries: Entries::default(), files: Vec::new(), own: None }
    }

    /// Adopts what dead processes left; tells of what could not be read.
    pub fn open(place: Place) -> (Self, Vec<String>) {
        let mut ledger = Self::empty(place);
        let mut notices = Vec::new();
        let mut settled = HashSet::new();
        journal::sweep(&ledger.place);
        match journal::files(&ledger.place, journal::SUFFIX) {
            Ok(paths) => {
                for path in paths {
                    match ledger.adopt(&path, &mut settled) {
                        Ok(notice) => notices.extend(notice),
                        Err(error) => notices.push(format!("{}: {}", error.path.display(), error.reason)),
                    }
                }
            }
            Err(error) => notices.push(OutboxError::io(&ledger.place.directory, &error).to_string()),
        }
        ledger.forget(&settled);
        (ledger, notices)
    }

    /// Drops what another file says to be settled: that of a process that died before it could say so in both.
    fn forget(&mut self, settled: &HashSet<DecisionId>) {
        let gone: Vec<(usize, Record)> = self
            .entries
            .iter()
            .filter(|entry| settled.contains(&entry.decision.id))
            .map(|entry| (entry.journal, Record::Dropped { id: entry.decision.id }))
            .collect();
        for id in settled {
            self.entries.remove(*id);
        }
        self.mark(gone);
    }

    fn adopt(
        &mut self,
        path: &Path,
        settled: &mut HashSet<DecisionId>,
    ) -> Result<Option<String>, OutboxError> {
        let Some((journal, bytes)) = Journal::adopt(path)? else { return Ok(None) };
        let contents = read(&bytes);
        if let Some(reason) = stranger(&contents.records, &self.place) {
            return Err(OutboxError::new(path, reason));
        }
        let number = self.files.len();
        let decisions = contents.records.iter().map(Record::decisions).sum();
        settled.extend(contents.records.iter().filter_map(|record| match record {
            Record::Sent { id } | Record::Dropped { id } => Some(*id),
            _ => None,
        }));
        let found = Entries::fold(contents.records, number);
        let is_settled = found.iter().next().is_none();
        let damaged: Vec<u8> =
            contents.damaged.iter().flat_map(|range| &bytes[range.clone()]).copied().collect();
        drop(bytes);
        let aside = (!damaged.is_empty()).then(|| journal.set_aside(&damaged));
        match &aside {
            // Nothing is taken out of the file before it is safe elsewhere.
            Some(Err(_)) => {}
            _ if is_settled => journal.remove(),
            _ => self.files.push(Some(Held { journal, decisions })),
        }
        let Some(aside) = aside else {
            self.entries.merge(found);
            return Ok(None);
        };
        let what = format!("{} was damaged: {} bytes could not be read", path.display(), damaged.len());
        Ok(Some(match aside {
            Ok(aside) => {
                self.entries.merge(found);
                if !is_settled {
                    self.rewrite(number)?;
                }
                format!("{what} and were set aside in {}", aside.display())
            }
            Err(error) => format!("{what}, nor set aside ({}); it was left alone", error.reason),
        }))
    }

    /// Returns the unsettled decisions, the oldest first.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter()
    }

    /// Counts the decisions that wait and those that failed.
    pub fn count(&self) -> (usize, usize) {
        self.entries.count()
    }

    /// Returns what to send next, in one transaction; nothing where nothing waits.
    pub(super) fn next(&self) -> Vec<&Entry> {
        self.entries.next()
    }

    /// Keeps decisions: each that is kept is on the disk when this returns, all with one wait for it.
    pub(super) fn keep(
        &mut self,
        batch: Vec<(Decision, Fence)>,
    ) -> Vec<(DecisionId, Result<Kept, OutboxError>)> {
        let drafts: Vec<Draft> =
            batch.into_iter().map(|(decision, fence)| self.draft(decision, fence)).collect();
        let whole: Vec<u8> =
            drafts.iter().filter_map(|draft| draft.bytes.as_ref().ok()).flatten().copied().collect();
        // Where all do not fit, some may.
        let together = drafts.len() > 1 && self.write(&whole).is_ok();
        drafts
            .into_iter()
            .map(|draft| {
                let id = draft.entry.decision.id;
                let written = match &draft.bytes {
                    Ok(_) if together => Ok(()),
                    Ok(bytes) => self.write(bytes),
                    Err(reason) => Err(OutboxError::new(&self.place.directory, reason.as_str())),
                };
                (id, written.map(|()| self.take(draft)))
            })
            .collect()
    }

    /// Makes the records of a decision and of what it puts an end to.
    fn draft(&self, decision: Decision, fence: Fence) -> Draft {
        let mut bytes = Vec::new();
        let mut written = Ok(());
        let withdrawn = decision.undoes.filter(|_| self.entries.is_withdrawal(&decision));
        let replaced = if let Some(of) = withdrawn {
            vec![of]
        } else {
            let record = Record::Decision { decision: Box::new(decision.clone()), fence };
            written = record.write(&mut bytes);
            self.entries.replaced_by(&decision)
        };
        for id in &replaced {
            written = written.and_then(|()| Record::Dropped { id: *id }.write(&mut bytes));
        }
        let entry = Entry { decision, fence, status: Status::Pending, together: None, journal: 0 };
        Draft { entry, withdrawn, replaced, bytes: written.map(|()| bytes) }
    }

    /// Keeps decisions that go to the database in one transaction: all are on the disk when this returns, or none is.
    /// Returns the failed decisions on their gaps, which they replace.
    pub(super) fn keep_together(&mut self, decisions: Vec<Decision>) -> Result<Vec<DecisionId>, OutboxError> {
        let replaced: Vec<DecisionId> =
            decisions.iter().flat_map(|decision| self.entries.replaced_by(decision)).collect();
        let record = Record::Together { decisions: decisions.clone() };
        let mut bytes = Vec::new();
        let mut written = record.write(&mut bytes);
        for id in &replaced {
            written = written.and_then(|()| Record::Dropped { id: *id }.write(&mut bytes));
        }
        written.map_err(|reason| OutboxError::new(&self.place.directory, reason))?;
        self.write(&bytes)?;
        self.replace(&replaced);
        let number = self.own.unwrap_or_default();
        if let Some(held) = self.files.get_mut(number).and_then(Option::as_mut) {
            held.decisions += decisions.len();
        }
        self.entries.push_together(decisions, number);
        Ok(replaced)
    }

    /// Forgets decisions that newer ones replace.
    fn replace(&mut self, replaced: &[DecisionId]) {
        let replaced = replaced.iter().filter_map(|id| self.entries.remove(*id));
        let elsewhere: Vec<(usize, Record)> = replaced
            .filter(|entry| Some(entry.journal) != self.own)
            .map(|entry| (entry.journal, Record::Dropped { id: entry.decision.id }))
            .collect();
        // The file that says so may be gone before the one that holds them.
        self.mark(elsewhere);
    }

    /// Takes note of a decision that is on the disk.
    fn take(&mut self, draft: Draft) -> Kept {
        self.replace(&draft.replaced);
        if let Some(of) = draft.withdrawn {
            return Kept::Withdrawn { of };
        }
        let number = self.own.unwrap_or_default();
        if let Some(held) = self.files.get_mut(number).and_then(Option::as_mut) {
            held.decisions += 1;
        }
        self.entries.push(Entry { journal: number, ..draft.entry });
        Kept::Kept { replaced: draft.replaced }
    }

    /// Brings records of new decisions to the disk, in the process's own file.
    fn write(&mut self, records: &[u8]) -> Result<(), OutboxError> {
        let is_sound = |held: &Held| held.journal.is_sound();
        let number = match self.own {
            Some(number) if self.files[number].as_ref().is_some_and(is_sound) => number,
            _ => {
                let journal = Journal::create(&self.place, &header(&self.place)?)?;
                self.files.push(Some(Held { journal, decisions: 0 }));
                self.files.len() - 1
            }
        };
        self.own = Some(number);
        match &mut self.files[number] {
            Some(held) => held.journal.append(records, Durability::Synced),
            None => {
                Err(OutboxError::new(&self.place.directory, "its file is gone: a fault in gapdeck itself"))
            }
        }
    }

    /// Notes that the database has decisions.
    pub(super) fn sent(&mut self, ids: &[DecisionId]) {
        let sent = ids.iter().filter_map(|id| self.entries.remove(*id));
        let marks = sent.map(|entry| (entry.journal, Record::Sent { id: entry.decision.id })).collect();
        self.mark(marks);
    }

    /// Notes that the database did not take a decision, or any that goes together with it; returns what else that ends.
    pub(super) fn failed(&mut self, id: DecisionId, failure: &Failure) -> Changes {
        let mut changes = self.entries.fail(id, failure);
        self.mark(std::mem::take(&mut changes.marks));
        changes
    }

    /// Makes every failed decision wait again; returns how many.
    pub(super) fn again(&mut self) -> usize {
        let marks = self.entries.again();
        let count = marks.len();
        self.mark(marks);
        count
    }

    /// Drops a failed decision and those that build on it; returns which.
    ///
    /// # Errors
    /// Where that could not be written down: they would be back after a restart.
    pub(super) fn discard(&mut self, id: DecisionId) -> Result<Vec<DecisionId>, OutboxError> {
        let mut dropped = Vec::new();
        for (id, number) in self.entries.failed_with(id) {
            let mut bytes = Vec::new();
            Record::Dropped { id }
                .write(&mut bytes)
                .map_err(|reason| OutboxError::new(&self.place.directory, reason))?;
            if let Some(held) = &mut self.files[number] {
                held.journal.append(&bytes, Durability::Synced)?;
            }
            self.entries.remove(id);
            dropped.push(id);
        }
        self.tidy_all();
        Ok(dropped)
    }

    /// Writes marks behind the decisions: one that is lost is made again, as the database's answer will be the same.
    fn mark(&mut self, marks: Vec<(usize, Record)>) {
        let mut by_file: BTreeMap<usize, Vec<u8>> = BTreeMap::new();
        for (number, record) in marks {
            if let Err(reason) = record.write(by_file.entry(number).or_default()) {
                tracing::warn!("a mark in the outbox could not be written: {reason}");
            }
        }
        for (number, bytes) in by_file {
            if let Some(held) = self.files.get_mut(number).and_then(Option::as_mut)
                && let Err(error) = held.journal.append(&bytes, Durability::Whenever)
            {
                tracing::warn!("{error}; a decision will be sent once more, which does no harm");
            }
            self.tidy(number);
        }
    }

    fn tidy_all(&mut self) {
        for number in 0..self.files.len() {
            self.tidy(number);
        }
    }

    /// Removes or shortens a file that holds little or nothing unsettled.
    fn tidy(&mut self, number: usize) {
        let Some(held) = self.files.get_mut(number).and_then(Option::take) else { return };
        let unsettled = self.entries.iter().filter(|entry| entry.journal == number).count();
        if unsettled == 0 && self.own != Some(number) {
            held.journal.remove();
            return;
        }
        let length = held.journal.length();
        let wasteful = length > LONG && unsettled * 4 < held.decisions;
        self.files[number] = Some(held);
        if (wasteful || unsettled == 0 && length > TIDY)
            && let Err(error) = self.rewrite(number)
        {
            tracing::warn!("{error}; the file stays as it is");
        }
    }

    /// Returns what a file has to hold for what is unsettled in it.
    fn records_of(&self, number: usize) -> Result<Vec<u8>, String> {
        let mut bytes = header(&self.place).map_err(|error| error.reason)?;
        let here = || self.entries.iter().filter(|entry| entry.journal == number);
        let mut groups: HashMap<DecisionId, Vec<Decision>> = HashMap::new();
        for (together, entry) in here().filter_map(|entry| Some((entry.together?, entry))) {
            groups.entry(together).or_default().push(entry.decision.clone());
        }
        for entry in here() {
            match entry.together {
                None => Record::Decision { decision: Box::new(entry.decision.clone()), fence: entry.fence }
                    .write(&mut bytes)?,
                Some(together) => {
                    if let Some(decisions) = groups.remove(&together) {
                        Record::Together { decisions }.write(&mut bytes)?;
                    }
                }
            }
        }
        for entry in here() {
            if let Status::Failed(failure) = &entry.status {
                Record::Failed { id: entry.decision.id, failure: failure.clone() }.write(&mut bytes)?;
            }
        }
        Ok(bytes)
    }

    fn rewrite(&mut self, number: usize) -> Result<(), OutboxError> {
        let records =
            self.records_of(number).map_err(|reason| OutboxError::new(&self.place.directory, reason))?;
        let decisions = self.entries.iter().filter(|entry| entry.journal == number).count();
        let Some(held) = self.files.get_mut(number).and_then(Option::as_mut) else { return Ok(()) };
        held.journal.rewrite(&records)?;
        held.decisions = decisions;
        Ok(())
    }

    /// Ends the work: files that hold nothing unsettled are removed, the others wait for the next start.
    pub(super) fn close(mut self) -> (usize, usize) {
        self.own = None;
        self.tidy_all();
        self.entries.count()
    }
}

/// A decision on its way to the disk.
struct Draft {
    entry: Entry,
    /// The refused decision that it takes back.
    withdrawn: Option<DecisionId>,
    /// The refused decisions that it puts an end to.
    replaced: Vec<DecisionId>,
    bytes: Result<Vec<u8>, String>,
}

fn header(place: &Place) -> Result<Vec<u8>, OutboxError> {
    let header = Header {
        format: FORMAT,
        database: place.identity.clone(),
        process: std::process::id(),
        created_at: Utc::now(),
    };
    let mut bytes = Vec::new();
    Record::Header(header).write(&mut bytes).map_err(|reason| OutboxError::new(&place.directory, reason))?;
    Ok(bytes)
}

/// Says why a file's decisions are not for this database, or not for this gapdeck.
pub(super) fn stranger(records: &[Record], place: &Place) -> Option<String> {
    records.iter().find_map(|record| match record {
        Record::Header(header) if header.format > FORMAT => {
            Some("it was written by a newer gapdeck and was left alone".into())
        }
        Record::Header(header) if header.database != place.identity => {
            Some(format!("its decisions are for {}; it was left alone", header.database))
        }
        _ => None,
    })
}

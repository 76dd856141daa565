//! The terminal application without a terminal: keys in, effects and screens out.

mod activity;
mod alike;
mod clusters;
mod comparison;
mod flow;
mod flows;
mod gate;
mod insights;
mod keys;
mod look;
mod matrix;
mod opinions;
mod outage;
mod overlays;
mod pointer;
mod random;
mod seeded;
mod selection;
mod session;
mod snapshots;
mod tour;
mod unseen;
mod waits;

use super::app::keymap::Key;
use super::app::msg::{Effect, Figures, Found, Msg, TakeBack, Unseen};
use super::app::slot::Ticket;
use super::app::views::{self, View};
use super::app::{State, update};
use super::fixture;
use super::theme::Theme;
use super::view::view;
use super::{Identity, Progress};
use crate::domain::{
    Action, Changes, Checked, Claim, Claimed, Count, CursorValue, Decision, DecisionCursor, DecisionFilter,
    DecisionId, DecisionRow, Event, Fence, GapId, GapSet, GroupKey, Lease, LeaseToken, Lot, Outcome, Policy,
    QueueCursor, QueueFilter, QueueRow, QueueSort, Reviewer, SeededAnswer, SeededGap, Seen, Stage, Standing,
    State as GapState, StateFilter, hide_first_opinions, normalised,
};
use crate::repository::{Page, RepositoryError, Result};
use crate::review::Undoable;
use crate::review::bulk::{Accepted, Held};
use crate::review::cluster::{Cluster, Clusters, Groups, Member, grouped};
use crate::review::outbox::{Failure, News, Outage, OutboxError};
use crate::review::takeback::Bulk;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use ratatui::layout::Size;
use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};
use uuid::Uuid;

/// A database that answers at once, with the made-up catalogue; and an outbox before it.
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of some test")]
struct Database {
    rows: Vec<QueueRow>,
    events: Vec<Event>,
    /// What is held, and by whom.
    leases: Vec<Lease>,
    policy: Policy,
    /// Gaps whose value is known, and what was said of them.
    seeded: Vec<(GapId, &'static str)>,
    answers: Vec<SeededAnswer>,
    /// No decision says anything of a prediction.
    is_unjudged: bool,
    /// How many gaps of a sample are sure, and right.
    sampled: u64,
    /// There are more open gaps than were looked at for groups.
    is_cut: bool,
    /// Some experiments drifted.
    has_drift: bool,
    /// What is being accepted unseen.
    accepting: Option<Ticket>,
    /// Makes cards what a test wants.
    change_card: Option<fn(&mut crate::domain::ReviewCard)>,
    /// What every request fails with.
    down: Option<RepositoryError>,
    /// Why the outbox keeps nothing.
    disk: Option<&'static str>,
    pending: Vec<(Decision, Fence)>,
    failed: Vec<(Decision, Fence)>,
    is_lost: bool,
}

impl Database {
    fn new(count: usize) -> Self {
        Self {
            rows: fixture::rows(count),
            events: Vec::new(),
            leases: Vec::new(),
            policy: Policy::default(),
            seeded: Vec::new(),
            answers: Vec::new(),
            is_unjudged: false,
            sampled: 200,
            is_cut: false,
            has_drift: false,
            accepting: None,
            change_card: None,
            down: None,
            disk: None,
            pending: Vec::new(),
            failed: Vec::new(),
            is_lost: false,
        }
    }

    fn index(gap: &GapId) -> usize {
        gap.product.as_str()[2..].parse().unwrap()
    }

    fn up<T>(&self, value: T) -> Result<T> {
        self.down.clone().map_or(Ok(value), Err)
    }

    fn decide(&mut self, decision: &Decision) -> Result<Outcome> {
        self.up(())?;
        let row = self.rows.iter_mut().find(|row| row.gap == decision.gap).unwrap();
        if row.version != decision.base_version {
            return Err(RepositoryError::Conflict {
                gap: decision.gap.clone(),
                version: row.version,
                state: row.state,
                by: row.decided_by.as_ref().map(ToString::to_string),
            });
        }
        for event in &mut self.events {
            if Some(event.decision.id) == decision.undoes {
                event.undone_by = Some(decision.id);
            }
        }
        let history: Vec<Event> =
            self.events.iter().filter(|event| event.decision.gap == decision.gap).cloned().collect();
        let stage = Stage::of(&history);
        let needs_second = self.policy.second_opinions.takes(Lot::Second.of(&decision.gap));
        let result_state = stage.next(decision, needs_second, false);
        row.version += 1;
        row.state = result_state.unwrap_or_else(|| Event::state(&history));
        let told = (!row.state.needs_opinion()).then_some(decision);
        row.decided_by = told.map(|one| one.reviewer.clone());
        row.decided_value = told.and_then(|one| one.value.clone());
        // Alice reads: who else was the first is not told.
        let is_hers = decision.reviewer.as_str() == "alice";
        row.first_by = (row.state == GapState::Second && is_hers).then(|| decision.reviewer.clone());
        let outcome = Outcome { state: row.state, version: row.version, replayed: false };
        self.events.push(Event {
            decision: decision.clone(),
            result_version: outcome.version,
            result_state,
            recorded_at: decision.decided_at,
            undone_by: None,
        });
        Ok(outcome)
    }

    fn decide_fenced(&mut self, decision: &Decision, fence: Fence) -> Result<Outcome> {
        let own = match fence {
            Fence::Open => return self.decide(decision),
            Fence::Unheld => None,
            Fence::Lease(token) => Some(token),
            Fence::After(before) => {
                let last = self.events.iter().rev().find(|event| event.decision.gap == decision.gap);
                if last.is_none_or(|last| last.decision.id != before) {
                    // No gap has this version: a conflict.
                    return self.decide(&Decision { base_version: -1, ..decision.clone() });
                }
                None
            }
        };
        if let Some(lease) =
            self.leases.iter().find(|lease| lease.gap == decision.gap && Some(lease.token) != own)
        {
            let (by, until) = (lease.reviewer.clone(), lease.expires_at);
            return self.up(()).and(Err(RepositoryError::Held { gap: decision.gap.clone(), by, until }));
        }
        let outcome = self.decide(decision)?;
        self.leases.retain(|lease| lease.gap != decision.gap);
        Ok(outcome)
    }

    fn claim(&mut self, claim: &Claim) -> Result<Claimed> {
        self.up(())?;
        let from = claim.after.as_ref().map_or(0, |after| Self::index(&after.gap) + 1);
        let wanted = claim.filter.claimable_by(&claim.reviewer).state;
        let among = claim.filter.among.as_ref();
        let open = self
            .rows
            .iter()
            .skip(from)
            .filter(|row| among.is_none_or(|set| set.gaps.contains(&row.gap)))
            .filter(|row| wanted.admits(row.state) && Self::is_asked(wanted, row));
        let free = open.filter(|row| self.leases.iter().all(|lease| lease.gap != row.gap));
        let mut free: Vec<&QueueRow> = free.collect();
        if claim.sort == QueueSort::Random {
            free.sort_by(|a, b| Lot::Sample.of(&a.gap).total_cmp(&Lot::Sample.of(&b.gap)));
        }
        let rows: Vec<_> = free
            .into_iter()
            .take(claim.limit)
            .map(|row| (row.clone(), Self::lease(&row.gap, claim)))
            .collect();
        self.leases.extend(rows.iter().map(|(_, lease)| lease.clone()));
        let last = rows.last();
        let last = last.map(|(row, _)| QueueCursor { value: CursorValue::Number(0.0), gap: row.gap.clone() });
        Ok(Claimed { rows, last })
    }

    /// Tells whether a list of a state has a gap: not of those for a second opinion, where the first is alice's own.
    fn is_asked(state: StateFilter, row: &QueueRow) -> bool {
        state != StateFilter::Only(GapState::Second) || row.first_by.is_none()
    }

    fn lease(gap: &GapId, claim: &Claim) -> Lease {
        let (claimed_at, expires_at) = (fixture::noon(), fixture::noon() + chrono::Duration::minutes(5));
        let (token, reviewer) = (claim.token, claim.reviewer.clone());
        Lease { gap: gap.clone(), token, reviewer, claimed_at, expires_at }
    }

    /// Lets somebody else claim gaps.
    fn held_by(&mut self, reviewer: &str, gaps: &[GapId]) {
        let token = LeaseToken(next_id().0);
        for gap in gaps {
            self.leases.push(Lease {
                gap: gap.clone(),
                token,
                reviewer: reviewer.into(),
                claimed_at: fixture::noon(),
                expires_at: fixture::noon() + chrono::Duration::minutes(4),
            });
        }
    }

    /// Lets somebody else decide a gap.
    fn decided_by(&mut self, reviewer: &str, gap: &GapId, value: &str) {
        let row = self.rows.iter_mut().find(|row| row.gap == *gap).unwrap();
        row.version += 1;
        row.state = GapState::Accepted;
        row.decided_by = Some(reviewer.into());
        row.decided_value = Some(value.into());
    }

    /// Lets somebody else give an opinion on a gap.
    fn opinion_of(&mut self, reviewer: &str, gap: &GapId, action: Action, value: Option<&str>) {
        let version = self.rows.iter().find(|row| row.gap == *gap).unwrap().version;
        let decision = Decision {
            id: next_id(),
            gap: gap.clone(),
            action,
            value: value.map(Into::into),
            comment: Some(format!("says {reviewer}")),
            reviewer: reviewer.into(),
            base_version: version,
            undoes: None,
            shown_value: None,
            shown_confidence: None,
            shown_experiment: None,
            batch: None,
            seen: Seen::default(),
            decided_at: fixture::noon() - chrono::Duration::minutes(30),
        };
        self.decide(&decision).unwrap();
    }

    fn changes(&self) -> Changes {
        let rows = self.rows.iter().filter(|row| row.version > 0).cloned().collect();
        Changes { rows, cut: false, leases: self.leases.clone(), now: fixture::noon() }
    }

    fn find_undo(&self) -> Result<Option<Box<Undoable>>> {
        let in_force = |event: &&Event| event.decision.action != Action::Undo && event.undone_by.is_none();
        let Some(event) = self.events.iter().rev().find(in_force) else { return self.up(None) };
        let version = self.rows.iter().find(|row| row.gap == event.decision.gap).unwrap().version;
        let decision = event.decision.clone();
        self.up(Some(Box::new(Undoable { decision, version, leads_to: GapState::Open })))
    }

    fn keep(&mut self, decision: Decision, fence: Fence) -> Vec<News> {
        let id = decision.id;
        if let Some(reason) = self.disk {
            let error = OutboxError { path: "/state/outbox".into(), reason: reason.into() };
            return vec![News::Kept { id, result: Err(error) }];
        }
        let mut news = vec![News::Kept { id, result: Ok(()) }];
        let (replaced, rest): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.failed).into_iter().partition(|(one, _)| one.gap == decision.gap);
        self.failed = rest;
        if !replaced.is_empty() {
            news.push(News::Dropped { ids: replaced.iter().map(|(one, _)| one.id).collect() });
        }
        self.pending.push((decision, fence));
        news.extend(self.send());
        news
    }

    /// Keeps and sends decisions that go together: all are taken, or none.
    fn keep_together(&mut self, decisions: &[Decision]) -> Vec<News> {
        if let Some(reason) = self.disk {
            let error = OutboxError { path: "/state/outbox".into(), reason: reason.into() };
            return decisions
                .iter()
                .map(|one| News::Kept { id: one.id, result: Err(error.clone()) })
                .collect();
        }
        let mut news: Vec<News> =
            decisions.iter().map(|one| News::Kept { id: one.id, result: Ok(()) }).collect();
        let version = |one: &Decision| self.rows.iter().find(|row| row.gap == one.gap).unwrap().version;
        if let Some(first) = decisions.iter().find(|one| version(one) != one.base_version) {
            let failure =
                Failure::Refused { reason: format!("none of {} was saved: {}", decisions.len(), first.gap) };
            self.failed.extend(decisions.iter().map(|one| (one.clone(), Fence::Open)));
            news.extend(decisions.iter().map(|one| News::Failed {
                id: one.id,
                failure: failure.clone(),
                error: None,
            }));
            return news;
        }
        for decision in decisions {
            let outcome = self.decide(decision).unwrap();
            self.leases.retain(|lease| lease.gap != decision.gap);
            news.push(News::Sent { id: decision.id, outcome });
        }
        news
    }

    /// Lists decisions as the database does.
    fn activity(
        &self,
        filter: &DecisionFilter,
        after: Option<DecisionCursor>,
        limit: usize,
    ) -> Page<DecisionRow, DecisionCursor> {
        let place = |row: &DecisionRow| DecisionCursor { recorded_at: row.recorded_at, id: row.id };
        let mut rows: Vec<DecisionRow> = self
            .events
            .iter()
            .filter(|event| {
                let decision = &event.decision;
                filter.reviewer.as_ref().is_none_or(|one| decision.reviewer == *one)
                    && filter.action.is_none_or(|one| decision.action == one)
                    && filter.attribute.as_ref().is_none_or(|one| decision.gap.attribute == *one)
                    && filter.batch.is_none_or(|one| decision.batch == Some(one))
                    && filter.since.is_none_or(|since| event.recorded_at >= since)
            })
            .map(|event| {
                let row = self.decision_row(event);
                let told = self.history(&row.gap).into_iter().find(|told| told.decision.id == row.id);
                if told.is_some_and(|told| told.decision.action == Action::Opinion) {
                    row.hidden()
                } else {
                    row
                }
            })
            .collect();
        rows.sort_by_key(|row| std::cmp::Reverse(place(row)));
        rows.retain(|row| after.is_none_or(|after| place(row) < after));
        let next = rows.len().gt(&limit).then(|| place(&rows[limit - 1]));
        rows.truncate(limit);
        Page { rows, next }
    }

    fn decision_row(&self, event: &Event) -> DecisionRow {
        let decision = event.decision.clone();
        let row = self.rows.iter().find(|row| row.gap == decision.gap).unwrap();
        DecisionRow {
            id: decision.id,
            gap: decision.gap,
            product_name: row.product_name.clone(),
            action: decision.action,
            value: decision.value,
            comment: decision.comment,
            reviewer: decision.reviewer,
            result_version: event.result_version,
            undoes: decision.undoes,
            undone_by: event.undone_by,
            batch: decision.batch,
            decided_at: decision.decided_at,
            recorded_at: event.recorded_at,
        }
    }

    fn history(&self, gap: &GapId) -> Vec<Event> {
        let mut history =
            self.events.iter().filter(|event| event.decision.gap == *gap).cloned().collect::<Vec<_>>();
        hide_first_opinions(&mut history, &Reviewer::new("alice"));
        history
    }

    /// Asks the service what can be taken back, over the same decisions in memory.
    fn find_take_back(&self, what: &TakeBack) -> Result<Found> {
        self.up(())?;
        let standing = |decision: &Decision| {
            let row = self.rows.iter().find(|row| row.gap == decision.gap).unwrap();
            Standing::of(decision, &self.history(&decision.gap), Some(row.version))
        };
        let one = self.events.iter().find(|event| event.decision.id == what.id).unwrap();
        let Some(batch) = what.batch else {
            return match standing(&one.decision) {
                Standing::InForce { version, leads_to } => {
                    let decision = one.decision.clone();
                    Ok(Found::One(Box::new(Undoable { decision, version, leads_to })))
                }
                other => Err(RepositoryError::NotUndoable(format!("{other:?}"))),
            };
        };
        let mut bulk = Bulk::default();
        for event in self.events.iter().filter(|event| event.decision.batch == Some(batch)) {
            match standing(&event.decision) {
                Standing::InForce { version, leads_to } => {
                    let decision = event.decision.clone();
                    bulk.undoable.push(Undoable { decision, version, leads_to });
                }
                Standing::Undone => bulk.undone += 1,
                Standing::Superseded { .. } => bulk.superseded += 1,
                Standing::Gone | Standing::Undo => {}
            }
        }
        Ok(Found::Bulk(Box::new(bulk), what.id))
    }

    /// Parts a group: its first half lies together, the second has no embedding.
    fn clusters(&self, group: &GroupKey) -> Clusters {
        let value = normalised(&group.value);
        let is_member = |row: &&QueueRow| {
            row.gap.attribute == group.attribute
                && row.best_value.as_deref().map(normalised).as_ref() == Some(&value)
        };
        let mut rows: Vec<&QueueRow> = self.rows.iter().filter(is_member).collect();
        rows.sort_by(|a, b| Lot::Sample.of(&a.gap).total_cmp(&Lot::Sample.of(&b.gap)));
        let member = |(place, row): (usize, &QueueRow)| {
            let last = self.events.iter().rev().find(|event| event.decision.gap == row.gap);
            let said = match (row.state, last) {
                (GapState::Open, _) => Checked::Nothing,
                (_, Some(last)) if last.decision.seen.policy.starts_with("bulk:") => Checked::Unseen,
                (GapState::Accepted, _) => Checked::Right,
                (GapState::Deferred | GapState::Flagged, _) => Checked::PutOff,
                _ => Checked::Wrong,
            };
            #[expect(clippy::cast_precision_loss, reason = "small numbers")]
            let similarity = (place % 4 != 3).then_some(0.97 - place as f64 * 0.004);
            Member { row: row.clone(), said, similarity }
        };
        let (near, rest): (Vec<Member>, Vec<Member>) =
            rows.into_iter().enumerate().map(member).partition(|member| member.similarity.is_some());
        let parts = [near, rest].into_iter().filter(|part| !part.is_empty());
        Clusters { clusters: parts.map(|part| Cluster::of(group, part)).collect(), is_cut: false }
    }

    /// Accepts what is open of a cluster and not held.
    fn accept(&mut self, cluster: &Cluster) -> Result<Accepted> {
        self.up(())?;
        let batch = Uuid::from_u128(77);
        let mut done = Accepted { batch, ..Accepted::default() };
        for gap in cluster.open() {
            let row = self.rows.iter().find(|row| row.gap == gap).unwrap().clone();
            if row.state != GapState::Open || self.leases.iter().any(|lease| lease.gap == gap) {
                done.passed_by += 1;
                continue;
            }
            let candidates = fixture::card(Self::index(&gap)).candidates;
            let reviewer = Reviewer::new("alice");
            let policy = cluster.policy();
            let accepted =
                crate::review::bulk::accept_best(&reviewer, &row, &candidates, &policy, batch).unwrap();
            self.decide(&Decision { id: next_id(), decided_at: fixture::noon(), ..accepted })?;
            done.accepted += 1;
        }
        Ok(done)
    }

    fn hold(&mut self, gaps: Vec<GapId>, state: StateFilter, token: LeaseToken) -> Result<Held> {
        let set = GapSet { gaps, ..GapSet::default() };
        let claim = Claim {
            filter: QueueFilter { state, among: Some(Arc::new(set)), ..QueueFilter::default() },
            sort: QueueSort::ConfidenceAscending,
            after: None,
            limit: 2_000,
            reviewer: "alice".into(),
            token,
            lasts: Duration::from_secs(300),
        };
        let rows = self.claim(&claim)?.rows.into_iter().map(|(row, _)| row);
        let with = |row: QueueRow| {
            let candidates = fixture::card(Self::index(&row.gap)).candidates;
            (row, candidates)
        };
        Ok(Held { token, rows: rows.map(with).collect() })
    }

    /// Sends what rests in the outbox, as far as the database takes it.
    fn send(&mut self) -> Vec<News> {
        let mut news = Vec::new();
        while let Some((decision, fence)) = self.pending.first().cloned() {
            let id = decision.id;
            match self.decide_fenced(&decision, fence) {
                Ok(outcome) => news.push(News::Sent { id, outcome }),
                Err(error @ RepositoryError::Unavailable(_)) => {
                    news.push(self.lost(&error));
                    return news;
                }
                Err(error) => {
                    let failure = match error.clone() {
                        RepositoryError::Conflict { version, state, by, .. } => {
                            Failure::Conflict { version, state, by }
                        }
                        RepositoryError::Held { by, until, .. } => Failure::Held { by, until },
                        other => Failure::Refused { reason: other.to_string() },
                    };
                    let (chain, rest): (Vec<_>, Vec<_>) =
                        self.pending.drain(1..).partition(|(one, _)| one.gap == decision.gap);
                    news.push(News::Failed { id, failure, error: Some(error) });
                    news.extend(chain.iter().map(|(one, _)| News::Failed {
                        id: one.id,
                        failure: Failure::BuildsOn { id },
                        error: None,
                    }));
                    self.pending.extend(rest);
                    self.failed.push((decision, fence));
                    self.failed.extend(chain);
                }
            }
            if std::mem::take(&mut self.is_lost) {
                news.push(News::Connection(None));
            }
            self.pending.remove(0);
        }
        if self.down.is_none() && std::mem::take(&mut self.is_lost) {
            news.push(News::Connection(None));
        }
        news
    }

    /// Tells of an outage, and when the next try is.
    fn lost(&mut self, error: &RepositoryError) -> News {
        self.is_lost = true;
        let next_try = Some(fixture::noon() + chrono::Duration::seconds(7));
        News::Connection(Some(Outage { since: fixture::noon(), next_try, reason: error.to_string() }))
    }

    fn outbox(&mut self, effect: &Effect) -> Vec<News> {
        match effect {
            Effect::Decide(decision, fence) => self.keep((**decision).clone(), *fence),
            Effect::SendNow => self.send(),
            Effect::SendAgain => {
                self.pending.append(&mut self.failed);
                let mut news = vec![News::Again];
                news.extend(self.send());
                news
            }
            Effect::DecideTogether(decisions) => self.keep_together(decisions),
            Effect::Discard(id) => {
                let Some(first) =
                    self.failed.iter().find(|(one, _)| one.id == *id).map(|(one, _)| one.clone())
                else {
                    return vec![News::Dropped { ids: Vec::new() }];
                };
                // Those of a bulk action go together.
                let goes = |one: &Decision| {
                    one.gap == first.gap || first.batch.is_some() && one.batch == first.batch
                };
                let (gone, rest): (Vec<_>, Vec<_>) =
                    std::mem::take(&mut self.failed).into_iter().partition(|(one, _)| goes(one));
                self.failed = rest;
                vec![News::Dropped { ids: gone.iter().map(|(one, _)| one.id).collect() }]
            }
            _ => Vec::new(),
        }
    }

    fn card(&self, gap: &GapId) -> Result<Option<Box<crate::domain::ReviewCard>>> {
        let mut card = fixture::card(Self::index(gap));
        card.row = self.rows.iter().find(|row| row.gap == *gap).unwrap().clone();
        card.history = self.history(gap);
        if let Some(change) = self.change_card {
            change(&mut card);
        }
        self.up(Some(Box::new(card)))
    }

    /// Tells of looking at what may be accepted unseen, and of accepting it: two transactions, the first only when it is
    /// to stop.
    fn unseen(&mut self, effect: &Effect) -> Vec<Msg> {
        let (ticket, news) = match effect {
            Effect::LookUnseen { ticket, demand, .. } => {
                let found = fixture::finding(self.sampled, *demand);
                let preview = found.certificate().map(|_| Unseen::Previewed(Box::new(fixture::preview())));
                let found = Unseen::Found(Box::new(found));
                (*ticket, [Some(found), preview].into_iter().flatten().collect())
            }
            Effect::AcceptUnseen { ticket, .. } => {
                self.accepting = Some(*ticket);
                (*ticket, vec![Unseen::Accepted(fixture::accepted(500))])
            }
            Effect::StopUnseen => match self.accepting.take() {
                Some(ticket) => (ticket, vec![Unseen::Ended(fixture::accepted(500))]),
                None => return Vec::new(),
            },
            _ => return Vec::new(),
        };
        let news = match &self.down {
            Some(error) => vec![Unseen::Failed(error.clone(), None)],
            None => news,
        };
        news.into_iter().map(|news| Msg::Unseen { ticket, news }).collect()
    }

    fn seeds(&self, limit: usize) -> Result<Vec<SeededGap>> {
        let unanswered = self.seeded.iter().filter(|(gap, _)| self.answers.iter().all(|one| one.gap != *gap));
        let seed = |(gap, value): &(GapId, &str)| {
            let mut row = self.rows.iter().find(|row| row.gap == *gap).unwrap().clone();
            row.reopen();
            SeededGap { row, values: vec![(*value).to_owned()] }
        };
        self.up(unanswered.take(limit).map(seed).collect())
    }

    fn answer(&mut self, effect: Effect) -> Option<Msg> {
        Some(match effect {
            Effect::LoadSeeds { ticket, token, limit, .. } => {
                Msg::Seeds { ticket, token, result: self.seeds(limit) }
            }
            Effect::Answer(answer) => {
                let result = self.up(());
                if result.is_ok() {
                    self.answers.push(*answer);
                }
                Msg::Answered { result }
            }
            Effect::LoadPage { ticket, filter, after, limit, .. } => {
                let matching: Vec<_> = self
                    .rows
                    .iter()
                    .filter(|row| filter.state.admits(row.state) && Self::is_asked(filter.state, row))
                    .filter(|row| filter.attribute.as_ref().is_none_or(|key| row.gap.attribute == *key))
                    .filter(|row| filter.among.as_ref().is_none_or(|set| set.gaps.contains(&row.gap)))
                    .filter(|row| filter.text.as_ref().is_none_or(|text| row.gap.product.as_str() == text))
                    .collect();
                let from = after
                    .map_or(0, |after| matching.iter().position(|row| row.gap == after.gap).unwrap() + 1);
                let rows: Vec<_> = matching.iter().skip(from).take(limit).map(|row| (*row).clone()).collect();
                let next = rows
                    .last()
                    .filter(|_| from + rows.len() < matching.len())
                    .map(|row| QueueCursor { value: CursorValue::Number(0.0), gap: row.gap.clone() });
                Msg::Page { ticket, result: self.up(Page { rows, next }) }
            }
            Effect::Count { ticket, filter } => {
                let among = filter.among.as_ref();
                let shown =
                    self.rows.iter().filter(|row| among.is_none_or(|set| set.gaps.contains(&row.gap)));
                let of_state = shown.filter(|row| filter.state.admits(row.state));
                let count = of_state.filter(|row| Self::is_asked(filter.state, row)).count();
                Msg::Counted { ticket, result: self.up(Count::Exact(count as u64)) }
            }
            Effect::LoadFigures { ticket } => {
                let open = self.rows.iter().filter(|row| row.state == GapState::Open).count();
                let of = |state| {
                    let waiting = self.rows.iter().filter(|row| row.state == state);
                    Count::Exact(waiting.filter(|row| row.waits_for(&Reviewer::new("alice"))).count() as u64)
                };
                let (second, disputed) = (of(GapState::Second), of(GapState::Disputed));
                let (open, today) = (Count::Exact(open as u64), self.events.len() as u64);
                let figures = Figures { open, second, disputed, today, policy: self.policy };
                Msg::Figures { ticket, result: self.up(figures) }
            }
            Effect::LoadFacets { ticket } => Msg::Facets { ticket, result: self.up(fixture::facets()) },
            Effect::LoadCard(gap) => {
                let result = self.card(&gap);
                Msg::Card { gap, result }
            }
            Effect::FindUndo => Msg::FoundUndo { result: self.find_undo() },
            Effect::Claim { ticket, claim } => {
                Msg::Claimed { ticket, token: claim.token, result: self.claim(&claim) }
            }
            Effect::Renew { ticket, token, gaps, .. } => {
                let mut leases = self.leases.clone();
                leases.retain(|lease| lease.token == token && gaps.contains(&lease.gap));
                Msg::Renewed { ticket, token, result: self.up(leases) }
            }
            Effect::Release { token, gaps } => {
                self.leases.retain(|lease| lease.token != token || !gaps.contains(&lease.gap));
                return None;
            }
            Effect::Poll { ticket, .. } => Msg::Changes { ticket, result: self.up(self.changes()) },
            Effect::LoadHistory(gap) => Msg::History { result: self.up(self.history(&gap)), gap },
            Effect::LoadActivity { ticket, filter, after, limit } => {
                Msg::Activity { ticket, result: self.up(self.activity(&filter, after, limit)) }
            }
            Effect::LoadEvents { ticket, gap } => Msg::Events { ticket, result: self.up(self.history(&gap)) },
            Effect::FindTakeBack { ticket, what } => {
                Msg::FoundTakeBack { ticket, result: self.find_take_back(&what) }
            }
            Effect::LoadProduct { ticket, product, .. } => {
                let index = product.as_str()[2..].parse().unwrap();
                Msg::Product { ticket, result: self.up(Some(Box::new(fixture::product_card(index)))) }
            }
            other => return self.answer_figures(other),
        })
    }

    fn answer_figures(&mut self, effect: Effect) -> Option<Msg> {
        Some(match effect {
            Effect::LoadExperiments { ticket } => {
                Msg::Experiments { ticket, result: self.up(fixture::experiments()) }
            }
            Effect::LoadTrends { ticket, experiment } => {
                let mut trends = fixture::trends();
                for trend in &mut trends {
                    trend.experiment = experiment.clone();
                }
                Msg::Trends { ticket, result: self.up(trends) }
            }
            Effect::LoadJudged { ticket, filter } => {
                let judged = fixture::judged(filter.experiment.as_ref().expect("an experiment"));
                Msg::Judged { ticket, result: self.up(judged) }
            }
            Effect::LoadGroups { ticket, by } => {
                let groups = if self.is_unjudged { Vec::new() } else { fixture::groups(by) };
                Msg::Groups { ticket, result: self.up(groups) }
            }
            Effect::LoadDays { ticket, .. } => Msg::Days { ticket, result: self.up(fixture::days()) },
            Effect::LoadSample { ticket, .. } => {
                Msg::Sampled { ticket, result: self.up(fixture::sample(self.sampled)) }
            }
            Effect::LoadDrifts { ticket, by } => {
                let result = self.up(if self.has_drift { fixture::drifts(by) } else { BTreeMap::default() });
                Msg::Drifts { ticket, by, result }
            }
            Effect::Compare { ticket, .. } => {
                Msg::Compared { ticket, result: self.up(fixture::comparison()) }
            }
            Effect::LoadDifferences { ticket, side, limit, .. } => {
                Msg::Differences { ticket, side, result: self.up(fixture::differences(side, limit)) }
            }
            other => return self.answer_alike(other),
        })
    }

    /// Answers what is asked of gaps that are alike, and of many at once.
    fn answer_alike(&mut self, effect: Effect) -> Option<Msg> {
        Some(match effect {
            Effect::LoadValueGroups { ticket, filter } => {
                let open = self.rows.iter().filter(|row| row.state == GapState::Open);
                let wanted =
                    open.filter(|row| filter.attribute.as_ref().is_none_or(|key| row.gap.attribute == *key));
                let rows: Vec<QueueRow> = wanted.cloned().collect();
                let groups = Groups { looked_at: rows.len(), is_cut: self.is_cut, groups: grouped(rows) };
                Msg::ValueGroups { ticket, result: self.up(groups) }
            }
            Effect::LoadClusters { ticket, group } => {
                Msg::Clusters { ticket, result: self.up(Box::new(self.clusters(&group))) }
            }
            Effect::AcceptCluster { ticket, cluster } => {
                Msg::Accepted { ticket, result: self.accept(&cluster) }
            }
            Effect::Hold { ticket, token, gaps, state } => {
                Msg::Held { ticket, token, result: self.hold(gaps, state, token).map(Box::new) }
            }
            Effect::LoadAlike { ticket, to } => {
                let value = normalised(&to.value);
                let is_alike = |row: &&QueueRow| {
                    row.gap != to.gap
                        && row.gap.attribute == to.gap.attribute
                        && row.best_value.as_deref().map(normalised).as_ref() == Some(&value)
                };
                let rows = self.rows.iter().filter(is_alike).take(7).cloned().collect();
                Msg::Alike { ticket, result: self.up(rows) }
            }
            _ => return None,
        })
    }
}

/// The application, a database, and what it was asked and has not answered.
struct App {
    state: State,
    database: Database,
    waiting: Vec<Effect>,
    ended: bool,
    /// The named views in their file.
    views: Vec<View>,
    /// The program that takes what is copied, where there is one.
    clipboard: Option<&'static str>,
}

thread_local! {
    static IDS: Cell<u128> = const { Cell::new(1) };
}

/// Makes decision ids that are the same in every run.
fn next_id() -> DecisionId {
    DecisionId(Uuid::from_u128(IDS.replace(IDS.get() + 1)))
}

impl App {
    /// The start screen.
    fn opening(size: (u16, u16)) -> Self {
        IDS.set(1);
        let identity = Identity { reviewer: Reviewer::new("alice"), database: "demo".into(), shared: true };
        let size = Size { width: size.0, height: size.1 };
        let mut state = State::new(identity, size, Instant::now(), fixture::noon());
        state.theme = Theme::Mono;
        state.new_id = next_id;
        state.keeps_views = true;
        Self {
            state,
            database: Database::new(600),
            waiting: Vec::new(),
            ended: false,
            views: Vec::new(),
            clipboard: None,
        }
    }

    /// The review screen, everything it asked for answered.
    fn open(size: (u16, u16)) -> Self {
        let mut app = Self::opening(size);
        app.send(Msg::Opened);
        app.settle();
        app
    }

    /// The review screen over an empty database.
    fn empty(size: (u16, u16)) -> Self {
        let mut app = Self::opening(size);
        app.database.rows.clear();
        app.send(Msg::Opened);
        app.settle();
        app
    }

    fn send(&mut self, msg: Msg) -> Vec<Effect> {
        let effects = update(&mut self.state, msg);
        self.ended |= effects.contains(&Effect::Quit);
        self.waiting.extend(effects.clone());
        effects
    }

    /// Lets the database answer everything.
    fn settle(&mut self) {
        while !self.waiting.is_empty() {
            let effect = self.waiting.remove(0);
            if let Some(msg) = self.answer_here(&effect) {
                self.send(msg);
                continue;
            }
            for news in self.database.outbox(&effect) {
                self.send(Msg::Outbox(news));
            }
            for news in self.database.unseen(&effect) {
                self.send(news);
            }
            if let Some(msg) = self.database.answer(effect) {
                let lost = msg.error().filter(|error| matches!(error, RepositoryError::Unavailable(_)));
                if let Some(error) = lost.cloned().filter(|_| !self.database.is_lost) {
                    let news = self.database.lost(&error);
                    self.send(Msg::Outbox(news));
                }
                self.send(msg);
            }
        }
    }

    /// Answers what no database is asked for.
    fn answer_here(&mut self, effect: &Effect) -> Option<Msg> {
        match effect {
            Effect::Copy(copied) => Some(Msg::Copied { copied: copied.clone(), by: self.clipboard }),
            Effect::ChangeViews(change) => {
                let result = views::changed(self.views.clone(), change.clone());
                if let Ok(views) = &result {
                    self.views.clone_from(views);
                }
                Some(Msg::Views { change: change.clone(), result })
            }
            _ => None,
        }
    }

    /// Ends the reads that are awaited, as the loop does.
    fn cancel_reads(&mut self) {
        for effect in std::mem::take(&mut self.waiting) {
            if let Some(msg) = effect.refused(&RepositoryError::Cancelled) {
                self.send(msg);
            }
        }
    }

    /// The database answers again, and what rests in the outbox is sent.
    fn reconnect(&mut self) {
        self.database.down = None;
        for news in self.database.send() {
            self.send(Msg::Outbox(news));
        }
        self.settle();
    }

    fn wait(&mut self, milliseconds: u64) {
        self.state.now += Duration::from_millis(milliseconds);
        self.send(Msg::Woke);
    }

    /// Presses keys, written as the hint line writes them, parted by spaces; returns the effects.
    fn press(&mut self, keys: &str) -> Vec<Effect> {
        keys.split_whitespace().flat_map(|key| self.send(Msg::Key(parse(key)))).collect()
    }

    /// Presses keys, the database answering after each.
    fn keys(&mut self, keys: &str) -> &mut Self {
        for key in keys.split_whitespace() {
            self.send(Msg::Key(parse(key)));
            self.settle();
        }
        self
    }

    fn type_text(&mut self, text: &str) -> &mut Self {
        for c in text.chars() {
            self.send(Msg::Key(Key::char(c)));
        }
        self.settle();
        self
    }

    fn resize(&mut self, width: u16, height: u16) -> &mut Self {
        self.send(Msg::Resize(Size { width, height }));
        self.settle();
        self
    }

    fn buffer(&self) -> Buffer {
        let mut terminal =
            Terminal::new(TestBackend::new(self.state.size.width, self.state.size.height)).unwrap();
        terminal.draw(|frame| view(&self.state, frame)).unwrap();
        terminal.backend().buffer().clone()
    }

    fn screen(&self) -> String {
        let buffer = self.buffer();
        let mut text = String::new();
        for y in 0..buffer.area.height {
            let mut line = String::new();
            let mut x = 0;
            while x < buffer.area.width {
                let symbol = buffer[(x, y)].symbol();
                line.push_str(symbol);
                x += u16::try_from(super::widgets::wrap::width(symbol).max(1)).unwrap();
            }
            text.push_str(line.trim_end());
            text.push('\n');
        }
        text
    }

    fn toast(&self) -> &str {
        self.state.toasts.current().map_or("", |toast| &toast.text)
    }

    fn cursor(&self) -> usize {
        self.state.queue.cursor
    }

    fn row_state(&self, index: usize) -> GapState {
        self.state.queue.rows[index].data.state
    }
}

/// Reads a key as [`Key`] writes it.
fn parse(text: &str) -> Key {
    // What nobody can bind is pressed all the same.
    if text == "Ctrl-Z" { Key::ctrl('z') } else { Key::parse(text).unwrap() }
}

/// A decision among effects.
fn decisions(effects: &[Effect]) -> Vec<&Decision> {
    effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Decide(decision, _) => Some(decision.as_ref()),
            _ => None,
        })
        .collect()
}

fn progress(done: u64) -> Msg {
    Msg::Progress(Progress { step: "Loading the demo catalogue".into(), done, total: Some(8_000) })
}

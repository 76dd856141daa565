//! The recommendation repository in memory: decisions, undo, and what they say about predictions.

use super::tables::{Tables, microseconds};
use super::{MemoryStore, checks};
use crate::domain::{
    Action, Decision, DecisionCursor, DecisionFilter, DecisionId, DecisionRow, Event, Fence, GapId, Lot,
    Outcome, ProposalCursor, Recommendation, Reviewer, Round, RoundKey, Stage, Standing, State, value_set,
};
use crate::repository::reader::Reader;
use crate::repository::recommendation::one_a_gap;
use crate::repository::{Page, RecommendationRepository, RepositoryError, Result};
use crate::transfer::record::{RecommendationRecord, RoundRecord};
use async_trait::async_trait;
use chrono::Utc;
use uuid::Uuid;

#[async_trait]
impl RecommendationRepository for MemoryStore {
    async fn save_rounds(&self, rounds: &[RoundRecord]) -> Result<()> {
        self.tables().save_rounds(rounds)
    }

    async fn save_recommendations(&self, recommendations: &[RecommendationRecord]) -> Result<()> {
        self.tables().save_recommendations(recommendations)
    }

    async fn delete_rounds(&self, rounds: &[RoundKey]) -> Result<()> {
        self.tables().delete_rounds(rounds);
        Ok(())
    }

    async fn round(&self, round: &RoundKey) -> Result<Option<Round>> {
        Ok(self.tables().rounds.get(round).cloned())
    }

    async fn rounds(&self) -> Result<Vec<Round>> {
        Ok(self.tables().newest_rounds())
    }

    async fn recommendations(&self, gap: &GapId) -> Result<Vec<Recommendation>> {
        Ok(self.tables().recommended(gap))
    }

    async fn round_recommendations(
        &self,
        round: &RoundKey,
        after: Option<&ProposalCursor>,
        limit: usize,
    ) -> Result<Page<Recommendation, ProposalCursor>> {
        Ok(self.tables().recommended_in(round, after, limit))
    }

    async fn decide_fenced(&self, decision: &Decision, fence: Fence) -> Result<Outcome> {
        let decision = Decision { decided_at: microseconds(decision.decided_at), ..decision.clone() };
        self.tables().decide(&decision, fence)
    }

    async fn decide_together(&self, decisions: &[Decision]) -> Result<Vec<Outcome>> {
        let to_microseconds =
            |one: &Decision| Decision { decided_at: microseconds(one.decided_at), ..one.clone() };
        let decisions: Vec<Decision> = decisions.iter().map(to_microseconds).collect();
        self.tables().decide_together(&decisions)
    }

    async fn batch(&self, batch: Uuid) -> Result<Vec<(DecisionRow, Standing)>> {
        Ok(self.tables().batch(batch, &self.reader))
    }

    async fn decision(&self, decision: DecisionId) -> Result<Option<Event>> {
        let tables = self.tables();
        let Some(gap) = tables.decided_gaps.get(&decision) else { return Ok(None) };
        let events = self.reader.history(tables.history(gap));
        Ok(events.into_iter().find(|event| event.decision.id == decision))
    }

    async fn decisions(
        &self,
        filter: &DecisionFilter,
        after: Option<&DecisionCursor>,
        limit: usize,
    ) -> Result<Page<DecisionRow, DecisionCursor>> {
        Ok(self.tables().activity(filter, &self.reader, after, limit))
    }

    async fn history(&self, gap: &GapId) -> Result<Vec<Event>> {
        Ok(self.reader.history(self.tables().history(gap)))
    }

    async fn last_decision(&self, reviewer: &Reviewer) -> Result<Option<Event>> {
        let tables = self.tables();
        let last = tables
            .gaps
            .keys()
            .filter_map(|gap| tables.in_force(gap))
            .filter(|event| event.decision.reviewer == *reviewer)
            .max_by_key(|event| event.recorded_at);
        Ok(last.cloned())
    }

    async fn decided_today(&self, reviewer: &Reviewer) -> Result<u64> {
        let tables = self.tables();
        let today = Utc::now().date_naive();
        let count = tables
            .decisions
            .values()
            .flatten()
            .filter(|(event, _)| event.decision.reviewer == *reviewer)
            .filter(|(event, _)| event.decision.action != Action::Undo && event.undone_by.is_none())
            .filter(|(event, _)| event.recorded_at.date_naive() == today)
            .count();
        Ok(count.try_into().unwrap_or(u64::MAX))
    }
}

/// What writing a decision comes to.
enum Judged {
    /// It is there already.
    Replayed(Outcome),
    New {
        /// The decision that it takes back.
        undone: Option<DecisionId>,
    },
}

impl Tables {
    /// Returns the decision that a pair's state comes from.
    pub(super) fn in_force(&self, gap: &GapId) -> Option<&Event> {
        let events = self.decisions.get(gap)?.iter().map(|(event, _)| event);
        events
            .filter(|event| event.decision.action != Action::Undo && event.undone_by.is_none())
            .max_by_key(|event| event.result_version)
    }

    /// Returns how often a pair was decided, undos included.
    pub(super) fn version(&self, gap: &GapId) -> i32 {
        self.decisions.get(gap).and_then(|events| events.last()).map_or(0, |(event, _)| event.result_version)
    }

    /// Returns the state that a pair's decisions leave it in.
    pub(super) fn state(&self, gap: &GapId) -> State {
        self.in_force(gap).and_then(|event| event.result_state).unwrap_or(State::Open)
    }

    fn decide(&mut self, decision: &Decision, fence: Fence) -> Result<Outcome> {
        match self.judge(decision, fence)? {
            Judged::Replayed(outcome) => Ok(outcome),
            Judged::New { undone } => Ok(self.write(decision, undone)),
        }
    }

    /// Writes all decisions, or none where one is refused.
    fn decide_together(&mut self, decisions: &[Decision]) -> Result<Vec<Outcome>> {
        one_a_gap(decisions)?;
        let judged: Vec<Judged> =
            decisions.iter().map(|one| self.judge(one, Fence::Open)).collect::<Result<_>>()?;
        let written = decisions.iter().zip(judged).map(|(decision, judged)| match judged {
            Judged::Replayed(outcome) => outcome,
            Judged::New { undone } => self.write(decision, undone),
        });
        Ok(written.collect())
    }

    /// Returns the decisions of a bulk action and how each stands.
    fn batch(&self, batch: Uuid, reader: &Reader) -> Vec<(DecisionRow, Standing)> {
        let filter = DecisionFilter { batch: Some(batch), ..DecisionFilter::default() };
        let rows = self.activity(&filter, reader, None, usize::MAX).rows;
        let made = rows.into_iter().filter(|row| row.action != Action::Undo);
        made.map(|row| {
            let history = self.history(&row.gap);
            let version = self.gaps.contains_key(&row.gap).then(|| self.version(&row.gap));
            let decision = history.iter().find(|event| event.decision.id == row.id);
            let standing = decision.map(|event| Standing::of(&event.decision, &history, version));
            (row, standing.unwrap_or(Standing::Gone))
        })
        .collect()
    }

    /// Tells what writing a decision comes to; changes nothing.
    fn judge(&mut self, decision: &Decision, fence: Fence) -> Result<Judged> {
        check(decision)?;
        if let Some(outcome) = self.replay(decision)? {
            return Ok(Judged::Replayed(outcome));
        }
        let gap = decision.gap.clone();
        if !self.gaps.contains_key(&gap) {
            return Err(RepositoryError::NotFound { what: "gap", key: gap.to_string() });
        }
        let version = self.version(&gap);
        let last =
            self.decisions.get(&gap).and_then(|events| events.last()).map(|(event, _)| &event.decision);
        let is_next = match fence {
            Fence::After(before) => last.is_some_and(|last| last.id == before),
            _ => true,
        };
        if version != decision.base_version || !is_next {
            let by = self.row(&gap).and_then(|row| row.decided_by).map(|by| by.to_string());
            return Err(RepositoryError::Conflict { state: self.state(&gap), gap, version, by });
        }
        self.check_fence(&gap, fence)?;
        Ok(Judged::New { undone: self.undoable(decision)? })
    }

    fn write(&mut self, decision: &Decision, undone: Option<DecisionId>) -> Outcome {
        let gap = decision.gap.clone();
        for (event, _) in self.decisions.entry(gap.clone()).or_default() {
            if Some(event.decision.id) == undone {
                event.undone_by = Some(decision.id);
            }
        }
        self.leases.remove(&gap);
        let version = decision.base_version + 1;
        let event = Event {
            result_version: version,
            result_state: self.next_state(decision),
            recorded_at: self.now(),
            undone_by: None,
            decision: decision.clone(),
        };
        let events = self.decisions.entry(gap.clone()).or_default();
        events.push((event, Outcome { state: State::Open, version, replayed: false }));
        let outcome = Outcome { state: self.state(&gap), version, replayed: false };
        if let Some((_, kept)) = self.decisions.get_mut(&gap).and_then(|events| events.last_mut()) {
            *kept = outcome.clone();
        }
        self.decided_gaps.insert(decision.id, gap.clone());
        self.mark(&gap);
        outcome
    }

    /// Returns the state that a decision brings its gap into; none for an undo.
    fn next_state(&self, decision: &Decision) -> Option<State> {
        let multi_valued =
            self.attributes.get(&decision.gap.attribute).is_some_and(|attribute| attribute.multi_valued);
        let needs_second = self.policy.second_opinions.takes(Lot::Second.of(&decision.gap));
        Stage::of(&self.history(&decision.gap)).next(decision, needs_second, multi_valued)
    }

    /// Returns what a decision led to that is there already.
    fn replay(&self, decision: &Decision) -> Result<Option<Outcome>> {
        let Some(gap) = self.decided_gaps.get(&decision.id) else { return Ok(None) };
        let events = self.decisions.get(gap).into_iter().flatten();
        for (event, outcome) in events {
            if event.decision == *decision {
                return Ok(Some(Outcome { replayed: true, ..outcome.clone() }));
            }
        }
        Err(RepositoryError::DecisionIdReused(decision.id.to_string()))
    }

    /// Returns the decision that an undo takes back, if it may; none for other decisions.
    fn undoable(&self, undo: &Decision) -> Result<Option<DecisionId>> {
        if undo.action != Action::Undo {
            return Ok(None);
        }
        let refuse = |reason: String| Err(RepositoryError::NotUndoable(reason));
        let Some(last) = self.in_force(&undo.gap) else {
            return refuse(format!("{} has no decision in force", undo.gap));
        };
        if last.result_state == Some(State::Second) && last.decision.reviewer != undo.reviewer {
            return refuse(format!("the opinion on {} is somebody else's", undo.gap));
        }
        if undo.undoes != Some(last.decision.id) {
            return refuse(format!("it is not the last decision on {}", undo.gap));
        }
        if last.decision.reviewer != undo.reviewer {
            return refuse(format!("it is a decision of {}", last.decision.reviewer));
        }
        Ok(Some(last.decision.id))
    }

    /// Marks a pair's predictions as the decision in force says.
    fn mark(&mut self, gap: &GapId) {
        let settling = self.in_force(gap).filter(|event| event.result_state.is_some_and(State::is_settled));
        let decision = settling.map(|event| event.decision.clone());
        let multi_valued =
            self.attributes.get(&gap.attribute).is_some_and(|attribute| attribute.multi_valued);
        let Some(rows) = self.predictions.get_mut(gap) else { return };
        for ((_, value), row) in rows {
            row.correct = decision.as_ref().and_then(|decision| judgement(decision, value, multi_valued));
        }
    }
}

/// Refuses a decision with a part that its action cannot have, or without one that it must have.
fn check(decision: &Decision) -> Result<()> {
    checks::texts(std::slice::from_ref(decision))?;
    if decision.action == Action::Opinion {
        let reason = "an opinion is accept, override, reject or not applicable".into();
        return Err(RepositoryError::Invalid { field: "action", reason });
    }
    let refuse = |field, verb| {
        let reason = format!("{} {verb} one", decision.action.as_str());
        Err(RepositoryError::Invalid { field, reason })
    };
    match (decision.action.has_value(), decision.value.is_some()) {
        (true, false) => return refuse("value", "needs"),
        (false, true) => return refuse("value", "cannot have"),
        _ => {}
    }
    match (decision.action == Action::Undo, decision.undoes.is_some()) {
        (true, false) => refuse("undoes", "needs"),
        (false, true) => refuse("undoes", "cannot have"),
        _ => Ok(()),
    }
}

/// Tells whether a decision shows a predicted value to be right or wrong; of several values, each has to be among the
/// decided ones.
fn judgement(decision: &Decision, predicted: &str, multi_valued: bool) -> Option<bool> {
    match decision.action {
        Action::Accept | Action::Override => {
            let (predicted, decided) =
                (value_set(predicted, multi_valued), value_set(decision.value.as_deref()?, multi_valued));
            Some(!predicted.is_empty() && predicted.is_subset(&decided))
        }
        Action::Reject | Action::NotApplicable => Some(false),
        Action::Defer | Action::Flag | Action::Undo | Action::Opinion => None,
    }
}

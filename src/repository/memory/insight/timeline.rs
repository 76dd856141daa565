//! What the last decisions say of predictions, in memory.

use crate::domain::{Action, Confidence, Event, JudgedBy, JudgedFilter, Judgement};
use crate::repository::Timeline;
use crate::repository::memory::tables::Tables;
use std::collections::BTreeMap;

impl Tables {
    /// Returns what the last decisions say of predictions, in the order of the decisions.
    pub(super) fn timelines(&self, filter: &JudgedFilter, by: JudgedBy, decisions: usize) -> Vec<Timeline> {
        let says = |event: &Event| {
            let decision = &event.decision;
            let of = filter.attribute.as_ref().is_none_or(|key| *key == decision.gap.attribute);
            of && matches!(
                decision.action,
                Action::Accept | Action::Override | Action::Reject | Action::NotApplicable
            ) && !decision.seen.policy.starts_with("bulk:")
        };
        let events = self.decisions.values().flatten().map(|(event, _)| event);
        let mut recent: Vec<&Event> = events.filter(|event| says(event)).collect();
        recent.sort_by_key(|event| std::cmp::Reverse((event.recorded_at, event.decision.id)));
        recent.truncate(decisions);
        let mut lines: BTreeMap<String, Vec<Judgement>> = BTreeMap::new();
        for event in recent.into_iter().rev() {
            for (key, judgement) in self.judgements(event, filter, by) {
                lines.entry(key).or_default().push(judgement);
            }
        }
        lines.into_iter().map(|(key, judgements)| Timeline { key, judgements }).collect()
    }

    /// Returns what a decision says, if it is in force: of each experiment's most confident prediction, or of all of them.
    fn judgements(&self, event: &Event, filter: &JudgedFilter, by: JudgedBy) -> BTreeMap<String, Judgement> {
        let gap = &event.decision.gap;
        let is_in_force = self.in_force(gap).is_some_and(|last| last.decision.id == event.decision.id);
        let row = self.row(gap);
        let category = row.map(|row| row.category.map_or_else(String::new, |key| key.to_string()));
        let is_in = |key: &str| category.as_deref() == Some(key);
        let mut found = BTreeMap::new();
        if !is_in_force || filter.category.as_ref().is_some_and(|key| !is_in(key.as_str())) {
            return found;
        }
        let mut rows: Vec<_> = self.predictions.get(gap).into_iter().flatten().collect();
        rows.sort_by(|((left, one), a), ((right, other), b)| {
            let confidence = |row: &super::Prediction| row.proposal.confidence.map_or(-1.0, Confidence::get);
            confidence(b).total_cmp(&confidence(a)).then_with(|| (one, left).cmp(&(other, right)))
        });
        for ((experiment, _), row) in rows {
            let Some(right) = row.correct else { continue };
            if filter.experiment.as_ref().is_some_and(|key| key != experiment) {
                continue;
            }
            let key = match (by, &category) {
                (JudgedBy::Experiment, _) => experiment.to_string(),
                (JudgedBy::Attribute, _) => gap.attribute.to_string(),
                (JudgedBy::Category, Some(category)) => category.clone(),
                (JudgedBy::Category, None) => continue,
            };
            let judgement = Judgement { at: event.recorded_at, confidence: row.proposal.confidence, right };
            found.entry(key).or_insert(judgement);
        }
        found
    }
}

//! The insight repository in memory.

mod timeline;

use super::MemoryStore;
use super::tables::{Prediction, Tables, cut, page};
use crate::domain::{
    Action, Anchoring, AttributeKey, Confidence, Day, Difference, Event, ExperimentKey, GapId, Guess,
    JudgedBy, JudgedFilter, Lot, Opinion, QueueFilter, QueueSort, Reviewer, Said, State, StateFilter,
    TrackRecord, TwoOpinions, judged, normalised,
};
use crate::insight::calibration::Cell;
use crate::insight::comparison::Comparison;
use crate::insight::sample::{Collector, Sample};
use crate::repository::{InsightRepository, JudgedGroup, Page, Result, Timeline};
use async_trait::async_trait;
use chrono::{DateTime, NaiveTime, Utc};
use std::collections::{BTreeMap, BTreeSet};

/// The most characters of a value in a list.
const SHORT: usize = 200;

#[async_trait]
impl InsightRepository for MemoryStore {
    async fn judged(&self, filter: &JudgedFilter, by: JudgedBy) -> Result<Vec<JudgedGroup>> {
        let tables = self.tables();
        let mut groups: BTreeMap<String, BTreeMap<i64, Cell>> = BTreeMap::new();
        for (gap, rows) in &tables.predictions {
            let category =
                tables.row(gap).map(|row| row.category.map_or_else(String::new, |key| key.to_string()));
            let shown = filter.attribute.as_ref().is_none_or(|key| *key == gap.attribute)
                && filter.category.as_ref().is_none_or(|key| Some(key.as_str()) == category.as_deref());
            if !shown || (category.is_none() && (by == JudgedBy::Category || filter.category.is_some())) {
                continue;
            }
            for ((experiment, _), row) in rows {
                if filter.experiment.as_ref().is_some_and(|key| key != experiment) {
                    continue;
                }
                let (Some(confidence), Some(right)) = (row.proposal.confidence, row.correct) else {
                    continue;
                };
                let key = match by {
                    JudgedBy::Experiment => experiment.to_string(),
                    JudgedBy::Attribute => gap.attribute.to_string(),
                    JudgedBy::Category => category.clone().unwrap_or_default(),
                };
                #[expect(clippy::cast_possible_truncation, reason = "a confidence is within 0..=1")]
                let thousandth = (confidence.get() * 1_000.0).floor() as i64;
                groups.entry(key).or_default().entry(thousandth).or_default().add(confidence.get(), right);
            }
        }
        let made = |(key, cells): (String, BTreeMap<i64, Cell>)| JudgedGroup {
            key,
            cells: cells.into_values().collect(),
        };
        Ok(groups.into_iter().map(made).collect())
    }

    async fn sample(&self, filter: &QueueFilter) -> Result<Sample> {
        let tables = self.tables();
        let all = QueueFilter { state: StateFilter::All, ..filter.clone() };
        let mut collector = Collector::default();
        for (_, row) in tables.sorted(&all, QueueSort::Random, None)? {
            let decision = tables.in_force(&row.gap).map(|event| &event.decision);
            let waits = row.state == State::Open || row.state.needs_opinion();
            let Some(decision) = decision.filter(|_| !tables.is_unseen(&row.gap) && !waits) else {
                return Ok(collector.end(Lot::Sample.of(&row.gap)));
            };
            let multi_valued =
                tables.attributes.get(&row.gap.attribute).is_some_and(|attribute| attribute.multi_valued);
            let right = match (&row.best_value, row.state) {
                (_, State::Deferred | State::Flagged) => None,
                (Some(best), _) => judged(decision.action, decision.value.as_deref(), best, multi_valued),
                (None, _) => Some(false),
            };
            collector.add(row.best_confidence.map(Confidence::get), right);
        }
        Ok(collector.end(1.0))
    }

    async fn days(&self, since: DateTime<Utc>) -> Result<Vec<Day>> {
        let tables = self.tables();
        let mut days: BTreeMap<DateTime<Utc>, Vec<&Event>> = BTreeMap::new();
        for (event, _) in tables.decisions.values().flatten() {
            let counts = event.decision.action != Action::Undo
                && event.undone_by.is_none()
                && !event.decision.seen.policy.starts_with("bulk:");
            if counts && event.recorded_at >= since {
                let day = event.recorded_at.date_naive().and_time(NaiveTime::MIN).and_utc();
                days.entry(day).or_default().push(event);
            }
        }
        Ok(days.into_iter().map(|(day, events)| of_day(day, &events)).collect())
    }

    async fn anchoring(&self, since: DateTime<Utc>) -> Result<Anchoring> {
        let tables = self.tables();
        let mut seen = Anchoring::default();
        for (event, _) in tables.decisions.values().flatten() {
            let decision = &event.decision;
            let (policy, is_blind) = (&decision.seen.policy, decision.seen.policy.ends_with(":blind"));
            let counts = matches!(
                decision.action,
                Action::Accept | Action::Override | Action::Reject | Action::NotApplicable
            ) && policy.starts_with("queue:")
                && (is_blind || decision.shown_value.is_some())
                && event.undone_by.is_none()
                && event.recorded_at >= since;
            if !counts {
                continue;
            }
            let normal = |value: &Option<String>| value.as_deref().map(normalised);
            let agreed = decision.action == Action::Accept
                && (is_blind || normal(&decision.value) == normal(&decision.shown_value));
            let (count, agreeing) = if is_blind {
                (&mut seen.blind, &mut seen.blind_agreed)
            } else {
                (&mut seen.shown, &mut seen.shown_agreed)
            };
            *count += 1;
            *agreeing += u64::from(agreed);
        }
        Ok(seen)
    }

    async fn opinions(&self, attribute: Option<&AttributeKey>) -> Result<Vec<TwoOpinions>> {
        let tables = self.tables();
        let mut found = Vec::new();
        for (gap, events) in &tables.decisions {
            if attribute.is_some_and(|attribute| *attribute != gap.attribute) {
                continue;
            }
            let standing: Vec<&Event> = events
                .iter()
                .map(|(event, _)| event)
                .filter(|event| event.is_standing())
                .filter(|event| !matches!(event.decision.action, Action::Defer | Action::Flag))
                .collect();
            for pair in standing.windows(2) {
                let [first, second] = pair else { continue };
                let is_pair = first.result_state == Some(State::Second)
                    && second.result_state != Some(State::Second)
                    && first.decision.reviewer != second.decision.reviewer;
                if is_pair {
                    let opinion = |event: &Event| Opinion {
                        reviewer: event.decision.reviewer.clone(),
                        action: event.decision.action,
                        value: event.decision.value.clone(),
                    };
                    let attribute = tables.attributes.get(&gap.attribute);
                    found.push(TwoOpinions {
                        attribute: gap.attribute.clone(),
                        multi_valued: attribute.is_some_and(|attribute| attribute.multi_valued),
                        first: opinion(first),
                        second: opinion(second),
                    });
                }
            }
        }
        Ok(found)
    }

    async fn said(&self, reviewer: &Reviewer, decisions: usize) -> Result<Vec<Said>> {
        let tables = self.tables();
        let counts = |event: &Event| {
            let is_opinion = matches!(
                event.decision.action,
                Action::Accept | Action::Override | Action::Reject | Action::NotApplicable
            );
            is_opinion && !event.decision.seen.policy.starts_with("bulk:")
        };
        let all = tables.decisions.values().flatten().map(|(event, _)| event);
        let mut own: Vec<&Event> =
            all.filter(|event| event.decision.reviewer == *reviewer && counts(event)).collect();
        own.sort_by_key(|event| std::cmp::Reverse((event.recorded_at, event.decision.id)));
        let gaps: BTreeSet<&GapId> = own.iter().take(decisions).map(|event| &event.decision.gap).collect();
        let mut said = Vec::new();
        for gap in gaps {
            let events = tables.decisions.get(gap).into_iter().flatten().map(|(event, _)| event);
            if !events.clone().any(|event| event.result_state == Some(State::Second)) {
                continue;
            }
            let attribute = tables.attributes.get(&gap.attribute);
            said.extend(events.filter(|event| event.is_standing() && counts(event)).map(|event| Said {
                gap: gap.clone(),
                multi_valued: attribute.is_some_and(|attribute| attribute.multi_valued),
                reviewer: event.decision.reviewer.clone(),
                action: event.decision.action,
                value: event.decision.value.clone(),
                shown_value: event.decision.shown_value.clone(),
                result_state: event.result_state,
            }));
        }
        Ok(said)
    }

    async fn compare(&self, first: &ExperimentKey, second: &ExperimentKey) -> Result<Comparison> {
        let tables = self.tables();
        let mut seen = Comparison::default();
        for (_, rows) in tables.predictions.iter().filter(|(gap, _)| !tables.is_unseen(gap)) {
            let best = best_judged(rows, first).zip(best_judged(rows, second));
            let Some(((.., first), (.., second))) = best else { continue };
            match (first, second) {
                (true, true) => seen.both_right += 1,
                (true, false) => seen.only_first += 1,
                (false, true) => seen.only_second += 1,
                (false, false) => seen.both_wrong += 1,
            }
        }
        Ok(seen)
    }

    async fn differences(
        &self,
        winner: &ExperimentKey,
        loser: &ExperimentKey,
        after: Option<&GapId>,
        limit: usize,
    ) -> Result<Page<Difference, GapId>> {
        let tables = self.tables();
        let seen = tables.predictions.iter().filter(|(gap, _)| !tables.is_unseen(gap));
        let rows = seen.filter_map(|(gap, rows)| {
            let (won, lost) = (best_judged(rows, winner)?, best_judged(rows, loser)?);
            (won.2 && !lost.2).then(|| Difference {
                gap: gap.clone(),
                product_name: tables.row(gap).map_or_else(String::new, |row| cut(&row.product_name, SHORT)),
                won: Guess { value: cut(won.0, SHORT), confidence: won.1 },
                lost: Guess { value: cut(lost.0, SHORT), confidence: lost.1 },
            })
        });
        Ok(page(rows, after, limit, |row| row.gap.clone()))
    }

    async fn timelines(
        &self,
        filter: &JudgedFilter,
        by: JudgedBy,
        decisions: usize,
    ) -> Result<Vec<Timeline>> {
        Ok(self.tables().timelines(filter, by, decisions))
    }
}

impl Tables {
    /// Tells whether the decision in force was made for many gaps at once, without a look at this one.
    fn is_unseen(&self, gap: &GapId) -> bool {
        self.in_force(gap).is_some_and(|event| event.decision.seen.policy.starts_with("bulk:"))
    }

    /// Tells how often predictions like a gap's were right, one record for each experiment and confidence.
    pub(super) fn track_records(&self, gap: &GapId) -> Vec<TrackRecord> {
        let rows = self.predictions.get(gap).into_iter().flatten();
        let mut own: Vec<(&ExperimentKey, Confidence)> =
            rows.filter_map(|((key, _), row)| Some((key, row.proposal.confidence?))).collect();
        own.sort_by(|(a, left), (b, right)| right.get().total_cmp(&left.get()).then_with(|| a.cmp(b)));
        own.dedup();
        own.truncate(TrackRecord::OF_A_GAP as usize);
        own.into_iter()
            .map(|(experiment, confidence)| self.track_record(gap, experiment, confidence))
            .collect()
    }

    fn track_record(&self, gap: &GapId, experiment: &ExperimentKey, confidence: Confidence) -> TrackRecord {
        let mut near: Vec<(f64, bool)> = self
            .predictions
            .iter()
            .filter(|(other, _)| other.attribute == gap.attribute)
            .flat_map(|(_, rows)| rows)
            .filter(|((key, _), _)| key == experiment)
            .filter_map(|(_, row)| Some((row.proposal.confidence?.get() - confidence.get(), row.correct?)))
            .collect();
        near.sort_by(|(a, _), (b, _)| a.abs().total_cmp(&b.abs()));
        let most = TrackRecord::MOST as usize;
        let (above, below): (Vec<_>, Vec<_>) = near.into_iter().partition(|(apart, _)| *apart >= 0.0);
        let near: Vec<(f64, bool)> =
            above.into_iter().take(most).chain(below.into_iter().take(most)).collect();
        let count = |reach: f64, only_right: bool| {
            let counted =
                near.iter().filter(|(apart, right)| apart.abs() <= reach && (*right || !only_right));
            counted.count() as u64
        };
        let reach = TrackRecord::APART + 1e-12;
        TrackRecord {
            experiment: experiment.clone(),
            confidence,
            judged: count(reach, false),
            right: count(reach, true),
            near: count(1.0, false),
            near_right: count(1.0, true),
        }
    }
}

fn of_day(day: DateTime<Utc>, events: &[&Event]) -> Day {
    let count = |actions: &[Action]| {
        events.iter().filter(|event| actions.contains(&event.decision.action)).count() as u64
    };
    let mut seconds: Vec<f64> = events.iter().filter_map(|event| event.decision.seen.seconds).collect();
    seconds.sort_by(f64::total_cmp);
    let middle =
        |seconds: &[f64]| f64::midpoint(seconds[(seconds.len() - 1) / 2], seconds[seconds.len() / 2]);
    Day {
        day,
        accepted: count(&[Action::Accept]),
        overridden: count(&[Action::Override]),
        rejected: count(&[Action::Reject, Action::NotApplicable]),
        put_off: count(&[Action::Defer, Action::Flag]),
        seconds: (!seconds.is_empty()).then(|| middle(&seconds)),
        reviewers: events.iter().map(|event| &event.decision.reviewer).collect::<BTreeSet<_>>().len() as u64,
    }
}

/// Returns what an experiment was most confident of, how confident, and whether it is right.
fn best_judged<'a>(
    rows: &'a BTreeMap<(ExperimentKey, String), Prediction>,
    experiment: &ExperimentKey,
) -> Option<(&'a str, Option<Confidence>, bool)> {
    rows.iter()
        .filter(|((key, _), row)| key == experiment && row.correct.is_some())
        .min_by(|((_, left), one), ((_, right), other)| {
            let confidence = |row: &Prediction| row.proposal.confidence.map_or(-1.0, Confidence::get);
            confidence(other).total_cmp(&confidence(one)).then_with(|| left.cmp(right))
        })
        .and_then(|((_, value), row)| Some((value.as_str(), row.proposal.confidence, row.correct?)))
}

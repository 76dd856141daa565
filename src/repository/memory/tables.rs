//! The rows that the fake holds, by key.

use crate::domain::{
    Attribute, AttributeKey, Candidate, Category, CategoryKey, CategoryValues, Confidence, DecisionId, Event,
    Experiment, ExperimentKey, GapId, Lease, ListCut, Outcome, Policy, Product, ProductDetails, ProductGap,
    ProductKey, ProductSummary, Refresh, Round, RoundKey, SeededAnswer, Source, View, VoteMark, VoteWorth,
};
use crate::repository::Page;
use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// Values allowed for the key's attribute, in the order of their text.
pub(super) type Allowed<K> = BTreeMap<K, BTreeSet<String>>;

#[derive(Debug, Default)]
pub(super) struct Tables {
    pub categories: BTreeMap<CategoryKey, Category>,
    pub attributes: BTreeMap<AttributeKey, Attribute>,
    /// The attributes' types as they were written.
    pub data_types: BTreeMap<AttributeKey, Option<String>>,
    pub category_attributes: BTreeSet<(CategoryKey, AttributeKey)>,
    pub products: BTreeMap<ProductKey, Product>,
    pub product_categories: BTreeMap<ProductKey, BTreeSet<CategoryKey>>,
    pub values: BTreeMap<GapId, BTreeSet<String>>,
    /// The gaps, with when they came to be.
    pub gaps: BTreeMap<GapId, DateTime<Utc>>,
    pub allowed_in_category: Allowed<(CategoryKey, AttributeKey)>,
    pub allowed_in_every_category: Allowed<AttributeKey>,
    pub allowed_in_any_category: Allowed<AttributeKey>,
    pub allowed_for_product: Allowed<GapId>,
    pub texts: BTreeMap<ProductKey, BTreeMap<String, String>>,
    pub embeddings: BTreeMap<ProductKey, Embedding>,
    pub experiments: BTreeMap<ExperimentKey, Experiment>,
    pub predictions: BTreeMap<GapId, BTreeMap<(ExperimentKey, String), Prediction>>,
    pub rounds: BTreeMap<RoundKey, Round>,
    pub recommendations: BTreeMap<GapId, BTreeMap<(RoundKey, String), Proposal>>,
    /// The decisions on each gap, the oldest first, with what they led to.
    pub decisions: BTreeMap<GapId, Vec<(Event, Outcome)>>,
    /// Which gap a decision is about.
    pub decided_gaps: BTreeMap<DecisionId, GapId>,
    /// When each materialised view was last refreshed, and what it shows since.
    pub refreshes: BTreeMap<View, Refresh>,
    pub product_summary: Vec<ProductSummary>,
    pub product_details: Vec<ProductDetails>,
    pub product_gaps: Vec<ProductGap>,
    pub category_values: BTreeMap<(CategoryKey, AttributeKey), CategoryValues>,
    pub leases: BTreeMap<GapId, Lease>,
    /// The votes counted, each with the value that it was counted for.
    pub votes: BTreeMap<GapId, (Option<String>, VoteMark)>,
    pub worth: BTreeMap<AttributeKey, VoteWorth>,
    pub cuts: BTreeMap<AttributeKey, ListCut>,
    pub policy: Policy,
    /// The values known to be right.
    pub seeded: BTreeMap<GapId, BTreeSet<String>>,
    pub seeded_answers: BTreeMap<DecisionId, SeededAnswer>,
    last_time: DateTime<Utc>,
}

#[derive(Debug, Clone)]
pub(super) struct Embedding {
    pub vector: Vec<f32>,
    pub description: Option<String>,
    pub model: Option<String>,
    pub dimensions: Option<i32>,
    pub content_hash: Option<Uuid>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// Makes an experiment of which only the key is known.
pub(super) fn bare_experiment(key: ExperimentKey, created_at: DateTime<Utc>) -> Experiment {
    let nothing = || serde_json::Value::Object(serde_json::Map::new());
    Experiment {
        key,
        model: None,
        description: None,
        parameters: nothing(),
        metrics: nothing(),
        created_at,
        completed_at: None,
    }
}

/// Makes a round of which only the key is known.
pub(super) fn bare_round(key: RoundKey, created_at: DateTime<Utc>) -> Round {
    Round {
        key,
        model: None,
        description: None,
        metadata: serde_json::Value::Object(serde_json::Map::new()),
        created_at,
        completed_at: None,
    }
}

/// What a model says beside the value.
#[derive(Debug, Clone)]
pub(super) struct Proposal {
    pub confidence: Option<Confidence>,
    pub reasoning: Option<String>,
    pub created_at: DateTime<Utc>,
}

impl Proposal {
    fn candidate(&self, source: Source, value: &str) -> Candidate {
        Candidate {
            value: value.to_owned(),
            confidence: self.confidence,
            source,
            reasoning: self.reasoning.clone(),
            created_at: self.created_at,
        }
    }
}

#[derive(Debug, Clone)]
pub(super) struct Prediction {
    pub proposal: Proposal,
    /// What decisions have shown it to be.
    pub correct: Option<bool>,
}

impl Tables {
    /// Returns the time as the database would: whole microseconds, and later than every time before.
    pub fn now(&mut self) -> DateTime<Utc> {
        self.last_time = microseconds(Utc::now()).max(self.last_time + TimeDelta::microseconds(1));
        self.last_time
    }

    /// Returns the candidates of a pair, in no particular order.
    pub fn candidates(&self, gap: &GapId) -> Vec<Candidate> {
        let predictions = self.predictions.get(gap).into_iter().flatten();
        let recommendations = self.recommendations.get(gap).into_iter().flatten();
        predictions
            .map(|((experiment, value), prediction)| {
                prediction.proposal.candidate(Source::Experiment(experiment.clone()), value)
            })
            .chain(
                recommendations.map(|((round, value), proposal)| {
                    proposal.candidate(Source::Round(round.clone()), value)
                }),
            )
            .collect()
    }

    /// Returns a pair's decisions, the oldest first.
    pub fn history(&self, gap: &GapId) -> Vec<Event> {
        self.decisions.get(gap).into_iter().flatten().map(|(event, _)| event.clone()).collect()
    }
}

/// Cuts a time to what the database keeps of it.
pub(super) fn microseconds(time: DateTime<Utc>) -> DateTime<Utc> {
    time.duration_trunc(TimeDelta::microseconds(1)).unwrap_or(time)
}

/// Returns at most the first `most` characters.
pub(super) fn cut(text: &str, most: usize) -> String {
    text.chars().take(most).collect()
}

/// Returns the page after a place of rows that come in the order of their places.
pub(super) fn page<T, C: PartialOrd>(
    rows: impl Iterator<Item = T>,
    after: Option<&C>,
    limit: usize,
    place: impl Fn(&T) -> C,
) -> Page<T, C> {
    let limit = limit.clamp(1, 10_000);
    let mut rows: Vec<T> =
        rows.filter(|row| after.is_none_or(|after| place(row) > *after)).take(limit + 1).collect();
    let is_last = rows.len() <= limit;
    rows.truncate(limit);
    let next = if is_last { None } else { rows.last().map(place) };
    Page { rows, next }
}

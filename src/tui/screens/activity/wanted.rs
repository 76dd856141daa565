//! Which decisions the activity screen shows.

use crate::domain::{Action, AttributeKey, DecisionFilter, Reviewer};
use chrono::{DateTime, NaiveTime, TimeDelta, Utc};
use uuid::Uuid;

/// How far back the list goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Span {
    #[default]
    All,
    /// Since midnight (UTC), as the figures count.
    Today,
    /// The last seven days.
    Week,
}

impl Span {
    /// Every span, in the order in which a key goes through them.
    pub const EVERY: [Self; 3] = [Self::All, Self::Today, Self::Week];

    /// Returns the word for it.
    pub fn label(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Today => "today",
            Self::Week => "7 days",
        }
    }

    /// Returns the next one.
    pub fn next(self) -> Self {
        match self {
            Self::All => Self::Today,
            Self::Today => Self::Week,
            Self::Week => Self::All,
        }
    }

    fn since(self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        match self {
            Self::All => None,
            Self::Today => Some(now.date_naive().and_time(NaiveTime::MIN).and_utc()),
            Self::Week => Some(now - TimeDelta::days(7)),
        }
    }
}

/// Which decisions the reviewer wants to see.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Wanted {
    pub reviewer: Option<Reviewer>,
    pub action: Option<Action>,
    pub attribute: Option<AttributeKey>,
    pub batch: Option<Uuid>,
    pub span: Span,
}

impl Wanted {
    /// Tells whether every decision is wanted.
    pub fn is_plain(&self) -> bool {
        *self == Self::default()
    }

    pub(super) fn filter(&self, now: DateTime<Utc>) -> DecisionFilter {
        DecisionFilter {
            reviewer: self.reviewer.clone(),
            action: self.action,
            attribute: self.attribute.clone(),
            batch: self.batch,
            since: self.span.since(now),
            ..DecisionFilter::default()
        }
    }
}

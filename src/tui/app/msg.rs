//! What can happen, and what can be asked of the world.

mod effect;

pub use effect::Effect;

use super::copy::Copied;
use super::keymap::Key;
use super::pointer::Gesture;
use super::slot::Ticket;
use super::toast::Level;
use super::views::{Change, View};
use crate::domain::{
    Changes, Claimed, Count, Day, DecisionCursor, DecisionId, DecisionRow, Difference, Event,
    ExperimentSummary, Facets, GapId, JudgedBy, Lease, LeaseToken, MetricTrend, Policy, ProductCard,
    QueueCursor, QueueRow, ReviewCard, SeededGap,
};
use crate::insight::calibration::Cell;
use crate::insight::comparison::Comparison;
use crate::insight::drift::Drift;
use crate::insight::sample::Sample;
use crate::repository::{JudgedGroup, Page, RepositoryError, Result};
use crate::review::Undoable;
use crate::review::bulk::{Accepted, Held};
use crate::review::cluster::{Clusters, Groups};
use crate::review::outbox::News;
use crate::review::takeback::Bulk;
use crate::review::threshold::Finding;
use crate::review::unseen::Preview;
use crate::tui::Progress;
use crate::tui::screens::comparison::Side;
use ratatui::layout::{Position, Size};
use std::collections::BTreeMap;
use uuid::Uuid;

/// Something that happened.
#[derive(Debug, Clone)]
pub enum Msg {
    Key(Key),
    /// Text pasted in one piece.
    Paste(String),
    Resize(Size),
    Mouse(Gesture, Position),
    /// Whether somebody looks at the terminal.
    Focus(bool),
    /// Something was written to the log file.
    Logged(Level, String),
    /// A program has taken what was copied, or none could: then the terminal is asked to.
    Copied {
        copied: Copied,
        by: Option<&'static str>,
    },
    /// What became of a text in the user's editor: the text, or why it is as it was.
    Edited(std::result::Result<String, String>),
    /// The named views after a change.
    Views {
        change: Change,
        result: std::result::Result<Vec<View>, String>,
    },
    /// The system asks the program to end.
    Terminate,
    /// A deadline that [`super::State::next_deadline`] named has passed.
    Woke,
    Progress(Progress),
    /// So many decisions rest in the outbox while the database cannot be opened.
    Resting(usize),
    /// The database is open.
    Opened,
    Page {
        ticket: Ticket,
        result: Result<Page<QueueRow, QueueCursor>>,
    },
    Counted {
        ticket: Ticket,
        result: Result<Count>,
    },
    Figures {
        ticket: Ticket,
        result: Result<Figures>,
    },
    Facets {
        ticket: Ticket,
        result: Result<Facets>,
    },
    Card {
        gap: GapId,
        result: Result<Option<Box<ReviewCard>>>,
    },
    History {
        gap: GapId,
        result: Result<Vec<Event>>,
    },
    /// What the outbox tells of decisions.
    Outbox(News),
    /// The reviewer's last decision in the database.
    FoundUndo {
        result: Result<Option<Box<Undoable>>>,
    },
    Claimed {
        ticket: Ticket,
        token: LeaseToken,
        result: Result<Claimed>,
    },
    Renewed {
        ticket: Ticket,
        token: LeaseToken,
        result: Result<Vec<Lease>>,
    },
    /// Gaps whose value is known, for the flow.
    Seeds {
        ticket: Ticket,
        token: LeaseToken,
        result: Result<Vec<SeededGap>>,
    },
    /// An answer on such a gap was kept, or not.
    Answered {
        result: Result<()>,
    },
    Changes {
        ticket: Ticket,
        result: Result<Changes>,
    },
    Experiments {
        ticket: Ticket,
        result: Result<Vec<ExperimentSummary>>,
    },
    Trends {
        ticket: Ticket,
        result: Result<Vec<MetricTrend>>,
    },
    Judged {
        ticket: Ticket,
        result: Result<Vec<Cell>>,
    },
    /// Judged predictions of the insights screen.
    Groups {
        ticket: Ticket,
        result: Result<Vec<JudgedGroup>>,
    },
    Days {
        ticket: Ticket,
        result: Result<Vec<Day>>,
    },
    Sampled {
        ticket: Ticket,
        result: Result<Sample>,
    },
    /// Which experiments, attributes or categories drifted.
    Drifts {
        ticket: Ticket,
        by: JudgedBy,
        result: Result<BTreeMap<String, Drift>>,
    },
    Compared {
        ticket: Ticket,
        result: Result<Comparison>,
    },
    /// How far accepting unseen is.
    Unseen {
        ticket: Ticket,
        news: Unseen,
    },
    Differences {
        ticket: Ticket,
        side: Side,
        result: Result<Page<Difference, GapId>>,
    },
    Product {
        ticket: Ticket,
        result: Result<Option<Box<ProductCard>>>,
    },
    Activity {
        ticket: Ticket,
        result: Result<Page<DecisionRow, DecisionCursor>>,
    },
    /// The decisions on the gap under the cursor of the activity screen.
    Events {
        ticket: Ticket,
        result: Result<Vec<Event>>,
    },
    FoundTakeBack {
        ticket: Ticket,
        result: Result<Found>,
    },
    /// The groups of the clusters screen.
    ValueGroups {
        ticket: Ticket,
        result: Result<Groups>,
    },
    /// The clusters of a group.
    Clusters {
        ticket: Ticket,
        result: Result<Box<Clusters>>,
    },
    /// The rest of a cluster was accepted.
    Accepted {
        ticket: Ticket,
        result: Result<Accepted>,
    },
    /// Gaps are held for a bulk action.
    Held {
        ticket: Ticket,
        token: LeaseToken,
        result: Result<Box<Held>>,
    },
    /// Gaps like one that was decided.
    Alike {
        ticket: Ticket,
        result: Result<Vec<QueueRow>>,
    },
}

/// What is told of looking at what may be accepted unseen, and of accepting it.
#[derive(Debug, Clone)]
pub enum Unseen {
    Found(Box<Finding>),
    /// So many rows were read for the preview.
    Read(u64),
    Previewed(Box<Preview>),
    /// So much was accepted.
    Accepted(Accepted),
    Ended(Accepted),
    /// It went wrong, after so much was accepted.
    Failed(RepositoryError, Option<Accepted>),
}

/// A decision of the activity screen that is to be taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TakeBack {
    pub id: DecisionId,
    /// The bulk action that it is part of.
    pub batch: Option<Uuid>,
}

/// What can be taken back.
#[derive(Debug, Clone)]
pub enum Found {
    One(Box<Undoable>),
    /// A bulk action, and the decision of it that was asked about.
    Bulk(Box<Bulk>, DecisionId),
}

impl Msg {
    /// Returns what went wrong with a read.
    pub fn error(&self) -> Option<&RepositoryError> {
        match self {
            Self::Page { result, .. } => result.as_ref().err(),
            Self::Counted { result, .. } => result.as_ref().err(),
            Self::Figures { result, .. } => result.as_ref().err(),
            Self::Facets { result, .. } => result.as_ref().err(),
            Self::Card { result, .. } => result.as_ref().err(),
            Self::History { result, .. } | Self::Events { result, .. } => result.as_ref().err(),
            Self::FoundUndo { result } => result.as_ref().err(),
            Self::Claimed { result, .. } => result.as_ref().err(),
            Self::Renewed { result, .. } => result.as_ref().err(),
            Self::Seeds { result, .. } => result.as_ref().err(),
            Self::Answered { result } => result.as_ref().err(),
            Self::Changes { result, .. } => result.as_ref().err(),
            Self::Experiments { result, .. } => result.as_ref().err(),
            Self::Trends { result, .. } => result.as_ref().err(),
            Self::Judged { result, .. } => result.as_ref().err(),
            Self::Groups { result, .. } => result.as_ref().err(),
            Self::Days { result, .. } => result.as_ref().err(),
            Self::Sampled { result, .. } => result.as_ref().err(),
            Self::Drifts { result, .. } => result.as_ref().err(),
            Self::Unseen { news: Unseen::Failed(error, _), .. } => Some(error),
            Self::Compared { result, .. } => result.as_ref().err(),
            Self::Differences { result, .. } => result.as_ref().err(),
            Self::Product { result, .. } => result.as_ref().err(),
            Self::Activity { result, .. } => result.as_ref().err(),
            Self::FoundTakeBack { result, .. } => result.as_ref().err(),
            Self::ValueGroups { result, .. } => result.as_ref().err(),
            Self::Clusters { result, .. } => result.as_ref().err(),
            Self::Accepted { result, .. } => result.as_ref().err(),
            Self::Held { result, .. } => result.as_ref().err(),
            Self::Alike { result, .. } => result.as_ref().err(),
            _ => None,
        }
    }
}

/// Numbers for the header line.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Figures {
    /// Gaps that wait for a first decision.
    pub open: Count,
    /// Gaps that wait for the reviewer's second opinion, and those on which two differ.
    pub second: Count,
    pub disputed: Count,
    /// The reviewer's decisions since midnight (UTC).
    pub today: u64,
    /// How the team reviews.
    pub policy: Policy,
}

//! What can happen, and what can be asked of the world.

use super::keymap::Key;
use super::slot::Ticket;
use crate::domain::{
    AttributeKey, Changes, Claim, Claimed, Count, Decision, DecisionId, Event, ExperimentKey,
    ExperimentSummary, Facets, Fence, GapId, Lease, LeaseToken, MetricTrend, ProductCard, ProductKey,
    QueueCursor, QueueFilter, QueueRow, QueueSort, ReviewCard,
};
use crate::repository::{Page, Result};
use crate::review::Undoable;
use crate::review::outbox::News;
use crate::tui::Progress;
use chrono::{DateTime, Utc};
use ratatui::layout::Size;
use std::time::Duration;

/// Something that happened.
#[derive(Debug, Clone)]
pub enum Msg {
    Key(Key),
    /// Text pasted in one piece.
    Paste(String),
    Resize(Size),
    /// The system asks the program to end.
    Terminate,
    /// A deadline that [`super::State::next_deadline`] named has passed.
    Woke,
    Progress(Progress),
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
    Product {
        ticket: Ticket,
        result: Result<Option<Box<ProductCard>>>,
    },
}

/// Numbers for the header line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Figures {
    /// Gaps that wait for a first decision.
    pub open: Count,
    /// The reviewer's decisions since midnight (UTC).
    pub today: u64,
}

/// Something the world is asked to do; each answers with one message unless it says otherwise, the outbox with its news.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    LoadPage {
        ticket: Ticket,
        filter: QueueFilter,
        sort: QueueSort,
        after: Option<QueueCursor>,
        limit: usize,
    },
    Count {
        ticket: Ticket,
        filter: QueueFilter,
    },
    LoadFigures {
        ticket: Ticket,
    },
    LoadFacets {
        ticket: Ticket,
    },
    LoadCard(GapId),
    /// The decisions on a gap that is in conflict.
    LoadHistory(GapId),
    /// Keeps a decision in the outbox, which sends it; in the order asked for.
    Decide(Box<Decision>, Fence),
    /// Looks for the reviewer's last decision.
    FindUndo,
    /// Sends what rests in the outbox without waiting for the next try.
    SendNow,
    /// Sends refused decisions again, too.
    SendAgain,
    /// Gives up a refused decision, and those that build on it.
    Discard(DecisionId),
    /// Never aborted: what it claimed must be known.
    Claim {
        ticket: Ticket,
        claim: Box<Claim>,
    },
    Renew {
        ticket: Ticket,
        token: LeaseToken,
        gaps: Vec<GapId>,
        lasts: Duration,
    },
    /// Gives gaps back; has no answer.
    Release {
        token: LeaseToken,
        gaps: Vec<GapId>,
    },
    /// Asks what others did since a moment of the server's.
    Poll {
        ticket: Ticket,
        since: Option<DateTime<Utc>>,
    },
    LoadExperiments {
        ticket: Ticket,
    },
    LoadTrends {
        ticket: Ticket,
        experiment: ExperimentKey,
    },
    /// A product with its neighbours, and these with their values for an attribute.
    LoadProduct {
        ticket: Ticket,
        product: ProductKey,
        attribute: Option<AttributeKey>,
    },
    /// Leaves the terminal to the shell until `fg`.
    Suspend,
    Quit,
}

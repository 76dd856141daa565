//! What can happen, and what can be asked of the world.

use super::copy::Copied;
use super::keymap::Key;
use super::pointer::Gesture;
use super::slot::Ticket;
use super::toast::Level;
use super::views::{Change, View};
use crate::domain::{
    AttributeKey, Changes, Claim, Claimed, Count, Day, Decision, DecisionCursor, DecisionFilter, DecisionId,
    DecisionRow, Difference, Event, ExperimentKey, ExperimentSummary, Facets, Fence, GapId, GroupKey,
    JudgedBy, JudgedFilter, Lease, LeaseToken, MetricTrend, Policy, ProductCard, ProductKey, QueueCursor,
    QueueFilter, QueueRow, QueueSort, ReviewCard, Share, StateFilter,
};
use crate::insight::calibration::Cell;
use crate::insight::comparison::Comparison;
use crate::insight::drift::Drift;
use crate::insight::sample::Sample;
use crate::insight::threshold::Demand;
use crate::repository::{Alike, JudgedGroup, Page, RepositoryError, Result};
use crate::review::Undoable;
use crate::review::bulk::{Accepted, Held};
use crate::review::cluster::{Cluster, Clusters, Groups};
use crate::review::outbox::News;
use crate::review::takeback::Bulk;
use crate::review::threshold::Finding;
use crate::review::unseen::{Plan, Preview};
use crate::tui::Progress;
use crate::tui::screens::comparison::Side;
use chrono::{DateTime, Utc};
use ratatui::layout::{Position, Size};
use std::collections::BTreeMap;
use std::time::Duration;
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
    /// Keeps decisions on as many gaps in the outbox, which sends them in one transaction.
    DecideTogether(Vec<Decision>),
    /// Looks for the reviewer's last decision.
    FindUndo,
    /// Looks for what has to be known to take a decision, or its bulk action, back.
    FindTakeBack {
        ticket: Ticket,
        what: TakeBack,
    },
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
    /// What decisions say of predictions, by confidence.
    LoadJudged {
        ticket: Ticket,
        filter: Box<JudgedFilter>,
    },
    /// Judged predictions, told apart.
    LoadGroups {
        ticket: Ticket,
        by: JudgedBy,
    },
    /// What people decided by day.
    LoadDays {
        ticket: Ticket,
        since: DateTime<Utc>,
    },
    /// The honest sample of some gaps.
    LoadSample {
        ticket: Ticket,
        filter: Box<QueueFilter>,
    },
    /// Looks for drift in what the last decisions say.
    LoadDrifts {
        ticket: Ticket,
        by: JudgedBy,
    },
    /// Looks for what may be accepted unseen, and at what that is; tells how far it is.
    LookUnseen {
        ticket: Ticket,
        filter: Box<QueueFilter>,
        demand: Demand,
        audit: Share,
    },
    /// Accepts it, one transaction after the other; tells how far it is.
    AcceptUnseen {
        ticket: Ticket,
        plan: Box<Plan>,
    },
    /// Ends the look, or the accepting behind the transaction that is being made.
    StopUnseen,
    /// Compares two experiments.
    Compare {
        ticket: Ticket,
        first: ExperimentKey,
        second: ExperimentKey,
    },
    /// The first gaps that one experiment was right on and the other wrong.
    LoadDifferences {
        ticket: Ticket,
        side: Side,
        winner: ExperimentKey,
        loser: ExperimentKey,
        limit: usize,
    },
    /// A product with its neighbours, and these with their values for an attribute.
    LoadProduct {
        ticket: Ticket,
        product: ProductKey,
        attribute: Option<AttributeKey>,
    },
    /// Puts a text into the clipboard by a program of the platform's.
    Copy(Copied),
    /// Puts a text into the clipboard by the terminal; has no answer.
    CopyByTerminal(String),
    /// Opens a text in the user's editor.
    Edit(String),
    /// Takes the mouse from the terminal, or gives it back; has no answer.
    Mouse(bool),
    /// Ends every read that is awaited; each is answered as cancelled.
    CancelReads,
    /// Changes the named views, or reads them.
    ChangeViews(Change),
    /// Decisions, the newest first.
    LoadActivity {
        ticket: Ticket,
        filter: Box<DecisionFilter>,
        after: Option<DecisionCursor>,
        limit: usize,
    },
    /// The decisions on a gap, for the activity screen.
    LoadEvents {
        ticket: Ticket,
        gap: GapId,
    },
    /// Groups of alike open gaps.
    LoadValueGroups {
        ticket: Ticket,
        filter: Box<QueueFilter>,
    },
    /// The clusters of a group.
    LoadClusters {
        ticket: Ticket,
        group: Box<GroupKey>,
    },
    /// Accepts what is open of a cluster; never aborted.
    AcceptCluster {
        ticket: Ticket,
        cluster: Box<Cluster>,
    },
    /// Holds gaps for a bulk action; never aborted: what it holds must be known.
    Hold {
        ticket: Ticket,
        token: LeaseToken,
        gaps: Vec<GapId>,
        state: StateFilter,
    },
    /// Gaps like one that was decided.
    LoadAlike {
        ticket: Ticket,
        to: Box<Alike>,
    },
    /// Leaves the terminal to the shell until `fg`.
    Suspend,
    Quit,
}

impl Effect {
    /// Tells whether it writes to the database and is read for its answer: it is never aborted, what it wrote must be known.
    pub fn writes(&self) -> bool {
        matches!(
            self,
            Self::Claim { .. } | Self::Renew { .. } | Self::Hold { .. } | Self::AcceptCluster { .. }
        )
    }

    /// Tells whether the terminal, the platform or a file is asked for it, not the database.
    pub fn is_local(&self) -> bool {
        matches!(
            self,
            Self::Copy(_)
                | Self::CopyByTerminal(_)
                | Self::Edit(_)
                | Self::Mouse(_)
                | Self::ChangeViews(_)
                | Self::Suspend
                | Self::Quit
        )
    }

    /// Answers what asks the database for something with an error, as the database would; `None` where it asks for nothing.
    pub fn refused(&self, error: &RepositoryError) -> Option<Msg> {
        let error = error.clone();
        Some(match *self {
            Self::LoadPage { ticket, .. } => Msg::Page { ticket, result: Err(error) },
            Self::Count { ticket, .. } => Msg::Counted { ticket, result: Err(error) },
            Self::LoadFigures { ticket } => Msg::Figures { ticket, result: Err(error) },
            Self::LoadFacets { ticket } => Msg::Facets { ticket, result: Err(error) },
            Self::LoadCard(ref gap) => Msg::Card { gap: gap.clone(), result: Err(error) },
            Self::LoadHistory(ref gap) => Msg::History { gap: gap.clone(), result: Err(error) },
            Self::FindUndo => Msg::FoundUndo { result: Err(error) },
            Self::Claim { ticket, ref claim } => {
                Msg::Claimed { ticket, token: claim.token, result: Err(error) }
            }
            Self::Renew { ticket, token, .. } => Msg::Renewed { ticket, token, result: Err(error) },
            Self::Poll { ticket, .. } => Msg::Changes { ticket, result: Err(error) },
            Self::LoadExperiments { ticket } => Msg::Experiments { ticket, result: Err(error) },
            Self::LoadTrends { ticket, .. } => Msg::Trends { ticket, result: Err(error) },
            Self::LoadJudged { ticket, .. } => Msg::Judged { ticket, result: Err(error) },
            Self::LoadGroups { ticket, .. } => Msg::Groups { ticket, result: Err(error) },
            Self::LoadDays { ticket, .. } => Msg::Days { ticket, result: Err(error) },
            Self::LoadSample { ticket, .. } => Msg::Sampled { ticket, result: Err(error) },
            Self::LoadDrifts { ticket, by } => Msg::Drifts { ticket, by, result: Err(error) },
            Self::LookUnseen { ticket, .. } | Self::AcceptUnseen { ticket, .. } => {
                Msg::Unseen { ticket, news: Unseen::Failed(error, None) }
            }
            Self::Compare { ticket, .. } => Msg::Compared { ticket, result: Err(error) },
            Self::LoadDifferences { ticket, side, .. } => {
                Msg::Differences { ticket, side, result: Err(error) }
            }
            Self::LoadProduct { ticket, .. } => Msg::Product { ticket, result: Err(error) },
            Self::LoadActivity { ticket, .. } => Msg::Activity { ticket, result: Err(error) },
            Self::LoadEvents { ticket, .. } => Msg::Events { ticket, result: Err(error) },
            Self::FindTakeBack { ticket, .. } => Msg::FoundTakeBack { ticket, result: Err(error) },
            Self::LoadValueGroups { ticket, .. } => Msg::ValueGroups { ticket, result: Err(error) },
            Self::LoadClusters { ticket, .. } => Msg::Clusters { ticket, result: Err(error) },
            Self::AcceptCluster { ticket, .. } => Msg::Accepted { ticket, result: Err(error) },
            Self::Hold { ticket, token, .. } => Msg::Held { ticket, token, result: Err(error) },
            Self::LoadAlike { ticket, .. } => Msg::Alike { ticket, result: Err(error) },
            _ => return None,
        })
    }
}

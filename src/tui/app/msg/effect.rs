//! What can be asked of the world.

use super::{Msg, TakeBack, Unseen};
use crate::domain::{
    AttributeKey, Claim, Decision, DecisionCursor, DecisionFilter, DecisionId, ExperimentKey, Fence, GapId,
    GroupKey, JudgedBy, JudgedFilter, LeaseToken, ProductKey, QueueCursor, QueueFilter, QueueSort,
    SeededAnswer, Share, StateFilter,
};
use crate::insight::threshold::Demand;
use crate::repository::{Alike, RepositoryError};
use crate::review::cluster::Cluster;
use crate::review::unseen::Plan;
use crate::tui::app::copy::Copied;
use crate::tui::app::slot::Ticket;
use crate::tui::app::views::Change;
use crate::tui::screens::comparison::Side;
use chrono::{DateTime, Utc};
use std::time::Duration;

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
    /// Gaps whose value is known, for a flow.
    LoadSeeds {
        ticket: Ticket,
        token: LeaseToken,
        filter: Box<QueueFilter>,
        limit: usize,
    },
    /// Keeps an answer on such a gap; never aborted.
    Answer(Box<SeededAnswer>),
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
            Self::Claim { .. }
                | Self::Renew { .. }
                | Self::Hold { .. }
                | Self::AcceptCluster { .. }
                | Self::Answer(_)
        )
    }

    /// Tells whether it keeps what somebody decided.
    pub fn decides(&self) -> bool {
        matches!(self, Self::Decide(..) | Self::DecideTogether(_) | Self::Answer(_))
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
            Self::LoadSeeds { ticket, token, .. } => Msg::Seeds { ticket, token, result: Err(error) },
            Self::Answer(_) => Msg::Answered { result: Err(error) },
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

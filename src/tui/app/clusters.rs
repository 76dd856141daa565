//! The clusters screen at work: opening it, checking members one by one, accepting the rest.

use super::action::ActionId;
use super::msg::{Effect, Msg};
use super::narrow;
use super::slot::Ticket;
use super::state::{Screen, State};
use super::toast::Level;
use crate::domain::{GapSet, QueueFilter, QueueSort, StateFilter};
use crate::repository::{RepositoryError, Result};
use crate::review::bulk::Accepted;
use crate::review::cluster::Cluster;
use crate::sanitise;
use crate::tui::overlays::{Bulk, Overlay};
use crate::tui::screens::clusters::Clusters;
use crate::tui::screens::queue::KeepPlace;
use crate::tui::widgets::wrap;

/// How many random checks are listed at once: more than anybody makes in one go.
const CHECKS: usize = 500;
/// How many outliers are listed at once.
const OUTLIERS: usize = 10;

/// Which members of a cluster are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Checked {
    /// The open ones in the order of their lots: they certify.
    Random,
    /// The medoid, and those farthest from it: they hunt for errors.
    Outliers,
}

/// Shows the groups of the gaps that the queue shows; from a cluster's list, the screen as it was left.
pub fn open(state: &mut State) -> Vec<Effect> {
    state.product_slot.cancel();
    let before = state.clusters_before.take();
    let comes_back = state.queue.filter.among.as_ref().is_some_and(|set| set.policy.starts_with("cluster:"));
    let mut screen = match before {
        Some(screen) if comes_back => screen,
        _ => {
            let shown = match (&state.queue.filter.among, &state.before_set) {
                (Some(_), Some((before, _))) => before.clone(),
                (Some(_), None) => QueueFilter::default(),
                (None, _) => state.queue.filter.clone(),
            };
            Box::new(Clusters::new(QueueFilter { state: StateFilter::Open, among: None, ..shown }))
        }
    };
    let effect = screen.load(state.now);
    state.screens.push(Screen::Clusters(screen));
    vec![effect]
}

/// Lists members of the cluster in the queue, to be decided one by one.
pub fn check(state: &mut State, checked: Checked) -> Vec<Effect> {
    let Some(cluster) = state.clusters().and_then(Clusters::cluster) else { return Vec::new() };
    let value = sanitise::value(&cluster.group.value, 30);
    let attribute = sanitise::line(state.attribute_name(&cluster.group.attribute), 30);
    let (word, policy, gaps, of, sort) = match checked {
        Checked::Random => {
            let gaps = cluster.random().take(CHECKS).map(|member| member.row.gap.clone()).collect();
            ("at random", "cluster:random", gaps, StateFilter::Open, QueueSort::Random)
        }
        Checked::Outliers => {
            let looked_at = cluster.middle().into_iter().chain(cluster.outliers(OUTLIERS));
            let gaps = looked_at.map(|member| member.row.gap.clone()).collect();
            ("outliers", "cluster:outlier", gaps, StateFilter::All, QueueSort::ConfidenceAscending)
        }
    };
    let label = format!("cluster {attribute} = {value}, {word}");
    let set = GapSet { label, policy: policy.into(), gaps };
    let effects = narrow::show_set(state, set, of, sort);
    let text = format!(
        "Decide these one by one · {} goes back to the cluster, {} to the queue as it was",
        state.key(ActionId::Clusters),
        state.key(ActionId::ClearFilter)
    );
    state.toasts.show(state.now, Level::Info, text);
    effects
}

/// Asks whether to accept what is open of the cluster.
pub fn ask(state: &mut State) {
    let question =
        state.clusters().and_then(Clusters::cluster).map(|cluster| Bulk::of_cluster(state, cluster));
    state.overlay = question.map(|question| Overlay::Bulk(Box::new(question)));
}

/// Accepts what is open of a cluster.
pub fn accept(state: &mut State, cluster: &Cluster) -> Vec<Effect> {
    let now = state.now;
    let Some(screen) = state.clusters_mut() else { return Vec::new() };
    let ticket = screen.accepting.begin(now);
    vec![Effect::AcceptCluster { ticket, cluster: Box::new(cluster.clone()) }]
}

/// Takes an answer to what the clusters screen asked for.
pub fn take(state: &mut State, msg: Msg) -> Vec<Effect> {
    match msg {
        Msg::ValueGroups { ticket, result } => {
            if let Some(screen) = state.clusters_mut() {
                screen.arrive(ticket, result);
            }
            Vec::new()
        }
        Msg::Clusters { ticket, result } => {
            if let Some(screen) = state.clusters_mut() {
                screen.details.accept(ticket, result);
            }
            Vec::new()
        }
        Msg::Accepted { ticket, result } => accepted(state, ticket, result),
        _ => Vec::new(),
    }
}

/// Tells what was accepted, and shows the cluster and the queue as they are now.
fn accepted(state: &mut State, ticket: Ticket, result: Result<Accepted>) -> Vec<Effect> {
    let now = state.now;
    let screen = match state.screens.iter_mut().rev().find_map(|screen| match screen {
        Screen::Clusters(screen) => Some(screen),
        _ => None,
    }) {
        Some(screen) => Some(screen),
        None => state.clusters_before.as_mut(),
    };
    if let Some(screen) = screen {
        screen.accepting.accept(ticket, result.clone().map(|_| ()));
        screen.outdate();
    }
    let (level, text) = match result {
        Ok(done) => {
            let left = match done.passed_by {
                0 => String::new(),
                n => format!(", {} left that others decided or hold", wrap::grouped(n)),
            };
            let accepted = wrap::grouped(done.accepted);
            (
                Level::Info,
                format!(
                    "Accepted {accepted} as one{left} · in the queue, {} takes them back",
                    state.key(ActionId::Undo)
                ),
            )
        }
        Err(RepositoryError::Unavailable(_)) => (
            Level::Error,
            format!(
                "The connection was lost meanwhile: {} shows how far it came",
                state.key(ActionId::Clusters)
            ),
        ),
        Err(error) => {
            let reason = sanitise::line(&error.to_string(), 200);
            (Level::Error, format!("Stopped: {reason} · what was accepted before stays so"))
        }
    };
    state.toasts.show(now, level, text);
    if state.outage.is_some() {
        return Vec::new();
    }
    let mut effects: Vec<Effect> = state.clusters_mut().map(|screen| screen.load(now)).into_iter().collect();
    state.cards.clear();
    super::activity::has_news(state);
    if state.flow.is_none() {
        effects.push(state.queue.reload(now, KeepPlace::Yes));
    }
    effects
}

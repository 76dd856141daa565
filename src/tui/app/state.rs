//! The whole model.

use super::action::{ActionId, Context};
use super::alike::Alike;
use super::bindings::Keymap;
use super::conflict::{Conflict, Held};
use super::feed::Feed;
use super::flow::Flow;
use super::jumps::Jumps;
use super::keymap::Key;
use super::msg::Figures;
use super::pointer::Pointer;
use super::selection::Holding;
use super::session::Resumed;
use super::slot::Slot;
use super::toast::Toasts;
use super::tour::Tour;
use super::undo::Undo;
use super::unsaved::Unsaved;
use super::views::View;
use super::waits::{self, Wait};
use crate::domain::{Decision, DecisionId, Facets, Outcome, QueueFilter, QueueSort, State as GapState};
use crate::review::outbox::Outage;
use crate::tui::Identity;
use crate::tui::glyphs::Glyphs;
use crate::tui::interface::Motion;
use crate::tui::layout::Split;
use crate::tui::overlays::Overlay;
use crate::tui::screens::activity::Activity;
use crate::tui::screens::card::{Cards, LoadedCard};
use crate::tui::screens::clusters::Clusters;
use crate::tui::screens::comparison::Comparison;
use crate::tui::screens::experiments::Experiments;
use crate::tui::screens::insights::Insights;
use crate::tui::screens::neighbours::Walk;
use crate::tui::screens::opening::Opening;
use crate::tui::screens::pane::Pane;
use crate::tui::screens::queue::Queue;
use crate::tui::screens::review::Review;
use crate::tui::screens::texts::Texts;
use crate::tui::theme::Theme;
use chrono::{DateTime, Utc};
use ratatui::layout::Size;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long a wait may last before a sign tells of it.
pub const PATIENCE: Duration = Duration::from_millis(150);
/// For how long what has come by itself takes no key: it was meant for what was there before.
pub const SURPRISE: Duration = Duration::from_millis(600);
/// How long quitting waits for the disk; what is not there would be lost.
pub const QUIT_PATIENCE: Duration = Duration::from_secs(5);
/// How long quitting waits for the database; what it does not have by then rests in the outbox.
pub const MOMENT: Duration = Duration::from_secs(1);

/// A screen on top of the review screen.
#[derive(Debug, Clone)]
pub enum Screen {
    Experiments(Box<Experiments>),
    Insights(Box<Insights>),
    Clusters(Box<Clusters>),
    Comparison(Box<Comparison>),
    Product(Box<Pane>),
    Walk(Walk),
    Texts(Box<Texts>),
    Activity(Box<Activity>),
}

/// Whether the application ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quit {
    No,
    /// Once the decisions on their way are on the disk, and a moment later at most.
    Waiting {
        since: Instant,
        forced: bool,
    },
    Now,
}

/// Everything the application knows.
#[derive(Debug)]
pub struct State {
    /// The time, as the loop last read it.
    pub now: Instant,
    /// The same moment by the calendar.
    pub wall: DateTime<Utc>,
    pub size: Size,
    pub theme: Theme,
    pub keymap: &'static Keymap,
    /// The keys pressed so far of a sequence.
    pub prefix: Vec<Key>,
    /// The tour of the first start, while it is on.
    pub tour: Option<Tour>,
    pub glyphs: Glyphs,
    pub motion: Motion,
    pub identity: Identity,
    /// Makes the id of a decision.
    pub new_id: fn() -> DecisionId,
    /// What the start screen shows until the database is open.
    pub opening: Option<Opening>,
    pub queue: Queue,
    pub cards: Cards,
    pub review: Review,
    /// Since when the card under the cursor has been shown.
    pub shown_at: Option<Instant>,
    pub figures: Slot<Figures>,
    pub facets: Slot<Facets>,
    /// Decisions that the database does not have yet, the oldest first.
    pub unsaved: Vec<Unsaved>,
    /// Decisions refused because somebody else decided; each is asked about.
    pub conflicts: std::collections::VecDeque<Conflict>,
    /// Decisions refused because somebody else holds the gap; each is asked about.
    pub held: std::collections::VecDeque<Held>,
    /// What was saved while rows of the queue were being read: they may be from before it.
    pub saved_meanwhile: Vec<(Decision, Outcome)>,
    pub undo: Undo,
    /// The bulk action that is being looked at, to take it back.
    pub bulk_undo: Slot<()>,
    /// When the latest decision was made that the database took from here.
    pub last_saved: Option<DateTime<Utc>>,
    /// Since when the database is out of reach, as the outbox tells; nothing is asked of it meanwhile.
    pub outage: Option<Outage>,
    /// The gaps that the reviewer holds, while the flow is on.
    pub flow: Option<Flow>,
    /// What others do meanwhile.
    pub feed: Feed,
    /// When somebody last pressed a key.
    pub last_key: Instant,
    /// Screens on top of the review screen.
    pub screens: Vec<Screen>,
    /// The activity screen as it was left.
    pub activity_before: Option<Box<Activity>>,
    /// The clusters screen as it was left.
    pub clusters_before: Option<Box<Clusters>>,
    /// Gaps like the one that was overridden or rejected last.
    pub alike: Alike,
    /// The selected gaps that are being held, to be decided together.
    pub holding: Holding,
    /// What the queue showed before a fixed set of gaps.
    pub before_set: Option<(QueueFilter, QueueSort)>,
    /// The request for the product on the top screen.
    pub product_slot: Slot<()>,
    pub overlay: Option<Overlay>,
    pub toasts: Toasts,
    pub quit: Quit,
    /// Where the list ends and the card begins.
    pub split: Split,
    /// The places to go back and forward to.
    pub jumps: Jumps,
    /// How the last session was left, until the database is open.
    pub resumed: Option<Resumed>,
    pub pointer: Pointer,
    /// The named views, as they were read last, and whether there is a place for them.
    pub views: Vec<View>,
    pub keeps_views: bool,
    /// Whether somebody looks at the terminal, as far as it tells.
    pub has_focus: bool,
}

impl State {
    /// Starts with nothing but the start screen, in the built-in look.
    pub fn new(identity: Identity, size: Size, now: Instant, wall: DateTime<Utc>) -> Self {
        Self {
            now,
            wall,
            size,
            theme: Theme::Dark,
            keymap: Keymap::built_in(),
            prefix: Vec::new(),
            tour: None,
            glyphs: Glyphs::default(),
            motion: Motion::default(),
            identity,
            new_id: DecisionId::new,
            opening: Some(Opening::new(now)),
            queue: Queue::default(),
            cards: Cards::default(),
            review: Review::default(),
            shown_at: None,
            figures: Slot::default(),
            facets: Slot::default(),
            unsaved: Vec::new(),
            conflicts: std::collections::VecDeque::new(),
            held: std::collections::VecDeque::new(),
            saved_meanwhile: Vec::new(),
            undo: Undo::default(),
            bulk_undo: Slot::default(),
            last_saved: None,
            outage: None,
            flow: None,
            feed: Feed::default(),
            last_key: now,
            screens: Vec::new(),
            activity_before: None,
            clusters_before: None,
            alike: Alike::default(),
            holding: Holding::default(),
            before_set: None,
            product_slot: Slot::default(),
            overlay: None,
            toasts: Toasts::new(wall),
            quit: Quit::No,
            split: Split::default(),
            jumps: Jumps::default(),
            resumed: None,
            pointer: Pointer::default(),
            views: Vec::new(),
            keeps_views: false,
            has_focus: true,
        }
    }

    /// Returns where the keyboard is, overlays aside.
    pub fn context(&self) -> Context {
        if self.opening.is_some() {
            return Context::Opening;
        }
        match self.screens.last() {
            None if self.review.card_focused => Context::Card,
            None => Context::Queue,
            Some(Screen::Experiments(_)) => Context::Experiments,
            Some(Screen::Insights(_)) => Context::Insights,
            Some(Screen::Clusters(_)) => Context::Clusters,
            Some(Screen::Comparison(_)) => Context::Comparison,
            Some(Screen::Product(_)) => Context::Product,
            Some(Screen::Walk(_)) => Context::Walk,
            Some(Screen::Texts(_)) => Context::Texts,
            Some(Screen::Activity(_)) => Context::Activity,
        }
    }

    /// Writes the key of an action where the keyboard is, overlays aside.
    pub fn key(&self, id: ActionId) -> String {
        self.keymap.label(self.context(), id)
    }

    /// Returns the activity screen if it is shown.
    pub fn activity(&self) -> Option<&Activity> {
        match self.screens.last() {
            Some(Screen::Activity(screen)) => Some(screen),
            _ => None,
        }
    }

    /// Returns the activity screen if it is shown, to change it.
    pub fn activity_mut(&mut self) -> Option<&mut Activity> {
        match self.screens.last_mut() {
            Some(Screen::Activity(screen)) => Some(screen),
            _ => None,
        }
    }

    /// Returns the experiments screen if it is shown.
    pub fn experiments(&self) -> Option<&Experiments> {
        match self.screens.last() {
            Some(Screen::Experiments(screen)) => Some(screen),
            _ => None,
        }
    }

    /// Returns the experiments screen if it is shown, to change it.
    pub fn experiments_mut(&mut self) -> Option<&mut Experiments> {
        match self.screens.last_mut() {
            Some(Screen::Experiments(screen)) => Some(screen),
            _ => None,
        }
    }

    /// Returns the comparison of two experiments if it is shown.
    pub fn comparison(&self) -> Option<&Comparison> {
        match self.screens.last() {
            Some(Screen::Comparison(screen)) => Some(screen),
            _ => None,
        }
    }

    /// Returns the comparison of two experiments if it is shown, to change it.
    pub fn comparison_mut(&mut self) -> Option<&mut Comparison> {
        match self.screens.last_mut() {
            Some(Screen::Comparison(screen)) => Some(screen),
            _ => None,
        }
    }

    /// Returns the insights screen if it is shown.
    pub fn insights(&self) -> Option<&Insights> {
        match self.screens.last() {
            Some(Screen::Insights(screen)) => Some(screen),
            _ => None,
        }
    }

    /// Returns the insights screen if it is shown, to change it.
    pub fn insights_mut(&mut self) -> Option<&mut Insights> {
        match self.screens.last_mut() {
            Some(Screen::Insights(screen)) => Some(screen),
            _ => None,
        }
    }

    /// Returns the clusters screen if it is shown.
    pub fn clusters(&self) -> Option<&Clusters> {
        match self.screens.last() {
            Some(Screen::Clusters(screen)) => Some(screen),
            _ => None,
        }
    }

    /// Returns the clusters screen if it is shown, to change it.
    pub fn clusters_mut(&mut self) -> Option<&mut Clusters> {
        match self.screens.last_mut() {
            Some(Screen::Clusters(screen)) => Some(screen),
            _ => None,
        }
    }

    /// Returns the product on the product screen or the walk.
    pub fn pane(&self) -> Option<&Pane> {
        match self.screens.last() {
            Some(Screen::Product(pane)) => Some(pane),
            Some(Screen::Walk(walk)) => walk.here(),
            _ => None,
        }
    }

    /// Returns the product on the product screen or the walk, to change it.
    pub fn pane_mut(&mut self) -> Option<&mut Pane> {
        match self.screens.last_mut() {
            Some(Screen::Product(pane)) => Some(pane),
            Some(Screen::Walk(walk)) => walk.here_mut(),
            _ => None,
        }
    }

    /// Returns the card under the cursor if it is at hand; without predictions as long as the reviewer is to choose first.
    pub fn current_card(&self) -> Option<&Arc<LoadedCard>> {
        let row = &self.queue.current()?.data;
        let is_open = row.state == GapState::Open && self.unsaved_on(&row.gap).is_none();
        let veiled = if is_open { self.cards.veiled(&row.gap) } else { None };
        veiled.or_else(|| self.cards.get(&row.gap))
    }

    /// Returns a category's name for a reader.
    pub fn category_name<'a>(&'a self, key: &'a crate::domain::CategoryKey) -> &'a str {
        let facets = self.facets.value.as_ref();
        facets
            .and_then(|facets| facets.categories.iter().find(|named| named.key == *key))
            .map_or(key.as_str(), |named| &named.name)
    }

    /// Returns an attribute's name for a reader.
    pub fn attribute_name<'a>(&'a self, key: &'a crate::domain::AttributeKey) -> &'a str {
        let facets = self.facets.value.as_ref();
        facets
            .and_then(|facets| facets.attributes.iter().find(|named| named.key == *key))
            .map_or(key.as_str(), |named| &named.name)
    }

    /// Returns when the screen must change although nothing happens: `None` lets the loop sleep.
    pub fn next_deadline(&self) -> Option<Instant> {
        let toast = self.toasts.next_end();
        // Nothing moves while the database is out of reach.
        let reachable = self.outage.is_none();
        let opening =
            self.opening.as_ref().filter(|_| reachable).map(|_| Opening::next_frame(self.now, self.motion));
        let quitting = match self.quit {
            Quit::Waiting { since, .. } if self.is_keeping() => Some(since + QUIT_PATIENCE),
            Quit::Waiting { since, .. } => Some(since + MOMENT),
            _ => None,
        };
        // A sign that something is awaited appears when patience ends; how long it takes is told by the second.
        let waits = waits::waits(self).into_iter().map(|wait: Wait| wait.next_frame(self.now));
        let unsaved = self.unsaved.iter().filter(|one| one.phase.stands()).map(|one| one.since);
        let signs = unsaved.map(|since| since + PATIENCE).filter(|at| *at > self.now).chain(waits);
        let feed = (self.identity.shared && reachable && self.opening.is_none())
            .then(|| self.feed.due(self.last_key, self.has_focus))
            .flatten();
        let renewal = self.flow.as_ref().filter(|_| reachable).and_then(|flow| flow.renew_at(self.last_key));
        toast.into_iter().chain(opening).chain(quitting).chain(signs).chain(feed).chain(renewal).min()
    }

    /// Tells whether what came by itself has been there long enough for a key to be meant for it.
    pub fn has_been_seen(&self, since: Instant) -> bool {
        self.now.saturating_duration_since(since) >= SURPRISE
    }

    /// Tells whether something has been awaited long enough to say so.
    pub fn is_overdue(&self, since: Option<Instant>) -> bool {
        since.is_some_and(|since| self.now.saturating_duration_since(since) >= PATIENCE)
    }
}

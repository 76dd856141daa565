//! Two experiments on the same gaps: who is right more often, and the gaps on which they differ.

use super::chrome;
use crate::domain::{Difference, ExperimentKey, GapId, Guess};
use crate::insight::comparison;
use crate::repository::{Page, Result};
use crate::sanitise;
use crate::tui::app::State;
use crate::tui::app::action::ActionId;
use crate::tui::app::msg::Effect;
use crate::tui::app::navigate::Motion;
use crate::tui::app::slot::{Slot, Ticket};
use crate::tui::layout;
use crate::tui::theme::Role;
use crate::tui::widgets::table::{self, Column, Place};
use crate::tui::widgets::wrap;
use ratatui::Frame;
use ratatui::layout::{Rect, Size};
use ratatui::text::Line;
use ratatui::widgets::Paragraph;
use std::time::Instant;

/// How many gaps are listed.
const MOST: usize = 1_000;
/// How many lines say who is right, at most.
const WORDS: u16 = 5;
/// How many figures stand beside one another from this width on.
const WIDE: usize = 100;

/// Which gaps are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Those that the first experiment was right on, and the second wrong.
    Won,
    Lost,
}

/// The gaps of a side.
#[derive(Debug, Clone, Default)]
struct List {
    rows: Slot<Vec<Difference>>,
    /// There are more than are listed.
    is_cut: bool,
    place: Place,
}

/// The screen.
#[derive(Debug, Clone)]
pub struct Comparison {
    first: ExperimentKey,
    second: ExperimentKey,
    pub counts: Slot<comparison::Comparison>,
    pub side: Side,
    won: List,
    lost: List,
}

impl Comparison {
    /// Compares two experiments.
    pub fn new(first: ExperimentKey, second: ExperimentKey) -> Self {
        Self {
            first,
            second,
            counts: Slot::default(),
            side: Side::Won,
            won: List::default(),
            lost: List::default(),
        }
    }

    /// Asks for the counts; the list is asked for when it is shown.
    pub fn load(&mut self, now: Instant) -> Vec<Effect> {
        (self.won, self.lost) = (List::default(), List::default());
        let (first, second) = (self.first.clone(), self.second.clone());
        vec![Effect::Compare { ticket: self.counts.begin(now), first, second }]
    }

    /// Goes on to the other side's gaps.
    pub fn turn(&mut self) {
        // Two reads of a kind would abort one another: what was on its way is asked for again.
        let list = self.list_mut();
        if list.rows.is_waiting() {
            *list = List::default();
        }
        self.side = if self.side == Side::Won { Side::Lost } else { Side::Won };
    }

    /// Returns where the cursor of the list is.
    pub fn place(&self) -> Place {
        self.list().place
    }

    fn list(&self) -> &List {
        if self.side == Side::Won { &self.won } else { &self.lost }
    }

    fn list_mut(&mut self) -> &mut List {
        if self.side == Side::Won { &mut self.won } else { &mut self.lost }
    }

    /// Returns the experiment that won the gaps listed, and the one that lost them.
    fn sides(&self) -> (&ExperimentKey, &ExperimentKey) {
        if self.side == Side::Won { (&self.first, &self.second) } else { (&self.second, &self.first) }
    }

    /// Takes the gaps of a side.
    pub fn arrive(&mut self, ticket: Ticket, side: Side, result: Result<Page<Difference, GapId>>) {
        let list = if side == Side::Won { &mut self.won } else { &mut self.lost };
        let is_cut = result.as_ref().is_ok_and(|page| page.next.is_some());
        if list.rows.accept(ticket, result.map(|page| page.rows)) {
            list.is_cut = is_cut;
        }
    }

    /// Returns the gaps of the list that is shown.
    pub fn rows(&self) -> &[Difference] {
        self.list().rows.value.as_deref().unwrap_or_default()
    }

    /// Returns the row under the cursor.
    pub fn current(&self) -> Option<&Difference> {
        self.rows().get(self.list().place.cursor)
    }

    /// Returns since when something is awaited.
    pub fn waiting_since(&self) -> Option<Instant> {
        self.counts.waiting_since.or(self.list().rows.waiting_since)
    }

    /// Moves the cursor.
    pub fn motion(&mut self, motion: Motion, size: Size) {
        let (count, height) = (self.rows().len(), usize::from(table_height(size)));
        let place = &mut self.list_mut().place;
        place.cursor = motion.apply(place.cursor, count, height);
    }

    /// Keeps the cursor in view, and asks for the list that is shown.
    pub fn sync(&mut self, size: Size, now: Instant) -> Vec<Effect> {
        let count = self.rows().len();
        let shown = self.side;
        let (winner, loser) = (self.sides().0.clone(), self.sides().1.clone());
        let list = self.list_mut();
        list.place.keep(count, table_height(size));
        if !list.rows.is_untouched() {
            return Vec::new();
        }
        let ticket = list.rows.begin(now);
        vec![Effect::LoadDifferences { ticket, side: shown, winner, loser, limit: MOST }]
    }
}

/// How many gaps are shown at once, at the end of the screen.
pub fn table_height(size: Size) -> u16 {
    let body = layout::frame(size).body.height;
    // Below the words: an empty line, the list's heading, the table's titles.
    body.saturating_sub(words_height(body) + 3).max(1)
}

/// How many lines say who is right: one less where the list would have none.
fn words_height(body: u16) -> u16 {
    WORDS.min(body.saturating_sub(6)).max(2)
}

/// Draws the screen.
pub fn view(state: &State, frame: &mut Frame, screen: &Comparison) {
    let place = layout::frame(state.size);
    let theme = state.theme;
    let [first, second] = [&screen.first, &screen.second].map(|key| sanitise::line(key.as_str(), 60));
    let room = usize::from(place.status.width).saturating_sub(2);
    let left = wrap::cut(&format!(" {first} against {second}, on the same gaps"), room);
    let sign = if state.is_overdue(screen.waiting_since()) { "loading…" } else { "" };
    chrome::two_sided(frame, place.status, Line::raw(left), Line::styled(sign, theme.style(Role::Warning)));
    let body = Rect { x: place.body.x + 1, width: place.body.width.saturating_sub(2), ..place.body };
    if let Some(error) = &screen.counts.error {
        let reason = sanitise::line(&error.to_string(), 300);
        chrome::instead(
            state,
            frame,
            body,
            format!("They could not be compared: {reason}\n\n{} tries again", state.key(ActionId::Refresh)),
        );
        return;
    }
    let Some(counts) = screen.counts.value else { return };
    if counts.gaps() == 0 {
        let text =
            "No judged gap was predicted by both\n\nA gap is judged by the first decision on it".into();
        chrome::instead(state, frame, body, text);
        return;
    }
    let height = words_height(body.height);
    let (mut lines, _) = wrap::wrap(
        &[(counts.verdict(&first, &second), theme.style(Role::Strong))],
        usize::from(body.width),
        2,
    );
    let says = [
        format!(
            "{} gaps: both right on {}, both wrong on {}; only {first} right on {}, only {second} on {}",
            wrap::grouped(counts.gaps()),
            wrap::grouped(counts.both_right),
            wrap::grouped(counts.both_wrong),
            wrap::grouped(counts.only_first),
            wrap::grouped(counts.only_second)
        ),
        counts.tests(),
    ];
    for text in says {
        lines.extend(wrap::wrap(&[(text, theme.style(Role::Muted))], usize::from(body.width), 3).0);
    }
    lines.truncate(usize::from(height));
    frame.render_widget(Paragraph::new(lines), Rect { height: height.min(body.height), ..body });
    let y = body.y + height + 1;
    let below = Rect { y, height: body.bottom().saturating_sub(y), ..body };
    list(state, frame, below, screen);
}

fn list(state: &State, frame: &mut Frame, area: Rect, screen: &Comparison) {
    let (winner, loser) = screen.sides();
    let [winner, loser] = [winner, loser].map(|key| sanitise::line(key.as_str(), 60));
    let shown = screen.list();
    let title = if shown.is_cut {
        format!(
            "The first {} gaps that only {winner} is right on · `gapdeck compare --list` lists all",
            wrap::grouped(MOST as u64)
        )
    } else {
        format!(
            "Gaps that only {winner} is right on · {} turns to {loser}",
            state.key(ActionId::TurnComparison)
        )
    };
    let inner = chrome::titled(state.theme, frame, area, &title);
    match (&shown.rows.value, &shown.rows.error) {
        (Some(rows), _) if rows.is_empty() => {
            chrome::instead(state, frame, inner, "There is none".into());
        }
        (Some(rows), _) => {
            let columns = columns(state, &winner, &loser);
            table::draw(frame, inner, state.theme, &columns, rows, shown.place);
        }
        (None, Some(error)) => {
            let reason = sanitise::line(&error.to_string(), 200);
            chrome::instead(
                state,
                frame,
                inner,
                format!(
                    "The gaps could not be loaded: {reason} · {} tries again",
                    state.key(ActionId::Refresh)
                ),
            );
        }
        (None, None) => {}
    }
}

fn columns<'a>(state: &'a State, winner: &'a str, loser: &'a str) -> Vec<Column<'a, Difference>> {
    type One = Difference;
    let sure = |guess: &Guess| {
        guess.confidence.map_or_else(|| "–".to_owned(), |confidence| format!("{:.2}", confidence.get()))
    };
    let name = |one: &One| {
        if one.product_name.is_empty() { one.gap.product.to_string() } else { one.product_name.clone() }
    };
    vec![
        Column::text("product", 0, name),
        Column::text("attribute", 44, |one: &One| state.attribute_name(&one.gap.attribute).to_owned()),
        Column::text(winner, 0, |one: &One| one.won.value.clone()),
        Column::figure("sure", 4, WIDE, move |one: &One| sure(&one.won)),
        Column::text(loser, 0, |one: &One| one.lost.value.clone()),
        Column::figure("sure", 4, WIDE, move |one: &One| sure(&one.lost)),
    ]
}

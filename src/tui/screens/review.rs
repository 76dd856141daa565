//! The review screen: the queue and the card of the gap under the cursor.

use super::card_sections::{self, Laid, Setting};
use super::{chrome, queue_view};
use crate::domain::{Count, GapId, QueueFilter, State as GapState, StateFilter, VoteMark};
use crate::repository::RepositoryError;
use crate::sanitise;
use crate::tui::app::State;
use crate::tui::app::action::ActionId;
use crate::tui::app::alike;
use crate::tui::app::msg::Effect;
use crate::tui::layout;
use crate::tui::theme::Role;
use crate::tui::widgets::wrap;
use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, BorderType, Borders, Paragraph};
use std::ops::Range;
use std::sync::Arc;
use std::time::Instant;

/// How many cards after and before the one under the cursor are loaded in advance.
const AFTER: usize = 5;
const BEFORE: usize = 2;

/// What the review screen remembers beside queue and cards.
#[derive(Debug, Clone, Default)]
pub struct Review {
    pub card_focused: bool,
    /// The selected choice.
    pub choice: usize,
    pub reasoning: bool,
    /// The first line of the card shown while it has the keyboard.
    pub scroll: usize,
    /// The card laid out; stays until another one is at hand.
    pub document: Option<Document>,
    /// Since when the card under the cursor is awaited.
    pub waiting_since: Option<Instant>,
    at: Option<GapId>,
}

/// A card laid out.
#[derive(Debug, Clone)]
pub struct Document {
    pub gap: GapId,
    pub title: String,
    pub lines: Vec<Line<'static>>,
    /// Which of the lines are candidates, and the number of the first one there.
    candidates: Range<usize>,
    first: usize,
    /// What it was made from: another setting or card makes it anew.
    setting: Setting,
    card: Arc<super::card::LoadedCard>,
}

/// Brings the screen in step with what the last message changed, and asks for what it needs.
pub fn sync(state: &mut State) -> Vec<Effect> {
    let place = layout::review(state.size, state.split);
    state.queue.keep_in_view(usize::from(place.rows.height));
    let mut effects: Vec<Effect> = state.queue.load_ahead(state.now).into_iter().collect();
    let gap = state.queue.current_gap().cloned();
    if gap != state.review.at {
        state.review.at.clone_from(&gap);
        state.review.choice = 0;
        state.review.scroll = 0;
        state.shown_at = None;
        state.cards.forget_failures();
    }
    let Some(gap) = gap else {
        state.review.document = None;
        state.review.waiting_since = None;
        state.review.card_focused = false;
        return effects;
    };
    let cursor = state.queue.cursor;
    let rows = &state.queue.rows;
    let after = rows.iter().skip(cursor + 1).take(AFTER);
    let before = rows[..cursor].iter().rev().take(BEFORE);
    let wanted = std::iter::once(&gap)
        .chain(after.chain(before).filter(|row| !row.decided_here).map(|row| &row.data.gap));
    effects.extend(state.cards.plan(wanted).map(Effect::LoadCard));
    lay_out(state, &gap, place);
    effects
}

fn lay_out(state: &mut State, gap: &GapId, place: layout::Review) {
    let Some(card) = state.current_card().cloned() else {
        if state.cards.failure(gap).is_some() {
            state.review.document = None;
            state.review.waiting_since = None;
        } else if state.review.waiting_since.is_none() {
            state.review.waiting_since = Some(state.now);
        }
        return;
    };
    state.review.waiting_since = None;
    if state.shown_at.is_none() {
        state.shown_at = Some(state.now);
    }
    let height = usize::from(place.content.height);
    state.review.choice = state.review.choice.min(card.choices.len().saturating_sub(1));
    let setting = Setting {
        theme: state.theme,
        columns: usize::from(place.content.width),
        height: (!state.review.card_focused).then_some(height),
        choice: state.review.choice,
        reasoning: state.review.reasoning,
        keys: Some(&state.keymap.card),
    };
    let same = state
        .review
        .document
        .as_ref()
        .is_some_and(|document| document.setting == setting && Arc::ptr_eq(&document.card, &card));
    if !same {
        let title = sanitise::line(card.card.product.product.display_name(), 400);
        let Laid { lines, candidates, first } = card_sections::lay_out(&card, setting);
        let gap = gap.clone();
        state.review.document = Some(Document { gap, title, lines, candidates, first, setting, card });
    }
    if let Some(document) = &state.review.document {
        let last = document.lines.len().saturating_sub(height);
        state.review.scroll = if state.review.card_focused { state.review.scroll.min(last) } else { 0 };
    }
}

/// Finds the candidate at a position of the card under the cursor.
pub fn candidate_at(state: &State, at: Position) -> Option<usize> {
    let content = layout::review(state.size, state.split).content;
    let document = state.review.document.as_ref()?;
    if !content.contains(at) || state.queue.current_gap() != Some(&document.gap) {
        return None;
    }
    let line = usize::from(at.y - content.y) + state.review.scroll;
    document.candidates.contains(&line).then(|| document.first + line - document.candidates.start)
}

/// Draws the screen's body and status line.
pub fn view(state: &State, frame: &mut Frame) {
    status(state, frame, layout::frame(state.size).status);
    queue_view::view(state, frame);
    card(state, frame);
}

fn status(state: &State, frame: &mut Frame, area: Rect) {
    let theme = state.theme;
    let left = Line::from(vec![Span::raw(" "), Span::raw(filter_words(state, &state.queue.filter))]);
    let mut right = Vec::new();
    let selected = state.queue.selection.len();
    if selected > 0 {
        let words =
            format!("{} selected, {} clears · ", wrap::grouped(selected as u64), state.key(ActionId::Back));
        right.push(Span::styled(words, theme.style(Role::Accent)));
    } else if let Some(words) = alike::words(state) {
        right.push(Span::styled(format!("{words} · "), theme.style(Role::Accent)));
    }
    right.push(Span::styled(format!("by {}", state.queue.sort.label()), theme.style(Role::Muted)));
    match (state.queue.count.value, state.queue.is_stale()) {
        (_, true) if state.is_overdue(state.queue.waiting_since()) => {
            right.push(Span::styled(" · loading…", theme.style(Role::Warning)));
        }
        (_, false) if matches!(state.queue.error(), Some(RepositoryError::Cancelled)) => {
            right.push(Span::styled(" · not loaded", theme.style(Role::Warning)));
        }
        (Some(count), false) => {
            let words = match count {
                Count::Exact(0) => "no match".to_owned(),
                Count::Exact(1) => "1 match".to_owned(),
                many => format!("{} match", chrome::count(many)),
            };
            right.push(Span::styled(format!(" · {words}"), theme.style(Role::Muted)));
        }
        _ => {}
    }
    chrome::two_sided(frame, area, left, Line::from(right));
}

/// Says what a filter lets through.
pub fn filter_words(state: &State, filter: &QueueFilter) -> String {
    let mut words = Vec::new();
    if let Some(set) = &filter.among {
        words.push(sanitise::line(&set.label, 60));
    }
    match filter.state {
        StateFilter::All if filter.among.is_some() => {}
        StateFilter::Open => words.push("open gaps".to_owned()),
        StateFilter::All => words.push("all gaps".to_owned()),
        StateFilter::Decided => words.push("decided gaps".to_owned()),
        StateFilter::Only(GapState::Second) => words.push("gaps for your second opinion".to_owned()),
        StateFilter::Only(only) => words.push(format!("{} gaps", only.label())),
    }
    if let Some(attribute) = &filter.attribute {
        words.push(sanitise::line(state.attribute_name(attribute), 40));
    }
    if let Some(category) = &filter.category {
        words.push(sanitise::line(state.category_name(category), 40));
    }
    if let Some(experiment) = &filter.experiment {
        words.push(sanitise::line(experiment.as_str(), 40));
    }
    match (filter.min_confidence, filter.max_confidence) {
        (None, None) => {}
        (Some(min), None) => words.push(format!("confidence from {:.2}", min.get())),
        (None, Some(max)) => words.push(format!("confidence to {:.2}", max.get())),
        (Some(min), Some(max)) => words.push(format!("confidence {:.2}-{:.2}", min.get(), max.get())),
    }
    if let Some(mark) = filter.vote {
        words.push(match mark {
            VoteMark::Contradicts => "neighbours contradict".into(),
            VoteMark::Split => "neighbours split".into(),
            VoteMark::Agrees => "neighbours agree".into(),
            VoteMark::Silent => "no neighbours' vote".into(),
        });
    }
    if let Some(text) = &filter.text {
        words.push(format!("\"{}\"", sanitise::line(text, 40)));
    }
    words.join(" · ")
}

fn card(state: &State, frame: &mut Frame) {
    let place = layout::review(state.size, state.split);
    let theme = state.theme;
    let focused = state.review.card_focused;
    let gap = state.queue.current_gap();
    let document = state.review.document.as_ref();
    let outdated = document.is_some_and(|document| Some(&document.gap) != gap);
    let border = theme.style(if focused { Role::BorderFocused } else { Role::Border });
    let title = match (document, outdated) {
        (Some(document), false) => document.title.clone(),
        _ => {
            state.queue.current().map_or_else(String::new, |row| sanitise::line(row.data.display_name(), 200))
        }
    };
    let title = wrap::cut(&title, usize::from(place.card.width).saturating_sub(6));
    let sides = if place.is_strip { Borders::TOP } else { Borders::ALL };
    let mut block = Block::new().borders(sides).border_type(BorderType::Rounded).border_style(border);
    if !title.is_empty() {
        block = block.title(Line::styled(format!(" {title} "), theme.style(Role::Strong)));
    }
    if state.is_overdue(state.review.waiting_since) {
        let sign = Line::styled(" loading card… ", theme.style(Role::Warning)).right_aligned();
        block = if place.is_strip { block.title(sign) } else { block.title_bottom(sign) };
    } else if let (Some(document), true) = (document, focused) {
        let height = usize::from(place.content.height);
        if document.lines.len() > height {
            let last = (state.review.scroll + height).min(document.lines.len());
            let text = format!(" {last} of {} lines ", document.lines.len());
            let sign = Line::styled(text, theme.style(Role::Muted)).right_aligned();
            block = if place.is_strip { block.title(sign) } else { block.title_bottom(sign) };
        }
    }
    frame.render_widget(block, place.card);
    let Some(document) = document else {
        no_card(state, frame, place.content);
        return;
    };
    let lines = document.lines.iter().skip(state.review.scroll).take(usize::from(place.content.height));
    for (line, y) in lines.zip(place.content.y..) {
        frame.render_widget(line, Rect { y, height: 1, ..place.content });
    }
    if outdated {
        frame.buffer_mut().set_style(place.content, theme.style(Role::Stale));
    }
}

/// Says why there is no card.
fn no_card(state: &State, frame: &mut Frame, area: Rect) {
    let muted = state.theme.style(Role::Muted);
    let Some(error) = state.queue.current_gap().and_then(|gap| state.cards.failure(gap)) else { return };
    let text = if state.outage.is_some() {
        "This card was not loaded before the connection was lost".to_owned()
    } else {
        format!(
            "The card could not be loaded: {}\n\n{} tries again",
            sanitise::line(&error.to_string(), 300),
            state.key(ActionId::Refresh)
        )
    };
    let (lines, _) = wrap::wrap(&[(text, muted)], usize::from(area.width), usize::from(area.height));
    frame.render_widget(Paragraph::new(lines), area);
}

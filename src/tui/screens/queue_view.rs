//! Draws the list of gaps: beside the card, or as a strip above it.

use super::chrome;
use super::queue::{MOST, Row};
use crate::domain::{State as GapState, VoteMark};
use crate::sanitise;
use crate::tui::app::State;
use crate::tui::app::action::ActionId;
use crate::tui::app::flow::{self, Flow};
use crate::tui::app::unsaved::Phase;
use crate::tui::layout;
use crate::tui::theme::Role;
use crate::tui::widgets::wrap;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, BorderType, Paragraph};

/// Returns a state's glyph and role.
pub fn outcome(state: GapState) -> (&'static str, Role) {
    match state {
        GapState::Open => (" ", Role::Text),
        GapState::Second => ("½", Role::Attention),
        GapState::Disputed => ("⇄", Role::Attention),
        GapState::Accepted => ("✓", Role::Good),
        GapState::Overridden => ("✎", Role::Accent),
        GapState::Rejected => ("✗", Role::Bad),
        GapState::NotApplicable => ("∅", Role::Muted),
        GapState::Deferred => ("»", Role::Attention),
        GapState::Flagged => ("!", Role::Attention),
    }
}

/// Draws the list.
pub fn view(state: &State, frame: &mut Frame) {
    let place = layout::review(state.size, state.split);
    if !place.is_strip {
        let focused = !state.review.card_focused;
        let border = state.theme.style(if focused { Role::BorderFocused } else { Role::Border });
        let title = state.theme.style(if focused { Role::Strong } else { Role::Muted });
        let mut block = Block::bordered()
            .border_type(BorderType::Rounded)
            .border_style(border)
            .title(Line::styled(if state.flow.is_some() { " Flow " } else { " Gaps " }, title));
        if let Some(text) = position(state) {
            block = block.title_bottom(Line::styled(format!(" {text} "), state.theme.style(Role::Muted)));
        }
        frame.render_widget(block, place.list);
    }
    if state.queue.rows.is_empty() {
        nothing(state, frame, place.rows);
        return;
    }
    let rows = state.queue.rows.iter().enumerate().skip(state.queue.offset);
    for (line, (index, row)) in rows.take(usize::from(place.rows.height)).enumerate() {
        let y = place.rows.y + u16::try_from(line).unwrap_or(u16::MAX);
        let area = Rect { y, height: 1, ..place.rows };
        let is_current = index == state.queue.cursor;
        let (line, style) = row_line(state, row, usize::from(area.width), is_current);
        frame.render_widget(line, area);
        frame.buffer_mut().set_style(area, style);
    }
}

/// Says where in the list the cursor is.
fn position(state: &State) -> Option<String> {
    if state.queue.rows.is_empty() {
        return None;
    }
    let at = wrap::grouped(state.queue.cursor as u64 + 1);
    let loaded = state.queue.rows.len();
    if loaded >= MOST && state.queue.cursor + 1 >= loaded {
        return Some(format!("{at} · the list ends here, {} narrows it", state.key(ActionId::Filter)));
    }
    if let Some(flow) = &state.flow {
        let decided = state.queue.rows.iter().filter(|row| row.decided_here).count();
        let held = flow.held();
        return Some(format!("{} decided · {held} held", wrap::grouped(decided as u64)));
    }
    if state.queue.is_worked_off() {
        return Some(format!(
            "all {} decided · {} refreshes",
            wrap::grouped(loaded as u64),
            state.key(ActionId::Refresh)
        ));
    }
    let of = match state.queue.count.value {
        _ if state.queue.is_complete() => wrap::grouped(loaded as u64),
        Some(count) => chrome::count(count),
        None => format!("{}+", wrap::grouped(loaded as u64)),
    };
    Some(format!("{at} of {of}"))
}

fn row_line(state: &State, row: &Row, columns: usize, is_current: bool) -> (Line<'static>, Style) {
    let theme = state.theme;
    let data = &row.data;
    let unsaved = state.unsaved_on(&data.gap);
    let selected = match (is_current, state.review.card_focused) {
        (true, false) => theme.style(Role::Selected),
        (true, true) => theme.style(Role::SelectedElsewhere),
        _ => Style::new(),
    };
    // A reversed row is plain: colours in it would be as loud as they are meaningless.
    let plain = is_current && !state.review.card_focused;
    let style = |role: Role| if plain { Style::new() } else { theme.style(role) };
    let shown = state.state_to_come(&data.gap, data.state);
    // In a list of such gaps, one that waits for an opinion is shown as an open one.
    let is_asked = state.queue.filter.state.asks_for(shown) && !row.decided_here;
    let holder = state.feed.holder(&data.gap, state.now).map(|by| sanitise::line(by.as_str(), 12));
    let (word, word_role) = match unsaved.map(|one| &one.phase) {
        Some(Phase::Kept) if state.outage.is_some() => ("pending".into(), Role::Warning),
        Some(Phase::Keeping | Phase::Kept) if state.is_overdue(unsaved.map(|one| one.since)) => {
            ("saving".into(), Role::Warning)
        }
        Some(Phase::Refused(_)) => ("not saved".into(), Role::Bad),
        Some(Phase::Failed(_)) => ("refused".into(), Role::Bad),
        Some(Phase::Conflict) => ("conflict".into(), Role::Bad),
        _ if shown != GapState::Open && !is_asked => match other(state, row) {
            Some(name) => (name, Role::Attention),
            None => (word(shown, row).to_owned(), outcome(shown).1),
        },
        None if holder.is_some() => (holder.unwrap_or_default(), Role::Attention),
        _ => (String::new(), Role::Muted),
    };
    let (mark, mark_role) =
        if shown == GapState::Open || is_asked { mark(state, row) } else { outcome(shown) };
    let confidence = data.best_confidence.map_or_else(|| "   –".into(), |c| format!("{:.2}", c.get()));
    let settled = shown != GapState::Open && !is_asked || state.queue.is_stale();
    let text_role = if settled { Role::Muted } else { Role::Text };
    // One column stays free at the right.
    let room = columns.saturating_sub(11);
    // The last column names the attribute, or what became of the gap.
    let attribute_columns = if columns >= 38 { (columns / 4).clamp(8, 14) } else { 0 };
    let last = if word.is_empty() && attribute_columns > 0 {
        wrap::cut(&sanitise::line(state.attribute_name(&data.gap.attribute), 60), attribute_columns)
    } else {
        word.clone()
    };
    let last_columns =
        if word.is_empty() { attribute_columns } else { attribute_columns.max(wrap::width(&word)) };
    let name_columns = room.saturating_sub(if last_columns > 0 { last_columns + 2 } else { 0 });
    let mut line = Line::from(vec![
        Span::styled(margin(state, row, is_current), style(Role::Accent)),
        Span::styled(confidence, style(text_role)),
        Span::raw(" "),
        Span::styled(mark, style(mark_role)),
        Span::raw(" "),
        Span::styled(wrap::pad(&sanitise::line(data.display_name(), 200), name_columns), style(text_role)),
    ]);
    if last_columns > 0 {
        let role = if word.is_empty() { Role::Muted } else { word_role };
        line.push_span(Span::styled(format!("  {}", wrap::pad(&last, last_columns)), style(role)));
    }
    (line, selected)
}

/// Marks the row under the cursor, and those selected.
fn margin(state: &State, row: &Row, is_current: bool) -> &'static str {
    match (state.queue.selection.contains(&row.data.gap), is_current) {
        (false, false) => "   ",
        (false, true) => " ▌ ",
        (true, false) => "+  ",
        (true, true) => "+▌ ",
    }
}

/// Says in a word what became of a gap.
fn word(shown: GapState, row: &Row) -> &'static str {
    match shown {
        GapState::Second if row.data.first_by.is_some() => "yours, 1 of 2",
        GapState::Second => "1 of 2",
        other => other.label(),
    }
}

/// Returns who decided a gap, if it was somebody else.
fn other(state: &State, row: &Row) -> Option<String> {
    let by = row.data.decided_by.as_ref().filter(|by| **by != state.identity.reviewer)?;
    Some(sanitise::line(by.as_str(), 12))
}

/// Tells what the neighbours say of the best candidate: as on the card, if it is at hand, otherwise as last counted.
fn mark(state: &State, row: &Row) -> (&'static str, Role) {
    if state.cards.is_blind(&row.data.gap) {
        return vote_mark(VoteMark::Silent);
    }
    let on_card = state.cards.get(&row.data.gap).map(|card| card.best_mark());
    vote_mark(on_card.or(row.data.vote).unwrap_or(VoteMark::Silent))
}

/// Returns a vote's glyph and role.
pub fn vote_mark(mark: VoteMark) -> (&'static str, Role) {
    let role = match mark {
        VoteMark::Contradicts => Role::Warning,
        VoteMark::Split => Role::Muted,
        VoteMark::Agrees => Role::Good,
        VoteMark::Silent => Role::Text,
    };
    (mark.glyph(), role)
}

/// Says why the list is empty, and what to do.
fn nothing(state: &State, frame: &mut Frame, area: Rect) {
    let queue = &state.queue;
    if let Some(flow) = &state.flow {
        return nothing_claimed(state, flow, frame, area);
    }
    let muted = state.theme.style(Role::Muted);
    let [again, filter, clear, undo] =
        [ActionId::Refresh, ActionId::Filter, ActionId::ClearFilter, ActionId::Undo].map(|id| state.key(id));
    let text = if let Some(error) = queue.error() {
        format!(
            "The queue could not be loaded: {}\n\n{again} tries again",
            sanitise::line(&error.to_string(), 300)
        )
    } else if !queue.is_loaded() {
        if !state.is_overdue(queue.waiting_since()) {
            return;
        }
        "loading the queue…".into()
    } else if state.facets.value.as_ref().is_some_and(|facets| facets.attributes.is_empty()) {
        "The database holds no gaps yet\n\n`gapdeck import` reads a catalogue, `gapdeck demo` makes one"
            .into()
    } else if queue.filter == crate::domain::QueueFilter::default() {
        let today = state.figures.value.map_or(0, |figures| figures.today);
        format!(
            "No open gaps\n\nYou decided {} today\n\n{filter} shows others, {undo} takes back",
            wrap::grouped(today)
        )
    } else {
        format!("Nothing matches the filter\n\n{clear} clears it, {filter} changes it")
    };
    say(frame, area, text, muted);
}

/// Says why the flow has no gap to show.
fn nothing_claimed(state: &State, flow: &Flow, frame: &mut Frame, area: Rect) {
    let text = if flow.is_exhausted {
        let nothing = flow::nothing_left(state).unwrap_or_else(|| "Nothing is left to claim".into());
        format!(
            "{}\n\n{} ends the flow, {} changes the filter",
            nothing.replace(" · ", "\n\n"),
            state.key(ActionId::Flow),
            state.key(ActionId::Filter)
        )
    } else if state.is_overdue(flow.waiting_since()) {
        "claiming gaps…".into()
    } else {
        return;
    };
    say(frame, area, text, state.theme.style(Role::Muted));
}

fn say(frame: &mut Frame, area: Rect, text: String, style: Style) {
    let area = Rect { x: area.x + 1.min(area.width), width: area.width.saturating_sub(2), ..area };
    let height = usize::from(area.height);
    let (lines, _) = wrap::wrap(&[(text, style)], usize::from(area.width), height);
    frame.render_widget(Paragraph::new(lines), area);
}

//! What lies on top of a screen and has the keyboard while it is there.

mod activity_filter;
mod bulk;
mod comment;
mod confirm;
mod filter;
mod form;
mod help;
mod log;
mod name_view;
mod notice;
mod outbox;
mod override_editor;
mod palette;
mod suggestions;
mod take_back;
mod unseen;
mod views;

pub use activity_filter::ActivityFilter;
pub use bulk::Bulk;
pub use comment::Comment;
pub use confirm::{Confirm, name_of};
pub use filter::Filter;
pub use help::Help;
pub use log::Log;
pub use name_view::NameView;
pub use notice::Notice;
pub use outbox::Outbox;
pub use override_editor::OverrideEditor;
pub use palette::Palette;
pub use take_back::TakeBack;
pub use unseen::Unseen;
pub use views::Views;

use super::app::keymap::Key;
use super::app::msg::Effect;
use super::app::state::State;
use super::layout;
use super::theme::{Role, Theme};
use super::widgets::picker::Picker;
use super::widgets::text_input::TextInput;
use super::widgets::wrap;
use crossterm::event::KeyCode;
use ratatui::Frame;
use ratatui::layout::{Position, Rect, Size};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, BorderType, Clear};

/// The overlay that is open.
#[derive(Debug, Clone)]
pub enum Overlay {
    ActivityFilter(Box<ActivityFilter>),
    Bulk(Box<Bulk>),
    Comment(Comment),
    Confirm(Confirm),
    Filter(Box<Filter>),
    Help(Help),
    Notice(Notice),
    Outbox(Outbox),
    Override(Box<OverrideEditor>),
    Palette(Palette),
    TakeBack(Box<TakeBack>),
    Unseen(Box<Unseen>),
    Log(Log),
    NameView(NameView),
    Views(Box<Views>),
}

impl Overlay {
    /// Takes a key. The overlay was taken out of the state; it puts itself back unless the key closes it.
    pub fn key(self, state: &mut State, key: Key) -> Vec<Effect> {
        match self {
            Self::ActivityFilter(form) => form.key(state, key),
            Self::Bulk(question) => question.key(state, key),
            Self::Comment(comment) => comment.key(state, key),
            Self::Confirm(confirm) => confirm.key(state, key),
            Self::Filter(filter) => filter.key(state, key),
            Self::Help(help) => help.key(state, key),
            Self::Notice(notice) => notice.key(state, key),
            Self::Outbox(outbox) => outbox.key(state, key),
            Self::Override(editor) => editor.key(state, key),
            Self::Palette(palette) => palette.key(state, key),
            Self::TakeBack(question) => question.key(state, key),
            Self::Unseen(unseen) => unseen.key(state, key),
            Self::Log(log) => log.key(state, key),
            Self::NameView(question) => question.key(state, key),
            Self::Views(list) => list.key(state, key),
        }
    }

    /// Tells whether text can be typed into it.
    pub fn takes_text(&self) -> bool {
        !matches!(
            self,
            Self::Bulk(_)
                | Self::Confirm(_)
                | Self::Log(_)
                | Self::Outbox(_)
                | Self::TakeBack(_)
                | Self::Unseen(_)
        )
    }

    /// Takes pasted text; as [`Self::key`].
    pub fn paste(self, state: &mut State, text: &str) -> Vec<Effect> {
        match self {
            Self::ActivityFilter(form) => form.paste(state, text),
            Self::Comment(comment) => comment.paste(state, text),
            Self::Filter(filter) => filter.paste(state, text),
            Self::Help(help) => help.paste(state, text),
            Self::Override(editor) => editor.paste(state, text),
            Self::Palette(palette) => palette.paste(state, text),
            Self::NameView(question) => question.paste(state, text),
            Self::Views(list) => list.paste(state, text),
            other @ (Self::Bulk(_)
            | Self::Confirm(_)
            | Self::Notice(_)
            | Self::Log(_)
            | Self::Outbox(_)
            | Self::TakeBack(_)
            | Self::Unseen(_)) => {
                state.overlay = Some(other);
                Vec::new()
            }
        }
    }

    /// Draws the overlay.
    pub fn view(&self, state: &State, frame: &mut Frame) {
        match self {
            Self::ActivityFilter(form) => form.view(state, frame),
            Self::Bulk(question) => question.view(state, frame),
            Self::Comment(comment) => comment.view(state, frame),
            Self::Confirm(confirm) => confirm.view(state, frame),
            Self::Filter(filter) => filter.view(state, frame),
            Self::Help(help) => help.view(state, frame),
            Self::Notice(notice) => notice.view(state, frame),
            Self::Outbox(outbox) => outbox.view(state, frame),
            Self::Override(editor) => editor.view(state, frame),
            Self::Palette(palette) => palette.view(state, frame),
            Self::TakeBack(question) => question.view(state, frame),
            Self::Unseen(unseen) => unseen.view(state, frame),
            Self::Log(log) => log.view(state, frame),
            Self::NameView(question) => question.view(state, frame),
            Self::Views(list) => list.view(state, frame),
        }
    }
}

/// What of an overlay the pointer can be on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// A row of its list, of those that match.
    Row(usize),
    /// A field of a form.
    Field(usize),
}

impl Overlay {
    /// Finds what is under the pointer.
    pub fn hit(&self, state: &State, at: Position) -> Option<Part> {
        match self {
            Self::ActivityFilter(form) => form.hit(state, at),
            Self::Filter(form) => form.hit(state, at),
            Self::Outbox(outbox) => outbox.hit(state, at).map(Part::Row),
            Self::Override(editor) => editor.hit(state, at).map(Part::Row),
            Self::Palette(palette) => palette.hit(state, at).map(Part::Row),
            Self::Views(list) => list.hit(state, at).map(Part::Row),
            _ => None,
        }
    }

    /// Selects what is under the pointer.
    pub fn select(&mut self, state: &State, part: Part) {
        match (self, part) {
            (Self::ActivityFilter(form), part) => form.select(state, part),
            (Self::Filter(form), part) => form.select(state, part),
            (Self::Outbox(outbox), Part::Row(row)) => outbox.select(row),
            (Self::Override(editor), Part::Row(row)) => editor.select(row),
            (Self::Palette(palette), Part::Row(row)) => palette.select(row),
            (Self::Views(list), Part::Row(row)) => list.select(row),
            _ => {}
        }
    }

    /// Goes so many lines on, as the wheel does; questions stay as they are.
    pub fn wheel(mut self, state: &mut State, lines: isize) -> Vec<Effect> {
        match &mut self {
            Self::ActivityFilter(form) => form.wheel(lines),
            Self::Filter(form) => form.wheel(lines),
            Self::Help(_)
            | Self::Log(_)
            | Self::Notice(_)
            | Self::Outbox(_)
            | Self::Override(_)
            | Self::Palette(_)
            | Self::Views(_) => {
                let key = Key::plain(if lines < 0 { KeyCode::Up } else { KeyCode::Down });
                let mut effects = self.key(state, key);
                for _ in 1..lines.unsigned_abs() {
                    effects.extend(state.overlay.take().map(|open| open.key(state, key)).unwrap_or_default());
                }
                return effects;
            }
            _ => {}
        }
        state.overlay = Some(self);
        Vec::new()
    }
}

/// Returns where a box in the middle of the screen's body is.
fn box_of(size: Size, width: u16, height: u16) -> Rect {
    let screen = layout::frame(size);
    layout::centred(Rect { height: screen.body.height + 1, ..screen.body }, width, height + 2)
}

/// Returns the room in a box.
fn room_in(area: Rect) -> Rect {
    let inner = layout::inside(area);
    Rect { x: inner.x + 1.min(inner.width), width: inner.width.saturating_sub(2), ..inner }
}

/// Returns the room in the box that [`dialog`] draws.
pub fn room(size: Size, width: u16, height: u16) -> Rect {
    room_in(box_of(size, width, height))
}

/// Takes everything away that is drawn in an area.
pub fn clear(frame: &mut Frame, area: Rect) {
    frame.render_widget(Clear, area);
    // A wide character that the left border cuts in half would cover it.
    if let Some(x) = area.x.checked_sub(1) {
        for y in area.top()..area.bottom() {
            if let Some(cell) =
                frame.buffer_mut().cell_mut((x, y)).filter(|cell| wrap::width(cell.symbol()) > 1)
            {
                cell.set_symbol(" ");
            }
        }
    }
}

/// Draws an empty box in the middle of the screen's body; returns the room in it.
pub fn dialog(state: &State, frame: &mut Frame, title: &str, width: u16, height: u16) -> Rect {
    let area = box_of(state.size, width, height).intersection(frame.area());
    clear(frame, area);
    let title = wrap::cut(title, usize::from(area.width).saturating_sub(6));
    let block = Block::bordered()
        .border_type(BorderType::Rounded)
        .border_style(state.theme.style(Role::BorderFocused))
        .title(Line::styled(format!(" {title} "), state.theme.style(Role::Strong)));
    frame.render_widget(block, area);
    room_in(area)
}

/// Draws lines one below the other, as many as fit.
pub fn draw_lines(frame: &mut Frame, area: Rect, lines: impl IntoIterator<Item = Line<'static>>) {
    for (line, y) in lines.into_iter().zip(area.top()..area.bottom()) {
        frame.render_widget(line, Rect { y, height: 1, ..area });
    }
}

/// Draws an input with its cursor.
pub fn draw_input(frame: &mut Frame, area: Rect, prompt: Line<'static>, input: &TextInput, theme: Theme) {
    if area.is_empty() {
        return;
    }
    let used = u16::try_from(prompt.width()).unwrap_or(0).min(area.width);
    frame.render_widget(prompt, area);
    let room = Rect { x: area.x + used, width: area.width - used, height: 1, ..area };
    let (shown, column) = input.visible(usize::from(room.width));
    frame.render_widget(Line::styled(shown, theme.style(Role::Text)), room);
    let x =
        room.x.saturating_add(u16::try_from(column).unwrap_or(u16::MAX)).min(area.right().saturating_sub(1));
    frame.set_cursor_position(Position { x, y: area.y });
}

/// Draws a picker's rows, or what to say where nothing matches.
pub fn draw_picker(state: &State, frame: &mut Frame, area: Rect, picker: &Picker, nothing: &str) {
    let theme = state.theme;
    if picker.matches() == 0 {
        let nothing = wrap::cut(nothing, usize::from(area.width).saturating_sub(3));
        draw_lines(frame, area, [Line::styled(format!("   {nothing}"), theme.style(Role::Muted))]);
        return;
    }
    let rows = picker.lines(theme, usize::from(area.width), usize::from(area.height));
    for ((line, style), y) in rows.into_iter().zip(area.top()..area.bottom()) {
        let row = Rect { y, height: 1, ..area };
        frame.render_widget(line, row);
        frame.buffer_mut().set_style(row, style);
    }
}

/// Columns between two keys.
const BETWEEN: usize = 3;

fn width_of((key, word): &(&str, &str)) -> usize {
    wrap::width(key) + 1 + wrap::width(word)
}

fn line_of(theme: Theme, keys: &[(&str, &str)]) -> Line<'static> {
    let mut line = Line::default();
    for (key, word) in keys {
        line.push_span(Span::styled((*key).to_owned(), theme.style(Role::Key)));
        line.push_span(Span::styled(format!(" {word}{}", " ".repeat(BETWEEN)), theme.style(Role::Muted)));
    }
    line
}

/// Makes a line of keys and what they do.
///
/// What does not fit is left out, the last first; never the way out.
pub fn keys_line(theme: Theme, columns: u16, keys: &[(&str, &str)]) -> Line<'static> {
    let mut room = usize::from(columns) + BETWEEN;
    let out = keys.iter().position(|(key, _)| *key == "Esc");
    room = room.saturating_sub(out.map_or(0, |at| width_of(&keys[at]) + BETWEEN));
    let mut fitting = Vec::new();
    let mut is_full = false;
    for (at, key) in keys.iter().enumerate() {
        if Some(at) != out {
            let wide = width_of(key) + BETWEEN;
            is_full |= wide > room;
            if is_full {
                continue;
            }
            room -= wide;
        }
        fitting.push(*key);
    }
    line_of(theme, &fitting)
}

/// Draws keys and what they do at the bottom of a question, in two lines where one is too short: the empty line above them
/// is the second.
pub fn draw_keys(frame: &mut Frame, area: Rect, theme: Theme, keys: &[(&str, &str)]) {
    let columns = usize::from(area.width) + BETWEEN;
    let mut used = 0;
    let fits = |key: &&(&str, &str)| {
        used += width_of(key) + BETWEEN;
        used <= columns
    };
    let first = keys.iter().take_while(fits).count().max(1).min(keys.len());
    let (above, below) = keys.split_at(first);
    let mut lines = vec![line_of(theme, above)];
    if !below.is_empty() {
        lines.push(keys_line(theme, area.width, below));
    }
    let height = u16::try_from(lines.len()).unwrap_or(u16::MAX).min(area.height);
    draw_lines(frame, Rect { y: area.bottom() - height, height, ..area }, lines);
}

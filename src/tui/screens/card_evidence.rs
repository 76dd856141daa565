//! The lower part of the review card: what speaks for or against a candidate.

use super::card::LoadedCard;
use super::card_sections::{FAR, Section, Setting, indented};
use crate::domain::{Choice, Event, KnownValue, Neighbour, RichText, normalised};
use crate::evidence::finding::spans;
use crate::sanitise;
use crate::tui::theme::{Role, Theme};
use crate::tui::widgets::wrap::{self, Piece};
use ratatui::text::{Line, Span};
use std::ops::Range;

/// Finds where a text has a choice's value, in its words or others that mean the same.
pub fn mentions(text: &str, choice: &Choice, card: &LoadedCard) -> Vec<Range<usize>> {
    spans(text, &choice.value, &card.card.attribute).into_iter().map(|span| span.range).collect()
}

/// How many columns a neighbour's value takes.
fn neighbour_value_columns(setting: Setting) -> usize {
    (setting.columns / 3).clamp(10, 36)
}

/// The column in which a neighbour's values start.
fn neighbour_value_start(setting: Setting) -> usize {
    setting.columns.saturating_sub(neighbour_value_columns(setting))
}

/// Draws the rule above the neighbours, its titles above their columns.
pub(super) fn neighbour_heading(setting: Setting, title: &str, attribute: &str) -> Line<'static> {
    let border = setting.theme.style(Role::Border);
    let muted = setting.theme.style(Role::Muted);
    let start = neighbour_value_start(setting);
    let similarity = if setting.columns >= 56 { " similarity " } else { "" };
    let left = wrap::width(title) + 4;
    let rule = start.saturating_sub(left + wrap::width(similarity) + 3);
    let attribute = wrap::cut(attribute, setting.columns.saturating_sub(start + 3));
    let used = start + wrap::width(&attribute) + 1;
    Line::from(vec![
        Span::styled("── ", border),
        Span::styled(title.to_owned(), muted),
        Span::styled(format!(" {}", "─".repeat(rule)), border),
        Span::styled(similarity, muted),
        Span::styled("── ", border),
        Span::styled(attribute, muted),
        Span::styled(format!(" {}", "─".repeat(setting.columns.saturating_sub(used))), border),
    ])
}

pub(super) fn neighbour_lines(
    neighbours: &[Neighbour],
    selected: Option<&Choice>,
    setting: Setting,
) -> Vec<Line<'static>> {
    let wanted = selected.map(|choice| normalised(&choice.value));
    neighbours.iter().map(|neighbour| neighbour_line(neighbour, wanted.as_deref(), setting)).collect()
}

/// Draws a neighbour: name, similarity, its values for the attribute, those equal to the selected choice marked.
fn neighbour_line(neighbour: &Neighbour, wanted: Option<&str>, setting: Setting) -> Line<'static> {
    let theme = setting.theme;
    let columns = neighbour_value_columns(setting);
    let name_columns = neighbour_value_start(setting).saturating_sub(4 + 2 + 4 + 4);
    let agrees =
        wanted.is_some_and(|wanted| neighbour.values.iter().any(|value| normalised(value) == *wanted));
    let values: Vec<String> = neighbour.values.iter().map(|value| sanitise::value(value, 80)).collect();
    let (values, role) = match (values.is_empty(), agrees) {
        (true, _) => ("–".to_owned(), Role::Muted),
        (false, true) => (values.join("; "), Role::Good),
        (false, false) => (values.join("; "), Role::Text),
    };
    Line::from(vec![
        Span::raw("    "),
        Span::raw(wrap::pad(&sanitise::line(neighbour.display_name(), 200), name_columns)),
        Span::styled(format!("  {:>4.2}  ", neighbour.similarity), theme.style(Role::Muted)),
        Span::styled(if agrees { "✓ " } else { "  " }, theme.style(Role::Good)),
        Span::styled(wrap::cut(&values, columns), theme.style(role)),
    ])
}

/// Lays known values out, one behind the other.
pub fn known_lines(known: &[KnownValue], setting: Setting) -> Vec<Line<'static>> {
    let muted = setting.theme.style(Role::Muted);
    let mut pieces: Vec<Piece> = Vec::new();
    for value in known {
        if !pieces.is_empty() {
            pieces.push((" · ".into(), muted));
        }
        pieces.push((format!("{} ", sanitise::line(&value.label, 40)), muted));
        let unit = value.unit.as_deref().map(|unit| format!(" {}", sanitise::line(unit, 16)));
        let unit = unit.filter(|unit| !value.value.ends_with(unit.trim_start()));
        let text = format!("{}{}", sanitise::value(&value.value, 200), unit.unwrap_or_default());
        pieces.push((text, setting.theme.style(Role::Text)));
    }
    let (lines, _) = wrap::wrap(&pieces, setting.columns.saturating_sub(4), FAR);
    lines.into_iter().map(|line| indented(line, 4)).collect()
}

pub(super) fn text_sections(card: &LoadedCard, setting: Setting) -> Vec<Section> {
    let texts: Vec<&RichText> =
        card.card.product.texts.iter().filter(|text| !text.content.trim().is_empty()).collect();
    let choice = card.choices.get(setting.choice);
    let found =
        |text: &RichText| choice.map(|choice| mentions(&text.content, choice, card)).unwrap_or_default();
    if setting.height.is_none() {
        return texts.into_iter().map(|text| text_section(text, &found(text), 0, FAR, setting)).collect();
    }
    // Little room: one text, from where it mentions the value.
    let mentioning = texts.iter().map(|text| (*text, found(text))).find(|(_, found)| !found.is_empty());
    let (text, found) = match (mentioning, texts.first()) {
        (Some(both), _) => both,
        (None, Some(text)) => (*text, Vec::new()),
        (None, None) => return Vec::new(),
    };
    let from = found.first().map_or(0, |first| excerpt_start(&text.content, first.start, setting.columns));
    let most = setting.height.unwrap_or(FAR).min(60);
    vec![text_section(text, &found, from, most, setting)]
}

/// Finds where an excerpt starts: at the line's start where that is near, else a few words before the mention.
fn excerpt_start(text: &str, mention: usize, columns: usize) -> usize {
    let head = &text[..mention];
    let line = head.rfind('\n').map_or(0, |index| index + 1);
    if mention - line <= columns {
        return line;
    }
    let near = head.char_indices().rev().take(columns.saturating_sub(8)).last().map_or(0, |(index, _)| index);
    head[near..].find(' ').map_or(near, |space| near + space + 1)
}

fn text_section(
    text: &RichText,
    found: &[Range<usize>],
    from: usize,
    most: usize,
    setting: Setting,
) -> Section {
    let cut = if text.truncated { ", cut" } else { "" };
    let right = match found.len() {
        0 => String::new(),
        1 => "mentioned once".into(),
        n => format!("mentioned {n} times"),
    };
    let pieces = marked(&text.content, found, from, most * setting.columns * 2, setting.theme);
    let (lines, _) = wrap::wrap(&pieces, setting.columns.saturating_sub(4), most);
    Section {
        title: format!("{}{cut}", wrap::capitalised(&sanitise::line(&text.source, 40))),
        right,
        values_of: None,
        lines: lines.into_iter().map(|line| indented(line, 4)).collect(),
        least: 2,
        counted: false,
    }
}

/// Cuts a text into pieces, the mentions among them in their own style.
pub fn marked(content: &str, found: &[Range<usize>], from: usize, limit: usize, theme: Theme) -> Vec<Piece> {
    let plain = theme.style(Role::Text);
    let mut pieces: Vec<Piece> = Vec::new();
    if from > 0 {
        pieces.push(("…".into(), theme.style(Role::Muted)));
    }
    let mut at = from;
    for range in found.iter().filter(|range| range.start >= from) {
        if range.start - from > limit.saturating_mul(4) {
            break;
        }
        pieces.push((sanitise::lines(&content[at..range.start], limit), plain));
        pieces.push((sanitise::line(&content[range.clone()], 400), theme.style(Role::Mention)));
        at = range.end;
    }
    pieces.push((sanitise::lines(content[at..].trim_end(), limit), plain));
    pieces
}

pub(super) fn history_lines(history: &[Event], setting: Setting) -> Vec<Line<'static>> {
    let theme = setting.theme;
    history
        .iter()
        .rev()
        .take(20)
        .map(|event| {
            let decision = &event.decision;
            let value = decision.value.as_ref().map(|value| format!(" \"{}\"", sanitise::value(value, 40)));
            let comment =
                decision.comment.as_ref().map(|comment| format!(" · {}", sanitise::line(comment, 200)));
            let undone = if event.undone_by.is_some() { " · undone" } else { "" };
            let text = format!(
                "    {}  {} {}{}{undone}{}",
                event.recorded_at.format("%Y-%m-%d %H:%M"),
                sanitise::line(decision.reviewer.as_str(), 24),
                decision.action.as_str().replace('_', " "),
                value.unwrap_or_default(),
                comment.unwrap_or_default(),
            );
            Line::styled(wrap::cut(&text, setting.columns), theme.style(Role::Muted))
        })
        .collect()
}

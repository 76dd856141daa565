//! The evidence line: what the product's own texts say of the selected candidate, before a model's words.

use super::card::LoadedCard;
use super::card_sections::Setting;
use crate::evidence::finding::{Finding, Kind, Place};
use crate::sanitise;
use crate::tui::theme::Role;
use crate::tui::widgets::wrap;
use ratatui::text::{Line, Span};

/// Says where the selected candidate's value stands in the product's texts, and whether its variants have it.
pub(super) fn finding_line(card: &LoadedCard, setting: Setting) -> Option<Line<'static>> {
    let evidence = card.evidence.get(setting.choice)?;
    let (glyph, role, words, place) = match &evidence.finding {
        Finding::Found { kind, place } => {
            let how = match kind {
                Kind::Verbatim => "",
                Kind::Synonym => "by a synonym ",
                Kind::Converted => "converted ",
            };
            let glyph = if *kind == Kind::Verbatim { "✓" } else { "≈" };
            (glyph, Role::Good, format!("{how}in {}", text_name(card, place)), Some(place))
        }
        Finding::Partly { found, of, place } => {
            ("~", Role::Warning, format!("{found} of {of} found, in {}", text_name(card, place)), Some(place))
        }
        Finding::Contradicted { place, .. } => {
            ("≠", Role::Warning, format!("not found, another in {}", text_name(card, place)), Some(place))
        }
        Finding::Missing => {
            let product = &card.card.product;
            let has_texts = product.texts.iter().any(|text| !text.content.trim().is_empty());
            let has_name = product.product.name.as_deref().is_some_and(|name| !name.trim().is_empty());
            let words = match (has_name, has_texts) {
                (true, true) => "not found in name or texts",
                (true, false) => "not found in the name, there are no texts",
                (false, true) => "not found in the texts",
                (false, false) => return None,
            };
            ("–", Role::Muted, words.to_owned(), None)
        }
    };
    let theme = setting.theme;
    let muted = theme.style(Role::Muted);
    let (agree, of) = evidence.siblings;
    let related = match of {
        0 => String::new(),
        1 => format!("  its variant has {}", if agree == 1 { "it" } else { "another" }),
        _ => format!("  {agree} of {of} variants have it"),
    };
    let head = format!("    {glyph} {words}{}", if place.is_some() { ": " } else { "" });
    let mut line = Line::from(Span::styled(wrap::cut(&head, setting.columns), theme.style(role)));
    let mut room = setting.columns.saturating_sub(line.width());
    let least = if place.is_some() { 20 } else { 0 };
    let related = if wrap::width(&related) + least <= room { related } else { String::new() };
    room -= wrap::width(&related).min(room);
    if let Some((text, place)) = place.and_then(|place| Some((text_of(card, place)?, place))) {
        line.spans.extend(excerpt(text, place, room, setting));
    }
    if !related.is_empty() {
        let role = if agree == 0 { Role::Warning } else { Role::Muted };
        line.push_span(Span::styled(related, if agree < of { theme.style(role) } else { muted }));
    }
    Some(line)
}

/// Says why taking the selected candidate needs a second key.
pub(super) fn objection_line(card: &LoadedCard, setting: Setting) -> Option<Line<'static>> {
    let reason = card.evidence.get(setting.choice)?.objection.as_deref()?;
    let text = format!("    ! {}", sanitise::line(reason, 300));
    Some(Line::styled(wrap::cut(&text, setting.columns), setting.theme.style(Role::Warning)))
}

fn text_name(card: &LoadedCard, place: &Place) -> String {
    match place.text.checked_sub(1).and_then(|index| card.card.product.texts.get(index)) {
        Some(text) => sanitise::line(&text.source, 24),
        None => "the name".into(),
    }
}

fn text_of<'c>(card: &'c LoadedCard, place: &Place) -> Option<&'c str> {
    let product = &card.card.product;
    match place.text.checked_sub(1) {
        Some(index) => product.texts.get(index).map(|text| text.content.as_str()),
        None => product.product.name.as_deref(),
    }
}

/// Cuts a text to the words around a place, the place itself marked.
fn excerpt(text: &str, place: &Place, room: usize, setting: Setting) -> Vec<Span<'static>> {
    let Some(inside) = text.get(place.range.clone()) else { return Vec::new() };
    let (before, after) = (&text[..place.range.start], &text[place.range.end..]);
    let from = before.char_indices().rev().take(200).last().map_or(0, |(at, _)| at);
    let inside = wrap::cut(&sanitise::line(inside, 80), room);
    let left = room - wrap::width(&inside).min(room);
    let plain = |text: &str| sanitise::line(&folded(text), 200);
    let before = tail(&plain(&before[from..]), left / 2);
    let after = wrap::cut(plain(after).trim_end(), left - wrap::width(&before).min(left));
    let muted = setting.theme.style(Role::Muted);
    vec![
        Span::styled(before, muted),
        Span::styled(inside, setting.theme.style(Role::Mention)),
        Span::styled(after, muted),
    ]
}

/// Returns the beginning of a text with runs of white space as one space.
fn folded(text: &str) -> String {
    let mut folded = String::new();
    for c in text.chars().take(400) {
        match c.is_whitespace() {
            true if folded.ends_with(' ') => {}
            true => folded.push(' '),
            false => folded.push(c),
        }
    }
    folded
}

/// Returns the end of a text, at most so many columns, with `…` in front where it was cut.
fn tail(text: &str, columns: usize) -> String {
    if wrap::width(text) <= columns {
        return text.to_owned();
    }
    let fits = |from: &usize| wrap::width(&text[*from..]) < columns;
    let from = text.char_indices().rev().map(|(at, _)| at).take_while(fits).last().unwrap_or(text.len());
    if columns == 0 { String::new() } else { format!("…{}", &text[from..]) }
}

//! The review card as lines of text: what stands in it, and what gives way where there is little room.

use super::card::LoadedCard;
use super::queue_view::outcome;
use crate::domain::{
    AllowedValues, Attribute, Choice, DataType, Event, KnownValue, Neighbour, RichText, State as GapState,
    normalised,
};
use crate::evidence;
use crate::tui::sanitise;
use crate::tui::theme::{Role, Theme};
use crate::tui::widgets::wrap::{self, Piece};
use ratatui::text::{Line, Span};
use std::ops::Range;

/// How a card is to be laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Setting {
    pub theme: Theme,
    pub columns: usize,
    /// Lines there are; `None` lays everything out, to be scrolled.
    pub height: Option<usize>,
    /// The selected choice.
    pub choice: usize,
    /// Whether the reasoning is unfolded.
    pub reasoning: bool,
    /// Whether the hint to the reasoning's key is of use.
    pub key_hints: bool,
}

/// The most lines a section of unbounded text takes when everything is laid out.
const FAR: usize = 4_000;

/// Lays a card out.
pub fn lines(card: &LoadedCard, setting: Setting) -> Vec<Line<'static>> {
    let roomy = setting.height.is_none_or(|height| height >= 24);
    let mut out = vec![subtitle(card, setting)];
    if roomy {
        out.push(Line::default());
    }
    out.push(attribute_line(card, setting));
    let left = setting.height.map(|height| height.saturating_sub(out.len()));
    out.extend(choice_lines(card, setting, left));
    out.extend(name_mention(card, setting));
    let left = setting.height.map(|height| height.saturating_sub(out.len()));
    out.extend(reasoning_lines(card, setting, left));
    let mut sections = sections(card, setting);
    let left = setting.height.map(|height| height.saturating_sub(out.len()));
    fit(&mut sections, left, roomy);
    for section in sections {
        if roomy {
            out.push(Line::default());
        }
        out.push(match &section.values_of {
            Some(attribute) => neighbour_heading(setting, &section.title, attribute),
            None => heading(setting, &section.title, &section.right),
        });
        out.extend(section.lines);
    }
    if let Some(height) = setting.height {
        out.truncate(height);
    }
    out
}

/// A heading with lines below; gives lines up where there is no room.
struct Section {
    title: String,
    right: String,
    /// The name of the attribute, where the lines are neighbours with their values.
    values_of: Option<String>,
    lines: Vec<Line<'static>>,
    /// The least number of lines with which it is worth its heading.
    least: usize,
    /// Whether the heading tells how many there are in all.
    counted: bool,
}

/// Shares the lines out: first the least each section needs, in order, then the rest in turn.
fn fit(sections: &mut Vec<Section>, room: Option<usize>, roomy: bool) {
    sections.retain(|section| !section.lines.is_empty());
    let Some(mut room) = room else { return };
    let overhead = if roomy { 2 } else { 1 };
    let mut given: Vec<usize> = Vec::new();
    for section in sections.iter() {
        let least = section.least.min(section.lines.len());
        let fits = room >= overhead + 1;
        let lines = if fits { least.min(room - overhead) } else { 0 };
        room -= if fits { overhead + lines } else { 0 };
        given.push(lines);
    }
    while room > 0 {
        let wanting: Vec<usize> = (0..sections.len())
            .filter(|&index| given[index] > 0 && given[index] < sections[index].lines.len())
            .collect();
        if wanting.is_empty() {
            break;
        }
        for index in wanting {
            if room > 0 {
                given[index] += 1;
                room -= 1;
            }
        }
    }
    for (section, &lines) in sections.iter_mut().zip(&given) {
        if section.counted && lines < section.lines.len() {
            section.title = format!("{} {lines} of {}", section.title, section.lines.len());
        }
        section.lines.truncate(lines);
    }
    sections.retain(|section| !section.lines.is_empty());
}

/// Draws a rule with a title at the left and column titles at the right.
pub fn heading(setting: Setting, title: &str, right: &str) -> Line<'static> {
    let border = setting.theme.style(Role::Border);
    let muted = setting.theme.style(Role::Muted);
    let right = if right.is_empty() { String::new() } else { format!(" {right} ") };
    let title = wrap::cut(title, setting.columns.saturating_sub(wrap::width(&right) + 6));
    let used = wrap::width(&title) + wrap::width(&right) + 6;
    Line::from(vec![
        Span::styled("── ", border),
        Span::styled(title, muted),
        Span::styled(format!(" {}", "─".repeat(setting.columns.saturating_sub(used))), border),
        Span::styled(right, muted),
        Span::styled("──", border),
    ])
}

fn spread(setting: Setting, left: Vec<Span<'static>>, right: Vec<Span<'static>>) -> Line<'static> {
    let mut line = Line::from(left);
    let right = Line::from(right);
    let gap = setting.columns.saturating_sub(line.width() + right.width());
    if gap >= 2 {
        line.push_span(Span::raw(" ".repeat(gap)));
        line.spans.extend(right.spans);
    }
    line
}

fn subtitle(card: &LoadedCard, setting: Setting) -> Line<'static> {
    let product = &card.card.product;
    let muted = setting.theme.style(Role::Muted);
    let categories: Vec<String> =
        product.categories.iter().map(|category| sanitise::line(category.display_name(), 60)).collect();
    let categories = if categories.is_empty() { "no category".to_owned() } else { categories.join(", ") };
    let known =
        product.known.iter().map(|value| &value.attribute_key).collect::<std::collections::HashSet<_>>();
    let gaps = product.gaps.iter().filter(|row| !row.state.is_settled()).count();
    let known = format!("{} of {} known", known.len(), known.len() + gaps);
    let code = product.product.code_type.as_deref().map(|code| sanitise::line(code, 16));
    let key = sanitise::line(product.product.key.as_str(), 40);
    let code = code.map_or_else(|| key.clone(), |code| format!("{code} {key}"));
    let both = format!("{code} · {known}");
    let fits = |right: &str| wrap::width(&categories) + wrap::width(right) + 2 <= setting.columns;
    let right = if fits(&both) { both } else { known };
    let room = setting.columns.saturating_sub(wrap::width(&right) + 2);
    spread(
        setting,
        vec![Span::raw(wrap::cut(&categories, room.max(setting.columns / 2)))],
        vec![Span::styled(right, muted)],
    )
}

/// Says what kind of value the attribute takes.
pub fn attribute_kind(attribute: &Attribute, allowed: &AllowedValues) -> String {
    let mut kind = match (attribute.data_type, allowed.total) {
        (DataType::Number, _) => match &attribute.unit {
            Some(unit) => format!("number in {}", sanitise::line(unit, 16)),
            None => "number".into(),
        },
        (DataType::Boolean, _) => "yes or no".into(),
        (DataType::Choice, 0) => "choice".into(),
        (DataType::Text, 0) => "text".into(),
        (DataType::Choice, total) => format!("one of {}", wrap::grouped(total as u64)),
        (DataType::Text, total) => format!("text, {} known values", wrap::grouped(total as u64)),
    };
    if attribute.multi_valued {
        kind.push_str(", several");
    }
    kind
}

fn attribute_line(card: &LoadedCard, setting: Setting) -> Line<'static> {
    let theme = setting.theme;
    let attribute = &card.card.attribute;
    let name = wrap::cut(&sanitise::line(attribute.display_name(), 80), setting.columns / 2);
    let left = vec![
        Span::styled(name, theme.style(Role::Accent)),
        Span::raw("  "),
        Span::styled(attribute_kind(attribute, &card.card.allowed), theme.style(Role::Muted)),
    ];
    let row = &card.card.row;
    let right = if row.state == GapState::Open {
        agreement(card, theme)
    } else {
        let (glyph, role) = outcome(row.state);
        let by = row.decided_by.as_ref().map(|by| format!(" by {}", sanitise::line(by.as_str(), 24)));
        let value = row.decided_value.as_ref().map(|value| format!(" \"{}\"", sanitise::line(value, 24)));
        let text =
            format!("{glyph} {}{}{}", row.state.label(), value.unwrap_or_default(), by.unwrap_or_default());
        vec![Span::styled(text, theme.style(role))]
    };
    spread(setting, left, right)
}

fn agreement(card: &LoadedCard, theme: Theme) -> Vec<Span<'static>> {
    let sources = card.card.candidates.len();
    match card.choices.len() {
        0 => Vec::new(),
        1 if sources > 1 => vec![Span::styled(format!("✓ {sources} sources agree"), theme.style(Role::Good))],
        1 => vec![Span::styled("one source", theme.style(Role::Muted))],
        values => {
            let text = format!("≠ {values} values from {sources} sources");
            vec![Span::styled(text, theme.style(Role::Warning))]
        }
    }
}

fn choice_lines(card: &LoadedCard, setting: Setting, left: Option<usize>) -> Vec<Line<'static>> {
    let theme = setting.theme;
    if card.choices.is_empty() {
        let text = "    nothing was predicted · o gives a value";
        return vec![Line::styled(wrap::cut(text, setting.columns), theme.style(Role::Muted))];
    }
    // Leave room for other evidence: half of the lines, at least one, with the selected choice among them.
    let most = left.map_or(card.choices.len(), |left| (left / 2).max(1)).min(card.choices.len());
    let from = (setting.choice + 1).saturating_sub(most);
    let longest =
        card.choices.iter().map(|choice| wrap::width(&sanitise::line(&choice.value, 200))).max().unwrap_or(0);
    let bar = if setting.columns >= 64 { 11 } else { 0 };
    let value_columns = longest.min(setting.columns.saturating_sub(12 + bar) * 6 / 10).max(8);
    let mut lines: Vec<Line<'static>> = card.choices[from..from + most]
        .iter()
        .enumerate()
        .map(|(index, choice)| choice_line(choice, from + index, setting, value_columns, bar > 0))
        .collect();
    let hidden = card.choices.len() - most;
    if hidden > 0 && lines.len() > 1 {
        lines.pop();
        let text = format!("    and {} more · l selects the next", hidden + 1);
        lines.push(Line::styled(wrap::cut(&text, setting.columns), theme.style(Role::Muted)));
    }
    lines
}

fn choice_line(choice: &Choice, index: usize, setting: Setting, columns: usize, bar: bool) -> Line<'static> {
    let theme = setting.theme;
    let selected = index == setting.choice;
    let number = if index < 9 { (index + 1).to_string() } else { " ".into() };
    let value = wrap::pad(&shown_value(&choice.value, 200), columns);
    let mut line = Line::from(vec![
        Span::styled(if selected { " ▌" } else { "  " }, theme.style(Role::Accent)),
        Span::styled(number, theme.style(Role::Key)),
        Span::raw("  "),
        Span::styled(value, theme.style(if selected { Role::Strong } else { Role::Text })),
        Span::raw("  "),
    ]);
    if let Some(confidence) = choice.confidence {
        line.push_span(Span::raw(format!("{:.2}", confidence.get())));
        if bar {
            line.push_span(Span::raw(" "));
            line.spans.extend(confidence_bar(confidence.get(), theme));
        }
    } else {
        line.push_span(Span::styled("   –", theme.style(Role::Muted)));
        if bar {
            line.push_span(Span::raw(" ".repeat(9)));
        }
    }
    let room = setting.columns.saturating_sub(line.width() + 2);
    if room >= 6 {
        let sources: Vec<String> =
            choice.candidates.iter().map(|candidate| sanitise::line(candidate.source.key(), 60)).collect();
        let sources = if wrap::width(&sources.join(", ")) > room && sources.len() > 1 {
            format!("{} sources", sources.len())
        } else {
            sources.join(", ")
        };
        line.push_span(Span::styled(format!("  {}", wrap::cut(&sources, room)), theme.style(Role::Muted)));
    }
    line
}

/// Returns a value as a reader can tell it from nothing: an empty one is shown as such, outer spaces are visible.
pub fn shown_value(value: &str, limit: usize) -> String {
    if value.trim().is_empty() {
        return "(empty)".into();
    }
    let clean = sanitise::line(value, limit);
    let inner = clean.trim();
    let lead = clean.len() - clean.trim_start().len();
    let trail = clean.len() - clean.trim_end().len();
    format!("{}{inner}{}", "␣".repeat(lead.min(4)), "␣".repeat(trail.min(4)))
}

/// Draws a confidence as a bar of eight cells.
fn confidence_bar(confidence: f64, theme: Theme) -> Vec<Span<'static>> {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a confidence is in 0..=1")]
    let filled = (confidence * 8.0).round() as usize;
    vec![
        Span::styled("━".repeat(filled), theme.style(Role::BorderFocused)),
        Span::styled("─".repeat(8 - filled), theme.style(Role::Border)),
    ]
}

fn name_mention(card: &LoadedCard, setting: Setting) -> Option<Line<'static>> {
    let choice = card.choices.get(setting.choice)?;
    let name = card.card.product.product.name.as_deref()?;
    let name: String = name.chars().take(400).collect();
    let found = mentions(&name, choice, card);
    let first = found.first()?;
    let muted = setting.theme.style(Role::Muted);
    let (before, inside, after) = (&name[..first.start], &name[first.clone()], &name[first.end..]);
    let inside = sanitise::line(inside, 80);
    let room = setting.columns.saturating_sub(wrap::width(&inside) + 26);
    let before = tail(&sanitise::line(before, 400), room / 2);
    let after = wrap::cut(&sanitise::line(after, 400), room - wrap::width(&before).min(room));
    Some(Line::from(vec![
        Span::styled("    in the name: ", muted),
        Span::styled(before, muted),
        Span::styled(inside, setting.theme.style(Role::Mention)),
        Span::styled(after, muted),
    ]))
}

/// Returns the end of a text, at most so many columns, with `…` in front where it was cut.
fn tail(text: &str, columns: usize) -> String {
    if wrap::width(text) <= columns {
        return text.to_owned();
    }
    let mut from = text.len();
    for (index, c) in text.char_indices().rev() {
        if wrap::width(&text[index..]) + 1 > columns {
            break;
        }
        from = index;
        let _ = c;
    }
    format!("…{}", &text[from..])
}

/// Finds where a text mentions a choice's value; of several values (`"A; B"`) each, where they do not stand together.
pub fn mentions(text: &str, choice: &Choice, card: &LoadedCard) -> Vec<Range<usize>> {
    let unit = card.card.attribute.unit.as_deref();
    let ranges = |value: &str| evidence::mentions(text, value, unit).into_iter().map(|mention| mention.range);
    let mut found: Vec<Range<usize>> = ranges(&choice.value).collect();
    if card.card.attribute.multi_valued && found.is_empty() {
        found.extend(choice.value.split(';').flat_map(ranges));
        found.sort_by_key(|range| range.start);
        found.dedup_by(|next, before| next.start < before.end);
    }
    found
}

fn reasoning_lines(card: &LoadedCard, setting: Setting, left: Option<usize>) -> Vec<Line<'static>> {
    let theme = setting.theme;
    let muted = theme.style(Role::Muted);
    let Some(choice) = card.choices.get(setting.choice) else { return Vec::new() };
    let reasons: Vec<(&str, &str)> = choice
        .candidates
        .iter()
        .filter_map(|candidate| Some((candidate.source.key(), candidate.reasoning.as_deref()?)))
        .filter(|(_, reason)| !reason.trim().is_empty())
        .collect();
    let Some((_, first)) = reasons.first() else { return Vec::new() };
    if !setting.reasoning {
        let hint = if setting.key_hints && setting.columns >= 40 { "  e reasoning" } else { "" };
        let room = setting.columns.saturating_sub(4 + wrap::width(hint));
        let text = wrap::pad(&sanitise::line(first.trim(), 300).replace('↵', " "), room);
        return vec![Line::from(vec![
            Span::raw("    "),
            Span::styled(text, muted),
            Span::styled(hint, muted),
        ])];
    }
    let most = left.map_or(FAR, |left| (left * 2 / 3).max(1));
    let mut lines = Vec::new();
    for (source, reason) in reasons {
        let source = sanitise::line(source, 60);
        let pieces = [
            (format!("{source}: "), muted),
            (sanitise::lines(reason.trim(), 8_000), theme.style(Role::Text)),
        ];
        let (wrapped, _) = wrap::wrap(&pieces, setting.columns.saturating_sub(4), most);
        lines.extend(wrapped.into_iter().map(|line| indented(line, 4)));
    }
    lines.truncate(most);
    lines
}

fn indented(mut line: Line<'static>, columns: usize) -> Line<'static> {
    line.spans.insert(0, Span::raw(" ".repeat(columns)));
    line
}

fn sections(card: &LoadedCard, setting: Setting) -> Vec<Section> {
    let attribute = sanitise::line(card.card.attribute.display_name(), 40);
    let selected = card.choices.get(setting.choice);
    let mut sections = vec![
        Section {
            title: "Nearest".into(),
            right: String::new(),
            values_of: None,
            lines: neighbour_lines(&card.card.product.neighbours, selected, setting),
            least: 3,
            counted: true,
        },
        Section {
            title: "Known".into(),
            right: String::new(),
            values_of: None,
            lines: known_lines(&card.card.product.known, setting),
            least: 2,
            counted: false,
        },
    ];
    sections[0].values_of = Some(attribute);
    if sections[0].lines.is_empty() {
        sections[0]
            .lines
            .push(Line::styled("    none: the product has no embedding", setting.theme.style(Role::Muted)));
    }
    if sections[1].lines.is_empty() {
        sections[1].lines.push(Line::styled("    nothing", setting.theme.style(Role::Muted)));
    }
    sections.extend(text_sections(card, setting));
    sections.push(Section {
        title: "Decisions".into(),
        right: String::new(),
        values_of: None,
        lines: history_lines(&card.card.history, setting),
        least: 1,
        counted: true,
    });
    sections
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
fn neighbour_heading(setting: Setting, title: &str, attribute: &str) -> Line<'static> {
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

fn neighbour_lines(
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
    let values: Vec<String> = neighbour.values.iter().map(|value| shown_value(value, 80)).collect();
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
        let text = format!("{}{}", shown_value(&value.value, 200), unit.unwrap_or_default());
        pieces.push((text, setting.theme.style(Role::Text)));
    }
    let (lines, _) = wrap::wrap(&pieces, setting.columns.saturating_sub(4), FAR);
    lines.into_iter().map(|line| indented(line, 4)).collect()
}

fn text_sections(card: &LoadedCard, setting: Setting) -> Vec<Section> {
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
        title: format!("{}{cut}", capitalised(&sanitise::line(&text.source, 40))),
        right,
        values_of: None,
        lines: lines.into_iter().map(|line| indented(line, 4)).collect(),
        least: 2,
        counted: false,
    }
}

/// Returns the text with its first letter in upper case.
pub fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
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

fn history_lines(history: &[Event], setting: Setting) -> Vec<Line<'static>> {
    let theme = setting.theme;
    history
        .iter()
        .rev()
        .take(20)
        .map(|event| {
            let decision = &event.decision;
            let value = decision.value.as_ref().map(|value| format!(" \"{}\"", shown_value(value, 40)));
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

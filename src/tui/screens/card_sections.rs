//! The review card as lines of text: what stands in it, and what gives way where there is little room.

use super::card::LoadedCard;
use super::card_choices::{attribute_line, choice_lines, opinion_lines, reasoning_lines, vote_line};
use super::card_evidence::{history_lines, known_lines, neighbour_heading, neighbour_lines, text_sections};
use super::card_finding::{finding_line, objection_line};
use super::card_record::record_line;
use crate::sanitise;
use crate::tui::app::bindings::CardKeys;
use crate::tui::theme::{Role, Theme};
use crate::tui::widgets::wrap;
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
    /// The keys to name, where they work.
    pub keys: Option<&'static CardKeys>,
}

/// The most lines a section of unbounded text takes when everything is laid out.
pub(super) const FAR: usize = 4_000;

/// A card as lines.
#[derive(Debug, Clone)]
pub struct Laid {
    pub lines: Vec<Line<'static>>,
    /// Which of the lines are candidates, and the number of the first one there.
    pub candidates: Range<usize>,
    pub first: usize,
}

/// Lays a card out.
pub fn lay_out(card: &LoadedCard, setting: Setting) -> Laid {
    let roomy = setting.height.is_none_or(|height| height >= 24);
    let mut out = vec![subtitle(card, setting)];
    if roomy {
        out.push(Line::default());
    }
    out.push(attribute_line(card, setting));
    out.extend(opinion_lines(card, setting));
    let left = setting.height.map(|height| height.saturating_sub(out.len()));
    let top = out.len();
    let (choices, first, count) = choice_lines(card, setting, left);
    out.extend(choices);
    out.extend(objection_line(card, setting));
    out.extend(finding_line(card, setting));
    out.extend(record_line(card, setting));
    if setting.height.is_none_or(|height| height >= 10) {
        out.extend(vote_line(card, setting));
    }
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
    Laid { lines: out, candidates: top..top + count, first }
}

/// A heading with lines below; gives lines up where there is no room.
pub(super) struct Section {
    pub title: String,
    pub right: String,
    /// The name of the attribute, where the lines are neighbours with their values.
    pub values_of: Option<String>,
    pub lines: Vec<Line<'static>>,
    /// The least number of lines with which it is worth its heading.
    pub least: usize,
    /// Whether the heading tells how many there are in all.
    pub counted: bool,
}

/// Shares the lines out: first the least each section needs, in order, then the rest in turn.
fn fit(sections: &mut Vec<Section>, room: Option<usize>, roomy: bool) {
    sections.retain(|section| !section.lines.is_empty());
    let Some(mut room) = room else { return };
    let overhead = if roomy { 2 } else { 1 };
    let mut given: Vec<usize> = Vec::new();
    for section in sections.iter() {
        let least = section.least.min(section.lines.len());
        let fits = room > overhead;
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

/// Puts two texts at the two ends of a line; the right one gives way.
pub(super) fn spread(setting: Setting, left: Vec<Span<'static>>, right: Vec<Span<'static>>) -> Line<'static> {
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

/// Moves a line to the right.
pub(super) fn indented(mut line: Line<'static>, columns: usize) -> Line<'static> {
    line.spans.insert(0, Span::raw(" ".repeat(columns)));
    line
}

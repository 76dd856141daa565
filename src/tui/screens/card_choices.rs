//! The upper part of the review card: what is asked, what is proposed, and why.

use super::activity_detail::{act, glyph};
use super::card::LoadedCard;
use super::card_sections::{FAR, Setting, indented, spread};
use super::queue_view::{outcome, vote_mark};
use crate::domain::{
    Action, AllowedValues, Attribute, Choice, DataType, Event, Stage, State as GapState, VoteMark,
};
use crate::evidence::worth;
use crate::sanitise;
use crate::tui::theme::{Role, Theme};
use crate::tui::widgets::wrap;
use ratatui::text::{Line, Span};

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

pub(super) fn attribute_line(card: &LoadedCard, setting: Setting) -> Line<'static> {
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
        agreement(card, theme, setting.columns.saturating_sub(Line::from(left.clone()).width() + 2))
    } else if row.state.needs_opinion() {
        let (glyph, role) = outcome(row.state);
        let words = match (row.state, &row.first_by) {
            (GapState::Disputed, _) => "two reviewers differ",
            (_, Some(_)) => "yours is the first of two",
            (_, None) => "yours is the second opinion",
        };
        vec![Span::styled(format!("{glyph} {words}"), theme.style(role))]
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

/// Shows the opinions on a gap on which two reviewers differ, or the reader's own to which another one is awaited.
pub(super) fn opinion_lines(card: &LoadedCard, setting: Setting) -> Vec<Line<'static>> {
    let theme = setting.theme;
    let opinions = match Stage::of(&card.card.history) {
        Stage::Disputed(opinions) => opinions,
        Stage::Second(first) if first.decision.action != Action::Opinion => vec![first],
        _ => Vec::new(),
    };
    let name = |event: &Event| sanitise::line(event.decision.reviewer.as_str(), 24);
    let names = opinions.iter().map(|event| wrap::width(&name(event))).max().unwrap_or(0);
    let line = |event: &&Event| {
        let decision = &event.decision;
        let (sign, role) = glyph(decision.action);
        let why = decision.comment.as_ref().map(|comment| format!("{} · ", sanitise::line(comment, 200)));
        let when = event.recorded_at.format("%Y-%m-%d %H:%M");
        let mut line = Line::from(vec![
            Span::raw(format!("    {}  ", wrap::pad(&name(event), names))),
            Span::styled(
                format!("{sign} {}", act(decision.action, decision.value.as_deref())),
                theme.style(role),
            ),
        ]);
        let room = setting.columns.saturating_sub(line.width() + 2);
        let rest = wrap::cut(&format!("{}{when}", why.unwrap_or_default()), room);
        if room >= 10 {
            line.push_span(Span::styled(format!("  {rest}"), theme.style(Role::Muted)));
        }
        line
    };
    opinions.iter().map(line).collect()
}

/// Says how far the sources agree and, where there is room, what their order is learned from.
fn agreement(card: &LoadedCard, theme: Theme, room: usize) -> Vec<Span<'static>> {
    let mut spans = sources(card, theme);
    if let Some(judged) = card.learned_from.filter(|_| card.choices.len() > 1) {
        let text = format!(" · ranked by {} judged", wrap::grouped(judged));
        if Line::from(spans.clone()).width() + wrap::width(&text) <= room {
            spans.push(Span::styled(text, theme.style(Role::Muted)));
        }
    }
    spans
}

fn sources(card: &LoadedCard, theme: Theme) -> Vec<Span<'static>> {
    let sources = card.card.candidates.len();
    match card.choices.iter().filter(|choice| !choice.candidates.is_empty()).count() {
        0 if card.choices.is_empty() => Vec::new(),
        0 => vec![Span::styled("nothing was predicted", theme.style(Role::Muted))],
        1 if sources > 1 => vec![Span::styled(format!("{sources} sources agree"), theme.style(Role::Good))],
        1 => vec![Span::styled("one source", theme.style(Role::Muted))],
        values => {
            let text = format!("{values} values from {sources} sources");
            vec![Span::styled(text, theme.style(Role::Warning))]
        }
    }
}

/// Shows the candidates; returns the lines, the number of the first candidate among them, and how many of the lines are one.
pub(super) fn choice_lines(
    card: &LoadedCard,
    setting: Setting,
    left: Option<usize>,
) -> (Vec<Line<'static>>, usize, usize) {
    let theme = setting.theme;
    if card.choices.is_empty() {
        let why = if card.is_veiled { "predictions show after your choice" } else { "nothing was predicted" };
        let key =
            setting.keys.map_or_else(String::new, |keys| format!(" · {} gives a value", keys.other_value));
        let text = format!("    {why}{key}");
        let line = Line::styled(wrap::cut(&text, setting.columns), theme.style(Role::Muted));
        return (vec![line], 0, 0);
    }
    // Leave room for other evidence: half of the lines, at least one, with the selected choice among them.
    let listed = card.listed(setting.choice);
    let most = left.map_or(listed, |left| (left / 2).max(1)).min(listed);
    let from = (setting.choice + 1).saturating_sub(most);
    let longest =
        card.choices.iter().map(|choice| wrap::width(&sanitise::line(&choice.value, 200))).max().unwrap_or(0);
    let bar = if setting.columns >= 64 { 11 } else { 0 };
    let value_columns = longest.min(setting.columns.saturating_sub(12 + bar) * 6 / 10).max(8);
    let mut lines: Vec<Line<'static>> = card.choices[from..from + most]
        .iter()
        .enumerate()
        .map(|(index, choice)| choice_line(card, choice, from + index, setting, value_columns, bar > 0))
        .collect();
    let hidden = listed - most;
    let mut count = lines.len();
    if hidden > 0 && lines.len() > 1 {
        lines.pop();
        count -= 1;
        let key = setting.keys.map_or_else(String::new, |keys| format!(" · {} selects the next", keys.next));
        let text = format!("    and {} more{key}", hidden + 1);
        lines.push(Line::styled(wrap::cut(&text, setting.columns), theme.style(Role::Muted)));
    }
    lines.extend(fold_line(card, card.choices.len() - listed, setting));
    (lines, from, count)
}

/// Says how many candidates are folded, and with what right.
fn fold_line(card: &LoadedCard, folded: usize, setting: Setting) -> Option<Line<'static>> {
    let cut = card.card.cut.as_ref().filter(|_| folded > 0)?;
    let next = setting.keys.map_or("", |keys| keys.next.as_str());
    let unfolds = if next.is_empty() { String::new() } else { format!(" · {next} unfolds") };
    let long = format!("    {folded} more folded: right is one above in 90 %, n = {}{unfolds}", cut.decided);
    let short = format!("    {folded} more folded (90 %){}", unfolds.trim_end_matches(" unfolds"));
    let text = if wrap::width(&long) <= setting.columns { long } else { short };
    Some(Line::styled(wrap::cut(&text, setting.columns), setting.theme.style(Role::Muted)))
}

fn choice_line(
    card: &LoadedCard,
    choice: &Choice,
    index: usize,
    setting: Setting,
    columns: usize,
    bar: bool,
) -> Line<'static> {
    let theme = setting.theme;
    let selected = index == setting.choice;
    let number = if index < 9 { (index + 1).to_string() } else { " ".into() };
    let value = wrap::pad(&sanitise::value(&choice.value, 200), columns);
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
    if let Some(backing) = choice.backing {
        let (glyph, role) = vote_mark(card.mark(&choice.value));
        let text = format!("  {glyph} {:>3.0} %", backing.share * 100.0);
        if line.width() + 8 <= setting.columns {
            line.push_span(Span::styled(text, theme.style(role)));
        }
    }
    let room = setting.columns.saturating_sub(line.width() + 2);
    if room >= 6 {
        let mut sources: Vec<String> =
            choice.candidates.iter().map(|candidate| sanitise::line(candidate.source.key(), 60)).collect();
        if sources.is_empty() {
            let by_category = choice.common.filter(|_| !choice.is_from_neighbours());
            let category = by_category.map(|share| format!("{:.0} % of the category", share * 100.0));
            sources.push(category.unwrap_or_else(|| "neighbours".into()));
        }
        let sources = if wrap::width(&sources.join(", ")) > room && sources.len() > 1 {
            format!("{} sources", sources.len())
        } else {
            sources.join(", ")
        };
        line.push_span(Span::styled(format!("  {}", wrap::cut(&sources, room)), theme.style(Role::Muted)));
    }
    line
}

/// Says what the neighbours say, and how far that is to be trusted.
pub(super) fn vote_line(card: &LoadedCard, setting: Setting) -> Option<Line<'static>> {
    let muted = setting.theme.style(Role::Muted);
    let worth = card.card.worth.as_ref();
    let quality = worth.and_then(|worth| {
        let (accuracy, interval) = (worth::accuracy(worth)?, worth::interval(worth)?);
        Some(format!("right {:.0} % [{}], n = {}", accuracy * 100.0, interval.percent(), worth.voted))
    });
    let Some(vote) = &card.vote else {
        let silent = worth.is_some_and(|worth| !worth::speaks(worth));
        let text =
            format!("    neighbours' vote left out: {} for this attribute", quality.filter(|_| silent)?);
        return Some(Line::styled(wrap::cut(&text, setting.columns), muted));
    };
    let choice = card.choices.get(setting.choice)?;
    let mark = card.mark(&choice.value);
    let verdict = match mark {
        VoteMark::Agrees => "neighbours agree",
        VoteMark::Contradicts => "neighbours contradict",
        VoteMark::Split => "neighbours are split",
        VoteMark::Silent => return None,
    };
    let first = vote.shares.first()?;
    let (glyph, role) = vote_mark(mark);
    let said = format!(": {} of {} say {}", first.count, vote.voters, sanitise::value(&first.value, 40));
    let quality = quality.unwrap_or_else(|| "not measured yet".into());
    let verdict = format!("    {glyph} {verdict}");
    let room = setting.columns.saturating_sub(wrap::width(&verdict));
    let quality = format!(" · {quality}");
    let fits = wrap::width(&said) + wrap::width(&quality) <= room;
    Some(Line::from(vec![
        Span::styled(wrap::cut(&verdict, setting.columns), setting.theme.style(role)),
        Span::styled(wrap::cut(&said, room), muted),
        Span::styled(if fits { quality } else { String::new() }, muted),
    ]))
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

pub(super) fn reasoning_lines(
    card: &LoadedCard,
    setting: Setting,
    left: Option<usize>,
) -> Vec<Line<'static>> {
    let theme = setting.theme;
    let muted = theme.style(Role::Muted);
    let Some(choice) = card.choices.get(setting.choice) else { return Vec::new() };
    let reasons: Vec<(&str, &str)> = choice
        .candidates
        .iter()
        .filter_map(|candidate| Some((candidate.source.key(), candidate.reasoning.as_deref()?)))
        .filter(|(_, reason)| !reason.trim().is_empty())
        .collect();
    if reasons.is_empty() {
        return Vec::new();
    }
    // Folded: explanations alone raise the acceptance of wrong values (arXiv 2102.09692, 2509.08514).
    if !setting.reasoning {
        let Some(keys) = setting.keys.filter(|_| left.is_none_or(|left| left >= 12)) else {
            return Vec::new();
        };
        return vec![Line::styled(
            wrap::cut(&format!("    {} shows the reasoning", keys.reasoning), setting.columns),
            muted,
        )];
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

//! A product's texts in full width, the mentions of the selected candidate marked.

use super::card::LoadedCard;
use super::card_evidence::{marked, mentions};
use super::card_sections::{Setting, heading};
use crate::domain::RichText;
use crate::sanitise;
use crate::tui::app::State;
use crate::tui::app::navigate::Motion;
use crate::tui::layout;
use crate::tui::theme::{Role, Theme};
use crate::tui::widgets::wrap;
use ratatui::Frame;
use ratatui::layout::{Rect, Size};
use ratatui::text::Line;
use std::ops::Range;

/// The most lines shown.
const FAR: usize = 10_000;

/// Texts being read.
#[derive(Debug, Clone)]
pub struct Texts {
    title: String,
    sources: Vec<(RichText, Vec<Range<usize>>)>,
    scroll: usize,
    lines: Vec<Line<'static>>,
    laid_out: Option<(usize, Theme)>,
}

impl Texts {
    /// The texts of a gap's product, with the mentions of a choice.
    pub fn of_card(card: &LoadedCard, choice: usize) -> Self {
        let choice = card.choices.get(choice);
        let found = |text: &RichText| choice.map(|choice| mentions(&text.content, choice, card));
        let texts = card.card.product.texts.iter();
        let texts = texts.map(|text| (text.clone(), found(text).unwrap_or_default())).collect();
        Self::of(sanitise::line(card.card.product.product.display_name(), 200), texts)
    }

    /// The texts of a product.
    pub fn of_product(title: String, texts: &[RichText]) -> Self {
        Self::of(title, texts.iter().map(|text| (text.clone(), Vec::new())).collect())
    }

    fn of(title: String, sources: Vec<(RichText, Vec<Range<usize>>)>) -> Self {
        Self { title, sources, scroll: 0, lines: Vec::new(), laid_out: None }
    }

    /// Scrolls.
    pub fn motion(&mut self, motion: Motion, size: Size) {
        let height = usize::from(layout::frame(size).body.height);
        self.scroll = motion.apply(self.scroll, (self.lines.len() + 1).saturating_sub(height), height);
    }

    /// Lays the texts out for the size.
    pub fn sync(&mut self, size: Size, theme: Theme) {
        let body = layout::frame(size).body;
        let columns = usize::from(body.width).saturating_sub(4).min(120);
        if self.laid_out != Some((columns, theme)) {
            let setting = Setting { theme, columns, height: None, choice: 0, reasoning: false, keys: None };
            self.lines = self.sources.iter().flat_map(|(text, found)| lines(text, found, setting)).collect();
            self.lines.truncate(FAR);
            self.laid_out = Some((columns, theme));
        }
        self.scroll = self.scroll.min(self.lines.len().saturating_sub(usize::from(body.height)));
    }
}

fn lines(text: &RichText, found: &[Range<usize>], setting: Setting) -> Vec<Line<'static>> {
    let mentioned = match found.len() {
        0 => String::new(),
        1 => "mentioned once".into(),
        n => format!("mentioned {n} times"),
    };
    let cut = if text.truncated { ", cut" } else { "" };
    let source = wrap::capitalised(&sanitise::line(&text.source, 40));
    let mut lines = vec![heading(setting, &format!("{source}{cut}"), &mentioned)];
    let pieces = marked(&text.content, found, 0, 20_000, setting.theme);
    lines.extend(wrap::wrap(&pieces, setting.columns, FAR).0);
    lines.push(Line::default());
    lines
}

/// Draws the screen.
pub fn view(state: &State, frame: &mut Frame, texts: &Texts) {
    let place = layout::frame(state.size);
    let title = wrap::cut(&texts.title, usize::from(place.status.width).saturating_sub(2));
    let position = format!("{} lines", texts.lines.len());
    super::chrome::two_sided(
        frame,
        place.status,
        Line::styled(format!(" {title}"), state.theme.style(Role::Strong)),
        Line::styled(position, state.theme.style(Role::Muted)),
    );
    let body = Rect { x: place.body.x + 2, width: place.body.width.saturating_sub(4), ..place.body };
    if texts.lines.is_empty() {
        frame.render_widget(Line::styled("The product has no texts", state.theme.style(Role::Muted)), body);
        return;
    }
    let shown = texts.lines.iter().skip(texts.scroll).take(usize::from(body.height));
    for (line, y) in shown.zip(body.y..) {
        frame.render_widget(line, Rect { y, height: 1, ..body });
    }
}

//! A product with a list beside it: what the product screen and the walk share.

use super::card_sections::{Setting, heading};
use crate::domain::{AttributeKey, ProductCard, ProductKey};
use crate::repository::RepositoryError;
use crate::sanitise;
use crate::tui::app::State;
use crate::tui::app::action::ActionId;
use crate::tui::app::navigate::Motion;
use crate::tui::layout;
use crate::tui::theme::{Role, Theme};
use crate::tui::widgets::wrap;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, BorderType, Borders, Paragraph};

/// The most lines of a product's document.
const FAR: usize = 8_000;

/// A product on the screen.
#[derive(Debug, Clone)]
pub struct Pane {
    pub product: ProductKey,
    /// The product's name as far as it is known, sanitised.
    pub name: String,
    /// The attribute whose values the neighbours are shown with.
    pub attribute: Option<AttributeKey>,
    pub card: Option<Box<ProductCard>>,
    pub error: Option<RepositoryError>,
    /// The row under the cursor in the list.
    pub cursor: usize,
    offset: usize,
    scroll: usize,
    /// Whether the document has the keyboard, not the list.
    pub document_focused: bool,
    document: Vec<Line<'static>>,
    laid_out: Option<(usize, Theme)>,
}

impl Pane {
    /// A product that is still to be loaded.
    pub fn new(product: ProductKey, name: &str, attribute: Option<AttributeKey>) -> Self {
        Self {
            name: sanitise::line(name, 200),
            product,
            attribute,
            card: None,
            error: None,
            cursor: 0,
            offset: 0,
            scroll: 0,
            document_focused: false,
            document: Vec::new(),
            laid_out: None,
        }
    }

    /// Takes the answer to the request for this product; tells whether it was for it.
    pub fn arrive(&mut self, result: Result<Option<Box<ProductCard>>, RepositoryError>) -> bool {
        match result {
            Ok(Some(card)) if card.product.key != self.product => return false,
            Ok(Some(card)) => {
                self.name = sanitise::line(card.product.display_name(), 200);
                self.card = Some(card);
                self.error = None;
                self.laid_out = None;
            }
            Ok(None) => {
                let key = self.product.to_string();
                self.error = Some(RepositoryError::NotFound { what: "product", key });
            }
            // What is loaded can be read while the database is out of reach.
            Err(RepositoryError::Unavailable(_) | RepositoryError::Cancelled) if self.card.is_some() => {}
            Err(error) => self.error = Some(error),
        }
        true
    }

    /// Returns the first row shown.
    pub fn offset(&self) -> usize {
        self.offset
    }

    /// Moves within the list of `rows`, or within the document.
    pub fn motion(&mut self, motion: Motion, rows: usize, place: layout::Review) {
        if self.document_focused {
            let height = usize::from(place.content.height);
            self.scroll = motion.apply(self.scroll, (self.document.len() + 1).saturating_sub(height), height);
        } else {
            self.cursor = motion.apply(self.cursor, rows, usize::from(place.rows.height));
        }
    }

    /// Lays the document out where it has its place, and keeps the cursor in view.
    pub fn sync(&mut self, rows: usize, place: layout::Review, theme: Theme) {
        let height = usize::from(place.rows.height).max(1);
        self.cursor = self.cursor.min(rows.saturating_sub(1));
        self.offset = self.offset.clamp((self.cursor + 1).saturating_sub(height), self.cursor);
        let columns = usize::from(place.content.width);
        if self.laid_out == Some((columns, theme)) {
            return;
        }
        let Some(card) = &self.card else { return };
        let setting = Setting { theme, columns, height: None, choice: 0, reasoning: false, keys: None };
        self.document = document(card, self.attribute.as_ref(), setting);
        self.laid_out = Some((columns, theme));
        let last = self.document.len().saturating_sub(usize::from(place.content.height));
        self.scroll = self.scroll.min(last);
    }
}

/// Lays out what is known of a product, and its texts.
fn document(card: &ProductCard, attribute: Option<&AttributeKey>, setting: Setting) -> Vec<Line<'static>> {
    let theme = setting.theme;
    let muted = theme.style(Role::Muted);
    let product = &card.product;
    let mut lines = Vec::new();
    let categories: Vec<String> =
        card.categories.iter().map(|category| sanitise::line(category.display_name(), 60)).collect();
    let categories = if categories.is_empty() { "no category".into() } else { categories.join(", ") };
    lines.push(Line::raw(wrap::cut(&categories, setting.columns)));
    let code = product.code_type.as_deref().map(|code| format!("{} ", sanitise::line(code, 24)));
    let key = format!("{}{}", code.unwrap_or_default(), sanitise::line(product.key.as_str(), 100));
    lines.push(Line::styled(wrap::cut(&key, setting.columns), muted));
    if let Some(description) = product.description.as_deref().filter(|text| !text.trim().is_empty()) {
        lines.push(Line::default());
        lines.extend(paragraph(description, setting, 0));
    }
    lines.push(Line::default());
    lines.push(heading(setting, &format!("Known {}", card.known.len()), ""));
    if card.known.is_empty() {
        lines.push(Line::styled("    nothing", muted));
    }
    let longest = card.known.iter().map(|value| wrap::width(&sanitise::line(&value.label, 40))).max();
    let labels = longest.unwrap_or(0).clamp(6, 24);
    for value in &card.known {
        let unit = value.unit.as_deref().map(|unit| format!(" {}", sanitise::line(unit, 16)));
        let text = format!("{}{}", sanitise::value(&value.value, 400), unit.unwrap_or_default());
        let label = wrap::pad(&sanitise::line(&value.label, 40), labels);
        let role = if attribute == Some(&value.attribute_key) { Role::Accent } else { Role::Muted };
        lines.push(Line::from(vec![
            Span::styled(format!("    {label}  "), theme.style(role)),
            Span::raw(wrap::cut(&text, setting.columns.saturating_sub(labels + 6))),
        ]));
    }
    for text in card.texts.iter().filter(|text| !text.content.trim().is_empty()) {
        lines.push(Line::default());
        let cut = if text.truncated { ", cut" } else { "" };
        let source = wrap::capitalised(&sanitise::line(&text.source, 40));
        lines.push(heading(setting, &format!("{source}{cut}"), ""));
        lines.extend(paragraph(&text.content, setting, 4));
    }
    lines.truncate(FAR);
    lines
}

fn paragraph(text: &str, setting: Setting, indent: usize) -> Vec<Line<'static>> {
    let clean = sanitise::lines(text.trim_end(), 20_000);
    let columns = setting.columns.saturating_sub(indent);
    let (lines, _) = wrap::wrap(&[(clean, setting.theme.style(Role::Text))], columns, FAR);
    lines
        .into_iter()
        .map(|mut line| {
            line.spans.insert(0, Span::raw(" ".repeat(indent)));
            line
        })
        .collect()
}

/// A row of the list: its text, and whether it has less weight.
pub type ListRow = Line<'static>;

/// Draws the list at the left (or above) and the document beside it.
pub fn view(
    state: &State,
    frame: &mut Frame,
    pane: &Pane,
    list_title: &str,
    rows: &[ListRow],
    nothing: &'static str,
) {
    let theme = state.theme;
    let place = layout::review(state.size, state.split);
    if !place.is_strip {
        let (border, title) = roles(!pane.document_focused);
        let block = Block::bordered()
            .border_type(BorderType::Rounded)
            .border_style(theme.style(border))
            .title(Line::styled(format!(" {list_title} "), theme.style(title)));
        frame.render_widget(block, place.list);
    }
    let shown = rows.iter().enumerate().skip(pane.offset).take(usize::from(place.rows.height));
    for ((index, row), y) in shown.zip(place.rows.y..) {
        let area = Rect { y, height: 1, ..place.rows };
        let current = index == pane.cursor;
        let role = if pane.document_focused { Role::SelectedElsewhere } else { Role::Selected };
        let mut line = row.clone();
        line.spans.insert(0, Span::styled(if current { " ▌ " } else { "   " }, theme.style(Role::Accent)));
        let plain = current && !pane.document_focused;
        if plain {
            for span in &mut line.spans {
                span.style = Style::new();
            }
        }
        frame.render_widget(line, area);
        if current {
            frame.buffer_mut().set_style(area, theme.style(role));
        }
    }
    if rows.is_empty() && pane.card.is_some() {
        let text = wrap::cut(nothing, usize::from(place.rows.width).saturating_sub(2));
        frame.render_widget(Line::styled(format!("  {text}"), theme.style(Role::Muted)), place.rows);
    }
    document_view(state, frame, pane, place);
}

fn roles(focused: bool) -> (Role, Role) {
    if focused { (Role::BorderFocused, Role::Strong) } else { (Role::Border, Role::Muted) }
}

fn document_view(state: &State, frame: &mut Frame, pane: &Pane, place: layout::Review) {
    let theme = state.theme;
    let (border, _) = roles(pane.document_focused);
    let sides = if place.is_strip { Borders::TOP } else { Borders::ALL };
    let title = wrap::cut(&pane.name, usize::from(place.card.width).saturating_sub(6));
    let mut block = Block::new()
        .borders(sides)
        .border_type(BorderType::Rounded)
        .border_style(theme.style(border))
        .title(Line::styled(format!(" {title} "), theme.style(Role::Strong)));
    let height = usize::from(place.content.height);
    let sign = if pane.card.is_none() && state.is_overdue(state.product_slot.waiting_since) {
        Some((" loading product… ".to_owned(), Role::Warning))
    } else if pane.document.len() > height && !place.is_strip {
        let last = (pane.scroll + height).min(pane.document.len());
        Some((format!(" {last} of {} lines ", pane.document.len()), Role::Muted))
    } else {
        None
    };
    if let Some((text, role)) = sign {
        let sign = Line::styled(text, theme.style(role)).right_aligned();
        block = if place.is_strip { block.title(sign) } else { block.title_bottom(sign) };
    }
    frame.render_widget(block, place.card);
    if let Some(error) = &pane.error {
        let text = format!(
            "The product could not be loaded: {}\n\n{} tries again",
            sanitise::line(&error.to_string(), 300),
            state.key(ActionId::Refresh)
        );
        let pieces = [(text, theme.style(Role::Muted))];
        let (lines, _) = wrap::wrap(&pieces, usize::from(place.content.width), height);
        frame.render_widget(Paragraph::new(lines), place.content);
        return;
    }
    for (line, y) in pane.document.iter().skip(pane.scroll).take(height).zip(place.content.y..) {
        frame.render_widget(line, Rect { y, height: 1, ..place.content });
    }
}

//! A list narrowed by typing: fuzzy, the best match first.

use super::wrap;
use crate::tui::theme::{Role, Theme};
use nucleo_matcher::pattern::{AtomKind, CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use std::collections::HashSet;
use unicode_segmentation::UnicodeSegmentation;

/// Something to pick; texts are sanitised.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Item {
    pub label: String,
    /// What stands behind it.
    pub detail: String,
    /// Drawn with less weight: cannot be picked now.
    pub faint: bool,
}

impl Item {
    /// An item that can be picked.
    pub fn new(label: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { label: label.into(), detail: detail.into(), faint: false }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Hit {
    index: usize,
    /// The clusters of the label that matched.
    matched: HashSet<u32>,
}

/// Items, those that match, and the one selected.
#[derive(Debug, Clone, Default)]
pub struct Picker {
    items: Vec<Item>,
    hits: Vec<Hit>,
    cursor: Option<usize>,
}

impl Picker {
    /// Shows all items, the first selected.
    pub fn new(items: Vec<Item>) -> Self {
        let mut picker = Self { items, hits: Vec::new(), cursor: None };
        picker.narrow("");
        picker.cursor = (!picker.hits.is_empty()).then_some(0);
        picker
    }

    /// Shows what matches a query, and selects the best match.
    pub fn narrow(&mut self, query: &str) {
        self.hits = ranked(query, &self.items);
        self.cursor = (!self.hits.is_empty()).then_some(0);
    }

    /// Selects nothing.
    pub fn deselect(&mut self) {
        self.cursor = None;
    }

    /// Selects an item by its index, if it is shown.
    pub fn select(&mut self, index: usize) {
        if let Some(place) = self.hits.iter().position(|hit| hit.index == index) {
            self.cursor = Some(place);
        }
    }

    /// Selects the row of a place among those that match.
    pub fn go_to(&mut self, row: usize) {
        if row < self.hits.len() {
            self.cursor = Some(row);
        }
    }

    /// Finds the row at a position, where the rows are drawn in an area.
    pub fn row_at(&self, area: Rect, at: Position) -> Option<usize> {
        let row = area.contains(at).then(|| self.first(area.height.into()) + usize::from(at.y - area.y))?;
        (row < self.hits.len()).then_some(row)
    }

    /// Moves the selection; from nothing, to the first or last.
    pub fn move_by(&mut self, by: isize) {
        let last = self.hits.len().saturating_sub(1);
        self.cursor = match (self.hits.is_empty(), self.cursor) {
            (true, _) => None,
            (false, None) => Some(if by > 0 { 0 } else { last }),
            (false, Some(at)) => Some(at.saturating_add_signed(by).min(last)),
        };
    }

    /// Returns the index of the selected item.
    pub fn selected(&self) -> Option<usize> {
        self.cursor.and_then(|at| self.hits.get(at)).map(|hit| hit.index)
    }

    /// Returns how many items match.
    pub fn matches(&self) -> usize {
        self.hits.len()
    }

    /// Draws the rows around the selection.
    pub fn lines(&self, theme: Theme, columns: usize, height: usize) -> Vec<(Line<'static>, Style)> {
        let rows = self.hits.iter().enumerate().skip(self.first(height)).take(height);
        rows.map(|(place, hit)| self.row(hit, self.cursor == Some(place), theme, columns)).collect()
    }

    /// Returns the first row shown.
    fn first(&self, height: usize) -> usize {
        let at = self.cursor.unwrap_or(0);
        (at + 1).saturating_sub(height.max(1)).min(self.hits.len().saturating_sub(height))
    }

    fn row(&self, hit: &Hit, selected: bool, theme: Theme, columns: usize) -> (Line<'static>, Style) {
        let item = &self.items[hit.index];
        // The label is whole as far as it leaves the detail something.
        let label_columns = wrap::width(&item.label).min(columns * 6 / 10);
        let rest = columns.saturating_sub(label_columns + 5);
        let detail_columns = wrap::width(&item.detail).min(columns * 6 / 10).min(rest);
        let label_columns = columns.saturating_sub(detail_columns + 5);
        let style = |role| if selected { Style::new() } else { theme.style(role) };
        let base = style(if item.faint { Role::Muted } else { Role::Text });
        let mut line =
            Line::from(vec![Span::styled(if selected { " ▌ " } else { "   " }, style(Role::Accent))]);
        let label = wrap::pad(&item.label, label_columns);
        for (cluster, index) in label.graphemes(true).zip(0_u32..) {
            let style = if hit.matched.contains(&index) { style(Role::Match) } else { base };
            line.push_span(Span::styled(cluster.to_owned(), style));
        }
        let detail = wrap::cut(&item.detail, detail_columns);
        line.push_span(Span::styled(format!("  {detail}"), style(Role::Muted)));
        (line, if selected { theme.style(Role::Selected) } else { Style::new() })
    }
}

/// Ranks items by how well their label matches; an empty query keeps their order.
fn ranked(query: &str, items: &[Item]) -> Vec<Hit> {
    if query.trim().is_empty() {
        return (0..items.len()).map(|index| Hit { index, matched: HashSet::new() }).collect();
    }
    let pattern = Pattern::new(query.trim(), CaseMatching::Ignore, Normalization::Smart, AtomKind::Fuzzy);
    let mut fuzzy = Matcher::new(Config::DEFAULT);
    let mut buffer = Vec::new();
    let mut found: Vec<(u32, Hit)> = items
        .iter()
        .enumerate()
        .filter_map(|(index, item)| {
            let mut matched = Vec::new();
            let label = Utf32Str::new(&item.label, &mut buffer);
            let score = pattern.indices(label, &mut fuzzy, &mut matched)?;
            Some((score, Hit { index, matched: matched.into_iter().collect() }))
        })
        .collect();
    // Of equal scores the shorter label, then the order of the items.
    found.sort_by_key(|(score, hit)| (std::cmp::Reverse(*score), items[hit.index].label.len(), hit.index));
    found.into_iter().map(|(_, hit)| hit).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn picker() -> Picker {
        Picker::new(
            ["Black", "Black/Volt", "Blackened Blue", "White", "日本"]
                .map(|text| Item::new(text, ""))
                .to_vec(),
        )
    }

    #[test]
    fn the_best_match_is_selected() {
        let mut picker = picker();
        picker.narrow("blu");
        assert_eq!(picker.selected(), Some(2));
        picker.narrow("black");
        assert_eq!((picker.selected(), picker.matches()), (Some(0), 3));
        picker.narrow("zzz");
        assert_eq!((picker.selected(), picker.matches()), (None, 0));
        picker.narrow("本");
        assert_eq!(picker.selected(), Some(4));
    }

    proptest! {
        #[test]
        fn no_row_is_wider_than_asked(label in r"(\PC|日|👩‍👩‍👧‍👦|क्षि|حذاء|e\u{301}){0,40}", detail in r"(\PC|日|👍🏽){0,40}", columns in 12_usize..90) {
            let clean = |text: &str| crate::sanitise::line(text, 200);
            let picker = Picker::new(vec![Item::new(clean(&label), clean(&detail))]);
            for (line, _) in picker.lines(Theme::Mono, columns, 3) {
                let wide = wrap::width(&line.to_string());
                prop_assert!(wide <= columns, "{wide} of {columns}: {line:?}");
            }
        }
    }

    #[test]
    fn the_selection_stays_in_the_list_and_in_view() {
        let mut picker = picker();
        picker.move_by(99);
        assert_eq!(picker.selected(), Some(4));
        let rows: Vec<String> =
            picker.lines(Theme::Mono, 20, 2).into_iter().map(|(line, _)| line.to_string()).collect();
        assert!(rows[1].contains("日本"), "{rows:?}");
        picker.move_by(-99);
        assert_eq!(picker.selected(), Some(0));
        assert!(picker.lines(Theme::Mono, 0, 0).is_empty());
    }
}

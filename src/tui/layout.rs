//! Where things are: pure functions of the terminal's size, for update and view alike.

use ratatui::layout::{Rect, Size};
use serde::{Deserialize, Serialize};

/// The smallest terminal that shows anything useful.
pub const SMALLEST: Size = Size { width: 40, height: 12 };

/// Tells whether the terminal is too small to show anything useful.
pub fn is_too_small(size: Size) -> bool {
    size.width < SMALLEST.width || size.height < SMALLEST.height
}

/// The lines that every screen has, and the room between them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame {
    pub header: Rect,
    /// What the screen shows, in words.
    pub status: Rect,
    pub body: Rect,
    pub hints: Rect,
}

/// Lays a screen out.
pub fn frame(size: Size) -> Frame {
    let all = Rect::new(0, 0, size.width, size.height);
    let line = |y: u16| Rect { y: y.min(size.height), height: 1.min(size.height.saturating_sub(y)), ..all };
    Frame {
        header: line(0),
        status: line(1),
        body: Rect { y: 2.min(size.height), height: size.height.saturating_sub(3), ..all },
        hints: line(size.height.saturating_sub(1)),
    }
}

/// The review screen: the list and the card.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Review {
    /// The list with its border, or a strip of three rows without one.
    pub list: Rect,
    /// Where the rows are.
    pub rows: Rect,
    pub card: Rect,
    /// Where the card's text is.
    pub content: Rect,
    pub is_strip: bool,
}

/// How wide a terminal must be for the list to stand beside the card.
const BESIDE: u16 = 70;

/// The fewest columns of a list beside a card, and of the card, where somebody moved the border.
const FEWEST: u16 = 20;
const FEWEST_OF_CARD: u16 = 32;

/// Where the list ends and the card begins: by the width alone, or where somebody moved the border, in thousandths of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Split(Option<u16>);

impl Split {
    /// The list takes so many columns of a terminal's, as far as both sides keep what they need.
    pub fn at(columns: u16, width: u16) -> Self {
        let columns = columns.clamp(FEWEST, width.saturating_sub(FEWEST_OF_CARD).max(FEWEST));
        let share = (u32::from(columns) * 1_000 + u32::from(width) / 2) / u32::from(width.max(1));
        Self(Some(u16::try_from(share.min(1_000)).unwrap_or(1_000)))
    }

    /// Makes the list wider by so many columns.
    pub fn wider(self, by: i16, width: u16) -> Self {
        Self::at(self.columns(width).saturating_add_signed(by), width)
    }

    /// Returns how many columns the list takes.
    fn columns(self, width: u16) -> u16 {
        let columns = match self.0 {
            None => (u32::from(width) * 36 / 100).clamp(28, 60),
            Some(share) => (u32::from(width) * u32::from(share) + 500) / 1_000,
        };
        let columns = u16::try_from(columns).unwrap_or(u16::MAX);
        columns.clamp(FEWEST, width.saturating_sub(FEWEST_OF_CARD).max(FEWEST))
    }
}

/// Tells whether the list stands beside the card, so that the border between can be moved.
pub fn is_beside(size: Size) -> bool {
    size.width >= BESIDE
}

/// Lays the review screen out.
pub fn review(size: Size, split: Split) -> Review {
    let body = frame(size).body;
    if !is_beside(size) {
        let strip = 3.min(body.height);
        let list = Rect { height: strip, ..body };
        let card = Rect { y: body.y + strip, height: body.height - strip, ..body };
        let content = Rect {
            x: card.x + 1.min(card.width),
            y: card.y + 1.min(card.height),
            width: card.width.saturating_sub(2),
            height: card.height.saturating_sub(1),
        };
        return Review { list, rows: list, card, content, is_strip: true };
    }
    let wide = split.columns(size.width);
    let list = Rect { width: wide, ..body };
    let card = Rect { x: body.x + wide, width: body.width - wide, ..body };
    let content = inside(card);
    let content =
        Rect { x: content.x + 1.min(content.width), width: content.width.saturating_sub(2), ..content };
    Review { list, rows: inside(list), card, content, is_strip: false }
}

/// The activity screen: the list of decisions and what is known of the one under the cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Activity {
    /// The list with its border, where it has one.
    pub list: Rect,
    /// Where the rows are.
    pub rows: Rect,
    pub detail: Rect,
    /// Where the detail's text is.
    pub content: Rect,
    pub is_beside: bool,
}

/// How wide a terminal must be for a decision's detail to stand beside the list.
const DETAIL_BESIDE: u16 = 110;

/// Lays the activity screen out.
pub fn activity(size: Size) -> Activity {
    let body = frame(size).body;
    let is_beside = size.width >= DETAIL_BESIDE;
    let (list, detail) = if is_beside {
        let wide = u16::try_from(u32::from(body.width) * 56 / 100).unwrap_or(body.width);
        (Rect { width: wide, ..body }, Rect { x: body.x + wide, width: body.width - wide, ..body })
    } else {
        let high = u16::try_from(u32::from(body.height) * 52 / 100).unwrap_or(body.height);
        (Rect { height: high, ..body }, Rect { y: body.y + high, height: body.height - high, ..body })
    };
    let (rows, content) = if is_beside {
        let content = inside(detail);
        let content =
            Rect { x: content.x + 1.min(content.width), width: content.width.saturating_sub(2), ..content };
        (inside(list), content)
    } else {
        let content = Rect {
            x: detail.x + 1.min(detail.width),
            y: detail.y + 1.min(detail.height),
            width: detail.width.saturating_sub(2),
            height: detail.height.saturating_sub(1),
        };
        (list, content)
    };
    Activity { list, rows, detail, content, is_beside }
}

/// The room inside a border.
pub fn inside(area: Rect) -> Rect {
    Rect {
        x: area.x + 1.min(area.width),
        y: area.y + 1.min(area.height),
        width: area.width.saturating_sub(2),
        height: area.height.saturating_sub(2),
    }
}

/// A rectangle of at most this size in the middle of an area.
pub fn centred(area: Rect, width: u16, height: u16) -> Rect {
    let width = width.min(area.width);
    let height = height.min(area.height);
    Rect { x: area.x + (area.width - width) / 2, y: area.y + (area.height - height) / 2, width, height }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_lies_inside_the_terminal_at_any_size() {
        for width in 0..130 {
            for height in 0..60 {
                let size = Size { width, height };
                let all = Rect::new(0, 0, width, height);
                let Frame { header, status, body, hints } = frame(size);
                let split = Split(Some(width.wrapping_mul(37) % 1_001));
                let Review { list, rows, card, content, .. } = review(size, split);
                let of_review = review(size, Split::default());
                let of_review = [of_review.list, of_review.rows, of_review.card, of_review.content];
                let box_ = centred(body, 60, 20);
                let activity = activity(size);
                let of_activity = [activity.list, activity.rows, activity.detail, activity.content];
                for area in [header, status, body, hints, list, rows, card, content, box_]
                    .into_iter()
                    .chain(of_activity)
                    .chain(of_review)
                {
                    assert_eq!(area.intersection(all).area(), area.area(), "{size:?} {area:?}");
                    assert!(area.right() <= width && area.bottom() <= height, "{size:?} {area:?}");
                }
            }
        }
    }

    #[test]
    fn the_border_stays_where_it_was_put_and_both_sides_keep_what_they_need() {
        for width in BESIDE..300 {
            let list = |split: Split| review(Size { width, height: 24 }, split).list.width;
            for columns in FEWEST..=width - FEWEST_OF_CARD {
                assert_eq!(list(Split::at(columns, width)), columns, "of {width}");
            }
            assert_eq!(list(Split::at(0, width)), FEWEST);
            assert_eq!(list(Split::at(u16::MAX, width)), width - FEWEST_OF_CARD);
            assert_eq!(list(Split::default().wider(4, width)), list(Split::default()) + 4);
            assert_eq!(list(Split::default().wider(i16::MIN, width)), FEWEST);
        }
    }
}
